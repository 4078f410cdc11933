"""Signals that end the program: at any moment, at once, and without a trace.

An exception would do between two lines of ours, but not while libraries are loaded: it can be swallowed in a callback of the
interpreter, which then prints a traceback and goes on.  So a signal ends the process, and raises only where there is something to
be removed.  This module is loaded first, and loads nothing that takes time: until then a signal is none of its business.
"""

from __future__ import annotations

import contextlib
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = "interrupted, nothing was written"
EXIT_INTERRUPTED = 128 + signal.SIGINT
_USUAL = {signal.SIGINT: signal.default_int_handler} | {
    getattr(signal, name): signal.SIG_DFL for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
}


def watch_signals() -> None:
    """End the program on a signal, unless whoever started it wants the signal ignored."""
    for number, usual in _USUAL.items():
        if signal.getsignal(number) is usual:
            signal.signal(number, _end)


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """While something is half made, a signal raises, so that it is removed on the way out."""
    watched = [number for number in _USUAL if signal.getsignal(number) is _end]
    for number in watched:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in watched:
            signal.signal(number, _end)


def forget_signals() -> None:
    """Ignore signals from here on: all is done, and what is left are a few milliseconds."""
    for number in _USUAL:
        if signal.getsignal(number) is _end:
            signal.signal(number, signal.SIG_IGN)


def open_streams() -> None:
    """Put the null device in the place of standard streams that are closed, so that no file of ours takes it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _end(number: int, _: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    if number == signal.SIGINT:
        # not through the stream, which may be in the middle of a message
        with contextlib.suppress(OSError):
            os.write(2, f"sgdsym: {INTERRUPTED}\n".encode("ascii"))
    os._exit(128 + number)


def _raise(number: int, _: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
