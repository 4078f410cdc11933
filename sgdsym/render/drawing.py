"""A drawing as plain shapes, the same for every pen: which colours, which widths, which words where.

Refuses to know any picture format.  Lengths are in units that a pen takes as a pixel or a point, ``x`` to the right, ``y``
downward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from sgdsym.diagrams import Diagram
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.names import diagram_name

# Okabe and Ito's colours, told apart with any colour vision, the darkest first for prints in grey; without their yellow
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, PAPER = "#2B2F36", "#FFFFFF"
FADED = 0.22  # what is left of the colour of a block inside its outline

NODE, LINE, CAPSULE, RIM = 5.0, 2.0, 17.0, 1.2
# a ring is 16.2 across, and so inside a capsule
RING, RING_LINE = 7.5, 1.2
# capsules of neighbours do not touch: CAPSULE is below a column and a row, and half of it below the margin
_COLUMN, _ROW, _MARGIN = 22.0, 18.0, 12.0
_CAPTION, _HEADING, _GAP = 8.0, 11.0, 14.0
# 0.602 in DejaVu Sans Mono, 0.600 in Courier
_LETTER = 0.61  # width of a character of a monospace font, in font sizes

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Capsule:
    """The soft outline of a block: a band of width ``CAPSULE`` along its nodes, pale inside a rim of ``RIM``."""

    points: tuple[Point, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A line along the row of ``start`` up to ``turn``, then a cubic curve that leaves and arrives level, aside by a bow."""

    start: Point
    turn: float
    end: Point
    bow: float = 0.0

    @property
    def is_straight(self) -> bool:
        """Whether both ends are on one row."""
        return self.start[1] == self.end[1]

    @property
    def controls(self) -> tuple[Point, Point]:
        """The two points between the turn and the end that a cubic curve is drawn with."""
        half = (self.turn + self.end[0]) / 2 + self.bow
        return (half, self.start[1]), (half, self.end[1])


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle, a circle with a line around it, or the line alone."""

    centre: Point
    radius: float
    fill: str | None
    line: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text: a heading begins at its place, a caption is centred there; ``place`` is on the base line."""

    text: str
    place: Point
    size: float
    kind: Literal["heading", "caption"]


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes of one diagram, moved to ``place``."""

    place: Point
    title: str
    shapes: tuple[Shape, ...]


Shape: TypeAlias = Capsule | Edge | Disc | Words | Group


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes from back to front on a sheet of white paper."""

    width: float
    height: float
    title: str
    shapes: tuple[Shape, ...]


def draw(diagram: Diagram) -> Drawing:
    """One diagram.

    >>> draw(Diagram(2, [(0, 1)])).shapes[1]
    Disc(centre=(34.0, 12.0), radius=5.0, fill='#2B2F36', line=0.0)
    """
    plan = lay_out(diagram)
    places = [(_MARGIN + x * _COLUMN, _MARGIN + y * _ROW) for x, y in plan.points]
    colour = {v: PALETTE[j % len(PALETTE)] for j, block in enumerate(plan.capsules) for v in block}
    shapes: list[Shape] = [Capsule(tuple(places[v] for v in block), colour[block[0]]) for block in plan.capsules]
    for (child, bend, parent), bow in zip(plan.edges, plan.bows, strict=True):
        turn = max(places[child][0], _MARGIN + bend * _COLUMN)
        shapes.append(Edge(places[child], turn, places[parent], bow * _COLUMN))
    for v in range(diagram.nodes):
        shapes += _node(v, places[v], colour.get(v, INK), plan)
    width, height = plan.width * _COLUMN + 2 * _MARGIN, plan.height * _ROW + 2 * _MARGIN
    return Drawing(width, height, diagram_title(diagram), tuple(shapes))


def draw_sheet(diagrams: Iterable[Diagram], captions: Sequence[str] | None = None, width: float = 900.0) -> Drawing:
    """Diagrams on one sheet: a grid for each order, with a caption under each.

    Args:
        diagrams: any diagrams; runs of one order come under one heading.
        captions: one for each diagram; the literature's string notation if left out.
        width: the sheet is about that wide, or as wide as its widest drawing.

    Raises:
        ValueError: if there are not as many captions as diagrams.
    """
    shown = list(diagrams)
    names = [diagram_title(diagram) for diagram in shown] if captions is None else list(captions)
    if len(names) != len(shown):
        raise ValueError(f"{len(shown)} diagrams need as many captions, not {len(names)}")
    shapes: list[Shape] = []
    bottom, right = _GAP, 0.0
    for order, group in groupby(zip(shown, names, strict=True), key=lambda pair: pair[0].order):
        cells = list(group)
        heading = f"order {order}: {len(cells)} diagram{'s' if len(cells) > 1 else ''}"
        bottom += _HEADING
        shapes.append(Words(heading, (_GAP, bottom), _HEADING, "heading"))
        right = max(right, _GAP + len(heading) * _HEADING * _LETTER)
        found, across, bottom = _grid(cells, width, bottom + _GAP)
        shapes += found
        right = max(right, across)
    return Drawing(right + _GAP, bottom, f"{len(shown)} diagrams", tuple(shapes))


def diagram_title(diagram: Diagram) -> str:
    """The title of a picture."""
    return diagram_name(diagram, "cumulant")


def number(value: float) -> str:
    """A length with at most two decimals.

    >>> number(7.5), number(-0.001)
    ('7.5', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    # a number that rounds to 0 from below keeps its sign in Python
    return "0" if text == "-0" else text


def _grid(cells: Sequence[tuple[Diagram, str]], width: float, top: float) -> tuple[list[Shape], float, float]:
    """The cells of one order in rows, the right edge and the bottom."""
    drawings = [draw(diagram) for diagram, _ in cells]
    across = max(max(d.width, len(name) * _CAPTION * _LETTER) for d, (_, name) in zip(drawings, cells, strict=True))
    across += _GAP
    columns = max(1, min(len(cells), int((width - _GAP) // across)))
    shapes: list[Shape] = []
    for start in range(0, len(cells), columns):
        row = range(start, min(start + columns, len(cells)))
        tallest = max(drawings[k].height for k in row)
        for k in row:
            centre = _GAP + (k - start + 0.5) * across
            place = (centre - drawings[k].width / 2, top + (tallest - drawings[k].height) / 2)
            shapes.append(Group(place, drawings[k].title, drawings[k].shapes))
            shapes.append(Words(cells[k][1], (centre, top + tallest + _CAPTION), _CAPTION, "caption"))
        top += tallest + _CAPTION + _GAP
    return shapes, _GAP + columns * across, top


def _node(v: int, place: Point, colour: str, plan: Layout) -> list[Shape]:
    if v in plan.rings:
        return [Disc(place, NODE - 0.5, PAPER, LINE)]
    target = [Disc(place, RING, None, RING_LINE)] if v in plan.targets else []
    return [Disc(place, NODE, colour), *target]
