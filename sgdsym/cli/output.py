"""Where results go: files that appear whole or not at all, and progress that stays out of their way."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from sgdsym.cli.parser import RequestError
from sgdsym.cli.signals import raising
from sgdsym.cli.streams import CLOSED, deliver, is_terminal, say, send
from sgdsym.progress import PATIENCE, rounded_seconds

_MEASURED = 0.02  # seconds that are no accident of the clock


def check_writable(path: Path | None) -> None:
    """Refuse an output path that cannot be written, before any work is done.

    Raises:
        RequestError: naming the path and the reason.
        OSError: if there is no standard output to write to instead.
    """
    if path is None:
        if sys.stdout is None:
            raise OSError(CLOSED)
        return
    try:
        target = _target(path)
        if target.is_dir():
            raise RequestError(f"cannot write {path}: it is a folder; name a file in it")
        if not target.parent.is_dir():
            raise RequestError(f"cannot write {path}: there is no folder {target.parent}; make it first")
        if not _is_special(path):
            _replace(target, None)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise RequestError(f"cannot write {path}: {reason}; choose another place with --output") from error


def write(result: str | bytes, path: Path | None, *, markup: bool = False) -> None:
    """Write the result to stdout, or to a file under a temporary name that is then renamed.

    A device or a pipe is written to, not replaced; a link keeps pointing where it did.  A file is in UTF-8; ``markup`` says that
    character references may stand for what standard output cannot carry.

    Raises:
        RequestError: if a picture would be written to a terminal, or the text is none.
        OSError: if not all can be written.
    """
    if isinstance(result, str) and not result.endswith("\n"):
        result += "\n"
    content = result if isinstance(result, bytes) else _utf8(result)
    if path is None or _is_stdout(path):
        if isinstance(result, bytes) and is_terminal(sys.stdout):
            raise RequestError("a terminal shows no pictures; name a file with --output")
        deliver(result, markup=markup)
        return
    try:
        if _is_special(path):
            with path.open("wb", buffering=0) as file:
                send(file, content)
        else:
            _replace(_target(path), content)
    except OSError as error:
        raise OSError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        broken = text[error.start]
        raise RequestError(f"the result would hold {broken!r}, half a character, from an option or a file") from error


def _target(path: Path) -> Path:
    """What the path leads to, which need not be there yet.

    Raises:
        OSError: if it cannot lead anywhere, such as round and round.
    """
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except ValueError as error:
        raise OSError(errno.EINVAL, "no path has a null character") from error
    return Path(os.path.realpath(path))


def _replace(path: Path, content: bytes | None) -> None:
    """Put a file in the place of another; without content only see whether one could be made there."""
    temporary = path.with_name(f".{path.name[:40]}.{os.urandom(4).hex()}")
    with raising():
        try:
            # opened anew, so that the mode follows the umask
            with temporary.open("xb", buffering=0) as file:
                send(file, content or b"")
            if content is not None:
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Whether the path is a device, a pipe or the like."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _is_stdout(path: Path) -> bool:
    """Whether the path is the file that standard output goes to, such as ``/dev/stdout``, which others may write to as well."""
    try:
        found = path.stat()
        return stat.S_ISREG(found.st_mode) and os.path.samestat(found, os.fstat(1))
    except OSError:
        return False


class Progress:
    """Reports on stderr once the work has taken longer than a moment: before, a guess of what is left is worth nothing.

    Args:
        order: the highest order that is derived, if the time that is left is told.
        sizes: about how much there is to do through an order; orders take times in these proportions, or grow as the last two did.
        runs: how often all orders are gone through.
    """

    def __init__(self, order: int = 0, sizes: Callable[[int], int] | None = None, runs: int = 1) -> None:
        self.start = time.perf_counter()
        self.order, self.sizes, self.runs = order, sizes, runs
        self.ends: list[float] = []

    @property
    def seconds(self) -> float:
        """Time since the work began."""
        return time.perf_counter() - self.start

    def layer(self, order: int, diagrams: int) -> None:
        """An order is finished."""
        if order == 0 and self.ends:
            self.runs -= 1
            self.ends = self.ends[-1:]
        else:
            self.ends = self.ends or [0.0]
        self.ends.append(self.seconds)
        left = self._left(order)
        self.say(
            f"order {order}: {diagrams} diagrams", f", about {rounded_seconds(left)} s left" if left > PATIENCE else ""
        )

    def _left(self, order: int) -> float:
        """About how long the orders that are left take; 0 where nothing is known."""
        if self.sizes is None or len(self.ends) <= 2 or order < 1:
            return 0.0
        times = [later - sooner for sooner, later in pairwise(self.ends)]
        took, before = times[-1], times[-2]
        grown = took / before if before > _MEASURED else 0.0
        counts = [self.sizes(k) for k in range(order - 1, self.order + 1)]
        steps = [later - sooner for sooner, later in pairwise(counts)]
        left = 0.0
        for sooner, later in pairwise(steps):
            took *= max(grown, later / max(sooner, 1))
            left += took
        if times[-1] < _MEASURED:
            return 0.0
        return left + (self.runs - 1) * (self.ends[-1] - self.ends[0] + left)

    def note(self, message: str) -> None:
        """A line that is always said."""
        say(message)

    def say(self, message: str, left: str = "") -> None:
        """A line of progress, and what is known of the time that is left."""
        if self.seconds > PATIENCE:
            say(f"{message} ({self.seconds:.1f} s{left})")
