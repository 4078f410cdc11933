"""Terms of whole runs as tensors with indices and times, which every language writes in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sgdsym.diagrams import Diagram
from sgdsym.trajectories import Cumulant, Statement

# apart from one another and, among the small ones, from l, the loss, and from s and t, which are times
OUTER, _INNER, POINTS = "ijkn", "abcdefghmopqruvw", ("x", "y", "z", "u", "v", "w")
_TIMES = ("s", "t", "u", "v", "w", "r", "q", "p")


@dataclass(frozen=True, slots=True)
class Factor:
    """A tensor with indices: a mean (upper case), a deviation at a point, a cumulant, or a joint cumulant of deviations."""

    kind: str
    degree: int = 0
    indices: str = ""
    points: tuple[str, ...] = ()
    cumulant: Cumulant | None = None
    members: tuple[tuple[int, str], ...] = ()
    times: tuple[str, ...] = ()


def statement_factors(statement: Statement) -> list[Factor]:
    """The tensors of a term of a recursion or of a reading."""
    inner = iter(_INNER)
    ends = [[next(inner) for _ in range(vertex.legs)] for vertex in statement.vertices]
    left = [list(letters) for letters in ends]
    outer = max((q + 1 for join in statement.joins for q in join.points), default=0)
    spare = iter(POINTS[outer:])
    place: dict[int, str] = {}
    cumulants, joints = [], []
    read = {v for v, vertex in enumerate(statement.vertices) if vertex.kind == "read"}
    for v in read:
        # what is read off is the leg itself
        left[v] = [OUTER[v]]
    for join in statement.joins:
        if join.cumulant is None:
            members = tuple(
                (statement.degree(v), ("" if statement.is_reading else OUTER[v]) + "".join(ends[v])) for v in join.noise
            )
            joints.append(Factor("joint", members=(*members, *((-1, POINTS[q]) for q in join.points))))
            continue
        indices = "".join(left[v].pop(0) for v in join.legs)
        place |= {v: next(spare) for v in join.noise}
        points = (*(place[v] for v in join.noise), *(POINTS[q] for q in join.points))
        cumulants.append(Factor("cumulant", 0, indices, points, join.cumulant))
    tensors = []
    for v, vertex in enumerate(statement.vertices):
        head = "" if statement.is_reading else OUTER[v]
        if vertex.kind == "stay":
            tensors.append(Factor("propagator", 0, head + "".join(ends[v])))
        elif vertex.kind == "mean":
            kind = "root" if statement.is_reading else "mean"
            tensors.append(Factor(kind, statement.degree(v), head + "".join(ends[v])))
        elif v in place:
            tensors.append(Factor("noise", statement.degree(v), head + "".join(ends[v]), (place[v],)))
    return [*tensors, *joints, *cumulants]


def diagram_factors(diagram: Diagram, noise: str) -> list[Factor]:
    """The tensors and propagators of a diagram, the root first."""
    parent, order = _parents(diagram)
    times = _node_times(diagram, noise)
    inner = iter(_INNER + _INNER.upper())
    indices: dict[int, str] = dict.fromkeys(range(diagram.nodes), "")
    open_roots = set(diagram.open_roots) if _is_open(diagram) else set()
    edges: dict[int, str] = {}
    for v in order:
        if v in parent:
            above = next(inner) if parent[v] not in open_roots else OUTER[sorted(open_roots).index(parent[v])]
            # a propagator is a matrix between two times: its ends have an index each
            below = next(inner)
            indices[parent[v]] += above
            indices[v] += below
            edges[v] = above + below
    block_of = {v: block for block in diagram.blocks for v in block}
    factors: list[Factor] = []
    done: set[tuple[int, ...]] = set()
    for v in order:
        if v in parent:
            factors.append(Factor("propagator", 0, edges[v], times=(times[parent[v]], times[v])))
        block = block_of.get(v, (v,))
        if v in open_roots or block in done:
            continue
        if len(block) == 1:
            factors.append(Factor("mean", diagram.degrees[v], indices[v], times=(times[v],)))
            done.add(block)
        elif not set(block) - set(order[: order.index(v) + 1]):
            # a joint cumulant is written once all of its nodes have been reached
            members = tuple((diagram.degrees[w], indices[w]) for w in sorted(block, key=order.index))
            names = tuple(dict.fromkeys(times[w] for w in sorted(block, key=order.index)))
            factors.append(Factor("joint", members=members, times=names))
            done.add(block)
    return factors


def _is_open(diagram: Diagram) -> bool:
    return bool(diagram.open_roots) and all(diagram.degrees[v] == 1 for v in diagram.open_roots)


def _parents(diagram: Diagram) -> tuple[dict[int, int], list[int]]:
    """The node that each one acts on, and the nodes from the roots down."""
    parent: dict[int, int] = {}
    order = list(diagram.roots)
    for v in order:
        for w in diagram.neighbours[v]:
            if w not in order:
                parent[w] = v
                order.append(w)
    return parent, order


def _node_times(diagram: Diagram, noise: str) -> dict[int, str]:
    """The name of the time of each node: that of its block for batches, from the first to the last."""
    _, order = _parents(diagram)
    groups: dict[tuple[int, ...], None] = {}
    block_of = {v: block for block in diagram.blocks for v in block} if noise == "batch" else {}
    for v in reversed(order):
        if v not in diagram.roots:
            groups.setdefault(block_of.get(v, (v,)))
    names = {v: name for group, name in zip(groups, _time_names(), strict=False) for v in group}
    return names | dict.fromkeys(diagram.roots, "T")


def _time_names() -> Iterator[str]:
    yield from _TIMES
    number = 1
    while True:
        yield f"t{number}"
        number += 1


def time_chain(diagram: Diagram, noise: str) -> list[str]:
    """The times that are summed over, the last one behind them, where each is below the next; apart by commas where not."""
    parent, order = _parents(diagram)
    times = _node_times(diagram, noise)
    names = list(dict.fromkeys(times[v] for v in reversed(order) if v not in diagram.roots))
    below = {(times[v], times[p]) for v, p in parent.items()}
    if all((a, b) in below for a, b in zip(names, [*names[1:], "T"], strict=True)):
        return [*names, "T"]
    return [",".join(names)]
