"""Pictures: the geometry of the layout, and what the pens make of it."""

import math
import re
from xml.etree import ElementTree

import pydot
import pytest
from hypothesis import given, settings

from sgdsym.diagrams import Diagram, grow, set_partitions
from sgdsym.diagrams.views import DiagramViews
from sgdsym.render import diagram_to_dot, diagram_to_latex, diagram_to_svg, diagrams_to_dot, diagrams_to_svg, lay_out
from sgdsym.render.drawing import INK, PALETTE, Disc, Edge, draw
from tests.diagrams.strategies import diagrams as random_diagrams

GROWN = [diagram for layer in grow(5) for diagram in layer.diagrams]
SVG = "{http://www.w3.org/2000/svg}"
RADIUS, COLUMN, ROW, CAPSULE = 5.0, 22.0, 18.0, 8.5


def places(plan):
    return [(COLUMN * x, ROW * y) for x, y in plan.points]


def edge_points(plan, edge, steps=24):
    """Points along an edge as the pen draws it: straight to the bend, then a cubic curve to the parent."""
    child, bend, parent = edge
    (x, y), (to_x, to_y) = places(plan)[child], places(plan)[parent]
    turn = max(x, COLUMN * bend)
    half = (turn + to_x) / 2
    yield from ((x + (turn - x) * k / steps, y) for k in range(steps))
    for k in range(steps + 1):
        t = k / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield (
            sum(w * a for w, a in zip(weights, (turn, half, half, to_x), strict=True)),
            sum(w * b for w, b in zip(weights, (y, y, to_y, to_y), strict=True)),
        )


@pytest.mark.parametrize("diagram", [pytest.param(d, id=str(k)) for k, d in enumerate(GROWN)])
def test_geometry(diagram):
    plan = lay_out(diagram)
    points = places(plan)
    assert plan.timed
    assert min(x for x, _ in plan.points) == min(y for _, y in plan.points) == 0
    for v, p in enumerate(points):
        for q in points[:v]:
            assert math.dist(p, q) > 2 * RADIUS + 2
    for edge in plan.edges:
        child, _, parent = edge
        assert plan.points[child][0] <= plan.points[parent][0] - 1
        for point in edge_points(plan, edge):
            assert all(math.dist(point, p) > RADIUS + 1 for v, p in enumerate(points) if v not in (child, parent))
    assert_capsules_are_clear(plan, points)


def assert_capsules_are_clear(plan, points):
    for block in plan.capsules:
        (column,) = {points[v][0] for v in block}
        top, bottom = points[block[0]][1], points[block[-1]][1]
        for v, (x, y) in enumerate(points):
            if v not in block:
                assert math.dist((x, y), (column, min(max(y, top), bottom))) > CAPSULE + RADIUS
    for k, block in enumerate(plan.capsules):
        for other in plan.capsules[:k]:
            if points[block[0]][0] == points[other[0]][0]:
                assert points[block[0]][1] - points[other[-1]][1] > 2 * CAPSULE or (
                    points[other[0]][1] - points[block[-1]][1] > 2 * CAPSULE
                )


@given(random_diagrams(max_nodes=8, max_roots=2))
@settings(max_examples=150)
def test_any_diagram_is_drawn_without_overlap(diagram):
    plan = lay_out(diagram)
    points = places(plan)
    assert {frozenset((a, b)) for a, _, b in plan.edges} == {frozenset(edge) for edge in diagram.edges}
    assert all(math.dist(p, q) > 2 * RADIUS for v, p in enumerate(points) for q in points[:v])
    drawing = ElementTree.fromstring(diagram_to_svg(diagram))  # noqa: S314 - our own text
    circles = drawing.findall(f".//{SVG}circle")
    assert len(circles) == diagram.nodes + len(diagram.roots) - len(diagram.open_roots)
    assert sum(circle.get("fill") == "#FFFFFF" for circle in circles) == len(diagram.open_roots)


@pytest.mark.parametrize("diagram", GROWN[:30])
def test_every_block_is_seen(diagram):
    drawing = ElementTree.fromstring(diagram_to_svg(diagram))  # noqa: S314 - our own text
    width, height = map(float, drawing.get("viewBox").split()[2:])
    nodes = drawing.findall(f"{SVG}circle")
    for circle in nodes:
        assert RADIUS <= float(circle.get("cx")) <= width - RADIUS
        assert RADIUS <= float(circle.get("cy")) <= height - RADIUS
    joint = [block for block in diagram.blocks if len(block) > 1]
    outlines = [path for path in drawing.findall(f"{SVG}path") if path.get("stroke") in PALETTE]
    assert len({path.get("stroke") for path in outlines}) == len(outlines) == len(joint)
    assert sorted(sum(circle.get("fill") == colour for circle in nodes) for colour in PALETTE if outlines)[
        len(PALETTE) - len(joint) :
    ] == sorted(map(len, joint))
    assert sum(circle.get("fill") == INK for circle in nodes) == len(diagram.blocks) - len(joint)


def every_partition(order):
    """All diagrams of the trees with so many edges, whether a root gives them an order in time or not."""
    trees = {Diagram(d.nodes, d.edges) for *_, layer in [grow(order)] for d in layer.diagrams}
    return sorted({Diagram(t.nodes, t.edges, p) for t in trees for p in set_partitions(t.nodes)}, key=Diagram.sort_key)


