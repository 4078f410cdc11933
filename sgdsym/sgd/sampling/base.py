"""What all samplings share: the sizes of a run, and weights gathered before they are formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sgdsym.series import Coefficient
from sgdsym.sgd.clock import Clock
from sgdsym.sgd.placement import Placement


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a run, numbers or symbols.

    Attributes:
        steps: number of updates.
        batch_size: data points per update.
        dataset_size: points in the training set, where there is one.
        epochs: passes through the training set, where there are such.
    """

    steps: Coefficient
    batch_size: Coefficient
    dataset_size: Coefficient
    epochs: Coefficient

    @property
    def batches(self) -> Coefficient:
        """Batches per epoch."""
        return self.dataset_size / self.batch_size


class Sampling(Protocol):
    """How the steps of a run draw data; see :mod:`sgdsym.sgd.sampling`."""

    def weight(self, placement: Placement) -> Coefficient:
        """Expected weight of a placement over all times and all data points."""
        ...


def timed(
    clock: Clock,
    parents: Sequence[int],
    groups: int,
    orders: Iterable[tuple[Sequence[int], Hashable]],
    value: Callable[[Hashable], Coefficient],
) -> Coefficient:
    """Sum over weak orders of the clock's time-sum times a value that the sampling gives to each.

    Equal pairs of keys are counted first and formed once.

    Args:
        clock: the time-sums.
        parents: the step each step acts on.
        groups: number of groups that are sorted into levels.
        orders: the levels, as bit masks of steps, and the sampling's key.
        value: what a key of the sampling is worth.
    """
    counts: Counter[tuple[Hashable, Hashable]] = Counter()
    for levels, own in orders:
        for key, ways in clock.keys(levels, parents, groups):
            counts[key, own] += ways
    return Coefficient.total(clock.value(key) * value(own) * ways for (key, own), ways in counts.items() if ways)
