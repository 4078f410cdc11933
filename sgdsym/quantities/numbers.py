r"""Single numbers, sizes and symbols: read from what is given, exact as expressions, refused where they mean nothing.

Text is an exact number or the name of a symbol; nothing is evaluated from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_flag, plain_integer, quoted, read_flag, read_items
from sgdsym.series import as_exact, read_number

# sizes of numbers: floats have three times as many digits before and behind the point
LARGEST = 10**100
SMALLEST = Fraction(1, LARGEST)
MOST_COORDINATES = 30


def expression(text: str) -> sp.Expr:
    """A number or a symbol from text; nothing is evaluated.

    Raises:
        ValueError: if it is neither, saying what it was to be.

    >>> expression("0.1"), expression("2e-3"), expression("eta_1")
    (1/10, 1/500, eta_1)
    """
    number = read_number(text)
    return sp.Symbol(number) if isinstance(number, str) else sp.Rational(number.numerator, number.denominator)


def exact_text(name: str, text: str) -> sp.Expr:
    """An :func:`expression` from text that is called something in complaints.

    Raises:
        ValueError: if it is neither a number nor a symbol, naming what it is called.

    >>> exact_text("variance", "1/4"), exact_text("variance", "0.1"), exact_text("variance", "v")
    (1/4, 1/10, v)
    """
    try:
        return expression(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def rate_text(name: str, text: str) -> sp.Expr:
    """As :func:`exact_text`, with the learning rate among the symbols, whose name no other quantity may have."""
    return sp.Symbol(text) if text == "eta" else exact_text(name, text)


def exact_number(name: str, value: Any) -> sp.Expr:
    """A scalar as a sympy expression.

    Raises:
        ValueError: if it is a truth value or no number, naming what it is called.

    >>> from fractions import Fraction
    >>> exact_number("the loss", Fraction(1, 3)), exact_number("the learning rate", "eta")
    (1/3, eta)
    """
    if isinstance(value, str):
        return rate_text(name, value)
    if isinstance(value, sp.Expr):
        check_real(name, value)
        if value.is_number:
            check_range(name, abs(value), value)
        return value
    number = as_exact(value)
    if isinstance(number, (int, Fraction)) and not is_flag(number):
        check_range(name, abs(number), number)
        return sp.Rational(number.numerator, number.denominator)
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        check_range(name, abs(float(value)), value)
        return sp.Float(float(value))
    raise ValueError(f"{name} is {quoted(value)}; it must be a finite number or a sympy expression")


def formula(name: str, value: Any) -> sp.Expr:
    """A function of the weights, as an expression in their symbols; text would be a constant.

    Raises:
        ValueError: if it is text or no expression.

    >>> formula("the loss", "x**2")
    Traceback (most recent call last):
    ...
    ValueError: the loss is 'x**2'; give an expression in the symbols of the weights
    """
    if isinstance(value, str):
        raise ValueError(f"{name} is {quoted(value)}; give an expression in the symbols of the weights")
    return exact_number(name, value)


def exact_or_symbol(name: str, value: Any, symbol: str) -> sp.Expr:
    """A scalar as a sympy expression, or a symbol where none is given.

    Raises:
        ValueError: as :func:`exact_number`.

    >>> exact_or_symbol("the learning rate", None, "eta")
    eta
    """
    return sp.Symbol(symbol) if value is None else exact_number(name, value)


def has_symbols(*values: Any) -> bool:
    """Whether one holds a symbol."""
    entries = (entry for v in values for entry in (v.flat if isinstance(v, np.ndarray) else [v]))
    return any(getattr(entry, "free_symbols", None) for entry in entries)


def check_real(name: str, entry: Any) -> None:
    """Refuse an expression that is no finite real number whatever its symbols are.

    >>> check_real("the noise", 2 * sp.I)
    Traceback (most recent call last):
    ...
    ValueError: the noise holds 2*I, which is no finite real number
    """
    if isinstance(entry, sp.Expr) and (entry.is_real is False or entry.has(sp.nan, sp.zoo, sp.oo, -sp.oo)):
        raise ValueError(f"{name} holds {quoted(entry)}, which is no finite real number")


def check_nonnegative(name: str, number: Any) -> None:
    """Refuse a number below 0."""
    if not has_symbols(number) and number < 0:
        raise ValueError(f"{name} is {quoted(number)}; it must not be negative")


def check_range(name: str, size: Any, value: Any) -> None:
    """Refuse a number whose products and quotients with others of its kind may leave the range of floats.

    Raises:
        ValueError: naming the number.

    >>> check_range("the Hessian", 5e-324, 5e-324)
    Traceback (most recent call last):
    ...
    ValueError: the Hessian is 5e-324, out of the range from 1e-100 to 1e+100; choose other units
    """
    if size != 0 and not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"{name} is {quoted(value)}, out of the range from {float(SMALLEST):g} to {float(LARGEST):g}; choose other units"
        )


def single(name: str, number: Any) -> Any:
    """A scalar, where an array of them has no meaning.

    Raises:
        ValueError: naming the shape.

    >>> single("the learning rate", np.ones(2))
    Traceback (most recent call last):
    ...
    ValueError: the learning rate has shape (2,); it must be one number
    """
    if np.ndim(number):
        raise ValueError(f"{name} has shape {np.shape(number)}; it must be one number")
    return number


def finite(name: str, result: Any) -> Any:
    """A result in floats, refused where it is no number: input near the ends of the range of floats has none.

    Raises:
        ValueError: naming the result.

    >>> finite("the covariance", np.array([[np.nan]]))
    Traceback (most recent call last):
    ...
    ValueError: the covariance leaves the range of floats; choose other units, or give exact numbers
    """
    if not np.isfinite(result).all():
        raise ValueError(f"{name} leaves the range of floats; choose other units, or give exact numbers")
    return result


def floats(value: Any) -> Any:
    """An array as it is, but a number where it has no axes.

    >>> floats(np.float64(0.5)), floats(np.ones(1))
    (0.5, array([1.]))
    """
    return value if np.ndim(value) else float(value)


def read_count(name: str, value: Any) -> sp.Expr:
    """A size: an integer of at least 1, a symbol name or an expression.

    Raises:
        ValueError: naming the number.

    >>> read_count("the batch size", 4), read_count("the batch size", "B")
    (4, B)
    >>> read_count("the batch size", 0)
    Traceback (most recent call last):
    ...
    ValueError: the batch size is 0; it must be an integer of at least 1 or a symbol
    """
    count = exact_text(name, value) if isinstance(value, str) else value
    number = plain_integer(count)
    if number is not None:
        count = sp.Integer(number)
    symbolic = isinstance(count, sp.Expr) and not count.is_number and count.is_real is not False
    if not symbolic and not (isinstance(count, sp.Integer) and count >= 1):
        raise ValueError(f"{name} is {quoted(value)}; it must be an integer of at least 1 or a symbol")
    return count


def read_sizes(batch_size: Any, dataset_size: Any, replacement: bool) -> tuple[sp.Expr, sp.Expr | None]:
    """Batch size and number of examples, of which only a batch drawn without replacement depends.

    Raises:
        ValueError: if one is no size, or a batch without replacement has no or too few examples to draw from.
    """
    read_flag("replacement", replacement)
    batch = read_count("the batch size", batch_size)
    if dataset_size is None:
        if not replacement:
            raise ValueError("a batch without replacement depends on the number of examples; give dataset_size")
        return batch, None
    examples = read_count("the dataset size", dataset_size)
    if not replacement and batch.is_number and examples.is_number and batch > examples:
        raise ValueError(
            f"a batch of {quoted(batch)} cannot be drawn from {quoted(examples)} examples without replacement"
        )
    return batch, examples


def read_coordinates(coordinates: Any) -> tuple[sp.Symbol, ...]:
    """The symbols of the weights, given or named.

    Raises:
        ValueError: if there is none, or one is no symbol or is there twice.

    >>> read_coordinates("x"), read_coordinates([sp.Symbol("x"), "y"])
    ((x,), (x, y))
    """
    entries = (coordinates,) if isinstance(coordinates, (str, sp.Symbol)) else read_items("coordinates", coordinates)
    read = tuple(exact_number("a coordinate", x) for x in entries)
    for symbol in read:
        if not isinstance(symbol, sp.Symbol):
            raise ValueError(f"the coordinate {quoted(symbol)} is no symbol")
    if not read or len(set(read)) != len(read):
        raise ValueError(f"the coordinates {quoted(list(read))} must be one or more different symbols")
    return read


def coordinate_symbols(coordinates: int | str | sp.Symbol | Sequence[Any]) -> tuple[sp.Symbol, ...]:
    r"""The symbols of d weights: those given or named, or :math:`\theta_1, \ldots, \theta_d`, and plain :math:`\theta` for d = 1.

    Raises:
        ValueError: if the dimension is below 1, or one is no symbol.

    >>> coordinate_symbols(2), coordinate_symbols("x")
    ((theta_1, theta_2), (x,))
    """
    number = plain_integer(coordinates)
    if number is None:
        return read_coordinates(coordinates)
    if not 1 <= number <= MOST_COORDINATES:
        raise ValueError(f"the dimension is {quoted(number)}; it must be at least 1, and {MOST_COORDINATES} at most")
    names = ["theta"] if number == 1 else [f"theta_{i}" for i in range(1, number + 1)]
    return tuple(sp.Symbol(name, real=True) for name in names)
