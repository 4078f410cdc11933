"""Periodic schedules: a period of the moment recursion takes each covariance to itself, exactly; and runs have them."""

from random import Random

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import periodic_covariance, stationary_covariance

R = sp.Rational
H, C = sp.Matrix([[2, R(1, 2)], [R(1, 2), 1]]), sp.Matrix([[1, -R(1, 3)], [-R(1, 3), R(1, 2)]])


def random_pair(draw, size):
    """A Hessian and a noise covariance that do not commute."""
    roots = [sp.Matrix(size, size, lambda *_: R(draw.randint(-3, 3), draw.randint(1, 4))) for _ in range(2)]
    return [root * root.T + sp.eye(size) / 5 for root in roots]


@pytest.mark.parametrize("seed", range(4))
def test_a_period_takes_every_phase_to_itself(seed):
    draw = Random(seed)
    size, length = 2 + seed % 2, draw.randint(2, 5)
    hessian, noise = random_pair(draw, size)
    assert hessian * noise != noise * hessian
    bound = max(float(h) for h in np.linalg.eigvalsh(np.array(hessian.tolist(), float)))
    rates = [R(draw.randint(1, 19), 10) / R(round(bound * 10) + 1, 10) for _ in range(length)]
    batches = [draw.randint(1, 4) for _ in range(length)]
    phases = periodic_covariance(hessian, noise, rates, batch_sizes=batches)
    for k in range(length):
        push = sp.eye(size) - rates[k] * hessian
        expected = push * phases[k] * push + rates[k] ** 2 * noise / batches[k]
        assert (expected - phases[(k + 1) % length]).is_zero_matrix
    # floats agree
    numbers = [np.array(matrix.tolist(), float) for matrix in (hessian, noise)]
    for own, right in zip(
        periodic_covariance(*numbers, [float(r) for r in rates], batch_sizes=batches), phases, strict=True
    ):
        np.testing.assert_allclose(own, np.array(right.tolist(), float), rtol=1e-10)


@pytest.mark.parametrize("momentum", [R(1, 2), R(9, 10)])
def test_with_momentum_the_moments_of_both_come_back(momentum):
    rates, batches = [R(1, 2), R(1, 10), R(3, 10)], [1, 2, 4]
    phases = periodic_covariance(H, C, rates, momentum, batch_sizes=batches)
    # the recursion from any start ends in the same covariances
    moments = np.zeros((4, 4))
    numbers = [np.array(matrix.tolist(), float) for matrix in (H, C)]
    for _ in range(400):
        seen = []
        for rate, batch in zip(rates, batches, strict=True):
            seen.append(moments[:2, :2])
            moments = after_one_update(moments, *numbers, float(rate), batch, float(momentum))
            # rounding alone would grow what is not symmetric
            moments = (moments + moments.T) / 2
    for own, right in zip(phases, seen, strict=True):
        np.testing.assert_allclose(np.array(own.tolist(), float), right, rtol=1e-10)
    floats = periodic_covariance(*numbers, [float(r) for r in rates], float(momentum), batch_sizes=batches)
    np.testing.assert_allclose(floats, [np.array(own.tolist(), float) for own in phases], rtol=1e-10)


def after_one_update(moments, hessian, noise, rate, batch, momentum):
    """Second moments of weights and momentum, by the definition of a step."""
    ww, wm, mm = moments[:2, :2], moments[:2, 2:], moments[2:, 2:]
    mixed = momentum * wm + ww @ hessian
    turned = momentum**2 * mm + momentum * (hessian @ wm + wm.T @ hessian) + hessian @ ww @ hessian + noise / batch
    moved = ww - rate * (mixed + mixed.T) + rate**2 * turned
    return np.block([[moved, mixed - rate * turned], [(mixed - rate * turned).T, turned]])


@pytest.mark.parametrize("momentum", [0, R(1, 2)])
def test_a_constant_schedule_is_no_schedule(momentum):
    (alone,) = periodic_covariance(H, C, [R(1, 2)], momentum)
    assert alone == stationary_covariance(H, C, R(1, 2), momentum)
    assert periodic_covariance(H, C, [R(1, 2)] * 3, momentum) == [alone] * 3


def test_one_update_of_a_period_may_overshoot():
    steep = periodic_covariance([[1]], [[1]], [R(5, 2), R(1, 2)])
    assert all(phase[0] > 0 for phase in steep)
    with pytest.raises(ValueError, match=r"a period multiplies some direction by 2\.25"):
        periodic_covariance([[1]], [[1]], [R(5, 2), R(5, 2)])
    with pytest.raises(ValueError, match=r"a period multiplies some direction by 2\.25"):
        periodic_covariance([[1.0]], [[1.0]], [2.5, 2.5])


def test_formulas_in_symbols():
    a, b, h, c = sp.symbols("a b h c")
    first, second = periodic_covariance([[h]], [[c]], [a, b])
    shrink = ((1 - a * h) * (1 - b * h)) ** 2
    assert sp.simplify(first[0] - c * (a**2 * (1 - b * h) ** 2 + b**2) / (1 - shrink)) == 0
    assert sp.simplify(second[0] - c * (b**2 * (1 - a * h) ** 2 + a**2) / (1 - shrink)) == 0


def test_runs_have_the_covariance_of_each_phase():
    from sgdsym import Landscape, simulate

    hessian, noise = (np.array(matrix.tolist(), float) for matrix in (H, C))
    root = np.linalg.cholesky(noise)
    landscape = Landscape.numpy(
        lambda w, x: ((w @ hessian) * w).sum(axis=-1) / 2 + (w * x).sum(axis=-1),
        [0.0, 0.0],
        lambda generator, shape: generator.standard_normal((*shape, 2)) @ root.T,
        gradient=lambda w, x: w @ hessian + x,
        mean_loss=lambda w: ((w @ hessian) * w).sum(axis=-1) / 2,
    )
    rates = [0.5, 0.05, 0.25]
    phases = periodic_covariance(hessian, noise, rates, 0.5)
    found = simulate(
        landscape, 1.0, runs=20_000, steps=92, batch_size=1, momentum=0.5, schedule=(rates * 31)[:92],
        record=[90, 91, 92], observable="covariance",
    )  # fmt: skip
    for phase, value, error in zip(phases, found.value, found.standard_error, strict=True):
        assert (np.abs(phase - value) < 4.5 * error).all()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (([[1]], [[1]], []), "one number or more"),
        (([[1]], [[1]], R(1, 2)), "learning_rates must be a list"),
        (([[1]], [[1]], [1, 0]), "learning rate"),
        (([[0]], [[1]], [1]), "Hessian"),
        (([[1]], [[1]], [1], 1), "momentum"),
    ],
)
def test_refusals(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        periodic_covariance(*arguments)
    with pytest.raises(ValueError, match="give as many"):
        periodic_covariance([[1]], [[1]], [1], batch_sizes=[1, 2])
