"""Exact division of polynomials in several symbols, to cancel what numerator and denominator have in common.

A polynomial is a mapping from monomials to fractions, a monomial a mapping from names to integer exponents (as sorted
pairs); exponents of the numerator may be negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

Monomial: TypeAlias = tuple[tuple[str, int], ...]
Polynomial: TypeAlias = Mapping[Monomial, Fraction]


def divide_exactly(numerator: Polynomial, divisor: Polynomial) -> dict[Monomial, Fraction] | None:
    """The quotient, or ``None`` if the division leaves a remainder.

    Division by one polynomial in lexicographic order: as the divisor alone is a Gröbner basis of its ideal, the
    remainder is zero if and only if it divides.

    Args:
        numerator: negative exponents are allowed.
        divisor: without negative exponents, and not divisible by a symbol.

    >>> x = (("x", 1),)
    >>> divide_exactly({(("x", 2),): Fraction(1), (): Fraction(-1)}, {x: Fraction(1), (): Fraction(1)})
    {(('x', 1),): Fraction(1, 1), (): Fraction(-1, 1)}
    >>> divide_exactly({(("x", 2),): Fraction(1)}, {x: Fraction(1), (): Fraction(1)}) is None
    True
    """
    names = sorted({name for p in (numerator, divisor) for monomial in p for name, _ in monomial})
    rest = {_exponents(monomial, names): c for monomial, c in numerator.items() if c}
    # make the numerator a polynomial: the divisor has no symbol as a factor, so this changes nothing
    lowest = tuple(min((e[i] for e in rest), default=0) for i in range(len(names)))
    rest = {tuple(a - b for a, b in zip(e, lowest, strict=True)): c for e, c in rest.items()}
    parts = {_exponents(monomial, names): c for monomial, c in divisor.items()}
    lead = max(parts)
    quotient: dict[tuple[int, ...], Fraction] = {}
    while rest:
        top = max(rest)
        shift = tuple(a - b for a, b in zip(top, lead, strict=True))
        if min(shift, default=0) < 0:
            return None
        factor = quotient[shift] = rest[top] / parts[lead]
        for exponents, c in parts.items():
            place = tuple(a + b for a, b in zip(exponents, shift, strict=True))
            left = rest.get(place, Fraction(0)) - factor * c
            if left:
                rest[place] = left
            else:
                rest.pop(place, None)
    return {
        tuple((name, a + b) for name, a, b in zip(names, e, lowest, strict=True) if a + b): c
        for e, c in quotient.items()
    }


def _exponents(monomial: Monomial, names: list[str]) -> tuple[int, ...]:
    exponent = dict(monomial)
    return tuple(exponent.get(name, 0) for name in names)
