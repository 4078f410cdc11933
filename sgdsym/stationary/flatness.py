r"""Which way noise pushes the weights along a valley of minima: towards curvatures that the noise feels less.

Across a valley the weights fluctuate with their stationary covariance :math:`\Sigma`; where the Hessian changes along the valley,
the mean force of these fluctuations does not vanish.  Its leading order for every noise, where H and C do not commute too:

.. math:: \Delta\theta_k = -\frac{\lambda}{2(1-\mu)}\sum_{ij}\Sigma_{ij}\,\partial_kH_{ij} \quad\text{per step}

In the eigenbasis of H it is :math:`-\tfrac\lambda2\sum_i\Sigma_{ii}\nabla\lambda_i`, with the covariance held fixed under the
derivative.  For small steps and noise :math:`\sigma^2H/B`, that of labels, it descends :math:`\tfrac{\lambda\sigma^2}{4B}\mathrm{Tr}\,H`;
for isotropic noise :math:`\sigma^2I/B` it descends :math:`\tfrac{\lambda\sigma^2}{4B}\log\det H`.

Source: [Blanc2020]_; [Wei2019]_; [Damian2021]_.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.quantities import FLOATS, Arithmetic, range_projector, read_tensor, rounding, simplified, simplified_matrix
from sgdsym.stationary.lyapunov import covariance_in_range


def flat_diffusion(H: Any, C: Any, learning_rate: Any, momentum: Any = 0) -> Any:  # noqa: N803
    r"""The walk along the flat directions of a minimum: how much their covariance grows in a step, in the long run.

    .. math:: \Delta\Sigma = \frac{\lambda^2}{(1-\mu)^2}\,PCP \quad\text{per step}, \qquad P \text{ the projector onto the null space of } H

    There is no stationary covariance there.  Without momentum it is exact from the first step; with it the kicks of late steps are
    not over yet, which lacks a constant.

    Args:
        H: Hessian at the minimum, (p, p), positive semidefinite.
        C: covariance of the gradient of a batch, (p, p).
        learning_rate: :math:`\lambda`.
        momentum: :math:`\mu`, heavy-ball.

    Returns:
        The growth in a step, (p, p); zero where the Hessian is positive definite, or no noise reaches the flat directions.

    Raises:
        ValueError: naming the shape or the number that is wrong.

    >>> flat_diffusion([[1, 1], [1, 1]], [[1, 0], [0, 1]], sp.Rational(1, 2))
    Matrix([
    [ 1/8, -1/8],
    [-1/8,  1/8]])
    """
    arithmetic = Arithmetic.of(H, C, learning_rate, momentum)
    width = rounding(H)
    hessian = arithmetic.semidefinite("the Hessian", H)
    size = hessian.shape[0]
    noise = arithmetic.semidefinite("the noise covariance", C, size)
    rate, mu = arithmetic.learning_rate(learning_rate), arithmetic.momentum(momentum)
    one = arithmetic.identity(size)
    flat = one if arithmetic.is_zero(hessian) else one - range_projector(hessian, width)
    return simplified_matrix((rate / (1 - mu)) ** 2 * (flat @ noise @ flat))


def flatness_drift(H: Any, J: Any, C: Any, learning_rate: Any, momentum: Any = 0) -> Any:  # noqa: N803
    r"""The mean step of SGD along a valley of minima, :math:`-\tfrac{\lambda}{2(1-\mu)}\,\Sigma:\nabla H`.

    Args:
        H: Hessian at the minimum, (p, p), positive semidefinite; its null space is the valley.
        J: third derivative of the loss there, (p, p, p).
        C: covariance of the gradient of a batch, (p, p); what it has along the valley is left out.
        learning_rate: :math:`\lambda`.
        momentum: :math:`\mu`, heavy-ball.

    Returns:
        The mean change of the weights in a step, a column (p, 1), or an array (p,).  Only its part along the valley moves the
        weights for long: across it the weights settle where the gradient answers the rest.

    Raises:
        ValueError: naming the shape or the number that is wrong.

    >>> s, b, eta = sp.symbols("sigma B eta", positive=True)
    >>> third = [[[0, 0], [0, 3]], [[0, 3], [3, 0]]]          # h(x) y²/2 with h = 2, h' = 3 at y = 0
    >>> flatness_drift([[0, 0], [0, 2]], third, [[0, 0], [0, 2 * s**2 / b]], eta)[0]
    3*eta**2*sigma**2/(4*B*(eta - 1))
    """
    arithmetic = Arithmetic.of(H, C, learning_rate, momentum)
    arithmetic = Arithmetic.of(*np.ravel(_third(J))) if arithmetic.exact else FLOATS
    hessian = arithmetic.semidefinite("the Hessian", H)
    size = hessian.shape[0]
    noise = arithmetic.semidefinite("the noise covariance", C, size)
    rate, mu = arithmetic.learning_rate(learning_rate), arithmetic.momentum(momentum)
    third = _third(J) if arithmetic.exact else _third(J).astype(float)
    if third.shape != (size, size, size):
        raise ValueError(
            f"the third derivative has shape {third.shape}; the Hessian is {size}×{size}, so it must be cubic"
        )
    covariance = covariance_in_range(hessian, noise, rate, mu, rounding(H))
    force = np.einsum("ij,ijk->k", arithmetic.array(covariance), third)
    drift = force * (-rate / (2 * (1 - mu)))
    return sp.Matrix([simplified(entry) for entry in drift]) if arithmetic.exact else drift


def _third(tensor: Any) -> Any:
    return read_tensor("the third derivative", tensor).array
