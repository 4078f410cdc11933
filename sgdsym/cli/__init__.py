"""The command line: parses, calls the rooms below, prints.

Knows options, exit codes, files and progress.  Refuses to know mathematics.  Exit codes: 0 done, 1 a computation
failed, 2 the request is wrong (one line says what and how to mend it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sgdsym.cli.commands import build_parser
from sgdsym.cli.options import RequestError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    >>> main(["expand", "--order", "1", "--format", "text"])
    l
    - η T G·G
    0
    """
    try:
        options = build_parser().parse_args(arguments)
        options.run(options)
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
    return 0


def _complain(error: object, code: int) -> int:
    print(f"sgdsym: {' '.join(str(error).split())}", file=sys.stderr)
    return code
