"""Whole runs: the noise-free registers and the cumulants of the noise around them, update by update."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy as xp

from sgdsym.codegen.runtime.inputs import _check_names, _check_shape, _number, _pick
from sgdsym.codegen.runtime.libraries import _array, _check_finite, _check_fits, _read_weights
from sgdsym.codegen.runtime.program import (
    CUMULANTS,
    GAP,
    LISTED,
    MEAN_DEGREES,
    MEMORY,
    NAMED,
    OBSERVED,
    ORDER,
    RANK,
    READ_DEGREES,
    REGISTERS,
    ROOT_DEGREES,
    SAMPLED_DEGREES,
    _reading,
    _schedule,
    _step,
    _update,
    _values,
    _weight_decay,
)

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp


def _run(run: SimpleNamespace, derivatives_at: Callable[[Any], Any], root_derivatives_at: Any, history: bool) -> Any:
    """All that is read off along a run, or what is read off at its end."""
    rows = []
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(run.steps + 1):
            if history or t == run.steps:
                rows.append(_row(run, derivatives_at, root_derivatives_at, t))
            if t < run.steps:
                _advance(run, derivatives_at, t)
    return xp.stack(rows) if history else rows[-1]


def _begin(
    start: Any, learning_rate: Any, steps: Any, schedule: Any, weights: Any, symbols: Mapping[str, Any]
) -> SimpleNamespace:
    """Check the arguments; the registers, moved by nothing yet, and the cumulants of no noise."""
    start = _array(start, "start")
    if start.ndim != 1 or not start.size:
        raise ValueError(f"start must have shape (p,), not {start.shape}")
    _check_finite(start, "start")
    steps = _number("steps", steps)
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps must be an integer of at least 0, not {steps}")
    if LISTED is not None and steps > LISTED:
        raise ValueError(f"the optimiser has {LISTED} updates, too few for {steps} steps")
    rate = _array(learning_rate, "learning_rate")
    if rate.shape != ():
        raise ValueError(f"learning_rate must be a number, not of shape {rate.shape}")
    _check_finite(rate, "learning_rate")
    if NAMED:
        schedule = _read_schedule(schedule, steps)
    _check_names(symbols)
    sizes = {name: float(_number(name, value)) for name, value in symbols.items()}
    return SimpleNamespace(
        start=start,
        p=start.size,
        steps=steps,
        rate=float(rate),
        schedule=schedule if NAMED else _schedule(**sizes),
        weights=weights,
        symbols=sizes,
        moved=np.zeros((REGISTERS, start.size)),  # registers, without their start
        cumulants=None,
        known=None,
    )


def _row(run: SimpleNamespace, derivatives_at: Any, root_derivatives_at: Any, t: int) -> Any:
    """What is read off after t updates."""
    read = np.array(_reading(max(t, 1.0), **run.symbols), dtype=float)
    theta = run.start + read @ run.moved
    given = SimpleNamespace(means=None, noise=None, weights=None, given=[])
    if OBSERVED:
        given = _given(run, root_derivatives_at, theta, t, True)
    elif READ_DEGREES:
        given = _given(run, derivatives_at, theta, t)
    flat = theta - run.start if RANK == 1 else np.zeros((run.p,) * RANK)
    first = flat if RANK else 0.0 if GAP else given.means[0]
    for order, value in enumerate(values := _with_noise(run, given, first, read)):
        if not np.isfinite(np.asarray(value)).all():
            _explain(given, t)
            raise ValueError(
                f"the coefficient of order {order} overflows at step {t}; take a smaller learning rate, or fewer steps"
            )
    return xp.stack([xp.asarray(value) for value in values])


def _advance(run: SimpleNamespace, derivatives_at: Any, t: int) -> None:
    """One update of the registers and of the cumulants."""
    weight = 1.0 if run.schedule is None else float(run.schedule[t])
    matrix, gain, point = (np.array(part, dtype=float) for part in _update(t, weight, **run.symbols))
    theta = run.start + point @ run.moved
    given, decay = _given(run, derivatives_at, theta, t), _weight_decay(**run.symbols)
    slope = given.means[1] if decay is None else given.means[1] + decay * theta
    _move_noise(run, given, t, matrix, gain, point, decay)
    run.moved = matrix @ run.moved - run.rate * np.outer(gain, np.asarray(slope))
    if not np.abs(run.moved).max() < 1e100:
        _explain(given, t)
        raise ValueError(
            f"the noise-free run diverges: a weight is beyond 1e+100 after step {t + 1}; take a smaller learning rate"
        )


def _read_schedule(schedule: Any, steps: int) -> Any:
    """The rate of each update in units of the learning rate."""
    schedule = _array(schedule, "schedule")
    if schedule.shape != (steps,):
        raise ValueError(f"schedule must have shape ({steps},), a rate for each step, not {schedule.shape}")
    _check_finite(schedule, "schedule")
    return schedule


def _given(run: SimpleNamespace, derivatives_at: Any, theta: Any, t: int, roots: bool = False) -> SimpleNamespace:
    """The derivatives at some weights, checked: means, deviations from them at the data points, and the weights of these."""
    if not roots and run.known is not None and np.array_equal(run.known[0], theta):
        return run.known[1]  # type: ignore[no-any-return]
    try:
        given = (_read_roots if roots else _read)(run, derivatives_at(xp.asarray(theta)))
    except ValueError as error:
        raise ValueError(f"at step {t}: {str(error)[:250]}") from None
    if not roots:
        run.known = theta, given
    return given


def _read(run: SimpleNamespace, derivatives: Any) -> SimpleNamespace:
    """Check the arrays of one point of the run."""
    arrays = {k: _pick(derivatives, k, "derivatives_at(theta)") for k in sorted(SAMPLED_DEGREES + MEAN_DEGREES)}
    n = next((array.shape[0] for k, array in arrays.items() if array.ndim == k + 1), None)
    for k, array in arrays.items():
        _check_shape(array, k, n, run.p, f"derivatives_at(theta)[{k}]", k in SAMPLED_DEGREES)
    weights = _read_weights(run.weights, n)
    n = 1 if weights is None else len(weights)
    weights = np.ones(1) if weights is None else weights
    if run.known is None:
        count = sum(times * n**i * run.p**j for (i, j), times in MEMORY.items())
        _check_fits(
            8.0 * count, f"n = {n} and p = {run.p} need", "use fewer data points or parameters, or a lower order"
        )
    _check_precision(derivatives, arrays)
    means = {k: _mean(weights, array) if array.ndim == k + 1 else array for k, array in arrays.items()}
    noise = {k: arrays[k] - means[k] for k in SAMPLED_DEGREES}
    means, noise, weights = _on_device(means, noise, weights)
    named = [(f"derivatives_at(theta)[{k}]", array) for k, array in arrays.items()]
    return SimpleNamespace(means=means, noise=noise, weights=weights, given=named)


def _explain(given: SimpleNamespace, t: int) -> None:
    """Name the entry because of which a result is not finite, if it is one that was given."""
    try:
        for what, array in given.given:
            _check_finite(array, what)
    except ValueError as error:
        raise ValueError(f"at step {t}: {error}") from None


def _read_roots(run: SimpleNamespace, derivatives: Any) -> SimpleNamespace:
    """Check the derivatives of the observed function."""
    means = {k: _pick(derivatives, k, "root_derivatives_at(theta)") for k in ROOT_DEGREES}
    for k, array in means.items():
        if array.shape != (run.p,) * k:
            raise ValueError(f"root_derivatives_at(theta)[{k}] must have shape {(run.p,) * k}, not {array.shape}")
    arrays = [(f"root_derivatives_at(theta)[{k}]", array) for k, array in means.items()]
    return SimpleNamespace(means=means, noise={}, weights=np.ones(1), given=arrays)


def _mean(weights: Any, array: Any) -> Any:
    """The mean over the data points."""
    return (weights @ array.reshape(len(weights), -1)).reshape(array.shape[1:])


def _with_noise(run: SimpleNamespace, given: SimpleNamespace, first: Any, read: Any) -> list[Any]:
    """The coefficients of all orders, from the first."""
    if run.cumulants is None:
        return [first] + [np.zeros_like(first)] * ORDER
    return [first, *_values(run.cumulants, given.means, given.noise, given.weights, read)]


def _move_noise(
    run: SimpleNamespace, given: SimpleNamespace, t: int, matrix: Any, gain: Any, point: Any, decay: float | None
) -> None:
    """The cumulants after an update."""
    if not ORDER:
        return
    if run.cumulants is None:
        run.cumulants = _zeros(run.p, len(given.weights))
    run.cumulants = _step(run.cumulants, given.means, given.noise, given.weights, run.rate, matrix, gain, point, decay)
    if not all(np.isfinite(np.asarray(value)).all() for value in run.cumulants.values()):
        _explain(given, t)
        raise ValueError(f"the cumulants overflow at step {t}; take a smaller learning rate, or fewer steps")


def _zeros(p: int, n: int) -> dict[str, Any]:
    """The cumulants before the first step."""
    lengths = p * REGISTERS, n
    return {name: xp.zeros((lengths[0],) * legs + (lengths[1],) * points) for name, (legs, points) in CUMULANTS.items()}


def _move(tensor: Any, count: int, matrix: Any) -> Any:
    """The tensor with its first axes moved by the matrix."""
    for axis in range(count):
        tensor = xp.moveaxis(xp.tensordot(matrix, tensor, (1, axis)), 0, axis)
    return tensor


def _read_off(tensor: Any, axes: Iterable[int], point: Any) -> Any:
    """The tensor with registers read as weights on these axes."""
    for axis in axes:
        shape = (*tensor.shape[:axis], len(point), -1, *tensor.shape[axis + 1 :])
        tensor = xp.tensordot(point, tensor.reshape(shape), (0, axis))
    return tensor


def _enter(tensor: Any, axes: Iterable[int], gain: Any) -> Any:
    """The tensor with weights put into the registers on these axes."""
    for axis in axes:
        shape = (*tensor.shape[:axis], -1, *tensor.shape[axis + 1 :])
        whole = xp.expand_dims(tensor, axis) * gain.reshape((-1,) + (1,) * (tensor.ndim - axis))
        tensor = whole.reshape(shape)
    return tensor


def _over_places(tensor: Any, orders: Iterable[Sequence[int]]) -> Any:
    """The sum of the tensor with its axes in these orders."""
    return sum(tensor.transpose(order) for order in orders)


def _arrange(axes: str, tensor: Any) -> Any:
    return xp.einsum(axes, tensor)


def _check_precision(derivatives: Any, arrays: Any) -> None:
    """All is computed in double precision."""


def _check_precision_run(derivatives: Any, arrays: Any) -> None:
    """Refuse derivatives in double precision where JAX makes them single."""
    for k in arrays:
        if getattr(derivatives[k], "dtype", None) == "float64" and jnp.asarray(arrays[k]).dtype != "float64":
            raise ValueError(
                f"derivatives_at(theta)[{k}] is in double precision and JAX computes in single: call "
                "jax.config.update('jax_enable_x64', True) first, or give float32"
            )


def _on_device(*trees: Any) -> Any:
    """The arrays are where they are."""
    return trees


def _on_device_run(*trees: Any) -> Any:
    """The arrays as those of JAX."""
    return jax.tree.map(jnp.asarray, trees)


def _contract(axes: str, left: Any, right: Any) -> Any:
    """The contraction of two tensors, as one product of matrices, or one for each entry of the axes that stay in both."""
    shared, rows, inner, columns, left_axes, right_axes, left_first, right_first, back = _places(axes)
    left, right = left.transpose(left_axes), right.transpose(right_axes)
    batch, end = left.shape[:shared], shared + inner
    over = left.shape[shared:end] if left_first else left.shape[shared + rows :]
    tall = left.shape[end:] if left_first else left.shape[shared : shared + rows]
    wide = right.shape[end:] if right_first else right.shape[shared : shared + columns]
    size = math.prod(over)
    left = left.reshape(batch + ((size, -1) if left_first else (-1, size)))
    right = right.reshape(batch + ((size, -1) if right_first else (-1, size)))
    left = left.swapaxes(-1, -2) if left_first else left
    right = right if right_first else right.swapaxes(-1, -2)
    product = left @ right if inner else left * right
    return product.reshape(batch + tall + wide).transpose(back)


def _contract_run(axes: str, left: Any, right: Any) -> Any:
    """The contraction of two tensors."""
    return jnp.einsum(axes, left, right)


@functools.cache
def _places(axes: str) -> tuple[Any, ...]:
    """How the axes are arranged for a product of matrices: inner axes last, or first where they are first already, and back."""
    operands, out = axes.split("->")
    left, right = operands.split(",")
    shared = [a for a in left if a in right and a in out]
    inner = [a for a in left if a in right and a not in out]
    rows, columns = [a for a in left if a not in right], [a for a in right if a not in left]
    left_first = list(left) == shared + inner + rows
    # the columns in the order of the second tensor, the inner axes in that of the first
    right_first = list(right) != shared + columns + inner
    left_axes = [left.index(a) for a in shared + (inner + rows if left_first else rows + inner)]
    right_axes = [right.index(a) for a in shared + (inner + columns if right_first else columns + inner)]
    before = shared + rows + columns
    back = [before.index(a) for a in out]
    return len(shared), len(rows), len(inner), len(columns), left_axes, right_axes, left_first, right_first, back
