r"""The reader's own symbols: LaTeX such as ``\mathcal{L}`` or ``\hat{g}_{0}`` read into a tree, so that any writer can write them.

Knows letters, fonts, accents, scripts, fractions and brackets, which are all that a :class:`~sgdsym.render.Notation` may hold.  A command
without a meaning here is shown by its name.  No formula that this package writes is ever read back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5

from sgdsym.formula.tree import (
    Accent,
    Binomial,
    Delimiter,
    Digits,
    Formula,
    Fraction,
    Glyph,
    Root,
    Row,
    Scripts,
    Sign,
    Upright,
    Words,
    row,
)

_MARK = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+|[\s\S]")
_SPACES = {
    **dict.fromkeys((r"\,", r"\:", r"\;", r"\ ", r"\thinspace", r"\medspace", r"\thickspace", r"\space", "~"), "thin"),
    **dict.fromkeys((r"\quad", r"\qquad", r"\enspace"), "quad"),
}
_SIZES = {
    **dict.fromkeys((r"\big", r"\bigl", r"\bigr"), 1),
    **dict.fromkeys((r"\Big", r"\Bigl", r"\Bigr"), 2),
    r"\left": 0,
    r"\right": 0,
}
_UPRIGHT = {r"\mathrm": False, r"\operatorname": True, r"\rm": False, r"\mathnormal": False}
FONTS = {
    r"\mathbb": "double-struck",
    r"\mathcal": "script",
    r"\mathscr": "script",
    r"\mathfrak": "fraktur",
    r"\mathbf": "bold",
    r"\mathsf": "sans-serif",
    r"\boldsymbol": "bold italic",
    r"\bm": "bold italic",
}
_ACCENTS = {
    r"\hat": "hat",
    r"\widehat": "hat",
    r"\tilde": "tilde",
    r"\widetilde": "tilde",
    r"\bar": "bar",
    r"\overline": "bar",
    r"\vec": "vec",
    r"\dot": "dot",
    r"\ddot": "ddot",
    r"\check": "check",
    r"\breve": "breve",
    r"\underline": "underline",
}
_STACKS: dict[str, type[Fraction | Binomial]] = {r"\frac": Fraction, r"\binom": Binomial}
_SILENT = {r"\displaystyle", r"\textstyle", r"\limits", r"\nolimits", r"\!"}
_WORDS = {r"\log", r"\exp", r"\det", r"\max", r"\min", r"\sin", r"\cos", r"\tr"}
# where the names of HTML's entities, which stand for most symbols, mean another character than LaTeX's commands
_CHARACTERS = {
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
_SCRIPTS = ("^", "_", "'")
_NOTHING = Row(())


@lru_cache(maxsize=1024)
def read_symbol(latex: str) -> Formula:
    r"""The tree of a symbol.

    Args:
        latex: LaTeX for math mode, as :func:`sgdsym.render.commands.checked_symbol` lets through.

    >>> read_symbol(r"\hat{g}_{0}")
    Scripts(base=Accent(mark='hat', base=Glyph(character='g', font='')), below=Digits(digits='0'), above=None)
    """
    return row(_Reader(_MARK.findall(latex)).row(), "beside")


class _Reader:
    """Turns marks into nodes; groups in braces are read recursively."""

    def __init__(self, marks: list[str]) -> None:
        self.marks = marks
        self.place = 0
        self.font = ""

    def row(self) -> list[Formula]:
        """The formulas up to the end of the group or of the symbol."""
        found: list[Formula] = []
        while self.place < len(self.marks):
            mark = self._next()
            if mark == "}":
                break
            if mark in _SCRIPTS:
                found.append(self._scripts(found.pop() if found else _NOTHING, mark))
            elif mark.strip() and mark not in _SILENT:
                found.append(self._atom(mark))
        return found

    def _scripts(self, base: Formula, mark: str) -> Formula:
        """A base with the scripts below and above it."""
        below: Formula | None = None
        above: list[Formula] = []
        while True:
            if mark == "_":
                below = self._argument()
            else:
                # f'^{2} has both above it, as TeX sets it: primes and the exponent are one superscript
                above.append(Glyph("′") if mark == "'" else self._argument())
            if self.place >= len(self.marks) or self.marks[self.place] not in _SCRIPTS:
                break
            mark = self._next()
        return Scripts(base, below, row(above, "beside") if above else None)

    def _atom(self, mark: str) -> Formula:
        if mark == "{":
            return row(self.row(), "beside")
        if mark in _SPACES:
            return Sign(_SPACES[mark])
        if mark in _SIZES:
            return Delimiter(_character(self._next()), _SIZES[mark])
        if mark in _STACKS:
            return _STACKS[mark](self._argument(), self._argument())
        if mark in _ACCENTS:
            return Accent(_ACCENTS[mark], self._argument())
        return self._worded(mark)

    def _worded(self, mark: str) -> Formula:
        """A root, an argument in another font, an upright name, or words; otherwise a letter."""
        if mark == r"\sqrt":
            return Root(self._argument())
        if mark in _UPRIGHT:
            return Upright(self._plain(), _UPRIGHT[mark])
        if mark.startswith(r"\text"):
            return Words(self._plain())
        if mark not in FONTS:
            return self._letter(mark)
        outside, self.font = self.font, FONTS[mark]
        inside = self._argument()
        self.font = outside
        return inside

    def _letter(self, mark: str) -> Formula:
        if mark.isdigit():
            return Digits(mark)
        if mark in _WORDS:
            return Upright(mark[1:])
        symbol = _character(mark)
        return Glyph(symbol, self.font) if len(symbol) == 1 else Words(symbol)

    def _plain(self) -> str:
        """The argument as plain text."""
        mark = self._next()
        text, depth = "" if mark == "{" else _character(mark), int(mark == "{")
        while depth and self.place < len(self.marks):
            mark = self._next()
            depth += (mark == "{") - (mark == "}")
            text += "" if mark in "{}$" else _character(mark)
        return text

    def _argument(self) -> Formula:
        mark = self._next()
        while mark == " ":
            mark = self._next()
        return self._atom(mark) if mark else _NOTHING

    def _next(self) -> str:
        if self.place >= len(self.marks):
            return ""
        self.place += 1
        return self.marks[self.place - 1]


def _character(mark: str) -> str:
    """The character that a command stands for, its name if there is none, or the mark itself."""
    if len(mark) <= 1 or mark[0] != "\\":
        return mark
    if not mark[1].isalpha():
        return mark[1:]
    # HTML's entities have the names of LaTeX's commands for most symbols, which saves a table of a thousand
    return _CHARACTERS.get(mark) or html5.get(f"{mark[1:]};") or mark
