r"""How wide a formula will be, so that lines are broken before the margin.

An estimate from the widths of Computer Modern in display style, in units of one em of the text; it errs on the wide side.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

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

# 345 pt, of 10 pt an em: 34.5 em
LINE = 33.0  # of the text in the standard classes of LaTeX at 10 points, less a little

# in the font metrics (cmr10, cmsy10, cmex10) a bracket is 0.39 em, a digit 0.50, a plus 0.78 with 4/18 on either
# side, a sum in a display 1.44; a thin space is 3/18
_THIN, _BRACKET, _DIGIT, _BINARY, _SUM = 0.17, 0.45, 0.52, 1.23, 1.44
_SIGNS = {
    "thin": _THIN,
    "blank": 0.34,
    "quad": 1.0,
    "sum": _SUM,
    "product": 1.3,
    "neq": 1.34,
    "cdot": 0.73,
    # without space on either side: it stands in exponents alone, where TeX puts none
    "otimes": 0.78,
    "nabla": 0.84,
    "top": 0.6,
    "partial": 0.6,
    "infinity": 1.0,
    "dots": 1.2,
    "cdots": 1.34,
    "<": 0.85,
}
_CHARACTERS = {"∑": _SUM, "≠": 1.34, "×": _BINARY, "⋅": 0.73, "⊗": 0.78, "Δ": 0.84, "∇": 0.84}
_GAPS = {"product": _THIN, "listed": 0.45, "commas": 0.45}
# scripts are set at 7 of 10 points, and \scriptspace, 0.5 pt, follows them
_SCRIPT, _KERN = 0.72, 0.05
# of cmr10, 0.39, and of \bigl and \Bigl in cmex10, 0.46 and 0.60
_DELIMITERS = (0.45, 0.65, 0.75)


def width(formula: Formula) -> float:
    r"""Width of a formula in display style, in ems.

    >>> round(width(Fraction(Symbol("T"), Digits("2"))), 2)
    1.1
    """
    return _WRITERS[type(formula)](formula)


# the same few symbols are measured for every term, and each time their LaTeX would be read again
@lru_cache(maxsize=1024)
def _symbol(latex: str) -> float:
    return width(read_symbol(latex))


def _character(character: str) -> float:
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    if character in "+-=−":
        return _BINARY
    if character in "()[],|":
        return _BRACKET
    # the widths of H (0.83) and of n (0.60) in cmmi10: few letters are wider, and those are rare in formulas
    return _DIGIT if character.isdigit() else 0.84 if character.isupper() else 0.6


def _row(node: Row) -> float:
    if node.gap == "chain":
        return sum(map(width, node.parts)) + _THIN * sum(_is_apart(left, right) for left, right in pairwise(node.parts))
    if node.gap == "tight":
        named = list(map(_is_named, node.parts))
        return sum(map(width, node.parts)) + _THIN * sum(left or right for left, right in pairwise(named))
    return sum(map(width, node.parts)) + _GAPS.get(node.gap, 0.0) * (len(node.parts) - 1)


def _is_named(formula: Formula) -> bool:
    """Whether a thin space sets a symbol of a coefficient apart."""
    base = formula.base if isinstance(formula, Scripts) else formula
    return isinstance(base, Summed) or (isinstance(base, Symbol) and len(base.latex) > 1)


def _is_apart(left: Formula, right: Formula) -> bool:
    """Whether a thin space stands between two factors of a matrix product."""
    while isinstance(left, Row):
        left = left.parts[-1]
    while isinstance(right, (Row, Scripts, Indexed)):
        right = right.parts[0] if isinstance(right, Row) else right.base
    # as the writer of LaTeX decides it, but on the tree: a command begins the right factor, or a square bracket ends
    # the left one
    closed = isinstance(left, Apply) or (isinstance(left, Bracket) and left.square)
    return closed or not (isinstance(right, Symbol) and not right.latex.startswith("\\"))


def _scripts(node: Scripts) -> float:
    widest = max(width(script) for script in (node.below, node.above) if script is not None)
    return width(node.base) + _SCRIPT * widest + _KERN


def _indexed(node: Indexed) -> float:
    if not node.indices:
        return width(node.base)
    letters = _SCRIPT * 0.6 * len(node.indices) + _KERN
    if isinstance(node.base, Scripts) and node.base.above is not None and not node.raised and not taken(node):
        return width(node.base.base) + max(letters, _SCRIPT * width(node.base.above) + _KERN)
    return width(node.base) + letters + (2 * _BRACKET if taken(node) else 0.0)


def _stack(node: Fraction | Binomial) -> float:
    # \nulldelimiterspace is 1.2 pt on either side; the brackets of a binomial in a display are 0.74 em each (cmex10)
    sides = 0.26 if isinstance(node, Fraction) else 1.5
    return max(width(node.above), width(node.below)) + sides


def _pair(node: Inner | Outer) -> float:
    apart = _THIN if _is_apart(node.left, node.right) else 0.0
    return width(node.left) + width(node.right) + _SCRIPT * 0.6 + _KERN + apart


def _apply(node: Apply) -> float:
    return width(node.head) + sum(map(width, node.arguments)) + _BRACKET * (1 + len(node.arguments))


def _summed(node: Summed) -> float:
    return _SUM + _SCRIPT * width(node.under) + _KERN + width(node.body)


def _matrix(node: Matrix) -> float:
    columns = zip(*node.rows, strict=True)
    # \arraycolsep is 5 pt on either side of a column
    return sum(max(map(width, column)) + 1.0 for column in columns) + 2 * _BRACKET


_WRITERS: dict[type[Any], Callable[[Any], float]] = {
    Symbol: lambda node: _symbol(node.latex),
    Glyph: lambda node: _character(node.character),
    Digits: lambda node: _DIGIT * len(node.digits),
    Upright: lambda node: sum(map(_character, node.word)) + (_THIN if node.applied else 0.0),
    Words: lambda node: sum(0.34 if letter == " " else _character(letter) for letter in node.words),
    Sign: lambda node: _SIGNS.get(node.name, _BINARY),
    Row: _row,
    Scripts: _scripts,
    Indexed: _indexed,
    Fraction: _stack,
    Binomial: _stack,
    Root: lambda node: width(node.inside) + 0.9,
    Accent: lambda node: width(node.base) + (0.6 if node.mark == "underline" else 0.0),
    Bracket: lambda node: width(node.inside) + 2 * _BRACKET,
    Delimiter: lambda node: _DELIMITERS[node.size],
    Apply: _apply,
    Inner: _pair,
    Outer: _pair,
    Trace: lambda node: width(node.matrix) + 2 * 0.6 + _THIN + 2 * _BRACKET,
    Summed: _summed,
    Matrix: _matrix,
    Picture: lambda node: node.width,
}
