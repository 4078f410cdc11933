r"""The mean over the run: the observable after each update, averaged, in place of its value at the end.

.. math:: \frac1T \sum_{t=1}^T E\,s(\theta_t)

The root sits on a level like a step: on that of the last step, or on one of its own after it.  So this is a timing around another,
which any optimiser and any sampling may have.

The file knows levels.  It refuses to know what they are worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sgdsym.series import Coefficient
from sgdsym.times.patterns import Pattern, Timing
from sgdsym.times.products import Product, total


@dataclass(frozen=True, slots=True)
class AlongRun(Timing):
    """Time-sums averaged over the update after which the weights are read.

    Attributes:
        timing: what the times of steps are worth when the weights are read after a level.
        steps: the number of updates.
        single: whether every update is an epoch of its own.
    """

    timing: Timing
    steps: Coefficient
    single: bool
    looks_at_steps = True
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The keys with the reading in all its places, and how often each occurs; none without steps."""
        if not pattern.levels:
            return frozenset()
        return frozenset(Counter(self.timing.key(read, parents) for read in readings(pattern, self.single)).items())

    def value(self, key: Any) -> Coefficient:
        """The mean over the places of the reading."""
        return total(self.products(key))

    def products(self, key: Any) -> Sequence[Product]:
        """The products of the places."""
        if not key:
            return [Product()]
        return [
            product.times(Coefficient(ways) / self.steps)
            for inner, ways in key
            for product in self.timing.products(inner)
        ]


def readings(pattern: Pattern, single: bool) -> Iterator[Pattern]:
    """A pattern with the reading on its last level, and on a level of its own at each place after it.

    >>> [read.epochs for read in readings(Pattern((1,), (1,)), single=False)]
    [(1,), (2,), (1, 1)]
    """
    yield replace(pattern, reads=True)
    # an update at which nothing is done but to read: no step is there, and no point of its batch is told apart
    own = replace(pattern, levels=(*pattern.levels, 0), points=(*pattern.points, 0), reads=True)
    same_epoch = (*pattern.epochs[:-1], pattern.epochs[-1] + 1)
    later_epoch = (*pattern.epochs, 1)
    if not pattern.slots:
        # where an update is an epoch of its own, no other place is in the same epoch
        if not single:
            yield replace(own, epochs=same_epoch)
        yield replace(own, epochs=later_epoch)
        return
    # in the epoch of the last level the reading comes in a later slot, in a later epoch in any; first in a slot that
    # others use too, then in one that lies between theirs
    for epochs, after in ((same_epoch, pattern.slots[-1]), (later_epoch, -1)):
        # the slot of the reading is one in use, or
        for rank in range(after + 1, max(pattern.slots) + 1):
            yield replace(own, epochs=epochs, slots=(*pattern.slots, rank))
        # one between those in use, whose ranks above it move up
        for rank in range(after + 1, max(pattern.slots) + 2):
            moved = tuple(slot + (slot >= rank) for slot in pattern.slots)
            yield replace(own, epochs=epochs, slots=(*moved, rank))
