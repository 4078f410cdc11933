"""The derivatives of a loss written for PyTorch; tensors stay on the device of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch.utils import _pytree

from sgdsym.numeric.matrix_free.automatic import AutomaticCalculus, Precision
from sgdsym.numeric.matrix_free.calculus import (
    Arrays,
    Floats,
    Losses,
    cells_of,
    joined,
    split,
)
from sgdsym.numeric.matrix_free.confirm import confirm_derivatives
from sgdsym.numeric.matrix_free.messages import Cell, Message, Reading
from sgdsym.numeric.matrix_free.program import Program, Term
from sgdsym.numeric.matrix_free.supervised import Supervised
from sgdsym.numeric.torch.memory import most_bytes
from sgdsym.numeric.torch.watch import calls, lowest_precision
from sgdsym.numeric.torch.ways import WAYS, at_work, rebuilt


@dataclass(frozen=True, eq=False)
class TorchCalculus(AutomaticCalculus):
    """A loss for PyTorch.

    Attributes:
        double: whether the data are computed with in double precision.
    """

    double: bool = False

    @property
    def framework(self) -> str:
        """The name of the framework."""
        return "PyTorch"

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to differentiate, by a note on each."""
        return tuple(way.note for way in WAYS)

    def attempt(self, program: Program, directions: Sequence[Floats], points: Sequence[Arrays]) -> None:
        """Find out whether the random values of a program can be computed."""
        self.values(program, directions, points, (), ())

    def whole(self, examples: Arrays) -> Floats | None:
        """The value of the loss function of a supervised loss on all examples at once; nothing for other losses."""
        if not isinstance(self.loss, Supervised):
            return None
        with at_work(), torch.no_grad():
            batch = rebuilt(self.layout, self._tensors(examples))
            return _numbers(self.loss.whole(self.parameters, batch))

    @property
    def leaves(self) -> list[Any]:
        """The arrays of the parameters, in order."""
        return _pytree.tree_leaves(self.parameters)

    def total(
        self,
        reading: Message | Reading,
        directions: Sequence[Floats],
        examples: Arrays,
        multiplicities: Floats | None = None,
    ) -> Floats:
        """A message or a value, summed over examples."""
        with at_work():
            known = [self.tree(d) for d in directions]
            found = self._losses().step(
                reading, known, self._tensors(examples), self._numbers(multiplicities), mean=False
            )
            parts = [_numbers(part) for part in _pytree.tree_leaves(found)]
        return joined(parts) if isinstance(reading, Message) else parts[0]

    def totals(
        self, message: Message, directions: Floats, examples: Arrays, multiplicities: Floats | None = None
    ) -> Floats:
        """A message with one input for each of some inputs, summed over examples."""
        with at_work():
            trees = [self.tree(direction) for direction in directions]
            stacked = _pytree.tree_map(lambda *rows: torch.stack(rows), *trees)
            tensors, times = self._tensors(examples), self._numbers(multiplicities)
            return _numbers(self._losses().totals(message, stacked, tensors, times, torch.cat))

    def losses(self, examples: Arrays) -> Floats:
        """The loss of each example."""
        with at_work():
            return _numbers(self._losses().each(self.parameters, self._tensors(examples)))

    def gradients(self, examples: Arrays) -> Floats:
        """The gradient of the loss of each example."""
        with at_work():
            return _numbers(self._losses().gradients(self._tensors(examples), torch.cat))

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
        with at_work():
            losses, known = self._losses(), [self.tree(d) for d in directions]
            all_data, times = self._tensors(everything), self._numbers(multiplicities)

            def draw(points: Any, batches: Any) -> Any:
                return torch.stack(losses.program(program, known, cells_of(points, batches, all_data), times))

            drawn = [self._tensors(cell) for cell in points], [self._tensors(cell) for cell in batches]
            return _numbers(losses.use.vmap(draw)(*drawn))

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
        with at_work():
            losses, known = self._losses(), [self.tree(d) for d in directions]
            all_data, times = self._tensors(everything), self._numbers(multiplicities)

            def draw(points: Any, batches: Any) -> Any:
                cells = cells_of(points, batches, all_data)
                return torch.stack(losses.vectors(program, terms, known, cells, times, torch.cat))

            drawn = [self._tensors(cell) for cell in points], [self._tensors(cell) for cell in batches]
            return _numbers(torch.tensordot(self._numbers(counted), losses.use.vmap(draw)(*drawn), 1))

    def moved(self, parameters: Floats) -> Self:
        """The same loss at other parameters."""
        return replace(self, parameters=self.tree(parameters))

    def along(self, direction: Floats) -> Self:
        """The same loss on data with one more array, how far the parameters are moved along a direction."""
        layout = self.layout, len(_pytree.tree_leaves(self.layout))
        return replace(self, loss=Along(self.loss, self.tree(direction)), layout=layout)

    def doubled(self) -> Self:
        """The same loss, its parameters and data in double precision."""
        loss, function = _doubled(self.loss), None if self.function is None else _doubled(self.function)
        parameters = _pytree.tree_map(torch.Tensor.double, self.parameters)
        return replace(self, loss=loss, function=function, parameters=parameters, double=True)

    def precision(self, examples: Arrays) -> Precision:
        """The lowest precision in the loss of the first of some examples, and in the observed function."""
        with at_work():
            made = calls(self.loss, self.parameters, self._example(examples))
            if self.function is not None:
                made += calls(self.function, self.parameters)
        return lowest_precision(made, self.parameters)

    def held_bytes(self, inputs: int, examples: Arrays) -> int:
        """The most bytes held at once while a message with so many inputs is computed on some examples."""
        message = Message(Cell("point"), tuple(Message(Cell("batch", i), ()) for i in range(inputs)))
        # memory follows from shapes, whatever the numbers are
        directions = [np.ones(self.size)] * inputs
        return most_bytes(lambda: self.total(message, directions, examples))

    def culprit(self, order: int, examples: Arrays) -> str | None:
        """The operator of the loss whose own derivatives of an order are wrong, where it can be found."""
        with at_work():
            made = calls(self.loss, self.parameters, self._example(examples))
        for call in {call.name: call for call in made}.values():
            parameters, loss = call.parts()
            alone = TorchCalculus(loss, parameters, 0, double=self.double, way=self.way)
            # an operator alone may fail where the loss does not: then it is none that is found out
            try:
                found = confirm_derivatives(alone, lowest_precision([call], parameters), (np.zeros(1),), order)
            except ValueError:
                continue
            if found is not None and found.decided:
                return call.name
        return None

    def _losses(self) -> Losses:
        legs = None if self.legs is None else [self._numbers(leg) for leg in self.legs]
        return Losses(WAYS[self.way].use, self.loss, self.function, self.layout, self.parameters, legs)

    def _example(self, examples: Arrays) -> Any:
        """The first of some examples, as the loss takes it."""
        return rebuilt(self.layout, [tensor[0] for tensor in self._tensors(examples)])

    def _tensors(self, arrays: Arrays) -> list[Any]:
        """The data as they are computed with: half precision has no place in sums."""
        device = self.leaves[0].device
        tensors = [torch.as_tensor(array, device=device) for array in arrays]
        wanted = torch.float64 if self.double else torch.float32
        return [t.to(wanted) if t.is_floating_point() and t.dtype.itemsize < wanted.itemsize else t for t in tensors]

    def _numbers(self, numbers: Any) -> Any:
        """Numbers as they are computed with, where there are some."""
        first = self.leaves[0]
        return None if numbers is None else torch.as_tensor(numbers, dtype=first.dtype, device=first.device)

    def tree(self, vector: Floats) -> Any:
        """A vector in the shape of the parameters."""
        leaves, structure = _pytree.tree_flatten(self.parameters)
        parts = [
            torch.as_tensor(part, dtype=leaf.dtype, device=leaf.device)
            for part, leaf in zip(split(vector, leaves), leaves, strict=True)
        ]
        return _pytree.tree_unflatten(parts, structure)

    def held(self, vector: Floats) -> Floats:
        """A vector as its tree holds it."""
        return joined(list(map(_numbers, _pytree.tree_leaves(self.tree(vector)))))


