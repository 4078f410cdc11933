"""Equality of contractions against two oracles that share no code with it."""

from __future__ import annotations

import random
from functools import cache

import networkx
import pytest
from networkx.algorithms.isomorphism import categorical_node_match
from sympy.combinatorics import Permutation, PermutationGroup
from sympy.tensor.tensor import TensExpr, TensorHead, TensorIndex, TensorIndexType, TensorSymmetry

from sgdsym.diagrams import Diagram
from sgdsym.tensors import Contraction
from tests.tensors.support import all_partitions

SPACE = TensorIndexType("V", dummy_name="i", metric_symmetry=1)


@cache
def _head(degrees: tuple[int, ...]) -> TensorHead:
    """A tensor with the slot symmetries of a joint cumulant: within each member, and of equal members."""
    rank = sum(degrees)
    starts = [sum(degrees[:i]) for i in range(len(degrees))]
    generators = []
    for start, k in zip(starts, degrees, strict=True):
        generators += [Permutation(start + j, start + j + 1, size=rank) for j in range(k - 1)]
    for (a, k), (b, m) in zip(
        zip(starts, degrees, strict=True), zip(starts[1:], degrees[1:], strict=True), strict=False
    ):
        if k == m:
            generators.append(Permutation([[a + j, b + j] for j in range(k)], size=rank))
    group = PermutationGroup(generators or [Permutation(rank - 1)])
    _, strong = group.schreier_sims_incremental(base=list(range(rank)))
    strong.sort(key=lambda p: min(p.support(), default=rank))  # sympy rebuilds the base from the generators, in order
    base = [i for i in range(rank) if any(min(p.support(), default=rank) == i for p in strong)]
    signed = [Permutation([*p.array_form, rank, rank + 1]) for p in strong]
    name = "T" + "_".join(map(str, degrees))
    return TensorHead(name, [SPACE] * rank, TensorSymmetry(base, signed or [Permutation(rank + 1)]))


def _canonical_tensor(nodes: int, edges: list[tuple[int, int]], blocks: list[tuple[int, ...]]) -> TensExpr:
    slots: list[list[TensorIndex]] = [[] for _ in range(nodes)]
    for j, (a, b) in enumerate(edges):
        index = TensorIndex(f"e{j}", SPACE)
        slots[a].append(index)
        slots[b].append(-index)
    product = None
    for block in blocks:
        members = sorted((slots[v] for v in block), key=len)
        factor = _head(tuple(map(len, members)))(*(index for member in members for index in member))
        product = factor if product is None else product * factor
    assert product is not None
    return product.canon_bp()


def _coloured_graph(nodes: int, edges: list[tuple[int, int]], blocks: list[tuple[int, ...]]) -> networkx.Graph:
    graph = networkx.Graph(edges)
    graph.add_nodes_from(range(nodes), kind="node")
    for j, block in enumerate(blocks):
        graph.add_node(("block", j), kind="block")
        graph.add_edges_from((("block", j), v) for v in block)
    return graph


def _scrambled() -> list[tuple[int, list[tuple[int, int]], list[tuple[int, ...]]]]:
    shuffler = random.Random(11)
    cases = []
    for nodes, edges, blocks in all_partitions(4):
        labels = shuffler.sample(range(nodes), nodes)
        moved = [tuple(shuffler.sample([labels[a], labels[b]], 2)) for a, b in edges]
        cases.append((nodes, shuffler.sample(moved, len(moved)), [tuple(labels[v] for v in b) for b in blocks]))
    return cases


def test_equal_if_and_only_if_sympy_finds_equal_tensors() -> None:
    by_contraction: dict[Contraction, set[str]] = {}
    by_tensor: dict[str, set[Contraction]] = {}
    for nodes, edges, blocks in _scrambled():
        contraction = Contraction(Diagram(nodes, edges, blocks))
        tensor = str(_canonical_tensor(nodes, edges, blocks))
        by_contraction.setdefault(contraction, set()).add(tensor)
        by_tensor.setdefault(tensor, set()).add(contraction)
    assert all(len(tensors) == 1 for tensors in by_contraction.values())
    assert all(len(contractions) == 1 for contractions in by_tensor.values())
    assert len(by_contraction) > 20


# networkx looks for pandas when it converts, and its older versions say that there is none
@pytest.mark.filterwarnings("ignore:.*not found, skipping conversion test:ImportWarning")
def test_equal_if_and_only_if_networkx_finds_an_isomorphism() -> None:
    cases = _scrambled()
    contractions = [Contraction(Diagram(*case)) for case in cases]
    graphs = [_coloured_graph(*case) for case in cases]
    match = categorical_node_match("kind", None)
    representatives: dict[Contraction, networkx.Graph] = {}
    for contraction, graph in zip(contractions, graphs, strict=True):
        known = representatives.setdefault(contraction, graph)
        assert networkx.is_isomorphic(known, graph, node_match=match)
    distinct = list(representatives.values())
    for i, graph in enumerate(distinct):
        assert not any(networkx.is_isomorphic(graph, other, node_match=match) for other in distinct[:i])


def test_the_printed_text_tells_contractions_apart() -> None:
    contractions = {Contraction(Diagram(*case), basis) for case in _scrambled() for basis in ("cumulant", "moment")}
    for basis in ("cumulant", "moment"):
        of_basis = [c for c in contractions if c.basis == basis]
        assert len({str(c) for c in of_basis}) == len(of_basis)
