"""Unbiased estimates of generated modules: means over all samples, standard errors, the libraries, bad input."""

import pickle
from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen import compile_kernel, generate
from sgdsym.numeric import interpret, interpret_diagram
from sgdsym.series import Coefficient, Series, estimator, mergers, most_blocks
from tests.series.test_estimator import DIAGRAMS, HEADS, two_points

SIZES = {"T": 7, "N": 9, "B": 3, "E": 2}
REQUESTS = [
    {"order": 3},
    {"order": 3, "observable": "displacement"},
    {"order": 3, "observable": "generalization-gap", "sampling": "reshuffle"},
    {"order": 3, "observable": "loss-variance"},
    {"order": 2, "observable": "covariance"},
    {"order": 3, "sampling": "replace", "basis": "moment"},
]


def sizes_of(series):
    return {name: value for name, value in SIZES.items() if name in series.symbols}


def gaussian(rng, points, width=2):
    """Symmetric Gaussian derivatives of degrees 0 to 4 at each data point."""
    found = []
    for degree in range(5):
        tensor = rng.normal(size=(points, *(width,) * degree))
        axes = list(permutations(range(1, degree + 1)))
        found.append(0.5 + sum(tensor.transpose(0, *order) for order in axes) / len(axes))
    return found


@pytest.fixture(scope="module")
def weighed():
    """By basis the kernel of all diagrams to order 4, each with a symbol as its coefficient."""
    symbols = [Coefficient.symbol(f"x{i}") for i in range(len(DIAGRAMS))]
    return {
        basis: Series(dict(zip(DIAGRAMS, symbols, strict=True)), 4, basis).kernel(unbiased=True)
        for basis in ("moment", "cumulant")
    }


@pytest.fixture(scope="module")
def population():
    tensors, weights = two_points(2, 4), [HEADS, 1 - HEADS]
    return {
        basis: [interpret_diagram(d, basis, tensors, weights=weights) for d in DIAGRAMS]
        for basis in ("moment", "cumulant")
    }


def samples(size):
    """All samples of two points up to order, with their probabilities."""
    for heads in range(size + 1):
        drawn = [np.array(tensor, dtype=float)[[0] * heads + [1] * (size - heads)] for tensor in two_points(2, 4)]
        yield float(comb(size, heads) * HEADS**heads * (1 - HEADS) ** (size - heads)), drawn


@pytest.mark.parametrize("basis", ["moment", "cumulant"])
def test_mean_over_every_sample_of_five_is_the_value_of_each_diagram(basis, weighed, population):
    kernel = weighed[basis]
    places = [[i for i, d in enumerate(DIAGRAMS) if d.order == k] for k in range(5)]
    biased = 0
    for turn in range(max(map(len, places))):
        chosen = [place[turn % len(place)] for place in places]
        weights = {f"x{i}": int(i in chosen) for i in range(len(DIAGRAMS))}
        means = sum(p * kernel.estimate(drawn, 0.0, **weights).orders for p, drawn in samples(5))
        plain = sum(p * kernel.coefficients(drawn, **weights) for p, drawn in samples(5))
        wanted = np.array([float(population[basis][i]) for i in chosen])
        assert np.abs(means - wanted).max() <= 1e-12 * max(1, np.abs(wanted).max())
        biased += np.abs(plain - wanted)[4] > 1e-6
    assert biased > 0.8 * len(places[4])


@pytest.mark.parametrize("basis", ["moment", "cumulant"])
@pytest.mark.parametrize("seed", range(3))
def test_mean_over_every_sample_of_six_is_the_value_of_all_diagrams(basis, seed, weighed, population):
    numbers = np.random.default_rng(seed).integers(-9, 10, len(DIAGRAMS)).tolist()
    weights = {f"x{i}": number for i, number in enumerate(numbers)}
    means = sum(p * weighed[basis].estimate(drawn, 0.0, **weights).orders for p, drawn in samples(6))
    for order in range(5):
        terms = [float(population[basis][i] * numbers[i]) for i, d in enumerate(DIAGRAMS) if d.order == order]
        assert means[order] == pytest.approx(sum(terms), abs=1e-12 * sum(map(abs, terms)))


