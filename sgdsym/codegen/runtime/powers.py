"""Functions of which time-sums are divided differences: x**steps, where an edge spans steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdsym.codegen.runtime.doubled import Doubled, _over, _plus, _times
from sgdsym.codegen.runtime.numpy_arrays import _array, _check_finite


def _read_steps(steps: Any) -> Any:
    steps = _array(steps, "steps")
    _check_finite(steps, "steps")
    wrong = (steps < 0) | (steps != np.floor(steps)) | (steps > 2.0**53)
    if wrong.any():
        raise ValueError(f"steps must be integers from 0 to 2**53, not {steps[wrong][0]:.17g}")
    return steps


def _are_close(gap: Any, node: Any, steps: Any) -> Any:
    """Whether the function hardly changes between nodes that are so far apart."""
    return steps * np.abs(gap) <= np.abs(node) / 32


def _vanishes(steps: Any, degree: int) -> Any:
    """Whether the divided difference of so high a degree is that of a polynomial of a lower one."""
    return steps < degree


def _taylor(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference for nodes close to the last one, where the function is f: 14 terms leave 1e-32 of it."""
    last = len(x[0]) - 1
    centre = (x[0][last], x[1][last])
    one, zero = np.ones_like(steps), np.zeros_like(steps)
    origin = centre[0] == 0
    safe = (np.where(origin, 1.0, centre[0]), centre[1])
    scale = _over((steps, zero), safe)
    offsets = [_times(_plus((x[0][i], x[1][i]), (-centre[0], -centre[1])), scale) for i in range(last)]
    weight = (one, zero)
    for k in range(last):
        weight = _over(_times(weight, (steps - k, zero)), (k + one, zero))
    symmetric = [(one, zero)] * last
    total = weight
    for m in range(1, 14):
        weight = _over(
            _times(weight, (steps - (last + m - 1), zero)),
            _times((np.maximum(steps, 1.0), zero), (last + m + zero, zero)),
        )
        lower = (zero, zero)
        for i in range(last):
            lower = symmetric[i] = _plus(lower, _times(offsets[i], symmetric[i]))
        total = _plus(total, _times(weight, lower))
    total = _times(total, (f[0], f[1]))
    for _ in range(last):
        total = _over(total, safe)
    # at zero all but one power of the centre vanish
    return np.where(origin, 1.0 * (steps == last), total[0]), np.where(origin, 0.0, total[1])


def _power(x: Doubled, steps: Any) -> Doubled:
    """x**steps by repeated squaring."""
    total = (np.ones_like(x[0]), np.zeros_like(x[0]))
    left = np.broadcast_to(steps, x[0].shape).astype(np.int64)
    while True:
        odd = (left & 1).astype(bool)
        if odd.any():
            grown = _times(total, x)
            total = (np.where(odd, grown[0], total[0]), np.where(odd, grown[1], total[1]))
        left = left >> 1
        if not left.any():
            return total
        x = _times(x, x)


def _limit(x: Any) -> Doubled:
    """The product of 1 / (1 - x) over the nodes after the first."""
    value = (np.ones_like(x[0][0]), np.zeros_like(x[0][0]))
    for head, tail in x[1:]:
        value = _over(value, _plus((np.ones_like(head), 0.0), (-head, -tail)))
    return value
