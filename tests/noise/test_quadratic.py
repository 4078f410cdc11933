"""Quadratic forms of noise."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from sgdsym.noise import quadratic_form_moments, stability_radius_bound

F = Fraction

FORM = sp.Matrix([[2, 1], [1, -1]])


def test_mean_over_four_points():
    points = [(1, 2), (-1, 0), (3, 1), (0, -2)]
    mean = sp.Matrix([sum(x for x, _ in points), sum(y for _, y in points)]) / 4
    second = sum((sp.Matrix(x) * sp.Matrix(x).T for x in points), sp.zeros(2)) / 4
    found = quadratic_form_moments(FORM, mean, second - mean * mean.T).mean
    assert found == sp.Rational(23, 4)
    assert found == sum((sp.Matrix(x).T * FORM * sp.Matrix(x))[0] for x in points) / sp.Integer(4)
    turned = sp.Matrix([[2, 3], [-1, -1]])
    assert quadratic_form_moments(turned, mean, second - mean * mean.T).mean == found


def test_gaussian_mean_and_variance():
    mean, spread = [F(1, 2), -1], sp.Matrix([[1, sp.Rational(3, 10)], [sp.Rational(3, 10), sp.Rational(1, 2)]])
    found = quadratic_form_moments(FORM, mean, spread)
    assert found == (sp.Rational(3, 5), sp.Rational(456, 25))
    floats = quadratic_form_moments(np.array(FORM, float), np.array([0.5, -1]), np.array(spread, float))
    assert isinstance(floats.mean, float)
    assert floats == pytest.approx((0.6, 18.24))


def test_the_gaussian_variance_is_that_of_the_fourth_moments():
    """Isserlis by hand: x = m + L n with independent standard normals, whose moments are 1, 0, 1, 0, 3."""
    a, b, c, m = sp.symbols("a b c m")
    n1, n2 = sp.symbols("n1 n2")
    lower = sp.Matrix([[1, 0], [2, 3]])
    x = sp.Matrix([m, 1]) + lower * sp.Matrix([n1, n2])
    form = sp.Matrix([[a, b], [b, c]])
    value = sp.Poly(sp.expand((x.T * form * x)[0]), n1, n2)

    def expectation(polynomial):
        moment = {0: 1, 2: 1, 4: 3}
        return sum(k * moment.get(i, 0) * moment.get(j, 0) for (i, j), k in polynomial.terms())

    mean = expectation(value)
    variance = expectation(value**2) - mean**2
    found = quadratic_form_moments(form, [m, 1], lower * lower.T)
    assert sp.expand(found.mean - mean) == 0
    assert sp.expand(found.gaussian_variance - variance) == 0


def test_markov_bounds_every_distribution():
    """P(x^T H x >= t) <= Tr(HC)/t, with equality for a two-point law on 0 and t."""
    hessian, points = sp.Matrix([[2, 1], [1, 3]]), [(1, 2), (-1, -2), (0, 1), (0, -1)]
    spread = sum((sp.Matrix(x) * sp.Matrix(x).T for x in points), sp.zeros(2)) / 4
    values = [(sp.Matrix(x).T * hessian * sp.Matrix(x))[0] for x in points]
    for level in (1, 3, 10, 18, 30):
        assert sp.Rational(sum(bool(v >= level) for v in values), 4) <= stability_radius_bound(hessian, spread, level)
    assert stability_radius_bound(1, 1, 4) == sp.Rational(1, 4)  # 2 or -2, each 1/8, else 0
    assert stability_radius_bound(2.0, 3.0, 12.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quadratic_form_moments([[1, 0], [0, 1]], [1], [[1, 0], [0, 1]]), r"mean has shape \(1,\)"),
        (lambda: quadratic_form_moments([[1, 0], [0, 1]], [1, 1], [[1, 2], [2, 1]]), "eigenvalue -1"),
        (lambda: quadratic_form_moments([[1]], [1, 1], [[1, 0], [0, 1]]), "must be alike"),
        (lambda: stability_radius_bound([[1, 2], [0, 1]], [[1, 0], [0, 1]], 1), "hessian is not symmetric"),
        (lambda: stability_radius_bound([[1]], [[1]], 0), "not 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
