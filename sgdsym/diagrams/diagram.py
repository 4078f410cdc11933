r"""The diagram: a free tree with a vertex partition, as an immutable canonical value.

Every term of the expansion of SGD is a contraction along a tree: a node with :math:`k` neighbours is the derivative
tensor :math:`\nabla^k l_x` of the loss on a data point, an edge is the contraction of one index, and the nodes of one
block see the same data point, so that a block is one joint cumulant (or moment).  This file holds the data and its
invariants; generation, counting, notation and graphs live beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sgdsym.arguments import plain_integer, quoted, read_integers, read_items
from sgdsym.diagrams.tree import Tree, canonical_tree, centres
from sgdsym.diagrams.views import DiagramViews

# of a diagram; those that are derived have 12 at order 11, and 19 in the modified equation of descent at order 18
MOST_NODES = 100
# colours of nodes; the last two are those of nodes that are there to make one tree with one centre, and are taken out
# again
_ORDINARY, _ROOT, _OPEN_ROOT, _MIDPOINT, _JOINT = range(5)


@dataclass(frozen=True, slots=True)
class Diagram(DiagramViews):
    r"""A free tree with a vertex partition; two diagrams are equal if and only if they are isomorphic.

    The arguments may label the nodes in any way: they are relabelled into canonical form when the value is built, so
    equal diagrams are equal field by field, hash alike and print alike.

    Args:
        nodes: number of nodes; they are labelled ``0 … nodes-1``.
        edges: pairs of adjacent nodes.
        blocks: the vertex partition; nodes left out are blocks of their own, unless they are roots.
        roots: special nodes, at most one in each tree.  A root that no block contains is left outside the partition:
            the open index of a displacement, or the node that carries the derivatives of another function.

    Several trees make a forest: the product of its trees, or, where a block reaches from one into another, a term of
    a covariance.

    Raises:
        ValueError: if the edges do not form such a tree or forest, or the blocks are not disjoint sets of nodes; if there
            are more than 100 nodes, or more than 10 000 symmetries of the tree besides those of leaves on one node.

    Source: [Tenka2020]_, section 2 (diagrams); the free-tree form drops the choice of
    root wherever the root is a mean tensor like any other.

    >>> gradient_noise = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])      # C : H
    >>> gradient_noise
    Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)])
    >>> gradient_noise == Diagram(3, [(2, 0), (2, 1)], [(1, 0)])
    True
    >>> gradient_noise.order, gradient_noise.degrees, gradient_noise.symmetry_factor
    (2, (2, 1, 1), 2)
    """

    nodes: int
    edges: tuple[tuple[int, int], ...]
    blocks: tuple[tuple[int, ...], ...]
    roots: tuple[int, ...]

    def __init__(
        self,
        nodes: int,
        edges: Iterable[Sequence[int]] = (),
        blocks: Iterable[Iterable[int]] | None = None,
        roots: Iterable[int] = (),
    ) -> None:
        count = plain_integer(nodes)
        if count is None or not 1 <= count <= MOST_NODES:
            raise ValueError(f"a diagram has nodes 0, 1, …, up to {MOST_NODES} of them, not {quoted(nodes)}")
        given_roots = tuple(sorted(set(_labels("roots", roots))))
        given_edges = [_labels("an edge", edge) for edge in read_items("edges", edges)]
        given_blocks = _complete_partition(count, [] if blocks is None else blocks, given_roots)
        tree, position = _canonical_tree(count, given_edges, given_blocks, given_roots)
        # blocks of one node follow from the others, and the key of a partition does without them
        joint_blocks = [[position[v] for v in block] for block in given_blocks if len(block) > 1]
        self._store(tree, tree.partition_blocks(tree.partition_key(joint_blocks)))

    def _store(self, tree: Tree, joint_blocks: Iterable[tuple[int, ...]]) -> None:
        """Fill the fields from a canonical tree and its canonical blocks of two or more nodes."""
        real = [v for v, colour in enumerate(tree.colours) if colour < _MIDPOINT]
        label = {v: i for i, v in enumerate(real)}
        colours = [tree.colours[v] for v in real]
        blocks = [tuple(label[v] for v in block) for block in joint_blocks]
        covered = {v for block in blocks for v in block}
        blocks += [(v,) for v, colour in enumerate(colours) if v not in covered and colour != _OPEN_ROOT]
        object.__setattr__(self, "nodes", len(real))
        object.__setattr__(self, "edges", _real_edges(tree, label))
        object.__setattr__(self, "blocks", tuple(sorted(blocks)))
        object.__setattr__(self, "roots", tuple(v for v, colour in enumerate(colours) if colour != _ORDINARY))

    def __repr__(self) -> str:
        roots = f", {list(self.roots)}" if self.roots else ""
        return f"Diagram({self.nodes}, {list(self.edges)}, {list(self.blocks)}{roots})"

    @property
    def order(self) -> int:
        """Number of edges: the power of the learning rate the diagram belongs to."""
        return len(self.edges)

    @property
    def degrees(self) -> tuple[int, ...]:
        r"""Number of neighbours of each node: node :math:`v` carries :math:`\nabla^{degree_v} l_x`."""
        degrees = [0] * self.nodes
        for edge in self.edges:
            for v in edge:
                degrees[v] += 1
        return tuple(degrees)

    @property
    def legs(self) -> tuple[tuple[int, ...], ...]:
        """The diagram as a product of tensors: node ``v`` carries one whose indices are these edges, by number.

        >>> Diagram(3, [(0, 1), (0, 2)]).legs
        ((0, 1), (0,), (1,))
        """
        legs: list[list[int]] = [[] for _ in range(self.nodes)]
        for number, edge in enumerate(self.edges):
            for v in edge:
                legs[v].append(number)
        return tuple(map(tuple, legs))

    @property
    def neighbours(self) -> tuple[tuple[int, ...], ...]:
        """The adjacent nodes of each node."""
        adjacent: list[list[int]] = [[] for _ in range(self.nodes)]
        for a, b in self.edges:
            adjacent[a].append(b)
            adjacent[b].append(a)
        return tuple(tuple(sorted(a)) for a in adjacent)

    @property
    def open_roots(self) -> tuple[int, ...]:
        """The roots outside the partition."""
        covered = {v for block in self.blocks for v in block}
        return tuple(v for v in self.roots if v not in covered)

    @property
    def symmetry_factor(self) -> int:
        """Number of automorphisms: relabellings of the nodes that keep edges, blocks and roots."""
        tree, position = _canonical_tree(self.nodes, self.edges, self.blocks, self.roots)
        blocks = [[position[v] for v in block] for block in self.blocks]
        covered = {v for block in blocks for v in block}
        # open roots, joints and midpoints are in no block; each counts as one of its own, and its colour tells it
        # from others
        return tree.partition_symmetry(blocks + [[v] for v in range(tree.size) if v not in covered])

    def with_blocks(self, blocks: Iterable[Iterable[int]]) -> Diagram:
        """The same tree and roots with another vertex partition, given in this diagram's labels."""
        return Diagram(self.nodes, self.edges, blocks, self.roots)

    def __mul__(self, other: Diagram) -> Diagram:
        """The product: both forests side by side.

        >>> Diagram(1) * Diagram(2, [(0, 1)])
        Diagram(3, [(0, 1)], [(0,), (1,), (2,)])
        """
        if not isinstance(other, Diagram):
            return NotImplemented
        n = self.nodes
        return Diagram(
            n + other.nodes,
            [*self.edges, *((a + n, b + n) for a, b in other.edges)],
            [*self.blocks, *([v + n for v in block] for block in other.blocks)],
            [*self.roots, *(v + n for v in other.roots)],
        )

    def sort_key(self) -> tuple[object, ...]:
        """Key that sorts diagrams by order, then tree, then blocks."""
        return len(self.edges), self.edges, self.blocks, self.roots


