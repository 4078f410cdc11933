"""The interpreter: laws its values obey, and what it says about bad input."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym import Diagram, expand
from sgdsym.diagrams import moebius, set_partitions
from sgdsym.numeric import interpret, interpret_diagram, sampled_degrees
from tests.diagrams.strategies import diagrams

POINTS, WIDTH = 3, 2


def symmetric(generator, degree, points=POINTS, width=WIDTH):
    """Symmetric integer tensors, one for each point."""
    tensor = np.zeros((points, *(width,) * degree), dtype=int)
    for place in product(range(width), repeat=degree):
        tensor[(slice(None), *place)] = generator[degree][:points, sum(place)]
    return tensor


@pytest.fixture(scope="module")
def exact():
    numbers = {k: np.random.default_rng(k).integers(-3, 4, (POINTS, k + 1)) for k in range(7)}
    return [symmetric(numbers, k) for k in range(7)]


def brute_force(diagram, basis, tensors, weights):
    """The definition, index by index and point by point."""
    total = Fraction(0)
    degrees = diagram.degrees
    for indices in product(range(WIDTH), repeat=diagram.order):
        at = [[i for i, edge in zip(indices, diagram.edges, strict=True) if v in edge] for v in range(diagram.nodes)]
        term = Fraction(1)
        for block in diagram.blocks:
            entries = [[tensors[degrees[v]][(n, *at[v])] for n in range(POINTS)] for v in block]
            term *= joint(entries, basis, weights)
        total += term
    return total


def joint(entries, basis, weights):
    total = Fraction(0)
    for partition in set_partitions(len(entries)):
        if basis == "moment" and len(partition) > 1:
            continue
        term = Fraction(moebius(len(partition)))
        for part in partition:
            term *= sum(w * int(np.prod([entries[i][n] for i in part])) for n, w in enumerate(weights))
        total += term
    return total


@settings(max_examples=40)
@given(diagram=diagrams(max_nodes=5), basis=st.sampled_from(["cumulant", "moment"]))
def test_value_is_the_definition(exact, diagram, basis):
    weights = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    closed = Diagram(diagram.nodes, diagram.edges, diagram.blocks)
    got = interpret_diagram(closed, basis, exact, weights=weights)
    assert isinstance(got, Fraction)
    assert got == brute_force(closed, basis, exact, weights)
    floats = interpret_diagram(closed, basis, [tensor.astype(float) for tensor in exact], weights=weights)
    assert floats == pytest.approx(float(got), rel=1e-9, abs=1e-6)


def test_value_of_a_product_is_the_product_of_values(exact):
    a, b = Diagram(2, [(0, 1)]), Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
    for basis in ("cumulant", "moment"):
        values = [interpret_diagram(d, basis, exact) for d in (a, b, a * b)]
        assert values[0] * values[1] == values[2]


def test_uniform_weights_are_the_default(exact):
    series = expand(order=3, batch_size=2)
    uniform = interpret(series, exact, weights=[Fraction(1, POINTS)] * POINTS, T=4)
    assert interpret(series, exact, T=4) == uniform


def test_bases_agree(exact):
    cumulants = expand(order=4)
    assert interpret(cumulants, exact, T=3, B=2) == interpret(cumulants.as_moments(), exact, T=3, B=2)


def test_metric_is_a_change_of_coordinates(exact):
    """An inverse metric A A^T is the identity for the weights A^-1 theta: every index of every tensor meets an A."""
    series = expand(order=3, batch_size=1)
    a = np.array([[2, 1], [0, 3]])
    turned = []
    for k, given_tensor in enumerate(exact[:4]):
        tensor = given_tensor
        for axis in range(1, k + 1):
            tensor = np.moveaxis(np.tensordot(tensor, a, (axis, 0)), -1, axis)
        turned.append(tensor)
    assert interpret(series, exact, metric=a @ a.T, T=3) == interpret(series, turned, T=3)
    diagonal = interpret(series, exact, metric=[4, 9], T=3)
    assert diagonal == interpret(series, exact, metric=np.diag([4, 9]), T=3)


def test_means_stand_in_where_a_degree_is_never_sampled(exact):
    series = expand(order=3, batch_size=1)
    sampled = sampled_degrees(series.diagrams())
    assert sampled == {1, 2}
    means = {k: exact[k] if k in sampled else exact[k].sum(axis=0) * Fraction(1, POINTS) for k in range(4)}
    assert interpret(series, means, T=5) == interpret(series, exact, T=5)


def test_displacement_of_one_step_is_the_mean_gradient(exact):
    series = expand(observable="displacement", order=2, batch_size=1)
    zero, slope, bend = interpret(series, exact, T=1)
    assert list(zero) == [0, 0]
    assert list(slope) == list(-exact[1].sum(axis=0) * Fraction(1, POINTS))
    assert list(bend) == [0, 0]


def test_covariance_of_one_step_is_the_gradient_covariance(exact):
    series = expand(observable="covariance", order=2, batch_size=1)
    got = interpret(series, exact, T=1)[2]
    gradients = exact[1]
    mean = gradients.sum(axis=0) * Fraction(1, POINTS)
    expected = gradients.T @ gradients * Fraction(1, POINTS) - np.outer(mean, mean)
    assert (got == expected).all()


def test_function_of_the_mean_loss_is_the_test_loss(exact):
    means = [tensor.sum(axis=0) * Fraction(1, POINTS) for tensor in exact]
    series = expand(observable="function", order=3, batch_size=1)
    got = interpret(series, exact, root_derivatives=means, T=3)
    assert got == interpret(expand(order=3, batch_size=1), exact, T=3)


def test_two_open_roots_are_averaged_over_their_exchange():
    """A curved path to one root and a bare gradient at the other: the value is the symmetric part."""
    diagram = Diagram(5, [(0, 1), (1, 2), (3, 4)], [(0, 3), (1,)], roots=[2, 4])
    tensors = {1: [[1, 2], [3, -1]], 2: [[[1, 2], [2, 5]], [[0, 1], [1, 1]]]}
    value = interpret_diagram(diagram, "moment", tensors)
    gradients, hessian = np.array(tensors[1]), np.array(tensors[2]).sum(axis=0) * Fraction(1, 2)
    one_way = hessian @ (gradients.T @ gradients) * Fraction(1, 2)
    assert (value == (one_way + one_way.T) / 2).all()


def test_one_float_makes_all_floats(exact):
    series = expand(order=2, batch_size=1)
    for got in (
        interpret(series, [*exact[:2], exact[2].astype(float)], T=3),
        interpret(series, exact, T=3.0),
        interpret(series, exact, weights=[0.5, 0.25, 0.25], T=3),
    ):
        assert all(isinstance(c, float) for c in got)


def test_series_without_terms(exact):
    empty = expand(order=2) - expand(order=2)
    assert interpret(empty, exact) == [0, 0, 0]


GOOD = {1: np.ones((3, 2)), 2: np.ones((3, 2, 2)), 0: np.ones(3)}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {}, "needs a value for T"),
        ({}, {"T": 3, "N": 5}, "no symbol N"),
        ({}, {"T": float("nan")}, "T must be a finite number"),
        ({}, {"T": "3"}, "T must be a finite number"),
        ({2: None}, {"T": 3}, r"derivatives\[2\] is missing"),
        ({1: np.ones(2)}, {"T": 3}, r"derivatives\[1\] is a mean"),
        ({2: np.ones((3, 2, 2, 2))}, {"T": 3}, r"derivatives\[2\] has shape"),
        ({2: np.ones((3, 4, 4))}, {"T": 3}, "number of weights p differs"),
        ({2: np.ones((3, 2, 4))}, {"T": 3}, "number of weights p differs"),
        ({2: np.ones((4, 2, 2))}, {"T": 3}, "number of data points n differs"),
        ({1: np.full((3, 2), np.nan)}, {"T": 3}, r"derivatives\[1\] holds a NaN"),
        ({1: np.ones((3, 2), dtype=complex)}, {"T": 3}, "real numbers"),
        ({1: [[1, 2], [3]]}, {"T": 3}, "equal rows"),
        ({1: [["a", "b"]] * 3}, {"T": 3}, "must hold numbers"),
        ({}, {"T": 3, "weights": [0.5, 0.5]}, "weights has shape"),
        ({}, {"T": 3, "weights": [0.5, 0.5, 0.5]}, "weights must sum to 1"),
        ({}, {"T": 3, "metric": np.ones((3, 3))}, "number of weights p differs"),
        ({}, {"T": 3, "metric": 2.0}, "metric has shape"),
        ({}, {"T": 3, "metric": [[1.0, 2.0], [3.0, 4.0]]}, "metric must be symmetric"),
        ({}, {"T": 3, "root_derivatives": [1.0]}, "no open root"),
    ],
)
def test_bad_input_is_named(change, options, message):
    derivatives = {k: v for k, v in (GOOD | change).items() if v is not None}
    with pytest.raises(ValueError, match=message):
        interpret(expand(order=2, batch_size=1), derivatives, **options)


def test_function_needs_its_derivatives(exact):
    series = expand(observable="function", order=1, batch_size=1)
    with pytest.raises(ValueError, match="root_derivatives"):
        interpret(series, exact, T=1)
    with pytest.raises(ValueError, match=r"root_derivatives\[1\] is missing"):
        interpret(series, exact, root_derivatives=[1], T=1)


def test_unknown_basis():
    with pytest.raises(ValueError, match="basis"):
        interpret_diagram(Diagram(1), "monomial", [[1]])
