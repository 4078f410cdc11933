"""Where data points come from: arrays, datasets that are read by number, loaders, and iterables of batches.

Knows protocols alone: a dataset has ``__getitem__`` and ``__len__``, a loader has a dataset, a sampler and a function that
collates.  The population of a series has no order, so neither the order of a loader nor its batch size make a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.arguments import quoted
from sgdsym.numeric.matrix_free.data import MEND, Data, Points, check_finite, read_weights

Rows: TypeAlias = list[NDArray[Any]]
Flatten: TypeAlias = Callable[[Any], tuple[Rows, Any]]


@dataclass(frozen=True, eq=False)
class Stored(Points):
    """Data points that are read when they are needed.

    Attributes:
        read: some data points by their numbers, as arrays (m, …).
        count: how many there are.
        example: the first one, (1, …).
        weights: the probability of each data point, (n,); uniform where there are none.
    """

    read: Callable[[Sequence[int]], Rows]
    count: int
    example: Rows
    weights: NDArray[np.float64] | None = None

    @property
    def points(self) -> int:
        """Number of data points."""
        return self.count

    @property
    def bytes_each(self) -> int:
        """Memory of one data point."""
        return sum(array.nbytes for array in self.example)

    def take(self, indices: Any) -> tuple[NDArray[Any], ...]:
        """The data points of an array of indices, each of them read once."""
        wanted = np.arange(self.count)[indices]
        different, places = np.unique(wanted, return_inverse=True)
        arrays = self.read([int(i) for i in different])
        for i, array in enumerate(arrays):
            check_finite(array, f"array {i} of the data", MEND, different)
        return tuple(array[places.reshape(wanted.shape)] for array in arrays)


def read_points(data: Any, flatten: Flatten, *, pairs: bool, weights: Any = None, memory: int) -> tuple[Points, Any]:
    """Data points, and how an example is nested.

    Args:
        data: arrays (n, …) in a nesting, a dataset, a loader, or an iterable of batches.
        flatten: the arrays of a nesting and the nesting.
        pairs: whether an example is a pair (x, y), so that a list of pairs is one of batches.
        weights: the probability of each data point.
        memory: how many bytes a dataset may take to be read as a whole; a larger one is read in parts, again and again.

    Raises:
        ValueError: if they are none of these.
    """
    if hasattr(data, "dataset") and hasattr(data, "batch_sampler") and hasattr(data, "collate_fn"):
        data = _of_loader(data)
    if isinstance(data, _Dataset) or _is_dataset(data):
        return _of_dataset(data, flatten, pairs, weights, memory)
    if _is_stream(data) or (pairs and isinstance(data, list) and data and all(_is_pair(batch) for batch in data)):
        arrays, nesting = _collected(data, flatten, pairs)
    else:
        _check_pair(data, pairs, "data")
        arrays, nesting = _flat(data, flatten)
    return Data(tuple(arrays), weights), nesting


@dataclass(frozen=True, slots=True)
class _Dataset:
    """The data points behind a loader, which it reads and collates."""

    items: Any
    numbers: Sequence[int]
    collate: Callable[[list[Any]], Any]

    def __len__(self) -> int:
        return len(self.numbers)

    def batch(self, rows: Sequence[int]) -> Any:
        return self.collate([self.items[self.numbers[i]] for i in rows])


def _of_loader(loader: Any) -> Any:
    """What a loader reads: the dataset behind it, or the loader itself where it alone knows what it reads."""
    sampler, items = getattr(loader, "sampler", None), loader.dataset
    if getattr(sampler, "replacement", False):
        raise ValueError(
            "the loader draws data points with replacement, so what it yields is no population; "
            "pass its dataset as data, and their probabilities as weights="
        )
    kind = type(sampler).__name__
    if loader.batch_sampler is None or not _is_dataset(items):
        return iter(loader)
    if kind in ("SequentialSampler", "RandomSampler"):
        return _Dataset(items, range(len(items)), loader.collate_fn)
    if kind == "SubsetRandomSampler":
        return _Dataset(items, list(sampler.indices), loader.collate_fn)  # type: ignore[union-attr]
    return iter(loader)


def _of_dataset(data: Any, flatten: Flatten, pairs: bool, weights: Any, memory: int) -> tuple[Points, Any]:
    count = len(data)
    if not count:
        raise ValueError("the dataset is empty; a series needs at least one data point")
    read_batch = data.batch if isinstance(data, _Dataset) else partial(_stacked, data, flatten)
    batch = read_batch([0])
    _check_pair(batch if isinstance(data, _Dataset) else data[0], pairs, "a data point of the dataset")
    example, nesting = _flat(batch, flatten)
    again, _ = _flat(read_batch([0]), flatten)
    if not all(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc") for a, b in zip(example, again, strict=True)):
        raise ValueError(
            "data point 0 of the dataset is another one each time it is read (augmentation?), so there is no population; "
            "turn that off, or collect the data points in arrays first"
        )

    def read(rows: Sequence[int]) -> Rows:
        arrays, _ = _flat(read_batch(rows), flatten)
        if any(array.shape != (len(rows), *one.shape[1:]) for array, one in zip(arrays, example, strict=True)):
            raise ValueError(
                f"data points of the dataset have different shapes: {[a.shape[1:] for a in arrays]} where the first has "
                f"{[one.shape[1:] for one in example]}; pad them to one length"
            )
        return arrays

    stored = Stored(read, count, example, None if weights is None else read_weights(weights, count))
    if count * stored.bytes_each > memory:
        return stored, nesting
    return Data(stored.take(slice(None)), weights), nesting


def _stacked(dataset: Any, flatten: Flatten, rows: Sequence[int]) -> Any:
    """Some items of a dataset, put together: each array with a row for each of them."""
    items = [flatten(dataset[i]) for i in rows]
    leaves = [arrays for arrays, _ in items]
    shapes = [[array.shape for array in arrays] for arrays in leaves]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(
            f"data points of the dataset have different shapes, such as {shapes[0]} and "
            f"{next(s for s in shapes if s != shapes[0])}; pad them to one length"
        )
    return _Batch([np.stack(column) for column in zip(*leaves, strict=True)], items[0][1])


@dataclass(frozen=True, slots=True)
class _Batch:
    """Arrays (m, …) and how they are nested."""

    arrays: Rows
    nesting: Any


def _flat(batch: Any, flatten: Flatten) -> tuple[Rows, Any]:
    """The arrays of a batch, and the nesting."""
    return (batch.arrays, batch.nesting) if isinstance(batch, _Batch) else flatten(batch)


def _collected(batches: Iterable[Any], flatten: Flatten, pairs: bool) -> tuple[Rows, Any]:
    """The batches of an iterable, one after the other."""
    parts, nesting = [], None
    for batch in batches:
        _check_pair(batch, pairs, "a batch")
        arrays, nesting = _flat(batch, flatten)
        parts.append(arrays)
    if not parts:
        raise ValueError("the iterable of batches is empty, or was read before; make it anew")
    shapes = [[array.shape[1:] for array in arrays] for arrays in parts]
    different = next((shape for shape in shapes if shape != shapes[0]), None)
    if different is not None:
        raise ValueError(f"batches have data points of different shapes, such as {shapes[0]} and {different}")
    if any(not array.ndim for array in parts[0]):
        raise ValueError(
            "a batch holds a single number where an array (m, …) belongs; an iterable yields batches of rows"
        )
    return [np.concatenate(column) for column in zip(*parts, strict=True)], nesting


def _check_pair(batch: Any, pairs: bool, what: str) -> None:
    if pairs and not _is_pair(batch):
        shown = f"{len(batch)} of them" if isinstance(batch, tuple | list) else f"a {type(batch).__name__}"
        raise ValueError(f"{what} must be a pair (x, y) of inputs and targets, not {quoted(shown)[1:-1]}")


def _is_pair(batch: Any) -> bool:
    return isinstance(batch, tuple | list) and len(batch) == 2


def _is_array(data: Any) -> bool:
    return hasattr(data, "dtype") or hasattr(data, "__array__")


def _is_nesting(data: Any) -> bool:
    return isinstance(data, str | bytes | tuple | list | Mapping)


def _is_dataset(data: Any) -> bool:
    return not _is_array(data) and not _is_nesting(data) and hasattr(data, "__getitem__") and hasattr(data, "__len__")


def _is_stream(data: Any) -> bool:
    return not _is_array(data) and not _is_nesting(data) and not _is_dataset(data) and hasattr(data, "__iter__")
