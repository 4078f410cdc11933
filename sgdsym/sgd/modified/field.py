r"""The modified vector field of gradient descent, a linear recursion over rooted trees.

At the points that a flow interpolates, every tree :math:`\tau` of :math:`n` steps has a polynomial :math:`x_\tau` in the number
of steps :math:`t`, with

.. math:: \theta_t = \theta_0 + \sum_\tau \frac{(-\eta)^n\, x_\tau(t)}{|Aut(\tau)|}\,F_\tau(\theta_0), \qquad x_\tau(0) = 0,

where :math:`F_\tau` is the contraction of the tree.  A step adds the gradient at :math:`\theta_t`, which has for a tree the
product over the trees :math:`\tau_i` on its root, so

.. math:: x_\tau(t+1) - x_\tau(t) = M \prod_i x_{\tau_i}(t).

:math:`M = 1` for plain descent, where :math:`x_\tau` is the strict order polynomial.  With momentum it is the memory of the run
after its transient; in the forward difference :math:`\Delta`, with :math:`v = 1/(1-\mu)`,

.. math:: M = v\,\frac{1+\Delta}{1+v\Delta} \quad\text{(heavy ball)}, \qquad
          M = 1 + (v-1)\,\frac{1+\Delta}{1+v\Delta} \quad\text{(Nesterov, at the points that it looks ahead to)}.

The vector field is the derivative at :math:`t = 0`.  Source: E. Hairer, C. Lubich, G. Wanner, "Geometric Numerical
Integration", chapter IX, for the method; N. B. Kovachki and A. M. Stuart, "Continuous time analysis of momentum methods",
2021, for the first two terms with momentum.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import comb, lcm
from operator import mul
from typing import Any, TypeAlias

from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient

# order 18 has three million trees
MAX_FIELD_ORDER = 18

# integers or fractions, or coefficients in one symbol that stands for 1/(1 - momentum)
Values: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Forest:
    """Trees side by side on one root.

    Attributes:
        parents: the step each step acts on, -1 where it acts on the root.
        last: the number of the last tree; trees are in increasing order.
        alike: how many of the last trees are the same.
        symmetry: number of automorphisms.
        values: the product of the polynomials of the trees at 0, 1, ….
    """

    parents: tuple[int, ...]
    last: int
    alike: int
    symmetry: int
    values: Values


def field_terms(order: int, momentum: Coefficient, nesterov: bool = False) -> Iterator[tuple[Diagram, Coefficient]]:
    r"""Terms of the modified vector field: a displacement diagram for each rooted tree of up to ``order`` steps.

    Args:
        order: the highest number of steps on a tree.
        momentum: :math:`\mu`; 0 is plain gradient descent.
        nesterov: whether the momentum looks ahead.

    >>> [str(c) for _, c in field_terms(3, Coefficient(0))]
    ['-1', '-1/2', '-1/12', '-1/3']
    """
    if not momentum:
        memory: Callable[[Values], Values] = _no_memory
    elif momentum.symbols:
        memory = _Memory(order, Coefficient.symbol("v"), nesterov)
    else:
        memory = _Memory(order, 1 / (1 - momentum.as_fraction()), nesterov)
    weights, scale = _derivative_at_zero(order)
    inverse = 1 / (1 - momentum)
    known: dict[Any, Coefficient] = {}
    for parents, symmetry, values in _trees(order, memory):
        slope = sum(map(mul, weights, values)) * Fraction((-1) ** len(parents), scale * symmetry)
        if slope not in known:
            known[slope] = _in_powers(slope, inverse)
        edges = [(parent + 1, step + 1) for step, parent in enumerate(parents)]
        yield Diagram(len(parents) + 1, edges, (), (0,)), known[slope]


def _trees(order: int, memory: Callable[[Values], Values]) -> Iterator[tuple[tuple[int, ...], int, Values]]:
    """Parents, number of automorphisms and values at 0, …, order of every rooted tree, the smallest first."""
    empty = _Forest((), -1, 0, 1, [1] * (order + 1))
    forests, lasts = [[empty]], [[-1]]
    trees: list[_Forest] = []
    for size in range(1, order + 1):
        for forest in forests[size - 1]:
            parents = (-1, *(parent + 1 for parent in forest.parents))
            values = memory(forest.values)
            trees.append(_Forest(parents, len(trees), 1, forest.symmetry, values))
            yield parents, forest.symmetry, values
        if size < order:
            forests.append(list(_extended(forests, lasts, trees, size)))
            lasts.append([forest.last for forest in forests[size]])


def _extended(
    forests: Sequence[Sequence[_Forest]], lasts: Sequence[Sequence[int]], trees: Sequence[_Forest], size: int
) -> Iterator[_Forest]:
    """All forests of one size, each from a smaller one and its last tree; they come sorted by their last tree."""
    for number, tree in enumerate(trees):
        left = size - len(tree.parents)
        shift = tuple(parent if parent < 0 else parent + left for parent in tree.parents)
        for rest in forests[left][: bisect_right(lasts[left], number)]:
            alike = rest.alike + 1 if rest.last == number else 1
            symmetry = rest.symmetry * tree.symmetry * alike
            values = list(map(mul, rest.values, tree.values)) if left else tree.values
            yield _Forest(rest.parents + shift, number, alike, symmetry, values)


def _no_memory(products: Values) -> Values:
    """The polynomial whose steps are the products: partial sums."""
    return [0, *accumulate(products[:-1])]


class _Memory:
    r"""Sums with the memory of momentum: :math:`\Delta x = M p`, in forward differences at zero."""

    def __init__(self, order: int, v: Any, nesterov: bool) -> None:
        # the expansion of M in powers of the forward difference
        lead, rest = (v, v) if not nesterov else (v, v - 1)
        self.order = order
        self.powers = [lead, *(rest * (1 - v) * (-v) ** k for k in range(order))]

    def __call__(self, products: Values) -> Values:
        """The values of the polynomial at 0, …, order."""
        size = self.order + 1
        differences = _differences(products)
        # past the degree of the products, at most order - 1, differences vanish
        steps = [sum(self.powers[k] * differences[j + k] for k in range(size - j)) for j in range(self.order)]
        return [sum((step * comb(t, j) for j, step in enumerate(steps, 1)), 0 * products[0]) for t in range(size)]


def _differences(values: Values) -> list[Any]:
    """Forward differences of all orders at zero."""
    row, found = list(values), []
    while row:
        found.append(row[0])
        row = [b - a for a, b in pairwise(row)]
    return found


def _derivative_at_zero(degree: int) -> tuple[list[int], int]:
    r"""Integer weights, and what they are over, of the derivative at 0 of a polynomial with known values at 0, 1, …, degree.

    From :math:`\partial = \ln(1+\Delta) = \sum_k (-1)^{k-1}\Delta^k/k`.
    """
    scale = lcm(*range(1, degree + 1))
    weights = [0] * (degree + 1)
    for k in range(1, degree + 1):
        for j in range(k + 1):
            weights[j] += scale // k * (-1) ** (j + 1) * comb(k, j)
    return weights, scale


def _in_powers(polynomial: Any, inverse: Coefficient) -> Coefficient:
    """A number as it is; a polynomial in one symbol at ``inverse``."""
    if not isinstance(polynomial, Coefficient):
        return Coefficient(polynomial)
    powers = ((number, sum(e for _, e in symbols)) for number, symbols in polynomial.monomials())
    return Coefficient.total(inverse**power * number for number, power in powers)
