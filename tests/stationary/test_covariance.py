"""The stationary covariance against the equation, the phase space, printed tables and closed forms.

Tables and closed forms: Liu, Ziyin, Ueda, "Noise and Fluctuation of Finite Learning Rate Stochastic Gradient Descent" (2021).
"""

import random
import sys

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

import sgdsym
from sgdsym.quantities import in_field, solve_symmetric
from sgdsym.stationary import (
    excess_loss,
    lag_covariance,
    mean_square_distance,
    momentum_covariance,
    stationary_covariance,
)
from tests.stationary.support import phase_space, processes

R = sp.Rational
H = sp.Matrix([[2, R(1, 2)], [R(1, 2), 1]])
C = sp.Matrix([[1, -R(1, 3)], [-R(1, 3), R(1, 2)]])
STEPS = sp.Matrix([[R(1, 2), R(1, 10)], [R(1, 10), R(1, 4)]])


def symmetric(first, mixed, second):
    return sp.Matrix([[R(first), R(mixed)], [R(mixed), R(second)]])


@pytest.mark.parametrize(
    ("rate", "momentum", "expected", "excess", "distance"),
    [
        (R(1, 2), 0, ("310/1173", "-140/1173", "268/1173"), "22/69", "34/69"),
        (R(1, 2), R(1, 2), ("1334/3555", "-704/3555", "1636/3555"), "40/79", "66/79"),
        (STEPS, 0, ("775990/3311157", "-11276/3311157", "330380/3311157"), None, None),
    ],
)
def test_table_of_matrices_that_do_not_commute(rate, momentum, expected, excess, distance):
    covariance = sgdsym.stationary_covariance(H, C, rate, momentum)
    assert covariance == symmetric(*expected)
    assert excess_loss(H, C, rate, momentum) == (H * covariance).trace() / 2
    if excess is not None:
        assert excess_loss(H, C, rate, momentum) == R(excess)
        assert mean_square_distance(H, C, rate, momentum) == covariance.trace() == R(distance)


@pytest.mark.parametrize(
    ("rate", "curvature", "noise", "momentum", "variance"),
    [
        ("1/2", 1, 1, 0, "1/3"),
        (1, 1, 1, 0, 1),
        ("3/2", 1, 1, 0, 3),
        ("1/10", 2, 3, "9/10", "19/24"),
        (1, 1, 1, "1/2", "3/2"),
        ("5/2", 1, 1, "1/2", 15),
        ("1/2", 1, 1, "1/2", "3/5"),
    ],
)
def test_table_of_one_dimension(rate, curvature, noise, momentum, variance):
    given_ = ([[curvature]], [[noise]], R(rate), R(momentum))
    assert stationary_covariance(*given_) == sp.Matrix([[R(variance)]])
    in_floats = stationary_covariance(*(np.array(entry, dtype=float) for entry in given_))
    assert in_floats == pytest.approx(float(R(variance)), rel=1e-14)


def test_correlations_of_one_dimension():
    """Correlation 2/3 of successive weights and variance 8/5 of the momentum, and both closed forms in symbols."""
    half = R(1, 2)
    assert lag_covariance([[1]], [[1]], half, half, lag=1)[0] / R(3, 5) == R(2, 3)
    assert momentum_covariance([[1]], [[1]], half, half)[0] == R(8, 5)
    h, c, eta, mu = sp.symbols("h c eta mu")
    variance = stationary_covariance([[h]], [[c]], eta, mu)[0]
    assert sp.simplify(variance - eta * c / (h * (1 - mu) * (2 - eta * h / (1 + mu)))) == 0
    correlation = lag_covariance([[h]], [[c]], eta, mu, lag=1)[0] / variance
    assert sp.simplify(correlation - (1 + mu - eta * h) / (1 + mu)) == 0
    momentum = momentum_covariance([[h]], [[c]], eta, mu)[0]
    assert sp.simplify(momentum - 2 * c / ((1 - mu**2) * (2 - eta * h / (1 + mu)))) == 0


def test_small_steps_tend_to_continuous_time():
    """HΣ + ΣH = λC at λ = 1/2 has the entries 11/72, -1/9, 13/72; Σ/λ at vanishing λ is twice that."""
    eta = sp.Symbol("eta")
    slope = (stationary_covariance(H, C, eta) / eta).applyfunc(sp.cancel).subs(eta, 0)
    assert slope / 2 == symmetric("11/72", "-1/9", "13/72")


