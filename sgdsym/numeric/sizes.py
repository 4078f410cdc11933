"""The numbers of a run put into the coefficients of a series: checked as in a request, exactly or rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import Any

from sgdsym.arguments import is_flag, quoted, quoted_names
from sgdsym.series import (
    Coefficient,
    Series,
    TooManyDigitsError,
    as_exact,
    by_symbol,
    exact_value,
    float_values,
    undecided,
)
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
    undecided(series.conditions, sizes)
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
    return ValueError(f"{text} has no value at {given[:150]}: {str(error)[:100]}; expand again with the numbers")


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return quoted(value.numerator)
    try:
        return str(value) if value.denominator < 10**6 and abs(value) < 10**12 else repr(float(value))
    except OverflowError:
        return quoted(value)
