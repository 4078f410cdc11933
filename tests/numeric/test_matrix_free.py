"""Matrix-free evaluation without a framework: readings, plans, draws, executors, errors; derivatives are dense here."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from multiprocessing import active_children, get_context

import numpy as np
import pytest
from hypothesis import given, settings

from sgdsym import Diagram, expand
from sgdsym.numeric import interpret, interpret_diagram
from sgdsym.numeric.matrix_free import Data, DiagramValues, Effort, Session, make_plan, run_tasks, split_options
from sgdsym.numeric.matrix_free.estimate import rate_and_weights
from sgdsym.numeric.matrix_free.messages import Cell, Pairing, Value, readings
from sgdsym.numeric.matrix_free.statistics import DIAGRAMS, SERIES
from sgdsym.series import Coefficient, Series, exact_value
from tests.diagrams.strategies import diagrams
from tests.numeric.matrix_free import (
    DEGREE,
    IdleCalculus,
    MortalCalculus,
    dense_problem,
    polynomial_tensors,
    polynomials,
)

SETTINGS = [
    {},
    {"observable": "train-loss", "sampling": "replace"},
    {"observable": "generalization-gap", "sampling": "reshuffle"},
    {"observable": "loss-variance", "sampling": "online"},
]
SAMPLED = {"samples": 30, "replicates": 4, "minibatch": 2, "chunk": 3}


def session(series, points=3, order=DEGREE, kind=None, function=None, **options):
    more = {} if kind is None else {"kind": kind}
    calculus, data = dense_problem(points, order, function=function, **more, **options.pop("more", {}))
    return Session(series.as_moments(), calculus, data, Effort(**options))


@pytest.mark.parametrize("request_options", SETTINGS, ids=str)
@pytest.mark.parametrize("points", [1, 3])
def test_all_data_points_give_the_exact_values(request_options, points):
    series = expand(order=4 if not request_options else 3, **request_options).as_moments()
    tensors = polynomial_tensors(polynomials(points), DEGREE)
    found = session(series, points, mode="exact").values(progress=False)
    assert found.replicates.shape == (1, len(series))
    for diagram in series.diagrams():
        expected = float(interpret_diagram(diagram, "moment", tensors))
        value, error = found.value(diagram)
        assert value == pytest.approx(expected, rel=1e-12, abs=1e-12), diagram
        assert error == 0


@settings(max_examples=40)
@given(diagram=diagrams(max_nodes=5))
def test_the_mean_over_every_draw_is_the_value_for_every_reading(diagram):
    """Two data points, minibatches of one: all draws there can be, each as often, for each way to read off the value."""
    calculus, data = dense_problem(2, DEGREE)
    tensors = polynomial_tensors(polynomials(2), DEGREE)
    closed = Diagram(diagram.nodes, diagram.edges, diagram.blocks)
    expected = float(interpret_diagram(closed, "moment", tensors))
    for way in list(readings(closed, exact=False))[:12]:
        assert exhaustive_mean(way, calculus, data) == pytest.approx(expected, rel=1e-12, abs=1e-10)


def exhaustive_mean(way, calculus, data):
    cells = sorted(set().union(*(cells_in(reading) for reading in way)))
    total = 0.0
    for choice in product(range(data.points), repeat=len(cells)):
        drawn = dict(zip(cells, choice, strict=True))
        total += np.prod([value_of(reading, drawn, calculus, data) for reading in way])
    return total / data.points ** len(cells)


def cells_in(step):
    own = {step.cell} if hasattr(step, "cell") and step.cell.drawn else set()
    return own.union(*(cells_in(message) for message in step.inputs))


def value_of(step, drawn, calculus, data):
    inputs = [value_of(message, drawn, calculus, data) for message in step.inputs]
    if not hasattr(step, "cell"):
        return inputs[0] @ inputs[1]
    rows = np.array([drawn[step.cell]]) if step.cell.drawn else np.arange(data.points)
    return calculus.total(step, inputs, data.take(rows)) / len(rows)


def test_draws_are_unbiased_and_their_scatter_is_told():
    """Of 60 small estimates most lie within the error they tell, as many above as below."""
    series = expand(order=3, batch_size=1)
    exact = session(series, 3, mode="exact").values(progress=False).at(0.1, T=4)
    scores = []
    for seed in range(60):
        found = session(series, 3, seed=seed, samples=16, replicates=8, minibatch=1).values(progress=False).at(0.1, T=4)
        scores.append((found.value - exact.value) / found.standard_error)
    assert np.mean(np.abs(scores) < 2.4) > 0.85  # Student's t with 7 degrees of freedom: 95 %
    assert abs(np.mean(np.sign(scores))) < 0.5


@pytest.mark.parametrize("weights", [None, np.array([0.1, 0.4, 0.2, 0.3])], ids=["uniform", "weighted"])
@pytest.mark.parametrize("samples", [2, 4])
def test_a_block_alone_is_summed_over_all_data(weights, samples):
    """Where samples are no fewer than data points; where the mean Hessian stands between, both are drawn."""
    calculus, data = dense_problem(4, DEGREE)
    probabilities = np.full(4, 0.25) if weights is None else weights
    gradients, hessians = calculus.tensors[1], calculus.tensors[2]
    G = probabilities @ gradients
    expected = {
        "gg": sum(w * g @ g for w, g in zip(probabilities, gradients, strict=True)),
        "ghG": sum(w * g @ h @ G for w, g, h in zip(probabilities, gradients, hessians, strict=True)),
        "ghg": sum(w * g @ h @ g for w, g, h in zip(probabilities, gradients, hessians, strict=True)),
    }
    problem = Session(SERIES, calculus, Data(data.arrays, weights), Effort(samples=samples, replicates=2, minibatch=1))
    found = problem.values(progress=False)
    for name, value in expected.items():
        estimate, error = found.value(DIAGRAMS[name])
        assert (error == 0) == (samples == 4)
        assert estimate == pytest.approx(value, rel=1e-12, abs=6 * error)
    assert found.value(DIAGRAMS["gHg"])[1] > 0
    lines = str(problem.plan()).splitlines()
    assert any("4, all there are" in line for line in lines) == (samples == 4)


def test_an_estimate_is_good_for_every_rate_and_size():
    series = expand(order=3)
    tensors = polynomial_tensors(polynomials(3), DEGREE)
    values = session(series, 3, mode="exact").values(progress=False)
    for T, B in ((3, 1), (10, 4)):
        expected = [float(c) for c in interpret(series, tensors, T=T, B=B)]
        found = values.at([0.0, 0.1], T=T, B=B)
        assert found.coefficients == pytest.approx(expected, rel=1e-11)
        assert found.value == pytest.approx([expected[0], sum(c / 10**k for k, c in enumerate(expected))], rel=1e-11)
        assert values.at(0.1, T=T, B=B).value == pytest.approx(found.value[1])
        shorter = values.truncate(1).at(0.1, T=T)
        assert shorter.value == pytest.approx(expected[0] + 0.1 * expected[1], rel=1e-11)


def test_a_function_of_the_parameters_is_observed():
    """The root carries the derivatives of the function; on a displacement it reads off the part along its gradient."""
    tensors = polynomial_tensors(polynomials(3), DEGREE)
    root = [np.array(t[0], dtype=float) for t in polynomial_tensors(polynomials(1, seed=5), DEGREE)]
    more = {"root_tensors": tuple(root)}
    function = expand(observable="function", order=3)
    found = session(function, function=abs, mode="exact", more=more).values(progress=False).at(0.1, T=3, B=2)
    floats = [np.array(t, dtype=float) for t in tensors]
    expected = interpret(function, floats, root_derivatives=root, T=3, B=2)
    assert found.coefficients == pytest.approx(expected, rel=1e-11)
    moved = expand(observable="displacement", order=3)
    found = session(moved, function=abs, mode="exact", more=more).values(progress=False).at(0.1, T=3, B=2)
    assert found.coefficients == pytest.approx([c @ root[1] for c in interpret(moved, floats, T=3, B=2)], rel=1e-11)


def test_draws_see_the_observed_function_where_random_messages_meet():
    """Between two gradients of one data point stands the Hessian of the function, not that of a minibatch."""
    root = [np.array(t[0], dtype=float) for t in polynomial_tensors(polynomials(1, seed=5), DEGREE)]
    function = expand(observable="function", order=3)
    options = {"function": abs, "more": {"root_tensors": tuple(root)}}
    exact = session(function, 4, mode="exact", **options).values(progress=False)
    sampled = session(function, 4, samples=3, replicates=3, minibatch=2, **options)
    rows = [
        replace(sampled, effort=replace(sampled.effort, seed=seed)).values(progress=False).replicates
        for seed in range(200)
    ]
    means = np.concatenate(rows)
    errors = means.std(axis=0) / len(means) ** 0.5
    assert (np.abs(means.mean(axis=0) - exact.replicates[0]) <= 4.5 * errors + 1e-9).all()
    assert (errors > 0).sum() >= 2


# executors


@pytest.fixture(scope="module")
def series():
    return expand(order=3, batch_size=1)


@pytest.fixture(scope="module")
def alone(series):
    return session(series, 5, **SAMPLED).values(progress=False).replicates


def test_the_seed_says_what_is_drawn(series, alone):
    again, other = (session(series, 5, seed=seed, **SAMPLED).values(progress=False).replicates for seed in (0, 1))
    assert again.tobytes() == alone.tobytes()
    assert other.tobytes() != alone.tobytes()


def processes():
    return ProcessPoolExecutor(2, mp_context=get_context("forkserver"))


@pytest.mark.parametrize("pool", [partial(ThreadPoolExecutor, 1), partial(ThreadPoolExecutor, 3), processes])
def test_the_executor_does_not_change_a_bit(series, alone, pool):
    with pool() as executor:
        found = session(series, 5, **SAMPLED).values(executor, progress=False)
    assert found.replicates.tobytes() == alone.tobytes()


def test_a_lost_worker_changes_nothing(series, alone, tmp_path):
    counted = []
    mortal = session(series, 5, kind=MortalCalculus, more={"grave": tmp_path / "grave"}, **SAMPLED)
    found = mortal.values(processes, lambda done, total: counted.append((done, total)))
    assert (tmp_path / "grave").exists()
    assert found.replicates.tobytes() == alone.tobytes()
    total = counted[-1][1]
    assert counted == [(i, total) for i in range(1, total + 1)]


def test_a_pool_that_cannot_be_made_again_says_so(series, tmp_path):
    mortal = session(series, 5, kind=MortalCalculus, more={"grave": tmp_path / "grave"}, **SAMPLED)
    executor = processes()
    with pytest.raises(RuntimeError, match="of 12 tasks were done; pass a function"):
        mortal.values(executor, progress=False)
    # a pool that lost a worker may have forgotten another, and would wait for it for ever
    executor.shutdown(wait=False)
    for worker in active_children():
        worker.terminate()


def test_a_class_of_executors_makes_one():
    assert run_tasks({0: lambda: (divmod, (7, 2))}, ThreadPoolExecutor) == {0: (3, 1)}


@contextmanager
def thread():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_a_context_is_entered_for_its_executor():
    assert run_tasks({0: lambda: (divmod, (7, 2))}, thread) == {0: (3, 1)}


@pytest.mark.parametrize("executor", [3, "threads", lambda: 3])
def test_what_is_no_executor_is_refused(executor):
    calls = []
    with pytest.raises(ValueError, match="executor must have a method submit, be a Dask client, or be a function that"):
        run_tasks({0: lambda: (calls.append, (1,))}, executor)
    assert calls == []


def always_broken():
    raise BrokenProcessPool


def test_a_task_that_always_kills_its_worker_is_given_up():
    with pytest.raises(RuntimeError, match="3 times in a row; 0 of 1 tasks were done"):
        run_tasks({0: lambda: (always_broken, ())}, partial(ThreadPoolExecutor, 1))


def test_an_error_in_a_task_is_not_tried_again():
    calls = []
    with pytest.raises(ZeroDivisionError):
        run_tasks({0: lambda: (calls.append, (1,)), 1: lambda: (divmod, (1, 0))}, partial(ThreadPoolExecutor, 1))
    assert calls == [1]


def test_dask_and_a_worker_that_dies(series, alone, tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = session(series, 5, **SAMPLED).values(client, progress=False)
        assert found.replicates.tobytes() == alone.tobytes()
        mortal = session(series, 5, kind=MortalCalculus, more={"grave": tmp_path / "grave"}, **SAMPLED)
        found = mortal.values(client, progress=False)
        assert (tmp_path / "grave").exists()
        assert found.replicates.tobytes() == alone.tobytes()


# what is refused, and how


def test_a_series_that_costs_too_much_is_refused_before_it_starts(series):
    calls = []
    dear = session(series, 5, limit=1000, **SAMPLED)
    with pytest.raises(
        ValueError, match=r"this takes [\d,]+ gradients of 2 parameters, [\d.]+ times the limit; use fewer"
    ):
        dear.values(progress=lambda *count: calls.append(count))
    assert calls == []
    session(series, 5, limit=1000, force=True, **SAMPLED).values(progress=False)


def test_too_much_memory_is_refused(series):
    network = {"points": 10**4, "parameters": 10**9, "itemsize": 4, "example_bytes": 10**3}
    plan = make_plan(series.as_moments().diagrams(), **network, effort=Effort())
    with pytest.raises(ValueError, match=r"take 60 GB, more than memory=1073741824 allows"):
        plan.check()


def test_exact_sums_that_are_too_long_are_refused():
    diagrams = expand(order=4, batch_size=1, basis="moment").diagrams()
    network = {"points": 60_000, "parameters": 10**5, "itemsize": 4, "example_bytes": 10**3}
    plan = make_plan(diagrams, **network, effort=Effort(mode="exact"))
    with pytest.raises(ValueError, match="use mode='sampled' or a lower order"):
        plan.check()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "guess"}, "mode must be one of exact, sampled, not 'guess'"),
        ({"samples": 0}, "samples must be at least 1, not 0"),
        ({"samples": 2.5}, "samples must be an integer, not 2.5"),
        ({"replicates": 1}, "replicates must be at least 2, not 1"),
        ({"chunk": 0}, "chunk must be at least 1, not 0"),
        ({"seed": True}, "seed must be an integer, not True"),
        ({"samples": np.float64(64)}, r"samples must be an integer, not 64.0"),
        ({"samples": None}, "samples must be an integer, not None"),
        ({"limit": 0}, "limit must be a positive number, not 0"),
        ({"limit": None}, "limit must be a positive number, not None"),
        ({"limit": "a"}, "limit must be a positive number, not 'a'"),
        ({"limit": True}, "limit must be a positive number, not True"),
        ({"limit": float("nan")}, "limit must be a positive number, not nan"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        Effort(**options)


def test_integers_of_every_type_and_no_limit_are_taken():
    found = Effort(samples=np.int64(64), chunk=np.array(3), seed=np.uint8(1), limit=float("inf"))
    assert found == Effort(samples=64, chunk=3, seed=1, limit=float("inf"))
    assert {type(number) for number in (found.samples, found.chunk, found.seed)} == {int}


@pytest.mark.parametrize(
    ("rate", "symbols", "message"),
    [
        (0.1, {}, "the series needs a value for T; give it as T=…"),
        (0.1, {"T": 2, "sample": 64}, "the series has no symbol sample; its symbols are T"),
        (0.1, {"T": float("inf")}, "T must be a finite number, not inf"),
        (0.1, {"T": 0}, "1/T has no value at T = 0"),
        ([0.1, float("nan")], {"T": 2}, r"learning_rate must be finite, not \[0.1, nan\]"),
    ],
)
def test_rates_and_symbols_are_refused_before_anything_is_computed(rate, symbols, message):
    inverse = Series({Diagram(1): 1 / Coefficient.symbol("T")}, 0, "moment")
    with pytest.raises(ValueError, match=message):
        session(inverse, kind=IdleCalculus).evaluate(rate, symbols, progress=False)


def test_an_evaluation_is_the_values_at_the_sizes(series):
    small = session(series, 5, **SAMPLED)
    found = small.evaluate(0.1, {"T": 3}, progress=False)
    assert found.value == small.values(progress=False).at(0.1, T=3).value


def test_a_tolerance_is_reached_by_as_many_draws_as_it_needs(series):
    small, exact = (
        session(series, 5, **SAMPLED),
        session(series, 5, mode="exact").evaluate(0.1, {"T": 3}, progress=False),
    )
    found = small.evaluate(0.1, {"T": 3}, progress=False, tolerance=0.05)
    assert (found.coefficient_errors <= 0.05 * np.abs(found.coefficients)).all()
    assert (np.abs(found.coefficients - exact.coefficients) <= 3 * found.coefficient_errors + 1e-12).all()
    rough = small.evaluate(0.1, {"T": 3}, progress=False)
    assert (rough.coefficient_errors > 0.05 * np.abs(rough.coefficients)).any()
    with pytest.raises(ValueError, match=r"tolerance must be a finite number of at least 1e-12, not 0"):
        small.evaluate(0.1, {"T": 3}, progress=False, tolerance=0)
    with pytest.raises(ValueError, match=r"this takes .* times the limit"):
        session(series, 5, limit=10**5, **SAMPLED).evaluate(0.1, {"T": 3}, progress=False, tolerance=1e-5)


def test_options_and_symbols_are_told_apart(series):
    assert split_options(series, {"T": 3, "seed": 4}) == (Effort(seed=4), {"T": 3})
    confused = Series({Diagram(1): Coefficient.symbol("seed")}, 0)
    with pytest.raises(ValueError, match=r"the symbol seed is named like an option; rename it with subs\(seed='…'\)"):
        split_options(confused, {"seed": 4})


def test_open_indices_are_refused():
    with pytest.raises(ValueError, match="the series has an open root"):
        session(expand(observable="displacement", order=2))


def test_numbers_that_are_not_finite_are_named():
    with pytest.raises(ValueError, match="array 1 of the data is inf at data point 2"):
        Data((np.zeros(3), np.array([[0, 1], [1, 2], [np.inf, 1]])))
    with pytest.raises(ValueError, match=r"at least one; the lengths are \[3, 2\]"):
        Data((np.zeros(3), np.zeros(2)))
    with pytest.raises(ValueError, match="array 1 of the data is a single number and has no rows; lists are read as"):
        Data((np.zeros(3), np.array(1.0), np.array(2.0)))
    broken = session(expand(order=1, batch_size=1), 5)
    broken.calculus.tensors[0][3] = np.nan
    with pytest.raises(ValueError, match="the loss is nan at data point 3; mend the point or the parameters"):
        broken.values(progress=False)
    broken = session(expand(order=2, batch_size=1), 5)
    broken.calculus.tensors[2][0] = np.nan
    with pytest.raises(FloatingPointError, match="look at the derivatives of degree 2"):
        broken.values(progress=False)


def test_a_series_without_terms_is_zero():
    found = session(Series({}, 2, "moment")).values(progress=False).at(0.1)
    assert (found.value, found.standard_error) == (0, 0)


def test_learning_rates_that_are_not_finite_are_refused():
    values = DiagramValues(Series({Diagram(1): Coefficient(1)}, 0, "moment"), (Diagram(1),), np.ones((1, 1)))
    with pytest.raises(ValueError, match="learning_rate must be finite, not nan"):
        values.at(float("nan"))


def test_a_bar_says_the_cost_first(series, capsys):
    session(series, 5, **SAMPLED).values()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "10 diagrams on 5 data points and 2 parameters"
    assert lines[-1].rstrip().endswith("] 17/17, 0 s")


def test_means_hang_from_the_random_part():
    """In G . H . h_x . g_x only one node stands between: what hangs off is a product of means over all data."""
    diagram = Diagram(5, [(0, 1), (1, 2), (2, 3), (3, 4)], [(0,), (1,), (2, 4), (3,)])
    kinds = {sorted_kinds(way[0]) for way in readings(diagram, exact=False)}
    assert kinds == {("batch", "mean", "mean", "point", "point")}


def sorted_kinds(step):
    def below(step):
        own = [step.cell.kind] if hasattr(step, "cell") else []
        return own + [kind for message in step.inputs for kind in below(message)]

    return tuple(sorted(below(step)))


def test_coefficients_at_many_steps_and_a_float_momentum():
    series = expand(order=2, momentum="mu").as_moments()
    diagrams = series.diagrams()
    _, found = rate_and_weights(series, diagrams, 0.1, {"T": 10**4, "B": 2, "mu": 0.999})
    exact = {"T": Fraction(10**4), "B": Fraction(2), "mu": Fraction(0.999)}
    assert found == [float(exact_value(series[diagram], exact)) for diagram in diagrams]
    with pytest.raises(ValueError, match="batch size must be an integer of at least 1, not 3/2"):
        rate_and_weights(series, diagrams, 0.1, {"T": 10**4, "B": 1.5, "mu": 0.999})


def test_no_value_is_differentiated_along_directions_alone():
    """What is read off is the product of two messages, each a gradient; the loss alone is a value."""
    star = Diagram(4, [(0, 1), (0, 2), (0, 3)], [(0,), (1, 2), (3,)])
    assert all(isinstance(way, Pairing) for (way,) in readings(star, exact=True))
    assert [way for (way,) in readings(Diagram(1), exact=True)] == [Value(Cell("mean"))]
