r"""Coefficients factored for reading: :math:`-\frac{T(T-1)}{2B}`, in LaTeX and in text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING, Any

from sgdsym.render.notation import Notation
from sgdsym.render.scripts import raised
from sgdsym.series import Coefficient, Power

if TYPE_CHECKING:
    from sympy.polys.rings import PolyElement

Base = str | Power
Monomial = tuple[tuple[Base, int], ...]
Polynomial = tuple[tuple[int, Monomial], ...]
Factor = tuple[Polynomial, int]
_SUMS = ("Σ", r"\sum")  # what is added goes on to the end of a product
# of what is factorised: the degrees in all symbols added, the bits of a number, the symbols
LARGEST_DEGREE, LONGEST_NUMBER, MOST_SYMBOLS = 80, 600, 12


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

    def latex(self, notation: Notation | None = None, last: str = "") -> str:
        r"""The absolute value in LaTeX; ``last`` is one more factor of the numerator.

        >>> factor(Coefficient("T/(2*B) - T**2/(2*B)")).latex()
        '\\frac{T(T - 1)}{2B}'
        """
        style = _latex_style(notation or Notation())
        above = style.product(*self.above)
        if last:
            above = last if above == "1" else f"{above} {last}"
        if self.below == (1, ()):
            return above
        return rf"\frac{{{_bare(above)}}}{{{_bare(style.product(*self.below))}}}"

    def text(self, words: Mapping[str, str] | None = None) -> str:
        """The absolute value in unicode; ``words`` are what symbols are written as that do not stand as they are.

        >>> factor(Coefficient("T/(2*B) - T**2/(2*B)")).text()
        'T(T - 1)/(2B)'
        """
        style = replace(_TEXT, symbol=lambda name: words.get(name, name)) if words else _TEXT
        above = style.product(*self.above)
        if self.below == (1, ()):
            return above
        below = style.product(*self.below)
        number, powers = self.below
        single = not powers or (number == 1 and len(powers) == 1)
        return f"{above}/{below}" if single else f"{above}/({below})"


@lru_cache(maxsize=4096)
def factor(coefficient: Coefficient) -> Factored:
    """Factor a coefficient over the integers.

    >>> factor(Coefficient("-T**2/(2*B) + T/(2*B)")).text()
    'T(T - 1)/(2B)'
    """
    numerator, denominator, bases = _fraction(coefficient)
    if not numerator:
        return Factored(False, (0, ()), (1, ()))
    sign, number, above = _factors([(numerator, 1)], bases)
    other_sign, other_number, below = _factors(denominator, bases)
    common = gcd(number, other_number)
    return Factored(sign != other_sign, (number // common, above), (other_number // common, below))


def latex_summands(polynomial: Polynomial, notation: Notation) -> list[str]:
    """The terms of a polynomial in LaTeX, each with its sign but for a first plus."""
    return _latex_style(notation).summands(polynomial)


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


def _fraction(coefficient: Coefficient) -> tuple[PolyElement, list[tuple[PolyElement, int]], list[Base]]:
    """Numerator and factors of the denominator, nothing in common, in one polynomial ring over the integers, and its generators."""
    import sympy
    from sympy.polys.rings import ring

    # the order of the generators makes T - 1, T - B and N - B the positive forms
    monomials = coefficient.monomials()
    parts = [monomials, *(pole.monomials() for pole in coefficient.poles)]
    names = sorted({base for part in parts for _, powers in part for base, _ in powers}, key=str, reverse=True) or ["T"]
    domain, *_ = ring([sympy.Symbol(str(name)) for name in names], sympy.ZZ)
    scale = lcm(*(number.denominator for number, _ in monomials))
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
    found: dict[Polynomial, int] = {}
    for polynomial, times in product:
        number, factors = polynomial.factor_list() if _is_moderate(polynomial) else _split(polynomial)
        total *= int(number) ** times
        for base, exponent in factors:
            key = _terms(base, bases)
            found[key] = found.get(key, 0) + int(exponent) * times
    powers: list[Factor] = sorted(
        found.items(),
        key=lambda power: (len(power[0]) > 1, -power[1] if len(power[0]) > 1 else 0, str(power[0])),
    )
    return (1 if total > 0 else -1), abs(total), tuple(powers)


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
    """How symbols and powers are written, and what parts a word from its neighbour."""

    symbol: Callable[[str], str]
    number: Callable[[Fraction], str]
    power: Callable[[str, int], str]
    raised: Callable[[str, str], str]
    space: str

    def named(self, base: Base, exponent: int) -> tuple[str, int]:
        """A symbol and its exponent; of a power such as ``mu**T`` the exponents are written as one."""
        if isinstance(base, str):
            return self.symbol(base), exponent
        root = self.symbol(base.base) if isinstance(base.base, str) else self.number(base.base)
        return self.raised(root, self.inline(base.exponent * exponent)), 1

    def inline(self, exponent: Coefficient) -> str:
        """A coefficient on one line."""
        factored = factor(exponent)
        above, below = self.product(*factored.above), self.product(*factored.below)
        sign = "-" if factored.negative else ""
        if below == "1":
            return f"-{above}" if sign else _bare(above)
        return f"{sign}{above}/{below}"

    def product(self, number: int, powers: Iterable[Factor]) -> str:
        factors: list[tuple[str, int]] = []
        for polynomial, exponent in powers:
            if len(polynomial) == 1:
                ((_, monomial),) = polynomial
                factors += [self.named(name, e * exponent) for name, e in monomial]
            else:
                factors.append((f"({self.sum(polynomial)})", exponent))
        return self.side_by_side(number, factors)

    def sum(self, polynomial: Polynomial) -> str:
        return " ".join(self.summands(polynomial))

    def summands(self, polynomial: Polynomial) -> list[str]:
        found: list[str] = []
        for number, monomial in polynomial:
            term = self.side_by_side(abs(number), [self.named(name, e) for name, e in monomial])
            sign = "-" if number < 0 else "+"
            found.append(f"{sign} {term}" if found else term if number > 0 else f"-{term}")
        return found

    def side_by_side(self, number: int, factors: Sequence[tuple[str, int]]) -> str:
        text, last = ("" if number == 1 and factors else str(number)), ""
        for base, exponent in self.bracketed(factors):
            apart = any(len(word) > 1 and word[0] != "(" for word in (last, base)) or (
                # a number runs into no sum
                text and base.startswith(_SUMS)
            )
            text += (self.space if text and apart else "") + self.power(base, exponent)
            last = base
        return text

    def bracketed(self, factors: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Factors in which a sum is in brackets that is raised to a power, or not the last."""
        return [
            (f"({base})" if base.startswith(_SUMS) and (exponent > 1 or i < len(factors) - 1) else base, exponent)
            for i, (base, exponent) in enumerate(factors)
        ]


def _latex_style(notation: Notation) -> _Style:
    return _Style(
        notation.size,
        lambda number: str(number) if number.denominator == 1 and number >= 0 else f"({number})",
        lambda base, e: base if e == 1 else f"{base}^{{{e}}}",
        lambda base, power: f"{base}^{{{power}}}",
        r"\,",
    )


_TEXT = _Style(
    lambda name: name,
    lambda number: str(number) if number.denominator == 1 and number >= 0 else f"({number})",
    lambda base, e: base + raised(e),
    lambda base, power: f"{base}^{power}" if power.isalnum() else f"{base}^({power})",
    " ",
)


def _bare(text: str) -> str:
    """Without brackets around the whole."""
    inner = text[1:-1]
    return inner if text.startswith("(") and text.endswith(")") and not set(inner) & set("()") else text
