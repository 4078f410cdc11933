"""A formula as a value, and a writer for each language it is written in.

Knows fractions, scripts, brackets and letters.  Refuses to know diagrams, series and where lines are broken.
"""

from sgdsym.formula.latex import to_latex
from sgdsym.formula.mathml import to_mathml
from sgdsym.formula.symbols import read_symbol
from sgdsym.formula.text import raised, to_text
from sgdsym.formula.tree import (
    Accent,
    Apply,
    Binomial,
    Bracket,
    Delimiter,
    Digits,
    Formula,
    Fraction,
    Glyph,
    Indexed,
    Inner,
    Matrix,
    Outer,
    Picture,
    Root,
    Row,
    Scripts,
    Sign,
    Summed,
    Symbol,
    Trace,
    Upright,
    Words,
    call,
    power,
    replaced,
    row,
    signed_sum,
)
from sgdsym.formula.typst import to_typst
from sgdsym.formula.width import LINE, width

__all__ = [
    "LINE",
    "Accent",
    "Apply",
    "Binomial",
    "Bracket",
    "Delimiter",
    "Digits",
    "Formula",
    "Fraction",
    "Glyph",
    "Indexed",
    "Inner",
    "Matrix",
    "Outer",
    "Picture",
    "Root",
    "Row",
    "Scripts",
    "Sign",
    "Summed",
    "Symbol",
    "Trace",
    "Upright",
    "Words",
    "call",
    "power",
    "raised",
    "read_symbol",
    "replaced",
    "row",
    "signed_sum",
    "to_latex",
    "to_mathml",
    "to_text",
    "to_typst",
    "width",
]
