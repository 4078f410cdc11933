"""What kernels do: the metric, moments, packed symmetric storage, and groups of a sample; of numpy, where libraries differ."""

from __future__ import annotations

import functools
import itertools
import math
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy as xp  # the library of a module

from sgdsym.codegen.runtime.program import ORDER

if TYPE_CHECKING:
    import jax.numpy as jnp
    import torch


def _constant(array: Any, like: Any) -> Any:
    """An array of numpy as one of the library, with the type and place of another; written out where it is called."""
    return array


def _constant_jax(array: Any, like: Any) -> Any:
    """An array of numpy as one of the library, with the type and place of another; written out where it is called."""
    return jnp.asarray(array, dtype=like.dtype)


def _constant_torch(array: Any, like: Any) -> Any:
    """An array of numpy as one of the library, with the type and place of another; written out where it is called."""
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)


def _inner(left: Any, right: Any) -> Any:
    """The sum of the product of two arrays of one shape, likewise."""
    return np.vdot(left, right)


def _inner_jax(left: Any, right: Any) -> Any:
    """The sum of the product of two arrays of one shape, likewise."""
    return jnp.vdot(left, right)


def _inner_torch(left: Any, right: Any) -> Any:
    """The sum of the product of two arrays of one shape, likewise."""
    return (left * right).sum()


def _taken(flat: Any, places: Any) -> Any:
    """Entries of a flat array, likewise; faster than an index."""
    return flat.take(places)


def _taken_jax(flat: Any, places: Any) -> Any:
    """Entries of a flat array, likewise."""
    return flat[places]


def _taken_torch(flat: Any, places: Any) -> Any:
    """Entries of a flat array, likewise."""
    return flat[places]


