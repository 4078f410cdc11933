r"""How fast SGD leaves a minimum: a power law in the loss, where Kramers has an exponential.

With the mean-square loss the noise of a batch grows with the loss, :math:`\Sigma(\theta) \simeq 2L(\theta)H^*/B` in the valley
of a minimum, so by the clock :math:`d\tau = L\,dt` (:func:`~sgdsym.stationary.change_clock`) it is additive and the potential is
:math:`U = \log L`:

.. math:: d\theta = -\nabla L\,dt + \sqrt{2\eta LH^*/B}\,dW \;\longrightarrow\;
          d\tilde\theta = -\nabla\log L\,d\tau + \sqrt{2\eta H^*/B}\,d\tilde W, \qquad T = \frac{\eta h^*}{B}

Knows rates, exponents and the bound on the number of outlier directions.  Refuses to know whether a network meets the
assumptions: a positive loss at the minimum, outputs that depend linearly on the weights in the valley, noise decoupled from
the gradients, n outlier directions of about one curvature h*, and T small against the log barrier.

Source: [Mori2022]_.  In a version that circulates, eq. (6) prints the noise
as :math:`2L/(NB)\,H` and eq. (2) the batch loss with :math:`1/2B`; its eq. (13) and all that follows use :math:`2L/B`, as here.
For Gaussian inputs the decoupling halves the part of the noise that grows with the loss: the bulk stays, the tail is
:math:`1 + B/2\eta h` instead of the exponent here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list, quoted, read_choice
from sgdsym.quantities import Arithmetic, has_symbols
from sgdsym.stationary.fokker_planck import TIMES

MOST_DIGITS = 4000  # of an exact rate of escape
LARGEST_EXPONENT = 10_000  # of a ratio of exact numbers


def log_temperature(curvature: Any, *, learning_rate: Any, batch_size: Any) -> Any:
    r"""The temperature :math:`T = \eta h^*/B` of the potential :math:`\log L`.

    Args:
        curvature: :math:`h^*`, the typical outlier eigenvalue of the Hessian at the minimum.
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.

    Raises:
        ValueError: if one is not positive.

    >>> log_temperature(2, learning_rate=sp.Rational(1, 10), batch_size=4)
    1/20
    """
    arithmetic = Arithmetic.of(curvature, learning_rate, batch_size)
    eta = arithmetic.positive("the learning rate", learning_rate)
    size = arithmetic.count("the batch size", batch_size)
    return eta * arithmetic.positive("the curvature", curvature) / size


def stationary_exponent(curvature: Any, *, learning_rate: Any, batch_size: Any) -> Any:
    r"""The exponent of the stationary law :math:`P \propto L^{-\varphi}`, :math:`\varphi = 1 + B/\eta h^*`.

    By the clock :math:`d\tau = L\,dt` it is :math:`L^{-1/T}`; one more power of L is the time that the slower clock spends.

    Args:
        curvature: :math:`h^*`.
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.

    Raises:
        ValueError: if one is not positive.

    >>> stationary_exponent(2, learning_rate=sp.Rational(1, 10), batch_size=4)
    21
    """
    return 1 + 1 / log_temperature(curvature, learning_rate=learning_rate, batch_size=batch_size)


def effective_dimension_bound(curvature: Any, *, learning_rate: Any, batch_size: Any) -> Any:
    r"""The number of outlier directions that a minimum must stay below to hold the weights, :math:`n_c = 2(B/\eta h^* + 1)`.

    Args:
        curvature: :math:`h^*`.
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.

    Raises:
        ValueError: if one is not positive.

    >>> effective_dimension_bound(2, learning_rate=sp.Rational(1, 10), batch_size=4)
    42
    """
    return 2 * stationary_exponent(curvature, learning_rate=learning_rate, batch_size=batch_size)


def escape_exponent(curvature: Any, *, learning_rate: Any, batch_size: Any, outliers: Any = 1) -> Any:
    r"""The power of the loss ratio in the mean escape time, :math:`\varphi - n/2 = B/\eta h^* + 1 - n/2`.

    Args:
        curvature: :math:`h^*`.
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.
        outliers: :math:`n`, the number of outlier directions.

    Raises:
        ValueError: if one is not positive, or n reaches :func:`effective_dimension_bound`.

    >>> escape_exponent(2, learning_rate=sp.Rational(1, 10), batch_size=4)
    41/2
    """
    arithmetic = Arithmetic.of(curvature, learning_rate, batch_size, outliers)
    n = arithmetic.count("the number of outliers", outliers)
    level = stationary_exponent(curvature, learning_rate=learning_rate, batch_size=batch_size)
    if not has_symbols(level, n) and np.any(np.asarray(2 * level <= n, dtype=bool)):
        bound = float(np.min(2 * level))
        raise ValueError(
            f"the minimum does not hold the weights: {quoted(n)} outlier directions reach the bound 2(B/(eta h) + 1) = {bound:.6g}; "
            "take a smaller learning rate or a larger batch"
        )
    return level - n / (sp.Integer(2) if arithmetic.exact else 2)


def escape_rate(
    loss_minimum: Any,
    loss_saddle: Any,
    hessian_minimum: Any,
    hessian_saddle: Any,
    *,
    learning_rate: Any,
    batch_size: Any,
    outliers: Any = None,
    curvature: Any = None,
    time: str = "eta-steps",
) -> Any:
    r"""The rate at which SGD escapes from a minimum over a saddle, a power law in the ratio of the losses.

    .. math:: \kappa = \frac{|h_e^s|}{2\pi}\sqrt{\frac{\det H^*}{|\det H^s|}}
              \Bigl[\frac{L^s}{L^*}\Bigr]^{-(B/\eta h^* + 1 - n/2)}

    For n = 1 this is :math:`\sqrt{h^*|h^s|}/2\pi` times :math:`(L^s/L^*)^{-(1/2 + B/\eta h^*)}`.  It is Kramers' rate for the
    potential :math:`\log L` and the temperature T by the clock :math:`\tau`, times :math:`L^*`; the relative error is of
    order :math:`T`.  The mean escape time is :math:`1/\kappa`.

    Args:
        loss_minimum: :math:`L^*`, above 0.
        loss_saddle: :math:`L^s`, above :math:`L^*`.
        hessian_minimum: :math:`H^*` in the n outlier directions, a matrix, or one number for all of them.
        hessian_saddle: :math:`H^s` in the same directions, with one negative eigenvalue :math:`h_e^s`; a number is
            :math:`h_e^s`, the other directions then being as at the minimum.  With symbols: a number or a diagonal matrix
            whose first entry is :math:`h_e^s`.
        learning_rate: :math:`\eta`.
        batch_size: :math:`B`.
        outliers: :math:`n`, where the Hessians are numbers; 1 if left out.
        curvature: :math:`h^*`; the mean eigenvalue of :math:`H^*` if left out.
        time: the unit of time: "eta-steps", or "steps" for the rate per step, which is :math:`\eta` times as large.

    Returns:
        A sympy expression for exact or symbolic input, otherwise floats.

    Raises:
        ValueError: if a number is not positive, :math:`L^s \le L^*`, a Hessian has the wrong signs, or n reaches
            :func:`effective_dimension_bound`.

    Source: [Mori2022]_, eq. (16), (17) and (19).

    >>> escape_rate(1, 2, 1, -4, learning_rate=sp.Rational(1, 2), batch_size=1)
    sqrt(2)/(8*pi)
    """
    read_choice("time", time, TIMES)
    arithmetic = Arithmetic.of(
        loss_minimum, loss_saddle, hessian_minimum, hessian_saddle, learning_rate, batch_size, curvature
    )
    arithmetic.positive("the loss at the minimum", loss_minimum)
    low, high = _losses(loss_minimum, loss_saddle, arithmetic)
    shape = _shape(hessian_minimum, hessian_saddle, outliers, arithmetic)
    exponent = escape_exponent(
        shape.typical if curvature is None else arithmetic.scalar("the curvature", curvature),
        learning_rate=arithmetic.scalar("the learning rate", learning_rate),
        batch_size=batch_size,
        outliers=shape.size,
    )
    if arithmetic.exact and exponent.is_number and abs(exponent) > LARGEST_EXPONENT:
        raise ValueError(
            f"the loss ratio has the exponent {float(exponent):.6g}; give floats, or a larger learning rate"
        )
    unit = arithmetic.scalar("the learning rate", learning_rate) if time == "steps" else 1
    if arithmetic.exact:
        _check_digits(high / low, exponent)
    rate = unit * shape.prefactor * (high / low) ** (-exponent)
    return arithmetic.result(rate)


def kramers_rate(
    loss_minimum: Any,
    loss_saddle: Any,
    hessian_minimum: Any,
    hessian_saddle: Any,
    *,
    temperature: Any,
    outliers: Any = None,
) -> Any:
    r"""Kramers' rate of escape under additive isotropic noise, an exponential in the difference of the losses.

    .. math:: \kappa = \frac{|h_e^s|}{2\pi}\sqrt{\frac{\det H^*}{|\det H^s|}}\, e^{-(L^s - L^*)/T}
              \qquad\text{for}\quad d\theta = -\nabla L\,dt + \sqrt{2T}\,dW

    With the noise of SGD frozen at its strength at the minimum, :math:`T = \eta h^*L^*/B`, it is the limit of
    :func:`escape_rate` for low barriers, :math:`L^s/L^* \to 1`.

    Args:
        loss_minimum: :math:`L^*`.
        loss_saddle: :math:`L^s`, above :math:`L^*`.
        hessian_minimum: as for :func:`escape_rate`.
        hessian_saddle: as for :func:`escape_rate`.
        temperature: :math:`T`, in units of the loss; under isotropic noise :func:`~sgdsym.stationary.temperature`.
        outliers: the number of directions, where the Hessians are numbers; it does not matter here.

    Raises:
        ValueError: as :func:`escape_rate`.

    Source: [Kramers1940]_.

    >>> kramers_rate(0, 1, 1, -4, temperature=sp.Rational(1, 2))
    exp(-2)/pi
    """
    arithmetic = Arithmetic.of(loss_minimum, loss_saddle, hessian_minimum, hessian_saddle, temperature)
    heat = arithmetic.positive("the temperature", temperature)
    low, high = _losses(loss_minimum, loss_saddle, arithmetic)
    shape = _shape(hessian_minimum, hessian_saddle, outliers, arithmetic)
    exponent = -(high - low) / heat
    return arithmetic.result(shape.prefactor * arithmetic.exp(exponent))


@dataclass(frozen=True, slots=True)
class _Shape:
    r"""What the Hessians contribute.

    Attributes:
        prefactor: :math:`|h_e^s|\sqrt{\det H^*/|\det H^s|}/2\pi`.
        size: :math:`n`.
        typical: the mean eigenvalue of :math:`H^*`.
    """

    prefactor: Any
    size: Any
    typical: Any


def _check_digits(ratio: sp.Expr, exponent: sp.Expr) -> None:
    """Refuse an exact power of numbers that nobody can read, and that takes for ever."""
    if not (ratio.is_Rational and exponent.is_number):
        return
    digits = abs(float(exponent)) * math.log10(max(ratio.p, ratio.q))
    if digits > MOST_DIGITS:
        raise ValueError(
            f"the exponent is {float(exponent):.3g}, so an exact rate has about {digits:.2g} digits; "
            "give floats, or a symbol for the learning rate"
        )


def _losses(minimum: Any, saddle: Any, arithmetic: Arithmetic) -> tuple[Any, Any]:
    low = arithmetic.scalar("the loss at the minimum", minimum)
    high = arithmetic.positive("the loss at the saddle", saddle)
    if not has_symbols(low, high) and not np.all(np.asarray(high > low, dtype=bool)):
        raise ValueError(
            f"the loss at the saddle is {quoted(saddle)}; it must be above that at the minimum, {quoted(minimum)}"
        )
    return low, high


def _shape(minimum: Any, saddle: Any, outliers: Any, arithmetic: Arithmetic) -> _Shape:
    numbers = not is_list(minimum)
    if numbers == is_list(saddle):
        raise ValueError("one Hessian is a number and the other a matrix; give both in the same directions")
    if outliers is not None and not numbers:
        raise ValueError(
            f"the Hessians are matrices, so their size is the number of outliers; leave out the {quoted(outliers)}"
        )
    wide = arithmetic.positive_definite("the Hessian at the minimum", minimum)
    size = wide.shape[0]
    ridge = arithmetic.symmetric("the Hessian at the saddle", saddle, size)
    strength = abs(_unstable(ridge, arithmetic))
    if arithmetic.exact:
        prefactor = sp.sqrt(strength**2 * wide.det() / abs(ridge.det())) / (2 * sp.pi)
    else:
        # determinants of many weights overflow, their logarithms do not
        prefactor = strength * np.exp((np.linalg.slogdet(wide)[1] - np.linalg.slogdet(ridge)[1]) / 2) / (2 * np.pi)
    return _Shape(prefactor, size if outliers is None else outliers, wide.trace() / size)


def _unstable(saddle: Any, arithmetic: Arithmetic) -> Any:
    """The negative eigenvalue of the Hessian at a saddle."""
    if has_symbols(saddle):
        if not saddle.is_diagonal():
            raise ValueError("the Hessian at the saddle has symbols off its diagonal; give its eigenbasis, h_e first")
        return saddle[0, 0]
    values = np.linalg.eigvalsh(saddle) if not arithmetic.exact else _eigenvalues(saddle)
    negative = [value for value in values if value < 0]
    if len(negative) != 1 or any(value == 0 for value in values):
        seen = ", ".join(f"{float(value):.6g}" for value in values)
        raise ValueError(
            f"the Hessian at the saddle has the eigenvalues {seen}; one must be below 0 and the others above"
        )
    return negative[0]


def _eigenvalues(matrix: sp.Matrix) -> list[sp.Expr]:
    if matrix.is_diagonal():
        return list(matrix.diagonal())
    # of a symmetric matrix all roots are real, and sympy isolates them without radicals
    roots: list[sp.Expr] = sp.real_roots(matrix.charpoly().as_expr())
    return roots
