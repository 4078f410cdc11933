r"""Whether a loss has kinks, as networks of ReLU and max-pooling have: where its gradient jumps, no series sees the other side.

Beside the parameters :math:`\theta`, along a random direction :math:`w`, the curvature of the slope

.. math:: \delta(t) = \bigl|\partial_w l(\theta+tw) + \partial_w l(\theta-tw) - 2\,\partial_w l(\theta)\bigr|

falls as :math:`t^2` where a loss is smooth.  Where it has kinks, as many are crossed as :math:`t` is long, each of which changes the
slope by as much, so that the mean of :math:`\delta` over data points falls as :math:`t` only.
"""

from __future__ import annotations

import numpy as np

from sgdsym.numeric.matrix_free.automatic import AutomaticCalculus
from sgdsym.numeric.matrix_free.calculus import Arrays, Floats
from sgdsym.numeric.matrix_free.confirm import STEPS, random_directions, tables

POINTS = 64  # data points that are looked at
ATTEMPTS = 3  # directions
_SMOOTH, _KINKED = 2.0, 1.0  # powers of the step
_FIRST = 1  # of the steps, which is short enough for most losses
_NOISE = 100.0  # how far above rounding a difference is taken for one


def has_kinks(calculus: AutomaticCalculus, epsilon: float, examples: Arrays, at_once: int = 1024) -> bool:
    """Whether the gradient of a loss jumps beside its parameters, at some data points; small losses may hide it.

    Args:
        calculus: the loss.
        epsilon: the precision in which it computes.
        examples: the data points, (m, …).
        at_once: how many data points, each at one step, are computed at once.
    """
    powers = []
    for attempt in range(ATTEMPTS):
        directions = random_directions(calculus, 2, np.random.default_rng(attempt))
        here, aside = tables(calculus, directions, examples, at_once)
        powers.append(falling_power(here[:, 2], aside[:, :, :, 2], epsilon))
    known = [power for power in powers if np.isfinite(power)]
    return bool(known) and float(np.median(known)) < (_SMOOTH + _KINKED) / 2


def falling_power(here: Floats, aside: Floats, epsilon: float) -> float:
    """The power of the step by which the curvature of slopes falls; nan where it is rounding.

    Args:
        here: the slopes at the parameters, (m,).
        aside: the slopes at the steps forward and back, (steps, 2, m).
        epsilon: the precision.

    >>> t = np.stack([STEPS, -STEPS], axis=1)[:, :, None]
    >>> round(falling_power(np.array([1.0]), np.exp(t), 1e-16), 2)
    2.0
    """
    sizes = np.abs(aside.sum(axis=1) - 2 * here).mean(axis=1)
    above = sizes > _NOISE * epsilon * np.abs(here).mean()
    # two gaps between steps where rounding allows, else one
    for last in (_FIRST + 2, _FIRST + 1):
        if above[_FIRST : last + 1].all() and np.isfinite(sizes[_FIRST : last + 1]).all():
            return float(np.log(sizes[_FIRST] / sizes[last]) / np.log(STEPS[_FIRST] / STEPS[last]))
    return float("nan")
