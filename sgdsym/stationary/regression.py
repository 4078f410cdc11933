r"""Linear regression at a finite learning rate, where the noise is found together with the weights.

Inputs :math:`x\sim N(0,A)`, loss :math:`\tfrac12(w^\top x-y)^2`, batches of S drawn independently.  The covariance of the gradient
depends on the weights through their own covariance, so both follow from one equation; SGD is stable only while it has a
solution.

Source: [Ziyin2022]_: theorems 2 and 3 (label noise), theorem 4 and
propositions 3 (weight decay) and 4, theorem 6 (many weights).  Theorem 2 agrees with the exact recursion of second moments; what
the paper prints for the covariance under weight decay needs :math:`\Gamma` and the target to commute, which is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted
from sgdsym.quantities import (
    FLOATS,
    Arithmetic,
    check_commuting,
    check_size,
    has_symbols,
    in_field,
    inverse_of_positive,
    simplified,
    simplified_matrix,
    solve_symmetric,
)


@dataclass(frozen=True, slots=True, eq=False)
class RegressionLaw:
    r"""Where SGD on linear regression settles.

    Attributes:
        covariance: :math:`\Sigma` of the weights, (p, p).
        noise: :math:`C`, the covariance of the gradient of a batch averaged over the weights, (p, p).
        excess_loss: :math:`\tfrac12\mathrm{Tr}\,A\Sigma`, the test loss above that of the target weights, the bias included.
        strength: the paper's :math:`\kappa`, by which the noise feeds on itself.
    """

    covariance: Any
    noise: Any
    excess_loss: Any
    strength: Any


def label_noise_law(
    A: Any,  # noqa: N803
    learning_rate: Any,
    momentum: Any = 0,
    *,
    batch_size: Any,
    label_variance: Any = 1,
    preconditioner: Any = None,
) -> RegressionLaw:
    r"""Where SGD settles on :math:`y=u^\top x+\epsilon` with label noise of variance :math:`\sigma^2`.

    .. math:: \Sigma=\frac{\sigma^2}{S}\Bigl(1+\frac{\kappa}{S}\Bigr)\Lambda G^{-1},\quad
              G=2(1-\mu)I-\Bigl(\frac{1-\mu}{1+\mu}+\frac1S\Bigr)\Lambda A,\quad
              \kappa=\frac{t}{1-t/S},\quad t=\mathrm{Tr}[\Lambda AG^{-1}]

    .. math:: C = \tfrac1S\bigl(A\Sigma A+\mathrm{Tr}[A\Sigma]A+\sigma^2A\bigr)

    It is stable exactly if G is positive definite and t < S.  Damped Newton steps are ``preconditioner`` :math:`A^{-1}`:
    then :math:`\Sigma=\lambda\sigma^2A^{-1}/(gS-\lambda D)` with :math:`G=gI` and D weights.

    Args:
        A: covariance of the inputs, (p, p), symmetric and positive definite.
        learning_rate: :math:`\lambda`.
        momentum: :math:`\mu`, heavy-ball.
        batch_size: :math:`S`.
        label_variance: :math:`\sigma^2`.
        preconditioner: a positive definite matrix P that commutes with A; the steps are :math:`\Lambda=\lambda P`.

    Raises:
        ValueError: naming the number that is out of range, or the stability condition that fails.

    >>> label_noise_law([[1]], sp.Rational(1, 4), batch_size=2).covariance
    Matrix([[1/12]])
    """
    arithmetic = Arithmetic.of(A, learning_rate, momentum, batch_size, label_variance, preconditioner)
    inputs = arithmetic.positive_definite("A", A)
    rate = arithmetic.learning_rate(learning_rate)
    mu = arithmetic.momentum(momentum)
    batch = arithmetic.count("the batch size", batch_size)
    floor = arithmetic.nonnegative("the label variance", label_variance)
    identity = _identity(inputs)
    steps = rate * identity
    if preconditioner is not None:
        own = arithmetic.positive_definite("the preconditioner", preconditioner, inputs.shape[0])
        check_commuting("preconditioner", own, "A", inputs)
        steps = rate * own
    rates = steps @ inputs
    room = 2 * (1 - mu) * identity - ((1 - mu) / (1 + mu) + 1 / batch) * rates
    over = inverse_of_positive(room, "the matrix G = 2(1-mu)I - ((1-mu)/(1+mu) + 1/S)Lambda A")
    share = simplified((rates @ over).trace())
    check_share(share, batch, "t = Tr[Lambda A G^-1]")
    covariance = simplified_matrix(floor / (batch - share) * (steps @ over))
    noise = simplified_matrix(_gaussian_noise(inputs, covariance, batch, floor))
    return RegressionLaw(
        covariance, noise, _half_trace(inputs, covariance), simplified(share * batch / (batch - share))
    )


def label_noise_threshold(A: Any, momentum: Any = 0, *, batch_size: Any) -> float:  # noqa: N803
    r"""The learning rate at which the second moments of SGD on linear regression diverge, :math:`t(\lambda)=S`.

    The share t grows with the learning rate up to a pole, so the threshold is found by bisection.

    Args:
        A: covariance of the inputs, (p, p), numbers.
        momentum: :math:`\mu`, a number.
        batch_size: :math:`S`.

    Raises:
        ValueError: naming the number that is out of range.

    >>> round(label_noise_threshold([[1]], batch_size=4), 12)
    1.333333333333
    """
    inputs = Arithmetic.of(A).positive_definite("A", A)
    if has_symbols(inputs):
        raise ValueError("A holds symbols; the threshold needs numbers")
    curvatures = np.linalg.eigvalsh(np.array(inputs.tolist(), dtype=float))
    mu = Arithmetic.of(momentum).momentum(momentum)
    if has_symbols(mu):
        raise ValueError(f"the momentum is {quoted(mu)}; the threshold needs a number")
    mu = float(mu)
    batch = FLOATS.count("the batch size", batch_size)
    drag = (1 - mu) / (1 + mu) + 1 / float(batch)

    def spare(rate: float) -> float:
        return float(batch) - float(np.sum(rate * curvatures / (2 * (1 - mu) - drag * rate * curvatures)))

    low, high = 0.0, 2 * (1 - mu) / (drag * float(curvatures[-1]))
    while high - low > 1e-15 * high:
        middle = (low + high) / 2
        # neighbours among floats: there is nothing between
        if middle in (low, high):
            break
        low, high = (middle, high) if spare(middle) > 0 else (low, middle)
    return low


def weight_decay_law(
    A: Any,  # noqa: N803
    learning_rate: Any,
    *,
    batch_size: Any,
    decay: Any,
    target: Any,
    label_variance: Any = 0,
) -> RegressionLaw:
    r"""Where SGD settles with weight decay :math:`\tfrac12w^\top\Gamma w`, without momentum.

    With :math:`K=A+\Gamma`, :math:`U=uu^\top` the mean is :math:`K^{-1}Au`, off by :math:`K^{-1}\Gamma u`, and

    .. math:: C=\tfrac1S\bigl(A\Sigma A+AVA+(\mathrm{Tr}[A\Sigma]+\mathrm{Tr}[AV]+\sigma^2)A\bigr),\qquad
              V=K^{-1}\Gamma U\Gamma K^{-1}

    .. math:: G=2I-\lambda\bigl(K+\tfrac1SK^{-1}A^2\bigr),\qquad t=\lambda\,\mathrm{Tr}[A^2K^{-1}G^{-1}]

    .. math:: L=\tfrac12\mathrm{Tr}[A\Sigma]+\tfrac12\mathrm{Tr}[AV],\qquad
              \mathrm{Tr}[A\Sigma]=\frac{t\,(\mathrm{Tr}[AV]+\sigma^2)+\lambda\mathrm{Tr}[A^2VAK^{-1}G^{-1}]}{S-t}

    and the covariance solves :math:`K\Sigma+\Sigma K-\lambda K\Sigma K=\lambda C`, for every target.  What is printed for it holds
    only where :math:`\Gamma` and U commute, and agrees there.  It is stable exactly if K and G are positive definite and t < S.  A
    negative decay is allowed; with label noise and :math:`\lambda a>1` it can be the best.

    Args:
        A: covariance of the inputs, (p, p), symmetric and positive definite.
        learning_rate: :math:`\lambda`.
        batch_size: :math:`S`.
        decay: :math:`\Gamma`, a number or a symmetric matrix that commutes with A.
        target: the p true weights u.
        label_variance: :math:`\sigma^2`; the paper has 0.

    Returns:
        The law; its ``strength`` is :math:`\kappa=(t/\lambda)/(1-t/S)`, its ``excess_loss`` the L above.

    Raises:
        ValueError: naming the number that is out of range, or the stability condition that fails.

    >>> law = weight_decay_law([[1]], sp.Rational(1, 2), batch_size=2, decay=1, target=[1])
    >>> law.excess_loss, law.covariance
    (1/6, Matrix([[1/12]]))
    """
    arithmetic = Arithmetic.of(A, learning_rate, batch_size, decay, target, label_variance)
    inputs = arithmetic.positive_definite("A", A)
    rate = arithmetic.learning_rate(learning_rate)
    batch = arithmetic.count("the batch size", batch_size)
    floor = arithmetic.nonnegative("the label variance", label_variance)
    gamma = arithmetic.symmetric("the decay", decay, inputs.shape[0])
    check_commuting("decay", gamma, "A", inputs)
    weights = arithmetic.column("the target", target, inputs.shape[0])
    k = inputs + gamma
    back = inverse_of_positive(k, "the Hessian K = A + decay")
    room = 2 * _identity(inputs) - rate * (k + back @ inputs @ inputs / batch)
    over = inverse_of_positive(room, "the matrix G = 2I - lambda(K + A^2 K^-1/S)")
    feedback = inputs @ inputs @ back @ over
    share = simplified(rate * feedback.trace())
    check_share(share, batch, "t = lambda Tr[A^2 K^-1 G^-1]")
    offset = back @ gamma @ weights
    bias = offset @ offset.T
    lost = (inputs @ bias).trace() + floor
    trace = (share * lost + rate * (feedback @ inputs @ bias).trace()) / (batch - share)
    drive = inputs @ bias @ inputs + (trace + lost) * inputs
    covariance = simplified_matrix(_decayed(inputs, k, rate, batch, rate / batch * drive))
    noise = simplified_matrix((inputs @ covariance @ inputs + drive) / batch)
    return RegressionLaw(
        covariance,
        noise,
        simplified((trace + (inputs @ bias).trace()) / 2),
        simplified(share / rate * batch / (batch - share)),
    )


def check_share(share: Any, batch: Any, what: str) -> None:
    """Refuse noise that feeds on itself by the whole batch or more.

    Raises:
        ValueError: naming the share.

    >>> check_share(sp.Rational(9, 2), 4, "t")
    Traceback (most recent call last):
    ...
    ValueError: unstable: t is 4.5, which must be below the batch size 4
    """
    if not has_symbols(share, batch) and not share < batch:
        raise ValueError(f"unstable: {what} is {float(share):.6g}, which must be below the batch size {batch}")


def _gaussian_noise(inputs: Any, covariance: Any, batch_size: Any, floor: Any) -> Any:
    """The covariance of the gradient of a batch, averaged over the weights, by Isserlis' theorem."""
    return (inputs @ covariance @ inputs + ((inputs @ covariance).trace() + floor) * inputs) / batch_size


