"""Fluctuation-dissipation relations: exactly on quadratic losses, and on simulated runs, stationary or not.

Source: Yaida, "Fluctuation-dissipation relations for stochastic gradient descent" (2019).
"""

import numpy as np
import pytest
from hypothesis import given, settings

from sgdsym.stationary import (
    Relation,
    excess_loss,
    fluctuation_dissipation,
    fluctuation_dissipation_matrix,
    momentum_covariance,
    stationary_covariance,
)
from tests.stationary.support import processes

HESSIAN = np.array([[2.0, 0.5], [0.5, 1.0]])


@settings(max_examples=25)
@given(processes(preconditioned=False))
def test_relations_hold_exactly_on_quadratic_losses(process):
    """FDR1 with its matrix form, FDR1′ in the units of heavy ball, and the harmonic excess loss (η/4) Tr C̃."""
    hessian, noise, steps, mu = process
    rate = steps[0, 0]
    sigma = stationary_covariance(hessian, noise, rate, mu)
    step = rate * momentum_covariance(hessian, noise, rate, mu)
    assert (hessian * sigma).trace() == (1 + mu) / 2 * step.trace()
    plain = stationary_covariance(hessian, noise, rate)
    full = noise + hessian * plain * hessian
    assert plain * hessian + hessian * plain == rate * full
    assert (hessian * hessian * plain).trace() == rate / 2 * (hessian * full).trace()
    assert excess_loss(hessian, noise, rate) == rate / 4 * full.trace()


def simulate(
    steps, rate, *, momentum=0.0, dampening=0.0, slope=lambda w: w @ HESSIAN, start=(0.0, 0.0), seed=0, warm=500
):
    """A run of SGD with Gaussian noise: positions, velocities before the update, batch and full gradients."""
    rng = np.random.default_rng(seed)
    w, v, rows = np.array(start), np.zeros(2), []
    for step in range(warm + steps):
        full = slope(w)
        batch = full + rng.normal(size=2) * [1.0, 0.5]
        if step >= warm:
            rows.append((w, v, batch, full))
        v = momentum * v - (1 - dampening) * batch
        w = w + rate * v
    return (np.array(column) for column in zip(*rows, strict=True))


@pytest.mark.parametrize(("momentum", "dampening"), [(0.0, 0.0), (0.5, 0.0), (0.5, 0.5)])
def test_a_stationary_run_satisfies_both(momentum, dampening):
    w, v, batch, full = simulate(40_000, 0.3, momentum=momentum, dampening=dampening)
    step = momentum * v - (1 - dampening) * batch
    settings_ = {"momentum": momentum, "dampening": dampening, "velocities": v, "full_gradients": full}
    curvature = np.einsum("ti,ij,tj->t", step, HESSIAN, step)
    relations = fluctuation_dissipation(w, batch, 0.3, curvatures=[curvature], **settings_)
    assert [relation.name for relation in relations] == ["FDR1", "FDR2"]
    for relation in relations:
        assert relation.holds()
        assert 0 < relation.error < 0.05 * relation.right
    wrong = fluctuation_dissipation(w, batch, 0.4, curvatures=[curvature], **settings_)
    assert not any(relation.holds() for relation in wrong)


def test_higher_terms_count_on_a_quartic_loss():
    """f = Σ w⁴/4 + w²/2: the second derivative alone misses, with the third and fourth both sides agree."""
    w, _, batch, full = simulate(100_000, 0.25, slope=lambda w: w**3 + w)
    step = -batch
    terms = [np.sum(d * step**k, axis=1) for k, d in ((2, 3 * w**2 + 1), (3, 6 * w), (4, 6.0))]
    first, whole = fluctuation_dissipation(w, batch, 0.25, full_gradients=full, curvatures=terms)
    _, short = fluctuation_dissipation(w, batch, 0.25, full_gradients=full, curvatures=terms[:1])
    assert first.holds()
    assert whole.holds()
    assert not short.holds()


def test_a_run_on_its_way_is_told():
    w, _, batch, full = simulate(2_000, 0.001, start=(30.0, 30.0), warm=0)
    (relation,) = fluctuation_dissipation(w, batch, 0.001, full_gradients=full)
    assert not relation.holds()


def test_the_matrix_relation():
    w, _, batch, full = simulate(40_000, 0.3)
    left, right, error = fluctuation_dissipation_matrix(w, batch, 0.3, full_gradients=full)
    assert (abs(left - right) < 3.5 * error).all()
    noise = np.diag([1.0, 0.25])
    sigma = stationary_covariance(HESSIAN, noise, 0.3)
    np.testing.assert_allclose(right, 0.3 * (noise + HESSIAN @ sigma @ HESSIAN), atol=0.02)


def test_errors_are_those_of_independent_blocks():
    """For uncorrelated records the error is the standard deviation over the root of their number."""
    rng = np.random.default_rng(1)
    w, g = rng.normal(size=(2, 40_000, 1))
    (relation,) = fluctuation_dissipation(w, g, 0.5, blocks=400)
    assert relation.error == pytest.approx((w * g - g**2 / 4).std() / 200, rel=0.1)
    assert str(Relation("FDR1", 2.0, 1.5, 0.25)) == "FDR1: 2 against 1.5, +0.5 ± 0.25 (+2.0 standard errors)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.ones(10)}, r"positions has shape \(10,\)"),
        ({"gradients": np.ones((9, 2))}, r"gradients has shape \(9, 2\); it must be \(10, 2\)"),
        ({"gradients": np.full((10, 2), np.nan)}, r"gradients holds nan at \(0, 0\)"),
        ({"learning_rate": 0.0}, "learning rate is 0.0"),
        ({"momentum": 1.0}, "momentum is 1.0"),
        ({"momentum": 0.5}, "give the velocities"),
        ({"dampening": 1.0}, "dampening is 1.0"),
        ({"blocks": 6}, "10 records are divided into 6 blocks; take from 2 to 5"),
        ({"full_gradients": np.ones((10, 2)), "curvatures": [np.ones(3)]}, r"curvature 2 has shape \(3,\)"),
    ],
)
def test_what_means_nothing_is_refused(change, message):
    given_ = {"positions": np.ones((10, 2)), "gradients": np.ones((10, 2)), "learning_rate": 0.1, "blocks": 2} | change
    with pytest.raises(ValueError, match=message):
        fluctuation_dissipation(**given_)
