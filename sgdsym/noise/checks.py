r"""What covariances, Hessians and batch sizes must satisfy, said in one line with the number that does not."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.noise.arrays import Array
from sgdsym.series import symbol_name

# relative size of a negative eigenvalue that rounding alone can make
ROUNDING = 1e-10


def read_count(name: str, value: Any) -> sp.Expr:
    """A size: an integer of at least 1, a symbol name or an expression.

    Raises:
        ValueError: naming the number.

    >>> read_count("batch_size", 4), read_count("batch_size", "B")
    (4, B)
    >>> read_count("batch_size", 0)
    Traceback (most recent call last):
    ...
    ValueError: batch_size must be an integer of at least 1 or a symbol, not 0
    """
    if isinstance(value, str):
        return sp.Symbol(symbol_name(value))
    count = sp.Integer(int(value)) if hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_)) else value
    symbolic = isinstance(count, sp.Expr) and not count.is_number
    if not symbolic and not (isinstance(count, sp.Integer) and count >= 1):
        raise ValueError(f"{name} must be an integer of at least 1 or a symbol, not {value!r}")
    return count


def read_sizes(batch_size: Any, dataset_size: Any, replacement: bool) -> tuple[sp.Expr, sp.Expr | None]:
    """Batch size and number of examples, of which only a batch drawn without replacement depends.

    Raises:
        ValueError: if one is no size, or a batch without replacement has no or too few examples to draw from.
    """
    batch = read_count("batch_size", batch_size)
    if dataset_size is None:
        if not replacement:
            raise ValueError("a batch without replacement depends on the number of examples; give dataset_size")
        return batch, None
    examples = read_count("dataset_size", dataset_size)
    if not replacement and batch.is_number and examples.is_number and batch > examples:
        raise ValueError(f"a batch of {batch} cannot be drawn from {examples} examples without replacement")
    return batch, examples


def check_square(name: str, matrix: Array) -> None:
    """Refuse what is not a square matrix."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} has shape {matrix.shape}; it must be (p, p)")


def check_symmetric(name: str, matrix: Array) -> None:
    """Refuse a matrix that is not symmetric, naming the entries.

    >>> check_symmetric("hessian", np.array([[1.0, 2.0], [3.0, 1.0]]))
    Traceback (most recent call last):
    ...
    ValueError: hessian is not symmetric: entry (0, 1) is 2.0 and entry (1, 0) is 3.0
    """
    check_square(name, matrix)
    if matrix.dtype == object:
        pairs = combinations(range(len(matrix)), 2)
        unequal = next((p for p in pairs if not _equal(matrix[p], matrix[p[::-1]])), None)
    else:
        gap = np.abs(matrix - matrix.T)
        far = gap.max(initial=0.0) > ROUNDING * np.abs(matrix).max(initial=0.0)
        # the matrix of gaps is symmetric, so its first largest entry is above the diagonal
        unequal = divmod(int(gap.argmax()), len(gap)) if far else None
    if unequal:
        i, j = unequal
        raise ValueError(
            f"{name} is not symmetric: entry ({i}, {j}) is {matrix[i, j]} and entry ({j}, {i}) is {matrix[j, i]}"
        )


def check_covariance(name: str, covariance: Array) -> None:
    """Refuse a variance below zero, or a matrix that is not symmetric and positive semidefinite.

    An exact matrix is judged exactly where rounding could matter: it is positive semidefinite if and only if the
    coefficients of its characteristic polynomial alternate in sign.  A matrix with symbols is only held to be symmetric.

    Raises:
        ValueError: naming the negative eigenvalue.

    >>> check_covariance("covariance", np.array([[1.0, 2.0], [2.0, 1.0]]))
    Traceback (most recent call last):
    ...
    ValueError: covariance is not positive semidefinite: it has the eigenvalue -1
    """
    if covariance.ndim == 0:
        number = covariance[()]
        if not getattr(number, "free_symbols", ()) and number < 0:
            raise ValueError(f"{name} is a variance and must not be negative, as {number} is")
        return
    check_symmetric(name, covariance)
    exact = covariance.dtype == object
    if exact and not all(isinstance(entry, sp.Rational) for entry in covariance.flat):
        return
    eigenvalues = np.linalg.eigvalsh(covariance.astype(float))
    rounding = ROUNDING * max(abs(eigenvalues))
    # floats decide where they can; an exact matrix that is nearly singular is judged exactly
    if eigenvalues[0] > rounding or (not exact and eigenvalues[0] >= -rounding):
        return
    if exact and eigenvalues[0] >= -rounding and _is_exactly_semidefinite(covariance):
        return
    lowest = f"{eigenvalues[0]:.6g}" if eigenvalues[0] < 0 else "zero up to rounding, and below it exactly"
    raise ValueError(f"{name} is not positive semidefinite: it has the eigenvalue {lowest}")


def _is_exactly_semidefinite(matrix: Array) -> bool:
    """Whether every sum of principal minors of one size is at least zero."""
    polynomial = sp.polys.matrices.DomainMatrix.from_Matrix(sp.Matrix(matrix.tolist())).to_field().charpoly()
    return all(c >= 0 if k % 2 == 0 else c <= 0 for k, c in enumerate(polynomial))


def _equal(left: Any, right: Any) -> bool:
    return bool(left == right or sp.expand(left - right) == 0)
