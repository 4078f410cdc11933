"""Numbers and symbol names as text, read, and sums of monomials, written; see :mod:`sgdsym.series.parsing` for reading those."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from fractions import Fraction
from keyword import iskeyword
from typing import Any

from sgdsym.series.division import Monomial

# the learning rate, and what looks like a number
RESERVED = ("eta", "nan", "inf", "infinity")
LONGEST_NAME = 40

# a fraction, or a decimal as numpy writes it; longer exponents would make numbers of any length
_FRACTION = r"[+-]?[0-9]{1,100}(/[0-9]{1,100}|\.[0-9]{0,100}([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})"


def symbol_name(name: str) -> str:
    """The name itself if it can name a symbol.

    >>> symbol_name("batch_size")
    'batch_size'

    Raises:
        ValueError: if it is not an identifier of letters, digits and single underscores, or a word of Python.
    """
    if name.lower() in RESERVED:
        raise ValueError(f"{name!r} cannot name a symbol: it has a meaning of its own; choose another name")
    if (
        len(name) > LONGEST_NAME
        or not (name.isidentifier() and name.isascii())
        or name.startswith("_")
        or "__" in name
        or iskeyword(name)
    ):
        raise ValueError(f"{name[:40]!r} cannot name a symbol; use a letter followed by letters, digits or underscores")
    return name


def read_size(text: str) -> int | str:
    """A size from text: an integer, or the name of a symbol.

    Raises:
        ValueError: if it is neither.

    >>> read_size("12"), read_size("T")
    (12, 'T')
    """
    if re.fullmatch(r"[+-]?[0-9]{1,100}", text):
        return int(text)
    try:
        return symbol_name(text)
    except ValueError as error:
        if text.isidentifier():
            raise
        raise ValueError(f"{text[:40]!r} is neither a number nor a symbol name such as T") from error


def read_number(text: str) -> int | Fraction | str:
    """A number from text: an integer, a fraction, a decimal with or without an exponent, or the name of a symbol.

    Raises:
        ValueError: if it is none of these, or divides by zero.

    >>> read_number("9/10"), read_number("9e-1"), read_number("mu")
    (Fraction(9, 10), Fraction(9, 10), 'mu')
    """
    if not re.fullmatch(_FRACTION, text):
        return read_size(text)
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(f"{text!r} divides by zero") from error


def write_arithmetic(terms: Sequence[tuple[Monomial, Fraction]]) -> str:
    """A sum of monomials with rational numbers in front, in the order given.

    >>> write_arithmetic([((("T", 2),), Fraction(1, 2)), ((("B", -1), ("T", 1)), Fraction(-3))])
    'T**2/2 - 3*T/B'
    """
    text = ""
    for powers, number in terms:
        sign = "-" if number < 0 else "+"
        above = [_power(base, e) for base, e in powers if e > 0]
        below = [_power(base, -e) for base, e in powers if e < 0]
        if abs(number.numerator) != 1 or not above:
            above.insert(0, str(abs(number.numerator)))
        if number.denominator != 1:
            below.insert(0, str(number.denominator))
        denominator = f"({'*'.join(below)})" if len(below) > 1 else "".join(below)
        term = "*".join(above) + (f"/{denominator}" if below else "")
        text += f" {sign} {term}" if text else f"{sign if sign == '-' else ''}{term}"
    return text or "0"


def _power(base: str, exponent: int) -> str:
    """A power of a symbol, or of a power such as ``mu**T``."""
    if exponent == 1:
        return base
    root, symbolic, power = base.partition("**")
    return f"{root}**({exponent}*{power})" if symbolic else f"{base}**{exponent}"


def as_exact(value: Any) -> Any:
    """An integer of another library, such as ``numpy.int64``, as a Python integer; anything else as it is.

    >>> import numpy as np
    >>> as_exact(np.int64(3)), as_exact("T")
    (3, 'T')
    """
    is_foreign = hasattr(value, "__index__") and not isinstance(value, (int, str))
    return operator.index(value) if is_foreign else value
