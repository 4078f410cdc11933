"""The diagram as a canonical value."""

import itertools
import math
import pickle
import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdsym import Diagram
from sgdsym.diagrams import DIAGRAM_NAMES, format_notation, from_networkx, grow, parse_notation, to_networkx
from tests.diagrams.strategies import diagrams, relabelled


@given(diagrams(max_roots=2), st.integers(0, 2**32))
def test_isomorphic_diagrams_are_equal_field_by_field(diagram, seed):
    other = relabelled(diagram, random.Random(seed))
    assert other == diagram
    assert hash(other) == hash(diagram)
    assert repr(other) == repr(diagram)


def coloured_graph(diagram):
    """Nodes of the tree, with one node for each block: isomorphic as coloured graphs iff the diagrams are."""
    graph = to_networkx(diagram)
    covered = {v for block in diagram.blocks for v in block}
    kinds = {v: ("root" if v in diagram.roots else "node", v in covered) for v in graph}
    for j, block in enumerate(diagram.blocks):
        graph.add_edges_from((v, ("block", j)) for v in block)
        kinds["block", j] = ("block", True)
    nx.set_node_attributes(graph, kinds, "kind")
    return graph


@given(diagrams(max_nodes=6, max_roots=2), diagrams(max_nodes=6, max_roots=2))
def test_equality_is_isomorphism_of_coloured_graphs(first, second):
    match = nx.algorithms.isomorphism.categorical_node_match("kind", None)
    isomorphic = nx.is_isomorphic(coloured_graph(first), coloured_graph(second), node_match=match)
    assert (first == second) == isomorphic


@given(diagrams(max_nodes=6, max_roots=2))
def test_symmetry_factor_counts_automorphisms(diagram):
    edges = {frozenset(edge) for edge in diagram.edges}
    blocks = {frozenset(block) for block in diagram.blocks}
    count = sum(
        {frozenset((p[a], p[b])) for a, b in diagram.edges} == edges
        and {frozenset(p[v] for v in block) for block in diagram.blocks} == blocks
        and {p[v] for v in diagram.roots} == set(diagram.roots)
        for p in itertools.permutations(range(diagram.nodes))
    )
    assert diagram.symmetry_factor == count


@given(diagrams(max_roots=2))
def test_round_trips(diagram):
    assert eval(repr(diagram)) == diagram  # noqa: S307 - the repr of our own value
    assert pickle.loads(pickle.dumps(diagram)) == diagram  # noqa: S301 - our own bytes
    assert from_networkx(to_networkx(diagram)) == diagram


@given(diagrams())
def test_string_notation_round_trip(diagram):
    for basis in ("cumulant", "moment"):
        assert parse_notation(format_notation(diagram, basis)) == (diagram, basis)


@given(diagrams(max_nodes=4), diagrams(max_nodes=4), diagrams(max_nodes=3))
def test_product_is_commutative_and_associative(a, b, c):
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert (a * b).order == a.order + b.order


def test_known_examples_of_the_literature():
    """The string of Tenka's papers: nodes 0 and 1 in one block, edges 0-2, 1-2, 2-3."""
    diagram, basis = parse_notation("c(01-2-3)(02-12-23)")
    assert basis == "cumulant"
    assert diagram == Diagram(4, [(0, 2), (1, 2), (2, 3)], [(0, 1)])
    assert parse_notation("(0-1)(01)") == (Diagram(2, [(0, 1)]), "moment")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "at least one node|has nodes"),
        ((3, [(0, 1)], None, [0, 1]), "at most one root"),
        ((3, [(0, 1), (1, 2), (2, 0)]), "cycle"),
        ((2, [(0, 5)]), "an edge is a pair"),
        ((2, [(0, 1, 1)]), "an edge is a pair"),
        ((2, [(0, 1)], [(0, 0)]), "disjoint"),
        ((2, [(0, 1)], [(0,), (0, 1)]), "disjoint"),
        ((2, [(0, 1)], None, [7]), "roots"),
    ],
)
def test_malformed_diagrams_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Diagram(*arguments)


@pytest.mark.parametrize("text", ["", "c(0-1)", "c(0-1)(01", "c(0-1)(0!)", "(0-1)(01-01)", "d(0-1)(01)"])
def test_malformed_notation_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_notation(text)


@given(diagrams(max_nodes=7, max_roots=2))
def test_every_edge_is_an_index_of_both_its_ends(diagram):
    assert tuple(map(len, diagram.legs)) == diagram.degrees
    for v, legs in enumerate(diagram.legs):
        assert list(legs) == [e for e, edge in enumerate(diagram.edges) if v in edge]


def test_names_of_the_literature_are_read():
    assert parse_notation("Vlvs") == parse_notation("(01-2)(02-12)")
    assert {parse_notation(name)[0] for name in DIAGRAM_NAMES} == set(DIAGRAM_NAMES.values())
    with pytest.raises(ValueError, match=r"^no diagram is called 'Vlsv'; did you mean Vlvs\?$"):
        parse_notation("Vlsv")
    with pytest.raises(ValueError, match="the names are Ipln, Iall"):
        parse_notation("spam")


def test_an_open_root_has_no_string_notation():
    with pytest.raises(ValueError, match="open root"):
        format_notation(Diagram(2, [(0, 1)], [(1,)], [0]))


def test_all_labelled_trees_are_counted():
    """Cayley's formula n^(n-2) as the sum of n!/|Aut| over the free trees on n nodes without joint blocks."""
    for layer in grow(6):
        trees = [d for d in layer.diagrams if len(d.blocks) == d.nodes]
        n = layer.order + 1
        labelled = sum(math.factorial(n) // tree.symmetry_factor for tree in trees)
        assert labelled == (n ** (n - 2) if n > 1 else 1)
