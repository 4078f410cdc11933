"""Data points as arrays with one row each, and which of them are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.arrays import check_unmasked, float_array, unmasked

Indices: TypeAlias = NDArray[np.int64]
LOOKED_AT = 2**20  # numbers that are looked at together
WEIGHTS_SUM = 1e-6
MEND = "leave the point out or mend it"
COLLECT = {
    "data": "data are arrays (n, …), a dataset, a loader, or an iterable of batches",
    "parameters": "give arrays in tuples, lists and dictionaries, such as dict(module.named_parameters())",
}


class Points(ABC):
    """Data points that are read by number, and how likely each of them is.

    Attributes:
        weights: the probability of each data point, (n,); uniform where there are none.
    """

    weights: NDArray[np.float64] | None

    @property
    @abstractmethod
    def points(self) -> int:
        """Number of data points."""

    @property
    @abstractmethod
    def bytes_each(self) -> int:
        """Memory of one data point."""

    @abstractmethod
    def take(self, indices: Any) -> tuple[NDArray[Any], ...]:
        """The data points of an array of indices (…), each array (…, …), in memory that frameworks can take over."""

    def multiplicities(self, indices: Any) -> NDArray[np.float64] | None:
        """How many times data points are counted, in all as many times as there are; once where there are no weights."""
        return None if self.weights is None else self.weights[indices] * self.points

    def drawn(self, shape: Sequence[int], generator: np.random.Generator) -> Indices:
        """Random data points, each by its probability."""
        if self.weights is None:
            return drawn_points(self.points, shape, generator)
        return weighted_points(self.weights, shape, generator)


@dataclass(frozen=True, eq=False)
class Data(Points):
    """Data points in arrays.

    Attributes:
        arrays: one row for each data point in each array, (n, …).
        weights: the probability of each data point, (n,); uniform where there are none.

    Raises:
        ValueError: if there are none, the arrays have different lengths, or one holds a number that is not finite.

    >>> Data((np.array([1.0, np.nan]),))
    Traceback (most recent call last):
    ValueError: array 0 of the data is nan at data point 1; leave the point out or mend it
    """

    arrays: tuple[NDArray[Any], ...]
    weights: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        alone = next((i for i, array in enumerate(self.arrays) if not array.ndim), None)
        if alone is not None:
            raise ValueError(
                f"array {alone} of the data is a single number and has no rows; "
                "lists are read as nesting, so make each list of numbers an array"
            )
        lengths = [len(array) for array in self.arrays]
        if len(set(lengths)) != 1 or not lengths[0]:
            raise ValueError(
                f"each array of the data needs one row for each data point, at least one; the lengths are {lengths}"
            )
        for i, array in enumerate(self.arrays):
            check_finite(array, f"array {i} of the data", MEND)
        if self.weights is not None:
            object.__setattr__(self, "weights", read_weights(self.weights, self.points))

    @property
    def points(self) -> int:
        """Number of data points."""
        return len(self.arrays[0])

    @property
    def bytes_each(self) -> int:
        """Memory of one data point."""
        return sum(array.nbytes for array in self.arrays) // self.points

    def take(self, indices: Any) -> tuple[NDArray[Any], ...]:
        """The data points of an array of indices."""
        return tuple(np.require(array[indices], requirements=["C", "W"]) for array in self.arrays)


def read_weights(weights: Any, points: int) -> NDArray[np.float64]:
    """The probabilities of some data points.

    Raises:
        ValueError: if they are not as many, negative, or do not sum to 1.

    >>> read_weights([0.5, 0.25], 2)
    Traceback (most recent call last):
    ValueError: weights must sum to 1, not to 0.75
    """
    given = float_array(weights, "weights")
    if given.shape != (points,):
        raise ValueError(f"weights has shape {given.shape}; there are {points} data points, so it must be ({points},)")
    if not (given >= 0).all():
        raise ValueError(f"weights are probabilities, none below 0; the smallest is {given.min()}")
    if not abs(given.sum() - 1) <= WEIGHTS_SUM:
        raise ValueError(f"weights must sum to 1, not to {given.sum()}")
    probabilities: NDArray[np.float64] = given / given.sum()
    return probabilities


def check_finite(rows: NDArray[Any], what: str, remedy: str, numbers: NDArray[Any] | None = None) -> None:
    """Refuse rows of numbers, (n, …), of which one is not finite.

    Some rows are looked at after the other: an array that is mapped from a file is never copied as a whole.

    Args:
        rows: the numbers.
        what: their name in the complaint.
        remedy: what to do.
        numbers: which data points they belong to, (n,); the first ones where it is left out.

    Raises:
        ValueError: naming the first data point with such a number.
    """
    if not np.issubdtype(rows.dtype, np.inexact):
        return
    at_once = max(1, LOOKED_AT // max(1, rows[0].size))
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        finite = np.isfinite(part)
        if not finite.all():
            place = tuple(int(j) for j in np.argwhere(~finite)[0])
            point = start + place[0] if numbers is None else numbers[start + place[0]]
            raise ValueError(f"{what} is {part[place]} at data point {point}; {remedy}")


def check_types(arrays: Iterable[Any], what: str) -> None:
    """Refuse what is no array of numbers of numpy, of any framework: ``bfloat16``, loaders, modules, masked or sparse entries.

    Raises:
        ValueError: naming the array and what it holds.

    >>> check_types([np.zeros(2), np.array(["a"])], "data")
    Traceback (most recent call last):
    ValueError: array 1 of the data holds <U1; make it float16, float32 or float64
    >>> check_types(["a"], "data")
    Traceback (most recent call last):
    ValueError: the data hold a str where an array belongs; data are arrays (n, …), a dataset, a loader, or an iterable of batches
    """
    for i, array in enumerate(arrays):
        if not (hasattr(array, "dtype") or hasattr(array, "__array__") or isinstance(array, Number)):
            raise ValueError(f"the {what} hold a {type(array).__name__} where an array belongs; {COLLECT[what]}")
        title = f"array {i} of the {what}"
        check_unmasked(array, title)
        if hasattr(array, "todense") or str(getattr(array, "layout", "torch.strided")) != "torch.strided":
            raise ValueError(f"{title} is a sparse {type(array).__name__}; make it dense")
        dtype = array.dtype if hasattr(array, "dtype") else unmasked(array, title).dtype
        name = str(dtype).rpartition(".")[2]
        if not _is_known(name):
            raise ValueError(f"{title} holds {name}; make it float16, float32 or float64")


def as_numpy(array: Any) -> NDArray[Any]:
    """An array that numpy can read, in the order of bytes of this machine, which frameworks ask for; not copied if it has that.

    >>> as_numpy(np.ones(2, dtype=">f4")).dtype
    dtype('float32')
    """
    given: NDArray[Any] = np.asarray(array)
    return given.astype(given.dtype.newbyteorder("="), copy=False)


def _is_known(name: str) -> bool:
    """Whether a type is one of numpy's own kinds of numbers: those that are added to it are of no kind."""
    try:
        return np.dtype(name).kind in "biufc"
    except TypeError:
        return False


