r"""What an evaluation will cost, said before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from operator import index
from typing import Any, Literal, TypeAlias, get_args

from sgdsym.arguments import quoted, read_choice
from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.messages import Message, Pairing, Reading, has_means_between
from sgdsym.numeric.matrix_free.program import Program, Sizes, build_program

Mode: TypeAlias = Literal["exact", "sampled"]
LIMIT = 10**13  # gradients times parameters: about an hour on two cores
MEMORY = 2**30
FEWEST_REPLICATES = 2
MOST_AT_ONCE, WORKING_SET = 1024, 2**26  # draws, and bytes of them that caches still help with
KEPT = 8  # times a sum of vectors is held: of chunks of draws, of replicates, and of their squares
PASS = 1024  # data points in one task of a pass over all data


@dataclass(frozen=True, slots=True)
class Effort:
    """How the blocks of data points are summed, and how much that may cost.

    Attributes:
        mode: ``sampled`` draws the data points of the blocks, and takes all of them where a block alone is random and samples are no
            fewer; ``exact`` takes all of them.
        samples: how many draws in all.
        replicates: how many independent parts the draws are in; the standard error comes from their scatter.
        minibatch: how many data points stand for a mean between random messages.
        seed: seed of the draws.
        chunk: how many draws are computed at once; chosen to need little memory if ``None``.
        memory: how many bytes the vectors that are computed at once may take.
        limit: how many gradients times parameters it may cost.
        force: whether to go past the limit.

    Raises:
        ValueError: naming the number that is wrong.

    >>> Effort(replicates=1)
    Traceback (most recent call last):
    ValueError: replicates must be at least 2, not 1
    """

    mode: Mode = "sampled"
    samples: int = 4096
    replicates: int = 16
    minibatch: int = 16
    seed: int = 0
    chunk: int | None = None
    memory: int = MEMORY
    limit: float = LIMIT
    force: bool = False

    def __post_init__(self) -> None:
        read_choice("mode", self.mode, get_args(Mode))
        least = {"samples": 1, "replicates": FEWEST_REPLICATES, "minibatch": 1, "seed": 0, "memory": 1}
        if self.chunk is not None:
            least["chunk"] = 1
        for name, bound in least.items():
            value = _integer(name, getattr(self, name))
            if value < bound:
                raise ValueError(f"{name} must be at least {bound}, not {value}")
            object.__setattr__(self, name, value)
        if not isinstance(self.limit, Real) or isinstance(self.limit, bool) or not self.limit > 0:
            raise ValueError(f"limit must be a positive number, not {quoted(self.limit)}")

    @property
    def draws(self) -> int:
        """Draws in one replicate."""
        return -(-self.samples // self.replicates)


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes held at once while a message is computed: what the loss keeps to be differentiated is among them.

    Attributes:
        once: whatever the number of data points.
        each: for each data point.
    """

    once: int
    each: int

    def on(self, points: int) -> int:
        """The bytes for so many data points."""
        return self.once + points * self.each


@dataclass(frozen=True, slots=True)
class Group:
    """Diagrams that are evaluated together.

    Attributes:
        program: what is computed.
        values: for each diagram the readings whose product is its value.
        draws: how many draws in all.
        exact: whether they are all choices of data points that there are, instead of random ones.
    """

    program: Program
    values: Mapping[Diagram, tuple[Reading, ...]]
    draws: int
    exact: bool


