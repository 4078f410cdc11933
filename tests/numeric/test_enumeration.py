"""Derived series, interpreted, against every possible run: exactly, in both bases."""

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
import sympy as sp

from sgdsym import expand
from sgdsym.diagrams import parse_notation
from sgdsym.numeric import interpret, interpret_diagram, polynomial_derivatives
from tests.oracle import expected_loss, exponential, normal_square, online_runs, random_landscape

ORDER = 4
BASES = ("cumulant", "moment")


@cache
def symbolic(basis, order=ORDER):
    return expand(order=order, basis=basis)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize(
    ("landscape", "steps", "batch_size"),
    [
        (random_landscape(1, variables=1), 1, 1),
        (random_landscape(2, variables=1, points=3), 3, 1),
        (random_landscape(3, variables=1), 2, 2),
        (random_landscape(4, variables=2), 3, 1),
        (random_landscape(5, variables=2), 2, 2),
        (random_landscape(6, variables=1, points=3), 1, 3),
        (random_landscape(7, variables=1), 4, 1),
    ],
)
def test_series_equals_enumeration(basis, landscape, steps, batch_size):
    derivatives = polynomial_derivatives(landscape.losses, landscape.theta, ORDER)
    got = interpret(symbolic(basis), derivatives, weights=landscape.probabilities, T=steps, B=batch_size)
    assert got == expected_loss(landscape, online_runs(landscape, steps, batch_size), ORDER)
    assert all(isinstance(c, Fraction) for c in got)


def test_enumeration_of_a_parabola_by_hand():
    """l = w^2 / 2 for every point: w shrinks by 1 - eta each step."""
    landscape = random_landscape(0, 1, points=1)
    parabola = type(landscape)(({(2,): Fraction(1, 2)},), (Fraction(1),), (Fraction(3),))
    assert expected_loss(parabola, online_runs(parabola, 2, 1), 4) == [Fraction(9 * c, 2) for c in (1, -4, 6, -4, 1)]


@pytest.mark.parametrize("order", [1, 5])
def test_normal_square_has_the_moments_of_the_normal(order):
    values, weights = normal_square(order)
    moments = [sum(w * v**k for v, w in zip(values, weights, strict=True)) for k in range(order + 1)]
    assert moments == [1, 1, 3, 15, 105, 945][: order + 1]


def gauss_derivatives(squares, order):
    """l_x(h) = (h + x^2 exp(-h)) / 2 at h = 0: its k-th derivative is ((k = 1) + (-1)^k x^2) / 2."""
    tensors = []
    for k in range(order + 1):
        tensor = np.array([(Fraction(k == 1) + (-1) ** k * square) / 2 for square in squares], dtype=object)
        tensors.append(tensor.reshape((len(squares),) + (1,) * k))
    return tensors


def gauss_loss(order):
    """The closed form exp(eta/2) / (2 sqrt(1 + eta)) after one step, as a series."""
    eta = sp.Symbol("eta")
    series = sp.series(sp.exp(eta / 2) / (2 * sp.sqrt(1 + eta)), eta, 0, order + 1).removeO()
    return [Fraction(str(series.coeff(eta, k))) for k in range(order + 1)]


@pytest.mark.parametrize("basis", BASES)
def test_gauss_landscape(basis):
    """S. C. Tenka, "SGD at Small Learning Rates", landscape Gauss, with the moments of the normal exactly."""
    order = 5
    squares, weights = normal_square(order)
    got = interpret(symbolic(basis, order), gauss_derivatives(squares, order), weights=weights, T=1, B=1)
    assert got == gauss_loss(order)


def test_gauss_landscape_by_quadrature():
    """The same with Gauss-Hermite nodes, in floats."""
    order = 5
    nodes, weights = np.polynomial.hermite_e.hermegauss(order + 1)
    derivatives = [tensor.astype(float) for tensor in gauss_derivatives(list(nodes**2), order)]
    got = interpret(symbolic("cumulant", order), derivatives, weights=weights / weights.sum(), T=1, B=1)
    assert got == pytest.approx([float(c) for c in gauss_loss(order)], abs=1e-10)


def test_gauss_diagrams():
    """Values printed with the landscape: GG = 0, E[gg] = 1/2, E[ghg] = 5/4, J:E[ggg] = 1/2, …"""
    squares, weights = normal_square(5)
    derivatives = gauss_derivatives(squares, 5)
    expected = {
        "(0-1)(01)": 0,
        "(01)(01)": Fraction(1, 2),
        "(01-2)(02-12)": Fraction(1, 4),
        "(012)(02-12)": Fraction(5, 4),
        "(012-3)(03-13-23)": Fraction(1, 2),
        "(0123)(01-12-23)": Fraction(39, 8),
    }
    for notation, value in expected.items():
        diagram, basis = parse_notation(notation)
        assert interpret_diagram(diagram, basis, derivatives, weights=weights) == value, notation


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_cubic_chi_landscape(steps):
    """S. C. Tenka's l_x(w) = w^3 - w x^2 at w = 0: -T eta + (12 C(T,3) + 27 C(T,2) + 15 T) eta^3 + O(eta^5)."""
    squares, weights = normal_square(4)
    derivatives = polynomial_derivatives([{(3,): 1, (1,): -square} for square in squares], (0,), 4)
    for basis in BASES:
        got = interpret(symbolic(basis), derivatives, weights=weights, T=steps, B=1)
        assert got == [0, -steps, 0, 12 * comb(steps, 3) + 27 * comb(steps, 2) + 15 * steps, 0]


def test_sum_rule():
    """For the deterministic l = exp(w) at 0 every diagram is 1; compare with gradient descent iterated as a series."""
    order, steps = 5, 4
    ones = [np.ones((1,) * (k + 1), dtype=int) for k in range(order + 1)]
    weight = (Fraction(0),) * (order + 1)
    for _ in range(steps):
        gradient = exponential(weight)
        weight = tuple(w - g for w, g in zip(weight, (0, *gradient[:-1]), strict=True))
    for basis in BASES:
        assert interpret(symbolic(basis, order), ones, T=steps, B=1) == list(exponential(weight))
