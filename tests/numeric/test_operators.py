"""Every operator comes out right to fourth order, or the evaluation is refused."""

import importlib
from functools import partial

import numpy as np
import pytest

from sgdsym import Diagram
from sgdsym.series import Coefficient, Series
from tests.numeric.operators import AT, OPERATORS, SLOPE, START, TARGET, derivatives

ORDER = 4
STARS = [Diagram(k + 1, [(0, i + 1) for i in range(k)]) for k in range(ORDER + 1)]
SERIES = Series({star: Coefficient(1) for star in STARS}, ORDER, "moment")
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
]


@pytest.fixture(scope="module")
def quickly_compiled():
    """JAX without most optimisations: what is compiled here runs once."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def torch_names():
    torch = pytest.importorskip("torch")
    double = partial(torch.tensor, dtype=torch.float64)
    eye = torch.eye(3, dtype=torch.float64)
    matrix = lambda w: w[:9].reshape(3, 3) + 3 * eye  # noqa: E731
    return torch, double, {
        "torch": torch, "F": torch.nn.functional, "L": torch.linalg, "eye": eye, "y": double(TARGET),
        "posdef": lambda w: matrix(w) @ matrix(w).mT, "sym": lambda w: matrix(w) + matrix(w).mT,
    }  # fmt: skip


def jax_names():
    jax = pytest.importorskip("jax")
    eye = np.eye(3)
    matrix = lambda w: w[:9].reshape(3, 3) + 3 * eye  # noqa: E731
    return jax.numpy, np.array, {
        "jax": jax, "jnp": jax.numpy, "L": jax.numpy.linalg, "S": jax.scipy.linalg, "eye": eye,
        "posdef": lambda w: matrix(w) @ matrix(w).T, "sym": lambda w: matrix(w) + matrix(w).T,
    }  # fmt: skip


def loss_of(operator, framework):
    """The loss of an operator as a function of one parameter."""
    library, array, names = {"torch": torch_names, "jax": jax_names}[framework]()
    function = eval(f"lambda w: {getattr(operator, framework)}", names)  # noqa: S307 (the table's own code)
    start, slope = array(START), array(SLOPE)

    def loss(t, x):
        found = function(start + slope * t).reshape(-1)
        weights = array([(j + 1) / 4 for j in range(found.shape[0])])
        return (weights * library.sin(found)).sum() + 0 * x

    return loss, array(AT), array([0.0])


def outcome(operator, framework):
    """Right, or refused; anything else fails here."""
    ours = importlib.import_module(f"sgdsym.numeric.{framework}")
    loss, parameter, data = loss_of(operator, framework)
    exact = derivatives(operator, ORDER)
    expected = [exact[0], *(exact[k] * exact[1] ** k for k in range(1, ORDER + 1))]
    try:
        found = ours.diagram_values(SERIES, loss, parameter, data, mode="exact", progress=False)
    except ValueError as refusal:
        return str(refusal)
    for k, star in enumerate(STARS):
        value, error = found.value(star)  # some operators of JAX compute in single precision, and say so
        assert abs(value - expected[k]) <= 1e-9 + 1e-7 * abs(expected[k]) + 2 * error, (
            operator.name,
            k,
            value,
            expected[k],
            error,
        )
    return "right"


# what PyTorch 2.13 differentiates wrongly to fourth order, as the differences show, or not at all, as it says itself
WRONG = {"batch_norm", "instance_norm"}
MISSING = {"hardsigmoid", "multi_margin_loss", "pdist"}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_an_operator_of_torch(operator):
    """None is wrong; those that are refused are refused for what they are refused for, and most are right."""
    found = outcome(operator, "torch")
    assert len(found) <= 300
    assert "\n" not in found
    if operator.name in WRONG | MISSING:
        assert ("as PyTorch gives them are wrong" in found) == (operator.name in WRONG), found
        assert operator.name in MISSING or f".{operator.name}: derivatives of order 3" in found
    else:
        assert found == "right" or "the loss fails in PyTorch (RuntimeError" in found, found


@pytest.mark.usefixtures("quickly_compiled")
@pytest.mark.parametrize("operator", [o for o in OPERATORS if o.jax], ids=lambda operator: operator.name)
def test_an_operator_of_jax(operator):
    assert outcome(operator, "jax") == "right"
