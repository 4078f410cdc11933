"""Fresh data points for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling, one_run


@dataclass(frozen=True, slots=True)
class Online(Sampling):
    r"""Each data point is used in one step only, so a block has one time and :math:`B` choices there.

    .. math:: W = B^{m-d}\;\Omega^\circ(\tau/\rho; T), \qquad m\ \text{blocks},\ d\ \text{steps}

    So it is in one pass through a training set, whatever the order, where moreover a random point of the set is that of a
    given block with probability :math:`1/N`.  In continuous time no two blocks share a time.

    Attributes:
        largest_block: blocks above it count zero: Gaussian noise has pairs only, a flow no noise.
    """

    largest_block: int | None = None

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; the key is the number of blocks, and whether one is the root's."""
        above, blocks = placement.above_blocks(), placement.blocks
        # a point is seen in one update, whose gradients are all taken at the same weights: none of its steps acts on
        # another
        if above is None or (self.largest_block and any(len(block) > self.largest_block for block in blocks)):
            return
        own = len(blocks), placement.with_root is not None
        for levels in weak_orders(above):
            points = tuple(level.bit_count() for level in levels)
            yield one_run(tuple(map(placement.steps_of, levels)), points), own, 1

    def limits(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`."""
        return (found for found in self.arrangements(placement) if len(found[0].levels) == len(placement.blocks))

    @staticmethod
    def choices(batch_size: Coefficient, points: int) -> Coefficient:
        """See :class:`Sampling`; different blocks may see one point."""
        return batch_size**points

    def value(self, own: Any, steps: int) -> Coefficient:
        """See :class:`Sampling`."""
        blocks, rooted = own
        chosen = self.in_batches((blocks,), steps)
        return chosen / self.sizes.dataset_size if rooted else chosen
