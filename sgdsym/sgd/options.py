"""Options of a request, each by itself: sizes and numbers, or the names of symbols in their place."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import log10
from typing import TypeAlias

from sgdsym.arguments import is_flag, plain_integer, quoted
from sgdsym.series import as_exact, symbol_name

Size: TypeAlias = int | str
Number: TypeAlias = int | Fraction | str
MOST_DIGITS = 60  # of a number, which coefficients hold high powers of


def read_size_option(option: str, value: Size | None, least: int) -> Size | None:
    """A size that is an integer from some least one, or the name of a symbol; nothing stays nothing.

    Raises:
        ValueError: naming the option.
    """
    if value is None or isinstance(value, str):
        return value if value is None else read_name_option(option, value)
    number = plain_integer(value)
    if number is None or number < least:
        raise ValueError(f"{option} must be an integer of at least {least} or a symbol name, not {quoted(value)}")
    if _digits(number) > MOST_DIGITS:
        raise ValueError(f"{option} has more than {MOST_DIGITS} digits; give a smaller number or a symbol name")
    return number


def read_number_option(option: str, value: Number) -> Number:
    """An exact number, or the name of a symbol.

    Raises:
        ValueError: naming the option.

    >>> from fractions import Fraction
    >>> read_number_option("momentum", Fraction(1, 2)), read_number_option("momentum", "mu")
    (Fraction(1, 2), 'mu')
    """
    if isinstance(value, str):
        return read_name_option(option, value)
    number = as_exact(value)
    if not isinstance(number, (int, Fraction)) or is_flag(number):
        raise ValueError(f"{option} must be an integer, a fraction or a symbol name, not {quoted(value)}")
    if max(_digits(number.numerator), _digits(number.denominator)) > MOST_DIGITS:
        raise ValueError(f"{option} has more than {MOST_DIGITS} digits; give a shorter fraction or a symbol name")
    return number


def _digits(number: int) -> int:
    """About how many decimal digits an integer has, without writing it."""
    # str() refuses integers of more than 4 300 digits, and takes a time that grows faster than their length
    return int(number.bit_length() * log10(2)) + 1


def read_name_option(option: str, name: str, checked: Callable[[str], str] = symbol_name) -> str:
    """The name of a symbol.

    Raises:
        ValueError: naming the option.
    """
    try:
        return checked(name)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
