"""The modified equation of Adam against Adam itself, run until its start is forgotten."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import adam_drift, stochastic_modified_equation

X, Y = sp.symbols("x y")
LOSS = (X**2 + 3 * Y**2) / 2 + X**3 / 6 + X * Y**2 / 4 + X * Y / 2


def adam(gradient, start, *, rate, beta, rho, epsilon, steps):
    """The weights after every step."""
    place, mean, square, path = np.array(start), 0.0, 0.0, []
    mean, square = gradient(place), gradient(place) ** 2
    for _ in range(steps):
        g = gradient(place)
        mean, square = beta * mean + (1 - beta) * g, rho * square + (1 - rho) * g**2
        place = place - rate * mean / np.sqrt(square + epsilon)
        path.append(place)
    return path


def flow(drift, start, time, steps=400):
    """The classical Runge–Kutta method."""
    place, h = np.array(start), time / steps
    for _ in range(steps):
        a = drift(place)
        b = drift(place + h / 2 * a)
        c = drift(place + h / 2 * b)
        place = place + h / 6 * (a + 2 * b + 2 * c + drift(place + h * c))
    return place


@pytest.mark.parametrize(("beta", "rho"), [(0.5, 0.8), (0.0, 0.8), (0.7, 0.3)])
def test_adam_follows_the_flow_to_second_order(beta, rho):
    """Over a fixed time the distance falls by 4 as the rate is halved, by 2 without the correction."""
    gradient = sp.lambdify([[X, Y]], [LOSS.diff(v) for v in (X, Y)])
    corrected, plain = [], []
    for rate in (0.004, 0.002, 0.001):
        forget, steps = round(0.2 / rate), round(0.3 / rate)
        settings = {"rate": rate, "beta": beta, "rho": rho, "epsilon": 0.1}
        path = adam(lambda w: np.array(gradient(w)), [1.2, 0.9], **settings, steps=forget + steps)
        drift = adam_drift([X, Y], LOSS, learning_rate=rate, first_decay=beta, second_decay=rho, epsilon=0.1)
        naive = [-LOSS.diff(v) / sp.sqrt(LOSS.diff(v) ** 2 + 0.1) for v in (X, Y)]
        for formula, errors in ((drift, corrected), (naive, plain)):
            evaluate = sp.lambdify([[X, Y]], formula)
            end = flow(lambda w, f=evaluate: np.array(f(w)), path[forget - 1], rate * steps)
            errors.append(np.linalg.norm(end - path[-1]))
    for coarse, fine in pairwise(corrected):
        assert 3.8 < coarse / fine < 4.2
    for coarse, fine in pairwise(plain):
        assert 1.6 < coarse / fine < 2.5
    assert corrected[-1] < 0.05 * plain[-1]


def test_the_limits_of_epsilon():
    """Large ε: gradient descent of rate h/√ε with momentum β; small ε: the factor (1+β)/(1-β) - (1+ρ)/(1-ρ)."""
    eta, beta, rho, epsilon, c = sp.symbols("eta beta rho epsilon c", positive=True)
    drift = adam_drift([X], LOSS.subs(Y, 0), epsilon=1 / epsilon**2)[0] / epsilon
    leading = sp.series(drift.subs(sp.Symbol("eta"), eta / epsilon), epsilon, 0, 1).removeO()
    slope = LOSS.subs(Y, 0).diff(X)
    momentum = -slope - eta / 2 * (1 + sp.Symbol("beta")) / (1 - sp.Symbol("beta")) * slope * slope.diff(X)
    assert sp.simplify(leading - momentum) == 0
    without = stochastic_modified_equation([X], LOSS.subs(Y, 0), learning_rate=eta).drift[0]
    assert sp.expand(momentum.subs(sp.Symbol("beta"), 0) - without) == 0
    small = adam_drift([X], c * X**2 / 2, learning_rate=eta, first_decay=beta, second_decay=rho, epsilon=epsilon)[0]
    limit = sp.limit(small.subs(X, 1), epsilon, 0)
    assert sp.simplify(limit + 1 + eta / 2 * ((1 + beta) / (1 - beta) - (1 + rho) / (1 - rho))) == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"first_decay": 1}, "beta is 1"),
        ({"second_decay": sp.Rational(-1, 2)}, "rho is -1/2"),
        ({"epsilon": 0}, "epsilon is 0"),
        ({"learning_rate": 0}, "the learning rate is 0"),
    ],
)
def test_bad_settings_are_named(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        adam_drift([X], X**2, **settings)
