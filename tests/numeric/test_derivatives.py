"""Derivative tensors of losses against symbolic differentiation."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp

from sgdsym import expand
from sgdsym.numeric import interpret, logistic_derivatives, polynomial_derivatives, sampled_degrees
from tests.oracle import random_landscape

X = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]])
Y = np.array([1, -1, 1])
THETA = np.array([0.3, -0.7])


def symbolic_derivatives(loss, variables, values, degree):
    tensor = np.empty((len(variables),) * degree)
    for place in product(range(len(variables)), repeat=degree):
        derivative = sp.diff(loss, *(variables[i] for i in place)) if place else loss
        tensor[place] = derivative.subs(dict(zip(variables, values, strict=True)))
    return tensor


@pytest.mark.parametrize("l2", [0.0, 0.5])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 4])
def test_logistic_derivatives(degree, l2):
    a, b = variables = sp.symbols("a b", real=True)
    got = logistic_derivatives(X, Y, THETA, 4, l2=l2)[degree]
    for n in range(len(X)):
        loss = sp.log(1 + sp.exp(-int(Y[n]) * (X[n, 0] * a + X[n, 1] * b))) + l2 * (a**2 + b**2) / 2
        assert got[n] == pytest.approx(symbolic_derivatives(loss, variables, THETA, degree), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("weights", [None, [0.5, 0.2, 0.3]])
def test_logistic_means_without_samples(weights):
    every = logistic_derivatives(X, Y, THETA, 5, l2=0.1)
    means = logistic_derivatives(X, Y, THETA, 5, l2=0.1, weights=weights, per_sample=())
    for k in range(6):
        assert means[k] == pytest.approx(np.tensordot(weights or [1 / 3] * 3, every[k], 1), rel=1e-12, abs=1e-14)


def test_logistic_derivatives_far_from_the_boundary():
    tensors = logistic_derivatives([[1.0]], [1], [800.0], 2)
    assert [tensors[k].ravel()[0] for k in range(3)] == [0, 0, 0]
    assert logistic_derivatives([[1.0]], [1], [-800.0], 1)[0][0] == 800


def test_only_the_sampled_degrees_are_enough():
    series = expand(order=3, batch_size=1)
    every = logistic_derivatives(X, Y, THETA, 3)
    few = logistic_derivatives(X, Y, THETA, 3, per_sample=sampled_degrees(series.diagrams()))
    assert few[3].shape == (2, 2, 2)
    assert interpret(series, few, T=10) == pytest.approx(interpret(series, every, T=10), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X[0], Y, THETA, 1), "features has shape"),
        ((X, [0, 1, 1], THETA, 1), "labels must be 3 numbers"),
        ((X, Y, THETA[:1], 1), "theta has shape"),
        ((X, Y, THETA, -1), "order must be at least 0"),
    ],
)
def test_bad_logistic_problems(arguments, message):
    with pytest.raises(ValueError, match=message):
        logistic_derivatives(*arguments)


def test_bad_logistic_weights():
    with pytest.raises(ValueError, match="weights has shape"):
        logistic_derivatives(X, Y, THETA, 1, weights=[1.0])


@pytest.mark.parametrize("variables", [1, 2, 3])
def test_polynomial_derivatives(variables):
    landscape = random_landscape(3, variables, degree=3)
    symbols = sp.symbols(f"w:{variables}")
    tensors = polynomial_derivatives(landscape.losses, landscape.theta, 4)
    values = dict(zip(symbols, map(sp.Rational, landscape.theta), strict=True))
    for n, loss in enumerate(landscape.losses):
        expression = sp.Add(
            *(sp.Rational(c) * sp.Mul(*(s**e for s, e in zip(symbols, es, strict=True))) for es, c in loss.items())
        )
        for k, tensor in enumerate(tensors):
            for place in product(range(variables), repeat=k):
                derivative = sp.diff(expression, *(symbols[i] for i in place)) if place else expression
                assert tensor[(n, *place)] == Fraction(str(derivative.subs(values)))


def test_bad_polynomials():
    with pytest.raises(ValueError, match="list 2 powers"):
        polynomial_derivatives([{(1,): 1}], (0, 0), 1)
    with pytest.raises(ValueError, match="not an integer or a fraction"):
        polynomial_derivatives([{(1,): 0.5}], (0,), 1)