@dataclass(frozen=True, slots=True, eq=False)
class Along:
    """A loss at parameters that are moved along a direction.

    Attributes:
        loss: the loss.
        direction: the direction, like the parameters.
    """

    loss: Callable[[Any, Any], Any]
    direction: Any

    def __call__(self, parameters: Any, example: tuple[Any, Any]) -> Any:
        """The loss of an example, and a number of directions."""
        rest, shift = example
        moved = _pytree.tree_map(lambda a, d: a + shift.to(a.dtype) * d, parameters, self.direction)
        return self.loss(moved, rest)


@dataclass(frozen=True, slots=True, eq=False)
class PartlyFrozen:
    """A function of all parameters as one of those that are trained, a list.

    Attributes:
        function: the loss, or the observed function.
        parameters: all of them in their nesting, with the number of each in its place.
        frozen: the frozen ones by number.
    """

    function: Callable[..., Any]
    parameters: Any
    frozen: dict[int, Any]

    def __call__(self, trained: Sequence[Any], *example: Any) -> Any:
        """The function, the frozen parameters put in."""
        given = iter(trained)  # in the order of their numbers, as all of them are gone through
        return self.function(
            _pytree.tree_map(lambda i: self.frozen[i] if i in self.frozen else next(given), self.parameters), *example
        )

    def doubled(self) -> PartlyFrozen:
        """The same, the frozen parameters in double precision."""
        frozen = {i: t.double() if t.is_floating_point() else t for i, t in self.frozen.items()}
        return PartlyFrozen(self.function, self.parameters, frozen)


def _doubled(function: Callable[..., Any]) -> Callable[..., Any]:
    return function.doubled() if isinstance(function, PartlyFrozen | Supervised) else function


def _numbers(tensor: Any) -> Floats:
    found: Floats = tensor.detach().cpu().double().numpy()
    return found
