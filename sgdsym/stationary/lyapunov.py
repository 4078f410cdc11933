r"""The stationary covariance of SGD on a quadratic loss at a finite learning rate.

The loss is :math:`\tfrac12 w^\top Hw` with w measured from the minimum, and each step adds noise with mean 0 and covariance C,
independent of other steps:

.. math:: m \leftarrow \mu m + Hw + \xi, \qquad w \leftarrow w - \Lambda m

Nothing is assumed about small steps, Gaussian noise or commuting matrices.  Conventions: C is the covariance of the
gradient of one *batch*; time is counted in steps; momentum is heavy-ball (as in PyTorch).  With an exponential moving average
:math:`m\leftarrow\beta m+(1-\beta)g` the learning rate here is :math:`1-\beta` times its own.

Source: [Liu2021]_; the
derivation here is by the lag-one covariance, which needs no commuting matrices.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list
from sgdsym.quantities import (
    EXACT,
    FLOATS,
    ROUNDING,
    Arithmetic,
    check_size,
    finite,
    has_symbols,
    in_field,
    inverse,
    is_nonnegative,
    precision,
    simplified,
    solve_symmetric,
)

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix


def stationary_covariance(H: Any, C: Any, learning_rate: Any, momentum: Any = 0, preconditioner: Any = None) -> Any:  # noqa: N803
    r"""The covariance :math:`\Sigma` of the weights that SGD settles at near a minimum.

    It is the solution of, with :math:`K=\Lambda H`,

    .. math:: (1-\mu)(K\Sigma+\Sigma K^\top) - \tfrac{1+\mu^2}{1-\mu^2} K\Sigma K^\top
              + \tfrac{\mu}{1-\mu^2}\bigl(K^2\Sigma+\Sigma (K^\top)^2\bigr) = \Lambda C\Lambda

    Where H and :math:`\Lambda` are diagonal it is written down entry by entry.  Floats are solved in the eigenbasis of
    :math:`R^\top HR`, :math:`\Lambda=RR^\top`, in :math:`O(p^3)`; exact input by a linear system over its field,
    for p up to 12, and up to 32 where FLINT is installed (the extra ``exact``).

    Args:
        H: Hessian, (p, p), symmetric and positive semidefinite.  Along its flat directions, those of curvature 0 up to the rounding
            of the type of floats that it is given in, nothing holds the weights and nothing may push them: the result is the
            covariance of the component in the range of :math:`\Lambda H`.
        C: covariance of the gradient of a batch, (p, p), symmetric and positive semidefinite.
        learning_rate: :math:`\lambda`, or a symmetric positive definite matrix :math:`\Lambda`.
        momentum: :math:`\mu`, at least 0 and below 1.
        preconditioner: a symmetric positive definite matrix P; the steps are then :math:`\Lambda=\lambda P`.

    Returns:
        A sympy matrix if everything is exact or there are symbols, else an array.

    Raises:
        ValueError: naming the number, if an argument is out of range or the steps do not contract; naming the flat directions
            of an exact Hessian that noise reaches.

    Warns:
        UserWarning: naming the flat directions of floats that noise reaches, which the result leaves out.

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
        arithmetic: whether entries are sympy expressions or floats.
        rounding: of floats, the relative size of a curvature that counts for 0: what is lost in the type they were given in.
    """

    hessian: Any
    noise: Any
    rate: Any
    rates: Any
    momentum: Any
    arithmetic: Arithmetic
    rounding: float = 0.0

    @property
    def identity(self) -> Any:
        """The identity matrix."""
        return self.arithmetic.identity(self.hessian.shape[0])

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
    arithmetic = Arithmetic.of(hessian, noise, learning_rate, momentum, preconditioner)
    # eigenvalues of a matrix of shorter floats are off by a few of its rounding units, times the largest
    rounding = 16 * precision(hessian)
    hessian = arithmetic.symmetric("the Hessian", hessian)
    size = hessian.shape[0]
    noise = arithmetic.semidefinite("the noise covariance", noise, size)
    rate, rates = _read_steps(learning_rate, preconditioner, size, arithmetic)
    momentum = arithmetic.momentum(momentum)
    if arithmetic.exact and any(
        value is not None and value.has(sp.Float) for value in (hessian, noise, rate, rates, momentum)
    ):
        raise ValueError("a float stands beside symbols; give exact numbers, such as sympy.Rational(1, 10)")
    return Process(hessian, noise, rate, rates, momentum, arithmetic, rounding)


def check_stable(rates: Any, learning_rate: Any, momentum: Any) -> None:
    r"""Refuse a step that does not contract every direction: :math:`0 < \lambda h_i < 2(1+\mu)`.

    Args:
        rates: :math:`H` with a scalar learning rate, else :math:`\Lambda H`; or, of floats, their eigenvalues.
        learning_rate: the scalar, or None where ``rates`` holds it already.
        momentum: :math:`\mu`.

    Raises:
        ValueError: naming the eigenvalue and the bound that it misses.

    >>> check_stable(sp.Matrix([[5]]), None, 0)
    Traceback (most recent call last):
    ...
    ValueError: unstable: learning rate times Hessian has the eigenvalue 5, which must be below 2; take smaller learning rates
    >>> check_stable(sp.Matrix([[0]]), sp.Rational(1, 2), 0)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian has the eigenvalue 0; all must be above 0 for the weights to settle
    """
    if has_symbols(rates):
        return
    exactly = isinstance(rates, sp.MatrixBase)
    eigenvalues = np.linalg.eigvals(_floats(rates)).real if exactly else np.asarray(rates)
    least, most = float(eigenvalues.min()), float(eigenvalues.max())
    whose = "the Hessian" if learning_rate is not None else "learning rate times Hessian"
    # symmetric eigenvalue routines are off by about p rounding units of the largest
    rounding = len(eigenvalues) * np.finfo(float).eps * abs(most)
    if not (is_nonnegative(rates, strictly=True) if exactly else least > rounding):
        raise ValueError(f"{whose} has the eigenvalue {least:.6g}; all must be above 0 for the weights to settle")
    if has_symbols(learning_rate, momentum):
        return
    rate = sp.S.One if learning_rate is None else learning_rate
    limit = 2 * (1 + momentum)
    room = limit * sp.eye(rates.rows) - rate * rates if exactly else limit - rate * most
    if is_nonnegative(room, strictly=True) if exactly else room > 0:
        return
    bound = f"which must be below {_number(limit)}"
    if learning_rate is None:
        raise ValueError(f"unstable: {whose} has the eigenvalue {most:.6g}, {bound}; take smaller learning rates")
    raise ValueError(
        f"unstable: the eigenvalue {most:.6g} of the Hessian times the learning rate {_number(rate)} is "
        f"{most * float(rate):.6g}, {bound}; take a learning rate below {float(limit) / most:.6g}"
    )


def covariance_in_range(hessian: Any, noise: Any, rate: Any, momentum: Any, rounding: float = ROUNDING) -> Any:
    r"""The stationary covariance in the range of a semidefinite Hessian, with the noise outside it left out.

    The arguments are checked, and a scalar learning rate; ``rounding`` is the relative size of a curvature that counts for 0.

    >>> covariance_in_range(sp.diag(1, 0), sp.eye(2), sp.Rational(1, 2), 0)
    Matrix([
    [1/3, 0],
    [  0, 0]])
    """
    arithmetic = EXACT if isinstance(hessian, sp.MatrixBase) else FLOATS
    if arithmetic.is_zero(hessian):
        return arithmetic.zeros(*hessian.shape)
    return _solve(Process(hessian, noise, rate, None, momentum, arithmetic, rounding))[0]


def solve(process: Process) -> Any:
    """The stationary covariance of a process.

    Where noise reaches flat directions there is none, so exact numbers are refused.  Floats cannot tell a small curvature from
    none, nor a little noise: there the covariance is that of the other directions, and a warning names those left out.

    Raises:
        ValueError: if the steps do not contract.
    """
    covariance, flat, reached = _solve(process)
    if not reached:
        return covariance
    if process.arithmetic.exact:
        raise ValueError(
            f"the Hessian has the eigenvalue 0 along {_described(flat)}: noise reaches there, so the weights do not settle; "
            "leave that part of the noise out"
        )
    warnings.warn(
        f"the Hessian is flat along {_described(flat)}: noise reaches there, so the weights do not settle; the covariance is that of "
        "the other directions",
        stacklevel=3,
    )
    return covariance


def flat_directions(process: Process) -> Any:
    r"""A basis of the directions of curvature 0, as columns (p, k): exactly, or up to the rounding of the Hessian.

    A Hessian with symbols has those that are flat for every value of them.

    >>> flat_directions(read_process([[1, 1], [1, 1]], [[1, 0], [0, 1]], sp.Rational(1, 2)))
    Matrix([
    [-1],
    [ 1]])
    """
    hessian = process.hessian
    if process.arithmetic.exact:
        if hessian.is_diagonal():
            flat = [i for i, curvature in enumerate(hessian.diagonal()) if curvature.is_zero]
            return sp.eye(hessian.rows)[:, flat]
        return in_field(hessian)[0].nullspace().to_Matrix().T
    curvatures, basis = np.linalg.eigh(hessian)
    return basis[:, _is_flat(curvatures, process.rounding)]


def _solve(process: Process) -> tuple[Any, Any, bool]:
    """The covariance in the directions that the Hessian bends, the flat ones, and whether noise reaches those."""
    if not process.arithmetic.exact:
        return _solve_floats(process)
    drift, rates, kick = process.drift, process.drift, process.noise
    if process.rates is None:
        rates, kick = process.hessian, process.rate**2 * kick
    else:
        kick = process.rates * kick * process.rates
    if not drift.is_diagonal():
        check_size(drift.rows, drift, kick, process.momentum)
    flat = flat_directions(process)
    if flat.cols == flat.rows:
        raise ValueError("the Hessian is 0 in every direction; the weights do not settle anywhere")
    reached = False
    if flat.cols:
        # along the flat directions the drift becomes the identity and the noise 0, which makes the equation regular
        onto = _onto(process.drift, flat)
        still = process.identity - onto
        rates = rates + (still / process.rate if process.rates is None else still)
        settling = onto * kick * onto.T
        reached = not (kick - settling).applyfunc(sp.simplify).is_zero_matrix
        drift, kick = drift + still, settling
    check_stable(rates, process.rate, process.momentum)
    if drift.is_diagonal():
        return _solve_diagonal(drift, kick, process.momentum), flat, reached
    return _solve_exactly(drift, kick, process.momentum), flat, reached


def _onto(drift: Any, flat: Any) -> Any:
    """The projector onto the range of the drift along the flat directions."""
    bent = in_field(drift)[0].columnspace().to_Matrix()
    return sp.Matrix.hstack(bent, 0 * flat) * inverse(sp.Matrix.hstack(bent, flat))


def _is_flat(curvatures: Any, rounding: float) -> Any:
    return np.abs(curvatures) <= max(rounding, len(curvatures) * np.finfo(float).eps) * np.abs(curvatures).max()


def _described(flat: Any) -> str:
    """Directions in words: as vectors where they are short, else by the weights that they move most."""
    size, count = flat.shape
    if has_symbols(flat):
        return f"{count} direction{'s' if count > 1 else ''}"
    columns = np.array(flat.tolist(), dtype=float).T
    if size <= 4 and count <= 2:
        scaled = (column / column[np.abs(column).argmax()] + 0.0 for column in columns)
        return " and ".join("(" + ", ".join(f"{x:.3g}" for x in column) + ")" for column in scaled)
    places = sorted({int(np.abs(column).argmax()) for column in columns})
    listed = ", ".join(map(str, places[:5])) + (", …" if len(places) > 5 else "")
    return f"{count} direction{'s' if count > 1 else ''}, mostly of weight{'s' if len(places) > 1 else ''} {listed} (counted from 0)"


def _read_steps(learning_rate: Any, preconditioner: Any, size: int, arithmetic: Arithmetic) -> tuple[Any, Any]:
    """The scalar learning rate and None, or None and the matrix of learning rates."""
    if _is_matrix(learning_rate):
        if preconditioner is not None:
            raise ValueError("the learning rate is a matrix and there is a preconditioner too; give one of them")
        return None, arithmetic.positive_definite("the learning rate", learning_rate, size)
    rate = arithmetic.learning_rate(learning_rate)
    if preconditioner is None:
        return rate, None
    return None, rate * arithmetic.positive_definite("the preconditioner", preconditioner, size)


def _is_matrix(value: Any) -> bool:
    return is_list(value)


def _solve_floats(process: Process) -> tuple[Any, Any, bool]:
    """In coordinates where the steps are the identity and the Hessian is diagonal."""
    scale, hessian, noise = process.rate, process.hessian, process.noise
    root = None
    if process.rates is not None:
        # with w = R u the steps are the identity, and the Hessian R^T H R stays symmetric, which Lambda H is not
        root = np.linalg.cholesky(process.rates)
        scale, hessian, noise = None, root.T @ hessian @ root, root.T @ noise @ root
    curvatures, basis = np.linalg.eigh(finite("the Hessian in the steps", hessian))
    flat = _is_flat(curvatures, process.rounding)
    if flat.all():
        raise ValueError("the Hessian is 0 in every direction; the weights do not settle anywhere")
    check_stable(curvatures[~flat], scale, process.momentum)
    rate = 1.0 if scale is None else scale
    over = _denominator(curvatures[:, None], curvatures[None, :], rate, process.momentum)
    beside = flat[:, None] | flat[None, :]
    directions = basis[:, flat]
    with np.errstate(all="ignore"):
        turned = basis.T @ noise @ basis
        reached = bool(np.abs(turned[beside]).max(initial=0.0) > max(ROUNDING, process.rounding) * np.abs(turned).max())
        covariance = basis @ (np.where(beside, 0.0, rate * turned) / np.where(beside, 1.0, over)) @ basis.T
        if root is not None:
            covariance, directions = root @ covariance @ root.T, root @ directions
        return finite("the covariance", (covariance + covariance.T) / 2), directions, reached


def _solve_diagonal(drift: Any, kick: Any, momentum: Any) -> sp.Matrix:
    rates = drift.diagonal()
    return sp.Matrix(
        *drift.shape, lambda i, j: simplified(kick[i, j] / _denominator(rates[i], rates[j], sp.S.One, momentum))
    )


def _denominator(first: Any, second: Any, rate: Any, momentum: Any) -> Any:
    """What the left side of the equation multiplies an entry by, over the learning rate, in the eigenbasis."""
    memory = 1 - momentum**2
    return (
        (1 - momentum) * (first + second)
        - rate * (1 + momentum**2) / memory * first * second
        + rate * momentum / memory * (first**2 + second**2)
    )


def _solve_exactly(drift: Any, kick: Any, momentum: Any) -> sp.Matrix:
    check_size(drift.rows, drift, kick, momentum)
    k, right, memory_matrix = in_field(drift, kick, sp.Matrix([[momentum]]))
    mu, one = memory_matrix.to_list()[0][0], k.domain.one
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


def _floats(matrix: Any) -> Any:
    return np.array(matrix.tolist() if isinstance(matrix, sp.MatrixBase) else matrix, dtype=float)


def _number(value: Any) -> str:
    return f"{float(value):.6g}" if not has_symbols(value) else str(value)
