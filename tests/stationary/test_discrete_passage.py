"""Escape in whole steps: against runs, the diffusion of small steps, and the quasi-potential at a finite learning rate."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import mean_escape_steps, mean_first_passage, quasipotential_slope


def slope(x):
    return x - x**2


def constant(value):
    return lambda x: value + 0 * x


@pytest.mark.parametrize(("rate", "strength"), [(0.1, 3.0), (0.8, 0.7), (1.5, 0.2)])
def test_runs_take_as_many_steps(rate, strength):
    exact = mean_escape_steps(slope, constant(strength), learning_rate=rate, start=0, target=1.6, wall=-6)
    draw, x, counts, step = np.random.default_rng(0), np.zeros(8000), [], 0
    while len(x):
        step += 1
        x = x - rate * slope(x) + rate * np.sqrt(strength) * draw.standard_normal(len(x))
        x = np.where(x < -6, -12 - x, x)
        counts += [step] * int((x >= 1.6).sum())
        x = x[x < 1.6]
    assert np.mean(counts) == pytest.approx(exact, abs=4 * np.std(counts) / np.sqrt(len(counts)))


def test_noise_may_depend_on_the_place_and_the_line_may_be_turned():
    noise = lambda x: 0.5 + x**2  # noqa: E731
    forward = mean_escape_steps(slope, noise, learning_rate=0.5, start=0, target=1.5, wall=-5)
    back = mean_escape_steps(lambda x: -slope(-x), lambda x: noise(-x), learning_rate=0.5, start=0, target=-1.5, wall=5)
    assert forward == pytest.approx(back, rel=1e-9)


def test_small_steps_are_a_diffusion():
    heat, ratios = 0.06, []
    for rate in (0.2, 0.1, 0.05):
        strength = 2 * heat / rate
        steps = mean_escape_steps(slope, constant(strength), learning_rate=rate, start=0, target=2.0, wall=-3)
        diffusion = mean_first_passage(lambda x: -slope(x), constant(heat), start=0, target=2.0, wall=-3)
        ratios.append(rate * steps / diffusion - 1)
    assert abs(ratios[0]) > abs(ratios[1]) > abs(ratios[2])
    assert abs(ratios[2]) < 0.01


def test_high_barriers_are_those_of_the_quasi_potential():
    x = sp.Symbol("x")
    rate = 0.5
    barrier = float(sp.integrate(quasipotential_slope(x**2 / 2 - x**3 / 3, x, sp.Rational(1, 2)), (x, 0, 1)))
    heats = np.array([0.012, 0.01])
    logs = [
        np.log(mean_escape_steps(slope, constant(2 * heat / rate), learning_rate=rate, start=0, target=1.8, wall=-2))
        for heat in heats
    ]
    measured = (logs[1] - logs[0]) / (1 / heats[1] - 1 / heats[0])
    # Kramers has 1/6; what is left is the third order in the learning rate
    assert measured == pytest.approx(barrier, rel=0.03)
    assert abs(measured - barrier) < abs(measured - 1 / 6)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"start": 3}, "must lie between the wall -6 and the target 1.5"),
        ({"learning_rate": 0}, "learning rate"),
        ({"learning_rate": 1e-7}, "do not resolve these steps"),
        ({"noise": constant(-1.0)}, "it must be above 0"),
        ({"slope": "x"}, "slope must be a function"),
    ],
)
def test_refusals(options, complaint):
    arguments = {"slope": slope, "noise": constant(1.0), "learning_rate": 0.5, "start": 0, "target": 1.5, "wall": -6}
    arguments |= options
    with pytest.raises(ValueError, match=complaint):
        mean_escape_steps(arguments.pop("slope"), arguments.pop("noise"), **arguments)
