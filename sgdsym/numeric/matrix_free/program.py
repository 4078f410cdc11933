r"""Programs: the messages that many diagrams share, each once, in the order they are computed in.

The unit of work is the gradient-equivalent, one gradient of the loss on one data point.  Each further direction
doubles it, and a number instead of a vector costs a third, so that on one data point

.. math:: \nabla^{k+1} l\,[m_1, …, m_k, \cdot\,] \text{ costs } 2^k, \qquad l \text{ and } m_1 \cdot m_2 \text{ cost } 1/3.

Source: [Griewank2008]_, sections 3 and 4 (operation counts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.messages import OPEN, Cell, Message, Pairing, Reading, readings

NUMBER = Fraction(1, 3)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much data each cell holds, and how often it is drawn.

    Attributes:
        points: how many data points there are.
        minibatch: how many are drawn for a minibatch.
        draws: how often random cells are drawn.
    """

    points: int
    minibatch: int
    draws: int

    def work(self, step: Message | Reading) -> Fraction:
        """Gradient-equivalents of one message or value, in all draws."""
        times = self.draws if step.drawn else 1
        if isinstance(step, Pairing):
            return NUMBER * times
        return self._cell(step.cell) * times * (2 ** len(step.inputs) if isinstance(step, Message) else NUMBER)

    def _cell(self, cell: Cell) -> int:
        return {"mean": self.points, "batch": self.minibatch}.get(cell.kind, 1)


@dataclass(frozen=True, slots=True)
class Term:
    """A vector with random data: a message, times some values and a number.

    Attributes:
        power: of the learning rate, that it belongs to.
        weight: the number.
        message: the message.
        factors: the values.
    """

    power: int
    weight: float
    message: Message
    factors: tuple[Reading, ...]


@dataclass(frozen=True)
class Program:
    """What is computed once, and what for every draw.

    Attributes:
        points: how many data points a draw has.
        batches: how many minibatches a draw has.
        shared: the messages without random data that are needed, in order.
        messages: the messages with random data, in order.
        readings: the values, none of them twice.
    """

    points: int
    batches: int
    shared: tuple[Message, ...]
    messages: tuple[Message, ...]
    readings: tuple[Reading, ...]

    @property
    def drawn_readings(self) -> tuple[Reading, ...]:
        """The values with random data."""
        return tuple(reading for reading in self.readings if reading.drawn)

    @property
    def fixed_readings(self) -> tuple[Reading, ...]:
        """The values without random data."""
        return tuple(reading for reading in self.readings if not reading.drawn)

    @property
    def sees_all(self) -> bool:
        """Whether a mean of all data is taken in every draw."""
        steps = (*self.messages, *self.drawn_readings)
        return any(not isinstance(step, Pairing) and step.cell.kind == "mean" for step in steps)

    def work(self, sizes: Sizes) -> tuple[Fraction, Fraction]:
        """Gradient-equivalents: what is computed once, and what for the draws."""
        once = sum((sizes.work(step) for step in (*self.shared, *self.fixed_readings)), Fraction(0))
        drawn = sum((sizes.work(step) for step in (*self.messages, *self.drawn_readings)), Fraction(0))
        return once, drawn


def build_program(
    diagrams: Iterable[Diagram], sizes: Sizes, *, exact: bool, left_open: int | None = None
) -> tuple[Program, dict[Diagram, tuple[Reading, ...]]]:
    """The cheapest readings found for diagrams over moments, later ones reusing what earlier ones compute.

    Returns:
        The program, and for each diagram the readings whose product is its value.

    >>> from sgdsym.sgd import expand
    >>> series = expand(order=2, batch_size=1, basis="moment")
    >>> program, values = build_program(series.diagrams(), Sizes(1797, 16, 1000), exact=False)
    >>> [len(step.inputs) for step in program.shared], [len(step.inputs) for step in program.messages]
    ([0, 1], [0, 1])
    >>> len(values)
    4
    """
    known: dict[Message, None] = {}
    read: dict[Reading, None] = {}
    chosen: dict[Diagram, tuple[Reading, ...]] = {}
    for diagram in sorted(diagrams, key=Diagram.sort_key, reverse=True):
        best = min(
            readings(diagram, exact=exact, left_open=left_open), key=lambda way: _added_work(way, known, read, sizes)
        )
        chosen[diagram] = best
        for reading in best:
            read[reading] = None
            for message in reading.inputs:
                known.update(dict.fromkeys(_ancestry(message)))
    return _program(known, read), chosen


def _added_work(
    way: Sequence[Reading], known: Mapping[Message, None], read: Mapping[Reading, None], sizes: Sizes
) -> Fraction:
    fresh = {m for reading in way for message in reading.inputs for m in _ancestry(message, known)}
    return sum((sizes.work(m) for m in fresh), Fraction(0)) + sum(
        (sizes.work(reading) for reading in set(way) if reading not in read), Fraction(0)
    )


def _ancestry(message: Message, known: Mapping[Message, None] | None = None) -> Iterable[Message]:
    """The message after everything it is computed from; what is known already is left out."""
    if known is not None and message in known:
        return
    for earlier in message.inputs:
        yield from _ancestry(earlier, known)
    yield message


def _program(known: Mapping[Message, None], read: Mapping[Reading, None]) -> Program:
    cells = {step.cell for step in (*known, *read) if not isinstance(step, Pairing)}
    numbers = {kind: [cell.index + 1 for cell in cells if cell.kind == kind] for kind in ("point", "batch")}
    return Program(
        points=max(numbers["point"], default=0),
        batches=max(numbers["batch"], default=0),
        shared=tuple(message for message in known if not message.drawn and message != OPEN),
        messages=tuple(message for message in known if message.drawn),
        readings=tuple(reading for reading in read if OPEN not in reading.inputs),
    )
