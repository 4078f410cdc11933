r"""Stochastic modified equations: SDEs that follow SGD with a finite learning rate more closely than its naive limit.

Knows equations in time :math:`t = \eta\times` steps: the weak approximations of order 1 and 2 on any loss, and on a parabola
the linear SDE that passes through the moments of SGD exactly.  Refuses to know series of higher order in :math:`\eta`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import plain_integer, quoted
from sgdsym.quantities import EXACT, Arithmetic, exact_or_symbol
from sgdsym.stationary.fokker_planck import FokkerPlanck, fokker_planck


def stochastic_modified_equation(
    coordinates: int | Sequence[sp.Symbol],
    loss: sp.Expr | None = None,
    covariance: Any = None,
    *,
    learning_rate: Any = None,
    batch_size: Any = None,
    order: int = 2,
) -> FokkerPlanck:
    r"""The Fokker–Planck equation of the stochastic modified equation of SGD, in time :math:`\eta\times` steps.

    .. math:: dX = -\nabla L\,dt + \sqrt{\eta C/S}\,dW, \qquad
              dX = -\nabla\bigl(L + \tfrac\eta4|\nabla L|^2\bigr)dt + \sqrt{\eta C/S}\,dW

    for the orders 1 and 2.  Expectations over a fixed time are right up to :math:`O(\eta^{order})`; neither order has
    the :math:`O(\eta^2)` of the stationary variance, whose sign order 2 even gets wrong: on :math:`hx^2/2`
    SGD has :math:`\eta c/2h + \eta^2c/4`, order 1 has :math:`\eta c/2h` and order 2 :math:`\eta c/2h - \eta^2c/4`, to
    :math:`O(\eta^2)` with :math:`c = C/S`.  :func:`embedded_ornstein_uhlenbeck` has all of it.

    Args:
        coordinates: the weights, or their number.
        loss: :math:`L`; a function of the weights if left out.
        covariance: :math:`C` of the gradient of one data point; functions of the weights if left out.
        learning_rate: :math:`\eta`.
        batch_size: :math:`S`.
        order: 1 or 2.

    Raises:
        ValueError: if the order is another, or as :func:`fokker_planck`.

    Source: [Li2017]_, theorem 1.

    >>> x, h = sp.symbols("x h")
    >>> stochastic_modified_equation([x], h * x**2 / 2, 1).drift
    (-eta*h**2*x/2 - h*x,)
    """
    if plain_integer(order) not in (1, 2):
        raise ValueError(
            f"the order is {quoted(order)}; stochastic modified equations are known for the orders 1 and 2"
        )
    settings = {"learning_rate": learning_rate, "batch_size": batch_size, "time": "eta-steps"}
    first = fokker_planck(coordinates, loss, covariance, **settings)
    if order == 1:
        return first
    eta = exact_or_symbol("the learning rate", learning_rate, "eta")
    slope = sp.Add(*(part**2 for part in first.drift))
    drift = tuple(
        sp.expand(part - eta / 4 * sp.diff(slope, x)) for part, x in zip(first.drift, first.coordinates, strict=True)
    )
    return FokkerPlanck(first.coordinates, drift, first.diffusion)


def embedded_ornstein_uhlenbeck(hessian: Any, covariance: Any, *, learning_rate: Any) -> tuple[Any, Any]:
    r"""The linear SDE whose moments at the times of the steps are those of SGD on a parabola, exactly.

    .. math:: dX = -\tilde HX\,dt + \sqrt{\eta\tilde C}\,dW, \qquad
              \tilde H = -\frac1\eta\log(1 - \eta H), \qquad
              \tilde C_{ij} = \frac{\tilde h_i + \tilde h_j}{h_i + h_j - \eta h_ih_j}\,C_{ij}

    in the eigenbasis of H, with time :math:`\eta\times` steps; in one dimension
    :math:`\tilde C = C(1 + \eta h + \tfrac56\eta^2h^2 + \ldots)`.

    Args:
        hessian: :math:`H`, symmetric; exact or symbolic input must be a number or a diagonal matrix.
        covariance: :math:`C` of the batch gradient, i.e. divided by the batch size already.
        learning_rate: :math:`\eta`, below :math:`1/h` for every eigenvalue: beyond, SGD overshoots and no SDE does.

    Returns:
        :math:`\tilde H` and :math:`\tilde C`, two sympy matrices or two arrays.

    Raises:
        ValueError: if :math:`\eta h \ge 1`, naming both, or if :math:`\tilde C` is no covariance, as may happen where H and C
            do not commute.

    >>> h, c, eta = sp.symbols("h c eta", positive=True)
    >>> drift, noise = embedded_ornstein_uhlenbeck(h, c, learning_rate=eta)
    >>> sp.series(noise[0], eta, 0, 3)
    c + c*eta*h + 5*c*eta**2*h**2/6 + O(eta**3)
    """
    arithmetic = Arithmetic.of(hessian, covariance, learning_rate)
    eta = arithmetic.positive("the learning rate", learning_rate)
    curvature = arithmetic.positive_definite("the Hessian", hessian)
    size = curvature.shape[0]
    noise = arithmetic.semidefinite("the noise covariance", covariance, size)
    if arithmetic.exact and not curvature.is_diagonal():
        raise ValueError("the Hessian is not diagonal; give its eigenbasis, or floats, whose eigenbasis is computed")
    values, basis = (list(curvature.diagonal()), sp.eye(size)) if arithmetic.exact else np.linalg.eigh(curvature)
    for h in values:
        if _reaches_one(eta * h):
            raise ValueError(f"the learning rate {eta} times the curvature {h} is {eta * h}; it must be below 1")
    rates = [-arithmetic.log(1 - eta * h) / eta for h in values]
    turned = basis.T @ noise @ basis
    factors = [
        [(rates[i] + rates[j]) / (values[i] + values[j] - eta * values[i] * values[j]) for j in range(size)]
        for i in range(size)
    ]
    if arithmetic.exact:
        drift = sp.diag(*rates, unpack=True)
        diffused = turned.multiply_elementwise(sp.Matrix(factors))
    else:
        drift = basis @ np.diag(rates) @ basis.T
        diffused = basis @ (turned * np.array(factors)) @ basis.T
    return drift, arithmetic.semidefinite("the covariance of the embedding", diffused)


def _reaches_one(product: Any) -> bool:
    number = EXACT.scalar("the product", product)
    return bool(number.is_number and number >= 1)