def canonical_diagrams(tree: Tree, partitions: Iterable[tuple[tuple[int, ...], ...]]) -> list[Diagram]:
    """The diagrams of a canonical tree with these canonical partitions: nothing is checked or relabelled.

    For the generator, which has done the canonical work for many diagrams at once.
    """
    diagrams = []
    # the checks and the canonical form take 170 µs a diagram, this takes 2; order 10 has about a million
    new, set_field = object.__new__, object.__setattr__
    nodes, edges = tree.size, tree.edges
    for blocks in partitions:
        diagram = new(Diagram)
        set_field(diagram, "nodes", nodes)
        set_field(diagram, "edges", edges)
        set_field(diagram, "blocks", blocks)
        set_field(diagram, "roots", ())
        diagrams.append(diagram)
    return diagrams


def _labels(name: str, nodes: Any) -> tuple[int, ...]:
    """The labels of some nodes, which may be a set."""
    return read_integers(name, _iterated(name, nodes))


def _iterated(name: str, values: Any) -> tuple[Any, ...]:
    return read_items(name, list(values) if isinstance(values, AbstractSet) else values)


def _complete_partition(nodes: int, blocks: Iterable[Iterable[int]], roots: tuple[int, ...]) -> list[tuple[int, ...]]:
    parts = [_labels("a block", block) for block in _iterated("blocks", blocks)]
    covered = [v for part in parts for v in part]
    if len(set(covered)) < len(covered) or not set(covered) <= set(range(nodes)) or not all(parts):
        raise ValueError(f"blocks must be disjoint, non-empty sets of the nodes 0 … {nodes - 1}, not {quoted(parts)}")
    loose = set(range(nodes)) - set(covered) - set(roots)
    return parts + [(v,) for v in sorted(loose)]


