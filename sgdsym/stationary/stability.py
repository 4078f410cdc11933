r"""How large a learning rate contracts a direction of curvature h, and from where on it oscillates.

The mean of the weights obeys a linear recursion of two steps whose roots must lie inside the unit circle.

===============  =======================================================  =================================================
method           update                                                   stable below
===============  =======================================================  =================================================
``sgd``          :math:`w\leftarrow w-\lambda g`                          :math:`2`
``heavy-ball``   :math:`m\leftarrow\mu m+g,\ w\leftarrow w-\lambda m`     :math:`2(1+\mu)`
``ema``          :math:`m\leftarrow\mu m+(1-\mu)g,\ w\leftarrow w-\lambda m`  :math:`2(1+\mu)/(1-\mu)`
``nesterov``     heavy ball with g at :math:`w-\lambda\mu m`              :math:`2(1+\mu)/(1+2\mu)`
===============  =======================================================  =================================================

(limits of :math:`\lambda h`).  Noise whose covariance grows with the distance lowers the limit: see
:func:`~sgdsym.stationary.mean_square_stability`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import is_list, read_choice
from sgdsym.quantities import Arithmetic, has_symbols

_LIMITS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda mu: 2 + 0 * mu,
    "heavy-ball": lambda mu: 2 * (1 + mu),
    "ema": lambda mu: 2 * (1 + mu) / (1 - mu),
    "nesterov": lambda mu: 2 * (1 + mu) / (1 + 2 * mu),
}
_ONSETS: dict[str, Callable[[Any, Any], Any]] = {
    "sgd": lambda mu, _: 1 + 0 * mu,
    "heavy-ball": lambda _, root: (1 - root) ** 2,
    "ema": lambda _, root: (1 - root) / (1 + root),
    "nesterov": lambda mu, _: ((1 - mu) / (1 + mu)) ** 2,
}


def stability_threshold(method: str = "heavy-ball", *, momentum: Any = 0, curvature: Any = 1) -> Any:
    r"""The learning rate at which the mean stops to contract, from the table above divided by h.

    Args:
        method: ``heavy-ball`` (which without momentum is ``sgd``), ``ema``, ``nesterov``, or ``sgd``, which knows no momentum.
        momentum: :math:`\mu`, at least 0 and below 1.
        curvature: the largest eigenvalue h of the Hessian, or the Hessian of numbers itself; left out, the result is the limit
            of :math:`\lambda h`.

    Raises:
        ValueError: naming the number that is out of range, or the methods there are.

    Derivation: characteristic polynomials, e.g. of heavy ball :math:`x^2-(1+\mu-\lambda h)x+\mu`, at x = -1.

    >>> stability_threshold("ema", momentum=sp.Rational(9, 10))
    38
    >>> stability_threshold("nesterov", momentum=sp.Symbol("mu"), curvature=sp.Symbol("h"))
    (2*mu + 2)/(h*(2*mu + 1))
    >>> stability_threshold(momentum=0.5, curvature=[[2, 1], [1, 2]])
    1.0
    """
    limits = _chosen(method, _LIMITS)
    mu, h = _read(method, momentum, curvature)
    return limits(mu) / h


def underdamped_onset(method: str = "heavy-ball", *, momentum: Any = 0, curvature: Any = 1) -> Any:
    r"""The learning rate above which the mean oscillates, where the roots leave the positive axis.

    .. math:: \lambda h > (1-\sqrt\mu)^2 \text{ (heavy-ball)}, \quad \tfrac{1-\sqrt\mu}{1+\sqrt\mu}\text{ (ema)}, \quad
              \bigl(\tfrac{1-\mu}{1+\mu}\bigr)^2\text{ (nesterov)}, \quad 1\text{ (sgd)}

    Args:
        method: as for :func:`stability_threshold`.
        momentum: as there.
        curvature: as there.

    Raises:
        ValueError: as there.

    Derivation: the discriminants of the same characteristic polynomials.

    >>> underdamped_onset("heavy-ball", momentum=sp.Rational(1, 4))
    1/4
    """
    onsets = _chosen(method, _ONSETS)
    mu, h = _read(method, momentum, curvature)
    return onsets(mu, sp.sqrt(mu) if isinstance(mu, sp.Basic) else np.sqrt(mu)) / h


def _chosen(method: str, table: dict[str, Any]) -> Any:
    return table[read_choice("method", method, table)]


def _read(method: str, momentum: Any, curvature: Any) -> tuple[Any, Any]:
    arithmetic = Arithmetic.of(momentum, curvature)
    mu = arithmetic.momentum(momentum)
    if method == "sgd" and (has_symbols(mu) or mu):
        raise ValueError(f"sgd has no momentum, but it is {mu}; choose heavy-ball, ema or nesterov")
    if is_list(curvature):
        return mu, _largest(arithmetic.positive_definite("the Hessian", curvature))
    return mu, arithmetic.positive("the curvature", curvature)


def _largest(hessian: Any) -> Any:
    if has_symbols(hessian):
        raise ValueError("the Hessian holds symbols; give its largest eigenvalue")
    if isinstance(hessian, sp.MatrixBase):
        return max(sp.real_roots(hessian.charpoly().as_expr()))
    return float(np.linalg.eigvalsh(hessian)[-1])
