r"""Calendars: how the times of steps are summed, whatever the optimiser and whoever shares data points.

A run is :math:`E` epochs of :math:`M` slots; :math:`T` steps are :math:`T` epochs of one.  Steps are sorted into *levels*, the
earliest first, and levels into the epochs in use.  With modes :math:`r^{\Delta-1}` on the edges, let :math:`R_i` be the product of
the :math:`r` of the edges that span the gap above level :math:`i` (:math:`R_0` below the first level), let an edge have one more
factor :math:`r` in front for each level it passes, and let :math:`0=a_0<a_1<…<a_m=k` be where the levels are cut into epochs.  Then
the sum over all times is

.. math:: front\cdot[R_{a_0}^M, R_{a_1}^M, …, R_{a_m}^M]\,x^E \prod_i [R_{a_{i-1}}, …, R_{a_i}]\,x^M,

which is :math:`\binom Em\prod_i\binom M{k_i}` where all :math:`r=1`.  Where the slots are the same in every epoch, of which :math:`q` are
in use, let :math:`P_j` be the product over the epochs in use of the :math:`R` in force before slot :math:`j`, and one more
:math:`R` in front for each epoch and slot that no level takes: the sum is

.. math:: front\cdot[R_{a_0}^M, …, R_{a_m}^M]\,x^E\; [P_0, …, P_q]\,x^M.

A mode :math:`\binom{\Delta-1}j r^{\Delta-1-j}` is the coefficient of :math:`\varepsilon^j` of :math:`(r+\varepsilon)^{\Delta-1}`.  Where
the updates differ there are no modes, and the registers are followed update by update.

The file knows levels and edges.  It refuses to know which sampling asks, and for which optimiser.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise
from math import factorial
from operator import mul
from typing import Any, TypeAlias, TypeVar

from sgdsym.series import Coefficient
from sgdsym.times.differences import binomial, divided_difference, node_order
from sgdsym.times.jets import Depths, difference, jet, raised, times
from sgdsym.times.modes import Mode
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.patterns import START, Pattern, Span, Timing, edge_spans
from sgdsym.times.products import Factors, Product, total

# the rate of a mode, and which of the depths it has, -1 where that is zero
Rate: TypeAlias = tuple[Coefficient, int]
Rates: TypeAlias = tuple[Rate, ...]
Modes: TypeAlias = tuple[Rates, tuple[Rates, ...], Depths]
# the label that an edge carries: a rate, or the number of the edge itself
Carried = TypeVar("Carried")


@dataclass(frozen=True, slots=True)
class Calendar:
    """So many epochs of so many slots.

    Attributes:
        epochs: the number of epochs :math:`E`.
        slots: the number of updates in each :math:`M`.
    """

    epochs: Coefficient
    slots: Coefficient

    @property
    def steps(self) -> Coefficient:
        """The number of updates."""
        return self.epochs * self.slots


@dataclass(frozen=True, slots=True)
class PlainTiming(Timing):
    """Plain gradient steps: only the numbers of levels count."""

    calendar: Calendar
    looks_at_steps = False
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The number of levels in each epoch in use, or where slots are shared the numbers of epochs and slots."""
        if pattern.slots:
            return len(pattern.epochs), (max(pattern.slots) + 1,)
        # which epoch has how many levels makes no difference to a product of binomials
        return len(pattern.epochs), tuple(sorted(pattern.epochs))

    def value(self, key: Any) -> Coefficient:
        r"""The number of ways to choose epochs and slots."""
        epochs, slots = key
        return reduce(mul, (binomial(self.calendar.slots, k) for k in slots), binomial(self.calendar.epochs, epochs))


