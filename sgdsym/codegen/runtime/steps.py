"""Time-sums of plain steps: an edge that spans n steps carries (1 - learning_rate * h)**(n - 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.coefficients import _numbers
from sgdsym.codegen.runtime.differences import _divided_difference
from sgdsym.codegen.runtime.doubled import Doubled, _plus, _times, _two_product
from sgdsym.codegen.runtime.powers import _power

SLAB = 2**16  # entries of time-sums that are worked on at once


def _carry(run: SimpleNamespace, symbols: Mapping[str, Any]) -> None:
    """What every edge carries: its ratio, and the power of that."""
    run.ratio = _ratios(run)
    with np.errstate(all="ignore"):
        run.power = _power(run.ratio, run.steps[:, None])
    run.numbers = _numbers(symbols, run)


def _ratios(run: SimpleNamespace) -> Doubled:
    """What a step leaves of a deviation from the minimum."""
    moved = _two_product(run.rate[:, None], run.h)
    return _plus((np.ones_like(moved[0]), np.zeros_like(moved[0])), (-moved[0], -moved[1]))


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The divided difference of x**steps at products of ratios."""
    x = [_product(run.ratio, pair, at, letters) for letters in nodes]
    f = [_product(run.power, pair, at, letters) for letters in nodes]
    return _divided_difference(x, f, run.steps[pair])


def _time_sum(
    run: SimpleNamespace, pair: Any, at: Mapping[str, Any], sums: Any, edges: str, rooted: Sequence[int]
) -> Any:
    """The sum of products of divided differences, for each pair and each choice of the eigen-indices.

    A difference is given by the letters in front and in its nodes.
    """
    known: dict[Any, Doubled] = {}
    total = (np.zeros(pair.shape), np.zeros(pair.shape))
    with np.errstate(all="ignore"):
        for number, factors in sums:
            value = (run.numbers[0][pair, number], run.numbers[1][pair, number])
            for front, nodes in factors:
                if nodes not in known:
                    known[nodes] = _at_nodes(run, pair, at, nodes)
                value = _times(value, known[nodes])
                if front:
                    value = _times(value, _product(run.ratio, pair, at, front))
            total = _plus(total, value)
    return total[0] + total[1]


def _slab(run: SimpleNamespace, edges: str) -> int:
    """How many time-sums are worked on at once."""
    return SLAB


def _fastest(run: SimpleNamespace) -> float:
    """The eigenvalue along which a run grows fastest."""
    return float(run.h[np.argmax(np.abs(1 - np.abs(run.rate).max() * run.h)) if run.p else 0])


def _product(table: Doubled, pair: Any, at: Mapping[str, Any], letters: str) -> Doubled:
    """The product over the eigen-indices of what stands in a table, for each pair."""
    value = (np.ones(pair.shape), np.zeros(pair.shape))
    for letter in letters:
        value = _times(value, (table[0][pair, at[letter]], table[1][pair, at[letter]]))
    return value
