"""A place among the marks of a formula, and what can be read there without knowing what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sgdsym.checking.errors import FormulaError
from sgdsym.checking.tokens import Token

DEEPEST = 40
CLOSING = {"(": ")", "[": "]", "{": "}"}
NO_FACTOR = frozenset("+-=,)]}/*^_:·")
"""The marks that no factor begins with."""
_Found = TypeVar("_Found")


class Reader:
    """Goes through marks, one after the other."""

    def __init__(self, marks: list[Token]) -> None:
        self.marks = marks
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
        """Letters of indices: one, or a group of them."""
        if not self._take("{"):
            found = self._peek()
            self.place += 1
            # in text a run of letters, as in H_ab
            while (
                found.isalpha()
                and len(self._peek()) == 1
                and self._peek().isalpha()
                and not self.marks[self.place].spaced
            ):
                found += self._peek()
                self.place += 1
        else:
            found = ""
            while self._peek() and not self._take("}"):
                found += "" if self._peek() == "," else self._peek()
                self.place += 1
        if not found or not all(letter.isalpha() and letter.islower() for letter in found):
            raise FormulaError(f"an index is a small letter, as in H_ab; not {found!r:.20}")
        return found

    def _nested(self, read: Callable[[], _Found]) -> _Found:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"the formula is nested more than {DEEPEST} deep")
        found = read()
        self.depth -= 1
        return found
