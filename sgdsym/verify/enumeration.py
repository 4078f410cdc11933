r"""Exact runs: the algorithm itself, step by step, with every weight a truncated power series in the learning rate.

The weights after each possible draw of the data are averaged with their probabilities.  The flows have their own
definitions: the ODE is the power series of its solution, the SDE that of :math:`e^{TL}` with the Itô generator

.. math:: L = -\eta\, G\cdot\nabla + \frac{\eta^2}{2B}\, C : \nabla\nabla,

where :math:`G` and :math:`C` are mean and covariance of the gradient at the current weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as pairs
from typing import Any, TypeAlias

from sgdsym.numeric import Polynomial
from sgdsym.verify.algebra import (
    PowerSeries,
    Rational,
    at_start,
    combination,
    derivative,
    monomial,
    product,
    substitute,
    up_to_degree,
)
from sgdsym.verify.draws import Batches, Kinds, Run, draw_data
from sgdsym.verify.landscape import Landscape

Point: TypeAlias = tuple[PowerSeries, ...]
Mean: TypeAlias = Callable[[Polynomial], PowerSeries]


def enumerate_series(landscape: Landscape, run: Run, observable: str, order: int) -> list[Any]:
    r"""The exact coefficients of :math:`\eta^0, …, \eta^{order}` of an observable at the end of a run.

    Args:
        landscape: the population, with the start of the run at the origin.
        run: the run in numbers.
        observable: as in :func:`sgdsym.sgd.expand`.
        order: the highest power of the learning rate.

    Returns:
        A fraction for each order; for the displacement a list of them, for the covariance a list of lists.

    >>> slopes = Landscape(({(1,): 1}, {(1,): 3}), (Fraction(1, 2), Fraction(1, 2)), {(1,): 1})
    >>> enumerate_series(slopes, Run(steps=2), "loss-variance", 2)
    [Fraction(0, 1), Fraction(0, 1), Fraction(8, 1)]
    """
    trained = landscape.trained(run.weight_decay)
    if run.dynamics in ("ode", "sde"):
        flow = _ode_mean if run.dynamics == "ode" else _sde_mean
        return _observed(landscape, observable, order, lambda polynomial: flow(trained, run, polynomial, order))
    outcomes = _outcomes(trained, run, order)

    def mean(polynomial: Polynomial) -> PowerSeries:
        values = (substitute(up_to_degree(polynomial, order), point) * chance for _, point, chance in outcomes)
        return sum(values, PowerSeries.constant(0, order))

    if observable in ("train-loss", "generalization-gap"):
        total = mean(landscape.mean_loss) * (observable == "generalization-gap")
        sign = -1 if observable == "generalization-gap" else 1
        losses = [up_to_degree(loss, order) for loss in landscape.losses]
        for points, weights, chance in outcomes:
            for kind in sorted(set(points)):
                share = Fraction(points.count(kind), len(points))
                total += substitute(losses[kind], weights) * (sign * chance * share)
        return [Fraction(c) for c in total.coefficients]
    return _observed(landscape, observable, order, mean)


def _observed(landscape: Landscape, observable: str, order: int, mean: Mean) -> list[Any]:
    """The observables that are means of polynomials of the last weights."""
    axes = range(landscape.weights)
    weight = [monomial(i, weights=landscape.weights) for i in axes]
    match observable:
        case "test-loss":
            found: Any = mean(landscape.mean_loss).coefficients
        case "function":
            found = mean(landscape.function).coefficients
        case "displacement":
            found = zip(*(mean(weight[i]).coefficients for i in axes), strict=True)
        case "loss-variance":
            found = _covariance(landscape.mean_loss, landscape.mean_loss, order, mean).coefficients
        case "covariance":
            rows = [[_covariance(weight[i], weight[j], order, mean).coefficients for j in axes] for i in axes]
            found = ([[entry[k] for entry in row] for row in rows] for k in range(order + 1))
        case _:
            raise ValueError(f"no such observable: {observable!r}")
    return [_fractions(value) for value in found]


def _covariance(first: Polynomial, second: Polynomial, order: int, mean: Mean) -> PowerSeries:
    return mean(product(first, second, order)) - mean(first) * mean(second)


def _fractions(value: Any) -> Any:
    return [_fractions(entry) for entry in value] if isinstance(value, (list, tuple)) else Fraction(value)


def _outcomes(landscape: Landscape, run: Run, order: int) -> list[tuple[Kinds, Point, Fraction]]:
    """Training set, weights that are read and probability of every draw of the data; a mean over the run reads after each step."""
    trainer = _Trainer(landscape, run, order)
    draws = draw_data(run, landscape.probabilities)
    # states are shared by all runs that begin alike, so that reading after each step costs no more steps
    times = range(1, run.steps + 1) if run.mean_over_run else [run.steps]
    share = Fraction(1, len(times))
    return [
        (draw.training_set, trainer.read(draw.batches[:t]), chance * share)
        for draw, chance in draws.items()
        for t in times
    ]


@dataclass(frozen=True, slots=True)
class _State:
    weights: Point
    buffer: Point
    average: Point


class _Trainer:
    """Runs of one algorithm on one landscape; runs with the same first batches share their first steps."""

    def __init__(self, landscape: Landscape, run: Run, order: int) -> None:
        axes = range(landscape.weights)
        self.run = run
        # weights begin at order 1, so that a term of degree k begins at order k; a gradient is multiplied by the rate
        # besides
        self.gradients = [[up_to_degree(derivative(loss, i), order - 1) for i in axes] for loss in landscape.losses]
        origin = tuple(PowerSeries.constant(0, order) for _ in axes)
        self.states: dict[Batches, _State] = {(): _State(origin, origin, origin)}
        self.known: dict[tuple[Batches, int], Point] = {}

    def state(self, batches: Batches) -> _State:
        """The state after some steps."""
        if batches not in self.states:
            before, batch = batches[:-1], batches[-1]
            state, late = self.state(before), len(before) - self.run.delay
            # earlier there is no gradient to take: nothing moves, but averages count the update
            if late >= 0:
                # the run begins at the origin, so that its start is the zero to add to
                gradient = self.states[()].weights
                for kind in sorted(set(batch)):
                    slope = self._gradient(before[:late], kind)
                    gradient = _plus(gradient, slope, Fraction(batch.count(kind), len(batch)))
                state = self._step(state, gradient, len(before))
            self.states[batches] = self._averaged(state)
        return self.states[batches]

    def read(self, batches: Batches) -> Point:
        """The weights that are read off at the end."""
        state, average = self.state(batches), self.run.average
        if average == "uniform":
            return tuple(total * Fraction(1, len(batches)) for total in state.average)
        return state.weights if average is None else state.average

    def _averaged(self, state: _State) -> _State:
        """The state with its average, or the sum that becomes a uniform one, after an update."""
        decay = self.run.average
        if isinstance(decay, Fraction):
            average = _plus(tuple(a * decay for a in state.average), state.weights, 1 - decay)
        else:
            average = _plus(state.average, state.weights, 1)
        return replace(state, average=average)

    def _gradient(self, before: Batches, kind: int) -> Point:
        if (before, kind) not in self.known:
            weights = self.state(before).weights
            self.known[before, kind] = tuple(substitute(partial, weights) for partial in self.gradients[kind])
        return self.known[before, kind]

    def _step(self, state: _State, gradient: Point, time: int) -> _State:
        r"""One update: :math:`m \leftarrow \mu m + g`, then :math:`\theta \leftarrow \theta - \eta\lambda_t m`.

        Nesterov's momentum moves by :math:`g + \mu m` with the new :math:`m`.
        """
        run = self.run
        buffer = _plus(gradient, state.buffer, run.momentum)
        update = _plus(gradient, buffer, run.momentum) if run.nesterov else buffer
        rate = run.schedule[time] if run.schedule is not None else 1
        return replace(state, weights=_plus(state.weights, tuple(u.shifted() for u in update), -rate), buffer=buffer)


def _plus(point: Point, other: Point, factor: int | Fraction) -> Point:
    return tuple(a + b * factor for a, b in zip(point, other, strict=True)) if factor else point


def _ode_mean(landscape: Landscape, run: Run, polynomial: Polynomial, order: int) -> PowerSeries:
    r"""A polynomial on the solution of :math:`\theta' = -\eta\nabla l`, by Picard's iteration: one order more each time."""
    slopes = [derivative(landscape.mean_loss, i) for i in range(landscape.weights)]
    weights: Sequence[PowerSeries] = [PowerSeries.constant(0, order) for _ in slopes]
    # time and rate come as a product, so that the number of steps is a factor of the slope
    for _ in range(order):
        weights = [(substitute(slope, weights) * -run.steps).integral() for slope in slopes]
    value = substitute(polynomial, weights)
    if run.mean_over_run:
        # the power of the learning rate is that of time
        return PowerSeries(tuple(Fraction(c, k + 1) for k, c in enumerate(value.coefficients)))
    return value


