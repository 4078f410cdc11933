r"""Sums over one schedule in common terms: those over a run as sums over its epochs, those over epochs as sums over shared slots.

.. math:: \sum_{s<t} = \sum_{e<f}\sum_{s,\,t} + \sum_e\sum_{s<t}, \qquad \sum_{s,\,t} = \sum_{s<t} + \sum_{t<s} + \sum_{s=t}

Two series may sum over the same updates in coarser and in finer pieces; only in the finer ones does cancel what is equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sgdsym.diagrams import weak_orders
from sgdsym.series.coefficient import Coefficient
from sgdsym.series.sums import Recursion, ScheduleSum, Sums


def refined_sums(sums: Sums, other: Sums) -> tuple[dict[str, ScheduleSum], dict[str, Coefficient]]:
    """The sums of a series in the pieces that the sums of another take, and the new values of its symbols."""
    images: dict[str, Coefficient] = {}
    found: dict[str, ScheduleSum] = {}
    for name, known in sums.items():
        pieces = list(_pieces(known, other))
        found |= {piece.name: piece for piece in pieces}
        images[name] = Coefficient.total(piece.symbol for piece in pieces)
    return found, images


def _pieces(known: ScheduleSum, other: Sums) -> Iterator[ScheduleSum]:
    # coarse sums are cut to the finer, never the other way round: the finer ones are the terms of the coarse
    finer = [piece for piece in other.values() if _is_of_one_run(known.recursion, piece.recursion)]
    if not finer:
        yield known
        return
    in_epochs = _in_epochs(known, finer[0].recursion) if known.recursion.slots == 1 else [known]
    shared = any(piece.slots for piece in finer) and not known.slots
    for piece in in_epochs:
        yield from _with_slots(piece) if shared else [piece]


def _is_of_one_run(recursion: Recursion, other: Recursion) -> bool:
    """Whether the updates are the same, in epochs of the other where this knows of none."""
    in_epochs = replace(recursion, slots=other.slots) if recursion.slots == 1 else recursion
    return in_epochs == other and other.slots != 1


def _in_epochs(known: ScheduleSum, recursion: Recursion) -> Iterator[ScheduleSum]:
    """All ways to cut the levels of a run into epochs."""
    count = len(known.roots)
    # a cut or none between each level and the next
    for cuts in range(2 ** (count - 1)):
        lengths = [1]
        for level in range(count - 1):
            if cuts >> level & 1:
                lengths.append(1)
            else:
                lengths[-1] += 1
        yield replace(known, recursion=recursion, epochs=tuple(lengths))


def _with_slots(known: ScheduleSum) -> Iterator[ScheduleSum]:
    """All ways to give ranks of slots to levels in epochs."""
    epochs = [e for e, length in enumerate(known.epochs) for _ in range(length)]
    # a level comes before the next of its epoch
    above = [1 << (i + 1) if epochs[i + 1 : i + 2] == [e] else 0 for i, e in enumerate(epochs)]
    for order in weak_orders(above):
        yield replace(
            known, slots=tuple(next(r for r, mask in enumerate(order) if mask >> i & 1) for i in range(len(epochs)))
        )