@pytest.mark.parametrize("options", REQUESTS, ids=lambda o: f"{o.get('observable')}-{o.get('sampling')}")
@pytest.mark.parametrize("with_metric", [False, True])
def test_the_module_is_the_interpreted_estimate(options, with_metric):
    series = sgdsym.expand(**options)
    sizes, tensors = sizes_of(series), gaussian(np.random.default_rng(1), 7)
    metric = np.array([[2.0, 0.5], [0.5, 1.0]]) if with_metric else None
    found = series.kernel().estimate(tensors, 0.1, metric=metric, **sizes)
    wanted = np.array(interpret(estimator(series), tensors, metric=metric, n=7, **sizes))
    assert found.orders == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    assert found.value == pytest.approx(sum(c * 0.1**k for k, c in enumerate(wanted)), rel=1e-9, abs=1e-9)
    assert np.shape(found.standard_error) == np.shape(found.value)


def test_the_standard_error_is_the_jackknife_of_rows_left_out():
    series, sizes = sgdsym.expand(order=2, batch_size=1), {"T": 5}
    tensors = gaussian(np.random.default_rng(2), 9)
    kernel = series.kernel()
    left = [kernel.estimate([np.delete(t, i, 0) for t in tensors], 0.1, **sizes).value for i in range(9)]
    error = np.sqrt(8 / 9 * np.square(left - np.mean(left)).sum())
    assert kernel.estimate(tensors, 0.1, **sizes).standard_error == pytest.approx(error, rel=1e-9)


def test_the_error_of_a_mean_is_near_the_textbooks_with_unequal_groups():
    n = 47
    losses = np.random.default_rng(3).normal(size=n)
    module = {}
    exec(generate(sgdsym.expand(order=0)), module)  # noqa: S102
    groups = module["_groups"](n)
    assert sorted(i for group in groups for i in group) == list(range(n))
    assert {len(group) for group in groups} == {2, 3}
    value, error = module["unbiased"]([losses], 0.1)
    assert value == pytest.approx(losses.mean())
    # what a group stands for is its own mean, with a variance of n / size - 1 times that of the mean of all
    spread = [(losses[group].mean() - value) ** 2 / (n / len(group) - 1) for group in groups]
    assert error == pytest.approx(np.sqrt(np.mean(spread)))
    assert error == pytest.approx(losses.std(ddof=1) / np.sqrt(n), rel=0.5)


def test_two_standard_errors_cover_the_value_of_a_gaussian_landscape():
    def landscape(x):
        bend = np.array([[0.5, 0.25], [0.25, -0.25]])
        return [(x**2).sum(axis=1) / 2, 0.5 + x[:, :2], np.eye(2) + x[:, 2, None, None] * bend]

    nodes, chances = np.polynomial.hermite_e.hermegauss(7)
    grid = np.array(np.meshgrid(nodes, nodes, nodes)).reshape(3, -1).T
    weights = np.prod(np.array(np.meshgrid(chances, chances, chances)), axis=0).ravel()
    kernel = sgdsym.expand(order=2, batch_size=1).kernel()
    value = kernel(landscape(grid), 0.05, T=10, weights=weights / weights.sum())
    rng = np.random.default_rng(4)
    found = [kernel.estimate(landscape(rng.normal(size=(40, 3))), 0.05, T=10) for _ in range(2000)]
    values, errors = np.array([(e.value, e.standard_error) for e in found]).T
    assert abs(values.mean() - value) < 4 * values.std() / np.sqrt(len(values))
    assert 0.90 < np.mean(np.abs(values - value) < 2 * errors) < 0.98
    assert errors.mean() == pytest.approx(values.std(), rel=0.1)


