"""Patterns: the steps of a run sorted into levels, and the timings that give a pattern its worth.

Samplings make patterns, timings read them; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sgdsym.series import Coefficient
from sgdsym.times.products import Product

# kind of an edge, and the levels it reaches from and to: the start is level 0, a root is above the last
Span: TypeAlias = tuple[int, int, int]
INNER, ROOT, START = range(3)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Steps on levels.

    Attributes:
        levels: bit masks of the steps on each level, the earliest first.
        epochs: the number of levels in each epoch in use, the earliest first.
        slots: the rank of the slot of each level, where slots are the same in every epoch.
        points: for each level, how many data points of its batch are told apart.
        reads: whether the weights are read right after the last level, not at the end of the run.
    """

    levels: tuple[int, ...]
    epochs: tuple[int, ...]
    slots: tuple[int, ...] = ()
    points: tuple[int, ...] = ()
    reads: bool = False

    def steps_on_levels(self) -> tuple[int, ...]:
        """The number of steps on each level."""
        return tuple(level.bit_count() for level in self.levels)


class Timing(Protocol):
    """A rule for the weight of the times of steps."""

    @property
    def looks_at_steps(self) -> bool:
        """Whether it matters which step is on which level, not only how many levels there are."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether times are integrated over, so that no two levels share one."""
        ...

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The properties on which the time-sum depends: patterns with equal keys are worth the same."""
        ...

    def value(self, key: Any) -> Coefficient:
        """The time-sum of a key."""
        ...

    def products(self, key: Any) -> Sequence[Product]:
        """The time-sum of a key as a sum of products whose factors other keys have too, where it is one."""
        return [Product(sums=(self.value(key),))]


def edge_spans(levels: Sequence[int], parents: Sequence[int]) -> list[Span]:
    """For each step's edge its kind, the level of the step and the level of its target; roots are one above the last.

    >>> edge_spans([0b10, 0b01], [-1, 0])          # step 1 on level 1 acts on step 0 on level 2
    [(1, 2, 3), (0, 1, 2)]
    """
    # from one, as level 0 is the start of the run
    level_of = {step: i for i, level in enumerate(levels, 1) for step in range(len(parents)) if level >> step & 1}
    return [
        (INNER, level_of[step], level_of[parent]) if parent >= 0 else (ROOT, level_of[step], len(levels) + 1)
        for step, parent in enumerate(parents)
    ]
