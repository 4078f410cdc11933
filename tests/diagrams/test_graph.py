"""Diagrams as networkx graphs and back, through the formats that graphs are kept in."""

import io

import networkx
import pydot
import pytest
from hypothesis import given, settings

from sgdsym.diagrams import Diagram, from_networkx, to_networkx
from tests.diagrams.strategies import diagrams

ROOTED = Diagram(4, [(0, 1), (1, 2), (1, 3)], [(2, 3)], [0])
COVARIANCE = Diagram(4, [(0, 1), (2, 3)], [(1, 3)], [0, 2])


def _through_graphml(graph):
    file = io.BytesIO()
    networkx.write_graphml(graph, file)
    file.seek(0)
    return networkx.read_graphml(file)


def _through_dot(graph):
    return networkx.nx_pydot.from_pydot(pydot.graph_from_dot_data(networkx.nx_pydot.to_pydot(graph).to_string())[0])


def _through_gml(graph):
    return networkx.parse_gml("\n".join(networkx.generate_gml(graph)))


def _through_json(graph):
    return networkx.node_link_graph(networkx.node_link_data(graph, edges="links"), edges="links")


def _through_our_dot(diagram):
    return networkx.nx_pydot.from_pydot(pydot.graph_from_dot_data(diagram.to_dot())[0])


def _in_words(graph):
    """As formats without types leave it."""
    for attributes in graph.nodes.values():
        for name, value in attributes.items():
            attributes[name] = str(value)
    return graph


# pydot's reader still calls pyparsing by its old names
@pytest.mark.filterwarnings("ignore:.*deprecated - use:DeprecationWarning")
@given(diagram=diagrams(max_nodes=6, max_roots=2))
@settings(max_examples=10)
def test_our_own_dot_gives_the_diagram_back(diagram):
    for drawn in (diagram, ROOTED, COVARIANCE):
        assert from_networkx(_through_our_dot(drawn)) == drawn


@pytest.mark.filterwarnings("ignore:.*deprecated - use:DeprecationWarning")
@pytest.mark.parametrize("through", [_through_graphml, _through_dot, _through_gml, _through_json, _in_words])
@given(diagram=diagrams(max_nodes=6, max_roots=2))
@settings(max_examples=10)
def test_every_format_gives_the_diagram_back(through, diagram):
    for drawn in (diagram, ROOTED, COVARIANCE):
        assert from_networkx(through(to_networkx(drawn))) == drawn


def test_directed_graphs_and_names_are_read_as_trees():
    graph = networkx.DiGraph([("b", "a"), ("c", "a")])
    graph.nodes["b"]["block"] = graph.nodes["c"]["block"] = "x"
    assert from_networkx(graph) == Diagram(3, [(0, 1), (0, 2)], [(1, 2)])


@pytest.mark.parametrize("word", ["False", "false", "FALSE", "0", '"False"', 0, None, ""])
def test_words_for_no_root(word):
    graph = networkx.Graph([(0, 1)])
    graph.nodes[0]["root"] = word
    assert from_networkx(graph) == Diagram(2, [(0, 1)])


@pytest.mark.parametrize("word", ["True", "true", "1", '"True"', 1])
def test_words_for_a_root(word):
    graph = networkx.Graph([(0, 1)])
    graph.nodes[0]["root"] = word
    assert from_networkx(graph) == Diagram(2, [(0, 1)], roots=[0])


@pytest.mark.parametrize("word", ["None", "none", "", '"None"', None, float("nan")])
def test_words_for_no_block(word):
    graph = networkx.Graph([(0, 1)])
    graph.nodes[0]["block"] = graph.nodes[1]["block"] = word
    assert from_networkx(graph) == Diagram(2, [(0, 1)])


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (networkx.MultiGraph([(0, 1), (0, 1)]), "2 edges between 0 and 1"),
        (networkx.MultiDiGraph([(0, 1), (1, 0)]), "2 edges between 0 and 1"),
        (networkx.DiGraph([(0, 1), (1, 0)]), "2 edges between 0 and 1"),
        (networkx.Graph([(0, 0)]), "from 0 to itself"),
        (networkx.Graph([(0, 1), (1, 2), (2, 0)]), "cycle"),
        (networkx.Graph(), "no node"),
        ([(0, 1)], "a value of type Graph, not"),
    ],
)
def test_what_is_no_tree_is_refused_in_one_line(graph, message):
    with pytest.raises(ValueError, match=message) as error:
        from_networkx(graph)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"root": "perhaps"}, "root of node 0 is 'perhaps'; it must be true or false"),
        ({"root": 2}, "root of node 0 is 2"),
        ({"block": [1]}, r"block of node 0 is \[1\]"),
    ],
)
def test_attributes_that_mean_nothing_are_refused(attributes, message):
    graph = networkx.Graph([(0, 1)])
    graph.nodes[0].update(attributes)
    with pytest.raises(ValueError, match=message):
        from_networkx(graph)


def test_a_multigraph_of_single_edges_is_a_tree():
    assert from_networkx(networkx.MultiGraph(to_networkx(ROOTED))) == ROOTED
