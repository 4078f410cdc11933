r"""Links put back: a time-sum as a polynomial in what a bare Hessian carries, :math:`x_e = -\eta h_e` on each edge.

An edge with :math:`l` links carries the modes of :math:`(P/Q)^{l+1}`, see :mod:`sgdsym.resummation.laws`: the coefficient of
:math:`x_e^l`.  In continuous time, where it carries :math:`e^{xt}`, a difference is
:math:`\sum_j \frac{T^{k+j}}{(k+j)!}\,h_j(y_0, …, y_k)` at :math:`y_i = \sum x_e`, :math:`h_j` the complete homogeneous symmetric
polynomial.

Knows edges by their numbers.  Refuses to know tensors and the learning rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from math import factorial

from sgdsym.resummation.laws import EdgeLaw
from sgdsym.resummation.time_sum import Difference, TimeSum
from sgdsym.series import Coefficient
from sgdsym.times.calendar import Calendar, ModeTiming
from sgdsym.times.modes import Mode
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.polynomials import Exponents, Polynomial, added, multiplied
from sgdsym.times.products import Product, total


def taylor(
    time: TimeSum, edges: int, degree: int, difference: Callable[[Difference, int, int], Polynomial]
) -> Polynomial:
    r"""A time-sum as a polynomial in the :math:`x_e`, up to a degree.

    Args:
        time: any time-sum.
        edges: the number of edges.
        degree: the highest total degree that is kept.
        difference: the same for one difference; see :class:`Steps` and :class:`Flow`.

    Returns:
        The coefficient of each monomial, by its exponents: the links on each edge.

    >>> one_edge = TimeSum.collect([([Difference((), ((), (0,)))], Coefficient(-1))])
    >>> taylor(one_edge, 1, 1, Flow(Coefficient.symbol("T")))
    {(0,): Coefficient('-T'), (1,): Coefficient('-T**2/2')}
    """
    within = _within(degree)
    total: dict[Exponents, list[Coefficient]] = {}
    for factors, coefficient in time.terms:
        constant: Polynomial = {(0,) * edges: coefficient}
        expanded = (difference(d, edges, degree) for d in factors)
        for exponents, c in reduce(lambda p, q: multiplied(p, q, within), expanded, constant).items():
            total.setdefault(exponents, []).append(c)
    return {exponents: Coefficient.total(parts) for exponents, parts in total.items()}


@dataclass(frozen=True)
class Flow:
    """Differences of :math:`e^{xT}`.

    Attributes:
        steps: the length of time :math:`T`.
    """

    steps: Coefficient

    def __call__(self, found: Difference, edges: int, degree: int) -> Polynomial:
        """The difference as a polynomial, up to a degree."""
        within = _within(degree)
        # h_j by adding one node after another: h_j(…, y) = h_j(…) + y h_{j-1}(…, y)
        symmetric: list[Polynomial] = [{(0,) * edges: Coefficient(1)}, *({} for _ in range(degree))]
        for node in found.nodes:
            small = {tuple(int(f == e) for f in range(edges)): Coefficient(n) for e, n in Counter(node).items()}
            for j in range(1, degree + 1):
                symmetric[j] = added(symmetric[j], multiplied(small, symmetric[j - 1], within))
        levels = len(found.nodes) - 1
        total: Polynomial = {}
        for j, polynomial in enumerate(symmetric):
            volume = self.steps ** (levels + j) / factorial(levels + j)
            total = added(total, {exponents: c * volume for exponents, c in polynomial.items()})
        return total


@dataclass(frozen=True)
class Steps:
    """Differences over the steps of a run, or over its epochs and slots.

    Attributes:
        calendar: the epochs of the run and the updates in each.
        law: what edges carry.
        rooted: whether each edge is one to a root.
    """

    calendar: Calendar
    law: EdgeLaw
    rooted: Sequence[bool]
    known: dict[tuple[int, bool], tuple[Mode, ...]] = field(default_factory=dict, repr=False)

    def __call__(self, found: Difference, edges: int, degree: int) -> Polynomial:
        """The difference as a polynomial, up to a degree."""
        sums = ModeTiming(self.calendar, LinearOptimizer.sgd(), (), ())
        epochs = found.epochs or (1,) * (len(found.nodes) - 1)
        polynomial: Polynomial = {}
        for links in _compositions(found.edges, degree):
            parts = []
            for modes in product(*(self._modes(count, self.rooted[e]) for e, count in links.items())):
                chosen = dict(zip(links, modes, strict=True))
                depths = tuple(mode.depth for mode in modes if mode.depth)
                places = iter(range(len(depths)))
                rate = {e: (mode.rate, next(places) if mode.depth else -1) for e, mode in chosen.items()}
                carried = {e: () if mode.is_plain else (rate[e],) for e, mode in chosen.items()}
                front, *nodes = (tuple(r for e in held for r in carried[e]) for held in (found.front, *found.nodes))
                ahead, differences = sums.factors(front, tuple(nodes), depths, epochs, found.slots)
                parts.append(Product((*(mode.weight for mode in modes), *ahead), differences))
            polynomial[tuple(links.get(e, 0) for e in range(edges))] = total(parts)
        return polynomial

    def _modes(self, links: int, rooted: bool) -> tuple[Mode, ...]:
        if (links, rooted) not in self.known:
            self.known[links, rooted] = self.law.modes(links, rooted)
        return self.known[links, rooted]


def _compositions(edges: Sequence[int], degree: int) -> Iterator[Mapping[int, int]]:
    """All ways to put up to so many links on edges."""
    if not edges:
        yield {}
        return
    first, *rest = edges
    for count in range(degree + 1):
        for others in _compositions(rest, degree - count):
            yield {first: count, **others}


def _within(degree: int) -> Callable[[Exponents], bool]:
    """Whether exponents are of at most a degree."""
    return lambda exponents: sum(exponents) <= degree
