"""The whole training set at every step: gradient descent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sgdsym.diagrams import weak_orders
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling.base import Arrangement, Sampling, one_run


@dataclass(frozen=True, slots=True)
class Full(Sampling):
    r"""Every step sees all :math:`N` points: a block has :math:`N` choices, and its steps any times.

    .. math:: W = N^{m-d}\;\Omega^\circ(\tau; T), \qquad m\ \text{blocks},\ d\ \text{steps, the root's point included in both}
    """

    def arrangements(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; the key is the power of the number of points."""
        # N choices for each point, and the mean over the batch divides by N for each step, the root's mean once more
        power = placement.points - len(placement.forest.parents) - placement.trained_root
        return ((one_run(levels), power, 1) for levels in weak_orders(placement.above_steps()))

    def limits(self, placement: Placement) -> Iterator[Arrangement]:
        """See :class:`Sampling`; that two steps meet makes no difference."""
        steps = len(placement.forest.parents)
        return (found for found in self.arrangements(placement) if len(found[0].levels) == steps)

    def value(self, own: Any, steps: int) -> Coefficient:
        """See :class:`Sampling`."""
        return self.sizes.dataset_size ** int(own)
