r"""Order polynomials: how many ways the blocks of a rooted diagram can be given times.

The blocks of a rooted diagram other than the root's must carry times in :math:`\{1, …, T\}` that increase strictly
along every edge towards the root.  The number of ways is the strict order polynomial of the quotient
(R. Stanley, "Enumerative Combinatorics 1", section 3.15), written here as
:math:`\Omega^\circ(P; T) = \sum_k e_k\binom{T}{k}`, with :math:`e_k` the number of strict order-preserving maps onto
:math:`k` levels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache, reduce
from itertools import combinations
from operator import or_

from sgdsym.diagrams.diagram import Diagram


def surjections(above: Sequence[int]) -> tuple[int, ...]:
    r"""In how many ways :math:`e_k` the :math:`m` elements of a relation fill :math:`k` levels in time, for :math:`k = 0, …, m`.

    Args:
        above: for each element the bit mask of the elements that must come strictly later; the relation need not be
            transitive.  If it has a cycle all numbers are 0.

    >>> surjections([0b10, 0])        # a chain of two: C(T, 2)
    (0, 0, 1)
    >>> surjections([0, 0])           # two free elements: T + 2 C(T, 2) = T^2
    (0, 1, 2)
    """
    size = len(above)

    @cache
    # remembered by the set that is left: 2^m states, while weak orders grow as m!/2 (log 2)^-(m+1)
    def count(left: int) -> tuple[int, ...]:
        if not left:
            return (1,) + (0,) * size
        total = [0] * (size + 1)
        for level in _first_levels(above, left):
            # one level more; the entry that falls off belongs to more levels than elements, and is zero
            for k, ways in enumerate(count(left & ~level)[:-1]):
                total[k + 1] += ways
        return tuple(total)

    return count((1 << size) - 1)


def quotient(diagram: Diagram, root: int) -> list[int] | None:
    """The relation "strictly later" between the blocks of a diagram hung from one of its nodes.

    Args:
        diagram: a diagram whose edges form one tree.
        root: the node at the top; its block must be the node alone, or no block.

    Returns:
        For each block other than the root's the bit mask of the blocks just above it, or ``None`` if a node meets its
        own block on an edge.
    """
    block_of: Mapping[int, int] = {
        v: j for j, block in enumerate(b for b in diagram.blocks if root not in b) for v in block
    }
    above = [0] * (max(block_of.values(), default=-1) + 1)
    neighbours = diagram.neighbours
    stack = [(root, -1)]
    while stack:
        parent, grandparent = stack.pop()
        for child in neighbours[parent]:
            if child != grandparent:
                stack.append((child, parent))
                # the root is read off after every step, so it puts none in order
                if parent != root:
                    if block_of[child] == block_of[parent]:
                        return None
                    above[block_of[child]] |= 1 << block_of[parent]
    return above


def order_polynomial(diagram: Diagram, root: int) -> tuple[int, ...]:
    r"""Coefficients :math:`e_k` of :math:`\Omega^\circ(\tau/\rho; T) = \sum_k e_k\binom{T}{k}` for one root.

    Args:
        diagram: a diagram whose edges form one tree.
        root: a node that is alone in its block, or in none.

    Raises:
        ValueError: if other nodes share the block of the root.

    Source: [Stanley2012]_, section 3.15, for order polynomials; [Tenka2020]_, theorem 1, for their place in the expansion.

    >>> order_polynomial(Diagram(3, [(0, 1), (1, 2)]), root=2)       # a chain of two steps: C(T, 2)
    (0, 0, 1)
    """
    if any(root in block and len(block) > 1 for block in diagram.blocks):
        raise ValueError(f"node {root} cannot be the root: other nodes see the same data point")
    above = quotient(diagram, root)
    return surjections(above) if above is not None else (0,) * (len(diagram.blocks) + 1)


def can_be_grown(diagram: Diagram, root: int) -> bool:
    """Whether the blocks can be given times at all: whether any coefficient of :func:`order_polynomial` is not zero.

    Args:
        diagram: a diagram whose edges form one tree.
        root: a node that is alone in its block, or in none.

    >>> can_be_grown(Diagram(3, [(0, 1), (1, 2)]), 2), can_be_grown(Diagram(3, [(0, 1), (1, 2)], [(0, 1)]), 2)
    (True, False)
    """
    above = quotient(diagram, root)
    if above is None:
        return False
    left = set(range(len(above)))
    # all that may come first are taken at once (A. Kahn, 1962): a cycle leaves none that may
    while left:
        blocked = reduce(or_, (above[element] for element in left))
        earliest = {element for element in left if not blocked >> element & 1}
        if not earliest:
            return False
        left -= earliest
    return True


def weak_orders(above: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every way to sort elements into levels, first the earliest, strictly along a relation.

    Args:
        above: for each element the bit mask of the elements that must come strictly later.

    Yields:
        The levels as bit masks; :func:`surjections` counts them by their number.

    >>> list(weak_orders([0b10, 0]))
    [(1, 2)]
    >>> list(weak_orders([0, 0]))
    [(1, 2), (2, 1), (3,)]
    """

    def extend(left: int) -> Iterator[tuple[int, ...]]:
        if not left:
            yield ()
            return
        for level in _first_levels(above, left):
            for later in extend(left & ~level):
                yield (level, *later)

    yield from extend((1 << len(above)) - 1)


@lru_cache(maxsize=4096)
def level_sizes(above: tuple[int, ...]) -> Mapping[tuple[int, ...], int]:
    """How many of the :func:`weak_orders` have levels of which sizes, the sizes sorted.

    >>> level_sizes((0, 0)) == {(1, 1): 2, (2,): 1}
    True
    """

    @cache
    def sizes_of(left: int) -> Counter[tuple[int, ...]]:
        if not left:
            return Counter({(): 1})
        found: Counter[tuple[int, ...]] = Counter()
        for level in _first_levels(above, left):
            for sizes, ways in sizes_of(left & ~level).items():
                found[tuple(sorted((level.bit_count(), *sizes)))] += ways
        return found

    return sizes_of((1 << len(above)) - 1)


def _first_levels(above: Sequence[int], left: int) -> Iterator[int]:
    """The non-empty sets of elements of ``left`` that can come first together."""
    blocked = 0
    for element, later in enumerate(above):
        if left >> element & 1:
            blocked |= later
    # any set of elements that nothing comes before may be first; in a cycle there is none, and every count is zero
    earliest = [1 << element for element in range(len(above)) if (left & ~blocked) >> element & 1]
    for taken in range(1, len(earliest) + 1):
        for level in combinations(earliest, taken):
            yield sum(level)
