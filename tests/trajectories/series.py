"""Truncated power series in the learning rate that mix with plain numbers, and polynomial losses along them."""

from fractions import Fraction

import numpy as np

from tests.oracle.powers import add, compose, constant, differentiate, multiply, scale


class Powers:
    """A truncated power series as a number."""

    def __init__(self, coefficients):
        self.coefficients = tuple(coefficients)

    def _lift(self, other):
        if isinstance(other, Powers):
            return other.coefficients
        return constant(other, len(self.coefficients) - 1)

    def __add__(self, other):
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Powers(add(self.coefficients, self._lift(other)))

    def __mul__(self, other):
        if isinstance(other, Powers):
            return Powers(multiply(self.coefficients, other.coefficients))
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Powers(scale(self.coefficients, other))

    def __sub__(self, other):
        return self + -1 * Powers(self._lift(other))

    def __rsub__(self, other):
        return -1 * self + other

    __radd__, __rmul__ = __add__, __mul__


def rate(order):
    """The learning rate itself."""
    return Powers((Fraction(0), Fraction(1), *[Fraction(0)] * (order - 1)))


def point(theta, order):
    """A start, as constant series."""
    return [Powers(constant(x, order)) for x in theta]


def derivatives_along(losses, highest):
    """The derivatives of polynomial losses at weights that are series."""
    variables = len(next(iter(losses[0])))
    known = [{(): loss} for loss in losses]
    for table in known:
        for degree in range(highest):
            for axes in [axes for axes in table if len(axes) == degree]:
                for i in range(variables):
                    table[(*axes, i)] = differentiate(table[axes], i)

    def derivatives_at(theta):
        coordinates = [x.coefficients for x in theta]
        tensors = []
        for k in range(highest + 1):
            tensor = np.empty((len(losses), *(variables,) * k), dtype=object)
            values = {}
            for index in np.ndindex(tensor.shape):
                key = (index[0], tuple(sorted(index[1:])))
                if key not in values:
                    values[key] = Powers(compose(known[index[0]][index[1:]], coordinates))
                tensor[index] = values[key]
            tensors.append(tensor)
        return tensors

    return derivatives_at
