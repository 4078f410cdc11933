r"""A series with an open index, evaluated: a vector as long as the parameters, in each replicate, and nothing larger.

The open root is an end of every tree: the message that arrives there is the vector, so that

.. math:: \Delta_i = \sum_D c_D\, \eta^{|D|}\, \mathrm E\,[m_D]_i.

The terms of a power are added up draw by draw, and mean and scatter replicate by replicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from sgdsym.arguments import quoted
from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.calculus import Arrays, Calculus, Floats, joined
from sgdsym.numeric.matrix_free.data import Points
from sgdsym.numeric.matrix_free.estimate import rate_and_weights
from sgdsym.numeric.matrix_free.evaluation import (
    Bench,
    Everything,
    chunk_task,
    compute_fixed,
    exact_chunks,
    sampled_chunks,
    total_of,
)
from sgdsym.numeric.matrix_free.messages import OPEN, Message, Pairing, Reading
from sgdsym.numeric.matrix_free.plan import WORKING_SET, Effort, Group, Plan
from sgdsym.numeric.matrix_free.program import Program, Term
from sgdsym.numeric.matrix_free.session import Session
from sgdsym.numeric.matrix_free.student import widening
from sgdsym.numeric.matrix_free.tasks import Workers
from sgdsym.progress import Progress
from sgdsym.series import Series

HELD = 4  # sums over chunks of draws that are held at once, at least


@dataclass(frozen=True, slots=True, eq=False)
class VectorEstimate:
    """The value of a series with an open index, in trees of the shape of the parameters.

    Attributes:
        value: the value.
        standard_error: the standard error of each entry, widened so that two of them are an interval of 95.45 %.
        coefficients: the coefficients of the powers of the learning rate, (order+1,) trees.
        coefficient_errors: their standard errors.
    """

    value: Any
    standard_error: Any
    coefficients: tuple[Any, ...]
    coefficient_errors: tuple[Any, ...]


def evaluate_open(
    series: Series,
    calculus: Calculus,
    data: Points,
    effort: Effort,
    learning_rate: Any,
    symbols: Mapping[str, Any],
    *,
    executor: Any = None,
    progress: Progress = True,
) -> VectorEstimate:
    """A series with an open index at a learning rate and some sizes; with two, if there is a function for the other.

    Raises:
        ValueError: if the series has other open indices, a symbol or the learning rate is wrong, it costs too much, a loss is not
            finite, or its derivatives are not those of its values.
    """
    moments = series.as_moments()
    indices = 1 if calculus.function is None else 2
    _check_open(moments, indices)
    rate, weights = rate_and_weights(moments, moments.diagrams(), learning_rate, symbols)
    if rate.ndim:
        raise ValueError(f"learning_rate must be one number where the value is a vector, not {quoted(learning_rate)}")
    statistics = _Statistics(float(rate))
    # a diagram with two open indices stands for itself and for its transpose
    shares = {diagram: weight / indices for diagram, weight in zip(moments.diagrams(), weights, strict=True)}
    with Workers(executor) as workers:
        ready = [Session(moments, calculus, data, effort, k).prepared(workers, progress) for k in range(indices)]
        parts = [_Parts(one.plan, shares, moments.truncation + 1) for one in ready]
        count = ready[0].plan.replicates
        for rows in zip(*(p.replicates(one.bench, count) for p, one in zip(parts, ready, strict=True)), strict=True):
            statistics.add(sum(rows))
        for twins in zip(*(one.assessed.twins for one in ready), strict=True):
            benches = [replace(one.bench, calculus=twin) for one, twin in zip(ready, twins, strict=True)]
            rows = tuple(next(p.replicates(b, 1)) for p, b in zip(parts, benches, strict=True))
            statistics.compare(sum(rows))
    legs = 1.0 if calculus.legs is None else _on_all(calculus.legs, calculus.leaves)
    means, errors = (legs * part for part in (statistics.mean, statistics.error))
    if not np.isfinite(means).all():
        raise FloatingPointError("the value is not finite, though all losses are: look at the highest derivatives")
    # what is handed out is rounded once more, to the precision of the parameters
    errors = np.hypot(errors, np.abs(np.array(list(map(calculus.held, means))) - means))
    (*orders, value), (*order_errors, error) = (list(map(calculus.tree, part)) for part in (means, errors))
    return VectorEstimate(value, error, tuple(orders), tuple(order_errors))


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A function of the parameters: their product with a direction.

    Attributes:
        leaves: the arrays of a tree.
        direction: the arrays of the direction.
    """

    leaves: Callable[[Any], list[Any]]
    direction: Sequence[Any]

    def __call__(self, parameters: Any) -> Any:
        """The product."""
        return sum((a * b).sum() for a, b in zip(self.leaves(parameters), self.direction, strict=True))


def check_direction(direction: Sequence[Any], leaves: Sequence[Any]) -> None:
    """Refuse a direction that is not of the shape of the parameters.

    Raises:
        ValueError: naming the shapes.

    >>> check_direction([np.zeros(2)], [np.zeros(3)])
    Traceback (most recent call last):
    ValueError: along= must be a tree of arrays like the parameters: its shapes are [(2,)], theirs [(3,)]
    """
    given, wanted = ([tuple(np.shape(leaf)) for leaf in tree] for tree in (direction, leaves))
    if given != wanted:
        raise ValueError(
            f"along= must be a tree of arrays like the parameters: its shapes are {quoted(given)}, theirs {quoted(wanted)}"
        )


def _check_open(moments: Series, indices: int) -> None:
    """Refuse a series whose value is no vector."""
    for diagram in moments.diagrams():
        roots = diagram.open_roots
        if len(roots) != indices or any(diagram.degrees[v] != 1 for v in roots):
            raise ValueError(
                "a vector is the value of a series with one open index, such as expand(observable='displacement') or modified(); "
                "of a covariance it is the product with the direction along=; numbers are evaluate()'s"
            )


