r"""Sums over the updates of a run whose learning rates are not known: symbols of a series, each with its meaning.

.. math:: \sum_{t_1<…<t_k} \prod_i W(t_i)^{a_i} \prod_{(i,j)} w(t_j, t_i), \qquad
          w(t, s) = c\,A_{t-1}\cdots A_{s+1} b_s, \quad W(s) = e\,A_{T-1}\cdots A_{s+1} b_s

The entries of :math:`A_t` and :math:`b_t` are linear in the rate :math:`\lambda_t` of the update.  For plain steps both weights are
:math:`\lambda_s`, so that the sums are the monomial quasisymmetric functions :math:`\sum_{t_1<…<t_k}\prod_i\lambda_{t_i}^{a_i}`.  In
epochs the times of a group of levels share one, and where slots are the same in every epoch levels of one rank share the slot.

The file knows levels and registers.  It refuses to know which sampling counts them, and what an optimiser is called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from sgdsym.series.arithmetic import LONGEST_NAME, symbol_name
from sgdsym.series.coefficient import Coefficient, Scalar

Vector: TypeAlias = tuple[Coefficient, ...]
Matrix: TypeAlias = tuple[Vector, ...]
Sums: TypeAlias = "Mapping[str, ScheduleSum]"
# up to w, as x is the word that begins an epoch
_LEVELS = "abcdefghijklmnopqrstuvw"
# hexadecimal digits that tell optimisers and epochs apart: 32 bits, where a series has a few of them
_CODE = 8


@dataclass(frozen=True, slots=True)
class Recursion:
    r"""The weight of a gradient at later times, where updates differ by their rate alone.

    .. math:: A_t = A + \lambda_t A', \qquad b_t = b + \lambda_t b'

    Attributes:
        schedule: the name :math:`\lambda` of the rates.
        still: :math:`A`; in some order of the registers it is triangular, together with :math:`A'`.
        moving: :math:`A'`, zero on the diagonal.
        gain: :math:`b`.
        rated: :math:`b'`.
        point: :math:`c`.
        read: :math:`e`.
        start: the first update with a gradient.
        slots: the updates in each epoch; one where epochs mean nothing.
        steps: the updates in all.
    """

    schedule: str
    still: Matrix
    moving: Matrix
    gain: Vector
    rated: Vector
    point: Vector
    read: Vector
    start: int
    slots: Coefficient
    steps: Coefficient

    def check(self) -> None:
        """Refuse registers that follow no recursion along time.

        Raises:
            ValueError: saying what is wrong.
        """
        size = len(self.read)
        lengths = {*map(len, (self.still, self.moving, self.gain, self.rated, self.point, *self.still, *self.moving))}
        if not size or lengths != {size}:
            raise ValueError("the registers of a schedule must be those of a square matrix")
        # off the diagonal a rate is what enters a recursion; on it, the recursion would have another factor at every
        # update, and be no cumulative sum
        if any(self.moving[i][i] for i in range(size)):
            raise ValueError("a rate must not stand on the diagonal of the registers")
        left = set(range(size))
        # registers that read none of the others that are left come first; a cycle leaves none
        while left:
            free = {i for i in left if not any(self.still[i][j] or self.moving[i][j] for j in left - {i})}
            if not free:
                raise ValueError("the registers of a schedule must be triangular in some order")
            left -= free

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """All entries."""
        return (*self.still, *self.moving, self.gain, self.rated, self.point, self.read)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols that the sums need besides the rates; the number of updates is that of the rates."""
        return frozenset(
            name for x in (*(x for vector in self.vectors for x in vector), self.slots) for name in x.symbols
        )

    @property
    def is_plain(self) -> bool:
        """Whether a gradient is worth the rate of its update for ever."""
        return self.start == 0 and self.vectors == tuple((Coefficient(x),) for x in (1, 0, 0, 1, 1, 1))

    @property
    def code(self) -> str:
        """A code that tells this recursion from others with the same rates; empty for plain steps without epochs."""
        if self.is_plain and self.slots == 1:
            return ""
        text = "; ".join(map(str, (self.vectors, self.start, self.slots)))
        return hashlib.sha256(text.encode()).hexdigest()[:_CODE]

    def substitute(self, values: Mapping[str, Scalar]) -> Recursion:
        """The same with symbols replaced."""

        def replaced(vector: Vector) -> Vector:
            return tuple(x.substitute(values) for x in vector)

        return replace(
            self,
            still=tuple(map(replaced, self.still)),
            moving=tuple(map(replaced, self.moving)),
            gain=replaced(self.gain),
            rated=replaced(self.rated),
            point=replaced(self.point),
            read=replaced(self.read),
            slots=self.slots.substitute(values),
            steps=self.steps.substitute(values),
        )


