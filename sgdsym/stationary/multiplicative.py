r"""Mean-square stability and the stationary covariance with every data point's own Hessian, exactly.

Near a minimum of the mean loss where every data point has Hessian :math:`H_i\succeq0` and gradient :math:`g_i`,
:math:`\sum_i g_i=0`, the second moment of the weights obeys

.. math:: \Sigma' = Q\Sigma + \eta^2 p\,\Sigma_g,\qquad
          Q = I - 2\eta\mathcal C + \eta^2\mathcal D,\qquad \Sigma_g=\tfrac1n\sum_i g_ig_i^\top

.. math:: \mathcal C X = \tfrac12(HX+XH),\qquad \mathcal D X = (1-p)HXH + \tfrac pn\sum_i H_iXH_i

with H the mean Hessian and :math:`p=1/B` for batches drawn with replacement, :math:`p=\frac{n-B}{B(n-1)}` without.

Everything happens in the range of H: where every loss is flat the weights do not move by themselves, and noise there is left
out.  In the eigenbasis of H the operator :math:`\mathcal C` is diagonal, so what is needed of :math:`\mathcal D` is one
symmetric eigenvalue problem on symmetric matrices, of size r(r+1)/2 for rank r.

Source: [Mulayoff2024]_.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted, read_items
from sgdsym.arrays import unmasked
from sgdsym.noise.batches import minibatch_covariance
from sgdsym.quantities import (
    EXACT,
    FLOATS,
    ROUNDING,
    Arithmetic,
    has_symbols,
    in_field,
    is_array,
    range_projector,
    rounding,
    solve_symmetric,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# largest rank for which the eigenvalue problem is set up: 1830 × 1830
RANK_LIMIT = 60


def sampling_factor(batch_size: Any, dataset_size: Any, *, replacement: bool = True) -> Any:
    r"""The factor p by which a batch reduces the covariance of one data point.

    .. math:: p = \frac1B \text{ with replacement}, \qquad p=\frac{n-B}{B(n-1)} \text{ without}

    Args:
        batch_size: :math:`B`.
        dataset_size: :math:`n`.
        replacement: whether a point may be drawn twice for one batch.

    Raises:
        ValueError: naming the number that is out of range.

    >>> sampling_factor(2, 5), sampling_factor(2, 5, replacement=False)
    (1/2, 3/8)
    >>> sampling_factor(6, 5, replacement=False)
    Traceback (most recent call last):
    ...
    ValueError: a batch of 6 cannot be drawn from 5 examples without replacement
    """
    return minibatch_covariance(sp.S.One, batch_size, dataset_size, replacement)


def mean_square_stability(
    hessians: Sequence[Any], *, batch_size: Any, replacement: bool = True, gradients: Sequence[Any] | None = None
) -> MeanSquareStability:
    r"""The linear stability of SGD at a minimum in mean and in mean square, and the covariance it settles at.

    Args:
        hessians: the n Hessians :math:`H_i`, (n, p, p), symmetric and positive semidefinite.
        batch_size: :math:`B`.
        replacement: whether a point may be drawn twice for one batch.
        gradients: the n gradients :math:`g_i`, (n, p), with sum 0; all 0 if left out: an interpolating minimum.

    Raises:
        ValueError: naming the number, if an argument is out of range.

    >>> law = mean_square_stability([[[1]], [[3]]], batch_size=1, gradients=[[1], [-1]])
    >>> law.mean_threshold, round(law.threshold, 12)
    (1.0, 0.8)
    >>> law.covariance(sp.Rational(1, 2))
    Matrix([[1/3]])
    """
    hessians = read_items("hessians", hessians, "list of matrices, one for each data point")
    if gradients is not None:
        vectors = read_items("gradients", _as_numpy(gradients), "list of vectors, one for each data point")
        gradients = [_read_vector(_as_numpy(vector)) for vector in vectors]
    arithmetic = Arithmetic.of(*hessians, *(gradients if gradients is not None else ()))
    if not len(hessians):
        raise ValueError("there are no Hessians; give one for each data point")
    checked = [arithmetic.semidefinite(f"Hessian {i + 1}", h) for i, h in enumerate(hessians)]
    size = checked[0].shape[0]
    if any(has_symbols(h) for h in checked) or {h.shape for h in checked} != {(size, size)}:
        raise ValueError("the Hessians must hold numbers and have one shape")
    factor = sampling_factor(batch_size, len(checked), replacement=replacement)
    if not factor.is_number:
        raise ValueError(f"the batch size is {quoted(batch_size)}; stability needs a number")
    columns = _read_gradients(gradients, len(checked), size, arithmetic)
    return MeanSquareStability(tuple(checked), tuple(columns), factor, arithmetic.exact, rounding(*hessians))


@dataclass(frozen=True, slots=True, eq=False)
class MeanSquareStability:
    r"""The second moments of SGD at a minimum; thresholds are learning rates.

    Attributes:
        hessians: :math:`H_i`, n matrices (p, p).
        gradients: :math:`g_i`, n columns (p, 1).
        factor: :math:`p`, an exact number.
        symbolic: whether matrices are exact.
        rounding: of floats, the relative size of a curvature that counts for 0.
    """

    hessians: tuple[Any, ...]
    gradients: tuple[Any, ...]
    factor: sp.Rational
    symbolic: bool
    rounding: float = ROUNDING
    _reduced: _Reduced = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Turn to the eigenbasis of the mean Hessian, in floats."""
        arrays = np.array([np.array(h.tolist(), dtype=float) for h in self.hessians])
        object.__setattr__(self, "_reduced", _reduce(arrays, float(self.factor), self.rounding))

    @property
    def mean_threshold(self) -> float:
        r"""The mean is stable up to :math:`2/\lambda_{\max}(H)`."""
        return 2 / float(self._reduced.curvatures.max())

    @property
    def threshold(self) -> float:
        r"""The mean square is stable below :math:`\eta^*_{\mathrm{var}} = 2/\lambda_{\max}(\mathcal C^\dagger\mathcal D)`."""
        return 2 / self._reduced.largest

    @property
    def necessary(self) -> tuple[float, float]:
        r"""Two upper bounds on the threshold, from the top eigenvector v of H and from the trace.

        .. math:: \frac{2\lambda_{\max}}{\lambda_{\max}^2+\frac pn\sum_i(v^\top H_iv-\lambda_{\max})^2},\qquad
                  \frac{2\,\mathrm{Tr}\,H}{(1-p)\|H\|_F^2+\frac pn\sum_i\|H_i\|_F^2}
        """
        p, h, own = float(self.factor), self._reduced.curvatures, self._reduced.hessians
        top = int(h.argmax())
        spread = np.mean((own[:, top, top] - h[top]) ** 2)
        frobenius = np.mean(np.sum(own**2, axis=(1, 2)))
        return (
            float(2 * h[top] / (h[top] ** 2 + p * spread)),
            float(2 * h.sum() / ((1 - p) * np.sum(h**2) + p * frobenius)),
        )

    def covariance(self, learning_rate: Any) -> Any:
        r"""The limit of the covariance, :math:`\eta p\,(2\mathcal C-\eta\mathcal D)^\dagger\,\Sigma_g` in the range of H.

        Args:
            learning_rate: :math:`\eta`, a number below the threshold.

        Raises:
            ValueError: naming the threshold.
        """
        arithmetic = Arithmetic.of(learning_rate) if self.symbolic else FLOATS
        rate = arithmetic.learning_rate(learning_rate)
        if has_symbols(rate):
            raise ValueError(f"the learning rate is {quoted(rate)}; the covariance needs a number")
        if not rate < self.threshold:
            raise ValueError(
                f"unstable: the mean square grows at the learning rate {float(rate):.6g}; it must be below {self.threshold:.6g}"
            )
        return self._exactly(rate) if arithmetic.exact else self._in_floats(float(rate))

    def _in_floats(self, rate: float) -> NDArray[np.float64]:
        reduced = self._reduced
        gradients = np.array([np.array(g.tolist(), dtype=float).ravel() for g in self.gradients]) @ reduced.basis
        noise = gradients.T @ gradients / len(gradients)
        h = reduced.curvatures
        over = np.sqrt((h[:, None] + h[None, :]) / 2)
        # with sqrt(C) on both sides the operator is symmetric, and its inverse is in the eigenvectors at hand
        inner = reduced.vectors.T @ _packed((noise / over)[None])[0]
        solution = reduced.vectors @ (inner / (2 - rate * reduced.values))
        covariance = rate * float(self.factor) * _unpacked(solution, len(h)) / over
        return np.asarray(reduced.basis @ covariance @ reduced.basis.T)

    def _exactly(self, rate: sp.Expr) -> sp.Matrix:
        points = len(self.hessians)
        mean = sum(self.hessians, sp.zeros(*self.hessians[0].shape)) / points
        onto = range_projector(mean, self.rounding)
        # outside the range every Hessian gets the eigenvalue 1 and the noise 0: nothing happens there, and Q is invertible
        outside = sp.eye(mean.rows) - onto
        noise = sum(((onto * g) * (onto * g).T for g in self.gradients), sp.zeros(*mean.shape)) / points
        scalars = sp.Matrix([[rate, self.factor]])
        settings, right, h, *own = in_field(scalars, noise, mean + outside, *(h + outside for h in self.hessians))
        eta, p = settings.to_list()[0]
        one = settings.domain.one

        def left(covariance: Any) -> Any:
            both = h * covariance + covariance * h
            total = h * covariance * h * ((one - p) * eta)
            for hessian in own:
                total += hessian * covariance * hessian * (p * eta / points)
            return both - total

        return solve_symmetric(left, right * (eta * p))


