"""The derivatives of a loss written for JAX: compiled once for each program, and spread over the devices there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Self
from uuid import uuid4

import jax
import numpy as np

from sgdsym.numeric.jax.errors import told
from sgdsym.numeric.jax.trace import lowest_precision, most_bytes, operators
from sgdsym.numeric.matrix_free.automatic import AutomaticCalculus, Precision
from sgdsym.numeric.matrix_free.calculus import (
    Along,
    Arrays,
    Floats,
    Losses,
    Transformations,
    backwards,
    cells_of,
    forwards,
    inner,
    joined,
    nested,
    split,
)
from sgdsym.numeric.matrix_free.confirm import confirm_derivatives
from sgdsym.numeric.matrix_free.messages import Cell, Message, Reading
from sgdsym.numeric.matrix_free.program import Program, Term
from sgdsym.numeric.matrix_free.supervised import Supervised


def _alike(tree: Any, leaves: Sequence[Any]) -> Any:
    return jax.tree.unflatten(jax.tree.structure(tree), leaves)


def _way(along: Along) -> Transformations:
    return Transformations(nested(jax.grad, along), jax.vmap, jax.tree.leaves, jax.tree.unflatten, _alike)


# what has a rule for gradients alone (custom_vjp) cannot be differentiated forwards
WAYS = (
    ("", _way(forwards(jax.jvp))),
    (
        "derivatives are gradients of gradients, since an operator has no forward derivative that is right",
        _way(backwards(jax.grad, inner(jax.tree.leaves))),
    ),
)
USED_IN: list[int] = []  # the process that runs JAX: threads of JAX do not survive a fork


class Compiled:
    """The compiled functions of one evaluation.

    A loss may read what changes between two evaluations, so that functions are never kept beyond one.  Tasks that are sent
    to one worker share them: what is sent is the name of the evaluation alone.
    """

    def __init__(self, evaluation: str) -> None:
        self.evaluation = evaluation
        self.functions: dict[Hashable, Callable[..., Any]] = {}

    def __reduce__(self) -> tuple[Callable[[str], Compiled], tuple[str]]:
        return _compiled_here, (self.evaluation,)

    def get(self, key: Hashable, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        """The compiled function of a name."""
        if key not in self.functions:
            self.functions[key] = jax.jit(make())
        return self.functions[key]


@lru_cache(maxsize=2)
def _compiled_here(evaluation: str) -> Compiled:
    return Compiled(evaluation)


def _new_evaluation() -> Compiled:
    return Compiled(uuid4().hex)


@dataclass(frozen=True, eq=False)
class JaxCalculus(AutomaticCalculus):
    """A loss for JAX; parameters in double precision are computed with in double precision, whatever JAX is set to.

    Attributes:
        compiled: the functions that were compiled for it.
        role: whether the loss is the one that was given or takes its place.
    """

    compiled: Compiled = field(default_factory=_new_evaluation)
    role: str = "loss"

    @property
    def framework(self) -> str:
        """The name of the framework."""
        return "JAX"

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to differentiate, by a note on each."""
        return tuple(note for note, _ in WAYS)

    @property
    def leaves(self) -> list[Any]:
        """The arrays of the parameters, in order."""
        return jax.tree.leaves(self.parameters)

    def attempt(self, program: Program, directions: Sequence[Floats], points: Sequence[Arrays]) -> None:
        """Find out whether the random values of a program can be computed; they are only traced."""
        with self._at_work():
            drawn = [self._arrays(cell) for cell in points]
            jax.eval_shape(self._draws(program), self.parameters, list(map(self.tree, directions)), [], None, drawn, [])

    def whole(self, examples: Arrays) -> Floats | None:
        """The value of the loss function of a supervised loss on all examples at once; nothing for other losses."""
        if not isinstance(self.loss, Supervised):
            return None
        with self._at_work():
            found = self.loss.whole(self.parameters, jax.tree.unflatten(self.layout, self._arrays(examples)))
            return np.asarray(found, dtype=np.float64)

    def total(
        self,
        reading: Message | Reading,
        directions: Sequence[Floats],
        examples: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """A message or a value, summed over examples."""
        with self._at_work():
            compiled = self.compiled.get((self.role, self.way, "total", reading), lambda: self._step(reading))
            times = self._numbers(multiplicities)
            found = compiled(self.parameters, [self.tree(d) for d in directions], self._arrays(examples), times)
            return (
                joined(jax.tree.leaves(found)) if isinstance(reading, Message) else np.asarray(found, dtype=np.float64)
            )

    def totals(
        self, message: Message, directions: Floats, examples: Arrays, multiplicities: Floats | None = None
    ) -> Floats:
        """A message with one input for each of some inputs, summed over examples."""
        with self._at_work():

            def make() -> Callable[..., Any]:
                def totals(parameters: Any, directions: Any, examples: Any, times: Any) -> Any:
                    losses = self._losses(parameters)
                    return losses.totals(message, directions, examples, times, jax.numpy.concatenate)

                return totals

            compiled = self.compiled.get((self.role, self.way, "totals", message), make)
            stacked = jax.tree.map(lambda *rows: np.stack(rows), *[self.tree(direction) for direction in directions])
            found = compiled(self.parameters, stacked, self._arrays(examples), self._numbers(multiplicities))
            return np.asarray(found, dtype=np.float64)

    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example."""
        with self._at_work():
            make = lambda: lambda parameters, arrays: self._losses(parameters).each(parameters, arrays)  # noqa: E731
            compiled = self.compiled.get((self.role, self.way, "losses"), make)
            return np.asarray(compiled(self.parameters, self._arrays(examples)), dtype=np.float64)

    def gradients(self, examples: Arrays) -> Floats:
        """The gradient of the loss of each example."""
        with self._at_work():
            make = lambda: lambda parameters, arrays: self._losses(parameters).gradients(arrays, jax.numpy.concatenate)  # noqa: E731
            compiled = self.compiled.get((self.role, self.way, "gradients"), make)
            return np.asarray(compiled(self.parameters, self._arrays(examples)), dtype=np.float64)

    def values(
        self,
        program: Program,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """The random values of a program."""
        with self._at_work():
            compiled = self.compiled.get((self.role, self.way, "values", program), lambda: self._draws(program))
            times = self._numbers(multiplicities)
            fixed = self.parameters, [self.tree(d) for d in directions], self._arrays(everything), times
            drawn = [self._arrays(cell) for cell in points], [self._arrays(cell) for cell in batches]
            return np.asarray(compiled(*fixed, *_sharded(drawn)), dtype=np.float64)

    def vectors(
        self,
        program: Program,
        terms: Sequence[Term],
        counted: Floats,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """The sums of some terms over draws."""
        with self._at_work():
            key = (self.role, self.way, "vectors", program, tuple(terms))
            compiled = self.compiled.get(key, lambda: self._sums(program, terms))
            times = self._numbers(multiplicities)
            fixed = self.parameters, [self.tree(d) for d in directions], self._arrays(everything), times
            drawn = [self._arrays(cell) for cell in points], [self._arrays(cell) for cell in batches]
            return np.asarray(compiled(*fixed, *_sharded(drawn), self._numbers(counted)), dtype=np.float64)

    def moved(self, parameters: Floats) -> Self:
        """The same loss at other parameters."""
        return replace(self, parameters=self.tree(parameters))

    def along(self, direction: Floats) -> Self:
        """The same loss on data with one more array, how far the parameters are moved along a direction."""
        tree = self.tree(direction)

        def loss(parameters: Any, example: Any) -> Any:
            rest, shift = example
            return self.loss(jax.tree.map(lambda a, d: a + shift.astype(a.dtype) * d, parameters, tree), rest)

        numbers = jax.tree.unflatten(self.layout, range(self.layout.num_leaves))
        layout = jax.tree.structure((numbers, self.layout.num_leaves))
        return replace(self, loss=loss, layout=layout, compiled=_new_evaluation())

    def doubled(self) -> Self:
        """The same loss, its parameters and data in double precision."""
        loss = self.loss.doubled() if isinstance(self.loss, Supervised) else self.loss
        return replace(self, loss=loss, parameters=jax.tree.map(lambda leaf: leaf.astype(np.float64), self.parameters))

    def observing(self) -> Self:
        """The observed function in the place of the loss."""
        return replace(super().observing(), role="function")

    def precision(self, examples: Arrays) -> Precision:
        """The lowest precision in the loss of the first of some examples, and in the observed function."""
        with self._at_work():
            found = [lowest_precision(self._alone(examples), self.parameters)]
            if self.function is not None:
                found.append(lowest_precision(self.function, self.parameters))
        return max(found, key=lambda precision: precision.epsilon)

    def held_bytes(self, inputs: int, examples: Arrays) -> int:
        """The most bytes held at once while a message with so many inputs is computed on some examples."""
        message = Message(Cell("point"), tuple(Message(Cell("batch", i), ()) for i in range(inputs)))
        with self._at_work():
            # memory follows from shapes, whatever the numbers are
            directions = [self.parameters] * inputs
            return most_bytes(self._step(message), self.parameters, directions, self._arrays(examples), None)

    def culprit(self, order: int, examples: Arrays) -> str | None:
        """The operator of the loss whose own derivatives of an order are wrong, where it can be found."""
        with self._at_work():
            for operator in operators(self._alone(examples), self.parameters):
                parameters = [np.asarray(argument) for argument in operator.parameters]
                alone = JaxCalculus(operator, parameters, jax.tree.structure(0), way=self.way)
                # an operator alone may fail where the loss does not: then it is none that is found out
                try:
                    found = confirm_derivatives(alone, alone.precision((np.zeros(1),)), (np.zeros(1),), order)
                except ValueError:
                    continue
                if found is not None and found.decided:
                    return operator.name
        return None

    def _losses(self, parameters: Any) -> Losses:
        def loss(parameters: Any, example: Any) -> Any:
            return self.loss(parameters, example)  # a function of our own: JAX hashes those it maps

        legs = None if self.legs is None else [self._numbers(leg) for leg in self.legs]
        return Losses(WAYS[self.way][1], loss, self.function, self.layout, parameters, legs)

    def _alone(self, examples: Arrays) -> Callable[[Any], Any]:
        """The loss of the first of some examples."""
        example = jax.tree.unflatten(self.layout, [array[0] for array in self._arrays(examples)])
        return lambda parameters: self.loss(parameters, example)

    def _step(self, reading: Message | Reading) -> Callable[..., Any]:
        def total(parameters: Any, directions: Any, examples: Any, multiplicities: Any) -> Any:
            return self._losses(parameters).step(reading, directions, examples, multiplicities, mean=False)

        return total

    def _draws(self, program: Program) -> Callable[..., Any]:
        def values(
            parameters: Any, directions: Any, everything: Any, multiplicities: Any, points: Any, batches: Any
        ) -> Any:
            losses = self._losses(parameters)

            def draw(points: Any, batches: Any) -> Any:
                cells = cells_of(points, batches, everything)
                return jax.numpy.stack(losses.program(program, directions, cells, multiplicities))

            return jax.vmap(draw)(points, batches)

        return values

    def _sums(self, program: Program, terms: Sequence[Term]) -> Callable[..., Any]:
        def sums(
            parameters: Any,
            directions: Any,
            everything: Any,
            multiplicities: Any,
            points: Any,
            batches: Any,
            counted: Any,
        ) -> Any:
            losses = self._losses(parameters)

            def draw(points: Any, batches: Any) -> Any:
                cells = cells_of(points, batches, everything)
                found = losses.vectors(program, terms, directions, cells, multiplicities, jax.numpy.concatenate)
                return jax.numpy.stack(found)

            return jax.numpy.tensordot(counted, jax.vmap(draw)(points, batches), 1)

        return sums

    def _numbers(self, numbers: Floats | None) -> Any:
        """Numbers as they are computed with, where there are some."""
        return None if numbers is None else numbers.astype(np.float64 if self._is_double else np.float32)

    def tree(self, vector: Floats) -> Any:
        """A vector in the shape of the parameters."""
        leaves, structure = jax.tree.flatten(self.parameters)
        parts = split(vector, leaves)
        return jax.tree.unflatten(structure, [p.astype(leaf.dtype) for p, leaf in zip(parts, leaves, strict=True)])

    def held(self, vector: Floats) -> Floats:
        """A vector as its tree holds it."""
        return joined(jax.tree.leaves(self.tree(vector)))

    def _arrays(self, arrays: Arrays) -> list[Any]:
        """The data as they are computed with: half precision has no place in sums."""
        wanted = np.dtype(np.float64 if self._is_double else np.float32)
        few = [np.issubdtype(array.dtype, np.floating) and array.itemsize < wanted.itemsize for array in arrays]
        return [array.astype(wanted) if low else array for array, low in zip(arrays, few, strict=True)]

    @property
    def _is_double(self) -> bool:
        return any(leaf.dtype == np.float64 for leaf in self.leaves)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Errors in one line, in the precision of the parameters, in a process where JAX runs."""
        claim_process()
        with jax.enable_x64(self._is_double), told():
            yield


def claim_process() -> None:
    """Say that JAX runs in this process.

    Raises:
        ValueError: if it was forked from one in which JAX runs: there it would wait for ever.
    """
    if USED_IN and os.getpid() not in USED_IN:
        raise ValueError(
            "a process that is forked after JAX has run waits for ever; start the workers another way: "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))"
        )
    USED_IN[:] = [os.getpid()]


def _sharded(draws: Any) -> Any:
    """The draws divided among all devices, where there are several and they come out even."""
    lengths = {len(array) for array in jax.tree.leaves(draws)}
    if jax.device_count() == 1 or any(length % jax.device_count() for length in lengths):
        return draws
    across = jax.sharding.PartitionSpec("draws")  # type: ignore[no-untyped-call]
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("draws",))
    return jax.device_put(draws, jax.sharding.NamedSharding(mesh, across))
