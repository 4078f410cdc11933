"""How numbers and derivatives are read: by numpy, and by the libraries of a suffix."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.codegen.runtime.libraries import (
    _alike_torch,
    _array,
    _array_torch,
    _check_finite,
    _check_finite_torch,
    _check_fits,
    _check_fits_jax,
    _check_fits_torch,
    _mean,
    _mean_jax,
    _mean_torch,
    _read_weights,
    _read_weights_jax,
    _read_weights_torch,
)
from sgdsym.codegen.runtime.program import MEAN_DEGREES, MEMORY, ROOT_DEGREES, SAMPLED_DEGREES, SYMBOLS

if TYPE_CHECKING:
    import jax


def _check_names(symbols: Mapping[str, Any]) -> None:
    """Refuse symbols that there are not, and name one that is missing."""
    unknown = sorted(set(symbols) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"unknown symbol {unknown[0]}; the symbols are: {', '.join(SYMBOLS) or 'none'}")
    missing = [name for name in SYMBOLS if name not in symbols]
    if missing:
        raise ValueError(f"the symbol {missing[0]} is missing; pass {missing[0]}=...")


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


def _number_jax(name: str, value: Any) -> Any:
    if np.ma.is_masked(value):
        raise ValueError(f"the symbol {name} is masked; give its number")
    if getattr(value, "ndim", None) == 0 and not isinstance(value, jax.core.Tracer):
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


def _pick_torch(derivatives: Any, k: int, what: str, like: Any = None) -> Any:
    try:
        value = derivatives[k]
    except (KeyError, IndexError, TypeError):
        value = None
    if value is None:
        raise ValueError(f"{what}[{k}] is missing")
    return _array_torch(value, f"{what}[{k}]", like)


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


def _check_memory(n: int | None, p: int | None, most: Mapping[tuple[int, int], int] = MEMORY) -> None:
    """Refuse sizes for which the arrays of the program do not fit."""
    count = sum(times * (n or 1) ** i * (p or 1) ** j for (i, j), times in most.items())
    needed = 8.0 * count
    remedy = "use fewer data points or parameters, or a lower order"
    _check_fits(needed, f"n = {n} and p = {p} need, beside the inputs,", remedy)


def _check_memory_jax(n: int | None, p: int | None, arrays: Any, most: Mapping[tuple[int, int], int] = MEMORY) -> None:
    """Refuse sizes for which the arrays of the program do not fit; copies that XLA makes come on top."""
    count = sum(times * (n or 1) ** i * (p or 1) ** j for (i, j), times in most.items())
    like = next(iter(arrays.values()), None)
    if like is None:
        return
    needed = float(like.dtype.itemsize * count)
    remedy = "use fewer data points or parameters, or a lower order"
    _check_fits_jax(like, needed, f"n = {n} and p = {p} need, beside the inputs,", remedy)


def _check_memory_torch(
    n: int | None, p: int | None, arrays: Any, most: Mapping[tuple[int, int], int] = MEMORY
) -> None:
    """Refuse sizes for which the arrays of the program do not fit."""
    count = sum(times * (n or 1) ** i * (p or 1) ** j for (i, j), times in most.items())
    like = next(iter(arrays.values()), None)
    if like is None:
        return
    needed = float(like.dtype.itemsize * count)
    needed += sum(array.numel() * array.element_size() for array in arrays.values() if not array.is_contiguous())
    remedy = "use fewer data points or parameters, or a lower order"
    _check_fits_torch(like, needed, f"n = {n} and p = {p} need, beside the inputs,", remedy)


def _read(derivatives: Any, weights: Any) -> SimpleNamespace:
    """Check the arrays; collect means and samples by degree, the weights, and the number of parameters p."""
    arrays = {k: _pick(derivatives, k, "derivatives") for k in sorted(SAMPLED_DEGREES + MEAN_DEGREES)}
    p = next((array.shape[-1] for k, array in arrays.items() if k and array.ndim), None)
    n = next((array.shape[0] for k, array in arrays.items() if array.ndim == k + 1), None)
    for k, array in arrays.items():
        _check_shape(array, k, n, p, f"derivatives[{k}]", k in SAMPLED_DEGREES)
    weights = _read_weights(weights, n)
    _check_memory(n, p)
    means = {k: _mean(arrays[k], k, weights) for k in MEAN_DEGREES}
    samples = {k: arrays[k] for k in SAMPLED_DEGREES}
    return SimpleNamespace(means=means, samples=samples, weights=weights, p=p)


def _read_jax(derivatives: Any, weights: Any) -> SimpleNamespace:
    """Check the arrays; collect means and samples by degree, the weights, and the number of parameters p."""
    arrays = {k: _pick(derivatives, k, "derivatives") for k in sorted(SAMPLED_DEGREES + MEAN_DEGREES)}
    p = next((array.shape[-1] for k, array in arrays.items() if k and array.ndim), None)
    n = next((array.shape[0] for k, array in arrays.items() if array.ndim == k + 1), None)
    for k, array in arrays.items():
        _check_shape(array, k, n, p, f"derivatives[{k}]", k in SAMPLED_DEGREES)
    like = next(iter(arrays.values()), None)
    weights = _read_weights_jax(weights, n, like)
    _check_memory_jax(n, p, arrays)
    means = {k: _mean_jax(arrays[k], k, weights) for k in MEAN_DEGREES}
    samples = {k: arrays[k] for k in SAMPLED_DEGREES}
    return SimpleNamespace(means=means, samples=samples, weights=weights, p=p)


def _read_torch(derivatives: Any, weights: Any) -> SimpleNamespace:
    """Check the arrays; collect means and samples by degree, the weights, and the number of parameters p."""
    arrays = {k: _pick_torch(derivatives, k, "derivatives") for k in sorted(SAMPLED_DEGREES + MEAN_DEGREES)}
    p = next((array.shape[-1] for k, array in arrays.items() if k and array.ndim), None)
    n = next((array.shape[0] for k, array in arrays.items() if array.ndim == k + 1), None)
    for k, array in arrays.items():
        _check_shape(array, k, n, p, f"derivatives[{k}]", k in SAMPLED_DEGREES)
    arrays = _alike_torch(arrays)
    like = next(iter(arrays.values()), None)
    weights = _read_weights_torch(weights, n, like)
    _check_memory_torch(n, p, arrays)
    means = {k: _mean_torch(arrays[k], k, weights) for k in MEAN_DEGREES}
    samples = {k: arrays[k] for k in SAMPLED_DEGREES}
    return SimpleNamespace(means=means, samples=samples, weights=weights, p=p, like=like)


def _read_roots(root_derivatives: Any, given: SimpleNamespace) -> dict[int, Any]:
    """Check the derivatives of the observed function; return their means by degree."""
    roots = {}
    n = None if given.weights is None else len(given.weights)
    for k in ROOT_DEGREES:
        what = f"root_derivatives[{k}]"
        array = _pick(root_derivatives, k, "root_derivatives")
        _check_shape(array, k, n, given.p, what, False)
        roots[k] = _mean(array, k, given.weights)
    return roots


def _read_roots_torch(root_derivatives: Any, given: SimpleNamespace) -> dict[int, Any]:
    """Check the derivatives of the observed function; return their means by degree."""
    roots = {}
    n = None if given.weights is None else len(given.weights)
    for k in ROOT_DEGREES:
        what = f"root_derivatives[{k}]"
        array = _pick_torch(root_derivatives, k, "root_derivatives", given.like)
        _check_shape(array, k, n, given.p, what, False)
        roots[k] = _mean_torch(array, k, given.weights)
    return roots


def _read_known_roots(root_derivatives: Any, p: int) -> dict[int, Any]:
    """Check the derivatives of the observed function, which is not sampled."""
    roots = {k: _pick(root_derivatives, k, "root_derivatives") for k in ROOT_DEGREES}
    for k, array in roots.items():
        if tuple(array.shape) != (p,) * k:
            what = f"for an unbiased estimate root_derivatives[{k}]"
            raise ValueError(f"{what} must have shape {(p,) * k}, not {tuple(array.shape)}")
        _check_finite(array, f"root_derivatives[{k}]")
    return roots


def _read_known_roots_torch(root_derivatives: Any, p: int, like: Any) -> dict[int, Any]:
    """Check the derivatives of the observed function, which is not sampled."""
    roots = {k: _pick_torch(root_derivatives, k, "root_derivatives", like) for k in ROOT_DEGREES}
    for k, array in roots.items():
        if tuple(array.shape) != (p,) * k:
            what = f"for an unbiased estimate root_derivatives[{k}]"
            raise ValueError(f"{what} must have shape {(p,) * k}, not {tuple(array.shape)}")
        _check_finite_torch(array, f"root_derivatives[{k}]")
    return roots
