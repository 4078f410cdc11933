"""Polynomials as mappings from exponents to coefficients, for expansions to a few low orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sgdsym.series import Coefficient

Exponents: TypeAlias = tuple[int, ...]
Polynomial: TypeAlias = dict[Exponents, Coefficient]


def added(left: Polynomial, right: Polynomial) -> Polynomial:
    """The sum.

    >>> one = Coefficient(1)
    >>> added({(1, 0): one}, {(1, 0): one, (0, 1): one})
    {(1, 0): Coefficient('2'), (0, 1): Coefficient('1')}
    """
    total = dict(left)
    for exponents, c in right.items():
        total[exponents] = total[exponents] + c if exponents in total else c
    return total


def multiplied(left: Polynomial, right: Polynomial, kept: Callable[[Exponents], bool]) -> Polynomial:
    """The product, of which only some exponents are kept.

    >>> one = Coefficient(1)
    >>> multiplied({(0,): one, (1,): one}, {(1,): one, (2,): one}, lambda exponents: sum(exponents) < 3)
    {(1,): Coefficient('1'), (2,): Coefficient('2')}
    """
    total: Polynomial = {}
    for x, a in left.items():
        for y, b in right.items():
            exponents = tuple(i + j for i, j in zip(x, y, strict=True))
            if kept(exponents):
                total[exponents] = total[exponents] + a * b if exponents in total else a * b
    return total
