"""Epochs over batches cut from a fresh permutation each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import TypeAlias

from sgdsym.diagrams import Partition, set_partitions, weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import binomial, falling_factorial
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes

Slots: TypeAlias = tuple[int, ...]
History: TypeAlias = tuple[Slots, ...]


@dataclass(frozen=True, slots=True)
class Reshuffle:
    r"""In each epoch the points take uniformly random places, cut into :math:`M = N/B` batches.

    Counted with different points first: :math:`N(N-1)\cdots` choices of the points; in an epoch that uses :math:`j` of them, on :math:`k`
    different slots with :math:`l_i` points each, :math:`\binom Mk \prod_i (B)_{l_i} / (N)_j`.  Points that may coincide are the sum
    over the coarser partitions.
    """

    sizes: Sizes
    known: dict[tuple[tuple[int, ...], Partition], Counter[History]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`."""
        parents = placement.forest.parents
        points = placement.nodes_of_points
        counts: Counter[tuple[int, History]] = Counter()
        for groups in set_partitions(len(points)):
            merged = [sorted(v for i in group for v in points[i]) for group in groups]
            for history, ways in self._histories(parents, merged).items():
                counts[len(merged), history] += ways
        draws = len(parents) * [self.sizes.batch_size] + placement.trained_root * [self.sizes.dataset_size]
        return self._total(counts) / reduce(Coefficient.__mul__, draws, Coefficient(1))

    def _histories(self, parents: tuple[int, ...], points: list[list[int]]) -> Counter[History]:
        steps = tuple(sorted(tuple(v for v in point if v < len(parents)) for point in points))
        key = (parents, tuple(point for point in steps if point))
        if key not in self.known:
            self.known[key] = histories(*key)
        return self.known[key]

    def _total(self, counts: Counter[tuple[int, History]]) -> Coefficient:
        r"""The sum over histories; :math:`(N)_{points}/\prod_e (N)_{j_e}` over one common denominator."""
        n = self.sizes.dataset_size
        values, powers = [], []
        for (number, history), ways in counts.items():
            if not falling_factorial(n, number):
                # fewer points than asked for: no way to choose them, and nothing to divide by
                continue
            value = binomial(self.sizes.epochs, len(history)) * ways
            for slots in history:
                placed = (falling_factorial(self.sizes.batch_size, points) for points in slots)
                value *= reduce(Coefficient.__mul__, placed, binomial(self.sizes.batches, len(slots)))
            values.append(value)
            powers.append([(i < number) - sum(i < sum(slots) for slots in history) for i in range(number)])
        return over_common_factors(n, values, powers)


def over_common_factors(n: Coefficient, values: Sequence[Coefficient], powers: Sequence[Sequence[int]]) -> Coefficient:
    r"""The sum of values times :math:`\prod_i (n-i)^{p_i}`, with what is divided by brought together first.

    Args:
        n: a size.
        values: polynomials.
        powers: for each value the powers :math:`p_0, p_1, …`, which may be negative.
    """
    length = max(map(len, powers), default=0)
    rows = [[*row, *[0] * (length - len(row))] for row in powers]
    common = [max(0, *(-row[i] for row in rows)) for i in range(length)]
    numerator = Coefficient.total(
        reduce(lambda product, i: product * (n - i) ** (row[i] + common[i]), range(length), value)
        for value, row in zip(values, rows, strict=True)
    )
    return reduce(lambda product, i: product * (n - i) ** common[i], range(length), Coefficient(1)) ** -1 * numerator


def histories(parents: tuple[int, ...], points: Partition) -> Counter[History]:
    """Ways to spread steps over epochs and slots, by the sorted numbers of points on the slots of each epoch."""
    point_of = {step: j for j, point in enumerate(points) for step in point}

    @cache
    def slots_of(steps: int) -> Counter[Slots]:
        """Ways to do these steps in one epoch."""
        used = sorted({point_of[v] for v in range(len(parents)) if steps >> v & 1})
        above = [0] * len(used)
        for v, parent in enumerate(parents):
            if parent >= 0 and steps >> v & steps >> parent & 1:
                if point_of[v] == point_of[parent]:
                    return Counter()
                above[used.index(point_of[v])] |= 1 << used.index(point_of[parent])
        return Counter(tuple(sorted(level.bit_count() for level in levels)) for levels in weak_orders(above))

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
        first = (first - 1) & left
