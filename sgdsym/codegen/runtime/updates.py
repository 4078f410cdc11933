"""Time-sums of updates that differ: the registers of all open edges, from update to update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.program import EPOCH, GAINS, MATRICES, POINTS, READ, START, UPDATES
from sgdsym.codegen.runtime.steps import SLAB


def _carry(run: SimpleNamespace) -> None:
    """The registers of every update, for each pair of learning rate and eigenvalue."""
    run.moved = run.rate[:, None] * run.h
    if (run.steps != UPDATES).any():
        raise ValueError(
            f"there are {UPDATES} updates, so steps must be {UPDATES}, not {run.steps[run.steps != UPDATES][0]:.17g}"
        )
    numbers = run.numbers[0]
    run.matrices, run.gains, run.points = (numbers[:, np.array(places)] for places in (MATRICES, GAINS, POINTS))
    run.read = numbers[:, READ]


def _update(run: SimpleNamespace, t: int, pair: Any, place: Any) -> tuple[Any, Any, Any]:
    """What update t does to the registers of an edge: the matrix with its mean slope, the gain and the point."""
    matrix, gain, point = (part[pair, min(t, part.shape[1] - 1)] for part in (run.matrices, run.gains, run.points))
    gain = gain if t >= START else np.zeros_like(gain)
    slope = run.moved[pair, place][:, None, None] * gain[:, :, None] * point[:, None, :]
    return matrix - slope, gain, point


def _along(tensor: Any, axis: int, operand: Any) -> Any:
    """One axis of registers multiplied by a matrix, or contracted with a vector."""
    moved = np.moveaxis(tensor, axis, 1)
    letters = "nab,nb...->na..." if operand.ndim == 3 else "nb,nb...->n..."
    found = np.einsum(letters, operand, moved)
    return np.moveaxis(found, 1, axis) if operand.ndim == 3 else found


def _time_sum(
    run: SimpleNamespace, pair: Any, at: Mapping[str, Any], sums: Any, edges: str, rooted: Sequence[int]
) -> Any:
    """The sum of products of time-sums, for each pair and each choice of the eigen-indices."""
    places = [at[letter] for letter in edges]
    known: dict[Any, Any] = {}
    total = np.zeros(pair.shape)
    with np.errstate(all="ignore"):
        for number, factors in sums:
            value = run.numbers[0][pair, number]
            for nodes, epochs in factors:
                if (nodes, epochs) not in known:
                    known[nodes, epochs] = _followed(run, pair, places, nodes, epochs)
                value = value * known[nodes, epochs]
            total = total + value
    return total


def _followed(
    run: SimpleNamespace, pair: Any, places: Any, nodes: Sequence[Sequence[int]], epochs: Sequence[int]
) -> Any:
    """The sum over all times of levels, between which these edges are open.

    The state is, for each number of levels done, a tensor with an axis of registers for each open edge: the last level in an
    earlier epoch, or in this one.
    """
    levels = len(nodes) - 1
    begins = {0, *np.cumsum(epochs).tolist()}
    before: dict[int, Any] = {0: np.ones(pair.shape)}
    within: dict[int, Any] = {}
    for t in range(UPDATES):
        if t % EPOCH == 0:
            within = {}
        updates = {edge: _update(run, t, pair, places[edge]) for node in nodes for edge in node}
        placed = {}
        for level in range(levels):
            source = before if level in begins else within
            if level in source:
                placed[level + 1] = _placed(source[level], nodes[level], nodes[level + 1], updates)
        before = {level: _advanced(tensor, nodes[level], updates) for level, tensor in before.items()}
        within = {level: _advanced(tensor, nodes[level], updates) for level, tensor in within.items()}
        for level, tensor in placed.items():
            within[level] = within[level] + tensor if level in within else tensor
        if (t + 1) % EPOCH == 0:
            for level, tensor in within.items():
                if level in begins:
                    before[level] = before[level] + tensor if level in before else tensor
    done = before.get(levels, np.zeros((len(pair), *[len(READ)] * len(nodes[-1]))))
    for _ in nodes[-1]:
        done = _along(done, 1, run.read[pair])
    return done


def _advanced(tensor: Any, edges: Sequence[int], updates: Mapping[int, Any]) -> Any:
    """All axes multiplied by the matrix of an update."""
    for axis, edge in enumerate(edges, 1):
        tensor = _along(tensor, axis, updates[edge][0])
    return tensor


def _placed(tensor: Any, edges: Sequence[int], later: Sequence[int], updates: Mapping[int, Any]) -> Any:
    """The tensor after a level: edges that end are closed, others move on, new ones open."""
    for axis, edge in reversed(list(enumerate(edges, 1))):
        if edge not in later:
            tensor = _along(tensor, axis, updates[edge][2])
    tensor = _advanced(tensor, [edge for edge in edges if edge in later], updates)
    for axis, edge in enumerate(later, 1):
        if edge not in edges:
            gain = updates[edge][1]
            tensor = np.expand_dims(tensor, axis) * gain.reshape(
                len(gain), *[1] * (axis - 1), -1, *[1] * (tensor.ndim - axis)
            )
    return tensor


def _slab(run: SimpleNamespace, edges: str) -> int:
    """How many time-sums are worked on at once: every one is a tensor of the registers of its edges."""
    return max(1, SLAB // int(len(READ) ** len(edges)))
