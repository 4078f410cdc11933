"""Modules of series with weight decay: roots of the plain loss beside nodes of the trained one, in any block."""

from dataclasses import replace
from fractions import Fraction
from math import comb

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen import compile_kernel, generate
from sgdsym.diagrams import Diagram
from sgdsym.numeric import interpret
from sgdsym.series import Coefficient, Series, Setting, estimator
from tests.codegen.test_backends import double, tensors  # noqa: F401  a fixture
from tests.series.test_estimator import HEADS, two_points

DECAY = Coefficient.symbol("decay")
START = np.array([0.5, -1.25, 2.0])


def random_series(seed):
    """Random trees in random blocks, the root alone, in a block, or open; two trees where the seed says so."""
    rng = np.random.default_rng(seed)
    is_open, count = seed % 3 == 1, 1 + (seed % 3 == 2)
    terms = {}
    for i in range(rng.integers(2, 5)):
        nodes = int(rng.integers(count + 1, 6))
        parents = [0 if v == count else int(rng.integers(1 if is_open else 0, v)) for v in range(count, nodes)]
        free = list(range(1 if is_open else 0, nodes))
        colours = rng.integers(0, len(free), len(free))
        blocks = [[v for v, c in zip(free, colours, strict=True) if c == colour] for colour in set(colours.tolist())]
        edges = [(w, v) for v, w in enumerate(parents, count)]
        terms[Diagram(nodes, edges, blocks, range(count))] = DECAY / (i + 1) - int(seed)
    setting = replace(Setting.named("displacement" if is_open else "test-loss"), weight_decay=DECAY / 2)
    return Series(terms, 4, ["cumulant", "moment"][seed % 2], setting)


def arguments(seed):
    metric = [None, np.array([0.5, 1.0, 2.0]), np.diag([1.0, 2.0, 3.0]) + 0.25][seed % 3]
    return {"weights": np.array([0.1, 0.2, 0.3, 0.15, 0.25]), "metric": metric, "decay": 0.3, "start": START}


@pytest.mark.parametrize("seed", range(24))
def test_the_module_equals_the_interpreter(seed):
    series, given = random_series(seed), tensors(seed)
    wanted = np.array(interpret(series, given, **arguments(seed)))
    found = compile_kernel(series).coefficients(given, **arguments(seed))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


@pytest.mark.parametrize("seed", range(12))
def test_jax_and_torch_equal_numpy(double, seed):  # noqa: F811
    torch = pytest.importorskip("torch")
    series, given, extra = random_series(seed), tensors(seed), arguments(seed)
    wanted = compile_kernel(series).coefficients(given, **extra)
    kernel = series.kernel(backend="jax")
    found = np.asarray(double.jit(lambda given: kernel.coefficients(given, **extra))(given))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())
    given = [torch.as_tensor(tensor) for tensor in given]
    found = series.kernel(backend="torch").coefficients(given, **extra).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def test_gradients_flow_to_the_start():
    torch = pytest.importorskip("torch")
    series = sgdsym.expand(order=2, batch_size=1, weight_decay="decay")
    given = [torch.as_tensor(tensor) for tensor in tensors(0)]
    kernel, start = series.kernel(backend="torch"), torch.tensor(START, requires_grad=True)
    kernel(given, 0.1, start=start, T=3, decay=0.2).backward()
    for i in range(3):
        up, down = (START + sign * 1e-4 * np.eye(3)[i] for sign in (1, -1))
        values = [series.kernel()(tensors(0), 0.1, start=point, T=3, decay=0.2) for point in (up, down)]
        assert start.grad[i].item() == pytest.approx((values[0] - values[1]) / 2e-4, rel=1e-6)


@pytest.mark.parametrize(
    "options",
    [{"observable": "generalization-gap", "sampling": "replace"}, {"observable": "loss-variance"}, {}],
    ids=str,
)
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_the_estimate_has_no_bias(options, basis):
    """The mean over all samples of five from two points, and the interpreted estimate of one of them."""
    series = sgdsym.expand(order=3, basis=basis, weight_decay=Fraction(2, 3), **options)
    sizes = {name: value for name, value in {"T": 3, "N": 4, "B": 2, "E": 2}.items() if name in series.symbols}
    kernel, start, points = series.kernel(unbiased=True), [1.5, -0.5], two_points(2, 3)
    wanted = np.array(interpret(series, points, weights=[HEADS, 1 - HEADS], start=start, **sizes), dtype=float)
    total, found = 0.0, {}
    for heads in range(6):
        drawn = [np.array(tensor, dtype=float)[[0] * heads + [1] * (5 - heads)] for tensor in points]
        found[heads] = drawn, kernel.estimate(drawn, 0.1, start=start, **sizes).orders
        total = total + float(comb(5, heads) * HEADS**heads * (1 - HEADS) ** (5 - heads)) * found[heads][1]
    assert total == pytest.approx(wanted, abs=1e-10 * np.abs(wanted).max())
    drawn, orders = found[2]
    one = interpret(estimator(series), drawn, start=start, n=5, **sizes)
    assert orders == pytest.approx(np.array(one), abs=1e-9 * np.abs(orders).max())


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (None, "pass them as start="),
        ([1.0, 2.0], r"start must have shape \(3,\), not \(2,\)"),
        (1.0, r"start must have shape \(3,\), not \(\)"),
        ([1.0, np.nan, 2.0], "start is nan at index 1"),
        (["a", "b", "c"], "start is not an array of real numbers"),
    ],
)
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_a_wrong_start_is_named(backend, start, message):
    pytest.importorskip(backend)
    kernel = sgdsym.expand(order=1, weight_decay=1).kernel(backend=backend)
    with pytest.raises(ValueError, match=message):
        kernel([t.astype(np.float32) for t in tensors(0)], 0.1, T=3, start=start)


def test_a_symbol_named_start_is_taken_only_with_weight_decay():
    assert "start" in generate(sgdsym.expand(order=1, steps="start"))
    with pytest.raises(ValueError, match="the symbol start cannot be an argument"):
        generate(sgdsym.expand(order=1, steps="start", weight_decay=1))
