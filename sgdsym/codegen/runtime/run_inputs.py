"""What is read along a run: derivatives at its weights, and the rates of a schedule."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy as xp  # the library of a module

from sgdsym.codegen.runtime.memory import _check_fits
from sgdsym.codegen.runtime.numpy_arrays import _array, _check_finite, _read_weights
from sgdsym.codegen.runtime.numpy_runs import _check_precision, _on_device
from sgdsym.codegen.runtime.program import MEAN_DEGREES, MEMORY, ROOT_DEGREES, SAMPLED_DEGREES
from sgdsym.codegen.runtime.reading import _check_shape, _pick


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
