"""Whole runs of a model in JAX: the engine that a run asks for derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sgdsym.arguments import quoted, read_real
from sgdsym.numeric.jax.calculus import claim_process
from sgdsym.numeric.jax.errors import told
from sgdsym.numeric.matrix_free.calculus import Arrays
from sgdsym.numeric.matrix_free.data import Data, as_numpy, check_parameters, check_types
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.run_engine import Engine, Leaves, RunRequest
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.numeric.matrix_free.runs import Runner
from sgdsym.progress import Progress


@dataclass(frozen=True, eq=False)
class JaxEngine(Engine):
    """JAX at work on a run."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, compiled."""
        return jax.jit(function)

    def given(self, arrays: Sequence[Any]) -> Leaves:
        """Arrays of numpy as those of JAX."""
        return [jnp.asarray(array) for array in arrays]

    def numpy(self, arrays: Sequence[Any]) -> list[Any]:
        """Arrays of JAX as those of numpy."""
        return [np.asarray(array) for array in arrays]

    def summed(self, function: Callable[[Leaves], Leaves], data: Arrays, chunk: int) -> Leaves:
        """The sum over slices of the data, one after the other."""
        whole, points = len(data[0]) // chunk, len(data[0])
        parts = [jnp.asarray(array[: whole * chunk]).reshape(whole, chunk, *array.shape[1:]) for array in data]
        if whole == 1:
            total = function([part[0] for part in parts])
        else:
            start = jax.tree.map(
                lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(function, [p[0] for p in parts])
            )
            # the slices of one shape are one compiled step in a loop; the rest, of another shape, is compiled by
            # itself
            total, _ = jax.lax.scan(
                lambda done, rows: (jax.tree.map(jnp.add, done, function(rows)), None), start, parts
            )
        if whole * chunk < points:
            total = jax.tree.map(jnp.add, total, function([jnp.asarray(array[whole * chunk :]) for array in data]))
        return list(total)


def run(
    loss: Callable[[Any, Any], Any],
    parameters: Any,
    data: Any,
    step: Any,
    state: Any,
    options: dict[str, Any],
    progress: Progress,
) -> WholeRun:
    """A whole run; see :func:`sgdsym.numeric.jax.trajectory`."""
    check_types(jax.tree.leaves(parameters), "parameters")
    check_types(jax.tree.leaves(data), "data")
    arrays = [as_numpy(leaf) for leaf in jax.tree.leaves(parameters)]
    check_parameters(arrays)
    rows, layout = jax.tree.flatten(jax.tree.map(as_numpy, data))
    points = Data(tuple(rows))
    request = RunRequest.read(points, **options)
    claim_process()
    with jax.enable_x64(any(array.dtype == "float64" for array in arrays)), told("loss or the step"):
        engine, leaves, counters = _engine(loss, parameters, layout, step, state)
        return Runner(engine, points, request, leaves, counters).run(progress)


def _engine(loss: Any, parameters: Any, layout: Any, step: Any, state: Any) -> tuple[JaxEngine, Leaves, Leaves]:
    """The engine, and the leaves at the start."""
    weights, nesting = jax.tree.flatten(jax.tree.map(jnp.asarray, parameters))
    update, memory = _read_step(step, state, jax.tree.unflatten(nesting, weights))
    kept, memory_nesting = jax.tree.flatten(jax.tree.map(jnp.asarray, memory))
    # a state holds counters too, which have no derivatives: they travel beside what is differentiated
    moving = [jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in kept]

    def take(leaves: Leaves, counters: Leaves, gradient: Leaves) -> tuple[Leaves, Leaves]:
        floats, whole = iter(leaves[len(weights) :]), iter(counters)
        remembered = jax.tree.unflatten(memory_nesting, [next(floats if moves else whole) for moves in moving])
        trees = [jax.tree.unflatten(nesting, part) for part in (leaves[: len(weights)], gradient)]
        found, after = update(trees[0], remembered, trees[1])
        ends, held = jax.tree.leaves(found), jax.tree.leaves(after)
        shapes: list[Any] = [jax.tree.structure((found, after)), jax.tree.structure((trees[0], remembered))]
        if shapes[0] != shapes[1]:
            raise FinalError("the step must return parameters and a state of the shapes that it was given")
        held = [jnp.asarray(leaf, like.dtype) for leaf, like in zip(held, kept, strict=True)]
        ends += [leaf for leaf, moves in zip(held, moving, strict=True) if moves]
        return ends, [leaf for leaf, moves in zip(held, moving, strict=True) if not moves]

    def each(leaves: Leaves, rows: Sequence[Any]) -> Any:
        return loss(jax.tree.unflatten(nesting, leaves), jax.tree.unflatten(layout, rows))

    floats = [leaf for leaf, moves in zip(kept, moving, strict=True) if moves]
    counters = [leaf for leaf, moves in zip(kept, moving, strict=True) if not moves]
    return JaxEngine(jax.jvp, jax.grad, jax.vmap, each, take, len(weights)), [*weights, *floats], counters


def _read_step(step: Any, state: Any, parameters: Any) -> tuple[Callable[[Any, Any, Any], tuple[Any, Any]], Any]:
    """The step as a function of parameters, memory and gradient, and the memory at the start."""
    if callable(getattr(step, "init", None)) and callable(getattr(step, "update", None)):

        def transformed(weights: Any, memory: Any, gradient: Any) -> tuple[Any, Any]:
            updates, memory = step.update(gradient, memory, weights)
            return jax.tree.map(jnp.add, weights, updates), memory

        return transformed, step.init(parameters) if state is None else state
    if callable(step):
        return step, () if state is None else state
    if isinstance(step, str) or state is not None:
        raise ValueError(f"step must be a learning rate, an optax transformation or a function, not {quoted(step)}")
    rate = read_real("step", step)
    return lambda weights, memory, gradient: (jax.tree.map(lambda a, g: a - rate * g, weights, gradient), memory), ()
