"""Resummed series under models of the noise: against plain series in the learning rate, recursions and stationary laws."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from sgdsym.noise import Empirical, Isotropic, LabelNoise, LinearRegression
from sgdsym.numeric import polynomial_derivatives
from sgdsym.sgd import at_minimum, expand, resum
from sgdsym.stationary import stationary_covariance

ETA, T = sp.symbols("eta T")
# a mean Hessian [[2, 1], [1, 2]], with the eigenvalues 1 and 3, and third and fourth derivatives; all of it fluctuates
LOSSES = [
    {(2, 0): 2, (1, 1): 1, (1, 0): 1, (3, 0): 1},
    {(0, 2): 2, (1, 1): 1, (0, 1): -2, (2, 1): Fraction(1, 2), (0, 4): 1},
]
DATA = Empirical(polynomial_derivatives(LOSSES, (0, 0), 5))
REGRESSION = LinearRegression([[2, 1], [1, 2]], [1, sp.Rational(-1, 2)], label_variance=sp.Symbol("v"))
SETTINGS = [
    {"steps": 3, "batch_size": 2},
    {"steps": 3, "batch_size": 1, "observable": "displacement"},
    {"steps": 2, "batch_size": 1, "observable": "covariance"},
    {"dynamics": "gd", "steps": 3, "dataset_size": 2},
    {"dynamics": "gd", "steps": 2, "dataset_size": 3, "observable": "generalization-gap"},
    {"sampling": "reshuffle", "dataset_size": 2, "batch_size": 1, "epochs": 1},
    {"steps": 3, "batch_size": 1, "momentum": Fraction(1, 2)},
]


def coefficients(expression, order):
    """The coefficients of powers of eta, of an expression or of each entry of a matrix."""
    if isinstance(expression, sp.MatrixBase):
        return [coefficients(entry, order) for entry in expression]
    series = sp.series(expression.doit(), ETA, 0, order + 1).removeO()
    return [sp.expand(sp.simplify(series.coeff(ETA, k))) for k in range(order + 1)]


@pytest.mark.parametrize("model", [DATA, REGRESSION], ids=["data", "regression"])
@pytest.mark.parametrize("setting", SETTINGS[:-1], ids=str)
def test_expanded_in_the_learning_rate_it_is_the_plain_series_under_the_model(setting, model):
    order = 3
    assert sp.Matrix([[2, 1], [1, 2]]) == model.H
    resummed = resum(order=order, **setting).with_noise(model)
    plain = expand(order=order, **setting).with_noise(model)
    assert coefficients(resummed, order) == coefficients(plain, order)


def test_momentum_carries_several_rates():
    setting = SETTINGS[-1]
    h, v = sp.Rational(3, 2), sp.Symbol("v")
    model = Isotropic({0: 0, 1: [1], 2: [[h]], 3: [[[0]]]}, variance=v)
    exact = resum(order=2, **setting).with_noise(model, learning_rate=Fraction(1, 3))
    mean, moved, spread, cross, pushed = sp.S.One / h, sp.S.Zero, sp.S.Zero, sp.S.Zero, sp.S.Zero
    rate, mu = sp.Rational(1, 3), sp.Rational(1, 2)
    velocity = sp.S.Zero
    for _ in range(3):
        # m <- mu m + h w + noise, w <- w - eta m, with w = mean + deviation from the minimum
        velocity = mu * velocity + h * mean
        mean = mean - rate * velocity
        pushed, cross = mu**2 * pushed + 2 * mu * h * cross + h**2 * spread + v, mu * cross + h * spread
        spread, cross = spread - 2 * rate * cross + rate**2 * pushed, cross - rate * pushed
        moved = h * (mean**2 + spread) / 2 - 1 / (2 * h)
    assert sp.simplify(exact - moved) == 0


class Own:
    """A covariance that does not commute with the Hessian, in symbols."""

    hessian = sp.Matrix([[2, 1, 0], [1, 2, 0], [0, 0, 5]])
    covariance = sp.Matrix([[1, "c", 0], ["c", 3, 1], [0, 1, 2]])

    def cumulant(self, degrees):
        known = {(0,): 0, (2,): self.hessian, (1, 1): self.covariance}
        return known.get(tuple(degrees), np.zeros((3,) * sum(degrees), dtype=object))


@pytest.mark.parametrize("batch", [1, 4])
def test_long_after_it_is_the_stationary_covariance(batch):
    model = Own()
    cloud = resum(observable="covariance", order=2, batch_size=batch, form="stationary").with_noise(model)
    wanted = stationary_covariance(model.hessian, model.covariance / batch, ETA)
    assert (cloud - wanted).applyfunc(sp.simplify) == sp.zeros(3)
    excess = resum(order=2, batch_size=batch, form="stationary").with_noise(model)
    assert sp.simplify(excess - (model.hessian * wanted).trace() / 2) == 0


def test_long_after_it_is_the_stationary_covariance_of_momentum():
    rate, mu, v = sp.Rational(1, 3), sp.Rational(1, 2), sp.Symbol("v")
    hessian = sp.Matrix([[2, 1], [1, 2]])
    model = Isotropic({0: 0, 1: [0, 0], 2: hessian}, variance=v)
    cloud = resum(observable="covariance", order=2, batch_size=1, momentum=Fraction(1, 2), form="stationary")
    found = cloud.with_noise(model, learning_rate=rate)
    assert (found - stationary_covariance(hessian, v * sp.eye(2), rate, mu)).applyfunc(sp.simplify) == sp.zeros(2)


def test_the_limit_is_that_of_many_steps():
    model, rate = Own(), Fraction(1, 5)
    late = resum(observable="covariance", order=2, batch_size=1, steps=200).with_noise(model, learning_rate=rate)
    limit = resum(observable="covariance", order=2, batch_size=1, form="stationary").with_noise(
        model, learning_rate=rate
    )
    gap = (late - limit).subs("c", sp.Rational(1, 2))
    assert all(abs(sp.N(entry, 60)) < sp.Rational(1, 10**30) for entry in gap)


def test_symbols_on_the_diagonal():
    """One-pass SGD with isotropic noise from its minimum, by the geometric series."""
    h, k, v = sp.symbols("h k v")
    model = Isotropic({0: 0, 1: [0, 0], 2: sp.diag(h, k)}, variance=v)
    found = at_minimum(resum(order=2, batch_size=1)).with_noise(model)
    wanted = sum(ETA * v * (1 - (1 - ETA * a) ** (2 * T)) / (2 * (2 - ETA * a)) for a in (h, k))
    for steps in (0, 1, 5):
        assert sp.simplify((found.doit() - wanted).subs(T, steps)) == 0


def test_equal_eigenvalues_and_another_function_at_the_root():
    data = LabelNoise([[1, 0], [-1, 0], [0, 1], [0, -1]], variance=2)
    assert sp.eye(2) / 2 == data.H
    roots = {0: 0, 1: [1, 2], 2: [[1, 1], [1, 0]], 3: sp.MutableDenseNDimArray.zeros(2, 2, 2)}
    setting = {"observable": "function", "steps": 3, "batch_size": 1, "order": 3}
    found = resum(**setting).with_noise(data, roots)
    assert coefficients(found, 3) == coefficients(expand(**setting).with_noise(data, roots), 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.with_noise(Isotropic({0: 0.0, 1: [0.0], 2: [[1.0]]})), "holds floats"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0, 0], 2: [[1, 1], [1, 3]]})), "not all fractions"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0, 0], 2: [[1, "a"], ["a", 3]]})), "not all fractions"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0]})), r"give means\[2\]"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0], 2: [[1]]}), learning_rate=0.1), "an exact number"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0], 2: [[1]]}), {1: [1]}), "leave root_derivatives out"),
        (lambda s: resum(observable="function", order=1).with_noise(Own()), r"root_derivatives\[0\] is missing"),
        (lambda s: s.with_noise({(2,): [[1]]}), "must have a method cumulant"),
        (lambda s: s.with_noise(Isotropic({0: 0, 1: [0, 0], 2: [[1, 2], [0, 1]]})), "not symmetric"),
        (
            lambda s: resum(observable="function", order=1).with_noise(Own(), {0: 0, 1: [1]}),
            r"has shape \(1,\); beside the mean Hessian it must have \(3,\)",
        ),
        (
            lambda s: s.at_infinity().with_noise(Isotropic({0: 0, 1: [0], 2: [[1]]}), learning_rate=2),
            "no limit of many steps",
        ),
        (
            lambda s: resum(order=1, schedule=[1, 2], steps=2).with_noise(Own()),
            "no closed form",
        ),
    ],
)
def test_what_has_no_exact_value_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(at_minimum(resum(order=2)))