@dataclass(frozen=True)
class ScheduleSum:
    """One sum over the times of levels, the earliest first.

    Attributes:
        recursion: what a gradient is worth later.
        roots: for each level the number of edges from there to the root.
        edges: the other edges, from a level to a later one, counted from zero and sorted.
        epochs: the number of levels in each epoch in use.
        slots: the rank of the slot of each level, where slots are the same in every epoch.
        reads: whether the weights are read at the last level, not at the end of the run.

    >>> one, zero = (Coefficient(1),), (Coefficient(0),)
    >>> plain = Recursion("lambda", (one,), (zero,), zero, one, one, one, 0, Coefficient(1), Coefficient("T"))
    >>> ScheduleSum(plain, (1, 2), (), (1, 1)).name
    'lambda_1_2'
    """

    recursion: Recursion
    roots: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]
    epochs: tuple[int, ...]
    slots: tuple[int, ...] = ()
    reads: bool = False

    @cached_property
    def name(self) -> str:
        """The symbol, an identifier that says what is summed; equal sums have equal names."""
        begins = set(self._begins) if self.recursion.slots != 1 else set()
        words = [self.recursion.schedule]
        for level, roots in enumerate(self.roots):
            ends = "".join(_LEVELS[high] for low, high in self.edges if low == level)
            slot = f"s{self.slots[level]}" if self.slots else ""
            words += ["x"] * (level in begins) + [f"{roots if roots or not ends else ''}{ends}{slot}"]
        words += ["r"] * self.reads + [self.recursion.code] * bool(self.recursion.code)
        name = "_".join(words)
        # a long name is cut; the hash of the whole keeps equal sums equal and different ones apart
        if len(name) <= LONGEST_NAME:
            return name
        return (
            f"{self.recursion.schedule[: LONGEST_NAME // 2]}_{hashlib.sha256(name.encode()).hexdigest()[: 2 * _CODE]}"
        )

    @property
    def is_empty(self) -> bool:
        """Whether there are no such times: the run has fewer epochs, or an epoch fewer slots, as far as these are known."""
        slots = max(self.slots) + 1 if self.slots else max(self.epochs)
        epochs = self.recursion.steps / self.recursion.slots
        return any(
            not known.symbols and known.as_fraction() < needed
            for known, needed in ((epochs, len(self.epochs)), (self.recursion.slots, slots))
        )

    @property
    def _begins(self) -> list[int]:
        """The levels that begin an epoch."""
        return [sum(self.epochs[:i]) for i in range(len(self.epochs))]

    @property
    def symbol(self) -> Coefficient:
        """The symbol of the sum, zero where there are no such times."""
        return Coefficient(0) if self.is_empty else Coefficient.symbol(self.name)

    def check(self) -> None:
        """Refuse fields that make no sum over levels.

        Raises:
            ValueError: saying what is wrong.
        """
        self.recursion.check()
        count = len(self.roots)
        if not 0 < count <= len(_LEVELS) or sum(self.epochs) != count or min(self.epochs) < 1:
            raise ValueError("the levels of a sum must be those of its epochs")
        if any(not 0 <= low < high < count for low, high in self.edges) or list(self.edges) != sorted(self.edges):
            raise ValueError("the edges of a sum must be sorted and go from a level to a later one")
        if self.slots and (len(self.slots) != count or {*self.slots} != {*range(max(self.slots) + 1)}):
            raise ValueError("the slots of a sum must be ranks, one for each level")
        times = [(i, self.slots[level]) for i, level in self._epoch_levels] if self.slots else []
        if times != sorted(set(times)):
            raise ValueError("the slots of a sum must increase within an epoch")

    @property
    def _epoch_levels(self) -> list[tuple[int, int]]:
        """The epoch of each level, and the level."""
        epochs = [i for i, length in enumerate(self.epochs) for _ in range(length)]
        return list(zip(epochs, range(len(epochs)), strict=True))

    @property
    def levels(self) -> tuple[tuple[int, tuple[int, ...], int, bool, int, bool], ...]:
        """The levels as :func:`sgdsym.series.recursion.schedule_sums` goes through them."""
        last, begins = len(self.roots) - 1, set(self._begins)
        # edges to a root that is read on the way stay open until then
        spans = [
            *self.edges,
            *((level, last + 1) for level, n in enumerate(self.roots) for _ in range(n) if self.reads),
        ]
        opened: list[tuple[int, int]] = []
        found = []
        for level, roots in enumerate(self.roots):
            # places count among what is open, in the order in which it opened: the axes of the states of the
            # recursion
            ending = tuple(k for k, (_, high) in enumerate(opened) if high == level)
            opened = [span for span in opened if span[1] != level]
            opening = sorted(span for span in spans if span[0] == level)
            opened += opening
            found.append(
                (
                    0 if self.reads else roots,
                    ending,
                    len(opening),
                    level not in begins,
                    self.slots[level] if self.slots else -1,
                    self.reads and level == last,
                )
            )
        return tuple(found)

    def substitute(self, values: Mapping[str, Scalar]) -> ScheduleSum:
        """The same with symbols other than the rates replaced."""
        return replace(self, recursion=self.recursion.substitute(values))


def schedule_name(name: str) -> str:
    r"""The name itself if it can be that of a schedule: :math:`\lambda` too, which is a word of Python.

    Raises:
        ValueError: if it can be no symbol.

    >>> schedule_name("lambda")
    'lambda'
    """
    return name if name == "lambda" else symbol_name(name)


def joined_sums(first: Sums, second: Sums) -> dict[str, ScheduleSum]:
    """The sums of two series.

    Raises:
        ValueError: if they are over different rates, or runs of different lengths.
    """
    found = {**first, **second}
    schedules = sorted({known.recursion.schedule for known in found.values()})
    if len(schedules) > 1:
        raise ValueError(f"one series has the schedule {schedules[0]}, the other {schedules[1]}; give both one name")
    lengths = list(dict.fromkeys(str(known.recursion.steps) for known in (*first.values(), *second.values())))
    if len(lengths) > 1:
        raise ValueError(f"one schedule has {lengths[0]} rates, the other {lengths[1]}; runs must be of one length")
    return found


def substituted_sums(sums: Sums, values: Mapping[str, Scalar]) -> tuple[dict[str, ScheduleSum], dict[str, Coefficient]]:
    """The sums with symbols replaced, and the new value of each sum's symbol."""
    known = {name: found.substitute(values) for name, found in sums.items()}
    return {found.name: found for found in known.values()}, {name: found.symbol for name, found in known.items()}
