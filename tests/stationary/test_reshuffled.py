"""Reshuffled epochs held to the enumeration of every order of the batches."""

from itertools import permutations

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import reshuffled_covariance, stationary_covariance

R = sp.Rational
NUMBERS = (3, -1, 4, 1, -5, -2)
H = sp.Matrix([[2, R(1, 2)], [R(1, 2), 1]])
KICKS = [(1, 0), (-1, 2), (R(1, 2), -1), (-R(1, 2), -1)]


@pytest.mark.parametrize(
    ("curvature", "variance", "independent"),
    [("0.05", 0.8731899, 95.7265), ("0.3", 5.5865798, 18.3007), ("0.9", 9.0086092, 9.4276)],
)
def test_table_of_six_batches(curvature, variance, independent):
    noise = R(sum(x * x for x in NUMBERS), 6)
    exact = reshuffled_covariance([[R(curvature)]], [[noise]], 1, batches=6)[0]
    assert float(exact) == pytest.approx(variance, abs=5e-8)
    floats = reshuffled_covariance(np.array([[float(curvature)]]), np.array([[float(noise)]]), 1.0, batches=6)
    assert floats[0, 0] == pytest.approx(float(exact), rel=1e-13)
    assert float(stationary_covariance([[R(curvature)]], [[noise]], 1)[0]) == pytest.approx(independent, abs=5e-5)


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("hessian", [H, sp.diag(2, R(1, 3))])
def test_the_covariance_is_a_fixed_point_of_every_order(count, hessian):
    kicks = [sp.Matrix(kick) for kick in KICKS[:count]]
    mean = sum(kicks, sp.zeros(2, 1)) / count
    kicks = [kick - mean for kick in kicks]
    rate = R(2, 5)
    noise = sum((kick * kick.T for kick in kicks), sp.zeros(2)) / count
    sigma = reshuffled_covariance(hessian, noise, rate, batches=count)
    push = sp.eye(2) - rate * hessian
    total = sp.zeros(2)
    for order in permutations(kicks):
        moved = sp.zeros(2, 1)
        for kick in order:
            moved = push * moved - rate * kick
        total += moved * moved.T
    after = push**count * sigma * push**count + total / len(list(permutations(kicks)))
    assert after == sigma
    arrays = [np.array(matrix.tolist(), float) for matrix in (hessian, noise)]
    floats = reshuffled_covariance(*arrays, float(rate), batches=count)
    np.testing.assert_allclose(floats, np.array(sigma.tolist(), float), rtol=1e-12)


def test_one_dimension_in_symbols():
    h, c, eta = sp.symbols("h c eta")
    batches, a = 3, 1 - eta * h
    first, second = (1 - a**batches) / (1 - a), (1 - a ** (2 * batches)) / (1 - a**2)
    printed = eta**2 * c * (batches * second - first**2) / ((batches - 1) * (1 - a ** (2 * batches)))
    assert sp.simplify(reshuffled_covariance([[h]], [[c]], eta, batches=batches)[0] - printed) == 0


def test_small_steps_lose_nothing():
    """At ηh = 10⁻⁸ the terms in brackets agree to eight digits and more; the result keeps the seven that the curvature leaves to 1 - ηh."""
    exact = reshuffled_covariance([[R(1, 10**8)]], [[1]], 1, batches=5)[0]
    floats = reshuffled_covariance(np.array([[1e-8]]), np.array([[1.0]]), 1.0, batches=5)
    assert floats[0, 0] == pytest.approx(float(exact), rel=1e-7)


@pytest.mark.parametrize(
    ("arguments", "batches", "message"),
    [
        ((H, sp.eye(2), R(1, 2)), 1, "there is 1 batch"),
        ((H, sp.eye(2), R(1, 2)), R(5, 2), "number of batches is 5/2"),
        ((H, sp.eye(2), 1), 3, "unstable: the eigenvalue 2.20711"),
        ((np.diag([1.0, 3.0]), np.eye(2), 1.0), 3, "unstable: the eigenvalue 3"),
        ((H, -sp.eye(2), R(1, 2)), 3, "noise covariance has the eigenvalue -1"),
        ((H, sp.eye(2), sp.eye(2) / 4), 3, "learning rate is a matrix"),
    ],
)
def test_what_means_nothing_is_refused(arguments, batches, message):
    with pytest.raises(ValueError, match=message):
        reshuffled_covariance(*arguments, batches=batches)
