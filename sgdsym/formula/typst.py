"""Formulas in Typst, for math mode between dollar signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgdsym.formula.latex import transposable
from sgdsym.formula.symbols import read_symbol
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
    taken,
)

_SIGNS = {
    "negative": "-",
    "blank": "space",
    "equals": "=",
    "neq": "!=",
    "cdots": "dots.c",
    "cdot": "dot.op",
    "otimes": "times.o",
    "infinity": "infinity",
    "dots": "dots.h",
}
_FONTS = {
    "double-struck": "bb",
    "script": "cal",
    "fraktur": "frak",
    "bold": "bold",
    "sans-serif": "sans",
    "bold italic": "bold",
}
_ACCENTS = {
    "hat": "hat",
    "tilde": "tilde",
    "bar": "macron",
    "vec": "arrow",
    "dot": "dot",
    "ddot": "dot.double",
    "check": "caron",
    "breve": "breve",
    "underline": "underline",
}
_GAPS = {"product": " thin ", "listed": ", ", "commas": ","}
# what has a meaning of its own in math mode
_SPECIAL = set('\\#$"_^/&@')


def to_typst(formula: Formula) -> str:
    """The formula in Typst.

    >>> to_typst(Inner(Symbol("G"), Symbol("H")))
    'G^top H'
    """
    return _WRITERS[type(formula)](formula)


def _row(node: Row) -> str:
    return _GAPS.get(node.gap, " ").join(to_typst(part) for part in node.parts)


def _scripts(node: Scripts) -> str:
    # a script needs a base; empty text is an invisible one
    text = to_typst(node.base) or '""'
    if isinstance(node.base, Row):
        # Typst attaches a script to the last part of a row; lr makes one part of it without brackets of its own
        text = f"lr({text})"
    for mark, script in (("_", node.below), ("^", node.above)):
        text += f"{mark}({to_typst(script)})" if script is not None else ""
    return text


def _indexed(node: Indexed) -> str:
    base = f"({to_typst(node.base)})" if taken(node) else to_typst(node.base)
    return f"{base}{'^' if node.raised else '_'}({' '.join(node.indices)})" if node.indices else base


def _bare(formula: Formula) -> str:
    is_round = isinstance(formula, Bracket) and not formula.square
    return _argument(formula.inside if is_round and isinstance(formula, Bracket) else formula)


def _argument(formula: Formula) -> str:
    """An argument of a call, its own commas and semicolons escaped."""
    text = to_typst(formula)
    # in a call a comma begins the next argument, and a semicolon the next row of a matrix
    return text.replace(",", r"\,").replace(";", r"\;")


def _transposed(formula: Formula) -> str:
    word = to_typst(formula)
    return (word if transposable(formula) and not _ends_deep(formula) else f"({word})") + "^top"


def _ends_deep(formula: Formula) -> bool:
    """Whether a script would be put on a part only."""
    return isinstance(formula, Scripts)


def _quoted(words: str) -> str:
    text = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _glyph(node: Glyph) -> str:
    character = f"\\{node.character}" if node.character in _SPECIAL else node.character
    return f"{_FONTS[node.font]}({character})" if node.font else character


def _bracket(node: Bracket) -> str:
    left, right = "[]" if node.square else "()"
    return f"{left}{to_typst(node.inside)}{right}"


def _accent(node: Accent) -> str:
    if node.mark == "underline":
        return f"underline({_argument(node.base)})"
    return f"accent({_argument(node.base)}, {_ACCENTS[node.mark]})"


def _upright(node: Upright) -> str:
    if node.applied:
        return f"op({_quoted(node.word)})"
    # a letter is set closer than a word
    return f"upright({node.word if len(node.word) == 1 and node.word.isalpha() else _quoted(node.word)})"


def _picture(_: Picture) -> str:
    raise ValueError("pictures inside a formula are for LaTeX; choose --style matrix or index")


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Symbol: lambda node: to_typst(read_symbol(node.latex)),
    Glyph: _glyph,
    Digits: lambda node: node.digits,
    Upright: _upright,
    Words: lambda node: _quoted(node.words),
    Sign: lambda node: _SIGNS.get(node.name, node.name),
    Row: _row,
    Scripts: _scripts,
    Indexed: _indexed,
    Fraction: lambda node: f"frac({_bare(node.above)}, {_bare(node.below)})",
    Binomial: lambda node: f"binom({_argument(node.above)}, {_argument(node.below)})",
    Root: lambda node: f"sqrt({_argument(node.inside)})",
    Accent: _accent,
    Bracket: _bracket,
    Delimiter: lambda node: f"\\{node.character}",
    Apply: lambda node: f"{to_typst(node.head)} [{', '.join(map(to_typst, node.arguments))}]",
    Inner: lambda node: f"{_transposed(node.left)} {to_typst(node.right)}",
    Outer: lambda node: f"{to_typst(node.left)} {_transposed(node.right)}",
    Trace: lambda node: f'op("tr")({to_typst(node.matrix)})',
    Summed: lambda node: f"sum_({to_typst(node.under)}) {to_typst(node.body)}",
    Matrix: lambda node: f"mat({'; '.join(', '.join(map(_argument, entries)) for entries in node.rows)})",
    Picture: _picture,
}
