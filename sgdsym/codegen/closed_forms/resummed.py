r"""Numpy modules for resummed series.

A module diagonalises the mean Hessian once, brings every diagram's tensors to one array over its eigen-indices, and sums that
array times the diagram's time-sum for each learning rate and number of steps.  How time-sums are evaluated is written in
:mod:`sgdsym.codegen.runtime`; this file writes which tensors and which time-sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sgdsym.arguments import read_instance
from sgdsym.codegen.backends.printer import WIDTH
from sgdsym.codegen.closed_forms.propagation import Propagation
from sgdsym.codegen.module import coded, setting_words
from sgdsym.codegen.runtime import completed
from sgdsym.codegen.scalars import assignment
from sgdsym.codegen.sizes import checks
from sgdsym.diagrams import Diagram, refinements
from sgdsym.resummation import Resummed, TimeSum, index_letters, tensor_indices
from sgdsym.series import Coefficient, by_symbol, symbol_name
from sgdsym.templating import Code, render

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sgdsym.codegen.kernel import Derivatives

# arguments of the functions that take symbols by name, and what the function that computes with them uses besides
_ARGUMENTS = frozenset(
    {"derivatives", "learning_rate", "root_derivatives", "run", "self", "steps", "symbols", "weights"}
)
_USED = frozenset({"Fraction", "ValueError", "int", "isinstance", "range"})
_SAMPLES = "NMKLPQR"


@dataclass(frozen=True, slots=True, repr=False)
class ResummedKernel:
    """The numpy evaluator of a resummed series.

    Attributes:
        resummed: what it evaluates.
        source: the text of the generated module; it stands alone and needs only numpy.

    >>> import numpy as np
    >>> from sgdsym.sgd import resum
    >>> kernel = ResummedKernel(resum(order=2, batch_size=1))
    >>> kernel
    ResummedKernel(test-loss of sgd (online), resummed: 4 diagrams of up to 2 edges)
    >>> derivatives = [np.zeros(2), np.array([[1.0], [-1.0]]), np.array([[2.0]])]      # losses, gradients, mean Hessian
    >>> kernel(derivatives, learning_rate=0.25, steps=[1, 1000000])
    array([0.0625    , 0.08333333])
    """

    resummed: Resummed
    source: str = field(init=False)
    _functions: dict[str, Callable[..., Any]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        source = generate_resummed(self.resummed)
        functions: dict[str, Callable[..., Any]] = {"__name__": "sgdsym_resummed"}  # type: ignore[dict-item]
        # our own text; what it takes from outside are symbol names, and symbol_name has checked them
        exec(compile(source, "<sgdsym resummed kernel>", "exec"), functions)  # noqa: S102
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "_functions", functions)

    def __repr__(self) -> str:
        given = self.resummed
        return f"ResummedKernel({given.setting}, resummed: {len(given)} diagrams of up to {given.truncation} edges)"

    def __reduce__(self) -> tuple[type[ResummedKernel], tuple[Resummed]]:
        return ResummedKernel, (self.resummed,)

    def __call__(
        self,
        /,
        derivatives: Derivatives,
        learning_rate: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        **symbols: Any,
    ) -> Any:
        r"""The value of the resummed series.

        Args:
            derivatives: ``derivatives[k]`` is :math:`\nabla^k l_x` at n data points, shape ``(n, p, …, p)``; the mean
                alone, shape ``(p, …, p)``, where the degree occurs only in means.
            learning_rate: a number or an array of them.
            weights: the probabilities of the data points, uniform when left out.
            symbols: ``steps``, unless the form is stationary, an integer or an array of them; every other symbol of the
                series by name; ``root_derivatives`` where the observable is a function.

        Returns:
            A float, or an array of the shape that learning rate and steps broadcast to; with one more axis per open index.

        Raises:
            ValueError: naming the degree, entry, symbol or eigenvalue that is wrong.
        """
        clock = str(self.resummed.steps)
        sizes = by_symbol(symbols, [name for name in self.resummed.symbols if name != clock])
        if clock != "steps" and clock in sizes and not self.resummed.stationary:
            if "steps" in sizes:
                raise ValueError(f"steps and {clock} are the same number; give one of them")
            sizes["steps"] = sizes.pop(clock)
        return self._functions["evaluate"](derivatives, learning_rate, weights=weights, **sizes)


def compile_resummed(resummed: Resummed) -> ResummedKernel:
    """Generate and load the numpy evaluator of a resummed series.

    Raises:
        ValueError: if a symbol is named like an argument.
    """
    return ResummedKernel(resummed)


def generate_resummed(resummed: Resummed) -> str:
    """The source of a module that evaluates a resummed series with numpy alone.

    The module offers ``evaluate(derivatives, learning_rate, *, steps, weights=None, **symbols)``; see
    :class:`ResummedKernel`.  Equal series give equal bytes.

    Raises:
        ValueError: if a symbol is named like an argument.

    >>> from sgdsym.sgd import resum
    >>> source = generate_resummed(resum(order=2, batch_size=1))
    >>> [line.strip() for line in source.splitlines() if "C_aa" in line]
    ['# 2 edges: h_a C_aa']
    """
    read_instance("series", resummed, Resummed, "such as resum() returns")
    coefficients = list(dict.fromkeys(c for _, time in resummed for _, c in time.terms))
    rule = Propagation(resummed)
    coefficients = list(dict.fromkeys([*coefficients, *rule.numbers]))
    number = {c: i for i, c in enumerate(coefficients)}
    names = {name for c in coefficients for name in c.symbols}
    clock = "" if resummed.stationary or not resummed.steps.symbols else str(resummed.steps)
    for name in names:
        if symbol_name(name) in (_USED if name == clock else _ARGUMENTS | _USED):
            raise ValueError(f"the symbol {name} cannot be an argument of the module; rename it with subs({name}=...)")
    function = resummed.setting.observable.carries_function
    terms = [_Term.of(diagram, function) for diagram in resummed.diagrams()]
    sampled = {k for term in terms for k in term.sampled}
    averaged = {k for term in terms for k in term.averaged} | {2}
    roots = {k for term in terms for k in term.roots}
    steps = "" if clock else f"={resummed.steps}"
    signature = [] if resummed.stationary else [f"steps{steps}"]
    signature += ["root_derivatives=None"] * function
    text = render(
        "numpy_resummed.py.jinja",
        version=version("sgdsym"),
        setting=setting_words(resummed.setting),
        form=resummed.form,
        continuous=resummed.continuous,
        timed=not resummed.stationary,
        order=resummed.truncation,
        rank=resummed.setting.open_indices,
        symbols=sorted(names - {clock}),
        arguments=sorted(names),
        clocked=clock if clock in names else "",
        diagrams=len(resummed),
        sampled=sorted(sampled),
        averaged=sorted(averaged - sampled),
        roots=sorted(roots),
        has_function=function,
        signature=Code("".join(f"{argument}, " for argument in signature)),
        count=len(coefficients),
        indices=max((len(term.axes) for term in terms), default=0),
        numbers=coded(line for c, i in number.items() for line in _number_lines(c, i)),
        checks=coded(checks(resummed.conditions, names)),
        tensors=coded(_tensor_lines(sampled, averaged, roots)),
        terms=coded(
            line for term, (_, time) in zip(terms, resummed, strict=True) for line in term.lines(time, number, rule)
        ),
        **rule.words(number),
    )
    return completed(text, ("resummed", "inputs", "arrays", "libraries", *rule.files), rule.variant)


def _number_lines(coefficient: Coefficient, index: int) -> list[str]:
    """Lines that assign a coefficient to its place; the sizes are fractions, so every quotient is exact."""
    if coefficient.symbols:
        return assignment(f"_c[{index}]", coefficient, 4, WIDTH)
    value = coefficient.as_fraction()
    return [f"_c[{index}] = Fraction({value.numerator}, {value.denominator})"]


def _tensor_lines(sampled: set[int], averaged: set[int], roots: set[int]) -> Iterator[str]:
    """The tensors in the eigenbasis; the mean Hessian is its eigenvalues."""
    for k in sorted((sampled | averaged) - {2}):
        yield f"mean_{k} = _rotated(given.means[{k}], run.basis, 0)"
    for k in sorted(sampled):
        mean = f"mean_{k}" if k != 2 else "np.diag(h)"
        yield f"deviation_{k} = _rotated(given.samples[{k}], run.basis, 1) - {mean}"
    for k in sorted(roots):
        yield f"root_{k} = _rotated(roots[{k}], run.basis, 0)"


@dataclass(frozen=True, slots=True)
class _Term:
    """One diagram: its tensors as contractions of means and central moments.

    Attributes:
        letters: the eigen-index of each edge.
        axes: those of the contractions, the open ones first.
        opened: the number of open ones.
        contractions: calls with their weights.
        note: the tensors in words.
        sampled, averaged, roots: the degrees of the derivatives that are needed at data points, as means, of the function.
    """

    diagram: Diagram
    letters: tuple[str, ...]
    axes: str
    opened: int
    contractions: tuple[tuple[int, str], ...]
    note: str
    sampled: frozenset[int]
    averaged: frozenset[int]
    roots: frozenset[int]

    @classmethod
    def of(cls, diagram: Diagram, function: bool) -> _Term:
        letters = index_letters(diagram, function)
        opened = [letter for letter in "ik" if letter in letters]
        axes = "".join([*opened, *(letter for letter in dict.fromkeys(letters) if letter not in opened)])
        factors = tensor_indices(diagram, letters, function)
        means = [(degrees, groups) for degrees, groups in factors if len(degrees) == 1 or degrees[0] == "s"]
        joint = [(degrees, groups) for degrees, groups in factors if len(degrees) > 1 and degrees[0] != "s"]
        members = [(degree, group) for degrees, groups in joint for degree, group in zip(degrees, groups, strict=True)]
        starts = [sum(len(degrees) for degrees, _ in joint[:i]) for i in range(len(joint))]
        blocks = [tuple(range(s, s + len(degrees))) for s, (degrees, _) in zip(starts, joint, strict=True)]
        contractions = []
        for parts, weight in refinements(blocks):
            # a central moment of one factor vanishes
            if all(len(part) > 1 for part in parts):
                operands = [_mean(degrees, groups[0]) for degrees, groups in means]
                for sample, part in zip(_SAMPLES, parts, strict=False):
                    operands.append((sample, "weights"))
                    operands += [(sample + "".join(members[v][1]), f"deviation_{members[v][0]}") for v in part]
                indices = ",".join(operand for operand, _ in operands)
                call = f'_contract("{indices}->{axes}", {", ".join(name for _, name in operands)})'
                contractions.append((weight, call))
        return cls(
            diagram,
            letters,
            axes,
            len(opened),
            tuple(contractions),
            " ".join(_word(degrees, groups) for degrees, groups in factors),
            frozenset(int(degree) for degree, _ in members),
            frozenset(degrees[0] for degrees, _ in means if isinstance(degrees[0], int)),
            frozenset(len(groups[0]) for degrees, groups in means if degrees[0] == "s"),
        )

    def lines(self, time: TimeSum, number: Mapping[Coefficient, int], rule: Propagation) -> Iterator[str]:
        """The statements that add the term to the total."""
        edges = self.diagram.order
        yield f"# {edges} edge{'' if edges == 1 else 's'}: {self.note}"
        for i, (weight, call) in enumerate(self.contractions):
            if i:
                yield f"tensor = tensor {'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{abs(weight)} * '}{call}"
            else:
                yield f"tensor = {'' if weight == 1 else f'{weight} * '}{call}"
        yield "sums = ["
        for product, coefficient in time.terms:
            factors = rule.factors(product, self.letters)
            yield f"    ({number[coefficient]}, {factors}),".replace("'", '"')
        yield "]"
        besides = rule.edges(self.letters, rule.resummed.rooted(self.diagram))
        yield f'_add(total, run, {edges}, tensor, "{self.axes}", {self.opened}, sums{besides})'


def _mean(degrees: tuple[int | str, ...], group: list[str]) -> tuple[str, str]:
    """The axes and the name of a mean; two equal letters on the Hessian are one on its eigenvalues."""
    if degrees == (2,):
        return group[0], "h"
    return "".join(group), f"{'root' if degrees[0] == 's' else 'mean'}_{len(group)}"


def _word(degrees: tuple[int | str, ...], groups: list[list[str]]) -> str:
    from sgdsym.tensors.notation import base_name  # loads sympy, which no other kernel needs

    if degrees == (2,):
        return f"h_{groups[0][0]}"
    name = "s" if degrees[0] == "s" else base_name("cumulant", tuple(map(int, degrees)))
    indices = "".join(letter for group in groups for letter in group)
    return f"{name}_{indices}" if indices else name
