r"""Closed-form derivative tensors of the logistic loss.

.. math:: l_n(\theta) = \log(1 + e^{-m_n}) + \tfrac{\lambda}{2}|\theta|^2, \qquad m_n = y_n\, x_n\cdot\theta,
          \qquad \nabla^k l_n = \varphi^{(k)}(m_n)\, y_n^k\, x_n^{\otimes k} + \ldots

The derivatives of :math:`\varphi(m) = \log(1 + e^{-m})` are polynomials in the sigmoid :math:`s = 1/(1+e^{-m})`: the
first is :math:`s - 1`, and :math:`ds/dm = s(1-s)` gives the next.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sgdsym.arrays import real_array

Floats = NDArray[np.float64]


def logistic_derivatives(
    features: ArrayLike,
    labels: ArrayLike,
    theta: ArrayLike,
    order: int,
    *,
    l2: float = 0.0,
    weights: ArrayLike | None = None,
    per_sample: Collection[int] | None = None,
) -> dict[int, Any]:
    r"""Derivative tensors of the logistic loss at one point, of degree 0 to ``order``.

    Args:
        features: the data points :math:`x_n`, shape (n, p); append a column of ones for a bias.
        labels: :math:`y_n = \pm1`, shape (n,).
        theta: the weights, shape (p,).
        order: the highest degree.
        l2: the strength :math:`\lambda` of the quadratic term.
        weights: probabilities of the data points for the means, uniform if left out.
        per_sample: the degrees wanted for every data point, all if left out; see
            :func:`sgdsym.numeric.sampled_degrees`.  Of the others only the mean is formed, without holding n tensors.

    Returns:
        By degree an array (n, p, …, p), or the mean (p, …, p).

    Raises:
        ValueError: if the shapes do not fit or the labels are not ±1.

    >>> tensors = logistic_derivatives([[1.0, 2.0]], [1], [0.0, 0.0], order=2)
    >>> tensors[1]
    array([[-0.5, -1. ]])
    >>> tensors[2][0]
    array([[0.25, 0.5 ],
           [0.5 , 1.  ]])
    """
    given = {"features": features, "labels": labels, "theta": theta}
    x, y, start = (real_array(value, name).astype(float) for name, value in given.items())
    _check(x, y, start, order)
    share = np.full(len(x), 1 / len(x)) if weights is None else real_array(weights, "weights").astype(float)
    if share.shape != y.shape:
        raise ValueError(f"weights has shape {share.shape}; there are {len(x)} data points, so it must be ({len(x)},)")
    slopes = _margin_derivatives(y * (x @ start), order)
    ridge = {0: l2 * (start @ start) / 2, 1: l2 * start, 2: l2 * np.eye(len(start))}
    tensors: dict[int, Any] = {}
    for k in range(order + 1):
        factor = slopes[k] * y**k
        if per_sample is None or k in per_sample:
            tensors[k] = (factor[:, None] * _powers(x, k)).reshape(len(x), *x.shape[1:] * k)
        else:
            # one matrix product of the two halves of x⊗…⊗x: about n p^(k/2) numbers are held instead of n p^k
            halves = _powers(x, k // 2), _powers(x, k - k // 2)
            tensors[k] = ((share * factor)[:, None] * halves[0]).T @ halves[1]
            tensors[k] = tensors[k].reshape(x.shape[1:] * k)
        if k in ridge:
            tensors[k] = tensors[k] + ridge[k]
    return tensors


def _check(x: Floats, y: Floats, theta: Floats, order: int) -> None:
    if x.ndim != 2 or not len(x):
        raise ValueError(f"features has shape {x.shape}; it must be (n, p) with at least one data point")
    if y.shape != x.shape[:1] or not np.isin(y, (-1, 1)).all():
        raise ValueError(f"labels must be {len(x)} numbers, each 1 or -1")
    if theta.shape != x.shape[1:]:
        p = x.shape[1]
        raise ValueError(f"theta has shape {theta.shape}; the features have {p} columns, so it must be ({p},)")
    if order < 0:
        raise ValueError(f"order must be at least 0, not {order}")


def _margin_derivatives(margin: Floats, order: int) -> list[Floats]:
    r"""The derivatives of :math:`\log(1+e^{-m})` of degree 0 to ``order`` at each margin."""
    # 1/(1 + e^-m) as it stands overflows for margins below -709
    sigmoid = np.exp(-np.logaddexp(0, -margin))
    polynomial = np.polynomial.Polynomial([-1, 1])
    slope = np.polynomial.Polynomial([0, 1, -1])
    derivatives = [np.logaddexp(0, -margin)]
    for _ in range(order):
        derivatives.append(polynomial(sigmoid))
        # by the chain rule: d/dm f(s) = f'(s) ds/dm, and ds/dm = s - s²
        polynomial = polynomial.deriv() * slope
    return derivatives


def _powers(x: Floats, degree: int) -> Floats:
    """The tensor power of each row, flattened: shape (n, p^degree)."""
    power = np.ones((len(x), 1))
    for _ in range(degree):
        power = (power[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return power
