"""The value of a coefficient at given sizes, exactly or rounded once, with no text in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from operator import mul
from typing import Any, TypeAlias

from sgdsym.series.bounded import rounded
from sgdsym.series.coefficient import Coefficient
from sgdsym.series.quotient import Base, Quotient, Sum

_Ratios: TypeAlias = Mapping[Base, tuple[int, int]]
# bits of an exact power, 2 MiB or five million digits: a fraction of 64 bits to the power 262 144
LARGEST_POWER = 2**24


class TooManyDigitsError(ValueError):
    """A power has too many digits to be written down."""


def exact_value(coefficient: Coefficient, sizes: Mapping[str, Fraction], largest: int = LARGEST_POWER) -> Fraction:
    r"""The value of a coefficient at sizes that are whole numbers or fractions.

    Args:
        coefficient: what is evaluated.
        sizes: a number for each of its symbols.
        largest: the most bits that a power such as :math:`\mu^T` may have.

    Raises:
        ZeroDivisionError: if it divides by zero there.
        ValueError: if a power has an exponent that is no whole number.
        TooManyDigitsError: if a power has too many bits.

    >>> mu = Coefficient.symbol("mu")
    >>> exact_value((mu.power(Coefficient.symbol("T")) - 1) / (mu - 1), {"T": Fraction(3), "mu": Fraction(1, 2)})
    Fraction(7, 4)
    """
    parts = Quotient.of(coefficient)
    known = {base: _ratio(base, sizes, largest) for base in parts.bases}
    above, below = _exact_sum(parts.above, known)
    for terms, exponent in (*parts.factors, (((parts.number, parts.monomial),), 1)):
        numerator, denominator = _exact_sum(terms, known)
        above, below = above * denominator**exponent, below * numerator**exponent
    if not below:
        raise ZeroDivisionError("division by zero")
    return Fraction(above, below)


def float_values(coefficients: Sequence[Coefficient], sizes: Mapping[str, Fraction]) -> list[float]:
    """The values of coefficients, each rounded once from as many digits as that takes.

    Raises:
        ArithmeticError: if one divides by zero, overflows, or cannot be told from a pole.
        ValueError: if a power has an exponent that is no whole number.

    >>> mu = Coefficient.symbol("mu")
    >>> difference = (mu.power(Coefficient.symbol("T")) - 1) / (mu - 1)
    >>> float_values([difference], {"T": Fraction(10**6), "mu": 1 - Fraction(1, 10**15)})
    [999999.9995000005]
    """
    parts = [Quotient.of(c) for c in coefficients]
    # numbered, as a base such as mu**T can be the name of no argument
    bases = {base: f"x{i}" for i, base in enumerate({base: None for part in parts for base in part.bases})}
    roots = {name: _root(base, sizes) for base, name in bases.items()}

    def compute(**numbers: Any) -> dict[int, Any]:
        known = {base: numbers[name] ** _exponent(base, sizes) for base, name in bases.items()}
        return {i: _quotient(part, known) for i, part in enumerate(parts)}

    # whole numbers stay exact in the bounded arithmetic
    whole = {name: int(root) if root.denominator == 1 else root for name, root in roots.items()}
    return list(rounded(compute, whole).values())


def _root(base: Base, sizes: Mapping[str, Fraction]) -> Fraction:
    return sizes[base.root] if isinstance(base.root, str) else base.root


def _exponent(base: Base, sizes: Mapping[str, Fraction]) -> int:
    if base.exponent is None:
        return 1
    value = exact_value(base.exponent, sizes)
    if value.denominator != 1:
        raise ValueError(f"the exponent {base.exponent} must be a whole number, not {value}")
    return int(value)


def _ratio(base: Base, sizes: Mapping[str, Fraction], largest: int) -> tuple[int, int]:
    """The numerator and the denominator of a base."""
    root, exponent = _root(base, sizes), _exponent(base, sizes)
    bits = abs(exponent) * max(abs(root.numerator).bit_length(), root.denominator.bit_length())
    if base.exponent is not None and abs(root) not in (0, 1) and bits > largest:
        raise TooManyDigitsError(
            f"the power {base.exponent} = {exponent} of {float(root)} has too many digits; give a float"
        )
    if not root and exponent < 0:
        raise ZeroDivisionError("division by zero")
    power = root**exponent
    return power.numerator, power.denominator


def _exact_sum(terms: Sum, known: _Ratios) -> tuple[int, int]:
    """A sum as an integer over another, not reduced: common factors of powers take longest to find."""
    # over the highest power of each denominator, in whole numbers: Fraction would look for common factors at each
    # addition
    top: dict[Base, int] = {}
    for _, powers in terms:
        for base, exponent in powers:
            top[base] = max(exponent, top.get(base, 0))
    power = _powers(lambda base, exponent: known[base][0] ** exponent * known[base][1] ** (top[base] - exponent))
    total = sum(number * prod(power(base, dict(powers).get(base, 0)) for base in top) for number, powers in terms)
    return total, prod(known[base][1] ** exponent for base, exponent in top.items())


def _powers(make: Callable[[Base, int], int]) -> Callable[[Base, int], int]:
    """A function that remembers its values."""
    made: dict[tuple[Base, int], int] = {}

    def power(base: Base, exponent: int) -> int:
        if (base, exponent) not in made:
            made[base, exponent] = make(base, exponent)
        return made[base, exponent]

    return power


def _quotient(parts: Quotient, known: Mapping[Base, Any]) -> Any:
    """The quotient, of whole numbers and bounded ones."""
    below = [_sum(terms, known) ** exponent for terms, exponent in parts.factors]
    below += [known[base] ** exponent for base, exponent in parts.monomial]
    return _sum(parts.above, known) / reduce(mul, below, parts.number)


def _sum(terms: Sum, known: Mapping[Base, Any]) -> Any:
    return sum(reduce(mul, (known[base] ** exponent for base, exponent in powers), number) for number, powers in terms)
