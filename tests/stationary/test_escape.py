"""Escape from a minimum: printed exponents and rates, the exact mean passage time, and simulated escapes."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import (
    effective_dimension_bound,
    escape_exponent,
    escape_rate,
    kramers_rate,
    log_temperature,
    mean_first_passage,
    stationary_exponent,
)

R = sp.Rational
LOW, HIGH, H, HS, ETA, B = sp.symbols("L L_s h h_s eta B", positive=True)
SETTINGS = {"learning_rate": ETA, "batch_size": B}


def cubic(low):
    """A loss with a minimum at 0, a saddle at 1, both of curvature 1 in size, and a barrier of 1/6."""
    return lambda x: low + x**2 / 2 - x**3 / 3


def exact_time(low, heat, target=1.5):
    loss = cubic(low)
    return mean_first_passage(lambda x: x**2 - x, lambda x: heat * loss(x), start=0, target=target, wall=-6)


def rate(low, heat):
    return escape_rate(low, low + 1 / 6, 1.0, -1.0, learning_rate=heat, batch_size=1)


def test_the_printed_rate_in_one_direction():
    """Mori et al. 2022, eq. (16)."""
    printed = sp.sqrt(H * HS) / (2 * sp.pi) * (HIGH / LOW) ** (-(R(1, 2) + B / (ETA * H)))
    assert sp.simplify(escape_rate(LOW, HIGH, H, -HS, **SETTINGS) / printed) == 1


def test_the_printed_rate_in_many_directions():
    """Mori et al. 2022, eq. (17), with n = 3 and unequal curvatures; and with n a symbol."""
    a, b, c, d = sp.symbols("a b c d", positive=True)
    computed = escape_rate(LOW, HIGH, sp.diag(H, a, b), sp.diag(-HS, c, d), **SETTINGS, curvature=H)
    printed = HS / (2 * sp.pi) * sp.sqrt(H * a * b / (HS * c * d)) * (HIGH / LOW) ** (-(B / (ETA * H) + 1 - R(3, 2)))
    assert sp.simplify(computed / printed) == 1
    n = sp.Symbol("n", positive=True)
    computed = escape_rate(LOW, HIGH, H, -HS, **SETTINGS, outliers=n)
    printed = sp.sqrt(H * HS) / (2 * sp.pi) * (HIGH / LOW) ** (-(B / (ETA * H) + 1 - n / 2))
    assert sp.simplify(computed / printed) == 1


def test_the_rate_is_kramers_on_the_logarithm_of_the_loss():
    """κ = L* κ_τ with U = log L: ∇²U = H/L at both ends, temperature ηh*/B."""
    minimum, saddle = sp.Matrix([[2, 1], [1, 3]]), sp.Matrix([[-1, 2], [2, 5]])
    heat = log_temperature(R(5, 2), **SETTINGS)
    slow = kramers_rate(sp.log(LOW), sp.log(HIGH), minimum / LOW, (saddle / HIGH).subs(HIGH, 3), temperature=heat)
    fast = escape_rate(LOW, HIGH, minimum, saddle, **SETTINGS)
    assert abs(sp.N((LOW * slow / fast).subs(HIGH, 3).subs({LOW: 2, ETA: R(1, 3), B: 2}) - 1, 30)) < 1e-25


def test_kramers_is_the_limit_of_low_barriers():
    x = sp.Symbol("x", positive=True)
    power = escape_rate(LOW, LOW * (1 + x), H, -HS, **SETTINGS)
    frozen = kramers_rate(LOW, LOW * (1 + x), H, -HS, temperature=log_temperature(H, **SETTINGS) * LOW)
    ratio = sp.expand_log(sp.log(power / frozen), force=True)
    assert sp.simplify(sp.series(ratio, x, 0, 2).removeO() + x / 2) == 0


def test_exponents_and_the_bound():
    """φ = 1 + B/ηh*, mean escape time ∝ (L_s/L)^(φ - n/2), n_c = 2(B/ηh* + 1) = 2φ: Mori et al. 2022, eq. (18), (19)."""
    n = sp.Symbol("n", positive=True)
    level = stationary_exponent(H, **SETTINGS)
    assert sp.simplify(level - 1 - B / (ETA * H)) == 0
    assert sp.simplify(escape_exponent(H, **SETTINGS, outliers=n) - level + n / 2) == 0
    assert sp.simplify(effective_dimension_bound(H, **SETTINGS) - 2 * level) == 0
    assert effective_dimension_bound(2, learning_rate=R(1, 2), batch_size=3) == 8
    numbers = {"learning_rate": R(1, 2), "batch_size": 3}
    assert escape_exponent(2, **numbers, outliers=7) == R(1, 2)
    for outliers in (8, 9):
        with pytest.raises(ValueError, match=f"{outliers} outlier directions reach the bound .* = 8"):
            escape_exponent(2, **numbers, outliers=outliers)


def test_time_in_steps():
    settings = {"learning_rate": R(1, 10), "batch_size": 2}
    per_unit = escape_rate(1, 2, 1, -1, **settings)
    assert escape_rate(1, 2, 1, -1, **settings, time="steps") == per_unit / 10


def test_floats_and_arrays_agree_with_exact_numbers():
    minimum, saddle = [[2, 1], [1, 3]], [[-1, 2], [2, 5]]
    rates = np.array([0.1, 0.3])
    floats = escape_rate(0.5, 2.0, np.array(minimum), np.array(saddle), learning_rate=rates, batch_size=2)
    exact = [escape_rate(R(1, 2), 2, minimum, saddle, learning_rate=R(k, 10), batch_size=2) for k in (1, 3)]
    np.testing.assert_allclose(floats, [float(value) for value in exact], rtol=1e-12)
    three = [[2, 1, 0], [1, 3, 0], [0, 0, 1]], [[-1, 2, 1], [2, 5, 0], [1, 0, 4]]
    exact = escape_rate(R(1, 2), 2, *three, learning_rate=R(1, 10), batch_size=2)
    floats = escape_rate(0.5, 2.0, *map(np.array, three), learning_rate=0.1, batch_size=2)
    assert floats == pytest.approx(float(exact), rel=1e-12)


def test_the_exact_passage_time_tends_to_the_formula():
    """L = 0.2 + x²/2 - x³/3 with the saddle at 1: exact rate over formula, 0.9995 at T = .05."""
    ratios = {heat: 1 / exact_time(0.2, heat) / rate(0.2, heat) for heat in (0.4, 0.2, 0.1, 0.05, 0.025, 0.0125)}
    assert ratios[0.05] == pytest.approx(0.9995, abs=5e-5)
    distances = [abs(ratio - 1) for ratio in ratios.values()]
    assert distances[0] > 0.05
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 3e-4


def test_the_passage_time_of_a_parabola():
    """Reflected at 0: the mean time from 0 to b of dx = -x dt + √2 dW, by the double integral in scipy."""
    integrate = pytest.importorskip("scipy.integrate")
    inner = lambda y: np.exp(y**2 / 2) * integrate.quad(lambda z: np.exp(-(z**2) / 2), 0, y, epsabs=1e-13)[0]  # noqa: E731
    expected = integrate.quad(inner, 0, 2, epsabs=1e-12)[0]
    ours = mean_first_passage(lambda x: -x, lambda x: 1 + 0 * x, start=0, target=2, wall=0)
    assert ours == pytest.approx(expected, rel=1e-9)
    mirrored = mean_first_passage(lambda x: -x, lambda x: 1 + 0 * x, start=0, target=-2, wall=0)
    assert mirrored == pytest.approx(ours, rel=1e-12)


def test_the_clock_of_log_loss_gives_the_same_paths():
    """The mean of t = ∫dτ/L over the additive process is the mean over the multiplicative one: E ∫ f is linear in 1/L."""
    low, heat = 0.2, 0.2
    loss = cubic(low)
    # the density of time spent at z, from the additive process, weighted with 1/L
    edges = np.linspace(-6, 1.5, 40001)
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    potential = np.log(loss(middle))
    reached = np.cumsum(np.exp((potential) / heat)[::-1] * width)[::-1]
    total = np.where(middle < 0, np.interp(0.0, middle, reached), reached)
    time = np.sum(width * np.exp(-potential / heat) / heat * total / loss(middle))
    assert time == pytest.approx(exact_time(low, heat), rel=1e-3)


def escapes(low, heat, *, step, paths, seed, target=1.5):
    """Times at which paths of dθ = -L'dt + √(2TL) dW, begun at the minimum, first pass the target."""
    draw, x, t, times = np.random.default_rng(seed), np.zeros(paths), 0.0, []
    while len(x):
        x = x - step * (x - x**2) + np.sqrt(2 * heat * step * cubic(low)(x)) * draw.standard_normal(len(x))
        t += step
        left = x >= target
        times += [t] * int(left.sum())
        x = x[~left]
    return np.array(times)


