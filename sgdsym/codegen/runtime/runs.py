"""Whole runs: the noise-free registers and the cumulants of the noise around them, update by update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy as xp

from sgdsym.codegen.runtime.numpy_arrays import (
    _array,
    _check_finite,
    _check_fits,
    _check_shape,
    _number,
    _pick,
    _read_weights,
)
from sgdsym.codegen.runtime.numpy_runs import _check_precision, _on_device
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
    SYMBOLS,
    _reading,
    _schedule,
    _step,
    _update,
    _values,
    _weight_decay,
)


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
    unknown = sorted(set(symbols) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"unknown symbol {unknown[0]}; the symbols are: {', '.join(SYMBOLS) or 'none'}")
    missing = [name for name in SYMBOLS if name not in symbols]
    if missing:
        raise ValueError(f"the symbol {missing[0]} is missing; pass {missing[0]}=...")
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
