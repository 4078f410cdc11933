"""What is said while something is computed: the cost first, then a bar, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = bool | Callable[[int, int], None]
WIDTH = 40


class Bar:
    """The cost, and then a bar: drawn in place on a terminal, at every tenth otherwise."""

    def __init__(self, cost: object) -> None:
        print(cost, file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int) -> None:
        """So many of all are done."""
        filled = WIDTH * done // total
        text = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}"
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif 10 * done // total > 10 * (done - 1) // total:
            print(text, file=sys.stderr, flush=True)
