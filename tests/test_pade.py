"""Padé approximants: those of another library, of rational functions, and none beyond a pole."""

import math

import numpy as np
import pytest

from sgdsym import expand
from sgdsym.numeric.matrix_free import Estimate
from sgdsym.trust import pade_value

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize("order", range(1, 8))
def test_another_library_finds_the_same(order):
    interpolate = pytest.importorskip("scipy.interpolate")
    for _ in range(20):
        coefficients = RANDOM.normal(size=order + 1) * 2.0 ** (RANDOM.integers(-1, 2) * np.arange(order + 1))
        above, below = interpolate.pade(coefficients, order // 2, order - order // 2) if order > 1 else (None, None)
        rates = RANDOM.normal(size=5)
        found = pade_value(coefficients, rates)
        if above is None:
            np.testing.assert_allclose(found, np.polyval(coefficients[::-1], rates))
            continue
        real = [root.real for root in below.roots if abs(root.imag) < 1e-9 * abs(root)]
        for rate, value in zip(rates, found, strict=True):
            if any(0 < pole / rate <= 1 for pole in real):
                assert math.isnan(value)
            else:
                assert value == pytest.approx(above(rate) / below(rate), rel=1e-6)


def test_a_rational_function_is_its_own_approximant():
    above, below = np.array([3.0, -1.0, 0.5]), np.array([1.0, 0.25, 0.1])
    taylor = []
    for k in range(8):
        known = above[k] if k < 3 else 0.0
        taylor.append(known - sum(below[j] * taylor[k - j] for j in range(1, min(k, 2) + 1)))
    rates = np.array([0.0, 0.3, 2.0, 50.0])
    exact = np.polyval(above[::-1], rates) / np.polyval(below[::-1], rates)
    for order in (4, 5, 6, 7):
        np.testing.assert_allclose(pade_value(taylor[: order + 1], rates), exact, rtol=1e-8)


def test_the_exponential():
    """[1/1] is (1 + x/2)/(1 - x/2)."""
    assert pade_value([1.0, 1.0, 0.5], 1.0) == pytest.approx(3.0)
    assert math.isnan(pade_value([1.0, 1.0, 0.5], 2.5))
    assert pade_value([1.0, 1.0, 0.5], -2.5) == pytest.approx(-0.25 / 2.25)


@pytest.mark.parametrize("coefficients", [[2.0], [0.0, 0.0, 0.0], [1.0, -2.0], [1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
def test_what_leaves_no_quotient_is_the_series(coefficients):
    assert pade_value(coefficients, 0.5) == pytest.approx(np.polyval(coefficients[::-1], 0.5))


@pytest.mark.parametrize(
    ("coefficients", "rate"), [([1.0, math.inf, 1.0], 1.0), ([1.0, 2.0], math.nan), ([1e-300, 1e300, 1.0], 1.0)]
)
def test_what_has_no_value_is_refused(coefficients, rate):
    with pytest.raises(ValueError, match="Padé approximant"):
        pade_value(coefficients, rate)


def test_kernels_and_estimates_continue_their_own_coefficients():
    kernel = expand(order=3, batch_size=1).kernel()
    x = RANDOM.normal(size=(5, 2))
    derivatives = [(x**2).sum(axis=1), x, np.broadcast_to(np.eye(2), (5, 2, 2)), np.zeros((2, 2, 2))]
    rates = np.array([0.01, 0.05])
    coefficients = kernel.coefficients(derivatives, T=4)
    np.testing.assert_array_equal(kernel.pade(derivatives, rates, T=4), pade_value(coefficients, rates))
    estimate = Estimate(0.0, 0.0, coefficients, np.zeros(4))
    assert estimate.pade(0.05) == kernel.pade(derivatives, 0.05, T=4)
    moved = expand(order=1, observable="displacement").kernel()
    with pytest.raises(ValueError, match="open indices"):
        moved.pade(derivatives[:2], 0.1, T=3)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e5])
def test_the_unit_of_the_learning_rate_changes_nothing(unit):
    for order in (2, 3, 5, 8):
        coefficients = RANDOM.normal(size=order + 1)
        scaled = coefficients * unit ** np.arange(order + 1)
        assert pade_value(scaled, 0.2 / unit) == pytest.approx(pade_value(coefficients, 0.2), rel=1e-6, nan_ok=True)
