r"""Generation of diagrams upward by order, isomorphic ones merged at once, with their order polynomials.

One step of SGD maps a function :math:`s` to :math:`P s(\theta) = E_x s(\theta - \eta\nabla l_x(\theta))`.  Acting on a
diagram, the cumulant form of :math:`P - 1` attaches any non-empty set of new blocks, each a set of new leaves on any
nodes (but not on leaves attached in the same step).  With :math:`E s(\theta_T) = \sum_p C(T, p) (P-1)^p s` the number
of ways to grow a diagram in :math:`p` steps is the coefficient of :math:`C(T, p)` in its strict order polynomial,
summed over the choices of the root and divided by the symmetry factor.

The diagrams on one tree are grown together: a row of bit masks per diagram (its blocks of two or more nodes), one
matrix product per pair of trees for the codes of the enlarged blocks, one sort to merge isomorphic ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import comb, factorial, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.diagrams.diagram import Diagram, canonical_diagrams
from sgdsym.diagrams.tree import Tree, canonical_tree

# the key of a partition of 12 nodes, up to five blocks of 12 bits, still fits a 64-bit integer; that of 13 may not
MAX_ORDER = 11
# how many diagrams each order has; the tests grow them
COUNTS = (1, 1, 2, 6, 20, 85, 425)
# codes that are packed at once, 8 MiB of them
_CHUNK = 1 << 20

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    r"""All diagrams of one order with the number of ways to grow each.

    Attributes:
        order: number of edges :math:`d`.
        diagrams: the diagrams, in no particular order.
        profiles: distinct growth profiles; entry :math:`k` of one is :math:`d!` times the coefficient of
            :math:`C(T, k)` in :math:`\sum_r \Omega^\circ(\tau_r/\rho; T) / |Aut|`.
        profile_of: index into ``profiles`` for each diagram.
    """

    order: int
    diagrams: list[Diagram]
    profiles: list[tuple[int, ...]]
    profile_of: list[int]


@dataclass(frozen=True, slots=True)
class _Family:
    """The diagrams of one order on one tree: a row of block masks and a row of counts for each."""

    tree: Tree
    masks: Integers
    counts: Integers

    @property
    def block_nodes(self) -> Floats:
        """Indicator of the nodes (rows) in each block of each diagram (columns)."""
        nodes = np.arange(self.tree.size)
        return (self.masks.ravel() >> nodes[:, None] & 1).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Attachment:
    """New leaves on the nodes of a tree: the larger tree, where the old nodes go, and where the leaves are."""

    child: Tree
    old: tuple[int, ...]
    new: tuple[int, ...]
    pattern: tuple[int, ...]


def grow(order: int, progress: Callable[[int, int], None] | None = None) -> Iterator[Layer]:
    """All free-tree diagrams that one-pass SGD produces, order by order.

    Args:
        order: the last order, at most ``MAX_ORDER``.
        progress: called with each finished order and its number of diagrams.

    Yields:
        One layer for each order from 0 to ``order``.

    >>> [len(layer.diagrams) for layer in grow(5)]
    [1, 1, 2, 6, 20, 85]
    """
    if not 0 <= order <= MAX_ORDER:
        raise ValueError(f"order must be between 0 and {MAX_ORDER}, not {order}")
    start, _ = canonical_tree([[]], [0])
    counts = np.zeros((1, order + 1), np.int64)
    counts[0, 0] = 1
    layers = [[_Family(start, np.zeros((1, 0), np.int64), counts)]]
    for d in range(order + 1):
        if d:
            layers.append(_next_layer(layers, d))
        layer = _as_layer(layers[d], d)
        if progress:
            progress(d, len(layer.diagrams))
        yield layer


def estimate_diagrams(order: int) -> int:
    """About how many diagrams orders 0 to ``order`` have together, without generating them.

    A table to order 6; beyond, each order has as many times the diagrams of the one before as the ratios to order 6
    extrapolate to in a straight line (4 % too low at order 10).

    >>> estimate_diagrams(4)
    30
    """
    if order < 0:
        raise ValueError(f"order must be between 0 and {MAX_ORDER}, not {order}")
    counts = list(COUNTS[: order + 1])
    ratio = COUNTS[-1] / COUNTS[-2]
    slope = ratio - COUNTS[-2] / COUNTS[-3]
    for _ in range(len(counts), order + 1):
        ratio += slope
        counts.append(round(counts[-1] * ratio))
    return sum(counts)


def _next_layer(layers: list[list[_Family]], order: int) -> list[_Family]:
    """Grow every earlier diagram by one step to the given order."""
    arrivals: dict[Tree, list[tuple[Integers, Integers, Integers]]] = {}
    rows = 0
    # from every order below: a step may attach several leaves at once
    for d, layer in enumerate(layers):
        for family in layer:
            grouped: dict[tuple[Tree, tuple[int, ...]], list[_Attachment]] = {}
            for attachment in _attachments(family.tree, order - d):
                # attachments that differ by their targets alone are one matrix product
                grouped.setdefault((attachment.child, attachment.pattern), []).append(attachment)
            for (child, pattern), attachments in grouped.items():
                arrivals.setdefault(child, []).extend(_arrivals(family, rows, order, child, pattern, attachments))
            rows += len(family.masks)
    counts = np.concatenate([family.counts for layer in layers for family in layer])
    return [_merge(child, arrivals[child], counts) for child in sorted(arrivals, key=lambda tree: tree.edges)]


def _attachments(tree: Tree, leaves: int) -> Iterator[_Attachment]:
    """Every way to attach the given number of indistinguishable leaves to the nodes of the tree."""
    grown: list[tuple[Tree, tuple[int, ...], tuple[int, ...]]] = [(tree, tuple(range(tree.size)), ())]
    for _ in range(leaves):
        grown = [
            (child, (*map(moved.__getitem__, places), leaf), (*targets, v))
            for larger, places, targets in grown
            # leaves are alike, so targets only rise: each multiset of them comes once
            for v in range(targets[-1] if targets else 0, tree.size)
            for child, moved, leaf in [_with_leaf(larger, places[v])]
        ]
    for child, places, targets in grown:
        pattern, new = _by_multiplicity(targets, places[tree.size :])
        yield _Attachment(child, places[: tree.size], new, pattern)


# the same few trees are enlarged again and again: there are 551 of them at order 11
@cache
def _with_leaf(tree: Tree, target: int) -> tuple[Tree, tuple[int, ...], int]:
    """The tree with one more leaf: the larger tree, the new place of each node, and the place of the leaf."""
    neighbours: list[list[int]] = [[] for _ in range(tree.size + 1)]
    for a, b in (*tree.edges, (target, tree.size)):
        neighbours[a].append(b)
        neighbours[b].append(a)
    child, labels = canonical_tree(neighbours, (*tree.colours, 0))
    places = sorted(range(child.size), key=labels.__getitem__)
    return child, tuple(places[:-1]), places[-1]


def _by_multiplicity(targets: tuple[int, ...], leaves: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many leaves sit on each target, largest number first, and the leaves in that order."""
    on_target: dict[int, list[int]] = {}
    for v, leaf in zip(targets, leaves, strict=True):
        on_target.setdefault(v, []).append(leaf)
    groups = sorted(on_target.values(), key=len, reverse=True)
    return tuple(map(len, groups)), tuple(leaf for group in groups for leaf in group)


