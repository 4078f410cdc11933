"""What was attached to a node is found again on the canonical diagram."""

import pytest

from sgdsym.diagrams import Diagram, match_nodes, rooted_forests


@pytest.mark.parametrize("roots", [1, 2])
@pytest.mark.parametrize("size", range(5))
def test_nodes_go_where_edges_blocks_and_roots_are_kept(size, roots):
    for forest in rooted_forests(size, roots=roots):
        for partition, _ in forest.placements():
            blocks = [tuple(v + roots for v in block) for block in partition]
            edges = [(-1 - p if p < 0 else p + roots, v + roots) for v, p in enumerate(forest.parents)]
            diagram = forest.diagram(blocks)
            places = list(match_nodes(diagram, edges, blocks, range(roots)))
            assert len(set(places)) == len(places) == diagram.symmetry_factor
            for place in places:
                assert sorted(place) == list(range(diagram.nodes))
                assert {frozenset((place[a], place[b])) for a, b in edges} == set(map(frozenset, diagram.edges))
                assert {frozenset(place[v] for v in block) for block in blocks} == set(map(frozenset, diagram.blocks))
                assert {place[v] for v in range(roots)} == set(diagram.roots)


def test_another_diagram_has_no_such_nodes():
    chain = Diagram(3, [(0, 1), (1, 2)], (), [0])
    assert not list(match_nodes(chain, [(0, 1), (0, 2)], (), [0]))
