"""The whole training set at every step: gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.clock import Clock
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Sizes, timed


@dataclass(frozen=True, slots=True)
class Full:
    r"""Every step sees all :math:`N` points: a block has :math:`N` choices, and its steps any times.

    .. math:: W = N^{m-d}\;\Omega^\circ(\tau; T), \qquad m\ \text{blocks},\ d\ \text{steps, the root's point included in both}
    """

    sizes: Sizes
    clock: Clock

    def weight(self, placement: Placement) -> Coefficient:
        """See :class:`Sampling`."""
        parents = placement.forest.parents
        orders = ((levels, None) for levels in weak_orders(placement.above_steps()))
        total = timed(self.clock, parents, len(parents), orders, lambda _: Coefficient(1))
        choices = len(parents) + placement.trained_root
        return total / self.sizes.dataset_size ** (choices - placement.points)
