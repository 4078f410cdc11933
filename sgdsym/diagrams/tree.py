r"""Coloured free trees in canonical labelling, and the action of their symmetries on vertex partitions.

A diagram is a free tree with a vertex partition.  There are few trees and many partitions (235 trees but about a
million diagrams at order 10), so everything that depends on the tree alone is worked out once, here, and shared:

* the canonical labelling: depth-first order from the tree's centre, children sorted by their (Aho-Hopcroft-Ullman) code;
* the *classes*: leaves of one colour on one neighbour are interchangeable and form one class, every other node is
  a class of its own, so a block is described up to leaf swaps by how many nodes it takes from each class;
* the *weight* of a class: mixed-radix digits that pack such a description into one integer, the *code* of a block;
* the automorphisms that remain, as permutations of the classes.

The canonical key of a partition is the smallest integer, over those automorphisms, that packs the codes of its blocks
of two or more nodes, sorted with the largest in the lowest bits.  This file knows integers and tuples only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from math import factorial, prod
from operator import mul

# of a tree; those of orders 10 and 11 have at most 120, five branches of two nodes on one centre
MOST_AUTOMORPHISMS = 10_000
# one digit, so that every code is a bracket word of its own: no code is the beginning of another, and codes that are
# put side by side can be told apart again
_OPENING = tuple(b"(%d" % colour for colour in range(10))


class Tree:
    """A coloured free tree whose nodes are numbered depth first from its centre.

    Obtain one from :func:`canonical_tree` only: equal trees are then the same object.  Properties that only partitions
    need are found when they are first asked for.

    Attributes:
        size: number of nodes.
        parents: parent of each node in the numbering; ``parents[0] == -1``.
        colours: colour of each node.
        edges: the edges as ``(parent, child)`` pairs, sorted by child.
    """

    def __init__(self, parents: tuple[int, ...], colours: tuple[int, ...]) -> None:
        self.parents = parents
        self.colours = colours
        self.size = len(parents)
        self.edges = tuple((parent, child) for child, parent in enumerate(parents) if child)

    @cached_property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """The nodes of each class, consecutive and increasing."""
        return _leaf_classes(self.parents, self.colours)

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """Class of each node."""
        return tuple(c for c, nodes in enumerate(self.members) for _ in nodes)

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """For each class the mixed-radix weight of one of its nodes."""
        return tuple(accumulate((len(nodes) + 1 for nodes in self.members[:-1]), mul, initial=1))

    @cached_property
    def bits(self) -> int:
        """Number of bits that hold the code of any block."""
        return (prod(len(nodes) + 1 for nodes in self.members) - 1).bit_length()

    @cached_property
    def automorphisms(self) -> tuple[tuple[int, ...], ...]:
        """Permutations of the classes, the identity first.

        Raises:
            ValueError: if there are more of them than anybody can go through.
        """
        count = _count_symmetries(self.parents, self.colours)
        if count > MOST_AUTOMORPHISMS:
            raise ValueError(
                f"a diagram whose tree has {count:.2g} symmetries is out of reach; the most are {MOST_AUTOMORPHISMS}"
            )
        firsts = [nodes[0] for nodes in self.members]
        images_of = _symmetries(self.parents, self.colours)
        return tuple(dict.fromkeys(tuple(self.classes[images[v]] for v in firsts) for images in images_of))

    def node_weights(self, automorphism: Sequence[int]) -> list[int]:
        """Weight of each node after the automorphism (a permutation of the classes) has moved it."""
        return [self.weights[automorphism[c]] for c in self.classes]

    def partition_key(self, blocks: Iterable[Sequence[int]]) -> int:
        """Canonical key of the vertex partition whose blocks of two or more nodes are given."""
        sets = list(blocks)
        return min(self._keys(sets)) if sets else 0

    def partition_symmetry(self, blocks: Sequence[Sequence[int]]) -> int:
        """Number of automorphisms of the tree that map the partition to itself; every node is in one of the blocks."""
        keys = self._keys([block for block in blocks if len(block) > 1])
        # without larger blocks every automorphism keeps the partition, and there may be too many to go through
        # permutations of the classes that keep the partition
        symmetry = keys.count(keys[0]) if keys else _count_symmetries(self.parents, self.colours)
        # what they do not see: leaves of a class within a block, and blocks that take the same classes, change places
        profiles = Counter(tuple(sorted(self.classes[v] for v in block)) for block in blocks)
        for profile, alike in profiles.items():
            twins = prod(factorial(count) for count in Counter(profile).values())
            symmetry *= twins**alike * factorial(alike)
        return symmetry

    def _keys(self, sets: Sequence[Sequence[int]]) -> list[int]:
        """The keys of a partition after each automorphism; none where all nodes are alone."""
        keys = []
        for automorphism in self.automorphisms if sets else ():
            weight = self.node_weights(automorphism)
            codes = sorted((sum(weight[v] for v in block) for block in sets), reverse=True)
            keys.append(sum(code << (self.bits * j) for j, code in enumerate(codes)))
        return keys

    def partition_blocks(self, key: int) -> list[tuple[int, ...]]:
        """The blocks of two or more nodes that :meth:`partition_key` packed, in canonical labels."""
        taken = [0] * len(self.members) if key else []
        blocks = []
        while key:
            code = key & ((1 << self.bits) - 1)
            key >>= self.bits
            block: list[int] = []
            for c, nodes in enumerate(self.members):
                code, count = divmod(code, len(nodes) + 1)
                block += nodes[taken[c] : taken[c] + count]
                taken[c] += count
            blocks.append(tuple(block))
        return blocks


def canonical_tree(neighbours: Sequence[Sequence[int]], colours: Sequence[int]) -> tuple[Tree, list[int]]:
    """Canonical form of a coloured free tree.

    Args:
        neighbours: the adjacent nodes of each node; the graph must be a tree.
        colours: one integer from 0 to 9 per node.

    Returns:
        The tree, and the old label of each node of it.
    """
    # every isomorphism maps centres to centres, so hanging the tree from one of them loses nothing (C. Jordan, 1869)
    centre, *others = centres(neighbours)
    codes = _subtree_codes(neighbours, colours, centre)
    for other in others:
        rival = _subtree_codes(neighbours, colours, other)
        # of two centres the one with the smaller code; where the codes are equal both give the same tree
        if rival[other] < codes[centre]:
            codes, centre = rival, other
    order: list[int] = []
    parents: list[int] = []
    stack = [(centre, -1, -1)]
    while stack:
        node, above, parent = stack.pop()
        position = len(order)
        order.append(node)
        parents.append(parent)
        children = [v for v in neighbours[node] if v != above]
        if len(children) > 1:
            # the stack gives back the last first, so that children come by increasing code: a leaf's is the largest
            # of its colour, as "(" is less than ")", and equal codes are neighbours, so that sibling leaves of one
            # colour are numbered in a row
            children.sort(key=codes.__getitem__, reverse=True)
        stack += [(v, node, position) for v in children]
    return _interned(tuple(parents), tuple([colours[v] for v in order])), order


# one object a tree: its properties are found once for all its diagrams, and trees are compared by identity
@cache
def _interned(parents: tuple[int, ...], colours: tuple[int, ...]) -> Tree:
    return Tree(parents, colours)


def centres(neighbours: Sequence[Sequence[int]]) -> list[int]:
    """The one or two nodes that remain when leaves are stripped layer by layer."""
    degree = [len(a) for a in neighbours]
    layer = [v for v, k in enumerate(degree) if k <= 1]
    left = len(neighbours)
    while left > 2:
        left -= len(layer)
        inner = []
        for leaf in layer:
            for v in neighbours[leaf]:
                degree[v] -= 1
                if degree[v] == 1:
                    inner.append(v)
        layer = inner
    return layer


def _subtree_codes(neighbours: Sequence[Sequence[int]], colours: Sequence[int], root: int) -> list[bytes]:
    """Code of the subtree at each node when the tree hangs from ``root``; equal if and only if isomorphic."""
    above = [-1] * len(neighbours)
    order = [root]
    for v in order:
        for w in neighbours[v]:
            if w != above[v]:
                above[w] = v
                order.append(w)
    below: list[list[bytes]] = [[] for _ in neighbours]
    codes = [b""] * len(neighbours)
    for v in reversed(order):
        parts = below[v]
        if len(parts) > 1:
            parts.sort()
        codes[v] = code = _OPENING[colours[v]] + b"".join(parts) + b")"
        # the root, which comes last, hands its own to below[-1], where nobody reads any more
        below[above[v]].append(code)
    return codes


def _leaf_classes(parents: tuple[int, ...], colours: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    inner = set(parents)
    classes: list[list[int]] = []
    for v, parent in enumerate(parents):
        # sibling leaves of one colour are numbered in a row, so that the last class is the only one that a leaf may
        # join
        if classes and v and v not in inner:
            last = classes[-1][-1]
            if last not in inner and parents[last] == parent and colours[last] == colours[v]:
                classes[-1].append(v)
                continue
        classes.append([v])
    return tuple(tuple(nodes) for nodes in classes)


def _count_symmetries(parents: tuple[int, ...], colours: tuple[int, ...]) -> int:
    """Number of automorphisms that keep sibling leaves in order: equal subtrees at a node change places in any way."""
    neighbours = _neighbours(parents)
    codes = _subtree_codes(neighbours, colours, 0)
    # the code of a leaf has no bracket inside; leaves are left to the classes
    alike = Counter((parent, codes[v]) for v, parent in enumerate(parents) if v and b"(" in codes[v][1:])
    # two where the halves on both sides of the middle edge are alike, one otherwise
    swaps = sum(_subtree_codes(neighbours, colours, centre)[centre] == codes[0] for centre in centres(neighbours))
    return swaps * prod(factorial(count) for count in alike.values())


def _neighbours(parents: tuple[int, ...]) -> list[list[int]]:
    neighbours: list[list[int]] = [[] for _ in parents]
    for v, parent in enumerate(parents):
        if v:
            neighbours[parent].append(v)
            neighbours[v].append(parent)
    return neighbours


def _symmetries(parents: tuple[int, ...], colours: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Automorphisms as the images of the nodes, sibling leaves kept in order; the identity first."""
    neighbours = _neighbours(parents)
    codes = _subtree_codes(neighbours, colours, 0)
    for centre in sorted(centres(neighbours)):
        target = _subtree_codes(neighbours, colours, centre)
        if target[centre] == codes[0]:
            yield from _extensions((centre,), parents, neighbours, codes, target)


def _extensions(
    images: tuple[int, ...],
    parents: tuple[int, ...],
    neighbours: Sequence[Sequence[int]],
    codes: Sequence[bytes],
    target: Sequence[bytes],
) -> Iterator[tuple[int, ...]]:
    """Extend a map of the first nodes, subtree codes ``codes`` onto ``target``, to all nodes in every way."""
    v = len(images)
    if v == len(parents):
        yield images
        return
    for w in neighbours[images[parents[v]]]:
        if w not in images and target[w] == codes[v]:
            yield from _extensions((*images, w), parents, neighbours, codes, target)
            # sibling leaves keep their order: the first place that is free is the only one
            if b"(" not in codes[v][1:]:
                return
