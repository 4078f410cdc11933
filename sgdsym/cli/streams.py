"""The standard streams: the one door through which the command line writes to either.

A result is written whole, or the reason why not is raised; a reader that has gone is no error.  A message never stops the work:
where it cannot be written, it is dropped.  Nothing is left in a buffer, so nothing can fail when the interpreter ends.
"""

from __future__ import annotations

import errno
import select
import sys
from typing import Any

from sgdsym.cli.signals import raising
from sgdsym.cli.spelling import encoded, one_line

CLOSED = "standard output is closed; write to a file with --output"


def deliver(content: str | bytes, *, markup: bool = False) -> None:
    """Write a result to standard output, every byte of it.

    Raises:
        OSError: saying how much was written, if not all.
    """
    if sys.stdout is None:
        raise OSError(CLOSED)
    try:
        with raising():
            _write(sys.stdout, content, markup=markup)
    except (BrokenPipeError, ConnectionResetError):
        return
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt("interrupted; the output is incomplete") from stop
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OSError(f"cannot write all to standard output: {reason}; the output is incomplete") from error


def say(message: str, *, end: str = "\n") -> None:
    """Write a message to standard error, if there is one to write to."""
    if sys.stderr is None:
        return
    try:
        _write(sys.stderr, message + end)
    except (OSError, ValueError, RuntimeError):
        return


def complain(message: object, code: int) -> int:
    """Say in one line what is wrong, and return the exit code."""
    say(one_line(f"sgdsym: {message}"))
    return code


def is_terminal(stream: Any) -> bool:
    """Whether a person watches the stream."""
    return stream is not None and bool(stream.isatty())


def send(raw: Any, content: bytes) -> None:
    """Write every byte to an unbuffered file, which may take only a part of them at a time.

    Raises:
        OSError: if it takes no more.
    """
    rest = memoryview(content)
    while rest:
        count = raw.write(rest)
        if count is None:
            # a pipe that does not block is full; its reader is waited for
            select.select([], [raw], [])
        elif count == 0:
            raise OSError(errno.EIO, "nothing more is taken")
        else:
            rest = rest[count:]


def _write(stream: Any, content: str | bytes, *, markup: bool = False) -> None:
    """Write to a stream of the interpreter, or to what stands in its place, which may know text only."""
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        if isinstance(content, bytes):
            raise OSError(errno.EINVAL, "it takes text only, no pictures")
        stream.write(content)
        stream.flush()
        return
    if isinstance(content, str):
        content = encoded(content, stream.encoding or "utf-8", markup=markup)
    # beneath the buffer, for an unbuffered stream writes a part and a buffered one fails once more when it is closed
    send(getattr(buffer, "raw", buffer), content)