@dataclass(frozen=True)
class Plan:
    """What is computed, and its cost.

    Attributes:
        groups: what is computed.
        points: number of data points.
        parameters: number of parameters.
        itemsize: bytes of one parameter.
        example_bytes: bytes of one data point.
        effort: how the blocks are summed.
        held: for a message with 0, 1, … inputs what it was measured to hold; estimated where nothing was measured.
        twins: how many more evaluations of one replicate show the rounding.
        notes: what a user should know about the loss, a line each.
        sums: how many vectors a draw adds to, where vectors are evaluated.

    >>> from sgdsym.sgd import expand
    >>> series = expand(order=2, batch_size=1, basis="moment")
    >>> network = {"points": 1797, "parameters": 112_810, "itemsize": 4, "example_bytes": 296}
    >>> print(make_plan(series.diagrams(), **network, effort=Effort()))
    4 diagrams on 1797 data points and 112810 parameters
    once:  2 vectors, 5,990 gradients
    draws: 4096 in 16 replicates, 36 at once, 2 vectors each, 137,000 gradients
    in all 143,000 gradients and 67.1 MB
    """

    groups: tuple[Group, ...]
    points: int
    parameters: int
    itemsize: int
    example_bytes: int
    effort: Effort
    held: tuple[Held, ...] = ()
    twins: int = 0
    notes: tuple[str, ...] = ()
    sums: int = 0

    @cached_property
    def gradients(self) -> tuple[float, float]:
        """Gradient-equivalents, one being one gradient of the loss on one data point: once, and in the draws."""
        once = drawn = 0.0
        for group in self.groups:
            shared, random = group.program.work(self.sizes(group))
            once += float(shared) * (1 + self.twins)
            drawn += float(random) * (1 + self.twins / self.replicates_of(group))
        return once, drawn

    @property
    def work(self) -> float:
        """Gradient-equivalents times parameters."""
        return sum(self.gradients) * self.parameters

    @property
    def replicates(self) -> int:
        """How many independent parts the draws are in: one where all data points are taken."""
        return self.effort.replicates if self.effort.mode == "sampled" else 1

    def replicates_of(self, group: Group) -> int:
        """How many independent parts the draws of a group are in."""
        return 1 if group.exact else self.replicates

    def sizes(self, group: Group) -> Sizes:
        """How much data the cells of a group hold."""
        return Sizes(self.points, self.effort.minibatch, group.draws)

    def draw_bytes(self, group: Group) -> int:
        """Memory of one draw: its messages, and what the largest of them is computed with."""
        program = group.program
        steps = (*program.messages, *program.drawn_readings)
        largest = max((self._step_bytes(step, self._seen(step)) for step in steps), default=0)
        return (len(program.messages) + self.sums) * self.parameters * self.itemsize + largest

    def _step_bytes(self, step: Message | Reading, seen: int) -> int:
        """Memory of computing a message or a value on some data points."""
        if isinstance(step, Pairing):
            return 0
        inputs = len(step.inputs)
        if inputs < len(self.held):
            return self.held[inputs].on(seen)
        nested: int = 2**inputs
        return nested * (self.parameters * self.itemsize + seen * self.example_bytes)

    def _seen(self, step: Message | Reading) -> int:
        """How many data points a step of a draw looks at."""
        kind = "function" if isinstance(step, Pairing) else step.cell.kind
        return {"mean": self.points, "batch": self.effort.minibatch}.get(kind, 1)

    def at_once(self, group: Group) -> int:
        """How many draws are computed at once."""
        if self.effort.chunk is not None:
            return min(self.effort.chunk, self._tasks_of(group))
        fit = min(self.effort.memory, WORKING_SET) // max(self.draw_bytes(group), 1)
        return max(1, min(MOST_AT_ONCE, fit, self._tasks_of(group)))

    def products_at_once(self, message: Message) -> int:
        """For how many inputs a message is computed at once in a pass over all data."""
        fit = min(self.effort.memory, WORKING_SET) // max(self._step_bytes(message, self.in_pass), 1)
        return max(1, min(MOST_AT_ONCE, fit))

    @cached_property
    def in_pass(self) -> int:
        """How many data points a pass over all data computes at once."""
        fit = [
            (self.effort.memory - self._step_bytes(step, 0))
            // max(self._step_bytes(step, 1) - self._step_bytes(step, 0), 1)
            for step in self._fixed
        ]
        return max(1, min([PASS, self.points, *fit]))

    @property
    def bytes(self) -> int:
        """Memory of what is held at once, measured on a few data points where the loss could be run."""
        shared = max((len(group.program.shared) for group in self.groups), default=0)
        vectors = 8 * (shared + KEPT * self.sums) * self.parameters
        passes = max((self._step_bytes(step, self.in_pass) for step in self._fixed), default=0)
        draws = max((self.at_once(group) * self.draw_bytes(group) for group in self.groups), default=0)
        return vectors + max(passes, draws)

    @property
    def _fixed(self) -> list[Message | Reading]:
        return [step for group in self.groups for step in (*group.program.shared, *group.program.fixed_readings)]

    def check(self) -> None:
        """Refuse what is too large.

        Raises:
            ValueError: saying how much it would take, and what would take less.
        """
        if self.bytes > self.effort.memory:
            raise ValueError(
                f"the arrays of one step take {_bytes(self.bytes)}, more than memory={self.effort.memory} allows; "
                "lower the order or the chunk, or give more memory="
            )
        if self.work > self.effort.limit and not self.effort.force:
            remedy = "mode='sampled'" if self.effort.mode == "exact" else "fewer samples"
            raise ValueError(
                f"this takes {_rounded(sum(self.gradients))} gradients of {self.parameters} parameters, "
                f"{self.work / self.effort.limit:.2g} times the limit; "
                f"use {remedy} or a lower order, raise limit=, or pass force=True"
            )

    def __str__(self) -> str:
        once, drawn = self.gradients
        diagrams = sum(len(group.values) for group in self.groups)
        shared = len({message for group in self.groups for message in group.program.shared})
        lines = [
            f"{_count(diagrams, 'diagram')} on {_count(self.points, 'data point')} and {self.parameters} parameters",
            f"once:  {_count(shared, 'vector')}, {_rounded(once)} gradients",
            *(self._line(group) for group in self.groups if group.draws),
            *([f"again for the rounding: {_count(self.twins, 'time')}, one replicate each"] if self.twins else []),
            f"in all {_rounded(once + drawn)} gradients and {_bytes(self.bytes)}",
            *self.notes,
        ]
        return "\n".join(lines)

    def _line(self, group: Group) -> str:
        parts = ", all there are" if group.exact else f" in {self.replicates} replicates"
        _, gradients = group.program.work(self.sizes(group))
        vectors = _count(len(group.program.messages), "vector")
        return (
            f"draws: {group.draws}{parts}, {self.at_once(group)} at once, {vectors} each, "
            f"{_rounded(float(gradients))} gradients"
        )

    def _tasks_of(self, group: Group) -> int:
        return max(1, group.draws if group.exact else self.effort.draws)


