r"""Numbers, columns and rows of matrices as callers give them: nested lists, sympy, numpy, or what hands itself to numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list, read_items
from sgdsym.arrays import float_array, unmasked
from sgdsym.quantities.arrays import is_array
from sgdsym.quantities.numbers import check_range, has_symbols, rate_text


def is_exact(*values: Any) -> bool:
    """Whether sympy does the computation: there are symbols, or nothing is a float or a numpy array; None counts for nothing.

    >>> is_exact(1, "x", 0.5), is_exact(1, sp.Rational(1, 2)), is_exact(1, 0.5), is_exact(np.eye(2))
    (True, True, False, False)
    >>> is_exact([np.ones(2), np.ones(2)])
    False
    """
    leaves = [leaf for value in values for leaf in _leaves(value)]
    # floats have no symbols: with one, all is computed by sympy
    if has_symbols(*leaves):
        return True
    return not any(isinstance(leaf, (float, np.floating, sp.Float)) for leaf in leaves)


def column_entries(name: str, entries: Any) -> list[Any]:
    """The entries of a column, or of a matrix with one."""
    if not is_list(entries):
        return [entries]
    return [x for entry in read_items(name, entries) for x in (entry if is_list(entry) else [entry])]


def matrix_rows(name: str, value: Any) -> list[list[Any]] | None:
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


def float_numbers(name: str, value: Any) -> Any:
    """A number or an array of them as floats.

    Raises:
        ValueError: naming the entry that is not finite, or out of the range in which products of a few stay floats.
    """
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
        return rate_text(name, value)
    return [_spelled(name, part) for part in value] if isinstance(value, list) else value


def _leaves(value: Any) -> list[Any]:
    """The entries of nested sequences, matrices and object arrays; a float for all of an array of numbers."""
    value = _converted(value)
    if isinstance(value, str):
        try:
            return [rate_text("", value)]
        except ValueError:
            # refused by its name where it is read
            return []
    if isinstance(value, np.ndarray):
        # an array of numbers, in a list too, counts as floats, integers among them, as numpy's own functions take them
        return list(value.flat) if value.dtype == object else [0.0]
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