@pytest.mark.parametrize(("low", "heat"), [(0.2, 0.2), (0.15, 0.25)])
def test_simulated_escapes_agree(low, heat):
    """Two barriers, L_s/L = 11/6 and 19/9: the mean time within 10% of 1/κ, and within 3 standard errors of the exact one."""
    times = escapes(low, heat, step=0.02, paths=1500, seed=1)
    error = times.std() / np.sqrt(len(times))
    assert times.mean() == pytest.approx(1 / rate(low, heat), rel=0.1)
    assert abs(times.mean() - exact_time(low, heat)) < 3 * error
    assert error < 0.03 * times.mean()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"loss_minimum": 0}, "the loss at the minimum is 0"),
        ({"loss_minimum": -0.1}, "the loss at the minimum is -0.1"),
        ({"loss_saddle": R(1, 2)}, "the loss at the saddle is 1/2; it must be above that at the minimum, 1"),
        ({"hessian_minimum": -2}, "the Hessian at the minimum has the eigenvalue -2"),
        ({"hessian_saddle": 3}, "the Hessian at the saddle has the eigenvalues 3"),
        ({"hessian_saddle": sp.diag(-1, 1)}, "one Hessian is a number"),
        ({"hessian_minimum": sp.eye(2), "hessian_saddle": sp.diag(-1, -2)}, "eigenvalues -1, -2"),
        ({"hessian_minimum": sp.eye(2), "hessian_saddle": sp.diag(-1, 1), "outliers": 3}, "leave out the 3"),
        ({"hessian_minimum": sp.eye(2), "hessian_saddle": sp.Matrix([[H, 1], [1, H]])}, "symbols off its diagonal"),
        ({"learning_rate": 0}, "the learning rate is 0"),
        ({"batch_size": 0}, "the batch size is 0"),
        ({"batch_size": R(3, 2)}, "the batch size is 3/2"),
        ({"outliers": 100}, "100 outlier directions"),
        ({"curvature": -1}, "the curvature is -1"),
        ({"time": "epochs"}, "time must be one of"),
    ],
)
def test_bad_minima_are_named(changes, complaint):
    good = {"loss_minimum": 1, "loss_saddle": 2, "hessian_minimum": 1, "hessian_saddle": -1}
    with pytest.raises(ValueError, match=complaint):
        escape_rate(**{**good, "learning_rate": R(1, 10), "batch_size": 2, **changes})


def test_bad_passages_are_named():
    walk = {"drift": lambda x: 0 * x, "diffusion": lambda x: 1 + 0 * x}
    with pytest.raises(ValueError, match="the start 0 must lie between the wall 1 and the target 2"):
        mean_first_passage(**walk, start=0, target=2, wall=1)
    with pytest.raises(ValueError, match=r"the diffusion is -.* above 0"):
        mean_first_passage(lambda x: 0 * x, lambda x: x, start=0, target=2, wall=-1)
    with pytest.raises(ValueError, match=r"about exp\(1586\..*beyond floats"):
        mean_first_passage(lambda x: 0 * x - 800, walk["diffusion"], start=0, target=1, wall=-1)
    with pytest.raises(ValueError, match="does not settle"):
        mean_first_passage(lambda x: np.sign(x - 1 / 3) * 20, walk["diffusion"], start=0, target=1, wall=-1)


def test_a_saddle_as_low_as_the_minimum_is_refused():
    with pytest.raises(ValueError, match="must be above that at the minimum"):
        kramers_rate(1, 1, 1, -4, temperature=1)
