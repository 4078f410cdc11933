"""Cumulants of the noise along a run, and the orders that they add to what is read off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy as xp  # the library of a module

from sgdsym.codegen.runtime.program import CUMULANTS, ORDER, REGISTERS, _step, _values
from sgdsym.codegen.runtime.run_inputs import _explain


def _with_noise(run: SimpleNamespace, given: SimpleNamespace, first: Any, read: Any) -> list[Any]:
    """The coefficients of all orders, from the first."""
    if run.cumulants is None:
        return [first] + [np.zeros_like(first)] * ORDER
    return [first, *_values(run.cumulants, given.means, given.noise, given.weights, read)]


def _move_noise(
    run: SimpleNamespace, given: SimpleNamespace, t: int, matrix: Any, gain: Any, point: Any, decay: float | None
) -> None:
    """The cumulants after an update."""
    if run.cumulants is None:
        run.cumulants = _zeros(run.p, len(given.weights))
    run.cumulants = _step(run.cumulants, given.means, given.noise, given.weights, run.rate, matrix, gain, point, decay)
    if not all(np.isfinite(np.asarray(value)).all() for value in run.cumulants.values()):
        _explain(given, t)
        raise ValueError(f"the cumulants overflow at step {t}; take a smaller learning rate, or fewer steps")


def _zeros(p: int, n: int) -> dict[str, Any]:
    """The cumulants before the first step."""
    lengths = p * REGISTERS, n
    return {name: xp.zeros((lengths[0],) * legs + (lengths[1],) * points) for name, (legs, points) in CUMULANTS.items()}


def _move(tensor: Any, count: int, matrix: Any) -> Any:
    """The tensor with its first axes moved by the matrix."""
    for axis in range(count):
        tensor = xp.moveaxis(xp.tensordot(matrix, tensor, (1, axis)), 0, axis)
    return tensor


def _read_off(tensor: Any, axes: Iterable[int], point: Any) -> Any:
    """The tensor with registers read as weights on these axes."""
    for axis in axes:
        shape = (*tensor.shape[:axis], len(point), -1, *tensor.shape[axis + 1 :])
        tensor = xp.tensordot(point, tensor.reshape(shape), (0, axis))
    return tensor


def _enter(tensor: Any, axes: Iterable[int], gain: Any) -> Any:
    """The tensor with weights put into the registers on these axes."""
    for axis in axes:
        shape = (*tensor.shape[:axis], -1, *tensor.shape[axis + 1 :])
        whole = xp.expand_dims(tensor, axis) * gain.reshape((-1,) + (1,) * (tensor.ndim - axis))
        tensor = whole.reshape(shape)
    return tensor


def _over_places(tensor: Any, orders: Iterable[Sequence[int]]) -> Any:
    """The sum of the tensor with its axes in these orders."""
    return sum(tensor.transpose(order) for order in orders)


def _arrange(axes: str, tensor: Any) -> Any:
    return xp.einsum(axes, tensor)
