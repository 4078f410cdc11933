"""The terms of one order as pieces between which a line may be broken, and the lines they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sgdsym.diagrams import Diagram
from sgdsym.render.factors import Factor, Factored, latex_summands
from sgdsym.render.notation import Notation
from sgdsym.render.prefactors import ONE, Parts, Prefactor, common, parts
from sgdsym.render.typesetting import Typesetting
from sgdsym.render.width import LINE, width
from sgdsym.series import Coefficient

SPACE = r" \, "
_WIDEST = 0.8 * LINE  # a product that is wider is broken inside its brackets
_INDENT = _DEEPER = 1.0  # \quad


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that stays on one line; a break is allowed before it, and then ``mark`` stands in front."""

    text: str
    mark: str = ""


Term = tuple[Piece, ...]
Value = Callable[[Diagram], str]


def order_terms(
    terms: Sequence[tuple[Diagram, Coefficient]], rate: str, value: Value, typesetting: Typesetting
) -> list[Term]:
    """The terms of one order, signs included, in the order in which they are written.

    Args:
        terms: diagrams of one order with their coefficients.
        rate: the power of the learning rate that stands in each term, or nothing.
        value: writes the value of a diagram.
        typesetting: all choices.
    """
    writer = _Writer(rate, typesetting.notation)
    found = [(diagram, parts(c, typesetting.polynomials, typesetting.lengths)) for diagram, c in terms]
    if not typesetting.collect:
        return [writer.term(part, value(diagram), typesetting.polynomials != "factored") for diagram, part in found]
    collected: dict[Prefactor, list[tuple[Fraction, str]]] = {}
    for diagram, part in found:
        text = value(diagram)
        for number, prefactor in part:
            collected.setdefault(prefactor, []).append((number, text))
    ordered = sorted(collected.items(), key=lambda item: -item[0].degree)
    return [writer.collected(prefactor, values) for prefactor, values in ordered]


