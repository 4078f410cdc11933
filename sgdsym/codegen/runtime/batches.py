"""Moments of minibatch gradients, from the gradients of all examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdsym.arrays import real_array as _real_array
from sgdsym.codegen.runtime.program import (
    GRADIENTS,
    _fourth_with,
    _fourth_without,
    _pairs_with,
    _pairs_without,
    _second_with,
    _second_without,
    _third_with,
    _third_without,
)


def covariance(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The covariance of the mean gradient of a batch, (p, p).

    batch_size: a number of examples.
    replacement: whether an example can be drawn twice in one batch.
    gradients: one row for each example, (N, p).
    """
    centred = _centred(gradients, batch_size, replacement, 2)
    weight = _second_with(batch_size) if replacement else _second_without(batch_size, len(centred))
    return weight * np.einsum("si,sj->ij", centred, centred) / len(centred)


def third_cumulant(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The third cumulant of the mean gradient of a batch, (p, p, p); the arguments are those of covariance."""
    centred = _centred(gradients, batch_size, replacement, 3)
    weight = _third_with(batch_size) if replacement else _third_without(batch_size, len(centred))
    return weight * np.einsum("si,sj,sk->ijk", centred, centred, centred) / len(centred)


def fourth_moment(batch_size: int, replacement: bool = True, gradients: Any = GRADIENTS) -> Any:
    """The fourth central moment of the mean gradient of a batch, (p, p, p, p); the arguments are those of covariance."""
    centred = _centred(gradients, batch_size, replacement, 4)
    sizes = (batch_size,) if replacement else (batch_size, len(centred))
    fourth, pairs = (_fourth_with, _pairs_with) if replacement else (_fourth_without, _pairs_without)
    second = np.einsum("si,sj->ij", centred, centred) / len(centred)
    moment = np.einsum("si,sj,sk,sl->ijkl", centred, centred, centred, centred) / len(centred)
    paired = np.multiply.outer(second, second)
    paired = paired + paired.transpose(0, 2, 1, 3) + paired.transpose(0, 2, 3, 1)
    return fourth(*sizes) * moment + pairs(*sizes) * paired


def epoch_autocovariance(batch_size: int, lag: int, gradients: Any = GRADIENTS) -> Any:
    """The covariance of batch gradients that are lag steps apart, (p, p), where every epoch is shuffled anew."""
    n = len(gradients)
    if n % batch_size:
        raise ValueError(f"batches of {batch_size} do not fill an epoch of {n} examples")
    if not lag:
        return covariance(batch_size, False, gradients)
    return -max(0, n - abs(lag) * batch_size) / (n * (n - 1)) * covariance(1, True, gradients)


def _centred(gradients: Any, batch_size: int, replacement: bool, order: int) -> Any:
    rows = _real_array(gradients, "gradients").astype(float)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise ValueError(f"gradients has shape {rows.shape}; it must be (N, p), of finite numbers")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    if not replacement and batch_size > len(rows):
        raise ValueError(f"a batch of {batch_size} cannot be drawn from {len(rows)} examples without replacement")
    if not replacement and len(rows) < order:
        raise ValueError(f"without replacement order {order} needs at least {order} examples, not {len(rows)}")
    return rows - rows.mean(axis=0)
