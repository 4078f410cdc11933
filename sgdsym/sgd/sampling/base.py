"""What all samplings share: the sizes of a run, and time-sums gathered before they are formed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from sgdsym.series import Coefficient
from sgdsym.sgd.calendar import Pattern, Timing
from sgdsym.sgd.placement import Placement

# a pattern, what the sampling makes of it besides, and how many there are alike
Arrangement = tuple[Pattern, Hashable, int]


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


@dataclass(frozen=True, slots=True)
class Sampling(ABC):
    """How the steps of a run draw data; see :mod:`sgdsym.sgd.sampling`.

    Attributes:
        sizes: the sizes of the run.
        timing: what the times of steps are worth.
    """

    sizes: Sizes
    timing: Timing
    known_values: dict[tuple[Hashable, int], Coefficient] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @abstractmethod
    def arrangements(self, placement: Placement) -> Iterable[Arrangement]:
        """The steps of a placement on levels, in all ways that have a weight.

        With each comes a key of the sampling's own, and an integer by which it is multiplied.
        """

    def limits(self, placement: Placement) -> Iterable[Arrangement]:
        """The same in continuous time, where steps on different levels never meet.

        Raises:
            ValueError: if the sampling has no continuous form.
        """
        raise ValueError("epochs have no continuous form: a point comes once in each; choose form discrete")

    @abstractmethod
    def value(self, own: Hashable, steps: int) -> Coefficient:
        """What a key of the sampling is worth, with so many steps in all."""

    def weight(self, placement: Placement) -> Coefficient:
        """Expected weight of a placement over all times and all data points."""
        return Coefficient.sum_of_products(self.products(placement))

    def products(self, placement: Placement) -> list[tuple[Coefficient, ...]]:
        """The weight as a sum of products, not yet formed: equal pairs of keys are counted first."""
        timing, parents = self.timing, placement.forest.parents
        counts: Counter[tuple[Hashable, Hashable]] = Counter()
        for pattern, own, ways in self.limits(placement) if timing.continuous else self.arrangements(placement):
            counts[timing.key(pattern, parents), own] += ways
        steps = len(parents)
        return [
            (Coefficient(ways), timing.value(key), self._known_value(own, steps))
            for (key, own), ways in counts.items()
            if ways
        ]

    def _known_value(self, own: Hashable, steps: int) -> Coefficient:
        if (own, steps) not in self.known_values:
            self.known_values[own, steps] = self.value(own, steps)
        return self.known_values[own, steps]


def one_run(levels: tuple[int, ...], points: tuple[int, ...] = ()) -> Pattern:
    """Levels of a run in which every step is an epoch of its own."""
    return Pattern(levels, (1,) * len(levels), points=points)
