"""Epochs over batches cut from a fresh permutation each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any, TypeAlias

from sgdsym.diagrams import Partition, set_partitions, weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling
from sgdsym.times.differences import falling_factorial
from sgdsym.times.patterns import Pattern

# the numbers of points on the slots of an epoch, and of all epochs in use
Slots: TypeAlias = tuple[int, ...]
History: TypeAlias = tuple[Slots, ...]
Known: TypeAlias = dict[tuple[tuple[int, ...], Partition], list[tuple[Pattern, History, int]]]


@dataclass(frozen=True, slots=True)
class Reshuffle(Sampling):
    r"""In each epoch the points take uniformly random places, cut into :math:`M = N/B` batches.

    Different points are counted first: :math:`N(N-1)\cdots` choices of the points; in an epoch that uses :math:`j` of them, on :math:`k`
    different slots with :math:`l_i` points each, :math:`\binom Mk \prod_i (B)_{l_i} / (N)_j`.  Points that may coincide are the sum
    over the coarser partitions.
    """

    known: Known = field(default_factory=dict, compare=False, repr=False)

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; the key is the number of different points, and the points on the slots of each epoch."""
        parents, points = placement.forest.parents, placement.nodes_of_points
        # points that differ and points that coincide, one after the other: those that coincide are merged
        for groups in set_partitions(len(points)):
            merged = [sorted(v for i in group for v in points[i]) for group in groups]
            # a point that only the root sees counts among the different points and makes no history
            steps = tuple(sorted(tuple(v for v in point if v < len(parents)) for point in merged))
            key = (parents, tuple(point for point in steps if point))
            if key not in self.known:
                self.known[key] = list(self._histories(*key))
            for pattern, history, ways in self.known[key]:
                yield pattern, (len(merged), history, placement.trained_root), ways

    def _histories(self, parents: tuple[int, ...], points: Partition) -> Iterator[tuple[Pattern, History, int]]:
        if self.timing.looks_at_steps:
            for pattern in patterns(parents, points):
                counts = iter(pattern.points)
                yield pattern, tuple(sorted(tuple(sorted(next(counts) for _ in range(k))) for k in pattern.epochs)), 1
        else:
            for history, ways in histories(parents, points).items():
                yield Pattern((), tuple(map(len, history))), history, ways

    def value(self, own: Any, steps: int) -> Coefficient:
        r"""See :class:`Sampling`; :math:`(N)_{points}/\prod_e (N)_{j_e}`, common factors cancelled."""
        number, history, rooted = own
        n = self.sizes.dataset_size
        if not falling_factorial(n, number):
            # fewer points than asked for: no way to choose them, and nothing to divide by
            return Coefficient(0)
        # (N)_j = N (N-1) … (N-j+1), so that the quotient is a product of whole powers of N - i, and nothing is left
        # to reduce
        powers = (
            # of N - i: once above, for the choice of points, and below for each epoch that places more than i
            (i < number) - sum(i < sum(slots) for slots in history) - (rooted and not i)
            for i in range(max(number, 1))
        )
        chosen = reduce(Coefficient.__mul__, ((n - i) ** power for i, power in enumerate(powers)), Coefficient(1))
        return chosen * self.in_batches((points for slots in history for points in slots), steps)


def patterns(parents: tuple[int, ...], points: Partition) -> Iterator[Pattern]:
    """All ways to spread steps over epochs and slots, steps that see one point sharing its slot in an epoch."""
    point_of = {step: j for j, point in enumerate(points) for step in point}

    def extended(left: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
        if not left:
            yield (), (), ()
            return
        for first in _first_epochs(parents, left):
            for levels in _levels(parents, point_of, first):
                masks = tuple(
                    sum(1 << v for v in range(len(parents)) if first >> v & 1 and point_of[v] in level)
                    for level in levels
                )
                for later, cuts, counts in extended(left & ~first):
                    yield (*masks, *later), (len(masks), *cuts), (*map(len, levels), *counts)

    for levels, cuts, counts in extended((1 << len(parents)) - 1):
        yield Pattern(levels, cuts, points=counts)


def _levels(parents: tuple[int, ...], point_of: Mapping[int, int], steps: int) -> list[list[list[int]]]:
    """The ways to give slots of one epoch to the points that steps see, as lists of points."""
    used = sorted({point_of[v] for v in range(len(parents)) if steps >> v & 1})
    above = [0] * len(used)
    for v, parent in enumerate(parents):
        if parent >= 0 and steps >> v & steps >> parent & 1:
            if point_of[v] == point_of[parent]:
                return []
            above[used.index(point_of[v])] |= 1 << used.index(point_of[parent])
    return [[[p for j, p in enumerate(used) if level >> j & 1] for level in levels] for levels in weak_orders(above)]


def histories(parents: tuple[int, ...], points: Partition) -> Counter[History]:
    """Ways to spread steps over epochs and slots, by the sorted numbers of points on the slots of each epoch."""
    point_of = {step: j for j, point in enumerate(points) for step in point}

    @cache
    def slots_of(steps: int) -> Counter[Slots]:
        """Ways to do these steps in one epoch."""
        return Counter(tuple(sorted(map(len, levels))) for levels in _levels(parents, point_of, steps))

    # by sets of steps: there are 2^d, and many more orders of epochs
    @cache
    def histories_of(left: int) -> Counter[History]:
        if not left:
            return Counter({(): 1})
        found: Counter[History] = Counter()
        for first in _first_epochs(parents, left):
            for slots, ways in slots_of(first).items():
                for later, more in histories_of(left & ~first).items():
                    found[tuple(sorted((slots, *later)))] += ways * more
        return found

    return histories_of((1 << len(parents)) - 1)


def _first_epochs(parents: tuple[int, ...], left: int) -> Iterator[int]:
    """The non-empty sets of steps that can be those of the first epoch: whatever acts on one of them is in it too."""
    first = left
    while first:
        after = left & ~first
        if not any(parent >= 0 and first >> parent & after >> v & 1 for v, parent in enumerate(parents)):
            yield first
        # the next smaller subset of the bits that are left
        first = (first - 1) & left
