"""Diagrams as DOT text for graphviz, written through pydot without the ``dot`` program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sgdsym.diagrams import Diagram
from sgdsym.render.drawing import INK, PALETTE
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.names import diagram_name

if TYPE_CHECKING:
    import pydot


def diagram_to_dot(diagram: Diagram, *, name: str = "diagram") -> str:
    """A diagram as a DOT graph: blocks of two or more nodes are coloured clusters.

    Edges run from child to parent, left to right; the positions are for ``neato -n``.

    Args:
        diagram: any diagram.
        name: the name of the graph, a word.

    Raises:
        ValueError: if the name is anything else.

    >>> print(diagram_to_dot(Diagram(2, [(0, 1)])).splitlines()[0])
    graph diagram {
    """
    import pydot

    if not (name.isidentifier() and name.isascii()):
        raise ValueError(f"the name of a graph is a word of letters, digits and underscores, not {name!r:.60}")
    plan = lay_out(diagram)
    graph = pydot.Dot(name, graph_type="graph", rankdir="LR", label=_quoted(diagram_name(diagram, "cumulant")))
    graph.set_node_defaults(shape="circle", style="filled", width="0.16", fixedsize="true", label='""')
    graph.set_edge_defaults(color=_quoted(INK))
    for j, block in enumerate(plan.capsules):
        colour = PALETTE[j % len(PALETTE)]
        cluster = pydot.Cluster(
            f"block{j}",
            label='""',
            style=_quoted("rounded,filled"),
            color=_quoted(colour),
            fillcolor=_quoted(f"{colour}38"),
        )
        for v in block:
            cluster.add_node(_node(v, colour, plan))
        graph.add_subgraph(cluster)  # type: ignore[arg-type]  # pydot accepts what its annotation does not
    grouped = {v for block in plan.capsules for v in block}
    for v in range(diagram.nodes):
        if v not in grouped:
            graph.add_node(_node(v, INK, plan))
    for child, _, parent in plan.edges:
        graph.add_edge(pydot.Edge(str(child), str(parent)))
    text: str = graph.to_string()
    return text


def diagrams_to_dot(diagrams: Iterable[Diagram]) -> str:
    """Diagrams as DOT graphs one after the other, named ``diagram0``, ``diagram1`` and so on.

    >>> diagrams_to_dot([Diagram(1), Diagram(2, [(0, 1)])]).count("graph diagram")
    2
    """
    return "".join(diagram_to_dot(diagram, name=f"diagram{k}") for k, diagram in enumerate(diagrams))


def _node(v: int, colour: str, plan: Layout) -> pydot.Node:
    import pydot

    x, y = plan.points[v]
    hollow = v in plan.rings
    return pydot.Node(
        str(v),
        fillcolor=_quoted("#FFFFFF" if hollow else colour),
        color=_quoted(INK if hollow else colour),
        peripheries="2" if v in plan.targets else "1",
        pos=f'"{36 * x:g},{30 * (plan.height - y):g}!"',
    )


def _quoted(words: str) -> str:
    return f'"{words.replace(chr(34), chr(39))}"'