@settings(max_examples=50)
@given(processes())
def test_the_equation_holds_exactly(process):
    hessian, noise, steps, mu = process
    sigma = stationary_covariance(hessian, noise, steps, mu)
    k = steps * hessian
    left = (1 - mu) * (k * sigma + sigma * k.T) - (1 + mu**2) / (1 - mu**2) * k * sigma * k.T
    left += mu / (1 - mu**2) * (k * k * sigma + sigma * k.T * k.T)
    assert left == steps * noise * steps


@settings(max_examples=25)
@given(processes())
def test_lags_and_momentum_are_stationary_in_phase_space(process):
    """The covariance of (w_t, w_{t-1}) is a fixed point of one step; the momentum is the difference of two weights."""
    hessian, noise, steps, mu = process
    sigma, lag, farther = (lag_covariance(hessian, noise, steps, mu, lag=k) for k in range(3))
    both = sigma.row_join(lag).col_join(lag.T.row_join(sigma))
    step, kick = phase_space(hessian, noise, steps, mu)
    assert step * both * step.T + kick == both
    size = hessian.rows
    assert ((step * step) * both)[:size, :size] == farther
    assert lag_covariance(hessian, noise, steps, mu, lag=-2) == farther.T
    assert steps * momentum_covariance(hessian, noise, steps, mu) * steps == 2 * sigma - lag - lag.T


@settings(max_examples=25)
@given(processes(preconditioned=False))
def test_trace_identities_need_no_commuting(process):
    hessian, noise, steps, mu = process
    rate = steps[0, 0]
    sigma = stationary_covariance(hessian, noise, rate, mu)
    assert excess_loss(hessian, noise, rate, mu) == (hessian * sigma).trace() / 2
    assert mean_square_distance(hessian, noise, rate, mu) == sigma.trace()
    inner = (2 * sp.eye(hessian.rows) - rate / (1 + mu) * hessian).inv()
    assert excess_loss(hessian, noise, rate, mu) == rate / (2 * (1 - mu)) * (inner * noise).trace()


