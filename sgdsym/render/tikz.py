r"""Diagrams as TikZ: plain paths at coordinates of our own, for pdfLaTeX with ``\usepackage{tikz}`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sgdsym.diagrams import Diagram
from sgdsym.formula import Picture
from sgdsym.formula.escaping import escaped
from sgdsym.render.drawing import (
    CAPSULE,
    FADED,
    INK,
    LINE,
    PALETTE,
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

TIKZ_PREAMBLE = r"\usepackage{tikz}"
INLINE = 0.5  # size of a picture that stands in a formula
# an em of a document at 10 points
_PER_POINT = 0.1  # ems
_COLOURS = {INK: "sgdink", PAPER: "white"} | {c: f"sgdblock{k}" for k, c in zip("abcdef", PALETTE, strict=True)}
_FONTS = {"heading": ("base west", r"\sffamily"), "caption": ("base", r"\ttfamily")}


def diagram_to_tikz(diagram: Diagram, *, scale: float = 1.0, document: bool = False) -> str:
    r"""A diagram as a ``tikzpicture``, drawn as :func:`sgdsym.render.diagram_to_svg` draws it.

    Args:
        diagram: any diagram.
        scale: size on the page; 1 makes an edge 22 points long.
        document: whether to write a complete document, a page as large as the picture.

    >>> print(diagram_to_tikz(Diagram(2, [(0, 1)])))
    \begin{tikzpicture}[x=1pt,y=-1pt]
    \definecolor{sgdink}{HTML}{2B2F36}
    \useasboundingbox (0,0) rectangle (46,24);
    \draw[sgdink,line width=2pt] (12,12) -- (34,12);
    \fill[sgdink] (34,12) circle[radius=5pt];
    \fill[sgdink] (12,12) circle[radius=5pt];
    \end{tikzpicture}
    """
    drawing = draw(diagram)
    return _document(drawing, scale) if document else _picture(drawing, scale)


def diagrams_to_tikz(
    diagrams: Iterable[Diagram],
    *,
    captions: Sequence[str] | None = None,
    width: float = 900.0,
    scale: float = 1.0,
    document: bool = False,
) -> str:
    """Diagrams on one sheet, as :func:`sgdsym.render.diagrams_to_svg` puts them there.

    Args:
        diagrams: any diagrams; runs of one order come under one heading.
        captions: one for each diagram; the literature's string notation if left out.
        width: the sheet is about that wide, or as wide as its widest drawing.
        scale: size on the page.
        document: whether to write a complete document, a page as large as the sheet.

    Raises:
        ValueError: if there are not as many captions as diagrams.

    >>> diagrams_to_tikz([Diagram(1), Diagram(2, [(0, 1)])]).count("circle")
    3
    """
    drawing = draw_sheet(diagrams, captions, width)
    return _document(drawing, scale) if document else _picture(drawing, scale)


def inline_picture(diagram: Diagram, room: float = 0.0) -> Picture:
    r"""A diagram for a formula: small, on one line, centred on the axis of the formula.

    Args:
        diagram: any diagram.
        room: points that it may be wide; it is drawn in full size where that fits, and small where even half of that does not.
    """
    drawing = draw(diagram)
    scale = max(INLINE, min(1.0, room / drawing.width))
    # a formula has no line ends of its own, and a picture of one diagram has no comments that would end with them
    code = " ".join(_picture(drawing, scale).splitlines())
    return Picture(rf"\vcenter{{\hbox{{{code}}}}}", drawing.width * scale * _PER_POINT)


def _document(drawing: Drawing, scale: float) -> str:
    width, height = number(drawing.width * scale), number(drawing.height * scale)
    head = [
        r"\documentclass{article}",
        TIKZ_PREAMBLE,
        r"\pagestyle{empty}\parindent=0pt \parskip=0pt \topskip=0pt",
        rf"\hoffset=-1in \voffset=-1in \textwidth={width}pt \textheight={height}pt",
        rf"\paperwidth={width}pt \paperheight={height}pt \pdfpagewidth={width}pt \pdfpageheight={height}pt",
        r"\oddsidemargin=0pt \topmargin=0pt \headheight=0pt \headsep=0pt \footskip=0pt \maxdepth=0pt",
        r"\begin{document}%",
    ]
    return "\n".join([*head, _picture(drawing, scale) + "%", r"\end{document}"]) + "\n"


def _picture(drawing: Drawing, scale: float) -> str:
    pen = _Pen(scale)
    colours = [rf"\definecolor{{{_COLOURS[c]}}}{{HTML}}{{{c[1:]}}}" for c in (INK, *PALETTE) if c in _used(drawing)]
    frame = rf"\useasboundingbox (0,0) rectangle {pen.point((drawing.width, drawing.height))};"
    body = [line for shape in drawing.shapes for line in pen.lines(shape)]
    return "\n".join([r"\begin{tikzpicture}[x=1pt,y=-1pt]", *colours, frame, *body, r"\end{tikzpicture}"])


def _used(drawing: Drawing) -> set[str]:
    """The colours of a drawing; ink is always there."""
    colours, queue = {INK}, list(drawing.shapes)
    for shape in queue:
        if isinstance(shape, Group):
            queue += shape.shapes
        elif isinstance(shape, Capsule):
            colours.add(shape.colour)
    return colours


class _Pen:
    """Writes shapes at one scale."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def lines(self, shape: Shape, at: Point = (0.0, 0.0)) -> list[str]:
        """The commands that draw a shape, moved to ``at``."""
        match shape:
            case Capsule(points, colour):
                path = " -- ".join(self.point(place, at) for place in points)
                return [
                    rf"\draw[{_COLOURS[colour]},line width={self.length(CAPSULE)},line cap=round] {path};",
                    rf"\draw[{_COLOURS[colour]}!{FADED * 100:.0f},line width={self.length(CAPSULE - 2 * RIM)},"
                    rf"line cap=round] {path};",
                ]
            case Edge():
                return [rf"\draw[sgdink,line width={self.length(LINE)}] {self._path(shape, at)};"]
            case Disc(centre, radius, fill, line):
                style = [] if fill is None or line else [_COLOURS[fill]]
                style += ["sgdink", f"line width={self.length(line)}"] if line else []
                style += [f"fill={_COLOURS[fill]}"] if line and fill else []
                command = r"\draw" if line else r"\fill"
                return [rf"{command}[{','.join(style)}] {self.point(centre, at)} circle[radius={self.length(radius)}];"]
            case Words(text, place, size, kind):
                anchor, font = _FONTS[kind]
                # the fonts of LaTeX come in a few sizes: 10 points are taken, and scaled as a picture
                words = rf"{{\fontsize{{10}}{{12}}\selectfont{font} {escaped(text)}}}"
                setting = f"sgdink,anchor={anchor},inner sep=0pt,scale={number(size / 10 * self.scale)}"
                return [rf"\node[{setting}] at {self.point(place, at)} {words};"]
            case Group(place, title, shapes):
                return [f"% {title}", *(line for inner in shapes for line in self.lines(inner, place))]

    def _path(self, edge: Edge, at: Point) -> str:
        start, end = self.point(edge.start, at), self.point(edge.end, at)
        if edge.is_straight:
            return f"{start} -- {end}"
        straight = f" -- {self.point((edge.turn, edge.start[1]), at)}" if edge.turn > edge.start[0] else ""
        first, second = (self.point(control, at) for control in edge.controls)
        return f"{start}{straight} .. controls {first} and {second} .. {end}"

    def point(self, place: Point, at: Point = (0.0, 0.0)) -> str:
        """Coordinates on the page."""
        return f"({number((place[0] + at[0]) * self.scale)},{number((place[1] + at[1]) * self.scale)})"

    def length(self, value: float) -> str:
        """A length on the page."""
        return f"{number(value * self.scale)}pt"
