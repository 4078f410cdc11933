r"""Coefficients as JavaScript, for pages that evaluate a series at sizes a reader chooses.

Written are calls of five functions on exact fractions, :math:`c = (\sum_i a_i m_i) / (d\,m)` with integers and monomials as in
:mod:`~sgdsym.codegen.scalars`, so that nothing is lost before one rounding at the end.  What the functions do is said where a
page defines them.  Numbers become literals and names become quoted keys: no text of a user becomes code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce

from sgdsym.codegen.scalars import base_text, joined, signed_terms
from sgdsym.series import Coefficient
from sgdsym.series.quotient import Base, Monomial, Quotient, Sum


def generate_javascript(coefficients: Iterable[Coefficient]) -> str:
    r"""An array of functions, one for each coefficient, from an object of exact sizes to an exact value.

    The text calls ``sum`` and ``times`` of two or more arguments, and ``minus``, ``over`` and ``power`` of two, which the page that
    holds it defines for whole numbers and fractions.  Equal coefficients give equal bytes.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> print(generate_javascript([T**2 / 6 - T / (4 * B)]))
    [
    (size) => over(sum(times(2n, size["B"], power(size["T"], 2n)), times(-3n, size["T"])),
      times(12n, size["B"])),
    ]
    """
    return "\n".join(["[", *(f"(size) => {_fraction(c)}," for c in coefficients), "]"])


def _fraction(coefficient: Coefficient) -> str:
    parts = Quotient.of(coefficient)
    summands = [_product(_term(number, powers)) for number, powers in parts.above] or ["0n"]
    above = f"sum({', '.join(summands)})" if len(summands) > 1 else summands[0]
    below = _denominator(parts)
    return f"over({above},\n  {_product(below)})" if below != ["1n"] else above


def _denominator(parts: Quotient) -> list[str]:
    """The factors of the denominator, in the order in which a module has them."""
    factors = {base_text(base): _raised(_base(base), exponent) for base, exponent in parts.monomial}
    factors |= {f"({joined(signed_terms(terms))})": _raised(_nested(terms), e) for terms, e in parts.factors}
    number = [f"{parts.number}n"] if parts.number != 1 or not factors else []
    return [*number, *(factors[text] for text in sorted(factors))]


def _term(number: int, powers: Monomial) -> list[str]:
    """The factors of a term, its sign at the number in front."""
    words = [_raised(_base(base), exponent) for base, exponent in sorted(powers, key=lambda power: base_text(power[0]))]
    return words if number == 1 and words else [f"{number}n", *words]


def _nested(terms: Sum) -> str:
    """A sum of two terms at a time."""
    first, *others = terms
    return reduce(
        lambda left, term: f"{'minus' if term[0] < 0 else 'sum'}({left}, {_product(_term(abs(term[0]), term[1]))})",
        others,
        _product(_term(*first)),
    )


def _base(base: Base) -> str:
    root = f"size[{json.dumps(base.root)}]" if isinstance(base.root, str) else _number(base.root)
    return root if base.exponent is None else f"power({root}, {_fraction(base.exponent)})"


def _number(value: Fraction) -> str:
    return f"{value}n" if value.denominator == 1 else f"over({value.numerator}n, {value.denominator}n)"


def _raised(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"power({base}, {exponent}n)"


def _product(words: Sequence[str]) -> str:
    return f"times({', '.join(words)})" if len(words) > 1 else words[0]
