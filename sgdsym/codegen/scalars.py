r"""Exact coefficients as Python arithmetic that stays in integers until one division.

A coefficient is written over one denominator, :math:`c = (\sum_i a_i m_i) / (d\,m)` with integers :math:`a_i, d` and monomials
:math:`m_i, m`, so that integer sizes give the correctly rounded quotient.  Lines are laid out as a formatter would.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

from sgdsym.series import Coefficient
from sgdsym.series.quotient import Base, Monomial, Quotient, Sum

_LONGEST = 400
"""Terms of a sum in one statement: Python reads a sum by recursion, a few thousand terms deep at most."""


def quotient(coefficient: Coefficient) -> tuple[list[str], str]:
    """The signed terms of the numerator, and the denominator, as Python text; no denominator where it is 1.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> quotient(T**2 / 6 - T / (4 * B))
    (['+2 * B * T**2', '-3 * T'], '12 * B')
    """
    parts = Quotient.of(coefficient)
    factors = [(f"({joined(signed_terms(terms))})", exponent) for terms, exponent in parts.factors]
    denominator = _product(parts.number, [*_words(parts.monomial), *factors])
    return signed_terms(parts.above) or ["+0"], "" if denominator == "1" else denominator


def assignment(target: str, coefficient: Coefficient, indent: int, width: int) -> list[str]:
    """Lines that assign a coefficient to ``target``, none longer than ``width`` unless one factor is."""
    terms, denominator = quotient(coefficient)
    numerator = joined(terms)
    bracketed = " " not in denominator or re.fullmatch(r"\([^()]*\)", denominator)
    divisor = f" / {denominator if bracketed else f'({denominator})'}" if denominator else ""
    above = f"({numerator})" if divisor and len(terms) > 1 else numerator
    if len(f"{target} = {above}{divisor}") + indent <= width:
        return [f"{target} = {above}{divisor}"]
    # too long for one line: a sum over some lines, then one division, so that whole sizes still round once
    name = "_numerator" if divisor else target
    lines = _sum_lines(f"{name} =", terms[:_LONGEST], indent, width)
    for start in range(_LONGEST, len(terms), _LONGEST):
        lines += _sum_lines(f"{name} +=", terms[start : start + _LONGEST], indent, width)
    return [*lines, f"{target} = _numerator{divisor}"] if divisor else lines


def joined(terms: Sequence[str]) -> str:
    """Signed terms as a sum."""
    return " ".join(_spaced(terms))


def signed_terms(terms: Sum) -> list[str]:
    """The terms of a sum, each with its sign."""
    return [("-" if number < 0 else "+") + _product(abs(number), _words(powers)) for number, powers in terms]


@lru_cache(maxsize=1024)
def base_text(base: Base) -> str:
    """A size, or a power with sizes in its exponent; a root that is a number has a name of its own.

    >>> base_text(Base("mu", Coefficient("2*T"))), base_text(Base(Fraction(9, 10), Coefficient("T")))
    ('mu**(2 * T)', '_9_over_10**T')
    """
    root = base.root if isinstance(base.root, str) else root_name(base.root)
    if base.exponent is None:
        return root
    terms, denominator = quotient(base.exponent)
    above = joined(terms)
    if denominator:
        return f"{root} ** _whole({above}, {denominator})"
    return f"{root}**{above if above.isidentifier() else f'({above})'}"


def root_name(root: Fraction) -> str:
    """The name of a number that is raised to powers; no symbol begins with an underscore."""
    sign = "minus_" if root < 0 else ""
    return f"_{sign}{abs(root.numerator)}" + (f"_over_{root.denominator}" if root.denominator != 1 else "")


def roots(coefficients: Iterable[Coefficient]) -> dict[str, Fraction]:
    """The numbers that are raised to powers with sizes in the exponent, by their names."""
    powers = frozenset().union(*(c.powers for c in coefficients))
    found = {root_name(power.base): power.base for power in powers if isinstance(power.base, Fraction)}
    return dict(sorted(found.items()))


def _sum_lines(start: str, terms: Sequence[str], indent: int, width: int) -> list[str]:
    """A statement that assigns or adds a sum, on one line or in brackets."""
    numerator = joined(terms)
    if len(f"{start} {numerator}") + indent <= width:
        return [f"{start} {numerator}"]
    inner = [numerator] if len(numerator) + indent + 4 <= width else _spaced(terms)
    return [f"{start} (", *(f"    {line}" for line in inner), ")"]


def _spaced(terms: Sequence[str]) -> list[str]:
    """Terms with a space after their signs, the first without a plus and a power right after a minus in brackets."""
    first = re.sub(r"^-(\w+\*\*\w+)", r"-(\1)", terms[0]).removeprefix("+")
    return [first, *(f"{term[0]} {term[1:]}" for term in terms[1:])]


def _words(powers: Monomial) -> list[tuple[str, int]]:
    return [(base_text(base), exponent) for base, exponent in powers]


def _product(number: int, words: Iterable[tuple[str, int]]) -> str:
    powers = [_power(base, exponent) for base, exponent in sorted(words)]
    if number != 1 or not powers:
        powers.insert(0, str(number))
    return " * ".join(powers)


def _power(base: str, exponent: int) -> str:
    if exponent == 1:
        return base
    if base.isidentifier():
        return f"{base}**{exponent}"
    return f"{base} ** {exponent}" if base.startswith("(") else f"({base}) ** {exponent}"
