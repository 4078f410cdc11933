"""Every slot of every batch draws one of the N points, with replacement."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import reduce

from sgdsym.diagrams import Partition, connected_parts, set_partitions, weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import Clock, falling_factorial
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes, timed


@dataclass(frozen=True, slots=True)
class Replace:
    r"""Steps fall into cells (time, slot); each cell draws its point independently and uniformly.

    Sum over the partitions :math:`\pi` of the steps into cells.  Cells on one level take different slots of a batch,
    :math:`B(B-1)\cdots`; that the cells which blocks tie together draw the same points has probability
    :math:`N^{c-|\pi|}`, :math:`c` the number of connected pieces.
    """

    sizes: Sizes
    clock: Clock
    known: dict[tuple[tuple[int, ...], Partition], Coefficient] = field(default_factory=dict, compare=False, repr=False)

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`."""
        parents = placement.forest.parents
        ties = placement.nodes_of_points
        nodes = len(parents) + placement.trained_root
        by_power: dict[int, list[Coefficient]] = {}
        for cells in set_partitions(len(parents)):
            ways = self._cell_weight(placement, cells)
            if ways:
                # the root's point is one more uniform draw
                drawn = [*cells, (len(parents),)] if placement.trained_root else list(cells)
                by_power.setdefault(len(drawn) - len(connected_parts(nodes, (*drawn, *ties))), []).append(ways)
        return Coefficient.total(
            Coefficient.total(ways) / self.sizes.dataset_size**power for power, ways in by_power.items()
        )

    def _cell_weight(self, placement: Placement, cells: Partition) -> Coefficient:
        """Ways to give the cells times and slots, over :math:`B^d`."""
        parents = placement.forest.parents
        if (parents, cells) not in self.known:
            celled = Placement(placement.forest, cells)
            above = celled.above_blocks()
            total = Coefficient()
            if above is not None:
                orders = (
                    (tuple(map(celled.steps_of, levels)), tuple(sorted(level.bit_count() for level in levels)))
                    for levels in weak_orders(above)
                )
                total = timed(self.clock, parents, len(cells), orders, self._slots)
            self.known[parents, cells] = total / self.sizes.batch_size ** len(parents)
        return self.known[parents, cells]

    def _slots(self, cells_on_levels: Hashable) -> Coefficient:
        assert isinstance(cells_on_levels, tuple)
        choices = (falling_factorial(self.sizes.batch_size, cells) for cells in cells_on_levels)
        return reduce(Coefficient.__mul__, choices, Coefficient(1))
