"""The same program for numpy, JAX and PyTorch: equal values, gradients, compilation, mapping, errors."""

import subprocess
import sys

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen import compile_kernel, generate
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series, Setting

T = Coefficient.symbol("T")


def random_series(seed):
    """Up to four random trees of at most four edges in random blocks: closed, with an open root, or of a function."""
    rng = np.random.default_rng(seed)
    kind = ["test-loss", "displacement", "function"][seed % 3]
    terms = {}
    for i in range(rng.integers(1, 5)):
        nodes = int(rng.integers(2, 6))
        bare = kind == "displacement"
        parents = [0 if v == 1 else int(rng.integers(1 if bare else 0, v)) for v in range(1, nodes)]
        free = list(range(0 if kind == "test-loss" else 1, nodes))
        colours = rng.integers(0, len(free), len(free))
        blocks = [[v for v, c in zip(free, colours, strict=True) if c == colour] for colour in set(colours.tolist())]
        roots = [] if kind == "test-loss" else [0]
        terms[Diagram(nodes, [(w, v) for v, w in enumerate(parents, 1)], blocks, roots)] = T / (i + 1) - int(seed)
    return Series(terms, 4, ["cumulant", "moment"][seed % 2], Setting.named(kind))


def tensors(seed, points=5, parameters=3):
    """Symmetric tensors of degree 0 to 5 at every data point."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(6):
        terms = []
        for _ in range(3):
            vectors, term = rng.normal(size=(points, parameters)), rng.normal(size=points)
            for j in range(k):
                term = term[..., None] * vectors.reshape(points, *[1] * j, parameters)
            terms.append(term)
        found.append(sum(terms))
    return found


@pytest.fixture
def double():
    """JAX in double precision."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def arguments(series, seed):
    metric = [None, np.array([0.5, 1.0, 2.0]), np.diag([1.0, 2.0, 3.0]) + 0.25][seed % 3]
    extra = {"weights": np.array([0.1, 0.2, 0.3, 0.15, 0.25]), "metric": metric, "T": 7}
    if series.setting.observable.carries_function:
        extra["root_derivatives"] = [t[0] for t in tensors(seed + 100)]
    return extra


@pytest.mark.parametrize("seed", range(20))
def test_jax_equals_numpy(double, seed):
    series, given = random_series(seed), tensors(seed)
    extra = arguments(series, seed)
    wanted = compile_kernel(series).coefficients(given, **extra)
    kernel = series.kernel(backend="jax")
    found = np.asarray(double.jit(lambda given: kernel.coefficients(given, **extra))(given))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


@pytest.mark.parametrize("seed", range(20))
def test_torch_equals_numpy(seed):
    torch = pytest.importorskip("torch")
    series, given = random_series(seed), tensors(seed)
    extra = arguments(series, seed)
    wanted = compile_kernel(series).coefficients(given, **extra)
    given = [torch.as_tensor(tensor) for tensor in given]
    found = series.kernel(backend="torch").coefficients(given, **extra).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


@pytest.mark.parametrize("backend", ["jax", "torch"])
@pytest.mark.parametrize("observable", ["test-loss", "covariance"])
def test_powers_and_symmetric_results(double, backend, observable):
    pytest.importorskip(backend)
    series = sgdsym.expand(order=4 if observable == "test-loss" else 3, observable=observable)
    given = tensors(3)
    wanted = series.kernel().coefficients(given, T=9, B=2)
    kernel = series.kernel(backend=backend)
    compiled = double.jit if backend == "jax" else lambda function: function
    found = np.asarray(compiled(lambda given: kernel.coefficients(given, T=9, B=2))(given))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def polynomial(jnp, theta, features):
    """A loss of a non-linear feature, so that all of its derivatives depend on the parameters."""
    return jnp.cos(features @ theta) + 0.1 * (features @ theta) ** 4


def nested(jax, theta, features, order):
    """The derivatives of the loss at every data point, by nested differentiation."""
    found, function = [], lambda t, x: polynomial(jax.numpy, t, x)
    for _ in range(order + 1):
        found.append(jax.vmap(function, (None, 0))(theta, features))
        function = jax.jacfwd(function)
    return found


