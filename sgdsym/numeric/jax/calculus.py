"""The derivatives of a loss written for JAX: compiled once for each program, and spread over the devices there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from sgdsym.numeric.matrix_free.calculus import (
    Arrays,
    Calculus,
    Floats,
    Function,
    Losses,
    Transformations,
    cells_of,
    joined,
    split,
)
from sgdsym.numeric.matrix_free.messages import Message, Reading
from sgdsym.numeric.matrix_free.program import Program


@dataclass(frozen=True, eq=False)
class JaxCalculus(Calculus):
    """A loss for JAX; parameters in double precision are computed with in double precision, whatever JAX is set to."""

    @property
    def leaves(self) -> list[Any]:
        """The arrays of the parameters, in order."""
        import jax

        return jax.tree.leaves(self.parameters)

    def total(self, reading: Message | Reading, directions: Sequence[Floats], examples: Arrays) -> Floats:
        """A message or a value, summed over examples."""
        import jax

        with self._precision():
            compiled = _total(self.loss, self.function, self._key, reading)
            found = compiled(self.parameters, [self._tree(d) for d in directions], examples)
            return (
                joined(jax.tree.leaves(found)) if isinstance(reading, Message) else np.asarray(found, dtype=np.float64)
            )

    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example."""
        with self._precision():
            return np.asarray(_losses(self.loss, self._key)(self.parameters, examples), dtype=np.float64)

    def values(
        self,
        program: Program,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
    ) -> Floats:
        """The random values of a program."""
        with self._precision():
            compiled = _values(self.loss, self.function, self._key, program)
            fixed = self.parameters, [self._tree(d) for d in directions], everything
            found = compiled(*fixed, *_sharded((list(points), list(batches))))
            return np.asarray(found, dtype=np.float64)

    def _tree(self, vector: Floats) -> Any:
        """A vector in the shape of the parameters."""
        import jax

        leaves, structure = jax.tree.flatten(self.parameters)
        parts = split(vector, leaves)
        return jax.tree.unflatten(structure, [p.astype(leaf.dtype) for p, leaf in zip(parts, leaves, strict=True)])

    @property
    def _key(self) -> Any:
        """The nesting of the data as a value that can be compared."""
        import jax

        return jax.tree.structure(self.layout)

    def _precision(self) -> AbstractContextManager[Any]:
        import jax

        double = any(leaf.dtype == np.float64 for leaf in jax.tree.leaves(self.parameters))
        precision: AbstractContextManager[Any] = jax.enable_x64(double)
        return precision


@cache
def _transformations() -> Transformations:
    import jax

    return Transformations(jax.jvp, jax.grad, jax.vmap, jax.tree.leaves, jax.tree.unflatten)


# the compiled functions depend on the loss alone, so that tasks sent to one worker share them


@lru_cache(maxsize=64)
def _total(loss: Any, function: Function | None, key: Any, reading: Message | Reading) -> Callable[..., Any]:
    import jax

    def total(parameters: Any, directions: Any, examples: Any) -> Any:
        return Losses(_transformations(), loss, function, key, parameters).step(
            reading, directions, examples, mean=False
        )

    return jax.jit(total)


@lru_cache(maxsize=16)
def _losses(loss: Any, key: Any) -> Callable[..., Any]:
    import jax

    return jax.jit(
        lambda parameters, examples: Losses(_transformations(), loss, None, key, parameters).each(parameters, examples)
    )


@lru_cache(maxsize=16)
def _values(loss: Any, function: Function | None, key: Any, program: Program) -> Callable[..., Any]:
    import jax

    def values(parameters: Any, directions: Any, everything: Any, points: Any, batches: Any) -> Any:
        losses = Losses(_transformations(), loss, function, key, parameters)

        def draw(points: Any, batches: Any) -> Any:
            return jax.numpy.stack(losses.program(program, directions, cells_of(points, batches, everything)))

        return jax.vmap(draw)(points, batches)

    return jax.jit(values)


def _sharded(draws: Any) -> Any:
    """The draws divided among all devices, where there are several and they come out even."""
    import jax

    lengths = {len(array) for array in jax.tree.leaves(draws)}
    if jax.device_count() == 1 or any(length % jax.device_count() for length in lengths):
        return draws
    across = jax.sharding.PartitionSpec("draws")  # type: ignore[no-untyped-call]
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("draws",))
    return jax.device_put(draws, jax.sharding.NamedSharding(mesh, across))
