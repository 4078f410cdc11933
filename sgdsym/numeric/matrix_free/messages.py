r"""A diagram as messages along its tree: vectors as long as the parameters, and nothing larger.

Hang a tree from one of its nodes.  The subtree at a node of degree :math:`k` sends to its parent

.. math:: m = \nabla^k l\,[m_1, …, m_{k-1}, \cdot\,],

the gradient of the loss differentiated :math:`k-1` times along the messages of its children, and where two messages
meet their product is the value of the diagram.  Which data a node sees is its cell: all data, where the mean tensor is
meant; the one data point of its block; or a fresh minibatch, which stands for the mean where the messages that arrive are
random already.  Knows trees and cells.  Refuses to know arrays, frameworks and coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, permutations, product
from typing import Literal, TypeAlias

from sgdsym.diagrams import Diagram, connected_parts

Kind: TypeAlias = Literal["batch", "function", "mean", "point"]
LABELLINGS = 24  # how many ways to name the cells of a diagram are tried


@dataclass(frozen=True, order=True, slots=True)
class Cell:
    """What data a node sees.

    Attributes:
        kind: ``mean`` of all data; the data ``point`` of a block; a minibatch (``batch``) of its own; or no data but the
            observed ``function``.
        index: which point or minibatch.
    """

    kind: Kind
    index: int = 0

    @property
    def drawn(self) -> bool:
        """Whether the data is drawn at random."""
        return self.kind in {"point", "batch"}


@dataclass(frozen=True, order=True)
class Message:
    r"""The vector :math:`\nabla^{k+1} l\,[m_1, …, m_k, \cdot\,]` that a subtree sends to its parent.

    >>> G = Message(Cell("mean"), ())
    >>> Message(Cell("point"), (G,)).drawn, G.drawn
    (True, False)
    """

    cell: Cell
    inputs: tuple[Message, ...]

    @cached_property
    def drawn(self) -> bool:
        """Whether it depends on data drawn at random."""
        return self.cell.drawn or any(message.drawn for message in self.inputs)


OPEN = Message(Cell("function", 1), ())  # stands at a root that is left open, for the vector that the other message is


@dataclass(frozen=True, order=True)
class Value:
    """The loss itself, or the observed function: the value read off at a node without neighbours."""

    cell: Cell

    @property
    def inputs(self) -> tuple[Message, ...]:
        """No message arrives at a node without neighbours."""
        return ()

    @property
    def drawn(self) -> bool:
        """Whether it depends on data drawn at random."""
        return self.cell.drawn


@dataclass(frozen=True, order=True)
class Pairing:
    """The product of two messages: a value read off at an edge."""

    inputs: tuple[Message, Message]

    @property
    def drawn(self) -> bool:
        """Whether it depends on data drawn at random."""
        return any(message.drawn for message in self.inputs)


Reading: TypeAlias = Value | Pairing


def readings(diagram: Diagram, *, exact: bool, left_open: int | None = None) -> Iterator[tuple[Reading, ...]]:
    """The ways to read off the value of a diagram over moments: one reading for each of its trees, to be multiplied.

    Args:
        diagram: blocks are joint moments.
        exact: whether a mean between random messages is over all data, instead of over a minibatch.
        left_open: which of the open roots is left open, if one is: the value is the message that arrives there, times the other
            readings; it is the pairing with ``OPEN``.

    Source: the order of the products is that of reverse-over-forward differentiation, [Pearlmutter1994]_, applied along a tree.

    >>> noise = Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)])              # H : E[gg]
    >>> (value,), *_ = readings(noise, exact=True)
    >>> [(message.cell.kind, len(message.inputs)) for message in value.inputs]
    [('mean', 1), ('point', 0)]
    """
    trees = connected_parts(diagram.nodes, diagram.edges)
    end = _end(diagram, left_open)
    cores = _cores(diagram, trees, end)
    for cells in _labellings(diagram, _between(diagram, cores), exact, end):
        ways = (_tree_readings(diagram, core or tree, cells) for core, tree in zip(cores, trees, strict=True))
        yield from product(
            *(
                [way for way in found if OPEN in way.inputs] if end in tree else found
                for found, tree in zip(ways, trees, strict=True)
            )
        )


def has_means_between(diagram: Diagram, *, left_open: int | None = None) -> bool:
    """Whether a mean of a diagram over moments is on the way from a random message to another, or to a root that is left open.

    >>> has_means_between(Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)]))   # H : E[gg]
    True
    >>> has_means_between(Diagram(3, [(0, 1), (0, 2)], [(1,), (0, 2)]))   # G · E[hg]
    False
    """
    trees = connected_parts(diagram.nodes, diagram.edges)
    return bool(_between(diagram, _cores(diagram, trees, _end(diagram, left_open))))


def _end(diagram: Diagram, left_open: int | None) -> int | None:
    """The node of the root that is left open."""
    return None if left_open is None else diagram.open_roots[left_open]


def _cores(diagram: Diagram, trees: Sequence[Sequence[int]], end: int | None) -> list[list[int]]:
    """The core of each tree: with the root that is left open, where there is one."""
    joint = _joint(diagram)
    cores = []
    for tree in trees:
        ends = [v for v in tree if v in joint]
        cores.append(_core(diagram, ends + [v for v in tree if v == end] if ends else ends))
    return cores


def _between(diagram: Diagram, cores: Sequence[Sequence[int]]) -> set[int]:
    """The means in the cores of the trees, where random messages arrive; an open root sees no data."""
    return {v for core in cores for v in core} - _joint(diagram) - set(diagram.open_roots)


def _joint(diagram: Diagram) -> set[int]:
    return {v for block in diagram.blocks if len(block) > 1 for v in block}


def _core(diagram: Diagram, joint: list[int]) -> list[int]:
    """The nodes between joint nodes of one tree, these included: all that hangs from them is a product of means."""
    if not joint:
        return []
    around = diagram.neighbours
    core = set(range(diagram.nodes))
    while bare := [v for v in core if v not in joint and sum(w in core for w in around[v]) < 2]:
        core -= set(bare)
    reached = [joint[0]]
    for v in reached:
        reached += [w for w in around[v] if w in core and w not in reached]
    return reached


def _labellings(diagram: Diagram, between: set[int], exact: bool, end: int | None) -> Iterator[dict[int, Cell]]:
    """The cell of each node; points and minibatches are alike, so that they may be numbered in any way."""
    blocks = [block for block in diagram.blocks if len(block) > 1]
    alone = [] if exact else sorted(between)
    cells = {block[0]: Cell("mean") for block in diagram.blocks if len(block) == 1}
    cells |= {v: OPEN.cell if v == end else Cell("function") for v in diagram.open_roots}
    numberings = product(permutations(range(len(blocks))), permutations(range(len(alone))))
    for points, batches in islice(numberings, LABELLINGS):
        drawn = {v: Cell("point", i) for block, i in zip(blocks, points, strict=True) for v in block}
        drawn |= {v: Cell("batch", i) for v, i in zip(alone, batches, strict=True)}
        yield cells | drawn


def _tree_readings(diagram: Diagram, core: list[int], cells: Mapping[int, Cell]) -> list[Reading]:
    """The value of one tree, read off at each edge of its core: gradients first, directions after them.

    A number that is differentiated along directions alone never asks a framework for a gradient, and PyTorch's nested
    forward derivatives are wrong for many of its operators where those of a gradient are right.
    """
    around = diagram.neighbours
    known: dict[tuple[int, int], Message] = {}

    def message(v: int, parent: int) -> Message:
        if (v, parent) not in known:
            inputs = sorted(message(w, v) for w in around[v] if w != parent)
            known[v, parent] = Message(cells[v], tuple(inputs))
        return known[v, parent]

    found: list[Reading] = []
    for v in core:
        if not around[v]:
            found.append(Value(cells[v]))
        for w in around[v]:
            first, second = sorted((message(v, w), message(w, v)))
            found.append(Pairing((first, second)))
    return list(dict.fromkeys(found))
