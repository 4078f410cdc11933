"""What the modules of all resummed series do: exact coefficients, an eigenbasis of the Hessian, tensors times their time-sums.

Where updates differ, a time-sum follows the registers of all open edges from update to update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.inputs import _check_names, _check_shape, _number, _pick
from sgdsym.codegen.runtime.libraries import _check_finite, _read_weights
from sgdsym.codegen.runtime.program import (
    CLOCK,
    COUNT,
    EIGEN_INDICES,
    EPOCH,
    GAINS,
    MATRICES,
    MEAN_DEGREES,
    POINTS,
    READ,
    ROOT_DEGREES,
    SAMPLED_DEGREES,
    START,
    SYMBOLS,
    UPDATES,
    _check_sizes,
    _coefficients,
)
from sgdsym.codegen.runtime.steps import SLAB, _carry, _fastest, _read_steps, _slab, _time_sum

LARGEST = 2**30  # bytes of the largest tensor of a diagram


def _prepare(given: SimpleNamespace, rate: Any, steps: Any, symbols: Mapping[str, Any]) -> tuple[Any, SimpleNamespace]:
    """Diagonalise the Hessian; what every edge carries, for each pair of learning rate and steps."""
    if steps is not None:
        steps = _read_steps(steps)
        try:
            rate, steps = np.broadcast_arrays(rate, steps)
        except ValueError:
            shapes = f"learning_rate has shape {rate.shape} and steps {steps.shape}"
            raise ValueError(f"{shapes}; they must broadcast") from None
    hessian = given.means[2]
    size = 8.0 * len(hessian) ** EIGEN_INDICES
    if size > LARGEST:
        raise ValueError(
            f"a diagram has {EIGEN_INDICES} eigen-indices, a tensor of {size:.2g} bytes with p = {len(hessian)}; "
            "take a lower order or fewer parameters"
        )
    if not np.allclose(hessian, hessian.T, rtol=1e-8, atol=1e-12 * np.abs(hessian).max(initial=0.0)):
        raise ValueError("the mean of derivatives[2] is not symmetric")
    h, basis = np.linalg.eigh((hessian + hessian.T) / 2)
    run = SimpleNamespace(h=h, basis=basis, p=len(h), pairs=rate.size, rate=rate.ravel())
    run.steps = None if steps is None else steps.ravel()
    run.numbers = _numbers(symbols, run)
    _carry(run)
    return rate.shape, run


def _read(derivatives: Any, weights: Any) -> SimpleNamespace:
    """Check the arrays; collect means and samples by degree, the weights, and the number of parameters p."""
    arrays = {k: _pick(derivatives, k, "derivatives") for k in sorted(SAMPLED_DEGREES + MEAN_DEGREES)}
    p = next((array.shape[-1] for k, array in arrays.items() if k and array.ndim), None)
    n = next((array.shape[0] for k, array in arrays.items() if array.ndim == k + 1), None)
    for k, array in arrays.items():
        _check_shape(array, k, n, p, f"derivatives[{k}]", k in SAMPLED_DEGREES)
    weights = _read_weights(weights, n)
    means = {k: _mean(array, k, weights, f"derivatives[{k}]") for k, array in arrays.items()}
    return SimpleNamespace(means=means, samples=arrays, weights=weights, p=p)


def _read_roots(root_derivatives: Any, given: SimpleNamespace) -> dict[int, Any]:
    """Check the derivatives of the observed function; return their means by degree."""
    roots = {}
    n = None if given.weights is None else len(given.weights)
    for k in ROOT_DEGREES:
        what = f"root_derivatives[{k}]"
        array = _pick(root_derivatives, k, "root_derivatives")
        _check_shape(array, k, n, given.p, what, False)
        roots[k] = _mean(array, k, given.weights, what)
    return roots


def _mean(array: Any, k: int, weights: Any, what: str) -> Any:
    """The mean over the data points; it is finite only if every entry is."""
    with np.errstate(all="ignore"):
        mean = np.tensordot(weights, array, 1) if array.ndim == k + 1 else array
    if not np.isfinite(mean).all():
        _check_finite(array, what)
        raise ValueError(f"{what} is too large: its mean overflows")
    return mean


def _rotated(tensor: Any, basis: Any, first: int) -> Any:
    """The tensor in the eigenbasis, from the axis ``first`` on."""
    for axis in range(first, tensor.ndim):
        tensor = np.moveaxis(np.tensordot(tensor, basis, (axis, 0)), -1, axis)
    return tensor


def _contract(axes: str, *operands: Any) -> Any:
    """The contraction of a diagram's tensors, with one axis for every eigen-index."""
    return np.einsum(axes, *operands, optimize="greedy")


