r"""Rational numbers as they are given: arrays of fractions where every entry is rational, else arrays of floats.

What is evaluated rather than derived needs no symbols, so nothing here loads sympy.
"""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.arguments import is_flag, quoted
from sgdsym.arrays import float_array, real_array
from sgdsym.series import as_exact

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_fractions(name: str, value: Any) -> NDArray[Any]:
    """An array of fractions if every entry is an integer or a fraction, else of floats.

    Raises:
        ValueError: if an entry is no finite real number, or rows differ in length.

    >>> read_fractions("the means", [1, Fraction(1, 2)]), read_fractions("the means", [1, 0.5])
    (array([Fraction(1, 1), Fraction(1, 2)], dtype=object), array([1. , 0.5]))
    """
    try:
        array: NDArray[Any] = real_array(value, name)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"{name} must hold numbers in equal rows") from None
    if array.dtype.kind == "b":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    if array.dtype.kind in "iu":
        array = array.astype(object)
    if array.dtype == object and all(isinstance(x, Rational) for x in array.flat):
        fractions = np.empty(array.shape, dtype=object)
        for place, x in enumerate(array.flat):
            fractions.flat[place] = Fraction(int(x.numerator), int(x.denominator))
        return fractions
    try:
        floats = array.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers in equal rows") from None
    if not np.isfinite(floats).all():
        raise ValueError(f"{name} holds a NaN or an infinity")
    return floats


def are_close(left: Any, right: Any) -> bool:
    """Whether arrays are equal where both are rational, else up to rounding.

    >>> are_close(np.array([Fraction(1, 3)]), Fraction(1, 3)), are_close(np.array([0.1 + 0.2]), 0.3)
    (True, True)
    """
    difference = np.asarray(left - right, dtype=object)
    if all(isinstance(x, Rational) for x in difference.flat):
        return not difference.any()
    return bool(np.allclose(difference.astype(float), 0, atol=1e-9 * float(np.abs(left).max())))


def as_fraction(name: str, value: Any) -> Fraction:
    """A finite number as the fraction that it is.

    Raises:
        ValueError: if it is none, naming what it is called.

    >>> as_fraction("eta", 0.5), as_fraction("T", 3)
    (Fraction(1, 2), Fraction(3, 1))
    """
    number = as_exact(value)
    known = isinstance(number, Real) and not is_flag(number)
    if not known or not (isinstance(number, Rational) or isfinite(number)):
        raise ValueError(f"{name} must be a finite number, not {quoted(value)}")
    return Fraction(number) if isinstance(number, Rational) else Fraction(float(number))


def read_rates(given: Any) -> Any:
    """The rates of a schedule, by update: a list where all are exact, else an array.

    Raises:
        ValueError: if they are no row of finite numbers.

    >>> read_rates([1, Fraction(1, 2)]), read_rates([0.1, 1])
    ([1, Fraction(1, 2)], array([0.1, 1. ]))
    """
    array = real_array(given, "schedule")
    if array.ndim != 1:
        raise ValueError(f"schedule must be a list of numbers, one for each update, not of shape {array.shape}")
    if array.dtype.kind == "b":
        raise ValueError("schedule must hold numbers, not truth values")
    entries = [as_exact(entry) for entry in (given if isinstance(given, (list, tuple)) else array.tolist())]
    if all(isinstance(entry, Rational) and not is_flag(entry) for entry in entries):
        return entries
    floats = float_array(given, "schedule")
    if not np.isfinite(floats).all():
        raise ValueError("schedule must hold finite numbers")
    return floats
