r"""How wide a formula will be, so that lines are broken before the margin.

An estimate from the widths of Computer Modern, in units of one em of the text; it errs on the wide side.  Knows the commands
that this room writes; any other is taken for a letter.
"""

from __future__ import annotations

import re
from functools import lru_cache

LINE = 33.0  # of the text in the standard classes of LaTeX at 10 points, less a little

_MARK = re.compile(r"\\[a-zA-Z]+|\\.|[\s\S]")
_PICTURE = re.compile(r"\\vcenter\{\\hbox\{\\begin\{tikzpicture\}.*?rectangle \(([\d.]+),.*?\\end\{tikzpicture\}\}\}")
_MATRIX = re.compile(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}")
_SPACES = {
    r"\,": 0.17,
    r"\;": 0.28,
    r"\!": -0.17,
    r"\ ": 0.34,
    r"\quad": 1.0,
    r"\qquad": 2.0,
    "&": 0.0,
    " ": 0.0,
    "\n": 0.0,
}
_BRACKETS = {r"\bigl": 0.2, r"\bigr": 0.2, r"\Bigl": 0.3, r"\Bigr": 0.3}
_FONTS = {
    r"\mathrm",
    r"\mathbb",
    r"\mathcal",
    r"\mathbf",
    r"\mathsf",
    r"\text",
    r"\bar",
    r"\hat",
    r"\operatorname",
    r"\tilde",
}
_WIDE = {
    r"\sum": 1.44,
    r"\neq": 1.34,
    r"\times": 1.23,
    r"\cdot": 0.73,
    r"\cdots": 1.34,
    "<": 0.85,
    r"\otimes": 0.78,
    r"\Delta": 0.84,
    r"\nabla": 0.84,
}
_PER_POINT = 0.1  # ems
_SCRIPT = 0.72


@lru_cache(maxsize=16384)
def width(formula: str) -> float:
    r"""Width of a formula in display style, in ems.

    >>> round(width(r"\frac{T(T - 1)}{2B} \, G^{\top} G"), 1)
    6.9
    """
    pictures = sum(float(found) * _PER_POINT for found in _PICTURE.findall(formula))
    matrices = sum(map(_matrix_width, _MATRIX.findall(formula)))
    return pictures + matrices + _Reader(_MARK.findall(_MATRIX.sub("", _PICTURE.sub("", formula)))).row()


def _matrix_width(inside: str) -> float:
    """Width of a matrix in round brackets, from what stands inside."""
    rows = [[width(entry) for entry in row.split("&")] for row in inside.split(r"\\")]
    return 0.9 + sum((max(column) + 1.0 for column in zip(*rows, strict=True)), 0.0)


class _Reader:
    """Adds up the widths of marks; groups in braces are read recursively."""

    def __init__(self, marks: list[str]) -> None:
        self.marks = marks
        self.place = 0

    def row(self) -> float:
        """Up to the end of the group or of the formula."""
        total = 0.0
        while self.place < len(self.marks):
            mark = self._next()
            if mark == "}":
                break
            total += self._scripts() if mark in "^_" else self._atom(mark)
        return total

    def _scripts(self) -> float:
        """A script and the one above or below it."""
        widest = self._argument()
        while self.place < len(self.marks) and self.marks[self.place] in ("^", "_"):
            self.place += 1
            widest = max(widest, self._argument())
        return _SCRIPT * widest + 0.05

    def _atom(self, mark: str) -> float:
        if mark == "{":
            return self.row()
        if mark in (r"\frac", r"\binom"):
            sides = 0.26 if mark == r"\frac" else 1.5
            return max(self._argument(), self._argument()) + sides
        if mark in _FONTS:
            return self._argument() + (0.17 if mark == r"\operatorname" else 0.0)
        for known in (_SPACES, _BRACKETS, _WIDE):
            if mark in known:
                return known[mark]
        return self._character(mark)

    @staticmethod
    def _character(mark: str) -> float:
        if mark in "+-=":
            return 1.23
        if mark in "()[],":
            return 0.45
        return 0.52 if mark.isdigit() else 0.84 if mark.lstrip("\\")[:1].isupper() else 0.6

    def _argument(self) -> float:
        mark = self._next()
        while mark == " ":
            mark = self._next()
        return self.row() if mark == "{" else self._atom(mark)

    def _next(self) -> str:
        if self.place >= len(self.marks):
            return ""
        self.place += 1
        return self.marks[self.place - 1]