@dataclass(frozen=True, slots=True, eq=False)
class _Reduced:
    """The operators in the range and the eigenbasis of the mean Hessian."""

    basis: NDArray[np.float64]
    curvatures: NDArray[np.float64]
    hessians: NDArray[np.float64]
    values: NDArray[np.float64]
    vectors: NDArray[np.float64]

    @property
    def largest(self) -> float:
        return float(self.values[-1])


def _reduce(hessians: NDArray[np.float64], factor: float, least: float) -> _Reduced:
    curvatures, basis = np.linalg.eigh(hessians.mean(axis=0))
    keep = curvatures > least * abs(curvatures).max()
    rank = int(keep.sum())
    if not rank:
        raise ValueError("every Hessian is 0; there is nothing that could be unstable")
    if rank > RANK_LIMIT:
        raise ValueError(f"the mean Hessian has rank {rank}; mean-square stability is computed up to rank {RANK_LIMIT}")
    curvatures, basis = curvatures[keep], basis[:, keep]
    own = basis.T @ hessians @ basis
    pairs = rank * (rank + 1) // 2
    units = np.array([_unpacked(row, rank) for row in np.eye(pairs)])
    over = np.sqrt((curvatures[:, None] + curvatures[None, :]) / 2)
    # sqrt(C) on both sides: entry (i, j) of the eigenbasis is divided by the root of (h_i + h_j)/2
    units /= over
    images = (1 - factor) * curvatures[:, None] * units * curvatures
    for hessian in own:
        images += factor / len(own) * (hessian @ units @ hessian)
    operator = _packed(images / over)
    values, vectors = np.linalg.eigh((operator + operator.T) / 2)
    return _Reduced(basis, curvatures, own, values, vectors)


