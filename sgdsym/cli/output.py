"""Where results go: files that appear whole or not at all, and progress that stays out of their way."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from sgdsym.cli.options import RequestError

PATIENCE = 1.0


def check_writable(path: Path | None) -> None:
    """Refuse an output path that cannot be written, before any work is done.

    Raises:
        RequestError: naming the path and the reason.
    """
    if path is None:
        return
    try:
        if path.is_dir():
            raise RequestError(f"cannot write {path}: it is a folder; name a file in it")
        if not path.parent.is_dir():
            raise RequestError(f"cannot write {path}: there is no folder {path.parent}; make it first")
        if not _is_special(path):
            handle, temporary = _temporary(path)
            os.close(handle)
            Path(temporary).unlink()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise RequestError(f"cannot write {path}: {reason}; choose another place with --output") from error


def write(result: str | bytes, path: Path | None) -> None:
    """Write the result to stdout, or to a file under a temporary name that is then renamed.

    A device or a pipe is written to, not replaced; a link keeps pointing where it did.

    Raises:
        RequestError: if a picture would be written to a terminal.
    """
    if isinstance(result, str) and not result.endswith("\n"):
        result += "\n"
    if path is None:
        _print(result)
        return
    content = result if isinstance(result, bytes) else result.encode()
    if _is_special(path):
        path.write_bytes(content)
    else:
        _replace(path.resolve(), content)


def _print(text: str | bytes) -> None:
    if sys.stdout is None:
        raise OSError("standard output is closed; write to a file with --output")
    if isinstance(text, bytes):
        if sys.stdout.isatty():
            raise RequestError("a terminal shows no pictures; name a file with --output")
        sys.stdout.buffer.write(text)
        return
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        # formulas hold Greek letters, and the terminal's encoding does not
        sys.stdout.buffer.write(text.encode("utf-8"))


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> tuple[int, str]:
    return tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)


def _is_special(path: Path) -> bool:
    """Whether the path is a device, a pipe or the like."""
    return path.exists() and not path.is_file() and not path.is_dir()


class Progress:
    """Reports on stderr once the work has taken longer than a moment."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the work began."""
        return time.perf_counter() - self.start

    def layer(self, order: int, diagrams: int) -> None:
        """An order is finished."""
        self.say(f"order {order}: {diagrams} diagrams")

    def note(self, message: str) -> None:
        """A line that is always said."""
        print(message, file=sys.stderr, flush=True)

    def say(self, message: str) -> None:
        """A line of progress."""
        if self.seconds > PATIENCE:
            print(f"{message} ({self.seconds:.1f} s)", file=sys.stderr, flush=True)


class Bar:
    """A progress bar on stderr, drawn in place on a terminal and at every tenth otherwise."""

    width = 40

    def __init__(self) -> None:
        self.drawn = False

    def __enter__(self) -> Self:
        return self

    def show(self, done: int, total: int) -> None:
        """So many of all are done."""
        filled = self.width * done // total
        text = f"[{'#' * filled}{'.' * (self.width - filled)}] {done}/{total}"
        if sys.stderr.isatty():
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
            self.drawn = True
        elif 10 * done // total > 10 * (done - 1) // total:
            print(text, file=sys.stderr, flush=True)

    def __exit__(self, *reason: object) -> None:
        if self.drawn:
            print(file=sys.stderr)
