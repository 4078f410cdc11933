"""Random losses with exact derivatives: a few polynomials, drawn with rational probabilities."""

import random
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from tests.oracle.powers import differentiate


@dataclass(frozen=True)
class Landscape:
    """Polynomial losses, the probability of each, and where the run starts."""

    losses: tuple[dict[tuple[int, ...], Fraction], ...]
    probabilities: tuple[Fraction, ...]
    theta: tuple[Fraction, ...]

    @property
    def gradients(self):
        return [[differentiate(loss, i) for i in range(len(self.theta))] for loss in self.losses]


def random_landscape(seed, variables, points=2, degree=4):
    """A landscape with small rational coefficients, dense enough that no derivative vanishes by accident."""
    draw = random.Random(seed)
    exponents = [e for e in product(range(degree + 1), repeat=variables) if 1 <= sum(e) <= degree]
    losses = tuple({e: Fraction(draw.randint(-3, 3), draw.randint(1, 3)) for e in exponents} for _ in range(points))
    shares = [draw.randint(1, 3) for _ in range(points)]
    theta = tuple(Fraction(draw.randint(-2, 2), 2) for _ in range(variables))
    return Landscape(losses, tuple(Fraction(s, sum(shares)) for s in shares), theta)


def normal_square(order):
    """Values and weights with the moments of x^2, x standard normal, up to the order: E x^(2k) = 1, 1, 3, 15, 105, …

    A diagram is a polynomial in the moments, so nothing else of the distribution enters.  The nodes are near those of Gauss, so
    the weights are positive as theirs are.
    """
    gauss = np.polynomial.hermite_e.hermegauss(2 * order + 2)[0][order + 1 :]
    nodes = [Fraction(node**2).limit_denominator(1000) for node in gauss]
    weights = []
    for node in nodes:
        others = [other for other in nodes if other != node]
        basis = [Fraction(1)]
        for other in others:
            basis = [low - other * high for low, high in zip([Fraction(0), *basis], [*basis, Fraction(0)], strict=True)]
        moment = sum(c * prod(range(1, 2 * k, 2)) for k, c in enumerate(basis))
        weights.append(moment / prod((node - other for other in others), start=Fraction(1)))
    assert min(weights) > 0
    return nodes, weights