def _canonical_tree(
    nodes: int, edges: Sequence[tuple[int, ...]], blocks: Sequence[tuple[int, ...]], roots: tuple[int, ...]
) -> tuple[Tree, dict[int, int]]:
    """Canonical tree of a checked forest, and the place of each node in it.

    A forest of several trees becomes one tree by a joint node next to the root of each tree or, where there is none,
    next to its centre; a midpoint node makes the centre single where it is an edge.
    """
    if not set(roots) <= set(range(nodes)):
        raise ValueError(f"the roots must be among the nodes 0 … {nodes - 1}, not {quoted(list(roots))}")
    neighbours: list[list[int]] = [[] for _ in range(nodes)]
    for edge in edges:
        a, b = edge if len(edge) == 2 else (-1, -1)
        if not (0 <= a < nodes and 0 <= b < nodes):
            raise ValueError(f"an edge is a pair of the nodes 0 … {nodes - 1}, not {quoted(edge)}")
        neighbours[a].append(b)
        neighbours[b].append(a)
    trees = _components(neighbours)
    # a forest has one edge less than nodes in each tree, and one more edge closes a cycle
    if len(edges) != nodes - len(trees):
        raise ValueError(f"the edges must form a tree or a forest, but there is a cycle in {quoted(list(edges))}")
    if any(len(set(roots) & set(tree)) > 1 for tree in trees):
        raise ValueError(f"each tree holds at most one root, not {quoted(list(roots))}")
    covered = {v for block in blocks for v in block}
    colours = [_ORDINARY if v not in roots else _ROOT if v in covered else _OPEN_ROOT for v in range(nodes)]
    if len(trees) > 1:
        anchors = [_anchor(tree, roots, neighbours, colours) for tree in trees]
        colours.append(_JOINT)
        neighbours.append(anchors)
        for anchor in anchors:
            neighbours[anchor].append(len(neighbours) - 1)
    tree, labels = canonical_tree(neighbours, colours)
    return tree, {old: new for new, old in enumerate(labels)}


def _components(neighbours: Sequence[Sequence[int]]) -> list[list[int]]:
    components: list[list[int]] = []
    reached: set[int] = set()
    for start in range(len(neighbours)):
        if start not in reached:
            component = [start]
            reached.add(start)
            # the list grows while it is gone through: breadth first
            for v in component:
                for w in neighbours[v]:
                    if w not in reached:
                        reached.add(w)
                        component.append(w)
            components.append(component)
    return components


def _anchor(tree: list[int], roots: tuple[int, ...], neighbours: list[list[int]], colours: list[int]) -> int:
    """The node of one tree of a forest where the joint node attaches; may add a midpoint to the centre edge."""
    for v in tree:
        if v in roots:
            return v
    local = {v: i for i, v in enumerate(tree)}
    found = [tree[i] for i in centres([[local[w] for w in neighbours[v]] for v in tree])]
    if len(found) == 1:
        return found[0]
    a, b = found
    neighbours[a][neighbours[a].index(b)] = neighbours[b][neighbours[b].index(a)] = len(neighbours)
    neighbours.append([a, b])
    colours.append(_MIDPOINT)
    return len(neighbours) - 1


def _real_edges(tree: Tree, label: dict[int, int]) -> tuple[tuple[int, int], ...]:
    """The edges without the joint, and with each midpoint's two halves made one edge again."""
    if len(label) == tree.size:
        return tree.edges
    edges = [(label[a], label[b]) for a, b in tree.edges if a in label and b in label]
    for m, colour in enumerate(tree.colours):
        if colour == _MIDPOINT:
            halves = [label[w] for edge in tree.edges if m in edge for w in edge if w in label]
            edges.append((min(halves), max(halves)))
    return tuple(sorted(edges))
