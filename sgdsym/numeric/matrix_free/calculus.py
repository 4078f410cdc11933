r"""What is asked of a framework, and the derivatives made from it.

JAX and PyTorch offer the same three transformations of functions: ``jvp`` (the derivative along a direction), ``grad`` and
``vmap``.  Nested they give every derivative that a diagram needs, or ``grad`` alone does where an operator lacks the others,

.. math:: \nabla^{k+1} l\,[m_1, …, m_k, \cdot\,] = \partial_{m_1} \cdots \partial_{m_k} \nabla l,

and no array is larger than the parameters, times the draws that are computed at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.numeric.matrix_free.messages import Cell, Message, Pairing, Reading, Value
from sgdsym.numeric.matrix_free.program import Program, Term

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
        legs: by what the indices of every derivative are multiplied, an array or a number for each array of the parameters:
            the square root of the inverse metric of every contraction, which is the identity where there are none.
    """

    loss: Callable[[Any, Any], Any]
    parameters: Any
    layout: Any
    function: Function | None = None
    legs: tuple[Any, ...] | None = None

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
    def total(
        self,
        reading: Message | Reading,
        directions: Sequence[Floats],
        examples: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """A message (p,) or a value (), without random data, summed over examples (n, …), each so many times (n,)."""

    def totals(
        self, message: Message, directions: Floats, examples: Arrays, multiplicities: Floats | None = None
    ) -> Floats:
        """A message with one input for each of some inputs, (m, p) to (m, p), summed over examples."""
        return np.stack([self.total(message, [direction], examples, multiplicities) for direction in directions])

    @abstractmethod
    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example, (n,)."""

    def checked_losses(self, examples: Arrays) -> Floats:
        """The loss of each example, after a look at what the loss of all of them would be.

        Raises:
            ValueError: if the loss of a batch does not follow from those of its examples.
        """
        return self.losses(examples)

    @abstractmethod
    def gradients(self, examples: Arrays) -> Floats:
        """The gradient of the loss of each example, (n, p)."""

    @abstractmethod
    def values(
        self,
        program: Program,
        directions: Sequence[Floats],
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """The random values of a program, (draws, values).

        Args:
            program: what to compute.
            directions: its shared messages, each (p,).
            points: for each point of a draw the examples, (draws, 1, …).
            batches: for each minibatch of a draw the examples, (draws, minibatch, …).
            everything: all data, (n, …), where a mean between random messages is exact; else empty.
            multiplicities: how many times each of all data is counted in that mean, (n,), once where there are none.
        """

    @abstractmethod
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
        """The sums of some terms over draws, each counted so many times (draws,), for each power that occurs, (powers, p)."""

    @abstractmethod
    def tree(self, vector: Floats) -> Any:
        """A vector (p,) in the shape and the precision of the parameters."""

    @abstractmethod
    def held(self, vector: Floats) -> Floats:
        """A vector (p,) as :meth:`tree` holds it, rounded to the precision of the parameters."""


@dataclass(frozen=True, slots=True)
class Transformations:
    r"""The transformations of a framework, and its trees of arrays.

    Attributes:
        derivative: of a function, a number, at some parameters, along some directions:
            :math:`\partial_{m_1} \cdots \partial_{m_k} \nabla f`.
        vmap: a function applied along an axis.
        leaves: the arrays of a tree.
        rebuilt: a tree of the shape of its first argument, with the arrays that belong to its numbers.
        alike: a tree of the shape of its first argument, with other arrays in their order.
    """

    derivative: Callable[[Function, Sequence[Any], Any], Any]
    vmap: Callable[..., Any]
    leaves: Callable[[Any], list[Any]]
    rebuilt: Callable[[Any, Sequence[Any]], Any]
    alike: Callable[[Any, Sequence[Any]], Any]


Along: TypeAlias = Callable[[Function, Any], Function]


def nested(grad: Callable[[Function], Function], along: Along) -> Callable[[Function, Sequence[Any], Any], Any]:
    """The derivative of :class:`Transformations`: a gradient, differentiated along each direction."""

    def derivative(function: Function, directions: Sequence[Any], parameters: Any) -> Any:
        return reduce(along, directions, grad(function))(parameters)

    return derivative


def forwards(jvp: Callable[..., Any]) -> Along:
    """Along a direction by ``jvp``, which gives value and derivative: the cheapest way."""
    return lambda function, direction: lambda parameters: jvp(function, (parameters,), (direction,))[1]


def backwards(grad: Callable[[Function], Function], product: Callable[[Any, Any], Any]) -> Along:
    r"""Along a direction by one more gradient, :math:`\nabla (m \cdot \nabla f)`: for operators without forward derivatives."""
    return lambda function, direction: grad(lambda parameters: product(function(parameters), direction))


def inner(leaves: Callable[[Any], list[Any]]) -> Callable[[Any, Any], Any]:
    """The inner product of two trees of arrays."""
    return lambda first, second: sum((a * b).sum() for a, b in zip(leaves(first), leaves(second), strict=True))


@dataclass(frozen=True, slots=True)
class Losses:
    """The functions whose derivatives a program takes, at given parameters."""

    use: Transformations
    loss: Callable[[Any, Any], Any]
    function: Function | None
    layout: Any
    parameters: Any
    legs: Sequence[Any] | None = None

    def each(self, parameters: Any, examples: Sequence[Any]) -> Any:
        """The loss of each example."""
        return self.use.vmap(self.loss, (None, 0))(parameters, self.use.rebuilt(self.layout, examples))

    def step(
        self,
        step: Message | Reading,
        directions: Sequence[Any],
        examples: Sequence[Any],
        multiplicities: Any = None,
        *,
        mean: bool,
    ) -> Any:
        """A message or a value on some examples: their mean or their sum."""
        if isinstance(step, Pairing):
            return inner(self.use.leaves)(*directions)

        def observed(parameters: Any) -> Any:
            if step.cell.kind == "function":
                assert self.function is not None
                return self.function(parameters)
            losses = self.each(parameters, examples)
            losses = losses if multiplicities is None else losses * multiplicities
            return losses.mean() if mean else losses.sum()

        if isinstance(step, Value):
            return observed(self.parameters)
        along = [self._on_legs(direction) for direction in directions]
        return self._on_legs(self.use.derivative(observed, along, self.parameters))

    def program(
        self,
        program: Program,
        directions: Sequence[Any],
        cells: Mapping[Cell, Sequence[Any]],
        multiplicities: Any = None,
    ) -> list[Any]:
        """The random values of one draw."""
        _, values = self._drawn(program, directions, cells, multiplicities)
        return [values[reading] for reading in program.drawn_readings]

    def vectors(
        self,
        program: Program,
        terms: Sequence[Term],
        directions: Sequence[Any],
        cells: Mapping[Cell, Sequence[Any]],
        multiplicities: Any,
        joined: Callable[[list[Any]], Any],
    ) -> list[Any]:
        """The sum of the terms of each power of one draw, its arrays joined to one vector."""
        known, values = self._drawn(program, directions, cells, multiplicities)
        sums: dict[int, Any] = {}
        for term in sorted(terms, key=lambda term: term.power):
            leaves = self.use.leaves(known[term.message])
            factor = prod((values[reading] for reading in term.factors), start=term.weight)
            sums[term.power] = sums.get(term.power, 0.0) + factor * joined([leaf.reshape(-1) for leaf in leaves])
        return list(sums.values())

    def _drawn(
        self, program: Program, directions: Sequence[Any], cells: Mapping[Cell, Sequence[Any]], multiplicities: Any
    ) -> tuple[dict[Message, Any], dict[Reading, Any]]:
        """All messages, and the random values, of one draw."""
        known = dict(zip(program.shared, directions, strict=True))

        def step(step: Message | Reading) -> Any:
            cell = None if isinstance(step, Pairing) else step.cell
            times = multiplicities if cell == Cell("mean") else None
            examples = () if cell is None else cells.get(cell, ())
            return self.step(step, [known[m] for m in step.inputs], examples, times, mean=True)

        for message in program.messages:
            known[message] = step(message)
        return known, {reading: step(reading) for reading in program.drawn_readings}

    def totals(
        self,
        message: Message,
        directions: Any,
        examples: Sequence[Any],
        multiplicities: Any,
        joined: Callable[[list[Any]], Any],
    ) -> Any:
        """A message with one input for each row of the arrays of some inputs, its arrays joined to one vector each."""

        def total(direction: Any) -> Any:
            found = self.step(message, [direction], examples, multiplicities, mean=False)
            return joined([leaf.reshape(-1) for leaf in self.use.leaves(found)])

        return self.use.vmap(total)(directions)

    def gradients(self, examples: Sequence[Any], joined: Callable[[list[Any]], Any]) -> Any:
        """The gradient of each example, its arrays joined to one vector each."""

        def gradient(parameters: Any, example: Any) -> Any:
            slope = self.use.derivative(lambda parameters: self.loss(parameters, example), (), parameters)
            return joined([leaf.reshape(-1) for leaf in self.use.leaves(self._on_legs(slope))])

        return self.use.vmap(gradient, (None, 0))(self.parameters, self.use.rebuilt(self.layout, examples))

    def _on_legs(self, tree: Any) -> Any:
        if self.legs is None:
            return tree
        leaves = self.use.leaves(tree)
        return self.use.alike(tree, [leg * leaf for leg, leaf in zip(self.legs, leaves, strict=True)])


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
