"""A model and its loss function as the loss of one data point: what every framework asks of it.

Knows what a batch is to a loss function, and when there is no loss of one data point.  Refuses to know modules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np

from sgdsym.numeric.matrix_free.refusal import FinalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Reduction: TypeAlias = Literal["mean", "sum"]
NEITHER = (
    "the loss of a batch is neither the mean nor the sum of the losses of its data points (class weights or "
    "ignore_index with reduction='mean', statistics of the batch, or random layers); use reduction='sum' and eval()"
)


@dataclass(frozen=True, eq=False)
class Supervised(ABC):
    """The loss ``loss(parameters, (x, y))`` of one data point, from a model and a loss function of batches.

    Attributes:
        loss_function: what was given as ``loss_function(outputs, targets)``.
        notes: what a user should know, a line each.
    """

    loss_function: Any
    notes: tuple[str, ...]

    @abstractmethod
    def __call__(self, parameters: Any, example: Any) -> Any:
        """The loss of one data point (x, y)."""

    @abstractmethod
    def whole(self, parameters: Any, examples: Any) -> Any:
        """What the loss function makes of a batch of data points."""

    @abstractmethod
    def check(self) -> None:
        """Refuse a model without a loss of one data point.

        Raises:
            ValueError: naming the layer.
        """

    @abstractmethod
    def doubled(self) -> Self:
        """The same loss, all it holds in double precision."""


def one_number(value: Any) -> Any:
    """What a loss function makes of a batch of one data point, as a number.

    Raises:
        ValueError: if it is more than one.

    >>> one_number(np.ones((1, 1)))
    array(1.)
    """
    shape = tuple(getattr(value, "shape", ()))
    if any(length != 1 for length in shape):
        raise FinalError(
            f"loss_function leaves numbers of shape {shape[1:]} for one data point; "
            "it must average or add them up (reduction='mean' or 'sum')"
        )
    return value.reshape(()) if shape else value


def reduction_of(whole: NDArray[np.float64], each: NDArray[np.float64], epsilon: float) -> Reduction:
    """How a loss function makes the loss of a batch from those of its data points.

    Raises:
        ValueError: if the loss of a batch is neither their mean, nor their sum, nor all of them.

    >>> reduction_of(np.array(2.0), np.array([1.0, 3.0]), 1e-16), reduction_of(np.array(4.0), np.array([1.0, 3.0]), 1e-16)
    ('mean', 'sum')
    """
    tolerance = 8 * np.sqrt(epsilon) * (np.abs(each).mean() + epsilon)
    whole = whole.reshape(-1)
    if len(whole) == len(each) and np.allclose(whole, each, rtol=0, atol=tolerance):
        return "mean"
    if len(whole) == 1 and abs(whole[0] - each.mean()) <= tolerance:
        return "mean"
    if len(whole) == 1 and abs(whole[0] - each.sum()) <= tolerance * len(each):
        return "sum"
    raise FinalError(NEITHER)
