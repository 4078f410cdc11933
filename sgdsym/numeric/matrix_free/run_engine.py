"""What a whole run is asked, and what a framework must do for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sgdsym.arguments import quoted, read_choice, read_integer
from sgdsym.numeric.matrix_free.calculus import Arrays
from sgdsym.numeric.matrix_free.data import Data
from sgdsym.trajectories import NOISES

Leaves = list[Any]
SLICE = 2**21  # numbers of data that are worked on at once, times the weights of a typical layer


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked of a run, checked.

    Attributes:
        steps: number of updates.
        size: data points in a batch, or of the dataset.
        order: 0 or 1.
        noise: of batches, or of a dataset.
        runs: how many noisy runs there are.
        every: steps between two records.
        seed: of the noise.
        chunk: data points that are differentiated at once.
        checkpoint: where the state is kept, so that a run that was ended goes on.
    """

    steps: int
    size: int
    order: int
    noise: str
    runs: int
    every: int
    seed: int
    chunk: int
    checkpoint: Path | None

    @classmethod
    def read(cls, data: Data, **options: Any) -> RunRequest:
        """Check the options.

        Raises:
            ValueError: naming the one that is wrong and what it may be.
        """
        noise = read_choice("noise", options["noise"], NOISES)
        steps = read_integer("steps", options["steps"], least=0)
        every, chunk = options["every"], options["chunk"]
        asked, other = ("batch_size", "dataset_size") if noise == "batch" else ("dataset_size", "batch_size")
        if options[asked] is None or options[other] is not None:
            raise ValueError(f"the noise of a {noise} needs {asked}, and no {other}")
        each = max(1, sum(int(np.prod(array.shape[1:])) for array in data.arrays))
        file = options["checkpoint"]
        if file is not None and not isinstance(file, (str, Path)):
            raise ValueError(f"checkpoint must be the path of a file, not {quoted(file)}")
        return cls(
            steps,
            read_integer(asked, options[asked], least=1),
            read_integer("order", options["order"], least=0, most=1),
            noise,
            read_integer("runs", options["runs"], least=2),
            max(1, steps // 50) if every is None else read_integer("every", every, least=1),
            read_integer("seed", options["seed"], least=0),
            min(data.points, max(1, SLICE // each) if chunk is None else read_integer("chunk", chunk, least=1)),
            None if file is None else Path(file),
        )

    @property
    def signature(self) -> dict[str, int]:
        """What two runs must share for one to go on with the other."""
        numbers = {name: getattr(self, name) for name in ("steps", "size", "order", "runs", "every", "seed")}
        return {**numbers, "dataset": int(self.noise == "dataset")}


@dataclass(frozen=True, eq=False)
class Engine(ABC):
    """A framework at work on a run; lists of arrays are the floating-point leaves of parameters and memory, in this order.

    Attributes:
        jvp: value and derivative of a function along a direction.
        grad: the gradient of a function.
        vmap: a function applied along an axis.
        loss: the loss of one data point, of the leaves of the parameters and those of an example.
        step: the step, of leaves, of the leaves that are counters, and of the leaves of a gradient; returns leaves and counters.
        weights: how many of the leaves are parameters.
    """

    jvp: Callable[..., Any]
    grad: Callable[..., Any]
    vmap: Callable[..., Any]
    loss: Callable[[Leaves, Sequence[Any]], Any]
    step: Callable[[Leaves, Leaves, Leaves], tuple[Leaves, Leaves]]
    weights: int

    @abstractmethod
    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, made fast."""

    @abstractmethod
    def given(self, arrays: Sequence[Any]) -> Leaves:
        """Arrays of numpy as those of the framework."""

    @abstractmethod
    def numpy(self, arrays: Sequence[Any]) -> list[Any]:
        """Arrays of the framework as those of numpy."""

    @abstractmethod
    def summed(self, function: Callable[[Leaves], Leaves], data: Arrays, chunk: int) -> Leaves:
        """The sum over slices of the data of a function of their leaves."""

    def mean(self, parameters: Leaves, examples: Leaves) -> Any:
        """The mean loss of some data points."""
        return self.each(parameters, examples).mean()

    def each(self, parameters: Leaves, examples: Leaves) -> Any:
        """The loss of each data point."""
        return self.vmap(self.loss, (None, 0))(parameters, examples)

    def jet(self, function: Callable[..., Any], at: Any, first: Any, second: Any) -> tuple[Any, Any, Any]:
        """A function along a curve: its value, and its first and second derivatives."""
        along = partial(self.jvp, function)
        (value, slope), (_, bend) = self.jvp(lambda x, v: along((x,), (v,)), (at, first), (first, second))
        return value, slope, bend
