"""The numbers of a run put into the coefficients of a series: checked as in a request, exactly or rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np

from sgdsym.arguments import quoted, quoted_names
from sgdsym.quantities import as_fraction, read_rates
from sgdsym.series import (
    Coefficient,
    Series,
    TooManyDigitsError,
    by_symbol,
    exact_sums,
    exact_value,
    float_sums,
    float_values,
    known_steps,
    substituted_sums,
    undecided,
)
from sgdsym.series.evaluation import LARGEST_POWER

MODERATE_POWER = 2**16
"""Bits up to which the powers of a float are exact at little cost."""


def exact_sizes(series: Series, symbols: Mapping[str, Any]) -> dict[str, Fraction]:
    """The symbols of a series as fractions; with sums over a schedule, which takes its rates, also those.

    Raises:
        ValueError: naming the symbol that is missing, unknown or no finite number, or saying what the run asks of it.

    >>> exact_sizes(Series({}, truncation=1), {"T": 3})
    Traceback (most recent call last):
    ValueError: the series has no symbol T; its symbols are none
    """
    if not series.sums:
        return _sizes(series, symbols)
    given = dict(symbols)
    if "schedule" not in given:
        raise ValueError(f"the series has sums over the rates {series.schedule}; give them as schedule=[…]")
    rates = read_rates(given.pop("schedule"))
    given = by_symbol(given, (*series.symbols, *series.lengths))
    lengths = {name: as_fraction(name, given[name]) for name in series.lengths if name in given}
    known = known_steps(series.sums, len(rates), lengths)
    open_lengths = {name: value for name, value in given.items() if name not in series.lengths - set(series.symbols)}
    sizes = _sizes(series, {**{name: steps for name, steps in known.items() if name in series.symbols}, **open_lengths})
    found = _exact_sums if are_exact(series, symbols) else _float_sums
    return sizes | found(series, rates, sizes)


def are_exact(series: Series, symbols: Mapping[str, Any]) -> bool:
    """Whether all symbols of a series, and the rates of its schedule, are given as integers or fractions.

    >>> are_exact(Series({}, truncation=1), {"T": 3}), are_exact(Series({}, truncation=1), {"T": 3.0})
    (True, False)
    """
    numbers = [value for name, value in symbols.items() if not (series.sums and name == "schedule")]
    return all(isinstance(n, Rational) for n in numbers) and (
        not series.sums or isinstance(read_rates(symbols["schedule"]), list)
    )


def _exact_sums(series: Series, rates: list[Any], sizes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The sums in exact numbers, by their names in the series."""
    known, renamed = substituted_sums(series.sums, sizes)
    values = exact_sums(known.values(), [Coefficient(rate) for rate in rates])
    return {name: new.substitute(values).as_fraction() for name, new in renamed.items()}


def _float_sums(series: Series, rates: Any, sizes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The sums in floats."""
    found = float_sums(series.sums.values(), np.asarray(rates, dtype=float), sizes)
    if not np.isfinite(list(found.values())).all():
        raise ValueError("the rates of the schedule are too large: a sum over them overflows")
    return {name: Fraction(value) for name, value in found.items()}


def _sizes(series: Series, symbols: Mapping[str, Any]) -> dict[str, Fraction]:
    symbols = by_symbol(symbols, series.symbols)
    missing = sorted(set(series.symbols) - set(symbols))
    if missing:
        raise ValueError(f"the series needs a value for {', '.join(missing)}; give it as {missing[0]}=…")
    unknown = sorted(set(symbols) - set(series.symbols))
    if unknown:
        names = ", ".join(series.symbols) or "none"
        raise ValueError(f"the series has no symbol {quoted_names(unknown)}; its symbols are {names}")
    sizes = {name: as_fraction(name, value) for name, value in symbols.items()}
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
