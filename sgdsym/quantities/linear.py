r"""Linear equations for a symmetric matrix, solved exactly.

An operator that takes symmetric :math:`p \times p` matrices to symmetric ones is a matrix of size :math:`p(p+1)/2`; it is written
down by applying it to each :math:`E_{ij}+E_{ji}` and solved over the field that the entries lie in: rationals, algebraic
numbers, or rational functions of symbols.  The work grows as :math:`p^6`: seconds at p = 12 for rationals; a general matrix of
symbols is for p = 2.  FLINT, where it is installed (the extra ``exact``), solves rationals p-adically: Dixon's lifting needs one
elimination modulo a prime, so that numbers do not grow on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from sgdsym.quantities.arrays import ROUNDING
from sgdsym.quantities.checks import is_nonnegative
from sgdsym.quantities.numbers import has_symbols

# largest matrices that are solved for exactly: of numbers, with FLINT and without, and of expressions with symbols
FLINT_LIMIT, EXACT_LIMIT, SYMBOLIC_LIMIT = 32, 12, 4

Operator = Callable[[DomainMatrix], DomainMatrix]


def in_field(*matrices: sp.MatrixBase) -> list[DomainMatrix]:
    """Matrices over one common field, stored by their entries that are not zero: operators are applied to nearly empty ones.

    >>> [matrix.domain for matrix in in_field(sp.Matrix([[1]]), sp.Matrix([[sp.Symbol("h")]]))]
    [ZZ(h), ZZ(h)]
    """
    shapes = [matrix.shape for matrix in matrices]
    entries = [entry for matrix in matrices for entry in matrix]
    row = DomainMatrix.from_Matrix(sp.Matrix([entries]), extension=True).to_field()
    values = iter(row.to_list()[0])
    return [
        DomainMatrix(
            [[next(values) for _ in range(columns)] for _ in range(rows)], (rows, columns), row.domain
        ).to_sparse()
        for rows, columns in shapes
    ]


def solve_symmetric(operator: Operator, right: DomainMatrix) -> sp.Matrix:
    r"""The symmetric matrix that the operator takes to the right side.

    Raises:
        ValueError: if the matrix is too large to be solved for exactly, or the equation has no unique solution.

    >>> half, = in_field(sp.Matrix([[sp.Rational(1, 2)]]))
    >>> solve_symmetric(lambda x: x * half + half * x, half)
    Matrix([[1/2]])
    """
    size = right.shape[0]
    check_size(size, right.to_Matrix())
    pairs = list(combinations_with_replacement(range(size), 2))
    columns = [_entries(operator(_unit(size, i, j, right.domain)), pairs) for i, j in pairs]
    try:
        solution = _solved(columns, _entries(right, pairs), right.domain)
    except (DMNonInvertibleMatrixError, ZeroDivisionError) as error:
        raise ValueError("the equation for the covariance has no unique solution: the step is at its limit") from error
    values = dict(zip(pairs, solution, strict=True))
    return sp.Matrix(size, size, lambda i, j: simplified(values[min(i, j), max(i, j)]))


def has_flint() -> bool:
    """Whether FLINT is installed."""
    try:
        return find_spec("flint") is not None
    except ValueError:
        # what stands for the module is no module: somebody hides it
        return False


def _solved(columns: list[list[Any]], right: list[Any], domain: Any) -> list[Any]:
    """The solution of linear equations over a field, as expressions.

    Raises:
        ZeroDivisionError: if they have no unique solution.
        DMNonInvertibleMatrixError: likewise.
    """
    size = len(right)
    if domain.is_QQ and has_flint():
        import flint

        def rational(entry: Any) -> Any:
            return flint.fmpq(int(entry.numerator), int(entry.denominator))

        # columns are rows of the transpose, and are read as such
        matrix = flint.fmpq_mat(size, size, [rational(entry) for column in columns for entry in column]).transpose()
        found = matrix.solve(flint.fmpq_mat(size, 1, [rational(entry) for entry in right]))
        return [sp.Rational(int(entry.p), int(entry.q)) for entry in found.entries()]
    matrix = DomainMatrix(columns, (size, size), domain).transpose()
    return list(matrix.lu_solve(DomainMatrix([[entry] for entry in right], (size, 1), domain)).to_Matrix())


def check_size(size: int, *coefficients: Any) -> None:
    """Refuse matrices too large to be solved for exactly, by whether the equation holds symbols."""
    limit, mend = (SYMBOLIC_LIMIT, "give numbers") if has_symbols(*coefficients) else _limit_of_numbers()
    if size > limit:
        raise ValueError(
            f"an exact solution for {size}×{size} matrices that are not diagonal takes {size * (size + 1) // 2} equations; "
            f"the limit is {limit}×{limit}: {mend}"
        )


def _limit_of_numbers() -> tuple[int, str]:
    """The largest matrix of numbers that is solved for exactly, and what helps where one is larger."""
    mend = "give floats, such as a numpy array"
    return (FLINT_LIMIT, mend) if has_flint() else (EXACT_LIMIT, f"install sgdsym[exact], or {mend}")


def simplified(entry: Any) -> Any:
    """An expression with symbols as one fraction of factors, a number without roots below the line; a float as it is."""
    if not isinstance(entry, sp.Basic):
        return float(entry)
    if entry.is_Rational:
        return entry
    return sp.factor(entry) if has_symbols(entry) else sp.radsimp(entry)


def simplified_matrix(matrix: Any) -> Any:
    """A sympy matrix with its entries in lowest terms; an array as it is."""
    return sp.Matrix(matrix.applyfunc(simplified)) if isinstance(matrix, sp.MatrixBase) else matrix


def inverse(matrix: Any) -> Any:
    """The inverse of a sympy matrix or an array."""
    if not isinstance(matrix, sp.MatrixBase):
        return np.linalg.inv(matrix)
    # sympy's own elimination takes minutes where the rationals are long
    return in_field(matrix)[0].inv().to_Matrix().applyfunc(simplified)


def range_projector(matrix: Any, rounding: float = ROUNDING) -> Any:
    """The orthogonal projector onto the range of a symmetric matrix, rational if the matrix is.

    Args:
        matrix: exact or floats.
        rounding: of floats, the relative size of an eigenvalue that counts for 0.

    >>> range_projector(sp.Matrix([[1, 1], [1, 1]]))
    Matrix([
    [1/2, 1/2],
    [1/2, 1/2]])
    """
    if not isinstance(matrix, sp.MatrixBase):
        values, basis = np.linalg.eigh(matrix)
        basis = basis[:, abs(values) > rounding * abs(values).max()]
        return basis @ basis.T
    columns = matrix.columnspace()
    if len(columns) in {0, matrix.rows}:
        return sp.eye(matrix.rows) if columns else sp.zeros(matrix.rows)
    span = sp.Matrix.hstack(*columns)
    return span * (span.T * span).inv() * span.T


def inverse_of_positive(matrix: Any, what: str) -> Any:
    """The inverse of a matrix of products of commuting ones, refused if it is not positive definite.

    Raises:
        ValueError: naming the lowest eigenvalue.
    """
    if not has_symbols(matrix):
        lowest = float(np.linalg.eigvals(np.array(matrix.tolist(), dtype=float)).real.min())
        if not (is_nonnegative(matrix, strictly=True) if isinstance(matrix, sp.MatrixBase) else lowest > 0):
            raise ValueError(f"unstable: {what} has the eigenvalue {lowest:.6g}; all must be above 0")
    return inverse(matrix)


def _unit(size: int, i: int, j: int, domain: Any) -> DomainMatrix:
    # sparse, so that a product with it takes p operations instead of p cubed
    rows: dict[int, dict[int, Any]] = {i: {j: domain.one}}
    rows.setdefault(j, {})[i] = domain.one
    return DomainMatrix(rows, (size, size), domain)


def _entries(matrix: DomainMatrix, pairs: Sequence[tuple[int, int]]) -> list[Any]:
    rows = matrix.to_list()
    return [rows[i][j] for i, j in pairs]
