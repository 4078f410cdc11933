"""How numbers are read, and shapes checked."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.numpy_arrays import _array


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
