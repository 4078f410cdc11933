r"""Stationary laws where the learning rate is a matrix that was chosen for the loss: second-order and adaptive methods.

Each is a case of :func:`~sgdsym.stationary.stationary_covariance` that has a closed form, or whose matrix is found from the
noise.  Momentum is heavy-ball; C is the covariance of the gradient of one batch.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.arguments import is_list, quoted, read_flag, read_items
from sgdsym.quantities import Arithmetic, has_symbols, inverse, simplified_matrix
from sgdsym.stationary.lyapunov import stationary_covariance


def damped_newton_covariance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0) -> Any:  # noqa: N803
    r"""The stationary covariance of damped Newton steps, :math:`\Lambda=\lambda H^{-1}`, for any noise.

    .. math:: \Sigma = \frac{\lambda(1+\mu)}{(1-\mu)\,(2(1+\mu)-\lambda)}\,H^{-1}CH^{-1}, \qquad 0<\lambda<2(1+\mu)

    Args:
        H: Hessian, (p, p), symmetric and positive definite.
        C: noise covariance, (p, p).
        learning_rate: :math:`\lambda`.
        momentum: :math:`\mu`.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [Liu2021]_, section on second-order methods; from the equation for the covariance with K a multiple of I.

    >>> damped_newton_covariance([[2, 0], [0, 1]], [[1, 0], [0, 1]], sp.Rational(1, 2))
    Matrix([
    [1/12,   0],
    [   0, 1/3]])
    """
    arithmetic = Arithmetic.of(H, C, learning_rate, momentum)
    hessian = arithmetic.positive_definite("the Hessian", H)
    noise = arithmetic.semidefinite("the noise covariance", C, hessian.shape[0])
    rate, mu = _read_rates(learning_rate, momentum, arithmetic)
    _check_newton(rate, mu)
    newton = inverse(hessian)
    return simplified_matrix(rate * (1 + mu) / ((1 - mu) * (2 * (1 + mu) - rate)) * (newton @ noise @ newton))


def natural_gradient_covariance(
    A: Any,  # noqa: N803
    learning_rate: Any,
    momentum: Any = 0,
    *,
    batch_size: Any,
    trace_term: bool = True,
) -> Any:
    r"""The stationary covariance of natural gradient on linear regression whose noise has no floor.

    The steps are :math:`\Lambda=(\lambda/S)\,C^{-1}` with the covariance C of the batch gradient at stationarity itself,
    :math:`C=\tfrac1S(A\Sigma A+\mathrm{Tr}[A\Sigma]A)` of Gaussian inputs of covariance A.  With D weights

    .. math:: \Sigma = \frac\lambda2\Bigl[\frac{1}{(1+D)(1+\mu)}+\frac{1}{(1-\mu)S}\Bigr]A^{-1}

    Args:
        A: covariance of the inputs, (D, D).
        learning_rate: :math:`\lambda`.
        momentum: :math:`\mu`.
        batch_size: :math:`S`.
        trace_term: False leaves the term with the trace out of C, which puts 1 for 1 + D.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [Ziyin2022]_; without the trace [Liu2021]_.

    >>> natural_gradient_covariance([[2]], sp.Rational(1, 2), batch_size=1)
    Matrix([[3/16]])
    """
    arithmetic = Arithmetic.of(A, learning_rate, momentum, batch_size)
    inputs = arithmetic.positive_definite("A", A)
    rate, mu = _read_rates(learning_rate, momentum, arithmetic)
    batch = arithmetic.count("the batch size", batch_size)
    dimension = 1 + inputs.shape[0] if read_flag("trace_term", trace_term) else 1
    return simplified_matrix(rate / 2 * (1 / (dimension * (1 + mu)) + 1 / ((1 - mu) * batch)) * inverse(inputs))


def adaptive_covariance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0, *, scaling: Any) -> Any:  # noqa: N803
    r"""The stationary covariance of Adam or RMSProp with its second moments frozen, :math:`\Lambda=\lambda P^{-1}`.

    For small steps and noise :math:`C=\sigma^2H` it tends to :math:`\tfrac{\lambda\sigma^2}{2}P^{-1}`.

    Args:
        H: Hessian, (p, p).
        C: noise covariance, (p, p).
        learning_rate: :math:`\lambda`, for the heavy-ball form: that of Adam times :math:`1-\beta_1`.
        momentum: :math:`\mu=\beta_1`.
        scaling: the p entries of P that gradients are divided by, :math:`\sqrt{\nu}+\epsilon`, or the matrix P.

    Raises:
        ValueError: naming the number that is out of range.

    Derivation: the equation for the covariance with a matrix learning rate.

    >>> adaptive_covariance([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, scaling=[2, 1])
    Matrix([
    [1/3, 0],
    [  0, 1]])
    """
    arithmetic = Arithmetic.of(H, C, learning_rate, momentum, scaling)
    if is_list(scaling) and not isinstance(scaling, sp.MatrixBase):
        scaling = read_items("scaling", scaling)
    if isinstance(scaling, tuple) and not any(map(is_list, scaling)):
        diagonal = [arithmetic.positive("the scaling", entry) for entry in scaling]
        scaling = arithmetic.diagonal(diagonal)
    preconditioner = inverse(arithmetic.positive_definite("the scaling", scaling))
    return stationary_covariance(H, C, learning_rate, momentum, preconditioner)


def optimal_preconditioner(H: Any, C: Any, dataset_size: Any, momentum: Any = 0) -> Any:  # noqa: N803
    r"""The matrix learning rate with which SGD samples the posterior of a model near its minimum.

    .. math:: \Lambda^* = 2(1-\mu)\Bigl[NC+\frac{1-\mu}{1+\mu}H\Bigr]^{-1}
              \quad\Longrightarrow\quad \Sigma(\Lambda^*)=(NH)^{-1}

    which is the Laplace approximation with a flat prior, at any step size, where H and C do not commute too.  It is a learning
    rate in full: use it as ``learning_rate``, or as ``preconditioner`` with learning rate 1.  For small steps it tends to the
    :math:`2(NC)^{-1}` of Mandt, Hoffman and Blei.

    Args:
        H: Hessian of the mean loss, (p, p).
        C: covariance of the gradient of a batch, (p, p).
        dataset_size: :math:`N`.
        momentum: :math:`\mu`.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [Mandt2017]_, theorem 2, for small steps; derived here from the equation for the covariance.

    >>> optimal_preconditioner([[1]], [[1]], 3)
    Matrix([[1/2]])
    >>> stationary_covariance([[1]], [[1]], sp.Rational(1, 2))
    Matrix([[1/3]])
    """
    arithmetic = Arithmetic.of(H, C, dataset_size, momentum)
    hessian = arithmetic.positive_definite("the Hessian", H)
    noise = arithmetic.semidefinite("the noise covariance", C, hessian.shape[0])
    points = arithmetic.count("the dataset size", dataset_size)
    mu = arithmetic.momentum(momentum)
    return simplified_matrix(2 * (1 - mu) * inverse(points * noise + (1 - mu) / (1 + mu) * hessian))


def optimal_learning_rate(noise_trace: Any, *, weights: Any, batch_size: Any, dataset_size: Any) -> Any:
    r"""The scalar learning rate whose continuous-time law is closest to the posterior, in Kullback–Leibler divergence.

    .. math:: \epsilon^* = \frac{2S}{N}\,\frac{D}{\mathrm{Tr}\,BB^\top}

    Args:
        noise_trace: :math:`\mathrm{Tr}\,BB^\top`, of the covariance of the gradient of one data point.
        weights: :math:`D`, how many weights there are.
        batch_size: :math:`S`.
        dataset_size: :math:`N`.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [Mandt2017]_, theorem 1.

    >>> optimal_learning_rate(4, weights=2, batch_size=10, dataset_size=100)
    1/10
    """
    arithmetic = Arithmetic.of(noise_trace, weights, batch_size, dataset_size)
    sizes = {"number of weights": weights, "batch size": batch_size, "dataset size": dataset_size}
    count, batch, points = (arithmetic.count(f"the {name}", size) for name, size in sizes.items())
    return 2 * batch * count / (points * arithmetic.positive("the trace of the noise", noise_trace))


def _read_rates(learning_rate: Any, momentum: Any, arithmetic: Arithmetic) -> tuple[Any, Any]:
    return arithmetic.learning_rate(learning_rate), arithmetic.momentum(momentum)


def _check_newton(rate: Any, momentum: Any) -> None:
    limit = 2 * (1 + momentum)
    if not has_symbols(rate, momentum) and rate >= limit:
        raise ValueError(
            f"unstable: the learning rate of damped Newton steps is {quoted(rate)}; it must be below {quoted(limit)}"
        )
