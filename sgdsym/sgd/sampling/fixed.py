"""Epochs over the same batches in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling
from sgdsym.times.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Fixed(Sampling):
    r"""A point has one slot :math:`s` of the :math:`M = N/B` in every epoch; times :math:`(e, s)` are ordered like words.

    Sum over the weak orders of the blocks' slots, :math:`\binom Mk` for :math:`k` different ones and :math:`B` points in a slot;
    then a step's epoch lies before that of the step it acts on, or is the same where its slot comes first.
    """

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; the key is the number of blocks, and whether one is the root's."""
        parents, block_of = placement.forest.parents, placement.block_of
        own = len(placement.blocks), placement.with_root is not None
        # an edge does not order the slots of its steps, as the later one may be in an earlier slot of a later epoch
        for order in weak_orders([0] * len(placement.blocks)):
            slot = {j: s for s, level in enumerate(order) for j in range(len(placement.blocks)) if level >> j & 1}
            slots = [slot[block_of[step]] for step in range(len(parents))]
            points = [level.bit_count() for level in order]
            if self.timing.looks_at_steps:
                patterns = ((pattern, 1) for pattern in _patterns(parents, slots, points))
            else:
                # plain steps ask how many epochs and slots are in use, so that a pattern of these two numbers stands
                # for all
                counts = enumerate(epoch_counts(parents, slots))
                patterns = ((Pattern((), (0,) * k, (len(order) - 1,) if order else ()), ways) for k, ways in counts)
            for pattern, ways in patterns:
                yield pattern, own, ways

    @staticmethod
    def choices(batch_size: Coefficient, points: int) -> Coefficient:
        """See :class:`Sampling`; different blocks may see one point."""
        return batch_size**points

    def value(self, own: Any, steps: int) -> Coefficient:
        """See :class:`Sampling`."""
        blocks, rooted = own
        chosen = self.in_batches((blocks,), steps)
        return chosen / self.sizes.dataset_size if rooted else chosen


def _patterns(parents: Sequence[int], slots: Sequence[int], points: Sequence[int]) -> Iterator[Pattern]:
    """All ways to give epochs to steps whose slots are known, as levels: epochs first, then slots."""
    later = [1 << parent if parent >= 0 else 0 for parent in parents]
    for epochs in weak_orders([0] * len(parents)):
        epoch = {step: e for e, group in enumerate(epochs) for step in range(len(parents)) if group >> step & 1}
        time = {step: (e, slots[step]) for step, e in epoch.items()}
        # a step comes strictly before the step that it acts on, by epoch and slot as words are ordered
        if any(mask and time[step] >= time[mask.bit_length() - 1] for step, mask in enumerate(later)):
            continue
        used = sorted(set(time.values()))
        levels = tuple(sum(1 << step for step, when in time.items() if when == level) for level in used)
        seen: set[int] = set()
        counted = []
        for _, slot in used:
            # the points of a slot are chosen once, in whichever epoch it is first used
            counted.append(0 if slot in seen else points[slot])
            seen.add(slot)
        cuts = tuple(sum(e == epoch for e, _ in used) for epoch in range(len(epochs)))
        yield Pattern(levels, cuts, tuple(slot for _, slot in used), tuple(counted))


def epoch_counts(parents: Sequence[int], slots: Sequence[int]) -> list[int]:
    """Ways to give steps epochs, as coefficients of the binomials of the number of epochs.

    Args:
        parents: the step each step acts on; parents come before children.
        slots: the slot of each step; a step is done before the one it acts on.
    """
    size = len(parents)
    values = []
    # a polynomial of degree size in E, so its values at 0, …, size say all
    for epochs in range(size + 1):
        # up_to[e]: ways for the steps below one in epoch e
        below = [[1] * epochs for _ in range(size)]
        free = 1
        # children have higher numbers than their parents, so that the ways below a step are known when it is reached
        for step in reversed(range(size)):
            ways, parent = below[step], parents[step]
            if parent < 0:
                free *= sum(ways)
            else:
                # an earlier epoch always, the same one where the slot comes first
                same = slots[step] < slots[parent]
                for e in range(epochs):
                    below[parent][e] *= sum(ways[: e + same])
        values.append(free)
    # forward differences at 0 (Newton)
    return [sum((-1) ** (k - e) * comb(k, e) * values[e] for e in range(k + 1)) for k in range(size + 1)]
