"""From arguments to a command, and from what goes wrong there to an exit code and one line."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sgdsym.cli.commands import COMMANDS, PURPOSES
from sgdsym.cli.parser import Parser, RequestError
from sgdsym.cli.spelling import one_line
from sgdsym.cli.streams import complain, say

_COMPLETING = "_ARGCOMPLETE"  # set by the shell that wants to know how a line may go on
_PACKAGE = Path(__file__).parents[1]


def dispatch(arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name and return the exit code.

    Whatever a library raises that no command expects is reported as an internal error: one line that says where.
    """
    with warnings.catch_warnings():
        warnings.showwarning = _note
        try:
            if _COMPLETING in os.environ:
                _complete(build_parser())
            parser = build_parser(sys.argv[1:] if arguments is None else arguments)
            options = parser.parse_args(arguments)
            return options.run(options) or 0
        except RequestError as error:
            return complain(error, 2)
        except MemoryError:
            return complain("out of memory; ask for a lower order", 1)
        except OSError as error:
            return complain(error, 1)
        except Exception as error:
            # of a failed computation rooms raise this very class; a class below it is an accident of a library
            return complain(error if type(error) is RuntimeError else _internal(error), 1)


def build_parser(words: Collection[str] | None = None) -> Parser:
    """The parser of all commands; each leaves the function to call in ``run``.

    Args:
        words: a command that is not among them has no options yet, since none of these words reaches it.
    """
    parser = Parser(
        prog="sgdsym",
        description="Exact expansions of stochastic gradient descent in the learning rate.",
        examples=("sgdsym expand --order 3 --format latex", "sgdsym paper --order 3 --output appendix.tex"),
        purposes=PURPOSES,
    )
    parser.add_argument("--version", action="version", version=f"sgdsym {version('sgdsym')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)
    for name, summary in COMMANDS.items():
        if words is None or name in words:
            import_module(f"sgdsym.cli.commands.{name}").add(commands, summary)
        else:
            commands.add_parser(name, help=summary)
    return parser


def _complete(parser: Parser) -> None:
    """Tell the shell how its line may go on, and end; without argcomplete, the extra ``completion``, nothing is offered."""
    try:
        from argcomplete import autocomplete
    except ImportError:
        return
    autocomplete(parser)


def _internal(error: Exception) -> str:
    """A fault of the program itself: what it is, the last of our lines on the way there, and what to do."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _PACKAGE in Path(frame.filename).parents]
    last = frames[-1]
    place = f"{Path(last.filename).relative_to(_PACKAGE.parent)}:{last.lineno}"
    said = str(error)[:100]
    return f"internal error in {place}: {type(error).__name__}: {said}; please report it with the command that shows it"


def _note(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning of a library, in one line."""
    say(one_line(f"sgdsym: warning: {message}"))
