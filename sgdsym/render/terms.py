"""The terms of one order as pieces between which a line may be broken, and the lines they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import isinf

from sgdsym.diagrams import Diagram
from sgdsym.formula import LINE, Delimiter, Digits, Formula, Row, Sign, power, row, width
from sgdsym.render.factors import Factor, Factored, summands
from sgdsym.render.notation import Notation
from sgdsym.render.prefactors import ONE, Parts, Prefactor, arranged, arranged_quotient, common, parts
from sgdsym.render.typesetting import Typesetting
from sgdsym.series import Coefficient

# the tensors behind a coefficient take the rest of the line
_FILLED = 0.8  # of a line: a product that is wider is broken inside its brackets
_INDENT = _DEEPER = 1.0  # \quad
_THIN = 0.17


@dataclass(frozen=True)
class Piece:
    """A part that stays on one line: a formula, perhaps with a sign; a line that a factor begins says ``times``."""

    formula: Formula
    sign: str = ""
    is_factor: bool = False

    @property
    def parts(self) -> tuple[Formula, ...]:
        """Sign and formula, as parts of a line."""
        return (Sign(self.sign), self.formula) if self.sign else (self.formula,)

    @cached_property
    def width(self) -> float:
        """In ems."""
        return sum(map(width, self.parts))


Term = tuple[Piece, ...]
Lines = list[tuple[Piece, ...]]
Value = Callable[[Diagram], Formula]


def line_formula(pieces: Sequence[Piece], *, leading: bool = True) -> Formula:
    """The pieces of a line as one formula; ``leading`` says whether a plus in front is written."""
    parts: list[Formula] = []
    for k, piece in enumerate(pieces):
        if k and not piece.sign:
            parts.append(Sign("thin"))
        parts += piece.parts
    if not leading and isinstance(parts[0], Sign) and parts[0].name == "+":
        del parts[0]
    return Row(tuple(parts), "plain")


def order_terms(
    terms: Sequence[tuple[Diagram, Coefficient]],
    rate: Formula | None,
    value: Value,
    typesetting: Typesetting,
    line: float = LINE,
) -> list[Term]:
    """The terms of one order, signs included, in the order in which they are written.

    Args:
        terms: diagrams of one order with their coefficients.
        rate: the power of the learning rate that stands in each term, or nothing.
        value: writes the value of a diagram.
        typesetting: all choices.
        line: width of a line in ems; coefficients that fit on one are not broken.
    """
    writer = _Writer(rate, typesetting.notation, _FILLED * line)
    found = [(diagram, parts(c, typesetting.polynomials, typesetting.lengths)) for diagram, c in terms]
    if not typesetting.collect:
        return [writer.term(part, value(diagram), typesetting.polynomials != "factored") for diagram, part in found]
    collected: dict[Prefactor, list[tuple[Fraction, Formula]]] = {}
    for diagram, part in found:
        written = value(diagram)
        for number, prefactor in part:
            collected.setdefault(prefactor, []).append((number, written))
    ordered = sorted(collected.items(), key=lambda item: -item[0].degree)
    return [writer.collected(prefactor, values) for prefactor, values in ordered]


def coefficient_lines(coefficient: Coefficient, typesetting: Typesetting, line: float) -> list[Formula]:
    """A coefficient on its own, sign included, broken into lines of at most ``line`` ems where that can be done."""
    writer = _Writer(None, typesetting.notation, _FILLED * line)
    found = parts(coefficient, typesetting.polynomials, typesetting.lengths)
    (group,) = fill([writer.term(found, None, typesetting.polynomials != "factored")], 1, 0.0, line)
    return [line_formula(pieces, leading=k > 0) for k, pieces in enumerate(group)]


def coefficient_formula(coefficient: Coefficient, typesetting: Typesetting) -> Formula:
    """A coefficient on its own, on one line."""
    writer = _Writer(None, typesetting.notation, float("inf"))
    found = parts(coefficient, typesetting.polynomials, typesetting.lengths)
    first, *rest = writer.term(found, None, typesetting.polynomials != "factored")
    value = line_formula([replace(first, sign=""), *rest])
    return Row((Sign("negative"), value)) if first.sign == "-" else value


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes terms: numbers before the learning rate, sizes behind it, the value last."""

    rate: Formula | None
    notation: Notation
    widest: float

    def term(self, part: Parts, value: Formula | None, factor_out: bool) -> Term:
        """A coefficient times a value, or on its own where there is none."""
        valued = [] if value is None else [Piece(value, is_factor=True)]
        if len(part) == 1:
            ((number, prefactor),) = part
            product = self._product(abs(number), prefactor)
            return signed(number < 0, [*product, *valued] or [_ONE])
        content, shared, left = common(part) if factor_out else arranged(part)
        quotient = None if factor_out else arranged_quotient((content, shared, left), self.notation)
        if quotient is not None and (isinf(self.widest) or width(quotient) < self.widest):
            factors = [quotient] if self.rate is None else [self.rate, quotient]
            return signed(content < 0, [Piece(row(factors, "product")), *valued])
        outside = self._factors(abs(content), Prefactor(shared))
        inner = replace(self, rate=None)
        # a sum whose sign is in front of it has a first term without one
        inside = self._sum([(n if left[0][0] > 0 else -n, inner._product(abs(n), p) or [_ONE]) for n, p in left])
        return signed(content < 0, [*bracketed(outside, inside), *valued])

    def collected(self, prefactor: Prefactor, values: Sequence[tuple[Fraction, Formula]]) -> Term:
        """A prefactor times a sum of values."""
        if len(values) == 1:
            ((number, value),) = values
            return self.term(((number, prefactor),), value, True)
        negative = values[0][0] < 0
        outside = self._factors(Fraction(1), prefactor)
        signs = [(-n if negative else n, [Piece(_times(abs(n), value, self.notation))]) for n, value in values]
        inside = self._sum(signs)
        if not outside and not negative:
            return signed(False, inside)
        return signed(negative, bracketed(outside, inside))

    def _factors(self, number: Fraction, prefactor: Prefactor) -> list[Formula]:
        rate = [self.rate] if self.rate is not None else []
        in_front = [] if number == 1 else [Prefactor(ONE).formula(number, self.notation)]
        if prefactor.is_one:
            return [*in_front, *rate]
        if prefactor.is_bare:
            return [*in_front, *rate, prefactor.formula(Fraction(1), self.notation)]
        return [*rate, prefactor.formula(number, self.notation)]

    def _product(self, number: Fraction, prefactor: Prefactor) -> list[Piece]:
        """A product, in one piece or broken inside the brackets of its longest polynomials."""
        factors = self._factors(number, prefactor)
        if not factors:
            return []
        whole = row(factors, "product")
        # text has lines without end: there no width needs to be measured
        if isinf(self.widest) or width(whole) < self.widest:
            return [Piece(whole)]
        short: list[Factor] = []
        long: list[Factor] = []
        for polynomial, exponent in prefactor.rest.above[1]:
            # a sum of up to three terms, such as N - B - 1, is not torn apart
            (long if len(polynomial) > 3 else short).append((polynomial, exponent))
        below = prefactor.rest.below
        shorter = replace(prefactor, rest=Factored(False, (1, tuple(short)), below))
        pieces = [Piece(row(self._factors(number, shorter) or [Digits("1")], "product"))]
        for polynomial, exponent in long:
            terms = summands(polynomial, self.notation)
            close = power(Delimiter(")", 1), exponent)
            for k, (negative, term) in enumerate(terms):
                sign = "-" if negative else "+"
                written = [Row((Sign("negative"), term))] if negative and not k else [term]
                opened = [Delimiter("(", 1), *written] if not k else written
                closed = [*opened, close] if k == len(terms) - 1 else opened
                pieces.append(Piece(row(closed, "plain"), sign if k else "", is_factor=not k))
        return pieces

    @staticmethod
    def _sum(weighted: Sequence[tuple[Fraction, list[Piece]]]) -> list[Piece]:
        """A sum whose first sign is outside it."""
        first = weighted[0][0] > 0
        pieces = list(weighted[0][1])
        for number, summand in weighted[1:]:
            pieces += signed((number > 0) != first, summand)
        return pieces


