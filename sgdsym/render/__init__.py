"""Series and diagrams for readers: LaTeX, text, tables, SVG and DOT.

Knows letters, brackets, places and colours.  Refuses to know how a series was derived or how it is evaluated; notation
is an argument, never a global setting.  One layout serves every pen.
"""

from sgdsym.render.dot import diagram_to_dot, diagrams_to_dot
from sgdsym.render.formulas import diagram_to_latex, diagram_to_text
from sgdsym.render.latex import series_to_latex
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.notation import Notation
from sgdsym.render.svg import diagram_to_svg, diagrams_to_svg
from sgdsym.render.text import diagrams_to_table, series_to_table, series_to_text

__all__ = [
    "Layout",
    "Notation",
    "diagram_to_dot",
    "diagram_to_latex",
    "diagram_to_svg",
    "diagram_to_text",
    "diagrams_to_dot",
    "diagrams_to_svg",
    "diagrams_to_table",
    "lay_out",
    "series_to_latex",
    "series_to_table",
    "series_to_text",
]
