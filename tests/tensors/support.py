"""Random diagrams and random populations, with values worked out from the definition and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product

import sympy as sp
from hypothesis import strategies as st

from sgdsym.diagrams import Diagram, set_partitions
from sgdsym.tensors import InverseMetric, component_symbol, independent_components


@st.composite
def closed_diagrams(draw: st.DrawFn, max_nodes: int = 5, forest: bool = False) -> Diagram:
    """A tree, or a forest if allowed, with any vertex partition and scrambled labels."""
    nodes = draw(st.integers(1, max_nodes))
    labels = draw(st.permutations(range(nodes)))
    edges = []
    for v in range(1, nodes):
        parent = draw(st.integers(-1 if forest else 0, v - 1))
        if parent >= 0:
            edges.append((labels[v], labels[parent]))
    block_of = [draw(st.integers(0, v)) for v in range(nodes)]
    blocks = [[v for v in range(nodes) if block_of[v] == j] for j in sorted(set(block_of))]
    return Diagram(nodes, edges, blocks)


def trees(nodes: int) -> list[list[tuple[int, int]]]:
    """Every tree on labelled nodes in which each node is joined to an earlier one."""
    return [[(v, p) for v, p in enumerate(parents, 1)] for parents in product(*(range(v) for v in range(1, nodes)))]


def all_partitions(max_nodes: int) -> list[tuple[int, list[tuple[int, int]], tuple[tuple[int, ...], ...]]]:
    """Every such tree with every vertex partition: many copies of each diagram."""
    return [(n, edges, part) for n in range(2, max_nodes + 1) for edges in trees(n) for part in set_partitions(n)]


class Population:
    """A few equally likely data points with random symmetric rational derivative tensors."""

    def __init__(self, seed: int, points: int = 3, dimension: int = 2) -> None:
        self.points, self.dimension = range(points), dimension
        self.random = random.Random(seed)
        self.entries: dict[tuple[int, tuple[int, ...]], Fraction] = {}
        self.metric = {
            tuple(pair): Fraction(self.random.randint(-3, 3))
            for pair in combinations_with_replacement(range(dimension), 2)
        }

    def derivative(self, point: int, indices: Sequence[int]) -> Fraction:
        """An entry of the derivative tensor of one point."""
        key = point, tuple(sorted(indices))
        if key not in self.entries:
            self.entries[key] = Fraction(self.random.randint(-4, 4), self.random.choice([1, 2, 3]))
        return self.entries[key]

    def moment(self, members: Sequence[Sequence[int]]) -> Fraction:
        """The mean of a product of entries."""
        total = Fraction(0)
        for point in self.points:
            term = Fraction(1)
            for indices in members:
                term *= self.derivative(point, indices)
            total += term
        return total / len(self.points)

    def cumulant(self, members: Sequence[Sequence[int]]) -> Fraction:
        """The joint cumulant by the recursion over the subsets that hold the first member."""
        first, rest = members[0], list(range(1, len(members)))
        total = self.moment(members)
        for size in range(len(rest)):
            for chosen in combinations(rest, size):
                others = [members[i] for i in rest if i not in chosen]
                total -= self.cumulant([first, *(members[i] for i in chosen)]) * self.moment(others)
        return total

    def joint(self, basis: str, members: Sequence[Sequence[int]]) -> Fraction:
        """The joint moment or cumulant."""
        return self.moment(members) if basis == "moment" else self.cumulant(members)

    def value(self, diagram: Diagram, basis: str, with_metric: bool = False) -> Fraction:
        """The value of a closed diagram, by the sum over every index of every slot."""
        edges, total = diagram.edges, Fraction(0)
        for ends in product(range(self.dimension), repeat=2 * len(edges)):
            weight = Fraction(1)
            at: list[list[int]] = [[] for _ in range(diagram.nodes)]
            for (a, b), i, j in zip(edges, ends[::2], ends[1::2], strict=True):
                weight *= self.metric[min(i, j), max(i, j)] if with_metric else int(i == j)
                at[a].append(i)
                at[b].append(j)
            if weight:
                for block in diagram.blocks:
                    weight *= self.joint(basis, [at[v] for v in block])
                total += weight
        return total

    def substitution(self, tensors: Sequence[sp.Basic], basis: str) -> dict[sp.Symbol, sp.Rational]:
        """Numbers for the component symbols of joint tensors and of the metric."""
        numbers: dict[sp.Symbol, sp.Rational] = {}
        for tensor in (*tensors, InverseMetric()):
            for indices in independent_components(tensor, self.dimension):
                number = self.metric[indices[0]] if isinstance(tensor, InverseMetric) else self.joint(basis, indices)
                numbers[component_symbol(tensor, *indices)] = sp.Rational(number.numerator, number.denominator)
        return numbers
