"""How a diagram shows itself: the one door from this room to the pens above it.

Each method hands the diagram to the room above when it is called, so importing this file imports none of it.  There is
no LaTeX display hook: notebooks would prefer it to the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sgdsym.diagrams.diagram import Diagram
    from sgdsym.render import Notation


class DiagramViews:
    """Display of a diagram."""

    __slots__ = ()

    def to_svg(self) -> str:
        """A picture as SVG text; see :func:`sgdsym.render.diagram_to_svg`."""
        from sgdsym.render import diagram_to_svg

        return diagram_to_svg(cast("Diagram", self))

    def to_tikz(self) -> str:
        """A picture for LaTeX; see :func:`sgdsym.render.diagram_to_tikz`."""
        from sgdsym.render import diagram_to_tikz

        return diagram_to_tikz(cast("Diagram", self))

    def to_dot(self) -> str:
        """DOT text for graphviz; see :func:`sgdsym.render.diagram_to_dot`."""
        from sgdsym.render import diagram_to_dot

        return diagram_to_dot(cast("Diagram", self))

    def savefig(self, path: str | Path, *, scale: float = 1.0) -> None:
        """A picture in a file, by the suffix of its name; see :func:`sgdsym.render.save_picture`."""
        from sgdsym.render import save_picture

        save_picture(cast("Diagram", self), path, scale=scale)

    def latex(self, basis: str = "cumulant", style: str = "matrix", notation: Notation | None = None) -> str:
        """The value as a formula in LaTeX; see :func:`sgdsym.render.diagram_to_latex`."""
        from sgdsym.render import diagram_to_latex

        return diagram_to_latex(cast("Diagram", self), basis, style=style, notation=notation)

    def explain(self, basis: str = "cumulant") -> str:
        """What the diagram is, in words; see :func:`sgdsym.render.explain`."""
        from sgdsym.render import explain

        return explain(cast("Diagram", self), basis)

    def _repr_svg_(self) -> str:
        return self.to_svg()
