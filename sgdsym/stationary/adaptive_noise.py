r"""Adam with its own noise near a minimum: how far the weights spread, and what their gradients are divided by.

For :math:`m\leftarrow\beta m+(1-\beta)g`, :math:`v\leftarrow\rho v+(1-\rho)g^2`, :math:`w\leftarrow w-\eta\,m/\sqrt{v+\epsilon}` and
:math:`g=Hw+\xi` the recursion of (w, m, v) is linearised at :math:`(0, 0, \bar v)`.  There m has no mean, so that v moves w by a
product of two small things only: the weights see the constant preconditioner :math:`P^{-1}=(\bar v+\epsilon)^{-1/2}`, and

.. math:: \bar v = \mathrm{diag}(C + H\Sigma H), \qquad \Sigma = \text{the covariance with } \Lambda=\eta(1-\beta)P^{-1},\ \mu=\beta .

Both are solved together: steps that are too large raise the gradients, and so the divisor, until they are stable.

Knows the long run, without the bias corrections of the first steps.  What is left out is of the order of the spread of v.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdsym.quantities import FLOATS, finite
from sgdsym.stationary.lyapunov import stationary_covariance

LARGEST = 100  # weights, of which each has an equation
# Newton steps, halvings of each, the gap of logarithms that is none, and the width of forward differences of them,
# at which their error from curvature is about that from rounding
ROUNDS, HALVINGS, EXACTNESS, WIDTH = 100, 40, 1e-12, 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class AdamLaw:
    r"""The stationary law of Adam near a minimum.

    Attributes:
        covariance: :math:`\Sigma` of the weights, (p, p).
        second_moment: :math:`\bar v`, the mean of what the squares of gradients are averaged to, (p,).
        spread: the standard deviation of v over :math:`\bar v`, (p,), for normal noise that dominates the gradients,
            :math:`\sqrt{2(1-\rho)/(1+\rho)}`: what is left out of the covariance is of the order of its square.
    """

    covariance: Any
    second_moment: Any
    spread: Any


def adam_law(
    H: Any,  # noqa: N803
    C: Any,  # noqa: N803
    learning_rate: Any,
    *,
    first_decay: Any = 0.9,
    second_decay: Any = 0.999,
    epsilon: Any = 0,
) -> AdamLaw:
    r"""The stationary covariance of Adam on a quadratic loss, with the divisor that its own noise makes.

    Args:
        H: Hessian, (p, p), symmetric and positive definite.
        C: covariance of the gradient of a batch, (p, p), with noise on every weight.
        learning_rate: :math:`\eta`.
        first_decay: :math:`\beta`; 0 for RMSProp.
        second_decay: :math:`\rho`.
        epsilon: :math:`\epsilon`, inside the root.

    Returns:
        The law, in floats.

    Raises:
        ValueError: naming the number that is out of range, or if no divisor is found that agrees with its own noise.

    Derivation: the linearised recursion; for the frozen divisor :func:`~sgdsym.stationary.adaptive_covariance`.

    >>> law = adam_law([[1.0]], [[4.0]], 0.2, first_decay=0)            # Σ = λ v / 2h - ..., λ = 0.2/√v
    >>> rate = 0.2 / law.second_moment[0] ** 0.5
    >>> bool(abs(law.covariance[0, 0] - rate * 4 / (2 - rate)) < 1e-12), bool(abs(law.second_moment[0] - 4 - law.covariance[0, 0]) < 1e-9)
    (True, True)
    """
    hessian = FLOATS.positive_definite("the Hessian", H)
    size = hessian.shape[0]
    noise = FLOATS.semidefinite("the noise covariance", C, size)
    if size > LARGEST:
        raise ValueError(f"there are {size} weights; {LARGEST} are the most, since each has an equation")
    if not np.diag(noise).min() > 0:
        raise ValueError("the noise covariance is 0 for a weight, whose gradients Adam would divide by nothing")
    rate = float(FLOATS.learning_rate(learning_rate))
    beta, rho = (float(FLOATS.momentum(decay)) for decay in (first_decay, second_decay))
    floor = float(FLOATS.nonnegative("epsilon", epsilon))

    def covariance(logarithms: Any) -> Any:
        preconditioner = np.diag((np.exp(logarithms) + floor) ** -0.5)
        return stationary_covariance(hessian, noise, rate * (1 - beta), beta, preconditioner)

    def gap(logarithms: Any) -> Any:
        """How far the squares of the gradients are from what they are divided by; infinite where steps are unstable."""
        try:
            found = covariance(logarithms)
        except ValueError:
            return np.full(size, np.inf)
        return np.log(np.diag(noise + hessian @ found @ hessian)) - logarithms

    # from divisors so large that every step is stable
    largest = float(np.linalg.eigvalsh(hessian).max())
    start = np.log(np.maximum(np.diag(noise), (rate * largest) ** 2))
    logarithms = _root(gap, start)
    second = np.exp(logarithms)
    spread = np.full(size, np.sqrt(2 * (1 - rho) / (1 + rho)))
    return AdamLaw(finite("the covariance", covariance(logarithms)), second, spread)


def _root(function: Any, start: Any) -> Any:
    """Where a function of logarithms vanishes, by Newton steps that are halved until they help."""
    place, value = start, function(start)
    for _ in range(ROUNDS):
        if not np.abs(value).max() > EXACTNESS:
            return place
        slopes = np.array([(function(place + WIDTH * axis) - value) / WIDTH for axis in np.eye(len(place))]).T
        step = -np.linalg.solve(slopes, value) if np.isfinite(slopes).all() else value
        for _ in range(HALVINGS):
            moved = function(place + step)
            if np.abs(moved).max() < np.abs(value).max():
                break
            step = step / 2
        else:
            if np.abs(value).max() < np.sqrt(EXACTNESS):
                return place
            break
        place, value = place + step, moved
    raise ValueError("no divisor agrees with its own noise; take a smaller learning rate")
