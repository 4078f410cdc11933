"""What a framework differentiates is right, or refused, or carries its true error: derivatives, precision, draws, inputs."""

import importlib
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from sgdsym import Diagram, expand
from sgdsym.numeric import interpret
from sgdsym.numeric.matrix_free import Data, DiagramValues
from sgdsym.series import Coefficient, Series

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
X = np.random.default_rng(0).normal(size=(6, 4))
W = np.array([0.4, -0.3, 0.8, 0.2])
ALL = {"mode": "exact", "progress": False}


@pytest.fixture(params=["jax", "torch"])
def framework(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def ours(framework):
    return importlib.import_module(f"sgdsym.numeric.{framework}")


def evaluated(framework, loss, order=2, parameters=W, data=X, **options):
    module = importlib.import_module(f"sgdsym.numeric.{framework}")
    return module.evaluate(expand(order=order, batch_size=1), loss, parameters, data, 0.1, T=3, **(ALL | options))


# derivatives


def by_hand(v):
    v = v - v.mean()
    return v / ((v**2).mean() + 1e-5).sqrt()


def test_an_operator_is_refused_where_its_derivatives_are_wrong_and_right_below():
    torch = pytest.importorskip("torch")
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    norm = lambda v: torch.nn.functional.instance_norm(v[None, None])[0, 0]  # noqa: E731
    losses = [lambda w, x, norm=norm: (norm(w * x) * weights).sum() ** 2 for norm in (norm, by_hand)]
    found, expected = (evaluated("torch", loss).coefficients for loss in losses)
    assert found == pytest.approx(expected, rel=1e-10)
    message = (
        r"instance_norm: derivatives of order 3 of the loss as PyTorch gives them are wrong \(.* where differences of"
    )
    with pytest.raises(ValueError, match=message):
        evaluated("torch", losses[0], order=3)


def test_layer_norm_is_taken_by_its_definition():
    """PyTorch 2.13 differentiates it wrongly at third order."""
    torch = pytest.importorskip("torch")
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    norm = lambda v: torch.nn.functional.layer_norm(v, (4,))  # noqa: E731
    losses = [lambda w, x, norm=norm: (norm(w * x) * weights).sum() ** 2 for norm in (norm, by_hand)]
    found, expected = (evaluated("torch", loss, order=4).coefficients for loss in losses)
    assert found == pytest.approx(expected, rel=1e-10)


def test_an_own_rule_that_is_wrong_is_found():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")

    class Sine(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return torch.sin(x)

        @staticmethod
        def setup_context(context, inputs, output):
            context.save_for_backward(*inputs)
            context.save_for_forward(*inputs)

        @staticmethod
        def backward(context, slope):
            return slope * torch.cos(context.saved_tensors[0].detach())  # the second derivative is lost

        @staticmethod
        def jvp(context, tangent):
            return tangent * torch.cos(context.saved_tensors[0].detach())

    @jax.custom_jvp
    def sine(x):
        return jax.numpy.sin(x)

    @sine.defjvp
    def _rule(primals, tangents):
        return sine(*primals), jax.lax.stop_gradient(jax.numpy.cos(*primals)) * tangents[0]

    for framework, function in (("torch", Sine.apply), ("jax", sine)):
        loss = lambda w, x, function=function: function((w * x).sum())  # noqa: E731
        evaluated(framework, loss, order=1)
        with pytest.raises(ValueError, match=r"derivatives of order 2 of the loss as .* gives them are wrong"):
            evaluated(framework, loss)


def cut_off(framework):
    if framework == "jax":
        import jax

        stop = jax.lax.stop_gradient
        return [lambda w, x: ((stop(w) * x) ** 2).sum(), lambda w, x: (jax.numpy.round(10 * w) * x).sum()]
    import torch

    @torch.no_grad()
    def silent(w, x):
        return ((w * x) ** 2).sum()

    return [silent, lambda w, x: ((w.detach() * x) ** 2).sum(), lambda w, x: (torch.round(10 * w) * x).sum()]


def test_a_loss_without_gradient_is_refused(framework):
    for loss in cut_off(framework):
        with pytest.raises(ValueError, match="the loss changes with the parameters, but its gradient is 0: something"):
            evaluated(framework, loss)


def test_half_a_gradient_is_refused(framework):
    library = importlib.import_module(framework)
    stop = library.lax.stop_gradient if framework == "jax" else library.Tensor.detach
    with pytest.raises(ValueError, match=r"derivatives of order 1 of the loss as .* gives them are wrong"):
        evaluated(framework, lambda w, x: ((stop(w) * w * x) ** 2).sum())
    function = lambda w: (stop(w) * w).sum()  # noqa: E731
    module = importlib.import_module(f"sgdsym.numeric.{framework}")
    with pytest.raises(ValueError, match=r"derivatives of order 1 of the function as .* gives them are wrong"):
        module.diagram_values(
            expand(observable="function", order=1, batch_size=1),
            lambda w, x: (w * x).sum(),
            W,
            X,
            function=function,
            **ALL,
        )


def test_flat_points_and_kinks_elsewhere_are_no_reason_to_refuse(framework):
    library = importlib.import_module(framework)
    relu = library.nn.relu if framework == "jax" else library.relu
    assert evaluated(framework, lambda w, x: 1 + ((w - W_HERE[framework]()) ** 4 * x).sum()).coefficients[1:].any() == 0
    evaluated(framework, lambda w, x: relu((w * x).sum()) ** 2, order=3)
    evaluated(framework, lambda w, x: 1e6 + (w * x).sum() ** 2, order=3)
    evaluated(framework, lambda w, x: (w * x).sum(), order=3, data=np.concatenate([X, np.zeros((3, 4))]))


def torch_start():
    import torch

    return torch.tensor(W)


W_HERE = {"jax": lambda: W, "torch": torch_start}


def test_smooth_losses_in_single_precision_are_not_refused(ours, framework):
    """Also where the loss holds numbers in single precision, so that it cannot be computed in double."""
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 8), (8, 3)))
    library = importlib.import_module("jax.numpy" if framework == "jax" else "torch")
    first, second = (library.asarray(a) for a in (first, second))
    single = (lambda a: a.astype("float32")) if framework == "jax" else (lambda a: a.float())

    def loss(w, x):
        scores = library.tanh(single(w * x) @ first) @ second
        return library.log(library.exp(scores).sum()) - scores[0]

    star = Diagram(5, [(0, 1), (0, 2), (0, 3), (0, 4)])
    series = Series({star: Coefficient(1)}, 4, "moment")
    ours.diagram_values(series, loss, W.astype(np.float32), X.astype(np.float32), **ALL)


