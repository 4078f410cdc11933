"""Diagrams as networkx graphs, for drawing and analysis with other tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from sgdsym.arguments import quoted, read_instance
from sgdsym.diagrams.diagram import Diagram

if TYPE_CHECKING:
    import networkx


def to_networkx(diagram: Diagram) -> networkx.Graph[int]:
    """The tree of a diagram as an undirected networkx graph.

    Graph attributes: ``order`` (number of edges), ``symmetry_factor``.
    Node attributes: ``degree`` (the node carries that many derivatives), ``block`` (index into ``diagram.blocks``; an open
    root has none, as files hold no ``None``), ``root`` (whether the node is a root).  Edges carry no attributes.

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
        block = {"block": block_of[v]} if v in block_of else {}
        graph.add_node(v, degree=degree, **block, root=v in diagram.roots)
    graph.add_edges_from(diagram.edges)
    return graph


def from_networkx(graph: networkx.Graph[Any]) -> Diagram:
    """The diagram of a graph with the node attributes ``block`` and ``root`` (see :func:`to_networkx`).

    Missing attributes mean a block of its own and no root; node names may be anything, and directions do not count.  Formats
    without types are understood: ``"False"`` is no root, ``"None"`` no block.

    Raises:
        ValueError: if the graph is no tree or forest, two edges join the same nodes, or an attribute means nothing.

    >>> diagram = Diagram(4, [(0, 1), (1, 2), (1, 3)], [(0, 2)])
    >>> from_networkx(to_networkx(diagram)) == diagram
    True
    """
    import networkx

    read_instance("graph", graph, networkx.Graph)
    if not graph.number_of_nodes():
        raise ValueError("the graph has no node; a diagram has one at least")
    position = {name: v for v, name in enumerate(graph.nodes)}
    blocks: dict[Any, list[int]] = {}
    roots, loose = [], []
    for name, v in position.items():
        attributes = graph.nodes[name]
        is_root = _read_root(name, attributes.get("root"))
        block = _read_block(name, attributes.get("block"))
        if is_root:
            roots.append(v)
        if block is not None:
            blocks.setdefault(block, []).append(v)
        elif not is_root:
            loose.append([v])
    _check_simple(graph)
    edges = [(position[edge[0]], position[edge[1]]) for edge in graph.edges]
    return Diagram(graph.number_of_nodes(), edges, [*blocks.values(), *loose], roots)


def _check_simple(graph: networkx.Graph[Any]) -> None:
    """Refuse loops and several edges between two nodes, in one direction or both."""
    for (a, *b), count in Counter(tuple(dict.fromkeys(sorted(edge[:2], key=repr))) for edge in graph.edges).items():
        if not b:
            raise ValueError(f"the graph has an edge from {a} to itself; a diagram is a tree")
        if count > 1:
            raise ValueError(f"the graph has {count} edges between {a} and {b[0]}; a diagram is a tree")


def _read_root(name: Any, value: Any) -> bool:
    """A truth value, which some formats keep as a word or a number."""
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False, "none": False, "": False}
    word = _word(value)
    if word not in known:
        raise ValueError(f"root of node {name} is {quoted(value)}; it must be true or false")
    return known[word]


def _read_block(name: Any, value: Any) -> Any:
    """The name of a block, or None."""
    if _word(value) in {"none", "", "nan"}:
        return None
    if not isinstance(value, Hashable):
        raise ValueError(f"block of node {name} is {quoted(value)}; it must be the name of a block, such as a number")
    return value


def _word(value: Any) -> str:
    """A value in small letters, without the quotes that DOT keeps."""
    return str(value).strip().strip("\"'").lower()
