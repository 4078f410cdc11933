"""Parsers: one line for what is wrong, pages of help with examples, and no work before an option is read.

What they need is loaded in no time, so that a page of help comes at once; the rooms that a command leans on come with it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Generator, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import metadata
from typing import Any, NoReturn, TypeAlias

from sgdsym.cli.spelling import LONGEST, one_line
from sgdsym.cli.streams import deliver

_AMONG_SOURCES = "docs/ among the sources of sgdsym"


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
        purposes: Mapping[str, Iterable[str]] | None = None,
        **settings: Any,
    ) -> None:
        # which commands a page of help lists under which heading
        self.purposes = {purpose: list(names) for purpose, names in (purposes or {}).items()}
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
