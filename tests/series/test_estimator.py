"""Unbiased estimates: their mean over every sample is the value on the population, in exact fractions."""

from fractions import Fraction
from itertools import permutations, product
from math import comb, prod

import numpy as np
import pytest

from sgdsym import Coefficient, Diagram, Series, expand
from sgdsym.diagrams import coarsenings, grow, set_partitions
from sgdsym.numeric import interpret, interpret_diagram
from sgdsym.series import estimator, mergers, most_blocks

HEADS = Fraction(1, 3)


def two_points(width, order, seed=0):
    """Symmetric tensors of small integers at the two points of a population."""
    generator = np.random.default_rng(seed)
    tensors = []
    for degree in range(order + 1):
        numbers = generator.integers(-2, 3, (2, degree * max(width - 1, 0) + 1))
        tensor = np.zeros((2, *(width,) * degree), dtype=int)
        for place in product(range(width), repeat=degree):
            tensor[(slice(None), *place)] = numbers[:, sum(place)]
        tensors.append(tensor)
    return tensors


def chances(size):
    """For each number of draws of the first point its probability among all samples of a size, and its frequencies."""
    for heads in range(size + 1):
        frequencies = [Fraction(heads, size), Fraction(size - heads, size)]
        yield comb(size, heads) * HEADS**heads * (1 - HEADS) ** (size - heads), frequencies


def all_diagrams(order):
    """Every tree with every partition of its nodes, up to isomorphism."""
    trees = {(d.nodes, d.edges) for layer in grow(order) for d in layer.diagrams}
    found = {Diagram(nodes, edges, blocks) for nodes, edges in trees for blocks in set_partitions(nodes)}
    return sorted(found, key=Diagram.sort_key)


DIAGRAMS = all_diagrams(4)


@pytest.fixture(scope="module")
def samples():
    """For each size the probability of every sample, and on it the value of every diagram in moments."""
    tensors = two_points(2, 4)
    return {
        size: [
            (chance, {d: interpret_diagram(d, "moment", tensors, weights=weights) for d in DIAGRAMS})
            for chance, weights in chances(size)
        ]
        for size in (5, 6)
    }


def mean_value(terms, samples):
    return sum(chance * sum(c * values[d] for d, c in terms.items()) for chance, values in samples)


def test_there_are_all_diagrams():
    assert [sum(d.order == k for d in DIAGRAMS) for k in range(5)] == [1, 2, 4, 18, 80]


@pytest.mark.parametrize("basis", ["moment", "cumulant"])
def test_mean_over_every_sample_is_the_value(basis, samples):
    tensors, weights = two_points(2, 4), [HEADS, 1 - HEADS]
    biased = 0
    for diagram in DIAGRAMS:
        series = Series({diagram: Coefficient(1)}, 4, basis)
        wanted = interpret_diagram(diagram, basis, tensors, weights=weights)
        plain = {d: c.as_fraction() for d, c in series.as_moments().terms.items()}
        estimate = estimator(series)
        for size, found in samples.items():
            numbers = {d: c.substitute({"n": size}).as_fraction() for d, c in estimate.terms.items()}
            assert mean_value(numbers, found) == wanted
        biased += mean_value(plain, samples[5]) != wanted
    # a single average has no bias, and few diagrams of several blocks have none by chance
    assert biased > 0.8 * len(DIAGRAMS)


OTHERS = [
    {"observable": "displacement", "order": 3},
    {"observable": "generalization-gap", "sampling": "reshuffle", "order": 3},
    {"observable": "loss-variance", "order": 3},
    {"observable": "covariance", "order": 2},
    {"observable": "test-loss", "sampling": "replace", "order": 3, "basis": "moment"},
]


@pytest.mark.parametrize("options", OTHERS, ids=lambda o: o["observable"])
def test_series_with_sizes_are_estimated_without_bias(options):
    series = expand(**options)
    sizes = {name: value for name, value in {"T": 7, "N": 9, "B": 3, "E": 2}.items() if name in series.symbols}
    tensors = two_points(2, 4)
    wanted = interpret(series, tensors, weights=[HEADS, 1 - HEADS], **sizes)
    size = most_blocks(series)
    estimate = estimator(series)
    assert set(estimate.symbols) <= {*sizes, "n"}
    means, plain = 0, 0
    for chance, weights in chances(size):
        means = means + chance * np.array(interpret(estimate, tensors, weights=weights, n=size, **sizes))
        plain = plain + chance * np.array(interpret(series, tensors, weights=weights, **sizes))
    assert np.array_equal(means, np.array(wanted))
    assert not np.array_equal(plain, means)


def test_the_covariance_is_divided_by_one_less_than_the_number_of_points():
    n = Coefficient.symbol("n")
    covariance = Diagram(2, [], [(0, 1)])
    estimate = estimator(Series({covariance: Coefficient(1)}, 0))
    assert estimate.terms == {covariance: n / (n - 1), Diagram(2): -n / (n - 1)}


def test_the_third_and_fourth_cumulants_are_fishers_k_statistics():
    n = Coefficient.symbol("n")
    third = estimator(Series({Diagram(3, [], [(0, 1, 2)]): Coefficient(1)}, 0))
    assert third[Diagram(3, [], [(0, 1, 2)])] == n**2 / ((n - 1) * (n - 2))
    fourth = estimator(Series({Diagram(4, [], [(0, 1, 2, 3)]): Coefficient(1)}, 0))
    assert fourth[Diagram(4, [], [(0, 1, 2, 3)])] == n**2 * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
    assert fourth[Diagram(4, [], [(0, 1), (2, 3)])] == -3 * n**2 / ((n - 2) * (n - 3))


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_coarsenings_sum_over_distinct_points(blocks):
    points, numbers = 5, np.random.default_rng(blocks).integers(-5, 6, (blocks, 5)).tolist()
    wanted = sum(
        prod(row[i] for row, i in zip(numbers, chosen, strict=True)) for chosen in permutations(range(points), blocks)
    )
    found = 0
    for merged, weight in coarsenings([(b,) for b in range(blocks)]):
        found += weight * prod(sum(prod(numbers[b][i] for b in group) for i in range(points)) for group in merged)
    assert found == wanted


def test_too_few_points_is_a_pole():
    series = expand(order=2, batch_size=1)
    assert most_blocks(series) == 3
    with pytest.raises(ValueError, match=r"divides by zero|n - 2"):
        interpret(estimator(series), two_points(2, 2), T=3, n=2)


def test_a_symbol_of_that_name_is_refused():
    series = Series({Diagram(1): Coefficient.symbol("n")}, 0)
    with pytest.raises(ValueError, match="the series has a symbol n already"):
        estimator(series)
    assert estimator(series, "points").symbols == ("n",)


def test_mergers_are_counted_without_merging():
    series = expand(order=3)
    moments = series.as_moments()
    counted = sum(1 for d in moments.terms for _ in coarsenings(d.blocks))
    assert mergers(moments) == counted <= mergers(series)
