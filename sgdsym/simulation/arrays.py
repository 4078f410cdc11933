r"""Losses written for numpy: functions that broadcast, with their gradients beside them.

``loss(weights, point)`` takes weights (…, p) and a data point of arrays with the same leading axes before their own, or with
axes of length one there, and returns (…); ``gradient`` returns (…, p).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdsym.arrays import float_array
from sgdsym.numeric.matrix_free import Data
from sgdsym.numeric.matrix_free.refusal import in_one_line
from sgdsym.simulation.losses import Floats, Handles, Points, in_parts

# central differences are off by STEP² and, by rounding, by 1e-16/STEP: the sum is least near the cube root of 1e-16,
# 5e-6
TRIAL, STEP = 3, 1e-5  # points at which a gradient is compared with differences, and their width
TOLERANCE = 1e-4  # of that comparison, relative to the larger of gradient and loss


@dataclass(frozen=True, eq=False)
class ArrayLosses:
    """A loss for numpy over a list of data points, or over a law that is drawn from.

    Attributes:
        loss: the loss.
        gradient: its gradient in the weights.
        data: arrays (n, …) in tuples, lists and dictionaries; or a function ``draw(generator, shape)`` that returns an array of
            fresh points, of that shape before that of a point.
        probabilities: how often each data point is drawn.
        population: the population loss, ``population(weights)`` from (…, p) to (…); formed from the data if left out.
    """

    loss: Callable[[Any, Any], Any]
    gradient: Callable[[Any, Any], Any]
    data: Any
    probabilities: Floats | None = None
    population: Callable[[Any], Any] | None = None

    @cached_property
    def _drawn(self) -> Callable[[np.random.Generator, tuple[int, ...]], Any] | None:
        return self.data if callable(self.data) else None

    @cached_property
    def _list(self) -> Points:
        return Points(Data(tuple(_leaves(self.data))).points, self.probabilities)

    @property
    def points(self) -> int | None:
        """The number of data points, ``None`` where the population is a law."""
        return None if self._drawn else self._list.count

    @property
    def has_uneven_points(self) -> bool:
        """Whether some data points are drawn more often than others."""
        return self._drawn is None and self._list.is_uneven

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Handles:
        """Independent data points."""
        if self._drawn is None:
            return self._list.draw(generator, shape)
        points = np.asarray(self._drawn(generator, shape))
        if points.shape[: len(shape)] != shape:
            raise ValueError(
                f"data(generator, {shape}) gave an array of shape {points.shape}; it must begin with {shape}"
            )
        return points

    def gradients(self, weights: Floats, batches: Handles) -> Floats:
        """The mean gradient of each run over its batch."""
        shape = (*batches.shape[:2], weights.shape[1])
        found: Floats = self._called(self.gradient, weights[:, None, :], self._taken(batches), shape).mean(axis=1)
        return found

    def values(self, weights: Floats, batches: Handles) -> Floats:
        """The mean loss of each run over its points."""
        found: Floats = self._called(self.loss, weights[:, None, :], self._taken(batches), batches.shape[:2]).mean(
            axis=1
        )
        return found

    def mean_loss(self, weights: Floats) -> Floats:
        """The population loss of each run."""
        if self.population is not None:
            return self._called(self.population, weights, None, weights.shape[:1])
        everything = _mapped(self.data, lambda leaf: leaf[None])
        points = self._list

        def mean(some: Floats) -> Floats:
            return points.mean(self._called(self.loss, some[:, None, :], everything, (len(some), points.count)))

        return in_parts(mean, weights, points.count * weights.shape[1])

    def function(self, function: Callable[[Any], Any], weights: Floats) -> Floats:
        """A function of the weights, which broadcasts as the loss does."""
        return self._called(function, weights, None, weights.shape[:1])

    def check(self, start: Floats) -> None:
        """Try the functions: shapes, and whether the gradient is that of the loss.

        Raises:
            ValueError: saying what is wrong with them.
        """
        # two runs of several points: a function that broadcasts over one of the axes alone is found out
        points = self._taken(self.draw(np.random.default_rng(0), (2, TRIAL)))
        weights, shape = np.tile(start, (2, 1, 1)), (2, TRIAL)
        value = self._called(self.loss, weights, points, shape)
        slope = self._called(self.gradient, weights, points, (*shape, len(start)))
        if not (np.isfinite(value).all() and np.isfinite(slope).all()):
            raise ValueError("the loss or its gradient is not finite at the start")
        direction = np.random.default_rng(1).normal(size=len(start))
        width = STEP * max(1.0, float(np.abs(start).max(initial=0)))
        ahead, behind = (self._called(self.loss, weights + sign * width * direction, points, shape) for sign in (1, -1))
        expected, given = (ahead - behind) / (2 * width), slope @ direction
        gap = np.abs(expected - given)
        if gap.max() > TOLERANCE * (np.abs(given).max() + np.abs(value).max() + np.abs(direction).max()):
            worst = gap.argmax()
            raise ValueError(
                f"gradient is not that of loss: along a direction it is {given.flat[worst]:.6g} at the start, "
                f"differences of the loss say {expected.flat[worst]:.6g}"
            )

    def _called(self, function: Callable[..., Any], weights: Floats, points: Any, shape: tuple[int, ...]) -> Floats:
        """A function of the user: what it raises in one line, what it returns as floats of a shape."""
        with in_one_line("numpy", ()), np.errstate(all="ignore"):
            found = np.asarray(function(weights) if points is None else function(weights, points))
        lengths = zip(found.shape[::-1], shape[::-1], strict=False)
        if found.dtype.kind not in "fiu" or found.ndim > len(shape) or any(a not in (1, b) for a, b in lengths):
            raise ValueError(
                f"a function of weights {weights.shape} returned {found.dtype} {found.shape}, where floats {shape} are due; "
                "let it broadcast over all axes but the last"
            )
        return np.broadcast_to(found.astype(float, copy=False), shape)

    def _taken(self, batches: Handles) -> Any:
        return batches if self._drawn else _mapped(self.data, lambda leaf: leaf[batches])


def read_data(data: Any) -> Any:
    """Arrays of floats, or of integers, in the nesting they are given in.

    Raises:
        ValueError: if one holds no numbers.
    """

    def read(leaf: Any) -> Any:
        array = np.asarray(leaf)
        return array if array.dtype.kind in "iuf" else float_array(leaf, "an array of the data")

    return _mapped(data, read)


def _mapped(data: Any, function: Callable[[Any], Any]) -> Any:
    """The data with each array replaced; a list of numbers is an array, as it is for numpy."""
    if isinstance(data, Mapping):
        return {key: _mapped(part, function) for key, part in data.items()}
    if isinstance(data, tuple):
        return tuple(_mapped(part, function) for part in data)
    return function(data)


def _leaves(data: Any) -> list[Any]:
    """The arrays of the data, in order."""
    if isinstance(data, (Mapping, tuple)):
        return [leaf for part in (data.values() if isinstance(data, Mapping) else data) for leaf in _leaves(part)]
    return [data]
