r"""Where the nodes of a diagram go on paper, as plain data for any pen.

Time runs from the leaves on the left to the root on the right.  All nodes of a block see one data point at one step, so
they stand in one column, and no other node stands between them; every edge runs straight along the row of its child
and bends only in the gap before its parent.  Hence no two nodes coincide, edges neither cross each other nor
run over a node, and a block is an upright capsule.  Where no root gives an order in time, every block has a column of its own
(:mod:`sgdsym.render.columns`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sgdsym.diagrams import Diagram
from sgdsym.render.columns import in_columns


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawing of a diagram on a grid of unit steps, ``x`` to the right and ``y`` downward, both from 0.

    Attributes:
        points: place of each node.
        edges: for each edge of the diagram ``(child, bend, parent)``: a straight line from the child to
            ``(bend, y of the child)``, then a curve to the parent.
        bows: the distance by which the curve of each edge is drawn aside, where it passes a node of its own column.
        capsules: the blocks of two or more nodes, each from top to bottom.
        rings: the open roots, drawn hollow.
        targets: the other roots, drawn with a ring around them.
        timed: whether the blocks stand in columns; if not, no root gives the diagram an order in time.
    """

    points: tuple[tuple[float, float], ...]
    edges: tuple[tuple[int, float, int], ...]
    bows: tuple[float, ...]
    capsules: tuple[tuple[int, ...], ...]
    rings: tuple[int, ...]
    targets: tuple[int, ...]
    timed: bool

    @property
    def width(self) -> float:
        """Largest ``x``."""
        return max(x for x, _ in self.points)

    @property
    def height(self) -> float:
        """Largest ``y``."""
        return max(y for _, y in self.points)


