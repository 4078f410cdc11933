"""Where results go: files that appear whole or not at all, and progress that stays out of their way."""

from __future__ import annotations

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
    if path.is_dir():
        raise RequestError(f"cannot write {path}: it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise RequestError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise RequestError(f"cannot write {path}: permission denied; choose another place with --output")


def write(text: str, path: Path | None) -> None:
    """Write the result to stdout, or to a file under a temporary name that is then renamed."""
    text = text if text.endswith("\n") else text + "\n"
    if path is None:
        sys.stdout.write(text)
        return
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
