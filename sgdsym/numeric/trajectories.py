r"""The slow, obvious interpreter of whole runs: the recursion of the cumulants, each term one tensor network.

Numbers may be fractions, floats or anything that adds and multiplies, such as truncated power series in the learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from sgdsym.arguments import is_flag, is_list, quoted, read_by_degree, read_function, read_integer, read_items
from sgdsym.diagrams import moebius, set_partitions
from sgdsym.numeric.networks import Array, contracted, objects
from sgdsym.series import Coefficient, as_exact
from sgdsym.times import Update
from sgdsym.trajectories import CLOCK, Cumulant, Statement, Trajectory, read_trajectory

Tensors = Mapping[int, Any] | Sequence[Any]


def interpret_trajectory(
    trajectory: Trajectory,
    derivatives_at: Callable[[Any], Tensors],
    start: Sequence[Any],
    learning_rate: Any,
    *,
    steps: int,
    weights: Sequence[Any] | None = None,
    root_derivatives_at: Callable[[Any], Tensors] | None = None,
    schedule: Sequence[Any] | None = None,
    **symbols: Any,
) -> list[Any]:
    r"""The coefficients of :math:`1, 1/B, 1/B^2, …` of a whole run, or of powers of :math:`1/N`, from the definition.

    Args:
        trajectory: what is evaluated.
        derivatives_at: gives for a list of p numbers by degree :math:`k` the tensors :math:`\nabla^k l_x` there, (n, p, …, p).
        start: the weights :math:`\theta_0`.
        learning_rate: :math:`\eta`.
        steps: the number of updates.
        weights: the probabilities of the points, uniform if left out.
        root_derivatives_at: for the observable ``function`` its derivatives by degree, (p, …, p).
        schedule: the rates of the updates, where they have a name.
        **symbols: a number for each symbol.

    Returns:
        A number for each order; with open indices arrays with one axis of length p for each.

    Raises:
        ValueError: if the argument is no trajectory, or the number of steps is not one.

    >>> from sgdsym.trajectories import trajectory
    >>> def quadratic(theta):                                       # (w - 1)²/2 and (w + 1)²/2
    ...     return [[0, 0], [[theta[0] - 1], [theta[0] + 1]], [[[1]], [[1]]], [[[[0]]]] * 2]
    >>> interpret_trajectory(trajectory(observable="covariance"), quadratic, [Fraction(3)], Fraction(1, 2), steps=2)[1]
    array([[Fraction(5, 16)]], dtype=object)
    """
    read_trajectory(trajectory)
    read_function("derivatives_at", derivatives_at)
    count = read_integer("steps", steps, least=0)
    first = [_number("start", x) for x in read_items("start", start, "list of numbers")]
    if not first:
        raise ValueError("start must hold a number for each weight, not none")
    shares = (
        None if weights is None else [_number("weights", x) for x in read_items("weights", weights, "list of numbers")]
    )
    unknown, missing = set(symbols) - set(trajectory.symbols), set(trajectory.symbols) - set(symbols)
    if unknown or missing:
        names = ", ".join(trajectory.symbols) or "none"
        raise ValueError(
            f"the symbols are: {names}; {min(unknown or missing)} is {'unknown' if unknown else 'missing'}"
        )
    numbers = {name: _exact(name, value) for name, value in symbols.items()}
    rate = _number("learning_rate", learning_rate)
    run = _Run(trajectory, derivatives_at, first, rate, shares, {**numbers, CLOCK: Fraction(count)})
    rates = trajectory.schedule if isinstance(trajectory.schedule, tuple) else schedule
    if trajectory.rate and (not is_list(rates) or len(read_items("schedule", rates)) < count):
        raise ValueError(f"schedule must hold the rates of {count} updates, not {quoted(rates)}")
    for t in range(count):
        if trajectory.rate and rates is not None:
            run.values[trajectory.rate] = (
                rates[t] if isinstance(rates[t], Coefficient) else Coefficient(_exact("schedule", rates[t]))
            )
        run.step(trajectory.optimizer.update(t))
    return run.result(root_derivatives_at)


def _number(name: str, value: Any) -> Any:
    """Whatever adds to itself and is multiplied by integers to a value of its kind, lists and text excepted."""
    if is_list(value) or is_flag(value) or isinstance(value, (str, bytes, bytearray)):
        raise ValueError(f"{name} must be made of numbers, not {quoted(value)}")
    try:
        fits = Fraction(1, 2) * value + value * 2 is not NotImplemented
    except (ArithmeticError, TypeError, ValueError, AttributeError):
        fits = False
    if not fits:
        raise ValueError(f"{name} must be made of numbers, not {quoted(value)}")
    return value


def _exact(name: str, value: Any) -> Fraction:
    number = as_exact(value)
    if not isinstance(number, (int, Fraction)) or is_flag(number):
        raise ValueError(f"{name} must be an integer or a fraction, not {quoted(value)}")
    return Fraction(number)


class _Run:
    """The noise-free registers, moved since the start, and the cumulants, step by step.

    A leg is one axis over registers and weights together.
    """

    def __init__(
        self,
        trajectory: Trajectory,
        derivatives_at: Callable[[Any], Tensors],
        start: Sequence[Any],
        rate: Any,
        weights: Sequence[Any] | None,
        symbols: Mapping[str, Any],
    ) -> None:
        values = {name: Coefficient(value) for name, value in symbols.items()}
        self.given, self.rate, self.start = trajectory, rate, list(start)
        self.derivatives_at, self.weights = derivatives_at, weights
        self.values = values
        self.decay = self.number(trajectory.weight_decay)
        self.p = len(self.start)
        self.eye = objects(np.eye(self.p, dtype=int))
        self.zero = 0 * (rate + sum(self.start))
        self.moved = np.full((len(trajectory.optimizer.read), self.p), self.zero, dtype=object)
        self.cumulants: dict[Cumulant, Array] = {}

    def step(self, update: Update) -> None:
        """One update of the registers and of the cumulants."""
        theta = self.weights_at(update.point)
        samples, means = self.tensors_at(theta)
        gain, point = self.vector(update.gain), self.vector(update.point)
        if self.given.order:
            hessian = means[2] + self.decay * self.eye
            matrix = np.kron(self.matrix(update.matrix), self.eye) - self.rate * np.kron(np.outer(gain, point), hessian)
            into, read = np.kron(gain[:, None], self.eye) * (-1 * self.rate), np.kron(point, self.eye)
            operands = {"stay": matrix, "into": into, "read": read}
            self.cumulants = {
                cumulant: self.total(statements, operands, samples, means, cumulant)
                for cumulant, statements in self.given.recursions.items()
            }
        slope = means[1] + self.decay * np.array(theta, dtype=object)
        self.moved = self.matrix(update.matrix) @ self.moved - self.rate * np.outer(gain, slope)

    def result(self, root_derivatives_at: Callable[[Any], Tensors] | None) -> list[Any]:
        """What is read off, order by order."""
        samples: dict[int, Array] = {}
        means: dict[int, Array] = {}
        theta = self.weights_at(self.given.optimizer.read)
        given, read = self.given, np.kron(self.vector(self.given.optimizer.read), self.eye)
        if given.observable == "function" and root_derivatives_at is not None:
            found = root_derivatives_at(theta)
            means = {k: objects(found[k]) for k in range(2 * given.order + 1)}
        elif not given.open_indices:
            samples, means = self.tensors_at(theta)
        whole = Cumulant(0, given.open_indices)
        values = [self.total(terms, {"read": read, "stay": read}, samples, means, whole) for terms in given.readings]
        first: Any = np.full((self.p,) * given.open_indices, self.zero, dtype=object)
        if given.observable == "displacement":
            first = objects([x - y for x, y in zip(theta, self.start, strict=True)])
        elif given.observable in ("test-loss", "function"):
            first = means[0]
        return [np.asarray(value, dtype=object)[()] for value in (first, *values)]

    def number(self, entry: Coefficient) -> Fraction:
        """An entry of the optimiser as a number."""
        return entry.substitute(self.values).as_fraction()

    def vector(self, entries: Sequence[Coefficient]) -> Array:
        """Entries of the optimiser as numbers."""
        return objects([self.number(x) for x in entries])

    def matrix(self, rows: Sequence[Sequence[Coefficient]]) -> Array:
        """A matrix of the optimiser as numbers."""
        return objects([[self.number(x) for x in row] for row in rows])

    def weights_at(self, vector: Sequence[Coefficient]) -> list[Any]:
        """The weights that a combination of the registers holds."""
        return [x + y for x, y in zip(self.start, self.vector(vector) @ self.moved, strict=True)]

    def tensors_at(self, theta: list[Any]) -> tuple[dict[int, Array], dict[int, Array]]:
        """The derivatives at some weights, and their means."""
        found = self.derivatives_at(theta)
        samples = {}
        for k, array in read_by_degree("derivatives_at(theta)", found).items():
            samples[k] = objects(array)
            if samples[k].shape[1:] != (self.p,) * k:
                raise ValueError(
                    f"derivatives_at(theta)[{k}] must have shape {('n', *(self.p,) * k)}, not {samples[k].shape}"
                )
        missing = set(range(2 * self.given.order + 2)) - set(samples)
        if missing:
            raise ValueError(f"derivatives_at(theta)[{min(missing)}] is missing")
        counts = {len(array) for array in samples.values()} | (
            {len(self.weights)} if self.weights is not None else set()
        )
        if len(counts) > 1 or 0 in counts:
            raise ValueError(f"the derivatives and weights must be those of as many points, not of {sorted(counts)}")
        if self.weights is None:
            self.weights = [Fraction(1, len(samples[1]))] * len(samples[1])
        return samples, {k: np.tensordot(objects(self.weights), array, 1) for k, array in samples.items()}

    def total(
        self,
        statements: Sequence[Statement],
        operands: Mapping[str, Array],
        samples: Mapping[int, Array],
        means: Mapping[int, Array],
        cumulant: Cumulant,
    ) -> Array:
        """The sum of terms, each in all of its placements."""
        points = 0 if self.weights is None else len(self.weights)
        shape = (self.p * (1 if cumulant.order == 0 else len(self.moved)),) * cumulant.legs + (
            points,
        ) * cumulant.points
        result = np.full(shape, self.zero, dtype=object)
        for statement in statements:
            if any(needed not in self.cumulants for needed in statement.cumulants):
                continue  # before the first step all cumulants are zero
            value = self.network(statement, operands, samples, means)
            for legs, outer in statement.placements:
                places = [*legs, *(len(legs) + q for q in outer)][: value.ndim]
                result = result + statement.weight * np.transpose(value, np.argsort(places))
        return result

    def network(
        self,
        statement: Statement,
        operands: Mapping[str, Array],
        samples: Mapping[int, Array],
        means: Mapping[int, Array],
    ) -> Array:
        """One term: the tensors of its vertices and of its joins, contracted."""
        count = len(statement.vertices)
        outer = max((q + 1 for join in statement.joins for q in join.points), default=0)
        fresh = iter(range(count + outer, 1000))
        network: list[tuple[Array, list[int]]] = []
        ends: dict[int, list[int]] = {v: [] for v in range(count)}
        places: dict[int, int] = {}
        out = [
            *range(0 if statement.is_reading and not self.given.open_indices else count),
            *range(count, count + outer),
        ]
        for v, vertex in enumerate(statement.vertices):
            ends[v] = [next(fresh) for _ in range(vertex.legs)]
            if not vertex.is_tensor:
                network.append((operands["read" if vertex.kind == "read" else "stay"], [v, *ends[v]]))
                continue
            inner = [next(fresh) for _ in ends[v]]
            network += [(operands["read"], [i, end]) for i, end in zip(inner, ends[v], strict=True)]
            axes = inner
            if not statement.is_reading:
                axes = [next(fresh), *inner]
                network.append((operands["into"], [v, axes[0]]))
            if vertex.kind == "noise":
                places[v] = next(fresh)
                network.append((samples[len(axes)], [places[v], *axes]))
            else:
                network.append((means[len(axes)], axes))
        for join in statement.joins:
            axes = [ends[v].pop() for v in join.legs]
            axes += [places[v] for v in join.noise] + [count + q for q in join.points]
            array = self.law(len(axes)) if join.cumulant is None else self.cumulants[join.cumulant]
            network.append((array, axes))
        return contracted(network, out)

    def law(self, size: int) -> Array:
        """The joint cumulant of the indicators of one random point."""
        weights = objects(self.weights)
        result = np.zeros((len(weights),) * size, dtype=object)
        for index in product(range(len(weights)), repeat=size):
            result[index] = sum(
                moebius(len(parts))
                * prod(weights[index[part[0]]] if len({index[i] for i in part}) == 1 else 0 for part in parts)
                for parts in set_partitions(size)
            )
        return result
