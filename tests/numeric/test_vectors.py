"""Series with an open index, evaluated without forming a tensor: against dense values, draws, metric, what is refused."""

import importlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sgdsym import expand, modified
from sgdsym.numeric import interpret
from sgdsym.numeric.matrix_free import Data, Effort, evaluate_open, vectors
from tests.numeric.matrix_free import (
    DATA,
    DEGREE,
    NETWORK,
    DenseCalculus,
    dense_problem,
    jax_network_loss,
    polynomial_loss,
    polynomial_tensors,
    polynomials,
    torch_network_loss,
)

POINTS, RATE = 4, 0.1
TENSORS = [np.array(t, dtype=float) for t in polynomial_tensors(polynomials(POINTS), DEGREE)]
EXACT = Effort(mode="exact")
SERIES = {
    "displacement": expand(observable="displacement", order=3),
    "training set": expand(observable="displacement", order=3, sampling="replace").subs(N=POINTS),
    "drift": modified(order=3),
}


def evaluated(series, effort=EXACT, along=None, weights=None, executor=None, **symbols):
    roots = () if along is None else (np.array(0.0), np.array(along))
    more = {} if along is None else {"function": abs, "root_tensors": roots}
    calculus, data = dense_problem(POINTS, DEGREE, **more)
    data = Data(data.arrays, weights)
    return evaluate_open(series, calculus, data, effort, RATE, symbols, executor=executor, progress=False)


def sizes(series):
    return {name: value for name, value in {"T": 4, "B": 2}.items() if name in series.symbols}


@pytest.mark.parametrize("name", SERIES)
def test_all_data_points_give_the_dense_values(name):
    series = SERIES[name]
    expected = np.array(interpret(series, TENSORS, **sizes(series)), dtype=float)
    found = evaluated(series, **sizes(series))
    assert np.array(found.coefficients) == pytest.approx(expected, rel=1e-11, abs=1e-12)
    assert found.value == pytest.approx(RATE ** np.arange(4) @ expected, rel=1e-11)
    assert not np.any(found.standard_error)
    assert not np.any(found.coefficient_errors)


@pytest.mark.parametrize("name", SERIES)
def test_draws_are_unbiased_and_their_scatter_is_told(name):
    series = SERIES[name]
    exact = evaluated(series, **sizes(series))
    effort = {"samples": 3, "replicates": 3, "minibatch": 2}
    found = [evaluated(series, Effort(seed=seed, **effort), **sizes(series)) for seed in range(150)]
    values = np.array([(*estimate.coefficients, estimate.value) for estimate in found])
    errors = values.std(axis=0) / len(values) ** 0.5
    assert (np.abs(values.mean(axis=0) - (*exact.coefficients, exact.value)) <= 4.5 * errors + 1e-9).all()
    assert (errors[:2] < 1e-12).all()  # the first order is the mean gradient
    assert (errors[-2:] > 0).all()
    told = np.array([estimate.coefficient_errors[3] for estimate in found])
    inside = np.abs(values[:, 3] - exact.coefficients[3]) <= 2 * told
    assert 0.85 < inside.mean() < 1.0


def test_a_covariance_is_its_product_with_a_direction():
    series = expand(observable="covariance", order=3)
    direction = np.array([0.75, -2.0])
    expected = np.array(interpret(series, TENSORS, T=4, B=2), dtype=float) @ direction
    found = evaluated(series, along=direction, T=4, B=2)
    assert np.array(found.coefficients) == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_weights_are_copies_of_points():
    weights = np.array([0.125, 0.5, 0.25, 0.125])
    copies = [tensor[np.repeat(np.arange(POINTS), [1, 4, 2, 1])] for tensor in TENSORS]
    expected = np.array(interpret(SERIES["displacement"], copies, T=4, B=2), dtype=float)
    found = evaluated(SERIES["displacement"], weights=weights, T=4, B=2)
    assert np.array(found.coefficients) == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_a_metric_is_on_the_open_index_too():
    """In weights that are divided by the roots of the metric, steps are plain."""
    legs = np.array([2.0, 0.5])
    scaled = [TENSORS[0]]
    for degree in range(1, DEGREE + 1):
        tensor = TENSORS[degree]
        for axis in range(1, degree + 1):
            tensor = tensor * legs.reshape([-1 if a == axis else 1 for a in range(degree + 1)])
        scaled.append(tensor)
    expected = np.array(interpret(SERIES["displacement"], scaled, T=4, B=2), dtype=float) * legs
    calculus = DenseCalculus(polynomial_loss, np.zeros(2), 0, legs=(legs,), tensors=tuple(TENSORS))
    data = Data((np.arange(POINTS),))
    found = evaluate_open(SERIES["displacement"], calculus, data, EXACT, RATE, {"T": 4, "B": 2}, progress=False)
    assert np.array(found.coefficients) == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("held", [None, 1])
