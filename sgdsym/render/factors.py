r"""Coefficients factored for reading: :math:`-\frac{T(T-1)}{2B}`, in LaTeX and in text."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING, Any

from sgdsym import formula as tree
from sgdsym.formula import Bracket, Digits, Formula, Row, Sign, Summed, power, row, signed_sum
from sgdsym.render.notation import GREEK, Notation
from sgdsym.series import Coefficient, Power
from sgdsym.series.factoring import factor_list

if TYPE_CHECKING:
    from sympy.polys.rings import PolyElement, PolyRing

Base = str | Power
Monomial = tuple[tuple[Base, int], ...]
Polynomial = tuple[tuple[int, Monomial], ...]
Factor = tuple[Polynomial, int]
# of what is factorised: the degrees in all symbols added, the bits of a number, the symbols
# measured: 180 terms in three symbols, of degree 83 in all and with numbers of 600 bits, take 40 s to factorise
LARGEST_DEGREE, LONGEST_NUMBER, MOST_SYMBOLS = 80, 600, 12
# terms of a factor that is searched for factors of its own
# the same polynomial takes 0.05 s where its factors of more terms are left as they are
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Factored:
    """A coefficient as sign times powers of polynomials over powers of polynomials.

    Attributes:
        negative: whether the sign is minus.
        above: positive integer and polynomials with exponents, of the numerator.
        below: the same of the denominator.
    """

    negative: bool
    above: tuple[int, tuple[Factor, ...]]
    below: tuple[int, tuple[Factor, ...]]

    @property
    def is_number(self) -> bool:
        """Whether no symbol occurs."""
        return not self.above[1] and not self.below[1]

    @property
    def is_one(self) -> bool:
        """Whether it is 1 or -1."""
        return self.is_number and self.above[0] == self.below[0] == 1

    def formula(self, notation: Notation, last: Formula | None = None) -> Formula:
        r"""The absolute value; ``last`` is one more factor of the numerator.

        >>> from sgdsym.formula import to_text
        >>> to_text(factor(Coefficient("T/(2*B) - T**2/(2*B)")).formula(Notation()))
        'T(T - 1)/(2B)'
        """
        style = _Style(notation)
        above = style.product(*self.above)
        if last is not None:
            above = last if self.above == (1, ()) else Row((above, last), "operator")
        return above if self.below == (1, ()) else tree.Fraction(above, style.product(*self.below))

    def signed(self, notation: Notation) -> Formula:
        """The value with its sign."""
        value = self.formula(notation)
        return Row((Sign("negative"), value)) if self.negative else value


@lru_cache(maxsize=4096)
def factor(coefficient: Coefficient) -> Factored:
    """Factor a coefficient over the integers.

    >>> from sgdsym.formula import to_text
    >>> factored = factor(Coefficient("-T**2/(2*B) + T/(2*B)"))
    >>> factored.negative, to_text(factored.formula(Notation()))
    (True, 'T(T - 1)/(2B)')
    """
    numerator, denominator, bases = _fraction(coefficient)
    if not numerator:
        return Factored(False, (0, ()), (1, ()))
    sign, number, above = _factors([(numerator, 1)], bases)
    other_sign, other_number, below = _factors(denominator, bases)
    common = gcd(number, other_number)
    return Factored(sign != other_sign, (number // common, above), (other_number // common, below))


def summands(polynomial: Polynomial, notation: Notation) -> list[tuple[bool, Formula]]:
    """The terms of a polynomial, each with whether it is subtracted."""
    return _Style(notation).summands(polynomial)


def unsigned_number(number: Fraction) -> Formula:
    """A number as it stands in a product: a whole one as it is, any other in brackets."""
    return Digits(str(number)) if number.denominator == 1 and number >= 0 else Bracket(Digits(str(number)))


def exponents_of(factored: Factored) -> dict[Polynomial, int]:
    """The exponents of the factors, negative below; those that are above and below cancel."""
    found = dict(factored.above[1])
    for polynomial, exponent in factored.below[1]:
        found[polynomial] = found.get(polynomial, 0) - exponent
    return found


def product_of(exponents: Mapping[Polynomial, int]) -> Factored:
    """Factors above and below, single symbols first."""
    ordered = sorted(exponents.items(), key=lambda power: (len(power[0]) > 1, str(power[0])))
    above = tuple((polynomial, exponent) for polynomial, exponent in ordered if exponent > 0)
    below = tuple((polynomial, -exponent) for polynomial, exponent in ordered if exponent < 0)
    return Factored(False, (1, above), (1, below))


def split(coefficient: Coefficient) -> list[Coefficient]:
    """The coefficient as a sum, one part for each combination of powers of the symbols that divide.

    A long coefficient reads better as such a sum than over a common denominator.

    >>> split(Coefficient("T**2 - T/2 - T/(2*B)"))
    [Coefficient('T**2 - T/2'), Coefficient('-T/(2*B)')]
    """
    monomials = coefficient.monomials()
    if coefficient.poles or any(isinstance(base, Power) for _, powers in monomials for base, _ in powers):
        return [coefficient]
    dividing = {base for _, powers in monomials for base, e in powers if e < 0}
    parts: dict[Monomial, list[Coefficient]] = {}
    for number, powers in monomials:
        key = tuple((base, e) for base, e in powers if base in dividing)
        parts.setdefault(key, []).append(Coefficient.product(powers) * number)
    ordered = sorted(parts, key=lambda key: (-sum(e for _, e in key), key))
    return [Coefficient.total(parts[key]) for key in ordered]


@lru_cache(maxsize=256)
def _ring(names: tuple[str, ...]) -> PolyRing:
    """Polynomials over the integers in symbols of these names."""
    import sympy
    from sympy.polys.rings import PolyRing

    return PolyRing([sympy.Symbol(name) for name in names], sympy.ZZ)


def _fraction(coefficient: Coefficient) -> tuple[PolyElement, list[tuple[PolyElement, int]], list[Base]]:
    """Numerator and factors of the denominator, nothing in common, in one polynomial ring over the integers, and its generators."""
    # the order of the generators makes T - 1, T - B and N - B the positive forms
    monomials = coefficient.monomials()
    parts = [monomials, *(pole.monomials() for pole in coefficient.poles)]
    names = sorted({base for part in parts for _, powers in part for base, _ in powers}, key=str, reverse=True) or ["T"]
    domain = _ring(tuple(map(str, names)))
    scale = lcm(*(number.denominator for number, _ in monomials))
    # negative powers are multiplied out of the numerator and become the first factor of the denominator
    lowest = [min([0, *(dict(powers).get(name, 0) for _, powers in monomials)]) for name in names]

    def polynomial(terms: list[tuple[Fraction, Monomial]], factor: int, shift: list[int]) -> PolyElement:
        exponents = ([dict(powers).get(name, 0) for name in names] for _, powers in terms)
        return domain.from_dict(
            {
                tuple(e - low for e, low in zip(row, shift, strict=True)): int(number * factor)
                for row, (number, _) in zip(exponents, terms, strict=True)
            }
        )

    denominator = [(domain.from_dict({tuple(-low for low in lowest): scale}), 1)]
    for pole, exponent in coefficient.denominators:
        denominator.append((polynomial(pole.monomials(), 1, [0] * len(names)), exponent))
    return polynomial(monomials, scale, lowest), denominator, names


def _factors(product: Iterable[tuple[PolyElement, int]], bases: Sequence[Base]) -> tuple[int, int, tuple[Factor, ...]]:
    """Sign, positive integer and irreducible factors of a product of powers, symbols first."""
    total = 1
    rates: set[Base | Fraction] = {base for base in bases if is_rate(base)}
    rates |= {name for base in bases if isinstance(base, Power) for name in (base, base.base)}
    found: dict[Polynomial, int] = {}
    for polynomial, times in product:
        number, factors = factor_list(polynomial, LONGEST) if _is_moderate(polynomial) else _split(polynomial)
        total *= int(number) ** times
        for base, exponent in factors:
            key, flipped = _oriented(_terms(base, bases), rates)
            # (1 - μ)^e = (-1)^e (μ - 1)^e
            total *= (-1) ** (int(exponent) * times) if flipped else 1
            found[key] = found.get(key, 0) + int(exponent) * times
    powers: list[Factor] = sorted(
        found.items(),
        key=lambda power: (len(power[0]) > 1, -power[1] if len(power[0]) > 1 else 0, str(power[0])),
    )
    return (1 if total > 0 else -1), abs(total), tuple(powers)


def is_rate(name: Base) -> bool:
    r"""Whether a symbol stands for a number around or below one, such as a momentum: those have small Greek letters, sizes have capitals.

    >>> is_rate("mu"), is_rate("beta_1"), is_rate("T")
    (True, True, False)
    """
    word = name.partition("_")[0] if isinstance(name, str) else ""
    return word in GREEK and word.islower()


def _oriented(polynomial: Polynomial, rates: Container[Base | Fraction]) -> tuple[Polynomial, bool]:
    r"""A polynomial of rates alone as it is written, :math:`1-\mu` and never :math:`\mu-1`, and whether its sign was changed for that."""
    names = {base for _, monomial in polynomial for base, _ in monomial}
    if len(polynomial) == 1 or not all(name in rates for name in names):
        return polynomial, False
    rising = tuple(reversed(polynomial))
    if rising[0][0] > 0:
        return rising, False
    return tuple((-number, monomial) for number, monomial in rising), True


def _is_moderate(polynomial: PolyElement) -> bool:
    """Whether factorising takes a moment: the time grows with high powers of the degree and of the length of the numbers."""
    if len(polynomial.ring.gens) > MOST_SYMBOLS:
        return False
    longest = max(map(int.bit_length, map(int, polynomial.coeffs())), default=0)
    return sum(polynomial.degrees()) <= LARGEST_DEGREE and longest <= LONGEST_NUMBER


def _split(polynomial: PolyElement) -> tuple[int, list[tuple[PolyElement, int]]]:
    """A number, the symbols that divide all terms, and the rest as it is."""
    number, rest = polynomial.primitive()
    number, rest = (-number, -rest) if rest.LC < 0 else (number, rest)
    lowest = tuple(map(min, zip(*rest.monoms(), strict=True)))
    symbols = [(x, exponent) for x, exponent in zip(rest.ring.gens, lowest, strict=True) if exponent]
    return number, [*symbols, (rest.quo(rest.ring.term_new(lowest, rest.ring.domain.one)), 1)]


def _terms(polynomial: Any, bases: Sequence[Base]) -> Polynomial:
    return tuple(
        (int(number), tuple((base, e) for base, e in zip(bases, exponents, strict=True) if e))
        for exponents, number in polynomial.terms()
    )


@dataclass(frozen=True, slots=True)
class _Style:
    """The way in which symbols and powers are written."""

    notation: Notation

    def named(self, base: Base, exponent: int) -> tuple[Formula, int]:
        """A symbol and its exponent; of a power such as ``mu**T`` the exponents are written as one."""
        if isinstance(base, str):
            return self.notation.size_symbol(base), exponent
        root = self.notation.size_symbol(base.base) if isinstance(base.base, str) else unsigned_number(base.base)
        return power(root, self.inline(base.exponent * exponent)), 1

    def inline(self, exponent: Coefficient) -> Formula:
        """A coefficient on one line."""
        factored = factor(exponent)
        above, below = self.product(*factored.above), self.product(*factored.below)
        whole = factored.below == (1, ())
        if not factored.negative and whole:
            return above.inside if isinstance(above, Bracket) else above
        quotient = (above,) if whole else (above, Sign("/"), below)
        return Row((Sign("negative"), *quotient) if factored.negative else quotient)

    def product(self, number: int, powers: Iterable[Factor]) -> Formula:
        factors: list[tuple[Formula, int]] = []
        for polynomial, exponent in powers:
            if len(polynomial) == 1:
                ((_, monomial),) = polynomial
                factors += [self.named(name, e * exponent) for name, e in monomial]
            else:
                factors.append((Bracket(signed_sum(self.summands(polynomial))), exponent))
        return _side_by_side(number, factors)

    def summands(self, polynomial: Polynomial) -> list[tuple[bool, Formula]]:
        return [
            (number < 0, _side_by_side(abs(number), [self.named(name, e) for name, e in monomial]))
            for number, monomial in polynomial
        ]


def _side_by_side(number: int, factors: Sequence[tuple[Formula, int]]) -> Formula:
    # what is added goes on to the end of a product, so that a sum is in brackets that is raised to a power, or not the last
    last = len(factors) - 1
    factors = [
        (Bracket(base) if isinstance(base, Summed) and (exponent > 1 or k < last) else base, exponent)
        for k, (base, exponent) in enumerate(factors)
    ]
    front = [] if number == 1 and factors else [Digits(str(number))]
    return row([*front, *(power(base, exponent) for base, exponent in factors)], "tight")
