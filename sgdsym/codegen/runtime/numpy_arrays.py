"""How modules of numpy read numbers and arrays, and refuse what does not fit in memory."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from sgdsym.arrays import real_array as _real_array


def _number(name: str, value: Any) -> Any:
    if np.ma.is_masked(value):
        raise ValueError(f"the symbol {name} is masked; give its number")
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Rational):
        return value if value.denominator != 1 else int(value.numerator)
    if not isinstance(value, numbers.Real) or not abs(value) < float("inf"):  # type: ignore[operator]
        shown = " ".join(repr(value).split()).encode("ascii", "backslashreplace").decode()
        raise ValueError(f"the symbol {name} must be a finite real number, not {shown[:60]}")
    return int(value) if float(value).is_integer() else float(value)  # type: ignore[call-overload]


def _pick(derivatives: Any, k: int, what: str) -> Any:
    try:
        value = derivatives[k]
    except (KeyError, IndexError, TypeError):
        value = None
    if value is None:
        raise ValueError(f"{what}[{k}] is missing")
    return _array(value, f"{what}[{k}]")


def _check_shape(array: Any, k: int, n: int | None, p: int | None, what: str, sampled: bool) -> None:
    """Accept (n, p, ..., p), and (p, ..., p) where the mean is enough."""
    shape, mean, full = tuple(array.shape), (p,) * k, (n,) + (p,) * k
    if 0 in shape:
        raise ValueError(f"{what} is empty: its shape is {shape}")
    if shape == full and n is not None:
        return
    if not sampled and shape == mean:
        return
    wanted = f"(n,{' p,' * k})".replace(",)", ")" if k else ",)")
    allowed = wanted if sampled else f"{wanted} or {mean}"
    sizes = f"n = {n} and p = {p}" if n is not None else f"p = {p}"
    raise ValueError(f"{what} must have shape {allowed} with {sizes}, not {shape}")


def _check_fits(needed: float, what: str, remedy: str) -> None:
    """Refuse what takes more bytes than are free, where that is known."""
    free = _free_memory() if needed > 2**28 else None
    if free is not None and needed > free:
        raise ValueError(f"{what} {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free; {remedy}")


def _free_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


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
