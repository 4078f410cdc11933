"""Does a formula agree with the derivation: yes, or the terms that differ and the smallest setting that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np

from sgdsym.arguments import quoted_names, read_flag
from sgdsym.checking.counterexample import Counterexample, Terms, find_counterexample
from sgdsym.checking.errors import FormulaError
from sgdsym.checking.formula import Formula, as_written, has_plain_roots, read_formula
from sgdsym.diagrams import Diagram
from sgdsym.formula import raised, to_text
from sgdsym.numeric import Polynomial
from sgdsym.render import Notation, diagram_to_text
from sgdsym.render.factors import factor
from sgdsym.render.names import diagram_name
from sgdsym.render.notation import checked_notation
from sgdsym.render.text import aligned
from sgdsym.series import Coefficient, Series, collect
from sgdsym.sgd import Request, at_minimum, expand_request

_WEIGHTS = "uvwxyz"


@dataclass(frozen=True, slots=True)
class Difference:
    """A term in which a formula and the derived series differ.

    Attributes:
        order: the power of the learning rate.
        diagram: of the term.
        formula: the coefficient in the formula.
        derived: the coefficient that is derived.
    """

    order: int
    diagram: Diagram
    formula: Coefficient
    derived: Coefficient


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check; it is true where the formula agrees with the derivation.

    Attributes:
        orders: the lowest and the highest order that were compared.
        differences: the terms that differ, none if the formula is right.
        counterexample: the smallest setting found that tells the two apart.
        derived: the series that the formula was held to.
        has_rate: whether the learning rate stands in the formula; otherwise each term was read with its power.
    """

    orders: tuple[int, int]
    differences: tuple[Difference, ...]
    counterexample: Counterexample | None
    derived: Series
    has_rate: bool

    @property
    def equal(self) -> bool:
        """Whether the formula agrees with the derivation, to the orders compared."""
        return not self.differences

    def __bool__(self) -> bool:
        return self.equal

    def __str__(self) -> str:
        low, high = self.orders
        orders = f"order {low}" if low == high else f"orders {low} to {high}"
        left_out = "" if self.has_rate else "; η is left out in the formula"
        compared = f"{self.derived.setting}, {orders}{left_out}"
        if self.equal:
            return f"equal: the formula is what is derived ({compared})"
        lines = [f"different: the formula is not what is derived ({compared})", *self._table()]
        if self.counterexample:
            lines += ["", *_shown(self.counterexample)]
        return "\n".join(lines)

    def _table(self) -> list[str]:
        basis, setting = self.derived.basis, self.derived.setting
        function, decay = setting.observable.carries_function, bool(setting.weight_decay)
        rows: list[tuple[str, ...]] = [("order", "diagram", "value", "formula", "derived", "derived - formula")]
        rows += [
            (
                str(found.order),
                diagram_name(found.diagram, basis),
                diagram_to_text(found.diagram, basis, function=function, weight_decay=decay),
                *map(_text, (found.formula, found.derived, found.derived - found.formula)),
            )
            for found in self.differences
        ]
        return aligned(rows).splitlines()


def check(
    formula: str,
    *,
    notation: Notation | str | None = None,
    at_minimum: bool = False,
    order: int | None = None,
    **options: Any,
) -> Check:
    r"""Hold a formula against what is derived: are they equal, and if not, where does one see it?

    The formula is LaTeX or text, in any notation that this package prints: matrices, indices (summed silently or explicitly),
    cumulants ``κ[…]`` or moments ``E[…]``, also ``C:H``, ``|G|²``, ``∇tr C`` and binomials.  It is read by a grammar of its own over
    known symbols (:mod:`sgdsym.checking.grammar`); nothing is evaluated.

    Args:
        formula: all terms from its lowest order on; a left side, where there is one, must be that of what is derived.  A formula
            without any learning rate is read as its coefficients.
        notation: the symbols in it, as a value or as text such as ``"l=L, C=\\Sigma"``; the literature's if left out.
        at_minimum: whether the run starts at a minimum of the test loss, so that terms with :math:`G` vanish.
        order: the highest order compared; that of the formula if left out.
        **options: those of :func:`sgdsym.expand`.

    Returns:
        A :class:`Check`, true where the two are equal.

    Raises:
        ValueError: saying in one line what cannot be read, or which option is wrong.

    >>> check("l - η T G·G + η² (T/2) tr(H C) + η² T(T - 1/2) G·H G", batch_size=1).equal
    True
    >>> print(check(r"\binom{T}{2} G^\top H G + \frac{T}{2} H_{ab} \mathrm{E}[g_a g_b]", batch_size=1, basis="moment"))
    different: the formula is not what is derived (test-loss of sgd (online), order 2; η is left out in the formula)
    order  diagram         value  formula     derived   derived - formula
    2      (0-1-2)(01-12)  G·H G  T(T - 1)/2  T(T - 1)  T(T - 1)/2
    <BLANKLINE>
    smallest setting found that tells them apart: T = 2
    one data point, its loss at the start w = 0 is l(w) = w + w²
    coefficient of η²: 4 by the formula, 6 derived, 6 by going through every draw of the data
    """
    known = [name for name in signature(Request).parameters if name != "order"]
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"check has no option {quoted_names(unknown)}; its options are those of expand")
    symbols = Notation.parse(notation) if isinstance(notation, str) else checked_notation(notation)
    read_flag("at_minimum", at_minimum)
    request = Request(order=0 if order is None else order, **options)
    found = read_formula(formula, symbols, request)
    return compare_formula(found, replace(request, order=highest_order(found, order)), minimum=at_minimum)


