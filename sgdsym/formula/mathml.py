r"""Formulas for browsers: MathML Core, which every current browser sets without a script or a font.

Nothing of a formula becomes markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from html import escape
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

# in ems: 3/18, 6/18 and 18/18, as in TeX
_SPACES = {"thin": 0.167, "blank": 0.333, "quad": 1.0}
_CHARACTERS = {
    "negative": "−",
    "-": "−",
    "equals": "=",
    "times": "×",
    "neq": "≠",
    "dots": "…",
    "cdots": "⋯",
    "cdot": "⋅",
    "otimes": "⊗",
    "top": "⊤",
    "nabla": "∇",
    "partial": "∂",
    "infinity": "∞",
    "product": "∏",
    "sum": "∑",
}
_ACCENTS = {
    "hat": "^",
    "tilde": "~",
    "bar": "¯",
    "vec": "→",
    "dot": "˙",
    "ddot": "¨",
    "check": "ˇ",
    "breve": "˘",
}
# 12 and 18 points of 10, as \bigl and \Bigl of LaTeX are
_HEIGHTS = ("", "1.2em", "1.8em")
_LETTERLIKE = "∇∂⊤⊥∞†‡′∅ℏ"
_BRACKETS = "()[]{}|‖⟨⟩"
_SIGNS = {"-": "−", "*": "∗", "′": "′"}
_HARD_SPACE = "\u00a0"
_THIN = '<mspace width="0.167em"></mspace>'
_COMMA = "<mo>,</mo>"


def to_mathml(formula: Formula, *, display: bool = False) -> str:
    r"""A formula as a MathML element.

    Args:
        formula: any formula but a picture.
        display: whether sums and fractions are as large as in a display.

    Source: [MathMLCore]_.

    >>> to_mathml(Fraction(Row((Symbol("T"), Sign("-"), Digits("1")), "plain"), Digits("2")))
    '<math><mfrac><mrow><mi>T</mi><mo>−</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>'
    """
    style = ' displaystyle="true"' if display else ""
    return f"<math{style}>{''.join(_elements(formula))}</math>"


def _elements(formula: Formula) -> list[str]:
    return _WRITERS[type(formula)](formula)


def _one(formula: Formula) -> str:
    """The formula as one element."""
    return _grouped(_elements(formula))


def _grouped(elements: Sequence[str]) -> str:
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"


def _row(node: Row) -> list[str]:
    found: list[str] = []
    for k, part in enumerate(node.parts):
        if k and node.gap in ("listed", "commas"):
            found.append(_COMMA)
        elif k and (node.gap == "product" or (node.gap == "chain" and not _are_letters(node.parts[k - 1 : k + 1]))):
            found.append(_THIN)
        found += _elements(part)
    return found


def _are_letters(parts: Sequence[Formula]) -> bool:
    return all(isinstance(part, (Symbol, Scripts)) for part in parts)


def _scripts(node: Scripts) -> list[str]:
    base = node.base
    large = isinstance(base, Sign) and base.name in ("sum", "product")
    over = large or (isinstance(base, Glyph) and base.character in "∑∏")
    elements = _elements(base)
    # a script stands at the closing bracket, as high as it is
    inner = elements[:-1] if _is_closed(base) else []
    return [*inner, _scripted(_grouped(elements[len(inner) :]), node.below, node.above, over)]


def _scripted(base: str, below: Formula | None, above: Formula | None, over: bool) -> str:
    both, lower, upper = ("munderover", "munder", "mover") if over else ("msubsup", "msub", "msup")
    element = lower if above is None else upper if below is None else both
    return f"<{element}>{base}{''.join(_one(part) for part in (below, above) if part is not None)}</{element}>"


def _indexed(node: Indexed) -> list[str]:
    base = _elements(node.base)
    if not node.indices:
        return base
    word = _grouped([*_bracket("("), *base, *_bracket(")")] if taken(node) else base)
    name = "msup" if node.raised else "msub"
    return [f"<{name}>{word}{_grouped([f'<mi>{letter}</mi>' for letter in node.indices])}</{name}>"]


def _bare(formula: Formula) -> str:
    is_round = isinstance(formula, Bracket) and not formula.square
    return _one(formula.inside if is_round and isinstance(formula, Bracket) else formula)


def _accent(node: Accent) -> list[str]:
    if node.mark == "underline":
        return [f'<munder accentunder="true">{_one(node.base)}<mo>_</mo></munder>']
    return [f'<mover accent="true">{_one(node.base)}<mo stretchy="false">{_ACCENTS[node.mark]}</mo></mover>']


def _binomial(node: Binomial) -> list[str]:
    inside = f'<mfrac linethickness="0">{_one(node.above)}{_one(node.below)}</mfrac>'
    return [f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"]


def _is_closed(formula: Formula) -> bool:
    """Whether a bracket is its last sign."""
    last = formula.parts[-1] if isinstance(formula, Row) and formula.parts else formula
    return isinstance(last, (Bracket, Apply, Trace))


def _transposed(formula: Formula) -> list[str]:
    base = formula if transposable(formula) else Bracket(formula)
    return _scripts(Scripts(base, above=Sign("top")))


def _apply(node: Apply) -> list[str]:
    found = [*_elements(node.head), *_bracket("[")]
    for k, argument in enumerate(node.arguments):
        found += [_COMMA, *_elements(argument)] if k else _elements(argument)
    return [*found, *_bracket("]")]


def _glyph(node: Glyph) -> list[str]:
    """A letter, a bracket or a sign."""
    symbol = node.character
    if symbol in _BRACKETS:
        return _bracket(symbol)
    if symbol == "′" or not (symbol.isalpha() or symbol in _LETTERLIKE):
        return [f"<mo>{escape(_SIGNS.get(symbol, symbol))}</mo>"]
    if node.font:
        return [_letters(_styled(symbol, node.font.upper() + " "))]
    # LaTeX sets Greek capitals upright, and so do the pages
    upright = symbol in _LETTERLIKE or (symbol.isupper() and not symbol.isascii())
    return [_letters(symbol) if upright else f"<mi>{symbol}</mi>"]


def _sign(node: Sign) -> list[str]:
    if node.name in _SPACES:
        return [f'<mspace width="{_SPACES[node.name]}em"></mspace>']
    return _glyph(Glyph(_CHARACTERS.get(node.name, node.name)))


def _letters(words: str) -> str:
    """Upright letters; a word of several is upright by itself."""
    # MathML Core sets an <mi> of one letter in italics unless it says otherwise
    style = ' mathvariant="normal"' if len(words) == 1 else ""
    return f"<mi{style}>{escape(words)}</mi>"


def _styled(letter: str, font: str) -> str:
    """The letter of a mathematical alphabet, or the letter itself where the alphabet lacks it."""
    case = "CAPITAL" if letter.isupper() else "SMALL"
    name = unicodedata.name(letter, "").removeprefix("LATIN ").removeprefix("GREEK ").replace(f"{case} LETTER", case)
    for prefix in (f"MATHEMATICAL {font}", font):  # some letters of the alphabets are older and named without a prefix
        try:
            return unicodedata.lookup(prefix + name)
        except KeyError:
            continue
    return letter


def _bracket(symbol: str, size: int = 0) -> list[str]:
    if symbol in ("", "."):
        return ["<mrow></mrow>"]
    # brackets stretch to what is beside them by themselves, which LaTeX's do not: both limits fix their height
    height = f' minsize="{_HEIGHTS[size]}" maxsize="{_HEIGHTS[size]}"' if size else ' stretchy="false"'
    return [f"<mo{height}>{escape(symbol)}</mo>"]


def _words(node: Words) -> list[str]:
    return [f"<mtext>{escape(node.words).replace(' ', _HARD_SPACE)}</mtext>"]


def _summed(node: Summed) -> list[str]:
    return [f"<munder><mo>∑</mo>{_one(node.under)}</munder>", *_elements(node.body)]


def _matrix(node: Matrix) -> list[str]:
    rows = ("".join(f"<mtd>{_one(entry)}</mtd>" for entry in entries) for entries in node.rows)
    table = "".join(f"<mtr>{cells}</mtr>" for cells in rows)
    return [f"<mrow><mo>(</mo><mtable>{table}</mtable><mo>)</mo></mrow>"]


def _picture(_: Picture) -> list[str]:
    raise ValueError("MathML has no pictures")


def _bracketed(node: Bracket) -> list[str]:
    left, right = "[]" if node.square else "()"
    return [*_bracket(left), *_elements(node.inside), *_bracket(right)]


_WRITERS: dict[type[Any], Callable[[Any], list[str]]] = {
    Symbol: lambda node: _elements(read_symbol(node.latex)),
    Glyph: _glyph,
    Digits: lambda node: [f"<mn>{node.digits}</mn>"],
    Upright: lambda node: [_letters(node.word)],
    Words: _words,
    Sign: _sign,
    Row: _row,
    Scripts: _scripts,
    Indexed: _indexed,
    Fraction: lambda node: [f"<mfrac>{_bare(node.above)}{_bare(node.below)}</mfrac>"],
    Binomial: _binomial,
    Root: lambda node: [f"<msqrt>{_one(node.inside)}</msqrt>"],
    Accent: _accent,
    Bracket: _bracketed,
    Delimiter: lambda node: _bracket(node.character, node.size),
    Apply: _apply,
    Inner: lambda node: [*_transposed(node.left), *_elements(node.right)],
    Outer: lambda node: [*_elements(node.left), *_transposed(node.right)],
    Trace: lambda node: [_letters("tr"), *_bracket("("), *_elements(node.matrix), *_bracket(")")],
    Summed: _summed,
    Matrix: _matrix,
    Picture: _picture,
}
