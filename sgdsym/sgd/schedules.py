r"""A schedule that is not known: time-sums are symbols, each with the sum over updates that it stands for.

A symbol in the arrays of the optimiser stands for the rate, another number at every update.  So a timing need not sum anything:
it says what is summed, and a product of two sums is a sum of sums over merged times.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations, groupby, product
from operator import itemgetter, mul
from typing import Any, TypeAlias

from sgdsym.series import Coefficient, Recursion, ScheduleSum
from sgdsym.times.calendar import Calendar
from sgdsym.times.modes import Vector
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.patterns import ROOT, Pattern, Timing, edge_spans

Ranks: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ScheduleTiming(Timing):
    """Updates whose rates have a name and no values.

    Attributes:
        recursion: what a gradient is worth later.
        share: a factor for each edge to a root.
        sums: what the symbols stand for.
    """

    recursion: Recursion
    share: Coefficient
    sums: dict[str, ScheduleSum] = field(default_factory=dict, compare=False, repr=False)
    looks_at_steps = True
    continuous = False

    @classmethod
    def of(cls, schedule: str, rule: LinearOptimizer, rate: str, calendar: Calendar) -> ScheduleTiming:
        """The timing of an optimiser in whose arrays a symbol stands for the rate of the update."""
        # earlier updates take no gradient, and show no gain
        update = rule.update(rule.start)
        still, moving = zip(*(_parted(row, rate) for row in update.matrix), strict=True)
        # a number that multiplies all that is read stands outside the sums
        share = next(x for x in rule.read if x)
        read = tuple(x / share for x in rule.read)
        recursion = Recursion(
            schedule,
            still,
            moving,
            *_parted(update.gain, rate),
            update.point,
            read,
            rule.start,
            calendar.slots,
            calendar.steps,
        )
        recursion.check()
        return cls(recursion, share)

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The spans of the edges, and which levels share an epoch or a slot."""
        spans = sorted(edge_spans(pattern.levels, parents))
        if self.recursion.is_plain:
            # the weight of a gradient does not depend on how long ago it was taken
            spans = sorted((ROOT, low, 0) for _, low, _ in spans)
        return tuple(spans), pattern.epochs, pattern.slots, pattern.reads

    def value(self, key: Any) -> Coefficient:
        """The symbol of the sum, times the shares of its edges."""
        spans, epochs, slots, reads = key
        if not epochs:
            return Coefficient(1)
        roots = tuple(
            sum(kind == ROOT and low == level for kind, low, _ in spans) for level in range(1, sum(epochs) + 1)
        )
        edges = tuple((low - 1, high - 1) for kind, low, high in spans if kind != ROOT)
        known = ScheduleSum(self.recursion, roots, edges, epochs, slots, reads)
        share: Coefficient = self.share ** sum(roots)
        return self._symbol(known) * share

    def _symbol(self, known: ScheduleSum) -> Coefficient:
        self.sums.setdefault(known.name, known)
        return known.symbol

    def settled(self, coefficient: Coefficient) -> Coefficient:
        """A coefficient in which products of sums are sums over merged times, so that equal terms cancel."""
        # products of sums come from covariances, where each of two trees apart has a weight of its own
        if all(len(self._named(powers)) < 2 for _, powers in coefficient.monomials()):
            return coefficient
        # the sums stand in the numerator alone
        below = reduce(mul, (base**e for base, e in coefficient.denominators), Coefficient(1))
        return (
            Coefficient.total(
                self._merged(self._named(powers))
                * Coefficient.product(power for power in powers if power[0] not in self.sums)
                * number
                for number, powers in coefficient.monomials()
            )
            / below
        )

    def _named(self, powers: Sequence[tuple[Any, int]]) -> list[str]:
        return [name for name, exponent in powers if name in self.sums for _ in range(exponent)]

    def _merged(self, names: Sequence[str]) -> Coefficient:
        if not names:
            return Coefficient(1)
        if len(names) == 1:
            return Coefficient.symbol(names[0])
        first, second, *rest = names
        found = merged(self.sums[first], self.sums[second], self.recursion.slots == 1)
        return Coefficient.total(self._merged([known.name, *rest]) for known in found if self._symbol(known))


