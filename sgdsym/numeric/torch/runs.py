"""Whole runs of a model in PyTorch: the engine that a run asks for derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree

from sgdsym.arguments import quoted, read_real
from sgdsym.numeric.matrix_free.calculus import Arrays
from sgdsym.numeric.matrix_free.data import Data, as_numpy, check_parameters, check_types
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.run_engine import Engine, Leaves, RunRequest
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.numeric.matrix_free.runs import Runner
from sgdsym.numeric.torch.errors import told
from sgdsym.numeric.torch.ways import TURN, load
from sgdsym.progress import Progress


@dataclass(frozen=True, eq=False)
class TorchEngine(Engine):
    """PyTorch at work on a run.

    Attributes:
        device: where the parameters are.
    """

    device: Any = None

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return function

    def given(self, arrays: Sequence[Any]) -> Leaves:
        """Arrays of numpy as tensors."""
        # a copy: as_tensor shares memory with numpy, and a step may write in place
        return [torch.as_tensor(np.array(array), device=self.device) for array in arrays]

    def numpy(self, arrays: Sequence[Any]) -> list[Any]:
        """Tensors as arrays of numpy."""
        return [torch.as_tensor(array).detach().cpu().numpy() for array in arrays]

    def summed(self, function: Callable[[Leaves], Leaves], data: Arrays, chunk: int) -> Leaves:
        """The sum over slices of the data, one after the other."""
        total: Leaves = []
        for start in range(0, len(data[0]), chunk):
            rows = [torch.as_tensor(array[start : start + chunk], device=self.device) for array in data]
            found = function(rows)
            total = [a + b for a, b in zip(total, found, strict=True)] if total else list(found)
        return total


def run(
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    step: Any,
    state: Any,
    options: dict[str, Any],
    progress: Progress,
) -> WholeRun:
    """A whole run; see :func:`sgdsym.numeric.torch.trajectory`."""
    check_types(_pytree.tree_leaves(parameters), "parameters")
    check_types(_pytree.tree_leaves(data), "data")
    weights, nesting = _pytree.tree_flatten(_pytree.tree_map(_tensor, parameters))
    check_parameters([weight.numpy() if weight.device.type == "cpu" else weight.cpu().numpy() for weight in weights])
    rows, layout = _pytree.tree_flatten(_pytree.tree_map(_array, data))
    points = Data(tuple(rows))
    request = RunRequest.read(points, **options)
    update, memory = _read_step(step, state)
    kept, memory_nesting = _pytree.tree_flatten(_pytree.tree_map(_tensor, memory))
    # a state holds counters too, which have no derivatives: they travel beside what is differentiated
    moving = [leaf.is_floating_point() for leaf in kept]

    def take(leaves: Leaves, counters: Leaves, gradient: Leaves) -> tuple[Leaves, Leaves]:
        floats, whole = iter(leaves[len(weights) :]), iter(counters)
        remembered = _pytree.tree_unflatten([next(floats if moves else whole) for moves in moving], memory_nesting)
        trees = [_pytree.tree_unflatten(part, nesting) for part in (leaves[: len(weights)], gradient)]
        found, after = update(trees[0], remembered, trees[1])
        ends, shape = _pytree.tree_flatten(found)
        held, shape_after = _pytree.tree_flatten(after)
        if shape != nesting or shape_after != memory_nesting:
            raise FinalError("the step must return parameters and a state of the shapes that it was given")
        ends = [*ends, *(leaf for leaf, moves in zip(held, moving, strict=True) if moves)]
        return ends, [leaf for leaf, moves in zip(held, moving, strict=True) if not moves]

    def each(leaves: Leaves, examples: Sequence[Any]) -> Any:
        return loss(_pytree.tree_unflatten(leaves, nesting), _pytree.tree_unflatten(list(examples), layout))

    leaves = [*weights, *(leaf for leaf, moves in zip(kept, moving, strict=True) if moves)]
    counters = [leaf for leaf, moves in zip(kept, moving, strict=True) if not moves]
    with TURN, told("loss or the step"):
        load()
        engine = TorchEngine(
            torch.func.jvp, torch.func.grad, torch.func.vmap, each, take, len(weights), weights[0].device
        )
        return Runner(engine, points, request, leaves, counters).run(progress)


def _read_step(step: Any, state: Any) -> tuple[Callable[[Any, Any, Any], tuple[Any, Any]], Any]:
    """The step as a function of parameters, memory and gradient, and the memory at the start."""
    if isinstance(step, (torch.optim.Optimizer, str)):
        raise ValueError(
            f"step must be a learning rate or a function of parameters, state and gradient, not {quoted(step)}; write the update as one"
        )
    if callable(step):
        return step, () if state is None else state
    if state is not None:
        raise ValueError("a learning rate has no state; leave state out, or give the step as a function")
    rate = read_real("step", step)

    def plain(weights: Any, memory: Any, gradient: Any) -> tuple[Any, Any]:
        return _pytree.tree_map(lambda a, g: a - rate * g, weights, gradient), memory

    return plain, ()


def _tensor(leaf: Any) -> Any:
    tensor = leaf.detach() if torch.is_tensor(leaf) else torch.tensor(as_numpy(leaf))
    return tensor.float() if tensor.is_floating_point() and tensor.dtype.itemsize < torch.float32.itemsize else tensor


def _array(leaf: Any) -> Any:
    return as_numpy(leaf.detach().cpu() if torch.is_tensor(leaf) else leaf)
