"""Diagrams as SVG, written without any other program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sgdsym.diagrams import Diagram
from sgdsym.render.drawing import (
    CAPSULE,
    FADED,
    INK,
    LINE,
    PAPER,
    RIM,
    Capsule,
    Disc,
    Drawing,
    Edge,
    Group,
    Point,
    Shape,
    Words,
    draw,
    draw_sheet,
    number,
)

_FONTS = {"heading": 'font-family="sans-serif"', "caption": 'font-family="monospace" text-anchor="middle"'}


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
    return _document(draw(diagram), scale)


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
    return _document(draw_sheet(diagrams, captions, width), scale)


def _document(drawing: Drawing, scale: float) -> str:
    w, h = number(drawing.width), number(drawing.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(drawing.width * scale)}"'
        f' height="{number(drawing.height * scale)}" viewBox="0 0 {w} {h}" role="img">\n'
        f"<title>{escape(drawing.title)}</title>"
    )
    paper = f'<rect width="{w}" height="{h}" rx="4" fill="{PAPER}"/>'
    return "\n".join([head, paper, *map(_element, drawing.shapes), "</svg>"]) + "\n"


def _element(shape: Shape) -> str:
    match shape:
        case Capsule(points, colour):
            return _capsule(points, colour)
        case Edge():
            return _edge(shape)
        case Disc():
            return _disc(shape)
        case Words(text, (x, y), size, kind):
            place = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
            return f'<text {place} fill="{INK}" {_FONTS[kind]}>{escape(text)}</text>'
        case Group((x, y), title, shapes):
            head = f'<g transform="translate({number(x)} {number(y)})">\n<title>{escape(title)}</title>'
            return "\n".join([head, *map(_element, shapes), "</g>"])


def _capsule(points: Sequence[Point], colour: str) -> str:
    """A thick pale line through the nodes over a slightly thicker one in full colour."""
    path = "M" + " L".join(_point(*place) for place in points)
    shape = f'<path d="{path}" fill="none" stroke-linecap="round" stroke-linejoin="round"'
    # white that lets FADED of the colour below it through
    inner = f'stroke="{PAPER}" stroke-opacity="{number(1 - FADED)}" stroke-width="{number(CAPSULE - 2 * RIM)}"'
    return f'{shape} stroke="{colour}" stroke-width="{number(CAPSULE)}"/>\n{shape} {inner}/>'


def _edge(edge: Edge) -> str:
    (x, y), (to_x, to_y) = edge.start, edge.end
    if edge.is_straight:
        path = f"M{_point(x, y)} H{number(to_x)}"
    else:
        straight = f" H{number(edge.turn)}" if edge.turn > x else ""
        first, second = edge.controls
        path = f"M{_point(x, y)}{straight} C{_point(*first)} {_point(*second)} {_point(to_x, to_y)}"
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="{number(LINE)}"/>'


def _disc(disc: Disc) -> str:
    x, y = map(number, disc.centre)
    line = f' stroke="{INK}" stroke-width="{number(disc.line)}"' if disc.line else ""
    return f'<circle cx="{x}" cy="{y}" r="{number(disc.radius)}" fill="{disc.fill or "none"}"{line}/>'


def _point(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"