def _decayed(inputs: Any, k: Any, rate: Any, batch: Any, right: Any) -> Any:
    r"""The solution of :math:`K\Sigma+\Sigma K-\lambda K\Sigma K-\tfrac\lambda SA\Sigma A` = right, for commuting A and K."""
    if isinstance(inputs, np.ndarray):
        # a sum in general position has the common eigenbasis, degenerate eigenvalues of A or K included
        basis = np.linalg.eigh(inputs / np.abs(inputs).max() + k / np.abs(k).max() / np.sqrt(5))[1]
        a, h = (np.einsum("ij,ik,kj->j", basis, matrix, basis) for matrix in (inputs, k))
        return (
            basis
            @ ((basis.T @ right @ basis) / _left(a[:, None], a[None, :], h[:, None], h[None, :], rate, batch))
            @ basis.T
        )
    if inputs.is_diagonal() and k.is_diagonal():
        a, h = inputs.diagonal(), k.diagonal()
        return sp.Matrix(*inputs.shape, lambda i, j: right[i, j] / _left(a[i], a[j], h[i], h[j], rate, batch))
    check_size(inputs.rows, inputs, k, right, rate, batch)
    a, h, wanted, scalars = in_field(inputs, k, sp.Matrix(right), sp.Matrix([[rate, rate / batch]]))
    whole, part = scalars.to_list()[0]
    return solve_symmetric(lambda x: h * x + x * h - h * x * h * whole - a * x * a * part, wanted)


def _left(first: Any, second: Any, one: Any, other: Any, rate: Any, batch: Any) -> Any:
    return one + other - rate * one * other - rate / batch * first * second


def _half_trace(inputs: Any, covariance: Any) -> Any:
    return simplified((inputs @ covariance).trace() / 2)


def _identity(matrix: Any) -> Any:
    return sp.eye(matrix.rows) if isinstance(matrix, sp.MatrixBase) else np.eye(len(matrix))
