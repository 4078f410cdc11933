r"""What SGD does: thousands of real runs, side by side.

Every run draws one data point a step, with replacement, and each learning rate sees the same draws.  Beside the plain
mean of the loss a *sharpened* one is formed, with less noise.  From the draws alone, without any run, follow

.. math:: u_T = -\sum_{t} \nabla l_{n_t}, \qquad v_T = -\sum_{t} \nabla^2 l_{n_t}\, u_t

at the start, and the three numbers :math:`G\cdot u_T`, :math:`\tfrac12 u_T\cdot H u_T` and :math:`G\cdot v_T`, which
explain most of how the loss fluctuates from run to run.  Their means are elementary: :math:`-T|G|^2`,
:math:`\tfrac12(T\,C:H + T^2\,G\cdot HG)` and :math:`\binom T2 G\cdot HG`.  They serve as control variates, with
regression coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgdsym.demo.problem import Problem

Floats = NDArray[np.float64]
# runs: their weights at 12 learning rates, 65 each, take 1.6 MB
SIDE_BY_SIDE = 250


@dataclass(frozen=True, slots=True)
class Measurement:
    """The mean loss after some steps at a learning rate.

    Attributes:
        learning_rate: the learning rate.
        steps: the number of steps.
        mean: the plain mean over the runs.
        standard_error: of the plain mean.
        sharp_mean: the mean with control variates.
        sharp_error: the standard error of that.
    """

    learning_rate: float
    steps: int
    mean: float
    standard_error: float
    sharp_mean: float
    sharp_error: float


def measure(
    problem: Problem,
    learning_rates: Sequence[float],
    steps: Sequence[int],
    *,
    runs: int,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> list[Measurement]:
    """Run SGD many times and average the population loss, at every learning rate after every number of steps.

    Args:
        problem: the data and the loss.
        learning_rates: the learning rates.
        steps: the numbers of steps, increasing.
        runs: the number of runs; equal seeds give equal numbers.
        seed: seed of the draws.
        progress: called with a line of text now and then.

    Returns:
        One measurement for each learning rate and number of steps, learning rates first.

    >>> pair = Problem("two points", np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([1, -1]))
    >>> [m.steps for m in measure(pair, [0.1], [1, 5], runs=100)]
    [1, 5]
    """
    if runs < 10:
        raise ValueError(f"runs must be at least 10, not {runs}")
    start = problem.derivatives(2, per_sample={1, 2})
    sizes = [SIDE_BY_SIDE] * (runs // SIDE_BY_SIDE) + [runs % SIDE_BY_SIDE] * (runs % SIDE_BY_SIDE > 0)
    losses, controls = [], []
    for batch, (size, source) in enumerate(zip(sizes, np.random.SeedSequence(seed).spawn(len(sizes)), strict=True)):
        draws = np.random.default_rng(source).integers(problem.points, size=(steps[-1], size))
        losses.append(_losses(problem, np.asarray(learning_rates), steps, draws))
        controls.append(_controls(start, steps, draws))
        if progress and batch % 20 == 19:
            progress(f"SGD: {sum(sizes[: batch + 1])} of {runs} runs")
    return _averaged(learning_rates, steps, np.concatenate(losses, -1), np.concatenate(controls, -1), start)


def _losses(problem: Problem, rates: Floats, steps: Sequence[int], draws: NDArray[np.int64]) -> Floats:
    """Population loss of each run at each stop, shape (stops, rates, runs)."""
    signed = problem.features * problem.labels[:, None]
    weights = np.zeros((len(rates), draws.shape[1], problem.width))
    found = []
    for t, drawn in enumerate(draws, start=1):
        points = signed[drawn]
        margins = np.einsum("rp,erp->er", points, weights)
        # the slope of log(1 + e^-m) is -1/(1 + e^m)
        weights += (rates[:, None] / (1 + np.exp(margins)))[:, :, None] * points
        if t in steps:
            # one learning rate at a time: the margins with all images then stay in the cache
            found.append([np.log(1 + np.exp(-w @ signed.T)).mean(axis=-1) for w in weights])
    return np.array(found)


def _controls(start: dict[int, Any], steps: Sequence[int], draws: NDArray[np.int64]) -> Floats:
    """The three control variates of each run at each stop, shape (stops, 3, runs)."""
    gradients, gradient, hessian = start[1], start[1].mean(axis=0), start[2].mean(axis=0)
    bent = start[2] @ gradient
    u = np.zeros((draws.shape[1], len(gradient)))
    along_v = np.zeros(draws.shape[1])
    found = []
    for t, drawn in enumerate(draws, start=1):
        # v is formed with u before the step, the displacement at which this gradient is taken
        along_v -= np.einsum("rp,rp->r", bent[drawn], u)
        u -= gradients[drawn]
        if t in steps:
            found.append([u @ gradient, np.einsum("rp,rp->r", u @ hessian, u) / 2, along_v.copy()])
    return np.array(found)


def _control_means(start: dict[int, Any], steps: int) -> Floats:
    gradients, gradient, hessian = start[1], start[1].mean(axis=0), start[2].mean(axis=0)
    noise = gradients.T @ gradients / len(gradients) - np.outer(gradient, gradient)
    bend = gradient @ hessian @ gradient
    return np.array(
        [
            -steps * gradient @ gradient,
            (steps * np.vdot(noise, hessian) + steps**2 * bend) / 2,
            steps * (steps - 1) / 2 * bend,
        ]
    )


def _averaged(
    rates: Sequence[float], steps: Sequence[int], losses: Floats, controls: Floats, start: dict[int, Any]
) -> list[Measurement]:
    runs = losses.shape[-1]
    found = []
    for j, rate in enumerate(rates):
        for i, stop in enumerate(steps):
            loss = losses[i, j]
            mean = loss.mean()
            centred = controls[i] - controls[i].mean(axis=1, keepdims=True)
            # the coefficients of least variance; estimated from the same runs, they bias the mean by a share of
            # 1/runs only
            slopes = np.linalg.lstsq(centred.T, loss - mean, rcond=None)[0]
            left = loss - mean - slopes @ centred
            sharp = mean - slopes @ (controls[i].mean(axis=1) - _control_means(start, stop))
            plain_error, sharp_error = (float(x.std(ddof=1) / np.sqrt(runs)) for x in (loss, left))
            found.append(Measurement(rate, stop, float(mean), plain_error, float(sharp), sharp_error))
    return found