def fill(terms: Iterable[Term], per_line: int, indent: float = _INDENT, line: float = LINE) -> list[Lines]:
    """Put terms on lines: as many as wanted, fewer where they would not fit.

    Args:
        terms: each in pieces.
        per_line: terms on a line, at most.
        indent: of a line that a term begins, in ems.
        line: width of a line, in ems.

    Returns:
        Groups of lines; the first line of a group begins with a term, the others go on with it.
    """
    groups: list[Lines] = []
    count = 0
    filled = 0.0
    for term in terms:
        whole = _width(term)
        last = groups[-1] if groups else []
        if last and len(last) == 1 and count < per_line and indent + filled + whole < line:
            last[0] = (*last[0], *term)
            filled += whole
            count += 1
        else:
            groups.append(_broken(term, indent, line))
            filled = _width(groups[-1][0])
            count = 1
    return groups


def _broken(term: Term, indent: float, line: float) -> Lines:
    lines: Lines = []
    filled = 0.0
    for piece in term:
        edge = indent if len(lines) < 2 else indent + _DEEPER
        if lines and edge + filled + piece.width < line:
            lines[-1] = (*lines[-1], piece)
            filled += piece.width + (0.0 if piece.sign else _THIN)
        else:
            begun = replace(piece, sign="times") if lines and piece.is_factor else piece
            lines.append((begun,))
            filled = begun.width
    return lines


def _width(pieces: Sequence[Piece]) -> float:
    # a piece without a sign is a factor, which a thin space sets apart
    return sum(piece.width for piece in pieces) + _THIN * sum(not piece.sign for piece in pieces[1:])


def signed(negative: bool, pieces: Sequence[Piece]) -> Term:
    """The sign stands with the first piece, and a value that is the first piece is no factor."""
    return (Piece(pieces[0].formula, "-" if negative else "+"), *pieces[1:])


def bracketed(outside: Sequence[Formula], inside: Sequence[Piece]) -> list[Piece]:
    """Factors times a sum in brackets."""
    pieces = [Piece(row(outside, "product"))] if outside else []
    # \left( and \right) cannot stand on different lines, so that the pair has a fixed size
    opened = Piece(_beside(Delimiter("(", 2), *inside[0].parts), is_factor=True)
    middle = [opened, *inside[1:]]
    middle[-1] = replace(middle[-1], formula=_beside(middle[-1].formula, Delimiter(")", 2)))
    return [*pieces, *middle]


def _beside(*parts: Formula) -> Formula:
    """A row of pieces, rows of the same kind taken into it."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, Row) and part.gap == "plain" else (part,)
    return Row(tuple(flat), "plain")


def _times(number: Fraction, value: Formula, notation: Notation) -> Formula:
    return value if number == 1 else Row((Prefactor(ONE).formula(number, notation), value), "product")


_ONE = Piece(Digits("1"))
