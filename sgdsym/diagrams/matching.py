"""The labels of a diagram that was built from nodes with labels of one's own.

A diagram relabels its nodes into canonical form and forgets the labels it was given.  Who has attached something to
a node or an edge asks here where it went.
"""

from __future__ import annotations

from collections.abc import Sequence

from sgdsym.diagrams.diagram import Diagram


def match_nodes(
    diagram: Diagram, edges: Sequence[Sequence[int]], blocks: Sequence[Sequence[int]], roots: Sequence[int]
) -> tuple[int, ...]:
    """The node of the diagram that each given node has become; one of the choices where there are several.

    Args:
        diagram: ``Diagram(nodes, edges, blocks, roots)``.
        edges: the edges it was built from, the parent first, and each parent before its children's edges.
        blocks: blocks of two or more nodes, those alone being of no interest.
        roots: the node at the top of each tree.

    Raises:
        ValueError: if the diagram was not built from these.

    >>> match_nodes(Diagram(3, [(0, 1), (1, 2)], (), [0]), [(0, 1), (1, 2)], (), [0])
    (2, 0, 1)
    """
    block_of = {v: i for i, block in enumerate(blocks) for v in block if len(block) > 1}
    canonical_block = {v: i for i, block in enumerate(diagram.blocks) for v in block if len(block) > 1}
    parent = {child: above for above, child in edges}
    order = [*roots, *(child for _, child in edges)]
    neighbours = diagram.neighbours

    def extend(place: dict[int, int], block: dict[int, int]) -> dict[int, int] | None:
        if len(place) == len(order):
            return place
        v = order[len(place)]
        for w in neighbours[place[parent[v]]] if v in parent else diagram.roots or range(diagram.nodes):
            if w in place.values():
                continue
            here, there = block_of.get(v, -1), canonical_block.get(w, -1)
            # a block goes to one block, and no other goes there; nodes alone go to nodes alone
            if block.get(here, there) == there and list(block.values()).count(there) == (here in block):
                found = extend({**place, v: w}, {**block, here: there})
                if found:
                    return found
        return None

    place = extend({}, {-1: -1}) if len(order) == diagram.nodes else None
    if place is None:
        raise ValueError(f"{diagram!r} has no such nodes")
    return tuple(place[v] for v in range(diagram.nodes))