def _parted(vector: Vector, rate: str) -> tuple[Vector, Vector]:
    """The part of each entry without the rate, and the factor of the rate."""
    without = tuple(x.substitute({rate: 0}) for x in vector)
    # the rate stands linearly
    return without, tuple(x.substitute({rate: 1}) - y for x, y in zip(vector, without, strict=True))


def merged(first: ScheduleSum, second: ScheduleSum, single: bool) -> Iterator[ScheduleSum]:
    """The sums that make the product of two: all ways to put the times of one among those of the other.

    Args:
        first: a sum over times.
        second: another of the same run.
        single: whether an epoch has a single slot.
    """
    sides = first, second
    ranks = [max(known.slots) + 1 if known.slots else 0 for known in sides]
    for epochs in _interleaved(len(first.epochs), len(second.epochs)):
        for slots in _interleaved(*ranks):
            if first.slots:
                yield _joined(
                    sides,
                    [
                        [(epochs[i][e], slots[i][slot]) for e, slot in zip(_epochs(known), known.slots, strict=True)]
                        for i, known in enumerate(sides)
                    ],
                )
            else:
                yield from (_joined(sides, times) for times in _times(sides, epochs, single))


def _epochs(known: ScheduleSum) -> list[int]:
    """The epoch of each level."""
    return [e for e, length in enumerate(known.epochs) for _ in range(length)]


def _times(
    sides: tuple[ScheduleSum, ScheduleSum], epochs: tuple[Ranks, Ranks], single: bool
) -> Iterator[list[list[tuple[int, int]]]]:
    """The times of the levels of both, each an epoch and a rank in it, in all ways that there are."""
    lengths = [dict(zip(epochs[i], known.epochs, strict=True)) for i, known in enumerate(sides)]
    used = sorted({*epochs[0], *epochs[1]})
    ways = []
    for e in used:
        a, b = (length.get(e, 0) for length in lengths)
        # an epoch of one slot that both use has one time for the levels of both
        ways.append([((0,), (0,))] if single and a and b else list(_interleaved(a, b)))
    for chosen in product(*ways):
        yield [[(e, rank) for e, way in zip(used, chosen, strict=True) for rank in way[i]] for i in range(2)]


def _joined(sides: tuple[ScheduleSum, ScheduleSum], times: Sequence[Sequence[tuple[int, int]]]) -> ScheduleSum:
    """The sum over the levels of two at given times."""
    used = sorted({*times[0], *times[1]})
    place = {time: level for level, time in enumerate(used)}
    roots, edges = [0] * len(used), []
    for known, own in zip(sides, times, strict=True):
        for time, count in zip(own, known.roots, strict=True):
            roots[place[time]] += count
        edges += [(place[own[low]], place[own[high]]) for low, high in known.edges]
    epochs = tuple(len(list(group)) for _, group in groupby(used, key=itemgetter(0)))
    slots = tuple(slot for _, slot in used) if sides[0].slots else ()
    return ScheduleSum(sides[0].recursion, tuple(roots), tuple(sorted(edges)), epochs, slots)


def _interleaved(first: int, second: int) -> Iterator[tuple[Ranks, Ranks]]:
    """All ways to put two increasing sequences into one, equal places allowed.

    >>> list(_interleaved(1, 1))
    [((0,), (0,)), ((0,), (1,)), ((1,), (0,))]
    """
    # Delannoy numbers: 3 ways for one and one, 13 for two and two, 63 for three and three
    for length in range(max(first, second), first + second + 1):
        for a in combinations(range(length), first):
            for b in combinations(range(length), second):
                # every place is taken, so that each way comes once, at its own length
                if len({*a, *b}) == length:
                    yield a, b
