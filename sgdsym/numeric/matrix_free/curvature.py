r"""How the noise of a loss is spread over its curvature, from products with the mean Hessian alone.

With the covariance :math:`C` of the gradients of data points and the mean Hessian :math:`H`, every law near a minimum is
:math:`\mathrm{tr}(C f(H))` for a function :math:`f` of a number.  Up to some hundred weights both matrices are formed.  Beyond,

.. math:: v = \sum_i \varepsilon_i \sqrt{w_i}\,(g_i - G), \qquad \mathrm E[v v^\top] = C,

with random signs :math:`\varepsilon_i`, and Lanczos steps with :math:`H` from :math:`v` give nodes and masses with
:math:`v^\top f(H) v \approx \sum_j m_j f(h_j)` for every :math:`f` at once.

Source: [Golub1994]_; [Ubaru2017]_.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum
from typing import Any, TypeAlias

import numpy as np

from sgdsym.numeric.matrix_free.calculus import Arrays, Calculus, Floats
from sgdsym.numeric.matrix_free.evaluation import Bench, total_of
from sgdsym.numeric.matrix_free.messages import Cell, Message
from sgdsym.numeric.matrix_free.plan import WORKING_SET
from sgdsym.numeric.matrix_free.student import widening
from sgdsym.numeric.matrix_free.tasks import Task

FLAT = 64.0  # units of rounding, of the largest curvature
DENSE = 1000  # weights up to which matrices are formed
GRADIENT = Message(Cell("point"), ())
HESSIAN = Message(Cell("point"), (Message(Cell("batch"), ()),))
Law: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Passes:
    """Passes over all data points.

    Attributes:
        bench: where they are done.
        slices: all data points, as many at once as a pass takes.
        at_once: how many products with the Hessian are computed at once.
    """

    bench: Bench
    slices: Sequence[slice]
    at_once: int

    @property
    def epsilon(self) -> float:
        """The precision of the parameters."""
        return 2.0**-52 if self.bench.calculus.itemsize == 8 else 2.0**-23

    def hessian(self, directions: Floats) -> Floats:
        """The products of the mean Hessian with some directions, (m, p)."""
        groups = [directions[i : i + self.at_once] for i in range(0, len(directions), self.at_once)]
        keys = [(i, s.start) for i in range(len(groups)) for s in self.slices]
        tasks = {
            (i, s.start): partial(self._hessian_task, groups[i], s) for i in range(len(groups)) for s in self.slices
        }
        found = self.bench.run(tasks)
        rows = [total_of([found[key] for key in keys if key[0] == i]) for i in range(len(groups))]
        product: Floats = np.concatenate(rows) / self.bench.data.points
        return product

    def gradients(self, multiplicities: Floats) -> Floats:
        """Sums of the gradients of all data points, each so many times, (m, n) to (m, p)."""
        tasks = {s.start: partial(self._gradient_task, multiplicities[:, s], s) for s in self.slices}
        found: Floats = total_of(list(self.bench.run(tasks).values()))
        return found

    def covariance_in(self, basis: Floats, mean: Floats) -> Floats:
        """The variance of the gradients of data points along some directions, (p, m) to (m,)."""
        tasks = {s.start: partial(self._variance_task, basis, mean, s) for s in self.slices}
        found: Floats = total_of(list(self.bench.run(tasks).values())) / self.bench.data.points
        return found

    def trace(self, mean: Floats) -> float:
        """The whole variance of the gradients of data points, tr C."""
        rows = max(1, WORKING_SET // (8 * len(mean)))
        parts = [slice(start, start + rows) for start in range(0, self.bench.data.points, rows)]
        tasks = {part.start: partial(self._variance_task, None, mean, part) for part in parts}
        return fsum(float(part) for part in self.bench.run(tasks).values()) / self.bench.data.points

    def _hessian_task(self, directions: Floats, rows: slice) -> Task:
        data = self.bench.data
        times = data.multiplicities(rows)
        return self.bench.calculus.totals, (HESSIAN, directions, data.take(rows), times)

    def _gradient_task(self, multiplicities: Floats, rows: slice) -> Task:
        return _gradient_sums, (self.bench.calculus, multiplicities, self.bench.data.take(rows))

    def _variance_task(self, basis: Floats | None, mean: Floats, rows: slice) -> Task:
        data = self.bench.data
        return _variances, (self.bench.calculus, basis, mean, data.take(rows), data.multiplicities(rows))


def _gradient_sums(calculus: Calculus, multiplicities: Floats, examples: Arrays) -> Floats:
    return np.stack([calculus.total(GRADIENT, [], examples, row) for row in multiplicities])


def _variances(
    calculus: Calculus, basis: Floats | None, mean: Floats, examples: Arrays, multiplicities: Floats | None
) -> Floats:
    """Sums of squares along the directions of a basis, or of all of them where there is none."""
    rest = calculus.gradients(examples) - mean
    times = np.ones(len(rest)) if multiplicities is None else multiplicities
    found: Floats = times @ (np.square(rest).sum(axis=1) if basis is None else (rest @ basis) ** 2)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The noise over the curvature.

    Attributes:
        nodes: curvatures, (probes, nodes).
        masses: the noise there, (probes, nodes).
        coarse: nodes and masses of fewer steps, whose difference tells the error of the quadrature; none where it is exact.
        trace: the whole noise, tr C.
        top: the largest curvatures.
        residuals: how far each of them may be from an eigenvalue.
        direction: that of the largest curvature, (p,).
        epsilon: the precision in which products with the Hessian are computed.
    """

    nodes: Floats
    masses: Floats
    coarse: tuple[Floats, Floats] | None
    trace: float
    top: Floats
    residuals: Floats
    direction: Floats
    epsilon: float

    @property
    def rounding(self) -> float:
        """Below this a curvature cannot be told from none."""
        return float(np.abs(self.nodes).max(initial=0.0)) * FLAT * self.epsilon

    def trace_of(self, law: Law) -> tuple[float, float]:
        """tr(C f(H)) and its standard error.

        Every probe knows its own part of the whole noise, which is known exactly: so the ratio of the two is averaged.
        """
        value, error = _ratio(self.nodes, self.masses, law)
        rough = value if self.coarse is None else _ratio(*self.coarse, law)[0]
        return value * self.trace, float(np.hypot(error, value - rough)) * self.trace


