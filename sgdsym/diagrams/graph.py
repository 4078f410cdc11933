"""Diagrams as networkx graphs, for whoever wants to draw or analyse them with other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sgdsym.arguments import read_instance
from sgdsym.diagrams.diagram import Diagram

if TYPE_CHECKING:
    import networkx


def to_networkx(diagram: Diagram) -> networkx.Graph[int]:
    """The tree of a diagram as an undirected networkx graph.

    Graph attributes: ``order`` (number of edges), ``symmetry_factor``.
    Node attributes: ``degree`` (the node carries that many derivatives), ``block`` (index into ``diagram.blocks``, or
    ``None`` for an open root), ``root`` (whether the node is a root).  Edges carry no attributes.

    >>> graph = to_networkx(Diagram(3, [(0, 1), (0, 2)], [(1, 2)]))
    >>> graph.nodes[1]
    {'degree': 1, 'block': 1, 'root': False}
    >>> graph.graph
    {'order': 2, 'symmetry_factor': 2}
    """
    import networkx

    read_instance("diagram", diagram, Diagram)
    graph: networkx.Graph[int] = networkx.Graph(order=diagram.order, symmetry_factor=diagram.symmetry_factor)
    block_of = {v: j for j, block in enumerate(diagram.blocks) for v in block}
    for v, degree in enumerate(diagram.degrees):
        graph.add_node(v, degree=degree, block=block_of.get(v), root=v in diagram.roots)
    graph.add_edges_from(diagram.edges)
    return graph


def from_networkx(graph: networkx.Graph[Any]) -> Diagram:
    """The diagram of a graph with the node attributes ``block`` and ``root`` (see :func:`to_networkx`).

    Missing attributes mean a block of its own and no root; node names may be anything.

    >>> diagram = Diagram(4, [(0, 1), (1, 2), (1, 3)], [(0, 2)])
    >>> from_networkx(to_networkx(diagram)) == diagram
    True
    """
    import networkx

    read_instance("graph", graph, networkx.Graph)
    position = {name: v for v, name in enumerate(graph.nodes)}
    blocks: dict[Any, list[int]] = {}
    roots, loose = [], []
    for name, v in position.items():
        attributes = graph.nodes[name]
        block = attributes.get("block")
        if attributes.get("root", False):
            roots.append(v)
        if block is not None:
            blocks.setdefault(block, []).append(v)
        elif not attributes.get("root", False):
            loose.append([v])
    edges = [(position[a], position[b]) for a, b in graph.edges]
    return Diagram(graph.number_of_nodes(), edges, [*blocks.values(), *loose], roots)
