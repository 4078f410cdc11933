r"""The evaluation: first what does not depend on draws, then the draws, all as tasks.

A draw is one data point for each joint block and one minibatch for each mean between random messages, all independent, so
the product of what the nodes see has the value of the diagram as its mean: no product of two averages over the same
data is ever taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import fsum, prod
from typing import Any, Protocol, TypeAlias

import numpy as np

from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.calculus import Arrays, Calculus, Floats
from sgdsym.numeric.matrix_free.data import Indices, Points, check_finite
from sgdsym.numeric.matrix_free.estimate import DiagramValues
from sgdsym.numeric.matrix_free.messages import Message, Pairing, Reading, Value
from sgdsym.numeric.matrix_free.plan import Group, Plan
from sgdsym.numeric.matrix_free.program import Program
from sgdsym.numeric.matrix_free.tasks import Key, Task, Tasks, run_tasks
from sgdsym.series import Series

Fixed: TypeAlias = dict[Message | Reading, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where an evaluation is done.

    Attributes:
        calculus: the loss at its parameters.
        data: the data points.
        executor: where the tasks go.
        done: called after each task.
    """

    calculus: Calculus
    data: Points
    executor: Any = None
    done: Callable[[], None] | None = None

    def run(self, tasks: Tasks[Key]) -> dict[Key, Any]:
        """Do the tasks."""
        return run_tasks(tasks, self.executor, self.done)


def task_count(plan: Plan) -> int:
    """How many tasks a plan will be."""
    steps = {step for group in plan.groups for step in (*group.program.shared, *group.program.fixed_readings)}
    cells = [step.cell.kind for step in steps if not isinstance(step, Pairing)]
    slices = len(slices_of(plan))
    fixed = cells.count("mean") * slices + cells.count("function")
    chunks = sum((plan.replicates_of(group) + plan.twins) * _chunks(plan, group) for group in plan.groups)
    return slices + fixed * (1 + plan.twins) + chunks


def evaluate_diagrams(series: Series, plan: Plan, bench: Bench, twins: Sequence[Calculus] = ()) -> DiagramValues:
    """The values of all diagrams of a series over moments.

    Args:
        series: the series, over moments.
        plan: what is computed.
        bench: where.
        twins: the loss as it is evaluated again, for one replicate, to see the rounding.

    Raises:
        FloatingPointError: if a value is not finite although the losses are.
    """
    values = _replicates(series, plan, bench, plan.replicates)
    again = [_replicates(series, plan, replace(bench, calculus=twin), 1) for twin in twins]
    return DiagramValues(
        series, tuple(series.diagrams()), values, np.concatenate([values[:0], *(rows - values[:1] for rows in again)])
    )


def _replicates(series: Series, plan: Plan, bench: Bench, count: int) -> Floats:
    """The values of all diagrams in the first replicates, (count, diagrams)."""
    fixed: Fixed = {}
    columns: dict[Diagram, Floats] = {}
    for group in plan.groups:
        compute_fixed(fixed, group.program, plan, bench)
        means = _drawn_means(group, plan, fixed, bench, count)
        for diagram, ways in group.values.items():
            factor = prod(fixed[reading] for reading in ways if not reading.drawn)
            columns[diagram] = factor * means[_drawn_part(ways)]
    for diagram, column in columns.items():
        if not np.isfinite(column).all():
            degree = max(diagram.degrees)
            raise FloatingPointError(
                f"the value of {diagram} is not finite, though all losses are: look at the derivatives of degree {degree}"
            )
    return np.column_stack([np.zeros((count, 0)), *(columns[diagram] for diagram in series.diagrams())])


def check_losses(plan: Plan, bench: Bench) -> bool:
    """Refuse losses that are no finite numbers, and say whether none of them is negative.

    Raises:
        ValueError: naming the first such data point.
    """
    found = bench.run({s.start: partial(_losses_task, bench, s) for s in slices_of(plan)})
    parts = [np.asarray(part) for part in found.values()]
    if any(part.ndim != 1 for part in parts):
        raise ValueError(f"the loss of one data point must be one number, not an array of shape {parts[0].shape[1:]}")
    losses = np.concatenate(parts)
    check_finite(losses[:, None], "the loss", "mend the point or the parameters")
    return bool((losses >= 0).all())


