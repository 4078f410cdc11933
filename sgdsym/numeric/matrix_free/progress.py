"""What is said while something is computed: the cost first, then a bar, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import TypeAlias

Progress: TypeAlias = bool | Callable[[int, int], None]
WIDTH = 40


class Bar:
    """The cost, and then a bar: drawn in place on a terminal, at every tenth otherwise.

    The time that is left is told as if all that is to do took as long as what is done.
    """

    def __init__(self, cost: object) -> None:
        print(cost, file=sys.stderr, flush=True)
        self.start = monotonic()

    def __call__(self, done: int, total: int) -> None:
        """So many of all are done."""
        filled, passed = WIDTH * done // total, monotonic() - self.start
        time = f"{passed * (total - done) / done:.0f} s left" if done < total else f"{passed:.0f} s"
        text = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}, {time.ljust(len('9999 s left'))}"
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif 10 * done // total > 10 * (done - 1) // total:
            print(text, file=sys.stderr, flush=True)
