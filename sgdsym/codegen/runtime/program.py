"""What a program gives to the functions of this folder: constants in its head, and functions that its template writes.

Those here stand for the smallest program, so that the files can be read, checked and tested as any other; a generated module holds
its own instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ORDER = 0
SYMBOLS: Sequence[str] = []
SAMPLED_DEGREES: list[int] = []
MEAN_DEGREES: list[int] = []
ROOT_DEGREES: list[int] = []
MEMORY: Mapping[tuple[int, int], int] = {}

# of resummed series: the symbol that counts the steps, how many coefficients there are, the most eigen-indices of a diagram, and
# places of coefficients
CLOCK = ""
COUNT = 0
EIGEN_INDICES = 0
LAW: Mapping[str, Sequence[int]] = {}
ROOTS_APART = False
START = 0
SLOTS: int | None = None
CROSSING: int | None = None
CROSSING_WORDS = ""
UPDATES = 0
EPOCH = 1
MATRICES: Sequence[Sequence[Sequence[int]]] = []
GAINS: Sequence[Sequence[int]] = []
POINTS: Sequence[Sequence[int]] = []
READ: Sequence[int] = []

# of whole runs: what is read off, how registers are updated, and the legs and data points of each cumulant
RANK = 0
GAP = False
OBSERVED = False
READ_DEGREES: list[int] = []
LISTED: int | None = None
NAMED = ""
REGISTERS = 1
CUMULANTS: Mapping[str, tuple[int, int]] = {}

# of moments of batches
GRADIENTS = np.zeros((2, 1))

# of stationary covariances
HESSIAN = np.eye(1)
NOISE = np.eye(1)
LEARNING_RATE = 1.0
MOMENTUM = 0.0
PRECONDITIONER = None


def _second_with(batch_size: int) -> float:
    """What the moment of one example is multiplied by in that of a batch; the others likewise."""
    return 1 / batch_size


_third_with = _fourth_with = _pairs_with = _second_with


def _second_without(batch_size: int, dataset_size: int) -> float:
    return 1 / batch_size


_third_without = _fourth_without = _pairs_without = _second_without


def _check_sizes(**sizes: Any) -> None:
    """What the run asks of its sizes."""


def _coefficients(**sizes: Any) -> dict[int, Any]:
    """The coefficients at these sizes, by number."""
    return {}


def _schedule(**sizes: float) -> Sequence[float] | None:
    """The rate of each update in units of the learning rate, where they are listed."""
    return None


def _update(t: int, weight: float, **sizes: float) -> tuple[Any, Any, Any]:
    """Matrix of the registers, what a gradient adds to them (times minus the learning rate), and where it is taken."""
    return np.eye(1), np.array([weight]), np.eye(1)[0]


def _weight_decay(**sizes: float) -> float | None:
    """The part of the weights that is added to each gradient."""
    return None


def _reading(T: float, **sizes: float) -> Sequence[float]:  # noqa: N803 - a symbol of the theory
    """The combination of the registers that is read off after T updates."""
    return [1.0]


def _step(old: Mapping[str, Any], *_: Any) -> Mapping[str, Any]:
    """The cumulants after a step."""
    return old


def _values(*_: Any) -> list[Any]:
    """The coefficients of the observable, order by order."""
    return []
