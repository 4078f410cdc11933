"""Generation: nothing missed, nothing twice, every count an order polynomial."""

from fractions import Fraction
from math import comb, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdsym import Diagram
from sgdsym.diagrams import MAX_ORDER, estimate_diagrams, grow, order_polynomial, set_partitions, surjections
from sgdsym.diagrams.posets import quotient


@pytest.fixture(scope="module")
def layers():
    return list(grow(8))


def test_published_counts(layers):
    """Distinct values per order of one-pass SGD: 1, 2, 6, 20, 85, 425, … for orders 1, 2, …"""
    assert [len(layer.diagrams) for layer in layers] == [1, 1, 2, 6, 20, 85, 425, 2478, 16293]
    assert all(len(set(layer.diagrams)) == len(layer.diagrams) for layer in layers)


def test_grown_diagrams_are_canonical(layers):
    for layer in layers[:7]:
        for diagram in layer.diagrams:
            assert Diagram(diagram.nodes, diagram.edges, diagram.blocks) == diagram


def test_growth_counts_are_order_polynomials(layers):
    """Growing step by step counts what the order polynomials of all choices of the root count, over |Aut|."""
    for layer in layers[:7]:
        for diagram, index in zip(layer.diagrams, layer.profile_of, strict=True):
            total = [0] * (layer.order + 1)
            for block in diagram.blocks:
                if len(block) == 1:
                    for k, ways in enumerate(order_polynomial(diagram, block[0])):
                        total[k] += ways
            expected = [Fraction(ways, diagram.symmetry_factor) for ways in total]
            assert [Fraction(ways, factorial(layer.order)) for ways in layer.profiles[index]] == expected


def test_every_diagram_that_can_be_timed_is_grown(layers):
    """Brute force over all partitions of all trees: a diagram occurs iff some root leaves an acyclic quotient."""
    for layer in layers[:5]:
        trees = {Diagram(d.nodes, d.edges) for d in layer.diagrams}
        possible = {
            diagram
            for tree in trees
            for blocks in set_partitions(tree.nodes)
            for diagram in [tree.with_blocks(blocks)]
            if any(len(b) == 1 and any(order_polynomial(diagram, b[0])) for b in diagram.blocks)
        }
        assert possible == set(layer.diagrams)


@given(st.lists(st.integers(0, 31), min_size=0, max_size=5))
def test_surjections_against_listing_all_maps(masks):
    size = len(masks)
    above = [mask & ((1 << size) - 1) for mask in masks]
    counts = surjections(above)
    for levels in range(1, 5):
        maps = [[]]
        for _ in range(size):
            maps = [[*m, level] for m in maps for level in range(levels)]
        monotone = sum(all(m[a] < m[b] for a in range(size) for b in range(size) if above[a] >> b & 1) for m in maps)
        assert monotone == sum(ways * comb(levels, k) for k, ways in enumerate(counts))


def test_an_ancestor_cannot_share_the_block_of_its_descendant():
    chain = Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)])
    end = next(v for v in range(4) if chain.degrees[v] == 1 and (v,) in chain.blocks)
    assert not any(order_polynomial(chain, end))
    neighbours = Diagram(3, [(0, 1), (1, 2)], [(0, 1)])
    alone = next(block[0] for block in neighbours.blocks if len(block) == 1)
    assert quotient(neighbours, alone) is None


def test_the_root_must_be_alone():
    with pytest.raises(ValueError, match="cannot be the root"):
        order_polynomial(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]), 1)


def test_estimates(layers):
    for order in range(7):
        assert estimate_diagrams(order) == sum(len(layer.diagrams) for layer in layers[: order + 1])
    actual = sum(len(layer.diagrams) for layer in layers)
    assert abs(estimate_diagrams(8) - actual) < 0.05 * actual


@pytest.mark.parametrize("order", [-1, MAX_ORDER + 1])
def test_orders_out_of_range_are_refused(order):
    with pytest.raises(ValueError, match="order must be between"):
        next(grow(order))
