"""The command line: parses, calls the rooms below, prints.

Knows options, exit codes, files and progress.  Refuses to know mathematics.  Exit codes: 0 done, 1 a computation
failed, 2 the request is wrong (one line says what and how to mend it), 130 interrupted.
"""

from __future__ import annotations

from sgdsym.cli import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Without arguments those of the process are taken, and the process is: its signals and closed streams are seen to.

    >>> main(["expand", "--order", "1", "--format", "text"])
    l
    - η T G·G
    0
    """
    if arguments is None:
        signals.open_streams()
        signals.watch_signals()
    try:
        # all is imported from here on, so that an interrupt while libraries are loaded finds us ready
        from sgdsym.cli.dispatch import dispatch

        return dispatch(arguments)
    except KeyboardInterrupt as stop:
        from sgdsym.cli.streams import complain

        return complain(str(stop) or signals.INTERRUPTED, signals.EXIT_INTERRUPTED)
    finally:
        if arguments is None:
            signals.forget_signals()
