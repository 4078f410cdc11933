"""The labels of a diagram that was built from nodes with labels of one's own.

A diagram relabels its nodes into canonical form and forgets the labels it was given.  A caller that has attached
something to a node or an edge asks here where it went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sgdsym.diagrams.diagram import Diagram


def match_nodes(
    diagram: Diagram, edges: Sequence[Sequence[int]], blocks: Sequence[Sequence[int]], roots: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """The nodes of a diagram that the given nodes have become, in every way that keeps edges, blocks and roots.

    Args:
        diagram: ``Diagram(nodes, edges, blocks, roots)``.
        edges: the edges it was built from, the parent first, and each node as a child before it is a parent.
        blocks: the blocks it was built from; nodes alone may be left out.
        roots: the node at the top of each tree.

    Yields:
        As many places of the nodes as the diagram has automorphisms; none if it was not built from these.

    >>> list(match_nodes(Diagram(3, [(0, 1), (0, 2)], (), [0]), [(0, 1), (0, 2)], (), [0]))
    [(0, 1, 2), (0, 2, 1)]
    """
    block_of = {v: i for i, block in enumerate(blocks) for v in block if len(block) > 1}
    canonical_block = {v: i for i, block in enumerate(diagram.blocks) for v in block if len(block) > 1}
    parent = {child: above for above, child in edges}
    # a parent before its children: a node then has the neighbours of one place to go to, and few branches fail
    order = [*roots, *(child for _, child in edges)]
    neighbours = diagram.neighbours

    def extend(place: dict[int, int], block: dict[int, int]) -> Iterator[tuple[int, ...]]:
        if len(place) == len(order):
            yield tuple(place[v] for v in range(diagram.nodes))
            return
        v = order[len(place)]
        for w in neighbours[place[parent[v]]] if v in parent else diagram.roots:
            here, there = block_of.get(v, -1), canonical_block.get(w, -1)
            # a block goes to one block, and no other goes there; nodes alone go to nodes alone
            fits = block.get(here, there) == there and list(block.values()).count(there) == (here in block)
            if fits and w not in place.values():
                yield from extend({**place, v: w}, {**block, here: there})

    if len(order) == diagram.nodes:
        yield from extend({}, {-1: -1})
