"""Corollaries at long times, against the closed forms of the literature and against linear recursions."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.resummation.closed import ETA, closed_form
from sgdsym.sgd import (
    curvature_noise_displacement,
    curvature_noise_velocity,
    expand,
    generalization_gap,
    overfitting,
    resum,
    skewness_correction,
    stabilised_criterion,
    takeuchi_criterion,
    velocity,
)

T, N = sp.symbols("T N")
WIDTHS = sp.symbols("h0:2", positive=True)
NOISE = sp.Matrix([[2, 1], [1, 3]])


def test_overfitting_and_gap_in_continuous_time():
    """(1/2N) C:[(I - e^{-eta T H})^{x2} H^{-1}] and (1/N) C:(I - e^{-eta T H}) H^{-1}."""
    left = [1 - sp.exp(-ETA * T * h) for h in WIDTHS]
    rise = closed_form(overfitting(form="continuous"), WIDTHS, {(1, 1): NOISE.tolist()})
    gap = closed_form(generalization_gap(form="continuous"), WIDTHS, {(1, 1): NOISE.tolist()})
    expected = sum(NOISE[a, a] * left[a] ** 2 / (2 * N * WIDTHS[a]) for a in range(2))
    assert sp.simplify(rise - sp.expand(expected)) == 0
    assert sp.simplify(gap - sum(NOISE[a, a] * left[a] / (N * WIDTHS[a]) for a in range(2))) == 0


def test_overfitting_and_gap_in_steps():
    left = [1 - (1 - ETA * h) ** T for h in WIDTHS]
    rise = closed_form(overfitting(), WIDTHS, {(1, 1): NOISE.tolist()})
    gap = closed_form(generalization_gap(), WIDTHS, {(1, 1): NOISE.tolist()})
    expected = sum(NOISE[a, a] * left[a] ** 2 / (2 * N * WIDTHS[a]) for a in range(2))
    assert sp.simplify(sp.expand(rise - expected)) == 0
    assert sp.simplify(gap - sum(NOISE[a, a] * left[a] / (N * WIDTHS[a]) for a in range(2))) == 0


def test_medium_widths_overfit_most():
    """The rise in one dimension peaks at eta T H = 1.2564, the root of 1 + 2x = e^x."""
    width = sp.Symbol("h", positive=True)
    rise = closed_form(overfitting(form="continuous"), [width], {(1, 1): [[1]]}, steps=1, learning_rate=1)
    peak = sp.nsolve(sp.diff(rise.subs(N, 1), width), width, 1)
    assert abs(peak - sp.Float("1.25643")) < 1e-5
    assert abs(1 + 2 * peak - sp.exp(peak)) < 1e-12


def test_criteria_at_long_times():
    """tr(C H^-1)/N (Takeuchi), and the number of weights over N where C = H (Akaike)."""
    value = closed_form(takeuchi_criterion(), WIDTHS, {(1, 1): NOISE.tolist()})
    assert sp.simplify(value - (NOISE * sp.diag(*WIDTHS).inv()).trace() / N) == 0
    assert closed_form(takeuchi_criterion(), WIDTHS, {(1, 1): sp.diag(*WIDTHS).tolist()}) == 2 / N
    with pytest.raises(ValueError, match="flat direction"):
        closed_form(takeuchi_criterion(), [1, 0], {(1, 1): NOISE.tolist()})


def test_stabilised_criterion_is_finite_where_the_other_is_not():
    rng = np.random.default_rng(2)
    frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    slopes = rng.normal(size=(40, 3))
    slopes -= slopes.mean(0)
    noise = slopes.T @ slopes / 40
    kernel = stabilised_criterion().kernel()
    for widths in ([0.5, 1.0, 3.0], [0.5, 0.0, 1e-14]):
        hessian = frame @ np.diag(widths) @ frame.T
        found = kernel({0: np.zeros(40), 1: slopes, 2: (hessian + hessian.T) / 2}, 0.1, steps=[1, 100], N=40)
        for steps, value in zip([1, 100], found, strict=True):
            time = 0.1 * steps
            memory = [(1 - np.exp(-time * h)) / h if h > 1e-10 else time for h in widths]
            expected = np.trace(frame.T @ noise @ frame @ np.diag(memory)) / 40
            assert value == pytest.approx(expected, rel=1e-9)
            assert value <= time * np.trace(noise) / 40 + 1e-12


def test_curvature_noise_displacement_is_a_double_sum():
    """-(eta^3/2) C J (1/(1-q)) [(1-k^T)/(1-k) - (k^T-q^T)/(k-q)], q the product of two, k of the third."""
    a, b, c = sp.symbols("a b c", positive=True)
    jerk = [[[int(sorted((x, y, z)) == [0, 1, 2]) for z in range(3)] for y in range(3)] for x in range(3)]
    noise = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    tensors = {(1, 1): noise, (3,): jerk}
    moved = closed_form(curvature_noise_displacement(batch_size=1), [a, b, c], tensors)[2]
    q, k = (1 - ETA * a) * (1 - ETA * b), 1 - ETA * c
    late_q, late_k = (1 - ETA * a) ** T * (1 - ETA * b) ** T, k**T
    expected = -(ETA**3) / (1 - q) * ((1 - late_k) / (1 - k) - (late_k - late_q) / (k - q))
    assert sp.simplify(moved - expected) == 0
    stationary = closed_form(curvature_noise_displacement(batch_size=1, form="stationary"), [a, b, c], tensors)[2]
    assert sp.limit(stationary / ETA, ETA, 0) == -1 / ((a + b) * c)


def test_velocity_is_the_growth_of_the_displacement():
    """Along flat directions, for any request; elsewhere the loss pulls back."""
    rng = np.random.default_rng(4)
    jerk = rng.normal(size=(3, 3, 3))
    jerk = sum(jerk.transpose(order) for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2), (2, 1, 0)))
    tensors = [rng.normal(size=5), rng.normal(size=(5, 3)), rng.normal(size=(5, 3, 3)), jerk]
    tensors[2] = tensors[2] + tensors[2].transpose(0, 2, 1)
    tensors[2] += np.diag([0.7, 1.1, 0.0]) - tensors[2].mean(0)
    series = resum(observable="displacement", order=3, batch_size=1)
    moved = series.kernel()(tensors, 0.4, steps=[7, 8])
    assert velocity(series).kernel()(tensors, 0.4, steps=7)[2] == pytest.approx(moved[1, 2] - moved[0, 2], rel=1e-9)
    with pytest.raises(ValueError, match="belongs to a displacement"):
        velocity(resum(order=2))


def test_descent_is_on_the_loss_smoothed_by_the_noise():
    """At long times the velocity is minus eta times the gradient of Sigma:H/2, Sigma the stationary covariance, held fixed."""
    hessian, rate = [sp.Rational(1, 2), sp.Rational(4, 3), 0], sp.Rational(2, 5)
    noise = [[2, 1, 0], [1, 3, 0], [0, 0, 0]]
    jerk = [[[1 + x * y + y * z + z * x for z in range(3)] for y in range(3)] for x in range(3)]
    tensors = {(1, 1): noise, (3,): jerk}
    speed = closed_form(curvature_noise_velocity(form="stationary", batch_size=1), hessian, tensors, learning_rate=rate)
    spread = resum(observable="covariance", order=2, form="stationary", batch_size=1)
    spread = closed_form(spread, hessian, {(1, 1): noise}, learning_rate=rate)
    smoothed = sum(spread[a, b] * jerk[a][b][2] for a in range(3) for b in range(3)) / 2
    assert speed[2] == -rate * smoothed


def test_skewed_noise_resummed():
    """-(eta^3/6) S J sum_{s<T} prod (1 - eta h)^s; at each T a sum that is written out."""
    widths = [sp.Rational(1, 2), sp.Rational(1, 3)]
    skew = [[[x + y + z for z in range(2)] for y in range(2)] for x in range(2)]
    jerk = [[[1 + x * y * z for z in range(2)] for y in range(2)] for x in range(2)]
    series = skewness_correction(batch_size=1)
    for steps in (0, 1, 4):
        found = closed_form(series, widths, {(1, 1, 1): skew, (3,): jerk}, learning_rate=1, steps=steps)
        places = [(x, y, z) for x in range(2) for y in range(2) for z in range(2)]
        memory = {i: sum(sp.prod([1 - widths[x] for x in i]) ** s for s in range(steps)) for i in places}
        assert found == -sp.Rational(1, 6) * sum(skew[x][y][z] * jerk[x][y][z] * memory[x, y, z] for x, y, z in places)
    assert series.expand().terms.items() <= expand(order=3, batch_size=1).terms.items()
