"""Matrices as they come from real losses: in single precision, with flat directions, masked, of other libraries, complex."""

import warnings

import numpy as np
import pytest
import sympy as sp

from sgdsym.noise import minibatch_covariance
from sgdsym.stationary import (
    decompose,
    excess_loss,
    gibbs_covariance,
    lag_covariance,
    mean_square_distance,
    mean_square_stability,
    minimum_covariance,
    stationary_covariance,
)


@pytest.fixture(scope="module")
def network():
    """Gradients of each example, and Hessian, of two linear layers; the scale that one can take from the other is flat."""
    draw = np.random.default_rng(5)
    x, noise = draw.normal(size=(40, 2)), draw.normal(size=40)
    slopes = np.linalg.lstsq(x, x @ [1.0, -2.0] + noise, rcond=None)[0]
    a, (b, c) = 1.5, slopes / 1.5
    residual = x @ slopes - (x @ [1.0, -2.0] + noise)
    inner = x @ [b, c]
    jacobian = np.stack([inner, a * x[:, 0], a * x[:, 1]], axis=1)
    bend = np.einsum("n,ni->i", residual, x) / len(x)
    hessian = jacobian.T @ jacobian / len(x) + np.array([[0, *bend], [bend[0], 0, 0], [bend[1], 0, 0]])
    gradients = residual[:, None] * jacobian
    return gradients, hessian, np.array([-a, b, c]) / np.linalg.norm([a, b, c])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_real_minimum_with_a_flat_direction(network, dtype):
    """The weights stay in the range; there the covariance is that of the two curvatures that are left."""
    gradients, hessian, flat = network
    rows = gradients.astype(dtype)
    noise = rows.T @ rows / dtype(len(rows)) / dtype(8)
    found = stationary_covariance(hessian.astype(dtype), noise, 0.1, 0.5)
    values, basis = np.linalg.eigh(hessian)
    assert abs(values[0]) < 1e-15
    range_of = basis[:, 1:]
    within = stationary_covariance(np.diag(values[1:]), range_of.T @ noise.astype(float) @ range_of, 0.1, 0.5)
    assert np.allclose(found, range_of @ within @ range_of.T, rtol=1e-9 if dtype is np.float64 else 1e-4, atol=1e-9)
    assert np.abs(flat @ found).max() < 1e-5 * np.abs(found).max()
    loss = excess_loss(hessian.astype(dtype), noise, 0.1, 0.5)
    assert np.isclose(loss, np.trace(hessian @ found) / 2, rtol=1e-4)
    assert np.isclose(mean_square_distance(hessian.astype(dtype), noise, 0.1, 0.5), np.trace(found), rtol=1e-4)
    assert np.allclose(lag_covariance(hessian.astype(dtype), noise, 0.1, 0.5, lag=2).shape, (3, 3))


def test_single_precision_is_symmetric_and_semidefinite_up_to_its_rounding():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(4, 12)).astype(np.float32)
    gram = rows.T @ rows
    gram[0, 1] += np.float32(3e-6) * gram.max()
    assert np.linalg.eigvalsh(gram.astype(float))[0] < -1e-8
    hessian = np.eye(12, dtype=np.float32)
    hessian[0, 1] = 3e-6
    assert np.allclose(stationary_covariance(hessian, gram, 0.5), gram * 0.5 / 1.5, rtol=1e-4, atol=1e-4)
    assert decompose(hessian, gram + hessian).spread.shape == (12, 12)
    assert minibatch_covariance(gram, 2).shape == (12, 12)
    for refused in (gram.astype(float), hessian.astype(float)):
        with pytest.raises(ValueError, match=r"not symmetric|eigenvalue -"):
            stationary_covariance(np.eye(12), refused, 0.5)


