r"""Coefficients as sums of numbers times prefactors: products, binomials, falling factorials or powers of the length of a run.

.. math:: \frac{T(2T-1)}{2B} = \frac1{2B}\Bigl(4\binom T2 + T\Bigr) = \frac1{2B}\bigl(2T^{\underline 2} + T\bigr)
    = \frac1{2B}\bigl(2T^2 - T\bigr)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial, gcd, lcm, prod
from typing import Literal

from sgdsym import formula as tree
from sgdsym.formula import Accent, Binomial, Bracket, Digits, Formula, Row, Scripts, signed_sum, to_text
from sgdsym.render.factors import Factored, exponents_of, factor, is_rate, product_of, split
from sgdsym.render.notation import Notation
from sgdsym.render.shapes import cost, geometric_shapes
from sgdsym.series import Coefficient, Power

Polynomials = Literal["factored", "binomial", "falling", "power"]
POLYNOMIALS: tuple[Polynomials, ...] = ("factored", "binomial", "falling", "power")
MONOMIALS = 8  # a coefficient of more is written as a sum, which reads better and is quicker to factor
ONE = Factored(False, (1, ()), (1, ()))


@dataclass(frozen=True, slots=True)
class Prefactor:
    """A factor that multiplies a number in a coefficient.

    Attributes:
        rest: sizes above and below, without a number.
        kind: how the polynomial of the length is written; ``"factored"`` if it is part of ``rest``.
        name: the symbol of the length.
        degree: of the binomial, the falling factorial or the power.
    """

    rest: Factored
    kind: Polynomials = "factored"
    name: str = ""
    degree: int = 0

    @property
    def is_one(self) -> bool:
        """Whether nothing is left but the number."""
        return self.rest.is_one and not self.degree

    @property
    def is_bare(self) -> bool:
        """Whether nothing but a binomial, or a falling factorial, is left besides the number."""
        return self.rest.is_one and self.degree > 1 and self.kind != "power"

    def formula(self, number: Fraction, notation: Notation) -> Formula:
        """The prefactor times a positive number; ``1`` if that is all."""
        above, below = self.rest.above[1], self.rest.below[1]
        if self.degree and (self.degree == 1 or self.kind == "power"):
            above = ((((1, ((self.name, 1),)),), self.degree), *above)
        scaled = Factored(False, (number.numerator, above), (number.denominator, below))
        if self.degree < 2 or self.kind == "power":
            return scaled.formula(notation)
        name, degree = notation.size_symbol(self.name), Digits(str(self.degree))
        if self.kind == "falling":
            return scaled.formula(notation, Scripts(name, above=Accent("underline", degree)))
        binomial = Binomial(name, degree)
        return binomial if scaled.is_one else Row((scaled.formula(notation), binomial), "operator")


Parts = tuple[tuple[Fraction, Prefactor], ...]
Arrangement = tuple[Fraction, Factored, Parts]
_USUAL = Notation()


@lru_cache(maxsize=4096)
def parts(coefficient: Coefficient, kind: Polynomials, lengths: tuple[str, ...]) -> Parts:
    r"""The coefficient as a sum of numbers times prefactors, in the order in which they are written.

    Args:
        coefficient: any coefficient.
        kind: how polynomials of the length of the run are written; ``"factored"`` leaves them as products.
        lengths: the symbols that may be the length; the first that occurs is, unless it divides.

    Derivation: :math:`p(T) = \sum_k \Delta^k p(0) \binom Tk`, Newton's forward differences.

    >>> T = Coefficient.symbol("T")
    >>> [(str(n), p.degree) for n, p in parts(T * (2 * T - 1) / 2, "binomial", ("T",))]
    [('2', 2), ('1/2', 1)]
    """
    name = next((name for name in lengths if name in coefficient.symbols), None)
    if kind == "factored" or name is None or not _is_polynomial(coefficient, name):
        return _products(coefficient)
    grouped: dict[Coefficient, dict[int, Fraction]] = {}
    for number, powers in coefficient.monomials():
        rest = Coefficient.product((base, e) for base, e in powers if base != name)
        degrees = grouped.setdefault(rest, {})
        degree = dict(powers).get(name, 0)
        degrees[degree] = degrees.get(degree, Fraction(0)) + number
    # monomials are those of the numerator, so that the denominators are divided by at the end
    below = prod((pole**e for pole, e in coefficient.denominators), start=Coefficient(1))
    found: list[tuple[Fraction, Prefactor]] = []
    for rest, degrees in grouped.items():
        for degree, number in _in_basis(degrees, kind):
            factored = factor(rest / below)
            signed = -number if factored.negative else number
            found.append((signed * _number(factored), Prefactor(_numberless(factored), kind, name, degree)))
    return tuple(found)


@lru_cache(maxsize=4096)
def arranged(found: Parts) -> Arrangement:
    """The factors before a bracket and the parts inside, at least :func:`~sgdsym.render.shapes.cost` to a reader."""
    # the cost is that of the usual symbols, so that a reader's own change letters and never the shape
    return min(_arrangements(found), key=_cost)


def _arrangements(found: Parts) -> list[Arrangement]:
    sign = Fraction(1 if found[0][0] > 0 else -1)
    plain = (sign, ONE, tuple((number / sign, prefactor) for number, prefactor in found))
    return [plain, common(found, whole=False), common(found)] if len(found) > 1 and _has_rate(found) else [plain]


def _has_rate(found: Parts) -> bool:
    """Whether a rate occurs, so that the literature brings all over its powers."""
    polynomials = (
        p for _, prefactor in found for half in (prefactor.rest.above, prefactor.rest.below) for p, _ in half[1]
    )
    return any(isinstance(b, Power) or is_rate(b) for p in polynomials for _, powers in p for b, _ in powers)


def _cost(arrangement: Arrangement) -> int:
    quotient = arranged_quotient(arrangement, _USUAL)
    if quotient is not None:
        return cost(to_text(quotient))
    content, shared, left = arrangement
    inside = _summed(left, _USUAL)
    if abs(content) == 1 and shared.is_one:
        return cost(to_text(Bracket(inside) if len(left) > 1 else inside))
    return cost(to_text(Row((Prefactor(shared).formula(abs(content), _USUAL), Bracket(inside)), "product")))


def arranged_quotient(arrangement: Arrangement, notation: Notation) -> Formula | None:
    """The absolute value as one quotient with a sum above, where that has no fractions of its own."""
    content, shared, left = arrangement
    number = abs(content)
    if number.denominator == 1 and not shared.below[1]:
        return None
    if any(part.denominator != 1 or prefactor.rest.below[1] for part, prefactor in left):
        return None
    numerator = _summed(left, notation)
    if number.numerator != 1 or shared.above[1]:
        above = Prefactor(Factored(False, (1, shared.above[1]), (1, ())))
        numerator = Row((above.formula(Fraction(number.numerator), notation), Bracket(numerator)), "tight")
    below = Prefactor(Factored(False, (1, shared.below[1]), (1, ())))
    return tree.Fraction(numerator, below.formula(Fraction(number.denominator), notation))


def _summed(left: Parts, notation: Notation) -> Formula:
    """The sum of parts, its first sign left out."""
    first = left[0][0] > 0
    return signed_sum([((n > 0) != first, prefactor.formula(abs(n), notation)) for n, prefactor in left])


def common(found: Parts, whole: bool = True) -> Arrangement:
    """Number and sizes that all parts share, and what is left of them: integers without a common divisor.

    The number is negative if the first part is.

    Args:
        found: parts of a sum.
        whole: whether all are brought over one denominator; otherwise only what divides every part is taken out.
    """
    numbers = [number for number, _ in found]
    # the content of a polynomial over the rationals: what is left are integers without a common divisor (Gauss)
    content = Fraction(gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers)))
    content = -content if numbers[0] < 0 else content
    exponents = [exponents_of(prefactor.rest) for _, prefactor in found]
    factors = dict.fromkeys(base for powers in exponents for base in powers)
    least = {base: min(powers.get(base, 0) for powers in exponents) for base in factors}
    if not whole:
        most = {base: max(powers.get(base, 0) for powers in exponents) for base in factors}
        # a factor is taken out of the denominators only where it is in all of them
        least = {base: e if e > 0 else min(most[base], 0) for base, e in least.items()}
    left = []
    for (number, prefactor), powers in zip(found, exponents, strict=True):
        rest = product_of({base: powers.get(base, 0) - least[base] for base in factors})
        left.append((number / content, replace(prefactor, rest=rest)))
    return content, product_of(least), tuple(left)


def _products(coefficient: Coefficient) -> Parts:
    """The cheapest of the shapes that the coefficient has as a sum of products."""
    shapes = geometric_shapes(coefficient)
    whole = len(coefficient.monomials()) <= MONOMIALS
    shapes.append([_weighted(summand) for summand in ([coefficient] if whole else split(coefficient))])
    found = [tuple((number, Prefactor(rest)) for number, rest in shape) for shape in shapes]
    return found[0] if len(found) == 1 else min(found, key=lambda shape: _cost(arranged(shape)))


def _weighted(coefficient: Coefficient) -> tuple[Fraction, Factored]:
    factored = factor(coefficient)
    return (-_number(factored) if factored.negative else _number(factored)), _numberless(factored)


def _is_polynomial(coefficient: Coefficient, name: str) -> bool:
    """Whether the symbol neither divides nor stands in an exponent."""
    divides = any(name in pole.symbols for pole in coefficient.poles)
    powers = [power for _, powers in coefficient.monomials() for power in powers]
    named = any(isinstance(base, Power) and name in base.symbols for base, _ in powers)
    return not (divides or named or any(base == name and e < 0 for base, e in powers))


def _in_basis(degrees: dict[int, Fraction], kind: Polynomials) -> Sequence[tuple[int, Fraction]]:
    """The coefficients of a polynomial in the basis, highest degree first."""
    if kind == "power":
        return sorted(degrees.items(), reverse=True)
    highest = max(degrees)
    values = [sum((c * x**k for k, c in degrees.items()), Fraction(0)) for x in range(highest + 1)]
    found = []
    for k in range(highest, -1, -1):
        # the k-th forward difference at 0; a falling factorial is k! binomials
        difference = sum(((-1) ** (k - x) * comb(k, x) * values[x] for x in range(k + 1)), Fraction(0))
        found.append((k, difference / factorial(k) if kind == "falling" else difference))
    return [(k, c) for k, c in found if c]


def _number(factored: Factored) -> Fraction:
    return Fraction(factored.above[0], factored.below[0])


def _numberless(factored: Factored) -> Factored:
    return Factored(False, (1, factored.above[1]), (1, factored.below[1]))
