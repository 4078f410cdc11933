r"""What is asked of a framework, and the derivatives made from it.

JAX and PyTorch offer the same three transformations of functions: ``jvp`` (the derivative along a direction), ``grad`` and
``vmap``.  Nested they give every derivative that a diagram needs,

.. math:: \nabla^{k+1} l\,[m_1, …, m_k, \cdot\,] = \partial_{m_1} \cdots \partial_{m_k} \nabla l,

and no array is larger than the parameters, times the draws that are computed at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.numeric.matrix_free.messages import Cell, Message, Pairing, Reading, Value
from sgdsym.numeric.matrix_free.program import Program

Floats: TypeAlias = NDArray[np.float64]
Arrays: TypeAlias = tuple[NDArray[Any], ...]
Function: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Calculus(ABC):
    """A loss at its parameters; a framework is a subclass.

    Attributes:
        loss: the loss ``loss(parameters, example)`` of one data point, a number.
        parameters: arrays in any nesting of tuples, lists and dictionaries.
        layout: the nesting of the data, with the number of each array in its place.
        function: the observed function of the parameters, where the series has one.
    """

    loss: Callable[[Any, Any], Any]
    parameters: Any
    layout: Any
    function: Function | None = None

    @property
    @abstractmethod
    def leaves(self) -> list[Any]:
        """The arrays of the parameters, in order."""

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(int(np.prod(leaf.shape)) for leaf in self.leaves)

    @property
    def itemsize(self) -> int:
        """Bytes of one parameter."""
        return max(int(leaf.dtype.itemsize) for leaf in self.leaves)

    @abstractmethod
    def total(self, reading: Message | Reading, directions: Sequence[Floats], examples: Arrays) -> Floats:
        """A message (p,) or a value (), without random data, summed over examples (n, …)."""

    @abstractmethod
    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example, (n,)."""

    @abstractmethod
    def values(
        self,
        program: Program,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
    ) -> Floats:
        """The random values of a program, (draws, values).

        Args:
            program: what to compute.
            directions: its shared messages, each (p,).
            points: for each point of a draw the examples, (draws, 1, …).
            batches: for each minibatch of a draw the examples, (draws, minibatch, …).
            everything: all data, (n, …), where a mean between random messages is exact; else empty.
        """


@dataclass(frozen=True, slots=True)
class Transformations:
    """The transformations of a framework, and its trees of arrays.

    Attributes:
        jvp: value and derivative of a function along a direction.
        grad: the gradient of a function.
        vmap: a function applied along an axis.
        leaves: the arrays of a tree.
        rebuilt: a tree of the shape of its first argument, with the arrays that belong to its numbers.
    """

    jvp: Callable[..., Any]
    grad: Callable[..., Any]
    vmap: Callable[..., Any]
    leaves: Callable[[Any], list[Any]]
    rebuilt: Callable[[Any, Sequence[Any]], Any]


@dataclass(frozen=True, slots=True)
class Losses:
    """The functions whose derivatives a program takes, at given parameters."""

    use: Transformations
    loss: Callable[[Any, Any], Any]
    function: Function | None
    layout: Any
    parameters: Any

    def each(self, parameters: Any, examples: Sequence[Any]) -> Any:
        """The loss of each example."""
        return self.use.vmap(self.loss, (None, 0))(parameters, self.use.rebuilt(self.layout, examples))

    def step(self, step: Message | Reading, directions: Sequence[Any], examples: Sequence[Any], *, mean: bool) -> Any:
        """A message or a value on some examples: their mean or their sum."""
        if isinstance(step, Pairing):
            return self.product(*directions)

        def observed(parameters: Any) -> Any:
            if step.cell.kind == "function":
                assert self.function is not None
                return self.function(parameters)
            losses = self.each(parameters, examples)
            return losses.mean() if mean else losses.sum()

        if isinstance(step, Value):
            return observed(self.parameters)
        derivative = self.use.grad(observed)
        for direction in directions:
            derivative = self._along(derivative, direction)
        return derivative(self.parameters)

    def program(self, program: Program, directions: Sequence[Any], cells: Mapping[Cell, Sequence[Any]]) -> list[Any]:
        """The random values of one draw."""
        known = dict(zip(program.shared, directions, strict=True))
        for message in program.messages:
            inputs = [known[earlier] for earlier in message.inputs]
            known[message] = self.step(message, inputs, cells.get(message.cell, ()), mean=True)
        values = []
        for reading in program.drawn_readings:
            examples = () if isinstance(reading, Pairing) else cells.get(reading.cell, ())
            values.append(self.step(reading, [known[m] for m in reading.inputs], examples, mean=True))
        return values

    def product(self, first: Any, second: Any) -> Any:
        """The inner product of two trees of arrays."""
        pairs = zip(self.use.leaves(first), self.use.leaves(second), strict=True)
        return sum((a * b).sum() for a, b in pairs)

    def _along(self, function: Function, direction: Any) -> Function:
        return lambda parameters: self.use.jvp(function, (parameters,), (direction,))[1]


def cells_of(points: Sequence[Any], batches: Sequence[Any], everything: Any) -> dict[Cell, Any]:
    """The examples of each cell."""
    cells = {Cell("point", i): examples for i, examples in enumerate(points)}
    cells |= {Cell("batch", i): examples for i, examples in enumerate(batches)}
    return cells | {Cell("mean"): everything}


def split(vector: NDArray[Any], leaves: Sequence[Any]) -> list[NDArray[Any]]:
    """A vector (p,) cut into arrays of the shapes of the leaves.

    >>> [part.shape for part in split(np.arange(7.0), [np.zeros((2, 3)), np.zeros(())])]
    [(2, 3), ()]
    """
    ends = np.cumsum([int(np.prod(leaf.shape)) for leaf in leaves])[:-1]
    return [part.reshape(leaf.shape) for part, leaf in zip(np.split(vector, ends), leaves, strict=True)]


def joined(leaves: Sequence[Any]) -> Floats:
    """The arrays as one vector, in double precision.

    >>> joined([np.ones((2, 1)), np.zeros(1)])
    array([1., 1., 0.])
    """
    return np.concatenate([np.asarray(leaf, dtype=np.float64).reshape(-1) for leaf in leaves])
