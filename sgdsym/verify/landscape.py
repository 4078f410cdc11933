r"""Random polynomial landscapes: the losses of a few data points, in few weights, with the start of the run at the origin.

Nothing is lost by that start, for a polynomial may be written around any point; only weight decay asks for the weights there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from sgdsym.numeric import Polynomial, polynomial_derivatives
from sgdsym.verify.algebra import combination, monomial


@dataclass(frozen=True, slots=True)
class Landscape:
    r"""A population of data points with polynomial losses.

    Attributes:
        losses: the loss :math:`l_x` of each data point, around the start of the run.
        probabilities: how often each data point is drawn.
        function: another polynomial of the weights, for the observable of that name.
        start: the weights at the start of the run, for weight decay; zero if left out.

    >>> landscape = Landscape(({(1,): 1}, {(1,): 3}), (Fraction(1, 2), Fraction(1, 2)), {(0,): 1})
    >>> landscape.weights, landscape.mean_loss
    (1, {(1,): Fraction(2, 1)})
    """

    losses: tuple[Polynomial, ...]
    probabilities: tuple[Fraction, ...]
    function: Polynomial
    start: tuple[Fraction, ...] = ()

    def trained(self, decay: Fraction) -> Landscape:
        r"""The landscape that a run with weight decay moves on, :math:`l_x + \frac\lambda2|\theta|^2` around the start.

        >>> flat = Landscape(({(0,): 0},), (Fraction(1),), {(0,): 0}, (Fraction(3),))
        >>> {power: str(c) for power, c in flat.trained(Fraction(2)).losses[0].items()}
        {(0,): '9', (1,): '6', (2,): '1'}
        """
        axes = range(self.weights)
        powers = [[monomial(*(i,) * k, weights=self.weights) for k in range(3)] for i in axes]
        parts = [
            (decay * number / 2, powers[i][k])
            for i, theta in zip(axes, self.start or (Fraction(0),) * self.weights, strict=True)
            for k, number in enumerate((theta**2, 2 * theta, Fraction(1)))
        ]
        return replace(self, losses=tuple(combination([(1, loss), *parts]) for loss in self.losses))

    @property
    def weights(self) -> int:
        """The number of weights :math:`p`."""
        return len(next(iter(self.function)))

    @property
    def mean_loss(self) -> Polynomial:
        """The population loss."""
        return combination(zip(self.probabilities, self.losses, strict=True))

    def derivatives(self, order: int) -> list[Any]:
        r"""By degree the derivative tensors of all data points at the start, (n, p, …, p)."""
        return polynomial_derivatives(self.losses, (0,) * self.weights, order)

    def function_derivatives(self, order: int) -> list[Any]:
        r"""By degree the derivative tensors of the other function at the start, (p, …, p)."""
        return [tensor[0] for tensor in polynomial_derivatives((self.function,), (0,) * self.weights, order)]


def random_landscape(random: Random, degree: int, weights: int = 1, points: int = 2) -> Landscape:
    """A landscape with small random coefficients and uneven random probabilities.

    Args:
        random: the source of randomness.
        degree: the highest total degree of the losses.
        weights: the number of weights.
        points: the number of data points.

    >>> random_landscape(Random(0), degree=2).probabilities
    (Fraction(4, 9), Fraction(5, 9))
    """
    # different shares: with equal ones odd cumulants of two points vanish, and an error in their terms would not show
    shares = random.sample(range(1, points + 4), points)
    probabilities = tuple(Fraction(share, sum(shares)) for share in shares)
    *losses, function = (_random_polynomial(random, degree, weights) for _ in range(points + 1))
    start = tuple(Fraction(random.randint(-3, 3), 2) for _ in range(weights))
    return Landscape(tuple(losses), probabilities, function, start)


def _random_polynomial(random: Random, degree: int, weights: int) -> Polynomial:
    """Every power of low degree has a coefficient, half of the others."""
    polynomial: dict[tuple[int, ...], Fraction] = {}
    for exponents in product(range(degree + 1), repeat=weights):
        # gradients and Hessians that vanish would hide the terms that hold them
        if sum(exponents) <= degree and (sum(exponents) <= 2 or random.random() < 1 / 2):
            polynomial[exponents] = Fraction(random.choice((-3, -2, -1, 1, 2, 3)), random.choice((1, 1, 2)))
    return polynomial
