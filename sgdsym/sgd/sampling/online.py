"""Fresh data points for ever."""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import Clock
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes, timed


@dataclass(frozen=True, slots=True)
class Online:
    r"""Each data point is used in one step only, so a block has one time and :math:`B` choices there.

    .. math:: W = B^{m-d}\;\Omega^\circ(\tau/\rho; T), \qquad m\ \text{blocks},\ d\ \text{steps}

    So it is in one pass through a training set, whatever the order, where moreover a random point of the set is that of a
    given block with probability :math:`1/N`.
    """

    sizes: Sizes
    clock: Clock
    largest_block: int | None = None

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`; blocks above ``largest_block`` count zero (Gaussian noise keeps pairs only)."""
        above = placement.above_blocks()
        blocks, parents = placement.blocks, placement.forest.parents
        if above is None or (self.largest_block and any(len(block) > self.largest_block for block in blocks)):
            return Coefficient()
        orders = ((tuple(map(placement.steps_of, levels)), None) for levels in weak_orders(above))
        total = timed(self.clock, parents, len(blocks), orders, lambda _: Coefficient(1))
        total = total / self.sizes.batch_size ** (len(parents) - len(blocks))
        return total / self.sizes.dataset_size if placement.with_root is not None else total
