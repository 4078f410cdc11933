r"""Whole runs of a model, matrix-free: the noise-free run, and beside it a few runs that are linear and quadratic in the noise.

With :math:`z` the weights and the memory of the optimiser and :math:`z' = F(z, G(\theta)+\xi)` one step, a run whose gradients
have the noise
:math:`\epsilon\,\xi` is :math:`z + \epsilon v + \tfrac12\epsilon^2 w + \dots`,

.. math:: v' = F_z v + F_\xi\,\xi, \qquad w' = F_z w + F_{zz}[v, v] + F_{\xi\xi}[\xi, \xi],

and with :math:`E\,\xi\xi^\top = C` the part of the mean test loss in :math:`1/B` is the mean over such runs of
:math:`\tfrac12 G\cdot w + \tfrac12 v\cdot Hv`: how far the noise moves the mean of the weights, and how far it spreads them.
:math:`F_{z\xi}[v, \xi]` has mean
zero for fresh batches and is left out; for the noise of a dataset, where :math:`\xi` is the same weighting of the data points at
every step, it stays.

All is forward differentiation, so memory does not grow with the number of steps, and a run can be left and taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sgdsym.numeric.matrix_free.calculus import Floats
from sgdsym.numeric.matrix_free.data import Data
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.run_engine import Engine, Leaves, RunRequest
from sgdsym.numeric.matrix_free.run_files import load_run, save_run
from sgdsym.numeric.matrix_free.run_results import WholeRun
from sgdsym.progress import Progress, shown

LARGEST = 1e18  # of a weight: what is beyond diverges
_SIZES = 2.0 ** -np.arange(0.0, 11.0)  # of noise, at which a step is looked at


class Runner:
    """The noise-free run and the noisy ones, step by step."""

    def __init__(self, engine: Engine, data: Data, request: RunRequest, leaves: Leaves, counters: Leaves) -> None:
        self.engine, self.data, self.request = engine, data, request
        self.leaves, self.counters = leaves, counters
        shapes = [(request.runs, *leaf.shape) for leaf in engine.numpy(leaves)]
        types = [leaf.dtype for leaf in engine.numpy(leaves)]
        zeros = [np.zeros(shape, dtype) for shape, dtype in zip(shapes, types, strict=True)]
        self.first, self.second = engine.given(zeros), engine.given(zeros)
        self.records: list[Floats] = []
        self.t = 0
        shares = np.random.default_rng([request.seed, 1]).standard_normal((request.runs, data.points))
        shares = (shares - shares.mean(axis=1, keepdims=True)) / np.sqrt(data.points)
        kind = next((leaf.dtype for leaf in engine.numpy(leaves[:1])), np.dtype("float64"))
        self.shares = np.require(shares.T.astype(kind), requirements=["C", "W"])  # (n, runs), sliced with the data
        with_noise = request.order > 0
        self._advance = engine.compiled(self._moved if with_noise else self._followed)
        self._look = engine.compiled(self._looked)
        self._batch_noise = engine.compiled(self._noise_of)

    @property
    def cost(self) -> str:
        """What the run takes, in words."""
        request, count = self.request, sum(leaf.size for leaf in self.engine.numpy(self.leaves))
        each = self.leaves[0].dtype.itemsize
        # a gradient, and its first and second derivatives along each noisy run
        passes = request.steps * (1 + 4 * request.runs * request.order)
        memory = count * each * (4 + 8 * request.runs * request.order)
        return (
            f"{request.steps} steps of {count} numbers on {self.data.points} data points with "
            f"{request.runs * request.order} noisy runs: the time of "
            f"about {passes} gradients of all data, {memory / 1e6:.3g} MB whatever the number of steps"
        )

    def run(self, progress: Progress) -> WholeRun:
        """All steps, from the checkpoint on if there is one."""
        request = self.request
        show = shown(progress, self.cost)
        if request.checkpoint is not None and request.checkpoint.exists():
            self._resume(request.checkpoint)
        while True:
            if self.t % request.every == 0 or self.t == request.steps:
                self._record()
            if self.t == request.steps:
                break
            self._one_step()
            if request.checkpoint is not None and self.t % request.every == 0:
                self._keep(request.checkpoint)
            if show is not None:
                show(self.t, request.steps)
        return WholeRun.of(self.records, request.size)

    # what is differentiated

    def _gradient(self, parameters: Leaves) -> Leaves:
        """The mean gradient over all data, slice by slice."""
        gradient = self.engine.grad(lambda p, examples: self.engine.each(p, examples).sum() / self.data.points)
        return self.engine.summed(lambda examples: gradient(parameters, examples), self.data.arrays, self.request.chunk)

    def _weighted(self, parameters: Leaves, number: Any) -> Leaves:
        """The gradient with the data points weighted as in a noisy run of a dataset."""

        def loss(p: Leaves, examples: Leaves) -> Any:
            *rows, shares = examples
            return (self.engine.each(p, rows) * (shares @ number)).sum()

        gradient = self.engine.grad(loss)
        arrays = (*self.data.arrays, self.shares)
        return self.engine.summed(lambda examples: gradient(parameters, examples), arrays, self.request.chunk)

    def _loss(self, parameters: Leaves) -> Any:
        """The mean loss over all data."""
        parts = self.engine.summed(
            lambda examples: [self.engine.each(parameters, examples).sum() / self.data.points],
            self.data.arrays,
            self.request.chunk,
        )
        return parts[0]

    def _followed(self, leaves: Leaves, counters: Leaves) -> tuple[Leaves, Leaves]:
        """One step without noise."""
        return self.engine.step(leaves, counters, self._gradient(leaves[: self.engine.weights]))

    def _moved(self, leaves: Leaves, counters: Leaves, first: Leaves, second: Leaves, noise: Any) -> Any:
        """One step, and what becomes of the noisy runs."""
        count, engine = self.engine.weights, self.engine
        slope = self._gradient(leaves[:count])
        after, counted = engine.step(leaves, counters, slope)

        def step(inner: tuple[Leaves, Leaves]) -> Leaves:
            return engine.step(inner[0], counters, inner[1])[0]

        def of_run(v: Leaves, w: Leaves, xi: Any) -> tuple[Leaves, Leaves]:
            _, turn, bend = engine.jet(self._gradient, leaves[:count], v[:count], w[:count])
            at = (leaves, slope)
            if self.request.noise == "dataset":
                # the weighting is the same at every step, so that it also changes the noise along the way
                felt, change = engine.jvp(lambda p: self._weighted(p, xi), (leaves[:count],), (v[:count],))
                turn = _plus(turn, felt)
                return engine.jet(step, at, (v, turn), (w, _plus(bend, change, 2.0)))[1:]
            still = [0 * leaf for leaf in v]
            none = [0 * leaf for leaf in xi]
            _, moved, bent = engine.jet(step, at, (v, turn), (w, bend))
            _, pushed, more = engine.jet(step, at, (still, xi), (still, none))
            return _plus(moved, pushed), _plus(bent, more)

        first, second = engine.vmap(of_run, (0, 0, 0))(first, second, noise)
        return after, counted, first, second

    def _noise_of(self, parameters: Leaves, examples: Leaves) -> Leaves:
        """The gradients of batches less the mean gradient, as large as that of one data point."""
        size = self.request.size
        mean = self._gradient(parameters)

        def of_run(rows: Leaves) -> Leaves:
            found = self.engine.grad(self.engine.mean)(parameters, rows)
            return [(part - whole) * size**0.5 for part, whole in zip(found, mean, strict=True)]

        return self.engine.vmap(of_run, (0,))(examples)  # type: ignore[no-any-return]

    def _looked(self, leaves: Leaves, counters: Leaves, first: Leaves, second: Leaves, noise: Any) -> Leaves:
        """The loss, for each noisy run its drift, its spread, its gap, and what is beyond the square; then what is in a step."""
        count = self.engine.weights
        parameters = leaves[:count]
        scale = self.request.size**-0.5

        def of_run(v: Leaves, w: Leaves, xi: Any) -> Leaves:
            none = [0 * leaf for leaf in w]
            _, slope, square = self.engine.jet(self._loss, parameters, v, none)
            drift = self.engine.jvp(self._loss, (parameters,), (w,))[1]
            up, down = ([p + sign * scale * x for p, x in zip(parameters, v, strict=True)] for sign in (1, -1))
            beyond = (self._loss(up) + self._loss(down)) / 2 - self._loss(parameters) - scale**2 * square / 2
            gap = 0 * slope
            felt = xi
            if self.request.noise == "dataset":
                felt = self._weighted(parameters, xi)
                gap = -sum((a * b).sum() for a, b in zip(felt, v, strict=True))
            expected, odd = in_step(felt)
            return [drift / 2, square / 2, gap, beyond, *expected, *odd]

        slope = self._gradient(parameters)

        def step(gradient: Leaves) -> Leaves:
            return self.engine.step(leaves, counters, gradient)[0]

        def in_step(felt: Leaves) -> tuple[Leaves, Leaves]:
            """How noise moves the mean of one step: its square, and what is beyond, at the size that was asked for."""
            value, _, square = self.engine.jet(step, slope, felt, [0 * leaf for leaf in felt])
            up, down = (step([g + sign * scale * x for g, x in zip(slope, felt, strict=True)]) for sign in (1, -1))
            expected = [scale**2 * part / 2 for part in square]
            ends = zip(up, down, value, expected, strict=True)
            return expected, [(a + b) / 2 - c - d for a, b, c, d in ends]

        found = self.engine.vmap(of_run, (0, 0, 0))(first[:count], second[:count], noise)
        moved = [part.mean(0) for part in found[4:]]
        sizes = [sum(abs(part).sum() for part in group) for group in (moved[: len(leaves)], moved[len(leaves) :])]
        return [self._loss(parameters), *found[:4], *sizes, sum(abs(part).sum() for part in leaves)]

    # one step and one record

    def _one_step(self) -> None:
        engine, request = self.engine, self.request
        if not request.order:
            self.leaves, self.counters = self._advance(self.leaves, self.counters)
        else:
            noise = self._noise()
            if self.t in (0, request.steps // 2):
                self._check_smooth(noise)
            self.leaves, self.counters, self.first, self.second = self._advance(
                self.leaves, self.counters, self.first, self.second, noise
            )
        self.t += 1
        largest = max(float(np.abs(leaf).max(initial=0.0)) for leaf in map(np.asarray, engine.numpy(self.leaves)))
        if not largest < LARGEST:
            raise FinalError(
                f"the noise-free run diverges: a number is {largest:.3g} after step {self.t}; lower the learning rate"
            )
        for leaf in engine.numpy([*self.first, *self.second]):
            if not np.isfinite(np.abs(leaf).max(initial=0.0)):
                raise FinalError(
                    f"the derivative of the step is not finite at step {self.t}; smooth the step, such as by an eps inside the root"
                )

    def _units(self) -> Any:
        """One weighting of the data for each noisy run."""
        return self.engine.given([np.eye(self.request.runs, dtype=self.shares.dtype)])[0]

    def _noise(self) -> Any:
        if self.request.noise == "dataset":
            return self._units()
        draw = np.random.default_rng([self.request.seed, 0, self.t])
        rows = draw.integers(self.data.points, size=(self.request.runs, self.request.size))
        return self._batch_noise(self.leaves[: self.engine.weights], self.engine.given(self.data.take(rows)))

    def _record(self) -> None:
        found = self._look(self.leaves, self.counters, self.first, self.second, self._noise())
        numbers = [np.asarray(part, dtype=np.float64) for part in self.engine.numpy(found)]
        loss, rows = float(numbers[0]), np.stack(numbers[1:5])
        square, beyond, size = map(float, numbers[5:])
        rounding = 64 * float(np.finfo(self.shares.dtype).eps) * size
        in_step = beyond / square if beyond > rounding and square > 0 else 0.0
        if not np.isfinite(loss):
            raise FinalError(
                f"the loss of the noise-free run is {loss} at step {self.t}; lower the learning rate, or mend the loss"
            )
        self.records.append(np.concatenate([[self.t, loss, in_step], rows.ravel()]))

    def _check_smooth(self, noise: Any) -> None:
        r"""Refuse a step whose response to noise of size :math:`s` is not quadratic up to :math:`s^3` at any size."""
        engine, count = self.engine, self.engine.weights
        slope = engine.given(engine.numpy(self._gradient_now(self.leaves[:count])))
        if self.request.noise == "dataset":
            return
        xi = [leaf[0] for leaf in noise]
        still, none = [0 * leaf for leaf in self.leaves], [0 * leaf for leaf in xi]

        def step(inner: tuple[Leaves, Leaves]) -> Leaves:
            return engine.step(inner[0], self.counters, inner[1])[0]

        value, first, second = (
            _vector(engine.numpy(part)) for part in engine.jet(step, (self.leaves, slope), (still, xi), (still, none))
        )
        left = []
        for s in _SIZES:
            moved = step((self.leaves, [g + float(s) * x for g, x in zip(slope, xi, strict=True)]))
            left.append(np.abs(_vector(engine.numpy(moved)) - value - s * first - s**2 / 2 * second).sum())
        kind = np.finfo(engine.numpy(self.leaves[:1])[0].dtype)
        rounding = 64 * float(kind.eps) * (np.abs(value).sum() + np.abs(first).sum())
        told = [a / b for a, b in pairwise(left) if b > rounding]
        # halving the noise must leave an eighth of what is beyond the square; a kink leaves half
        if told and max(told) < 3 and left[0] > 0.02 * (np.abs(first).sum() + np.abs(second).sum() / 2):
            raise FinalError(
                f"the step is not smooth at step {self.t}: half the noise changes it by a factor {1 / told[-1]:.2g} beyond the square, not "
                "1/8; smooth it, such as g / sqrt(g**2 + eps**2) for a sign"
            )

    def _gradient_now(self, parameters: Leaves) -> Leaves:
        return self.engine.compiled(self._gradient)(parameters)  # type: ignore[no-any-return]

    # files

    def _arrays(self) -> dict[str, Any]:
        groups = {"leaf": self.leaves, "counter": self.counters, "first": self.first, "second": self.second}
        return {
            f"{name}_{i}": array for name, group in groups.items() for i, array in enumerate(self.engine.numpy(group))
        }

    def _keep(self, file: Path) -> None:
        save_run(file, self.request.signature, self.t, np.array(self.records), self._arrays())

    def _resume(self, file: Path) -> None:
        self.t, records, arrays = load_run(file, self.request.signature, self._arrays())
        self.records = list(records)
        groups = {}
        for name in ("leaf", "counter", "first", "second"):
            groups[name] = self.engine.given([arrays[key] for key in arrays if key.rpartition("_")[0] == name])
        self.leaves, self.counters = groups["leaf"], groups["counter"]
        self.first, self.second = groups["first"], groups["second"]


def _plus(left: Leaves, right: Leaves, times: float = 1.0) -> Leaves:
    return [a + times * b for a, b in zip(left, right, strict=True)]


def _vector(arrays: Sequence[Any]) -> Floats:
    return np.concatenate([np.asarray(array, dtype=np.float64).ravel() for array in arrays])
