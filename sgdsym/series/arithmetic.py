"""Numbers and symbol names as text, read, and sums of monomials, written; see :mod:`sgdsym.series.parsing` for reading those."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from keyword import iskeyword
from numbers import Rational
from typing import Any, TypeAlias

from sgdsym.arguments import is_flag, plain_integer, quoted, read_text
from sgdsym.series.powers import Power

# the learning rate, and words that look like numbers
RESERVED = ("eta", "nan", "inf", "infinity")
LONGEST_NAME = 40
LONGEST_SUM = 100  # of terms that are written without brackets

# a fraction, or a decimal as numpy writes it; longer exponents would make numbers of any length
_FRACTION = r"[+-]?[0-9]{1,100}(/[0-9]{1,100}|\.[0-9]{0,100}([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})"

Monomial: TypeAlias = tuple[tuple[str | Power, int], ...]
Term: TypeAlias = tuple[Fraction, Monomial]


def symbol_name(name: str) -> str:
    """The name itself if it can name a symbol.

    >>> symbol_name("batch_size")
    'batch_size'

    Raises:
        ValueError: if it is not an identifier of letters, digits and single underscores, or a word of Python.
    """
    read_text("a symbol name", name)
    if name.lower() in RESERVED:
        raise ValueError(f"{quoted(name)} cannot name a symbol: it has a meaning of its own; choose another name")
    if (
        len(name) > LONGEST_NAME
        or not (name.isidentifier() and name.isascii())
        or name.startswith("_")
        or "__" in name
        or iskeyword(name)
    ):
        raise ValueError(
            f"{quoted(name[:40])} cannot name a symbol; use a letter followed by letters, digits or underscores"
        )
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
        raise ValueError(f"{quoted(text[:40])} is neither a number nor a symbol name such as T") from error


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
        raise ValueError(f"{quoted(text)} divides by zero") from error


def write_arithmetic(terms: Sequence[Term]) -> str:
    """A sum of monomials with rational numbers in front, in the order given.

    >>> write_arithmetic([(Fraction(1, 2), (("T", 2),)), (Fraction(-3), (("B", -1), ("T", 1)))])
    'T**2/2 - 3*T/B'
    """
    if len(terms) > LONGEST_SUM:
        return _grouped(terms)
    text = ""
    for number, powers in terms:
        sign = "-" if number < 0 else "+"
        above = [_power(base, e) for base, e in powers if e > 0 or _is_number(base)]
        below = [_power(base, -e) for base, e in powers if e < 0 and not _is_number(base)]
        if abs(number.numerator) != 1 or not above:
            above.insert(0, str(abs(number.numerator)))
        if number.denominator != 1:
            below.insert(0, str(number.denominator))
        denominator = f"({'*'.join(below)})" if len(below) > 1 else "".join(below)
        term = "*".join(above) + (f"/{denominator}" if below else "")
        text += f" {sign} {term}" if text else f"{sign if sign == '-' else ''}{term}"
    return text or "0"


def _grouped(terms: Sequence[Term]) -> str:
    """A long sum in brackets, one for each product of symbolic powers: readers go as deep as a sum is long."""
    groups: dict[Monomial, list[Term]] = {}
    for number, powers in terms:
        outside: Monomial = tuple(
            power for power in powers if isinstance(power[0], Power) and (power[1] > 0 or _is_number(power[0]))
        )
        inside = tuple(power for power in powers if power not in outside)
        groups.setdefault(outside, []).append((number, inside))
    texts = []
    for outside, group in groups.items():
        factor = "*".join(_power(base, e) for base, e in outside)
        for start in range(0, len(group), LONGEST_SUM):
            part = write_arithmetic(group[start : start + LONGEST_SUM])
            texts.append(f"({part})*{factor}" if factor else f"({part})")
    return " + ".join(texts)


def _power(base: str | Power, exponent: int) -> str:
    """A power of a symbol, or of a power such as ``mu**T``."""
    if isinstance(base, str):
        return base if exponent == 1 else f"{base}**{exponent}"
    if exponent < 0:
        return Power(1 / Fraction(base.base), base.exponent).text(-exponent)
    return base.text(exponent)


def _is_number(base: str | Power) -> bool:
    """Whether it is a power of a number, whose inverse is one too."""
    return isinstance(base, Power) and not isinstance(base.base, str)


def as_exact(value: Any) -> Any:
    """An integer or a fraction of another library, such as ``numpy.int64``, as one of Python; anything else as it is.

    >>> import numpy as np
    >>> as_exact(np.int64(3)), as_exact("T")
    (3, 'T')
    """
    if is_flag(value):
        return value
    number = plain_integer(value)
    if number is None and isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    return value if number is None else number
