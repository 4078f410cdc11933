"""Time-sums of an optimiser with registers of its own, or over epochs: sums over the rates of every edge.

The rates are zeros of a polynomial; where they meet, time-sums are means over a circle of curvatures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from sgdsym.codegen.runtime.program import CROSSING, CROSSING_WORDS, LAW, ROOTS_APART, SLOTS, START
from sgdsym.codegen.runtime.steps import (
    SLAB,
    Doubled,
    _check_minimum,
    _from_ends,
    _limit,
    _over,
    _plus,
    _power,
    _times,
    _two_product,
    _vanishes,
)

TURNS = 8  # points of half a circle of curvatures, where rates meet

Polynomial: TypeAlias = Sequence[Doubled]


def _carry(run: SimpleNamespace) -> None:
    """What every edge carries: its rates, their weights and powers, on a circle of curvatures where rates are about to meet.

    The rates of an edge are the zeros r of a polynomial, each with a weight that grows without bound where two of them meet,
    while the time-sum is a polynomial in the curvature.  There it is the mean over a circle of curvatures around, exactly but
    for its Taylor coefficients of order 2 * TURNS and more.
    """
    run.moved = _two_product(run.rate[:, None], run.h)
    if run.steps is None:
        _check_stable(run)
    law = {
        name: [(run.numbers[0][:, i, None], run.numbers[1][:, i, None]) for i in places] for name, places in LAW.items()
    }
    run.updates = np.full(run.pairs, np.inf) if run.steps is None else np.maximum(run.steps - START, 0.0)
    run.slots = run.updates if SLOTS is None else run.numbers[0][:, SLOTS]
    several = len(law["memory"]) + len(law["root_memory"]) > 3
    curvature = tuple(part.astype(complex if several else float) for part in run.moved)
    fixed = _zeros(law["root_memory"], (0 * curvature[0], 0 * curvature[1]))
    rates = _concatenated(_zeros(_sum(law["memory"], law["gain"], curvature), curvature), fixed)[0]
    with np.errstate(all="ignore"):
        size = np.abs(rates)
        run.radius = size.max(axis=0, initial=0.0)
        reach = _reach(size, run.updates)
        centre = (reach[:, None] + reach) / 2
        gaps = np.where(np.eye(len(rates), dtype=bool)[:, :, None, None], np.inf, np.abs(rates[:, None] - rates))
        run.near = (gaps < centre / 2).any(axis=(0, 1))
    turns = TURNS if run.near.any() else 1
    angles = np.exp(1j * np.pi * (np.arange(TURNS) + 0.5) / TURNS) if turns > 1 else np.zeros(1)
    circle = np.where(run.near, _radii(law, run, curvature, rates, reach), 0.0) * angles[:, None, None]
    around = _plus((curvature[0] + 0 * circle, curvature[1] + 0 * circle), (circle, 0 * circle))
    moving = _zeros(_sum(law["memory"], law["gain"], around), around)
    kinds = [(moving, law["gain"])]
    if ROOTS_APART:
        kinds.append((_concatenated(moving, tuple(part[:, None] + 0 * around[0] for part in fixed)), law["root_gain"]))
    run.rates = [rates for rates, _ in kinds]
    run.weights = [_weights(gain, rates) for rates, gain in kinds]
    run.turns = turns
    with np.errstate(all="ignore"):
        if run.steps is not None:
            run.powers = [_power(rates, run.updates[:, None]) for rates in run.rates]
        if SLOTS is not None:
            run.slot_powers = [_power(rates, run.slots[:, None]) for rates in run.rates]


def _reach(size: Any, steps: Any) -> Any:
    """How far a rate may be moved before its powers are others."""
    steps = np.maximum(np.asarray(steps, dtype=float), 1.0).reshape(-1, 1)
    return np.maximum(np.maximum(size / steps, 1.0 - size), np.finfo(float).tiny) / 8


def _radii(law: Mapping[str, Polynomial], run: SimpleNamespace, curvature: Doubled, rates: Any, reach: Any) -> Any:
    """Circles of curvatures on which no rate is moved further than its reach."""
    radius = reach.max(axis=0, initial=0.0) + 0 * run.moved[0]
    moving = len(law["memory"]) - 1
    if not run.near.any() or not moving:
        return radius
    for _ in range(200):
        furthest = np.zeros_like(radius)
        for direction in (1.0, -1.0, 1.0j):
            shifted = _plus(curvature, (direction * radius, 0 * curvature[0]))
            found = _zeros(_sum(law["memory"], law["gain"], shifted), shifted)[0]
            moved = np.abs(found[:, None] - rates[:moving]).min(axis=1)
            furthest = np.maximum(furthest, (moved / reach[:moving]).max(axis=0, initial=0.0))
        if not (furthest[run.near] > 1).any():
            break
        radius = radius * np.where(furthest > 1, np.maximum(np.minimum(0.9, 1.0 / furthest**2), 1e-3), 1.0)
    return radius


def _sum(memory: Polynomial, gain: Polynomial, curvature: Doubled) -> list[Doubled]:
    """The coefficients of Q + curvature * P, the lowest first."""
    return [
        _plus(_lifted(c, curvature), _times(_lifted(gain[k], curvature), curvature)) if k < len(gain) else c
        for k, c in enumerate(memory)
    ]


def _lifted(value: Doubled, like: Doubled) -> Doubled:
    """Two floats as numbers of a shape."""
    return value[0] + 0 * like[0], value[1] + 0 * like[0]


def _concatenated(x: Doubled, y: Any) -> Any:
    return tuple(np.concatenate(parts) for parts in zip(x, y))


def _zeros(polynomial: Polynomial, like: Doubled) -> Any:
    """The zeros of a polynomial whose highest coefficient is 1: all at once (K. Weierstrass, 1891), in twice the precision."""
    degree = len(polynomial) - 1
    coefficients = [_lifted(c, like) for c in polynomial]
    if degree < 2:
        single = [(-head, -tail) for head, tail in coefficients[:degree]]
        return tuple(np.array([f[i] for f in single]).reshape(degree, *like[0].shape) for i in range(2))
    companion = np.zeros((*like[0].shape, degree, degree), dtype=complex)
    companion[..., np.arange(degree - 1), np.arange(1, degree)] = 1
    for k in range(degree):
        companion[..., degree - 1, k] = -coefficients[k][0]
    found = np.moveaxis(np.linalg.eigvals(companion), -1, 0)
    # no two alike
    found = found + 1e-12 * np.exp(1j * np.arange(degree)).reshape(-1, *[1] * (found.ndim - 1))
    zeros = [(part, 0 * part) for part in found]
    with np.errstate(all="ignore"):
        for _ in range(60):
            step = 0.0
            for j, zero in enumerate(zeros):
                value, apart = coefficients[degree], _lifted((1.0, 0.0), like)
                for c in reversed(coefficients[:degree]):
                    value = _plus(_times(value, zero), c)
                for k, other in enumerate(zeros):
                    if k != j:
                        apart = _times(apart, _plus(zero, (-other[0], -other[1])))
                head, tail = _over(value, apart)
                head, tail = (np.where(np.isfinite(head + tail), part, 0.0) for part in (head, tail))
                zeros[j] = _plus(zero, (-head, -tail))
                step = max(step, (np.abs(head) / np.maximum(np.abs(zero[0]), 1e-30)).max(initial=0.0))
            if step < 1e-30:
                break
    return tuple(np.array([zero[i] for zero in zeros]) for i in range(2))


def _weights(gain: Polynomial, rates: Doubled) -> Any:
    """What each rate is worth: the numerator there over the distances of the other rates."""
    found = []
    with np.errstate(all="ignore"):
        for j in range(len(rates[0])):
            rate = rates[0][j], rates[1][j]
            value = _lifted(gain[-1], rate)
            for c in reversed(gain[:-1]):
                value = _plus(_times(value, rate), _lifted(c, rate))
            for k in range(len(rates[0])):
                if k != j:
                    value = _over(value, _plus(rate, (-rates[0][k], -rates[1][k])))
            found.append(value)
    return tuple(np.array([value[i] for value in found]) for i in range(2))


def _check_stable(run: SimpleNamespace) -> None:
    """The limit exists where all rates are inside the unit circle."""
    h, rate = run.h, run.rate
    _check_minimum(h, rate)
    for pair, row in enumerate(run.moved[0]):
        memory, gain = (run.numbers[0][pair, LAW[name]] for name in ("memory", "gain"))
        for value, moved in zip(h, row):
            if _radius(memory, gain, moved) >= 1:
                low, high = 0.0, moved
                while high - low > 1e-12 * high:
                    middle = (low + high) / 2
                    low, high = (middle, high) if _radius(memory, gain, middle) < 1 else (low, middle)
                known = CROSSING is not None and abs(high - run.numbers[0][pair, CROSSING]) <= 1e-9 * high
                named = f" = {CROSSING_WORDS}" if known else ""
                raise ValueError(
                    f"no limit of many steps: learning rate {rate[pair]:.6g} times the Hessian's eigenvalue {value:.6g} is "
                    f"{moved:.6g}, unstable: it must be below {high:.6g}{named}"
                )


def _radius(memory: Any, gain: Any, curvature: float) -> Any:
    """The largest absolute value of a rate."""
    polynomial = memory.copy()
    polynomial[: len(gain)] += curvature * gain
    return np.abs(np.roots(polynomial[::-1])).max(initial=0.0)


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
    return _from_ends(x, f, steps)