def coefficient_lines(coefficient: Coefficient, typesetting: Typesetting, line: float) -> list[str]:
    """A coefficient on its own, sign included, broken into lines of at most ``line`` ems where that can be done."""
    writer = _Writer("", typesetting.notation, 0.8 * line)
    found = parts(coefficient, typesetting.polynomials, typesetting.lengths)
    (group,) = fill([writer.term(found, "", typesetting.polynomials != "factored")], 1, 0.0, line)
    return [group[0].removeprefix("+ "), *group[1:]]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes terms: numbers before the learning rate, sizes behind it, the value last."""

    rate: str
    notation: Notation
    widest: float = _WIDEST

    def term(self, part: Parts, value: str, factor_out: bool) -> Term:
        """A coefficient times a value, or on its own where there is none."""
        valued = [Piece(value, r"\times ")] if value else []
        if len(part) == 1:
            ((number, prefactor),) = part
            product = self._product(abs(number), prefactor)
            return _signed(number < 0, [*product, *valued] or [Piece("1")])
        if factor_out:
            content, shared, left = common(part)
        else:
            content, shared, left = Fraction(1 if part[0][0] > 0 else -1), ONE, part
        outside = self._factors(abs(content), Prefactor(shared))
        inner = replace(self, rate="")
        inside = self._sum([(n, inner._product(abs(n), p) or [Piece("1")]) for n, p in left])
        return _signed(content < 0, [*_bracketed(outside, inside), *valued])

    def collected(self, prefactor: Prefactor, values: Sequence[tuple[Fraction, str]]) -> Term:
        """A prefactor times a sum of values."""
        if len(values) == 1:
            ((number, value),) = values
            return self.term(((number, prefactor),), value, True)
        negative = values[0][0] < 0
        outside = self._factors(Fraction(1), prefactor)
        signs = [(-n if negative else n, [Piece(_times(abs(n), value, self.notation))]) for n, value in values]
        inside = self._sum(signs)
        if not outside and not negative:
            return _signed(False, inside)
        return _signed(negative, _bracketed(outside, inside))

    def _factors(self, number: Fraction, prefactor: Prefactor) -> list[str]:
        rate = [self.rate] if self.rate else []
        in_front = [] if number == 1 else [Prefactor(ONE).latex(number, self.notation)]
        if prefactor.is_one:
            return [*in_front, *rate]
        if prefactor.is_bare:
            return [*in_front, *rate, prefactor.latex(Fraction(1), self.notation)]
        return [*rate, prefactor.latex(number, self.notation)]

    def _product(self, number: Fraction, prefactor: Prefactor) -> list[Piece]:
        """A product, in one piece or broken inside the brackets of its longest polynomials."""
        whole = SPACE.join(self._factors(number, prefactor))
        if width(whole) < self.widest:
            return [Piece(whole)] if whole else []
        short: list[Factor] = []
        long: list[Factor] = []
        for polynomial, exponent in prefactor.rest.above[1]:
            (long if len(polynomial) > 3 else short).append((polynomial, exponent))
        below = prefactor.rest.below
        shorter = replace(prefactor, rest=Factored(False, (1, tuple(short)), below))
        pieces = [Piece(SPACE.join(self._factors(number, shorter)))]
        for polynomial, exponent in long:
            summands = latex_summands(polynomial, self.notation)
            summands[0] = rf"\bigl( {summands[0]}"
            summands[-1] += r" \bigr)" + (f"^{{{exponent}}}" if exponent > 1 else "")
            pieces += [Piece(summands[0], r"\times "), *map(Piece, summands[1:])]
        return pieces

    @staticmethod
    def _sum(signed: Sequence[tuple[Fraction, list[Piece]]]) -> list[Piece]:
        """A sum whose first sign is outside it."""
        first = signed[0][0] > 0
        pieces = list(signed[0][1])
        for number, summand in signed[1:]:
            pieces += _signed((number > 0) != first, summand)
        return pieces


def fill(terms: Iterable[Term], per_line: int, indent: float = _INDENT, line: float = LINE) -> list[list[str]]:
    """Put terms on lines: as many as wanted, fewer where they would not fit.

    Args:
        terms: each in pieces.
        per_line: terms on a line, at most.
        indent: of a line that a term begins, in ems.
        line: width of a line, in ems.

    Returns:
        Groups of lines; the first line of a group begins with a term, the others go on with it.
    """
    groups: list[list[str]] = []
    count = 0
    for term in terms:
        whole = _joined(term)
        last = groups[-1] if groups else []
        if last and len(last) == 1 and count < per_line and indent + width(f"{last[0]} {whole}") < line:
            last[0] += f" {whole}"
            count += 1
        else:
            groups.append(_broken(term, indent, line))
            count = 1
    return groups


def _broken(term: Term, indent: float, line: float) -> list[str]:
    lines: list[str] = []
    for piece in term:
        edge = indent if len(lines) < 2 else indent + _DEEPER
        if lines and edge + width(f"{lines[-1]} {piece.text}") < line:
            lines[-1] = _joined([Piece(lines[-1]), piece])
        else:
            lines.append((piece.mark if lines else "") + piece.text)
    return lines


def _joined(pieces: Sequence[Piece]) -> str:
    text = pieces[0].text
    for piece in pieces[1:]:
        signed = piece.text[:2] in ("+ ", "- ")
        text += f" {piece.text}" if signed or len(text) < 2 else f"{SPACE}{piece.text}"
    return text


def _signed(negative: bool, pieces: Sequence[Piece]) -> Term:
    """The sign stands with the first piece, and a value that is the first piece needs no mark."""
    first = Piece(f"{'-' if negative else '+'} {pieces[0].text}")
    return (first, *pieces[1:])


def _bracketed(outside: Sequence[str], inside: Sequence[Piece]) -> list[Piece]:
    """Factors times a sum in brackets."""
    pieces = [Piece(SPACE.join(outside))] if outside else []
    opened = replace(inside[0], text=rf"\Bigl( {inside[0].text}", mark=r"\times ")
    pieces += [opened, *inside[1:]]
    return [*pieces[:-1], replace(pieces[-1], text=rf"{pieces[-1].text} \Bigr)")]


def _times(number: Fraction, value: str, notation: Notation) -> str:
    return value if number == 1 else SPACE.join([Prefactor(ONE).latex(number, notation), value])
