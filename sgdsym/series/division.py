r"""Exact division of polynomials in several symbols, to cancel common factors of numerator and denominator.

A polynomial is a mapping from monomials to fractions, a monomial a mapping from names to integer exponents (as sorted
pairs); exponents of the numerator may be negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import lcm
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
    above, below = (_exponents(p, names) for p in (numerator, divisor))
    # make the numerator a polynomial: the divisor has no symbol as a factor, so this changes nothing
    lowest = [min(column, default=0) for column in above]
    # no exponent of the quotient exceeds the difference of the largest ones
    largest = [max(a, default=0) - low - max(b) for a, low, b in zip(above, lowest, below, strict=True)]
    if min(largest, default=0) < 0:
        return None
    packing = _Packing(len(names), max((max(a) - low for a, low in zip(above, lowest, strict=True)), default=0))
    whole = lcm(*(c.denominator for c in numerator.values()), *(c.denominator for c in divisor.values()))
    # numbers are whole until one is not divided by the leading one
    zero = [0] * len(names)
    places = packing.packed(above, lowest, len(numerator)), packing.packed(below, zero, len(divisor))
    rest: dict[int, int | Fraction] = {
        place: int(c * whole) for place, c in zip(places[0], numerator.values(), strict=True)
    }
    parts = {place: int(c * whole) for place, c in zip(places[1], divisor.values(), strict=True)}
    (bound,) = packing.packed([[e] for e in largest], zero, 1)
    lead = max(parts)
    leading = parts.pop(lead)
    others = list(parts.items())
    # a heap, so that the next largest monomial is found in logarithmic time and the rest is never sorted again
    order = [-place for place in rest]
    heapify(order)
    quotient: dict[Monomial, Fraction] = {}
    while order:
        top = -heappop(order)
        number = rest.pop(top, 0)
        # it has cancelled on the way
        if not number:
            continue
        shift = packing.difference(top, lead)
        # a monomial that the leading one does not divide stays in the remainder: there is one, and the rest need not
        # be found
        if shift is None or packing.difference(bound, shift) is None:
            return None
        found = Fraction(number, leading)
        exponents = zip(names, packing.exponents(shift), lowest, strict=True)
        quotient[tuple((name, e + low) for name, e, low in exponents if e + low)] = found
        factor = found.numerator if found.denominator == 1 else found
        for place, c in others:
            # a product of monomials is one addition; exponents never run over their bits, as those of the quotient
            # are bounded
            target = place + shift
            if target not in rest:
                heappush(order, -target)
            rest[target] = rest.get(target, 0) - factor * c
    return quotient


def _exponents(polynomial: Polynomial, names: list[str]) -> list[list[int]]:
    """For each name its exponents in all terms."""
    terms = [dict(monomial) for monomial in polynomial]
    return [[term.get(name, 0) for term in terms] for name in names]


class _Packing:
    """Exponents as one integer: those of the first name in the highest bits, each with a bit to borrow from."""

    def __init__(self, names: int, largest: int) -> None:
        # the bit more is the guard
        self.width = largest.bit_length() + 1
        self.shifts = [self.width * i for i in reversed(range(names))]
        self.guards = sum(1 << (shift + self.width - 1) for shift in self.shifts)

    def packed(self, exponents: list[list[int]], lowest: list[int], count: int) -> list[int]:
        """The numbers of some monomials, their exponents above the lowest ones."""
        numbers = [0] * count
        for column, low, shift in zip(exponents, lowest, self.shifts, strict=True):
            numbers = [number + ((e - low) << shift) for number, e in zip(numbers, column, strict=True)]
        return numbers

    def difference(self, top: int, lead: int) -> int | None:
        """The exponents of a quotient of monomials, if none is negative."""
        # a guard that is gone has been borrowed from: the exponent below it would be negative
        kept = (top | self.guards) - lead
        return kept ^ self.guards if kept & self.guards == self.guards else None

    def exponents(self, number: int) -> list[int]:
        """The exponents of a monomial."""
        mask = (1 << (self.width - 1)) - 1
        return [number >> shift & mask for shift in self.shifts]
