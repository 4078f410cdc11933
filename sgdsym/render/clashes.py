"""Whether each letter of a formula stands for one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from sgdsym.formula import Formula, Symbol
from sgdsym.render.notation import TENSORS, Notation


def check_letters(values: Iterable[Formula], sizes: Iterable[str], notation: Notation) -> None:
    r"""Refuse sizes that are written like each other, like the learning rate or the weights, or like a tensor of the same formulas.

    An index is told from a size by its place, and may have its letter.

    Args:
        values: the tensors behind the coefficients.
        sizes: the symbols of the coefficients.
        notation: the symbols of the formulas.

    Raises:
        ValueError: naming the letter and the way out.

    >>> check_letters([], ["T", "B"], Notation(sizes={"B": "T"}))
    Traceback (most recent call last):
    ValueError: T would stand for B and for T; set another letter for one of them in the notation
    """
    written: dict[str, str] = {notation.learning_rate: "the learning rate", notation.weights: "the weights"}
    for name in sorted(sizes):
        letter = notation.size(name)
        if letter in written:
            raise ValueError(
                f"{letter} would stand for {written[letter]} and for {name}; set another letter for one of them in the notation"
            )
        written[letter] = name
    for letter in clashes(values, sizes, notation):
        raise ValueError(
            f"{letter} would stand for the size {written[letter]} and for a tensor; set another letter for one of them in the notation, "
            "or give the size another name"
        )


def clashes(values: Iterable[Formula], sizes: Iterable[str], notation: Notation) -> list[str]:
    """The letters of sizes that are also those of a tensor of the formulas, sorted."""
    written = {notation.size(name) for name in sizes}
    # hardly ever is there one, so that the formulas need not be looked at
    suspect = written & {getattr(notation, name) for name in TENSORS}
    return sorted({letter for value in values for letter in _letters(value)} & suspect) if suspect else []


def _letters(formula: Formula) -> Iterator[str]:
    """The LaTeX of every symbol in a formula."""
    if isinstance(formula, Symbol):
        yield formula.latex
        return
    for item in fields(formula):  # type: ignore[arg-type]  # every node is a dataclass
        value = getattr(formula, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Formula):
                yield from _letters(part)