@settings(max_examples=25)
@given(processes())
def test_floats_agree_with_exact_numbers(process):
    hessian, noise, steps, mu = process
    arrays = [np.array(matrix.tolist(), dtype=float) for matrix in (hessian, noise, steps)]
    for law in (stationary_covariance, momentum_covariance, excess_loss):
        expected = law(hessian, noise, steps, mu)
        expected = np.array(expected.tolist() if hasattr(expected, "tolist") else expected, dtype=float)
        np.testing.assert_allclose(law(*arrays, float(mu)), expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(("momentum", "matrix_steps"), [(0.0, False), (0.9, False), (0.5, True)])
def test_sixty_weights_match_the_phase_space(momentum, matrix_steps):
    linalg = pytest.importorskip("scipy.linalg")
    size, rng = 60, np.random.default_rng(7)
    factors = rng.normal(size=(3, size, 2 * size)) / np.sqrt(2 * size)
    hessian, noise, steps = (factor @ factor.T + 0.1 * np.eye(size) for factor in factors)
    steps = steps / 10 if matrix_steps else np.eye(size) / 10
    covariance = stationary_covariance(hessian, noise, steps if matrix_steps else 0.1, momentum)
    identity, zero = np.eye(size), np.zeros((size, size))
    step = np.block([[(1 + momentum) * identity - steps @ hessian, -momentum * identity], [identity, zero]])
    kick = np.block([[steps @ noise @ steps, zero], [zero, zero]])
    both = linalg.solve_discrete_lyapunov(step, kick, method="bilinear")
    np.testing.assert_allclose(covariance, both[:size, :size], atol=1e-12 * np.abs(both).max(), rtol=0)


def test_two_by_two_in_symbols():
    """All nine quantities are symbols: the equation holds identically, and with commuting matrices the closed form."""
    h11, h12, h22, c11, c12, c22, eta, mu = sp.symbols("h11 h12 h22 c11 c12 c22 eta mu")
    h, c = sp.Matrix([[h11, h12], [h12, h22]]), sp.Matrix([[c11, c12], [c12, c22]])
    sigma = stationary_covariance(h, c, eta)
    assert (h * sigma + sigma * h - eta * h * sigma * h - eta * c).applyfunc(sp.cancel) == sp.zeros(2)
    with_momentum = stationary_covariance(h, c, eta, mu)
    point = {h11: 2, h12: R(1, 2), h22: 1, c11: 1, c12: -R(1, 3), c22: R(1, 2), eta: R(1, 2), mu: R(1, 2)}
    assert with_momentum.subs(point) == symmetric("1334/3555", "-704/3555", "1636/3555")
    a, b = sp.symbols("a b")
    commuting = stationary_covariance(h, a * h + b * sp.eye(2), eta, mu)
    closed = eta / (1 - mu) * (a * sp.eye(2) + b * h.inv()) * (2 * sp.eye(2) - eta * h / (1 + mu)).inv()
    assert (commuting - closed).applyfunc(sp.cancel) == sp.zeros(2)


def test_diagonal_in_symbols():
    """The closed form in the eigenbasis of H, for any noise, for a number and for a diagonal matrix of learning rates."""
    eta, mu = sp.symbols("eta mu")
    h = sp.symbols("h:4")
    c = sp.Matrix(4, 4, lambda i, j: sp.Symbol(f"c{min(i, j)}{max(i, j)}"))
    sigma = stationary_covariance(sp.diag(*h), c, eta, mu)
    plain = stationary_covariance(sp.diag(*h), c, eta)
    rates = sp.symbols("l:4")
    many = stationary_covariance(sp.diag(*h), c, sp.diag(*rates))
    for i in range(4):
        for j in range(4):
            over = (1 - mu) * (h[i] + h[j]) - eta * (1 + mu**2) / (1 - mu**2) * h[i] * h[j]
            over += eta * mu / (1 - mu**2) * (h[i] ** 2 + h[j] ** 2)
            assert sp.simplify(sigma[i, j] - eta * c[i, j] / over) == 0
            assert sp.simplify(plain[i, j] - eta * c[i, j] / (h[i] + h[j] - eta * h[i] * h[j])) == 0
            a, b = rates[i] * h[i], rates[j] * h[j]
            assert sp.simplify(many[i, j] - rates[i] * rates[j] * c[i, j] / (a + b - a * b)) == 0


def test_a_preconditioner_multiplies_the_learning_rate():
    assert stationary_covariance(H, C, R(1, 2), R(1, 3), 2 * STEPS) == stationary_covariance(H, C, STEPS, R(1, 3))


def test_kinds_of_input():
    lists = stationary_covariance(H.tolist(), C.tolist(), R(1, 2))
    assert lists == stationary_covariance(H, C, R(1, 2))
    floats = stationary_covariance(np.array(H.tolist(), float), np.array(C.tolist(), float), 0.5)
    assert isinstance(floats, np.ndarray)
    irrational = sp.Matrix([[2, sp.sqrt(2)], [sp.sqrt(2), 2]])
    sigma = stationary_covariance(irrational, C, R(1, 4))
    rest = irrational * sigma + sigma * irrational - irrational * sigma * irrational / 4 - C / 4
    assert rest.applyfunc(sp.simplify) == sp.zeros(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((H, C, 2), r"eigenvalue 2.20711 of the Hessian times the learning rate 2 is 4.41421.*below 0.906164"),
        ((H, C, R(7, 5), R(1, 2)), r"is 3.08995, which must be below 3"),
        ((np.diag([1.0, 4.0]), np.eye(2), 0.5), r"eigenvalue 4 .* is 2, which must be below 2"),
        ((sp.diag(1, 4), C, R(1, 2)), r"eigenvalue 4 .* is 2, which must be below 2"),
        ((sp.diag(1, 0), C, R(1, 2)), r"Hessian has the eigenvalue 0"),
        ((sp.diag(1, -3), C, sp.Symbol("eta")), r"Hessian has the eigenvalue -3"),
        (([[1, 2], [3, 1]], C, R(1, 2)), r"Hessian is not symmetric: .* 2 and .* 3"),
        ((H, [[1, 2], [2, 1]], R(1, 2)), r"noise covariance has the eigenvalue -1"),
        ((H, np.array([[1.0, 2.0], [2.0, 1.0]]), 0.5), r"noise covariance has the eigenvalue -1"),
        ((H, C, R(1, 2), 1), r"momentum is 1;"),
        ((H, C, R(1, 2), -R(1, 10)), r"momentum is -1/10;"),
        ((H, C, 0), r"learning rate is 0;"),
        ((H, C, float("nan")), r"learning rate is nan"),
        ((H, C, "1/0"), r"the learning rate: '1/0' divides by zero"),
        ((H, C, STEPS, 0, STEPS), r"give one of them"),
        ((H, C, [[1, 0], [0, -1]]), r"learning rate has the eigenvalue -1"),
        ((H, C, 10 * STEPS), r"learning rate times Hessian has the eigenvalue .* take smaller"),
        ((H, sp.eye(3), R(1, 2)), r"noise covariance has 3 rows"),
        ((H * sp.Symbol("h"), C, 0.5), r"float stands beside symbols"),
        (
            (sp.ones(33) + sp.eye(33), sp.eye(33), R(1, 50)),
            r"33×33 .* 561 equations; the limit is \d+×\d+: .*give floats",
        ),
    ],
)
def test_what_means_nothing_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message) as refusal:
        stationary_covariance(*arguments)
    assert "\n" not in str(refusal.value)


