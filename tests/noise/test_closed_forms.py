"""Closed forms: against the interpreter on data, and against the exact moment recursion of SGD on linear regression."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from sgdsym.noise import Decoupled, Empirical, Isotropic, LabelNoise, LinearRegression, with_noise
from sgdsym.numeric import interpret, polynomial_derivatives
from sgdsym.sgd import expand

ETA = sp.Symbol("eta")
LOSSES = [
    {(3, 0): 1, (1, 1): Fraction(1, 2)},
    {(0, 2): 2, (2, 1): -1, (0, 1): 1},
    {(1, 0): 1, (1, 3): Fraction(1, 3), (4, 0): 1},
]
TENSORS = polynomial_derivatives(LOSSES, (Fraction(1, 2), -1), 4)


def coefficients(expression, order):
    polynomial = sp.expand(expression)
    return [polynomial.coeff(ETA, k) for k in range(order + 1)]


@pytest.mark.parametrize(
    "request_",
    [
        {"order": 4, "steps": 5, "batch_size": 2},
        {"order": 3, "sampling": "fixed", "dataset_size": 4, "batch_size": 2, "epochs": 2},
        {"order": 3, "sampling": "replace", "dataset_size": 3, "batch_size": 2, "steps": 3},
        {"order": 3, "observable": "train-loss", "sampling": "fixed", "dataset_size": 2, "batch_size": 1, "epochs": 2},
        {"order": 3, "observable": "loss-variance", "steps": 3, "batch_size": 1},
        {"order": 3, "dynamics": "sde", "steps": 4, "batch_size": 3},
        {"order": 3, "steps": 4, "batch_size": 1, "basis": "moment"},
    ],
)
def test_scalars_on_data_are_the_interpreter(request_):
    series = expand(**request_)
    expected = interpret(series, TENSORS)
    assert coefficients(with_noise(series, Empirical(TENSORS)), series.truncation) == expected


@pytest.mark.parametrize(("observable", "order"), [("displacement", 3), ("covariance", 4)])
def test_open_indices_on_data_are_the_interpreter(observable, order):
    series = expand(observable=observable, order=order, steps=4, batch_size=2)
    expected = interpret(series, TENSORS)
    found = series.with_noise(Empirical(TENSORS))
    assert found.shape == ((2, 1) if observable == "displacement" else (2, 2))
    for place, entry in np.ndenumerate(np.array(found.tolist(), dtype=object)):
        where = place[: expected[0].ndim]
        assert coefficients(entry, order) == [c[where] for c in expected]


def test_another_function_at_the_root():
    series = expand(observable="function", order=3, steps=3, batch_size=1)
    function = [t[0] for t in polynomial_derivatives([{(2, 1): 1, (0, 3): Fraction(1, 2)}], (Fraction(1, 2), -1), 3)]
    roots = dict(enumerate(function))
    found = with_noise(series, Empirical(TENSORS), root_derivatives=roots)
    assert coefficients(found, 3) == interpret(series, TENSORS, root_derivatives=roots)


def test_floats_are_the_interpreter_on_floats():
    series = expand(order=3, batch_size=2)
    floats = [np.asarray(t, dtype=float) for t in TENSORS]
    found = coefficients(series.with_noise(Empirical(floats)).subs(sp.Symbol("T"), 7), 3)
    assert np.allclose([float(c) for c in found], interpret(series, floats, T=7))


def test_weighted_points():
    weights = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    series = expand(order=3, steps=3, batch_size=1)
    found = with_noise(series, Empirical(TENSORS, weights=weights))
    assert coefficients(found, 3) == interpret(series, TENSORS, weights=weights)


def recursion(inputs, start, variance, batch, steps):
    """Mean and second moment of SGD on linear regression, step by step: Isserlis for the product of two gradients."""
    mean, second = start, start * start.T
    for _ in range(steps):
        noise = (inputs * second * inputs + (inputs * second).trace() * inputs + variance * inputs) / batch
        second = (
            second - ETA * (inputs * second + second * inputs) + ETA**2 * (inputs * second * inputs + noise)
        ).applyfunc(sp.expand)
        mean = (mean - ETA * inputs * mean).applyfunc(sp.expand)
    return mean, second


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_linear_regression_is_the_moment_recursion(steps):
    """To order 4, with symbolic label noise and start, two correlated weights and batches of three fresh points."""
    w, s2, batch, order = sp.Matrix(sp.symbols("w1:3")), sp.Symbol("sigma2"), 3, 4
    inputs = sp.Matrix([[2, 1], [1, 1]])
    mean, second = recursion(inputs, w, s2, batch, steps)
    model = LinearRegression(inputs, w, label_variance=s2)
    loss = expand(order=order, steps=steps, batch_size=batch).with_noise(model)
    exact = sp.expand((inputs * second).trace() / 2 + s2 / 2)
    assert coefficients(loss - exact, order) == [0] * (order + 1)
    moved = expand(observable="displacement", order=order, steps=steps, batch_size=batch).with_noise(model)
    for i in range(2):
        assert coefficients(moved[i] - (mean - w)[i], order) == [0] * (order + 1)
    spread = expand(observable="covariance", order=order, steps=steps, batch_size=batch).with_noise(model)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        exact = second[i, j] - sp.expand(mean[i] * mean[j])
        assert coefficients(spread[i, j] - exact, order) == [0] * (order + 1)


def test_symbolic_steps_and_batches():
    """The same closed form with T and B left open, put to numbers afterwards."""
    w, s2 = sp.symbols("w sigma2")
    model = LinearRegression([[2]], [w], label_variance=s2)
    closed = expand(order=3).with_noise(model)
    for steps, batch in ((1, 1), (3, 2), (6, 5)):
        _, second = recursion(sp.Matrix([[2]]), sp.Matrix([w]), s2, batch, steps)
        given = closed.subs({"T": steps, "B": batch})
        assert coefficients(given - second[0] - s2 / 2, 3) == [0] * 4


def test_weight_decay_is_the_moment_recursion():
    """A deterministic pull: theta moves by -eta (A w + Gamma theta), and the noise stays that of the residuals."""
    a, gamma, truth, start, s2 = sp.Rational(3, 2), sp.Rational(1, 3), sp.Integer(2), sp.Rational(1, 2), sp.Symbol("v")
    mean, second = start, start**2  # of theta itself
    for _ in range(3):
        gap = second - 2 * truth * mean + truth**2
        drift_theta = a * (second - truth * mean) + gamma * second
        drift_squared = (a + gamma) ** 2 * second - 2 * (a + gamma) * a * truth * mean + a**2 * truth**2
        noise = 2 * a**2 * gap + s2 * a
        second, mean = (
            sp.expand(second - 2 * ETA * drift_theta + ETA**2 * (drift_squared + noise)),
            sp.expand(mean - ETA * (a * (mean - truth) + gamma * mean)),
        )
    exact = sp.expand(a * (second - 2 * truth * mean + truth**2) / 2 + s2 / 2 + gamma * second / 2)
    model = LinearRegression([[a]], [start - truth], label_variance=s2, weight_decay=gamma, truth=[truth])
    found = expand(order=4, steps=3, batch_size=1).with_noise(model)
    assert coefficients(found - exact, 4) == [0] * 5


def test_label_noise_with_gaussian_inputs_at_the_truth_is_linear_regression_in_low_cumulants():
    """Two symmetric features have the covariance of the inputs, so orders with C alone agree; the fourth moments differ."""
    features = [[1, 0], [-1, 0], [0, 2], [0, -2]]
    v = sp.Symbol("v")
    data = LabelNoise(features, variance=v)
    inputs = data.H
    gaussian = LinearRegression(inputs, [0, 0], label_variance=v)
    second = expand(order=2, batch_size=1)
    assert sp.expand(second.with_noise(data) - second.with_noise(gaussian)) == 0
    assert (
        sp.expand(expand(order=4, batch_size=1).with_noise(data) - expand(order=4, batch_size=1).with_noise(gaussian))
        != 0
    )


def test_isotropic_noise_at_a_minimum_heats_by_the_trace_of_the_hessian():
    h1, h2, s = sp.symbols("h1 h2 sigma")
    model = Isotropic({0: 0, 1: [0, 0], 2: sp.diag(h1, h2), 3: sp.MutableDenseNDimArray.zeros(2, 2, 2)}, variance=s**2)
    found = sp.expand(expand(order=2, batch_size=1).with_noise(model))
    assert sp.expand(found - sp.Symbol("T") * ETA**2 * s**2 * (h1 + h2) / 2) == 0


def test_additive_noise_on_a_quadratic_is_the_variance_recursion():
    """A decoupled model is additive noise of covariance 2 L H at the minimum."""
    h, loss = sp.symbols("h L_0")
    model = Decoupled({0: loss, 1: [0], 2: [[h]], 3: [[[0]]], 4: [[[[0]]]]})
    series = expand(observable="covariance", order=4, steps=3, batch_size=1)
    variance = 0
    for _ in range(3):
        variance = sp.expand((1 - ETA * h) ** 2 * variance + ETA**2 * 2 * loss * h)
    assert coefficients(series.with_noise(model)[0] - variance, 4) == [0] * 5


def test_a_model_of_ones_own():
    """Anything with ``cumulant`` is a model: nested lists and sympy arrays are read as tensors."""

    class Walk:
        def cumulant(self, degrees):
            if tuple(degrees) == (1, 1):
                return [[sp.Symbol("c"), 0], [0, 1]]
            return sp.MutableDenseNDimArray.zeros(*(2,) * sum(degrees)) if sum(degrees) else 0

    found = expand(observable="covariance", order=2, batch_size=1).with_noise(Walk())
    assert found == sp.Symbol("T") * ETA**2 * sp.diag(sp.Symbol("c"), 1)


def test_irrational_entries_fit_in_no_ring_and_are_still_multiplied():
    model = LinearRegression([[sp.sqrt(2) * sp.Symbol("a")]], [1], label_variance=1)
    exact = LinearRegression([[sp.Symbol("b")]], [1], label_variance=1)
    series = expand(order=2, batch_size=1)
    given = series.with_noise(exact).subs("b", sp.sqrt(2) * sp.Symbol("a"))
    assert sp.expand(series.with_noise(model) - given) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expand(order=2).with_noise(Empirical({0: [0], 1: [[1]]})), r"derivatives\[2\] is missing"),
        (lambda: expand(observable="function", order=2).with_noise(Empirical(TENSORS)), "root_derivatives"),
        (lambda: with_noise(expand(order=1), Empirical(TENSORS), {1: [1, 2]}), "has no open root"),
        (
            lambda: with_noise(expand(observable="function", order=1), Empirical(TENSORS), {0: 1, 1: [1, 2, 3]}),
            "number of weights p differs",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_misshapen_cumulant_is_named():
    class Wrong:
        def cumulant(self, degrees):
            return [[1]]

    with pytest.raises(ValueError, match=r"G of the model has shape|kappa|l of the model"):
        expand(order=1).with_noise(Wrong())


def test_covariance_under_a_model_of_floats_is_that_of_its_fractions():
    series = expand(observable="covariance", order=3, steps=3, batch_size=1)
    found = series.with_noise(LinearRegression(np.diag([1.0, 0.5]), np.array([0.25, -1.0]), label_variance=0.25))
    half = Fraction(1, 2)
    exact = series.with_noise(LinearRegression([[1, 0], [0, half]], [half / 2, -1], label_variance=half / 2))
    for eta in (0.125, 0.5):
        assert np.allclose(np.array(found.subs("eta", eta), float), np.array(exact.subs("eta", eta), float), rtol=1e-13)
