r"""The stationary covariance at the ends of epochs that are reshuffled.

Every epoch takes the M batches once, in a new random order; the noise :math:`\xi_k` of the batches sums to 0, which holds the
weights together.  With :math:`A=I-\eta H`

.. math:: \Sigma = A^M\Sigma A^M + \frac{\eta^2}{M-1}\Bigl[M\sum_{k<M}A^kCA^k - S_1CS_1\Bigr],\qquad S_1=\sum_{k<M}A^k

where :math:`C=\tfrac1M\sum_k\xi_k\xi_k^\top` is the covariance of the gradient of one batch.  In one dimension

.. math:: \mathrm{Var} = \frac{\eta^2C\,[MS_2-S_1^2]}{(M-1)(1-a^{2M})},\qquad S_1=\frac{1-a^M}{1-a},\quad S_2=\frac{1-a^{2M}}{1-a^2}

Noise does not depend on the weights, and there is no momentum.  Derivation: sampling without replacement has
:math:`\mathrm E[\xi_{\pi(j)}\xi_{\pi(k)}^\top]=-C/(M-1)` for :math:`j\ne k`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted
from sgdsym.quantities import FLOATS, check_size, in_field, simplified, solve_symmetric
from sgdsym.stationary.lyapunov import check_stable, read_process

MOST_EXACT, MOST_BATCHES = 1000, 1_000_000  # powers that are summed, exactly and in floats


def reshuffled_covariance(H: Any, C: Any, learning_rate: Any, *, batches: int) -> Any:  # noqa: N803
    r"""The covariance of the weights at the end of an epoch, once many epochs have passed.

    Args:
        H: Hessian, (p, p), symmetric and positive definite.
        C: covariance of the gradient of a batch over the batches of the epoch, (p, p).
        learning_rate: :math:`\eta`.
        batches: :math:`M`, updates in an epoch, an integer of at least 2.

    Returns:
        A sympy matrix if everything is exact or there are symbols, else an array.

    Raises:
        ValueError: naming the number that is out of range; with one batch there is no noise to speak of.

    >>> reshuffled_covariance([[1]], [[1]], sp.Rational(1, 2), batches=2)
    Matrix([[1/15]])
    """
    process = read_process(H, C, learning_rate)
    if process.rate is None:
        raise ValueError("the learning rate is a matrix; epochs that are reshuffled need a number")
    count = FLOATS.count("the number of batches", batches)
    if count < 2:
        raise ValueError(f"there is {count} batch in an epoch; reshuffling needs at least 2")
    most = MOST_EXACT if process.arithmetic.exact else MOST_BATCHES
    if count > most:
        raise ValueError(f"there are {quoted(count)} batches in an epoch; {most} are the most")
    if not process.arithmetic.exact:
        return _in_floats(process.hessian, process.noise, process.rate, count)
    check_stable(process.hessian, process.rate, 0)
    if process.hessian.is_diagonal():
        shrink = [1 - process.rate * h for h in process.hessian.diagonal()]
        size = process.hessian.rows
        return sp.Matrix(size, size, lambda i, j: _entry(process, shrink[i], shrink[j], i, j, count))
    return _exactly(process.hessian, process.noise, process.rate, count)


def _entry(process: Any, a: Any, b: Any, i: int, j: int, batches: int) -> Any:
    single = sum(a**k for k in range(batches)) * sum(b**k for k in range(batches))
    pairs = sum((a * b) ** k for k in range(batches))
    share = (batches * pairs - single) / ((batches - 1) * (1 - (a * b) ** batches))
    return simplified(process.rate**2 * process.noise[i, j] * share)


def _in_floats(hessian: Any, noise: Any, rate: float, batches: int) -> Any:
    """Entry by entry in the eigenbasis of H, with sums of powers that lose nothing where a is close to 1."""
    curvatures, basis = np.linalg.eigh(hessian)
    check_stable(curvatures, rate, 0)
    shrink = 1 - rate * curvatures
    powers = shrink[:, None] ** np.arange(batches)
    single, pairs = powers.sum(axis=1), powers @ powers.T
    # M times the sum of products minus the product of the sums is M times the covariance of the two rows of powers
    centred = powers - single[:, None] / batches
    spread = batches * centred @ centred.T
    # 1 - (ab)^M, with 1 - ab in terms of the curvatures
    lost = pairs * rate * (curvatures[:, None] + curvatures[None, :] - rate * np.outer(curvatures, curvatures))
    covariance = rate**2 / (batches - 1) * (basis.T @ noise @ basis) * spread / lost
    return basis @ covariance @ basis.T


def _exactly(hessian: sp.Matrix, noise: sp.Matrix, rate: sp.Expr, batches: int) -> sp.Matrix:
    check_size(hessian.rows, hessian, noise, rate)
    shrink, c = in_field(sp.eye(hessian.rows) - rate * hessian, sp.Matrix(noise))
    power = shrink**0
    single, pairs = power - power, c - c
    for _ in range(batches):
        single, pairs = single + power, pairs + power * c * power
        power = power * shrink
    scale = shrink.domain.from_sympy(rate**2 / (batches - 1))
    kick = (pairs * shrink.domain(batches) - single * c * single) * scale
    return solve_symmetric(lambda covariance: covariance - power * covariance * power, kick)
