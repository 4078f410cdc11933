"""The ways in which PyTorch differentiates a loss, and the state of PyTorch in which all of them work.

``torch.func`` maps a loss over data and differentiates forwards, which is cheapest, but some operators have no rule for
either, and some rules are wrong.  Gradients of gradients are right more often, and autograd without ``torch.func`` can do
whatever PyTorch can: recurrent layers, writes in place, control flow, checkpoints.

Threads of one process take turns: PyTorch counts the levels of nested forward derivatives once for the whole process, and
which kernels are allowed is a state of the process, too.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from threading import RLock
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree

from sgdsym.numeric.matrix_free.calculus import Function, Transformations, backwards, forwards, inner, nested
from sgdsym.numeric.torch.definitions import Definitions
from sgdsym.numeric.torch.errors import told

TURN = RLock()
product = inner(_pytree.tree_leaves)


@contextmanager
def at_work() -> Iterator[None]:
    """Errors in one line, threads in turn, and kernels that can be differentiated as often as one likes.

    Fused attention and the fast path of encoders have one derivative at most, compiled functions have those of their graph,
    and autocast computes in half precision.
    """
    with TURN, told(), ExitStack() as stack:
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.enter_context(Definitions())
        if torch.backends.mha.get_fastpath_enabled():
            torch.backends.mha.set_fastpath_enabled(False)
            stack.callback(torch.backends.mha.set_fastpath_enabled, True)
        stack.enter_context(_without_checkpoints())
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


@contextmanager
def _without_checkpoints() -> Iterator[None]:
    """Layers under ``torch.utils.checkpoint`` are computed once.

    What is computed again on the way back would be with the weights a module has then, not with those it was called with,
    and its derivatives with respect to those would be lost.
    """
    module = sys.modules.get("torch.utils.checkpoint")
    with ExitStack() as stack:
        # PyTorch has two checkpoints: with use_reentrant=False a generator around the layer, otherwise a function
        # that calls it
        for name, plain in (("_checkpoint_without_reentrant_generator", _plainly), ("CheckpointFunction", _Plain)):
            if hasattr(module, name):
                stack.callback(setattr, module, name, getattr(module, name))
                setattr(module, name, plain)
        yield


def _plainly(*_: Any, **__: Any) -> Iterator[None]:
    yield


class _Plain:
    @staticmethod
    def apply(function: Callable[..., Any], _: bool, *arguments: Any) -> Any:
        return function(*arguments)


def rebuilt(layout: Any, parts: Sequence[Any]) -> Any:
    """The nesting of a layout with the parts of its numbers."""
    return _pytree.tree_map(lambda i: parts[i], layout)


def alike(tree: Any, leaves: Sequence[Any]) -> Any:
    """A tree of the shape of another one."""
    return _pytree.tree_unflatten(leaves, _pytree.tree_flatten(tree)[1])


@dataclass(frozen=True)
class Way:
    """A way to differentiate.

    Attributes:
        note: the sentence that a report says of it.
        make: its derivative and its map.
    """

    note: str
    make: Callable[[], tuple[Callable[..., Any], Callable[..., Any]]]

    @cached_property
    def use(self) -> Transformations:
        """Its transformations."""
        derivative, vmap = self.make()
        return Transformations(derivative, vmap, _pytree.tree_leaves, rebuilt, alike)


@cache
def load() -> None:
    """Let PyTorch load its forward derivatives without a warning."""
    with TURN, warnings.catch_warnings():
        # on its first use PyTorch 2.13 loads forward derivatives through a function of its own that it deprecates
        warnings.filterwarnings("ignore", ".*torch.jit.script", DeprecationWarning)
        torch.func.jvp(torch.sin, (torch.zeros(()),), (torch.zeros(()),))


def _forwards() -> tuple[Callable[..., Any], Callable[..., Any]]:
    load()
    return nested(torch.func.grad, forwards(torch.func.jvp)), torch.func.vmap


def _backwards() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return nested(torch.func.grad, backwards(torch.func.grad, product)), torch.func.vmap


def _one_by_one() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return _autograd, _looped


WAYS = (
    Way("", _forwards),
    Way(
        "derivatives are gradients of gradients, since an operator has no forward derivative that is right", _backwards
    ),
    Way("data points one after the other, since PyTorch cannot map an operator over them: this is slow", _one_by_one),
)


def _autograd(function: Function, directions: Sequence[Any], parameters: Any) -> Any:
    """The derivative of a function along directions, by gradients of gradients on one graph."""
    with torch.enable_grad(), _without_onednn():
        start = _pytree.tree_map(lambda leaf: leaf.detach().requires_grad_(), parameters)
        leaves = _pytree.tree_leaves(start)
        slope = _slope(function(start), leaves)
        # ∇ of the inner product of the gradient with a direction is the Hessian times the direction; once more for
        # each direction
        for direction in directions:
            slope = _slope(product(slope, _pytree.tree_leaves(direction)), leaves)
    return alike(parameters, [part.detach() for part in slope])


@contextmanager
def _without_onednn() -> Iterator[None]:
    """Without the recurrent kernels of oneDNN, which can be differentiated once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*TF32", UserWarning)  # of settings that are not changed here
        with torch.backends.mkldnn.flags(enabled=False):  # type: ignore[no-untyped-call, unused-ignore]
            yield


def _slope(value: Any, leaves: Sequence[Any]) -> list[Any]:
    if not (torch.is_tensor(value) and value.requires_grad):
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(value, leaves, create_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if part is None else part for part, leaf in zip(found, leaves, strict=True)]


def _looped(function: Callable[..., Any], in_dims: Any = 0) -> Callable[..., Any]:
    """A function applied to each row of the arrays of those arguments that are mapped, one after the other."""

    def mapped(*arguments: Any) -> Any:
        axes = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(arguments)
        mapped_over = [a for a, axis in zip(arguments, axes, strict=True) if axis is not None]
        rows = len(_pytree.tree_leaves(mapped_over)[0])
        return torch.stack(
            [
                function(*(a if axis is None else _row(a, i) for a, axis in zip(arguments, axes, strict=True)))
                for i in range(rows)
            ]
        )

    return mapped


def _row(tree: Any, i: int) -> Any:
    return _pytree.tree_map(lambda leaf: leaf[i], tree)
