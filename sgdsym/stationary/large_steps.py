r"""Gradient descent at and beyond the edge of stability, where steps are kept in check by the curvature that they change.

Knows three laws of deterministic steps: the catapult of a two-layer linear network, the mean flow at the edge of stability with one
unstable direction, and the balance of weight decay in a scale-invariant network.  Exact and symbolic input stay so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted, read_items
from sgdsym.quantities import Arithmetic, has_symbols, single


def catapult_step(output: Any, curvature: Any, *, learning_rate: Any, width: Any) -> tuple[Any, Any]:
    r"""One step of gradient descent on :math:`L=f^2/2` with :math:`f=v^\top u/\sqrt n`, in the two quantities that close on themselves.

    .. math:: f' = f\Bigl(1-\eta\lambda+\frac{\eta^2f^2}{n}\Bigr),\qquad \lambda'=\lambda+\frac{\eta f^2}{n}(\eta\lambda-4)

    with the curvature :math:`\lambda=(\|u\|^2+\|v\|^2)/n`.  It falls as long as :math:`\eta\lambda<4`, and from between 2 and 4 down to a
    value that is stable: the catapult.

    Args:
        output: :math:`f`.
        curvature: :math:`\lambda`.
        learning_rate: :math:`\eta`.
        width: :math:`n`.

    Returns:
        Output and curvature after the step.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [Lewkowycz2020]_.

    >>> catapult_step(1, 3, learning_rate=1, width=2)
    (-3/2, 5/2)
    """
    arithmetic = Arithmetic.of(output, curvature, learning_rate, width)
    f = arithmetic.number("the output", output)
    sharpness = arithmetic.number("the curvature", curvature)
    rate = arithmetic.learning_rate(learning_rate)
    n = arithmetic.count("the width", width)
    square = rate * f**2 / n
    return f * (1 - rate * sharpness + rate * square), sharpness + square * (rate * sharpness - 4)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeFlow:
    r"""The mean motion at the edge of stability.

    Attributes:
        velocity: change of the mean weights per step, a column (p, 1) or an array (p,).
        variance: :math:`\sigma^2`, of the oscillation along the unstable direction.
    """

    velocity: Any
    variance: Any


def edge_of_stability_flow(gradient: Sequence[Any], sharpness_gradient: Sequence[Any], learning_rate: Any) -> EdgeFlow:
    r"""The flow of the mean weights where the largest eigenvalue :math:`\lambda_1` of the Hessian is held at :math:`2/\eta`.

    .. math:: \dot\theta=-\eta\Bigl[\nabla L+\frac{\sigma^2}{2}\nabla\lambda_1\Bigr],\qquad
              \sigma^2=-\frac{2\,\nabla\lambda_1\cdot\nabla L}{\|\nabla\lambda_1\|^2}

    The variance of the oscillation is what keeps :math:`\lambda_1` where it is, so the flow is that of the gradient with its part along
    :math:`\nabla\lambda_1` taken out.

    Args:
        gradient: :math:`\nabla L`, p entries.
        sharpness_gradient: :math:`\nabla\lambda_1`, p entries.
        learning_rate: :math:`\eta`.

    Raises:
        ValueError: if the gradient flow lowers :math:`\lambda_1`, so that the edge is left and the variance would be negative; or
            naming the shape or number that is wrong.

    Source: [Cohen2024]_, one unstable eigenvalue.

    >>> flow = edge_of_stability_flow([1, -2], [0, 1], sp.Rational(1, 2))
    >>> flow.velocity.T, flow.variance
    (Matrix([[-1/2, 0]]), 4)
    """
    gradient = read_items("gradient", gradient)
    sharpness_gradient = read_items("sharpness_gradient", sharpness_gradient)
    arithmetic = Arithmetic.of(gradient, sharpness_gradient, learning_rate)
    first, second = (
        [single("an entry", arithmetic.scalar(f"an entry of the {name}", entry)) for entry in entries]
        for name, entries in (("gradient", gradient), ("gradient of the sharpness", sharpness_gradient))
    )
    if len(first) != len(second):
        raise ValueError(
            f"the gradient has {len(first)} entries and that of the sharpness {len(second)}; they must agree"
        )
    rate = arithmetic.learning_rate(learning_rate)
    slope, rise = (sp.Matrix(entries) if arithmetic.exact else np.array(entries) for entries in (first, second))
    square = rise.dot(rise)
    if square == 0:
        raise ValueError("the gradient of the sharpness is 0; nothing holds the run at the edge")
    variance = -2 * rise.dot(slope) / square
    if not has_symbols(variance) and variance < 0:
        raise ValueError(
            f"the variance is {quoted(variance)}, below 0: the gradient lowers the sharpness and the run leaves the edge"
        )
    return EdgeFlow(-rate * (slope + variance / 2 * rise), variance)


@dataclass(frozen=True, slots=True)
class Equilibrium:
    r"""Where weight decay and gradient steps balance in a scale-invariant network.

    Attributes:
        radius: the norm of the weights.
        angle: by which their direction turns in a step, in radians.
    """

    radius: Any
    angle: Any


def scale_invariant_equilibrium(*, learning_rate: Any, decay: Any, gradient_square: Any) -> Equilibrium:
    r"""The norm and the rotation that gradient descent with weight decay settles at where the loss ignores the norm.

    The gradient is orthogonal to the weights and falls with their norm, :math:`\|g\|^2=\hat G/r^2`, so the norm obeys
    :math:`r'^2=(1-\eta\gamma)^2r^2+\eta^2\hat G/r^2`:

    .. math:: r^{*4}=\frac{\eta\hat G}{\gamma(2-\eta\gamma)},\qquad \cos\varphi=1-\eta\gamma,\qquad \varphi\approx\sqrt{2\eta\gamma}

    Args:
        learning_rate: :math:`\eta`.
        decay: :math:`\gamma`, of the loss :math:`\tfrac\gamma2\|w\|^2`.
        gradient_square: :math:`\hat G`, the squared gradient at unit norm.

    Raises:
        ValueError: naming the number that is out of range.

    Source: [vanLaarhoven2017]_; [Wan2021]_.

    >>> scale_invariant_equilibrium(learning_rate=1, decay=sp.Rational(1, 2), gradient_square=12)
    Equilibrium(radius=2, angle=pi/3)
    """
    arithmetic = Arithmetic.of(learning_rate, decay, gradient_square)
    rate = arithmetic.learning_rate(learning_rate)
    gamma = single("the decay", arithmetic.positive("the decay", decay))
    square = arithmetic.positive("the squared gradient", gradient_square)
    single("the squared gradient", square)
    if not has_symbols(rate, gamma) and rate * gamma >= 2:
        raise ValueError(f"unstable: learning rate times decay is {quoted(rate * gamma)}; it must be below 2")
    fourth = rate * square / (gamma * (2 - rate * gamma))
    angle = sp.acos(1 - rate * gamma) if arithmetic.exact else float(np.arccos(1 - rate * gamma))
    return Equilibrium(sp.root(fourth, 4) if arithmetic.exact else float(fourth**0.25), angle)
