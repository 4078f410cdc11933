"""Time-sums in continuous time: an edge that spans a time t carries exp(-learning_rate * h * t)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.coefficients import _numbers
from sgdsym.codegen.runtime.differences import _divided_difference
from sgdsym.codegen.runtime.doubled import Doubled, _plus, _times, _two_product
from sgdsym.codegen.runtime.exponentials import _exponential
from sgdsym.codegen.runtime.steps import _product


def _carry(run: SimpleNamespace, symbols: Mapping[str, Any]) -> None:
    """What every edge carries: its exponent, and the exponential at the end."""
    run.ratio = _exponents(run)
    with np.errstate(all="ignore"):
        run.power = _exponential(_times(run.ratio, (run.steps[:, None], 0.0)))
    run.numbers = _numbers(symbols, run)


def _exponents(run: SimpleNamespace) -> Doubled:
    """The rates of decay, with their sign."""
    moved = _two_product(run.rate[:, None], run.h)
    return -moved[0], -moved[1]


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The divided difference of exp(x * steps) at sums of exponents."""
    x = [_total(run.ratio, pair, at, letters) for letters in nodes]
    f = [_product(run.power, pair, at, letters) for letters in nodes]
    return _divided_difference(x, f, run.steps[pair])


def _total(table: Doubled, pair: Any, at: Mapping[str, Any], letters: str) -> Doubled:
    """The sum over the eigen-indices of what stands in a table, for each pair."""
    value = (np.zeros(pair.shape), np.zeros(pair.shape))
    for letter in letters:
        value = _plus(value, (table[0][pair, at[letter]], table[1][pair, at[letter]]))
    return value
