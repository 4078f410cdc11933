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

from sgdsym.formula import Accent, Binomial, Digits, Formula, Row, Scripts
from sgdsym.render.factors import Factored, Polynomial, factor, split
from sgdsym.render.notation import Notation
from sgdsym.series import Coefficient, Power

Polynomials = Literal["factored", "binomial", "falling", "power"]
POLYNOMIALS: tuple[Polynomials, ...] = ("factored", "binomial", "falling", "power")
MONOMIALS = 8  # a coefficient of more is written as a sum, which reads better and is quicker to factor
ONE = Factored(False, (1, ()), (1, ()))


@dataclass(frozen=True, slots=True)
class Prefactor:
    """What multiplies a number in a coefficient.

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


@lru_cache(maxsize=4096)
def parts(coefficient: Coefficient, kind: Polynomials, lengths: tuple[str, ...]) -> Parts:
    r"""The coefficient as a sum of numbers times prefactors, in the order in which they are written.

    Args:
        coefficient: any coefficient.
        kind: how polynomials of the length of the run are written; ``"factored"`` leaves them as products.
        lengths: the symbols that may be the length; the first that occurs is, unless it divides.

    Source: :math:`p(T) = \sum_k \Delta^k p(0) \binom Tk`, Newton's forward differences.

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
    below = prod((pole**e for pole, e in coefficient.denominators), start=Coefficient(1))
    found: list[tuple[Fraction, Prefactor]] = []
    for rest, degrees in grouped.items():
        for degree, number in _in_basis(degrees, kind):
            factored = factor(rest / below)
            signed = -number if factored.negative else number
            found.append((signed * _number(factored), Prefactor(_numberless(factored), kind, name, degree)))
    return tuple(found)


def common(found: Parts) -> tuple[Fraction, Factored, Parts]:
    """Number and sizes that all parts share, and what is left of them: integers without a common divisor.

    The number is negative if the first part is.
    """
    numbers = [number for number, _ in found]
    content = Fraction(gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers)))
    content = -content if numbers[0] < 0 else content
    exponents = [_exponents(prefactor.rest) for _, prefactor in found]
    factors = dict.fromkeys(base for powers in exponents for base in powers)
    least = {base: min(powers.get(base, 0) for powers in exponents) for base in factors}
    left = []
    for (number, prefactor), powers in zip(found, exponents, strict=True):
        rest = _product({base: powers.get(base, 0) - least[base] for base in factors})
        left.append((number / content, replace(prefactor, rest=rest)))
    return content, _product(least), tuple(left)


def _exponents(factored: Factored) -> dict[Polynomial, int]:
    """The exponents of the factors, negative below."""
    return dict(factored.above[1]) | {polynomial: -exponent for polynomial, exponent in factored.below[1]}


def _product(exponents: dict[Polynomial, int]) -> Factored:
    """Factors above and below, single symbols first."""
    ordered = sorted(exponents.items(), key=lambda power: (len(power[0]) > 1, str(power[0])))
    above = tuple((polynomial, exponent) for polynomial, exponent in ordered if exponent > 0)
    below = tuple((polynomial, -exponent) for polynomial, exponent in ordered if exponent < 0)
    return Factored(False, (1, above), (1, below))


def _products(coefficient: Coefficient) -> Parts:
    summands = split(coefficient) if len(coefficient.monomials()) > MONOMIALS else [coefficient]
    found = []
    for summand in summands:
        factored = factor(summand)
        number = -_number(factored) if factored.negative else _number(factored)
        found.append((number, Prefactor(_numberless(factored))))
    return tuple(found)


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
        difference = sum(((-1) ** (k - x) * comb(k, x) * values[x] for x in range(k + 1)), Fraction(0))
        found.append((k, difference / factorial(k) if kind == "falling" else difference))
    return [(k, c) for k, c in found if c]


def _number(factored: Factored) -> Fraction:
    return Fraction(factored.above[0], factored.below[0])


def _numberless(factored: Factored) -> Factored:
    return Factored(False, (1, factored.above[1]), (1, factored.below[1]))
