"""Generated kernels against the definition in fractions, and against one einsum per diagram."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdsym
from sgdsym.codegen import compile_kernel
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.scalars import assignment
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series, Setting
from tests.codegen import exact

T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
WEIGHTS = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
IDENTITY = [[Fraction(int(i == j)) for j in range(2)] for i in range(2)]
METRIC = [[Fraction(2), Fraction(-1, 2)], [Fraction(-1, 2), Fraction(3)]]


def floats(tensors):
    return [np.asarray(tensor, dtype=float) for tensor in tensors]


def check(series, symbols, *, weights=WEIGHTS, metric=IDENTITY, seed=0, root_tensors=None):
    tensors = exact.derivatives(np.random.default_rng(seed), len(weights), 2, max(4, series.truncation + 1))
    wanted = exact.coefficients(series, tensors, symbols, weights=weights, metric=metric, root_tensors=root_tensors)
    extra = {} if root_tensors is None else {"root_derivatives": floats(root_tensors)}
    uniform = set(weights) == {Fraction(1, len(weights))}
    found = compile_kernel(series).coefficients(
        floats(tensors),
        weights=None if uniform else floats([weights])[0],
        metric=None if metric is IDENTITY else floats([metric])[0],
        **symbols,
        **extra,
    )
    for k, term in enumerate(wanted):
        np.testing.assert_allclose(found[k], np.asarray(term, dtype=float), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_test_loss_equals_the_definition(order, basis):
    check(sgdsym.expand(order=order, basis=basis), {"T": 7, "B": 3} if order > 1 else {"T": 7} if order else {})


@pytest.mark.parametrize("metric", [IDENTITY, METRIC])
def test_test_loss_to_order_four_equals_the_definition(metric):
    check(sgdsym.expand(order=4), {"T": 5, "B": 2}, weights=[Fraction(1, 3)] * 3, metric=metric)


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_the_metric_enters_every_edge_once(basis):
    check(sgdsym.expand(order=3, batch_size=1, basis=basis), {"T": 4}, metric=METRIC)


def test_a_diagonal_metric_is_the_matrix_with_that_diagonal():
    rng = np.random.default_rng(3)
    tensors = floats(exact.derivatives(rng, 4, 3, 3))
    diagonal = np.array([0.5, 2.0, 3.0])
    kernel = sgdsym.expand(order=3).kernel()
    short = kernel.coefficients(tensors, metric=diagonal, T=9, B=2)
    full = kernel.coefficients(tensors, metric=np.diag(diagonal), T=9, B=2)
    np.testing.assert_allclose(short, full, rtol=1e-13)


@st.composite
def diagrams(draw, roots=0, function=False):
    """A diagram of at most four edges; ``roots`` trees, each with an open root of degree one (any, for a function)."""
    trees = max(1, roots)
    nodes = draw(st.integers(2 * trees if roots and not function else trees, 5))
    heads = list(range(trees))
    edges = []
    for v in range(trees, nodes):
        # bare roots get exactly one neighbour: the node numbered after the heads
        allowed = [v - trees] if roots and not function and v < 2 * trees else [w for w in range(v) if w not in heads]
        if not roots or function:
            allowed = list(range(v))
        edges.append((draw(st.sampled_from(allowed)), v))
    free = [v for v in range(nodes) if not (roots and v in heads)]
    colours = [draw(st.integers(0, len(free) - 1)) for _ in free]
    blocks = [[v for v, c in zip(free, colours, strict=True) if c == colour] for colour in sorted(set(colours))]
    return Diagram(nodes, edges, blocks, heads if roots else ())


def one(diagrams_, basis, setting=Setting()):  # noqa: B008
    terms = {d: T / (i + 1) - i for i, d in enumerate(dict.fromkeys(diagrams_))}
    return Series(terms, 5, basis, setting)


BASES = st.sampled_from(["cumulant", "moment"])


@settings(max_examples=60)
@given(st.lists(diagrams(), min_size=1, max_size=3), BASES, st.integers(0, 99), st.sampled_from([IDENTITY, METRIC]))
def test_any_closed_diagrams(found, basis, seed, metric):
    if sum(len(d.edges) for d in found) < 10:
        check(one(found, basis), {"T": 3}, metric=metric, seed=seed)


@settings(max_examples=25)
@given(diagrams(), diagrams(), BASES)
def test_products_of_diagrams(left, right, basis):
    if left.order + right.order <= 4:
        check(one([left * right, left], basis), {"T": 3})


@settings(max_examples=40)
@given(st.lists(diagrams(roots=1), min_size=1, max_size=3), BASES, st.sampled_from([IDENTITY, METRIC]))
def test_displacement_like_diagrams(found, basis, metric):
    check(one(found, basis, Setting.named("displacement")), {"T": 3}, metric=metric)


@settings(max_examples=25)
@given(diagrams(roots=2), BASES, st.sampled_from([IDENTITY, METRIC]))
def test_two_open_roots_give_a_symmetric_matrix(diagram, basis, metric):
    check(one([diagram], basis), {"T": 3}, metric=metric)


@settings(max_examples=40)
@given(st.lists(diagrams(roots=1, function=True), min_size=1, max_size=2), BASES)
def test_roots_that_carry_another_function(found, basis):
    tensors = exact.derivatives(np.random.default_rng(5), 1, 2, 5)
    check(one(found, basis, Setting.named("function")), {"T": 3}, root_tensors=[tensor[0] for tensor in tensors])


@settings(max_examples=20)
@given(diagrams())
def test_roots_in_blocks_are_ordinary_nodes(diagram):
    rooted = Diagram(diagram.nodes, diagram.edges, diagram.blocks, [diagram.nodes - 1])
    assert compile_kernel(one([diagram], "cumulant")).source == compile_kernel(one([rooted], "cumulant")).source


def test_displacement_by_hand():
    """-eta T G + eta^2 C(T,2) H G, each index raised by the metric."""
    step = Diagram(2, [(0, 1)], [(1,)], [0])
    bend = Diagram(3, [(0, 1), (1, 2)], [(1,), (2,)], [0])
    series = Series({step: -T, bend: T * (T - 1) / 2}, 2, setting=Setting.named("displacement"))
    rng = np.random.default_rng(0)
    gradient, hessian = rng.normal(size=3), np.diag([1.0, 2.0, 3.0])
    metric = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 1.0]])
    kernel = series.kernel()
    coefficients = kernel.coefficients({1: gradient, 2: hessian}, metric=metric, T=10)
    wanted = [np.zeros(3), -10 * metric @ gradient, 45 * metric @ hessian @ metric @ gradient]
    np.testing.assert_allclose(coefficients, wanted, rtol=1e-14)
    rates = np.array([0.1, 0.2])
    moved = kernel({1: gradient, 2: hessian}, rates, metric=metric, T=10)
    assert moved.shape == (2, 3)
    np.testing.assert_allclose(moved[1], 0.2 * wanted[1] + 0.04 * wanted[2], rtol=1e-14)


def test_order_four_against_one_einsum_per_diagram():
    """Moderate sizes: the sums that a person would write."""
    rng = np.random.default_rng(2)
    n, p = 40, 6
    data, labels = rng.normal(size=(n, p)), rng.normal(size=(5, n))
    tensors = [labels[0]]
    for k in range(1, 5):
        letters = "abcd"[:k]
        tensors.append(np.einsum("n," + ",".join("n" + x for x in letters) + "->n" + letters, labels[k], *[data] * k))
    weights = rng.random(n)
    weights /= weights.sum()
    series = sgdsym.expand(order=4)
    wanted = np.zeros(5)
    for diagram, coefficient in series.as_moments():
        legs = dict.fromkeys(range(diagram.nodes), "")
        for letter, edge in zip("abcd", diagram.edges, strict=False):
            for v in edge:
                legs[v] += letter
        operands, words = [], []
        for sample, block in zip("uvwxyz", diagram.blocks, strict=False):
            operands += [weights, *(tensors[len(legs[v])] for v in block)]
            words += [sample, *(sample + legs[v] for v in block)]
        number = float(coefficient.substitute({"T": 20, "B": 4}).as_fraction())
        wanted[diagram.order] += number * np.einsum(",".join(words) + "->", *operands, optimize=True)
    found = series.kernel().coefficients(tensors, weights=weights, T=20, B=4)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_means_alone_are_enough_where_a_degree_is_never_in_a_joint_block():
    rng = np.random.default_rng(4)
    tensors = floats(exact.derivatives(rng, 5, 3, 3))
    kernel = sgdsym.expand(order=3).kernel()
    means = {0: tensors[0].mean(), 1: tensors[1], 2: tensors[2], 3: tensors[3].mean(axis=0)}
    full, short = (kernel.coefficients(given_, T=9, B=2) for given_ in (tensors, means))
    np.testing.assert_allclose(short, full, rtol=1e-13)
    gd = sgdsym.expand(order=1).kernel()
    assert gd.coefficients([1.5, np.array([1.0, 2.0])], T=3).tolist() == [1.5, -15.0]


def test_evaluate_is_the_polynomial_over_any_shape_of_rates():
    rng = np.random.default_rng(6)
    tensors = floats(exact.derivatives(rng, 3, 2, 2))
    kernel = sgdsym.expand(order=2, batch_size=1).kernel()
    series = kernel.coefficients(tensors, T=5)
    rates = np.array([[0.0, 0.1], [0.2, 0.3], [-0.1, 1.0]])
    np.testing.assert_allclose(kernel(tensors, rates, T=5), np.polyval(series[::-1], rates), rtol=1e-13)
    assert isinstance(kernel(tensors, 0.1, T=5), float)


def test_the_empty_series_and_order_zero():
    assert compile_kernel(Series({}, 2)).coefficients([]).tolist() == [0.0, 0.0, 0.0]
    still = compile_kernel(Series({}, 0, setting=Setting.named("displacement")))
    assert still.coefficients([None, np.ones((2, 4))]).tolist() == [[0.0] * 4]
    assert sgdsym.expand(order=0).kernel()([np.array([1.0, 3.0])], 0.5, metric=np.eye(7)) == 2.0


def test_integer_sizes_stay_exact_until_one_division():
    """(T**3 - 3 T**2 + 2 T)/6 is 0 at T = 2, and T = 10**12 does not lose digits."""
    cubic = Series({Diagram(1): T * (T - 1) * (T - 2) / 6}, 0)
    kernel = cubic.kernel()
    assert kernel.coefficients([1.0], T=2)[0] == 0.0
    size = 10**12
    assert kernel.coefficients([1.0], T=np.int64(size))[0] == float(Fraction(size * (size - 1) * (size - 2), 6))
    assert kernel.coefficients([1.0], T=Fraction(5, 2))[0] == float(Fraction(5, 16))


def test_denominators_that_are_sums():
    N = Coefficient.symbol("N")
    coefficient = (T * N - T) / (N * (N + 1)) - 3 / (2 * T)
    kernel = Series({Diagram(1): coefficient}, 0).kernel()
    wanted = Fraction(7 * 5 - 7, 5 * 6) - Fraction(3, 14)
    assert kernel.coefficients([1.0], T=7, N=5)[0] == pytest.approx(float(wanted), rel=1e-15)


@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": "mu"}, {"sampling": "reshuffle"}, {"sampling": "replace"}, {"dynamics": "sde"}],
    ids=str,
)
def test_every_coefficient_is_exact_at_fractions(options):
    """The text of the coefficients, evaluated in fractions, against exact substitution."""
    series = sgdsym.expand(order=3, **options)
    values = {"T": 5, "B": 2, "N": 8, "E": 3, "mu": Fraction(2, 7)}
    given_ = {name: values[name] for name in series.symbols}
    lines = [
        line for c, i in distinct_coefficients(networks(series)).items() for line in assignment(f"_c[{i}]", c, 4, 70)
    ]
    namespace = {name: Fraction(value) for name, value in given_.items()} | {"_c": {}}
    exec("\n".join(lines), namespace)  # noqa: S102
    wanted = [c.substitute(given_).as_fraction() for c in distinct_coefficients(networks(series))]
    assert list(namespace["_c"].values()) == wanted


def test_symbols_named_like_the_variables_of_the_module():
    names = ["c", "n", "p", "np", "float", "means", "series", "t1", "numbers"]
    product = sum((Coefficient.symbol(name) * (i + 1) for i, name in enumerate(names)), Coefficient(0))
    kernel = Series({Diagram(2, [(0, 1)]): product}, 1).kernel()
    found = kernel.coefficients({1: np.array([1.0, 2.0])}, **{name: 10**i for i, name in enumerate(names)})
    assert found[1] == 5 * 987654321
