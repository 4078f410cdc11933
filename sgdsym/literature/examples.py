"""Worked examples of the literature: losses whose expansion is known in closed form."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from sgdsym.diagrams import DIAGRAM_NAMES
from sgdsym.literature.finding import Finding, expression_finding
from sgdsym.literature.landscapes import CUBIC_CHI, EXPONENTIAL, GAUSS
from sgdsym.literature.sources import CODE, PAPER
from sgdsym.resummation.closed import closed_form
from sgdsym.series import Coefficient
from sgdsym.sgd import curvature_noise_velocity, deterministic, expand

_ETA, _T = sp.symbols("eta T")
_GAUSS_VALUES = {
    "Ipln": "0",
    "Iall": "1/2",
    "Vlvs": "1/4",
    "Vall": "5/4",
    "Yerg": "1/2",
    "Zlvs": "1/8",
    "Zexc": "5/8",
    "Zall": "39/8",
}


def example_findings() -> list[Finding]:
    """Findings on worked examples."""
    return [_gauss_values(), _gauss_step(), _cubic_chi(), _sum_rule(), _helix()]


def _gauss_values() -> Finding:
    derived = {name: GAUSS.value(DIAGRAM_NAMES[name]) for name in _GAUSS_VALUES}
    wrong = {name: value for name, value in derived.items() if value != Fraction(_GAUSS_VALUES[name])}
    return Finding(
        "Gauss landscape l_x(w) = (w + x² e^{-w})/2: values of diagrams",
        PAPER,
        ", ".join(f"{name} = {value}" for name, value in _GAUSS_VALUES.items()),
        ", ".join(f"{name} = {value}" for name, value in derived.items()),
        ", ".join(f"{name} is {value}" for name, value in wrong.items()),
    )


def _gauss_step() -> Finding:
    order = 6
    # from 0 a step goes to w = -η(1 - x²)/2, of mean 0, and the loss there is (w + e^-w)/2: E e^-w = e^(η/2) E
    # e^(-ηx²/2) = e^(η/2)/√(1 + η)
    closed = sp.exp(_ETA / 2) / (2 * sp.sqrt(1 + _ETA))
    derived = _polynomial(GAUSS.series(expand(order=order, steps=1, batch_size=1)))
    return expression_finding(
        "Gauss landscape: test loss after one step",
        PAPER,
        "e^{η/2} / (2 √(1 + η))",
        sp.series(closed, _ETA, 0, order + 1).removeO(),
        derived,
    )


def _cubic_chi() -> Finding:
    choose = [sp.ff(_T, k) / sp.factorial(k) for k in range(4)]
    formula = -_T * _ETA + (12 * choose[3] + 27 * choose[2] + 15 * choose[1]) * _ETA**3
    return expression_finding(
        "cubic-chi landscape l_x(w) = w³ - w x²: test loss",
        PAPER,
        "-η T + η³ (12 C(T,3) + 27 C(T,2) + 15 T) + O(η⁵)",
        sp.expand_func(formula),
        _polynomial(CUBIC_CHI.series(expand(order=4, batch_size=1))),
    )


def _sum_rule() -> Finding:
    """Gradient descent on exp(w) from 0, iterated as power series, beside the bare sum of coefficients."""
    order = 5
    series = deterministic(expand(order=order, batch_size=1))
    total = _polynomial(EXPONENTIAL.series(series))
    mark = sp.Symbol("z")
    # the coefficient of η^k is a polynomial in T of degree k, 5 at most: 6 numbers determine it, and one more is
    # compared
    steps = range(order + 2)
    iterated = sp.Add(*(mark**t * _descended(t, order) for t in steps))
    summed = sp.Add(*(mark**t * total.subs(_T, t) for t in steps))
    leading = sp.collect(sp.Add(*(total.coeff(_ETA, k) * _ETA**k for k in range(4))), _ETA, sp.factor)
    return expression_finding(
        "sum rule: for the loss e^w at 0 every diagram is 1",
        CODE,
        "Σ coefficients = loss of gradient descent on e^w",
        iterated,
        summed,
        f"{leading} + … through order {order}",
    )


def _descended(steps: int, order: int) -> sp.Expr:
    weight = sp.S.Zero
    for _ in range(steps):
        weight = _truncated(weight - _ETA * _exponential(weight, order), order)
    return _exponential(weight, order)


def _exponential(exponent: sp.Expr, order: int) -> sp.Expr:
    result = term = sp.S.One
    for k in range(1, order + 1):
        term = _truncated(term * exponent / k, order)
        result += term
    return result


def _truncated(expression: sp.Expr, order: int) -> sp.Expr:
    expanded = sp.expand(expression)
    return sp.Add(*(expanded.coeff(_ETA, k) * _ETA**k for k in range(order + 1)))


def _helix() -> Finding:
    """The force along the valley of a winding trough, from the exact tensors at a point of it."""
    place = u, v, z = sp.symbols("u v z", real=True)
    mean = (u**2 + v**2 + (u * sp.cos(z) + v * sp.sin(z)) ** 2) / 2
    turned = z - sp.pi / 4
    noise = u * sp.cos(turned) + v * sp.sin(turned)
    start = dict.fromkeys(place, 0)
    slope = [sp.diff(noise, w).subs(start) for w in place]
    eigenvalues = [sp.diff(mean, w, w).subs(start) for w in place]
    jerk = [[[sp.diff(mean, a, b, c).subs(start) for c in place] for b in place] for a in place]
    tensors = {(1, 1): [[m * n for n in slope] for m in slope], (3,): jerk}
    speed = closed_form(curvature_noise_velocity(form="stationary", batch_size=1), eigenvalues, tensors)
    return expression_finding(
        "helix: drift along the valley in each step, leading order",
        PAPER,
        "+η²/6",
        _ETA**2 / 6,
        sp.limit(speed[2] / _ETA**2, _ETA, 0) * _ETA**2,
    )


def _polynomial(coefficients: list[Coefficient]) -> sp.Expr:
    return sp.expand(sp.Add(*(c.as_expr() * _ETA**k for k, c in enumerate(coefficients))))
