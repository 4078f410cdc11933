"""A place among the marks of a formula, and what can be read there without knowing what it means."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TypeVar

from sgdsym.checking.errors import FormulaError
from sgdsym.checking.tokens import Token

# a bracket takes 9 to 10 frames of Python's stack (measured), whose limit is 1000
DEEPEST = 40
CLOSING = {"(": ")", "[": "]", "{": "}"}
NO_FACTOR = frozenset("+-=,)]}/*^_:·")
"""The marks that no factor begins with."""
_Found = TypeVar("_Found")


class Reader:
    """Goes through marks, one after the other."""

    def __init__(self, marks: list[Token], is_latex: bool) -> None:
        self.marks = marks
        self.is_latex = is_latex
        self.place = 0
        self.depth = 0

    def _peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.marks[place].text if place < len(self.marks) else ""

    def _take(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self.place += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            got = repr(self._peek())[:20] if self._peek() else "the end"
            raise FormulaError(f"{text!r} is missing before {got}")

    def _skip_group(self) -> None:
        """Pass a group and what is nested in it."""
        expected: list[str] = []
        while True:
            text = self._peek()
            if not text:
                raise FormulaError(f"a bracket is not closed; {expected[-1]!r} is missing")
            self.place += 1
            if text in CLOSING:
                expected.append(CLOSING[text])
            elif text in CLOSING.values():
                if text != expected.pop():
                    raise FormulaError(f"brackets do not match: {text!r}")
                if not expected:
                    return

    def _script_marks(self) -> list[Token]:
        """The marks of an exponent: a group in braces, in brackets, or one mark with its sign."""
        opening = self._peek()
        start = self.place
        if opening in ("{", "("):
            self._skip_group()
            inner = self.marks[start + 1 : self.place - 1]
            return inner if opening == "{" else self.marks[start : self.place]
        if opening == "-":
            self.place += 1
        if not self._peek() or self._peek() in NO_FACTOR:
            raise FormulaError("an exponent is missing")
        self.place += 1
        return self.marks[start : self.place]

    def _letters(self) -> str:
        """Letters of indices, Latin or Greek: one, a group in braces, or in text a run such as in H_ab."""
        marks: list[str] = []
        if self._take("{"):
            while self._peek() and not self._take("}"):
                marks += [self._peek()] if self._peek() != "," else []
                self.place += 1
        else:
            marks.append(self._peek())
            self.place += 1
            # LaTeX lowers one mark without braces, H_ab is H_a b; our text has no braces
            run = not self.is_latex
            while run and _letter(self._peek()) and not self.marks[self.place].spaced:
                marks.append(self._peek())
                self.place += 1
        found = "".join(_letter(mark) or "?" for mark in marks)
        if not found or "?" in found:
            raise FormulaError(f"an index is a small letter, as in H_ab; not {''.join(marks)!r:.20}")
        return found

    def _nested(self, read: Callable[[], _Found]) -> _Found:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"the formula is nested more than {DEEPEST} deep")
        found = read()
        self.depth -= 1
        return found


def _letter(mark: str) -> str:
    """The letter of an index, or nothing."""
    if mark.startswith("\\") and len(mark) > 2:
        name = mark[1:].removeprefix("var")
        try:
            return unicodedata.lookup(f"GREEK SMALL LETTER {'LAMDA' if name == 'lambda' else name}")
        except KeyError:
            return ""
    return mark if len(mark) == 1 and mark.isalpha() and mark.islower() else ""
