r"""What square, symmetric and semidefinite matrices must satisfy, said in one line with the number that does not.

Exact numbers are judged exactly, floats up to rounding, and what holds symbols is taken as it is.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from sgdsym.arguments import quoted
from sgdsym.quantities.arrays import ROUNDING, Array
from sgdsym.quantities.numbers import check_nonnegative, has_symbols


def check_square(name: str, matrix: Array) -> None:
    """Refuse what is not a square matrix."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} has shape {matrix.shape}; it must be (p, p)")


def check_symmetric(name: str, matrix: Array, rounding: float = ROUNDING) -> None:
    """Refuse a matrix that is not symmetric up to its rounding, naming the entries.

    >>> check_symmetric("hessian", np.array([[1.0, 2.0], [3.0, 1.0]]))
    Traceback (most recent call last):
    ...
    ValueError: hessian is not symmetric: entry (1, 2) is 2.0 and entry (2, 1) is 3.0
    """
    check_square(name, matrix)
    if matrix.dtype == object:
        pairs = combinations(range(len(matrix)), 2)
        unequal = next((p for p in pairs if not _equal(matrix[p], matrix[p[::-1]])), None)
    else:
        gap = np.abs(matrix - matrix.T)
        far = gap.max(initial=0.0) > rounding * np.abs(matrix).max(initial=0.0)
        # the matrix of gaps is symmetric, so its first largest entry is above the diagonal
        unequal = divmod(int(gap.argmax()), len(gap)) if far else None
    if unequal:
        i, j = unequal
        raise ValueError(
            f"{name} is not symmetric: entry ({i + 1}, {j + 1}) is {_entry(matrix[i, j])} and "
            f"entry ({j + 1}, {i + 1}) is {_entry(matrix[j, i])}"
        )


def check_covariance(name: str, covariance: Array, rounding: float = ROUNDING) -> None:
    """Refuse a variance below zero, or a matrix that is not symmetric and positive semidefinite.

    Raises:
        ValueError: naming the number or the negative eigenvalue.

    >>> check_covariance("covariance", np.array([[1.0, 2.0], [2.0, 1.0]]))
    Traceback (most recent call last):
    ...
    ValueError: covariance has the eigenvalue -1; none may be below 0
    """
    if covariance.ndim == 0:
        check_nonnegative(name, covariance[()])
        return
    check_symmetric(name, covariance, rounding)
    check_semidefinite(name, covariance, rounding)


def check_semidefinite(name: str, matrix: Array, rounding: float = ROUNDING) -> None:
    """Refuse a symmetric matrix with an eigenvalue below 0 by more than its rounding.

    >>> check_semidefinite("the noise", np.array([[sp.Integer(1), sp.Integer(2)], [sp.Integer(2), sp.Integer(1)]]))
    Traceback (most recent call last):
    ...
    ValueError: the noise has the eigenvalue -1; none may be below 0
    """
    if has_symbols(matrix):
        return
    eigenvalues = np.linalg.eigvalsh(matrix.astype(float))
    gap = rounding * max(abs(eigenvalues), default=0.0)
    exact = matrix.dtype == object
    # floats decide where they can; an exact matrix that is nearly singular is judged exactly
    if not len(eigenvalues) or eigenvalues[0] > gap or (not exact and eigenvalues[0] >= -gap):
        return
    if exact and eigenvalues[0] >= -gap and is_nonnegative(sp.Matrix(matrix.tolist())):
        return
    lowest = f"{eigenvalues[0]:.6g}" if eigenvalues[0] < 0 else "0 up to rounding, and below it exactly"
    raise ValueError(f"{name} has the eigenvalue {lowest}; none may be below 0")


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


def is_nonnegative(matrix: sp.MatrixBase, *, strictly: bool = False) -> bool:
    r"""Whether no eigenvalue of an exact matrix with real eigenvalues is below 0 (or none is 0 either).

    With eigenvalues :math:`m_i`, :math:`\det(x+M)=\prod_i(x+m_i)` has no negative :math:`m_i` exactly where no coefficient is
    negative.

    >>> is_nonnegative(sp.Matrix([[1, 1], [1, 1]])), is_nonnegative(sp.Matrix([[1, 1], [1, 1]]), strictly=True)
    (True, False)
    """
    polynomial = DomainMatrix.from_Matrix(-sp.Matrix(matrix), extension=True).to_field()
    coefficients = [polynomial.domain.to_sympy(c) for c in polynomial.charpoly()]
    return all(c > 0 if strictly else c >= 0 for c in coefficients)


def _entry(value: Any) -> str:
    return quoted(value) if isinstance(value, sp.Basic) else str(value)


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right or sp.simplify(left - right) == 0)
