r"""Printed formulas for long times near a minimum, held to the plain expansion by their Taylor series in the learning rate.

Near a minimum with Hessian eigenvalues :math:`h` a resummed formula is a function of :math:`(1-\eta h)^T`.  Its Taylor
coefficients are polynomials in T, and so are those of the expansion under the formula's assumptions; both are compared with
symbolic eigenvalues.  A formula in :math:`e^{-\eta Th}` claims small steps only, so it is compared at :math:`T = \tau/\eta`
in the limit of small learning rate: the highest power of T in each order.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.literature.finding import Finding, expression_finding
from sgdsym.literature.sources import PAPER
from sgdsym.sgd import additive_noise, at_minimum, expand, quadratic_loss

ORDER = 4
_TAU = sp.Symbol("tau", positive=True)
# plain symbols: the names that the coefficients of series carry
_T, _N, _C = sp.symbols("T N C")
_RATE = sp.Symbol("eta")
_H = sp.Symbol("h")


def quadratic_minimum_findings() -> list[Finding]:
    """Findings on a quadratic minimum with additive noise."""
    gap = _near_minimum(observable="generalization-gap", dynamics="gd")
    loss = _near_minimum(dynamics="gd")
    one_pass = _near_minimum(batch_size=1)
    decay, slow = (1 - _RATE * _H) ** _T, sp.exp(-_TAU * _H)
    overfitting = f"{PAPER}, section 3.2"
    printed_rise = _C / (2 * _N * _H) * (1 - slow) ** 2
    right_gap = _C / (_N * _H) * (1 - slow)
    return [
        expression_finding(
            "generalisation gap of gradient descent at a minimum",
            overfitting,
            "C/(2NH) · (1 - e^{-ηTH})",
            _taylor(_C / (2 * _N * _H) * (1 - slow), _TAU),
            _small_steps(gap),
        ),
        expression_finding(
            "rise of the test loss under gradient descent from a minimum",
            overfitting,
            "(1/2N) C:[(1 - e^{-ηTH})^{⊗2} H^{-1}]",
            _taylor(printed_rise, _TAU),
            _small_steps(loss),
        ),
        expression_finding(
            "mean estimation: generalisation gap of gradient descent",
            overfitting,
            "S²/(NH) · (1 - (1 - ηH)^T)",
            _taylor(_C / (_N * _H) * (1 - decay), _RATE),
            gap,
        ),
        expression_finding(
            "mean estimation: rise of the test loss under gradient descent",
            overfitting,
            "S²/(2NH) · (1 - (1 - ηH)^T)²",
            _taylor(_C / (2 * _N * _H) * (1 - decay) ** 2, _RATE),
            loss,
        ),
        expression_finding(
            "mean estimation: rise of the test loss under one-pass SGD",
            overfitting,
            "(ηS²/2) · (1 - (1 - ηH)^{2T})/(2 - ηH)",
            _taylor(_RATE * _C / 2 * (1 - decay**2) / (2 - _RATE * _H), _RATE),
            one_pass,
        ),
        _information_criterion(right_gap, gap),
        _worst_width(printed_rise),
    ]


def _near_minimum(**request: Any) -> sp.Expr:
    """The expansion at a quadratic minimum with additive noise, in one eigendirection, without its value at the start."""
    series = quadratic_loss(additive_noise(at_minimum(expand(order=ORDER, **request))))
    total = sp.Add(*(c.as_expr() * _RATE**d.order * _C * _H ** (d.order - 1) for d, c in series if d.order))
    return sp.expand(total)


def _taylor(formula: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    return sp.expand(sp.series(formula, variable, 0, ORDER + 1).removeO())


def _small_steps(expansion: sp.Expr) -> sp.Expr:
    r"""The limit of small learning rate at fixed :math:`\tau = \eta T`."""
    return sp.expand(expansion.subs(_T, _TAU / _RATE)).coeff(_RATE, 0)


def _information_criterion(resummed: sp.Expr, gap: sp.Expr) -> Finding:
    """The long-time limit of the gap, from a formula that agrees with the expansion."""
    agrees = sp.expand(_taylor(resummed, _TAU) - _small_steps(gap)) == 0
    limit = sp.simplify(sp.limit(resummed.subs(_H, sp.Symbol("h", positive=True)), _TAU, sp.oo))
    h = sp.Symbol("h", positive=True)
    derived = limit if agrees else sp.nan
    return expression_finding(
        "generalisation gap at long times: Takeuchi's criterion, and Akaike's where C = H",
        f"{PAPER}, section 3.2; K. Takeuchi, 1976; H. Akaike, 1973",
        "C:H^{-1}/N, and dim/N where C = H",
        _C / (_N * h),
        derived,
        f"C/(N h) in each eigendirection; where C = h: {derived.subs(_C, h)}",
    )


def _worst_width(rise: sp.Expr) -> Finding:
    """Where the rise is largest as a function of the Hessian at fixed time."""
    peak = sp.nsolve(sp.diff(rise.subs({_C: 1, _N: 1, _TAU: 1}), _H), _H, 1)
    return expression_finding(
        "the width of minimum that overfits most",
        f"{PAPER}, section 3.2",
        "ηTH = 1.2564",
        sp.Rational("1.2564"),
        sp.Rational(str(sp.Float(peak, 5))),
        f"ηTH = {sp.Float(peak, 8)}",
    )
