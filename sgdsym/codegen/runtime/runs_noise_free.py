"""A run to order 0, without the cumulants of the noise."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def _with_noise(run: SimpleNamespace, given: SimpleNamespace, first: Any, read: Any) -> list[Any]:
    """The coefficient of order 0."""
    return [first]


def _move_noise(
    run: SimpleNamespace, given: SimpleNamespace, t: int, matrix: Any, gain: Any, point: Any, decay: float | None
) -> None:
    """There is none."""