def test_jax_gradients_are_finite_differences(double):
    """By the learning rate, and by the parameters through all the derivative tensors; compiled and mapped too."""
    jax = double
    kernel = sgdsym.expand(order=3).kernel(backend="jax")
    features = jax.numpy.asarray(np.random.default_rng(0).normal(size=(4, 2)))
    theta = jax.numpy.array([0.3, -0.4])

    def predicted(theta, rate):
        return kernel(nested(jax, theta, features, 3), rate, T=5, B=2)

    step, prediction = 1e-5, jax.jit(predicted)
    by_rate = jax.grad(prediction, 1)(theta, 0.1)
    difference = (prediction(theta, 0.1 + step) - prediction(theta, 0.1 - step)) / (2 * step)
    np.testing.assert_allclose(by_rate, difference, rtol=1e-7)
    by_theta = jax.grad(prediction)(theta, 0.1)
    shifts = step * np.eye(2)
    differences = [(prediction(theta + s, 0.1) - prediction(theta - s, 0.1)) / (2 * step) for s in shifts]
    np.testing.assert_allclose(by_theta, differences, rtol=1e-6)
    np.testing.assert_allclose(jax.jit(jax.grad(prediction))(theta, 0.1), by_theta, rtol=1e-12)
    thetas = jax.numpy.stack([theta, 2 * theta])
    mapped = jax.vmap(prediction, (0, None))(thetas, 0.1)
    np.testing.assert_allclose(mapped, [prediction(t, 0.1) for t in thetas], rtol=1e-12)


def test_torch_gradients_and_mapping():
    torch = pytest.importorskip("torch")
    kernel = sgdsym.expand(order=3).kernel(backend="torch")
    given = [torch.as_tensor(tensor) for tensor in tensors(1)[:4]]
    rate = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    kernel(given, rate, T=5, B=2).backward()
    step = 1e-5
    difference = (kernel(given, 0.1 + step, T=5, B=2) - kernel(given, 0.1 - step, T=5, B=2)) / (2 * step)
    torch.testing.assert_close(rate.grad, difference, rtol=1e-6, atol=0.0)
    both = [torch.stack([tensor, 2 * tensor]) for tensor in given]
    mapped = torch.vmap(lambda *g: kernel.coefficients(g, T=5, B=2))(*both)
    torch.testing.assert_close(mapped[1], kernel.coefficients([2 * tensor for tensor in given], T=5, B=2))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_single_precision_stays(backend):
    library = pytest.importorskip(backend)
    given = [np.asarray(tensor, dtype=np.float32) for tensor in tensors(2)]
    given = [library.as_tensor(t) if backend == "torch" else library.numpy.asarray(t) for t in given]
    found = sgdsym.expand(order=2).kernel(backend=backend).coefficients(given, T=5, B=2)
    assert "float32" in str(found.dtype)


def test_jax_does_not_lose_digits_silently():
    jax = pytest.importorskip("jax")
    kernel, given = sgdsym.expand(order=2).kernel(backend="jax"), tensors(2)[:3]
    function = sgdsym.expand(observable="function", order=2).kernel(backend="jax")
    single = [tensor.astype(np.float32) for tensor in given]
    root = [single[0][0], *(tensor[0] for tensor in given[1:])]
    message = r"derivatives\[{}\] is in double precision and JAX computes in single: call jax.config.update"
    with jax.enable_x64(False):
        for evaluation in (kernel, kernel.estimate):
            with pytest.raises(ValueError, match=message.format(0)):
                evaluation(given, 0.1, T=5, B=2)
        with pytest.raises(ValueError, match="root_" + message.format(1)):
            function(single, 0.1, T=5, B=2, root_derivatives=root)
        assert kernel(single, 0.1, T=5, B=2).dtype == np.float32
    with jax.enable_x64(True):
        wanted = sgdsym.expand(order=2).kernel()(given, 0.1, T=5, B=2)
        assert float(kernel(given, 0.1, T=5, B=2)) == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((2, (3, 1, 2)), r"derivatives\[2\] is nan at index \(3, 1, 2\)"),
        ((3, (0, 0, 0)), r"derivatives\[3\] is nan at index \(0, 0, 0\)"),
        ((0, (4,)), r"derivatives\[0\] is nan at index 4"),
    ],
)
def test_what_is_not_finite_is_named_with_its_index(backend, change, message):
    pytest.importorskip(backend)
    degree, index = change
    given = tensors(0)
    given[3] = given[3].mean(axis=0)
    given[degree][index] = np.nan
    with pytest.raises(ValueError, match=message):
        sgdsym.expand(order=3).kernel(backend=backend)(given, 0.1, T=3, B=1)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("seed", range(20))
