r"""The symbols of the weights, in which losses and densities are expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from sgdsym.arguments import plain_integer, quoted, read_items
from sgdsym.quantities.numbers import exact_number

MOST_COORDINATES = 30


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
