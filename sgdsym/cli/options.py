"""Options that several commands share: how their text becomes values, and what is wrong with it."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from sgdsym.diagrams import MAX_ORDER, estimate_diagrams
from sgdsym.series import symbol_name
from sgdsym.sgd import Size

UNASKED_DIAGRAMS = 200_000
BYTES_PER_DIAGRAM = 700


class RequestError(ValueError):
    """The request is wrong; the message says what and how to mend it."""


class Parser(argparse.ArgumentParser):
    """An argument parser that reports in one line, spells nothing out on its own and never exits."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise the complaint instead of printing the usage."""
        raise RequestError(f"{message}; see {self.prog} --help")


def size(text: str) -> Size:
    """A positive integer or the name of a symbol."""
    if text.lstrip("+-").isdigit():
        return int(text)
    try:
        return symbol_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither an integer nor a symbol name such as T") from error


def order(text: str) -> int:
    """A non-negative integer."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not an order; it must be an integer such as 3, at least 0")
    return int(text)


def guard_order(order: int, forced: bool) -> None:
    """Refuse an order whose diagrams would not fit, or that would take long and was not forced.

    Raises:
        RequestError: with the estimated number of diagrams and memory.
    """
    diagrams = estimate_diagrams(order)
    if diagrams <= UNASKED_DIAGRAMS and order <= MAX_ORDER:
        return
    estimate = f"order {order} has about {diagrams:.2g} diagrams and needs about {_memory(diagrams)} of memory"
    if order > MAX_ORDER:
        raise RequestError(f"{estimate}: out of reach; the highest order is {MAX_ORDER}")
    if not forced:
        raise RequestError(f"{estimate}; add --force to go ahead")


def _memory(diagrams: int) -> str:
    amount = float(diagrams * BYTES_PER_DIAGRAM)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.2g} PB"