@cache
def _splittings(pattern: tuple[int, ...]) -> dict[tuple[tuple[int, ...], ...], int]:
    """Partitions of a multiset of leaves into blocks, with multiplicity.

    Args:
        pattern: how many leaves sit on each target; leaves on one target are alike.

    Returns:
        For each partition (its blocks as sorted tuples of leaves per target) the number of set partitions of the
        leaves, all told apart, that look like it.
    """
    # the block of the first leaf is chosen first, so that each set of blocks comes once
    first = next((kind for kind, count in enumerate(pattern) if count), None)
    if first is None:
        return {(): 1}
    found: Counter[tuple[tuple[int, ...], ...]] = Counter()
    # the block of the first leaf, then the partitions of what is left: each partition comes once
    for block in product(*(range(int(kind == first), count + 1) for kind, count in enumerate(pattern))):
        ways = prod(
            comb(n - (kind == first), k - (kind == first))
            for kind, (n, k) in enumerate(zip(pattern, block, strict=True))
        )
        rest = tuple(n - k for n, k in zip(pattern, block, strict=True))
        for blocks, count in _splittings(rest).items():
            found[tuple(sorted((block, *blocks)))] += ways * count
    return dict(sorted(found.items()))


@cache
def _joint_leaves(pattern: tuple[int, ...]) -> tuple[Floats, Integers]:
    """The partitions of :func:`_splittings` as an array, and their multiplicities.

    Entry ``[s, j, leaf]`` counts the leaf in block ``j`` of two or more leaves of partition ``s``; the first leaf of a
    target stands for all of them.
    """
    splittings = _splittings(pattern)
    joint = [[block for block in blocks if sum(block) > 1] for blocks in splittings]
    first_leaf = np.cumsum((0, *pattern[:-1]))
    # leaves on one target are one class and have one weight, so that the first of them can carry the number of all
    array = np.zeros((len(joint), max(map(len, joint)), sum(pattern)))
    for s, blocks in enumerate(joint):
        for j, block in enumerate(blocks):
            array[s, j, first_leaf] = block
    return array, np.array(list(splittings.values()), np.int64)


