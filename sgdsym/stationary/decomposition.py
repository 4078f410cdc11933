r"""A linear drift split into descent and rotation: the potential that SGD really descends, and the current left over.

.. math:: dx = -Fx\,dt + \sqrt{2\beta^{-1}D}\,dW, \qquad F = (D + Q)\,U, \quad Q^T = -Q, \qquad
          \rho_{ss} \propto e^{-\beta\Phi}, \quad \Phi = \tfrac12 x^TUx

Knows linear drifts with constant noise.  Refuses to know how drift and noise come from a loss: near a minimum F is the
Hessian, D the covariance of the gradients and :math:`\beta^{-1} = \eta/2b`, in time :math:`\eta\times` steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from sgdsym.quantities import EXACT, FLOATS, Arithmetic, in_field, inverse, simplified, solve_symmetric

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition:
    r"""The parts of a linear drift, :math:`F = (D+Q)U`; sympy matrices or arrays.

    Attributes:
        drift: :math:`F`; the weights move by :math:`-Fx`.
        diffusion: :math:`D`.
        rotation: :math:`Q`, antisymmetric; zero where the stationary law is in detailed balance.
        potential: :math:`U`, the Hessian of :math:`\Phi`; for a symmetric F equal to F only if D is the identity.
        spread: :math:`X = U^{-1}`, the solution of :math:`FX + XF^T = 2D`.
    """

    drift: Any
    diffusion: Any
    rotation: Any
    potential: Any
    spread: Any

    @property
    def circulation(self) -> Any:
        r"""The matrix K of the stationary current, :math:`j_{ss} = -Kx\,\rho_{ss}` with :math:`K = QU`.

        It has no divergence and runs along the level sets of :math:`\Phi`.
        """
        return self.rotation @ self.potential

    def covariance(self, temperature: Any) -> Any:
        r"""The covariance of the weights, :math:`\beta^{-1}U^{-1}`.

        Args:
            temperature: :math:`\beta^{-1}`, which is :math:`\eta/2b` for SGD with per-sample covariance D.

        Raises:
            ValueError: if it is not positive.
        """
        arithmetic = FLOATS if isinstance(self.drift, np.ndarray) else EXACT
        return arithmetic.positive("the temperature", temperature) * self.spread


def decompose(drift: Any, diffusion: Any) -> Decomposition:
    r"""Split a linear drift into :math:`F = (D+Q)U` with an antisymmetric Q and a symmetric U.

    Q solves :math:`FQ + QF^T = FD - DF^T`, and with :math:`X = U^{-1}` both are read off :math:`FX + XF^T = 2D`,
    :math:`Q = FX - D`.  Exact and symbolic input is solved as a linear system, see :mod:`sgdsym.quantities.linear` for what
    is in reach.  Floats are solved by doubling, in :math:`O(p^3)`: by Cayley's map
    :math:`A = (F+\alpha)^{-1}(F-\alpha)` the equation is :math:`X - AXA^T = 4\alpha(F+\alpha)^{-1}D(F+\alpha)^{-T}`, and
    :math:`X \leftarrow X + AXA^T`, :math:`A \leftarrow A^2`.

    Args:
        drift: :math:`F`, not necessarily symmetric, with eigenvalues of positive real part.
        diffusion: :math:`D`, symmetric and positive semidefinite, reaching every direction.

    Raises:
        ValueError: if F lets the weights run away, D is no covariance or leaves a direction without noise.

    Source: [Chaudhari2018]_; the equation for Q: [Kwon2005]_.

    >>> third = sp.Rational(1, 3)
    >>> parts = decompose([[2, third], [third, 1]], [[1, 0], [0, 2]])
    >>> parts.rotation
    Matrix([
    [  0, 1/9],
    [-1/9,   0]])
    >>> (parts.diffusion + parts.rotation) * parts.potential == parts.drift
    True
    """
    arithmetic = Arithmetic.of(drift, diffusion)
    force = arithmetic.matrix("the drift", drift)
    noise = arithmetic.semidefinite("the diffusion", diffusion, force.shape[0])
    _check_attracting(force)
    spread: Any = _exact_spread(force, noise) if arithmetic.exact else _doubled(force, noise)
    turned = force @ spread - noise
    try:
        potential: Any = inverse(spread)
    except (DMNonInvertibleMatrixError, np.linalg.LinAlgError):
        raise ValueError("no noise reaches some direction of the weights; there is no potential without it") from None
    rotation: Any = (turned - turned.T) / 2
    if arithmetic.exact:
        rotation = rotation.applyfunc(simplified)
    return Decomposition(force, noise, rotation, potential, spread)


def _check_attracting(drift: Any) -> None:
    if getattr(drift, "free_symbols", None):
        return
    lowest = float(np.linalg.eigvals(np.array(drift, dtype=float)).real.min())
    if lowest <= 0:
        raise ValueError(
            f"the drift has an eigenvalue of real part {lowest:.6g}; all must be above 0 to hold the weights"
        )


def _exact_spread(drift: sp.Matrix, diffusion: sp.Matrix) -> sp.Matrix:
    """The X with FX + XFᵀ = 2D, exactly."""
    if drift.is_diagonal():
        return sp.Matrix(*drift.shape, lambda i, j: simplified(2 * diffusion[i, j] / (drift[i, i] + drift[j, j])))
    force, noise = in_field(drift, diffusion)
    return solve_symmetric(lambda x: force * x + x * force.transpose(), noise + noise)


def _doubled(drift: NDArray[np.float64], diffusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """The X with FX + XFᵀ = 2D, by doubling."""
    sizes = np.abs(np.linalg.eigvals(drift))
    # the geometric mean makes the largest (x - alpha)/(x + alpha) of eigenvalues near the real axis least: for a ratio k
    # of the extremes it is (sqrt(k) - 1)/(sqrt(k) + 1), and about 4 + log2(k)/2 squarings take it below rounding
    alpha = np.sqrt(sizes.min() * sizes.max())
    inverse = np.linalg.inv(drift + alpha * np.eye(len(drift)))
    step = inverse @ (drift - alpha * np.eye(len(drift)))
    result: NDArray[np.float64] = 4 * alpha * inverse @ diffusion @ inverse.T
    while np.abs(step).max() > np.finfo(float).eps:
        result = result + step @ result @ step.T
        step = step @ step
    return result
