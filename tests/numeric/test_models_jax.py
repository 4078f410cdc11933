"""Models for JAX with their loss function and batches: against dense derivative tensors, and what is refused."""

import pickle
from functools import partial

import numpy as np
import pytest

from sgdsym import expand

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax.flatten_util import ravel_pytree  # noqa: E402

from sgdsym.numeric.jax import evaluate, plan, supervised  # noqa: E402

pytestmark = pytest.mark.usefixtures("quickly_compiled")
ALL = {"mode": "exact", "progress": False}
POINTS, CLASSES = 4, 2
RANDOM = np.random.default_rng(0)
X, PICTURES, TOKENS = (RANDOM.normal(size=(POINTS, *shape)) for shape in [(2,), (4, 4, 1), (3, 2)])
Y = np.arange(POINTS) % CLASSES


@pytest.fixture
def quickly_compiled():
    """JAX without most optimisations: what is compiled here runs once."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def cross_entropy(outputs, targets):
    """The mean over a batch."""
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[:, None], 1).mean()


def weights(*shapes):
    return [RANDOM.normal(size=shape) for shape in shapes]


def perceptron(w, x):
    return jnp.tanh(x @ w[0]) @ w[1]


def convolutional(w, x):
    x = jax.lax.conv_general_dilated(x, w[0], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return jnp.tanh(x).reshape(len(x), -1) @ w[1]


def attention(w, x):
    q, k, v = (x @ w[i] for i in range(3))  # jax.nn.dot_product_attention has its softmax in single precision
    return (jax.nn.softmax(q @ k.mT / 2**0.5) @ v)[:, -1] @ w[3]


def of_equinox():
    equinox = pytest.importorskip("equinox")
    return equinox.nn.MLP(2, CLASSES, 3, 1, key=jax.random.key(0))


def of_flax(bound=True):
    linen = pytest.importorskip("flax.linen")

    class Network(linen.Module):
        @linen.compact
        def __call__(self, x):
            x = linen.BatchNorm(use_running_average=True)(linen.Dense(3)(x))
            return linen.Dense(CLASSES)(jnp.tanh(x))

    network = Network()
    variables = network.init(jax.random.key(0), X)
    return network.bind(variables) if bound else (network.apply, variables)


def of_nnx(train=False):
    nnx = pytest.importorskip("flax.nnx")

    class Network(nnx.Module):
        def __init__(self, rngs):
            self.first, self.norm = nnx.Linear(2, 3, rngs=rngs), nnx.BatchNorm(3, rngs=rngs)
            self.drop, self.last = nnx.Dropout(0.5, rngs=rngs), nnx.Linear(3, CLASSES, rngs=rngs)

        def __call__(self, x):
            return self.last(self.drop(jnp.tanh(self.norm(self.first(x)))))

    network = Network(nnx.Rngs(0))
    return network if train else (network.eval(), network)[1]


MODELS = {
    "MLP": (lambda: (perceptron, weights((2, 3), (3, CLASSES))), X, 3),
    "CNN": (lambda: (convolutional, weights((3, 3, 1, 2), (8, CLASSES))), PICTURES, 3),
    "attention": (lambda: (attention, weights((2, 2), (2, 2), (2, 2), (2, CLASSES))), TOKENS, 3),
    "equinox": (of_equinox, X, 3),
    "flax": (of_flax, X, 3),
    "nnx": (of_nnx, X, 2),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_values_of_its_dense_tensors(name):
    make, x, order = MODELS[name]
    with jax.enable_x64(True):
        model = make()
        loss, parameters = supervised(model, cross_entropy)
        parameters = jax.tree.map(lambda leaf: leaf.astype(np.float64), parameters)
        flat, unravel = ravel_pytree(parameters)
        assert flat.size <= 60
        series = expand(order=order, batch_size=1)
        found = evaluate(series, loss, parameters, [(x[:3], Y[:3]), (x[3:], Y[3:])], 0.1, T=5, **ALL)
        losses = lambda w: jnp.stack([loss.whole(unravel(w), (x[i : i + 1], Y[i : i + 1])) for i in range(POINTS)])  # noqa: E731
        dense = []
        for _ in range(order + 1):
            dense.append(np.asarray(jax.jit(losses)(flat)))
            losses = jax.jacfwd(losses)
    assert found.coefficients == pytest.approx(series.kernel().coefficients(dense, T=5), rel=1e-8, abs=1e-10)


def test_a_rule_for_gradients_alone_is_enough():
    sine, cosine = jax.custom_vjp(jnp.sin), jax.custom_vjp(jnp.cos)
    sine.defvjp(lambda x: (jnp.sin(x), x), lambda x, slope: (slope * cosine(x),))
    cosine.defvjp(lambda x: (jnp.cos(x), x), lambda x, slope: (-slope * jnp.sin(x),))
    start, series = np.array([0.3, -0.4]), expand(order=2, batch_size=1)
    losses = [lambda w, x, f=f: f((w * x).sum()) ** 2 for f in (sine, jnp.sin)]
    found, expected = (evaluate(series, loss, start, X, 0.1, T=5, **ALL).coefficients for loss in losses)
    assert found == pytest.approx(expected, rel=1e-12)
    assert "gradients of gradients" in str(plan(series, losses[0], start, X))


def test_a_loss_for_each_point_is_a_mean_and_a_sum_is_told():
    series, model = expand(order=1, batch_size=1), (perceptron, weights((2, 2), (2, CLASSES)))
    each = lambda outputs, y: -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], 1)[:, 0]  # noqa: E731
    found = {}
    for name, function in {"mean": cross_entropy, "each": each, "sum": lambda o, y: each(o, y).sum()}.items():
        loss, parameters = supervised(model, function)
        found[name] = evaluate(series, loss, parameters, (X, Y), 0.1, T=5, **ALL).coefficients
        assert ("loss_function adds up a batch" in str(plan(series, loss, parameters, (X, Y)))) == (name == "sum")
    assert found["each"] == pytest.approx(found["mean"])
    assert found["sum"] == pytest.approx(found["mean"])


def refused():
    equinox = pytest.importorskip("equinox")

    class Dropping(equinox.Module):
        layer: equinox.nn.Linear
        drop: equinox.nn.Dropout

        def __call__(self, x):
            return self.layer(self.drop(x))

    dropping = Dropping(equinox.nn.Linear(2, 2, key=jax.random.key(0)), equinox.nn.Dropout(0.5))
    batch = lambda w, x: (x - x.mean(0)) @ w  # noqa: E731
    return {
        "number": (3, (X, Y), "model must be a pair"),
        "dropout": (dropping, (X, Y), r"a layer is a Dropout in training mode \(inference=False\)"),
        "batch norm": (of_nnx(train=True), (X, Y), r"layer .* is a .* in training mode"),
        "batch": ((batch, np.eye(2)), (X, Y), "the loss of a batch is neither the mean nor the sum"),
        "no pair": ((perceptron, weights((2, 2), (2, 2))), X, "data must be a pair"),
        "branch": ((lambda w, x: x @ w if w[0, 0] > 0 else x, np.ones((2, 2))), (X, Y), "no if on values"),
    }


@pytest.mark.parametrize("name", ["number", "dropout", "batch norm", "batch", "no pair", "branch"])
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_what_has_no_series_is_refused_in_one_line(name):
    model, data, message = refused()[name]

    def attempt():
        loss, parameters = supervised(model, cross_entropy)
        evaluate(expand(order=1, batch_size=1), loss, parameters, data, 0.1, T=5, **ALL)

    with pytest.raises(ValueError, match=message) as error:
        attempt()
    assert len(str(error.value)) <= 300


def test_a_loss_can_be_sent_to_other_processes():
    loss, parameters = supervised((perceptron, weights((2, 3), (3, CLASSES))), cross_entropy)
    again = pickle.loads(pickle.dumps(loss))  # noqa: S301
    with jax.enable_x64(True):
        assert again(parameters, (X[0], Y[0])) == loss(parameters, (X[0], Y[0]))


def test_half_precision_is_computed_with_in_single():
    model = (perceptron, [jnp.asarray(w, jnp.bfloat16) for w in weights((2, 2), (2, CLASSES))])
    series = expand(order=1, batch_size=1)
    loss, parameters = supervised(model, cross_entropy)
    assert "computed with in float32" in str(plan(series, loss, parameters, (X, Y)))
    found = evaluate(series, loss, parameters, (X, Y), 0.1, T=5, **ALL)
    wide = partial(jax.tree.map, lambda leaf: np.asarray(leaf, np.float64))
    reference, start = supervised((perceptron, wide(model[1])), cross_entropy)
    expected = evaluate(series, reference, start, (X, Y), 0.1, T=5, **ALL)
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-4)
