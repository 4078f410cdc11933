"""What many runs say: the value of an observable, with its standard error, at every update that was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sgdsym.series import COVARIANCE, LOSS_VARIANCE, Observable
from sgdsym.simulation.losses import Floats


@dataclass(frozen=True, eq=False)
class Simulation:
    r"""Measured values of an observable; at least two runs, and errors are those of chance alone.

    Attributes:
        observable: the quantity that was read off.
        steps: the updates after which it was, (k,), increasing.
        samples: the value of each run, (k, runs), or (k, runs, p) where the weights are looked at.
        weights: the weights of each run that were read off at the end, (runs, p).

    >>> from sgdsym.series import Observable
    >>> measured = Simulation(Observable.named("test-loss"), np.array([1]), np.array([[1.0, 3.0]]), np.zeros((2, 1)))
    >>> measured.value, measured.standard_error
    (array([2.]), array([1.]))
    """

    observable: Observable
    steps: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    samples: Floats
    weights: Floats

    @property
    def runs(self) -> int:
        """The number of runs."""
        return int(self.samples.shape[1])

    @cached_property
    def value(self) -> Floats:
        """The observable, (k,); (k, p) for the displacement and (k, p, p) for the covariance of the weights."""
        found: Floats = (
            # one degree of freedom is spent on the mean, so that the estimate of a second cumulant is unbiased
            self._centred_powers.sum(axis=1) / (self.runs - 1) if self._is_second else self.samples.mean(axis=1)
        )
        return found

    @cached_property
    def standard_error(self) -> Floats:
        """The standard error of each entry of the value; of variances it is that of large samples."""
        summands = self._centred_powers if self._is_second else self.samples
        found: Floats = summands.std(axis=1, ddof=1) / np.sqrt(self.runs)
        return found

    @property
    def _is_second(self) -> bool:
        return self.observable in (COVARIANCE, LOSS_VARIANCE)

    @cached_property
    def _centred_powers(self) -> Floats:
        """The summands of a second cumulant: centred squares, or products of all pairs of centred weights."""
        centred = self.samples - self.samples.mean(axis=1, keepdims=True)
        squares: Floats = centred**2 if centred.ndim == 2 else centred[..., :, None] * centred[..., None, :]
        return squares