def _ratio(nodes: Floats, masses: Floats, law: Law) -> tuple[float, float]:
    """The mean of a law over the noise, and its standard error by the jackknife."""
    parts, whole = (law(nodes) * masses).sum(axis=1), masses.sum(axis=1)
    return jackknife(parts, whole)


def jackknife(above: Floats, below: Floats) -> tuple[float, float]:
    """The ratio of two means over independent replicates, and its standard error, widened for few of them.

    >>> value, error = jackknife(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0]))
    >>> value, round(error, 12)
    (2.0, 0.0)
    """
    count, top, bottom = len(above), above.sum(), below.sum()
    if not bottom:
        return (np.inf if top > 0 else np.nan), np.inf
    value = float(top / bottom)
    if count == 1:
        return value, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (top - above) / (bottom - below)
    error = np.sqrt((count - 1) / count * np.square(left - left.mean()).sum())
    return value, float(widening(count) * error)


def dense_spread(passes: Passes, mean: Floats) -> Spread:
    """By both matrices."""
    hessian = passes.hessian(np.eye(len(mean)))
    curvatures, basis = np.linalg.eigh((hessian + hessian.T) / 2)
    masses = passes.covariance_in(basis, mean)
    top = curvatures[::-1][:TOP]
    return Spread(
        curvatures[None], masses[None], None, float(masses.sum()), top, np.zeros(len(top)), basis[:, -1], passes.epsilon
    )


TOP = 5


