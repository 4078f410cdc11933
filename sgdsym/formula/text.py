"""Formulas in unicode, for a terminal."""

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
)

_SIGNS = {
    "negative": "-",
    "thin": "",
    "blank": " ",
    "quad": "",
    "equals": "=",
    "times": "×",
    "neq": "≠",
    "dots": "…",
    "cdots": "...",
    "cdot": "·",
    "otimes": "⊗",
    "top": "⊤",
    "nabla": "∇",
    "partial": "∂",
    "infinity": "∞",
    "product": "Π",
    "sum": "Σ",
}
_JOINING = ("+", "-", "=", "equals", "neq")
_GAPS = {"beside": "", "product": " ", "chain": " ", "operator": "", "listed": ", ", "commas": ","}
_RAISED = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")


def to_text(formula: Formula) -> str:
    """The formula on one line.

    >>> to_text(Inner(Symbol("G"), Symbol("H")))
    'G·H'
    """
    return _WRITERS[type(formula)](formula)


def raised(number: int) -> str:
    """An exponent in unicode; 1 is left out.

    >>> raised(12), raised(1)
    ('¹²', '')
    """
    return "" if number == 1 else str(number).translate(_RAISED)


def _row(row: Row) -> str:
    if row.gap == "tight":
        return _tight(row)
    if row.gap == "plain":
        return _plain(row)
    words = [_factor(part) for part in row.parts] if row.gap == "product" else [to_text(part) for part in row.parts]
    return _GAPS[row.gap].join(words)


def _plain(row: Row) -> str:
    """Signs and what they join with blanks between, but none inside a bracket; a fraction that is a factor is put in brackets."""
    text, glued = "", True
    ends: tuple[Formula | None, ...] = (None, *row.parts, None)
    for before, part, after in zip(ends, row.parts, ends[2:], strict=False):
        opening, closing = _is_bracket(part, "(["), _is_bracket(part, ")]")
        word = to_text(part) if _is_summand(before, after) else _factor(part)
        text += word if glued or closing or not word else f" {word}"
        glued = opening or (glued and not word)
    return text


def _is_bracket(formula: Formula | None, characters: str) -> bool:
    return isinstance(formula, Delimiter) and formula.character in characters


def _is_summand(before: Formula | None, after: Formula | None) -> bool:
    """Whether a sum or a relation is all that a part belongs to."""
    # 1/2 G may be read as 1/(2G), so that a fraction is left bare only where no factor stands beside it
    joins = [part is None or (isinstance(part, Sign) and part.name in _JOINING) for part in (before, after)]
    return (joins[0] or _is_bracket(before, "([")) and (joins[1] or _is_bracket(after, ")]"))


def _tight(row: Row) -> str:
    """Single letters and brackets beside one another, longer names apart."""
    text, last = "", False
    for part in row.parts:
        base = part.base if isinstance(part, Scripts) else part
        # an exponent such as T has no raised character: in μ^TN nothing shows where it ends, so a blank has to
        raised_on_line = isinstance(part, Scripts) and not isinstance(part.above, Digits)
        wide = raised_on_line or isinstance(base, Summed) or (isinstance(base, Symbol) and len(to_text(base)) > 1)
        text += (" " if text and (wide or last) else "") + to_text(part)
        last = wide
    return text


def _factor(formula: Formula) -> str:
    """A factor of a product: a fraction is put in brackets."""
    text = to_text(formula)
    return f"({text})" if isinstance(formula, Fraction) and not _is_sum(formula.above) else text


def _is_sum(formula: Formula) -> bool:
    return isinstance(formula, Row) and formula.gap == "plain"


def _scripts(scripts: Scripts) -> str:
    text = to_text(scripts.base)
    if scripts.below is not None:
        text += f"_{_grouped(to_text(scripts.below))}"
    if scripts.above is None:
        return text
    above = to_text(scripts.above)
    if set(above) <= set("0123456789()"):
        return text + above.translate(_RAISED)
    # Unicode has no raised ⊗, so that the sign stays on the line and its number alone is raised
    if above.startswith("⊗"):
        return f"{text}⊗{above[1:].strip().translate(_RAISED)}"
    return f"{text}^{_grouped(above)}"


def _grouped(text: str) -> str:
    return text if len(text) == 1 or text.isdigit() else f"({text})"


def _fraction(fraction: Fraction) -> str:
    above, below = to_text(fraction.above), to_text(fraction.below)
    # T/2B may be read as (T/2)B
    several = isinstance(fraction.below, Row) or "/" in below
    if _is_sum(fraction.above):
        above = f"({above})"
    return f"{above}/({below})" if several else f"{above}/{below}"


def _transposed(formula: Formula) -> str:
    word = to_text(formula)
    return (word if transposable(formula) else f"({word})") + "ᵀ"


def _bracket(bracket: Bracket) -> str:
    inside = to_text(bracket.inside)
    return f"[{inside}]" if bracket.square else f"({inside})"


def _summed(node: Summed) -> str:
    under = to_text(node.under).replace(",", "") if isinstance(node.under, Row) and node.under.gap == "commas" else ""
    return f"Σ_{under or _grouped(to_text(node.under))} {to_text(node.body)}"


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    Symbol: lambda node: node.text or to_text(read_symbol(node.latex)),
    Glyph: lambda node: node.character,
    Digits: lambda node: node.digits,
    Upright: lambda node: node.word,
    Words: lambda node: node.words,
    Sign: lambda node: _SIGNS.get(node.name, node.name),
    Row: _row,
    Scripts: _scripts,
    Indexed: lambda node: to_text(node.base) + (f"{'^' if node.raised else '_'}{node.indices}" if node.indices else ""),
    Fraction: _fraction,
    Binomial: lambda node: f"C({to_text(node.above)}, {to_text(node.below)})",
    Root: lambda node: f"√({to_text(node.inside)})",
    Accent: lambda node: f"{node.mark}({to_text(node.base)})",
    Bracket: _bracket,
    Delimiter: lambda node: node.character,
    Apply: lambda node: f"{to_text(node.head)}[{', '.join(map(to_text, node.arguments))}]",
    Inner: lambda node: f"{to_text(node.left)}·{to_text(node.right)}",
    Outer: lambda node: f"{to_text(node.left)} {_transposed(node.right)}",
    Trace: lambda node: f"tr({to_text(node.matrix)})",
    Summed: _summed,
    Matrix: lambda node: f"[{'; '.join(', '.join(map(to_text, entries)) for entries in node.rows)}]",
    Picture: lambda _: "[picture]",
}