def test_gram_matrices_of_single_precision_have_flat_directions():
    """Curvatures that are rounding alone count for none: the threshold is that of the ranks."""
    draw = np.random.default_rng(1)
    features = draw.normal(size=(3, 6)).astype(np.float32)
    rough = [np.outer(row, row) for row in features]
    fine = [np.outer(row, row) for row in features.astype(float)]
    assert np.isclose(
        mean_square_stability(rough, batch_size=1).threshold,
        mean_square_stability(fine, batch_size=1).threshold,
        rtol=1e-4,
    )
    mean = sum(rough) / np.float32(3)
    found = minimum_covariance(mean, 0.05, batch_size=4, loss=1.0)
    wanted = minimum_covariance(sum(fine) / 3, 0.05, batch_size=4, loss=1.0)
    assert np.allclose(found, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("least", [0.0, -8.7e-17, 8.7e-17])
def test_noise_that_reaches_a_flat_direction_is_left_out_by_name(least):
    with pytest.warns(UserWarning, match=r"flat along \(0, 1\): noise reaches there"):
        found = stationary_covariance(np.diag([1.0, least]), np.eye(2), 0.5)
    assert np.allclose(found, np.diag([1 / 3, 0.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.allclose(
            stationary_covariance(np.diag([1.0, least]), np.diag([1.0, 0.0]), 0.5), np.diag([1 / 3, 0.0])
        )


def test_many_flat_directions_are_named_by_their_weights():
    hessian = np.diag([1.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.warns(UserWarning, match=r"flat along 4 directions, mostly of weights 2, 3, 4, 5 \(counted from 0\)"):
        stationary_covariance(hessian, np.eye(6), 0.5)


def test_flat_directions_of_exact_matrices():
    """Exactly flat is exactly flat: noise there is refused, and the rest is exact."""
    hessian = [[1, 1], [1, 1]]
    assert stationary_covariance(hessian, hessian, sp.Rational(1, 2)) == sp.Matrix([[1, 1], [1, 1]]) / 4
    assert excess_loss(hessian, hessian, sp.Rational(1, 2)) == sp.Rational(1, 2)
    assert mean_square_distance(hessian, hessian, sp.Rational(1, 2)) == sp.Rational(1, 2)
    with pytest.raises(ValueError, match=r"eigenvalue 0 along \(-?1, -?1\): noise reaches there"):
        stationary_covariance(hessian, [[1, 0], [0, 1]], sp.Rational(1, 2))
    with pytest.raises(ValueError, match="0 in every direction"):
        stationary_covariance([[0, 0], [0, 0]], hessian, sp.Rational(1, 2))
    with pytest.raises(ValueError, match="0 in every direction"):
        stationary_covariance(np.zeros((2, 2)), np.eye(2), 0.5)


def test_a_preconditioner_turns_the_range_but_not_the_flat_directions():
    """The component that settles solves the same equation: the range of ΛH with noise along it."""
    hessian, steps = [[1, 1], [1, 1]], [[2, 1], [1, 1]]
    noise = [[4, 4], [4, 4]]
    exact = stationary_covariance(hessian, noise, sp.Rational(1, 4), sp.Rational(1, 2), steps)
    rates = sp.Matrix(steps) / 4
    drift = rates * sp.Matrix(hessian)
    mu = sp.Rational(1, 2)
    left = (1 - mu) * (drift * exact + exact * drift.T) - (1 + mu**2) / (1 - mu**2) * drift * exact * drift.T
    left += mu / (1 - mu**2) * (drift**2 * exact + exact * (drift.T) ** 2)
    assert left == rates * sp.Matrix(noise) * rates
    found = stationary_covariance(np.array(hessian, float), np.array(noise, float), 0.25, 0.5, np.array(steps, float))
    assert np.allclose(found, np.array(exact, dtype=float))


@pytest.mark.parametrize(
    "wrong",
    [
        np.eye(2) * (1 + 2j),
        np.eye(2, dtype=complex),
        [[1 + 1j, 0], [0, 1]],
        [[1 + 0j, 0], [0, 1]],
        [[sp.I, 0], [0, 1]],
        sp.Matrix([[1, sp.I], [-sp.I, 1]]),
    ],
)
def test_complex_matrices_are_refused(wrong):
    right = np.eye(2) if isinstance(wrong, np.ndarray) else [[1, 0], [0, 1]]
    for given in ((wrong, right), (right, wrong)):
        with pytest.raises(ValueError, match=r"complex|not real|finite number") as error:
            stationary_covariance(*given, 0.5)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"complex|no finite real|no number"):
        minibatch_covariance(wrong, 2)


def test_masked_matrices_are_refused():
    masked = np.ma.array(np.eye(2), mask=[[False, True], [True, False]])
    with pytest.raises(ValueError, match="the Hessian has masked entries"):
        stationary_covariance(masked, np.eye(2), 0.5)
    with pytest.raises(ValueError, match="the noise covariance has masked entries"):
        stationary_covariance(np.eye(2), masked, 0.5)


def test_matrices_of_other_libraries_keep_what_is_beside_the_diagonal():
    noise = np.array([[2.0, 1.0], [1.0, 3.0]])
    wanted = stationary_covariance(np.eye(2), noise, 0.5)
    assert wanted[0, 1] > 0
    pandas, torch = pytest.importorskip("pandas"), pytest.importorskip("torch")
    for given in (
        pandas.DataFrame(noise),
        torch.tensor(noise),
        np.asfortranarray(noise),
        noise.astype(">f8"),
        noise.astype(object),
    ):
        assert np.allclose(np.array(stationary_covariance(np.eye(2), given, 0.5), dtype=float), wanted)
    with pytest.raises(ValueError, match="sparse"):
        stationary_covariance(np.eye(2), pytest.importorskip("scipy.sparse").csr_matrix(noise), 0.5)


def test_what_must_be_definite_is_so_beyond_its_rounding():
    nearly = np.array([[1, 1], [1, 1]]) + np.diag([0.0, 2e-7])
    assert gibbs_covariance(nearly, learning_rate=0.1, variance=1.0).shape == (2, 2)
    with pytest.raises(ValueError, match=r"eigenvalue .*e-0[78]; all must be above 0"):
        gibbs_covariance(nearly.astype(np.float32), learning_rate=0.1, variance=1.0)
