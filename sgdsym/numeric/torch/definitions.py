"""Operators that PyTorch differentiates wrongly at third order, by their definitions in arithmetic, where models hold them."""

from __future__ import annotations

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


DEFINITIONS: dict[Any, Callable[..., Any]] = {
    torch.layer_norm: layer_norm,
    torch.nn.functional.layer_norm: layer_norm,
}


class Definitions(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """Puts the definitions in the place of their operators."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return DEFINITIONS.get(func, func)(*args, **(kwargs or {}))
