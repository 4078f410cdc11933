"""Truncated power series in the learning rate, as tuples of fractions, and polynomials of them."""

from fractions import Fraction


def add(left, right):
    return tuple(a + b for a, b in zip(left, right, strict=True))


def scale(series, number):
    return tuple(number * a for a in series)


def multiply(left, right):
    return tuple(sum((left[i] * right[k - i] for i in range(k + 1)), Fraction(0)) for k in range(len(left)))


def shift(series):
    """The series times the learning rate."""
    return (Fraction(0), *series[:-1])


def constant(number, order):
    return (Fraction(number), *[Fraction(0)] * order)


def compose(polynomial, point):
    """A polynomial, exponents to coefficients, at a point whose coordinates are series."""
    order = len(point[0]) - 1
    total = constant(0, order)
    for exponents, coefficient in polynomial.items():
        term = constant(coefficient, order)
        for coordinate, exponent in zip(point, exponents, strict=True):
            for _ in range(exponent):
                term = multiply(term, coordinate)
        total = add(total, term)
    return total


def differentiate(polynomial, variable):
    """The partial derivative of a polynomial."""
    return {
        tuple(e - (i == variable) for i, e in enumerate(exponents)): c * exponents[variable]
        for exponents, c in polynomial.items()
        if exponents[variable]
    }


def exponential(series):
    """The exponential of a series without constant term, from its differential equation."""
    result = [Fraction(1)]
    for n in range(1, len(series)):
        result.append(sum((k * series[k] * result[n - k] for k in range(1, n + 1)), Fraction(0)) / n)
    return tuple(result)
