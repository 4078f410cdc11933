"""The matrix-free sampler: its covariance is that of a minibatch, at any strength."""

from fractions import Fraction
from itertools import product
from math import factorial, prod

import numpy as np
import pytest

from sgdsym.noise import NoiseSampler, central_moments, minibatch_moment
from tests.noise.test_batches import exact


def chi_square(draws, covariance, fourth):
    """The squared distance of the sample second moment in units of its own covariance, and its degrees of freedom."""
    rows, columns = np.triu_indices(len(covariance))
    gap = (draws.T @ draws / len(draws) - covariance)[rows, columns]
    spread = fourth[rows[:, None], columns[:, None], rows, columns] - np.outer(*[covariance[rows, columns]] * 2)
    return gap @ np.linalg.solve(spread / len(draws), gap), len(gap)


def gaussian_fourth(c):
    return np.einsum("ij,kl->ijkl", c, c) + np.einsum("ik,jl->ijkl", c, c) + np.einsum("il,jk->ijkl", c, c)


@pytest.mark.parametrize("strength", [0.3, 2.0])
@pytest.mark.parametrize("resampled", [None, 3])
def test_five_thousand_draws_have_the_covariance(strength, resampled):
    rng = np.random.default_rng(5)
    gradients = rng.standard_normal((40, 4)) ** 2 @ rng.standard_normal((4, 4)) + 1
    moments = {k: np.asarray(m) for k, m in central_moments(gradients, 4).items()}
    covariance = strength**2 * moments[2]
    fourth = gaussian_fourth(covariance)
    if resampled:
        scale = strength**4 * resampled**2
        fourth = scale * minibatch_moment(moments, 4, batch_size=resampled)
    draws = NoiseSampler(gradients, strength, resampled=resampled).draw(seed=11, count=5000)
    found, freedom = chi_square(draws, covariance, fourth)
    assert abs(found - freedom) < 4 * np.sqrt(2 * freedom)
    means = draws.mean(axis=0) / np.sqrt(np.diag(covariance) / 5000)
    assert np.abs(means).max() < 4.5
    wrong, _ = chi_square(draws, 1.2 * covariance, 1.2**2 * fourth)
    assert wrong > 100


def test_the_weights_have_exactly_the_covariance():
    """Over every multinomial count of a resampled batch the second moment of the weights is (delta - 1/n)/n."""
    n, b = 4, 3
    total = np.zeros((n, n), dtype=object)
    for counts in product(range(b + 1), repeat=n):
        if sum(counts) == b:
            chance = Fraction(factorial(b), prod(map(factorial, counts))) / n**b
            centred = [c - Fraction(b, n) for c in counts]
            total = total + chance * np.outer(centred, centred) / b
    assert (total == np.array([[Fraction((i == j) * n - 1, n * n) for j in range(n)] for i in range(n)])).all()
    sampler = NoiseSampler(np.eye(n), 1.0, resampled=b)
    row = sampler.weights(np.random.default_rng(0), 1)[0] * np.sqrt(b) + b / n
    assert np.allclose(row, np.round(row))
    assert row.sum() == pytest.approx(b)


def test_a_function_of_the_weights_draws_the_same_noise():
    gradients = np.random.default_rng(1).standard_normal((6, 3))
    asked = []

    def weighted_sum(weights):
        asked.append(weights.shape)
        return weights @ gradients

    matrix_free = NoiseSampler(weighted_sum, 0.7, examples=6)
    assert np.allclose(matrix_free.draw(seed=3, count=4), NoiseSampler(gradients, 0.7).draw(seed=3, count=4))
    assert asked == [(6,)] * 4
    assert matrix_free.draw(seed=3).shape == (3,)


def test_the_seed_decides_and_a_generator_moves_on():
    sampler = NoiseSampler([[1.0], [2.0], [4.0]])
    assert (sampler.draw(seed=1, count=3) == sampler.draw(seed=1, count=3)).all()
    generator = np.random.default_rng(1)
    assert (sampler.draw(generator) != sampler.draw(generator)).all()


def test_draws_do_not_depend_on_how_many_weights_are_held_at_once(monkeypatch):
    sampler = NoiseSampler(np.random.default_rng(2).standard_normal((7, 2)))
    together = sampler.draw(seed=4, count=10)
    monkeypatch.setattr("sgdsym.noise.sampler.WEIGHTS_AT_ONCE", 21)
    assert np.allclose(sampler.draw(seed=4, count=10), together)


def test_noise_of_one_common_gradient_is_zero():
    assert np.allclose(NoiseSampler(np.ones((5, 2)), 3.0).draw(seed=0, count=10), 0)
    moments = central_moments(exact([1, 1, 1]), 2)
    assert moments[2] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoiseSampler([[1.0]], -1), "not -1"),
        (lambda: NoiseSampler([[1.0]], float("inf")), "not inf"),
        (lambda: NoiseSampler([1.0, 2.0]), r"shape \(2,\)"),
        (lambda: NoiseSampler([[np.nan]]), "nan"),
        (lambda: NoiseSampler(lambda c: c), "give examples=n"),
        (lambda: NoiseSampler([[1.0]], resampled=0), "resampled must be an integer from 1"),
        (lambda: NoiseSampler([[1.0]], examples=4), "has 1 rows, not 4"),
        (lambda: NoiseSampler([[1.0]]).draw(0, count=0), "not 0"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
