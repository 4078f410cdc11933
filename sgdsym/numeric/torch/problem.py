"""A loss, its parameters and data as they are given, read once: the starting point of every evaluation by PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils import _pytree

from sgdsym.numeric.matrix_free.data import Points, as_numpy, check_parameters, check_types
from sgdsym.numeric.matrix_free.legs import read_legs
from sgdsym.numeric.matrix_free.sources import read_points
from sgdsym.numeric.matrix_free.supervised import Supervised
from sgdsym.numeric.matrix_free.vectors import Product, check_direction
from sgdsym.numeric.torch.calculus import PartlyFrozen, TorchCalculus

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_problem(
    loss: Any,
    parameters: Any,
    data: Any,
    *,
    function: Callable[[Any], Any] | None = None,
    weights: Any = None,
    metric: Any = None,
    along: Any = None,
    memory: int,
) -> tuple[TorchCalculus, Points]:
    """A loss at its parameters, and its data points.

    Raises:
        ValueError: naming what is no loss, no parameter or no data.
    """
    for name, given in (("loss", loss), ("function", function)):
        if isinstance(given, torch.nn.Module) or not (given is None or callable(given)):
            what = " and an example" if name == "loss" else ""
            hint = "; supervised(model, loss_function) makes one of a module" if name == "loss" else ""
            raise ValueError(f"{name} must be a function of the parameters{what}, not a {type(given).__name__}{hint}")
    if isinstance(loss, Supervised):
        loss.check()
    check_types(_pytree.tree_leaves(parameters), "parameters")
    tensors, nesting = _pytree.tree_flatten(
        _pytree.tree_map(lambda leaf: leaf if torch.is_tensor(leaf) else torch.tensor(as_numpy(leaf)), parameters)
    )
    if along is not None:
        direction = [torch.as_tensor(leaf) for leaf in _pytree.tree_leaves(along)]
        check_direction(direction, tensors)
        alike = [d.to(t.dtype).to(t.device) for d, t in zip(direction, tensors, strict=True)]
        function = Product(_pytree.tree_leaves, alike)
    frozen = _frozen(tensors)
    trained = [tensor.detach() for i, tensor in enumerate(tensors) if i not in frozen]
    if frozen and not trained:
        raise ValueError("all parameters are frozen; set requires_grad on those that are trained")
    check_parameters([_array(leaf) for leaf in trained])
    # half precision has no place in sums and derivatives
    trained = [tensor.float() if tensor.dtype.itemsize < torch.float32.itemsize else tensor for tensor in trained]
    if frozen:
        places = _pytree.tree_unflatten(list(range(len(tensors))), nesting)
        loss = PartlyFrozen(loss, places, frozen)
        function = None if function is None else PartlyFrozen(function, places, frozen)
    start = trained if frozen else _pytree.tree_unflatten(trained, nesting)
    names = [name for i, name in enumerate(_names(parameters)) if i not in frozen]
    legs = read_legs(metric, names, [tuple(tensor.shape) for tensor in trained])
    points, layout = read_points(data, flatten, pairs=isinstance(loss, Supervised), weights=weights, memory=memory)
    return TorchCalculus(loss, start, layout, function, legs), points


def flatten(data: Any) -> tuple[list[NDArray[Any]], Any]:
    """The arrays of a nesting, and the nesting with the number of each in its place."""
    leaves, nesting = _pytree.tree_flatten(data)
    check_types(leaves, "data")
    return [_array(leaf) for leaf in leaves], _pytree.tree_unflatten(list(range(len(leaves))), nesting)


def _names(parameters: Any) -> list[str]:
    """The name of each array of the parameters: the keys on the way to it, with dots between."""
    paths, _ = _pytree.tree_flatten_with_path(parameters)
    return [".".join(str(getattr(key, "key", getattr(key, "idx", key))) for key in path) for path, _ in paths]


def _frozen(tensors: Sequence[Any]) -> dict[int, Any]:
    """The tensors that are not trained: parameters of modules without gradient, and what has none where others have one."""
    some = any(tensor.requires_grad for tensor in tensors)
    left = {i: tensor for i, tensor in enumerate(tensors) if not tensor.requires_grad}
    return {i: tensor.detach() for i, tensor in left.items() if some or isinstance(tensor, torch.nn.Parameter)}


def _array(leaf: Any) -> NDArray[Any]:
    return as_numpy(leaf.detach().cpu() if torch.is_tensor(leaf) else leaf)
