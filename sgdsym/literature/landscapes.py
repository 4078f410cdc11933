r"""Losses in one weight that the literature tests its diagrams on, with exact moments.

A landscape gives each derivative of :math:`l_x` at the start as a polynomial in a standard normal :math:`x`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series

Polynomial = Mapping[int, Fraction]  # power of x -> coefficient


@dataclass(frozen=True, slots=True)
class NormalLandscape:
    """A random loss in one weight, driven by a standard normal x.

    Attributes:
        derivative: the derivative of a degree at the start, as coefficients of the powers of x.

    >>> str(GAUSS.value(Diagram(2, [(0, 1)], [(0, 1)])))         # E[g g]
    '1/2'
    """

    derivative: Callable[[int], Polynomial]

    def value(self, diagram: Diagram) -> Fraction:
        """The value of a diagram whose blocks are joint moments."""
        degrees = diagram.degrees
        # with one weight a contraction is a product of numbers, one moment for each block
        return prod((self._moment([degrees[v] for v in block]) for block in diagram.blocks), start=Fraction(1))

    def series(self, series: Series) -> list[Coefficient]:
        """The coefficients of the powers of the learning rate."""
        totals = [Coefficient() for _ in range(series.truncation + 1)]
        for diagram, c in series.as_moments():
            totals[diagram.order] += c * self.value(diagram)
        return totals

    def _moment(self, degrees: list[int]) -> Fraction:
        powers: dict[int, Fraction] = {0: Fraction(1)}
        for degree in degrees:
            factor, product = self.derivative(degree), dict[int, Fraction]()
            for a, x in powers.items():
                for b, y in factor.items():
                    product[a + b] = product.get(a + b, Fraction(0)) + x * y
            powers = product
        return sum((c * _normal_moment(power) for power, c in powers.items()), Fraction(0))


def _normal_moment(power: int) -> int:
    # E x^(2m) = 1·3·5 ⋯ (2m - 1)
    return 0 if power % 2 else prod(range(1, power, 2))


def _gauss(degree: int) -> Polynomial:
    """Derivatives of ``(w + x**2 exp(-w))/2`` at 0."""
    slope = {0: Fraction(1, 2)} if degree == 1 else {}
    return {**slope, 2: Fraction((-1) ** degree, 2)}


def _cubic_chi(degree: int) -> Polynomial:
    """Derivatives of ``w**3 - w x**2`` at 0."""
    return {1: {2: Fraction(-1)}, 3: {0: Fraction(6)}}.get(degree, {})


def _exponential(_degree: int) -> Polynomial:
    """Derivatives of ``exp(w)`` at 0, the same for every data point."""
    return {0: Fraction(1)}


GAUSS = NormalLandscape(_gauss)
CUBIC_CHI = NormalLandscape(_cubic_chi)
EXPONENTIAL = NormalLandscape(_exponential)
