r"""Sums over the updates of a run whose learning rates are an array, by recursions along time.

The registers of an optimiser move by :math:`z_{t+1} = A_t z_t + b_t`, with entries :math:`a + a'\lambda_t`.  A sum over times
:math:`\tau_1 < … < \tau_k` is built level by level: what stands open after a level is an array over time for each choice of
registers, and follows a linear recursion whose rate does not change, since :math:`\lambda_t` stands off the diagonal only.  Such a
recursion is a cumulative sum, or :math:`\log_2 T` shifted additions, so that everything is arithmetic of whole arrays; sums that
begin alike share their beginnings.

The file knows arrays of floats, or of exact numbers as objects.  It refuses to know series.  The file needs numpy alone, for generated
modules hold a copy of it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Registers: TypeAlias = Mapping[str, Any]
Levels: TypeAlias = Mapping[str, Sequence[Any]]

# The bounds: 5 * 10**8 updates placed take 20 to 35 s on one core; 2 * 10**8 floats are 1.6 GB; a power of a rate below 1e-100 adds
# nothing to a sum whose digits end sixteen places below its largest term; 2**17 floats are 1 MiB, and between 2**13 and 2**21 the
# time changes by less than a factor of two.

# cut here: what follows is copied into generated modules
_MOST_PLACED = 5 * 10**8  # updates times choices of slots, where slots are the same in every epoch
_MOST_OPEN = 2 * 10**8  # numbers that are kept of what is open at once
_FORGOTTEN = 1e-100
_BLOCK = 2**17  # of these at a time


def schedule_sums(rates: Any, registers: Registers, slots: int, sums: Levels) -> dict[str, Any]:
    """Sums over the times of levels, weighed by what gradients are worth later.

    Args:
        rates: the rate of each update, an array of floats or objects.
        registers: ``A``, ``b`` as parts without and with the rate, ``c``, ``read`` and ``start``.
        slots: the updates in each epoch.
        sums: for each name its levels: the edges to the root that begin there, the places of the open edges that end,
            the number of edges that open, whether the epoch is that of the level before, the rank of the slot or -1,
            and whether the weights are read there.
    """
    totals = dict.fromkeys(sums, 0)
    groups: dict[int, list[str]] = {}
    for name, levels in sums.items():
        groups.setdefault(1 + max(level[4] for level in levels), []).append(name)
    for count, names in groups.items():
        for places in _places(slots, count, len(rates)):
            run = _Recursion(rates, registers, slots, places)
            for name in names:
                totals[name] = totals[name] + run.total(tuple(sums[name]))
    return totals


def _places(slots: int, count: int, updates: int) -> Iterator[Any]:
    """The slots of each rank, some choices at a time; one choice of none where slots do not matter."""
    if not count:
        yield np.empty((1, 0), dtype=int)
        return
    if math.comb(slots, count) * updates > _MOST_PLACED:
        raise ValueError(
            f"{count} of {slots} slots in {updates} updates take too long; give fewer slots, or a lower order"
        )
    chosen = itertools.combinations(range(slots), count)
    while block := list(itertools.islice(chosen, max(1, _BLOCK // max(updates, 1)))):
        yield np.array(block)


def _scanned(entering: Any, rate: Any) -> Any:
    """What becomes of numbers that enter at each time and are multiplied by a rate from one to the next."""
    if isinstance(rate, (int, float)) and rate in (0, 1):
        return np.cumsum(entering, axis=-1) if rate else entering
    total, step = entering.copy(), 1
    # what a float forgets is too small to be seen in any sum
    while step < total.shape[-1] and (abs(rate) > _FORGOTTEN if isinstance(rate, float) else rate):
        total[..., step:] += total[..., :-step] * rate
        rate, step = rate * rate, 2 * step
    return total


def _later(states: Any) -> Any:
    """What is there before each update, from what is there after it."""
    moved = np.zeros_like(states)
    moved[..., 1:] = states[..., :-1]
    return moved


class _Recursion:
    """The recursions of all sums over one run; what is known of levels is kept by the levels that are done."""

    def __init__(self, rates: Any, registers: Registers, slots: int, places: Any) -> None:
        (still, moving), (gain, rated) = registers["A"], registers["b"]
        self.rates, self.slots, self.read, self.point = rates, slots, registers["read"], registers["c"]
        size = len(self.read)
        # None where an entry is always zero, a number where it does not change
        self.matrix = [
            [rates * moving[i][j] + still[i][j] if moving[i][j] else still[i][j] or None for j in range(size)]
            for i in range(size)
        ]
        taken = (np.arange(len(rates)) >= registers["start"]).astype(int)
        self.gains = {j: taken * (rates * rated[j] + gain[j]) for j in range(size) if gain[j] or rated[j]}
        self.order = self._sorted_registers(size)
        self.weights = {1: self._root_weights(size)}
        self.masks = [np.arange(len(rates)) % slots == places[:, rank, None] for rank in range(places.shape[1])]
        self.known: dict[Any, dict[tuple[int, ...], Any]] = {}

    def _sorted_registers(self, size: int) -> list[int]:
        """The registers, each after those that it is made of."""
        left, found = list(range(size)), []
        while left:
            i = next(i for i in left if all(j in found or j == i or self.matrix[i][j] is None for j in range(size)))
            left.remove(i)
            found.append(i)
        return found

    def _root_weights(self, size: int) -> Any:
        """What a gradient at each update is worth at the end, from there back."""
        states: dict[int, Any] = {}
        backward = [[self._reversed(entry) for entry in row] for row in self.matrix]
        for j in reversed(self.order):
            entering = np.zeros_like(self.rates)
            for i, row in states.items():
                if backward[i][j] is not None:
                    entering = entering + _later(row * backward[i][j])
            if len(entering):
                entering[0] = entering[0] + self.read[j]
            states[j] = _scanned(entering, self.matrix[j][j] or 0)
        return sum((states[j][::-1] * gain for j, gain in self.gains.items()), np.zeros_like(self.rates))

    def _reversed(self, entry: Any) -> Any:
        return entry[::-1] if isinstance(entry, np.ndarray) else entry

    def total(self, levels: tuple[Any, ...]) -> Any:
        """The sum over all times."""
        ((_, placed),) = self._placed(levels).items()
        return np.sum(placed)

    def _placed(self, levels: tuple[Any, ...]) -> dict[tuple[int, ...], Any]:
        """What is open right after the last of the levels, at each time that it may have."""
        *earlier, (roots, ending, opening, joined, rank, reads) = levels
        before = self._within(tuple(earlier)) if joined else self._before(tuple(earlier))
        factor = self._weight(roots) if roots else None
        if rank >= 0:
            factor = self.masks[rank] if factor is None else self.masks[rank] * factor
        found: dict[tuple[int, ...], Any] = {}
        for index, states in before.items():
            closed = math.prod(self.point[index[k]] for k in ending)
            left = tuple(i for k, i in enumerate(index) if k not in ending)
            if not closed:
                continue
            scaled = states if factor is None else factor * states
            scaled = scaled if isinstance(closed, int) and closed == 1 else scaled * closed
            for moved in itertools.product(self.order, repeat=len(left)):
                entry = self._entry(moved, left)
                if entry is None:
                    continue
                for opened in itertools.product(self.gains, repeat=opening):
                    value = scaled if isinstance(entry, int) and entry == 1 else scaled * entry
                    for j in opened:
                        value = value * self.gains[j]
                    place = (*moved, *opened)
                    if reads:
                        value, place = value * math.prod(self.read[i] for i in place), ()
                    found[place] = found[place] + value if place in found else value
        return found or {(): np.zeros_like(self.rates)}

    def _weight(self, power: int) -> Any:
        if power not in self.weights:
            self.weights[power] = self._weight(power - 1) * self.weights[1]
        return self.weights[power]

    def _before(self, levels: tuple[Any, ...]) -> dict[tuple[int, ...], Any]:
        """What is open before each update, the last level being in an earlier epoch."""
        if not levels:
            return {(): np.ones_like(self.rates)}
        if (0, levels) not in self.known:
            placed = self._placed(levels)
            if self.slots > 1:
                # at the end of an epoch it is handed on
                placed = {index: self._handed_on(after) for index, (after, _) in self._followed(placed, True).items()}
            self.known[0, levels] = {i: before for i, (_, before) in self._followed(placed, False).items()}
        return self.known[0, levels]

    def _within(self, levels: tuple[Any, ...]) -> dict[tuple[int, ...], Any]:
        """What is open before each update, the last level being in the same epoch."""
        if (1, levels) not in self.known:
            followed = self._followed(self._placed(levels), True)
            self.known[1, levels] = {i: self._flat(before) for i, (_, before) in followed.items()}
        return self.known[1, levels]

    def _followed(self, placed: dict[tuple[int, ...], Any], in_epochs: bool) -> dict[tuple[int, ...], tuple[Any, Any]]:
        """What is open after each update and before it, from what enters there; with an axis of epochs it ends with each."""
        axes = len(next(iter(placed)))
        if len(self.order) ** axes * next(iter(placed.values())).size > _MOST_OPEN:
            raise ValueError(
                f"{len(self.order)} registers of {axes} edges in {len(self.rates)} updates are too many; "
                "give fewer updates, a shorter delay or a lower order"
            )
        found: dict[tuple[int, ...], tuple[Any, Any]] = {}
        # what a choice of registers is made of comes before it
        for index in itertools.product(self.order, repeat=axes):
            entering = placed.get(index)
            if entering is not None and in_epochs:
                entering = self._in_epochs(entering)
            for other, (_, before) in found.items():
                entry = self._entry(index, other)
                if entry is not None:
                    entry = self._in_epochs(entry) if in_epochs and isinstance(entry, np.ndarray) else entry
                    moved = before if isinstance(entry, int) and entry == 1 else before * entry
                    entering = moved if entering is None else entering + moved
            if entering is not None:
                own = math.prod(self.matrix[i][i] or 0 for i in index)
                after = _scanned(entering, own)
                found[index] = after, _later(after)
        return found

    def _entry(self, index: Sequence[int], other: Sequence[int]) -> Any:
        """What one choice of registers adds to another in an update, None where that is nothing."""
        product: Any = 1
        for i, j in zip(index, other, strict=True):
            if self.matrix[i][j] is None:
                return None
            # arrays stand on the left: exact numbers of other libraries do not multiply them
            entry = self.matrix[i][j]
            product = entry * product if isinstance(entry, np.ndarray) else product * entry
        return product

    def _in_epochs(self, states: Any) -> Any:
        return states.reshape((*states.shape[:-1], -1, self.slots))

    def _flat(self, states: Any) -> Any:
        return states.reshape((*states.shape[:-2], -1))

    def _handed_on(self, states: Any) -> Any:
        last = np.zeros_like(states)
        last[..., -1] = states[..., -1]
        return self._flat(last)