def _packed(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Symmetric matrices as vectors with the same scalar products."""
    rows, columns = np.triu_indices(matrices.shape[-1])
    return np.asarray(matrices[:, rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2)))


def _unpacked(vector: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    rows, columns = np.triu_indices(size)
    matrix = np.zeros((size, size))
    matrix[rows, columns] = matrix[columns, rows] = vector / np.where(rows == columns, 1.0, np.sqrt(2))
    return matrix


def _as_numpy(value: Any) -> Any:
    """An array of whatever library as one of numpy, so that its entries keep their type; anything else as it is."""
    return unmasked(value, "gradients") if is_array(value) else value


def _read_vector(vector: Any) -> Any:
    entries = read_items("each of the gradients", vector, "list of numbers")
    return vector if isinstance(vector, np.ndarray) else entries


def _read_gradients(gradients: Sequence[Any] | None, points: int, size: int, arithmetic: Arithmetic) -> list[Any]:
    if gradients is None:
        return [arithmetic.zeros(size, 1)] * points
    if len(gradients) != points:
        raise ValueError(f"there are {len(gradients)} gradients and {points} Hessians; give one of each per data point")
    rows = [[EXACT.scalar("an entry of the gradients", entry) for entry in gradient] for gradient in gradients]
    if any(has_symbols(*row) for row in rows):
        raise ValueError("the gradients must hold numbers, not symbols")
    if {len(row) for row in rows} != {size}:
        raise ValueError(f"the gradients must have {size} entries each, as the Hessians have")
    if arithmetic.exact:
        vectors = [sp.Matrix(row) for row in rows]
        total = max(map(abs, sum(vectors, sp.zeros(size, 1))))
        settled = total == 0
    else:
        vectors = [np.array(row, dtype=float)[:, None] for row in rows]
        total = float(abs(sum(vectors)).max())
        settled = total <= rounding(*gradients) * points * max(float(abs(vector).max()) for vector in vectors)
    if not settled:
        raise ValueError(f"the gradients must sum to 0 at a minimum, but a component sums to {float(total):.6g}")
    return vectors
