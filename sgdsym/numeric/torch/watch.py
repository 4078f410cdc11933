"""What a loss calls, seen from outside: in which precision it computes, and which operator is differentiated wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils import _pytree

from sgdsym.numeric.matrix_free.automatic import Precision


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of an operator.

    Attributes:
        operator: the function of PyTorch.
        arguments: the positional and the named arguments of the call.
        results: the floating-point tensors that came out and depend on the parameters.
    """

    operator: Callable[..., Any]
    arguments: tuple[Sequence[Any], Mapping[str, Any]]
    results: list[Any]

    @property
    def name(self) -> str:
        """The operator as it is written."""
        return str(resolve_name(self.operator) or getattr(self.operator, "__name__", repr(self.operator)))

    def parts(self) -> tuple[list[Any], Callable[[Any, Any], Any]]:
        """The operator as a loss of its differentiable arguments, and these."""
        leaves, nesting = _pytree.tree_flatten(self.arguments)
        free = [i for i, leaf in enumerate(leaves) if _is_watched(leaf)]
        start = [leaves[i].detach().clone() for i in free]

        def results(parameters: Sequence[Any]) -> list[Any]:
            filled = list(leaves)
            for i, parameter in zip(free, parameters, strict=True):
                filled[i] = parameter
            positional, named = _pytree.tree_unflatten(filled, nesting)
            found = _pytree.tree_leaves(self.operator(*positional, **named))
            return [x for x in found if isinstance(x, torch.Tensor) and x.is_floating_point()]

        # results are brought to size 1, where the exponential of _curved neither overflows nor is flat
        sizes = [x.detach().abs().max() + torch.finfo(x.dtype).tiny for x in results(start)]

        def loss(parameters: Any, example: Any) -> Any:
            return sum(_curved(x / size) for x, size in zip(results(parameters), sizes, strict=True))

        return start, loss


def _curved(x: Any) -> Any:
    """A curved function of the results of an operator: its rules may be wrong only where they are used so."""
    weights = torch.cos(torch.arange(x.numel(), dtype=x.dtype, device=x.device)).reshape(x.shape)
    return (torch.exp(x) * weights).sum()


class _Recorder(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """Keeps the calls whose results depend on the parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        results = [leaf for leaf in _pytree.tree_leaves(found) if _is_watched(leaf)]
        if results:
            self.calls.append(Call(func, (args, kwargs or {}), results))
        return found


def _is_watched(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and leaf.is_floating_point() and leaf.requires_grad


def calls(function: Callable[..., Any], parameters: Any, *others: Any) -> list[Call]:
    """The calls in a function of the parameters whose results depend on them."""
    watched = _pytree.tree_map(lambda leaf: leaf.detach().requires_grad_(), parameters)
    recorder = _Recorder()
    with recorder, torch.enable_grad():
        function(watched, *others)
    return recorder.calls


def lowest_precision(made: Sequence[Call], parameters: Any) -> Precision:
    """The lowest precision of the results of some calls, that of the parameters where there are none."""
    own = max(_precisions(_pytree.tree_leaves(parameters), "the parameters"), key=lambda found: found.epsilon)
    found = (precision for call in made for precision in _precisions(call.results, call.name))
    return max((own, *found), key=lambda precision: precision.epsilon)


def _precisions(tensors: Sequence[Any], where: str) -> list[Precision]:
    return [Precision(str(tensor.dtype).removeprefix("torch."), where) for tensor in tensors]
