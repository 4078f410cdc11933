"""The pieces of fragments, isomorphic ones once, and the ways to make each of two others.

Knows which parts there are and what they leave open; refuses to know what a part costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sgdsym.codegen.planning.fragment import DEVIATION, Fragment
from sgdsym.codegen.planning.sets import Flags, Integers, Sets, fingerprints, sets_of, stack_of

LEFT, RIGHT = 1, 2
# Sets of nodes, times nodes, that are counted together: a megabyte for each array, however many diagrams there are.
_AT_A_TIME = 1 << 17


@dataclass(frozen=True, slots=True)
class Splits:
    """The ways to cut pieces into two connected parts, in the order of the pieces.

    Attributes:
        whole: the piece that is cut.
        left: the part with the first of its nodes.
        right: the other part.
        mask: the nodes of the left part, where the piece was first met.
        power: which part, LEFT or RIGHT, is a power or a square of deviations that the other part takes whole, and 0 for none.
    """

    whole: Integers
    left: Integers
    right: Integers
    mask: Integers
    power: Integers


@dataclass(frozen=True, slots=True)
class Pieces:
    """The connected parts of some fragments, numbered.

    Attributes:
        fragments: the fragments, each once.
        of: the piece that has the fingerprint of each.
        row: the fragment in which each piece was first met.
        mask: its nodes there.
        nodes: how many they are.
        legs: the index axes of its value.
        samples: the sample axes.
        averaged: the averages inside.
        formed: whether it is a single deviation, which is formed from samples.
        splits: the ways to make pieces of two others.
        opened: pieces before one average: whose average it is, of which block of the fragment there, and the piece.
    """

    fragments: tuple[Fragment, ...]
    of: dict[Fragment, int]
    row: Integers
    mask: Integers
    nodes: Integers
    legs: Integers
    samples: Integers
    averaged: Integers
    formed: Flags
    splits: Splits
    opened: tuple[tuple[int, int, int], ...]
    _canonical: dict[int, tuple[Fragment, tuple[int, ...]]] = field(default_factory=dict)
    _number: dict[Fragment, int] = field(default_factory=dict)

    def canonical(self, piece: int) -> tuple[Fragment, tuple[int, ...]]:
        """The fragment that a piece is, and for each of its nodes the label where the piece was first met."""
        if piece not in self._canonical:
            mask, fragment = int(self.mask[piece]), self.fragments[self.row[piece]]
            found = fragment.part([v for v in range(len(fragment.tensors)) if mask >> v & 1])
            self._canonical[piece] = found
            self._number[found[0]] = piece
        return self._canonical[piece]

    def number(self, fragment: Fragment) -> int | None:
        """The piece that a fragment is, if it is one of the fragments or was asked for by :meth:`canonical`."""
        if fragment not in self._number and fragment in self.of:
            self.canonical(self.of[fragment])
        return self._number.get(fragment)


def pieces_of(fragments: Iterable[Fragment]) -> Pieces:
    """All pieces of canonical fragments.

    >>> from sgdsym.codegen.planning.fragment import MEAN
    >>> chain = Fragment(((1, MEAN), (1, MEAN), (2, MEAN)), ((0, 2), (1, 2)))
    >>> pieces = pieces_of([chain])
    >>> [str(pieces.canonical(piece)[0]) for piece in range(len(pieces.mask))]
    ['G(.)', 'H(., .)', 'H(G, .)', 'H(G, G)']
    >>> pieces.splits.whole.tolist(), pieces.splits.left.tolist(), pieces.splits.right.tolist()
    ([2, 3, 3], [0, 0, 2], [1, 2, 0])
    """
    once = tuple(dict.fromkeys(fragments))
    size = max((len(fragment.tensors) for fragment in once), default=0)
    step = max(1, _AT_A_TIME // ((size + 1) << size))
    numbers: dict[int, int] = {}
    batches = [_batch(once, begin, begin + step, size, numbers) for begin in range(0, len(once), step)]
    row, mask, nodes, legs, samples, averaged, formed = _columns(7, (batch.pieces for batch in batches))
    splits = Splits(*_columns(5, (batch.splits for batch in batches)))
    opened = tuple((i, block, numbers[key]) for batch in batches for i, block, key in batch.opened if key in numbers)
    of = dict(zip(once, (piece for batch in batches for piece in batch.fragments), strict=True))
    return Pieces(once, of, row, mask, nodes, legs, samples, averaged, formed > 0, splits, opened)


def _columns(count: int, blocks: Iterable[Integers]) -> Integers:
    return np.concatenate([np.zeros((count, 0), np.int64), *blocks], axis=1)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What some fragments add.

    Attributes:
        pieces: columns of :class:`Pieces`.
        splits: columns of :class:`Splits`.
        opened: new pieces, their averaged blocks, and the fingerprints they have before that average.
        fragments: the pieces that the fragments themselves are.
    """

    pieces: Integers
    splits: Integers
    opened: list[tuple[int, int, int]]
    fragments: list[int]


