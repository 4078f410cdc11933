r"""Printed formulas for long times near a quadratic minimum, held to the resummed expansion at every time.

With additive noise diagrams of two edges are the whole answer, so a formula in :math:`(1-\eta h)^T` is compared exactly.  One
in :math:`e^{-\eta Th}` claims small steps only, so it is compared with the continuous form, at :math:`\tau = \eta T`.
"""

from __future__ import annotations

import sympy as sp

from sgdsym.literature.finding import Finding, expression_finding
from sgdsym.literature.sources import AKAIKE, PAPER, TAKEUCHI
from sgdsym.resummation.closed import ETA, closed_form
from sgdsym.sgd import Resummed, generalization_gap, overfitting, resum, takeuchi_criterion

TAU = sp.Symbol("tau", positive=True)
# plain symbols: the names that the sizes of a resummed series carry
_T, _N, _C = sp.symbols("T N C")
_H = sp.Symbol("h", positive=True)


def quadratic_minimum_findings() -> list[Finding]:
    """Findings on a quadratic minimum with additive noise."""
    decay, slow = (1 - ETA * _H) ** _T, sp.exp(-TAU * _H)
    section = f"{PAPER}, section 3.2"
    gap, rise = generalization_gap(), overfitting()
    one_pass = resum(order=2, batch_size=1).order(2)
    return [
        _finding(
            "generalisation gap of gradient descent at a minimum",
            section,
            "C/(2NH) · (1 - e^{-ηTH})",
            _C / (2 * _N * _H) * (1 - slow),
            _in_small_steps(generalization_gap(form="continuous")),
            "a factor 1/2 too many: it is that of the rise of the test loss, and the training loss falls by as much again",
        ),
        _finding(
            "rise of the test loss under gradient descent from a minimum",
            section,
            "(1/2N) C:[(1 - e^{-ηTH})^{⊗2} H^{-1}]",
            _C / (2 * _N * _H) * (1 - slow) ** 2,
            _in_small_steps(overfitting(form="continuous")),
        ),
        _finding(
            "mean estimation: generalisation gap of gradient descent",
            section,
            "S²/(NH) · (1 - (1 - ηH)^T)",
            _C / (_N * _H) * (1 - decay),
            _in_steps(gap),
        ),
        _finding(
            "mean estimation: rise of the test loss under gradient descent",
            section,
            "S²/(2NH) · (1 - (1 - ηH)^T)²",
            _C / (2 * _N * _H) * (1 - decay) ** 2,
            _in_steps(rise),
        ),
        _finding(
            "mean estimation: rise of the test loss under one-pass SGD",
            section,
            "(ηS²/2) · (1 - (1 - ηH)^{2T})/(2 - ηH)",
            ETA * _C / 2 * (1 - decay**2) / (2 - ETA * _H),
            _in_steps(one_pass),
        ),
        _information_criterion(),
        _worst_width(),
    ]


def exact(expression: sp.Expr) -> sp.Expr:
    """A rational function of symbols, powers such as ``(1 - eta*h)**T`` and exponentials, in its one reduced form.

    >>> x, n = sp.symbols("x n")
    >>> exact((x ** (2 * n) - 1) / (x**n - 1))
    x**n + 1
    """
    return sp.cancel(sp.powsimp(sp.expand_power_exp(expression)))


def _finding(name: str, source: str, printed: str, formula: sp.Expr, derived: sp.Expr, why: str = "") -> Finding:
    right = exact(derived)
    return expression_finding(name, source, printed, exact(formula), right, str(sp.factor(right)), why)


def _in_steps(resummed: Resummed) -> sp.Expr:
    """The value in one eigendirection."""
    return closed_form(resummed, [_H], {(1, 1): [[_C]]})


def _in_small_steps(resummed: Resummed) -> sp.Expr:
    """The value in one eigendirection as a function of the product of learning rate and time."""
    return closed_form(resummed, [_H], {(1, 1): [[_C]]}, learning_rate=1, steps=TAU)


def _information_criterion() -> Finding:
    """The long-time limit of the gap."""
    derived = sp.cancel(_in_steps(takeuchi_criterion()))
    return expression_finding(
        "generalisation gap at long times: Takeuchi's criterion, and Akaike's where C = H",
        f"{PAPER}, section 3.2; {TAKEUCHI}; {AKAIKE}",
        "C:H^{-1}/N, and dim/N where C = H",
        _C / (_N * _H),
        derived,
        f"{derived} in each eigendirection; where C = h: {derived.subs(_C, _H)}",
    )


def _worst_width() -> Finding:
    """The Hessian for which the rise is largest at fixed time."""
    # with u = ηTh the rise is C ηT/(2N) · (1 - e^-u)²/u: its peak in u is the same for all C, N and T
    rise = _in_small_steps(overfitting(form="continuous")).subs({_C: 1, _N: 1, TAU: 1})
    peak = sp.nsolve(sp.diff(rise, _H), _H, 1)
    return expression_finding(
        "the width of minimum that overfits most",
        f"{PAPER}, section 3.2",
        "ηTH = 1.2564",
        sp.Rational("1.2564"),
        sp.Rational(str(sp.Float(peak, 5))),
        f"ηTH = {sp.Float(peak, 8)}",
    )
