"""Tensor networks of exact numbers, contracted pair by pair.

Numpy's own plans unwrap intermediate scalars of object arrays and then fail on them, and one sum over all indices at once takes
time that is exponential in their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def objects(values: Any) -> Array:
    """An array of objects, also of a single one.

    >>> objects(3)
    array(3, dtype=object)
    """
    array = np.empty(np.shape(values), dtype=object)
    array[...] = values
    return array


def contracted(network: Sequence[tuple[Array, Sequence[int]]], out: Sequence[int]) -> Array:
    """The sum over all indices but ``out`` of a product of arrays of objects.

    Args:
        network: arrays with the names of their indices, any integers.
        out: the indices of the result, in order.

    >>> contracted([(objects([[1, 2], [3, 4]]), [7, 8]), (objects([1, 10]), [8])], [7])
    array([21, 43], dtype=object)
    """
    left = list(network)
    array, axes = left.pop()
    while left:
        # the neighbour that leaves the fewest indices open comes next
        place = min(range(len(left)), key=lambda i: len(_open(axes, left, i, out)))
        kept = _open(axes, left, place, out)
        other, others = left.pop(place)
        array, axes = _summed([(array, axes), (other, others)], kept), kept
    return _summed([(array, axes)], out)


def _open(
    axes: Sequence[int], left: Sequence[tuple[Array, Sequence[int]]], chosen: int, out: Sequence[int]
) -> list[int]:
    """The indices that are open once one more tensor has been multiplied."""
    later = {i for place, (_, indices) in enumerate(left) if place != chosen for i in indices}.union(out)
    return [i for i in dict.fromkeys([*axes, *left[chosen][1]]) if i in later]


def _summed(operands: Sequence[tuple[Array, Sequence[int]]], out: Sequence[int]) -> Array:
    name = {i: n for n, i in enumerate(dict.fromkeys(i for _, axes in operands for i in axes))}
    parts: list[Any] = []
    for array, axes in operands:
        parts += [array, [name[i] for i in axes]]
    # numpy allows 52 indices in one sum, so that those of two tensors are numbered from 0 each time
    return objects(np.einsum(*parts, [name[i] for i in out]))