def _on_all(legs: Sequence[Any], leaves: Sequence[Any]) -> Floats:
    """The roots of the inverse metric as one vector."""
    return joined([np.broadcast_to(np.asarray(leg), leaf.shape) for leg, leaf in zip(legs, leaves, strict=True)])


@dataclass(frozen=True, slots=True)
class VectorWork:
    """What is added up over draws.

    Attributes:
        calculus: the loss at its parameters.
        program: what is computed.
        terms: what is added up.
        directions: the shared messages of the program.
        powers: how many powers of the learning rate there are.
    """

    calculus: Calculus
    program: Program
    terms: tuple[Term, ...]
    directions: Sequence[Floats]
    powers: int

    def sums(
        self, counted: Floats, points: Sequence[Arrays], batches: Sequence[Arrays], everything: Everything
    ) -> Floats:
        """The sums of the terms of each power over the first draws, each counted so many times, (powers, p)."""
        counted = np.pad(counted, (0, len(points[0][0]) - len(counted)))
        drawn = everything.arrays, everything.multiplicities
        found = np.zeros((self.powers, self.calculus.size))
        found[sorted({term.power for term in self.terms})] = self.calculus.vectors(
            self.program, self.terms, counted, self.directions, points, batches, *drawn
        )
        return found


@dataclass(frozen=True, slots=True)
class _Parts:
    """The terms of a plan.

    Attributes:
        plan: what is computed.
        weights: the coefficient of each diagram.
        powers: how many powers of the learning rate there are.
    """

    plan: Plan
    weights: Mapping[Diagram, float]
    powers: int

    def replicates(self, bench: Bench, count: int) -> Iterator[Floats]:
        """The coefficients of all powers in the first replicates, (powers, p) each."""
        fixed: dict[Message | Reading, Any] = {}
        alike = np.zeros((self.powers, bench.calculus.size))
        drawn: list[tuple[Group, VectorWork]] = []
        for group in self.plan.groups:
            compute_fixed(fixed, group.program, self.plan, bench)
            terms = []
            for diagram, ways in group.values.items():
                term = self._term(diagram, ways, fixed)
                if term.message.drawn or term.factors:
                    terms.append(term)
                else:
                    alike[term.power] += term.weight * fixed[term.message]
            if terms:
                directions = [fixed[message] for message in group.program.shared]
                work = VectorWork(bench.calculus, group.program, tuple(terms), directions, self.powers)
                if group.exact:
                    alike += self._mean(group, work, bench, 0)
                else:
                    drawn.append((group, work))
        for replicate in range(count):
            yield alike + sum(self._mean(group, work, bench, replicate) for group, work in drawn)

    def _term(self, diagram: Diagram, ways: Sequence[Reading], fixed: Mapping[Message | Reading, Any]) -> Term:
        """A diagram as a vector with random data: what is not random is in its weight."""
        (pairing,) = (way for way in ways if isinstance(way, Pairing) and OPEN in way.inputs)
        (message,) = (m for m in pairing.inputs if m != OPEN)
        others = [way for way in ways if way != pairing]
        weight = self.weights[diagram] * prod(float(fixed[way]) for way in others if not way.drawn)
        return Term(diagram.order, weight, message, tuple(way for way in others if way.drawn))

    def _mean(self, group: Group, work: VectorWork, bench: Bench, replicate: int) -> Floats:
        """The mean over the draws of one replicate."""
        drawn = sampled_chunks(self.plan, group, bench.data, replicate + 1)
        chunks = exact_chunks(self.plan, group) if group.exact else drawn
        everything = Everything.of(bench.data) if group.program.sees_all else Everything()
        tasks = {
            key: partial(chunk_task, work, draw, bench.data, everything, exact=group.exact)
            for key, draw in chunks.items()
            if key[0] == replicate
        }
        total, keys = np.zeros((self.powers, bench.calculus.size)), list(tasks)
        held = max(HELD, WORKING_SET // total.nbytes)
        for start in range(0, len(keys), held):
            found = bench.run({key: tasks[key] for key in keys[start : start + held]})
            total = total_of([total, *found.values()])
        return total * (self.plan.replicates_of(group) / group.draws)


class _Statistics:
    """Mean and standard error of replicates that come one after the other, (powers, p), and of their sum at a learning rate."""

    def __init__(self, rate: float) -> None:
        self._rate, self._count, self._first = rate, 0, np.zeros((0, 0))
        self._sum = self._squares = self._rounding = np.zeros(())

    def add(self, row: Floats) -> None:
        """One more replicate."""
        row = self._with_value(row)
        if not self._count:
            self._first = row
        # differences from the first: equal replicates have no scatter at all
        change = row - self._first
        self._count += 1
        self._sum, self._squares = self._sum + change, self._squares + change**2

    def compare(self, row: Floats) -> None:
        """The first replicate in another precision."""
        self._rounding = np.maximum(self._rounding, np.abs(self._with_value(row) - self._first))

    @property
    def mean(self) -> Floats:
        """The means, the value last."""
        return self._first + self._sum / self._count

    @property
    def error(self) -> Floats:
        """Their standard errors."""
        count = self._count
        if count == 1:
            return self._rounding + np.zeros_like(self._first)
        scatter = np.maximum(self._squares - self._sum**2 / count, 0.0) / (count * (count - 1))
        return np.hypot(widening(count) * np.sqrt(scatter), self._rounding)

    def _with_value(self, row: Floats) -> Floats:
        return np.vstack([row, self._rate ** np.arange(len(row)) @ row])
