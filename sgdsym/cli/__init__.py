"""The command line: parses, calls the rooms below, prints.

Knows options, exit codes, files and progress.  Refuses to know mathematics.  Exit codes: 0 done, 1 a computation
failed, 2 the request is wrong (one line says what and how to mend it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from sgdsym.cli.commands import COMMANDS
from sgdsym.cli.options import Parser, RequestError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    >>> main(["expand", "--order", "1", "--format", "text"])
    l
    - η T G·G
    0
    """
    try:
        options = build_parser().parse_args(arguments)
        code: int | None = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except RequestError as error:
        return _complain(error, 2)
    except BrokenPipeError:
        # the reader of our output has gone; keep the interpreter from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _complain("interrupted, nothing was written", 1)
    except MemoryError:
        return _complain("out of memory; ask for a lower order", 1)
    except (RuntimeError, OSError, ArithmeticError) as error:
        return _complain(error, 1)
    return code or 0


def build_parser() -> Parser:
    """The parser of all commands; each leaves the function to call in ``run``."""
    parser = Parser(
        prog="sgdsym",
        description="Exact expansions of stochastic gradient descent in the learning rate.",
        epilog="example: sgdsym expand --order 3 --format latex",
    )
    parser.add_argument("--version", action="version", version=f"sgdsym {version('sgdsym')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add(commands)
    return parser


def _complain(error: object, code: int) -> int:
    print(f"sgdsym: {' '.join(str(error).split())}", file=sys.stderr)
    return code
