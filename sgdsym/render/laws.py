r"""Rational laws as a person writes them: factored, in :math:`1-\mu`, :math:`1+\mu` and differences such as :math:`2-\frac{\eta h}{1+\mu}`.

.. math:: \frac{c\,\eta\,(\mu+1)}{h(\mu-1)(\eta h - 2\mu - 2)} = \frac{\eta c}{h(1-\mu)\bigl(2-\frac{\eta h}{1+\mu}\bigr)}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from typing import Any, cast

from sgdsym import formula as tree
from sgdsym.formula import Bracket, Digits, Formula, Row, Sign, power, replaced, row, signed_sum, to_text
from sgdsym.render.factors import Factored, Polynomial, factor, is_rate
from sgdsym.render.notation import Notation
from sgdsym.render.shapes import cost
from sgdsym.series import Coefficient

_LONGEST = 2000  # characters of a law that is factored
_MOST_TERMS = 8  # of a sum that may stay one


@dataclass(frozen=True, slots=True)
class _Law:
    """A product: a number, powers of symbols, and powers of sums of products."""

    number: Fraction
    symbols: tuple[tuple[str, int], ...]
    sums: tuple[tuple[tuple[Coefficient, ...], int], ...]


def law_formula(expression: Any, notation: Notation | None = None) -> Formula | None:
    """A sympy expression as a formula, if it is a rational function of symbols of moderate length.

    >>> import sympy
    >>> from sgdsym.formula import to_text
    >>> c, h, eta, mu = sympy.symbols("c h eta mu")
    >>> to_text(law_formula(c * eta * (mu + 1) / (h * (mu - 1) * (eta * h - 2 * mu - 2))))
    'ηc/(h(1 - μ)(2 - ηh/(1 + μ)))'
    """
    symbols = sorted(getattr(expression, "free_symbols", ()), key=str)
    if not symbols or not expression.is_rational_function() or len(str(expression)) > _LONGEST:
        return None
    # names such as eta are no sizes of a series; a rate stays one under another name
    own = {f"{'mu' if is_rate(str(symbol)) else 'x'}_{k}": symbol for k, symbol in enumerate(symbols)}
    renamed = expression.xreplace({symbol: type(symbol)(name) for name, symbol in own.items()})
    names = {name: str(symbol) for name, symbol in own.items()}
    found = notation or Notation()
    images = {found.size_symbol(alias): found.size_symbol(name) for alias, name in names.items()}
    try:
        shapes = [[law] for law in _laws(renamed, names)]
        terms = renamed.as_ordered_terms()
        if 1 < len(terms) <= _MOST_TERMS:
            shapes.append([_laws(term, names)[0] for term in terms])
    except (ValueError, SyntaxError):
        return None
    written = (cast("Formula", replaced(_sum_of(shape, found), images.get)) for shape in shapes)
    return min(written, key=lambda formula: cost(to_text(formula)))


def _laws(expression: Any, names: Mapping[str, str]) -> list[_Law]:
    """The ways to write an expression as one product."""
    plain = _split(factor(Coefficient(str(expression))), names)
    # each sum may be divided by each other one, which gives 2 - ηh/(1+μ) of (2(1+μ) - ηh)/(1+μ)
    pairs = permutations(range(len(plain.sums)), 2)
    return [plain, *(law for law in (_absorbed(plain, *pair) for pair in pairs) if law is not None)]


def _sum_of(laws: Sequence[_Law], notation: Notation) -> Formula:
    if len(laws) == 1:
        value = _written(laws[0], notation)
        return Row((Sign("negative"), value)) if laws[0].number < 0 else value
    return signed_sum([(law.number < 0, _written(law, notation)) for law in laws])


def _split(factored: Factored, names: Mapping[str, str]) -> _Law:
    """The factors, signs turned round in sums of both signs where that leaves none in front."""
    number = Fraction(factored.above[0], factored.below[0]) * (-1 if factored.negative else 1)
    symbols: dict[str, int] = {}
    sums: list[tuple[tuple[Coefficient, ...], int]] = []
    for half, sign in ((factored.above, 1), (factored.below, -1)):
        for polynomial, exponent in half[1]:
            if len(polynomial) == 1:
                for base, e in polynomial[0][1]:
                    symbols[str(base)] = symbols.get(str(base), 0) + sign * e * exponent
                continue
            if _turns(polynomial, number < 0 and exponent % 2 == 1):
                number *= (-1) ** exponent
                polynomial = tuple((-n, monomial) for n, monomial in polynomial)  # noqa: PLW2901
            sums.append((_terms(polynomial), sign * exponent))
    ordered = sorted(symbols.items(), key=lambda power: (not is_rate(power[0]), names[power[0]]))
    sums.sort(key=lambda item: not all(map(is_rate, Coefficient.total(item[0]).symbols)))
    return _Law(number, tuple(ordered), tuple(sums))


def _turns(polynomial: Polynomial, wanted: bool) -> bool:
    """Whether all signs of a sum are changed: what has the fewest rates is positive, and then as it is wanted."""
    if _is_rising(polynomial):
        return False
    degrees = [sum(e for base, e in monomial if is_rate(base)) for _, monomial in polynomial]
    least = {number > 0 for (number, _), degree in zip(polynomial, degrees, strict=True) if degree == min(degrees)}
    if len(least) == 1 and min(degrees) < max(degrees):
        return least == {False}
    return wanted and len({number > 0 for number, _ in polynomial}) == 2


def _is_rising(polynomial: Polynomial) -> bool:
    r"""Whether it is a polynomial of rates alone, which is written from its constant on, such as :math:`1-\mu`."""
    return all(is_rate(base) for _, monomial in polynomial for base, _ in monomial)


def _terms(polynomial: Polynomial) -> tuple[Coefficient, ...]:
    """The terms of a sum, positive ones first; those of one sign are one term where they have a factor in common."""
    terms = [Coefficient.product(monomial) * number for number, monomial in polynomial]
    if _is_rising(polynomial):
        return tuple(terms)
    found: list[Coefficient] = []
    for sign in (1, -1):
        alike = [term for term, (number, _) in zip(terms, polynomial, strict=True) if number * sign > 0]
        together = factor(Coefficient.total(alike)) if len(alike) > 1 else None
        is_product = together is not None and (together.above[0] > 1 or len(together.above[1]) > 1)
        found += [Coefficient.total(alike)] if is_product else alike
    return tuple(found)


def _absorbed(law: _Law, large: int, small: int) -> _Law | None:
    """The law with one sum divided by another that stands on the other side as often, where that divides its first part."""
    (parts, exponent), (divisor, times) = law.sums[large], law.sums[small]
    whole = Coefficient.total(divisor)
    left = times + exponent
    if len(parts) < 2 or exponent * times >= 0 or left * times < 0 or (parts[0] / whole).poles:
        return None
    sums = list(law.sums)
    sums[large] = tuple(part / whole for part in parts), exponent
    sums[small] = divisor, left
    return replace(law, sums=tuple(item for item in sums if item[1]))


def _written(law: _Law, notation: Notation) -> Formula:
    """The absolute value of the product as one fraction."""
    halves = []
    for sign, number in ((1, abs(law.number.numerator)), (-1, law.number.denominator)):
        symbols = [power(notation.size_symbol(name), e * sign) for name, e in law.symbols if e * sign > 0]
        sums = [power(Bracket(_sum(parts, notation)), e * sign) for parts, e in law.sums if e * sign > 0]
        front = [] if number == 1 and (symbols or sums) else [Digits(str(number))]
        halves.append(row([*front, *symbols, *sums], "tight"))
    above, below = halves
    return above if below == Digits("1") else tree.Fraction(above, below)


def _sum(parts: Sequence[Coefficient], notation: Notation) -> Formula:
    factors = [factor(part) for part in parts]
    return signed_sum([(factored.negative, factored.formula(notation)) for factored in factors])
