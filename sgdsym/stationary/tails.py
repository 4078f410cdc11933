r"""How heavy the tails of the weights are in one dimension, where noise grows with the distance from the minimum.

Linear regression with one weight and Gaussian inputs multiplies the distance by :math:`1-\lambda a\chi^2_S/S` at each step; the
stationary density then falls off as :math:`|w|^{-1-\beta}`.

Source: [Kesten1973]_, for the exact index; [Ziyin2022]_, for the discrete estimate; [Mori2022]_, for the continuous one.
"""

from __future__ import annotations

from typing import Any

import mpmath

from sgdsym.arguments import quoted, read_choice
from sgdsym.quantities import FLOATS, Arithmetic, single

ESTIMATES = {
    "discrete": lambda rate, batch: 2 * batch / rate - batch,
    "continuous": lambda rate, batch: 2 * batch / rate + 1,
}
# an index above this has no tail that a sample would show
LARGEST = 1e4
MOST_POINTS = 10_000


def estimated_tail_index(learning_rate: Any, *, batch_size: Any, curvature: Any = 1, law: str = "discrete") -> Any:
    r"""The tail index in print, :math:`\beta=\tfrac{2S}{\lambda a}-S` (discrete) or :math:`\tfrac{2S}{\lambda a}+1` (continuous).

    The discrete one is an estimate that is exact where :math:`\beta=2`, i.e. where the variance diverges,
    :math:`\lambda a=2S/(S+2)`; see :func:`tail_index`.

    Args:
        learning_rate: :math:`\lambda`.
        batch_size: :math:`S`.
        curvature: :math:`a`.
        law: ``discrete`` or ``continuous``.

    Raises:
        ValueError: naming the number that is out of range.

    >>> import sympy
    >>> estimated_tail_index(sympy.Rational(1, 2), batch_size=1)
    3
    """
    read_choice("law", law, ESTIMATES)
    arithmetic = Arithmetic.of(learning_rate, batch_size, curvature)
    rate = arithmetic.positive("the learning rate", learning_rate)
    rate = rate * arithmetic.positive("the curvature", curvature)
    return ESTIMATES[law](rate, arithmetic.count("the batch size", batch_size))


def tail_index(learning_rate: Any, *, batch_size: Any, curvature: Any = 1) -> float:
    r"""The exact tail index, the :math:`\beta>0` with :math:`\mathrm E\,|1-\lambda a\chi^2_S/S|^\beta=1`.

    Args:
        learning_rate: :math:`\lambda`, a number.
        batch_size: :math:`S`.
        curvature: :math:`a`.

    Raises:
        ValueError: naming the number that is out of range; if distances grow on average, there is no stationary law.

    >>> round(tail_index(0.5, batch_size=1), 4)
    2.904
    """
    rate = float(FLOATS.learning_rate(learning_rate))
    rate *= float(single("the curvature", FLOATS.positive("the curvature", curvature)))
    batch = int(FLOATS.count("the batch size", batch_size))
    if batch > MOST_POINTS:
        raise ValueError(f"the batch size is {quoted(batch)}; the quadrature takes up to {MOST_POINTS}")
    growth = _log_growth(rate, batch)
    if growth >= 0:
        raise ValueError(
            f"unstable: at learning rate times curvature {rate:.6g} the distance grows by {growth:.6g} a step in the logarithm; "
            "there is no stationary law"
        )
    low, high = 0.0, 1.0
    while _log_moment(high, rate, batch) < 0:
        low, high = high, 2 * high
        if high > LARGEST:
            raise ValueError(f"the tail index is above {LARGEST:.0f}; there is no tail to speak of")
    low = low or _below(rate, batch, high)
    if _log_moment(high, rate, batch) == 0:
        return high
    root = mpmath.findroot(lambda beta: _log_moment(beta, rate, batch), (low, high), solver="illinois", verify=False)
    return float(root)


def _below(rate: float, batch: int, high: float) -> float:
    """A positive exponent below the index: the moment falls at first, as distances shrink on average."""
    low = high
    while _log_moment(low, rate, batch) >= 0:
        low /= 2
    return low


def _log_moment(beta: Any, rate: float, batch: int) -> Any:
    return mpmath.log(_mean(lambda factor: abs(factor) ** beta, rate, batch, reach=float(beta)))


def _log_growth(rate: float, batch: int) -> float:
    return float(_mean(lambda factor: mpmath.log(abs(factor)) if factor else mpmath.mpf(0), rate, batch, reach=0.0))


def _mean(function: Any, rate: float, batch: int, *, reach: float) -> Any:
    """The mean of a function of the factor, over y with chi-square y², cut where the factor changes sign and beyond its bulk."""
    # the factor changes sign at y^2 = S/(lambda a), where its power and its logarithm are not smooth
    zero = mpmath.sqrt(batch / mpmath.mpf(rate))
    # y^(S-1+2 beta) exp(-y^2/2) is largest near here and falls off at least like exp(-(y - bulk)^2/2): 9 further it is
    # below 3e-18 of its height, which no digit of a double shows; 3 further ends the panel that holds nearly all of it
    bulk = mpmath.sqrt(batch + 2 * reach)
    cuts = sorted({mpmath.mpf(0), zero, bulk, bulk + 3, bulk + 9, zero + 9})
    norm = 2 ** (1 - mpmath.mpf(batch) / 2) / mpmath.gamma(mpmath.mpf(batch) / 2)

    def integrand(y: Any) -> Any:
        weight = y ** (batch - 1) * mpmath.exp(-y * y / 2) if y or batch == 1 else mpmath.mpf(0)
        return norm * weight * function(1 - rate * y * y / batch)

    return mpmath.quad(integrand, cuts)
