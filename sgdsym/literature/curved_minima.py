r"""Printed formulas for the cubic term of the loss at a minimum, resummed over the chains of Hessians on its three arms.

In eigendirections :math:`h_0, h_1, h_2` of the Hessian the diagrams with one third derivative J at the joint of three chains
sum to a function of :math:`k = 1-\eta h_2` and :math:`q = (1-\eta h_0)(1-\eta h_1)`.  A closed form is a polynomial in the learning rate
at each number of steps; its coefficients through order d are polynomials in T of degree at most d, so agreement at
T = 0, …, d + 1 is agreement at all T.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp
from sympy.polys.rings import ring
from sympy.utilities.iterables import multiset_permutations

from sgdsym.diagrams import Diagram
from sgdsym.literature.finding import Finding, expression_finding
from sgdsym.literature.sources import PAPER
from sgdsym.series import Series
from sgdsym.sgd import at_minimum, expand

ORDER = 5
_ETA, _T, _MARK = sp.symbols("eta T z")
_TAU = sp.Symbol("tau", positive=True)
_H = sp.symbols("h0:3")
_RING, _eta, _h0, _h1, _h2 = ring("eta,h0,h1,h2", sp.QQ)


def curved_minimum_findings() -> list[Finding]:
    """Findings on the curvature-noise force and on skewed noise."""
    force = arm_sum(at_minimum(expand(observable="displacement", order=ORDER, batch_size=1)), free_arms=2)
    rise = arm_sum(at_minimum(expand(observable="function", order=ORDER, batch_size=1)), free_arms=3)
    in_flat = sp.expand(force.subs(_H[2], 0))
    put_right = f"{PAPER}, section 3.1, put right"
    return [
        _product_of_factors(force),
        _at_each_step(
            "displacement of SGD from a minimum, resummed as a double sum",
            put_right,
            "-η³ (CJ/2) (1/(1-q)) [(1-k^T)/(1-k) - (k^T-q^T)/(k-q)],  q = (1-ηh₀)(1-ηh₁), k = 1-ηh₂",
            _double_sum,
            force,
        ),
        _at_each_step(
            "displacement of SGD from a minimum along a flat direction, resummed",
            put_right,
            "-η³ (CJ/2) (1/(1-q)) [T - (1-q^T)/(1-q)]",
            _flat_sum,
            in_flat,
        ),
        _stationary(),
        _at_each_step(
            "what skewed noise adds to the test loss, resummed",
            f"{PAPER}, section 3.4, put right",
            "-(η³/6) S J Σ_{s<T} ∏_i (1-ηh_i)^s",
            _skewness_sum,
            rise,
        ),
    ]


def arm_sum(series: Series, free_arms: int) -> sp.Expr:
    """The terms of a series at a minimum with one third derivative, whose three arms are chains of Hessians.

    Args:
        series: a series with one root.
        free_arms: 2 where two arms end in one C and the third in the open index; 3 where they end in one S and the
            root carries the third derivative.

    Returns:
        The sum along eigendirections 0, 1, 2 in units of the tensors, averaged over exchanges of the free arms.
    """
    total = sp.S.Zero
    for diagram, c in series:
        if _has_arms(diagram, free_arms):
            arms = [_walk(diagram, v) for v in diagram.neighbours[diagram.degrees.index(3)]]
            free = [length for length, end in arms if end not in diagram.roots]
            fixed = [length for length, end in arms if end in diagram.roots]
            exchanges = list(multiset_permutations(free))
            values = [sp.Mul(*(h**n for h, n in zip(_H, [*ways, *fixed], strict=True))) for ways in exchanges]
            total += c.as_expr() * _ETA**diagram.order * sp.Add(*values) / len(exchanges)
    return sp.expand(total)


def _has_arms(diagram: Diagram, free_arms: int) -> bool:
    degrees = diagram.degrees
    leaves = tuple(v for v in range(diagram.nodes) if degrees[v] == 1 and v not in diagram.roots)
    joint = [block for block in diagram.blocks if len(block) > 1]
    if degrees.count(3) != 1 or max(degrees) > 3 or len(leaves) != free_arms or joint != [leaves]:
        return False
    return (degrees.index(3) in diagram.roots) == (free_arms == 3)


def _walk(diagram: Diagram, here: int) -> tuple[int, int]:
    """The number of Hessians on the arm that begins here, and the node at its end."""
    before, length = diagram.degrees.index(3), 0
    while diagram.degrees[here] == 2:
        before, here = here, next(v for v in diagram.neighbours[here] if v != before)
        length += 1
    return length, here


def _product_of_factors(force: sp.Expr) -> Finding:
    """The resummation edge by edge, in small steps, with the constant in front that short times ask for."""
    derived = sp.expand(force.subs(_T, _TAU / _ETA) / _ETA).coeff(_ETA, 0)
    product = sp.expand(_decay(_H[0] + _H[1]) * _decay(_H[2]))
    constant = derived.coeff(_TAU, 2) / product.coeff(_TAU, 2)
    formula = sp.expand(constant * sum(product.coeff(_TAU, k) * _TAU**k for k in range(ORDER)))
    return expression_finding(
        f"displacement of SGD from a minimum, resummed as a product of edges (constant {constant} set by short times)",
        f"{PAPER}, sections 2.4 and 3.1",
        "∝ η CJ · (1-e^{-ηT(h₀+h₁)})/(h₀+h₁) · (1-e^{-ηTh₂})/h₂",
        formula,
        derived,
    )


def _decay(rate: sp.Expr) -> sp.Expr:
    r"""Taylor polynomial of :math:`(1-e^{-\tau x})/x`."""
    return sp.Add(*(-((-_TAU) ** k) * rate ** (k - 1) / sp.factorial(k) for k in range(1, ORDER)))


def _at_each_step(name: str, source: str, printed: str, closed: Callable[[int], Any], derived: sp.Expr) -> Finding:
    """Compare a closed form with the expansion, through the highest order, at enough numbers of steps."""
    formula = derived_at = sp.S.Zero
    for steps in range(ORDER + 2):
        polynomial = closed(steps)
        kept = sp.Add(
            *(
                sp.Rational(int(c.numerator), int(c.denominator)) * _monomial(m)
                for m, c in polynomial.terms()
                if m[0] <= ORDER
            )
        )
        formula += _MARK**steps * kept
        derived_at += _MARK**steps * derived.subs(_T, steps)
    leading = sp.Add(*(sp.factor(derived.coeff(_ETA, k)) * _ETA**k for k in (3, 4)))
    return expression_finding(name, source, printed, formula, derived_at, f"{leading} + … through order {ORDER}")


def _monomial(powers: Sequence[int]) -> sp.Expr:
    return sp.Mul(*(x**n for x, n in zip((_ETA, *_H), powers, strict=True)))


def _factors() -> tuple[Any, Any]:
    return (1 - _eta * _h0) * (1 - _eta * _h1), 1 - _eta * _h2


def _double_sum(steps: int) -> Any:
    q, k = _factors()
    numerator = (1 - k**steps) * (k - q) - (k**steps - q**steps) * (1 - k)
    return -(_eta**3) * numerator.exquo((1 - q) * (1 - k) * (k - q)) / 2


def _flat_sum(steps: int) -> Any:
    q, _ = _factors()
    return -(_eta**3) * (steps * (1 - q) - (1 - q**steps)).exquo((1 - q) ** 2) / 2


def _skewness_sum(steps: int) -> Any:
    q, k = _factors()
    return -(_eta**3) * sum(((q * k) ** s for s in range(steps)), _RING.zero) / 6


def next_moments(spread: sp.Expr, mean: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    r"""One step of SGD near a minimum with additive noise, for the moments that the arms describe.

    In units of C the spread is the second moment along eigendirections 0 and 1, in units of CJ the mean is the
    displacement along 2: :math:`v \leftarrow qv + \eta^2`, :math:`m \leftarrow km - \eta v/2`.
    """
    q, k = (1 - _ETA * _H[0]) * (1 - _ETA * _H[1]), 1 - _ETA * _H[2]
    return q * spread + _ETA**2, k * mean - _ETA * spread / 2


def long_time_moments() -> tuple[sp.Expr, sp.Expr]:
    """The moments that a step leaves as they are."""
    v, m = sp.symbols("v m")
    spread, mean = next_moments(v, m)
    solution = sp.solve([spread - v, mean - m], [v, m], dict=True)[0]
    return solution[v], solution[m]


def _stationary() -> Finding:
    """The displacement at which noise and curvature balance, to leading order in the learning rate."""
    _, mean = long_time_moments()
    leading = sp.factor(sp.limit(mean / _ETA, _ETA, 0)) * _ETA
    return expression_finding(
        "displacement of SGD near a minimum at long times, leading order",
        f"{PAPER}, section 3.1, put right",
        "-(η/2) Σ C_mn J_mnl / ((H_m + H_n) H_l)",
        -_ETA / (2 * (_H[0] + _H[1]) * _H[2]),
        leading,
        f"C J times {leading}",
    )