def highest_order(formula: Formula, order: int | None) -> int:
    """The highest order that is compared: the given one, else that of the formula.

    Raises:
        FormulaError: if the formula goes beyond the order.
    """
    highest = formula.orders[1] if formula.orders else 0
    if order is not None and highest > order:
        raise FormulaError(f"the formula goes to order {highest}; raise the order {order} to it")
    if formula.remainder is not None:
        if highest >= formula.remainder:
            raise FormulaError(f"the formula has terms of the order of its remainder, {formula.remainder}")
        return formula.remainder - 1 if order is None else min(order, formula.remainder - 1)
    return highest if order is None else order


def compare_formula(
    formula: Formula, request: Request, *, minimum: bool = False, progress: Callable[[int, int], None] | None = None
) -> Check:
    """Hold a formula that was read against what a request derives, from its lowest order to the order of the request."""
    # the formula was read into cumulants; coefficients of the two bases are not comparable
    derived = expand_request(request, progress).as_cumulants()
    mine = {order: _series(terms) for order, terms in formula.terms.items()}
    if minimum:
        derived, mine = at_minimum(derived), {order: at_minimum(series) for order, series in mine.items()}
    # a formula may begin where the lower orders are known: what stands below its first term is not held against it
    low = min(formula.orders[0] if formula.orders else 0, request.order)
    plain = has_plain_roots(request)
    theirs = {
        order: _series(collect((as_written(diagram, plain), c) for diagram, c in derived.order(order)))
        for order in range(low, request.order + 1)
    }
    differences = tuple(_differences(mine, theirs, request.basis))
    example = None
    if differences:
        left, right = ({k: series.terms for k, series in side.items()} for side in (mine, theirs))
        example = find_counterexample(left, right, request, at_minimum=minimum)
    return Check((low, request.order), differences, example, derived.in_basis(request.basis), formula.has_rate)


def _series(terms: Terms) -> Series:
    return Series(terms, max((diagram.order for diagram in terms), default=0))


def _differences(mine: Mapping[int, Series], theirs: Mapping[int, Series], basis: Any) -> list[Difference]:
    zero, found = Coefficient(), []
    for order in sorted({*mine, *theirs}):
        left, right = (side[order].in_basis(basis).terms if order in side else {} for side in (mine, theirs))
        for diagram in sorted({**left, **right}, key=Diagram.sort_key):
            pair = left.get(diagram, zero), right.get(diagram, zero)
            if pair[0] != pair[1]:
                found.append(Difference(order, diagram, *pair))
    return found


def _text(coefficient: Coefficient) -> str:
    return to_text(factor(coefficient).signed(Notation()))


def _shown(example: Counterexample) -> list[str]:
    """A setting in words: the sizes, the losses, and the values."""
    landscape = example.landscape
    names = ["w"] if landscape.weights == 1 else list(_WEIGHTS[: landscape.weights])
    sizes = ", ".join(f"{name} = {value}" for name, value in example.sizes.items())
    points = len(landscape.losses)
    start = f"at the start {' = '.join(names)} = 0"
    argument = ", ".join(names)
    losses = [f"{_polynomial(loss, names)}" for loss in landscape.losses]
    if points == 1:
        data = f"one data point, its loss {start} is l({argument}) = {losses[0]}"
    else:
        data = f"{points} equally likely data points, their losses {start} are {'; '.join(losses)}"
    if example.is_function:
        data += f"; the function is s({argument}) = {_polynomial(landscape.function, names)}"
    values = [(example.formula, "by the formula"), (example.derived, "derived")]
    if example.enumerated is not None:
        values.append((example.enumerated, "by going through every draw of the data"))
    power = f"η{raised(example.order)}" if example.order else "1"
    return [
        f"smallest setting found that tells them apart: {sizes or 'the sizes given'}",
        data,
        f"coefficient of {power}: " + ", ".join(f"{_number(value)} {words}" for value, words in values),
    ]


def _number(value: Any) -> str:
    return str(value) if not np.ndim(value) else f"({', '.join(_number(entry) for entry in value)})"


def _polynomial(polynomial: Polynomial, names: list[str]) -> str:
    text = ""
    for exponents, c in sorted(polynomial.items(), key=lambda item: (sum(item[0]), [-e for e in item[0]])):
        if not c:
            continue
        power = " ".join(name + raised(e) for name, e in zip(names, exponents, strict=True) if e)
        size = abs(c)
        term = power if size == 1 and power else f"{size} {power}" if power else str(size)
        text += (" - " if c < 0 else " + ") + term if text else ("-" if c < 0 else "") + term
    return text or "0"
