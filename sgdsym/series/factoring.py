r"""Irreducible factors of polynomials in several symbols, without a search where none is needed.

Factorising lifts the factors of an image in one symbol.  Where the lift is sparse in none of the symbols it takes minutes for
some places and milliseconds for others (sympy draws them at random), and mostly to find that there is but one factor.  So that is
looked for first: factors that lack a symbol are contents, found by greatest common divisors, and a polynomial without contents
whose image in one symbol is irreducible, of full degree, is irreducible.

The file knows polynomials over the integers.  It refuses to know what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from math import prod
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sympy.polys.rings import PolyElement

_TRIALS = 4
"""Images that are tried: one of an irreducible polynomial is nearly always irreducible (D. Hilbert, 1892)."""


def factor_list(polynomial: PolyElement, longest: int | None = None) -> tuple[int, list[tuple[PolyElement, int]]]:
    """A number and the irreducible factors with their exponents, as sympy's ``factor_list`` has them.

    Args:
        polynomial: over the integers, not zero.
        longest: factors of more terms whose irreducibility is not seen at once stay as they are; by default none does.

    >>> from sympy import ZZ
    >>> from sympy.polys.rings import ring
    >>> _, x, y = ring("x, y", ZZ)
    >>> factor_list(-2 * x * (x - 1) ** 2 * (x * y + 1))
    (-2, [(x, 1), (x - 1, 2), (x*y + 1, 1)])
    """
    number, rest = polynomial.primitive()
    number, rest = (-number, -rest) if rest.LC < 0 else (number, rest)
    lowest = tuple(map(min, zip(*rest.monoms(), strict=True)))
    found = [(x, exponent) for x, exponent in zip(rest.ring.gens, lowest, strict=True) if exponent]
    if len(rest) == 1:
        return int(number), found
    for part in _contents(rest.quo(rest.ring.term_new(lowest, rest.ring.domain.one))):
        if _is_irreducible(part) or (longest is not None and len(part) > longest):
            found.append((part, 1))
            continue
        sign, factors = part.factor_list()
        number *= sign
        found += factors
    # the elements of a ring are mutable, and hashed once, so that equal ones may differ in their hashes
    exponents: dict[tuple[tuple[tuple[int, ...], int], ...], int] = {}
    for factor, exponent in found:
        key = tuple(factor.terms())
        exponents[key] = exponents.get(key, 0) + exponent
    return int(number), [(rest.ring.from_dict(dict(terms)), exponent) for terms, exponent in exponents.items()]


def _contents(polynomial: PolyElement) -> Iterator[PolyElement]:
    """Factors, none a number, of which each has all its symbols in each of its own factors."""
    if _is_univariate(polynomial):
        yield polynomial
        return
    for place in range(polynomial.ring.ngens):
        coefficients = list(_by_degree(polynomial, place).values())
        if len(coefficients) < 2:
            continue
        common = reduce(lambda a, b: a if a == 1 else a.gcd(b), sorted(coefficients, key=len))
        if common != 1:
            common = common if common.LC > 0 else -common
            yield from _contents(common)
            polynomial = polynomial.quo(common)
    if not polynomial.is_ground:
        yield polynomial


def _is_univariate(polynomial: PolyElement) -> bool:
    """Whether one symbol alone occurs."""
    return len([degree for degree in polynomial.degrees() if degree > 0]) == 1


def _by_degree(polynomial: PolyElement, place: int) -> dict[int, PolyElement]:
    """The coefficients of the powers of one symbol."""
    found: dict[int, dict[tuple[int, ...], int]] = {}
    for exponents, number in polynomial.terms():
        rest = (*exponents[:place], 0, *exponents[place + 1 :])
        found.setdefault(exponents[place], {})[rest] = number
    return {degree: polynomial.ring.from_dict(terms) for degree, terms in found.items()}


def _is_irreducible(polynomial: PolyElement) -> bool:
    """Whether a polynomial without contents is seen to have one factor, from its images in the symbol of least degree."""
    from sympy.polys.rings import ring

    degrees = {degree: place for place, degree in reversed(list(enumerate(polynomial.degrees()))) if degree > 0}
    least = min(degrees)
    # degrees add up: of two factors one would lack the symbol, and be a content
    if least == 1:
        return True
    if _is_univariate(polynomial):
        # its image is the polynomial itself
        return False
    univariate, _ = ring("x", polynomial.ring.domain)
    # the same places each time: neither the result nor the time depends on luck
    random = Random(0)  # noqa: S311
    for _ in range(_TRIALS):
        values = [random.randrange(2, 100) for _ in polynomial.ring.gens]
        # the symbol that stays: its power is kept as the degree of the image, and counts as one here
        values[degrees[least]] = 1
        image: dict[tuple[int], int] = {}
        for exponents, number in polynomial.terms():
            degree = (exponents[degrees[least]],)
            image[degree] = image.get(degree, 0) + number * prod(map(pow, values, exponents))
        # of full degree: an image that lost its leading term may be irreducible where the polynomial is not
        if image.get((least,)):
            _, factors = univariate.from_dict({degree: c for degree, c in image.items() if c}).factor_list()
            if len(factors) == 1 and factors[0][1] == 1:
                return True
    return False
