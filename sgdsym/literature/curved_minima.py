r"""Printed formulas for the cubic term of the loss at a minimum, held to the resummed expansion at every time.

In eigendirections :math:`h_0, h_1, h_2` of the Hessian the curvature-noise force and what skewed noise adds to the loss are
functions of :math:`k = 1-\eta h_2` and :math:`q = (1-\eta h_0)(1-\eta h_1)`, in units of the tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import sympy as sp

from sgdsym.literature.finding import Finding, expression_finding
from sgdsym.literature.long_times import TAU, exact
from sgdsym.literature.sources import PAPER
from sgdsym.resummation.closed import ETA, closed_form
from sgdsym.sgd import Resummed, curvature_noise_displacement, skewness_correction

_T = sp.Symbol("T")
_H = sp.symbols("h0:3", positive=True)
_SHORT = 5  # terms of a function of tau that are shown


def curved_minimum_findings() -> list[Finding]:
    """Findings on the curvature-noise force and on skewed noise."""
    force, put_right = curvature_noise_displacement(batch_size=1), f"{PAPER}, section 3.1, put right"
    q, k = (1 - ETA * _H[0]) * (1 - ETA * _H[1]), 1 - ETA * _H[2]
    late_q, late_k = (1 - ETA * _H[0]) ** _T * (1 - ETA * _H[1]) ** _T, k**_T
    skewness = skewness_correction(batch_size=1)
    return [
        _product_of_factors(),
        _finding(
            "displacement of SGD from a minimum, resummed as a double sum",
            put_right,
            "-η³ (CJ/2) (1/(1-q)) [(1-k^T)/(1-k) - (k^T-q^T)/(k-q)],  q = (1-ηh₀)(1-ηh₁), k = 1-ηh₂",
            -(ETA**3) / 2 / (1 - q) * ((1 - late_k) / (1 - k) - (late_k - late_q) / (k - q)),
            _moved(force, _H),
            force,
        ),
        _finding(
            "displacement of SGD from a minimum along a flat direction, resummed",
            put_right,
            "-η³ (CJ/2) (1/(1-q)) [T - (1-q^T)/(1-q)]",
            -(ETA**3) / 2 / (1 - q) * (_T - (1 - late_q) / (1 - q)),
            _moved(force, (*_H[:2], 0)),
            force,
        ),
        _stationary(),
        _finding(
            "what skewed noise adds to the test loss, resummed",
            f"{PAPER}, section 3.4, put right",
            "-(η³/6) S J Σ_{s<T} ∏_i (1-ηh_i)^s",
            -(ETA**3) / 6 * (1 - late_q * late_k) / (1 - q * k),
            # a symmetric tensor has six components with three different indices
            closed_form(skewness, _H, {(1, 1, 1): _mixed(sp.Rational(1, 6)), (3,): _mixed(1)}),
            skewness,
        ),
    ]


def _finding(name: str, source: str, printed: str, formula: sp.Expr, derived: sp.Expr, resummed: Resummed) -> Finding:
    shown = resummed.to_text().splitlines()[0]
    return expression_finding(name, source, printed, exact(formula), exact(derived), shown)


def _moved(resummed: Resummed, eigenvalues: Sequence[Any], **given: Any) -> sp.Expr:
    """The displacement along the last of three eigendirections, in units of C in the first two times J."""
    # C_01 and C_10 both occur in a contraction: half each makes the unit
    half = sp.Rational(1, 2)
    tensors: Mapping[tuple[int, ...], Any] = {(1, 1): [[0, half, 0], [half, 0, 0], [0, 0, 0]], (3,): _mixed(1)}
    return closed_form(resummed, eigenvalues, tensors, **given)[2]


def _mixed(value: sp.Expr | int) -> list[list[list[Any]]]:
    """The symmetric tensor whose only components are those with three different indices."""
    tensor: list[list[list[Any]]] = [[[0] * 3 for _ in range(3)] for _ in range(3)]
    for i, j, k in permutations(range(3)):
        tensor[i][j][k] = value
    return tensor


def _product_of_factors() -> Finding:
    """The resummation edge by edge, in small steps, with the constant in front that short times ask for."""
    force = curvature_noise_displacement(batch_size=1, form="continuous")
    derived = _short_times(_moved(force, _H, learning_rate=1, steps=TAU))
    first, second = _H[0] + _H[1], _H[2]
    product = _short_times((1 - sp.exp(-TAU * first)) / first * (1 - sp.exp(-TAU * second)) / second)
    constant = derived.coeff(TAU, 2) / product.coeff(TAU, 2)
    return expression_finding(
        f"displacement of SGD from a minimum, resummed as a product of edges (constant {constant} set by short times)",
        f"{PAPER}, sections 2.4 and 3.1",
        "∝ η CJ · (1-e^{-ηT(h₀+h₁)})/(h₀+h₁) · (1-e^{-ηTh₂})/h₂",
        sp.expand(constant * product),
        derived,
        why="a double sum that does not factor: the noise of both edges must come before the step that they bend, so their "
        "times are not free",
    )


def _short_times(expression: sp.Expr) -> sp.Expr:
    r"""The first terms in powers of :math:`\tau` of a function of exponentials."""
    coefficients = (expression.diff(TAU, k).subs(TAU, 0) / sp.factorial(k) for k in range(_SHORT))
    return sp.expand(sp.Add(*(sp.cancel(c) * TAU**k for k, c in enumerate(coefficients))))


def _stationary() -> Finding:
    """The displacement at which noise and curvature balance, to leading order in the learning rate."""
    limit = _moved(curvature_noise_displacement(batch_size=1, form="stationary"), _H)
    leading = sp.factor(sp.limit(limit / ETA, ETA, 0)) * ETA
    return expression_finding(
        "displacement of SGD near a minimum at long times, leading order",
        f"{PAPER}, section 3.1, put right",
        "-(η/2) Σ C_mn J_mnl / ((H_m + H_n) H_l)",
        -ETA / (2 * (_H[0] + _H[1]) * _H[2]),
        leading,
        f"C J times {leading}",
    )
