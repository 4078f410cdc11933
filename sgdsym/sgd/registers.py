r"""Runs whose updates differ, or have no modes: the registers of all open edges are followed from update to update."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, combinations, product
from operator import mul
from typing import Any

from sgdsym.series import Coefficient
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.patterns import Pattern, Span, Timing, edge_spans
from sgdsym.times.polynomials import Polynomial, added


@dataclass(frozen=True, slots=True)
class RegisterTiming(Timing):
    r"""Updates that differ: the registers of all open edges are followed from update to update.

    The state is, for each number of levels done, a tensor with an axis of registers for each edge that is open; an update
    multiplies every axis by :math:`A_t`, and a level at update :math:`t` contracts the edges that end there with :math:`c_t` and opens
    those that begin with :math:`b_t`.

    Attributes:
        epochs: the number of epochs.
        slots: the number of updates in each.
        optimizer: its updates.
        share: what a level with so many points and so many steps is worth at an update, where batches differ.
    """

    epochs: int
    slots: int
    optimizer: LinearOptimizer
    share: Callable[[int, int, int], Coefficient] | None = None
    looks_at_steps = True
    continuous = False

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The spans of the edges, and the epochs, slots and points of the levels."""
        spans = tuple(sorted(edge_spans(pattern.levels, parents)))
        shared = tuple(zip(pattern.points, pattern.steps_on_levels(), strict=True)) if self.share else ()
        return spans, pattern.epochs, pattern.slots, shared, pattern.reads

    def value(self, key: Any) -> Coefficient:
        """The sum over all times."""
        spans, epochs, slots, shared, reads = key
        if slots:
            chosen = combinations(range(self.slots), max(slots) + 1)
            places: Iterator[tuple[int, ...]] = (tuple(places[slot] for slot in slots) for places in chosen)
        else:
            places = iter([()])
        return Coefficient.total(self._followed(spans, epochs, place, shared, reads) for place in places)

    def _followed(
        self,
        spans: Sequence[Span],
        epochs: Sequence[int],
        places: Sequence[int],
        shared: Sequence[tuple[int, int]],
        reads: bool,
    ) -> Coefficient:
        """The sum over times, of levels with given slots where there are such."""
        # the axes of a tensor are in the order in which the edges open
        spans = sorted(spans, key=lambda span: span[1:])
        levels = sum(epochs)
        begins = {0, *accumulate(epochs)}
        # by the number of levels done: the last of them in an earlier epoch, or in this one
        before: dict[int, Polynomial] = {0: {(): Coefficient(1)}}
        for epoch in range(self.epochs):
            within: dict[int, Polynomial] = {}
            for slot in range(self.slots):
                t = epoch * self.slots + slot
                # all levels are placed from what was there before the update, so that no two levels are at one update
                placed: dict[int, Polynomial] = {}
                for level in range(levels):
                    source = before if level in begins else within
                    if level in source and (not places or places[level] == slot):
                        moved = self._placed(source[level], spans, level + 1, t)
                        if reads and level + 1 == levels:
                            moved = {(): self._read(moved)}
                        if self.share:
                            factor = self.share(*shared[level], t)
                            moved = {index: c * factor for index, c in moved.items()}
                        placed[level + 1] = moved
                # what is placed at this update has moved already; all else moves now
                before = {level: self._advanced(tensor, t) for level, tensor in before.items()}
                within = {level: self._advanced(tensor, t) for level, tensor in within.items()}
                for level, tensor in placed.items():
                    within[level] = added(within[level], tensor) if level in within else tensor
            for level, tensor in within.items():
                # only a whole group of levels ends an epoch: the next level is then the first of a later one
                if level in begins:
                    before[level] = added(before[level], tensor) if level in before else tensor
        return self._read(before.get(levels, {}))

    def _read(self, tensor: Polynomial) -> Coefficient:
        """The value of a tensor all of whose edges go to a root that is read now."""
        read = self.optimizer.read
        return Coefficient.total(reduce(mul, (read[i] for i in index), c) for index, c in tensor.items())

    def _placed(self, tensor: Polynomial, spans: Sequence[Span], level: int, t: int) -> Polynomial:
        """The tensor after a level at update ``t``: edges that end are closed, others move on, new ones open."""
        update = self.optimizer.update(t)
        # in the order of the axes: spans are sorted by the level at which they open
        ending = [high == level for _, low, high in spans if low < level <= high]
        opened = sum(low == level for _, low, _ in spans)
        closed: Polynomial = {}
        for index, c in tensor.items():
            factor = reduce(mul, (update.point[i] for i, ends in zip(index, ending, strict=True) if ends), c)
            if factor:
                rest = tuple(i for i, ends in zip(index, ending, strict=True) if not ends)
                closed[rest] = closed[rest] + factor if rest in closed else factor
        moved = self._advanced(closed, t)
        gains = [(i, gain) for i, gain in enumerate(update.gain) if gain]
        found: Polynomial = {}
        for new in product(gains, repeat=opened):
            weight = reduce(mul, (gain for _, gain in new), Coefficient(1))
            for index, c in moved.items():
                found[(*index, *(i for i, _ in new))] = c * weight
        return found

    def _advanced(self, tensor: Polynomial, t: int) -> Polynomial:
        """All axes multiplied by the matrix of an update."""
        matrix = self.optimizer.update(t).matrix
        axes = len(next(iter(tensor), ()))
        # axis by axis: a tensor of r registers and k edges has r^k entries, so that this costs k r^(k+1) products and
        # not r^(2k)
        for axis in range(axes):
            moved: Polynomial = {}
            for index, c in tensor.items():
                for i, row in enumerate(matrix):
                    if row[index[axis]]:
                        place = (*index[:axis], i, *index[axis + 1 :])
                        term = c * row[index[axis]]
                        moved[place] = moved[place] + term if place in moved else term
            tensor = moved
        return tensor
