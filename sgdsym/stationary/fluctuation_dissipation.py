r"""Fluctuation–dissipation relations, as a check of whether a run of SGD has become stationary.

If the law of the weights does not change from step to step, no average changes either, and that of :math:`\|\theta\|^2` and of the
loss give relations between averages that a run can measure.  They hold for every loss, noise and step size, and fail as long as the
run is still on its way.  With the update

.. math:: v'=\mu v-(1-\nu)\nabla f_B(\theta),\qquad \theta'=\theta+\eta v'

.. math:: \text{FDR1:}\quad \langle\theta\cdot\nabla f\rangle=\frac{1+\mu}{2(1-\nu)}\,\eta\,\langle v'^2\rangle

.. math:: \text{FDR2:}\quad (1-\nu)\langle\|\nabla f\|^2\rangle-\mu\langle v\cdot\nabla f\rangle
          =\sum_{k\ge2}\frac{\eta^{k-1}}{k!}\langle D^kf[v',\dots,v']\rangle

Without momentum :math:`v'=-\nabla f_B`, and the right side of FDR1 is :math:`\tfrac\eta2\langle\|\nabla f_B\|^2\rangle`, the full
second moment of the gradient of a batch, mean included.

Source: [Yaida2019]_, equations FDR1, FDR1′ and FDR2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.arguments import quoted, read_items
from sgdsym.arrays import float_array
from sgdsym.quantities import FLOATS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Relation:
    """Two averages over a run that are equal if it is stationary.

    Attributes:
        name: of the relation.
        left: the average on the left side.
        right: that on the right side.
        error: the standard error of their difference.
    """

    name: str
    left: float
    right: float
    error: float

    @property
    def deviation(self) -> float:
        """The difference of the sides in standard errors."""
        gap = self.left - self.right
        return gap / self.error if self.error else float("inf") * gap if gap else 0.0

    def holds(self, errors: float = 3.0) -> bool:
        """Whether the sides agree within so many standard errors."""
        return abs(self.deviation) <= errors

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.left:.6g} against {self.right:.6g}, "
            f"{self.left - self.right:+.2g} ± {self.error:.2g} ({self.deviation:+.1f} standard errors)"
        )


def fluctuation_dissipation(
    positions: Any,
    gradients: Any,
    learning_rate: float,
    *,
    momentum: float = 0.0,
    dampening: float = 0.0,
    velocities: Any = None,
    full_gradients: Any = None,
    curvatures: Sequence[Any] = (),
    blocks: int = 30,
) -> tuple[Relation, ...]:
    r"""The fluctuation–dissipation relations on a recorded run, with standard errors.

    Errors come from the means of consecutive blocks, so a block must be longer than the run remembers: a few
    :math:`1/(\eta h_{\min})` steps.  Records may be thinned out.

    FDR1 with the gradients of batches on the left says no more than whether :math:`\|\theta\|^2` stays where it is, as the difference of
    its sides is a telescoping sum; with full gradients it is a check of the run.

    Args:
        positions: :math:`\theta_t`, (T, p), before each recorded update; any origin.
        gradients: :math:`\nabla f_B(\theta_t)`, (T, p), with which that update was made.
        learning_rate: :math:`\eta`.
        momentum: :math:`\mu`, at least 0 and below 1.
        dampening: :math:`\nu`, below 1; an exponential moving average has :math:`\nu=\mu`.
        velocities: :math:`v_t`, (T, p), before each update; needed with momentum.
        full_gradients: :math:`\nabla f(\theta_t)`, (T, p); FDR2 needs them.
        curvatures: for k = 2, 3, … the derivatives :math:`D^kf(\theta_t)[v',\dots,v']`, (T,) each; without momentum the first is
            :math:`\nabla f_B^\top H\nabla f_B`.  FDR2 is cut off after the last.
        blocks: how many blocks the run is divided into.

    Returns:
        FDR1, and FDR2 if full gradients and curvatures are given.

    Raises:
        ValueError: naming the shape or number that is wrong.

    >>> rng, w, rows = np.random.default_rng(0), 0.0, []
    >>> for _ in range(3000):
    ...     rows.append((w, w + rng.normal()))
    ...     w -= 0.5 * rows[-1][1]
    >>> w, g = np.array(rows).T[:, :, None]
    >>> first, second = fluctuation_dissipation(w, g, 0.5, full_gradients=w, curvatures=[g[:, 0] ** 2])
    >>> first.holds(), second.holds()
    (True, True)
    """
    rate = float(FLOATS.learning_rate(learning_rate))
    mu = float(FLOATS.momentum(momentum))
    nu = float(FLOATS.number("the dampening", dampening))
    curvatures = read_items("curvatures", curvatures)
    run = _read_run(positions, gradients, velocities, full_gradients, mu)
    if not nu < 1:
        raise ValueError(f"the dampening is {nu}; it must be below 1")
    count = _read_blocks(blocks, len(run.positions))
    steps = mu * run.velocities - (1 - nu) * run.gradients
    slope = run.gradients if run.full_gradients is None else run.full_gradients
    scale = (1 + mu) / (2 * (1 - nu)) * rate
    first = _relation("FDR1", _dot(run.positions, slope), scale * _dot(steps, steps), count)
    if run.full_gradients is None or not curvatures:
        return (first,)
    left = (1 - nu) * _dot(slope, slope) - mu * _dot(run.velocities, slope)
    right = np.zeros(len(left))
    for order, values in enumerate(curvatures, 2):
        right += rate ** (order - 1) / factorial(order) * _read(f"curvature {order}", values, left.shape)
    return first, _relation("FDR2", left, right, count)


def fluctuation_dissipation_matrix(
    positions: Any, gradients: Any, learning_rate: float, *, full_gradients: Any = None, blocks: int = 30
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    r"""The matrix relation of SGD without momentum, entry by entry.

    .. math:: \langle\theta_i\partial_jf\rangle+\langle\theta_j\partial_if\rangle=\eta\,\langle\partial_if_B\,\partial_jf_B\rangle

    Args:
        positions: as for :func:`fluctuation_dissipation`.
        gradients: as there.
        learning_rate: as there.
        full_gradients: as there.
        blocks: as there.

    Returns:
        Left side, right side and the standard error of their difference, (p, p) each.

    Raises:
        ValueError: as there.

    >>> left, right, error = fluctuation_dissipation_matrix([[1.0], [-1.0]] * 50, [[2.0], [-2.0]] * 50, 1.0, blocks=2)
    >>> left, right, error
    (array([[4.]]), array([[4.]]), array([[0.]]))
    """
    run = _read_run(positions, gradients, None, full_gradients, 0.0)
    rate = float(FLOATS.learning_rate(learning_rate))
    slope = run.gradients if run.full_gradients is None else run.full_gradients
    left = np.einsum("ti,tj->tij", run.positions, slope)
    left = left + left.transpose(0, 2, 1)
    right = rate * np.einsum("ti,tj->tij", run.gradients, run.gradients)
    return left.mean(axis=0), right.mean(axis=0), _standard_error(left - right, _read_blocks(blocks, len(left)))


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    positions: NDArray[np.float64]
    gradients: NDArray[np.float64]
    velocities: NDArray[np.float64]
    full_gradients: NDArray[np.float64] | None


def _read_run(positions: Any, gradients: Any, velocities: Any, full_gradients: Any, momentum: float) -> _Run:
    weights = _read("positions", positions, None)
    if momentum and velocities is None:
        raise ValueError(f"the momentum is {momentum}; give the velocities before each update too")
    return _Run(
        weights,
        _read("gradients", gradients, weights.shape),
        np.zeros_like(weights) if velocities is None else _read("velocities", velocities, weights.shape),
        None if full_gradients is None else _read("full_gradients", full_gradients, weights.shape),
    )


def _read_blocks(blocks: Any, records: int) -> int:
    count = int(FLOATS.count("the number of blocks", blocks))
    if not 2 <= count <= records // 2:
        raise ValueError(f"{records} records are divided into {quoted(count)} blocks; take from 2 to {records // 2}")
    return count


def _read(name: str, values: Any, shape: tuple[int, ...] | None) -> NDArray[np.float64]:
    array = float_array(values, name)
    if (shape is None and array.ndim != 2) or (shape is not None and array.shape != shape):
        raise ValueError(f"{name} has shape {array.shape}; it must be {shape or '(T, p)'}")
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} holds {array[place]} at {place}; give finite numbers")
    return array


def _dot(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.einsum("ti,ti->t", first, second))


def _relation(name: str, left: NDArray[np.float64], right: NDArray[np.float64], blocks: int) -> Relation:
    error = _standard_error(left - right, blocks)
    return Relation(name, float(left.mean()), float(right.mean()), float(error))


def _standard_error(values: NDArray[np.float64], blocks: int) -> Any:
    # records of a run are correlated; means of blocks longer than the correlation are nearly independent
    means = np.array([block.mean(axis=0) for block in np.array_split(values, blocks)])
    return means.std(axis=0, ddof=1) / np.sqrt(blocks)
