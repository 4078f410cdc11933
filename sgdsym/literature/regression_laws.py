r"""Printed stationary laws of linear regression, where the noise follows the weights, held to the exact recursion of the second moments.

Inputs are Gaussian of covariance A; a step is :math:`w \leftarrow w - \Lambda m,\; m \leftarrow \mu m + g`, and the fourth moments of
the inputs are those of Isserlis' theorem.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.literature.finding import Finding, quantity_finding
from sgdsym.literature.recursions import entries, fixed_point, spectral_radius
from sgdsym.literature.sources import POWER_LAW, STRENGTH
from sgdsym.stationary import tail_index

_HALF = sp.Rational(1, 2)
_A = sp.diag(1, _HALF)
_S, _LABEL = 4, 2
_RECURSION = "A = diag(1, 1/2), exact recursion of weights and buffer"


def regression_findings() -> list[Finding]:
    """Findings on linear regression."""
    return [*_label_noise(), *_one_weight(), *_weight_decay(), *_high_dimension(), *_tails()]


def _noise(a: Any, moments: Any, batch_size: Any, label_variance: Any = 0) -> Any:
    """The covariance of a batch gradient where the weights have these second moments around the truth."""
    # Isserlis: E[x xᵀ S x xᵀ] = 2 A S A + tr(A S) A, of which A S A is the square of the mean gradient
    return (a * moments * a + (a * moments).trace() * a + label_variance * a) / batch_size


def _stationary(rate: Any, momentum: Any) -> Any:
    """The stationary second moments of weights and buffer with label noise."""

    def step(moments: Any) -> Any:
        noise = _noise(_A, moments[:2, :2], _S, _LABEL)
        mean = sp.BlockMatrix([[sp.eye(2) - rate * _A, -momentum * rate], [_A, momentum * sp.eye(2)]]).as_explicit()
        entry = sp.BlockMatrix([[rate * noise * rate, -rate * noise], [-noise * rate, noise]]).as_explicit()
        return mean * moments * mean.T + entry

    return fixed_point(step, 4)[:2, :2]


def _label_noise() -> list[Finding]:
    rate, mu = sp.eye(2) / 2, _HALF
    g = 2 * (1 - mu) * sp.eye(2) - ((1 - mu) / (1 + mu) + sp.Rational(1, _S)) * rate * _A
    t = (rate * _A * g.inv()).trace()
    kappa = t / (1 - t / _S)
    scale = 1 + kappa / _S
    exact = _stationary(rate, mu)
    shape = rate * _A * g.inv()
    printed = (
        sp.Rational(_LABEL, _S) * _A + sp.Rational(_LABEL, _S**2) * scale * (shape + shape.trace() * sp.eye(2)) * _A
    )
    x = sp.Symbol("x", positive=True)
    trace = sum(x * a / (2 - 2 * x * a) for a in (_A[0, 0], _A[1, 1]))
    # Tr[ΛA G⁻¹] grows with the rate from 0: it first reaches S at the smallest positive root
    edge = sp.Min(*[root for root in sp.solve(sp.Eq(trace, 1), x) if root > 0])
    note = f"λ = μ = 1/2, S = {_S}, σ² = {_LABEL}; {_RECURSION}"
    return [
        quantity_finding(
            "stationary covariance of regression with noisy labels",
            f"{STRENGTH}, theorem 2",
            "Σ = (σ²/S)(1 + κ/S) Λ G⁻¹,  G = 2(1 - μ) - ((1 - μ)/(1 + μ) + 1/S) ΛA,  κ = t/(1 - t/S),  t = Tr[ΛA G⁻¹]",
            entries("Σ", sp.Rational(_LABEL, _S) * scale * rate * g.inv(), exact),
            note=note,
        ),
        quantity_finding(
            "stationary noise of regression with noisy labels",
            f"{STRENGTH}, theorem 3",
            "C = (σ²/S) A + (σ²/S²)(1 + κ/S)(ΛA G⁻¹ + Tr[ΛA G⁻¹]) A",
            entries("C", printed, _noise(_A, exact, _S, _LABEL)),
            note=note,
        ),
        quantity_finding(
            "stability of regression with noisy labels, two weights, S = 1",
            f"{STRENGTH}, theorem 2",
            "stable where G > 0 and Tr[ΛA G⁻¹] < S",
            {"growth of the second moments at the edge": (1, _growth(edge))},
            close=1e-9,
            note=f"λ = {sp.N(edge, 7)}, largest eigenvalue of their exact map",
        ),
    ]


def _growth(rate: Any) -> float:
    def step(moments: Any) -> Any:
        mean = sp.eye(2) - rate * _A
        return mean * moments * mean + rate**2 * _noise(_A, moments, 1)

    return spectral_radius(step, 2)


def _one_weight() -> list[Finding]:
    rate, a, batch, label = sp.symbols("lambda a S sigma2", positive=True)

    def step(moments: Any) -> Any:
        return (1 - rate * a) ** 2 * moments + rate**2 * _noise(sp.Matrix([[a]]), moments, batch, label)

    exact = fixed_point(step, 1)[0]
    factor = sp.diff(step(sp.Matrix([[sp.Symbol("s")]]))[0], sp.Symbol("s"))
    (edge,) = [root for root in sp.solve(sp.cancel(factor - 1), rate) if root != 0]
    return [
        quantity_finding(
            "stationary variance of one weight with noisy labels",
            f"{STRENGTH}, theorem 2 in one weight",
            "Σ = λσ²/(2S - (S + 2)λa)",
            {"Σ": (rate * label / (2 * batch - (batch + 2) * rate * a), exact)},
            note="exact recursion in symbols",
        ),
        quantity_finding(
            "largest learning rate at which the variance of one weight is finite",
            f"{STRENGTH}, stability",
            "λa < 2S/(S + 2)",
            {"λa at the edge": (2 * batch / (batch + 2), sp.factor(edge * a))},
            note="where the second moment grows by the factor 1",
        ),
    ]


def _weight_decay() -> list[Finding]:
    decay, target, rate = sp.diag(sp.Rational(1, 5), sp.Rational(1, 10)), sp.Matrix([1, 2]), _HALF
    aligned = sp.Matrix([1, 0])
    note = f"λ = 1/2, S = {_S}, Γ = diag(1/5, 1/10); exact recursion around the mean"
    covariance, loss = _decayed(decay, target, rate)
    offset = (_A + decay).inv() * decay * target
    k = (_A + decay).inv()
    shrunk = k * _A
    noise = (
        _A * covariance * _A
        + (_A * covariance).trace() * _A
        + (offset.T * _A * offset)[0] * _A
        + decay * shrunk * target * target.T * shrunk * decay
    ) / _S
    return [
        quantity_finding(
            "noise of regression with weight decay",
            f"{STRENGTH}, proposition 3",
            "C = (1/S)(AΣA + Tr[AΣ]A + Tr[Γ'ᵀAΓ'U]A + ΓA'UA'Γ)",
            entries("C", noise, _noise(_A, covariance + offset * offset.T, _S)),
            note=f"u = (1, 2); {note}",
        ),
        quantity_finding(
            "stationary test loss with weight decay",
            f"{STRENGTH}, theorem 4",
            "L = (λ/2S)(Tr[AK⁻²Γ²U] κ + r) + Tr[AK⁻²Γ²U]/2",
            {"L": (_printed_decay(decay, target, rate)[1], loss)},
            note=f"u = (1, 2), so Γ and U do not commute; {note}",
        ),
        quantity_finding(
            "stationary covariance with weight decay, where decay and target commute",
            f"{STRENGTH}, theorem 4",
            "Σ = (λ/S) Tr[AK⁻²Γ²U](1 + λκ/S) A K⁻¹G⁻¹ + (λ/S)(A²K⁻²Γ²U + (λr/S) A) K⁻¹G⁻¹",
            entries("Σ", _printed_decay(decay, aligned, rate)[0], _decayed(decay, aligned, rate)[0]),
            note=f"u = (1, 0); {note}",
        ),
    ]


def _decayed(decay: Any, target: Any, rate: Any) -> tuple[Any, Any]:
    """Covariance and test loss, exactly."""
    k = _A + decay
    offset = k.inv() * decay * target
    square = offset * offset.T

    def step(moments: Any) -> Any:
        mean = sp.eye(2) - rate * k
        return mean * moments * mean + rate**2 * _noise(_A, moments + square, _S)

    covariance = fixed_point(step, 2)
    return covariance, (_A * (covariance + square)).trace() / 2


def _printed_decay(decay: Any, target: Any, rate: Any) -> tuple[Any, Any]:
    """Covariance and test loss as printed."""
    k, u, s = _A + decay, target * target.T, sp.Integer(_S)
    inverse = k.inv()
    g = 2 * sp.eye(2) - rate * (k + inverse * _A**2 / s)
    shared = 1 - rate / s * (_A**2 * inverse * g.inv()).trace()
    kappa = (_A**2 * inverse * g.inv()).trace() / shared
    r = (_A**3 * inverse**3 * decay**2 * g.inv() * u).trace() / shared
    bias = (_A * inverse**2 * decay**2 * u).trace()
    covariance = rate / s * bias * (1 + rate * kappa / s) * _A * inverse * g.inv()
    covariance += rate / s * (_A**2 * inverse**2 * decay**2 * u + rate * r / s * _A) * inverse * g.inv()
    return covariance, rate / (2 * s) * (bias * kappa + r) + bias / 2


def _high_dimension() -> list[Finding]:
    rate, s = _HALF, sp.Integer(_S)

    def step(moments: Any) -> Any:
        mean = sp.eye(2) - rate * _A
        noise = ((_A * moments).trace() * sp.eye(2) - _A * moments) * _A / s + _A / s
        return mean * moments * mean + rate**2 * noise

    g = (2 * sp.eye(2) - rate * (1 - 1 / s) * _A).inv()
    kappa = (g * _A).trace() / (1 - rate / s * (g * _A).trace())
    # two equal curvatures a: the printed sum reaches S at λa = 2S/(S + 1)
    equal, curvature = sp.Symbol("S", positive=True), sp.eye(2)
    edge = 2 * equal / (equal + 1)

    def grown(moments: Any) -> Any:
        return (1 - edge) ** 2 * moments + edge**2 / equal * (moments.trace() * curvature - moments)

    return [
        quantity_finding(
            "excess of regression in many dimensions",
            f"{STRENGTH}, theorem 6",
            "Tr[ÂΣ] = (λσ²/S)(1 - 1/α) κ,  κ = Tr[G⁻¹Â]/(1 - (λ/S)Tr[G⁻¹Â]),  G = 2 - λ(1 - 1/S)Â",
            {"Tr[ÂΣ]": (rate / s * kappa, (_A * fixed_point(step, 2)).trace())},
            note="λ = 1/2, S = 4, σ²(1 - 1/α) = 1, exact recursion with the noise of proposition 4",
        ),
        quantity_finding(
            "stability of regression in many dimensions",
            f"{STRENGTH}, section on high dimension",
            "Σ_i 1/(2/(λa_i) - 1 + 1/S) < S, so λa < 2S/(S + 1) for two equal curvatures",
            {"growth at the edge": (1, sp.cancel(grown(curvature)[0]))},
            note="of the second moments proportional to the unit matrix, in symbols",
        ),
    ]


def _tails() -> list[Finding]:
    places = {
        (1, _HALF): tail_index(0.5, batch_size=1, curvature=1),
        (4, sp.Integer(1)): tail_index(1.0, batch_size=4, curvature=1),
    }

    def compared(formula: Any) -> dict[str, tuple[Any, Any]]:
        return {f"S={s}, λa={x}: β": (sp.Float(formula(s, x)), sp.Float(index)) for (s, x), index in places.items()}

    note = "the root of E|1 - λa χ²_S/S|^β = 1 (Kesten)"
    return [
        quantity_finding(
            "tail index of one weight, discrete steps",
            f"{STRENGTH}, power-law tails",
            "p(w) ~ |w|^{-1-β},  β = 2S/(aλ) - S",
            compared(lambda s, x: 2 * s / x - s),
            why="an estimate from the growth of the variance: it is exact where β = 2 and elsewhere off, here by 3 to 14 per cent",
            close=1e-6,
            note=note,
        ),
        quantity_finding(
            "tail index of one weight, continuous time",
            f"{POWER_LAW}; {STRENGTH}",
            "p(w) ~ |w|^{-1-β},  β = 2S/(aλ) + 1",
            compared(lambda s, x: 2 * s / x + 1),
            why="an approximation for small λa with half of the multiplicative noise: at these learning rates the tails are much "
            "heavier",
            close=1e-6,
            note=note,
        ),
    ]