def check_parameters(arrays: Sequence[NDArray[Any]]) -> None:
    """Refuse parameters that are none, not floating-point numbers or not finite.

    Raises:
        ValueError: naming the array and the entry.

    >>> check_parameters([np.array([1.0, np.inf])])
    Traceback (most recent call last):
    ValueError: array 0 of the parameters is inf at entry (1,)
    """
    if not arrays:
        raise ValueError("there are no parameters")
    for i, array in enumerate(arrays):
        if not np.issubdtype(array.dtype, np.floating):
            raise ValueError(f"array {i} of the parameters holds {array.dtype}; it must hold floating-point numbers")
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            place = tuple(int(j) for j in bad[0])
            raise ValueError(f"array {i} of the parameters is {array[place]} at entry {place}")


def drawn_points(points: int, shape: Sequence[int], generator: np.random.Generator) -> Indices:
    """Random data points, each uniform, with as few repetitions as there can be: permutations one after the other.

    >>> sorted(int(i) for i in drawn_points(4, (2, 2), np.random.default_rng(0)).ravel())
    [0, 1, 2, 3]
    """
    wanted = int(np.prod(shape))
    rounds = -(-wanted // points)
    order = np.concatenate([generator.permutation(points) for _ in range(rounds)])
    return order[:wanted].reshape(*shape)


def weighted_points(weights: NDArray[np.float64], shape: Sequence[int], generator: np.random.Generator) -> Indices:
    """Random data points, each by its probability, with as few repetitions as there can be: one in each part of the whole.

    >>> weighted_points(np.array([0.0, 0.5, 0.5]), (2,), np.random.default_rng(0)).tolist() in ([1, 2], [2, 1])
    True
    """
    wanted = int(np.prod(shape))
    places = (generator.permutation(wanted) + generator.random(wanted)) / wanted
    ends = np.cumsum(weights)
    found = np.searchsorted(ends, places * ends[-1], side="right")
    last = int(np.flatnonzero(weights)[-1])  # a place may be rounded up to the end
    within: Indices = np.minimum(found, last).reshape(*shape)
    return within
