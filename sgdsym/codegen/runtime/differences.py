"""Divided differences at real nodes, in twice the precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdsym.codegen.runtime.doubled import Doubled, _over, _plus
from sgdsym.codegen.runtime.powers import _are_close, _taylor, _vanishes


def _divided_difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference at the nodes x, where the function has the values f."""
    order = np.argsort(np.stack([head for head, _ in x]), axis=0)
    sort = [np.take_along_axis(np.stack(part), order, axis=0) for part in zip(*x)]
    values = [np.take_along_axis(np.stack(part), order, axis=0) for part in zip(*f)]
    head, tail = _difference(sort, values, steps)
    none = _vanishes(steps, len(x) - 1)
    return np.where(none, 0.0, head), np.where(none, 0.0, tail)


def _difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference at sorted nodes: the recursion where the outer ones are apart, a Taylor series where all are close."""
    last = len(x[0]) - 1
    if not last:
        return f[0][0], f[1][0]
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
