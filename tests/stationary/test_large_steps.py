"""Large deterministic steps against the networks and flows that they describe, step by step."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import catapult_step, edge_of_stability_flow, scale_invariant_equilibrium

R = sp.Rational


def test_the_catapult_closes_on_two_quantities():
    """Gradient descent on the two layers themselves, in exact rationals."""
    u, v = sp.Matrix([1, -R(1, 2), 2, 1]), sp.Matrix([R(1, 3), 1, -1, 2])
    width, rate = 4, R(3, 4)
    for _ in range(3):
        f, sharpness = u.dot(v) / sp.sqrt(width), (u.dot(u) + v.dot(v)) / width
        u, v = u - rate * f * v / sp.sqrt(width), v - rate * f * u / sp.sqrt(width)
        after = (u.dot(v) / sp.sqrt(width), (u.dot(u) + v.dot(v)) / width)
        assert catapult_step(f, sharpness, learning_rate=rate, width=width) == after


def test_the_catapult_lands_where_steps_are_stable():
    f, sharpness = 1.0, 3.0
    for _ in range(400):
        f, sharpness = catapult_step(f, sharpness, learning_rate=1.0, width=100)
    assert abs(f) < 1e-9
    assert sharpness < 2


def test_gradient_descent_settles_where_the_flow_says():
    """L = (1 + y) x²/2 + (y - 5/4)²/20 and η = 1: the sharpness 1 + y is held at 2, by x² = 1/20."""
    x, y = 0.3, 0.9
    for _ in range(2000):
        x, y = x - (1 + y) * x, y - (x**2 / 2 + (y - 1.25) / 10)
    assert y == pytest.approx(1, abs=1e-9)
    flow = edge_of_stability_flow([0.0, (y - 1.25) / 10], [0.0, 1.0], 1.0)
    assert x**2 == pytest.approx(flow.variance, rel=1e-9)
    np.testing.assert_allclose(flow.velocity, 0, atol=1e-12)


def test_the_flow_keeps_the_sharpness():
    g, s = sp.Matrix(sp.symbols("g:3")), sp.Matrix(sp.symbols("s:3"))
    flow = edge_of_stability_flow(list(g), list(s), sp.Symbol("eta"))
    assert sp.simplify(flow.velocity.dot(s)) == 0
    assert sp.simplify(flow.variance + 2 * s.dot(g) / s.dot(s)) == 0


def test_a_scale_invariant_network_settles_at_the_equilibrium():
    """The loss is the angle alone; the gradient pushes it on with a constant force."""
    rate, gamma, force = 0.1, 0.05, 3.0
    w, turned = np.array([2.0, 0.0]), 0.0
    for _ in range(4000):
        before, square = w, w @ w
        w = (1 - rate * gamma) * w - rate * np.array([-w[1], w[0]]) / square * force
        turned = np.arccos(before @ w / np.sqrt(square * (w @ w)))
    law = scale_invariant_equilibrium(learning_rate=rate, decay=gamma, gradient_square=force**2)
    assert np.sqrt(w @ w) == pytest.approx(law.radius, rel=1e-9)
    assert turned == pytest.approx(law.angle, rel=1e-6)
    assert law.angle == pytest.approx(np.sqrt(2 * rate * gamma), rel=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: catapult_step(1, 1, learning_rate=0, width=2), "learning rate is 0"),
        (lambda: catapult_step(1, 1, learning_rate=1, width=0), "width is 0"),
        (lambda: edge_of_stability_flow([1], [1], 1), "variance is -2, below 0"),
        (lambda: edge_of_stability_flow([1, 2], [1], 1), "2 entries and that of the sharpness 1"),
        (lambda: edge_of_stability_flow([1], [0], 1), "gradient of the sharpness is 0"),
        (
            lambda: scale_invariant_equilibrium(learning_rate=1, decay=3, gradient_square=1),
            "decay is 3; it must be below 2",
        ),
        (lambda: scale_invariant_equilibrium(learning_rate=1, decay=1, gradient_square=-1), "squared gradient is -1"),
    ],
)
def test_what_means_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
