r"""Whether the derivatives that a framework gives are the derivatives of the loss.

At a few data points, and along random directions :math:`v_1, v_2, …, w`, the derivative of every order is compared with
differences of the order below, which were compared before,

.. math:: \nabla^k l\,[v_1, …, v_{k-1}, w] = \frac{d}{dt} \nabla^{k-1} l(\theta + tw)\,[v_1, …, v_{k-1}] \Big|_{t=0},

from the values of the loss up: so a rule of differentiation that is wrong, a gradient that was cut off and a loss that
jumps are all found, whatever the framework.  Central differences are extrapolated to step 0 with their own error.

Source: [Ridders1982]_.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdsym.numeric.matrix_free.automatic import AutomaticCalculus, Precision
from sgdsym.numeric.matrix_free.calculus import Arrays, Floats, split
from sgdsym.numeric.matrix_free.messages import Cell, Message, Pairing, Value
from sgdsym.numeric.matrix_free.program import Program

STEPS = 0.25 ** np.arange(1, 10)
LEAP = 1e-6
ATTEMPTS = 2  # differences whose error is told too small by chance are not so twice
SAFETY = 16.0
TOLERANCE = 1e-6
SOUND = 0.05  # a difference with a larger relative error confirms nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found where derivatives and differences do not agree.

    Attributes:
        order: the order of the derivative.
        given: what the framework gives.
        differences: what differences of the order below give.
        decided: whether the differences are sure enough to say that the derivative is wrong.
    """

    order: int
    given: float
    differences: float
    decided: bool


def confirm_derivatives(
    calculus: AutomaticCalculus, precision: Precision, examples: Arrays, order: int, at_once: int = 1024
) -> Finding | None:
    """Compare all derivatives up to an order with differences; nothing is found where they agree.

    Args:
        calculus: the loss.
        precision: in which it computes.
        examples: the data points, (m, …).
        order: the highest order.
        at_once: how many data points, each at one step, are computed at once.
    """
    found = None
    for attempt in range(ATTEMPTS):
        directions = random_directions(calculus, order + 1, np.random.default_rng(attempt))
        here, aside = tables(calculus, directions, examples, at_once)
        found = _disagreement(here, aside, order, precision.epsilon)
        if found is None:
            return None
    return found


def attempt_derivatives(calculus: AutomaticCalculus, examples: Arrays, order: int) -> None:
    """Find out whether the derivatives up to an order can be computed at all, also at parameters that are moved.

    Raises:
        ValueError: if they cannot.
    """
    directions = random_directions(calculus, order + 1, np.random.default_rng(0))
    arrays = (*examples, np.zeros(len(examples[0])))
    calculus.along(directions[-1]).attempt(_tower(order), directions, [tuple(array[:, None] for array in arrays)])


