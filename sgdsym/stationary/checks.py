r"""What a stationary law asks of its input: noise, learning rate and momentum that mean something, and a stable step.

Exact numbers are judged exactly.  The matrices in question have real eigenvalues, and a real-rooted polynomial
:math:`\prod_i(x+m_i)` has no negative :math:`m_i` exactly where none of its coefficients is negative.  Floats are judged up to
rounding; what holds symbols is taken as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from sgdsym.stationary.quantities import exact, positive, scalar, symmetric

# relative size of a negative eigenvalue, or of a commutator, that rounding alone can make
ROUNDING = 1e-10


def semidefinite(name: str, value: Any, *, symbolic: bool, size: int | None = None) -> Any:
    """A symmetric matrix none of whose eigenvalues is below 0.

    Raises:
        ValueError: naming the lowest eigenvalue.

    >>> semidefinite("the noise covariance", [[1, 2], [2, 1]], symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the noise covariance has the eigenvalue -1; none may be below 0
    """
    result = symmetric(name, value, symbolic=symbolic, size=size)
    if has_symbols(result):
        return result
    eigenvalues = np.linalg.eigvalsh(_floats(result))
    fine = _is_nonnegative(result) if symbolic else eigenvalues[0] >= -ROUNDING * abs(eigenvalues).max()
    if not fine:
        raise ValueError(f"{name} has the eigenvalue {eigenvalues[0]:.6g}; none may be below 0")
    return result


def read_momentum(value: Any, *, symbolic: bool) -> Any:
    r"""The momentum :math:`\mu`, at least 0 and below 1 where it is a number.

    Raises:
        ValueError: naming the number.

    >>> read_momentum(1, symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the momentum is 1; it must be at least 0 and below 1
    """
    momentum = scalar("the momentum", value, symbolic=symbolic)
    if not (symbolic and not momentum.is_number) and not 0 <= momentum < 1:
        raise ValueError(f"the momentum is {momentum}; it must be at least 0 and below 1")
    return momentum


def read_learning_rate(value: Any, *, symbolic: bool) -> Any:
    """A scalar learning rate, above 0 where it is a number."""
    return positive("the learning rate", value, symbolic=symbolic)


def read_count(name: str, value: Any, *, symbolic: bool) -> Any:
    """A size, an integer of at least 1 where it is a number.

    Raises:
        ValueError: naming the number.

    >>> read_count("the batch size", 0, symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the batch size is 0; it must be an integer of at least 1
    """
    number = exact(name, value)
    if number.is_number and not (number >= 1 and number == int(number)):
        raise ValueError(f"{name} is {value}; it must be an integer of at least 1")
    return number if symbolic else int(number)


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
    rounding = len(eigenvalues) * np.finfo(float).eps * abs(most)
    if not (is_positive(rates) if exactly else least > rounding):
        raise ValueError(f"{whose} has the eigenvalue {least:.6g}; all must be above 0 for the weights to settle")
    if has_symbols(learning_rate, momentum):
        return
    rate = sp.S.One if learning_rate is None else learning_rate
    limit = 2 * (1 + momentum)
    room = limit * sp.eye(rates.rows) - rate * rates if exactly else limit - rate * most
    if is_positive(room) if exactly else room > 0:
        return
    bound = f"which must be below {_number(limit)}"
    if learning_rate is None:
        raise ValueError(f"unstable: {whose} has the eigenvalue {most:.6g}, {bound}; take smaller learning rates")
    raise ValueError(
        f"unstable: the eigenvalue {most:.6g} of the Hessian times the learning rate {_number(rate)} is "
        f"{most * float(rate):.6g}, {bound}; take a learning rate below {float(limit) / most:.6g}"
    )


def nonnegative(name: str, value: Any, *, symbolic: bool) -> Any:
    """A scalar that is not below 0 where it is a number."""
    number = scalar(name, value, symbolic=symbolic)
    if not has_symbols(number) and number < 0:
        raise ValueError(f"{name} is {number}; it must not be negative")
    return number


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


def check_commuting(first_name: str, first: Any, second_name: str, second: Any) -> None:
    """Refuse matrices that do not commute.

    Raises:
        ValueError: naming the largest entry of the commutator, or one that is not 0.

    >>> check_commuting("A", sp.Matrix([[0, 1], [1, 0]]), "B", sp.diag(1, 2))
    Traceback (most recent call last):
    ...
    ValueError: A and B must commute, but AB - BA has the entry 1; the law holds for commuting matrices only
    """
    commutator = first @ second - second @ first
    if isinstance(commutator, np.ndarray):
        largest = float(np.abs(commutator).max())
        wrong = [largest] if largest > ROUNDING * float(np.abs(first).max() * np.abs(second).max()) else []
    else:
        wrong = [abs(entry) for entry in commutator.applyfunc(sp.simplify) if entry != 0]
    if wrong:
        raise ValueError(
            f"{first_name} and {second_name} must commute, but {first_name}{second_name} - {second_name}{first_name} "
            f"has the entry {wrong[0]}; the law holds for commuting matrices only"
        )


def has_symbols(*values: Any) -> bool:
    """Whether one holds a symbol."""
    return any(getattr(value, "free_symbols", None) for value in values)


def is_positive(matrix: sp.MatrixBase) -> bool:
    """Whether every eigenvalue of an exact matrix with real eigenvalues is above 0.

    >>> is_positive(sp.Matrix([[2, 1], [1, 2]])), is_positive(sp.Matrix([[1, 1], [1, 1]]))
    (True, False)
    """
    return _is_nonnegative(matrix, strictly=True)


def _is_nonnegative(matrix: sp.MatrixBase, *, strictly: bool = False) -> bool:
    """Whether no eigenvalue of a matrix with real eigenvalues is below 0 (or none is 0 either)."""
    polynomial = DomainMatrix.from_Matrix(-sp.Matrix(matrix), extension=True).to_field()
    coefficients = [polynomial.domain.to_sympy(c) for c in polynomial.charpoly()]
    return all(c > 0 if strictly else c >= 0 for c in coefficients)


def _floats(matrix: Any) -> Any:
    return np.array(matrix.tolist() if isinstance(matrix, sp.MatrixBase) else matrix, dtype=float)


def _number(value: Any) -> str:
    return f"{float(value):.6g}" if not has_symbols(value) else str(value)
