r"""What is asked of a framework that differentiates by itself, besides its derivatives: whether they can be believed.

A loss is looked at before it is evaluated: in which precision it computes, whether its derivatives are those of its
values (:mod:`~sgdsym.numeric.matrix_free.confirm`), and by which other evaluations the rounding is told.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from sgdsym.numeric.matrix_free.calculus import Arrays, Calculus, Floats, Function, joined
from sgdsym.numeric.matrix_free.program import Program
from sgdsym.numeric.matrix_free.supervised import Reduction, reduction_of

HALF = frozenset({"bfloat16", "float16"})
EPSILONS = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23}
PERTURBATIONS = 3
PERTURBATION = 8.0  # in units of rounding: smaller ones may change no number inside the loss


@dataclass(frozen=True, slots=True)
class Precision:
    """The lowest precision in which a loss computes something that depends on its parameters.

    Attributes:
        name: the type of numbers, such as ``float32``.
        operator: where it is met first.
    """

    name: str
    operator: str

    @property
    def epsilon(self) -> float:
        """The distance from 1 to the next number."""
        return EPSILONS.get(self.name, 2.0**-52)


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A function of the parameters as a loss, which looks at no data."""

    function: Function

    def __call__(self, parameters: Any, example: Any) -> Any:
        """The function."""
        return self.function(parameters)


@dataclass(frozen=True, eq=False)
class AutomaticCalculus(Calculus):
    """A loss at its parameters, differentiated by a framework.

    Attributes:
        way: which of the ways to differentiate is taken.
    """

    way: int = 0

    @property
    @abstractmethod
    def framework(self) -> str:
        """The name of the framework."""

    @property
    @abstractmethod
    def ways(self) -> tuple[str, ...]:
        """The ways to differentiate, the cheapest first, and what there is to say of each."""

    @abstractmethod
    def attempt(self, program: Program, directions: Sequence[Floats], points: Sequence[Arrays]) -> None:
        """Find out whether the random values of a program can be computed.

        Raises:
            ValueError: if they cannot.
        """

    @abstractmethod
    def whole(self, examples: Arrays) -> Floats | None:
        """What the loss function of a supervised loss makes of all examples at once; nothing for other losses."""

    @abstractmethod
    def moved(self, parameters: Floats) -> Self:
        """The same loss at other parameters (p,)."""

    @abstractmethod
    def along(self, direction: Floats) -> Self:
        """The same loss on data with one more array, how far the parameters are moved along a direction (p,)."""

    @abstractmethod
    def doubled(self) -> Self:
        """The same loss, its parameters and data in double precision."""

    @abstractmethod
    def precision(self, examples: Arrays) -> Precision:
        """The lowest precision in the loss of the first of some examples, and in the observed function."""

    @abstractmethod
    def held_bytes(self, inputs: int, examples: Arrays) -> int:
        """The most bytes held at once while a message with so many inputs is computed on some examples."""

    @abstractmethod
    def culprit(self, order: int, examples: Arrays) -> str | None:
        """The operator of the loss whose own derivatives of an order are wrong, where it can be found."""

    def checked_losses(self, examples: Arrays) -> Floats:
        """The loss of each example; that of all of them must be their mean or their sum."""
        each = self.losses(examples)
        self.reduction(examples, each)
        return each

    def reduction(self, examples: Arrays, each: Floats) -> Reduction:
        """How a supervised loss makes the loss of a batch from those of its examples.

        Raises:
            ValueError: if it does so in no way that is known.
        """
        whole = self.whole(examples)
        return "mean" if whole is None else reduction_of(whole, each, 2.0**-52 if self.itemsize == 8 else 2.0**-23)

    def observing(self) -> Self:
        """The observed function in the place of the loss."""
        return self if self.function is None else replace(self, loss=Observed(self.function), function=None)

    @property
    def vector(self) -> Floats:
        """The parameters as one vector (p,)."""
        return joined(self.leaves)

    def grounds(self, examples: Arrays) -> Grounds:
        """By what an evaluation is judged.

        Raises:
            ValueError: if the loss computes in half precision.
        """
        own = self.precision(examples)
        if own.name in HALF:
            raise ValueError(
                f"the loss computes in {own.name} (first in {own.operator}), too coarse for its derivatives; "
                "let it compute in float32 or float64, without casts and autocast"
            )
        if own.epsilon < EPSILONS["float32"]:
            return Grounds(self, own, ())
        if self.itemsize < 8:
            wide = self.doubled()
            found = wide._precision_or_none(examples)
            if found is not None and found.epsilon < own.epsilon:
                return Grounds(wide, found, (wide,))
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (PERTURBATIONS, self.size))
        vector = self.vector
        return Grounds(self, own, tuple(self.moved(vector * (1 + PERTURBATION * own.epsilon * row)) for row in signs))

    def _precision_or_none(self, examples: Arrays) -> Precision | None:
        """The precision, unless the loss refuses: what it holds itself may be in another one than its arguments."""
        try:
            self.losses(examples)
            self.held_bytes(0, examples)
            return self.precision(examples)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """What an evaluation is judged by.

    Attributes:
        checked: the calculus whose derivatives are compared with differences: in double precision where the loss allows it.
        precision: in which it computes.
        twins: calculi that differ from the one that is evaluated by rounding alone.  One in double precision shows the
            error itself; of three perturbed ones the largest difference is above a normal error in 93 of 100 cases.
    """

    checked: AutomaticCalculus
    precision: Precision
    twins: tuple[AutomaticCalculus, ...]