@dataclass(frozen=True, slots=True)
class RateTiming(Timing):
    r"""The derivative of plain time-sums by the number of epochs at zero: that of :math:`\binom Em` is :math:`(-1)^{m-1}/m`.

    Attributes:
        slots: the number of updates in each epoch; one for the rate by the number of steps.
    """

    slots: Coefficient
    looks_at_steps = False
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """As for plain steps."""
        return tuple(sorted(pattern.epochs))

    def value(self, key: Any) -> Coefficient:
        r"""The coefficient of :math:`E` in :math:`\binom Em`, times the ways to choose slots."""
        # E (E-1) … (E-m+1)/m! has the slope (-1)^(m-1) (m-1)!/m! at zero; without levels it is constant
        rate = Fraction((-1) ** (len(key) - 1), len(key)) if key else 0
        return reduce(mul, (binomial(self.slots, k) for k in key), Coefficient(rate))


@dataclass(frozen=True, slots=True)
class ContinuousTiming(Timing):
    r"""Time :math:`T` without ties: :math:`m` groups of steps at times of their own, volume :math:`T^m/m!`.

    Attributes:
        steps: the time.
        mean: whether the mean over the run is read, :math:`\frac1T\int_0^T t^m/m!\,dt = T^m/(m+1)!`.
    """

    steps: Coefficient
    mean: bool = False
    looks_at_steps = False
    continuous = True

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The number of levels."""
        return len(pattern.levels)

    def value(self, key: Any) -> Coefficient:
        r"""The volume :math:`T^m/m!`, or its mean over the run."""
        return self.steps ** int(key) / factorial(key + self.mean)


@dataclass(frozen=True, slots=True)
class ModeTiming(Timing):
    """A constant optimiser: every edge is a sum of modes.

    Attributes:
        calendar: the epochs and slots that are summed over.
        optimizer: what makes the updates.
        modes: those of an edge between steps.
        root_modes: those of an edge to a root.
    """

    calendar: Calendar
    optimizer: LinearOptimizer
    modes: tuple[Mode, ...]
    root_modes: tuple[Mode, ...]
    known: dict[Hashable, Coefficient] = field(default_factory=dict, compare=False, repr=False)
    looks_at_steps = True
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The spans of the edges, those of a kind being alike, and which levels share an epoch or a slot."""
        spans = edge_spans(pattern.levels, parents)
        if self.optimizer.start and pattern.levels:
            # the updates without a gradient are one more edge, from the start to the first level
            spans.append((START, 0, 1))
        return tuple(sorted(spans)), pattern.epochs, pattern.slots, pattern.reads

    def value(self, key: Any) -> Coefficient:
        """The sum over the modes of all edges."""
        return total(self.products(key))

    def products(self, key: Any) -> Sequence[Product]:
        """The products of modes, one from each edge."""
        spans, epochs, slots, reads = key
        return [
            Product((weight, *front), sums)
            for (rates, nodes, depths), weight in self._mode_products(spans, sum(epochs), reads).items()
            for front, sums in [self.factors(rates, nodes, depths, epochs, slots)]
        ]

    def _mode_products(self, spans: Sequence[Span], levels: int, reads: bool) -> Mapping[Modes, Coefficient]:
        """The products of modes, one from each edge: rates in front and in each gap, depths, and their weight.

        A rate is a pair of its value and the place of its depth, -1 where that is zero; plain modes have none.  Where the
        weights are read right after the last level, nothing spans the gap above it.
        """
        found: dict[Modes, Coefficient] = {((), ((),) * (levels + 1), ()): Coefficient(1)}
        for kind, low, high in spans:
            extended: dict[Modes, Coefficient] = {}
            for (front, nodes, depths), weight in found.items():
                for mode in self._modes(kind):
                    if mode.is_plain:
                        key = front, nodes, depths
                    else:
                        rate = (mode.rate, len(depths) if mode.depth else -1)
                        key = (
                            # Δ - 1 updates lie between two levels: those of the gaps that the edge spans, which are
                            # summed over, and one for each level that it passes, which is a factor in front
                            _sorted((*front, *[rate] * (high - low - 1))),
                            tuple(
                                _sorted((*n, rate)) if low <= gap < min(high, levels + 1 - reads) else n
                                for gap, n in enumerate(nodes)
                            ),
                            (*depths, mode.depth) if mode.depth else depths,
                        )
                    extended[key] = extended[key] + weight * mode.weight if key in extended else weight * mode.weight
            found = extended
        return found

    def _modes(self, kind: int) -> tuple[Mode, ...]:
        return (self.modes, self.root_modes, self.optimizer.start_modes)[kind]

    def factors(
        self, front: Rates, nodes: tuple[Rates, ...], depths: Depths, epochs: tuple[int, ...], slots: tuple[int, ...]
    ) -> tuple[Factors, Factors]:
        """The time-sum of one product of modes: the factor in front, and the differences, the one over epochs first."""
        every, each = self.calendar.epochs, self.calendar.slots
        cuts = [0, *accumulate(epochs)]
        if slots:
            inner, left = slots_in_use(nodes, cuts, slots)
            groups, front = [tuple(map(_sorted, inner))], (*front, *left)
        elif each == 1 and max(epochs, default=1) == 1:
            # one level in one slot has one way
            groups = []
        else:
            groups = [nodes[a : b + 1] for a, b in pairwise(cuts)]
        outer = [nodes[a] for a in cuts]
        if depths:
            # an epoch is a step of rate r^M
            ends = [raised(jet(node, depths), each, depths) for node in outer]
            parts = [jet(front, depths), difference(every, ends, depths)]
            parts += [difference(each, [jet(node, depths) for node in group], depths) for group in groups]
            # the weight of all modes together is the coefficient of every ε to its depth; lower ones belong to other
            # modes
            return (), (reduce(lambda x, y: times(x, y, depths), parts).get(tuple(depths), Coefficient(0)),)
        # an epoch has at least one slot, so that a rate that vanishes leaves nothing of it
        over_epochs = self._difference(every, [self._rate(node, each) for node in outer])
        over_slots = [self._difference(each, [self._rate(node) for node in group]) for group in groups]
        # the difference over epochs first, as products.total takes out the first factor, and of these there are
        # fewest
        return (self._rate(front),), (over_epochs, *sorted(over_slots, key=node_order))

    def _difference(self, exponent: Coefficient, nodes: Sequence[Coefficient]) -> Coefficient:
        """A divided difference, which does not depend on the order of its nodes."""
        # thousands of products share a few hundred differences, see products.py
        key = exponent, tuple(sorted(nodes, key=node_order))
        if key not in self.known:
            self.known[key] = divided_difference(*key)
        return self.known[key]

    def _rate(self, rates: Rates, slots: Coefficient | None = None) -> Coefficient:
        """The product of the rates of a gap, over one slot or over so many; zero stays zero."""
        key = rates, slots
        if key not in self.known:
            rate = reduce(mul, (rate for rate, _ in rates), Coefficient(1))
            self.known[key] = rate.power(slots) if slots is not None and rate else rate
        return self.known[key]


def _sorted(rates: Sequence[Rate]) -> Rates:
    return tuple(sorted(rates, key=lambda rate: (rate[1], node_order(rate[0]))))


def slots_in_use(
    nodes: Sequence[tuple[Carried, ...]], cuts: Sequence[int], slots: Sequence[int]
) -> tuple[list[tuple[Carried, ...]], tuple[Carried, ...]]:
    """The nodes between the slots in use, all epochs at once, and the rates that are left in front.

    >>> slots_in_use([(), ("r",), ()], [0, 1, 2], [0, 1])          # an edge from slot 0 of one epoch to slot 1 of a later one
    ([('r',), ('r', 'r'), ('r',)], ('r', 'r'))
    """
    count = max(slots) + 1
    between: list[list[Carried]] = [[] for _ in range(count + 1)]
    left: list[Carried] = []
    for a, b in pairwise(cuts):
        taken, current = set(slots[a:b]), a
        for slot in range(count):
            between[slot] += nodes[current]
            if slot in taken:
                current += 1
            else:
                left += nodes[current]
        between[count] += nodes[current]
    return [tuple(node) for node in between], tuple(left)
