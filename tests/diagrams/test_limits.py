"""Limits of diagrams: symmetries are counted before they are gone through, names take no time."""

import time

import pytest
from hypothesis import given

from sgdsym.diagrams import MAX_ORDER, Diagram, format_notation, grow, order_polynomial, rooted_forests
from sgdsym.diagrams.posets import can_be_grown
from sgdsym.diagrams.tree import _count_symmetries, canonical_tree
from tests.diagrams.strategies import diagrams


def trees():
    """The trees of all free diagrams of up to six edges, and of forests with roots."""
    found = [diagram for layer in grow(6) for diagram in layer.diagrams if len(diagram.blocks) == diagram.nodes]
    return found + [forest.diagram() for size in range(1, 6) for forest in rooted_forests(size, roots=1)]


def tree_of(diagram):
    colours = [int(v in diagram.roots) for v in range(diagram.nodes)]
    return canonical_tree([list(near) for near in diagram.neighbours], colours)[0]


def test_symmetries_are_counted_as_they_are_listed():
    for diagram in trees():
        tree = tree_of(diagram)
        assert _count_symmetries(tree.parents, tree.colours) == len(tree.automorphisms)


@given(diagrams())
def test_growing_is_possible_where_the_order_polynomial_is_not_zero(diagram):
    if diagram.order == diagram.nodes - 1:
        for v in range(diagram.nodes):
            if (v,) in diagram.blocks:
                assert can_be_grown(diagram, v) == any(order_polynomial(diagram, v))


@pytest.mark.parametrize("pairs", [9, 20, 33])
def test_the_symmetry_factor_of_many_equal_branches(pairs):
    from math import factorial

    edges = [edge for k in range(pairs) for edge in ((0, 2 * k + 1), (2 * k + 1, 2 * k + 2))]
    assert Diagram(2 * pairs + 1, edges).symmetry_factor == factorial(pairs)


def test_names_of_stars_take_no_time():
    start = time.process_time()
    star = Diagram(MAX_ORDER + 20, [(0, v) for v in range(1, MAX_ORDER + 20)])
    assert format_notation(star).startswith("c(0-1-2")
    assert time.process_time() - start < 1
