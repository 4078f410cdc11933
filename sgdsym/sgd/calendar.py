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

Knows levels and edges.  Refuses to know which sampling asks, and for which optimiser.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import accumulate, combinations, pairwise, product
from math import factorial
from operator import mul
from typing import Any, Protocol, TypeAlias

from sgdsym.series import Coefficient
from sgdsym.sgd.differences import binomial, divided_difference, taylor
from sgdsym.sgd.optimizers import LinearOptimizer, Mode

# kind of an edge, and the levels it reaches from and to: the start is level 0, a root is above the last
Span: TypeAlias = tuple[int, int, int]
INNER, ROOT, START = range(3)
# the rate of a mode, and which of the depths it has, -1 where that is zero
Rate: TypeAlias = tuple[Coefficient, int]
Rates: TypeAlias = tuple[Rate, ...]
Depths: TypeAlias = tuple[int, ...]
Modes: TypeAlias = tuple[Rates, tuple[Rates, ...], Depths]
# a polynomial in as many unknowns as there are depths, and coefficients of open edges by their registers
Jet: TypeAlias = dict[tuple[int, ...], Coefficient]
Tensor: TypeAlias = dict[tuple[int, ...], Coefficient]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps on levels.

    Attributes:
        levels: bit masks of the steps on each level, the earliest first.
        epochs: the number of levels in each epoch in use, the earliest first.
        slots: the rank of the slot of each level, where slots are the same in every epoch.
        points: for each level, how many data points of its batch are told apart.
    """

    levels: tuple[int, ...]
    epochs: tuple[int, ...]
    slots: tuple[int, ...] = ()
    points: tuple[int, ...] = ()

    def steps_on_levels(self) -> tuple[int, ...]:
        """The number of steps on each level."""
        return tuple(level.bit_count() for level in self.levels)


class Timing(Protocol):
    """What the times of steps are worth."""

    @property
    def looks_at_steps(self) -> bool:
        """Whether it matters which step is on which level, not only how many levels there are."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether times are integrated over, so that no two levels share one."""
        ...

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """What the time-sum depends on: patterns with equal keys are worth the same."""
        ...

    def value(self, key: Any) -> Coefficient:
        """The time-sum of a key."""
        ...


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
class PlainTiming:
    """Plain gradient steps: only the numbers of levels count."""

    calendar: Calendar
    looks_at_steps = False
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The number of levels in each epoch in use, or where slots are shared the numbers of epochs and slots."""
        if pattern.slots:
            return len(pattern.epochs), (max(pattern.slots) + 1,)
        return len(pattern.epochs), tuple(sorted(pattern.epochs))

    def value(self, key: Any) -> Coefficient:
        r"""The number of ways to choose epochs and slots."""
        epochs, slots = key
        return reduce(mul, (binomial(self.calendar.slots, k) for k in slots), binomial(self.calendar.epochs, epochs))


@dataclass(frozen=True, slots=True)
class RateTiming:
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
        rate = Fraction((-1) ** (len(key) - 1), len(key)) if key else 0
        return reduce(mul, (binomial(self.slots, k) for k in key), Coefficient(rate))


@dataclass(frozen=True, slots=True)
class ContinuousTiming:
    r"""Time :math:`T` without ties: :math:`m` groups of steps at times of their own, volume :math:`T^m/m!`."""

    steps: Coefficient
    looks_at_steps = False
    continuous = True

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The number of levels."""
        return len(pattern.levels)

    def value(self, key: Any) -> Coefficient:
        r"""The volume :math:`T^m/m!`."""
        return self.steps ** int(key) / factorial(key)


