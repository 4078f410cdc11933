"""Expanded expressions of symengine, read as sums of monomials: terms, factors, and possible divisors.

The file knows polynomials whose exponents may be negative.  It refuses to know that some of their unknowns stand for powers.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache, reduce
from math import lcm
from random import Random
from typing import Any, TypeAlias

import symengine

from sgdsym.series.division import Monomial, Polynomial
from sgdsym.series.factoring import factor_list

# factors with their exponents
Below: TypeAlias = tuple[tuple[Any, int], ...]

# a Mersenne prime; a polynomial of degree n that is not zero vanishes at a random place with probability n/2^61 at
# most, and such an accident costs one division in vain, never a wrong result
_PRIME = 2**61 - 1


def rational(value: int | Fraction) -> Any:
    """A number of symengine."""
    return symengine.Rational(value.numerator, value.denominator)


def terms_of(expression: Any) -> list[tuple[Monomial, Fraction]]:
    """The terms of an expanded expression as powers and number, highest degrees first."""
    return sorted(unsorted_terms(expression), key=_monomial_order)


def unsorted_terms(expression: Any) -> list[tuple[Monomial, Fraction]]:
    """The terms in the order in which symengine holds them."""
    if not isinstance(expression, symengine.Add):
        return [monomial_of(expression)] if expression != 0 else []
    terms = expression.as_coefficients_dict().items()
    # the same products stand in many coefficients
    return [(_powers_of(term), Fraction(int(c.p), int(c.q))) for term, c in terms if c != 0]


def monomial_of(term: Any) -> tuple[Monomial, Fraction]:
    """The powers of a term, sorted by name, and the number in front."""
    number = Fraction(1)
    powers: dict[str, int] = {}
    for factor in term.args if isinstance(term, symengine.Mul) else (term,):
        if isinstance(factor, symengine.Rational):
            number *= Fraction(int(factor.p), int(factor.q))
            continue
        base, exponent = factor.args if isinstance(factor, symengine.Pow) else (factor, 1)
        powers[base.name] = powers.get(base.name, 0) + int(exponent)
    return tuple(sorted((name, e) for name, e in powers.items() if e)), number


@lru_cache(maxsize=2**16)
def _powers_of(product: Any) -> Monomial:
    """The powers of a term without a number."""
    return monomial_of(product)[0]


@lru_cache(maxsize=2**16)
def product_of(monomial: Monomial) -> Any:
    """The product of powers as an expression."""
    return reduce(operator.mul, (symengine.Symbol(name) ** e for name, e in monomial), symengine.Integer(1))


def sum_of(terms: Iterable[tuple[Monomial, Fraction]]) -> Any:
    """The sum of terms as an expression."""
    return symengine.Add(*(rational(c) * product_of(monomial) for monomial, c in terms))


def _monomial_order(term: tuple[Monomial, Fraction]) -> tuple[Any, ...]:
    powers = term[0]
    return -sum(e for _, e in powers), [(base, -e) for base, e in powers]


def may_divide(terms: Polynomial, base: Any) -> bool:
    """Whether a polynomial vanishes where the base does, as far as that is quickly found out: at one place, modulo a prime.

    A base that is linear in a symbol, with a number in front, vanishes at one value of it, whatever the others are.
    """
    root = _root(base)
    # no place where it vanishes is known without solving an equation: the division decides
    if root is None:
        return True
    name, image = root
    return not _residue(terms, {name: _residue(image, {})})


@lru_cache(maxsize=4096)
def _root(base: Any) -> tuple[str, Polynomial] | None:
    """A symbol in which a polynomial is linear, and its value where the polynomial vanishes."""
    terms = terms_of(base)
    for powers, number in terms:
        if len(powers) == 1 and powers[0][1] == 1:
            name = powers[0][0]
            # a symbol that stands in no other term has a number in front, so that the root is a polynomial
            if sum(name in dict(others) for others, _ in terms) == 1:
                return name, {others: -c / number for others, c in terms if others != powers}
    return None


def _residue(terms: Polynomial, given: Mapping[str, int]) -> int:
    """The value of a polynomial modulo a prime where its symbols have given or arbitrary values; 0 where it has none."""
    known: dict[tuple[str, int], int] = {}
    total = 0
    for monomial, c in terms.items():
        value = c.numerator if c.denominator == 1 else c.numerator * pow(c.denominator, -1, _PRIME)
        for power in monomial:
            if power not in known:
                name, exponent = power
                root = given.get(name, _place(name))
                # no value there: the division decides
                if exponent < 0 and not root:
                    return 0
                known[power] = pow(root, exponent, _PRIME)
            value = value * known[power] % _PRIME
        total += value
    return total % _PRIME


@lru_cache(maxsize=4096)
def _place(name: str) -> int:
    """A number that has nothing to do with a symbol but its name."""
    # seeded by a text, which does not depend on PYTHONHASHSEED, so that nor does the time that is taken
    return Random(name).randrange(1, _PRIME)  # noqa: S311


@lru_cache(maxsize=4096)
def factorise(expression: Any) -> tuple[Any, Below]:
    """An expanded expression as a monomial times powers of irreducible polynomials with positive leading coefficient."""
    if not isinstance(expression, symengine.Add):
        return expression, ()
    from sympy import ZZ
    from sympy.polys.rings import ring

    terms = [(dict(powers), number) for powers, number in terms_of(expression)]
    names = sorted({name for powers, _ in terms for name in powers})
    whole = lcm(*(number.denominator for _, number in terms))
    # negative powers of symbols make it a fraction, over a monomial
    lowest = {name: min(powers.get(name, 0) for powers, _ in terms) for name in names}
    domain, *_ = ring([f"x{i}" for i in range(len(names))], ZZ)
    content, factors = factor_list(
        domain.from_dict(
            {tuple(powers.get(name, 0) - lowest[name] for name in names): int(c * whole) for powers, c in terms}
        )
    )
    monomial = rational(Fraction(content, whole)) * product_of(tuple((name, e) for name, e in lowest.items() if e))
    below = []
    for factor, exponent in factors:
        base = sum_of(
            (tuple((name, e) for name, e in zip(names, exponents, strict=True) if e), Fraction(int(number)))
            for exponents, number in factor.terms()
        )
        if terms_of(base)[0][1] < 0:
            # which of a factor and its negative is positive must not depend on the other factors
            base, monomial = symengine.expand(-base), monomial * (-1) ** exponent
        below.append((base, exponent))
    return monomial, tuple(sorted(below, key=base_text))


def base_text(factor: tuple[Any, int]) -> str:
    """The text that factors of a denominator are sorted by."""
    return _text_of(factor[0])


@lru_cache(maxsize=4096)
def _text_of(base: Any) -> str:
    return str(base)
