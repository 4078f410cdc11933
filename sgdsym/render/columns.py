r"""Where the nodes of a diagram go that no root gives an order in time: every block in a column of its own.

So blocks never overlap, and are told apart by their outlines alone, without colour.  Which column a block takes, and which row
each of its nodes, is chosen by what the edges cost: their length, nodes and blocks of others that they run across, each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise, permutations
from math import hypot
from typing import TypeAlias

from sgdsym.diagrams import Diagram

Place: TypeAlias = tuple[float, float]

BOW = 0.6  # how far aside the controls of an edge are that passes a node of its own column
# on the 75 smallest diagrams of this kind the cost falls by 0.4 % with all orders of up to 3 blocks, and with 4 by
# 0.06 % more, in half as much time again
_EVERY_ORDER = 3  # blocks of which all columns are tried to begin with
# a ring reaches 8.1/22 = 0.37 of a column from the middle of its node, a capsule 8.5/22 = 0.39
_NEAR, _ASIDE = 0.4, 0.42  # of a column: where an edge touches a node, and a block
# in columns: so much longer an edge may become to avoid a node, another edge, a bow, or a block of others
_TOUCHED, _CROSSED, _BOWED, _ENTERED = 40.0, 4.0, 3.0, 6.0
_STEPS = 8  # of an edge, where it is measured
# the 75 smallest diagrams ask for 1 377 crossings 26 000 times
_KEPT = 2**14  # measures of edges, which drawings have in common


@dataclass(frozen=True, slots=True)
class Curve:
    """An edge along the row of its left end up to ``bend``, then a cubic curve; with a bow where it stays in its column."""

    start: int
    bend: float
    end: int
    bow: float = 0.0


def in_columns(diagram: Diagram) -> tuple[tuple[Place, ...], tuple[Curve, ...]]:
    """The place of each node, and how the edges run.

    >>> in_columns(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 3), (1, 2)]))[0]
    ((0.0, 1.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    """
    alone = [(v,) for v in diagram.open_roots]
    blocks = [*diagram.blocks, *alone]
    rows = max(map(len, blocks))
    orders = permutations(range(len(blocks))) if len(blocks) <= _EVERY_ORDER else [tuple(range(len(blocks)))]
    found = [_improved(diagram, _placed(blocks, order), rows) for order in orders]
    # drawings that are as good as each other are told apart by their order, not by how a sum was rounded
    _, points = min(found, key=lambda pair: round(pair[0], 6))
    lowest = min(y for _, y in points.values())
    places = tuple((points[v][0], points[v][1] - lowest) for v in range(diagram.nodes))
    return places, tuple(_curves(diagram, dict(enumerate(places))))


def _placed(blocks: Sequence[Sequence[int]], order: Sequence[int]) -> dict[int, Place]:
    return {v: (float(x), float(y)) for x, k in enumerate(order) for y, v in enumerate(blocks[k])}


def _improved(diagram: Diagram, points: dict[int, Place], rows: int) -> tuple[float, dict[int, Place]]:
    """The places after single moves, as long as one makes the drawing better."""
    best, cost = points, _cost(diagram, points)
    improved = True
    while improved:
        improved = False
        for candidate in _moves(best, rows):
            found = _cost(diagram, candidate)
            # the cost falls with each move and there are finitely many places, so this ends; sums that differ by
            # rounding alone must not exchange two drawings for ever
            if found < cost - 1e-9:
                best, cost, improved = candidate, found, True
                break
    return cost, best


def _moves(points: Mapping[int, Place], rows: int) -> Iterator[dict[int, Place]]:
    """All places one move away: two columns exchanged, or a node in another row, exchanged with what is there."""
    columns = sorted({x for x, _ in points.values()})
    for a, b in combinations(columns, 2):
        yield {v: ({a: b, b: a}.get(x, x), y) for v, (x, y) in points.items()}
    taken = {place: v for v, place in points.items()}
    for v, (x, y) in points.items():
        # a node may stand between two rows, half a row from either
        for k in range(2 * rows - 1):
            row = k / 2
            other = taken.get((x, row))
            if other is not None and other != v:
                yield {**points, v: (x, row), other: (x, y)}
            elif other is None and all(abs(row - r) >= 1 for w, (c, r) in points.items() if c == x and w != v):
                yield {**points, v: (x, row)}


def _curves(diagram: Diagram, points: Mapping[int, Place]) -> Iterator[Curve]:
    for a, b in diagram.edges:
        start, end = sorted((a, b), key=lambda v: (points[v], v))
        (x, y), (to_x, to_y) = points[start], points[end]
        if x != to_x:
            yield Curve(start, to_x - 1, end)
        else:
            passed = any(c == x and y < row < to_y for c, row in points.values())
            yield Curve(start, x, end, BOW if passed else 0.0)


def _cost(diagram: Diagram, points: Mapping[int, Place]) -> float:
    """The lengths of the edges, and fines."""
    cost = sum(_spread(points, block) for block in diagram.blocks)
    paths = []
    for curve in _curves(diagram, points):
        path = _path(points[curve.start], curve.bend, points[curve.end], curve.bow)
        ends = (curve.start, curve.end)
        paths.append((ends, path))
        cost += _length(path) + (_BOWED if curve.bow else 0.0)
        cost += _TOUCHED * sum(v not in ends and _enters(path, place, place, _NEAR) for v, place in points.items())
        for block in diagram.blocks:
            if len(block) > 1 and not set(block) & set(ends):
                held = sorted(points[v] for v in block)
                cost += _ENTERED * _enters(path, held[0], held[-1], _ASIDE)
    for (ends, path), (others, other) in combinations(paths, 2):
        cost += _CROSSED * (not set(ends) & set(others) and _cross(path, other))
    return cost


def _spread(points: Mapping[int, Place], block: Sequence[int]) -> float:
    rows = [points[v][1] for v in block]
    return max(rows) - min(rows)


@lru_cache(_KEPT)
def _path(start: Place, bend: float, end: Place, bow: float) -> tuple[Place, ...]:
    """Points along an edge."""
    (x, y), (to_x, to_y) = start, end
    turn = max(x, bend)
    half = (turn + to_x) / 2 + bow
    line = [(x + (turn - x) * k / _STEPS, y) for k in range(_STEPS)] if turn > x else []
    for k in range(_STEPS + 1):
        t = k / _STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        line.append((_dot(weights, (turn, half, half, to_x)), _dot(weights, (y, y, to_y, to_y))))
    return tuple(line)


@lru_cache(_KEPT)
def _length(path: Sequence[Place]) -> float:
    return sum(hypot(q[0] - p[0], q[1] - p[1]) for p, q in pairwise(path))


@lru_cache(_KEPT)
def _enters(path: Sequence[Place], top: Place, bottom: Place, distance: float) -> bool:
    """Whether a path comes that near to an upright line."""
    return any(hypot(x - top[0], y - min(max(y, top[1]), bottom[1])) < distance for x, y in path)


@lru_cache(_KEPT)
def _cross(first: Sequence[Place], second: Sequence[Place]) -> bool:
    return any(
        _side(p, q, r) * _side(p, q, s) < 0 and _side(r, s, p) * _side(r, s, q) < 0
        for p, q in pairwise(first)
        for r, s in pairwise(second)
    )


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(w * v for w, v in zip(weights, values, strict=True))


def _side(p: Place, q: Place, r: Place) -> float:
    """On which side of a line a point is."""
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
