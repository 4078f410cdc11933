r"""Learning-rate schedules that people run, as arrays: the rate :math:`\lambda_t` of each update in units of the learning rate.

They are what a series or a module takes as ``schedule`` that was expanded with a name in its place.  Updates are counted from
zero; a phase that falls to its last value would reach it at the update after its end, as in PyTorch's schedulers.

Knows formulas.  Refuses to know series.

>>> import sgdsym
>>> loss = sgdsym.expand(order=1, schedule="lambda").kernel()
>>> tensors = [[1.0, 3.0], [[1.0], [3.0]]]                       # losses and gradients of two data points
>>> loss.coefficients(tensors, schedule=step(4, every=2, factor=0.5))
array([  2., -12.])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sgdsym.arguments import read_integer, read_real

__all__ = ["exponential", "inverse_time", "linear", "step", "warmup_cosine", "warmup_stable_decay"]
# 0.8 GB of floats
MOST_STEPS = 10**8
Rates = NDArray[np.float64]


def warmup_cosine(steps: int, *, warmup: int, last: float = 0.0) -> Rates:
    r"""Linear warm-up, then half a cosine.

    .. math:: \lambda_t = \frac{t+1}{W} \ (t < W), \qquad
              \lambda_t = \lambda_* + \frac{1-\lambda_*}2\Bigl(1 + \cos\frac{\pi(t-W)}{T-W}\Bigr) \ (t \ge W)

    Args:
        steps: the number of updates :math:`T`.
        warmup: the number of updates of the warm-up :math:`W`, from 0 to ``steps``.
        last: the rate :math:`\lambda_*` that the cosine falls to.

    Returns:
        The rates, shape ``(steps,)``; those of PyTorch's ``LinearLR(start_factor=1/W, total_iters=W-1)`` and
        ``CosineAnnealingLR(T_max=T-W, eta_min=last)`` in sequence.

    Raises:
        ValueError: if an argument is no number of its range.

    Source: [Loshchilov2017]_, equation 5; [Goyal2017]_, section 2.2 (warm-up).

    >>> warmup_cosine(6, warmup=2).round(3).tolist()
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    times, warmup = _times(steps), _part("warmup", warmup, steps)
    last = read_real("last", last)
    rates = last + (1 - last) / 2 * (1 + np.cos(np.pi * (times - warmup) / max(len(times) - warmup, 1)))
    return _warmed_up(rates, warmup)


def linear(steps: int, *, first: float = 1.0, last: float = 0.0) -> Rates:
    r"""A straight line, :math:`\lambda_t = \lambda_0 + (\lambda_* - \lambda_0)\,t/T`.

    Args:
        steps: the number of updates :math:`T`.
        first: the rate :math:`\lambda_0` of the first update.
        last: the rate :math:`\lambda_*` that it goes to.

    Returns:
        The rates, shape ``(steps,)``; those of PyTorch's ``LinearLR(first, last, total_iters=T)``.

    Raises:
        ValueError: if an argument is no number of its range.

    >>> linear(4).tolist()
    [1.0, 0.75, 0.5, 0.25]
    """
    times = _times(steps)
    first = read_real("first", first)
    rates: Rates = first + (read_real("last", last) - first) * times / max(len(times), 1)
    return rates


def step(steps: int, *, every: int, factor: float = 0.1) -> Rates:
    r"""Constant pieces, :math:`\lambda_t = \gamma^{\lfloor t/S \rfloor}`.

    Args:
        steps: the number of updates.
        every: the number of updates :math:`S` of each piece.
        factor: the factor :math:`\gamma` from piece to piece.

    Returns:
        The rates, shape ``(steps,)``; those of PyTorch's ``StepLR(step_size=every, gamma=factor)``.

    Raises:
        ValueError: if an argument is no number of its range.

    >>> step(5, every=2, factor=0.5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    every = read_integer("every", every, least=1)
    rates: Rates = read_real("factor", factor) ** (_times(steps) // every)
    return rates


def exponential(steps: int, *, factor: float) -> Rates:
    r"""A geometric sequence, :math:`\lambda_t = \gamma^t`.

    Args:
        steps: the number of updates.
        factor: the factor :math:`\gamma` from update to update.

    Returns:
        The rates, shape ``(steps,)``; those of PyTorch's ``ExponentialLR(gamma=factor)``.

    Raises:
        ValueError: if an argument is no number of its range.

    >>> exponential(3, factor=0.5).tolist()
    [1.0, 0.5, 0.25]
    """
    rates: Rates = read_real("factor", factor) ** _times(steps)
    return rates


def inverse_time(steps: int, *, scale: float = 1.0) -> Rates:
    r"""The rates of stochastic approximation, :math:`\lambda_t = 1/(1 + t/\tau)`.

    Args:
        steps: the number of updates.
        scale: the number of updates :math:`\tau` after which the rate is one half, above 0.

    Returns:
        The rates, shape ``(steps,)``.

    Raises:
        ValueError: if an argument is no number of its range.

    Source: [Robbins1951]_.

    >>> inverse_time(4).round(3).tolist()
    [1.0, 0.5, 0.333, 0.25]
    """
    scale = read_real("scale", scale)
    if scale <= 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    rates: Rates = 1 / (1 + _times(steps) / scale)
    return rates


def warmup_stable_decay(steps: int, *, warmup: int, decay: int, last: float = 0.0) -> Rates:
    r"""Linear warm-up, a plateau, and a linear fall (WSD).

    .. math:: \lambda_t = \frac{t+1}{W} \ (t < W), \qquad \lambda_t = 1, \qquad
              \lambda_t = 1 - (1-\lambda_*)\frac{t-(T-D)}{D} \ (t \ge T-D)

    Args:
        steps: the number of updates :math:`T`.
        warmup: the number of updates of the warm-up :math:`W`.
        decay: the number of updates of the fall :math:`D`; both together at most ``steps``.
        last: the rate :math:`\lambda_*` that it falls to.

    Returns:
        The rates, shape ``(steps,)``.

    Raises:
        ValueError: if an argument is no number of its range.

    Source: [Hu2024]_, section 4.3.

    >>> warmup_stable_decay(8, warmup=2, decay=4).tolist()
    [0.5, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    times, warmup = _times(steps), _part("warmup", warmup, steps)
    decay = _part("decay", decay, len(times) - warmup)
    fallen = np.maximum(times - (len(times) - decay), 0) / max(decay, 1)
    return _warmed_up(1 - (1 - read_real("last", last)) * fallen, warmup)


def _times(steps: int) -> Rates:
    return np.arange(read_integer("steps", steps, least=0, most=MOST_STEPS), dtype=float)


def _part(name: str, updates: int, most: int) -> int:
    """The number of updates of a phase."""
    return read_integer(name, updates, least=0, most=most)


def _warmed_up(rates: Rates, warmup: int) -> Rates:
    """The rates with a linear warm-up in place of the first ones."""
    # the first update has the rate 1/W and not 0, which would waste it
    rates[:warmup] = np.arange(1, warmup + 1) / max(warmup, 1)
    return rates
