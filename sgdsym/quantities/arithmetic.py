r"""In which numbers a formula is computed: exact ones and symbols, by sympy, or floats, by numpy.

Exact input, i.e. integers, fractions and sympy expressions, is computed by sympy and gives sympy; a float or a numpy array
among the arguments makes the result a float or an array, unless there are symbols too.  A law asks once, for all of its
arguments, and reads each by what it must satisfy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, final

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted
from sgdsym.quantities.arrays import Array, exact_array, precision, rounding
from sgdsym.quantities.checks import check_semidefinite, check_symmetric, is_nonnegative
from sgdsym.quantities.numbers import (
    check_nonnegative,
    check_range,
    exact_number,
    floats,
    has_symbols,
    read_count,
    single,
)
from sgdsym.quantities.rows import column_entries, float_numbers, is_exact, matrix_rows


class Arithmetic(ABC):
    r"""The numbers that a formula is computed in, :data:`EXACT` or :data:`FLOATS`; it reads, checks and makes them.

    Each method is told what its quantity is called, and raises a ValueError that names it and the number that is wrong.

    Attributes:
        exact: whether numbers are sympy expressions and matrices those of sympy, else floats and arrays.

    >>> arithmetic = Arithmetic.of([[1, 0], [0, "h"]], 2)
    >>> arithmetic.exact, arithmetic.matrix("the Hessian", 2, size=2).tolist()
    (True, [[2, 0], [0, 2]])
    """

    exact: ClassVar[bool]

    @staticmethod
    def of(*values: Any) -> Arithmetic:
        """That of some arguments: exact where one holds symbols, or none a float or a numpy array; None counts for nothing.

        >>> [Arithmetic.of(*values).exact for values in ((1, "x", 0.5), (1, sp.Rational(1, 2)), (1, 0.5), (np.eye(2),))]
        [True, True, False, False]
        """
        return EXACT if is_exact(*values) else FLOATS

    # what differs between the two

    @abstractmethod
    def scalar(self, name: str, value: Any) -> Any:
        """A sympy expression; in floats a number, or an array of them, for each of which a formula without matrices holds.

        >>> EXACT.scalar("the loss", 1), FLOATS.scalar("the loss", 1)
        (1, 1.0)
        """

    @abstractmethod
    def identity(self, size: int) -> Any:
        """The identity matrix."""

    @abstractmethod
    def zeros(self, rows: int, columns: int) -> Any:
        """A matrix of zeros."""

    @abstractmethod
    def diagonal(self, entries: list[Any]) -> Any:
        """A diagonal matrix."""

    @abstractmethod
    def _vertical(self, entries: list[Any]) -> Any:
        """A matrix of one column."""

    @abstractmethod
    def exp(self, exponent: Any) -> Any:
        """The exponential function."""

    @abstractmethod
    def log(self, argument: Any) -> Any:
        """The natural logarithm."""

    @abstractmethod
    def result(self, number: Any) -> Any:
        """A scalar as it is handed out: a float where numpy made it one of its own."""

    @abstractmethod
    def array(self, matrix: Any) -> Array:
        """A matrix as a numpy array, of expressions where it is exact."""

    @abstractmethod
    def is_zero(self, matrix: Any) -> bool:
        """Whether every entry is 0."""

    @abstractmethod
    def _known(self, number: Any) -> bool:
        """Whether a scalar is a number, so that it can be compared with others."""

    @abstractmethod
    def _not_positive(self, number: Any) -> list[Any]:
        """Of a scalar or an array the numbers that are not above 0."""

    @abstractmethod
    def _from_rows(self, name: str, rows: list[list[Any]]) -> Any:
        """A matrix of rows of equal lengths."""

    @abstractmethod
    def _symmetrised(self, matrix: Any) -> Any:
        """A matrix that is symmetric up to rounding as one that is."""

    @abstractmethod
    def _is_definite(self, matrix: Any, lowest: float, least: float) -> bool:
        """Whether a matrix with a lowest eigenvalue is positive definite, in floats by more than rounding."""

    # what is asked of quantities, in either

    def number(self, name: str, value: Any) -> Any:
        """A scalar that is one number."""
        return single(name, self.scalar(name, value))

    def positive(self, name: str, value: Any) -> Any:
        """A scalar that must be above 0 where it is a number.

        >>> EXACT.positive("the batch size", 0)
        Traceback (most recent call last):
        ...
        ValueError: the batch size is 0; it must be above 0
        """
        result = self.scalar(name, value)
        wrong = self._not_positive(result)
        if len(wrong):
            raise ValueError(f"{name} is {quoted(wrong[0])}; it must be above 0")
        return result

    def nonnegative(self, name: str, value: Any) -> Any:
        """One number that is not below 0 where it is known."""
        number = self.number(name, value)
        check_nonnegative(name, number)
        return number

    def learning_rate(self, value: Any) -> Any:
        """A scalar learning rate, above 0 where it is a number."""
        return single("the learning rate", self.positive("the learning rate", value))

    def momentum(self, value: Any) -> Any:
        r"""The momentum :math:`\mu`, a :meth:`decay`.

        >>> EXACT.momentum(1)
        Traceback (most recent call last):
        ...
        ValueError: the momentum is 1; it must be at least 0 and below 1
        """
        return self.decay("the momentum", value)

    def decay(self, name: str, value: Any) -> Any:
        """What a memory keeps of itself in a step, at least 0 and below 1 where it is a number: at 1 it never forgets."""
        decay = self.number(name, value)
        if self._known(decay) and not 0 <= decay < 1:
            raise ValueError(f"{name} is {quoted(decay)}; it must be at least 0 and below 1")
        return decay

    def count(self, name: str, value: Any) -> Any:
        """A size, an integer of at least 1 where it is a number; symbols are refused where floats need a number.

        >>> EXACT.count("the batch size", "B")
        B
        """
        count = read_count(name, value)
        if count.is_number:
            check_range(name, count, count)
        if self.exact:
            return count
        if not count.is_number:
            raise ValueError(f"{name} is {quoted(count)}; here it must be a number")
        return int(count)

    def column(self, name: str, entries: Any, size: int) -> Any:
        """A column of numbers, as a matrix (size, 1).

        >>> EXACT.column("the weights", [1, "w"], 2)
        Matrix([
        [1],
        [w]])
        """
        flat = [self.scalar(f"an entry of {name}", entry) for entry in column_entries(name, entries)]
        if len(flat) != size:
            raise ValueError(f"{name} has {len(flat)} entries; it must have {size}")
        return self._vertical(flat)

    def matrix(self, name: str, value: Any, size: int | None = None) -> Any:
        """A square matrix, from nested sequences, sympy or numpy; a scalar stands for a multiple of the identity.

        Args:
            name: what it is called in complaints.
            value: the matrix.
            size: the number of rows it must have, and that of the identity, 1 if left out.

        >>> EXACT.matrix("the Hessian", 2, size=2).tolist()
        [[2, 0], [0, 2]]
        """
        rows = matrix_rows(name, value)
        if rows is None:
            return self.scalar(name, value) * self.identity(size or 1)
        if not rows or any(len(row) != len(rows) for row in rows) or size not in {None, len(rows)}:
            wanted = "square" if size is None else f"{size}×{size}"
            raise ValueError(
                f"{name} has {len(rows)} rows of lengths {sorted({len(r) for r in rows})}; it must be {wanted}"
            )
        return self._from_rows(name, rows)

    def symmetric(self, name: str, value: Any, size: int | None = None) -> Any:
        """A square matrix that must equal its transpose.

        >>> EXACT.symmetric("the Hessian", [[1, 2], [3, 4]])
        Traceback (most recent call last):
        ...
        ValueError: the Hessian is not symmetric: entry (1, 2) is 2 and entry (2, 1) is 3
        """
        result = self.matrix(name, value, size)
        check_symmetric(name, self.array(result), rounding(value))
        return self._symmetrised(result)

    def positive_definite(self, name: str, value: Any, size: int | None = None) -> Any:
        """A symmetric matrix whose eigenvalues must be above 0 where its entries are numbers.

        >>> EXACT.positive_definite("the Hessian", [[1, 2], [2, 1]])
        Traceback (most recent call last):
        ...
        ValueError: the Hessian has the eigenvalue -1; all must be above 0
        """
        result = self.symmetric(name, value, size)
        if has_symbols(result):
            return result
        eigenvalues = np.linalg.eigvalsh(np.array(result, dtype=float))
        lowest, unit = float(eigenvalues[0]), precision(value)
        # what doubles say of a shorter float's matrix that is nearly singular is its rounding
        least = 16 * unit * float(eigenvalues[-1]) if unit > np.finfo(float).eps else 0.0
        if not self._is_definite(result, lowest, least):
            raise ValueError(f"{name} has the eigenvalue {lowest:.6g}; all must be above 0")
        return result

    def semidefinite(self, name: str, value: Any, size: int | None = None) -> Any:
        """A symmetric matrix none of whose eigenvalues may be below 0 where its entries are numbers.

        >>> EXACT.semidefinite("the noise covariance", [[1, 2], [2, 1]])
        Traceback (most recent call last):
        ...
        ValueError: the noise covariance has the eigenvalue -1; none may be below 0
        """
        result = self.symmetric(name, value, size)
        check_semidefinite(name, self.array(result), rounding(value))
        return result


@final
class _Exact(Arithmetic):
    exact = True

    def scalar(self, name: str, value: Any) -> Any:
        return exact_number(name, value)

    def identity(self, size: int) -> Any:
        return sp.eye(size)

    def zeros(self, rows: int, columns: int) -> Any:
        return sp.zeros(rows, columns)

    def diagonal(self, entries: list[Any]) -> Any:
        return sp.diag(*entries)

    def _vertical(self, entries: list[Any]) -> Any:
        return sp.Matrix(entries)

    def exp(self, exponent: Any) -> Any:
        return sp.exp(exponent)

    def log(self, argument: Any) -> Any:
        return sp.log(argument)

    def result(self, number: Any) -> Any:
        return number

    def array(self, matrix: Any) -> Array:
        return exact_array(matrix)

    def is_zero(self, matrix: Any) -> bool:
        return bool(matrix.is_zero_matrix)

    def _known(self, number: Any) -> bool:
        return bool(number.is_number)

    def _not_positive(self, number: Any) -> list[Any]:
        return [number] if number.is_number and not number.is_positive else []

    def _from_rows(self, name: str, rows: list[list[Any]]) -> Any:
        return sp.ImmutableMatrix([[exact_number(f"an entry of {name}", entry) for entry in row] for row in rows])

    def _symmetrised(self, matrix: Any) -> Any:
        return matrix

    def _is_definite(self, matrix: Any, lowest: float, least: float) -> bool:
        return is_nonnegative(matrix, strictly=True)


@final
class _Floats(Arithmetic):
    exact = False

    def scalar(self, name: str, value: Any) -> Any:
        return floats(float_numbers(name, value))

    def identity(self, size: int) -> Any:
        return np.eye(size)

    def zeros(self, rows: int, columns: int) -> Any:
        return np.zeros((rows, columns))

    def diagonal(self, entries: list[Any]) -> Any:
        return np.diag(entries)

    def _vertical(self, entries: list[Any]) -> Any:
        return np.array(entries)[:, None]

    def exp(self, exponent: Any) -> Any:
        return np.exp(exponent)

    def log(self, argument: Any) -> Any:
        return np.log(argument)

    def result(self, number: Any) -> Any:
        return floats(number)

    def array(self, matrix: Any) -> Array:
        return np.asarray(matrix)

    def is_zero(self, matrix: Any) -> bool:
        return not matrix.any()

    def _known(self, number: Any) -> bool:
        return True

    def _not_positive(self, number: Any) -> list[Any]:
        return list(np.extract(~(np.asarray(number) > 0), number))

    def _from_rows(self, name: str, rows: list[list[Any]]) -> Any:
        return float_numbers(name, rows)

    def _symmetrised(self, matrix: Any) -> Any:
        return (matrix + matrix.T) / 2

    def _is_definite(self, matrix: Any, lowest: float, least: float) -> bool:
        return lowest > least


EXACT: Arithmetic = _Exact()
FLOATS: Arithmetic = _Floats()
