"""Losses as sympy expressions: against polynomials differentiated by hand, exact runs, quadrature and a model of the noise."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest
import sympy as sp

from sgdsym import expand, interpret, noise
from sgdsym.numeric import Finite, Gaussian, from_sympy, polynomial_derivatives
from sgdsym.verify import random_landscape

w, x, y = sp.symbols("w x y")
U, V = sp.symbols("u v")
ETA = sp.Symbol("eta")


def as_expression(polynomial, weights):
    return sum(c * sp.prod(w**e for w, e in zip(weights, powers, strict=True)) for powers, c in polynomial.items())


@pytest.mark.parametrize("seed", range(3))
def test_finite_populations_are_those_of_polynomials(seed):
    landscape = random_landscape(Random(seed), degree=4, weights=2, points=3)
    first, second, third = (as_expression(loss, (U, V)) for loss in landscape.losses)
    # three losses as one polynomial in the number of the data point
    loss = first * (x - 1) * (x - 2) / 2 - second * x * (x - 2) + third * x * (x - 1) / 2
    population = from_sympy(loss, [U, V], x, Finite([0, 1, 2], landscape.probabilities))
    place = (Fraction(1, 2), -1)
    tensors = polynomial_derivatives(landscape.losses, place, 4)
    for own, right in zip(population.at(place).derivatives(4), tensors, strict=True):
        assert np.array_equal(own, right)
    assert population.at(place).probabilities.tolist() == list(landscape.probabilities)
    series = expand(order=3, batch_size=2, steps=3)
    right = interpret(series, tensors, weights=landscape.probabilities)
    closed = sp.Poly(series.with_noise(population.at(place)), ETA)
    assert [closed.coeff_monomial(ETA**k) for k in range(4)] == [sp.Rational(c.numerator, c.denominator) for c in right]
    assert population.mean_loss.subs({U: sp.Rational(1, 2), V: -1}) == closed.coeff_monomial(1)


def test_one_step_on_a_normal_landscape_is_what_it_is_exactly():
    population = from_sympy((w + x**2 * sp.exp(-w)) / 2, w, x, Gaussian())
    one_step = expand(order=6, steps=1, batch_size=1).with_noise(population.at(0))
    exact = sp.series(sp.exp(ETA / 2) / sp.sqrt(1 + ETA) / 2, ETA, 0, 7).removeO()
    assert sp.expand(one_step - exact) == 0


def test_normal_regression_has_the_cumulants_of_its_model():
    a, b, s = sp.Rational(1, 2), sp.Rational(-1, 3), sp.Rational(3, 4)
    inputs = sp.Matrix([[1, a], [a, 2]])
    model = noise.LinearRegression(inputs, [1, b], label_variance=s)
    covariance = sp.diag(inputs, sp.Matrix([[s]]))
    residual = sp.Symbol("e")
    population = from_sympy(
        (U * x + V * y - residual) ** 2 / 2, [U, V], [x, y, residual], Gaussian([0, 0, 0], covariance)
    )
    local = population.at([1, b])
    for degrees in ((0,), (1,), (2,), (1, 1), (1, 2), (1, 1, 1), (2, 2), (1, 1, 2)):
        assert np.array_equal(local.cumulant(degrees), model.cumulant(degrees)), degrees


def test_normal_means_are_those_of_quadrature():
    law = Gaussian([1, sp.Rational(-1, 2)], [[2, 1], [1, 3]])
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    root = np.linalg.cholesky(np.array([[2.0, 1], [1, 3]]))
    z = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1) @ root.T + [1, -0.5]
    share = np.outer(weights, weights) / (2 * np.pi)
    for a, b in ((0, 0), (1, 0), (3, 2), (4, 5), (0, 8)):
        right = (share * z[..., 0] ** a * z[..., 1] ** b).sum()
        assert float(law.mean(law.variable(sp.S.One * x**a * y**b, [x, y]))) == pytest.approx(right, rel=1e-12)


def test_cumulants_stay_formulas_where_the_place_is_one():
    local = from_sympy((U * V - x) ** 2 / 2, [U, V], x, [0, 1]).at([U, V])
    assert local.C[0, 1] == U * V / 4
    assert local.C[0, 0] == V**2 / 4
    assert local.J[0, 0, 1] == 2 * V
    assert local.moment((1, 1))[0, 0] == sp.expand(V**2 * ((U * V) ** 2 + (U * V - 1) ** 2) / 2)


def test_losses_without_data_and_functions_of_the_weights():
    place = {"w": 2}
    bowl = from_sympy(w**2, w)
    assert bowl.at(place).C[0, 0] == 0
    function = from_sympy(sp.sin(w), w).at(place)
    noisy = from_sympy(w**2 - w * x, w, x, [-1, 1]).at(place)
    roots = {k: function.cumulant((k,)) for k in range(4)}
    series = expand(observable="function", order=1, steps=1, batch_size=1)
    assert sp.simplify(series.with_noise(noisy, roots) - sp.sin(2) + 4 * ETA * sp.cos(2)) == 0


def test_irrational_entries_are_floats():
    tensors = from_sympy(sp.cos(w) * x, w, x, [1, 2]).at(1).derivatives(1)
    assert tensors[1].dtype == float
    assert tensors[1][:, 0] == pytest.approx([-np.sin(1), -2 * np.sin(1)])


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: from_sympy(w * x, w, x, Gaussian([0, 0], sp.eye(2))), "of 2 numbers, and there are 1 data symbols"),
        (lambda: from_sympy(w * x, w, w), "different symbols"),
        (lambda: from_sympy(w * x, [], x), "weights must be one symbol or more"),
        (lambda: from_sympy("w*x", w, x), "neither|cannot|not a"),
        (lambda: from_sympy(w * sp.exp(x), w, x).mean_loss, "no polynomial in x"),
        (lambda: from_sympy(w * x**100, w, x).mean_loss, "power of the data above 60"),
        (lambda: from_sympy(w * x, w, x).at(0).derivatives(1), "normal data have no list of points"),
        (lambda: from_sympy(w * x, w, x).at([1, 2]), "place has 2 values, and there are 1 weights"),
        (lambda: from_sympy(w * x, w, x).at({"v": 1}), "place must give a value for each of w"),
        (lambda: from_sympy(sp.log(w), w).at(0).G, "no finite real number"),
        (lambda: from_sympy(w * U, w).at(0).derivatives(1), "an entry is u"),
        (lambda: Finite([]), "a point or more"),
        (lambda: Gaussian([0, 0], 1), r"must be \(d,\) and \(d, d\)"),
        (lambda: Gaussian(0, -1), "may be below 0|must not be negative"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(call, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 300