def _sde_mean(landscape: Landscape, run: Run, polynomial: Polynomial, order: int) -> PowerSeries:
    r"""The mean of a polynomial of the diffusion's last weights, :math:`\sum_k (TL)^k/k!` on it at the start."""
    axes = range(landscape.weights)
    drift = [up_to_degree(derivative(landscape.mean_loss, i), order) for i in axes]
    noise = {
        (i, j): combination(
            (chance, product(derivative(loss, i), derivative(loss, j), order))
            for chance, loss in zip(landscape.probabilities, landscape.losses, strict=True)
        )
        for i, j in pairs(axes, repeat=2)
    }
    noise = {
        (i, j): combination([(1, second), (-1, product(drift[i], drift[j], order))]) for (i, j), second in noise.items()
    }
    # powers of eta apart; terms of higher degree than the orders left vanish at the start
    image = [up_to_degree(polynomial, order)] + [{}] * order
    total = [at_start(part) for part in image]
    for k in range(1, order + 1):
        moved: list[Polynomial] = [{}]
        for d in range(1, order + 1):
            parts: list[tuple[Rational, Polynomial]] = [
                (-1, product(drift[i], derivative(image[d - 1], i), order - d)) for i in axes
            ]
            if d > 1:
                half = Fraction(1, 2 * run.batch_size)
                parts += [(half, product(c, derivative(image[d - 2], i, j), order - d)) for (i, j), c in noise.items()]
            moved.append(combination((Fraction(run.steps, k) * number, part) for number, part in parts))
        # the mean of t^k over the run is 1/(k+1) of its value at the end
        image, share = moved, Fraction(1, k + 1 if run.mean_over_run else 1)
        total = [a + at_start(part) * share for a, part in zip(total, image, strict=True)]
    return PowerSeries(tuple(total))
