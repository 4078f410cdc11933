"""Second-order and adaptive steps: closed forms against the equation, and tables of Liu, Ziyin, Ueda (2021)."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from sgdsym.stationary import (
    adaptive_covariance,
    damped_newton_covariance,
    natural_gradient_covariance,
    optimal_learning_rate,
    optimal_preconditioner,
    stability_threshold,
    stationary_covariance,
    underdamped_onset,
)
from tests.stationary.support import processes
from tests.stationary.test_covariance import STEPS, C, H, R, symmetric


def test_table_of_damped_newton():
    assert damped_newton_covariance(H, C, R(1, 2)) == symmetric("10/63", "-4/21", "20/63")
    assert damped_newton_covariance(H, C, R(1, 2), R(1, 2)) == symmetric("2/7", "-12/35", "4/7")


@settings(max_examples=25)
@given(processes(preconditioned=False))
def test_damped_newton_solves_the_equation(process):
    hessian, noise, _, mu = process
    closed = damped_newton_covariance(hessian, noise, R(1, 2), mu)
    assert closed == stationary_covariance(hessian, noise, R(1, 2) * hessian.inv(), mu)


@pytest.mark.parametrize("momentum", [0, R(1, 2), R(9, 10)])
def test_natural_gradient_is_consistent_with_its_own_noise(momentum):
    """With the noise that follows from Σ, and the steps that follow from the noise, the equation returns Σ."""
    rate, batch = R(1, 3), 5
    for trace_term in (True, False):
        sigma = natural_gradient_covariance(H, rate, momentum, batch_size=batch, trace_term=trace_term)
        noise = (H * sigma * H + (H * sigma).trace() * H * int(trace_term)) / batch
        assert stationary_covariance(H, noise, rate / batch * noise.inv(), momentum) == sigma
        bracket = R(1, 3 if trace_term else 1) / (1 + momentum) + 1 / sp.sympify((1 - momentum) * batch)
        assert sigma == rate / 2 * bracket * H.inv()


@pytest.mark.parametrize("momentum", [0, R(1, 2)])
def test_the_optimal_preconditioner_samples_the_posterior(momentum):
    assert H * C != C * H
    steps = optimal_preconditioner(H, C, 7, momentum)
    assert 7 * H * stationary_covariance(H, C, steps, momentum) == sp.eye(2)
    in_floats = optimal_preconditioner(np.array(H.tolist(), float), np.array(C.tolist(), float), 7, float(momentum))
    np.testing.assert_allclose(in_floats, np.array(steps.tolist(), float), rtol=1e-13)


def test_the_optimal_preconditioner_of_many_points():
    """N Λ tends to 2 C⁻¹, which is Mandt, Hoffman and Blei's 2S (BBᵀ)⁻¹ with C = BBᵀ/S."""
    points = sp.Symbol("N")
    inverse = sp.Symbol("x")
    scaled = (points * optimal_preconditioner(H, C, points)).subs(points, 1 / inverse).applyfunc(sp.cancel)
    assert scaled.subs(inverse, 0) == 2 * C.inv()


def test_the_optimal_scalar_minimises_the_divergence():
    """The covariance of the continuous-time law is proportional to the rate; the divergence to (N A)⁻¹ is minimal there."""
    batch, points, rate = 3, 50, sp.Symbol("epsilon", positive=True)
    drift, diffusion = sp.diag(2, 5), sp.Matrix([[1, R(1, 2)], [R(1, 2), 3]])
    covariance = sp.Matrix(2, 2, lambda i, j: rate / batch * diffusion[i, j] / (drift[i, i] + drift[j, j]))
    divergence = (points * (drift * covariance).trace() - sp.log(covariance.det())) / 2
    optimum = optimal_learning_rate(diffusion.trace(), weights=2, batch_size=batch, dataset_size=points)
    slope = sp.diff(divergence, rate)
    assert sp.simplify(slope.subs(rate, optimum)) == 0
    assert slope.subs(rate, optimum / 2) < 0 < slope.subs(rate, 2 * optimum)


