r"""The stationary covariance of SGD on a quadratic loss at a finite learning rate.

The loss is :math:`\tfrac12 w^\top Hw` with w measured from the minimum, and each step adds noise with mean 0 and covariance C,
independent of other steps:

.. math:: m \leftarrow \mu m + Hw + \xi, \qquad w \leftarrow w - \Lambda m

Nothing is assumed about small steps, Gaussian noise or commuting matrices.  Conventions: C is the covariance of the
gradient of one *batch*; time is counted in steps; momentum is heavy-ball (as in PyTorch).  With an exponential moving average
:math:`m\leftarrow\beta m+(1-\beta)g` the learning rate here is :math:`1-\beta` times its own.

Source: Liu, Ziyin, Ueda, "Noise and Fluctuation of Finite Learning Rate Stochastic Gradient Descent" (2021); the
derivation here is by the lag-one covariance, which needs no commuting matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list
from sgdsym.noise.checks import has_symbols
from sgdsym.stationary.checks import check_stable, read_learning_rate, read_momentum
from sgdsym.stationary.linear import check_size, in_field, range_projector, simplified, solve_symmetric
from sgdsym.stationary.quantities import finite, is_exact, positive_definite, semidefinite, symmetric

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix


def stationary_covariance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None) -> Any:  # noqa: N803
    r"""The covariance :math:`\Sigma` of the weights that SGD settles at near a minimum.

    It is the solution of, with :math:`K=\Lambda H`,

    .. math:: (1-\mu)(K\Sigma+\Sigma K^\top) - \tfrac{1+\mu^2}{1-\mu^2} K\Sigma K^\top
              + \tfrac{\mu}{1-\mu^2}\bigl(K^2\Sigma+\Sigma (K^\top)^2\bigr) = \Lambda C\Lambda

    Where H and :math:`\Lambda` are diagonal it is written down entry by entry.  Floats are solved in the eigenbasis of
    :math:`R^\top HR`, :math:`\Lambda=RR^\top`, in :math:`O(p^3)`; exact input by a linear system over its field, for p up to 12.

    Args:
        H: Hessian, (p, p), symmetric and positive definite.
        C: covariance of the gradient of a batch, (p, p), symmetric and positive semidefinite.
        learning_rate: :math:`\lambda`, or a symmetric positive definite matrix :math:`\Lambda`.
        momentum: :math:`\mu`, at least 0 and below 1.
        preconditioner: a symmetric positive definite matrix P; the steps are then :math:`\Lambda=\lambda P`.

    Returns:
        A sympy matrix if everything is exact or there are symbols, else an array.

    Raises:
        ValueError: naming the number, if an argument is out of range or the steps do not contract.

    >>> stationary_covariance([[2, 0], [0, 1]], [[1, -1], [-1, 1]], sp.Rational(1, 2))
    Matrix([
    [ 1/4, -1/4],
    [-1/4,  1/3]])
    >>> h, c, eta, mu = sp.symbols("h c eta mu")
    >>> stationary_covariance([[h]], [[c]], eta)
    Matrix([[-c*eta/(h*(eta*h - 2))]])
    """
    return solve(read_process(H, C, learning_rate, momentum, preconditioner))


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    r"""A checked linear process :math:`w_{t+1} = ((1+\mu)I-K)w_t - \mu w_{t-1} - \Lambda\xi_t`, exact or in floats throughout.

    Attributes:
        hessian: :math:`H`, (p, p).
        noise: :math:`C`, (p, p).
        rate: the scalar learning rate, None if ``rates`` is given.
        rates: the matrix :math:`\Lambda`, None if it is ``rate`` times the identity.
        momentum: :math:`\mu`.
        symbolic: whether entries are sympy expressions.
    """

    hessian: Any
    noise: Any
    rate: Any
    rates: Any
    momentum: Any
    symbolic: bool

    @property
    def identity(self) -> Any:
        """The identity matrix."""
        size = self.hessian.shape[0]
        return sp.eye(size) if self.symbolic else np.eye(size)

    @property
    def steps(self) -> Any:
        r"""The matrix :math:`\Lambda`."""
        return self.rate * self.identity if self.rates is None else self.rates

    @property
    def drift(self) -> Any:
        r"""The matrix :math:`K=\Lambda H`."""
        return self.rate * self.hessian if self.rates is None else self.rates @ self.hessian


def read_process(
    hessian: Any, noise: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None
) -> Process:
    """The process that the arguments of :func:`stationary_covariance` describe.

    Raises:
        ValueError: naming the number, if an argument is out of range.
    """
    symbolic = is_exact(hessian, noise, learning_rate, momentum, preconditioner)
    hessian = symmetric("the Hessian", hessian, symbolic=symbolic)
    size = hessian.shape[0]
    noise = semidefinite("the noise covariance", noise, symbolic=symbolic, size=size)
    rate, rates = _read_steps(learning_rate, preconditioner, size, symbolic)
    momentum = read_momentum(momentum, symbolic=symbolic)
    if symbolic and any(value is not None and value.has(sp.Float) for value in (hessian, noise, rate, rates, momentum)):
        raise ValueError("a float stands beside symbols; give exact numbers, such as sympy.Rational(1, 10)")
    return Process(hessian, noise, rate, rates, momentum, symbolic)


def covariance_in_range(hessian: Any, noise: Any, rate: Any, momentum: Any) -> Any:
    r"""The stationary covariance in the range of a semidefinite Hessian, with the noise outside it left out.

    The arguments are checked, and a scalar learning rate.

    >>> covariance_in_range(sp.diag(1, 0), sp.eye(2), sp.Rational(1, 2), 0)
    Matrix([
    [1/3, 0],
    [  0, 0]])
    """
    onto = range_projector(hessian)
    identity = sp.eye(onto.rows) if isinstance(onto, sp.MatrixBase) else np.eye(len(onto))
    # outside the range the curvature is set to 1/λ: there is no noise there, and the equation becomes regular
    return stationary_covariance(hessian + (identity - onto) / rate, onto @ noise @ onto, rate, momentum)


def solve(process: Process) -> Any:
    """The stationary covariance of a process.

    Raises:
        ValueError: if the steps do not contract.
    """
    if not process.symbolic:
        return _solve_floats(process)
    rates = process.hessian if process.rates is None else process.drift
    check_stable(rates, process.rate, process.momentum)
    if process.hessian.is_diagonal() and (process.rates is None or process.rates.is_diagonal()):
        return _solve_diagonal(process)
    return _solve_exactly(process)


def _read_steps(learning_rate: Any, preconditioner: Any, size: int, symbolic: bool) -> tuple[Any, Any]:
    """The scalar learning rate and None, or None and the matrix of learning rates."""
    if _is_matrix(learning_rate):
        if preconditioner is not None:
            raise ValueError("the learning rate is a matrix and there is a preconditioner too; give one of them")
        return None, positive_definite("the learning rate", learning_rate, symbolic=symbolic, size=size)
    rate = read_learning_rate(learning_rate, symbolic=symbolic)
    if preconditioner is None:
        return rate, None
    return None, rate * positive_definite("the preconditioner", preconditioner, symbolic=symbolic, size=size)


def _is_matrix(value: Any) -> bool:
    return is_list(value)


def _solve_floats(process: Process) -> Any:
    """In coordinates where the steps are the identity and the Hessian is diagonal."""
    scale, hessian, noise = process.rate, process.hessian, process.noise
    root = None
    if process.rates is not None:
        root = np.linalg.cholesky(process.rates)
        scale, hessian, noise = None, root.T @ hessian @ root, root.T @ noise @ root
    curvatures, basis = np.linalg.eigh(finite("the Hessian in the steps", hessian))
    check_stable(curvatures, scale, process.momentum)
    rate = 1.0 if scale is None else scale
    over = _denominator(curvatures[:, None], curvatures[None, :], rate, process.momentum)
    with np.errstate(all="ignore"):
        covariance = basis @ (rate * (basis.T @ noise @ basis) / over) @ basis.T
        if root is not None:
            covariance = root @ covariance @ root.T
        return finite("the covariance", (covariance + covariance.T) / 2)


def _solve_diagonal(process: Process) -> sp.Matrix:
    size = process.hessian.rows
    if process.rates is None:
        curvatures, rate, noise = process.hessian.diagonal(), process.rate, process.rate * process.noise
    else:
        curvatures, rate = process.drift.diagonal(), sp.S.One
        noise = process.rates * process.noise * process.rates
    return sp.Matrix(
        size,
        size,
        lambda i, j: simplified(noise[i, j] / _denominator(curvatures[i], curvatures[j], rate, process.momentum)),
    )


def _denominator(first: Any, second: Any, rate: Any, momentum: Any) -> Any:
    """What the left side of the equation multiplies an entry by, over the learning rate, in the eigenbasis."""
    memory = 1 - momentum**2
    return (
        (1 - momentum) * (first + second)
        - rate * (1 + momentum**2) / memory * first * second
        + rate * momentum / memory * (first**2 + second**2)
    )


def _solve_exactly(process: Process) -> sp.Matrix:
    check_size(process.hessian.rows, symbolic=has_symbols(process.drift, process.noise, process.momentum))
    k, right, momentum = in_field(
        process.drift, process.steps * process.noise * process.steps, sp.Matrix([[process.momentum]])
    )
    mu, one = momentum.to_list()[0][0], momentum.domain.one
    transpose, square = k.transpose(), k * k
    memory = one - mu**2

    def left(covariance: DomainMatrix) -> DomainMatrix:
        linear = k * covariance
        double = square * covariance
        return (
            (linear + linear.transpose()) * (one - mu)
            - linear * transpose * ((one + mu**2) / memory)
            + (double + double.transpose()) * (mu / memory)
        )

    return solve_symmetric(left, right)
