"""Losses of one data point written for JAX or PyTorch: differentiated there, and mapped over batches and runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdsym.numeric.matrix_free import Data, as_numpy, check_parameters, check_types
from sgdsym.simulation.losses import Floats, Handles, Points, in_parts


@dataclass(frozen=True, eq=False)
class FrameworkLosses:
    """Compiled functions of the weights as vectors, over a list of data points.

    Attributes:
        batch_gradients: from weights (runs, p) and numbers of points (runs, B) to the mean gradients (runs, p).
        batch_values: from the same to the mean losses (runs,).
        all_values: from weights (runs, p) to the losses of all points, (runs, n).
        mapped: from a function of the parameters to one of weights (runs, p).
        list: the data points.
        size: numbers that the losses of all points take for one run.
    """

    batch_gradients: Callable[[Floats, Handles], Floats]
    batch_values: Callable[[Floats, Handles], Floats]
    all_values: Callable[[Floats], Floats]
    mapped: Callable[[Callable[[Any], Any]], Callable[[Floats], Floats]]
    list: Points
    size: int

    @property
    def points(self) -> int:
        """The number of data points."""
        return self.list.count

    @property
    def has_uneven_points(self) -> bool:
        """Whether some data points are drawn more often than others."""
        return self.list.is_uneven

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Handles:
        """Independent data points."""
        return self.list.draw(generator, shape)

    def gradients(self, weights: Floats, batches: Handles) -> Floats:
        """The mean gradient of each run over its batch."""
        return self.batch_gradients(weights, batches)

    def values(self, weights: Floats, batches: Handles) -> Floats:
        """The mean loss of each run over its points."""
        return self.batch_values(weights, batches)

    def mean_loss(self, weights: Floats) -> Floats:
        """The population loss of each run."""
        return in_parts(lambda some: self.list.mean(self.all_values(some)), weights, self.size)

    def function(self, function: Callable[[Any], Any], weights: Floats) -> Floats:
        """A function of the parameters, at those of each run."""
        return self.mapped(function)(weights)

    def check(self, start: Floats) -> None:
        """Try the loss.

        Raises:
            ValueError: if it fails, or is not finite.
        """
        one = np.zeros((1, 1), dtype=np.int64)
        if not all(np.isfinite(f(start[None], one)).all() for f in (self.batch_values, self.batch_gradients)):
            raise ValueError("the loss or its gradient is not finite at the start")


def jax_losses(loss: Any, parameters: Any, data: Any, probabilities: Floats | None) -> tuple[FrameworkLosses, Floats]:
    """A loss for JAX, and the parameters as one vector.

    Raises:
        RuntimeError: if JAX is not installed.
        ValueError: if parameters or data are no arrays of numbers.
    """
    try:
        import jax
    except ImportError as error:
        raise RuntimeError("a landscape of JAX needs it: pip install 'sgdsym[jax]'") from error
    from jax.flatten_util import ravel_pytree

    from sgdsym.numeric.jax.errors import told

    with told():
        leaves, arrays = jax.tree.leaves(parameters), jax.tree.leaves(data)
    check_types(leaves, "parameters")
    check_types(arrays, "data")
    check_parameters([as_numpy(leaf) for leaf in leaves])
    rows = Data(tuple(as_numpy(leaf) for leaf in arrays))
    held = jax.tree.map(jax.numpy.asarray, data)
    vector, restored = ravel_pytree(jax.tree.map(jax.numpy.asarray, parameters))

    def batch_loss(weights: Any, numbers: Any) -> Any:
        batch = jax.tree.map(lambda leaf: leaf[numbers], held)
        return jax.vmap(loss, (None, 0))(restored(weights), batch).mean()

    def losses(weights: Any) -> Any:
        return jax.vmap(loss, (None, 0))(restored(weights), held)

    def told_of(function: Callable[..., Any]) -> Callable[..., Floats]:
        compiled = jax.jit(jax.vmap(function))

        def called(weights: Floats, *numbers: Any) -> Floats:
            with told():
                return np.asarray(compiled(weights.astype(vector.dtype), *numbers), dtype=float)

        return called

    return (
        FrameworkLosses(
            told_of(jax.grad(batch_loss)),
            told_of(batch_loss),
            told_of(losses),
            lambda function: told_of(lambda weights: function(restored(weights))),
            Points(rows.points, probabilities),
            # a rough count: for each data point as many numbers as there are weights, or as it has itself at 4 bytes
            # each
            rows.points * max(vector.size, rows.bytes_each // 4),
        ),
        np.asarray(vector, dtype=float),
    )


def torch_losses(loss: Any, parameters: Any, data: Any, probabilities: Floats | None) -> tuple[FrameworkLosses, Floats]:
    """A loss for PyTorch, and the parameters as one vector.

    Raises:
        RuntimeError: if PyTorch is not installed.
        ValueError: if parameters or data are no arrays of numbers.
    """
    try:
        import torch
    except ImportError as error:
        raise RuntimeError("a landscape of PyTorch needs it: pip install 'sgdsym[torch]'") from error
    from torch.utils import _pytree

    from sgdsym.numeric.torch.errors import told

    check_types(_pytree.tree_leaves(parameters), "parameters")
    check_types(_pytree.tree_leaves(data), "data")
    with told():
        leaves, nesting = _pytree.tree_flatten(_pytree.tree_map(_detached, parameters))
        held = _pytree.tree_map(_detached, data)
    check_parameters([as_numpy(leaf.cpu()) for leaf in leaves])
    rows = Data(tuple(as_numpy(leaf.cpu()) for leaf in _pytree.tree_leaves(held)))
    vector = torch.cat([leaf.reshape(-1) for leaf in leaves])
    sizes = [leaf.numel() for leaf in leaves]

    def restored(weights: Any) -> Any:
        parts = torch.split(weights, sizes)
        return _pytree.tree_unflatten(
            [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)], nesting
        )

    def batch_loss(weights: Any, batch: Any) -> Any:
        return torch.func.vmap(loss, (None, 0))(restored(weights), batch).mean()

    def losses(weights: Any) -> Any:
        return torch.func.vmap(loss, (None, 0))(restored(weights), held)

    def told_of(function: Callable[..., Any]) -> Callable[..., Floats]:
        mapped = torch.func.vmap(function)

        def taken(numbers: Handles) -> Any:
            return _pytree.tree_map(lambda leaf: leaf[torch.from_numpy(numbers).to(leaf.device)], held)

        def called(weights: Floats, *numbers: Any) -> Floats:
            with told():
                chosen = [taken(n) for n in numbers]
                found = mapped(torch.from_numpy(weights).to(vector), *chosen)
            return np.asarray(found.detach().cpu(), dtype=float)

        return called

    return (
        FrameworkLosses(
            told_of(torch.func.grad(batch_loss)),
            told_of(batch_loss),
            told_of(losses),
            lambda function: told_of(lambda weights: function(restored(weights))),
            Points(rows.points, probabilities),
            rows.points * max(vector.numel(), rows.bytes_each // 4),
        ),
        np.asarray(vector.detach().cpu(), dtype=float),
    )


def _detached(leaf: Any) -> Any:
    import torch

    return leaf.detach() if torch.is_tensor(leaf) else torch.tensor(as_numpy(leaf))