def _batch(fragments: Sequence[Fragment], begin: int, end: int, size: int, numbers: dict[int, int]) -> _Batch:
    """What some of the fragments add to the pieces that have numbers, by their fingerprints."""
    stack = stack_of(fragments[begin:end], size)
    sets = sets_of(stack)
    # row by row and by growing mask, so that a subset is always met before the sets that hold it
    row, mask = np.nonzero(sets.connected)
    inside = sets.inside[row, :, mask]
    before = len(numbers)
    found = [numbers.setdefault(key, len(numbers)) for key in fingerprints(stack, row, mask, inside).tolist()]
    piece = np.full(sets.connected.shape, -1)
    piece[row, mask] = found
    # numbers are given one after the other, so where the largest grows a piece is met for the first time
    fresh = np.flatnonzero(np.diff(np.maximum.accumulate([before - 1, *found])))
    row, mask, inside = row[fresh], mask[fresh], inside[fresh]
    # a piece before one of its averages is another piece, with the same nodes: one candidate for each block inside
    at, block = np.nonzero(inside)
    inside = inside[at]
    inside[np.arange(len(at)), block] = False
    opened = fingerprints(stack, row[at], mask[at], inside)
    count = (mask[:, None] >> np.arange(size) & 1).sum(axis=1)
    formed = (count == 1) & ((stack.kind[row] == DEVIATION) @ (1 << np.arange(size)) & mask > 0)
    legs, samples, averaged = sets.legs[row, mask], sets.samples[row, mask], sets.averaged[row, mask]
    return _Batch(
        np.array([row + begin, mask, count, legs, samples, averaged, formed]),
        _splits(sets, piece, row, mask, count),
        list(zip(piece[row, mask][at].tolist(), block.tolist(), opened.tolist(), strict=True)),
        piece[np.arange(len(piece)), (1 << stack.number) - 1].tolist(),
    )


def _splits(sets: Sets, piece: Integers, row: Integers, mask: Integers, count: Integers) -> Integers:
    """All ways to cut the sets into two connected parts, the left one with the first node, sorted by the set."""
    found = [np.zeros((6, 0), np.int64)]
    for nodes in range(2, int(count.max(initial=1)) + 1):
        (chosen,) = np.nonzero(count == nodes)
        members = np.nonzero(mask[chosen, None] >> np.arange(int(mask.max()).bit_length()) & 1)[1].reshape(-1, nodes)
        # odd numbers: the first node is always in the left part, so that no split is met twice
        with_first = np.arange(1, (1 << nodes) - 1, 2)
        # bit i of a number stands for the i-th member of a set: a matrix product moves the bits to the nodes
        left = (1 << members) @ (with_first >> np.arange(nodes)[:, None] & 1)
        right = mask[chosen, None] ^ left
        here = row[chosen, None]
        which, way = np.nonzero(sets.connected[here, left] & sets.connected[here, right])
        r, a, b = row[chosen[which]], left[which, way], right[which, way]
        power = LEFT * _is_power(sets, r, a, b) + RIGHT * _is_power(sets, r, b, a)
        found.append(np.array([chosen[which], piece[r, a | b], piece[r, a], piece[r, b], a, power]))
    columns = np.concatenate(found, axis=1)
    # stable, so that the splits of a piece stay in the order in which equal programs are written
    return columns[1:, np.argsort(columns[0], kind="stable")]


def _is_power(sets: Sets, row: Integers, power: Integers, tensor: Integers) -> Flags:
    """Whether one set is a power of deviations that takes all indices of one node of the other, or a square that takes two."""
    symmetric = (sets.samples[row, tensor] == 0) & (sets.ends[row, tensor] == 1)
    legs, left = sets.legs[row, tensor], sets.legs[row, power | tensor]
    found: Flags = symmetric & (
        sets.power[row, power] & (left == 0) | sets.square[row, power] & (left > 0) & (left == legs - 2)
    )
    return found
