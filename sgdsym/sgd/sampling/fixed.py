"""Epochs over the same batches in the same order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import comb

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import binomial
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes


@dataclass(frozen=True, slots=True)
class Fixed:
    r"""A point has one slot :math:`s` of the :math:`M = N/B` in every epoch; times :math:`(e, s)` are ordered like words.

    Sum over the weak orders of the blocks' slots, :math:`\binom Mk` for :math:`k` different ones and :math:`B` points in a slot;
    then a step's epoch lies before that of the step it acts on, or is the same where its slot comes first.
    """

    sizes: Sizes

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`."""
        parents, block_of = placement.forest.parents, placement.block_of
        counts: Counter[tuple[int, int]] = Counter()
        for levels in weak_orders([0] * len(placement.blocks)):
            slot = {j: s for s, level in enumerate(levels) for j in range(len(placement.blocks)) if level >> j & 1}
            slots = [slot[block_of[step]] for step in range(len(parents))]
            for k, ways in enumerate(epoch_counts(parents, slots)):
                counts[len(levels), k] += ways
        epochs, batches = self.sizes.epochs, self.sizes.batches
        total = Coefficient.total(
            binomial(batches, slots) * binomial(epochs, k) * ways for (slots, k), ways in counts.items() if ways
        )
        total = total / self.sizes.batch_size ** (len(parents) - len(placement.blocks))
        return total / self.sizes.dataset_size if placement.with_root is not None else total


def epoch_counts(parents: tuple[int, ...], slots: list[int]) -> list[int]:
    """Ways to give steps epochs, as coefficients of the binomials of the number of epochs.

    Args:
        parents: the step each step acts on; parents come before children.
        slots: the slot of each step; a step is done before the one it acts on.
    """
    size = len(parents)
    values = []
    for epochs in range(size + 1):
        # up_to[e]: ways for the steps below one in epoch e
        below = [[1] * epochs for _ in range(size)]
        free = 1
        for step in reversed(range(size)):
            ways, parent = below[step], parents[step]
            if parent < 0:
                free *= sum(ways)
            else:
                same = slots[step] < slots[parent]
                for e in range(epochs):
                    below[parent][e] *= sum(ways[: e + same])
        values.append(free)
    return [sum((-1) ** (k - e) * comb(k, e) * values[e] for e in range(k + 1)) for k in range(size + 1)]