def test_a_nan_anywhere_is_found(backend, seed):
    """Also where one of the equal entries of a symmetric tensor stands for all: at data points and in means alone."""
    pytest.importorskip(backend)
    series, rng = random_series(seed), np.random.default_rng(seed)
    kernel = series.kernel(backend=backend, unbiased=False)
    extra = arguments(series, seed)
    for degree in (*kernel.sampled_degrees, *kernel._functions["MEAN_DEGREES"]):
        for shape in [(5, *[3] * degree)] + [(3,) * degree] * (degree not in kernel.sampled_degrees):
            given, place = tensors(seed), tuple(rng.integers(shape).tolist())
            given[degree] = given[degree] if len(shape) > degree else given[degree].mean(axis=0)
            given[degree] = np.array(given[degree])
            given[degree][place] = np.nan
            with pytest.raises(ValueError, match=rf"derivatives\[{degree}\] is nan( at index|;)"):
                kernel.coefficients(given, **extra)


def test_torch_takes_arrays_of_several_types():
    """Whole numbers, lists and single precision beside double precision: as numpy does."""
    torch = pytest.importorskip("torch")
    series, given = sgdsym.expand(order=3), tensors(0)[:4]
    given[3] = np.rint(given[3])
    wanted = series.kernel()(given, 0.1, T=3, B=2, weights=[0.5, 0.125, 0.125, 0.125, 0.125])
    mixed = [given[0].tolist(), given[1].tolist(), given[2], torch.as_tensor(given[3]).int()]
    weights = torch.tensor([0.5, 0.125, 0.125, 0.125, 0.125])
    kernel = series.kernel(backend="torch")
    assert float(kernel(mixed, 0.1, T=3, B=2, weights=weights)) == pytest.approx(wanted, rel=1e-14)
    estimate = series.kernel().estimate(given, 0.1, T=3, B=2)
    assert float(kernel.estimate(mixed, 0.1, T=3, B=2).value) == pytest.approx(estimate.value, rel=1e-12)


def test_a_symbol_that_jax_traces_is_refused(double):
    kernel, given = sgdsym.expand(order=2).kernel(backend="jax"), tensors(0)[:3]
    with pytest.raises(ValueError, match=r"the symbol T must be a finite real number, not .*Tracer"):
        double.jit(lambda steps: kernel(given, 0.1, T=steps, B=2))(5)


def test_sums_that_overflow_and_empty_arrays_are_refused():
    kernel = sgdsym.expand(order=3).kernel()
    with pytest.raises(ValueError, match=r"the sum overflows at learning_rate = 1e\+200; take a smaller one"):
        kernel(tensors(0)[:4], 1e200, T=5, B=1)
    with pytest.raises(ValueError, match=r"derivatives\[1\] is empty: its shape is \(2, 0\)"):
        kernel([np.zeros((2, *[0] * k)) for k in range(4)], 0.1, T=5, B=1)


def test_modules_need_only_their_library_and_are_clean(tmp_path):
    pytest.importorskip("ruff")
    for backend in ("jax", "torch"):
        source = generate(sgdsym.expand(order=4), backend)
        assert source == generate(sgdsym.expand(order=4), backend)
        assert "sgdsym" not in source.split('"""')[2]
        path = tmp_path / f"{backend}_kernel.py"
        path.write_text(source, encoding="utf-8")
        for command in (["check"], ["format", "--check", "--line-length", "120"]):
            run = subprocess.run(
                [sys.executable, "-m", "ruff", *command, "--isolated", str(path)],
                check=False,
                capture_output=True,
                text=True,
            )
            assert run.returncode == 0, run.stdout


def test_an_unknown_library_is_refused():
    with pytest.raises(ValueError, match="backend must be one of numpy, jax, torch, not 'fortran'"):
        sgdsym.expand(order=1).kernel(backend="fortran")
