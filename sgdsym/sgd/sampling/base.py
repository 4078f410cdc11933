"""The base of all samplings: the sizes of a run, and time-sums gathered before they are formed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import mul
from typing import Any, TypeVar

from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.times.differences import falling_factorial
from sgdsym.times.patterns import Pattern, Timing
from sgdsym.times.products import Product, total

Value = TypeVar("Value")
# a pattern, the sampling's own key for it, and how many there are alike
Arrangement = tuple[Pattern, Hashable, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a run, numbers or symbols.

    Attributes:
        steps: number of updates.
        batch_size: data points per update.
        dataset_size: points in the training set, where there is one.
        epochs: passes through the training set, where there are such.
        slots: updates in an epoch where batches do not fill it; :math:`N/B` if left out.
        listed: the sizes of the batches of an epoch, or of a run, one after the other, where they differ.
    """

    steps: Coefficient
    batch_size: Coefficient
    dataset_size: Coefficient
    epochs: Coefficient
    slots: Coefficient | None = None
    listed: tuple[Coefficient, ...] = ()

    @property
    def batches(self) -> Coefficient:
        """Batches per epoch."""
        return self.dataset_size / self.batch_size if self.slots is None else self.slots

    def batch_at(self, update: int) -> Coefficient:
        """The size of the batch of an update, where they differ."""
        return self.listed[update % len(self.listed)]


@dataclass(frozen=True, slots=True)
class Sampling(ABC):
    """How the steps of a run draw data; see :mod:`sgdsym.sgd.sampling`.

    Attributes:
        sizes: the sizes of the run.
        timing: what the times of steps are worth.
    """

    sizes: Sizes
    timing: Timing
    formed: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

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
    def value(self, own: Any, steps: int) -> Coefficient:
        """The weight of a key of the sampling, with so many steps in all."""

    @staticmethod
    def choices(batch_size: Coefficient, points: int) -> Coefficient:
        """In how many ways points that are told apart take their places in one batch."""
        return falling_factorial(batch_size, points)

    @classmethod
    def share(cls, sizes: Sizes, points: int, steps: int, update: int) -> Coefficient:
        """The weight of a level with so many points and steps at an update, where batches differ."""
        batch = sizes.batch_at(update)
        return cls.choices(batch, points) / batch**steps

    def in_batches(self, points: Iterable[int], steps: int) -> Coefficient:
        """The weight of levels with so many points each, and so many steps in all; where batches differ the timing gives it."""
        if self.sizes.listed:
            return Coefficient(1)
        batch = self.sizes.batch_size
        return reduce(mul, (self.choices(batch, count) for count in points), 1 / batch**steps)

    def weight(self, placement: Placement) -> Coefficient:
        """Expected weight of a placement over all times and all data points."""
        return total(self.products(placement))

    def products(self, placement: Placement) -> list[Product]:
        """The weight as a sum of products, not yet formed: equal pairs of keys are counted first."""
        timing, parents = self.timing, placement.forest.parents
        # many patterns have one key: 236 patterns at order 4 of the test loss have 4, one for each number of levels
        counts: Counter[tuple[Hashable, Hashable]] = Counter()
        for pattern, own, ways in self.limits(placement) if timing.continuous else self.arrangements(placement):
            counts[timing.key(pattern, parents), own] += ways
        steps = len(parents)
        found: list[Product] = []
        for (key, own), ways in counts.items():
            # Möbius functions have signs, and numbers of ways cancel
            if ways:
                factors = Coefficient(ways), self._once(self.value, own, steps)
                found += [product.times(*factors) for product in self._once(timing.products, key)]
        return found

    def _once(self, value: Callable[..., Value], *key: Hashable) -> Value:
        """A value, formed when it is first asked for."""
        # by its name, as a bound method is another object each time that it is asked for
        place = value.__qualname__, key
        if place not in self.formed:
            self.formed[place] = value(*key)
        found: Value = self.formed[place]
        return found


def one_run(levels: tuple[int, ...], points: tuple[int, ...] = ()) -> Pattern:
    """Levels of a run in which every step is an epoch of its own."""
    return Pattern(levels, (1,) * len(levels), points=points)
