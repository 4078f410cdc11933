"""Losses with kinks are told from smooth ones, and a loss that cannot be negative is not predicted below zero in silence."""

import warnings

import numpy as np
import pytest

from sgdsym import expand
from sgdsym.codegen import compile_kernel
from sgdsym.demo.measurement import measure
from sgdsym.demo.problem import Problem
from sgdsym.trust import Trust, TrustWarning, trust_limits

torch = pytest.importorskip("torch")

ACTIVATIONS = {
    "relu": (torch.relu, True),
    "leaky": (torch.nn.functional.leaky_relu, True),
    "max-pool": (lambda x: torch.nn.functional.max_pool1d(x, 2), True),
    "tanh": (torch.tanh, False),
    "gelu": (torch.nn.functional.gelu, False),
    "softplus": (torch.nn.functional.softplus, False),
}


def network(activation, width, seed):
    """The squared error of a network of one hidden layer, its parameters and data."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    inputs, labels = draw(100, 8), draw(100)
    after = activation(draw(1, 1, width)).numel()
    parameters = {"first": draw(8, width) / 8**0.5, "last": draw(after) / after**0.5}

    def loss(parameters, example):
        x, y = example
        hidden = activation((x @ parameters["first"])[None, None])[0, 0]
        return (hidden @ parameters["last"] - y) ** 2

    return loss, parameters, (inputs, labels)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_kinks_are_named_and_smooth_losses_are_not(name, seed):
    from sgdsym.numeric.torch import evaluate

    activation, kinked = ACTIVATIONS[name]
    series = expand(order=2, batch_size=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrustWarning)
        evaluate(series, *network(activation, 32, seed), 1e-3, T=5, progress=False)
    said = [str(warning.message) for warning in caught if warning.category is TrustWarning]
    assert len(said) == kinked
    assert all(text.startswith("the gradient of the loss jumps beside these parameters") for text in said)
    assert all(len(text) <= 300 for text in said)


def logistic(seed, points=40, width=4):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(points, width)) * (1 + seed % 3) / np.sqrt(width)
    labels = np.sign(features @ generator.normal(size=width) + generator.normal(size=points) / 2).astype(int)
    return Problem(f"seed {seed}", features, labels)


CASES = [(seed, steps, order) for seed in range(3) for steps in (3, 10, 30) for order in (2, 3, 4)][:21]


@pytest.mark.parametrize(("seed", "steps", "order"), CASES)
def test_limits_are_at_most_twice_too_generous(seed, steps, order):
    problem = logistic(seed)
    kernel = compile_kernel(expand(order=order, batch_size=1), unbiased=False)
    tensors = problem.derivatives(order, per_sample=set(range(order + 1)))
    limits = kernel.trust(tensors, T=steps)
    assert limits.fine < limits.coarse
    for rate, share in ((limits.fine / 2, 0.01), (limits.coarse / 2, 0.1)):
        (found,) = measure(problem, [rate], [steps], runs=250)
        error = abs(kernel(tensors, rate, T=steps) - found.sharp_mean)
        assert error <= share * found.sharp_mean + 4 * found.sharp_error


def test_a_loss_that_is_never_negative_is_not_predicted_below_zero_in_silence():
    problem = logistic(0)
    kernel = compile_kernel(expand(order=3, batch_size=1), unbiased=False)
    tensors = problem.derivatives(3, per_sample={0, 1, 2, 3})
    limit = kernel.trust(tensors, T=100).coarse
    kernel(tensors, limit, T=100)
    with pytest.warns(TrustWarning, match=r"the series predicts -.* for a loss that is never negative"):
        kernel(tensors, 50 * limit, T=100)
    moved = dict(tensors)
    moved[0] = moved[0] - 10.0
    assert kernel(moved, 50 * limit, T=100) < 0


def test_limits_of_what_is_known():
    assert trust_limits([1.0, 0.5]).is_known is False
    assert trust_limits([1.0]) == Trust(float("inf"), float("inf"))
    assert "no higher order is in sight" in str(trust_limits([3.0, 0.0]))
    geometric = trust_limits([0.5**k for k in range(8)])
    assert 0.9 < geometric.coarse < 2
    assert trust_limits([1.0, float("nan"), 1.0]).is_known is False


def test_open_indices_have_no_range():
    kernel = compile_kernel(expand(order=1, observable="displacement"))
    with pytest.raises(ValueError, match="a value with open indices has no range of its own"):
        kernel.trust([[1.0, 2.0], [[1.0], [3.0]]], T=3)
