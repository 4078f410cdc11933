"""Every slot of every batch draws one of the N points, with replacement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from sgdsym.diagrams import Partition, connected_parts, level_sizes, refinements, set_partitions, weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling, one_run
from sgdsym.times.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Replace(Sampling):
    r"""Steps fall into cells (time, slot); each cell draws its point independently and uniformly.

    Sum over the partitions :math:`\pi` of the steps into cells.  Cells on one level take different slots of a batch,
    :math:`B(B-1)\cdots`; that the cells which blocks tie together draw the same points has probability
    :math:`N^{c-|\pi|}`, :math:`c` the number of connected pieces.

    In continuous time steps meet with probability zero, but the noise of a batch stays: with weights :math:`w(\sigma)` of the partitions
    :math:`\sigma` of the steps into times, the sum over different times is, by Möbius inversion, one over free times,

    .. math:: \sum_\sigma w(\sigma)\sum_{\ne} f = \sum_\pi \Big[\sum_{\sigma\le\pi}\mu(\sigma,\pi)\,w(\sigma)\Big]\sum_{t\in T^\pi} f,

    whose sums over free times become integrals.  A pair of steps that see one point at one time so counts
    :math:`\frac1B(1-\frac1N)`, the excess over two steps that draw apart, and a training set of one point has no noise.
    """

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; the key is the power of the number of points, and the cells on each level."""
        for cells in set_partitions(len(placement.forest.parents)):
            celled = Placement(placement.forest, cells)
            above = celled.above_blocks()
            if above is None:
                continue
            power = self._power(placement, cells)
            # how many levels of which sizes there are is counted over sets of cells, without going through the orders
            if not self.timing.looks_at_steps:
                for sizes, ways in level_sizes(tuple(above)).items():
                    yield Pattern((), (1,) * len(sizes)), (power, sizes), ways
            else:
                for levels in weak_orders(above):
                    counts = tuple(level.bit_count() for level in levels)
                    pattern = one_run(tuple(map(celled.steps_of, levels)), counts)
                    yield pattern, (power, tuple(sorted(counts))), 1

    def limits(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`."""
        for groups in set_partitions(len(placement.forest.parents)):
            grouped = Placement(placement.forest, groups)
            above = grouped.above_blocks()
            if above is None:
                continue
            own: Counter[Hashable] = Counter()
            # from different times to free ones, by Möbius inversion
            for times, sign in refinements(groups):
                for counts, cells in _cells(times):
                    own[self._power(placement, cells), tuple(sorted(counts))] += sign
            # ties have no volume: each group is a level of its own
            orders = [levels for levels in weak_orders(above) if len(levels) == len(groups)]
            for key, ways in own.items():
                for levels in orders:
                    yield one_run(tuple(map(grouped.steps_of, levels))), key, ways

    def value(self, own: Any, steps: int) -> Coefficient:
        """See :class:`Sampling`."""
        power, cells = own
        apart: Coefficient = self.sizes.dataset_size**-power
        return apart * self.in_batches(cells, steps)

    def _power(self, placement: Placement, cells: Partition) -> int:
        """How many cells draw a point that is given by others."""
        steps = len(placement.forest.parents)
        # the root's point is one more uniform draw
        drawn = [*cells, (steps,)] if placement.trained_root else list(cells)
        return len(drawn) - len(connected_parts(steps + placement.trained_root, (*drawn, *placement.nodes_of_points)))


def _cells(times: list[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], Partition]]:
    """The ways to split the steps of each time into cells, with the number of cells at each."""
    found: list[tuple[tuple[int, ...], Partition]] = [((), ())]
    for group in times:
        found = [
            ((*counts, len(split)), (*cells, *(tuple(group[i] for i in cell) for cell in split)))
            for counts, cells in found
            for split in set_partitions(len(group))
        ]
    return iter(found)
