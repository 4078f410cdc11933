"""Options that several commands share: how their text becomes values, and what is wrong with it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, TypeAlias, TypeVar

from sgdsym.cli.spelling import LONGEST, one_line
from sgdsym.cli.streams import deliver
from sgdsym.diagrams import MAX_ORDER, estimate_diagrams
from sgdsym.series import read_number, read_size, schedule_name
from sgdsym.sgd import Number, Request, Size, estimate_terms, is_grown

# what may be derived unasked: the number of diagrams or placements, and the bytes that one takes
GROWN_LIMIT, GROWN_BYTES = 200_000, 700
PLACED_LIMIT, PLACED_BYTES = 20_000, 4_000
DIGITS = 18  # of an order or a seed
_AMONG_SOURCES = "docs/ among the sources of sgdsym"


_Value = TypeVar("_Value")
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class RequestError(ValueError):
    """The request is wrong; the message says what and how to mend it."""


_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.*)\)")


@cache
def manual_address() -> str:
    """Where the manual is: the address of the documentation that the distribution names, else its place among the sources.

    >>> manual_address().startswith(("https://", "docs/"))
    True
    """
    named = metadata("sgdsym").get_all("Project-URL") or []
    addresses = (entry.partition(",") for entry in named)
    return next((address.strip() for label, _, address in addresses if label == "Documentation"), _AMONG_SOURCES)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Descriptions in one line are filled, others stay as they are; commands stand under the purposes that they serve."""

    purposes: Mapping[str, list[str]]

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)

    def _iter_indented_subactions(self, action: argparse.Action) -> Generator[argparse.Action, None, None]:
        """The commands of a parser; those that have purposes below a line for each."""
        known = {sub.dest: sub for sub in super()._iter_indented_subactions(action)}
        if not known or not self.purposes:
            self._indent()
            yield from known.values()
            self._dedent()
            return
        for purpose, names in self.purposes.items():
            yield argparse.Action([], "", metavar=f"{purpose}:", help=None)
            self._indent()
            yield from (known[name] for name in names)
            self._dedent()


class Parser(argparse.ArgumentParser):
    """An argument parser that reports in one line, spells nothing out on its own and never exits."""

    def __init__(
        self,
        *,
        minus: str = r"-[0-9.]",
        examples: Iterable[str] = (),
        purposes: Mapping[str, Iterable[ModuleType]] | None = None,
        **settings: Any,
    ) -> None:
        # which commands a page of help lists under which heading
        self.purposes = {
            purpose: [command.__name__.rpartition(".")[2] for command in commands]
            for purpose, commands in (purposes or {}).items()
        }
        shown = "".join(f"  {line}\n" for line in examples)
        super().__init__(
            allow_abbrev=False,
            formatter_class=_Help,
            epilog=f"examples:\n{shown}\nmanual: {manual_address()}",
            **settings,
        )
        # a fraction, a vector or a matrix may begin with a minus too; argparse knows plain numbers only
        self._negative_number_matcher = re.compile(minus)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse ``--option=--``, of which argparse makes an empty list."""
        words = sys.argv[1:] if args is None else list(args)
        for word in words:
            if word.startswith("--") and word.endswith("=--"):
                self.error(f"{word!r} gives '--', which is no value")
        found, left = super().parse_known_args(words, namespace)
        # what is left over here no parser above knows, and only this one can say what was meant
        mistyped = next((word.partition("=")[0] for word in left if word.startswith("--")), None)
        if mistyped:
            meant = closest(mistyped, [name for name in self._option_string_actions if name.startswith("--")])
            self.error(f"unrecognized arguments: {' '.join(left)}{meant}")
        return found, left

    def error(self, message: str) -> NoReturn:
        """Raise the complaint instead of printing the usage."""
        advice = f"; see {self.prog} --help"
        if choice := _CHOICE.search(message):
            meant = closest(choice[1], re.findall(r"'?([^', ]+)'?", choice[2]))
            message = message.replace(choice[0], f"invalid choice: '{choice[1]}'{meant} (choose from {choice[2]})")
        raise RequestError(one_line(message, LONGEST - len("sgdsym: ") - len(advice)) + advice)

    def _get_formatter(self) -> argparse.HelpFormatter:
        formatter = super()._get_formatter()
        if isinstance(formatter, _Help):
            formatter.purposes = self.purposes
        return formatter

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help and version through the door that everything else goes through."""
        deliver(message)


def closest(word: str, known: Iterable[str]) -> str:
    """What a mistyped word probably means, as the end of a complaint; nothing where none is like it.

    >>> closest("--ordr", ["--order", "--steps"])
    '; did you mean --order?'
    """
    found = get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""


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