@cache
def _node_weights(tree: Tree) -> Floats:
    """For each automorphism the weights of the nodes, as the floats that matrix products are fast with."""
    # products of floats go to BLAS, those of integers do not; a code has at most 12 bits, so that floats are exact
    return np.array([tree.node_weights(automorphism) for automorphism in tree.automorphisms], np.float64)


def _arrivals(
    family: _Family, first_row: int, order: int, child: Tree, pattern: tuple[int, ...], attachments: list[_Attachment]
) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Keys of the enlarged diagrams on ``child``, the rows they grew from and the weights of the growth."""
    joint_leaves, ways = _joint_leaves(pattern)
    splits, widest, leaves = joint_leaves.shape
    # order!/(order - leaves)!, since profiles carry d! of their order, over exchanges of leaves on one target
    weights = comb(order, leaves) * factorial(leaves) // prod(map(factorial, pattern)) * ways
    node_weights = _node_weights(child)
    symmetries = len(node_weights)
    rows, width = family.masks.shape
    step = max(1, _CHUNK // (rows * splits * symmetries * max(1, width + widest)))
    for begin in range(0, len(attachments), step):
        batch = attachments[begin : begin + step]
        # codes of blocks of 12 nodes are below 2**12, so products of floats are exact
        old = node_weights[:, [a.old for a in batch]] @ family.block_nodes
        new = node_weights[:, [a.new for a in batch]] @ joint_leaves.reshape(splits * widest, leaves).T
        codes = np.empty((symmetries, len(batch), splits, rows, width + widest), np.int64)
        codes[..., :width] = old.reshape(symmetries, len(batch), 1, rows, width)
        codes[..., width:] = new.reshape(symmetries, len(batch), splits, 1, widest)
        # axis 0 holds the automorphisms: the least key is the canonical one, as in Tree.partition_key
        keys = _pack(codes, child.bits).min(axis=0)
        yield (
            keys.ravel(),
            np.broadcast_to(np.arange(first_row, first_row + rows), keys.shape).ravel(),
            np.broadcast_to(weights[:, None], keys.shape).ravel(),
        )


def _pack(codes: Integers, bits: int) -> Integers:
    """Sort the block codes of each partition and pack them, the largest lowest, so that absent blocks leave no trace."""
    codes.sort(axis=-1)
    keys = np.zeros(codes.shape[:-1], np.int64)
    for j in range(codes.shape[-1]):
        keys <<= bits
        keys |= codes[..., j]
    return keys


def _merge(child: Tree, arrivals: list[tuple[Integers, Integers, Integers]], counts: Integers) -> _Family:
    """Merge isomorphic arrivals: add up weight times the parents' counts, one step later."""
    keys, rows, weights = (np.concatenate(parts) for parts in zip(*arrivals, strict=True))
    order = np.argsort(keys)
    keys = keys[order]
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    total = np.zeros((len(firsts), counts.shape[1]), np.int64)
    # one step more: what was counted by C(T, k) is counted by C(T, k + 1)
    total[:, 1:] = np.add.reduceat(counts[rows[order], :-1] * weights[order, None], firsts)
    return _Family(child, _unpack(child, keys[firsts]), total)


