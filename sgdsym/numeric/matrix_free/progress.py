"""What is said while something is computed: the cost first, then a bar, on standard error; or what a caller does instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sgdsym.progress import Bar, say

Progress: TypeAlias = bool | Callable[[int, int], None]


def shown(progress: Progress, cost: object) -> Callable[[int, int], None] | None:
    """What is called with the tasks that are done and with all, if anything is."""
    if callable(progress):
        return progress
    if not progress:
        return None
    say(str(cost))
    return Bar().show
