r"""Noise and covariance at a minimum of a mean-square loss that need not be 0, with weight decay, to leading order in 1/S.

The loss is :math:`L_\Gamma=L_0+\tfrac12w^\top\Gamma w`.  These are approximations: the losses of single points are taken to be close to
their mean, and the covariance of the weights to be of order 1/S; corrections are of order :math:`S^{-2}`.  For Gaussian inputs the
exact noise has :math:`+A\Sigma A` where the interpolating case here has :math:`-A\Sigma A`: see
:func:`~sgdsym.stationary.label_noise_law`.

Source: [Ziyin2022]_, theorem 5 and corollaries 2 and 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdsym.quantities import Arithmetic, check_commuting, has_symbols, rounding, simplified_matrix
from sgdsym.stationary.lyapunov import covariance_in_range


def minimum_noise(
    H: Any,  # noqa: N803
    *,
    batch_size: Any,
    loss: Any = 0,
    decay: Any = 0,
    weights: Any = None,
    covariance: Any = None,
) -> Any:
    r"""The covariance of the gradient of a batch at a minimum.

    .. math:: C = \begin{cases}\tfrac{2L_0}{S}H_0-\tfrac1S\Gamma w^*w^{*\top}\Gamma & \text{in general}\\[2pt]
              \tfrac1S(\mathrm{Tr}[H_0\Sigma]I-H_0\Sigma)H_0 & \text{where } L_0=0,\ \Gamma=0\end{cases}

    Args:
        H: Hessian :math:`H_0` of the loss without decay, (p, p), positive semidefinite.
        batch_size: :math:`S`.
        loss: :math:`L_0(w^*)`.
        decay: :math:`\Gamma`, a number or a symmetric matrix (p, p).
        weights: the p weights :math:`w^*`, needed where there is decay.
        covariance: :math:`\Sigma` of the weights, needed where loss and decay are 0; it must commute with H.

    Raises:
        ValueError: naming what is missing or out of range.

    >>> minimum_noise([[2]], batch_size=4, loss=3)
    Matrix([[3]])
    """
    arithmetic = Arithmetic.of(H, batch_size, loss, decay, weights, covariance)
    hessian = arithmetic.semidefinite("the Hessian", H)
    size = hessian.shape[0]
    batch = arithmetic.count("the batch size", batch_size)
    height = arithmetic.nonnegative("the loss", loss)
    gamma = arithmetic.symmetric("the decay", decay, size)
    decays = has_symbols(gamma) or any(entry != 0 for entry in np.ravel(gamma))
    if decays:
        if weights is None:
            raise ValueError("with weight decay the noise depends on the weights at the minimum; give weights")
        pull = gamma @ arithmetic.column("the weights", weights, size)
        return simplified_matrix((2 * height * hessian - pull @ pull.T) / batch)
    if has_symbols(height) or height != 0:
        return simplified_matrix(2 * height / batch * hessian)
    if covariance is None:
        raise ValueError(
            "at an interpolating minimum the noise depends on the covariance of the weights; give covariance"
        )
    sigma = arithmetic.semidefinite("the covariance", covariance, size)
    check_commuting("H", hessian, "covariance", sigma)
    identity = arithmetic.identity(size)
    return simplified_matrix(((hessian @ sigma).trace() * identity - hessian @ sigma) @ hessian / batch)


def minimum_covariance(
    H: Any,  # noqa: N803
    learning_rate: Any,
    momentum: Any = 0,
    *,
    batch_size: Any,
    loss: Any = 0,
    decay: Any = 0,
    weights: Any = None,
) -> Any:
    r"""The covariance of the weights at a minimum, in the range of :math:`H_0+\Gamma`.

    .. math:: P\Sigma = \frac1S\frac{\lambda}{1-\mu}\,(2L_0H_0-\Gamma w^*w^{*\top}\Gamma)\,(H_0+\Gamma)^+
              \Bigl[2I-\frac{\lambda}{1+\mu}(H_0+\Gamma)\Bigr]^{-1}

    which needs the noise to commute with :math:`H_0+\Gamma`; in general it is the stationary covariance for the noise of
    :func:`minimum_noise`, and that is what is computed.  An interpolating minimum without decay has none, to this order.

    Args:
        H: Hessian :math:`H_0`, (p, p), positive semidefinite.
        learning_rate: :math:`\lambda`, a number.
        momentum: :math:`\mu`.
        batch_size: :math:`S`.
        loss: :math:`L_0(w^*)`.
        decay: :math:`\Gamma`, a number or a symmetric matrix (p, p).
        weights: the p weights :math:`w^*`, needed where there is decay.

    Raises:
        ValueError: naming the number that is out of range; the noise may come out with a negative eigenvalue, where the
            approximation does not hold.

    >>> import sympy as sp
    >>> minimum_covariance([[2, 0], [0, 0]], sp.Rational(1, 2), batch_size=4, loss=1)
    Matrix([
    [1/4, 0],
    [  0, 0]])
    """
    arithmetic = Arithmetic.of(H, learning_rate, momentum, batch_size, loss, decay, weights)
    hessian = arithmetic.semidefinite("the Hessian", H)
    size = hessian.shape[0]
    rate = arithmetic.learning_rate(learning_rate)
    whole = hessian + arithmetic.symmetric("the decay", decay, size)
    still = arithmetic.zeros(size, size)
    noise = minimum_noise(H, batch_size=batch_size, loss=loss, decay=decay, weights=weights, covariance=still)
    held = arithmetic.momentum(momentum)
    return covariance_in_range(whole, noise, rate, held, rounding(H))
