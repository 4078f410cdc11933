"""Epochs over a fresh permutation of points that are given, not drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from sgdsym.diagrams import Partition, refinements, set_partitions
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling
from sgdsym.sgd.sampling.reshuffle import History, histories
from sgdsym.times.differences import falling_factorial
from sgdsym.times.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Given(Sampling):
    r"""The population is the training set: each epoch takes its :math:`N` points in a fresh uniform order, in batches.

    Steps that see different points are summed over different points, and such a sum is made of joint moments of the
    population by Möbius inversion over the partition lattice: for a partition :math:`\gamma` of the steps into different points,

    .. math:: \sum_{\ne} \prod_{c\in\gamma} f_c(n_c)
              = \sum_{\sigma\ge\gamma} \mu(\gamma,\sigma)\,N^{|\sigma|} \prod_{b\in\sigma} E\Big[\prod_{c\subseteq b} f_c\Big].

    In an epoch that uses :math:`j` points, on :math:`k` different slots with :math:`l_i` points each, they are there with the weight
    :math:`\binom Mk \prod_i (B)_{l_i} / (N)_j`, as in :class:`~sgdsym.sgd.sampling.Reshuffle`.
    """

    known: dict[tuple[tuple[int, ...], Partition], Counter[History]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; a moment is a sum of cumulants, so all coarser partitions count.  Roots see no data."""
        parents, blocks, points = placement.forest.parents, placement.blocks, self.sizes.dataset_size
        most = len(parents) if points.symbols else points.as_fraction()
        counts: Counter[tuple[int, History]] = Counter()
        for groups in set_partitions(len(blocks)):
            merged = [tuple(sorted(step for j in group for step in blocks[j])) for group in groups]
            for different, sign in refinements(merged):
                if len(different) > most:
                    # there are fewer points: no way to see so many different ones
                    continue
                for history, ways in self._histories(parents, different).items():
                    counts[len(merged), history] += sign * ways
        for (merged_points, history), ways in counts.items():
            yield Pattern((), tuple(map(len, history))), (merged_points, history), ways

    def value(self, own: Any, steps: int) -> Coefficient:
        """See :class:`Sampling`."""
        merged, history = own
        points = self.sizes.dataset_size
        divisors = [falling_factorial(points, sum(slots)) for slots in history]
        chosen: Coefficient = points**merged * self.in_batches((count for slots in history for count in slots), steps)
        return chosen / reduce(Coefficient.__mul__, divisors, Coefficient(1))

    def _histories(self, parents: tuple[int, ...], points: list[tuple[int, ...]]) -> Counter[History]:
        # the same points come from many coarser and finer partitions, and their order makes no difference
        key = (parents, tuple(sorted(points)))
        if key not in self.known:
            self.known[key] = histories(*key)
        return self.known[key]
