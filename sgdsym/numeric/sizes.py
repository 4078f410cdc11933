"""The numbers of a run put into the coefficients of a series, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import Any

from sgdsym.arguments import is_flag, quoted, quoted_names
from sgdsym.series import Coefficient, Series, as_exact, by_symbol


def exact_sizes(series: Series, symbols: Mapping[str, Any]) -> dict[str, Fraction]:
    """The symbols of a series as fractions.

    Raises:
        ValueError: naming the symbol that is missing, unknown or no finite number.

    >>> exact_sizes(Series({}, truncation=1), {"T": 3})
    Traceback (most recent call last):
    ValueError: the series has no symbol T; its symbols are none
    """
    symbols = by_symbol(symbols, series.symbols)
    missing = sorted(set(series.symbols) - set(symbols))
    if missing:
        raise ValueError(f"the series needs a value for {', '.join(missing)}; give it as {missing[0]}=…")
    unknown = sorted(set(symbols) - set(series.symbols))
    if unknown:
        names = ", ".join(series.symbols) or "none"
        raise ValueError(f"the series has no symbol {quoted_names(unknown)}; its symbols are {names}")
    sizes = {}
    for name, value in symbols.items():
        number = as_exact(value)
        known = isinstance(number, Real) and not is_flag(number)
        if not known or not (isinstance(number, Rational) or isfinite(number)):
            raise ValueError(f"{name} must be a finite number, not {quoted(value)}")
        sizes[name] = Fraction(number) if isinstance(number, Rational) else Fraction(float(number))
    return sizes


def as_float(value: Fraction) -> float:
    """A value as a float.

    Raises:
        ValueError: if it is beyond them.

    >>> as_float(Fraction(10**400))
    Traceback (most recent call last):
    ValueError: a coefficient is beyond floats at these sizes; give sizes and derivatives as integers or fractions
    """
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            "a coefficient is beyond floats at these sizes; give sizes and derivatives as integers or fractions"
        ) from None


def number(coefficient: Coefficient, sizes: Mapping[str, Fraction]) -> Fraction:
    """The value of a coefficient.

    Raises:
        ValueError: if it divides by zero at these sizes.

    >>> number(Coefficient("T**2/2"), {"T": Fraction(3)})
    Fraction(9, 2)
    """
    try:
        return coefficient.substitute(sizes).as_fraction()
    except ZeroDivisionError as error:
        raise ValueError(str(error)) from error
