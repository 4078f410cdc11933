r"""The problem: logistic regression on two classes of handwritten digits, started at zero.

The population is the data set itself, every image equally likely, so that its derivative tensors are known exactly.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.numeric import logistic_derivatives

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = (3, 8)
# pixels are whole numbers from 0 to 16
BRIGHTEST = 16
MISSING = "sgdsym demo needs scikit-learn and matplotlib: pip install 'sgdsym[demo]'"


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    r"""Logistic regression on a finite population, started at zero weights.

    Attributes:
        name: the data, in words.
        features: the data points :math:`x_n`, shape (n, p).
        labels: :math:`y_n = \pm1`, shape (n,).

    >>> Problem("two points", np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1, -1])).width
    2
    """

    name: str
    features: NDArray[np.float64]
    labels: NDArray[np.int64]

    @property
    def points(self) -> int:
        """Number of data points."""
        return len(self.features)

    @property
    def width(self) -> int:
        """Number of weights."""
        return int(self.features.shape[1])

    def derivatives(self, order: int, per_sample: Collection[int]) -> dict[int, Any]:
        """Derivative tensors of the loss at the start; means where the degree is not in ``per_sample``."""
        return logistic_derivatives(self.features, self.labels, np.zeros(self.width), order, per_sample=per_sample)


def digits_problem() -> Problem:
    r"""The threes and eights among scikit-learn's bundled digits: 64 pixels, scaled to [0, ½], and a bias.

    The scale only sets the unit of the learning rate: it makes the mean of :math:`|x|^2` about 5.

    Raises:
        RuntimeError: if scikit-learn is not installed.

    >>> digits_problem().features.shape
    (357, 65)
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise RuntimeError(MISSING) from error
    pixels, digits = load_digits(return_X_y=True)
    kept = np.isin(digits, CLASSES)
    features = np.hstack([pixels[kept] / (2 * BRIGHTEST), np.ones((kept.sum(), 1))])
    labels = np.where(digits[kept] == CLASSES[1], 1, -1)
    first, second = CLASSES
    return Problem(f"scikit-learn's handwritten digits, {first} against {second}", features, labels)
