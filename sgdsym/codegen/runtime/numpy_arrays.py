"""How modules of numpy read arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdsym.arrays import real_array as _real_array
from sgdsym.codegen.runtime.memory import _check_fits


def _array(value: Any, what: str) -> Any:
    given = _real_array(value, what)
    if given.dtype.kind == "O":
        try:
            given = given.astype(float)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{what} is not an array of real numbers: {' '.join(str(error).split())[:150]}") from None
    if given.dtype != float or not given.flags.c_contiguous:
        remedy = "use fewer data points or parameters; floats in C order are not copied"
        _check_fits(8.0 * given.size, f"a copy of {what} takes", remedy)
    return np.asarray(given, dtype=float, order="C")


def _read_weights(weights: Any, n: int | None) -> Any:
    if weights is None:
        return None if n is None else np.full(n, 1.0 / n)
    weights = _array(weights, "weights")
    if weights.ndim != 1 or (n is not None and weights.shape != (n,)):
        raise ValueError(f"weights must have shape ({'n' if n is None else n},), not {weights.shape}")
    _check_finite(weights, "weights")
    if abs(weights.sum() - 1.0) > 1e-8:
        raise ValueError(f"weights must sum to 1, not to {weights.sum()}")
    if (weights < 0).any():
        raise ValueError(f"weights are probabilities, none below 0; the smallest is {weights.min()}")
    return weights


def _check_finite(array: Any, what: str) -> None:
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at index {first if len(first) > 1 else first[0]}" if first else ""
        raise ValueError(f"{what} is {array[first]}{where}; every entry must be finite")
