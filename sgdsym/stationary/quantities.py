r"""What the formulas are fed with: exact numbers and symbols, or floats; and what is no physical value.

Exact input, i.e. integers, fractions and sympy expressions, is computed by sympy and gives sympy; a float or a numpy array
among the arguments makes the result a float or an array, unless there are symbols too.  Text is a number or the name of a
symbol and exact; nothing is evaluated from it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_flag, is_list, quoted, read_items
from sgdsym.arrays import float_array, unmasked
from sgdsym.noise.arrays import check_real, exact_array, exact_text, is_array, precision, rounding
from sgdsym.noise.checks import check_semidefinite, check_symmetric, has_symbols, is_nonnegative
from sgdsym.series import as_exact

# sizes of numbers: floats have three times as many digits before and behind the point
LARGEST = 10**100
SMALLEST = Fraction(1, LARGEST)


def is_exact(*values: Any) -> bool:
    """Whether sympy does the computation: there are symbols, or nothing is a float or a numpy array; None counts for nothing.

    >>> is_exact(1, "x", 0.5), is_exact(1, sp.Rational(1, 2)), is_exact(1, 0.5), is_exact(np.eye(2))
    (True, True, False, False)
    """
    values = tuple(_converted(value) for value in values)
    leaves = [leaf for value in values for leaf in _leaves(value)]
    if has_symbols(*leaves):
        return True
    arrays = any(isinstance(value, np.ndarray) and value.dtype != object for value in values)
    return not arrays and not any(isinstance(leaf, (float, np.floating, sp.Float)) for leaf in leaves)


def exact(name: str, value: Any) -> sp.Expr:
    """A scalar as a sympy expression.

    Raises:
        ValueError: if it is a truth value or no number, naming what it is called.

    >>> from fractions import Fraction
    >>> exact("the loss", Fraction(1, 3)), exact("the learning rate", "eta")
    (1/3, eta)
    """
    if isinstance(value, str):
        return _text(name, value)
    if isinstance(value, sp.Expr):
        check_real(name, value)
        if value.is_number:
            check_range(name, abs(value), value)
        return value
    number = as_exact(value)
    if isinstance(number, (int, Fraction)) and not is_flag(number):
        check_range(name, abs(number), number)
        return sp.Rational(number.numerator, number.denominator)
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        check_range(name, abs(float(value)), value)
        return sp.Float(float(value))
    raise ValueError(f"{name} is {quoted(value)}; it must be a finite number or a sympy expression")


def function(name: str, value: Any) -> sp.Expr:
    """A function of the weights, as an expression in their symbols; text would be a constant.

    Raises:
        ValueError: if it is text or no expression.

    >>> function("the loss", "x**2")
    Traceback (most recent call last):
    ...
    ValueError: the loss is 'x**2'; give an expression in the symbols of the weights
    """
    if isinstance(value, str):
        raise ValueError(f"{name} is {quoted(value)}; give an expression in the symbols of the weights")
    return exact(name, value)


def given(name: str, value: Any, symbol: str) -> sp.Expr:
    """A scalar as a sympy expression, or a symbol where none is given.

    Raises:
        ValueError: as :func:`exact`.

    >>> given("the learning rate", None, "eta")
    eta
    """
    return sp.Symbol(symbol) if value is None else exact(name, value)


def check_range(name: str, size: Any, value: Any) -> None:
    """Refuse a number whose products and quotients with others of its kind may leave the range of floats.

    Raises:
        ValueError: naming the number.

    >>> check_range("the Hessian", 5e-324, 5e-324)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian is 5e-324, out of the range from 1e-100 to 1e+100; choose other units
    """
    if size != 0 and not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"{name} is {quoted(value)}, out of the range from {float(SMALLEST):g} to {float(LARGEST):g}; choose other units"
        )


def floats(value: Any) -> Any:
    """An array as it is, but a number where it has no axes.

    >>> floats(np.float64(0.5)), floats(np.ones(1))
    (0.5, array([1.]))
    """
    return value if np.ndim(value) else float(value)


def scalar(name: str, value: Any, *, symbolic: bool) -> Any:
    """A scalar as a sympy expression, or as a float or an array of them.

    Raises:
        ValueError: if it is not a finite number.

    >>> scalar("the loss", 1, symbolic=True), scalar("the loss", 1, symbolic=False)
    (1, 1.0)
    """
    if symbolic:
        return exact(name, value)
    return floats(_array(name, value))


def single(name: str, number: Any) -> Any:
    """A scalar, where an array of them has no meaning.

    Raises:
        ValueError: naming the shape.

    >>> single("the learning rate", np.ones(2))
    Traceback (most recent call last):
    ...
    ValueError: the learning rate has shape (2,); it must be one number
    """
    if np.ndim(number):
        raise ValueError(f"{name} has shape {np.shape(number)}; it must be one number")
    return number


def positive(name: str, value: Any, *, symbolic: bool) -> Any:
    """A scalar that must be above 0 where it is a number.

    Raises:
        ValueError: naming the number.

    >>> positive("the batch size", 0, symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the batch size is 0; it must be above 0
    """
    result = scalar(name, value, symbolic=symbolic)
    wrong = [result] if symbolic else np.extract(~(np.asarray(result) > 0), result)
    if len(wrong) and (not symbolic or (result.is_number and not result.is_positive)):
        raise ValueError(f"{name} is {quoted(wrong[0])}; it must be above 0")
    return result


def column(name: str, entries: Any, size: int, *, symbolic: bool) -> Any:
    """A column of numbers, as a matrix (size, 1).

    Raises:
        ValueError: naming how many entries there are, or the one that is no number.

    >>> column("the weights", [1, "w"], 2, symbolic=True)
    Matrix([
    [1],
    [w]])
    """
    flat = [scalar(f"an entry of {name}", entry, symbolic=symbolic) for entry in _flat(name, entries)]
    if len(flat) != size:
        raise ValueError(f"{name} has {len(flat)} entries; it must have {size}")
    return sp.Matrix(flat) if symbolic else np.array(flat)[:, None]


def matrix(name: str, value: Any, *, symbolic: bool, size: int | None = None) -> Any:
    """A square matrix, from nested sequences, sympy or numpy; a scalar stands for a multiple of the identity.

    Args:
        name: what it is called in complaints.
        value: the matrix.
        symbolic: whether it becomes a sympy matrix or an array.
        size: the number of rows it must have, and that of the identity, 1 if left out.

    Raises:
        ValueError: naming the shape or the entry that is wrong.

    >>> matrix("the Hessian", 2, symbolic=True, size=2).tolist()
    [[2, 0], [0, 2]]
    """
    rows = _rows(name, value)
    if rows is None:
        return scalar(name, value, symbolic=symbolic) * (sp.eye(size or 1) if symbolic else np.eye(size or 1))
    if not rows or any(len(row) != len(rows) for row in rows) or size not in {None, len(rows)}:
        wanted = "square" if size is None else f"{size}×{size}"
        raise ValueError(
            f"{name} has {len(rows)} rows of lengths {sorted({len(r) for r in rows})}; it must be {wanted}"
        )
    if symbolic:
        return sp.ImmutableMatrix([[exact(f"an entry of {name}", entry) for entry in row] for row in rows])
    return _array(name, rows)


def symmetric(name: str, value: Any, *, symbolic: bool, size: int | None = None) -> Any:
    """A square matrix that must equal its transpose.

    Raises:
        ValueError: naming the two entries that differ.

    >>> symmetric("the Hessian", [[1, 2], [3, 4]], symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian is not symmetric: entry (1, 2) is 2 and entry (2, 1) is 3
    """
    result = matrix(name, value, symbolic=symbolic, size=size)
    check_symmetric(name, exact_array(result) if symbolic else result, rounding(value))
    return result if symbolic else (result + result.T) / 2


def positive_definite(name: str, value: Any, *, symbolic: bool, size: int | None = None) -> Any:
    """A symmetric matrix whose eigenvalues must be above 0 where its entries are numbers.

    Raises:
        ValueError: naming the lowest eigenvalue.

    >>> positive_definite("the Hessian", [[1, 2], [2, 1]], symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian has the eigenvalue -1; all must be above 0
    """
    result = symmetric(name, value, symbolic=symbolic, size=size)
    if has_symbols(result):
        return result
    eigenvalues = np.linalg.eigvalsh(np.array(result, dtype=float))
    lowest, unit = float(eigenvalues[0]), precision(value)
    # what doubles say of a shorter float's matrix that is nearly singular is its rounding
    least = 16 * unit * float(eigenvalues[-1]) if unit > np.finfo(float).eps else 0.0
    if not (is_nonnegative(result, strictly=True) if symbolic else lowest > least):
        raise ValueError(f"{name} has the eigenvalue {lowest:.6g}; all must be above 0")
    return result


def semidefinite(name: str, value: Any, *, symbolic: bool, size: int | None = None) -> Any:
    """A symmetric matrix none of whose eigenvalues may be below 0 where its entries are numbers.

    Raises:
        ValueError: naming the lowest eigenvalue.

    >>> semidefinite("the noise covariance", [[1, 2], [2, 1]], symbolic=True)
    Traceback (most recent call last):
    ...
    ValueError: the noise covariance has the eigenvalue -1; none may be below 0
    """
    result = symmetric(name, value, symbolic=symbolic, size=size)
    check_semidefinite(name, exact_array(result) if symbolic else result, rounding(value))
    return result


def finite(name: str, result: Any) -> Any:
    """A result in floats, refused where it is no number: input near the ends of the range of floats has none.

    Raises:
        ValueError: naming the result.

    >>> finite("the covariance", np.array([[np.nan]]))
    Traceback (most recent call last):
    ...
    ValueError: the covariance leaves the range of floats; choose other units, or give exact numbers
    """
    if not np.isfinite(result).all():
        raise ValueError(f"{name} leaves the range of floats; choose other units, or give exact numbers")
    return result


def _flat(name: str, entries: Any) -> list[Any]:
    """The entries of a column, or of a matrix with one."""
    if not is_list(entries):
        return [entries]
    return [x for entry in read_items(name, entries) for x in (entry if is_list(entry) else [entry])]


def _text(name: str, text: str) -> sp.Expr:
    """A number or a symbol from text, the learning rate among them."""
    return sp.Symbol(text) if text == "eta" else exact_text(name, text)


def _leaves(value: Any) -> list[Any]:
    """The entries of nested sequences, matrices and object arrays."""
    if isinstance(value, str):
        try:
            return [_text("", value)]
        except ValueError:
            # refused by its name where it is read
            return []
    if isinstance(value, np.ndarray):
        return list(value.flat) if value.dtype == object else []
    if isinstance(value, sp.MatrixBase):
        return list(value)
    if is_list(value) and not _is_sparse(value):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value]


def _converted(value: Any) -> Any:
    """An array of whatever library as one of numpy; as it is where that cannot be, to be refused by its name later."""
    if not is_array(value):
        return value
    try:
        return unmasked(value, "an argument")
    except ValueError:
        return value


def _is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix, whose rows have rows without end; it is refused by its name where it is read."""
    return hasattr(value, "todense")


def _rows(name: str, value: Any) -> list[list[Any]] | None:
    """The rows of a matrix, or None for a scalar."""
    if is_array(value) or _is_sparse(value):
        value = unmasked(value, name)
    if isinstance(value, sp.MatrixBase):
        return [list(row) for row in value.tolist()]
    if isinstance(value, np.ndarray):
        if value.ndim not in {0, 2}:
            raise ValueError(f"{name} has shape {value.shape}; it must be a square matrix or a number")
        return [list(row) for row in value] if value.ndim else None
    if is_list(value):
        return [list(read_items(name, row, "matrix")) if is_list(row) else [row] for row in value]
    return None


def _array(name: str, value: Any) -> Any:
    number = float_array(_spelled(name, value), name)
    if not np.isfinite(number).all():
        wrong = number[~np.isfinite(number)][0]
        raise ValueError(f"{name} {'holds' if number.ndim else 'is'} {wrong}; it must be a finite number")
    largest = np.abs(number).max(initial=0.0)
    check_range(name, float(largest), largest)
    return number


def _spelled(name: str, value: Any) -> Any:
    """Text among numbers as numbers."""
    if isinstance(value, str):
        return _text(name, value)
    return [_spelled(name, part) for part in value] if isinstance(value, list) else value
