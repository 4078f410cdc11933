r"""Time-sums of a linkless diagram, as functions of what each of its edges carries.

Near a point with Hessian :math:`H` an edge that spans :math:`\Delta` steps carries :math:`(I-\eta H)^{\Delta-1}`; in an eigenbasis
of :math:`H` that is :math:`r_e^{\Delta-1}` with :math:`r_e = 1-\eta h_e`.  The sum over all times of the steps is a sum over
their weak orders, each a divided difference of :math:`x^T` whose nodes are products of the :math:`r_e`.  In continuous time
:math:`r_e^t` is :math:`e^{-\eta h_e t}`: the differences are of :math:`e^{xT}`, at sums of the :math:`-\eta h_e`.

Knows edges by their numbers.  Refuses to know tensors and the learning rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal, TypeAlias

from sgdsym.resummation.propagators import Edges, PropagatorTiming
from sgdsym.series import Coefficient
from sgdsym.times.calendar import slots_in_use

Clock: TypeAlias = Literal["steps", "epochs", "slots"]


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    r"""One divided difference, :math:`\prod_{e\in front} r_e\;[R_0, …, R_k]\,x^T` with :math:`R_i = \prod_{e\in nodes_i} r_e`.

    Where levels are in epochs it stands for the product of differences over epochs and over the slots of each in
    :mod:`sgdsym.times.calendar`, and the nodes are those of the gaps, the earliest first.  An edge that carries several rates is
    summed over them, each with its weight, in all places at once.

    Attributes:
        front: the edges in front, as often as they pass a level.
        nodes: the edges in each node, sorted; the first node has none.
        epochs: the number of levels in each epoch in use, empty where all steps are alike.
        slots: the rank of the slot of each level, where slots are the same in every epoch.

    >>> Difference((), ((), (0,), (0, 1))).relabelled([1, 0])
    Difference(front=(), nodes=((), (0, 1), (1,)), epochs=(), slots=())
    """

    front: Edges
    nodes: tuple[Edges, ...]
    epochs: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()

    @property
    def edges(self) -> Edges:
        """The edges whose rates it holds."""
        return tuple(sorted({e for node in self.nodes for e in node}))

    def relabelled(self, label: Sequence[int]) -> Difference:
        """The same with other numbers for the edges; several may get one number."""
        front = tuple(sorted(label[e] for e in self.front))
        nodes = [tuple(sorted(label[e] for e in node)) for node in self.nodes]
        # a difference does not depend on the order of its nodes, but which gap is in which epoch does
        return Difference(front, tuple(nodes if self.epochs else sorted(nodes)), self.epochs, self.slots)

    def factors(self) -> tuple[Edges, list[tuple[Clock, tuple[Edges, ...]]]]:
        r"""The edges in front, and divided differences: of :math:`x^T`, or of :math:`x^E` at :math:`R^M` and of :math:`x^M`.

        >>> Difference((), ((), (0,), (0, 1)), (1, 1)).factors()[1]
        [('epochs', ((), (0,), (0, 1))), ('slots', ((), (0,))), ('slots', ((0,), (0, 1)))]
        """
        if not self.epochs:
            return self.front, [("steps", self.nodes)]
        cuts = [0, *accumulate(self.epochs)]
        outer: tuple[Clock, tuple[Edges, ...]] = "epochs", tuple(self.nodes[a] for a in cuts)
        if not self.slots:
            return self.front, [outer, *(("slots", self.nodes[a : b + 1]) for a, b in pairwise(cuts))]
        between, left = slots_in_use(self.nodes, cuts, self.slots)
        return (*self.front, *left), [outer, ("slots", tuple(tuple(sorted(node)) for node in between))]


Product: TypeAlias = tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class TimeSum:
    """A sum of products of divided differences with exact coefficients.

    Products of two differences belong to variances; elsewhere a product has one factor.

    Attributes:
        terms: products and coefficients, sorted by product, each product once.

    >>> one_edge = TimeSum.collect([([Difference((), ((), (0,)))], Coefficient(-1))])
    >>> one_edge.scaled(Coefficient(2)).terms[0][1], (one_edge * one_edge).terms[0][1]
    (Coefficient('-2'), Coefficient('1'))
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
            # a weight is linear in the symbols of its timing: each monomial has one
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
            # labels that give equal values: the first in order stands for all, so that equal terms meet
            (min(tuple(sorted(d.relabelled(label) for d in product)) for label in labels), c)
            for product, c in self.terms
        )
