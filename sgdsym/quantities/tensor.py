r"""Tensors as they are given and as they are given back: exact numbers and symbols stay exact, floats stay floats.

Exact are integers, fractions, sympy expressions, and text, which is a number or the name of a symbol and never evaluated.
Floats are floats, and whatever stands in a numpy array of numbers, be they integers.

Inside, a tensor is a numpy array: of sympy expressions where every entry is exact or a symbol, of floats otherwise.  What a
caller hands in as a sympy matrix comes back as one, a fraction as a fraction, an array of numbers as an array of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_flag, quoted
from sgdsym.arrays import check_unmasked, unmasked
from sgdsym.quantities.arrays import MOST_AXES, ROUNDING, Array, as_array, as_sympy, exact_array, is_array, rounding
from sgdsym.quantities.numbers import check_real, exact_text


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """An array of sympy expressions or floats, with the way back to what it was given as and its :func:`rounding`.

    >>> fractions = read_tensor("covariance", np.array([[Fraction(1, 2)]], dtype=object))
    >>> fractions.write(2 * fractions.array)
    array([[Fraction(1, 1)]], dtype=object)
    """

    array: Array
    write: Callable[[Any], Any]
    rounding: float = ROUNDING

    @property
    def exact(self) -> bool:
        """Whether the entries are sympy expressions."""
        return self.array.dtype == object


def read_tensor(name: str, value: Any) -> Tensor:
    """A tensor given as a number, a sympy matrix or array, a numpy array, or nested rows.

    Raises:
        ValueError: if an entry is no finite number and no expression, or rows differ in length.

    >>> read_tensor("variance", Fraction(3, 2)).array
    array(3/2, dtype=object)
    >>> read_tensor("variance", "3/2").array
    array(3/2, dtype=object)
    >>> read_tensor("variance", "3/0")
    Traceback (most recent call last):
    ...
    ValueError: variance: '3/0' divides by zero
    """
    if isinstance(value, (sp.MatrixBase, sp.NDimArray)):
        return Tensor(exact_array(value, name), as_sympy)
    if is_array(value):
        given: Array = unmasked(value, name)
        return Tensor(_entries(name, given), _as_numpy(given), rounding(given))
    if isinstance(value, (list, tuple)):
        check_unmasked(value, name)
        array = _entries(name, _rows(name, value))
        return Tensor(array, as_sympy if array.dtype == object else np.asarray, rounding(value))
    unmasked(value, name)
    array = _entries(name, np.array(value, dtype=object))
    return Tensor(array, _as_number(value))


def _entries(name: str, array: Array) -> Array:
    """An array of expressions if every entry is exact, else of floats."""
    if array.dtype == object:
        array = as_array((exact_text(name, e) if isinstance(e, str) else e for e in array.flat), array.shape)
        for entry in array.flat:
            if isinstance(entry, (list, tuple)):
                raise ValueError(f"{name} must hold numbers in equal rows")
            if is_flag(entry) or not isinstance(entry, (Real, sp.Expr)):
                raise ValueError(f"{name} holds {quoted(entry)}, which is no number")
        if all(isinstance(entry, (Rational, sp.Expr)) for entry in array.flat):
            return as_array((_exact(name, entry) for entry in array.flat), array.shape)
        try:
            array = array.astype(float)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{name} holds floats beside what is no float; give numbers of one kind") from None
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    array = array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds {array[~np.isfinite(array)][0]}; give finite numbers")
    return array


def _rows(name: str, value: Sequence[Any]) -> Array:
    try:
        array = np.array(value, dtype=object)
    except ValueError:
        raise ValueError(f"{name} must hold numbers in equal rows") from None
    if array.ndim > MOST_AXES:
        raise ValueError(f"{name} is nested {array.ndim} deep; {MOST_AXES} axes are the most")
    return array


def _exact(name: str, entry: Any) -> sp.Expr:
    check_real(name, entry)
    return entry if isinstance(entry, sp.Expr) else sp.Rational(int(entry.numerator), int(entry.denominator))


def _as_numpy(given: Array) -> Callable[[Any], Any]:
    """Back to an array: fractions where sympy was not given and is not needed."""
    with_sympy = given.dtype == object and any(isinstance(entry, sp.Expr) for entry in given.flat)

    def write(array: Any) -> Any:
        result = np.asarray(array)
        if result.dtype == object and not with_sympy:
            result = as_array((_as_fraction(entry) for entry in result.flat), result.shape)
        return result[()]

    return write


def _as_number(given: Any) -> Callable[[Any], Any]:
    return lambda array: _plain(np.asarray(array)[()], isinstance(given, (sp.Expr, str)))


def _plain(entry: Any, with_sympy: bool) -> Any:
    if isinstance(entry, sp.Expr):
        return entry if with_sympy else _as_fraction(entry)
    return float(entry)


def _as_fraction(entry: Any) -> Any:
    """A rational as a fraction; an expression with symbols as it is."""
    return Fraction(int(entry.p), int(entry.q)) if isinstance(entry, sp.Rational) else entry
