"""Formulas in LaTeX with amsmath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sgdsym.formula.escaping import escaped
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
    "thin": r"\,",
    "blank": r"\ ",
    "quad": r"\quad",
    "equals": "=",
    "times": r"\times",
    "neq": r"\neq",
    "dots": r"\dots",
    "cdots": r"\cdots",
    "cdot": r"\cdot",
    "otimes": r"\otimes",
    "top": r"\top",
    "nabla": r"\nabla",
    "partial": r"\partial",
    "infinity": r"\infty",
    "product": r"\prod",
    "sum": r"\sum",
}
# \bigl and \bigr space as opening and closing brackets, \big as a letter
_SIZES = (("", ""), (r"\bigl", r"\bigr"), (r"\Bigl", r"\Bigr"))
_GAPS = {"beside": "", "plain": " ", "product": r" \, ", "operator": " ", "listed": ", ", "commas": ","}


def to_latex(formula: Formula) -> str:
    r"""The formula in LaTeX, for math mode.

    >>> to_latex(Inner(Symbol("G"), Symbol("H")))
    'G^{\\top} H'
    """
    return _WRITERS[type(formula)](formula)


def _row(row: Row) -> str:
    words = [to_latex(part) for part in row.parts]
    if row.gap == "chain":
        return _chain(words)
    if row.gap == "tight":
        return _tight(row.parts, words)
    return _GAPS[row.gap].join(words)


def _chain(words: Sequence[str]) -> str:
    text = words[0]
    for word in words[1:]:
        # letters multiply without a gap, H^2 G; an upright word begins with a command, and would touch the letter before
        text += rf"\,{word}" if word.startswith("\\") or text.endswith("]") else f" {word}"
    return text


def _tight(parts: Sequence[Formula], words: Sequence[str]) -> str:
    """Single letters and brackets beside one another, longer names apart."""
    text, last = "", False
    for part, word in zip(parts, words, strict=True):
        base = part.base if isinstance(part, Scripts) else part
        # without a gap a name of several letters reads as a product of letters
        wide = isinstance(base, Summed) or (isinstance(base, Symbol) and len(base.latex) > 1)
        text += (r"\," if text and (wide or last) else "") + word
        last = wide
    return text


def _scripts(scripts: Scripts) -> str:
    text = to_latex(scripts.base)
    if scripts.below is not None:
        text += f"_{{{to_latex(scripts.below)}}}"
    return text if scripts.above is None else f"{text}^{{{to_latex(scripts.above)}}}"


def _indexed(indexed: Indexed) -> str:
    word, indices = to_latex(indexed.base), indexed.indices
    if not indices:
        return word
    mark = "^" if indexed.raised else "_"
    return (f"({word})" if taken(indexed) else word) + (
        f"{mark}{indices}" if len(indices) == 1 else f"{mark}{{{indices}}}"
    )


def _bare(formula: Formula) -> str:
    """Without brackets around the whole."""
    plain = isinstance(formula, Bracket) and not formula.square
    return to_latex(formula.inside if plain and isinstance(formula, Bracket) else formula)


def transposable(formula: Formula) -> bool:
    """Whether a transposition sign binds to all of it without brackets.

    >>> transposable(Row((Symbol("H"), Symbol("G")), "chain"))
    False
    """
    # the sign is a superscript, which binds to the last factor alone: in H G^\top only G is transposed
    return not (isinstance(formula, Row) and formula.gap != "beside")


def _transposed(formula: Formula) -> str:
    word = to_latex(formula)
    return (word if transposable(formula) else f"({word})") + r"^{\top}"


def _bracket(bracket: Bracket) -> str:
    inside = to_latex(bracket.inside)
    return f"[{inside}]" if bracket.square else f"({inside})"


def _delimiter(delimiter: Delimiter) -> str:
    return _SIZES[delimiter.size][delimiter.character in ")]"] + delimiter.character


def _accent(accent: Accent) -> str:
    return rf"\{accent.mark}{{{to_latex(accent.base)}}}"


def _upright(upright: Upright) -> str:
    return rf"\{'operatorname' if upright.applied else 'mathrm'}{{{upright.word}}}"


def _matrix(matrix: Matrix) -> str:
    inside = r" \\ ".join(" & ".join(map(to_latex, row)) for row in matrix.rows)
    return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}"


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Symbol: lambda node: node.latex,
    Glyph: lambda node: node.character,
    Digits: lambda node: node.digits,
    Upright: _upright,
    Words: lambda node: rf"\text{{{escaped(node.words)}}}",
    Sign: lambda node: _SIGNS.get(node.name, node.name),
    Row: _row,
    Scripts: _scripts,
    Indexed: _indexed,
    Fraction: lambda node: rf"\frac{{{_bare(node.above)}}}{{{_bare(node.below)}}}",
    Binomial: lambda node: rf"\binom{{{to_latex(node.above)}}}{{{to_latex(node.below)}}}",
    Root: lambda node: rf"\sqrt{{{to_latex(node.inside)}}}",
    Accent: _accent,
    Bracket: _bracket,
    Delimiter: _delimiter,
    Apply: lambda node: f"{to_latex(node.head)}[{', '.join(map(to_latex, node.arguments))}]",
    Inner: lambda node: _chain([_transposed(node.left), to_latex(node.right)]),
    Outer: lambda node: _chain([to_latex(node.left), _transposed(node.right)]),
    Trace: lambda node: rf"\operatorname{{tr}}({to_latex(node.matrix)})",
    Summed: lambda node: rf"\sum_{{{to_latex(node.under)}}} {to_latex(node.body)}",
    Matrix: _matrix,
    Picture: lambda node: node.tikz,
}
