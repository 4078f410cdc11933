r"""The diagrams of an order in the noise: finitely many, as bare Hessians are in the propagators and the path has absorbed the gradient.

A node is a step or a root; an edge from a node at time :math:`t` to one below it at :math:`s` carries
:math:`c_tP_{t-1}\cdots P_{s+1}b_s`, with
:math:`P_t = A_t - \eta\,b_tc_tH(\bar\theta_t)`, and the tensors of a node are taken at its time.  A node in a block of its own
has two nodes below it or more;
all others are in blocks of two or more, and the order is the sum over blocks of size minus one.

.. math:: \sum_{(\tau,\rho)} \frac{(-\eta)^{|\tau|}}{|Aut(\tau,\rho)|} \sum_{\text{times}} \text{value}

Steps of a batch block share their time; under the noise of a dataset all steps have times of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import factorial

from sgdsym.diagrams import Diagram, Forest, rooted_forests, set_partitions
from sgdsym.series import FUNCTION, TEST_LOSS, Observable
from sgdsym.trajectories.recursion import Noise


@dataclass(frozen=True, slots=True)
class Term:
    r"""One term: a diagram, and its coefficient.

    Attributes:
        order: the power of :math:`1/B` or :math:`1/N`.
        coefficient: one over the number of symmetries, with the sign; without the learning rate.
        diagram: the diagram, its roots marked.
    """

    order: int
    coefficient: Fraction
    diagram: Diagram

    @property
    def power(self) -> int:
        """The power of the learning rate: the number of steps."""
        return self.diagram.order


@cache
def terms(observable: str, order: int, noise: Noise) -> tuple[Term, ...]:
    """The terms of an observable at one order in the noise, sorted.

    >>> for term in terms("test-loss", 1, "batch"):
    ...     print(term.coefficient, term.diagram)
    1/2 Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)], [0])
    -1/2 Diagram(4, [(0, 1), (0, 2), (0, 3)], [(0,), (1, 2), (3,)], [3])
    >>> [len(terms("test-loss", order, "batch")) for order in range(3)]
    [1, 2, 34]
    """
    read = Observable.named(observable)
    if order == 0:
        # a displacement is no diagram without noise, a covariance and a gap are zero
        diagrams = {TEST_LOSS: Diagram(1, [], [(0,)], [0]), FUNCTION: Diagram(1, [], [], [0])}
        return (Term(0, Fraction(1), diagrams[read]),) if read in diagrams else ()
    roots, planted = max(read.open_indices, 1), read.open_indices > 0
    found: dict[Diagram, Term] = {}
    # of s steps at most 2n are in joint blocks; the others have two children each, and there are s - 1 children at
    # most, one step or more being on the root: 2 (s - 2n) <= s - 1, so that s <= 4n - 1
    for size in range(1, 4 * order):
        for forest in rooted_forests(size, roots=roots, planted=planted):
            for blocks in _partitions(forest, order, noise, read.is_trained):
                diagram = _diagram(forest, blocks, read)
                if diagram not in found:
                    sign = (-1) ** size * (-1 if read.is_trained else 1)
                    # the symmetry factor counts exchanges of the roots, which open indices tell apart
                    coefficient = Fraction(sign * factorial(roots), diagram.symmetry_factor)
                    found[diagram] = Term(order, coefficient, diagram)
    return tuple(sorted(found.values(), key=lambda term: term.diagram.sort_key()))


def _diagram(forest: Forest, blocks: Sequence[tuple[int, ...]], read: Observable) -> Diagram:
    """The diagram with its roots in blocks where they carry the loss, and outside where they are open."""
    closed = [(0,)] if read == TEST_LOSS else []
    return forest.diagram((*blocks, *closed))


def _partitions(forest: Forest, order: int, noise: Noise, trained_root: bool) -> Iterator[list[tuple[int, ...]]]:
    """The blocks of two or more nodes of the diagram, roots counted first, in all ways that do not vanish."""
    roots = forest.roots
    below = [0] * (forest.size + roots)
    for parent in forest.parents:
        below[-1 - parent if parent < 0 else parent + roots] += 1
    nodes = range(0 if trained_root else roots, forest.size + roots)
    # a root that is the loss on a point of the training set shares this point with a step
    forced = [v for v in nodes if v < roots or below[v] < 2]
    free = [v for v in nodes if v not in forced]
    # blocks of two and more with sum of (size - 1) equal to n have 2n nodes at most
    for extra in range(2 * order - len(forced) + 1):
        for chosen in combinations(free, extra):
            joint = sorted((*forced, *chosen))
            for partition in set_partitions(len(joint)):
                blocks = [tuple(joint[i] for i in block) for block in partition]
                if min(map(len, blocks), default=0) < 2 or len(joint) - len(blocks) != order:
                    continue
                if (noise == "dataset" or _has_times(forest, blocks)) and _is_connected(forest, blocks):
                    yield blocks


def _has_times(forest: Forest, blocks: Sequence[tuple[int, ...]]) -> bool:
    """Whether the steps of each block can share a time while every step comes before the one it acts on."""
    block_of = {v - forest.roots: i for i, block in enumerate(blocks) for v in block}
    name = [block_of.get(v, len(blocks) + v) for v in range(forest.size)]
    # blocks are contracted, and steps that none comes before are taken away again and again: cycles stay
    edges = {(name[v], name[p]) for v, p in enumerate(forest.parents) if p >= 0}
    while edges:
        last = {b for _, b in edges}
        kept = {(a, b) for a, b in edges if a in last}
        if kept == edges:
            return False
        edges = kept
    return True


def _is_connected(forest: Forest, blocks: Sequence[tuple[int, ...]]) -> bool:
    """Whether blocks join the trees of all roots, as in a covariance."""
    trees = [set(forest.steps_of(root)) for root in range(forest.roots)]
    return forest.roots < 2 or any(
        all(any(v - forest.roots in tree for v in block) for tree in trees) for block in blocks
    )
