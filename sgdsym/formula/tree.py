r"""A formula as a value: a small tree of immutable nodes, which writers turn into LaTeX, Typst, MathML, text and widths.

A node says what it is, such as an inner product or a fraction, never how that is set: :math:`G^\top H G` and ``G·H G`` are one tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

Gap = Literal["beside", "plain", "product", "chain", "tight", "operator", "listed", "commas"]


class Formula:
    """The base class of every node of a formula."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Symbol(Formula):
    r"""A letter of the vocabulary: its LaTeX, which may be the reader's own, and its plain text.

    >>> Symbol(r"\eta", "η")
    Symbol(latex='\\eta', text='η')
    """

    latex: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Glyph(Formula):
    """One character of a reader's own symbol, in a mathematical font or in the usual one."""

    character: str
    font: str = ""


@dataclass(frozen=True, slots=True)
class Digits(Formula):
    """A number that is not negative, as it is written."""

    digits: str


@dataclass(frozen=True, slots=True)
class Upright(Formula):
    """The name of a function, such as Cov, or another upright word; ``applied`` says that an argument follows."""

    word: str
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Words(Formula):
    """Words inside a formula, with blanks between them."""

    words: str


@dataclass(frozen=True, slots=True)
class Sign(Formula):
    """A sign by the name that the writers' tables have for it, such as ``+``, ``=``, ``times``, ``thin`` or ``quad``."""

    name: str


@dataclass(frozen=True, slots=True)
class Row(Formula):
    """Formulas one after the other.

    The gap is ``beside`` (none), ``plain`` (they are signs and what these join), ``product`` (scalars, set apart), ``chain`` (a matrix
    product), ``tight`` (the letters of a coefficient), ``operator`` (what acts on what), ``listed`` or ``commas`` (with commas).
    """

    parts: tuple[Formula, ...]
    gap: Gap = "beside"


@dataclass(frozen=True, slots=True)
class Scripts(Formula):
    """A formula with another below it to the right, above it, or both."""

    base: Formula
    below: Formula | None = None
    above: Formula | None = None


@dataclass(frozen=True, slots=True)
class Indexed(Formula):
    """A tensor with indices, each one letter, below it or all of them raised."""

    base: Formula
    indices: str
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Fraction(Formula):
    """A quotient; brackets around the whole numerator or denominator are only for writers on one line."""

    above: Formula
    below: Formula


@dataclass(frozen=True, slots=True)
class Binomial(Formula):
    """A binomial coefficient."""

    above: Formula
    below: Formula


@dataclass(frozen=True, slots=True)
class Root(Formula):
    """A square root."""

    inside: Formula


@dataclass(frozen=True, slots=True)
class Accent(Formula):
    """A mark such as ``hat`` or ``tilde`` above a formula, or ``underline`` below it."""

    mark: str
    base: Formula


@dataclass(frozen=True, slots=True)
class Bracket(Formula):
    """A formula in round or square brackets."""

    inside: Formula
    square: bool = False


@dataclass(frozen=True, slots=True)
class Delimiter(Formula):
    """One bracket of a pair whose inside is broken over pieces or lines; 0, 1 and 2 are sizes."""

    character: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Apply(Formula):
    """A symmetric tensor contracted with its arguments."""

    head: Formula
    arguments: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Inner(Formula):
    """The inner product of two vectors."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Outer(Formula):
    """The matrix of two vectors."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Trace(Formula):
    """The trace of a matrix."""

    matrix: Formula


@dataclass(frozen=True, slots=True)
class Summed(Formula):
    """A sum over indices, or over times that meet a condition."""

    under: Formula
    body: Formula


@dataclass(frozen=True, slots=True)
class Matrix(Formula):
    """Rows of entries in round brackets."""

    rows: tuple[tuple[Formula, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture(Formula):
    """A small picture: its TikZ code, and its width in ems."""

    tikz: str
    width: float


def row(parts: Iterable[Formula], gap: Gap) -> Formula:
    """The parts as a row; one alone stays as it is.

    >>> row([Digits("2")], "product")
    Digits(digits='2')
    """
    found = tuple(parts)
    return found[0] if len(found) == 1 else Row(found, gap)


def power(base: Formula, exponent: int | Formula) -> Formula:
    """A formula to a power; the first power is the formula itself."""
    if exponent == 1:
        return base
    return Scripts(base, above=Digits(str(exponent)) if isinstance(exponent, int) else exponent)


def has_subscript(formula: Formula) -> bool:
    """Whether something is below it already, so that indices need brackets around it."""
    if isinstance(formula, Scripts):
        return formula.below is not None or has_subscript(formula.base)
    # a reader's own symbol is text, l_x: a second subscript stops TeX, "double subscript"
    return isinstance(formula, Symbol) and "_" in formula.latex


def has_superscript(formula: Formula) -> bool:
    """Whether something is above it already, so that raised indices need brackets around it."""
    if isinstance(formula, Scripts):
        return formula.above is not None or has_superscript(formula.base)
    # a prime is a superscript too: TeX sets f'^a with the index beside the prime, as one superscript
    return isinstance(formula, Symbol) and bool(set(formula.latex) & set("^'"))


def taken(indexed: Indexed) -> bool:
    """Whether the place of the indices is taken already, so that they need brackets around what they belong to.

    >>> taken(Indexed(Symbol("l_x"), "a")), taken(Indexed(Symbol("l_x"), "a", raised=True))
    (True, False)
    """
    return has_superscript(indexed.base) if indexed.raised else has_subscript(indexed.base)


def call(name: Formula, argument: Formula, *, square: bool = False) -> Formula:
    """A function of an argument in brackets."""
    return Row((name, Bracket(argument, square)))


def signed_sum(terms: Sequence[tuple[bool, Formula]]) -> Formula:
    """A sum whose terms come with whether they are subtracted.

    >>> signed_sum([(True, Digits("1")), (False, Digits("2"))]).parts[0]
    Row(parts=(Sign(name='negative'), Digits(digits='1')), gap='beside')
    """
    parts: list[Formula] = []
    for negative, term in terms:
        if parts:
            parts += [Sign("-" if negative else "+"), term]
        else:
            parts.append(Row((Sign("negative"), term)) if negative else term)
    return row(parts, "plain")


def replaced(formula: Any, images: Callable[[Formula], Formula | None]) -> Any:
    """The formula with nodes replaced from the outside in; ``images`` gives nothing for those that stay."""
    # an image is not searched again, so that letters may be exchanged for each other, G for H and H for G
    image = images(formula)
    if image is not None:
        return image
    changed = {}
    for item in fields(formula):
        value = getattr(formula, item.name)
        if isinstance(value, Formula):
            changed[item.name] = replaced(value, images)
        elif isinstance(value, tuple):
            changed[item.name] = tuple(replaced(part, images) for part in value)
    return replace(formula, **changed) if changed else formula
