"""Expanded expressions of symengine, read as sums of monomials: terms, factors, and what may divide them.

Knows polynomials whose exponents may be negative.  Refuses to know that some of their unknowns stand for powers.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import symengine

from sgdsym.series.division import Monomial

# factors with their exponents
Below: TypeAlias = tuple[tuple[Any, int], ...]


def rational(value: int | Fraction) -> Any:
    """A number of symengine."""
    return symengine.Rational(value.numerator, value.denominator)


def terms_of(expression: Any) -> list[tuple[Monomial, Fraction]]:
    """The terms of an expanded expression as powers and number, highest degrees first."""
    return sorted(unsorted_terms(expression), key=_monomial_order)


def unsorted_terms(expression: Any) -> list[tuple[Monomial, Fraction]]:
    """The terms in the order in which symengine holds them."""
    terms = expression.args if isinstance(expression, symengine.Add) else (expression,)
    return [monomial_of(term) for term in terms if term != 0]


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


def product_of(monomial: Monomial) -> Any:
    """The product of powers as an expression."""
    return reduce(operator.mul, (symengine.Symbol(name) ** e for name, e in monomial), symengine.Integer(1))


def _monomial_order(term: tuple[Monomial, Fraction]) -> tuple[Any, ...]:
    powers = term[0]
    return -sum(e for _, e in powers), [(base, -e) for base, e in powers]


def may_divide(expression: Any, base: Any) -> bool:
    """Whether an expression vanishes where the base does, as far as that is quickly found out.

    A base that is linear in a symbol, with a number in front, vanishes at one value of it.
    """
    root = _root(base)
    return root is None or symengine.expand(expression.subs({root[0]: root[1]})) == 0


@lru_cache(maxsize=4096)
def _root(base: Any) -> tuple[Any, Any] | None:
    terms = terms_of(base)
    for powers, number in terms:
        if len(powers) == 1 and powers[0][1] == 1:
            name = powers[0][0]
            if sum(name in dict(others) for others, _ in terms) == 1:
                symbol = symengine.Symbol(name)
                return symbol, symengine.expand(symbol - base / rational(number))
    return None


@lru_cache(maxsize=4096)
def factorise(expression: Any) -> tuple[Any, Below]:
    """An expanded expression as a monomial times powers of irreducible polynomials with positive leading coefficient."""
    if not isinstance(expression, symengine.Add):
        return expression, ()
    import sympy

    names: dict[str, str] = {}
    numerator = {
        tuple((names.setdefault(base, f"x{len(names)}"), e) for base, e in powers): c
        for powers, c in terms_of(expression)
    }
    back = {sympy.Symbol(name): symengine.Symbol(base) for base, name in names.items()}
    polynomial = sympy.Add(
        *(
            sympy.Rational(c.numerator, c.denominator) * sympy.Mul(*(sympy.Symbol(x) ** e for x, e in powers))
            for powers, c in numerator.items()
        )
    )
    # negative powers of symbols make it a fraction, over a monomial
    above, under = sympy.fraction(sympy.together(polynomial))
    content, factors = sympy.factor_list(above)
    monomial = symengine.sympify(content) / symengine.sympify(under).subs(back)
    below = []
    for factor, exponent in factors:
        base = symengine.expand(symengine.sympify(factor).subs(back))
        if isinstance(base, symengine.Add) and exponent > 0:
            if terms_of(base)[0][1] < 0:
                # which of a factor and its negative is positive must not depend on the other factors
                base, monomial = symengine.expand(-base), monomial * (-1) ** exponent
            below.append((base, int(exponent)))
        else:
            monomial *= base**exponent
    return monomial, tuple(sorted(below, key=base_text))


def base_text(factor: tuple[Any, int]) -> str:
    """The text that factors of a denominator are sorted by."""
    return _text_of(factor[0])


@lru_cache(maxsize=4096)
def _text_of(base: Any) -> str:
    return str(base)