def make_plan(
    diagrams: Sequence[Diagram],
    *,
    points: int,
    parameters: int,
    itemsize: int,
    example_bytes: int,
    effort: Effort,
    held: tuple[Held, ...] = (),
    twins: int = 0,
    notes: tuple[str, ...] = (),
    sums: int = 0,
    left_open: int | None = None,
) -> Plan:
    """Plan the evaluation of diagrams over moments, of vectors where one of the open roots is left open; nothing is refused yet."""
    groups = []
    for (exact, blocks), members in _together(diagrams, points, effort, left_open=left_open).items():
        draws = points**blocks if exact else effort.draws * effort.replicates
        sizes = Sizes(points, effort.minibatch, draws)
        program, values = build_program(members, sizes, exact=effort.mode == "exact", left_open=left_open)
        groups.append(Group(program, values, draws if program.points else 0, exact))
    return Plan(tuple(groups), points, parameters, itemsize, example_bytes, effort, held, twins, notes, sums)


def _together(
    diagrams: Iterable[Diagram], points: int, effort: Effort, *, left_open: int | None
) -> dict[tuple[bool, int], list[Diagram]]:
    """The diagrams by whether all data points are taken, and then by their number of joint blocks.

    All are taken where that was asked for, and where one block is all that is random and draws would be no fewer.
    """
    found: dict[tuple[bool, int], list[Diagram]] = {}
    for diagram in diagrams:
        blocks = sum(len(block) > 1 for block in diagram.blocks)
        cheap = (
            blocks == 1
            and points <= effort.draws * effort.replicates
            and not has_means_between(diagram, left_open=left_open)
        )
        exact = effort.mode == "exact" or cheap
        found.setdefault((exact, blocks if exact else 0), []).append(diagram)
    return dict(sorted(found.items()))


def _integer(name: str, value: Any) -> int:
    """A value of any type of integers as a plain one."""
    try:
        plain = index(value)
    except TypeError:
        plain = None
    if plain is None or isinstance(value, bool):
        raise ValueError(f"{name} must be an integer, not {quoted(value)}")
    return plain


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _rounded(number: float) -> str:
    return f"{float(f'{number:.3g}'):,.0f}"


def _bytes(number: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"
