"""Series and diagrams for readers: LaTeX, text, tables, pictures in SVG, TikZ, DOT, PNG and PDF.

Knows letters, brackets, places and colours.  Refuses to know how a series was derived or how it is evaluated; notation
is an argument, never a global setting.  One layout serves every pen.
"""

from sgdsym.render.dot import diagram_to_dot, diagrams_to_dot
from sgdsym.render.figure import diagram_to_image, diagrams_to_image
from sgdsym.render.formulas import Style, diagram_to_latex, diagram_to_text
from sgdsym.render.latex import series_head_to_latex, series_to_latex
from sgdsym.render.layout import Layout, lay_out
from sgdsym.render.markdown import series_to_markdown
from sgdsym.render.notation import Notation
from sgdsym.render.pictures import ATLASES, save_picture
from sgdsym.render.resummed import resummed_to_latex, resummed_to_text
from sgdsym.render.sheets import series_to_csv
from sgdsym.render.svg import diagram_to_svg, diagrams_to_svg
from sgdsym.render.text import diagrams_to_table, diagrams_to_words, series_to_table, series_to_text
from sgdsym.render.tikz import diagram_to_tikz, diagrams_to_tikz
from sgdsym.render.trajectories import trajectory_to_latex, trajectory_to_text
from sgdsym.render.typesetting import Typesetting, preamble, typeset_document
from sgdsym.render.typst import series_to_typst
from sgdsym.render.words import explain

__all__ = [
    "ATLASES",
    "Layout",
    "Notation",
    "Style",
    "Typesetting",
    "diagram_to_dot",
    "diagram_to_image",
    "diagram_to_latex",
    "diagram_to_svg",
    "diagram_to_text",
    "diagram_to_tikz",
    "diagrams_to_dot",
    "diagrams_to_image",
    "diagrams_to_svg",
    "diagrams_to_table",
    "diagrams_to_tikz",
    "diagrams_to_words",
    "explain",
    "lay_out",
    "preamble",
    "resummed_to_latex",
    "resummed_to_text",
    "save_picture",
    "series_head_to_latex",
    "series_to_csv",
    "series_to_latex",
    "series_to_markdown",
    "series_to_table",
    "series_to_text",
    "series_to_typst",
    "trajectory_to_latex",
    "trajectory_to_text",
    "typeset_document",
]