def lay_out(diagram: Diagram) -> Layout:
    """Lay out a diagram.

    The root is the marked one or else a node that is alone in its block and from which the diagram can be grown in
    time, with as few neighbours as possible.  Children are put in the order that keeps blocks short and edges clear of
    the blocks of others.

    >>> lay_out(Diagram(3, [(0, 1), (0, 2)], [(1, 2)])).points          # C : H, the block on the left
    ((1.0, 0.5), (0.0, 0.0), (0.0, 1.0))
    """
    joint = tuple(block for block in diagram.blocks if len(block) > 1)
    hanging, columns = _hang(diagram)
    edges: list[tuple[int, float, int]] = []
    if columns is None:
        points, curves = in_columns(diagram)
        edges += [(curve.start, curve.bend, curve.end) for curve in curves]
        bows = tuple(curve.bow for curve in curves)
    else:
        hanging = _arranged(hanging, columns, joint)
        rows = hanging.rows()
        level = _separated(diagram, hanging, columns, rows)
        deepest = max(level.values())
        points = tuple((float(deepest - level[v]), rows[v]) for v in range(diagram.nodes))
        for a, b in diagram.edges:
            child, parent = (a, b) if hanging.parent.get(a) == b else (b, a)
            # columns are one unit apart, so that an edge bends in the last gap alone and crosses no capsule on its
            # way
            edges.append((child, points[parent][0] - 1, parent))
        bows = (0.0,) * len(edges)
    capsules = tuple(tuple(sorted(block, key=lambda v: (points[v][1], points[v][0]))) for block in joint)
    rings = diagram.open_roots
    targets = tuple(v for v in diagram.roots if v not in rings)
    return Layout(points, tuple(edges), bows, capsules, rings, targets, columns is not None)


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Every tree of a diagram hung from a root, with the order of the children."""

    tops: tuple[int, ...]
    children: Mapping[int, tuple[int, ...]]

    @property
    def parent(self) -> dict[int, int]:
        return {child: v for v, below in self.children.items() for child in below}

    @property
    def depth(self) -> dict[int, int]:
        depth = dict.fromkeys(self.tops, 0)
        for v in (queue := list(self.tops)):
            for child in self.children[v]:
                depth[child] = depth[v] + 1
                queue.append(child)
        return depth

    def rows(self) -> dict[int, float]:
        """Leaves on consecutive rows, other nodes midway between their outermost children."""
        # every subtree has rows of its own, one after the other, so that edges of a tree never cross
        rows: dict[int, float] = {}
        count = 0

        def place(v: int) -> float:
            nonlocal count
            below = [place(child) for child in self.children[v]]
            if not below:
                count += 1
            rows[v] = (below[0] + below[-1]) / 2 if below else count - 1.0
            return rows[v]

        for top in self.tops:
            place(top)
        return rows

    def reordered(self, v: int, below: tuple[int, ...]) -> _Hanging:
        return _Hanging(self.tops, {**self.children, v: below})


def _hang(diagram: Diagram) -> tuple[_Hanging, dict[int, int] | None]:
    """The trees hung from the best roots, and the column of each node, or ``None`` if time runs in circles."""
    trees = _trees(diagram)
    alone = {block[0] for block in diagram.blocks if len(block) == 1}
    choices = [
        [v for v in tree if v in diagram.roots] or sorted(tree, key=lambda v: (v not in alone, diagram.degrees[v], v))
        for tree in trees
    ]
    first: _Hanging | None = None
    for tops in _each_in_turn(choices):
        hanging = _hung(diagram, tops)
        first = first or hanging
        columns = _columns(diagram, hanging, {})
        if columns is not None and all(top in alone or top in diagram.roots for top in tops):
            return hanging, columns
    assert first is not None
    return first, None


def _each_in_turn(choices: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """One choice for each tree: the best, then one tree after the other through its other choices."""
    # the choices of all trees combined would be as many as the product of their nodes
    best = tuple(choice[0] for choice in choices)
    yield best
    for k, choice in enumerate(choices):
        yield from ((*best[:k], v, *best[k + 1 :]) for v in choice[1:])


def _trees(diagram: Diagram) -> list[list[int]]:
    trees: list[list[int]] = []
    for v in range(diagram.nodes):
        if not any(v in tree for tree in trees):
            tree = [v]
            for w in tree:
                tree += [u for u in diagram.neighbours[w] if u not in tree]
            trees.append(tree)
    return trees


def _hung(diagram: Diagram, tops: tuple[int, ...]) -> _Hanging:
    children: dict[int, tuple[int, ...]] = {}
    seen = set(tops)
    neighbours = diagram.neighbours
    for v in (queue := list(tops)):
        children[v] = tuple(w for w in neighbours[v] if w not in seen)
        seen.update(children[v])
        queue += children[v]
    return _Hanging(tops, children)


def _columns(diagram: Diagram, hanging: _Hanging, at_least: Mapping[int, int]) -> dict[int, int] | None:
    """Steps before the root, the same for a block: as late as the nodes above allow; ``None`` if there is a cycle."""
    block_of = {v: j for j, block in enumerate(diagram.blocks) for v in block}
    # open roots are in no block; numbers below 0 are those of no block
    block_of |= {v: -1 - v for v in diagram.open_roots}
    level = {j: at_least.get(j, 0) for j in block_of.values()}
    # these are longest paths between blocks: one without a cycle has fewer edges than there are blocks, so that
    # levels which still rise after as many rounds run in a circle
    for _ in range(len(level) + 1):
        changed = False
        for child, parent in hanging.parent.items():
            earliest = level[block_of[parent]] + 1
            if level[block_of[child]] < earliest:
                level[block_of[child]] = earliest
                changed = True
        if not changed:
            return {v: level[block_of[v]] for v in range(diagram.nodes)}
    return None


def _arranged(hanging: _Hanging, columns: Mapping[int, int], joint: Sequence[tuple[int, ...]]) -> _Hanging:
    """Swap children of a node as long as that keeps the blocks shorter and clearer."""
    if not joint:
        return hanging
    best, cost = hanging, _cost(hanging, columns, joint)
    improved = True
    while improved:
        improved = False
        for v, below in best.children.items():
            for i, j in combinations(range(len(below)), 2):
                swapped = list(best.children[v])
                swapped[i], swapped[j] = swapped[j], swapped[i]
                candidate = best.reordered(v, tuple(swapped))
                found = _cost(candidate, columns, joint)
                # strictly less: the cost falls with every exchange, so that this ends
                if found < cost:
                    best, cost, improved = candidate, found, True
    return best


def _cost(hanging: _Hanging, column: Mapping[int, int], joint: Sequence[tuple[int, ...]]) -> float:
    """Lengths of the blocks, and a fine for each node or edge of others that lies between their ends."""
    rows = hanging.rows()
    parent = hanging.parent
    cost = 0.0
    for block in joint:
        top, bottom = min(rows[v] for v in block), max(rows[v] for v in block)
        cost += bottom - top
        place = column[block[0]]
        for v, row in rows.items():
            if v not in block and top < row < bottom and v in parent and column[parent[v]] < place <= column[v]:
                # the edge of v runs along its row from column[v] to just before its parent: it crosses the column of
                # the block where that lies between; a node inside an outline reads as a member of the block, an edge
                # that passes does not
                cost += 3.0 if column[v] == place else 1.0
    return cost


def _separated(
    diagram: Diagram, hanging: _Hanging, columns: dict[int, int], rows: Mapping[int, float]
) -> dict[int, int]:
    """Move blocks to earlier columns until no other node stands between the nodes of one.

    Each move is one column to the left, and a block left of all but its descendants meets no one, so this ends.
    """
    at_least: dict[int, int] = {}
    while True:
        clash = _first_clash(diagram, columns, rows)
        if clash is None:
            return columns
        at_least[clash] = columns[diagram.blocks[clash][0]] + 1
        moved = _columns(diagram, hanging, at_least)
        assert moved is not None
        columns = moved


def _first_clash(diagram: Diagram, columns: Mapping[int, int], rows: Mapping[int, float]) -> int | None:
    for j, block in enumerate(diagram.blocks):
        top, bottom = min(rows[v] for v in block), max(rows[v] for v in block)
        for v, row in rows.items():
            if v not in block and columns[v] == columns[block[0]] and top < row < bottom:
                return j
    return None
