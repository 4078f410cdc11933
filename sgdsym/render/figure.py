"""Diagrams as PNG or PDF, drawn by matplotlib; the same bytes in every run of one version of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sgdsym.arguments import quoted
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
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist

IMAGES = ("png", "pdf")
MISSING = "pictures as PNG or PDF need matplotlib: pip install 'sgdsym[pictures]'; SVG and TikZ need nothing"
# 42 embeds outlines as TrueType, so that text can be searched and journals, which refuse Type 3, take the file
_SETTINGS: dict[Any, Any] = {"pdf.fonttype": 42, "font.family": "DejaVu Sans", "text.usetex": False}
# without the version of the program and the date, which would change the bytes of equal pictures
_NAMELESS: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
# two pixels a unit: what screens of double density show
_DOTS = 144  # of a PNG, per 72 units of the drawing
# a square of as many pixels, 4 bytes each, is 4 GiB
_LARGEST = 2**15  # pixels along a side that a PNG may have


def diagram_to_image(diagram: Diagram, kind: str = "png", *, scale: float = 1.0) -> bytes:
    """A diagram as a picture, drawn as :func:`sgdsym.render.diagram_to_svg` draws it.

    Args:
        diagram: any diagram.
        kind: ``"png"`` or ``"pdf"``.
        scale: size on the page; 1 makes an edge 22 points, or 44 pixels, long.

    Raises:
        ValueError: if there is no such kind, or a PNG would be too large.
        RuntimeError: if matplotlib is not installed.

    >>> diagram_to_image(Diagram(2, [(0, 1)]))[1:4]
    b'PNG'
    """
    return _image(draw(diagram), kind, scale)


def diagrams_to_image(
    diagrams: Iterable[Diagram],
    kind: str = "png",
    *,
    captions: Sequence[str] | None = None,
    width: float = 900.0,
    scale: float = 1.0,
) -> bytes:
    """Diagrams on one sheet, as :func:`sgdsym.render.diagrams_to_svg` puts them there.

    Args:
        diagrams: any diagrams; runs of one order come under one heading.
        kind: ``"png"`` or ``"pdf"``.
        captions: one for each diagram; the literature's string notation if left out.
        width: the sheet is about that wide, or as wide as its widest drawing.
        scale: size on the page.

    Raises:
        ValueError: if there is no such kind, a PNG would be too large, or captions are missing.
        RuntimeError: if matplotlib is not installed.

    >>> diagrams_to_image([Diagram(1), Diagram(2, [(0, 1)])], "pdf")[:5]
    b'%PDF-'
    """
    return _image(draw_sheet(diagrams, captions, width), kind, scale)


def _image(drawing: Drawing, kind: str, scale: float) -> bytes:
    if kind not in IMAGES:
        raise ValueError(f"a picture is {' or '.join(IMAGES)}, not {quoted(kind)}")
    longest = max(drawing.width, drawing.height) * scale * _DOTS / 72
    if kind == "png" and longest > _LARGEST:
        raise ValueError(f"a PNG of {longest:.0f} pixels is too large; ask for pdf, svg or tikz, or a smaller scale")
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RuntimeError(MISSING) from error
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(drawing.width * scale / 72, drawing.height * scale / 72), dpi=_DOTS, facecolor=PAPER)
        axes = figure.add_axes((0, 0, 1, 1), frameon=False)
        axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0), xticks=[], yticks=[])
        for shape in drawing.shapes:
            for artist in _artists(shape, scale):
                axes.add_artist(artist)
        target = BytesIO()
        figure.savefig(target, format=kind, metadata=_NAMELESS[kind])
    return target.getvalue()


def _artists(shape: Shape, scale: float, at: Point = (0.0, 0.0)) -> list[Artist]:
    """The artists that draw a shape, moved to ``at``; widths of lines and sizes of letters are in points."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Circle
    from matplotlib.text import Text

    def moved(place: Point) -> Point:
        return place[0] + at[0], place[1] + at[1]

    match shape:
        case Capsule(points, colour):
            pale = tuple(FADED * c + 1 - FADED for c in to_rgb(colour))
            path = [moved(place) for place in points]
            return [_line(path, c, w * scale) for c, w in ((colour, CAPSULE), (pale, CAPSULE - 2 * RIM))]
        case Edge():
            return [_curve(shape, at, scale)]
        case Disc(centre, radius, fill, line):
            rim = INK if line else "none"
            # at its default matplotlib puts patches below lines; with one zorder the order of the shapes decides
            return [Circle(moved(centre), radius, facecolor=fill or "none", edgecolor=rim, lw=line * scale, zorder=2)]
        case Words(text, place, size, kind):
            style: dict[str, Any] = {"ha": "left"} if kind == "heading" else {"ha": "center", "family": "monospace"}
            return [
                Text(*moved(place), text, fontsize=size * scale, color=INK, va="baseline", parse_math=False, **style)
            ]
        case Group(place, _, shapes):
            return [artist for inner in shapes for artist in _artists(inner, scale, place)]


def _line(points: Sequence[Point], colour: Any, width: float) -> Artist:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    return PathPatch(Path(points), fill=False, edgecolor=colour, linewidth=width, capstyle="round", zorder=2)


def _curve(edge: Edge, at: Point, scale: float) -> Artist:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    places = [edge.start, (edge.turn, edge.start[1]), *edge.controls, edge.end]
    moves = [Path.MOVETO, Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    path = Path([(x + at[0], y + at[1]) for x, y in places], moves)
    return PathPatch(path, fill=False, edgecolor=INK, linewidth=LINE * scale, zorder=2)