def _add(
    total: Any,
    run: SimpleNamespace,
    order: int,
    tensor: Any,
    letters: str,
    opened: int,
    sums: Any,
    edges: str = "",
    rooted: Sequence[int] = (),
) -> None:
    """Add learning_rate**order times the tensor times its time-sums, summed over all letters that are not open.

    That is done for each pair of learning rate and steps, a slab of entries at a time, which bounds the memory.
    letters: of the axes of the tensor, the open ones first.
    sums: for each product of time-sums the number of its coefficient, and its factors as _time_sum reads them.
    edges: the letter of each edge, where time-sums refer to edges by number; rooted: for each edge whether it ends at a root.
    """
    size, results = tensor.size, run.p**opened
    flat, values = total.reshape(-1), tensor.reshape(-1)
    slab = _slab(run, edges)
    for start in range(0, run.pairs * size, slab):
        pair, place = np.divmod(np.arange(start, min(start + slab, run.pairs * size)), size)
        at = dict(zip(letters, np.unravel_index(place, tensor.shape))) if letters else {}
        time = _time_sum(run, pair, at, sums, edges, rooted)
        target = pair * results + place // (size // results)
        flat += np.bincount(target, values[place] * time * run.rate[pair] ** order, len(flat))


def _finished(total: Any, run: SimpleNamespace, shape: Any) -> Any:
    """The sum in the given basis, one value for each pair of learning rate and steps."""
    if run.steps is not None and not np.isfinite(total).all():
        raise ValueError(
            f"the run diverges past all numbers: the Hessian has the eigenvalue {_fastest(run):.6g}; take fewer steps"
        )
    for axis in range(1, total.ndim):
        total = np.moveaxis(np.tensordot(total, run.basis, (axis, 1)), -1, axis)
    if total.ndim > 2:
        total = (total + total.swapaxes(1, 2)) / 2  # the open indices are not told apart
    total = total.reshape(shape + total.shape[1:])
    return float(total) if total.ndim == 0 else total


def _numbers(symbols: Mapping[str, Any], run: SimpleNamespace) -> tuple[Any, Any]:
    """The exact coefficients, each as two floats for every pair of learning rate and steps."""
    _check_names(symbols)
    exact = {name: _number(name, value) for name, value in symbols.items()}
    try:
        clocks = [{CLOCK: _number(CLOCK, value)} for value in run.steps.tolist()] if CLOCK else []
        rows = [_row(exact | clock) for clock in clocks] if CLOCK else [_row(exact)] * run.pairs
        heads = np.array([[float(c) for c in row] for row in rows]).reshape(run.pairs, COUNT)
        tails = np.array([[float(c - Fraction(float(c))) for c in row] for row in rows]).reshape(run.pairs, COUNT)
    except ArithmeticError as error:
        given = ", ".join(f"{name}={symbols[name]}"[:50] for name in SYMBOLS)
        raise ValueError(f"a coefficient has no value at {given[:150]}: {str(error)[:100]}") from None
    return heads, tails


def _row(sizes: Mapping[str, Any]) -> list[Fraction]:
    """The coefficients at these sizes, exactly."""
    _check_sizes(**sizes)
    found = _coefficients(**{name: Fraction(value) for name, value in sizes.items()})
    return [Fraction(found[i]) for i in range(COUNT)]


def _carry_followed(run: SimpleNamespace) -> None:
    """The registers of every update, for each pair of learning rate and eigenvalue."""
    run.moved = run.rate[:, None] * run.h
    if (run.steps != UPDATES).any():
        raise ValueError(
            f"there are {UPDATES} updates, so steps must be {UPDATES}, not {run.steps[run.steps != UPDATES][0]:.17g}"
        )
    numbers = run.numbers[0]
    run.matrices, run.gains, run.points = (numbers[:, np.array(places)] for places in (MATRICES, GAINS, POINTS))
    run.read = numbers[:, READ]


