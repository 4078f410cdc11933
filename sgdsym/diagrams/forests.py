"""Rooted forests: every way the updates of a run can act on one another.

A node of a rooted forest is one gradient step, or a root: the place where the observable is read off.  Forests are
listed up to isomorphism, together with the vertex partitions that tell which steps see the same data point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

from sgdsym.diagrams.diagram import Diagram
from sgdsym.diagrams.partitions import Partition, set_partitions


@dataclass(frozen=True, slots=True)
class Forest:
    """A rooted forest.

    Attributes:
        parents: for each step ``0 … size-1`` the step it acts on, or ``-1 - r`` where it acts on root ``r``; children
            come after their parents.
        roots: number of roots.
    """

    parents: tuple[int, ...]
    roots: int = 1

    @property
    def size(self) -> int:
        """Number of steps."""
        return len(self.parents)

    def steps_of(self, root: int) -> list[int]:
        """The steps of the tree of one root, in order.

        >>> Forest((-1, -2, 0), roots=2).steps_of(0)
        [0, 2]
        """
        root_of: list[int] = []
        for parent in self.parents:
            root_of.append(-1 - parent if parent < 0 else root_of[parent])
        return [step for step, r in enumerate(root_of) if r == root]

    def diagram(self, blocks: Partition = (), marked: bool = True) -> Diagram:
        """The diagram whose first nodes are the roots and whose other nodes are the steps.

        Args:
            blocks: a partition of the nodes that are not open roots; steps left out are blocks of their own.
            marked: whether the roots stay special.
        """
        edges = [(-1 - p if p < 0 else p + self.roots, v + self.roots) for v, p in enumerate(self.parents)]
        return Diagram(self.size + self.roots, edges, blocks, range(self.roots) if marked else ())

    def placements(self) -> Iterator[tuple[Partition, int]]:
        """Partitions of the steps up to automorphisms of the forest, with the number of partitions alike.

        >>> [(blocks, alike) for blocks, alike in Forest((-1, -1)).placements()]
        [(((0, 1),), 1), (((0,), (1,)), 1)]
        """
        seen: dict[Diagram, Partition] = {}
        alike: Counter[Diagram] = Counter()
        for partition in set_partitions(self.size):
            # equal diagrams are partitions that an automorphism of the forest carries into each other
            key = self.diagram(tuple(tuple(v + self.roots for v in block) for block in partition))
            seen.setdefault(key, partition)
            alike[key] += 1
        return ((partition, alike[key]) for key, partition in seen.items())


@cache
def rooted_forests(size: int, roots: int = 1, planted: bool = False) -> tuple[Forest, ...]:
    """All rooted forests with that many steps, up to isomorphism and exchange of the roots.

    Args:
        size: number of steps.
        roots: number of roots.
        planted: whether exactly one step acts on each root.

    >>> [len(rooted_forests(size)) for size in range(6)]
    [1, 1, 2, 4, 9, 20]
    >>> [len(rooted_forests(size, planted=True)) for size in range(1, 6)]
    [1, 1, 2, 4, 9]
    """
    found: dict[Diagram, Forest] = {}
    # roots can be exchanged: sizes that only rise are enough
    for sizes in combinations_with_replacement(range(size + 1), roots):
        if sum(sizes) == size:
            for parents in _planted(sizes, 0) if planted else _grown(sizes, 0):
                forest = Forest(parents, roots)
                found.setdefault(forest.diagram(), forest)
    return tuple(found.values())


def count_rooted_trees(size: int) -> list[int]:
    """Number of rooted trees with 0, 1, … ``size`` steps below the root, without listing them (A. Cayley, 1857).

    >>> count_rooted_trees(6)
    [1, 1, 2, 4, 9, 20, 48]
    """
    trees = [1]
    # n a_n = sum over k of a_{n-k} (sum over d | k of d a_{d-1}), the logarithmic derivative of Cayley's product
    for n in range(1, size + 1):
        divisors = [sum(d * trees[d - 1] for d in range(1, k + 1) if k % d == 0) for k in range(1, n + 1)]
        trees.append(sum(divisors[k - 1] * trees[n - k] for k in range(1, n + 1)) // n)
    return trees


def _grown(sizes: tuple[int, ...], root: int) -> Iterator[tuple[int, ...]]:
    """Parents of forests whose roots, from ``root`` on, carry trees of the given sizes."""
    if not sizes:
        yield ()
        return
    for tree in _trees(sizes[0]):
        for rest in _grown(sizes[1:], root + 1):
            yield _joined([p if p >= 0 else -1 - root for p in tree], rest)


def _planted(sizes: tuple[int, ...], root: int) -> Iterator[tuple[int, ...]]:
    for parents in _grown(sizes, root):
        if len({p for p in parents if p < 0}) == len(sizes) == sum(p < 0 for p in parents):
            yield parents


@cache
def _trees(size: int) -> tuple[tuple[int, ...], ...]:
    """Parents of the trees with that many steps on one root, grown leaf by leaf, isomorphic ones once."""
    if not size:
        return ((),)
    found: dict[Diagram, tuple[int, ...]] = {}
    # every tree has a leaf that can be taken off, so growing by leaves reaches all
    for smaller in _trees(size - 1):
        for parent in range(-1, size - 1):
            parents = (*smaller, parent)
            found.setdefault(Forest(parents).diagram(), parents)
    return tuple(found.values())


def _joined(first: list[int], second: tuple[int, ...]) -> tuple[int, ...]:
    shift = len(first)
    return (*first, *(p if p < 0 else p + shift for p in second))
