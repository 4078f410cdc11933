"""The compiler: what a plan costs, that passes keep the values, that inputs are read once and memory stays small."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

import sgdsym
from sgdsym.codegen import compile_kernel, generate
from sgdsym.codegen.centring import uncentred
from sgdsym.codegen.compiler import compile_series
from sgdsym.codegen.cost import Plan, cost_of, most_alive, planned_cost
from sgdsym.codegen.ir import Combine, Contract, Moments, Pass, Power
from sgdsym.codegen.lower import lower, products
from sgdsym.codegen.module import write_module
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.passes import combine, read_once, release_large, renumber, watch
from sgdsym.codegen.planning.fragment import DEVIATION, MEAN, SAMPLE, Fragment, canonical, whole_fragment
from sgdsym.codegen.planning.joins import joins_of, plan_alone
from sgdsym.codegen.planning.pieces import pieces_of
from sgdsym.codegen.planning.planner import shared_recipes
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series
from tests.codegen.test_backends import random_series, tensors

SETTINGS = [
    {"order": 4},
    {"order": 3, "sampling": "reshuffle", "observable": "generalization-gap"},
    {"order": 3, "observable": "displacement"},
]


def lowered(series, points=300, parameters=20):
    """The program of a series before any pass, and the numbers of its coefficients."""
    terms = networks(series)
    number = distinct_coefficients(terms)
    sums = products([(network, number[c]) for network, c in terms.items()], series.setting.observable.carries_function)
    fragments = [fragment for _, product in sums for fragment in product]
    recipe = shared_recipes(fragments, plan_alone(joins_of(pieces_of(fragments), points, parameters)))[0]
    return lower(sums, recipe), number


def evaluated(series, program, number, **given):
    """The coefficients that a program gives."""
    compiled = compile_series(series)
    namespace = {"__name__": "kernel"}
    source = write_module(series, "numpy", type(compiled)(program, number, compiled.products, compiled.plan))
    exec(source, namespace)  # noqa: S102
    return namespace["coefficients"](**given)


@pytest.mark.parametrize("seed", range(0, 20, 3))
def test_every_pass_keeps_the_values(seed):
    """Random series, and the passes one after the other: the sums stay, to rounding."""
    series = random_series(seed)
    program, number = lowered(series)
    given = {"derivatives": tensors(seed), "metric": np.diag([1.0, 2.0, 3.0]) + 0.25, "T": 7}
    wanted = evaluated(series, program, number, **given)
    for change in (combine, watch, read_once, renumber, release_large):
        program = change(program)
        found = evaluated(series, program, number, **given)
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-11 * np.abs(wanted).max())


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_sharing_and_factoring_save_operations(options):
    series = sgdsym.expand(**options)
    plan = series.kernel().plan
    assert isinstance(plan, Plan)
    assert plan.planned.flops < 0.05 * plan.naive.flops
    if series.setting.observable.name != "displacement":  # which has few diagrams, each a vector of its own
        assert plan.shared.flops < 0.85 * plan.planned.flops
        assert plan.shared.moved < 0.6 * plan.planned.moved
    assert [line.split()[0] for line in str(plan).splitlines()[2:]] == ["naive", "planned", "shared"]


def test_the_cost_of_one_contraction_is_counted_by_hand():
    """H(G, G): p^2 + p multiplications and as many additions, whoever shares nothing."""
    series = Series({Diagram(3, [(0, 1), (1, 2)]): Coefficient(1)}, 2)
    plan = compile_series(series).plan
    p = plan.parameters
    assert plan.planned.flops == 2 * (p**2 + p)
    assert plan.shared.flops == 2 * (p**2 + p)
    assert plan.naive.flops == 3 * p**2


def test_plans_of_single_diagrams_beat_the_best_paths_of_opt_einsum():
    """Over all networks of order four fewer operations: symmetric indices count once, and traffic is saved besides."""
    opt_einsum = pytest.importorskip("opt_einsum")
    points, parameters = 50, 7
    ours = theirs = 0.0
    for network in networks(sgdsym.expand(order=4)):
        legs = [""] * network.nodes
        for letter, (a, b) in zip("abcdefgh", network.edges, strict=False):
            legs[a] += letter
            legs[b] += letter
        blocks = [block for block in network.blocks if len(block) > 1]
        rows = {v: letter for letter, block in zip("uvwxyz", blocks, strict=False) for v in block}
        words = [rows.get(v, "") + legs[v] for v in range(network.nodes)]
        shapes = [tuple(points if x in "uvwxyz" else parameters for x in word) for word in words]
        path = opt_einsum.contract_path(",".join(words) + "->", *shapes, shapes=True, optimize="optimal")
        theirs += float(path[1].opt_cost)
        whole = whole_fragment(network, False)
        fragment = canonical(whole.tensors, whole.edges, whole.averaged, whole.open)[0]
        alone = plan_alone(joins_of(pieces_of([fragment]), points, parameters))
        ours += planned_cost([fragment], alone).flops
    assert ours <= 0.8 * theirs


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_large_samples_are_read_once(options):
    """Every product with the samples of the highest degree is made in one pass."""
    series = sgdsym.expand(**options)
    program = compile_series(series).program
    kernel = series.kernel()
    largest = f"samples_{max(kernel.sampled_degrees)}"
    readers = [s for s in program.statements if isinstance(s, Contract | Moments | Pass) and largest in _read(s)]
    assert len(readers) == 1


def test_products_with_a_large_mean_are_made_together():
    """Order four: D4(G, ...) and D4(g_a, g_a, ...) come from one reading of D4, and the values are those of two."""
    series = sgdsym.expand(order=4)
    readers = [s for s in compile_series(series).program.statements if "mean_4" in _read(s)]
    assert [(type(s), len(s.body)) for s in readers] == [(Moments, 2)]
    given = {"derivatives": tensors(0), "metric": np.diag([1.0, 2.0, 3.0]) + 0.25, "T": 7, "B": 2}
    program, number = lowered(series)
    np.testing.assert_allclose(
        series.kernel().coefficients(**given), evaluated(series, program, number, **given), rtol=1e-11
    )


def _read(statement):
    body = statement.body if isinstance(statement, Moments | Pass) else (statement,)
    return {name for s in body if isinstance(s, Contract) for name in (s.left, s.right)}


def test_combinations_are_formed_before_contractions():
    """Two diagrams that share all but one factor become one contraction of a combination."""
    fork = Diagram(4, [(0, 3), (1, 3), (2, 3)])
    bent = Diagram(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    terms = {fork: Coefficient.symbol("x"), bent: Coefficient.symbol("y")}
    program = compile_series(Series(terms, 4)).program
    assert len(program.terms) == 2  # of different orders, so nothing is summed
    chain = Diagram(4, [(0, 1), (1, 2), (2, 3)])
    program = compile_series(Series({fork: Coefficient.symbol("x"), chain: Coefficient.symbol("y")}, 3)).program
    assert len(program.terms) == 1
    assert sum(isinstance(s, Combine) for s in program.statements) == 1


def test_one_factor_of_each_average_is_not_centred():
    """E[dJ dH dg] = E[J dH dg] - J E[H dg], exactly, for numbers drawn at random."""
    tensors_ = ((3, DEVIATION), (2, DEVIATION), (1, DEVIATION))
    found = dict(uncentred(Fragment(tensors_, (), ((0, 1, 2),))))
    assert found == {
        Fragment(((3, SAMPLE), (2, DEVIATION), (1, DEVIATION)), (), ((0, 1, 2),)): 1,
        Fragment(((3, MEAN), (2, SAMPLE), (1, DEVIATION)), (), ((1, 2),)): -1,
    }


@pytest.mark.parametrize("points", [1, 5, 21])
@pytest.mark.parametrize(
    ("parameters", "degree", "over_points", "over_indices"),
    [
        (3, 2, 2, 0),
        (3, 2, 0, 2),
        (4, 3, 1, 1),
        (4, 3, 3, 0),
        (1, 3, 1, 1),
        (4, 3, 20, 0),
        (3, 3, 0, 9),
        (3, 4, 7, 2),
        (2, 5, 4, 4),
    ],
)
def test_moments_are_sums_over_points_and_indices(points, parameters, degree, over_points, over_indices):
    """The generated function against tensordot: few sums and many, with one sum over the data points or none."""
    moments = sgdsym.expand(order=5).kernel()._functions["_moments"]
    rng = np.random.default_rng(points)
    samples = rng.normal(size=(points, *[parameters] * degree))
    orders = list(itertools.permutations(range(1, degree + 1)))
    samples = sum(samples.transpose(0, *order) for order in orders)
    weights = [rng.normal(size=(points, *more)) for more in [(), (over_points - 1,)][:over_points]]
    factors = [rng.normal(size=(points, parameters, *more)) for more in [(), (over_indices - 1,)][:over_indices]]
    wanted = [np.tensordot(w, samples, (0, 0)) for w in weights]
    wanted += [np.tensordot(f, samples, ([0, 1], [0, 1])) for f in factors]
    for made, value in zip(moments(samples, weights, factors), wanted, strict=True):
        np.testing.assert_allclose(made, value, rtol=1e-12, atol=1e-12 * np.abs(value).max(), strict=True)


@pytest.mark.parametrize(("parameters", "degree"), [(1, 4), (2, 5), (3, 4), (4, 6), (9, 4), (1, 3), (5, 3), (3, 7)])
def test_powers_count_every_sorted_tuple_once(parameters, degree):
    """The generated function against the plain sum over all indices."""
    star = Diagram(5, [(0, 4), (1, 4), (2, 4), (3, 4)], [(0, 1, 2, 3), (4,)])
    kernel = compile_kernel(Series({star: Coefficient(1)}, 4))
    rng = np.random.default_rng(degree)
    tensor = rng.normal(size=(parameters,) * degree)
    tensor = sum(tensor.transpose(order) for order in itertools.permutations(range(degree))) / math.factorial(degree)
    vectors, weights = rng.normal(size=(5, parameters)), rng.normal(size=5)
    wanted = 0.0
    for weight, vector in zip(weights, vectors, strict=True):
        value = tensor
        for _ in range(degree):
            value = value @ vector
        wanted += weight * value
    assert kernel._functions["_power"](
        tensor, vectors, kernel._functions["_squares"](vectors), weights
    ) == pytest.approx(wanted, rel=1e-12)
    assert any(isinstance(s, Power) for s in compile_series(kernel.series).program.statements)


def peak_of(kernel, points, parameters):
    """Bytes that an evaluation takes beside its inputs, and bytes of the inputs."""
    rng = np.random.default_rng(0)
    shapes = [
        (points,) * (k in kernel.sampled_degrees) + (parameters,) * k for k in range(kernel.series.truncation + 1)
    ]
    given = [rng.normal(size=shape) for shape in shapes]
    symbols = dict.fromkeys(kernel.series.symbols, 6)
    kernel.coefficients(given, **symbols)
    tracemalloc.start()
    kernel.coefficients(given, **symbols)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sum(np.asarray(tensor).nbytes for tensor in given)


@pytest.mark.parametrize("options", SETTINGS[:2], ids=str)
def test_memory_stays_near_the_inputs(options):
    """At most half the inputs beside them."""
    peak, inputs = peak_of(sgdsym.expand(**options).kernel(), 100, 24)
    assert peak < 0.5 * inputs


@pytest.mark.parametrize(("points", "parameters"), [(5, 60), (100, 24), (3000, 8)])
@pytest.mark.parametrize("options", SETTINGS[:2], ids=str)
def test_the_module_knows_how_much_memory_it_takes(options, points, parameters):
    """Few data points and many parameters, or the other way round: about what was measured, and what the plan says."""
    series = sgdsym.expand(**options)
    peak, _ = peak_of(series.kernel(), points, parameters)
    program = compile_series(series).program
    said = 8 * sum(count * points**i * parameters**j for (i, j), count in most_alive(program).items())
    assert peak < 1.5 * said
    assert said < 5 * peak
    assert cost_of(program, points, parameters).peak <= said


@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_what_does_not_fit_is_refused_before_it_starts(backend):
    """As the sizes of the arrays say, in the bytes of their numbers; where the system does not say, nothing is refused."""
    array = pytest.importorskip({"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}[backend]).ones(1)
    functions = sgdsym.expand(order=4).kernel(backend=backend)._functions
    arrays = () if backend == "numpy" else ({1: array},)
    check = functions["_check_memory"]
    check(300_000, 1, *arrays)  # asks the system
    functions["_free_memory"] = lambda *_: 5e9
    check(300, 40, *arrays)
    message = r"n = 300000 and p = 300 need, beside the inputs, [\d.e+]+ GB, but 5 GB are free; use fewer data points"
    with pytest.raises(ValueError, match=message):
        check(300_000, 300, *arrays)
    functions["_free_memory"] = lambda *_: None
    check(300_000, 300, *arrays)


@pytest.mark.parametrize(
    ("backend", "message"),
    [("numpy", r"a copy of derivatives\[2\] takes 216 GB, but 5 GB"), ("torch", "n = 300000 and p = 300 need")],
)
def test_a_call_that_does_not_fit_is_refused(backend, message):
    """Arrays that repeat one number take no memory; a copy of them and what is made with them would."""
    library = pytest.importorskip(backend)
    kernel = sgdsym.expand(order=3).kernel(backend=backend)
    zero, n, p = library.zeros(()), 300_000, 300
    shapes = [(n,) * (k in kernel.sampled_degrees) + (p,) * k for k in range(4)]
    kernel._functions["_free_memory"] = lambda *_: 5e9
    with pytest.raises(ValueError, match=message):
        kernel.coefficients([library.broadcast_to(zero, shape) for shape in shapes], T=3, B=1)


def test_numbers_that_overflow_are_not_called_missing():
    kernel = sgdsym.expand(order=1).kernel()
    with pytest.raises(ValueError, match="the coefficient of order 1 overflows"):
        kernel.coefficients([1.0, np.array([1e200, 1e200])], T=3)


def test_the_header_says_what_it_costs():
    series = sgdsym.expand(order=3)
    source, plan = generate(series), series.kernel().plan
    assert str(plan) in source.split('"""')[1]
    assert "order 3 in the learning rate" in source.splitlines()[0]
