r"""Fragments: connected parts of contraction networks, as canonical values.

A fragment is a set of tensors with some of their index legs joined by edges.  Legs that are not joined are open, and so
are the data points of blocks that reach outside the fragment: its value is an array with one sample axis per open
block and one index axis per open leg.  Fragments are equal if and only if they are isomorphic, so an equal piece of two
diagrams is one array.  Derivative tensors are symmetric: the legs of one node are interchangeable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TypeAlias

from sgdsym.diagrams import Diagram, connected_parts

MEAN, DEVIATION, SAMPLE, ROOT, TRAINED = range(5)
HIGHEST_DECAYED = 2  # degree of a derivative that weight decay adds to

Tensor: TypeAlias = tuple[int, int]
Edges: TypeAlias = tuple[tuple[int, int], ...]
Blocks: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A canonical fragment; obtain one from :func:`canonical`.

    Attributes:
        tensors: degree of each node, and whether it is a mean, a deviation from the mean at one data point, the value
            at one data point, a derivative of the observed function, or the mean with what weight decay adds.
        edges: the joined legs.
        averaged: the blocks that lie inside and are averaged over the data points.
        open: for each open block its nodes in the fragment.
        legs: the node of each open leg: the index axes of the value, after one sample axis per open block.
    """

    tensors: tuple[Tensor, ...]
    edges: Edges = ()
    averaged: Blocks = ()
    open: Blocks = ()
    legs: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        free = [degree for degree, _ in self.tensors]
        for a, b in self.edges:
            free[a] -= 1
            free[b] -= 1
        object.__setattr__(self, "legs", tuple([v for v, count in enumerate(free) for _ in range(count)]))
        # fragments are looked up many times, and a tuple does not remember its hash
        object.__setattr__(self, "_hash", hash((self.tensors, self.edges, self.averaged, self.open)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def is_symmetric_pair(self) -> bool:
        """Whether the value has exactly two indices and they are interchangeable: legs of one node, or of twins."""
        legs = self.legs
        if len(legs) != 2:
            return False
        v, w = legs
        near = [{a if b == x else b for a, b in self.edges if x in (a, b)} for x in legs]
        blocks = [block for block in (*self.averaged, *self.open) if v in block or w in block]
        together = not blocks or (len(blocks) == 1 and v in blocks[0] and w in blocks[0])
        return v == w or (self.tensors[v] == self.tensors[w] and near[0] == near[1] and together)

    def part(self, nodes: Sequence[int]) -> tuple[Fragment, tuple[int, ...]]:
        """The fragment on some of the nodes; legs joined to other nodes become open, and so do blocks that reach outside.

        Returns:
            The canonical fragment, and for each of its nodes the label here.
        """
        label = dict(zip(nodes, range(len(nodes)), strict=True))
        averaged: list[tuple[int, ...]] = []
        opened: list[tuple[int, ...]] = []
        for block in self.averaged:
            inside = tuple([label[v] for v in block if v in label])
            if inside:
                (averaged if len(inside) == len(block) else opened).append(inside)
        for block in self.open:
            inside = tuple([label[v] for v in block if v in label])
            if inside:
                opened.append(inside)
        tensors = tuple([self.tensors[v] for v in nodes])
        edges = tuple([(label[a], label[b]) for a, b in self.edges if a in label and b in label])
        fragment, order = canonical(tensors, edges, tuple(averaged), tuple(opened))
        return fragment, tuple([nodes[v] for v in order])

    def opened(self, block: int) -> tuple[Fragment, tuple[int, ...]]:
        """The fragment before one of its averages is taken, and for each of its nodes the label here."""
        kept = self.averaged[:block] + self.averaged[block + 1 :]
        return canonical(self.tensors, self.edges, kept, (*self.open, self.averaged[block]))

    def __str__(self) -> str:
        return _write(self)


def whole_fragment(network: Diagram, function_roots: bool, decays: bool = False) -> Fragment:
    """A network as one fragment in its own labels, which is neither connected nor canonical yet.

    Args:
        network: a diagram whose blocks are means and central moments.
        function_roots: whether an open root carries the derivatives of the observed function; otherwise it is a bare
            open index of its neighbour.
        decays: whether all nodes but the roots carry weight decay.

    Raises:
        ValueError: if a bare open root does not have exactly one neighbour.
    """
    bare = set() if function_roots else set(network.open_roots)
    degrees = network.degrees
    if any(degrees[v] != 1 for v in bare):
        raise ValueError(
            "an open root is a bare index and needs exactly one neighbour, unless the observable is 'function'"
        )
    joint = [block for block in network.blocks if len(block) > 1]
    sampled = {v for block in joint for v in block}
    # what is added is the same for all data points, so deviations do not know of it
    own = (
        {v for v in range(network.nodes) if v not in network.roots and degrees[v] <= HIGHEST_DECAYED} if decays else ()
    )
    mean = {v: TRAINED if v in own else ROOT if v in network.open_roots else MEAN for v in range(network.nodes)}
    kinds = [DEVIATION if v in sampled else mean[v] for v in range(network.nodes)]
    nodes = [v for v in range(network.nodes) if v not in bare]
    label = {v: i for i, v in enumerate(nodes)}
    return Fragment(
        tuple((degrees[v], kinds[v]) for v in nodes),
        tuple((label[a], label[b]) for a, b in network.edges if a in label and b in label),
        tuple(tuple(label[v] for v in block) for block in joint),
    )


def connected_fragments(whole: Fragment) -> list[Fragment]:
    """The canonical fragments of the parts that are connected by edges and blocks; their values multiply to that of the whole."""
    joints = (*whole.edges, *whole.averaged, *whole.open)
    return [whole.part(nodes)[0] for nodes in connected_parts(len(whole.tensors), joints)]


@cache
def canonical(
    tensors: tuple[Tensor, ...], edges: Edges, averaged: Blocks, opened: Blocks
) -> tuple[Fragment, tuple[int, ...]]:
    """The canonical form of a fragment given in any labelling, and the given label of each of its nodes.

    Colours are refined by the colours of neighbours and block mates; where that leaves a tie, each way to break it is
    tried, except that exchanging twins gives nothing new.
    """
    size = len(tensors)
    if size == 1:
        return Fragment(tensors, edges, averaged, opened), (0,)
    neighbours: list[list[int]] = [[] for _ in tensors]
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    mates: list[list[int]] = [[] for _ in tensors]
    place = [0] * size
    for state, blocks in ((1, averaged), (2, opened)):
        for block in blocks:
            for v in block:
                mates[v] = [w for w in block if w != v]
                place[v] = state
    start = _ranks([(tensor, place[v], len(neighbours[v])) for v, tensor in enumerate(tensors)])
    best: tuple[Fragment, tuple[int, ...]] | None = None
    best_key: tuple[object, ...] = ()
    for order in _orders(start, neighbours, mates):
        label = [0] * size
        for new, old in enumerate(order):
            label[old] = new
        key = (
            tuple([tensors[v] for v in order]),
            tuple(sorted([(label[a], label[b]) if label[a] < label[b] else (label[b], label[a]) for a, b in edges])),
            tuple(sorted([tuple(sorted([label[v] for v in block])) for block in averaged])),
            tuple(sorted([tuple(sorted([label[v] for v in block])) for block in opened])),
        )
        if best is None or key < best_key:
            best, best_key = (Fragment(*key), tuple(order)), key
    assert best is not None
    return best


def _ranks(signatures: Sequence[object]) -> list[int]:
    rank = {s: i for i, s in enumerate(sorted(set(signatures)))}  # type: ignore[type-var]
    return [rank[s] for s in signatures]


def _orders(colours: list[int], neighbours: list[list[int]], mates: list[list[int]]) -> Iterator[list[int]]:
    """The candidates for the canonical order of the nodes: all ways to break the ties of the refined colours."""
    size = len(colours)
    count = max(colours) + 1
    while count < size:
        colours = _ranks(
            [
                (
                    colours[v],
                    tuple(sorted([colours[w] for w in neighbours[v]])),
                    tuple(sorted([colours[w] for w in mates[v]])),
                )
                for v in range(size)
            ]
        )
        if max(colours) + 1 == count:
            break
        count = max(colours) + 1
    order = sorted(range(size), key=colours.__getitem__)
    ties = [(a, b) for a, b in pairwise(order) if colours[a] == colours[b]]
    if all(_are_twins(a, b, neighbours, mates) for a, b in ties):
        yield order
        return
    tied = colours[ties[0][0]]
    tried: list[int] = []
    for v in order:
        if colours[v] == tied and not any(_are_twins(v, w, neighbours, mates) for w in tried):
            tried.append(v)
            split = _ranks([(c, c == tied and w != v) for w, c in enumerate(colours)])
            yield from _orders(split, neighbours, mates)


def _are_twins(v: int, w: int, neighbours: list[list[int]], mates: list[list[int]]) -> bool:
    return all(set(near[v]) - {w} == set(near[w]) - {v} for near in (neighbours, mates))


def _write(fragment: Fragment) -> str:
    """Nested text: ``J(G, g_a, .) h_a(.)`` with a dot for an open leg; ``a, b, …`` averaged, ``n, m, …`` open."""
    letter = {v: "abcdefgh"[i] for i, block in enumerate(fragment.averaged) for v in block}
    letter |= {v: "nmrstuvw"[i] for i, block in enumerate(fragment.open) for v in block}
    neighbours: dict[int, list[int]] = {v: [] for v in range(len(fragment.tensors))}
    for a, b in fragment.edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    legs = fragment.legs

    def hang(v: int, parent: int) -> str:
        degree, kind = fragment.tensors[v]
        name = f"s{degree}" if kind == ROOT else "lGHJ"[degree] if degree < 4 else f"D{degree}"
        if kind == TRAINED:
            name += "*"
        if kind in (DEVIATION, SAMPLE):
            name = f"{name.lower() if kind == DEVIATION else name}_{letter[v]}"
        seen.add(v)
        inner = [hang(w, v) for w in neighbours[v] if w != parent] + ["."] * legs.count(v)
        return f"{name}({', '.join(inner)})" if inner else name

    seen: set[int] = set()
    by_degree = sorted(range(len(fragment.tensors)), key=lambda v: (-fragment.tensors[v][0], v))
    return " ".join(hang(v, -1) for v in by_degree if v not in seen)
