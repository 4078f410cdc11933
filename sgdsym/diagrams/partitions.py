r"""Set partitions, and the two changes of basis between joint moments and joint cumulants.

.. math:: E[\prod_{i\in b} X_i] = \sum_{\pi} \prod_{c\in\pi} \kappa(c), \qquad
          \kappa(b) = \sum_{\pi} (-1)^{|\pi|-1} (|\pi|-1)! \prod_{c\in\pi} E[\prod_{i\in c} X_i],

both over all partitions :math:`\pi` of the block :math:`b` (T. N. Thiele 1899; [Speed1983]_).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from math import comb, factorial, prod
from typing import TypeAlias

# partitions of a set, which are all held: those of 11 elements, 678 570, pass, as many as steps at the highest order; and ways
# to split several blocks, each of which becomes a diagram: a block of 10 nodes, 115 975, passes, one of 11 does not
MOST_PARTITIONS, MOST_REFINEMENTS = 1_000_000, 200_000
Partition: TypeAlias = tuple[tuple[int, ...], ...]


@cache
def set_partitions(size: int) -> tuple[Partition, ...]:
    """All partitions of ``0 … size-1`` into blocks.

    Raises:
        ValueError: if there are too many.

    >>> len(set_partitions(4))
    15
    >>> set_partitions(2)
    (((0, 1),), ((0,), (1,)))
    """
    if not size:
        return ((),)
    _check_count(bell_number(size), MOST_PARTITIONS)
    found: list[Partition] = []
    last = size - 1
    # the last element joins a block of a partition of the others, or is one of its own; each partition comes once so
    for blocks in set_partitions(last):
        for j, block in enumerate(blocks):
            found.append((*blocks[:j], (*block, last), *blocks[j + 1 :]))
        found.append((*blocks, (last,)))
    return tuple(found)


def connected_parts(size: int, groups: Iterable[Iterable[int]]) -> list[list[int]]:
    """The nodes ``0 … size-1`` in parts that no group joins: the groups may be edges, blocks or both.

    >>> connected_parts(5, [(0, 3), (3, 4), (1,)])
    [[0, 3, 4], [1], [2]]
    """
    part = list(range(size))
    for group in groups:
        joined = {part[v] for v in group}
        # a part is called by its least node, so that the result does not depend on the order of the groups
        part = [min(joined) if p in joined else p for p in part]
    return [[v for v, p in enumerate(part) if p == first] for first in sorted(set(part))]


def bell_number(size: int) -> int:
    """Number of partitions of a set, without listing them.

    >>> [bell_number(size) for size in range(7)]
    [1, 1, 2, 5, 15, 52, 203]
    """
    numbers: list[int] = [1]
    for n in range(size):
        numbers.append(sum(comb(n, k) * numbers[k] for k in range(n + 1)))
    return numbers[size]


def moebius(parts: int) -> int:
    r"""The Möbius function of the partition lattice from ``parts`` blocks to one, :math:`(-1)^{p-1}(p-1)!`.

    >>> [moebius(p) for p in (1, 2, 3, 4)]
    [1, -1, 2, -6]
    """
    return (1 if parts % 2 else -1) * factorial(parts - 1)


def refinements(blocks: Sequence[tuple[int, ...]]) -> Iterator[tuple[list[tuple[int, ...]], int]]:
    """Every way to split the blocks further, with the product of the Möbius functions.

    The product of the joint cumulants of ``blocks`` is the sum over these of weight times the product of the joint
    moments; with all weights 1 it is the other way round.

    Raises:
        ValueError: if there are too many.

    >>> list(refinements([(0, 2), (1,)]))
    [([(0, 2), (1,)], 1), ([(0,), (2,), (1,)], -1)]
    """
    _check_count(prod(bell_number(len(block)) for block in blocks), MOST_REFINEMENTS)
    for choice in product(*(set_partitions(len(block)) for block in blocks)):
        parts: list[tuple[int, ...]] = []
        weight = 1
        for block, pieces in zip(blocks, choice, strict=True):
            parts += [tuple(block[i] for i in piece) for piece in pieces]
            weight *= moebius(len(pieces))
        yield parts, weight


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise ValueError(f"blocks this large can be split in {count:.2g} ways; at most {most} are gone through")


def coarsenings(blocks: Sequence[tuple[int, ...]]) -> Iterator[tuple[list[tuple[int, ...]], int]]:
    r"""Every way to merge blocks, with the product of the Möbius functions.

    A sum over *distinct* data points, one for each block, is the sum over these of weight times the sum over *all* data
    points, one for each merged block,

    .. math:: \sum_{i_1,\dots,i_m\ \text{distinct}} = \sum_{\pi} \prod_{c\in\pi} (-1)^{|c|-1} (|c|-1)!
              \sum_{i_c,\ c\in\pi}

    ([Rota1964]_).

    >>> list(coarsenings([(0, 2), (1,)]))
    [([(0, 2, 1)], -1), ([(0, 2), (1,)], 1)]
    """
    for groups in set_partitions(len(blocks)):
        merged = [tuple(v for i in group for v in blocks[i]) for group in groups]
        yield merged, prod(moebius(len(group)) for group in groups)