def probed_spread(passes: Passes, mean: Floats, *, probes: int, steps: int, memory: int, seed: int) -> Spread:
    """By Lanczos steps from random combinations of gradients, and from a random direction for the largest curvatures."""
    data, generator = passes.bench.data, np.random.default_rng([seed, 1])
    weights = np.full(data.points, 1 / data.points) if data.weights is None else data.weights
    signs = generator.choice([-1.0, 1.0], (probes, data.points)) * np.sqrt(weights)
    found: list[tuple[Any, Any]] = []
    at_once = max(1, memory // (8 * len(mean) * (steps + 2)))
    for start in range(0, probes, at_once):
        chosen = signs[start : start + at_once]
        starts = passes.gradients(chosen) - chosen.sum(axis=1)[:, None] * mean
        found += [(run.quadrature(steps), run.quadrature(3 * steps // 4)) for run in lanczos(passes, starts, steps)]
    fine, coarse = zip(*found, strict=True)
    (run,) = lanczos(passes, generator.normal(size=(1, len(mean))), max(steps, LARGEST))
    top, residuals, direction = run.largest(TOP)
    return Spread(*_stacked(fine), _stacked(coarse), passes.trace(mean), top, residuals, direction, passes.epsilon)


LARGEST = 24


def _stacked(rules: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Quadratures as two arrays; where one ended early, its last node is repeated without mass."""
    longest = max(len(nodes) for nodes, _ in rules)
    nodes = np.stack([np.pad(n, (0, longest - len(n)), mode="edge") for n, _ in rules])
    masses = np.stack([np.pad(m, (0, longest - len(m))) for _, m in rules])
    return nodes, masses


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Lanczos steps from one vector.

    Attributes:
        size: its length.
        diagonal: of the projected matrix, (k,).
        beside: beside the diagonal, (k,); the last entry is what is left over.
        basis: of the projection, (k, p).
    """

    size: float
    diagonal: Floats
    beside: Floats
    basis: Floats

    def quadrature(self, steps: int) -> tuple[Floats, Floats]:
        """Nodes and masses after so many steps."""
        nodes, vectors = self._projected(min(steps, len(self.diagonal)))
        return nodes, (self.size * vectors[0]) ** 2

    def largest(self, count: int) -> tuple[Floats, Floats, Floats]:
        """The largest eigenvalues, their residuals, and the direction of the first."""
        nodes, vectors = self._projected(len(self.diagonal))
        residuals = np.abs(self.beside[-1] * vectors[-1])
        return nodes[::-1][:count], residuals[::-1][:count], vectors[:, -1] @ self.basis

    def _projected(self, steps: int) -> tuple[Floats, Floats]:
        beside = self.beside[: steps - 1]
        nodes, vectors = np.linalg.eigh(np.diag(self.diagonal[:steps]) + np.diag(beside, 1) + np.diag(beside, -1))
        return nodes, vectors


def lanczos(passes: Passes, starts: Floats, steps: int) -> list[Run]:
    """Lanczos steps with the mean Hessian from some vectors (m, p), side by side, each made orthogonal to all before."""
    sizes = np.linalg.norm(starts, axis=1)
    steps = min(steps, starts.shape[1])
    bases = [[start / size if size else start] for start, size in zip(starts, sizes, strict=True)]
    diagonals: list[list[float]] = [[] for _ in starts]
    besides: list[list[float]] = [[] for _ in starts]
    going = [i for i, size in enumerate(sizes) if size]
    for _ in range(steps):
        if not going:
            break
        products = passes.hessian(np.stack([bases[i][-1] for i in going]))
        still = []
        for i, product in zip(going, products, strict=True):
            basis = np.stack(bases[i])
            diagonals[i].append(float(product @ bases[i][-1]))
            rest = product
            for _ in range(2):
                rest = rest - (basis @ rest) @ basis
            left = float(np.linalg.norm(rest))
            besides[i].append(left)
            if left > 1e-7 * max(map(abs, diagonals[i])) and len(diagonals[i]) < steps:
                bases[i].append(rest / left)
                still.append(i)
        going = still
    return [
        Run(float(size), np.array(d or [0.0]), np.array(b or [0.0]), np.stack(q)[: max(1, len(d))])
        for size, d, b, q in zip(sizes, diagonals, besides, bases, strict=True)
    ]
