"""The derivatives of a loss written for PyTorch, by ``torch.func``; tensors stay on the device of the parameters.

Threads of one process take turns: PyTorch counts the levels of nested forward derivatives once for the whole process.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any

import numpy as np

from sgdsym.numeric.matrix_free.calculus import (
    Arrays,
    Calculus,
    Floats,
    Losses,
    Transformations,
    cells_of,
    joined,
    split,
)
from sgdsym.numeric.matrix_free.messages import Message, Reading
from sgdsym.numeric.matrix_free.program import Program

TURN = RLock()


@dataclass(frozen=True, eq=False)
class TorchCalculus(Calculus):
    """A loss for PyTorch."""

    @property
    def leaves(self) -> list[Any]:
        """The arrays of the parameters, in order."""
        return _transformations().leaves(self.parameters)

    def total(self, reading: Message | Reading, directions: Sequence[Floats], examples: Arrays) -> Floats:
        """A message or a value, summed over examples."""
        with TURN:
            known = [self._tree(d) for d in directions]
            found = self._losses().step(reading, known, self._tensors(examples), mean=False)
            parts = [_numbers(part) for part in _transformations().leaves(found)]
        return joined(parts) if isinstance(reading, Message) else parts[0]

    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example."""
        with TURN:
            return _numbers(self._losses().each(self.parameters, self._tensors(examples)))

    def values(
        self,
        program: Program,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
    ) -> Floats:
        """The random values of a program."""
        import torch

        with TURN:
            losses, known = self._losses(), [self._tree(d) for d in directions]
            all_data = self._tensors(everything)

            def draw(points: Any, batches: Any) -> Any:
                return torch.stack(losses.program(program, known, cells_of(points, batches, all_data)))

            drawn = [self._tensors(cell) for cell in points], [self._tensors(cell) for cell in batches]
            return _numbers(torch.func.vmap(draw)(*drawn))

    def _losses(self) -> Losses:
        return Losses(_transformations(), self.loss, self.function, self.layout, self.parameters)

    def _tensors(self, arrays: Arrays) -> list[Any]:
        import torch

        device = _transformations().leaves(self.parameters)[0].device
        return [torch.as_tensor(array, device=device) for array in arrays]

    def _tree(self, vector: Floats) -> Any:
        """A vector in the shape of the parameters."""
        import torch

        leaves, structure = torch.utils._pytree.tree_flatten(self.parameters)
        parts = [
            torch.as_tensor(part, dtype=leaf.dtype, device=leaf.device)
            for part, leaf in zip(split(vector, leaves), leaves, strict=True)
        ]
        return torch.utils._pytree.tree_unflatten(parts, structure)


@cache
def _transformations() -> Transformations:
    import torch
    from torch.utils import _pytree

    def rebuilt(layout: Any, parts: Sequence[Any]) -> Any:
        return _pytree.tree_map(lambda i: parts[i], layout)

    with TURN, warnings.catch_warnings():
        # on its first use PyTorch 2.13 loads forward derivatives through a function of its own that it deprecates
        warnings.filterwarnings("ignore", ".*torch.jit.script", DeprecationWarning)
        torch.func.jvp(torch.sin, (torch.zeros(()),), (torch.zeros(()),))
    return Transformations(torch.func.jvp, torch.func.grad, torch.func.vmap, _pytree.tree_leaves, rebuilt)


def _numbers(tensor: Any) -> Floats:
    found: Floats = tensor.detach().cpu().numpy().astype(np.float64)
    return found
