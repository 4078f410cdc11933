"""How arrays are read, and what does not fit in memory refused: by numpy, and by the libraries of a suffix."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.arrays import real_array as _real_array

if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp
    import torch


def _check_fits(needed: float, what: str, remedy: str) -> None:
    """Refuse what takes more bytes than are free, where that is known."""
    free = _free_memory() if needed > 2**28 else None
    if free is not None and needed > free:
        raise ValueError(f"{what} {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free; {remedy}")


def _check_fits_jax(like: Any, needed: float, what: str, remedy: str) -> None:
    """Refuse what takes more bytes than are free, where that is known."""
    free = _free_memory_jax(like) if needed > 2**28 else None
    if free is not None and needed > free:
        raise ValueError(f"{what} {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free; {remedy}")


def _check_fits_torch(like: Any, needed: float, what: str, remedy: str) -> None:
    """Refuse what takes more bytes than are free, where that is known."""
    free = _free_memory_torch(like) if needed > 2**28 else None
    if free is not None and needed > free:
        raise ValueError(f"{what} {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free; {remedy}")


def _free_memory() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


def _free_memory_jax(like: Any) -> Any:
    """Bytes that can be had on the device, or None where nothing says so."""
    device = jax.devices()[0] if isinstance(like, jax.core.Tracer) else next(iter(like.devices()))
    if stats := device.memory_stats():
        return stats["bytes_limit"] - stats["bytes_in_use"]
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None


def _free_memory_torch(like: Any) -> Any:
    """Bytes that can be had on the device, or None where nothing says so."""
    if like.is_cuda:
        return torch.cuda.mem_get_info(like.device)[0]
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


def _array_jax(value: Any, what: str) -> Any:
    given = _readable_jax(value, what)
    try:
        array = jnp.asarray(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{what} is not an array of real numbers: {' '.join(str(error).split())[:150]}") from None
    if jnp.iscomplexobj(array):
        raise ValueError(f"{what} is not an array of real numbers: it is complex")
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(jnp.result_type(float))


def _array_torch(value: Any, what: str, like: Any = None) -> Any:
    array = value if torch.is_tensor(value) else _tensor_torch(value, what)
    if array.layout != torch.strided or hasattr(array, "get_mask"):
        kind, remedy = ("masked", "to_tensor(value)") if hasattr(array, "get_mask") else ("sparse", "to_dense()")
        raise ValueError(f"{what} is a {kind} tensor; make it dense, with {remedy}")
    if array.is_complex():
        raise ValueError(f"{what} is not an array of real numbers: it is complex")
    if like is not None:
        return array.to(like)
    return array if array.is_floating_point() else array.to(torch.get_default_dtype())


def _readable_jax(value: Any, what: str) -> Any:
    """What JAX can read: its own arrays and what it traces as they are, others as floats in the order of bytes of this machine."""
    parts = jax.tree.leaves(value) if isinstance(value, (list, tuple)) else [value]
    if isinstance(value, jax.Array) or any(isinstance(part, jax.core.Tracer) for part in parts):
        return value
    array = _real_array(value, what)
    floats = array.dtype.kind == "f" and array.dtype.isnative and array.dtype.itemsize <= 8
    return array if floats or array.dtype.kind == "V" else array.astype(float)


def _tensor_torch(value: Any, what: str) -> Any:
    """What is no tensor yet: PyTorch takes floats in the order of bytes of this machine, in memory that it may write to."""
    if isinstance(value, (list, tuple)) and any(map(torch.is_tensor, value)):
        return torch.stack([_array_torch(part, what) for part in value])
    array = _real_array(value, what)
    kept = array.dtype.newbyteorder("=") if array.dtype.kind == "f" and array.dtype.itemsize <= 8 else float
    try:
        return torch.from_numpy(np.require(array, kept, ["C", "W"]))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{what} is not an array of real numbers: {' '.join(str(error).split())[:150]}") from None


def _alike_torch(arrays: dict[int, Any]) -> dict[int, Any]:
    """The arrays in the most precise of their types."""
    widest = max((array.dtype for array in arrays.values()), key=lambda dtype: dtype.itemsize, default=None)
    return {k: array.to(widest) for k, array in arrays.items()}


def _all_jax(condition: Any) -> bool:
    """Whether a condition holds everywhere; what is not known before the program runs is taken to hold."""
    return isinstance(condition, jax.core.Tracer) or bool(condition.all())


def _all_torch(condition: Any) -> bool:
    """Whether a condition holds everywhere; what cannot be known inside vmap is taken to hold."""
    try:
        return bool(condition.all())
    except RuntimeError:
        return True


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


def _read_weights_jax(weights: Any, n: int | None, like: Any) -> Any:
    if weights is None:
        return None if n is None else jnp.full(n, 1.0 / n, dtype=like.dtype)
    weights = _array_jax(weights, "weights")
    if weights.ndim != 1 or (n is not None and tuple(weights.shape) != (n,)):
        raise ValueError(f"weights must have shape ({'n' if n is None else n},), not {tuple(weights.shape)}")
    _check_finite_jax(weights, "weights")
    if not _all_jax(jnp.abs(weights.sum() - 1.0) <= 1e-5):
        raise ValueError(f"weights must sum to 1, not to {float(weights.sum())}")
    if not _all_jax(weights >= 0):
        raise ValueError(f"weights are probabilities, none below 0; the smallest is {float(weights.min())}")
    return weights


def _read_weights_torch(weights: Any, n: int | None, like: Any) -> Any:
    if weights is None:
        return None if n is None else torch.full((n,), 1.0 / n, dtype=like.dtype, device=like.device)
    weights = _array_torch(weights, "weights", like)
    if weights.ndim != 1 or (n is not None and tuple(weights.shape) != (n,)):
        raise ValueError(f"weights must have shape ({'n' if n is None else n},), not {tuple(weights.shape)}")
    _check_finite_torch(weights, "weights")
    if not _all_torch(torch.abs(weights.sum() - 1.0) <= 1e-5):
        raise ValueError(f"weights must sum to 1, not to {float(weights.sum())}")
    if not _all_torch(weights >= 0):
        raise ValueError(f"weights are probabilities, none below 0; the smallest is {float(weights.min())}")
    return weights


def _check_finite(array: Any, what: str) -> None:
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        where = f" at index {first if len(first) > 1 else first[0]}" if first else ""
        raise ValueError(f"{what} is {array[first]}{where}; every entry must be finite")


def _check_finite_jax(array: Any, what: str) -> None:
    if not _all_jax(jnp.isfinite(array)):
        first = tuple(int(i) for i in jnp.argwhere(~jnp.isfinite(array))[0])
        where = f" at index {first if len(first) > 1 else first[0]}" if first else ""
        raise ValueError(f"{what} is {float(array[first])}{where}; every entry must be finite")


def _check_finite_torch(array: Any, what: str) -> None:
    if not _all_torch(torch.isfinite(array)):
        first = tuple(int(i) for i in torch.nonzero(~torch.isfinite(array))[0])
        where = f" at index {first if len(first) > 1 else first[0]}" if first else ""
        raise ValueError(f"{what} is {float(array[first])}{where}; every entry must be finite")


def _read_metric(metric: Any, given: SimpleNamespace) -> Any:
    p = given.p
    if metric is None or p is None:
        return None
    metric = _array(metric, "metric")
    if metric.shape not in ((p,), (p, p)):
        raise ValueError(f"metric must have shape ({p},) or ({p}, {p}), not {metric.shape}")
    _check_finite(metric, "metric")
    if metric.ndim == 2 and not np.allclose(metric, metric.T, rtol=1e-8, atol=1e-12 * np.abs(metric).max()):
        row, column = np.unravel_index(np.argmax(np.abs(metric - metric.T)), metric.shape)
        raise ValueError(f"metric must be symmetric, but entries ({row}, {column}) and ({column}, {row}) differ")
    return metric


def _read_metric_jax(metric: Any, given: SimpleNamespace) -> Any:
    p = given.p
    if metric is None or p is None:
        return None
    metric = _array_jax(metric, "metric")
    if tuple(metric.shape) not in ((p,), (p, p)):
        raise ValueError(f"metric must have shape ({p},) or ({p}, {p}), not {tuple(metric.shape)}")
    _check_finite_jax(metric, "metric")
    if metric.ndim == 2 and not _all_jax(jnp.abs(metric - metric.T) <= 1e-5 * jnp.abs(metric).max()):
        raise ValueError("metric must be symmetric")
    return metric


def _read_metric_torch(metric: Any, given: SimpleNamespace) -> Any:
    p = given.p
    if metric is None or p is None:
        return None
    metric = _array_torch(metric, "metric", given.like)
    if tuple(metric.shape) not in ((p,), (p, p)):
        raise ValueError(f"metric must have shape ({p},) or ({p}, {p}), not {tuple(metric.shape)}")
    _check_finite_torch(metric, "metric")
    if metric.ndim == 2 and not _all_torch(torch.abs(metric - metric.T) <= 1e-5 * torch.abs(metric).max()):
        raise ValueError("metric must be symmetric")
    return metric


def _mean(array: Any, k: int, weights: Any) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.tensordot(weights, array, 1) if array.ndim == k + 1 else array


def _mean_jax(array: Any, k: int, weights: Any) -> Any:
    return jnp.tensordot(weights, array, 1) if array.ndim == k + 1 else array


def _mean_torch(array: Any, k: int, weights: Any) -> Any:
    return torch.tensordot(weights, array, 1) if array.ndim == k + 1 else array
