"""Diagrams as DOT text for graphviz, written through pydot without the ``dot`` program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sgdsym.diagrams import Diagram
from sgdsym.render.drawing import INK, PALETTE
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.names import diagram_name

if TYPE_CHECKING:
    import pydot


def diagram_to_dot(diagram: Diagram, *, name: str = "diagram") -> str:
    """A diagram as a DOT graph: blocks of two or more nodes are coloured clusters.

    Edges run from child to parent, left to right; the positions are for ``neato -n``.  Nodes carry the attributes ``block`` and
    ``root``, which graphviz passes over, so that networkx and :func:`~sgdsym.diagrams.from_networkx` give the diagram back.

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
    graph = pydot.Dot(name, graph_type="graph", **_attributes(label=diagram_name(diagram, "cumulant"), rankdir="LR"))
    graph.set_node_defaults(**_attributes(fixedsize="true", label="", shape="circle", style="filled", width="0.16"))
    graph.set_edge_defaults(**_attributes(color=INK))
    for j, block in enumerate(plan.capsules):
        colour = PALETTE[j % len(PALETTE)]
        # 38 in hexadecimal is 0.22 of 255, as FADED is elsewhere
        cluster = pydot.Cluster(
            f"block{j}", **_attributes(color=colour, fillcolor=f"{colour}38", label="", style="rounded,filled")
        )
        for v in block:
            cluster.add_node(pydot.Node(str(v)))
        graph.add_subgraph(cluster)  # type: ignore[arg-type]  # pydot accepts what its annotation does not
    colours = {v: PALETTE[j % len(PALETTE)] for j, block in enumerate(plan.capsules) for v in block}
    block_of = {v: {"block": str(j)} for j, block in enumerate(diagram.blocks) for v in block}
    for v in range(diagram.nodes):
        known = block_of.get(v, {}) | ({"root": "true"} if v in diagram.roots else {})
        graph.add_node(_node(v, colours.get(v, INK), plan, known))
    for child, _, parent in plan.edges:
        graph.add_edge(pydot.Edge(str(child), str(parent)))
    # older versions of pydot put an empty line behind a cluster
    return "".join(f"{line}\n" for line in graph.to_string().splitlines() if line)


def diagrams_to_dot(diagrams: Iterable[Diagram]) -> str:
    """Diagrams as DOT graphs one after the other, named ``diagram0``, ``diagram1`` and so on.

    >>> diagrams_to_dot([Diagram(1), Diagram(2, [(0, 1)])]).count("graph diagram")
    2
    """
    return "".join(diagram_to_dot(diagram, name=f"diagram{k}") for k, diagram in enumerate(diagrams))


def _node(v: int, colour: str, plan: Layout, known: Mapping[str, str]) -> pydot.Node:
    import pydot

    x, y = plan.points[v]
    hollow = v in plan.rings
    attributes = _attributes(
        color=INK if hollow else colour,
        fillcolor="#FFFFFF" if hollow else colour,
        peripheries="2" if v in plan.targets else "1",
        # points: half an inch a column; graphviz counts upward
        pos=f"{36 * x:g},{30 * (plan.height - y):g}!",
        **known,
    )
    return pydot.Node(str(v), **attributes)


def _attributes(**values: str) -> dict[str, Any]:
    """Attributes in quotes and sorted: versions of pydot differ in the order and the quotes that they put themselves."""
    return {name: f'"{value.replace(chr(34), chr(39))}"' for name, value in sorted(values.items())}
