"""Options that several commands share: how their text becomes values, and what is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sgdsym.cli.parser import Parser, RequestError
from sgdsym.diagrams import MAX_ORDER, estimate_diagrams
from sgdsym.series import read_number, read_size, schedule_name
from sgdsym.sgd import Number, Request, Size, estimate_terms, is_grown

# what may be derived unasked: the number of diagrams or placements, and the bytes that one takes
GROWN_LIMIT, GROWN_BYTES = 200_000, 700
PLACED_LIMIT, PLACED_BYTES = 20_000, 4_000
DIGITS = 18  # of an order or a seed

_Value = TypeVar("_Value")


def size(text: str) -> Size:
    """A size, as an option reads it."""
    return _read(read_size, text)


def batch_sizes(text: str) -> Size | tuple[Size, ...]:
    """A size, or several separated by commas."""
    return size(text) if "," not in text else tuple(size(part.strip()) for part in text.split(","))


def number(text: str) -> Number:
    """A number, as an option reads it."""
    return _read(read_number, text)


def _read(reader: Callable[[str], _Value], text: str) -> _Value:
    try:
        return reader(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def natural(text: str) -> int:
    """A non-negative integer."""
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        raise argparse.ArgumentTypeError(
            f"{text[:60]!r} is not an integer of at least 0 and {DIGITS} digits, such as 3"
        )
    return int(text)


def schedule(text: str) -> tuple[Number, ...] | str:
    """Numbers or symbol names, separated by commas; or the name of rates that are not known."""
    if text.isidentifier():
        return _read(schedule_name, text)
    return tuple(number(part.strip()) for part in text.split(","))


def add_order(command: Parser, meaning: str) -> None:
    """The options for the order and for going ahead with a high one."""
    command.add_argument("--order", type=natural, default=3, metavar="D", help=meaning)
    command.add_argument("--force", action="store_true", help="go ahead with an order that takes long")


def add_output(command: Parser) -> None:
    """The option for the file that is written."""
    command.add_argument("--output", type=Path, metavar="FILE", help="write here instead of to stdout")


def guard_order(order: int) -> None:
    """Refuse an order that no machine derives.

    Raises:
        RequestError: with the estimated number of diagrams and memory.
    """
    if order > MAX_ORDER:
        # far beyond, the number of diagrams is none that says anything
        far = order > 4 * MAX_ORDER
        much = f"order {order}" if far else estimate(order, estimate_diagrams(order), GROWN_BYTES)
        raise RequestError(f"{much}: out of reach even with --force; the highest order is {MAX_ORDER}")


def guard_request(request: Request, forced: bool) -> None:
    """Refuse a request that would take long, unless it is forced.

    Raises:
        RequestError: with the estimated number of diagrams and memory.
    """
    limit, size = (GROWN_LIMIT, GROWN_BYTES) if is_grown(request) else (PLACED_LIMIT, PLACED_BYTES)
    if request.is_out_of_proportion and not forced:
        raise RequestError(
            f"order {request.order} with {request.given_timing[0]} over epochs takes hours; lower it, or add --force"
        )
    terms = estimate_terms(request)
    if terms > limit and not forced:
        raise RequestError(f"{estimate(request.order, terms, size)}; add --force to go ahead")


def amount(request: Request) -> Callable[[int], int]:
    """About how much a request goes through, for each highest order."""
    return lambda order: estimate_terms(replace(request, order=order))


def estimate(order: int, diagrams: int, size: int) -> str:
    """What an order with so many diagrams of a size in bytes takes, in words."""
    return f"order {order} has about {diagrams:.2g} diagrams and needs about {_memory(diagrams * size)} of memory"


def _memory(amount: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.2g} PB"
