"""The memory that tensors take while a function runs."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode


class _Meter(TorchDispatchMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Counts the bytes of the tensors that are made and not yet freed, and the most there were."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.held: int = 0
        self.most: int = 0
        self.seen: dict[int, Any] = {}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        for leaf in _pytree.tree_leaves(found):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return found

    def _count(self, storage: Any) -> None:
        # views share their storage, which takes memory once
        key, size = storage._cdata, storage.nbytes()
        if key in self.seen:
            return
        self.seen[key] = weakref.finalize(storage, self._free, key, size)
        self.held += size
        self.most = max(self.most, self.held)

    def _free(self, key: int, size: int) -> None:
        del self.seen[key]
        self.held -= size


def most_bytes(function: Callable[[], Any]) -> int:
    """The most bytes that new tensors take at once while a function runs."""
    with _Meter() as meter:
        function()
    most: int = meter.most
    return most