def _losses_task(bench: Bench, rows: slice) -> Task:
    return bench.calculus.checked_losses, (bench.data.take(rows),)


def compute_fixed(fixed: Fixed, program: Program, plan: Plan, bench: Bench) -> None:
    """What does not depend on draws: passes over all data, each waiting for those it is made from."""
    for step in (*program.shared, *program.fixed_readings):
        if step in fixed:
            continue
        directions = [fixed[message] for message in step.inputs]
        if isinstance(step, Pairing):
            fixed[step] = fsum(directions[0] * directions[1])
            continue
        # the function of the parameters has no data: one pass over one point, which it does not look at
        alone = step.cell.kind == "function"
        slices = [slice(0, 1)] if alone else slices_of(plan)
        parts = bench.run({s.start: partial(_total_task, bench, step, directions, s) for s in slices})
        fixed[step] = total_of(list(parts.values())) / (1 if alone else bench.data.points)


def _total_task(bench: Bench, step: Message | Value, directions: Sequence[Floats], rows: slice) -> Task:
    return bench.calculus.total, (step, directions, bench.data.take(rows), bench.data.multiplicities(rows))


def total_of(parts: Sequence[Floats]) -> Any:
    """The sum of numbers or arrays, compensated: what is lost by rounding is added up beside it, and added at the end.

    The parts are in the order of the data, whoever computed them, so the executor does not change a bit.

    Source: [Neumaier1974]_.

    >>> total_of([np.array([1.0]), np.array([1e100]), np.array([1.0]), np.array([-1e100])])
    array([2.])
    """
    total, lost = np.array(parts[0], dtype=np.float64), np.zeros(np.shape(parts[0]))
    for part in parts[1:]:
        found = total + part
        moved = found - total
        lost += (total - (found - moved)) + (part - moved)
        total = found
    return (total + lost)[()]


def _drawn_part(ways: tuple[Reading, ...]) -> tuple[Reading, ...]:
    return tuple(reading for reading in ways if reading.drawn)


def _drawn_means(
    group: Group, plan: Plan, fixed: Fixed, bench: Bench, replicates: int
) -> dict[tuple[Reading, ...], Floats]:
    """For each product of random values its mean in every replicate."""
    products = tuple(dict.fromkeys(_drawn_part(ways) for ways in group.values.values()))
    if not group.draws:
        return {product: np.ones(replicates) for product in products}
    if group.exact:
        chunks, rows = exact_chunks(plan, group), 1
    else:
        chunks, rows = sampled_chunks(plan, group, bench.data, replicates), replicates
    directions = [fixed[message] for message in group.program.shared]
    work = Work(bench.calculus, group.program, products, directions)
    everything = Everything.of(bench.data) if group.program.sees_all else Everything()
    tasks = {
        key: partial(chunk_task, work, draw, bench.data, everything, exact=group.exact) for key, draw in chunks.items()
    }
    found = bench.run(tasks)
    parts: list[list[list[float]]] = [[] for _ in range(rows)]
    for (replicate, _), sums in found.items():
        parts[replicate].append(sums)
    draws = group.draws // plan.replicates_of(group)
    table = np.array([[fsum(column) / draws for column in zip(*part, strict=True)] for part in parts])
    return dict(zip(products, np.broadcast_to(table, (replicates, len(products))).T, strict=True))


class Adder(Protocol):
    """What is added up over the draws of a chunk."""

    def sums(self, counted: Floats, points: Sequence[Arrays], batches: Sequence[Arrays], everything: Everything) -> Any:
        """The sums over the first draws, each counted so many times (count,)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with every chunk of draws.

    Attributes:
        calculus: the loss at its parameters.
        program: what is computed.
        products: which values are multiplied, draw by draw.
        directions: the shared messages of the program.
    """

    calculus: Calculus
    program: Program
    products: tuple[tuple[Reading, ...], ...]
    directions: Sequence[Floats]

    def sums(
        self,
        counted: Floats,
        points: Sequence[Arrays],
        batches: Sequence[Arrays],
        everything: Everything,
    ) -> list[float]:
        """The sums of the products over the first draws, each counted so many times (count,)."""
        found = self.calculus.values(
            self.program, self.directions, points, batches, everything.arrays, everything.multiplicities
        )
        table = found[: len(counted)]
        column = {reading: table[:, i] for i, reading in enumerate(self.program.drawn_readings)}
        return [fsum(prod((column[reading] for reading in product), start=counted)) for product in self.products]