def tables(
    calculus: AutomaticCalculus, directions: list[Floats], examples: Arrays, at_once: int
) -> tuple[Floats, Floats]:
    """The values and derivatives of :func:`_tower` at the parameters, (m, …), and beside them, (steps, 2, m, …)."""
    shifts = np.concatenate([[0.0], np.stack([STEPS, -STEPS], axis=1).ravel()])
    points = len(examples[0])
    rows = np.arange(len(shifts) * points)
    size = -(-len(rows) // -(-len(rows) // at_once))
    program, shifted = _tower(len(directions) - 1), calculus.along(directions[-1])
    parts = []
    for start in range(0, len(rows), size):
        chosen = np.minimum(np.arange(start, start + size), rows[-1])  # frameworks compile for a size
        arrays = (*(array[chosen % points] for array in examples), shifts[chosen // points])
        found = shifted.values(program, directions, [tuple(array[:, None] for array in arrays)], (), ())
        parts.append(found[: len(rows) - start])
    table = np.concatenate(parts).reshape(len(shifts), points, -1)
    return table[0], table[1:].reshape(len(STEPS), 2, points, -1)


def _disagreement(here: Floats, aside: Floats, order: int, epsilon: float) -> Finding | None:
    if not here[:, 2].any():
        rise = _jump(here[:, 0], aside[:, :, :, 0])
        if rise:
            return Finding(1, 0.0, rise, True)
    reference = np.zeros(len(here))
    for k in range(1, order + 1):
        below = 2 * k - 3 if k > 1 else 0
        reference = np.fmax(reference, np.abs(here[:, below]))
        finding = _judged(k, here[:, 2 * k], aside[:, :, :, below], reference, epsilon)
        if finding is not None:
            return finding
    return None


def random_directions(calculus: AutomaticCalculus, count: int, generator: np.random.Generator) -> list[Floats]:
    """Random directions, in each array of the parameters as large as its numbers are."""
    parts = split(calculus.vector, calculus.leaves)
    largest = max(_size(part) for part in parts) or 1.0
    scales = np.concatenate([np.full(part.size, _size(part) or largest) for part in parts])
    return [scales * generator.normal(size=len(scales)) for _ in range(count)]


def _size(part: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(part)))) if part.size else 0.0


def _tower(levels: int) -> Program:
    """The program of a value and its derivatives: along the directions, and with the last of them exchanged."""
    cell = Cell("point")
    along = [Message(Cell("batch", i), ()) for i in range(levels)]
    across = Message(Cell("batch", levels), ())
    messages = [Message(cell, tuple(along[:k])) for k in range(levels)]
    pairs = [Pairing((message, last)) for message, own in zip(messages, along, strict=True) for last in (own, across)]
    return Program(1, 0, (*along, across), tuple(messages), (Value(cell), *pairs))


def _jump(start: Floats, aside: Floats) -> float:
    """The slope of a function (steps, 2, m) where it leaves its value at 0 (m,) all at once, 0 where it does not.

    A smooth function next to a flat point leaves it by less and less, down to rounding.
    """
    changes = np.nanmax(np.abs(aside - start), axis=(1, 2), initial=0.0)
    left = np.flatnonzero(changes)
    if not len(left) or left[-1] == len(STEPS) - 1 or changes[left[-1]] < LEAP * changes.max():
        return 0.0
    return float(changes[left[-1]] / STEPS[left[-1]])


def _judged(order: int, given: Floats, aside: Floats, reference: Floats, epsilon: float) -> Finding | None:
    """A derivative at every point (m,) against differences of the values beside it (steps, 2, m).

    Args:
        order: the order of the derivative.
        given: what the framework gives.
        aside: the order below, at the steps forward and back.
        reference: how large the lower orders are, next to which rounding is measured.
        epsilon: the precision.
    """
    tolerance, decided = max(TOLERANCE, 1e4 * epsilon), False
    undecided = None
    for value, values, size in zip(given, np.moveaxis(aside, 2, 0), reference, strict=True):
        limit, error = _extrapolated(values, 2 * epsilon * size)
        largest = max(abs(value), abs(limit))
        if abs(value - limit) > SAFETY * error + tolerance * largest + 1e3 * epsilon * size or np.isnan(value):
            return Finding(order, float(value), limit, True)
        if error <= max(SOUND * largest, tolerance * size):
            decided = True
        else:
            undecided = Finding(order, float(value), limit, False)
    return None if decided else undecided


def _extrapolated(values: Floats, noise: float) -> tuple[float, float]:
    """The derivative at 0 of a function known at the steps forward and back, (steps, 2), and its error.

    >>> limit, error = _extrapolated(np.exp(np.stack([STEPS, -STEPS], axis=1)), 1e-16)
    >>> abs(limit - 1) < error < 1e-10
    True
    """
    best, least = np.nan, np.inf
    above: list[float] = []
    for step, (forward, back) in zip(STEPS, values, strict=True):
        row = [(forward - back) / (2 * step)]
        for j, earlier in enumerate(above, 1):
            row.append(row[-1] + (row[-1] - earlier) / (16.0**j - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - earlier)) + noise / step
            if error < least:
                best, least = float(row[-1]), float(error)
        above = row if np.isfinite(row[0]) else []
    return best, least
