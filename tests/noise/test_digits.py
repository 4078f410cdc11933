"""Real gradients: the covariance over five thousand drawn batches is D/b, and less without replacement."""

import numpy as np
import pytest

from sgdsym.noise import central_moments, minibatch_covariance, minibatch_fourth_moment
from sgdsym.numeric import logistic_derivatives

BATCHES = 5_000


@pytest.fixture(scope="module")
def gradients():
    """Gradients of a logistic loss, even against odd digits, in eight principal components."""
    datasets = pytest.importorskip("sklearn.datasets")
    images, digits = datasets.load_digits(return_X_y=True)
    centred = (images - images.mean(axis=0))[:600] / 16
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    features = centred @ directions[:7].T
    features = np.hstack([features, np.ones((len(features), 1))])
    labels = np.where(digits[:600] % 2, 1, -1)
    theta = np.linspace(-0.5, 0.5, 8)
    return logistic_derivatives(features, labels, theta, order=1)[1]


def drawn_means(gradients, size, replacement):
    rng = np.random.default_rng(17)
    n = len(gradients)
    if replacement:
        return gradients[rng.integers(n, size=(BATCHES, size))].mean(axis=1)
    return np.array([gradients[rng.permutation(n)[:size]].mean(axis=0) for _ in range(BATCHES)])


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("size", [10, 200])
def test_drawn_batches_have_the_covariance(gradients, size, replacement):
    n = len(gradients)
    moments = central_moments(gradients, 4)
    covariance = minibatch_covariance(moments[2], size, n, replacement)
    factor = 1 / size if replacement else (n - size) / (n - 1) / size
    assert np.allclose(covariance, factor * np.cov(gradients.T, bias=True))
    fourth = minibatch_fourth_moment(moments[4], moments[2], size, n, replacement)
    noise = drawn_means(gradients, size, replacement) - gradients.mean(axis=0)
    found = noise.T @ noise / BATCHES
    error = np.sqrt((np.einsum("ijij->ij", fourth) - covariance**2) / BATCHES)
    z = ((found - covariance) / error)[np.triu_indices(8)]
    assert np.abs(z).max() < 4.5
    assert 0.4 < np.mean(z**2) < 2  # 36 squares of mean one
    other = minibatch_covariance(moments[2], size, n, not replacement)
    if size == 200:
        assert np.abs(np.diag(found - other) / np.diag(error)).max() > 10
