r"""The little algebra that runs on power series need: truncated series in :math:`\eta`, and polynomials in the weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from sgdsym.numeric import Polynomial

Rational: TypeAlias = int | Fraction


@dataclass(frozen=True, slots=True)
class PowerSeries:
    r"""A power series in :math:`\eta`, known up to and including the order of its last coefficient.

    It supports ``+``, ``-`` and ``*`` with series of the same length, and multiplication by exact numbers.

    >>> line = PowerSeries((1, 1, 0))
    >>> line * line
    PowerSeries(coefficients=(1, 2, 1))
    """

    coefficients: tuple[Rational, ...]

    @classmethod
    def constant(cls, value: Rational, order: int) -> PowerSeries:
        """A number as a series."""
        return cls((value,) + (0,) * order)

    def __add__(self, other: PowerSeries) -> PowerSeries:
        return PowerSeries(tuple(a + b for a, b in zip(self.coefficients, other.coefficients, strict=True)))

    def __sub__(self, other: PowerSeries) -> PowerSeries:
        return self + other * -1

    def __mul__(self, other: PowerSeries | Rational) -> PowerSeries:
        if not isinstance(other, PowerSeries):
            return PowerSeries(tuple(a * other for a in self.coefficients))
        length = len(self.coefficients)
        product: list[Rational] = [0] * length
        for i, a in enumerate(self.coefficients):
            # a weight begins at order 1 and its k-th power at order k, so that many leading coefficients are zero
            if a:
                for j, b in enumerate(other.coefficients[: length - i]):
                    product[i + j] += a * b
        return PowerSeries(tuple(product))

    def shifted(self) -> PowerSeries:
        r"""The series times :math:`\eta`."""
        return PowerSeries((0, *self.coefficients[:-1]))

    def integral(self) -> PowerSeries:
        r"""The integral over :math:`\eta` from 0.

        >>> PowerSeries((1, 1, 0)).integral()
        PowerSeries(coefficients=(0, Fraction(1, 1), Fraction(1, 2)))
        """
        shifted = self.shifted().coefficients
        return PowerSeries((0, *(Fraction(c) / k for k, c in enumerate(shifted[1:], 1))))


def substitute(polynomial: Polynomial, point: Sequence[PowerSeries]) -> PowerSeries:
    r"""The value of a polynomial where every weight is a power series.

    >>> eta = PowerSeries((0, 1, 0))
    >>> substitute({(0, 0): 5, (2, 0): 1, (1, 1): -3}, [eta, eta])
    PowerSeries(coefficients=(5, 0, -2))
    """
    order = len(point[0].coefficients) - 1
    total, powers = PowerSeries.constant(0, order), [[PowerSeries.constant(1, order)] for _ in point]
    for exponents, c in polynomial.items():
        term = powers[0][0] * c
        for known, weight, exponent in zip(powers, point, exponents, strict=True):
            # powers are shared by all terms of the polynomial
            while len(known) <= exponent:
                known.append(known[-1] * weight)
            term = term * known[exponent] if exponent else term
        total += term
    return total


def combination(parts: Iterable[tuple[Rational, Polynomial]]) -> Polynomial:
    """The sum of polynomials, each times a number.

    >>> combination([(2, {(1,): 1}), (-1, {(1,): 2, (0,): 3})])
    {(1,): 0, (0,): -3}
    """
    total: dict[tuple[int, ...], Rational] = {}
    for number, polynomial in parts:
        for exponents, c in polynomial.items():
            total[exponents] = total.get(exponents, 0) + number * c
    return total


def product(first: Polynomial, second: Polynomial, degree: int) -> Polynomial:
    """The product of two polynomials, without its terms above a degree.

    >>> product({(0,): 1, (1,): 1}, {(0,): 1, (1,): 1}, degree=1)
    {(0,): 1, (1,): 2}
    """
    total: dict[tuple[int, ...], Rational] = {}
    for left, a in first.items():
        for right, b in second.items():
            exponents = tuple(map(sum, zip(left, right, strict=True)))
            if sum(exponents) <= degree:
                total[exponents] = total.get(exponents, 0) + a * b
    return total


def derivative(polynomial: Polynomial, *axes: int) -> Polynomial:
    """The partial derivative of a polynomial along one weight after the other.

    >>> derivative({(2, 1): 1, (0, 1): 5}, 0)
    {(1, 1): 2}
    """
    for axis in axes:
        polynomial = {
            tuple(e - (i == axis) for i, e in enumerate(exponents)): c * exponents[axis]
            for exponents, c in polynomial.items()
            if exponents[axis]
        }
    return polynomial


def monomial(*axes: int, weights: int) -> Polynomial:
    """The product of some of the weights.

    >>> monomial(0, 0, weights=2)
    {(2, 0): 1}
    """
    return {tuple(axes.count(i) for i in range(weights)): 1}


def at_start(polynomial: Polynomial) -> Rational:
    """The value where all weights are zero."""
    return sum(c for exponents, c in polynomial.items() if not any(exponents))


def up_to_degree(polynomial: Polynomial, degree: int) -> Polynomial:
    """The polynomial without its terms above a degree."""
    return {exponents: c for exponents, c in polynomial.items() if sum(exponents) <= degree}
