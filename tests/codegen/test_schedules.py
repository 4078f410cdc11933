"""Modules that take the rates of a schedule: equal to exact runs, for all libraries, samplings and optimisers."""

from fractions import Fraction

import numpy as np
import pytest

import sgdsym
from sgdsym import expand, interpret, schedules

RATES = [Fraction(1, 2), Fraction(1), Fraction(3), Fraction(1, 3)]
REQUESTS = {
    "plain": {"batch_size": 1},
    "momentum": {"momentum": "mu"},
    "nesterov, averaged": {"momentum": Fraction(9, 10), "nesterov": True, "average": "uniform"},
    "epochs": {"sampling": "reshuffle", "average": "uniform"},
    "shared slots": {"sampling": "fixed", "momentum": "mu", "delay": 1},
    "over the run": {"sampling": "replace", "momentum": "mu", "mean_over_run": True},
    "numbers": {"sampling": "fixed", "dataset_size": 4, "batch_size": 2, "epochs": 2},
}
NUMBERS = {"N": 4, "B": 2, "mu": Fraction(9, 10)}


def tensors(order, points=4, parameters=2):
    """Whole derivatives of random losses, so that sums of rationals are exact."""
    draw = np.random.default_rng(5)
    found = []
    for degree in range(order + 1):
        array = draw.integers(-3, 4, size=(points, *[parameters] * degree)).astype(object)
        for axis in range(1, degree):
            array = array + np.swapaxes(array, axis, axis + 1)
        if degree == 3:
            array = sum(np.transpose(array, (0, 1 + a, 1 + b, 1 + c)) for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)))
        found.append(array)
    return found


@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("name", REQUESTS)
def test_modules_are_exact_runs(name, library):
    pytest.importorskip(library)
    series = expand(order=2, schedule="lambda", **REQUESTS[name])
    sizes = {symbol: NUMBERS[symbol] for symbol in series.symbols if symbol in NUMBERS}
    derivatives = tensors(2)
    exact = interpret(series.subs(schedule=RATES, **sizes), derivatives)
    assert interpret(series, derivatives, schedule=RATES, **sizes) == exact
    floats = [array.astype(np.float32) for array in derivatives]
    rates = np.array(RATES, dtype=float)
    found = series.kernel(library).coefficients(floats, schedule=rates, **sizes)
    np.testing.assert_allclose(np.asarray(found, dtype=float), np.array(exact, dtype=float), rtol=2e-6)
    rounded = interpret(series, derivatives, schedule=rates, **sizes)
    np.testing.assert_allclose(rounded, np.array(exact, dtype=float), rtol=1e-13)


@pytest.mark.parametrize("momentum", [0, "mu"])
def test_a_module_at_ten_thousand_rates_is_a_long_sum(momentum):
    """Warm-up and cosine with momentum 9/10: order 2 against a loop over the updates."""
    rates = schedules.warmup_cosine(10_000, warmup=500)
    series = expand(order=2, batch_size=1, schedule="lambda", momentum=momentum)
    kernel, mu = series.kernel(), 0.9 if momentum else 0.0
    derivatives = [np.zeros(2), np.array([[1.0], [2.0]]), np.array([[[1.0]], [[2.0]]])]
    found = kernel.coefficients(derivatives, schedule=rates, **({"mu": 0.9} if momentum else {}))
    # what a gradient at each update is worth at the end, and at each later update by a recursion
    worth, later = np.zeros(len(rates)), 0.0
    for s in reversed(range(len(rates))):
        later = rates[s] + mu * later
        worth[s] = later
    inner = buffer = moved = 0.0
    for s, rate in enumerate(rates):
        inner += worth[s] * moved
        buffer = mu * buffer + 1
        moved += rate * buffer
    gradient, hessian, noise = 1.5, 1.5, 0.25
    first, second = worth.sum(), (worth**2).sum()
    quadratic = inner + (worth.sum() ** 2) / 2
    expected = [0.0, -first * gradient**2, quadratic * gradient**2 * hessian + second / 2 * hessian * noise]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_modules_take_sizes_that_the_rates_imply_and_refuse_what_is_wrong():
    kernel = expand(order=1, schedule="lambda", sampling="reshuffle", average="uniform").kernel()
    derivatives = tensors(1)
    derivatives = [array.astype(float) for array in derivatives]
    sizes = {"N": 4, "B": 2, "schedule": [1.0, 2.0, 3.0, 4.0]}
    assert kernel(derivatives, 0.1, **sizes) == kernel(derivatives, 0.1, E=2, **sizes)
    for wrong, complaint in (
        ({"N": 4, "B": 2}, "pass schedule="),
        ({**sizes, "E": 3}, "4 rates, the run 6"),
        ({**sizes, "schedule": [1.0]}, "1 rates, the run a multiple of 2"),
        ({**sizes, "schedule": [[1.0]]}, "one for each update"),
        ({**sizes, "schedule": [1.0, float("nan"), 1.0, 1.0]}, "finite"),
        ({**sizes, "schedule": ["a", "b"]}, "must hold numbers"),
        ({**sizes, "schedule": [True] * 4}, "array of numbers"),
        ({**sizes, "schedule": [1e308] * 4}, "overflow"),
        ({**sizes, "lambda_1": 3}, "unknown symbol"),
    ):
        with pytest.raises(ValueError, match=complaint):
            kernel.coefficients(derivatives, **wrong)
    plain = expand(order=1, schedule="lambda").kernel()
    assert plain(derivatives, 0.1, schedule=[1, 2]) == plain(derivatives, 0.1, T=2, schedule=np.array([1, 2]))
    for wrong in (
        {"schedule": [0.5, "a"]},
        {"schedule": [[1]]},
        {},
        {"schedule": [1.0, float("inf")]},
        {"schedule": [True]},
    ):
        with pytest.raises(ValueError, match="schedule"):
            interpret(plain.series, derivatives, **wrong)


def test_an_unbiased_estimate_takes_rates():
    series = expand(order=1, batch_size=1, schedule="lambda")
    kernel = series.kernel(unbiased=True)
    found = kernel.estimate([np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [4.0]])], 0.1, schedule=[1.0, 2.0])
    same = expand(order=1, batch_size=1).kernel(unbiased=True)
    again = same.estimate([np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [4.0]])], 0.1, T=3)
    assert found.value == pytest.approx(again.value)


def test_matrix_free_evaluation_takes_rates():
    jax = pytest.importorskip("jax")
    from sgdsym.numeric.jax import evaluate

    def loss(weights, point):
        return ((weights - point) ** 2).sum() / 2 + weights[0] ** 3 / 6

    data = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    named = expand(order=2, batch_size=1, schedule="lambda", momentum="mu")
    rates = [Fraction(1), Fraction(1, 2), Fraction(1, 4)]
    listed = expand(order=2, batch_size=1, schedule=rates, momentum="mu")
    start = jax.numpy.zeros(2)
    first, second = (
        evaluate(series, loss, start, data, learning_rate=0.1, mu=Fraction(1, 2), **more)
        for series, more in ((named, {"schedule": rates}), (listed, {}))
    )
    np.testing.assert_allclose(first.value, second.value, rtol=1e-6)
    assert sgdsym.schedules.__name__ == "sgdsym.schedules"
