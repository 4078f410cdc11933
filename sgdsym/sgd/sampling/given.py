"""Epochs over a fresh permutation of points that are given, not drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce

from sgdsym.diagrams import Partition, refinements, set_partitions
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import Clock, binomial, falling_factorial
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes
from sgdsym.sgd.sampling.reshuffle import History, histories, over_common_factors


@dataclass(frozen=True, slots=True)
class Given:
    r"""The population is the training set: each epoch takes its :math:`N` points in a fresh uniform order, in batches.

    Steps that see different points are summed over different points, and such a sum is made of joint moments of the
    population by Möbius inversion over the partition lattice: for a partition :math:`\gamma` of the steps into different points,

    .. math:: \sum_{\ne} \prod_{c\in\gamma} f_c(n_c)
              = \sum_{\sigma\ge\gamma} \mu(\gamma,\sigma)\,N^{|\sigma|} \prod_{b\in\sigma} E\Big[\prod_{c\subseteq b} f_c\Big].

    In an epoch that uses :math:`j` points, on :math:`k` different slots with :math:`l_i` points each, they are there with the weight
    :math:`\binom Mk \prod_i (B)_{l_i} / (N)_j`, as in :class:`~sgdsym.sgd.sampling.Reshuffle`.

    Attributes:
        sizes: the sizes of a run.
        clock: how epochs are summed over.
    """

    sizes: Sizes
    clock: Clock
    known: dict[tuple[tuple[int, ...], Partition], Counter[History]] = field(
        default_factory=dict, compare=False, repr=False
    )
    ways: dict[History, Coefficient] = field(default_factory=dict, compare=False, repr=False)

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`; a moment is a sum of cumulants, so all coarser partitions count.  Roots see no data."""
        parents, blocks, points = placement.forest.parents, placement.blocks, self.sizes.dataset_size
        most = len(parents) if points.symbols else points.as_fraction()
        counts: dict[History, Counter[int]] = {}
        for groups in set_partitions(len(blocks)):
            merged = [tuple(sorted(step for j in group for step in blocks[j])) for group in groups]
            for different, sign in refinements(merged):
                if len(different) > most:
                    # there are fewer points: no way to see so many different ones
                    continue
                for history, ways in self._histories(parents, different).items():
                    counts.setdefault(history, Counter())[len(merged)] += sign * ways
        by_divisor: dict[tuple[int, ...], list[Coefficient]] = {}
        for history, row in counts.items():
            choices = Coefficient.total(points**power * ways for power, ways in row.items() if ways)
            by_divisor.setdefault(_divisor(history), []).append(self._ways(history) * choices)
        values = [Coefficient.total(values) for values in by_divisor.values()]
        powers = [[-power for power in divisor] for divisor in by_divisor]
        return over_common_factors(points, values, powers) / self.sizes.batch_size ** len(parents)

    def _histories(self, parents: tuple[int, ...], points: list[tuple[int, ...]]) -> Counter[History]:
        key = (parents, tuple(sorted(points)))
        if key not in self.known:
            self.known[key] = histories(*key)
        return self.known[key]

    def _ways(self, history: History) -> Coefficient:
        """Ways to give different points this history: epochs, slots, and places in batches."""
        if history not in self.ways:
            ways = self.clock.value(len(history))
            for slots in history:
                placed = (falling_factorial(self.sizes.batch_size, points) for points in slots)
                ways *= reduce(Coefficient.__mul__, placed, binomial(self.sizes.batches, len(slots)))
            self.ways[history] = ways
        return self.ways[history]


def _divisor(history: History) -> tuple[int, ...]:
    r"""The powers of :math:`N, N-1, …` in the product of :math:`(N)_j` over the epochs."""
    used = [sum(slots) for slots in history]
    return tuple(sum(i < points for points in used) for i in range(max(used, default=0)))