def test_adaptive_steps_with_noise_like_the_hessian():
    """For small steps and noise σ²H the covariance is λσ²/2 P⁻¹."""
    rate, variance = sp.symbols("eta v")
    sigma = adaptive_covariance(H, variance * H, rate, scaling=STEPS)
    assert (sigma / rate).applyfunc(sp.cancel).subs(rate, 0) == variance / 2 * STEPS.inv()
    assert adaptive_covariance(H, C, R(1, 2), scaling=[2, 4]) == stationary_covariance(H, C, sp.diag(R(1, 4), R(1, 8)))


def largest_root(method, k, mu):
    """The spectral radius of the mean map, from the update itself acting on (w_t, w_{t-1})."""
    look, damp = (mu if method == "nesterov" else 0), (1 - mu if method == "ema" else 1)
    # momentum in units of a step: w_{t+1} = w_t + mu (w_t - w_{t-1}) - damp k (w_t + look (w_t - w_{t-1}))
    return max(abs(np.linalg.eigvals([[1 + mu - damp * k * (1 + look), -mu + damp * k * look], [1, 0]])))


@pytest.mark.parametrize("method", ["sgd", "heavy-ball", "ema", "nesterov"])
@pytest.mark.parametrize("mu", [0.0, 0.3, 0.9])
def test_thresholds_are_where_the_mean_map_expands(method, mu):
    if method == "sgd" and mu:
        with pytest.raises(ValueError, match=f"no momentum, but it is {mu}"):
            stability_threshold(method, momentum=mu)
        return
    limit = stability_threshold(method, momentum=mu)
    assert largest_root(method, limit * (1 - 1e-9), mu) < 1 < largest_root(method, limit * (1 + 1e-9), mu)
    assert stability_threshold(method, momentum=mu, curvature=4.0) == limit / 4


@pytest.mark.parametrize("method", ["heavy-ball", "ema", "nesterov"])
def test_oscillations_set_in_where_roots_turn_complex(method):
    mu = 0.6
    onset = underdamped_onset(method, momentum=mu)
    look, damp = (mu if method == "nesterov" else 0), (1 - mu if method == "ema" else 1)
    for side, oscillates in ((0.999, False), (1.001, True)):
        k = onset * side * damp
        roots = np.roots([1, -(1 + mu - k * (1 + look)), mu - k * look])
        assert bool(np.abs(roots.imag).max() > 0) is oscillates


def test_thresholds_in_print():
    mu, beta = sp.symbols("mu beta")
    assert stability_threshold("ema", momentum=R(9, 10)) == 38
    assert sp.simplify(stability_threshold("heavy-ball", momentum=mu) - 2 * (1 + mu)) == 0
    assert sp.simplify(stability_threshold("nesterov", momentum=mu) - 2 * (1 + mu) / (1 + 2 * mu)) == 0
    assert sp.simplify(underdamped_onset("ema", momentum=beta) - (1 - sp.sqrt(beta)) / (1 + sp.sqrt(beta))) == 0
    assert stability_threshold() == 2
    assert underdamped_onset("sgd") == 1
    assert stability_threshold(momentum=R(1, 2), curvature=[[2, 1], [1, 2]]) == 1
    assert float(stability_threshold(curvature=H)) == pytest.approx(stability_threshold(curvature=np.array(H, float)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: damped_newton_covariance(H, C, 3, R(1, 2)), "learning rate of damped Newton steps is 3; .* below 3"),
        (lambda: natural_gradient_covariance(H, R(1, 2), batch_size=0), "batch size is 0"),
        (lambda: optimal_preconditioner(H, C, R(5, 2)), "dataset size is 5/2"),
        (lambda: optimal_preconditioner(H, -C, 5), "noise covariance has the eigenvalue"),
        (lambda: adaptive_covariance(H, C, R(1, 2), scaling=[1, -2]), "scaling is -2"),
        (lambda: stability_threshold("adam"), "method must be one of sgd, heavy-ball, ema, nesterov, not 'adam'"),
        (lambda: stability_threshold(2), "method must be one of .*, not 2"),
        (lambda: stability_threshold(curvature=[["h"]]), "give its largest eigenvalue"),
        (lambda: stability_threshold("ema", momentum=1), "momentum is 1"),
        (lambda: underdamped_onset(momentum=R(1, 2), curvature=-1), "curvature is -1"),
    ],
)
def test_what_means_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
