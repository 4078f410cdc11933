"""Time-sums in continuous time: an edge that spans a time t carries exp(-learning_rate * h * t).

They are divided differences of exp(x * steps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.doubled import Doubled, _over, _plus, _times, _two_product
from sgdsym.codegen.runtime.numpy_arrays import _array, _check_finite
from sgdsym.codegen.runtime.steps import _check_minimum, _divided_difference, _product


def _carry(run: SimpleNamespace) -> None:
    """What every edge carries: its exponent, and the exponential at the end; in the limit the exponent must decay."""
    moved = _two_product(run.rate[:, None], run.h)
    run.ratio = -moved[0], -moved[1]
    if run.steps is None:
        _check_minimum(run.h, run.rate)
        return
    with np.errstate(all="ignore"):
        run.power = _exponential(_times(run.ratio, (run.steps[:, None], 0.0)))


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The divided difference of exp(x * steps) at sums of exponents, or the integral over all times."""
    x = [_total(run.ratio, pair, at, letters) for letters in nodes]
    if run.steps is None:
        return _limit(x)
    f = [_product(run.power, pair, at, letters) for letters in nodes]
    return _divided_difference(x, f, run.steps[pair])


def _total(table: Doubled, pair: Any, at: Mapping[str, Any], letters: str) -> Doubled:
    """The sum over the eigen-indices of what stands in a table, for each pair."""
    value = (np.zeros(pair.shape), np.zeros(pair.shape))
    for letter in letters:
        value = _plus(value, (table[0][pair, at[letter]], table[1][pair, at[letter]]))
    return value


def _read_steps(steps: Any) -> Any:
    steps = _array(steps, "steps")
    _check_finite(steps, "steps")
    if (steps < 0).any():
        raise ValueError(f"steps must not be negative, not {steps.min():.17g}")
    return steps


def _are_close(gap: Any, node: Any, steps: Any) -> Any:
    """Whether the function hardly changes between nodes that are so far apart."""
    return steps * np.abs(gap) <= 1 / 32


def _vanishes(steps: Any, degree: int) -> Any:
    """An exponential has divided differences of all degrees."""
    return np.zeros(np.shape(steps), dtype=bool)


def _taylor(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference for nodes close to the last one, where the function is f: 14 terms leave 1e-32 of it."""
    last = len(x[0]) - 1
    centre = (x[0][last], x[1][last])
    one, zero = np.ones_like(steps), np.zeros_like(steps)
    scale = (steps, zero)
    offsets = [_times(_plus((x[0][i], x[1][i]), (-centre[0], -centre[1])), scale) for i in range(last)]
    weight = (one, zero)
    for k in range(last):
        weight = _over(_times(weight, (steps, zero)), (k + one, zero))
    symmetric = [(one, zero)] * last
    total = weight
    for m in range(1, 14):
        weight = _over(weight, (last + m + zero, zero))
        lower = (zero, zero)
        for i in range(last):
            lower = symmetric[i] = _plus(lower, _times(offsets[i], symmetric[i]))
        total = _plus(total, _times(weight, lower))
    return _times(total, (f[0], f[1]))


def _exponential(x: Doubled) -> Doubled:
    """exp(x), from its series where the argument is halved often enough, then squared as often."""
    halvings = int(np.ceil(np.log2(np.maximum(np.abs(x[0]).max(initial=0.0), 1.0)))) + 6
    small = (x[0] * 0.5**halvings, x[1] * 0.5**halvings)
    total = (np.ones_like(x[0]), np.zeros_like(x[0]))
    for k in range(14, 0, -1):
        total = _plus(
            (np.ones_like(x[0]), np.zeros_like(x[0])), _over(_times(small, total), (np.full_like(x[0], k), 0.0))
        )
    for _ in range(halvings):
        total = _times(total, total)
    return total


def _limit(x: Any) -> Doubled:
    """The product of -1 / x over the nodes after the first."""
    value = (np.ones_like(x[0][0]), np.zeros_like(x[0][0]))
    for head, tail in x[1:]:
        value = _over(value, (-head, -tail))
    return value
