"""Models written for JAX as losses of one data point: a function and its variables, or a module that holds them.

No library of models is loaded here: a module of flax says what it is by its methods, one of equinox by being a tree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from sgdsym.arguments import quoted, quoted_names
from sgdsym.numeric.jax.errors import told
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.supervised import Supervised, one_number

MODES = ("inference", "deterministic", "use_running_average")
KINDS = "model must be a pair (apply, variables), a bound module of flax.linen, a module of flax.nnx, or a module of equinox"


@dataclass(frozen=True, eq=False)
class ModelLoss(Supervised):
    """A model as a function of its variables, and its loss function.

    Attributes:
        apply: ``apply(parameters, fixed, x)`` for a batch.
        fixed: the variables that are not trained.
    """

    apply: Callable[[Any, Any, Any], Any]
    fixed: Any

    def __call__(self, parameters: Any, example: Any) -> Any:
        """The loss of one data point (x, y), as a batch of one."""
        return one_number(self.whole(parameters, jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], example)))

    def whole(self, parameters: Any, examples: Any) -> Any:
        """The value of the loss function on a batch of data points."""
        dtype = jax.tree.leaves(parameters)[0].dtype
        x, y = jax.tree.map(lambda leaf: leaf.astype(dtype) if _is_float(leaf) else leaf, examples)
        return jnp.asarray(self.loss_function(self.apply(parameters, self.fixed, x), y))

    def check(self) -> None:
        """Modes are seen when a model is read: what is read does not change."""

    def doubled(self) -> Self:
        """The same loss; JAX computes in double precision wherever a parameter does."""
        fixed = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64) if _is_float(leaf) else leaf, self.fixed)
        return replace(self, fixed=fixed)


def supervised_loss(model: Any, loss_function: Callable[..., Any]) -> tuple[ModelLoss, Any]:
    """A model and its loss function as the loss of one data point, and its parameters."""
    with told():
        apply, parameters, fixed = _taken_apart(model)
    leaves = jax.tree.leaves(parameters)
    if not leaves:
        raise ValueError("the model has no parameters that are trained")
    notes = []
    half = sorted({str(leaf.dtype) for leaf in leaves if leaf.dtype.itemsize < 4})
    if half:
        # sums and derivatives are formed in single precision, of the numbers in half precision as they are
        notes.append(f"the model is in {quoted_names(half)}, computed with in float32")
        parameters, fixed = _at_least_single(parameters), _at_least_single(fixed)
    return ModelLoss(loss_function, tuple(notes), apply, fixed), jax.tree.map(np.asarray, parameters)


def _taken_apart(model: Any) -> tuple[Callable[[Any, Any, Any], Any], Any, Any]:
    """A model as a function of parameters, fixed variables and a batch."""
    nnx = sys.modules.get("flax.nnx")
    if nnx is not None and isinstance(model, nnx.Module):
        return _of_nnx(nnx, model)
    if isinstance(model, tuple | list) and len(model) == 2 and callable(model[0]):
        return _of_pair(*model)
    if callable(getattr(model, "unbind", None)):
        module, variables = model.unbind()
        return _of_pair(module.apply, variables)
    leaves = jax.tree.leaves(model)
    if not callable(model) or not any(map(_is_float, leaves)):
        raise FinalError(f"{KINDS}, not {quoted(model)}")
    return _of_tree(model)


def _of_pair(apply: Callable[..., Any], variables: Any) -> tuple[Callable[[Any, Any, Any], Any], Any, Any]:
    """A function of variables and a batch; of collections of variables those called ``params`` are trained."""
    if isinstance(variables, Mapping) and "params" in variables:
        rest = {name: collection for name, collection in variables.items() if name != "params"}
        return partial(_with_collections, apply), variables["params"], rest
    parameters, fixed = _parted(variables)
    return partial(_with_variables, apply), parameters, fixed


def _of_nnx(nnx: Any, model: Any) -> tuple[Callable[[Any, Any, Any], Any], Any, Any]:
    """A module of flax.nnx, which is called with batches."""
    layers: Any = nnx.iter_graph(model)
    _check_modes((f"layer {'.'.join(map(str, path)) or 'model'}", node) for path, node in layers)
    graph, parameters, rest = nnx.split(model, nnx.Param, ...)
    return partial(_of_graph, graph), parameters, rest


def _of_tree(model: Any) -> tuple[Callable[[Any, Any, Any], Any], Any, Any]:
    """A module of equinox, which is called with one data point."""

    def is_layer(node: Any) -> bool:
        return node is not model and any(hasattr(node, mode) for mode in MODES)

    _check_modes(("a layer", node) for node in jax.tree.leaves(model, is_leaf=is_layer) if is_layer(node))
    parameters, fixed = _parted(model)
    return _point_by_point, parameters, fixed


# functions that can be sent to other processes, where what they hold can be
def _with_collections(apply: Callable[..., Any], parameters: Any, fixed: Any, x: Any) -> Any:
    return apply({"params": parameters, **fixed}, x)


def _with_variables(apply: Callable[..., Any], parameters: Any, fixed: Any, x: Any) -> Any:
    return apply(_joined(parameters, fixed), x)


def _of_graph(graph: Any, parameters: Any, fixed: Any, x: Any) -> Any:
    return sys.modules["flax.nnx"].merge(graph, parameters, fixed)(x)


def _point_by_point(parameters: Any, fixed: Any, x: Any) -> Any:
    return jax.vmap(_joined(parameters, fixed))(x)


def _check_modes(layers: Any) -> None:
    """Refuse batch normalisation and dropout in training mode."""
    for name, layer in layers:
        mode = next((mode for mode in MODES if hasattr(layer, mode)), None)
        mode = mode if mode and getattr(layer, mode) is False else None
        # dropout at a rate of 0 drops nothing; a layer without any rate is a normalisation
        if mode is not None and getattr(layer, "rate", getattr(layer, "p", getattr(layer, "dropout_rate", 1))) != 0:
            raise FinalError(
                f"{name} is a {type(layer).__name__} in training mode ({mode}=False), where a data point has no loss of "
                "its own or a random one; call model.eval() or equinox.nn.inference_mode(model)"
            )


def _parted(tree: Any) -> tuple[Any, Any]:
    """The arrays of floating-point numbers of a tree, and everything else, each with ``None`` in the place of the other."""
    return (
        jax.tree.map(lambda leaf: leaf if _is_float(leaf) else None, tree),
        jax.tree.map(lambda leaf: None if _is_float(leaf) else leaf, tree),
    )


def _joined(first: Any, second: Any) -> Any:
    return jax.tree.map(lambda a, b: b if a is None else a, first, second, is_leaf=lambda leaf: leaf is None)


def _is_float(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and bool(jnp.issubdtype(leaf.dtype, jnp.floating))


def _at_least_single(tree: Any) -> Any:
    single = lambda leaf: leaf.astype(np.float32) if _is_float(leaf) and leaf.dtype.itemsize < 4 else leaf  # noqa: E731
    return jax.tree.map(single, tree)