def test_frozen_parameters_are_not_trained():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    module[0].requires_grad_(requires_grad=False)

    def loss(parameters, example):
        return torch.func.functional_call(module, parameters, (example,)).squeeze() ** 2

    everything = dict(module.named_parameters())
    last = {name: tensor for name, tensor in everything.items() if tensor.requires_grad}
    found, expected = (evaluated("torch", loss, parameters=p) for p in (everything, last))
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-12)
    buffers = {"scale": torch.tensor(2.0, dtype=torch.float64), "steps": torch.tensor(3)}
    scaled = lambda p, x: p["scale"] * loss({n: p[n] for n in everything}, x)  # noqa: E731
    with_buffers = evaluated("torch", scaled, order=1, parameters={**everything, **buffers})
    assert with_buffers.coefficients == pytest.approx([2 * found.coefficients[0], 4 * found.coefficients[1]], rel=1e-12)
    module.requires_grad_(requires_grad=False)
    with pytest.raises(ValueError, match="all parameters are frozen; set requires_grad on those that are trained"):
        evaluated("torch", loss, parameters=everything)


# the loss as it is now

SCALE = 1.0


def scaled_loss(w, x):
    return SCALE * (w * x).sum() ** 2


def test_a_loss_that_changed_gives_its_new_values(ours, framework, monkeypatch):
    before = evaluated(framework, scaled_loss).coefficients
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 3.0)
    assert evaluated(framework, scaled_loss).coefficients[0] == pytest.approx(3 * before[0])

    class Loss:
        __hash__ = None
        scale = 1.0

        def __call__(self, w, x):
            return self.scale * (w * x).sum() ** 2

    loss = Loss()
    assert evaluated(framework, loss).coefficients == pytest.approx(before)
    loss.scale = 2.0
    assert evaluated(framework, loss).coefficients[0] == pytest.approx(2 * before[0])


# precision


