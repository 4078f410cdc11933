"""Matrix-free evaluation by JAX and PyTorch: against dense tensors, and across processes and devices."""

import importlib
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from sgdsym import expand
from sgdsym.numeric import interpret, interpret_diagram
from tests.numeric.matrix_free import (
    DATA,
    NETWORK,
    THETA,
    jax_network_loss,
    polynomial_data,
    polynomial_loss,
    polynomial_tensors,
    polynomials,
    torch_network_loss,
    untouched_loss,
)

ORDER = 3
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit.script:DeprecationWarning"
)  # PyTorch's own forward derivatives


@pytest.fixture(scope="module", params=["jax", "torch"])
def framework(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture(scope="module")
def ours(framework):
    return importlib.import_module(f"sgdsym.numeric.{framework}")


@pytest.fixture(scope="module")
def network(framework):
    """The loss, the parameters, the data, and the dense tensors (n, p, …, p) of the framework's own nested jacobians."""
    if framework == "jax":
        import jax
        from jax.flatten_util import ravel_pytree

        with jax.enable_x64(True):
            flat, unravel = ravel_pytree(NETWORK)
            losses = lambda vector: jax.vmap(jax_network_loss, (None, 0))(unravel(vector), DATA)  # noqa: E731
            dense = []
            for _ in range(ORDER + 1):
                dense.append(np.asarray(jax.jit(losses)(flat)))
                losses = jax.jacfwd(losses)
        return jax_network_loss, NETWORK, DATA, dense
    import torch

    parameters = torch.utils._pytree.tree_map(torch.tensor, NETWORK)
    data = {name: torch.tensor(array) for name, array in DATA.items()}
    flat = torch.cat([parameters["first"].reshape(-1), parameters["second"][0].reshape(-1)])
    size = parameters["first"].numel()

    def losses(vector):
        first, second = (part.reshape(-1, 2) for part in (vector[:size], vector[size:]))
        return torch.func.vmap(torch_network_loss, (None, 0))({"first": first, "second": [second]}, data)

    dense = []
    for _ in range(ORDER + 1):
        dense.append(losses(flat).numpy())
        losses = torch.func.jacfwd(losses)
    return torch_network_loss, parameters, data, dense


def test_exactly_the_dense_values(ours, network):
    *problem, tensors = network
    series = expand(order=ORDER, batch_size=1).as_moments()
    values = ours.diagram_values(series, *problem, mode="exact", progress=False)
    for diagram in series.diagrams():
        expected = float(interpret_diagram(diagram, "moment", tensors))
        assert values.value(diagram) == (pytest.approx(expected, rel=1e-10, abs=1e-12), 0), diagram


def test_the_dense_values_within_their_errors(ours, network):
    *problem, tensors = network
    series = expand(order=ORDER, batch_size=1)
    values = ours.diagram_values(series, *problem, samples=40 * 32, replicates=40, minibatch=3, seed=1, progress=False)
    for diagram in series.as_moments().diagrams():
        expected = float(interpret_diagram(diagram, "moment", tensors))
        value, error = values.value(diagram)
        # what needs no draw, or all data points in turn, is exact and has no error but rounding
        assert abs(value - expected) <= 4 * error + 1e-12, diagram
    found = values.at(0.1, T=5)
    scatter = (found.coefficients - series.kernel().coefficients(tensors, T=5)) / (found.coefficient_errors + 1e-12)
    assert np.abs(scatter).max() < 4
    assert 0 < found.standard_error < 0.1 * abs(found.value)


def test_exactly_rational_values(ours):
    """Polynomial losses of degree 4 and the interpreter's fractions, to order 4, where two blocks have two points."""
    table = polynomials(3)
    series = expand(order=4, batch_size=1)
    exact = [float(c) for c in interpret(series, polynomial_tensors(table, 4), T=6)]
    parameters = np.array([float(w) for w in THETA])
    found = ours.evaluate(
        series, polynomial_loss, parameters, polynomial_data(table), 0.1, mode="exact", progress=False, T=6
    )
    assert found.coefficients == pytest.approx(exact, rel=1e-10)
    assert (found.standard_error, found.coefficient_errors.any()) == (0, False)


def squared_length(parameters):
    return (parameters**2).sum()


def test_a_function_of_the_parameters(ours):
    table = polynomials(3)
    series = expand(observable="function", order=3, batch_size=1)
    parameters = np.array([float(w) for w in THETA])
    tensors = [np.array(t, dtype=float) for t in polynomial_tensors(table, 3)]
    root = [parameters @ parameters, 2 * parameters, 2 * np.eye(2), np.zeros((2, 2, 2))]
    found = ours.evaluate(
        series, polynomial_loss, parameters, polynomial_data(table), 0.1,
        function=squared_length, mode="exact", progress=False, T=4,
    )  # fmt: skip
    assert found.coefficients == pytest.approx(interpret(series, tensors, root_derivatives=root, T=4), rel=1e-10)


def test_the_precision_is_that_of_the_parameters(ours, framework):
    plain = partial(ours.plan, expand(order=1, batch_size=1), polynomial_loss, data=polynomial_data(polynomials(3)))
    assert [plain(np.zeros(2, dtype)).itemsize for dtype in (np.float32, np.float64)] == [4, 8]
    with pytest.raises(ValueError, match="array 0 of the parameters holds int64; it must hold floating-point numbers"):
        plain(np.zeros(2, dtype=np.int64))
    with pytest.raises(ValueError, match=r"array 1 of the parameters is nan at entry \(0, 1\)"):
        plain([np.zeros(2), np.array([[0, np.nan]])])


@pytest.fixture
def brain_floats(framework):
    """An array of a type that numpy does not know."""
    if framework == "torch":
        import torch

        return torch.ones(2, dtype=torch.bfloat16)
    import jax

    return jax.numpy.ones(2, dtype=jax.numpy.bfloat16)


def test_numbers_that_numpy_does_not_know_are_refused(ours, brain_floats):
    series, numbers = expand(order=1, batch_size=1), np.ones(2)
    with pytest.raises(
        ValueError, match="array 1 of the parameters holds bfloat16; make it float16, float32 or float64"
    ):
        ours.plan(series, untouched_loss, [numbers, brain_floats], numbers)
    with pytest.raises(ValueError, match="array 1 of the data holds bfloat16; make it float16, float32 or float64"):
        ours.plan(series, untouched_loss, numbers, [numbers, brain_floats])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_each_precision_is_computed_with(ours, dtype):
    parameters, data = np.array([0.5, -0.25], dtype), np.array([[1.0, 2], [3, 0], [-1, 1]], dtype)
    loss = lambda w, x: ((w * x).sum() - 1) ** 2 / 2  # noqa: E731
    found, exact = (
        ours.evaluate(expand(order=2, batch_size=1), loss, w, x, 0.1, T=3, mode="exact", progress=False).coefficients
        for w, x in [(parameters, data), (parameters.astype(float), data.astype(float))]
    )
    assert found == pytest.approx(exact, rel=10 * float(np.finfo(dtype).eps))


def test_lists_of_numbers_are_no_data(ours):
    series, lists = expand(order=1, batch_size=1), {"x": np.ones((7, 3)).tolist()}
    with pytest.raises(ValueError, match="array 0 of the data is a single number and has no rows; lists are read as"):
        ours.plan(series, untouched_loss, np.zeros(3), lists)


def test_rates_and_symbols_are_refused_before_anything_is_computed(ours):
    evaluate = partial(ours.evaluate, expand(order=1, batch_size=1), untouched_loss, np.zeros(3), np.ones((7, 3)))
    with pytest.raises(ValueError, match="the series needs a value for T"):
        evaluate(0.1, progress=False)
    with pytest.raises(ValueError, match="the series has no symbol sample"):
        evaluate(0.1, T=3, sample=64, progress=False)
    with pytest.raises(ValueError, match="learning_rate must be finite"):
        evaluate(np.inf, T=3, progress=False)


def test_losses_that_are_no_numbers_are_refused(ours):
    series = expand(order=1, batch_size=1)
    with pytest.raises(ValueError, match="the loss of one data point must be one number"):
        ours.evaluate(series, lambda w, x: w * x, np.zeros(2), np.ones((3, 2)), 0.1, T=1, progress=False)
    with pytest.raises(ValueError, match="the loss is nan at data point 2"):
        ours.evaluate(
            series, lambda w, x: (w * x) ** 0.5, np.ones(()), np.array([1.0, 2, -1]), 0.1, T=1, progress=False
        )
    with pytest.raises(ValueError, match="there is no option T; symbols are given to at"):
        ours.diagram_values(series, polynomial_loss, np.zeros(2), polynomial_data(polynomials(3)), T=1)


def test_processes_give_the_same_bits(ours, network):
    *problem, _ = network
    series = expand(order=2, batch_size=1)
    options = {"samples": 16, "replicates": 2, "minibatch": 2, "chunk": 4, "progress": False}
    alone = ours.diagram_values(series, *problem, **options)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        found = ours.diagram_values(series, *problem, executor=executor, **options)
    assert found.replicates.tobytes() == alone.replicates.tobytes()


def test_threads_give_the_same_bits(ours, network):
    *problem, _ = network
    series = expand(order=3, batch_size=1)
    options = {"samples": 96, "replicates": 2, "minibatch": 2, "chunk": 4, "progress": False}
    alone = ours.diagram_values(series, *problem, **options)
    with ThreadPoolExecutor(3) as executor:
        found = ours.diagram_values(series, *problem, executor=executor, **options)
    assert found.replicates.tobytes() == alone.replicates.tobytes()


TWO_DEVICES = """
import numpy as np
from sgdsym import expand
import jax
from sgdsym.numeric.jax import diagram_values

assert jax.device_count() == DEVICES
loss = lambda w, x: jax.numpy.cos(w @ x)
w, x = np.array([0.3, 0.4]), np.random.default_rng(0).normal(size=(9, 2))
values = diagram_values(expand(order=2, batch_size=1), loss, w, x, samples=32, replicates=2, minibatch=2, progress=False)
print([float(v).hex() for v in values.replicates.ravel()])
"""


def test_jax_spreads_over_devices():
    pytest.importorskip("jax")
    found = []
    for devices in (1, 2):
        environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
        program = TWO_DEVICES.replace("DEVICES", str(devices))
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        found.append([float.fromhex(number) for number in eval(done.stdout)])  # noqa: S307
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert len(set(found[0])) > 2