def _unpack(tree: Tree, keys: Integers) -> Integers:
    """Bit masks of the blocks behind the keys, in canonical labels (compare ``Tree.partition_blocks``)."""
    masks = []
    taken = [np.zeros(len(keys), np.int64) for _ in tree.members]
    while keys.any():
        code = keys & ((1 << tree.bits) - 1)
        keys = keys >> tree.bits
        mask = np.zeros_like(code)
        for c, nodes in enumerate(tree.members):
            code, count = np.divmod(code, len(nodes) + 1)
            mask |= ((1 << count) - 1) << (nodes[0] + taken[c])
            taken[c] += count
        masks.append(mask)
    return np.stack(masks, axis=1) if masks else np.zeros((len(keys), 0), np.int64)


def _as_layer(families: list[_Family], order: int) -> Layer:
    diagrams: list[Diagram] = []
    profile_of: list[int] = []
    # 119 128 diagrams of order 9 have 8 303 profiles, so that rows are compared as bytes and become tuples once
    seen: dict[bytes, int] = {}
    profiles: list[tuple[int, ...]] = []
    for family in families:
        nodes_of = _nodes_of_masks(family.tree.size)
        rows = _blocks_by_first_node(family).tolist()
        partitions = [tuple(map(nodes_of.__getitem__, filter(None, row))) for row in rows]
        diagrams += canonical_diagrams(family.tree, partitions)
        counts = np.ascontiguousarray(family.counts[:, : order + 1])
        raw, width = counts.tobytes(), counts.strides[0]
        for begin in range(0, len(raw), width):
            row = raw[begin : begin + width]
            index = seen.setdefault(row, len(seen))
            if index == len(profiles):
                profiles.append(tuple(np.frombuffer(row, np.int64).tolist()))
            profile_of.append(index)
    return Layer(order, diagrams, profiles, profile_of)


def _blocks_by_first_node(family: _Family) -> Integers:
    """For each diagram and node the bit mask of the block that begins with the node, 0 where none does."""
    nodes = np.arange(family.tree.size)
    covered = family.masks.sum(axis=1)
    blocks: Integers = np.where(covered[:, None] >> nodes & 1, 0, 1 << nodes)
    for masks in family.masks.T:
        present = np.flatnonzero(masks)
        # the lowest bit of a mask is its first node, and logarithms of powers of two are exact
        first = np.log2(masks[present] & -masks[present]).astype(np.int64)
        blocks[present, first] = masks[present]
    return blocks


@cache
def _nodes_of_masks(size: int) -> list[tuple[int, ...]]:
    """The nodes of every bit mask, listed by mask."""
    subsets: list[tuple[int, ...]] = [()]
    for v in range(size):
        subsets += [(*nodes, v) for nodes in subsets]
    return subsets
