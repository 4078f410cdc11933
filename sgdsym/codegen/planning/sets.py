r"""What a plan asks of the connected parts of fragments, counted for all sets of nodes of many fragments at once.

A set of nodes is a bit mask.  Two sets are taken for isomorphic where their fingerprints agree: the colours of their nodes,
refined by the colour of every other node, how far it is along the edges and whether it is in the same block.  A plan may
rest on that, and is ready in a fraction of the time that canonical forms take.  The program does not: it is written with
canonical fragments, so an unlucky pair of parts could make it slower, but not wrong.
Source: [Weisfeiler1968]_.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.codegen.planning.fragment import DEVIATION, Fragment

Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Words: TypeAlias = NDArray[np.uint64]

# A product of two deviations is a matrix, for which the matrix product is faster than sorted pairs.
FEWEST_FOR_POWER = 3
_AVERAGED, _OPEN = 1, 2
# to order 7 no two pieces are left that look alike
_ROUNDS = 2
# entries of the matrices of relations that are worked on at once: 256 kB, the share of a second cache
_ENTRIES = 1 << 15


@dataclass(frozen=True, slots=True)
class Stack:
    """Fragments stacked into arrays, padded to one number of nodes and of blocks.

    Attributes:
        number: nodes of each fragment.
        degree: of each node.
        kind: of each node.
        near: whether two nodes are joined.
        block: whether a node is in a block; open blocks come behind the averaged ones.
        closes: whether a block is averaged.
    """

    number: Integers
    degree: Integers
    kind: Integers
    near: Integers
    block: Integers
    closes: Flags


@dataclass(frozen=True, slots=True)
class Sets:
    """What a plan asks of every set of nodes of every fragment, arrays of shape (fragments, sets).

    Attributes:
        connected: by edges and blocks.
        legs: how many legs leave the set.
        ends: how many of its nodes have a leg.
        averaged: how many averaged blocks lie inside.
        samples: how many blocks are open: given so, or cut.
        power: whether it is an averaged power of deviations of the gradient.
        square: whether it is the square of such a deviation at one data point.
        inside: whether an averaged block lies inside, shape (fragments, blocks, sets).
    """

    connected: Flags
    legs: Integers
    ends: Integers
    averaged: Integers
    samples: Integers
    power: Flags
    square: Flags
    inside: Flags


def stack_of(fragments: Sequence[Fragment], size: int) -> Stack:
    """The fragments as arrays over so many nodes."""
    shape = len(fragments), size
    blocks = max((len(f.averaged) + len(f.open) for f in fragments), default=0)
    degree, kind = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    near = np.zeros((*shape, size), np.int64)
    block = np.zeros((len(fragments), blocks, size), np.int64)
    for i, fragment in enumerate(fragments):
        degree[i, : len(fragment.tensors)], kind[i, : len(fragment.tensors)] = zip(*fragment.tensors, strict=True)
        for a, b in fragment.edges:
            near[i, a, b] = near[i, b, a] = 1
        for j, nodes in enumerate((*fragment.averaged, *fragment.open)):
            block[i, j, list(nodes)] = 1
    closes = np.arange(blocks) < np.array([len(f.averaged) for f in fragments])[:, None]
    return Stack(np.array([len(f.tensors) for f in fragments]), degree, kind, near, block, closes)


def sets_of(stack: Stack) -> Sets:
    """What a plan asks of all sets of nodes."""
    size = stack.degree.shape[1]
    masks = np.arange(1 << size)
    # member[v, mask]: products with it are sums over the nodes of all sets at once
    member = masks >> np.arange(size)[:, None] & 1
    free = (stack.degree[:, :, None] - stack.near @ member) * member
    held = stack.block @ member
    inside = stack.closes[:, :, None] & (held == stack.block.sum(axis=2)[:, :, None])
    averaged = inside.sum(axis=1)
    samples = ((held > 0) & ~inside).sum(axis=1)
    count = member.sum(axis=0)
    # a power is one block of gradients and nothing else: every node has degree 1, and all of its legs leave the set
    slopes = ((stack.degree == 1) & (stack.kind == DEVIATION)).astype(np.int64) @ member
    legs = free.sum(axis=1)
    apart = (slopes == count) & (legs == count)
    return Sets(
        connected=_connected(stack, masks),
        legs=legs,
        ends=(free > 0).sum(axis=1),
        averaged=averaged,
        samples=samples,
        power=apart & (count >= FEWEST_FOR_POWER) & (averaged == 1) & (samples == 0),
        square=apart & (count == 2) & (averaged == 0) & (samples == 1),
        inside=inside,
    )


def _connected(stack: Stack, masks: Integers) -> Flags:
    """Whether each set is not empty and connected by edges and blocks."""
    fragments, size = stack.degree.shape
    reach = ((stack.near + stack.block.transpose(0, 2, 1) @ stack.block) > 0) @ (1 << np.arange(size))
    # what is around a set is around its highest node, or around the others: doubling, a table of 2^nodes entries in as many steps as
    # there are nodes
    around = np.zeros((fragments, len(masks)), np.int64)
    for v in range(size):
        around[:, 1 << v : 2 << v] = around[:, : 1 << v] | reach[:, v, None]
    # flood from the lowest node, inside the set; a path has fewer edges than the set has nodes
    covered = np.broadcast_to(masks & -masks, around.shape)
    for _ in range(size - 1):
        covered = covered | np.take_along_axis(around, covered, axis=1) & masks
    found: Flags = (covered == masks) & (masks > 0) & (masks < 1 << stack.number[:, None])
    return found


def fingerprints(stack: Stack, row: Integers, mask: Integers, inside: Flags) -> Words:
    """A number for each of some sets of nodes, the same for isomorphic ones.

    Args:
        stack: the fragments.
        row: the fragment that each set is of.
        mask: the sets.
        inside: which blocks are averaged, (sets, blocks); the others are open where a node is in them.
    """
    path, distance = _paths(stack)
    mates = stack.block.transpose(0, 2, 1) @ stack.block
    size = stack.degree.shape[1]
    found = np.empty(len(row), np.uint64)
    step = max(1, _ENTRIES // (size * size))
    for few in (slice(begin, begin + step) for begin in range(0, len(row), step)):
        at, bits = row[few], mask[few, None]
        member = (bits >> np.arange(size) & 1).astype(np.uint64)
        state = np.einsum("rb,rbv->rv", np.where(inside[few], _AVERAGED, _OPEN), stack.block[at])
        relation = 2 * np.where(path[at] & ~bits[:, :, None], 0, distance[at]) + mates[at]
        # outside the set a relation counts for nothing, and a path that leaves the set is none: a piece must have the same
        # fingerprint wherever it is met
        salt = _mix(np.arange(1, 2 * size + 3))[relation] * (member[:, :, None] * member[:, None, :])
        colour = _mix(stack.degree[at] * 64 + stack.kind[at] * 4 + state + 1)
        for _ in range(_ROUNDS):
            # products and sums modulo 2^64; the shift keeps low bits from staying low in all rounds
            seen = salt * colour[:, None, :]
            colour = _mix(colour + (seen ^ seen >> np.uint64(29)).sum(axis=2, dtype=np.uint64))
        found[few] = (colour * member).sum(axis=1, dtype=np.uint64)
    return found


def _paths(stack: Stack) -> tuple[Integers, Integers]:
    """The nodes on the path between two nodes along edges, as a set, and how many they are; none where there is no path."""
    size = stack.degree.shape[1]
    bit = 1 << np.arange(size)
    path = front = np.broadcast_to(np.diag(bit), stack.near.shape)
    distance = np.minimum(path, 1)
    for step in range(2, size + 1):
        before = front @ stack.near
        front = np.where((before > 0) & (path == 0), before | bit, 0)
        path = path + front
        distance = distance + step * (front > 0)
    return path, distance


def _mix(number: Integers | Words) -> Words:
    """Scatter the bits, so that sums tell multisets apart: the finaliser of splitmix64."""
    word = number.astype(np.uint64)
    word = (word ^ word >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ word >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return word ^ word >> np.uint64(31)
