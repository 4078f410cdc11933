"""Time-sums of an optimiser with registers of its own, or over epochs: sums over the rates of every edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.doubled import Doubled, _over, _plus, _times
from sgdsym.codegen.runtime.powers import _are_close, _limit, _taylor, _vanishes
from sgdsym.codegen.runtime.program import ROOTS_APART
from sgdsym.codegen.runtime.steps import SLAB


def _time_sum(
    run: SimpleNamespace, pair: Any, at: Mapping[str, Any], sums: Any, edges: str, rooted: Sequence[int]
) -> Any:
    """The sum of products of divided differences over the rates of all edges, for each pair and choice of eigen-indices.

    Where rates are about to meet it is the mean over the circle; its points below the axis give the conjugate, hence real parts.
    """
    places = [at[letter] for letter in edges]
    near = np.any([run.near[pair, place] for place in places], axis=0) if places else np.zeros(pair.shape, dtype=bool)
    turns = np.where(near, run.turns, 1)
    entry = np.repeat(np.arange(len(pair)), turns)
    turn = np.arange(len(entry)) - np.repeat(np.cumsum(turns) - turns, turns)
    values = _on_circle(run, turn, pair[entry], [place[entry] for place in places], sums, rooted)
    return np.bincount(entry, values, len(pair)) / turns


def _on_circle(run: SimpleNamespace, turn: Any, pair: Any, places: Any, sums: Any, rooted: Sequence[int]) -> Any:
    """The same at one point of the circle for each entry; all combinations of rates are entries side by side."""
    kinds = [int(root) * ROOTS_APART for root in rooted]
    known: dict[Any, Doubled] = {}
    total = np.zeros(pair.shape), np.zeros(pair.shape)
    with np.errstate(all="ignore"):
        for number, factors in sums:
            value = (run.numbers[0][pair, number], run.numbers[1][pair, number])
            for edges, front, parts in factors:
                value = _times(value, _factor(run, turn, pair, places, kinds, known, edges, front, parts))
            total = _plus(total, value)
    return np.real(total[0] + total[1])


def _factor(
    run: SimpleNamespace,
    turn: Any,
    pair: Any,
    places: Any,
    kinds: Sequence[int],
    known: dict[Any, Doubled],
    edges: Sequence[int],
    front: Sequence[int],
    parts: Any,
) -> Doubled:
    """The sum over the rates of these edges; divided differences that are known are not formed again."""
    counts = [len(run.rates[kinds[edge]][0]) for edge in edges]
    combinations = int(np.prod(counts, dtype=int))
    modes = dict(zip(edges, np.unravel_index(np.arange(combinations), counts))) if edges else {}
    pairs = np.tile(pair, combinations)
    tables: dict[tuple[str, int], Any] = {}

    def product(table: str, node: Sequence[int]) -> Doubled:
        """The product over edges of what their rates are, by combination and entry."""
        value = np.ones(pairs.shape), np.zeros(pairs.shape)
        for edge in node:
            if (table, edge) not in tables:
                at = modes[edge][:, None], turn, pair, places[edge]
                tables[table, edge] = tuple(part[at].ravel() for part in getattr(run, table)[kinds[edge]])
            value = _times(value, tables[table, edge])
        return value

    term = product("weights", edges)
    if front:
        term = _times(term, product("rates", front))
    for clock, nodes in parts:
        if (edges, clock, nodes) not in known:
            known[edges, clock, nodes] = _over_clock(run, clock, pairs, nodes, product)
        term = _times(term, known[edges, clock, nodes])
    total: Doubled = (term[0][: len(pair)], term[1][: len(pair)])
    for start in range(len(pair), len(pairs), max(len(pair), 1)):
        total = _plus(total, tuple(part[start : start + len(pair)] for part in term))
    return total


def _over_clock(run: SimpleNamespace, clock: int, pairs: Any, nodes: Any, product: Callable[..., Doubled]) -> Doubled:
    """A divided difference over the steps (0), the epochs (1) or the slots of an epoch (2)."""
    inner, outer = {0: ("rates", "powers"), 1: ("slot_powers", "powers"), 2: ("rates", "slot_powers")}[clock]
    x = [product(inner, node) for node in nodes]
    if clock < 2 and run.steps is None:
        return _limit(x)
    f = [product(outer, node) for node in nodes]
    count = run.slots if clock == 2 else run.updates / run.slots if clock else run.updates
    return _divided_difference(x, f, count[pairs])


def _slab(run: SimpleNamespace, edges: str) -> Any:
    """How many time-sums are worked on at once: every one is an entry for each combination of rates and each point of the circle."""
    widest = max(len(rates[0]) for rates in run.rates)
    return max(1, SLAB // (int(run.turns) * int(widest) ** len(edges)))


def _fastest(run: SimpleNamespace) -> float:
    """The eigenvalue along which a run grows fastest."""
    return float(run.h[np.argmax(run.radius.max(axis=0)) if run.p else 0])


def _divided_difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference of x**steps at the nodes x, where it has the values f."""
    x, f = (tuple(np.stack(part) for part in zip(*values)) for values in (x, f))
    head, tail = _difference(x, f, steps)
    none = _vanishes(steps, len(x[0]) - 1)
    return np.where(none, 0.0, head), np.where(none, 0.0, tail)


def _difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The recursion where the nodes furthest from each other are apart, a Taylor series where all are close."""
    last = len(x[0]) - 1
    if not last:
        return f[0][0], f[1][0]
    ends = [(i, j) for i in range(last + 1) for j in range(i)]
    apart = np.argmax([np.abs(x[0][i] - x[0][j]) for i, j in ends], axis=0)
    orders = np.array([[i, *(k for k in range(last + 1) if k not in (i, j)), j] for i, j in ends])[apart].T
    x, f = ([np.take_along_axis(part, orders, axis=0) for part in values] for values in (x, f))
    gap = _plus((x[0][last], x[1][last]), (-x[0][0], -x[1][0]))
    near = _are_close(gap[0], x[0][last], steps)
    result = np.empty_like(gap[0]), np.empty_like(gap[0])
    if near.any():
        head, tail = _taylor([part[:, near] for part in x], [part[last, near] for part in f], steps[near])
        result[0][near], result[1][near] = head, tail
    if not near.all():
        far = ~near
        x, f = [part[:, far] for part in x], [part[:, far] for part in f]
        above = _difference([part[1:] for part in x], [part[1:] for part in f], steps[far])
        below = _difference([part[:-1] for part in x], [part[:-1] for part in f], steps[far])
        head, tail = _over(_plus(above, (-below[0], -below[1])), (gap[0][far], gap[1][far]))
        result[0][far], result[1][far] = head, tail
    return result