def seen_without_colour(svg):
    """The diagram that the outlines and lines of a picture show, whatever their colours."""
    numbers = [[float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))] for path in svg.findall(f"{SVG}path")]
    widths = [float(path.get("stroke-width")) for path in svg.findall(f"{SVG}path")]
    nodes = [(float(c.get("cx")), float(c.get("cy"))) for c in svg.findall(f"{SVG}circle")]
    blocks, edges = [], []
    for found, width in zip(numbers, widths, strict=True):
        if width == 2 * CAPSULE:
            (x, top), (_, bottom) = found[:2], found[-2:]
            blocks.append([v for v, p in enumerate(nodes) if math.dist(p, (x, min(max(p[1], top), bottom))) < CAPSULE])
        elif width == 2:
            end = tuple(found[-2:]) if len(found) > 3 else (found[2], found[1])
            edges.append((nodes.index(tuple(found[:2])), nodes.index(end)))
    return Diagram(len(nodes), edges, blocks)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_blocks_are_told_apart_without_colour(order):
    diagrams = every_partition(order)
    assert len(diagrams) == {1: 2, 2: 4, 3: 18, 4: 80}[order]
    for diagram in diagrams:
        assert seen_without_colour(ElementTree.fromstring(diagram_to_svg(diagram))) == diagram  # noqa: S314
        plan = lay_out(diagram)
        assert_capsules_are_clear(plan, places(plan))


def test_edges_pass_no_node_of_others():
    for diagram in every_partition(4):
        shapes = draw(diagram).shapes
        nodes = {shape.centre for shape in shapes if isinstance(shape, Disc)}
        for edge in (shape for shape in shapes if isinstance(shape, Edge)):
            others = nodes - {edge.start, edge.end}
            points = [edge.start, (edge.turn, edge.start[1]), *edge.controls, edge.end]
            curve = [cubic(points[1:], k / 20) for k in range(21)]
            assert all(math.dist(p, q) > RADIUS for p in curve for q in others)
            assert all(not (edge.start[0] < x < edge.turn and y == edge.start[1]) for x, y in others)


def cubic(points, t):
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    return tuple(sum(w * p[k] for w, p in zip(weights, points, strict=True)) for k in (0, 1))


def test_a_block_along_one_edge_is_drawn_all_the_same():
    plan = lay_out(Diagram(3, [(0, 1), (1, 2)], [(0, 1, 2)]))
    assert not plan.timed
    assert len(plan.capsules) == 1


def test_golden_pictures(golden):
    noise = Diagram(5, [(0, 1), (1, 2), (1, 3), (0, 4)], [(0, 3), (2, 4)])
    golden("svg_diagram.svg", diagram_to_svg(noise))
    golden("svg_sheet.svg", diagrams_to_svg(GROWN[:10]))
    golden("svg_roots.svg", diagram_to_svg(Diagram(4, [(0, 1), (2, 3)], [(0, 2), (1,)], [1, 3])))
    golden("dot_diagram.dot", diagram_to_dot(noise))


def test_sheet_shows_every_diagram_with_its_caption():
    sheet = ElementTree.fromstring(diagrams_to_svg(GROWN[:10], captions=[f"term {k} < 10" for k in range(10)]))  # noqa: S314
    words = [text.text for text in sheet.findall(f".//{SVG}text")]
    assert [word for word in words if word.startswith("term")] == [f"term {k} < 10" for k in range(10)]
    assert "order 3: 6 diagrams" in words
    assert len(sheet.findall(f"{SVG}g")) == 10
    with pytest.raises(ValueError, match="10 diagrams need as many captions, not 1"):
        diagrams_to_svg(GROWN[:10], captions=["one"])


# pydot's reader still calls pyparsing by its old names
old_names = pytest.mark.filterwarnings("ignore:.*deprecated( -|,) use:DeprecationWarning")


@old_names
@pytest.mark.parametrize("diagram", [*GROWN[4:10:2], *GROWN[20:30:5]])
def test_dot_is_read_back_as_the_same_diagram(diagram):
    (graph,) = pydot.graph_from_dot_data(diagram_to_dot(diagram))
    edges = [(int(edge.get_source()), int(edge.get_destination())) for edge in graph.get_edges()]
    blocks = [
        [int(node.get_name()) for node in cluster.get_nodes() if node.get_name().isdigit()]
        for cluster in graph.get_subgraphs()
    ]
    assert all(cluster.get_name().startswith("cluster") for cluster in graph.get_subgraphs())
    assert Diagram(diagram.nodes, edges, blocks) == diagram


@old_names
def test_several_dot_graphs_follow_each_other():
    graphs = pydot.graph_from_dot_data(diagrams_to_dot(GROWN[:4]))
    assert [graph.get_name() for graph in graphs] == ["diagram0", "diagram1", "diagram2", "diagram3"]


class Shown(Diagram, DiagramViews):
    """A diagram with views."""

    __slots__ = ()


def test_views_hand_over_to_the_pens():
    edges, blocks = [(0, 1), (1, 2)], [(0, 2)]
    shown, plain = Shown(3, edges, blocks), Diagram(3, edges, blocks)
    assert shown._repr_svg_() == shown.to_svg() == diagram_to_svg(plain)
    assert shown.to_dot() == diagram_to_dot(plain)
    assert shown.latex() == diagram_to_latex(plain)
    assert shown.latex("moment", style="index") == diagram_to_latex(plain, "moment", style="index")
    assert not hasattr(shown, "_repr_latex_")
