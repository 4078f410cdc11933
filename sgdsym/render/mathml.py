r"""Formulas for browsers: the LaTeX of this room as MathML Core, which every current browser sets without a script or a font.

Knows the commands that this room writes and those that a :class:`~sgdsym.render.Notation` may hold: letters, fonts, accents,
scripts, fractions, binomials, brackets.  Refuses to know environments and macros; a command without a meaning here is shown by
its name.  Nothing of the formula becomes markup.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from html.entities import html5

_MARK = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+|[\s\S]")
_SPACES = {
    r"\,": 0.167,
    r"\:": 0.222,
    r"\;": 0.278,
    r"\!": -0.167,
    r"\ ": 0.333,
    "~": 0.333,
    r"\quad": 1.0,
    r"\qquad": 2.0,
}
_SIZES = {
    **dict.fromkeys((r"\big", r"\bigl", r"\bigr"), "1.2em"),
    **dict.fromkeys((r"\Big", r"\Bigl", r"\Bigr"), "1.8em"),
    r"\left": "",
    r"\right": "",
}
_UPRIGHT = {r"\mathrm", r"\operatorname"}
_FONTS = {
    r"\mathbb": "DOUBLE-STRUCK ",
    r"\mathcal": "SCRIPT ",
    r"\mathscr": "SCRIPT ",
    r"\mathfrak": "FRAKTUR ",
    r"\mathbf": "BOLD ",
    r"\mathsf": "SANS-SERIF ",
    r"\boldsymbol": "BOLD ITALIC ",
    r"\bm": "BOLD ITALIC ",
}
_ACCENTS = {
    r"\hat": "^",
    r"\widehat": "^",
    r"\tilde": "~",
    r"\widetilde": "~",
    r"\bar": "¯",
    r"\overline": "¯",
    r"\vec": "→",
    r"\dot": "˙",
    r"\ddot": "¨",
    r"\check": "ˇ",
    r"\breve": "˘",
}
_STACKS = {r"\frac", r"\binom", r"\sqrt", r"\underline"}
_SILENT = {r"\displaystyle", r"\textstyle", r"\limits", r"\nolimits"}
_WORDS = {r"\log", r"\exp", r"\det", r"\max", r"\min", r"\sin", r"\cos", r"\tr"}
# where the names of HTML's entities, which stand for most symbols, mean another character than LaTeX's commands
_SYMBOLS = {
    r"\epsilon": "ϵ",
    r"\varepsilon": "ε",
    r"\phi": "ϕ",
    r"\varphi": "φ",
    r"\cdot": "⋅",
    r"\star": "⋆",
    r"\partial": "∂",
    r"\neq": "≠",
    r"\to": "→",
    r"\infty": "∞",
    r"\dag": "†",
    r"\|": "‖",
}
_LETTERLIKE = "∇∂⊤⊥∞†‡′∅ℏ"
_BRACKETS = "()[]{}|‖⟨⟩"
_SIGNS = {"-": "−", "*": "∗"}
_SCRIPTS = ("^", "_", "'")
_HARD_SPACE = "\u00a0"


def latex_to_mathml(formula: str, *, display: bool = False) -> str:
    r"""A formula as a MathML element.

    Args:
        formula: LaTeX for math mode as :func:`sgdsym.render.diagram_to_latex` and its relatives write it, pictures excepted.
        display: whether sums and fractions are as large as in a display.

    Source: D. Carlisle and F. Wang (editors), *MathML Core*, W3C.

    >>> latex_to_mathml(r"G^{\top} H")
    '<math><msup><mi>G</mi><mi mathvariant="normal">⊤</mi></msup><mi>H</mi></math>'
    >>> latex_to_mathml(r"\frac{T - 1}{2}")
    '<math><mfrac><mrow><mi>T</mi><mo>−</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>'
    """
    style = ' displaystyle="true"' if display else ""
    return f"<math{style}>{''.join(_Reader(_MARK.findall(formula)).row())}</math>"


class _Reader:
    """Turns marks into elements; groups in braces are read recursively."""

    def __init__(self, marks: list[str]) -> None:
        self.marks = marks
        self.place = 0
        self.font = ""

    def row(self) -> list[str]:
        """Up to the end of the group or of the formula."""
        found: list[str] = []
        while self.place < len(self.marks):
            mark = self._next()
            if mark == "}":
                break
            if mark in _SCRIPTS:
                found.append(self._scripts(found.pop() if found else "<mrow></mrow>", mark))
            elif mark.strip() and mark not in _SILENT:
                found.append(self._atom(mark))
        return found

    def _scripts(self, base: str, mark: str) -> str:
        """A base with what is below and above it."""
        below, above = "", []
        while True:
            if mark == "_":
                below = self._argument()
            else:
                above.append("<mo>′</mo>" if mark == "'" else self._argument())
            if self.place >= len(self.marks) or self.marks[self.place] not in _SCRIPTS:
                break
            mark = self._next()
        over = base in ("<mo>∑</mo>", "<mo>∏</mo>")
        both, lower, upper = ("munderover", "munder", "mover") if over else ("msubsup", "msub", "msup")
        element = both if below and above else lower if below else upper
        return f"<{element}>{base}{below}{_grouped(above) if above else ''}</{element}>"

    def _atom(self, mark: str) -> str:
        if mark == "{":
            return _grouped(self.row())
        if mark in _SPACES:
            return f'<mspace width="{_SPACES[mark]}em"></mspace>'
        if mark in _SIZES:
            return _bracket(self._next(), _SIZES[mark])
        if mark in _STACKS or mark in _ACCENTS:
            return self._stacked(mark)
        if mark in _FONTS or mark in _UPRIGHT or mark.startswith(r"\text"):
            return self._worded(mark)
        return _character(mark, self.font)

    def _stacked(self, mark: str) -> str:
        """Arguments over one another, under a root, or with a mark above or below."""
        if mark == r"\frac":
            return f"<mfrac>{self._argument()}{self._argument()}</mfrac>"
        if mark == r"\binom":
            inside = f'<mfrac linethickness="0">{self._argument()}{self._argument()}</mfrac>'
            return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"
        if mark == r"\sqrt":
            return f"<msqrt>{self._argument()}</msqrt>"
        if mark == r"\underline":
            return f'<munder accentunder="true">{self._argument()}<mo>_</mo></munder>'
        return f'<mover accent="true">{self._argument()}<mo stretchy="false">{_ACCENTS[mark]}</mo></mover>'

    def _worded(self, mark: str) -> str:
        """The argument in another font, as an upright name, or as words."""
        if mark in _UPRIGHT:
            return _letters(self._plain())
        if mark not in _FONTS:
            return f"<mtext>{escape(self._plain()).replace(' ', _HARD_SPACE)}</mtext>"
        outside, self.font = self.font, _FONTS[mark]
        inside = self._argument()
        self.font = outside
        return inside

    def _plain(self) -> str:
        """The argument as plain text."""
        mark = self._next()
        text, depth = "" if mark == "{" else _symbol(mark), int(mark == "{")
        while depth and self.place < len(self.marks):
            mark = self._next()
            depth += (mark == "{") - (mark == "}")
            text += "" if mark in "{}$" else _symbol(mark)
        return text

    def _argument(self) -> str:
        mark = self._next()
        while mark == " ":
            mark = self._next()
        return self._atom(mark) if mark else "<mrow></mrow>"

    def _next(self) -> str:
        if self.place >= len(self.marks):
            return ""
        self.place += 1
        return self.marks[self.place - 1]


def _symbol(mark: str) -> str:
    """The character that a command stands for, its name if there is none, or the mark itself."""
    if len(mark) == 1 or mark[0] != "\\":
        return mark
    if not mark[1].isalpha():
        return mark[1:]
    return _SYMBOLS.get(mark) or html5.get(f"{mark[1:]};") or mark


def _character(mark: str, font: str) -> str:
    """A number, a letter, a bracket or a sign."""
    if mark.isdigit():
        return f"<mn>{mark}</mn>"
    if mark in _WORDS:
        return _letters(mark[1:])
    symbol = _symbol(mark)
    if symbol in _BRACKETS:
        return _bracket(symbol, "")
    if len(symbol) == 1 and (symbol.isalpha() or symbol in _LETTERLIKE):
        return _letter(symbol, font)
    name, sign = f"<mtext>{escape(symbol)}</mtext>", f"<mo>{escape(_SIGNS.get(symbol, symbol))}</mo>"
    return name if len(symbol) > 1 else sign


def _letter(symbol: str, font: str) -> str:
    """A letter slanted, or upright: in a font, if it is a sign, or if it is a capital of another alphabet."""
    if font:
        return _letters(_styled(symbol, font))
    upright = symbol in _LETTERLIKE or (symbol.isupper() and not symbol.isascii())
    return _letters(symbol) if upright else f"<mi>{symbol}</mi>"


def _letters(words: str) -> str:
    """Upright letters; a word of several is upright by itself."""
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


def _bracket(mark: str, size: str) -> str:
    symbol = _symbol(mark)
    if symbol in ("", "."):
        return "<mrow></mrow>"
    height = f' minsize="{size}" maxsize="{size}"' if size else ' stretchy="false"'
    return f"<mo{height}>{escape(symbol)}</mo>"


def _grouped(elements: list[str]) -> str:
    return elements[0] if len(elements) == 1 else f"<mrow>{''.join(elements)}</mrow>"
