"""What the tests of matrix-free evaluation share: polynomial losses, a small network, and a calculus on dense tensors."""

import os
import signal
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np

from sgdsym.numeric import polynomial_derivatives
from sgdsym.numeric.matrix_free import Calculus, Data
from sgdsym.numeric.matrix_free.calculus import cells_of
from sgdsym.numeric.matrix_free.messages import Message, Pairing

DEGREE, WIDTH = 4, 2
EXPONENTS = [e for e in product(range(DEGREE + 1), repeat=WIDTH) if 1 <= sum(e) <= DEGREE]
THETA = (Fraction(1, 2), Fraction(-1, 4))


def polynomials(points, seed=0):
    """Random polynomial losses in two weights, as a table of coefficients (points, exponents)."""
    return np.random.default_rng(seed).integers(-2, 3, (points, len(EXPONENTS)))


def polynomial_tensors(table, order):
    """Their exact derivative tensors."""
    losses = [dict(zip(EXPONENTS, (int(c) for c in row), strict=True)) for row in table]
    return polynomial_derivatives(losses, THETA, order)


def polynomial_loss(parameters, example):
    """One of these losses, in any framework."""
    coefficients, first, second = example
    return (coefficients * parameters[0] ** first * parameters[1] ** second).sum()


def polynomial_data(table):
    """The data of these losses: coefficients, and the exponents of both weights."""
    first, second = (np.tile(np.array(column, dtype=float), (len(table), 1)) for column in zip(*EXPONENTS, strict=True))
    return table.astype(float), first, second


@dataclass(frozen=True, eq=False)
class DenseCalculus(Calculus):
    """Derivatives read off dense tensors (n, p, …, p); an example is the number of a data point."""

    tensors: tuple = ()
    root_tensors: tuple = ()

    @property
    def leaves(self):
        return [self.parameters]

    def total(self, reading, directions, examples, multiplicities=None):
        return self._step(reading, directions, examples[0], multiplicities) * len(examples[0])

    def losses(self, examples):
        return self.tensors[0][examples[0]]

    def gradients(self, examples):
        return self.tensors[1][examples[0]] * (1.0 if self.legs is None else self.legs[0])

    def values(self, program, directions, points, batches, everything, multiplicities=None):
        drawn = self._draws(program, directions, points, batches, everything, multiplicities)
        return np.array([[known[reading] for reading in program.drawn_readings] for known in drawn])

    def _draws(self, program, directions, points, batches, everything, multiplicities):
        for draw in range(len(points[0][0])):
            cells = cells_of([p[0][draw] for p in points], [b[0][draw] for b in batches], *everything or [None])
            known = dict(zip(program.shared, directions, strict=True))
            for step in (*program.messages, *program.drawn_readings):
                cell = None if isinstance(step, Pairing) else cells.get(step.cell)
                times = multiplicities if cell is not None and step.cell.kind == "mean" else None
                known[step] = self._step(step, [known[m] for m in step.inputs], cell, times)
            yield known

    def vectors(self, program, terms, counted, directions, points, batches, everything, multiplicities=None):
        found = {term.power: np.zeros(self.size) for term in sorted(terms, key=lambda term: term.power)}
        for draw, known in enumerate(self._draws(program, directions, points, batches, everything, multiplicities)):
            for term in terms:
                factor = term.weight * np.prod([known[reading] for reading in term.factors])
                found[term.power] += counted[draw] * factor * known[term.message]
        return np.array(list(found.values()))

    def tree(self, vector):
        return vector

    def held(self, vector):
        return vector

    def _step(self, step, directions, cell, multiplicities=None):
        if isinstance(step, Pairing):
            return directions[0] @ directions[1]
        degree = len(directions) + isinstance(step, Message)
        times = np.ones(1) if multiplicities is None else multiplicities
        if step.cell.kind == "function":
            tensor = self.root_tensors[degree]
        else:
            tensor = np.multiply(self.tensors[degree][cell].T, times).T.mean(axis=0)
        legs = 1.0 if self.legs is None else self.legs[0]
        for direction in directions:
            tensor = tensor @ (legs * direction)
        return legs * tensor if isinstance(step, Message) else tensor


@dataclass(frozen=True, eq=False)
class MortalCalculus(DenseCalculus):
    """The same, but the first worker that evaluates draws dies in the middle; ``grave`` is where it says so."""

    grave: Path = Path()

    def values(self, *arguments):
        try:
            self.grave.touch(exist_ok=False)
        except FileExistsError:
            return super().values(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@dataclass(frozen=True, eq=False)
class IdleCalculus(DenseCalculus):
    """The same, but nothing may be computed."""

    def losses(self, *arguments):
        raise AssertionError("something is computed")

    total = values = gradients = losses


def dense_problem(points, order, kind=DenseCalculus, **more):
    """A calculus on polynomial losses, and its data."""
    tensors = tuple(np.array(t, dtype=float) for t in polynomial_tensors(polynomials(points), order))
    calculus = kind(polynomial_loss, np.array(THETA, dtype=float), 0, tensors=tensors, **more)
    return calculus, Data((np.arange(points),))


_generator = np.random.default_rng(7)
INPUTS, HIDDEN, OUTPUTS, POINTS = 2, 2, 2, 30
NETWORK = {
    "first": _generator.normal(size=(HIDDEN, INPUTS)),
    "second": [_generator.normal(size=(OUTPUTS, HIDDEN))],
}
DATA = {
    "input": 1.5 * _generator.normal(size=(POINTS, INPUTS)),
    "label": np.eye(OUTPUTS)[_generator.integers(0, OUTPUTS, POINTS)],
}


def jax_network_loss(parameters, example):
    """Cross-entropy of a network with one hidden layer."""
    import jax

    scores = parameters["second"][0] @ jax.numpy.tanh(parameters["first"] @ example["input"])
    return jax.nn.logsumexp(scores) - (scores * example["label"]).sum()


def untouched_loss(parameters, example):
    """A loss that nobody may compute."""
    raise AssertionError("the loss is computed")


def torch_network_loss(parameters, example):
    """The same for PyTorch."""
    import torch

    scores = parameters["second"][0] @ torch.tanh(parameters["first"] @ example["input"])
    return torch.logsumexp(scores, 0) - (scores * example["label"]).sum()
