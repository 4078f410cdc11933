"""The numbers of a run put into the coefficients of a series: checked as in a request, exactly or rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

import numpy as np

from sgdsym.series import Coefficient, Series, TooManyDigitsError, exact_value, float_values, undecided
from sgdsym.series.evaluation import LARGEST_POWER

MODERATE_POWER = 2**16
"""Bits up to which the powers of a float are exact at little cost."""


def exact_sizes(series: Series, symbols: Mapping[str, Any]) -> dict[str, Fraction]:
    """The symbols of a series as fractions.

    Raises:
        ValueError: naming the symbol that is missing, unknown or no finite number, or saying what the run asks of it.

    >>> exact_sizes(Series({}, truncation=1), {"T": 3})
    Traceback (most recent call last):
    ValueError: the series has no symbol T; its symbols are none
    """
    missing = sorted(set(series.symbols) - set(symbols))
    if missing:
        raise ValueError(f"the series needs a value for {', '.join(missing)}; give it as {missing[0]}=…")
    unknown = sorted(set(symbols) - set(series.symbols))
    if unknown:
        names = ", ".join(series.symbols) or "none"
        raise ValueError(f"the series has no symbol {', '.join(unknown)}; its symbols are {names}")
    sizes = {}
    for name, value in symbols.items():
        if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(float(value)):
            raise ValueError(f"{name} must be a finite number, not {value!r}")
        sizes[name] = Fraction(value) if isinstance(value, Rational) else Fraction(float(value))
    undecided(series.conditions, sizes)
    return sizes


def exact_numbers(
    coefficients: Sequence[Coefficient], sizes: Mapping[str, Fraction], largest: int = LARGEST_POWER
) -> list[Fraction]:
    """The values of coefficients, with powers of up to ``largest`` bits.

    Raises:
        ValueError: if one has no value at these sizes.

    >>> exact_numbers([Coefficient("T**2/2")], {"T": Fraction(3)})
    [Fraction(9, 2)]
    """
    different = dict.fromkeys(coefficients)
    known = {}
    for c in different:
        try:
            known[c] = exact_value(c, sizes, largest)
        except ArithmeticError as error:
            raise _without_value(c, sizes, error) from error
    return [known[c] for c in coefficients]


def nearly_exact_numbers(coefficients: Sequence[Coefficient], sizes: Mapping[str, Fraction]) -> list[Fraction]:
    """The values of coefficients, exactly where that costs little, otherwise right to the last digit of a float.

    >>> nearly_exact_numbers([Coefficient("mu**T")], {"T": Fraction(2), "mu": Fraction(0.5)})
    [Fraction(1, 4)]
    """
    try:
        return exact_numbers(coefficients, sizes, MODERATE_POWER)
    except TooManyDigitsError:
        return [Fraction(number) for number in rounded_numbers(coefficients, sizes)]


def rounded_numbers(coefficients: Sequence[Coefficient], sizes: Mapping[str, Fraction]) -> list[float]:
    """The values of coefficients as floats, right to the last digit however much they cancel.

    Raises:
        ValueError: if one has no value at these sizes, or a value that is no float.

    >>> rounded_numbers([Coefficient("T**2/2")], {"T": Fraction(3)})
    [4.5]
    """
    different = list(dict.fromkeys(coefficients))
    try:
        known = dict(zip(different, float_values(different, sizes), strict=True))
    except ArithmeticError as error:
        raise _without_value(_first_without_value(different, sizes), sizes, error) from error
    return [known[c] for c in coefficients]


def _first_without_value(coefficients: Sequence[Coefficient], sizes: Mapping[str, Fraction]) -> Coefficient:
    """The coefficient that has no value."""
    for c in coefficients:
        try:
            float_values([c], sizes)
        except ArithmeticError:
            return c
    raise AssertionError("every coefficient has a value by itself")


def _without_value(coefficient: Coefficient, sizes: Mapping[str, Fraction], error: ArithmeticError) -> ValueError:
    text = str(coefficient)
    text = f"…{text[-60:]}" if len(text) > 60 else text
    given = ", ".join(f"{name} = {_written(value)}" for name, value in sizes.items())
    return ValueError(f"{text} has no value at {given}: {error}; expand again with the numbers")


def _written(value: Fraction) -> str:
    return str(value) if value.denominator < 10**6 else repr(float(value))
