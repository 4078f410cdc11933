"""Noise and curvature agree where a likelihood is well specified, and only there."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.noise import Empirical, LabelNoise, LinearRegression, fisher_link
from sgdsym.numeric import logistic_derivatives


def test_linear_regression_is_a_likelihood_for_unit_label_noise():
    v, inputs = sp.Symbol("v", positive=True), [[2, 1], [1, 1]]
    link = fisher_link(LinearRegression(inputs, [0, 0], label_variance=v))
    assert sp.zeros(2, 1) == link.gradient
    assert sp.zeros(2) == (link.gap - (v - 1) * sp.Matrix(inputs)).applyfunc(sp.expand)
    assert sp.simplify(link.relative_gap - sp.Abs(v - 1)) == 0
    assert fisher_link(LinearRegression(inputs, [0, 0], label_variance=1)).relative_gap == 0
    assert fisher_link(LinearRegression(inputs, [1, 0], label_variance=1)).relative_gap > 0
    assert fisher_link(LabelNoise([[1, 2], [3, 1]], variance=1)).relative_gap == 0


def logistic(seed, truth, at, flipped=0.0):
    """Labels drawn from the model at the truth, some flipped; derivatives at a point."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((20_000, 3))
    labels = np.where(rng.random(len(features)) < 1 / (1 + np.exp(-features @ truth)), 1, -1)
    labels = np.where(rng.random(len(features)) < flipped, -labels, labels)
    return logistic_derivatives(features, labels, at, order=2)


def test_logistic_data_at_the_true_parameter():
    truth = np.array([0.5, -1.0, 0.25])
    tensors = logistic(3, truth, truth)
    link = fisher_link(Empirical({k: tensors[k] for k in (1, 2)}))
    z = link.gap / link.standard_error
    assert np.abs(z).max() < 4
    assert 0.1 < np.mean(z[np.triu_indices(3)] ** 2) < 3
    assert link.relative_gap < 0.03


@pytest.mark.parametrize(("moved", "flipped"), [(1.5, 0.0), (0.0, 0.2)])
def test_logistic_data_elsewhere_or_misspecified(moved, flipped):
    truth = np.array([0.5, -1.0, 0.25])
    tensors = logistic(3, truth, truth + moved, flipped)
    link = fisher_link(Empirical({k: tensors[k] for k in (1, 2)}))
    assert np.abs(link.gap / link.standard_error).max() > 10


def test_the_standard_error_is_the_spread_over_repeated_data():
    truth = np.array([0.5, -1.0, 0.25])
    links = [
        fisher_link(Empirical({k: t[k][:500] for k in (1, 2)})) for t in (logistic(s, truth, truth) for s in range(60))
    ]
    spread = np.std([link.gap for link in links], axis=0)
    mean = np.mean([link.standard_error for link in links], axis=0)
    assert np.allclose(spread / mean, 1, atol=0.4)  # sixty repetitions: a tenth, and skewed
