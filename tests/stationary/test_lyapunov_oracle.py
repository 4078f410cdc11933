"""Stationary covariances against the discrete Lyapunov equation of weights and momentum together, solved by scipy."""

import numpy as np
import pytest

from sgdsym.stationary import excess_loss, lag_covariance, momentum_covariance, stationary_covariance


def _problem(seed, size):
    """A Hessian, noise of lower rank, a preconditioner that commutes with neither, and stable sizes."""
    draw = np.random.default_rng(seed)
    square, rows, scaling = (
        draw.normal(size=(size, size)),
        draw.normal(size=(size, max(1, size - 1))),
        draw.normal(size=(size, size)),
    )
    hessian, noise = square @ square.T + 0.1 * np.eye(size), rows @ rows.T
    preconditioner = scaling @ scaling.T / size + 0.2 * np.eye(size)
    momentum = draw.choice([0.0, 0.3, 0.9, 0.99])
    sharpest = np.linalg.eigvals(preconditioner @ hessian).real.max()
    return hessian, noise, draw.uniform(0.01, 0.95) * 2 * (1 + momentum) / sharpest, momentum, preconditioner


@pytest.mark.parametrize("seed", range(20))
def test_weights_and_momentum_solve_one_lyapunov_equation(seed):
    linalg = pytest.importorskip("scipy.linalg")
    size = 1 + seed % 5
    hessian, noise, rate, momentum, preconditioner = _problem(seed, size)
    steps, one = rate * preconditioner, np.eye(size)
    transfer = np.block([[one - steps @ hessian, -momentum * steps], [hessian, momentum * one]])
    push = np.vstack([-steps, one])
    joint = linalg.solve_discrete_lyapunov(transfer, push @ noise @ push.T)
    arguments = (hessian, noise, rate, momentum, preconditioner)
    scale = np.abs(joint[:size, :size]).max()
    assert np.allclose(stationary_covariance(*arguments), joint[:size, :size], rtol=1e-6, atol=1e-7 * scale)
    assert np.isclose(excess_loss(*arguments), np.trace(hessian @ joint[:size, :size]) / 2, rtol=1e-6)
    largest = np.abs(joint[size:, size:]).max()
    assert np.allclose(momentum_covariance(*arguments), joint[size:, size:], rtol=1e-6, atol=1e-6 * largest)
    later = np.linalg.matrix_power(transfer, 3) @ joint
    assert np.allclose(lag_covariance(*arguments, lag=3), later[:size, :size], rtol=1e-6, atol=1e-6 * scale)
