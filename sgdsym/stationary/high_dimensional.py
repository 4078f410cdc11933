r"""Linear regression with as many weights as data points, and the law of minibatch SGD on it.

N data points, D weights, both large with :math:`\alpha=N/D` fixed; the noise is decoupled from the inputs.

Source: [Ziyin2022]_, proposition 4 and theorem 6.  The covariance follows from
the same equation.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.quantities import Arithmetic, has_symbols, inverse_of_positive, simplified, simplified_matrix, single
from sgdsym.stationary.regression import RegressionLaw, check_share


def high_dimensional_law(
    A: Any,  # noqa: N803
    learning_rate: Any,
    *,
    batch_size: Any,
    label_variance: Any,
    ratio: Any,
) -> RegressionLaw:
    r"""Where SGD settles when the training set has :math:`\alpha` data points per weight.

    .. math:: C=\tfrac1S(\mathrm{Tr}[\hat A\Sigma]I-\hat A\Sigma)\hat A+\tfrac{f}{S}\hat A,\qquad
              f=\max\{0,\sigma^2(1-\tfrac1\alpha)\}

    .. math:: \mathrm{Tr}[\hat A\Sigma]=\tfrac{\lambda f}{S}\hat\kappa,\quad
              \hat\kappa=\frac{\mathrm{Tr}[\hat G^{-1}\hat A]}{1-\tfrac\lambda S\mathrm{Tr}[\hat G^{-1}\hat A]},\quad
              \hat G=2I-\lambda\bigl(1-\tfrac1S\bigr)\hat A,\quad
              \Sigma=\tfrac\lambda S(\mathrm{Tr}[\hat A\Sigma]+f)\,\hat G^{-1}

    It is stable exactly if :math:`\hat G` is positive definite and :math:`\sum_i\bigl(\tfrac{2}{\lambda a_i}-1+\tfrac1S\bigr)^{-1}<S`.
    With :math:`\alpha\le1` the model interpolates and nothing fluctuates.

    Args:
        A: covariance :math:`\hat A` of the inputs in the training set, (D, D), symmetric and positive definite.
        learning_rate: :math:`\lambda`.
        batch_size: :math:`S`.
        label_variance: :math:`\sigma^2`.
        ratio: :math:`\alpha`, data points per weight.

    Returns:
        The law; ``strength`` is :math:`\hat\kappa` and ``excess_loss`` half of :math:`\mathrm{Tr}[\hat A\Sigma]`, on the training set.

    Raises:
        ValueError: naming the number that is out of range, or the stability condition that fails.

    >>> law = high_dimensional_law([[1, 0], [0, 1]], sp.Rational(1, 2), batch_size=4, label_variance=2, ratio=2)
    >>> law.strength, law.covariance
    (16/11, Matrix([
    [1/11,    0],
    [   0, 1/11]]))
    """
    arithmetic = Arithmetic.of(A, learning_rate, batch_size, label_variance, ratio)
    inputs = arithmetic.positive_definite("A", A)
    rate = arithmetic.learning_rate(learning_rate)
    batch = arithmetic.count("the batch size", batch_size)
    alpha = single("the ratio", arithmetic.positive("the ratio of data points to weights", ratio))
    floor = arithmetic.nonnegative("the label variance", label_variance) * (1 - 1 / alpha)
    floor = sp.Max(0, floor) if has_symbols(floor) else max(floor, 0)
    identity = arithmetic.identity(inputs.shape[0])
    over = inverse_of_positive(2 * identity - rate * (1 - 1 / batch) * inputs, "the matrix G = 2I - lambda(1 - 1/S)A")
    share = simplified(rate * (over @ inputs).trace())
    check_share(share, batch, "lambda Tr[G^-1 A]")
    strength = simplified(share / rate * batch / (batch - share))
    trace = simplified(rate * floor / batch * strength)
    covariance = simplified_matrix(rate / batch * (trace + floor) * over)
    noise = simplified_matrix(((trace + floor) * identity - inputs @ covariance) @ inputs / batch)
    return RegressionLaw(covariance, noise, simplified(trace / 2), strength)