def test_learning_rates_and_the_function():
    series = sgdsym.expand(order=2, observable="function", batch_size=1)
    tensors = gaussian(np.random.default_rng(5), 8)
    roots = [tensor.mean(axis=0) for tensor in tensors]
    kernel = series.kernel()
    found = kernel.estimate(tensors, [0.1, 0.2], T=4, root_derivatives=roots)
    assert found.value.shape == found.standard_error.shape == (2,)
    single = kernel.estimate(tensors, 0.2, T=4, root_derivatives=roots)
    assert (found.value[1], found.standard_error[1]) == pytest.approx((single.value, single.standard_error))
    with pytest.raises(ValueError, match=r"for an unbiased estimate root_derivatives\[0\] must have shape \(\), not"):
        kernel.estimate(tensors, 0.1, T=4, root_derivatives=tensors)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_libraries_agree(backend):
    pytest.importorskip(backend)
    if backend == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    tensors = gaussian(np.random.default_rng(6), 25)
    series = sgdsym.expand(order=3, batch_size=1)
    want = series.kernel().estimate(tensors, 0.1, T=3)
    given = tensors
    if backend == "torch":
        import torch

        given = [torch.tensor(t) for t in tensors]
    kernel = compile_kernel(series, backend)
    found = kernel.estimate(given, 0.1, T=3)
    assert float(found.value) == pytest.approx(want.value, rel=1e-10)
    assert float(found.standard_error) == pytest.approx(want.standard_error, rel=1e-10)
    assert np.array(found.order_errors.tolist()) == pytest.approx(want.order_errors, rel=1e-8)


def test_gradients_flow_through_estimate_and_error():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    tensors = gaussian(np.random.default_rng(6), 12)
    module = {}
    exec(generate(sgdsym.expand(order=2, batch_size=1), "jax"), module)  # noqa: S102
    for part in (0, 1):
        slope = jax.grad(jax.jit(lambda rate, part=part: module["unbiased"](tensors, rate, T=3)[part]))(0.1)
        above, below = (float(module["unbiased"](tensors, rate, T=3)[part]) for rate in (0.1 + 1e-5, 0.1 - 1e-5))
        assert float(slope) == pytest.approx((above - below) / 2e-5, rel=1e-6)


def test_bad_samples_are_named():
    kernel = sgdsym.expand(order=2, batch_size=1).kernel()
    tensors = gaussian(np.random.default_rng(7), 6)
    with pytest.raises(ValueError, match=r"for an unbiased estimate derivatives\[2\] must have shape \(n, p, p\)"):
        kernel.estimate([*tensors[:2], tensors[2].mean(axis=0)], 0.1, T=2)
    with pytest.raises(ValueError, match="2 data points are too few: an unbiased estimate to order 2 takes at least 3"):
        kernel.estimate([t[:2] for t in tensors], 0.1, T=2)
    with pytest.raises(ValueError, match="leave weights out"):
        kernel.estimate(tensors, 0.1, T=2, weights=np.full(6, 1 / 6))
    with pytest.raises(ValueError, match="the symbol T is missing"):
        kernel.estimate(tensors, 0.1)
    tensors[1][3, 1] = np.nan
    with pytest.raises(ValueError, match=r"derivatives\[1\] is nan at index \(3, 1\)"):
        kernel.estimate(tensors, 0.1, T=2)


def test_a_sample_too_small_to_leave_any_out_has_no_error():
    tensors = gaussian(np.random.default_rng(8), 3)
    found = sgdsym.expand(order=2, batch_size=1).kernel().estimate(tensors, 0.1, T=2)
    assert np.isfinite(found.value)
    assert np.isnan(found.standard_error)


def test_the_estimate_is_left_out_where_it_takes_long_unless_it_is_wanted():
    series = sgdsym.expand(order=5)
    assert mergers(series) > 2000
    assert "def unbiased(" not in generate(series)
    assert "def unbiased(" not in generate(sgdsym.expand(order=2), unbiased=False)
    assert "def unbiased(" in generate(sgdsym.expand(order=4))
    with pytest.raises(ValueError, match="make it with unbiased=True"):
        compile_kernel(sgdsym.expand(order=2), unbiased=False).estimate([], 0.1)
    assert "def unbiased(" in sgdsym.expand(order=4, observable="loss-variance").kernel(unbiased=True).source


def test_the_choice_is_pickled():
    kernel = compile_kernel(sgdsym.expand(order=1), unbiased=False)
    assert pickle.loads(pickle.dumps(kernel)).source == kernel.source  # noqa: S301
    assert most_blocks(kernel.series) == 2


def test_symbols_named_like_the_modules_own_do_no_harm():
    series = Series({DIAGRAMS[1]: Coefficient.symbol("n") * Coefficient.symbol("c_0_")}, 1)
    slopes = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
    found = series.kernel().estimate({1: slopes}, 1.0, n=2, c_0_=Fraction(1, 2))
    products = [slopes[i] @ slopes[j] for i, j in permutations(range(3), 2)]
    assert found.value == pytest.approx(np.mean(products))
