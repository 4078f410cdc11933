"""A bar on standard error: how far a computation is, and about how long what is left takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol, Self, TypeAlias

# seconds: a person waits so long without a word, and before it a guess of what is left is worth nothing
PATIENCE = 1.0
WIDTH = 40
# whether a bar is shown, or what is told of tasks done and of all instead
Progress: TypeAlias = bool | Callable[[int, int], None]


class Say(Protocol):
    """Writes a message to standard error."""

    def __call__(self, message: str, *, end: str = "\n") -> None:
        """Write it, and the end of its line."""


def say(message: str, *, end: str = "\n") -> None:
    """Write a message to standard error at once, if there is one to write to."""
    if sys.stderr is not None:
        print(message, end=end, file=sys.stderr, flush=True)


class Bar:
    """A progress bar, drawn in place on a terminal and at every tenth otherwise; its line ends when all is done, or by ``with``.

    The time that is left is told as if all that is to do took as long as what is done.

    Args:
        say: how a message is written.
        timed: whether the time that all took is told at the end.
    """

    def __init__(self, say: Say = say, *, timed: bool = False) -> None:
        self.say, self.timed = say, timed
        self.is_open = False
        self.longest = 0
        self.start = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def show(self, done: int, total: int) -> None:
        """So many of all are done."""
        filled = WIDTH * done // total
        passed = time.perf_counter() - self.start
        left = passed * (total - done) / done if done else 0.0
        clock = f", about {rounded_seconds(left)} s left" if left > PATIENCE else ""
        if self.timed and done == total:
            clock = f", {passed:.0f} s"
        text = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}{clock}"
        if sys.stderr is not None and sys.stderr.isatty():
            # what is shorter than what it is drawn over leaves nothing of it
            self.longest = max(self.longest, len(text))
            self.is_open = done < total
            self.say(f"\r{text.ljust(self.longest)}", end="" if self.is_open else "\n")
        elif 10 * done // total > 10 * (done - 1) // total:
            self.say(text)

    def __exit__(self, *reason: object) -> None:
        if self.is_open:
            self.say("")


def rounded_seconds(seconds: float) -> str:
    """A guess of a time, with no more digits than it has.

    >>> rounded_seconds(1234.5), rounded_seconds(3.2)
    ('1200', '3')
    """
    return f"{float(f'{seconds:.2g}'):.0f}"


def shown(progress: Progress, cost: object) -> Callable[[int, int], None] | None:
    """What is called with the tasks that are done and with all, if anything is; before a bar the cost is said."""
    if callable(progress):
        return progress
    if not progress:
        return None
    say(str(cost))
    return Bar(timed=True).show
