r"""The modified vector field of gradient descent, a linear recursion over rooted trees.

At the points that a flow interpolates, every tree :math:`\tau` of :math:`n` steps has a polynomial :math:`x_\tau` in the number
of steps :math:`t`, with

.. math:: \theta_t = \theta_0 + \sum_\tau \frac{(-\eta)^n\, x_\tau(t)}{|Aut(\tau)|}\,F_\tau(\theta_0), \qquad x_\tau(0) = 0,

where :math:`F_\tau` is the contraction of the tree.  A step adds the gradient at :math:`\theta_t`, which has for a tree the
product over the trees :math:`\tau_i` on its root, so

.. math:: x_\tau(t+1) - x_\tau(t) = M \prod_i x_{\tau_i}(t).

:math:`M = 1` for plain descent, where :math:`x_\tau` is the strict order polynomial.  An optimiser with the generating function
:math:`P/Q`, see :class:`~sgdsym.resummation.EdgeLaw`, has :math:`Q(E)\,\theta = -\eta P(E)\,g` in the shift
:math:`E = 1+\Delta`; after its transient that is the memory

.. math:: M = \frac{(x-1)\,P(x)}{Q(x)}\Big|_{x=1+\Delta},

a series in the forward difference :math:`\Delta`: with :math:`v = 1/(1-\mu)` that of heavy ball is
:math:`v(1+\Delta)/(1+v\Delta)`, and that of Nesterov :math:`1 + (v-1)(1+\Delta)/(1+v\Delta)`, at the points that it looks ahead
to.

The vector field is the derivative at :math:`t = 0`.  Source: [Hairer2006]_, chapter IX, for the method; [Kovachki2021]_, for the first
two terms with momentum.
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
from sgdsym.resummation.laws import EdgeLaw, Polynomial, is_contracting, quotient
from sgdsym.series import Coefficient

# to order 18 there are 2 732 470 trees, to order 19 7 421 146, each with a diagram that is kept
MAX_FIELD_ORDER = 18

# integers or fractions, or coefficients in the symbols of an optimiser and one that stands for the inverse of its friction
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


def field_terms(order: int, law: EdgeLaw) -> Iterator[tuple[Diagram, Coefficient]]:
    r"""Terms of the modified vector field: a displacement diagram for each rooted tree of up to ``order`` steps.

    Args:
        order: the highest number of steps on a tree.
        law: what the optimiser makes of a gradient; plain descent has no memory.

    Raises:
        ValueError: if the weights would move ever faster under a constant gradient, or the optimiser never forgets its start.

    >>> [str(c) for _, c in field_terms(3, EdgeLaw())]
    ['-1', '-1/2', '-1/12', '-1/3']
    """
    name = _unused(law)
    memory = _no_memory if law.is_plain else _Memory(order, law, name)
    inverse = Coefficient(1) if law.is_plain else 1 / _without_one(law)[0]
    weights, scale = _derivative_at_zero(order)
    known: dict[Any, Coefficient] = {}
    for parents, symmetry, values in _trees(order, memory):
        # a polynomial of degree n or less is its values at 0 to n: products are taken value by value, and no
        # coefficients are formed
        slope = sum(map(mul, weights, values)) * Fraction((-1) ** len(parents), scale * symmetry)
        if slope not in known:
            known[slope] = _with_inverse(slope, name, inverse)
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
        # trees in rising order: each forest comes once
        for rest in forests[left][: bisect_right(lasts[left], number)]:
            alike = rest.alike + 1 if rest.last == number else 1
            # the k-th of equal trees takes any of k places
            symmetry = rest.symmetry * tree.symmetry * alike
            values = list(map(mul, rest.values, tree.values)) if left else tree.values
            yield _Forest(rest.parents + shift, number, alike, symmetry, values)


def _no_memory(products: Values) -> Values:
    """The polynomial whose steps are the products: partial sums."""
    # x(0) = 0 and x(t+1) = x(t) + p(t)
    return [0, *accumulate(products[:-1])]


class _Memory:
    r"""Sums with a memory: :math:`\Delta x = M p`, in forward differences at zero.

    The coefficients of :math:`M` are polynomials in :math:`v = 1/q_0` and the symbols of the optimiser, with
    :math:`Q/(x-1) = \sum_k q_k\Delta^k`, so that nothing is divided before the end.
    """

    def __init__(self, order: int, law: EdgeLaw, name: str) -> None:
        below, above = _without_one(law), _at_one(law.gain)
        exact = not law.symbols
        v: Any = 1 / below[0].as_fraction() if exact else Coefficient.symbol(name)
        numerator, rest = ([c.as_fraction() if exact else c for c in part] for part in (above, below[1:]))
        self.order = order
        self.powers: list[Any] = []
        for k in range(order + 1):
            found = numerator[k] * v if k < len(numerator) else 0 * v
            # long division of power series: M_k = (p_k - sum over j of q_j M_{k-j}) / q_0
            for j, c in enumerate(rest[:k], 1):
                found = found - v * c * self.powers[k - j]
            self.powers.append(found)

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
    r"""Integer weights, and their common denominator, of the derivative at 0 of a polynomial with known values at 0, 1, …, degree.

    From :math:`\partial = \ln(1+\Delta) = \sum_k (-1)^{k-1}\Delta^k/k`.
    """
    # whole weights over one denominator: the sum over values stays whole until it is divided once
    scale = lcm(*range(1, degree + 1))
    weights = [0] * (degree + 1)
    for k in range(1, degree + 1):
        for j in range(k + 1):
            weights[j] += scale // k * (-1) ** (j + 1) * comb(k, j)
    return weights, scale


def _without_one(law: EdgeLaw) -> Polynomial:
    r""":math:`Q/(x-1)` by powers of :math:`x-1`.

    Raises:
        ValueError: if the weights would move ever faster under a constant gradient, or the optimiser never forgets its start.
    """
    constant, *left = _at_one(law.memory)
    if constant or not left[0]:
        raise ValueError(
            "a constant gradient moves the weights of this optimiser at no constant speed: it has no modified equation"
        )
    if not law.symbols and not is_contracting(
        [c.as_fraction() for c in quotient(law.memory, (Coefficient(-1), Coefficient(1)))]
    ):
        raise ValueError("this optimiser never forgets its start, so that no flow passes through its iterates")
    return tuple(left)


def _at_one(polynomial: Polynomial) -> Polynomial:
    """A polynomial by powers of :math:`x-1`."""
    return tuple(
        Coefficient.total(c * comb(k, j) for k, c in enumerate(polynomial) if k >= j) for j in range(len(polynomial))
    )


def _unused(law: EdgeLaw) -> str:
    """A name for the inverse friction that no symbol of the optimiser has."""
    name = "v"
    while name in law.symbols:
        name += "v"
    return name


def _with_inverse(polynomial: Any, name: str, inverse: Coefficient) -> Coefficient:
    """A number as it is; a polynomial in a symbol and others with a value put in for it."""
    if not isinstance(polynomial, Coefficient):
        return Coefficient(polynomial)
    grouped: dict[int, list[Coefficient]] = {}
    for number, powers in polynomial.monomials():
        others = Coefficient.product(power for power in powers if power[0] != name)
        grouped.setdefault(dict(powers).get(name, 0), []).append(others * number)
    return Coefficient.total(inverse**power * Coefficient.total(parts) for power, parts in grouped.items())