def test_the_executor_does_not_change_a_bit(held, monkeypatch):
    """Nor where few sums are held at once."""
    if held:
        monkeypatch.setattr(vectors, "WORKING_SET", held)
    effort = Effort(samples=60, replicates=3, minibatch=2, chunk=2)
    alone = evaluated(SERIES["displacement"], effort, T=4, B=2)
    with ThreadPoolExecutor(3) as executor:
        other = evaluated(SERIES["displacement"], effort, executor=executor, T=4, B=2)
    assert np.array_equal(other.value, alone.value)
    assert np.array_equal(other.standard_error, alone.standard_error)


@pytest.mark.parametrize(
    ("series", "symbols", "message"),
    [
        (expand(order=2), {"T": 3, "B": 1}, "a vector is the value of a series with one open index"),
        (expand(observable="function", order=2), {"T": 3, "B": 1}, "numbers are evaluate"),
        (expand(observable="covariance", order=2), {"T": 3, "B": 1}, "the direction along="),
        (expand(observable="displacement", order=2), {"B": 1}, "T"),
    ],
)
def test_what_is_no_vector_is_refused(series, symbols, message):
    with pytest.raises(ValueError, match=message) as error:
        evaluated(series, **symbols)
    assert len(str(error.value)) <= 300


def test_rates_are_single_numbers():
    calculus, data = dense_problem(POINTS, DEGREE)
    with pytest.raises(ValueError, match="learning_rate must be one number where the value is a vector"):
        evaluate_open(SERIES["displacement"], calculus, data, EXACT, [0.1, 0.2], {"T": 4, "B": 2}, progress=False)


# frameworks


@pytest.fixture(params=["torch", "jax"])
def ours(request):
    pytest.importorskip(request.param)
    return importlib.import_module(f"sgdsym.numeric.{request.param}")


@pytest.fixture
def network(ours):
    """A loss, its parameters in double precision, and data."""
    name = ours.__name__.rpartition(".")[2]
    loss = {"torch": torch_network_loss, "jax": jax_network_loss}[name]
    return loss, NETWORK, {key: array[:4] for key, array in DATA.items()}


def test_directions_are_like_the_parameters(ours, network):
    covariance = expand(observable="covariance", order=2)
    with pytest.raises(ValueError, match=r"along= must be a tree of arrays like the parameters"):
        ours.evaluate_vector(covariance, *network, RATE, along=[np.zeros(3)], T=3, B=1)
    with pytest.raises(ValueError, match=r"evaluate_vector\(\) evaluates vectors"):
        ours.evaluate(expand(observable="displacement", order=2), *network, RATE, T=3, B=1)


def products(tree, direction):
    leaves = tree["first"], tree["second"][0]
    return sum((np.asarray(a) * b).sum() for a, b in zip(leaves, direction, strict=True))


@pytest.mark.parametrize("options", [{"mode": "exact"}, {"samples": 5, "replicates": 2, "minibatch": 3}], ids=str)
def test_a_vector_is_made_of_what_functions_observe(ours, network, options):
    """Its product with a direction is the displacement of the linear function; the covariance is that of two of them."""
    metric = {"first": 4.0, "second": 0.25}
    generator = np.random.default_rng(1)
    direction = [generator.normal(size=NETWORK["first"].shape), generator.normal(size=NETWORK["second"][0].shape)]
    array = np.asarray if ours.__name__.endswith("jax") else importlib.import_module("torch").as_tensor
    options = options | {"progress": False, "metric": metric, "T": 5, "B": 2}
    series = expand(observable="displacement", order=3)
    found = ours.evaluate_vector(series, *network, RATE, **options)

    def function(parameters):
        leaves = parameters["first"], parameters["second"][0]
        return sum((a * array(d)).sum() for a, d in zip(leaves, direction, strict=True))

    linear = ours.evaluate(series, *network, RATE, function=function, **options)
    sampled = "samples" in options
    value, error = products(found.value, direction), linear.standard_error
    assert value == pytest.approx(linear.value, rel=1e-10, abs=8 * error)
    assert (products(found.standard_error, [abs(d) for d in direction]) > 1e-12) == sampled
    if not sampled:
        tree = {"first": direction[0], "second": [direction[1]]}
        covariance = expand(observable="covariance", order=2)
        along = ours.evaluate_vector(covariance, *network, RATE, along=tree, **options)
        squared = ours.evaluate(covariance, *network, RATE, function=function, **options)
        assert products(along.value, direction) == pytest.approx(squared.value, rel=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_an_error_holds_the_rounding_of_what_is_handed_out(dtype):
    torch = pytest.importorskip("torch")
    from sgdsym.numeric.torch import evaluate_vector

    kind = getattr(torch, dtype)

    def loss(weights, x):
        return torch.tanh(x @ weights - 1) ** 2

    series, ratios = expand(observable="displacement", order=2, batch_size=2, steps=4), []
    for seed in range(6):
        data = torch.randn(7, 3, generator=torch.Generator().manual_seed(seed)).to(kind)
        weights = torch.tensor([0.3, -0.2, 0.5]).to(kind)
        found, exact = (
            evaluate_vector(series, loss, w, x, 0.1, mode="exact", progress=False)
            for w, x in ((weights, data), (weights.double(), data.double()))
        )
        ratios.append((found.value.double() - exact.value).abs() / found.standard_error.double())
    assert torch.cat(ratios).max() < 2.5
