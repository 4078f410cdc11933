"""Modules of PyTorch as losses of one data point."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch.utils import _pytree

from sgdsym.arguments import quoted, quoted_names
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.supervised import Supervised, one_number

NORMS = (torch.nn.modules.batchnorm._BatchNorm, torch.nn.modules.instancenorm._InstanceNorm)


@dataclass(frozen=True, eq=False)
class ModuleLoss(Supervised):
    """A module and its loss function.

    Attributes:
        module: the module, as it is called.
        fixed: buffers and frozen parameters by name.
    """

    module: torch.nn.Module
    fixed: Mapping[str, Any]

    def __call__(self, parameters: Any, example: Any) -> Any:
        """The loss of one data point (x, y), as a batch of one."""
        return one_number(self.whole(parameters, _pytree.tree_map(lambda leaf: leaf[None], example)))

    def whole(self, parameters: Any, examples: Any) -> Any:
        """The value of the loss function on a batch of data points."""
        dtype = next(iter(parameters.values())).dtype
        x, y = _pytree.tree_map(lambda leaf: leaf.to(dtype) if leaf.is_floating_point() else leaf, examples)
        positional, named = ((), x) if isinstance(x, dict) else (x if isinstance(x, tuple) else (x,), {})
        outputs = torch.func.functional_call(self.module, {**self.fixed, **parameters}, tuple(positional), named)
        return self.loss_function(outputs, y)

    def check(self) -> None:
        """Refuse batch normalisation, dropout and their kind in training mode."""
        for name, layer in self.module.named_modules():
            if not layer.training:
                continue
            # instance normalisation looks at one data point, unless it keeps running statistics, which a call changes
            if isinstance(layer, NORMS) and (layer.track_running_stats or not isinstance(layer, NORMS[1])):
                raise ValueError(
                    f"layer {name or 'model'} is a {type(layer).__name__} in training mode, where a data point has no loss "
                    "of its own; call eval() on the model"
                )
            if _drops(layer):
                raise ValueError(
                    f"layer {name or 'model'} is a {type(layer).__name__} with dropout in training mode, so the loss of a "
                    "data point is random; call eval() on the model"
                )

    def doubled(self) -> Self:
        """The same loss, all it holds in double precision."""
        return self.in_precision(torch.float64)

    def in_precision(self, dtype: torch.dtype) -> Self:
        """The same loss, all it holds in some precision."""
        fixed = {name: t.to(dtype) if t.is_floating_point() else t for name, t in self.fixed.items()}
        function = self.loss_function
        if isinstance(function, torch.nn.Module):
            function = copy.deepcopy(function).to(dtype)
        return replace(self, fixed=fixed, loss_function=function)


def supervised_loss(model: Any, loss_function: Callable[..., Any]) -> tuple[ModuleLoss, dict[str, Any]]:
    """A module and its loss function as the loss of one data point, and its parameters."""
    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"model must be a torch.nn.Module, not {quoted(model)}")
    module = getattr(model, "_orig_mod", model)  # a compiled module computes what is underneath
    parameters, fixed, frozen = {}, {n: b.detach().clone() for n, b in module.named_buffers()}, []
    for name, tensor in module.named_parameters():
        if tensor.requires_grad:
            parameters[name] = tensor.detach().clone()
        else:
            fixed[name] = tensor.detach().clone()
            frozen.append(name)
    if not parameters:
        raise ValueError("the model has no parameters that are trained (requires_grad)")
    if isinstance(loss_function, torch.nn.Module) and any(p.requires_grad for p in loss_function.parameters()):
        raise ValueError(
            "loss_function has parameters of its own; make it a part of the model, so that they are trained"
        )
    _check_reduction(loss_function)
    notes = (f"not trained: {quoted_names(frozen)}",) if frozen else ()
    loss = ModuleLoss(loss_function, notes, module, fixed)
    loss.check()
    lowest = min((tensor.dtype for tensor in parameters.values()), key=lambda dtype: dtype.itemsize)
    if lowest.itemsize < torch.float32.itemsize:
        # sums and derivatives are formed in single precision, of the numbers in half precision as they are
        loss = replace(
            loss.in_precision(torch.float32), notes=(*notes, f"the model is in {lowest}, computed with in float32")
        )
        parameters = {name: tensor.float() for name, tensor in parameters.items()}
    return loss, parameters


def _drops(layer: Any) -> bool:
    share = layer.p if isinstance(layer, torch.nn.modules.dropout._DropoutNd) else getattr(layer, "dropout", 0)
    return isinstance(share, float | int) and share > 0


def _check_reduction(loss_function: Any) -> None:
    if getattr(loss_function, "reduction", None) == "mean" and getattr(loss_function, "weight", None) is not None:
        raise FinalError(
            "class weights with reduction='mean' divide by the weights of the batch, so a data point has no loss of its own; "
            "use reduction='sum', which is weight times loss"
        )