def _update(run: SimpleNamespace, t: int, pair: Any, place: Any) -> tuple[Any, Any, Any]:
    """What update t does to the registers of an edge: the matrix with its mean slope, the gain and the point."""
    matrix, gain, point = (part[pair, min(t, part.shape[1] - 1)] for part in (run.matrices, run.gains, run.points))
    gain = gain if t >= START else np.zeros_like(gain)
    slope = run.moved[pair, place][:, None, None] * gain[:, :, None] * point[:, None, :]
    return matrix - slope, gain, point


def _along(tensor: Any, axis: int, operand: Any) -> Any:
    """One axis of registers multiplied by a matrix, or contracted with a vector."""
    moved = np.moveaxis(tensor, axis, 1)
    letters = "nab,nb...->na..." if operand.ndim == 3 else "nb,nb...->n..."
    found = np.einsum(letters, operand, moved)
    return np.moveaxis(found, 1, axis) if operand.ndim == 3 else found


def _time_sum_followed(
    run: SimpleNamespace, pair: Any, at: Mapping[str, Any], sums: Any, edges: str, rooted: Sequence[int]
) -> Any:
    """The sum of products of time-sums, for each pair and each choice of the eigen-indices."""
    places = [at[letter] for letter in edges]
    known: dict[Any, Any] = {}
    total = np.zeros(pair.shape)
    with np.errstate(all="ignore"):
        for number, factors in sums:
            value = run.numbers[0][pair, number]
            for nodes, epochs in factors:
                if (nodes, epochs) not in known:
                    known[nodes, epochs] = _followed(run, pair, places, nodes, epochs)
                value = value * known[nodes, epochs]
            total = total + value
    return total


def _followed(
    run: SimpleNamespace, pair: Any, places: Any, nodes: Sequence[Sequence[int]], epochs: Sequence[int]
) -> Any:
    """The sum over all times of levels, between which these edges are open.

    The state is, for each number of levels done, a tensor with an axis of registers for each open edge: the last level in an
    earlier epoch, or in this one.
    """
    levels = len(nodes) - 1
    begins = {0, *np.cumsum(epochs).tolist()}
    before: dict[int, Any] = {0: np.ones(pair.shape)}
    within: dict[int, Any] = {}
    for t in range(UPDATES):
        if t % EPOCH == 0:
            within = {}
        updates = {edge: _update(run, t, pair, places[edge]) for node in nodes for edge in node}
        placed = {}
        for level in range(levels):
            source = before if level in begins else within
            if level in source:
                placed[level + 1] = _placed(source[level], nodes[level], nodes[level + 1], updates)
        before = {level: _advanced(tensor, nodes[level], updates) for level, tensor in before.items()}
        within = {level: _advanced(tensor, nodes[level], updates) for level, tensor in within.items()}
        for level, tensor in placed.items():
            within[level] = within[level] + tensor if level in within else tensor
        if (t + 1) % EPOCH == 0:
            for level, tensor in within.items():
                if level in begins:
                    before[level] = before[level] + tensor if level in before else tensor
    done = before.get(levels, np.zeros((len(pair), *[len(READ)] * len(nodes[-1]))))
    for _ in nodes[-1]:
        done = _along(done, 1, run.read[pair])
    return done


def _advanced(tensor: Any, edges: Sequence[int], updates: Mapping[int, Any]) -> Any:
    """All axes multiplied by the matrix of an update."""
    for axis, edge in enumerate(edges, 1):
        tensor = _along(tensor, axis, updates[edge][0])
    return tensor


def _placed(tensor: Any, edges: Sequence[int], later: Sequence[int], updates: Mapping[int, Any]) -> Any:
    """The tensor after a level: edges that end are closed, others move on, new ones open."""
    for axis, edge in reversed(list(enumerate(edges, 1))):
        if edge not in later:
            tensor = _along(tensor, axis, updates[edge][2])
    tensor = _advanced(tensor, [edge for edge in edges if edge in later], updates)
    for axis, edge in enumerate(later, 1):
        if edge not in edges:
            gain = updates[edge][1]
            tensor = np.expand_dims(tensor, axis) * gain.reshape(
                len(gain), *[1] * (axis - 1), -1, *[1] * (tensor.ndim - axis)
            )
    return tensor


def _slab_followed(run: SimpleNamespace, edges: str) -> int:
    """How many time-sums are worked on at once: every one is a tensor of the registers of its edges."""
    return max(1, SLAB // int(len(READ) ** len(edges)))