def test_text_is_a_number_or_a_symbol():
    assert stationary_covariance(H, C, "1/2", "0.5") == stationary_covariance(H, C, R(1, 2), R(1, 2))
    h, eta = sp.symbols("h eta")
    assert stationary_covariance([["h"]], 1, "eta") == stationary_covariance([[h]], [[1]], eta)
    assert stationary_covariance([["2"]], 1.0, "1/2")[0, 0] == pytest.approx(0.25)


def test_traces_refuse_what_the_covariance_refuses():
    for law in (excess_loss, mean_square_distance):
        with pytest.raises(ValueError, match=r"below 0\.906164"):
            law(H, C, 2)
    with pytest.raises(ValueError, match="scalar learning rate"):
        mean_square_distance(H, C, STEPS)


def positive(source, size):
    """A random rational matrix that is positive definite."""
    factor = sp.Matrix(size, size, lambda i, j: R(source.randint(-4, 4), source.randint(1, 4)))
    return factor * factor.T + sp.eye(size)


@pytest.mark.parametrize(("size", "momentum"), [(2, R(0)), (3, R(1, 2)), (5, R(9, 10)), (7, R(1, 3))])
def test_an_exact_covariance_is_the_same_without_flint(monkeypatch, size, momentum):
    source = random.Random(size)
    arguments = positive(source, size), positive(source, size), R(1, 2000), momentum
    found = stationary_covariance(*arguments)
    monkeypatch.setitem(sys.modules, "flint", None)
    assert stationary_covariance(*arguments) == found


def test_an_exact_covariance_of_sixteen_weights_is_the_recursion_of_its_moments():
    """One step of weights and buffer, in fractions, leaves the joint covariance of the weights where it is."""
    pytest.importorskip("flint")
    size, rate = 16, R(1, 20_000)
    source = random.Random(0)
    hessian, noise = positive(source, size), positive(source, size)
    found = stationary_covariance(hessian, noise, rate)
    step = (sp.eye(size) - rate * hessian).to_DM()
    moved = step * found.to_DM() * step.transpose() + (rate**2 * noise).to_DM()
    assert moved.to_Matrix() == found


def test_large_exact_matrices_want_flint(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(ValueError, match=r"the limit is 12×12: install sgdsym\[exact\], or give floats"):
        stationary_covariance(sp.ones(13) + sp.eye(13), sp.eye(13), R(1, 10))


def test_a_step_at_its_limit_is_refused_with_flint_and_without(monkeypatch):
    flip = sp.Matrix([[0, 1], [1, 0]])
    operators = [lambda x: x - x, lambda x: x - in_field(flip)[0] * x * in_field(flip)[0]]
    for operator in operators * 2:
        with pytest.raises(ValueError, match="no unique solution: the step is at its limit"):
            solve_symmetric(operator, in_field(sp.eye(2))[0])
        monkeypatch.setitem(sys.modules, "flint", None)