@dataclass(frozen=True, slots=True)
class Everything:
    """All data, and how many times each point is counted, where a mean between random messages is over all of them."""

    arrays: Arrays = ()
    multiplicities: Floats | None = None

    @classmethod
    def of(cls, data: Points) -> Everything:
        """All data points."""
        return cls(data.take(slice(None)), data.multiplicities(slice(None)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some draws: the first ``count`` rows of the points (draws, blocks) and minibatches (draws, batches, minibatch)."""

    count: int
    points: Indices
    batches: Indices


def chunk_task(work: Adder, draw: Callable[[], Chunk], data: Points, everything: Everything, *, exact: bool) -> Task:
    """The sums over a chunk of draws, each counted by the weights of its points where all choices are taken."""
    chunk = draw()
    points = [data.take(column[:, None]) for column in chunk.points.T]
    batches = [data.take(chunk.batches[:, i]) for i in range(chunk.batches.shape[1])]
    counted = np.ones(chunk.count)
    # draws are random by the weights; where all of them are taken, each counts by the weights of its points
    times = data.multiplicities(chunk.points[: chunk.count]) if exact else None
    return work.sums, (counted if times is None else times.prod(axis=1), points, batches, everything)


def sampled_chunks(
    plan: Plan, group: Group, data: Points, replicates: int
) -> dict[tuple[int, int], Callable[[], Chunk]]:
    """The chunks of the first replicates; each replicate has draws of its own, told by the seed."""
    draws, program, effort = plan.effort.draws, group.program, plan.effort
    size = -(-draws // _chunks_in(draws, plan.at_once(group)))

    @lru_cache(maxsize=1)
    def drawn(replicate: int) -> tuple[Indices, Indices]:
        generator = np.random.default_rng([effort.seed, replicate])
        columns = [data.drawn((draws,), generator) for _ in range(program.points)]
        cells = [data.drawn((draws, effort.minibatch), generator) for _ in range(program.batches)]
        none = np.zeros((draws, 0, effort.minibatch), dtype=np.int64)
        return np.stack(columns, axis=1), np.stack(cells, axis=1) if cells else none

    def chunk(replicate: int, start: int) -> Chunk:
        points, batches = (array[start : start + size] for array in drawn(replicate))
        return _padded(points, batches, size)

    starts = range(0, draws, size)
    return {(r, start): partial(chunk, r, start) for r in range(replicates) for start in starts}


def exact_chunks(plan: Plan, group: Group) -> dict[tuple[int, int], Callable[[], Chunk]]:
    """The chunks of all choices of data points."""
    blocks = group.program.points
    size = -(-group.draws // _chunks_in(group.draws, plan.at_once(group)))

    def chunk(start: int) -> Chunk:
        numbers = np.arange(start, min(start + size, group.draws))
        points = np.stack(np.unravel_index(numbers, (plan.points,) * blocks), axis=1)
        return _padded(points, np.zeros((len(numbers), 0, 1), dtype=np.int64), size)

    return {(0, start): partial(chunk, start) for start in range(0, group.draws, size)}


def _padded(points: Indices, batches: Indices, size: int) -> Chunk:
    """A chunk of full size: frameworks compile for a size."""
    count = len(points)
    rows = np.minimum(np.arange(size), count - 1)
    return Chunk(count, points[rows], batches[rows])


def _chunks(plan: Plan, group: Group) -> int:
    """How many tasks the draws of a group are in one replicate."""
    return _chunks_in(group.draws // plan.replicates_of(group), plan.at_once(group))


def _chunks_in(draws: int, at_once: int) -> int:
    return -(-draws // at_once)


def slices_of(plan: Plan) -> list[slice]:
    """All data points, as many at once as a pass takes."""
    return [slice(start, start + plan.in_pass) for start in range(0, plan.points, plan.in_pass)]
