r"""What follows from the stationary covariance: excess loss, distance, correlations in time, variance of the momentum.

All of them hold where Hessian and noise do not commute.  The arguments are those of
:func:`~sgdsym.stationary.stationary_covariance`.

Source: [Liu2021]_, for commuting matrices
and the traces; the recursion of the lags follows from the update.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import read_integer
from sgdsym.quantities import inverse, simplified, simplified_matrix
from sgdsym.stationary.lyapunov import Process, check_stable, flat_directions, read_process, solve

LARGEST_LAG = 10_000


def excess_loss(H: Any, C: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None) -> Any:  # noqa: N803
    r"""The loss above that of the minimum, on average over the stationary law.

    .. math:: \tfrac12\,\mathrm{Tr}\,H\Sigma
              = \tfrac{1}{2(1-\mu)}\,\mathrm{Tr}\Bigl[\bigl(2\Lambda^{-1}-\tfrac{1}{1+\mu}H\bigr)^{-1}C\Bigr]

    which needs no covariance: the trace of the equation for :math:`\Sigma` times :math:`\Lambda^{-1}`.

    Raises:
        ValueError: as for the covariance.

    >>> import sympy as sp
    >>> excess_loss([[2, 0], [0, 1]], [[1, -1], [-1, 1]], sp.Rational(1, 2))
    5/12
    """
    process = read_process(H, C, learning_rate, momentum, preconditioner)
    if flat_directions(process).shape[1]:
        return _number((process.hessian @ solve(process)).trace() / 2)
    inner = 2 * inverse(process.steps) - process.hessian / (1 + process.momentum)
    return _trace(process, inner) / (2 * (1 - process.momentum))


def mean_square_distance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0) -> Any:  # noqa: N803
    r"""The squared distance from the minimum, on average over the stationary law of a scalar learning rate.

    .. math:: \mathrm{Tr}\,\Sigma
              = \tfrac{\lambda}{1-\mu}\,\mathrm{Tr}\Bigl[H^{-1}\bigl(2I-\tfrac{\lambda}{1+\mu}H\bigr)^{-1}C\Bigr]

    Raises:
        ValueError: as for the covariance.

    >>> import sympy as sp
    >>> mean_square_distance([[2, 0], [0, 1]], [[1, -1], [-1, 1]], sp.Rational(1, 2))
    7/12
    """
    process = read_process(H, C, learning_rate, momentum)
    if process.rate is None:
        raise ValueError("the trace identity needs a scalar learning rate; take the trace of stationary_covariance")
    if flat_directions(process).shape[1]:
        return _number(solve(process).trace())
    h = process.hessian
    inner = 2 * h / process.rate - h @ h / (1 + process.momentum)
    return _trace(process, inner) / (1 - process.momentum)


def lag_covariance(
    H: Any,  # noqa: N803
    C: Any,  # noqa: N803
    learning_rate: Any,
    momentum: Any = 0,
    preconditioner: Any = None,
    *,
    lag: int,
) -> Any:
    r"""The covariance of the weights with those some steps earlier, :math:`\Gamma_k=\mathrm E[w_{t+k}w_t^\top]`.

    .. math:: \Gamma_0=\Sigma, \qquad \Gamma_1=\frac{M\Sigma-\mu\Sigma M^\top}{1-\mu^2}, \qquad
              \Gamma_{k+1}=M\Gamma_k-\mu\Gamma_{k-1}, \qquad M=(1+\mu)I-\Lambda H

    Args:
        H: as for the covariance.
        C: as for the covariance.
        learning_rate: as for the covariance.
        momentum: as for the covariance.
        preconditioner: as for the covariance.
        lag: :math:`k`, an integer; :math:`\Gamma_{-k}=\Gamma_k^\top`.

    Raises:
        ValueError: as for the covariance.

    >>> import sympy as sp
    >>> lag_covariance([[1]], [[1]], sp.Rational(1, 2), sp.Rational(1, 2), lag=1)
    Matrix([[2/5]])
    """
    lag = read_integer("lag", lag, least=-LARGEST_LAG, most=LARGEST_LAG)
    process = read_process(H, C, learning_rate, momentum, preconditioner)
    return simplified_matrix(_lag(process, abs(lag)) if lag >= 0 else _lag(process, -lag).T)


def momentum_covariance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None) -> Any:  # noqa: N803
    r"""The stationary covariance of the momentum m, which is a step: :math:`\Lambda m = w_t-w_{t+1}`.

    .. math:: \mathrm{Var}\,m = \Lambda^{-1}(2\Sigma-\Gamma_1-\Gamma_1^\top)\Lambda^{-1}

    Raises:
        ValueError: as for the covariance.

    >>> import sympy as sp
    >>> momentum_covariance([[1]], [[1]], sp.Rational(1, 2), sp.Rational(1, 2))
    Matrix([[8/5]])
    """
    process = read_process(H, C, learning_rate, momentum, preconditioner)
    covariance = solve(process)
    next_step = _next(process, covariance)
    back = inverse(process.steps)
    return simplified_matrix(back @ (2 * covariance - next_step - next_step.T) @ back)


def _number(trace: Any) -> Any:
    return simplified(trace) if isinstance(trace, sp.Basic) else float(trace)


def _lag(process: Process, lag: int) -> Any:
    covariance = solve(process)
    if not lag:
        return covariance
    push = (1 + process.momentum) * process.identity - process.drift
    # the mean of the update is linear in the last two weights, so lags obey the recursion of the mean
    before, now = covariance, _next(process, covariance)
    for _ in range(lag - 1):
        before, now = now, push @ now - process.momentum * before
    return now


def _next(process: Process, covariance: Any) -> Any:
    """The covariance with the weights one step earlier."""
    push = (1 + process.momentum) * process.identity - process.drift
    return (push @ covariance - process.momentum * covariance @ push.T) / (1 - process.momentum**2)


def _trace(process: Process, inner: Any) -> Any:
    """The trace of the noise over a matrix, once the steps are known to contract."""
    exactly = process.arithmetic.exact
    rates = process.hessian if process.rates is None else process.drift
    if not exactly:
        rates = np.linalg.eigvals(rates).real if process.rates is not None else np.linalg.eigvalsh(rates)
    check_stable(rates, process.rate, process.momentum)
    # one solution instead of an inverse, whose entries would be longer
    if exactly:
        return simplified(inner.LUsolve(process.noise).trace())
    return float(np.trace(np.linalg.solve(inner, process.noise)))