@dataclass(frozen=True, slots=True)
class ModeTiming:
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
            spans.append((START, 0, 1))
        return tuple(sorted(spans)), pattern.epochs, pattern.slots

    def value(self, key: Any) -> Coefficient:
        """The sum over the modes of all edges."""
        spans, epochs, slots = key
        return Coefficient.sum_of_products(
            (weight, *self._factors(front, nodes, depths, epochs, slots))
            for (front, nodes, depths), weight in self._products(spans, sum(epochs)).items()
        )

    def _products(self, spans: Sequence[Span], levels: int) -> Mapping[Modes, Coefficient]:
        """The products of modes, one from each edge: rates in front and in each gap, depths, and their weight.

        A rate is a pair of its value and the place of its depth, -1 where that is zero; plain modes have none.
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
                            _sorted((*front, *[rate] * (high - low - 1))),
                            tuple(_sorted((*n, rate)) if low <= gap < high else n for gap, n in enumerate(nodes)),
                            (*depths, mode.depth) if mode.depth else depths,
                        )
                    extended[key] = extended[key] + weight * mode.weight if key in extended else weight * mode.weight
            found = extended
        return found

    def _modes(self, kind: int) -> tuple[Mode, ...]:
        return (self.modes, self.root_modes, self.optimizer.start_modes)[kind]

    def _factors(
        self, front: Rates, nodes: tuple[Rates, ...], depths: Depths, epochs: tuple[int, ...], slots: tuple[int, ...]
    ) -> list[Coefficient]:
        """The time-sum of one product of modes, as factors."""
        every, each = self.calendar.epochs, self.calendar.slots
        cuts = [0, *accumulate(epochs)]
        if slots:
            inner, left = _slots_in_use(nodes, cuts, slots)
            groups, front = [tuple(inner)], (*front, *left)
        elif each == 1 and max(epochs, default=1) == 1:
            # one level in one slot has one way
            groups = []
        else:
            groups = [nodes[a : b + 1] for a, b in pairwise(cuts)]
        outer = [nodes[a] for a in cuts]
        if depths:
            ends = [_raised(_jet(node, depths), each, depths) for node in outer]
            parts = [_jet(front, depths), _difference(every, ends, depths)]
            parts += [_difference(each, [_jet(node, depths) for node in group], depths) for group in groups]
            return [reduce(lambda x, y: _times(x, y, depths), parts).get(tuple(depths), Coefficient(0))]
        # an epoch has at least one slot, so that a rate that vanishes leaves nothing of it
        values = [rate.power(each) if rate else rate for rate in map(_rate, outer)]
        found = [_rate(front), self._difference(every, values)]
        return found + [self._difference(each, [_rate(node) for node in group]) for group in groups]

    def _difference(self, exponent: Coefficient, nodes: Sequence[Coefficient]) -> Coefficient:
        """A divided difference, which does not depend on the order of its nodes."""
        key = exponent, tuple(sorted(nodes, key=str))
        if key not in self.known:
            self.known[key] = divided_difference(*key)
        return self.known[key]


def _sorted(rates: Rates) -> Rates:
    return tuple(sorted(rates, key=lambda rate: (rate[1], str(rate[0]))))


def _rate(rates: Rates) -> Coefficient:
    """The product of the rates of a gap."""
    return reduce(mul, (rate for rate, _ in rates), Coefficient(1))


def _slots_in_use(nodes: Sequence[Rates], cuts: Sequence[int], slots: Sequence[int]) -> tuple[list[Rates], Rates]:
    """The nodes between the slots in use, all epochs at once, and what is left in front."""
    count = max(slots) + 1
    between: list[list[Rate]] = [[] for _ in range(count + 1)]
    left: list[Rate] = []
    for a, b in pairwise(cuts):
        taken, current = set(slots[a:b]), a
        for slot in range(count):
            between[slot] += nodes[current]
            if slot in taken:
                current += 1
            else:
                left += nodes[current]
        between[count] += nodes[current]
    return [_sorted(tuple(node)) for node in between], tuple(left)


def _jet(rates: Rates, depths: Depths) -> Jet:
    r"""A product of rates :math:`r + \varepsilon` as a polynomial in the :math:`\varepsilon`, up to the depths."""
    one = (0,) * len(depths)
    found: Jet = {one: Coefficient(1)}
    for rate, place in rates:
        factor: Jet = {one: rate}
        if place >= 0:
            factor[tuple(int(i == place) for i in range(len(depths)))] = Coefficient(1)
        found = _times(found, factor, depths)
    return found


def _times(left: Jet, right: Jet, depths: Depths) -> Jet:
    found: Jet = {}
    for x, a in left.items():
        for y, b in right.items():
            exponents = tuple(i + j for i, j in zip(x, y, strict=True))
            if all(e <= depth for e, depth in zip(exponents, depths, strict=True)):
                found[exponents] = found[exponents] + a * b if exponents in found else a * b
    return found


def _powers(jet: Jet, depths: Depths) -> Iterator[Jet]:
    r"""The powers of what a jet has beyond its value, as long as they do not vanish."""
    one = (0,) * len(depths)
    beyond = {exponents: c for exponents, c in jet.items() if exponents != one and c}
    power: Jet = {one: Coefficient(1)}
    while power:
        yield power
        power = _times(power, beyond, depths)


def _raised(jet: Jet, exponent: Coefficient, depths: Depths) -> Jet:
    """A jet to a power that may hold symbols."""
    value = jet.get((0,) * len(depths), Coefficient(0))
    found: Jet = {}
    for k, power in enumerate(_powers(jet, depths)):
        if not (value or k):
            # an epoch has at least one slot
            continue
        for exponents, c in power.items():
            term = c * taylor(exponent, value, k)
            found[exponents] = found[exponents] + term if exponents in found else term
    return found


def _difference(exponent: Coefficient, nodes: Sequence[Jet], depths: Depths) -> Jet:
    r"""The divided difference of :math:`x^T` at jets.

    Its derivative by a node repeats the node: the coefficient of :math:`\delta_0^{j_0}\cdots\delta_k^{j_k}` is the difference in which
    node :math:`i` stands :math:`j_i+1` times.
    """
    one = (0,) * len(depths)
    values = [jet.get(one, Coefficient(0)) for jet in nodes]
    shares: dict[tuple[int, ...], Jet] = {(): {one: Coefficient(1)}}
    for jet in nodes:
        shares = {
            (*times, k): found
            for times, share in shares.items()
            for k, power in enumerate(_powers(jet, depths))
            if (found := _times(share, power, depths))
        }
    known: dict[tuple[Coefficient, ...], Coefficient] = {}
    total: Jet = {}
    for times, share in shares.items():
        repeated = tuple(sorted((v for v, k in zip(values, times, strict=True) for _ in range(k + 1)), key=str))
        if repeated not in known:
            known[repeated] = divided_difference(exponent, repeated)
        for exponents, c in share.items():
            term = c * known[repeated]
            total[exponents] = total[exponents] + term if exponents in total else term
    return total


def edge_spans(levels: Sequence[int], parents: Sequence[int]) -> list[Span]:
    """For each step's edge its kind, the step's level and the level of what it acts on; roots are one above the last.

    >>> edge_spans([0b10, 0b01], [-1, 0])          # step 1 on level 1 acts on step 0 on level 2
    [(1, 2, 3), (0, 1, 2)]
    """
    level_of = {step: i for i, level in enumerate(levels, 1) for step in range(len(parents)) if level >> step & 1}
    return [
        (INNER, level_of[step], level_of[parent]) if parent >= 0 else (ROOT, level_of[step], len(levels) + 1)
        for step, parent in enumerate(parents)
    ]


@dataclass(frozen=True, slots=True)
class RegisterTiming:
    r"""Updates that differ: the registers of all open edges are followed from update to update.

    The state is, for each number of levels done, a tensor with an axis of registers for each edge that is open; an update
    multiplies every axis by :math:`A_t`, and a level at update :math:`t` contracts the edges that end there with :math:`c_t` and opens
    those that begin with :math:`b_t`.

    Attributes:
        epochs: the number of epochs.
        slots: the number of updates in each.
        optimizer: its updates.
        share: what a level with so many points and so many steps is worth at an update, where batches differ.
    """

    epochs: int
    slots: int
    optimizer: LinearOptimizer
    share: Callable[[int, int, int], Coefficient] | None = None
    looks_at_steps = True
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The spans of the edges, and what the levels are."""
        spans = tuple(sorted(edge_spans(pattern.levels, parents)))
        shared = tuple(zip(pattern.points, pattern.steps_on_levels(), strict=True)) if self.share else ()
        return spans, pattern.epochs, pattern.slots, shared

    def value(self, key: Any) -> Coefficient:
        """The sum over all times."""
        spans, epochs, slots, shared = key
        if slots:
            chosen = combinations(range(self.slots), max(slots) + 1)
            places: Iterator[tuple[int, ...]] = (tuple(places[slot] for slot in slots) for places in chosen)
        else:
            places = iter([()])
        return Coefficient.total(self._followed(spans, epochs, place, shared) for place in places)

    def _followed(
        self,
        spans: Sequence[Span],
        epochs: Sequence[int],
        places: Sequence[int],
        shared: Sequence[tuple[int, int]],
    ) -> Coefficient:
        """The sum over times, of levels with given slots where there are such."""
        # the axes of a tensor are in the order in which the edges open
        spans = sorted(spans, key=lambda span: span[1:])
        levels = sum(epochs)
        begins = {0, *accumulate(epochs)}
        # by the number of levels done: the last of them in an earlier epoch, or in this one
        before: dict[int, Tensor] = {0: {(): Coefficient(1)}}
        for epoch in range(self.epochs):
            within: dict[int, Tensor] = {}
            for slot in range(self.slots):
                t = epoch * self.slots + slot
                placed: dict[int, Tensor] = {}
                for level in range(levels):
                    source = before if level in begins else within
                    if level in source and (not places or places[level] == slot):
                        moved = self._placed(source[level], spans, level + 1, t)
                        if self.share:
                            factor = self.share(*shared[level], t)
                            moved = {index: c * factor for index, c in moved.items()}
                        placed[level + 1] = moved
                before = {level: self._advanced(tensor, t) for level, tensor in before.items()}
                within = {level: self._advanced(tensor, t) for level, tensor in within.items()}
                for level, tensor in placed.items():
                    within[level] = _added(within[level], tensor) if level in within else tensor
            for level, tensor in within.items():
                if level in begins:
                    before[level] = _added(before[level], tensor) if level in before else tensor
        done = before.get(levels, {})
        read = self.optimizer.read
        return Coefficient.total(reduce(mul, (read[i] for i in index), c) for index, c in done.items())

    def _placed(self, tensor: Tensor, spans: Sequence[Span], level: int, t: int) -> Tensor:
        """The tensor after a level at update ``t``: edges that end are closed, others move on, new ones open."""
        update = self.optimizer.update(t)
        ending = [high == level for _, low, high in spans if low < level <= high]
        opened = sum(low == level for _, low, _ in spans)
        closed: Tensor = {}
        for index, c in tensor.items():
            factor = reduce(mul, (update.point[i] for i, ends in zip(index, ending, strict=True) if ends), c)
            if factor:
                rest = tuple(i for i, ends in zip(index, ending, strict=True) if not ends)
                closed[rest] = closed[rest] + factor if rest in closed else factor
        moved = self._advanced(closed, t)
        gains = [(i, gain) for i, gain in enumerate(update.gain) if gain]
        found: Tensor = {}
        for new in product(gains, repeat=opened):
            weight = reduce(mul, (gain for _, gain in new), Coefficient(1))
            for index, c in moved.items():
                found[(*index, *(i for i, _ in new))] = c * weight
        return found

    def _advanced(self, tensor: Tensor, t: int) -> Tensor:
        """All axes multiplied by the matrix of an update."""
        matrix = self.optimizer.update(t).matrix
        axes = len(next(iter(tensor), ()))
        for axis in range(axes):
            moved: Tensor = {}
            for index, c in tensor.items():
                for i, row in enumerate(matrix):
                    if row[index[axis]]:
                        place = (*index[:axis], i, *index[axis + 1 :])
                        term = c * row[index[axis]]
                        moved[place] = moved[place] + term if place in moved else term
            tensor = moved
        return tensor


def _added(left: Tensor, right: Tensor) -> Tensor:
    total = dict(left)
    for index, c in right.items():
        total[index] = total[index] + c if index in total else c
    return total
