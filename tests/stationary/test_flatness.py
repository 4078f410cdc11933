"""The drift along a valley of minima: against potentials in print, and against runs of SGD."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import flat_diffusion, flatness_drift, noise_scale

x, y = sp.symbols("x y", positive=True)
eta, sigma, b = sp.symbols("eta sigma B", positive=True)


def derivatives(loss, point):
    hessian = sp.hessian(loss, (x, y))
    third = sp.Array([[[sp.diff(hessian[i, j], w) for w in (x, y)] for j in range(2)] for i in range(2)])
    return hessian.subs(point), third.subs(point)


@pytest.mark.parametrize(
    ("noise", "potential"),
    [
        (lambda hessian: hessian, lambda trace: trace),
        (lambda hessian: sp.eye(2), sp.log),
    ],
    ids=["labels", "isotropic"],
)
def test_small_steps_descend_the_potentials_in_print(noise, potential):
    """On ½(xy - 1)² the only curvature is x² + y²; along the valley y = 1/x the drift is that of eta sigma²/4B times the potential."""
    point = {y: 1 / x}
    hessian, third = derivatives((x * y - 1) ** 2 / 2, point)
    drift = flatness_drift(hessian, third, sigma**2 / b * noise(hessian), eta)
    along = sp.Matrix([x, -y]).subs(point)
    slope = sp.Matrix([sp.diff(potential(x**2 + y**2), w) for w in (x, y)]).subs(point)
    expected = -(eta**2) * sigma**2 / (4 * b) * slope.dot(along)
    assert sp.simplify(sp.limit(sp.cancel(drift.dot(along) / eta**2), eta, 0) - expected / eta**2) == 0


def test_runs_of_sgd_drift_as_predicted():
    """Two curvatures that do not commute with the noise, on a valley along the third weight, with momentum and without."""
    rng = np.random.default_rng(5)
    hessian, slope = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[0.3, -0.2], [-0.2, 0.5]])
    root = np.array([[1.0, 0.0], [-0.5, 0.7]])
    whole, third, noise = np.zeros((3, 3)), np.zeros((3, 3, 3)), np.zeros((3, 3))
    whole[:2, :2], noise[:2, :2] = hessian, root @ root.T
    third[:2, :2, 2] = third[:2, 2, :2] = third[2, :2, :2] = slope
    rate, runs = 0.2, 2000
    for momentum in (0.0, 0.5):
        w, m, along, pushed = np.zeros((runs, 2)), np.zeros((runs, 2)), 0.0, 0.0
        moves = []
        for step in range(1200):
            # the loss is ½ w(H + z dH)w; the valley coordinate z is held at 0, and its mean step measured
            along = np.einsum("ri,ij,rj->r", w, slope, w) / 2
            pushed = momentum * pushed + along
            m = momentum * m + w @ hessian + rng.standard_normal((runs, 2)) @ root.T
            w = w - rate * m
            if step >= 200:
                moves.append(-rate * pushed.mean())
        drift = flatness_drift(whole, third, noise, rate, momentum)[2]
        error = np.std([np.mean(part) for part in np.array_split(moves, 20)], ddof=1) / np.sqrt(20)
        assert abs(np.mean(moves) - drift) < 4 * error
        assert error < 0.01 * abs(drift)


def test_exact_and_floats_agree():
    hessian, third = derivatives((x * y - 1) ** 2 / 2, {x: 2, y: sp.Rational(1, 2)})
    exact = flatness_drift(hessian, third, hessian, sp.Rational(1, 10), sp.Rational(1, 2))
    floats = flatness_drift(np.array(hessian, float), np.array(third, float), np.array(hessian, float), 0.1, 0.5)
    np.testing.assert_allclose(np.array(exact, float).ravel(), floats, rtol=1e-12)


def test_noise_scale():
    """Smith and Le, 2018: eta(N/B - 1), which is zero for the full batch."""
    assert noise_scale(learning_rate=0.1, batch_size=10, dataset_size=1000) == pytest.approx(9.9)
    rate, size, examples = sp.symbols("eta B N")
    named = noise_scale(learning_rate="eta", batch_size="B", dataset_size="N")
    assert sp.simplify(named - rate * (examples / size - 1)) == 0
    assert noise_scale(learning_rate=1, batch_size=7, dataset_size=7) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flatness_drift([[1]], [[1]], [[1]], 1), r"third derivative has shape \(1, 1\)"),
        (lambda: flatness_drift([[-1]], [[[1]]], [[1]], 1), "Hessian has the eigenvalue -1"),
        (lambda: flatness_drift([[3]], [[[1]]], [[1]], 1), "must be below 2"),
        (lambda: noise_scale(learning_rate=1, batch_size=8, dataset_size=7), "a batch of 8 cannot be drawn from 7"),
    ],
)
def test_what_means_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_walk_along_flat_directions_is_that_of_the_moments(momentum):
    root, kick = np.random.default_rng(0).normal(size=(2, 4, 4))
    hessian, noise, rate = root[:, :2] @ root[:, :2].T / 8, kick @ kick.T, 0.3
    # second moments of weights and momentum, update by update
    push = np.block([[np.eye(4) - rate * hessian, -rate * momentum * np.eye(4)], [hessian, momentum * np.eye(4)]])
    gain = np.concatenate([-rate * np.eye(4), np.eye(4)])
    moments, before = np.zeros((8, 8)), np.zeros((8, 8))
    for _ in range(600):
        before, moments = moments, push @ moments @ push.T + gain @ noise @ gain.T
    flat = np.eye(4) - np.linalg.pinv(hessian) @ hessian
    growth = flat @ (moments - before)[:4, :4] @ flat
    found = flat_diffusion(hessian, noise, rate, momentum)
    np.testing.assert_allclose(found, growth, atol=1e-7 * np.abs(growth).max())
    assert np.abs(hessian @ found).max() < 1e-12


def test_nothing_walks_where_nothing_is_flat():
    assert flat_diffusion([[2, 1], [1, 2]], [[1, 0], [0, 1]], eta).is_zero_matrix
    assert flat_diffusion([[0]], [[sigma**2]], eta, sp.Rational(1, 2))[0] == 4 * eta**2 * sigma**2
