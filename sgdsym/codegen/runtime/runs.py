"""Whole runs: the noise-free registers and the cumulants of the noise around them, update by update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy as xp  # the library of a module

from sgdsym.codegen.runtime.numpy_arrays import _array, _check_finite
from sgdsym.codegen.runtime.program import (
    GAP,
    LISTED,
    NAMED,
    OBSERVED,
    RANK,
    READ_DEGREES,
    REGISTERS,
    SYMBOLS,
    _reading,
    _schedule,
    _update,
    _weight_decay,
)
from sgdsym.codegen.runtime.reading import _number
from sgdsym.codegen.runtime.run_inputs import _explain, _given, _read_schedule
from sgdsym.codegen.runtime.runs_noisy import _move_noise, _with_noise


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
