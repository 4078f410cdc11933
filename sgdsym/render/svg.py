"""Diagrams as SVG, written without any other program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from sgdsym.diagrams import Diagram
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.text import diagram_name

# Okabe and Ito's colours, told apart with any colour vision; dark enough on white, so without their yellow
PALETTE = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
INK = "#2B2F36"

_COLUMN, _ROW, _MARGIN = 22.0, 18.0, 12.0
_NODE, _LINE, _CAPSULE = 5.0, 2.0, 17.0
_CAPTION, _HEADING, _GAP = 8.0, 11.0, 14.0
_HEADING_STYLE = 'font-family="sans-serif"'
_CAPTION_STYLE = 'font-family="monospace" text-anchor="middle"'
_LETTER = 0.61  # width of a character of a monospace font, in font sizes


def diagram_to_svg(diagram: Diagram, *, scale: float = 1.0) -> str:
    """A diagram as SVG text; the same text in every run.

    Time runs from the leaves on the left to the root on the right.  Dark nodes are alone in their block, the nodes of a
    larger block share a colour and an outline, an open root is hollow, any other marked root has a ring.

    Args:
        diagram: any diagram.
        scale: size on the page; 1 makes an edge 22 pixels long.

    >>> print(diagram_to_svg(Diagram(2, [(0, 1)])).splitlines()[0])
    <svg xmlns="http://www.w3.org/2000/svg" width="46" height="24" viewBox="0 0 46 24" role="img">
    """
    drawing = _drawing(diagram)
    return _document(drawing.width, drawing.height, [drawing.body], scale, _title(diagram))


def diagrams_to_svg(
    diagrams: Iterable[Diagram], *, captions: Sequence[str] | None = None, width: float = 900.0, scale: float = 1.0
) -> str:
    """Diagrams on one sheet: a grid for each order, with a caption under each.

    Args:
        diagrams: any diagrams; runs of one order come under one heading.
        captions: one for each diagram; the literature's string notation if left out.
        width: the sheet is about that wide, or as wide as its widest drawing.
        scale: size on the page.

    Raises:
        ValueError: if there are not as many captions as diagrams.

    >>> sheet = diagrams_to_svg([Diagram(1), Diagram(2, [(0, 1)])])
    >>> sheet.count("<title>"), "c(0-1)(01)" in sheet
    (3, True)
    """
    shown = list(diagrams)
    names = [_title(diagram) for diagram in shown] if captions is None else list(captions)
    if len(names) != len(shown):
        raise ValueError(f"{len(shown)} diagrams need as many captions, not {len(names)}")
    body: list[str] = []
    bottom, right = _GAP, 0.0
    for order, group in groupby(zip(shown, names, strict=True), key=lambda pair: pair[0].order):
        cells = list(group)
        heading = f"order {order}: {len(cells)} diagram{'s' if len(cells) > 1 else ''}"
        bottom += _HEADING
        body.append(_text(heading, _GAP, bottom, _HEADING, _HEADING_STYLE))
        right = max(right, _GAP + len(heading) * _HEADING * _LETTER)
        lines, across, bottom = _grid(cells, width, bottom + _GAP)
        body += lines
        right = max(right, across)
    return _document(right + _GAP, bottom, body, scale, f"{len(shown)} diagrams")


@dataclass(frozen=True, slots=True)
class _Drawing:
    width: float
    height: float
    body: str


def _grid(cells: Sequence[tuple[Diagram, str]], width: float, top: float) -> tuple[list[str], float, float]:
    """The cells of one order in rows, the right edge and the bottom."""
    drawings = [_drawing(diagram) for diagram, _ in cells]
    across = max(max(d.width, len(name) * _CAPTION * _LETTER) for d, (_, name) in zip(drawings, cells, strict=True))
    across += _GAP
    columns = max(1, min(len(cells), int((width - _GAP) // across)))
    body = []
    for start in range(0, len(cells), columns):
        row = range(start, min(start + columns, len(cells)))
        tallest = max(drawings[k].height for k in row)
        for k in row:
            diagram, name = cells[k]
            centre = _GAP + (k - start + 0.5) * across
            x, y = centre - drawings[k].width / 2, top + (tallest - drawings[k].height) / 2
            body.append(
                f'<g transform="translate({_number(x)} {_number(y)})">\n<title>{escape(_title(diagram))}</title>\n'
                f"{drawings[k].body}\n</g>"
            )
            body.append(_text(name, centre, top + tallest + _CAPTION, _CAPTION, _CAPTION_STYLE))
        top += tallest + _CAPTION + _GAP
    return body, _GAP + columns * across, top


def _drawing(diagram: Diagram) -> _Drawing:
    plan = lay_out(diagram)
    places = [(_MARGIN + x * _COLUMN, _MARGIN + y * _ROW) for x, y in plan.points]
    colour = {v: PALETTE[j % len(PALETTE)] for j, block in enumerate(plan.capsules) for v in block}
    lines = [_capsule(block, places, colour[block[0]]) for block in plan.capsules]
    lines += [_edge(edge, places) for edge in plan.edges]
    lines += [_node(v, places[v], colour.get(v, INK), plan) for v in range(diagram.nodes)]
    return _Drawing(plan.width * _COLUMN + 2 * _MARGIN, plan.height * _ROW + 2 * _MARGIN, "\n".join(lines))


def _capsule(block: Sequence[int], places: Sequence[tuple[float, float]], colour: str) -> str:
    """A soft outline: a thick pale line through the nodes over a slightly thicker one in full colour."""
    path = "M" + " L".join(_point(*places[v]) for v in block)
    shape = f'<path d="{path}" fill="none" stroke-linecap="round" stroke-linejoin="round"'
    return (
        f'{shape} stroke="{colour}" stroke-width="{_number(_CAPSULE)}"/>\n'
        f'{shape} stroke="#FFFFFF" stroke-opacity="0.78" stroke-width="{_number(_CAPSULE - 1.6)}"/>'
    )


def _edge(edge: tuple[int, float, int], places: Sequence[tuple[float, float]]) -> str:
    child, bend, parent = edge
    (x, y), (to_x, to_y) = places[child], places[parent]
    turn = max(x, _MARGIN + bend * _COLUMN)
    if y == to_y:
        path = f"M{_point(x, y)} H{_number(to_x)}"
    else:
        half = (turn + to_x) / 2
        straight = f" H{_number(turn)}" if turn > x else ""
        path = f"M{_point(x, y)}{straight} C{_point(half, y)} {_point(half, to_y)} {_point(to_x, to_y)}"
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="{_number(_LINE)}"/>'


def _node(v: int, place: tuple[float, float], colour: str, plan: Layout) -> str:
    x, y = map(_number, place)
    if v in plan.rings:
        radius = _number(_NODE - 0.5)
        return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#FFFFFF" stroke="{INK}" stroke-width="{_number(_LINE)}"/>'
    node = f'<circle cx="{x}" cy="{y}" r="{_number(_NODE)}" fill="{colour}"/>'
    if v in plan.targets:
        node += (
            f'\n<circle cx="{x}" cy="{y}" r="{_number(_NODE + 2.5)}" fill="none" stroke="{INK}" stroke-width="1.2"/>'
        )
    return node


def _text(words: str, x: float, y: float, size: float, style: str) -> str:
    return (
        f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size)}" fill="{INK}" {style}'
        f">{escape(words)}</text>"
    )


def _document(width: float, height: float, body: Sequence[str], scale: float, title: str) -> str:
    w, h = _number(width), _number(height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_number(width * scale)}" height="{_number(height * scale)}"'
        f' viewBox="0 0 {w} {h}" role="img">\n<title>{escape(title)}</title>'
    )
    paper = f'<rect width="{w}" height="{h}" rx="4" fill="#FFFFFF"/>'
    return "\n".join([head, paper, *body, "</svg>"]) + "\n"


def _title(diagram: Diagram) -> str:
    return diagram_name(diagram, "cumulant")


def _point(x: float, y: float) -> str:
    return f"{_number(x)} {_number(y)}"


def _number(value: float) -> str:
    """A length with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