def narrowed(framework, name):
    library = importlib.import_module("jax.numpy" if framework == "jax" else "torch")
    if name is None:
        return lambda w, x: library.tanh((w * x).sum()) ** 2
    dtype = getattr(library, name)
    cast = (lambda a: a.astype(dtype)) if framework == "jax" else (lambda a: a.to(dtype))
    return lambda w, x: library.tanh(cast(w * x).sum()) ** 2


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_half_precision_inside_is_refused(framework, name):
    with pytest.raises(
        ValueError, match=rf"the loss computes in {name} \(first in .*\), too coarse for its derivatives"
    ):
        evaluated(framework, narrowed(framework, name), parameters=W.astype(np.float32), data=X.astype(np.float32))


@pytest.mark.parametrize("inside", [False, True])
def test_single_precision_carries_its_error(framework, inside):
    """Of single precision, by the data or by a cast in the loss, the error is told; of double there is none."""
    start, data = (a.astype(np.float32) for a in (W, X))
    reference = evaluated(framework, narrowed(framework, None), 3, start.astype(float), data.astype(float))
    assert not reference.coefficient_errors.any()
    given = (start.astype(float), data.astype(float)) if inside else (start, data)
    found = evaluated(framework, narrowed(framework, "float32" if inside else None), 3, *given)
    miss = np.abs(found.coefficients - reference.coefficients)
    assert miss.max() > 0
    assert (miss <= 2 * found.coefficient_errors + 1e-15).all()
    assert (found.coefficient_errors < 1e-3 * np.abs(reference.coefficients).max()).all()


def test_sums_of_half_precision_do_not_overflow(framework):
    parameters, data = np.array([90.0], np.float16), np.ones((3000, 1), np.float16)
    found = evaluated(framework, lambda w, x: (w * x).sum(), order=1, parameters=parameters, data=data)
    assert found.coefficients == pytest.approx([90, -3])


# draws


@pytest.mark.parametrize("replicates", [2, 3, 4, 8])
def test_two_errors_hold_in_95_of_100_cases_however_few_the_replicates(replicates):
    values = np.random.default_rng(replicates).normal(size=(4000, replicates, 1))
    series = Series({Diagram(1): Coefficient(1)}, 0, "moment")
    found = [DiagramValues(series, (Diagram(1),), rows).at(0.1) for rows in values]
    inside = np.mean([abs(estimate.value) <= 2 * estimate.standard_error for estimate in found])
    assert abs(inside - 0.9545) < 4 * (0.0455 * 0.9545 / 4000) ** 0.5


# processes

