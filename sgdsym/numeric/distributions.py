r"""How the data of a symbolic loss are distributed, as far as exact means go.

A distribution turns an expression in the data into a *variable*, multiplies variables, and gives the mean of one: over finitely
many points a variable is its values there, for Gaussian data it is a polynomial, whose mean follows from Stein's lemma,

.. math:: E[x_i f(x)] = m_i\,E[f(x)] + \sum_j S_{ij}\,E[\partial_j f(x)].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeAlias

import numpy as np
import sympy as sp

from sgdsym.noise.moments import read_weights
from sgdsym.quantities import check_covariance, has_symbols, read_tensor

# a moment of degree d is reached by 2d nested calls (480 pass and 600 exceed Python's limit of 1000 frames)
HIGHEST_POWER, HIGHEST_DEGREE = 60, 240  # of a symbol in the loss, and of a product whose Gaussian mean is taken

Powers: TypeAlias = tuple[int, ...]


class Distribution(Protocol):
    """The law of one data point: its numbers, and the means of expressions in them."""

    @property
    def dimension(self) -> int:
        """The number of data symbols."""
        ...

    def variable(self, expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> Any:
        """An expression in the data as a random variable."""
        ...

    def product(self, first: Any, second: Any) -> Any:
        """The product of two random variables."""
        ...

    def mean(self, variable: Any) -> sp.Expr:
        """The mean of a random variable."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Finite:
    """Finitely many data points.

    Args:
        points: a number for each data point, or a row of numbers, (n, d).
        probabilities: how often each is drawn, (n,); uniform if left out.

    Raises:
        ValueError: if there is no point, or the probabilities are none.

    >>> Finite([-1, 1]).dimension, Finite([[0, 1], [2, 3], [4, 5]]).points.shape
    (1, (3, 2))
    """

    points: Any
    probabilities: Any = None

    def __post_init__(self) -> None:
        points = read_tensor("points", self.points).array
        if points.ndim not in (1, 2) or not len(points):
            raise ValueError(f"points has shape {points.shape}; it must be (n,) or (n, d), with a point or more")
        points = points.reshape(len(points), -1)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "probabilities", read_weights(self.probabilities, points))

    @property
    def dimension(self) -> int:
        """The number of data symbols."""
        return int(self.points.shape[1])

    def variable(self, expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> tuple[sp.Expr, ...]:
        """The values of an expression at the points."""
        return tuple(expression.subs(dict(zip(symbols, point, strict=True))) for point in self.points.tolist())

    def product(self, first: Sequence[sp.Expr], second: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
        """The product, point by point."""
        return tuple(a * b for a, b in zip(first, second, strict=True))

    def mean(self, variable: Sequence[sp.Expr]) -> sp.Expr:
        """The weighted sum of the values."""
        return sp.expand(reduce(add, (sp.sympify(p) * x for p, x in zip(self.probabilities, variable, strict=True))))


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """Normal data: means of polynomials in them are exact.  What is a polynomial of normal numbers is written out in the loss.

    Args:
        centre: the mean, a number or a vector (d,).
        covariance: a number or a matrix (d, d).

    Raises:
        ValueError: if the covariance is none.

    >>> x, y = sp.symbols("x y")
    >>> law = Gaussian([0, 1], [[1, sp.Rational(1, 2)], [sp.Rational(1, 2), 2]])
    >>> law.mean(law.variable(x**2 * y**2, [x, y]))
    7/2
    """

    centre: Any = 0
    covariance: Any = 1
    _known: dict[Powers, sp.Expr] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        mean, covariance = read_tensor("centre", self.centre).array, read_tensor("covariance", self.covariance).array
        mean = mean.reshape(-1) if mean.ndim in (0, 1) or mean.shape[1:] == (1,) else mean
        covariance = covariance.reshape(1, 1) if covariance.ndim == 0 else covariance
        if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)) or not len(mean):
            raise ValueError(
                f"centre has shape {mean.shape} and covariance {covariance.shape}; they must be (d,) and (d, d)"
            )
        if not has_symbols(covariance):
            check_covariance("covariance", covariance)
        object.__setattr__(self, "centre", mean)
        object.__setattr__(self, "covariance", covariance)

    @property
    def dimension(self) -> int:
        """The number of data symbols."""
        return len(self.centre)

    def variable(self, expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> Mapping[Powers, sp.Expr]:
        """The coefficients of an expression, a polynomial in the data, by their powers."""
        powers = [power for power in expression.atoms(sp.Pow) if power.base.has(*symbols)]
        if any(power.exp.is_Integer and abs(int(power.exp)) > HIGHEST_POWER for power in powers):
            raise ValueError(f"the loss has a power of the data above {HIGHEST_POWER}; take a lower one")
        try:
            polynomial = sp.Poly(expression, *symbols)
        except sp.PolynomialError:
            raise ValueError(
                f"the loss is no polynomial in {', '.join(map(str, symbols))[:60]}, so that its Gaussian means are not rational; "
                "give points instead"
            ) from None
        return dict(polynomial.terms())

    def product(self, first: Mapping[Powers, sp.Expr], second: Mapping[Powers, sp.Expr]) -> Mapping[Powers, sp.Expr]:
        """The product of two polynomials."""
        total: dict[Powers, sp.Expr] = {}
        for left, a in first.items():
            for right, b in second.items():
                powers = tuple(map(add, left, right))
                total[powers] = total.get(powers, sp.S.Zero) + a * b
        return total

    def mean(self, variable: Mapping[Powers, sp.Expr]) -> sp.Expr:
        """The mean of a polynomial."""
        return sp.expand(reduce(add, (c * self._moment(powers) for powers, c in variable.items()), sp.S.Zero))

    def _moment(self, powers: Powers) -> sp.Expr:
        """The mean of a monomial."""
        # the recursion branches at every factor, and the monomials below one another are few: each is computed once
        if powers not in self._known:
            if sum(powers) > HIGHEST_DEGREE:
                raise ValueError(
                    f"a Gaussian moment of degree {sum(powers)} is needed, the highest is {HIGHEST_DEGREE}; lower the order"
                )
            self._known[powers] = self._from_lower(powers) if any(powers) else sp.S.One
        return self._known[powers]

    def _from_lower(self, powers: Powers) -> sp.Expr:
        first = next(i for i, power in enumerate(powers) if power)
        left = _lower(powers, first)
        # Stein's lemma for f = x^left, with d_j x^left = left_j x^left / x_j
        total = self.centre[first] * self._moment(left)
        for j, power in enumerate(left):
            if power:
                total += self.covariance[first, j] * power * self._moment(_lower(left, j))
        return sp.expand(total)


def _lower(powers: Powers, place: int) -> Powers:
    return tuple(power - (i == place) for i, power in enumerate(powers))


def read_distribution(value: Any, symbols: int) -> Distribution:
    """A distribution, or the points of a finite one, over so many data symbols.

    Raises:
        ValueError: if it is none, or of another dimension.

    >>> read_distribution([[1, 2]], symbols=2).dimension
    2
    """
    law: Distribution
    if value is None:
        # without data there is one point, that of no coordinates
        law = Gaussian() if symbols else Finite(np.empty((1, 0), dtype=object))
    else:
        law = value if isinstance(value, (Finite, Gaussian)) else Finite(value)
    if law.dimension != symbols:
        raise ValueError(f"the distribution is that of {law.dimension} numbers, and there are {symbols} data symbols")
    return law
