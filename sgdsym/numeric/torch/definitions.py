"""Operators whose third derivatives PyTorch has wrong, or ends the process at, by their definitions in arithmetic."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


def layer_norm(
    x: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
) -> Any:
    """Numbers along the last axes less their mean, divided by their deviation, and then scaled and shifted."""
    axes = tuple(range(-len(normalized_shape), 0))
    rest = x - x.mean(axes, keepdim=True)
    scaled = rest * ((rest * rest).mean(axes, keepdim=True) + eps).rsqrt()
    scaled = scaled if weight is None else scaled * weight
    return scaled if bias is None else scaled + bias


def mse_loss(
    x: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The squares of differences, their sum, or their mean."""
    # a forward derivative of the gradient of PyTorch's own is a segmentation fault where calls are watched (2.13)
    if any(given is not None for given in (size_average, reduce, weight)) or reduction not in ("none", "mean", "sum"):
        # words are PyTorch's own to read or refuse, and weights it multiplies in by arithmetic, too
        others = {"size_average": size_average, "reduce": reduce, "reduction": reduction, "weight": weight}
        return torch.nn.functional.mse_loss(x, target, **others)
    if x.shape != target.shape:
        warnings.warn(
            f"the mean square is of shapes {tuple(x.shape)} and {tuple(target.shape)}, which are not equal",
            stacklevel=2,
        )
    squares = (x - target) ** 2
    return squares if reduction == "none" else getattr(squares, reduction)()


DEFINITIONS: dict[Any, Callable[..., Any]] = {
    torch.layer_norm: layer_norm,
    torch.nn.functional.layer_norm: layer_norm,
    torch.nn.functional.mse_loss: mse_loss,
}


class Definitions(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """Puts the definitions in the place of their operators."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return DEFINITIONS.get(func, func)(*args, **(kwargs or {}))
