"""What a run asks of a loss, for many runs at once: gradients and values on batches, and the mean over the population.

A *handle* is how a run calls a data point: its number where the population is a list, the point itself where it is a law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Handles: TypeAlias = NDArray[Any]
# 16 MiB
TOGETHER = 2**21  # numbers that are held at once while a mean over the population is formed


class Losses(Protocol):
    """The losses of a population, at the weights of many runs, (runs, p)."""

    @property
    def points(self) -> int | None:
        """The number of data points, ``None`` where the population is a law."""
        ...

    @property
    def has_uneven_points(self) -> bool:
        """Whether some data points are drawn more often than others."""
        ...

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Handles:
        """Independent data points, (…,) handles."""
        ...

    def gradients(self, weights: Floats, batches: Handles) -> Floats:
        """The mean gradient of each run over its batch, (runs, p); batches (runs, B)."""
        ...

    def values(self, weights: Floats, batches: Handles) -> Floats:
        """The mean loss of each run over its points, (runs,)."""
        ...

    def mean_loss(self, weights: Floats) -> Floats:
        """The population loss of each run, (runs,)."""
        ...

    def function(self, function: Callable[[Any], Any], weights: Floats) -> Floats:
        """A function of the weights at those of each run, (runs,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A population that is a list: handles are numbers of data points.

    Attributes:
        count: the number of data points.
        probabilities: how often each is drawn; ``None`` if all are as likely.
    """

    count: int
    probabilities: Floats | None = None

    @property
    def is_uneven(self) -> bool:
        """Whether some data points are drawn more often than others."""
        # shares such as 1/3 and 1 - 2/3 differ by rounding
        return self.probabilities is not None and bool(np.ptp(self.probabilities) > 1e-12)

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Handles:
        """Independent data points.

        >>> Points(2, np.array([0.0, 1.0])).draw(np.random.default_rng(0), (1, 3))
        array([[1, 1, 1]])
        """
        if self.probabilities is None:
            return generator.integers(self.count, size=shape)
        ends = np.cumsum(self.probabilities)
        # rounding may leave the last end below 1
        return np.minimum(np.searchsorted(ends, generator.random(shape), side="right"), self.count - 1)

    def mean(self, values: Floats) -> Floats:
        """The mean over the population, (runs, n) to (runs,)."""
        return values.mean(axis=-1) if self.probabilities is None else values @ self.probabilities


def in_parts(function: Callable[[Floats], Floats], weights: Floats, size: int) -> Floats:
    """A function of the weights of all runs, so many runs at once that about ``TOGETHER`` numbers are held.

    Args:
        function: takes weights (runs, p) to (runs,).
        weights: of all runs.
        size: numbers that one run takes.
    """
    at_once = max(1, TOGETHER // max(size, 1))
    return np.concatenate([function(weights[i : i + at_once]) for i in range(0, len(weights), at_once)])
