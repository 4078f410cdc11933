r"""Time-sums of a linkless diagram, as functions of what each of its edges carries.

Near a point with Hessian :math:`H` an edge that spans :math:`\Delta` steps carries :math:`(I-\eta H)^{\Delta-1}`; in an eigenbasis
of :math:`H` that is :math:`r_e^{\Delta-1}` with :math:`r_e = 1-\eta h_e`.  The sum over all times of the steps is a sum over
their weak orders, each a divided difference of :math:`x^T` whose nodes are products of the :math:`r_e`.  In continuous time
:math:`r_e^t` is :math:`e^{-\eta h_e t}`: the differences are of :math:`e^{xT}`, at sums of the :math:`-\eta h_e`.

Knows edges by their numbers.  Refuses to know tensors and the learning rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import factorial
from typing import TypeAlias

from sgdsym.series import Coefficient
from sgdsym.sgd.differences import binomial
from sgdsym.sgd.polynomials import Exponents, Polynomial, added, multiplied
from sgdsym.sgd.resummation.propagators import Edges, PropagatorTiming


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    r"""One divided difference, :math:`\prod_{e\in front} r_e\;[R_0, …, R_k]\,x^T` with :math:`R_i = \prod_{e\in nodes_i} r_e`.

    Attributes:
        front: the edges in front, as often as they pass a level.
        nodes: the edges in each node, sorted; the first node has none.

    >>> Difference((), ((), (0,), (0, 1))).relabelled([1, 0])
    Difference(front=(), nodes=((), (0, 1), (1,)))
    """

    front: Edges
    nodes: tuple[Edges, ...]

    def relabelled(self, label: Sequence[int]) -> Difference:
        """The same with other numbers for the edges; several may get one number."""
        front = tuple(sorted(label[e] for e in self.front))
        return Difference(front, tuple(sorted(tuple(sorted(label[e] for e in node)) for node in self.nodes)))


Product: TypeAlias = tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class TimeSum:
    """A sum of products of divided differences with exact coefficients.

    Products of two differences belong to variances; elsewhere a product has one factor.

    Attributes:
        terms: products and coefficients, sorted by product, each product once.

    >>> one_edge = TimeSum.collect([([Difference((), ((), (0,)))], Coefficient(-1))])
    >>> one_edge.taylor(Coefficient.symbol("T"), edges=1, degree=1, continuous=False)
    {(0,): Coefficient('-T'), (1,): Coefficient('-T**2/2 + T/2')}
    """

    terms: tuple[tuple[Product, Coefficient], ...]

    @classmethod
    def collect(cls, terms: Iterable[tuple[Iterable[Difference], Coefficient]]) -> TimeSum:
        """The sum of any terms; equal products are added and zeros dropped."""
        parts: dict[Product, list[Coefficient]] = {}
        for product, coefficient in terms:
            parts.setdefault(tuple(sorted(product)), []).append(coefficient)
        totals = ((product, Coefficient.total(found)) for product, found in sorted(parts.items()))
        return cls(tuple((product, total) for product, total in totals if total))

    @classmethod
    def read(cls, weight: Coefficient, timing: PropagatorTiming) -> TimeSum:
        """The weight of a placement that was counted with this timing: it is linear in the timing's symbols."""
        terms = []
        for number, powers in weight.monomials():
            (name,) = [base for base, _ in powers if isinstance(base, str) and base in timing.symbols]
            sizes = Coefficient.product(power for power in powers if power[0] != name)
            terms.append(((Difference(*timing.symbols[name]),), sizes * number))
        return cls.collect(terms)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: TimeSum) -> TimeSum:
        return TimeSum.collect((*self.terms, *other.terms))

    def __mul__(self, other: TimeSum) -> TimeSum:
        return TimeSum.collect(((*p, *q), c * d) for p, c in self.terms for q, d in other.terms)

    def scaled(self, factor: Coefficient) -> TimeSum:
        """The sum times a factor."""
        return TimeSum.collect((product, c * factor) for product, c in self.terms)

    def relabelled(self, label: Sequence[int]) -> TimeSum:
        """The same with other numbers for the edges; several may get one number."""
        return TimeSum.collect(((d.relabelled(label) for d in product), c) for product, c in self.terms)

    def symmetrised(self, labels: Sequence[Sequence[int]]) -> TimeSum:
        """Every product relabelled in the way that sorts first: for labels that make no difference to what is summed."""
        return TimeSum.collect(
            (min(tuple(sorted(d.relabelled(label) for d in product)) for label in labels), c)
            for product, c in self.terms
        )

    def taylor(self, steps: Coefficient, edges: int, degree: int, continuous: bool) -> Polynomial:
        r"""The sum as a polynomial in :math:`x_e = r_e - 1 = -\eta h_e`, up to a degree.

        With :math:`y_i = R_i - 1`, a difference is :math:`\sum_j \binom T{k+j} h_j(y_0, …, y_k)`, :math:`h_j` the complete homogeneous
        symmetric polynomial; in continuous time :math:`y_i = \sum x_e` and :math:`T^{k+j}/(k+j)!` stands for the binomial.

        Args:
            steps: the number of steps :math:`T`.
            edges: the number of edges.
            degree: the highest total degree that is kept.
            continuous: whether time is continuous.

        Returns:
            The coefficient of each monomial, by its exponents.
        """
        within = _within(degree)
        total: dict[Exponents, list[Coefficient]] = {}
        for product, coefficient in self.terms:
            factors = [_difference_taylor(d, steps, edges, degree, continuous) for d in product]
            constant: Polynomial = {(0,) * edges: coefficient}
            for exponents, c in reduce(lambda p, q: multiplied(p, q, within), factors, constant).items():
                total.setdefault(exponents, []).append(c)
        return {exponents: Coefficient.total(parts) for exponents, parts in total.items()}


def _difference_taylor(
    difference: Difference, steps: Coefficient, edges: int, degree: int, continuous: bool
) -> Polynomial:
    one: Polynomial = {(0,) * edges: Coefficient(1)}
    within = _within(degree)
    units = [tuple(int(e == f) for f in range(edges)) for e in range(edges)]

    def grown(edges_of_node: Iterable[int]) -> Polynomial:
        if continuous:
            return {units[e]: Coefficient(n) for e, n in Counter(edges_of_node).items()}
        ratios = ({**one, units[e]: Coefficient(1)} for e in edges_of_node)
        product = reduce(lambda p, q: multiplied(p, q, within), ratios, one)
        return {exponents: c for exponents, c in product.items() if any(exponents)}

    symmetric: list[Polynomial] = [one, *({} for _ in range(degree))]
    for node in difference.nodes:
        small = grown(node)
        for j in range(1, degree + 1):
            symmetric[j] = added(symmetric[j], multiplied(small, symmetric[j - 1], within))
    levels = len(difference.nodes) - 1
    total: Polynomial = {}
    for j, polynomial in enumerate(symmetric):
        ways = steps ** (levels + j) / factorial(levels + j) if continuous else binomial(steps, levels + j)
        total = added(total, {exponents: c * ways for exponents, c in polynomial.items()})
    for edge in difference.front:
        total = multiplied(total, {**one, units[edge]: Coefficient(1)}, within)
    return total


def _within(degree: int) -> Callable[[Exponents], bool]:
    """Whether exponents are of at most a degree."""
    return lambda exponents: sum(exponents) <= degree