FORKED = """
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
import numpy as np
from sgdsym import expand
from sgdsym.numeric.jax import evaluate
from tests.numeric.matrix_free import polynomial_data, polynomial_loss, polynomials
problem = expand(order=1, batch_size=1), polynomial_loss, np.array([0.5, -0.25]), polynomial_data(polynomials(3)), 0.1
evaluate(*problem, T=3, mode="exact", progress=False)
pool = ProcessPoolExecutor(2, mp_context=get_context("fork"))
for executor in (pool, partial(ProcessPoolExecutor, 1, mp_context=get_context("fork"))):
    try:
        evaluate(*problem, T=3, mode="exact", progress=False, executor=executor)
    except ValueError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_processes_forked_after_jax_are_refused():
    pytest.importorskip("jax")
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=120)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(
        line.startswith("a process that is forked after JAX has run waits for ever; start the") for line in lines
    )


# inputs


def torch_problems():
    torch = pytest.importorskip("torch")
    nn, functional_call = torch.nn, torch.func.functional_call
    x, y = torch.tensor(X, dtype=torch.float32), torch.tensor(X[:, 0], dtype=torch.float32)

    def of(module):
        return lambda p, e: (functional_call(module, p, (e[0][None],)).mean() - e[1]) ** 2, dict(
            module.named_parameters()
        )

    linear = nn.Linear(4, 1)
    loss, parameters = of(linear)
    eval_ = r"call eval\(\) on the module"
    return {
        "module": (
            linear,
            parameters,
            (x, y),
            "loss must be a function of the parameters and an example, not a Linear; supervised",
        ),
        "generator": (
            loss,
            linear.parameters(),
            (x, y),
            "the parameters hold a generator where an array belongs; give",
        ),
        "module parameters": (loss, linear, (x, y), "the parameters hold a Linear where an array belongs; give arrays"),
        "sparse": (loss, parameters, (x.to_sparse(), y), "array 0 of the data is a sparse .*; make it dense"),
        "batch norm": (*of(nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))), (x, y), eval_),
        "dropout": (*of(nn.Sequential(nn.Linear(4, 2), nn.Dropout())), (x, y), eval_),
        "types": (
            loss,
            parameters,
            (x.double(), y),
            "give the parameters, the data and what the loss holds itself one",
        ),
        "item": (
            lambda p, e: e[0].sum() * p["bias"].item(),
            parameters,
            (x, y),
            "gradient is 0: something cuts it off",
        ),
        "shapes": (lambda p, e: p["weight"] @ e[1], parameters, (x, y), "the loss fails in PyTorch"),
    }


def jax_problems():
    jax = pytest.importorskip("jax")
    stop = jax.lax.while_loop
    return {
        "float": (lambda w, x: float((w * x).sum()), W, X, "use jax.numpy throughout: no float"),
        "branch": (lambda w, x: (w * x).sum() if w[0] > 0 else w[0], W, X, "use jax.numpy throughout: no float"),
        "loop": (lambda w, x: stop(lambda c: c < 3, lambda c: c + w[0] * x[0] ** 2, w[1]), W, X, "use jax.lax.scan"),
        "masked": (
            lambda w, x: w @ x,
            W,
            np.ma.masked_greater(X, 1.0),
            "array 0 of the data has masked entries; leave those",
        ),
        "shapes": (lambda w, x: w[:3] @ x, W, X, "the loss fails in JAX"),
        "no loss": (3.0, W, X, "loss must be a function, not a float"),
    }


def test_what_cannot_be_evaluated_is_refused_in_one_line(framework):
    problems = {"jax": jax_problems, "torch": torch_problems}[framework]()
    for name, (loss, parameters, data, message) in problems.items():
        with pytest.raises(ValueError, match=message) as refused:
            evaluated(framework, loss, order=3, parameters=parameters, data=data)
        assert len(str(refused.value)) <= 300, name
        assert "\n" not in str(refused.value), name


# memory


def test_the_plan_counts_what_the_loss_holds(ours, framework):
    """A layer of a thousand numbers for each of four weights, and of a thousand data points."""
    library = importlib.import_module("jax.numpy" if framework == "jax" else "torch")
    wide = library.ones((4, 1000), dtype=library.float32)
    loss = lambda w, x: (library.tanh((w * x) @ wide) ** 2).mean()  # noqa: E731
    data = np.ones((1000, 4), np.float32)
    plan = ours.plan(expand(order=2, batch_size=1), loss, W.astype(np.float32), data)
    assert plan.held[0].each >= 2 * 4000
    assert plan.bytes >= 1000 * 2 * 4000
    small = ours.plan(expand(order=2, batch_size=1), loss, W.astype(np.float32), data, minibatch=2, memory=2 * 10**6)
    assert small.bytes <= 2 * 10**6
    assert small.in_pass < 110 < plan.in_pass
    with pytest.raises(ValueError, match=r"the arrays of one step take .*, more than memory=20000 allows"):
        ours.evaluate(
            expand(order=2, batch_size=1), loss, W.astype(np.float32), data, 0.1, T=3, memory=20_000, progress=False
        )


def test_a_mapped_array_is_never_copied_as_a_whole(tmp_path):
    shape = (2000, 40, 50)
    mapped = np.memmap(tmp_path / "data", dtype=np.float32, mode="w+", shape=shape)
    tracemalloc.start()
    Data((mapped, mapped.transpose(0, 2, 1)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mapped.nbytes / 4
    mapped[1999, 3, 4] = np.inf
    with pytest.raises(ValueError, match="array 0 of the data is inf at data point 1999"):
        Data((mapped,))


def test_values_are_those_of_the_interpreter_in_single_precision(ours):
    """Quadratic losses, whose rounding is known to be small, within the error that is told."""
    x = np.array([[0.0], [4.0]], np.float32)
    tensors = [np.array([0.5, 4.5]), np.array([[1.0], [-3.0]]), np.ones((2, 1, 1)), np.zeros((2, 1, 1, 1))]
    found = ours.evaluate(
        expand(order=3, batch_size=1), lambda w, x: ((w - x) ** 2).sum() / 2, np.ones(1, np.float32), x, 0.1, T=3, **ALL
    )
    exact = interpret(expand(order=3, batch_size=1), tensors, T=3)
    assert (np.abs(found.coefficients - [float(c) for c in exact]) <= 2 * found.coefficient_errors + 1e-9).all()