def _moments(samples: Any, over_points: Any, over_indices: Any) -> list[Any]:
    """Sums over n of a[n, ...] * samples[n, ...], then sums over n, i of b[n, i, ...] * samples[n, i, ...], in one pass."""
    n, p = samples.shape[:2]
    first = np.concatenate([np.empty((0, n)), *(a.reshape(n, -1).T for a in over_points)])
    second = np.concatenate([np.empty((0, n, p)), *(b.reshape(n, p, -1).transpose(2, 0, 1) for b in over_indices)])
    if samples.ndim < 4 and not over_indices:
        sums, totals = first @ samples.reshape(n, -1), second
    else:
        make = _few_moments if len(first) + len(second) < 8 else _many_moments
        sums, totals = make(samples, first, second)
    ends = np.cumsum([a.size // n for a in over_points]), np.cumsum([b.size // (n * p) for b in over_indices])
    return [part.reshape(a.shape[1:] + samples.shape[1:]) for a, part in zip(over_points, np.split(sums, ends[0]))] + [
        part.reshape(b.shape[2:] + samples.shape[2:]) for b, part in zip(over_indices, np.split(totals, ends[1]))
    ]


def _few_moments(samples: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Few sums, for which memory is the limit: blocks of eight points, and as little as possible to add up for each."""
    flat = samples.reshape(*samples.shape[:2], -1)
    n, p, size = flat.shape
    factors = np.concatenate([np.broadcast_to(first, (p, *first.shape)), second.transpose(2, 0, 1)], axis=1)
    found, ones = _apart(flat, factors.shape[1] * p * size).reshape(-1, p, size), np.ones(p)
    sums, totals = np.zeros((len(first), p, size)), np.zeros((len(second), size))
    for block in _blocks(n, p * size, 0):
        part = flat[block].transpose(1, 0, 2)
        np.matmul(np.ascontiguousarray(factors[:, :, block]), part, out=found.transpose(1, 0, 2))
        sums += found[: len(first)]
        totals += ones @ found[len(first) :]
    return sums, totals


def _apart(array: Any, size: int) -> Any:
    """Room half a page away from an array: a core takes a store for the load of an address with the same last twelve bits."""
    room = np.empty(size + 512)
    start = (array.ctypes.data + 2048 - room.ctypes.data) % 4096 // 8
    return room[start : start + size]


def _many_moments(samples: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Many sums, for which multiplications are the limit: every sorted tuple of the indices behind the first once."""
    n, p = samples.shape[:2]
    flat = samples.reshape(n, p, -1)
    chosen, place = _sorted_tuples(p, samples.ndim - 2)
    sums, totals = np.empty((len(first), p, len(chosen))), np.zeros((len(second), len(chosen)))
    step = max(1, 2**17 // (n * len(chosen)))
    for start in range(0, p, step):
        rows = slice(start, start + step)
        part = np.ascontiguousarray(flat[:, rows][:, :, chosen])
        sums[:, rows] = np.tensordot(first, part, 1)
        totals += np.tensordot(second[:, :, rows], part, 2)
    unused = 0.0 * flat.sum()  # entries that are not chosen must be finite too
    return sums.take(place, axis=2) + unused, totals.take(place, axis=1) + unused


@functools.lru_cache(maxsize=8)
def _sorted_tuples(p: int, degree: int) -> Any:
    """The places in a flat tensor of the sorted tuples of indices, and which of them each place has, its indices sorted."""
    places = np.arange(p**degree).reshape((p,) * degree)
    indices = np.sort(np.indices(places.shape).reshape(degree, -1), axis=0)
    return np.unique(places[tuple(indices)], return_inverse=True)


def _blocks(n: int, size: int, largest_sum: int) -> list[slice]:
    """Slices of n rows with ``size`` numbers each: 128 kB, or eight rows, or twice what is added up."""
    step = max(8, 2**14 // size, 2 * largest_sum // size)
    return [slice(start, start + step) for start in range(0, n, step)]


def _products(start: Any, vectors: Any, held: int, length: int, by_last: bool) -> Any:
    """Products of entries with sorted indices, (tuples, n), by the last index or by the first, from those of fewer."""
    vectors, product = np.ascontiguousarray(vectors), np.ascontiguousarray(start)
    p, n = vectors.shape
    for kept in range(held, length):
        larger, filled = np.empty((math.comb(p + kept, kept + 1), n)), 0
        for k, rows in _sorted_slices(p, kept, by_last):
            part = product[rows]
            np.multiply(part, vectors[k], out=larger[filled : filled + len(part)])
            filled += len(part)
        product = larger
    return product


def _products_jax(start: Any, vectors: Any, held: int, length: int, by_last: bool) -> Any:
    """Products of entries with sorted indices, (tuples, n), by the last index or by the first, from those of fewer."""
    product = start
    for kept in range(held, length):
        slices = _sorted_slices(len(vectors), kept, by_last)
        product = jnp.concatenate([product[rows] * vectors[k] for k, rows in slices])
    return product


def _products_torch(start: Any, vectors: Any, held: int, length: int, by_last: bool) -> Any:
    """Products of entries with sorted indices, (tuples, n), by the last index or by the first, from those of fewer."""
    product = start
    for kept in range(held, length):
        slices = _sorted_slices(len(vectors), kept, by_last)
        product = torch.concatenate([product[rows] * vectors[k] for k, rows in slices])
    return product


def _sorted_slices(p: int, kept: int, by_last: bool) -> list[tuple[int, slice]]:
    """For each index the sorted tuples that end at most with it, in the order of the last, or begin at least with it."""
    if by_last:
        return [(k, slice(0, math.comb(k + kept, kept))) for k in range(p)]
    return [(k, slice(-math.comb(p - k + kept - 1, kept), None)) for k in range(p)]


def _raised(tensor: Any, metric: Any, *axes: int) -> Any:
    """The tensor with the inverse metric applied to some of its axes."""
    if metric is None:
        return tensor
    for axis in axes:
        if metric.ndim == 1:
            tensor = tensor * metric.reshape((-1,) + (1,) * (tensor.ndim - axis - 1))
        else:
            tensor = xp.moveaxis(xp.tensordot(tensor, metric, ([axis], [0])), -1, axis)
    return tensor


def _squares(vectors: Any) -> Any:
    """The entries i <= j of the squares of vectors[n, i]: (pairs, n)."""
    return _products(vectors.T, vectors.T, 1, 2, True)


def _pairs(matrices: Any) -> Any:
    """The entries i <= j of matrices[n, i, j]: (pairs, n)."""
    first, last, _, _ = _sorted_pairs(matrices.shape[1])
    return matrices[:, first, last].T


def _pair_product(pairs: Any, tensor: Any) -> Any:
    """Sum over i, j of the matrices with these pairs, for each n, times tensor[i, j, ...], both symmetric."""
    p, rest = tensor.shape[0], tensor.ndim - 2
    first, last, times, place = _sorted_pairs(p)
    flat = tensor.reshape(-1, p * p)[:, first * p + last]
    flat = flat * _constant(times, tensor)
    if rest > 1:
        flat = flat.reshape(-1, p, p, len(first))[:, first, last].reshape(-1, len(first))
    product = (flat @ pairs).T
    if rest < 2:
        return product
    return product.reshape(len(product), -1, len(first))[:, :, place].reshape(product.shape[:1] + tensor.shape[2:])


@functools.lru_cache(maxsize=8)
def _sorted_pairs(p: int) -> tuple[Any, Any, Any, Any]:
    """The pairs of indices first <= last, in how many orders each occurs, and which pair each two indices are."""
    last, first = np.tril_indices(p)
    place = np.empty((p, p), dtype=int)
    place[first, last] = place[last, first] = np.arange(len(first))
    return first, last, np.where(first == last, 1.0, 2.0), place


def _power(tensor: Any, vectors: Any, squares: Any, weights: Any) -> Any:
    """Sum over n of weights[n] * tensor(v_n, ..., v_n) for a symmetric tensor: every sorted tuple of indices once."""
    p, half = vectors.shape[-1], tensor.ndim - tensor.ndim // 2
    left = _products(squares, vectors.T, 2, half, True)
    right = _products(weights * vectors.T, vectors.T, 1, tensor.ndim - half, False)
    flat, total = tensor.reshape(-1), 0.0
    for low, high, start, places, orders in _sorted_halves(p, tensor.ndim):
        entries = _taken(flat, places) * _constant(orders, vectors)
        total = total + _inner(entries @ right[start:], left[low:high])
    return total


@functools.lru_cache(maxsize=8)
def _sorted_halves(p: int, degree: int) -> list[tuple[Any, ...]]:
    """The sorted tuples of indices, cut in two halves.

    Returns blocks: ranges of the first halves, which are sorted by their last index, and of the second ones, sorted by
    their first, the places of the joined tuples in a flat tensor, and in how many orders each occurs, 0 if not sorted.
    """
    first, second = (
        np.array(list(itertools.combinations_with_replacement(range(p), length)), dtype=int)
        for length in (degree - degree // 2, degree // 2)
    )
    first = first[np.lexsort(first.T)]  # by the last index, then the one before it
    rows, columns = (half @ p ** np.arange(half.shape[1])[::-1] for half in (first * p ** second.shape[1], second))
    shared = np.array([[1.0 / math.comb(r + s, r) for s in range(degree + 1)] for r in range(degree + 1)])
    apart = 1.0 / _orders(first)[:, None], math.factorial(degree) / _orders(second)
    runs, blocks, step = (second == second[:, :1]).sum(axis=1), [], -(-p // 16)
    for index in range(0, p, step):
        low, high = np.searchsorted(first[:, -1], (index, index + step))
        start = np.searchsorted(second[:, 0], index)
        ends, begins = first[low:high, -1:], second[start:, 0]
        together = np.where(ends == begins, (first[low:high] == ends).sum(axis=1)[:, None], 0)
        orders = apart[0][low:high] * apart[1][start:] * shared[together, runs[start:]]
        blocks.append((low, high, start, rows[low:high, None] + columns[start:], np.where(ends <= begins, orders, 0.0)))
    return blocks


def _orders(tuples: Any) -> Any:
    """The product of the factorials of how often each index occurs in a sorted tuple."""
    product, run = np.ones(len(tuples)), np.ones(len(tuples))
    for before, column in zip(tuples.T, tuples.T[1:]):
        run = np.where(before == column, run + 1.0, 1.0)
        product = product * run
    return product


def _whole(above: Any, below: int) -> int:
    """The exponent above / below, which must be a whole number."""
    if not isinstance(above, int):
        raise ValueError("an exponent is no whole number")
    if above % below:
        raise ValueError(f"an exponent is {above}/{below}, which is no whole number")
    return above // below


def _at(series: Any, rate: Any) -> Any:
    rate = rate.reshape(tuple(rate.shape) + (1,) * (series.ndim - 1))
    return sum(series[k] * rate**k for k in range(ORDER + 1))


def _groups(n: int) -> list[list[int]]:
    """The data points in at most 20 groups of nearly one size, mixed in the same way every time."""
    draw = random.Random(n)
    mixed = sorted(range(n), key=lambda _: draw.random())
    return [mixed[start::20] for start in range(min(n, 20))]


def _slots(number: Any) -> int:
    """The number of updates in an epoch."""
    if not number or number != int(number):
        raise ValueError(f"an epoch has {number} updates, which must be a whole number")
    return int(number)
