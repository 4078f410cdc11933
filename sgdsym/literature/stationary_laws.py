r"""Printed stationary laws of SGD on a quadratic loss, held to the exact recursion of the second moments.

Hessian and noise of the example do not commute, so that a formula that asks for it is told from one that does not.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.literature.finding import Finding, quantity_finding
from sgdsym.literature.recursions import HESSIAN, NOISE, entries, fixed_point, momentum_moments
from sgdsym.literature.sources import BAYES, EQUATIONS, FINITE_RATE, STRENGTH

_HALF = sp.Rational(1, 2)
_ONE = sp.eye(2)
_RATES = {
    "scalar rate": _ONE / 2,
    "matrix rate": sp.Matrix([[_HALF, sp.Rational(1, 10)], [sp.Rational(1, 10), sp.Rational(1, 4)]]),
}
_EXACT = "exact recursion of the second moments, H and C do not commute"
_H, _C, _RATE = sp.symbols("h C lambda", positive=True)
_MU = sp.Symbol("mu", positive=True)


def stationary_findings() -> list[Finding]:
    """Findings on stationary laws with noise that does not depend on the weights."""
    return [*_covariances(), *_scalar(), *_second_order(), *_bayesian(), *_continuous(), *_modified()]


def _covariances() -> list[Finding]:
    plain = {name: momentum_moments(HESSIAN, NOISE, rate, 0)[0] for name, rate in _RATES.items()}
    heavy = {name: momentum_moments(HESSIAN, NOISE, rate, _HALF)[0] for name, rate in _RATES.items()}

    def left(rate: Any, covariance: Any) -> Any:
        k = rate * HESSIAN
        return k * covariance + covariance * k.T - k * covariance * k.T

    def left_heavy(rate: Any, covariance: Any, mu: Any) -> Any:
        k = rate * HESSIAN
        square = k * k * covariance + covariance * (k * k).T
        middle = k * covariance * k.T
        return (
            (1 - mu) * (k * covariance + covariance * k.T)
            - (1 + mu**2) / (1 - mu**2) * middle
            + mu / (1 - mu**2) * square
        )

    trace = (((2 * _ONE - HESSIAN / 2 / (1 + _HALF)).inv() * NOISE) / (4 * (1 - _HALF))).trace()
    return [
        quantity_finding(
            "equation of the stationary covariance",
            FINITE_RATE,
            "ΛHΣ + ΣHΛ - ΛHΣHΛ = ΛCΛ",
            {
                f"{name}: {k}": v
                for name, rate in _RATES.items()
                for k, v in entries("ΛCΛ", left(rate, plain[name]), rate * NOISE * rate).items()
            },
            note=f"Σ by {_EXACT}",
        ),
        quantity_finding(
            "equation of the stationary covariance with momentum",
            FINITE_RATE,
            "(1 - μ)(KΣ + ΣKᵀ) - (1 + μ²)/(1 - μ²) KΣKᵀ + μ/(1 - μ²) (K²Σ + Σ(Kᵀ)²) = ΛCΛ,  K = ΛH",
            {
                f"{name}: {k}": v
                for name, rate in _RATES.items()
                for k, v in entries("ΛCΛ", left_heavy(rate, heavy[name], _HALF), rate * NOISE * rate).items()
            },
            note=f"μ = 1/2, Σ by {_EXACT}",
        ),
        quantity_finding(
            "stationary excess loss",
            f"{FINITE_RATE}, approximation error",
            "Tr[HΣ]/2 = λ/(2(1 - μ)) Tr[(2 - λH/(1 + μ))⁻¹ C]",
            {"Tr[HΣ]/2": (trace, (HESSIAN * heavy["scalar rate"]).trace() / 2)},
            note=f"λ = μ = 1/2; {_EXACT}",
        ),
    ]


def _scalar() -> list[Finding]:
    """One weight, all symbols."""
    hessian, noise = sp.Matrix([[_H]]), sp.Matrix([[_C]])
    moments = momentum_moments(hessian, noise, sp.Matrix([[_RATE]]), _MU)
    covariance, speed, lagged = (m[0] for m in moments)
    stable = 2 - _RATE * _H / (1 + _MU)
    # the heavy ball forgets its start unless an eigenvalue of its step reaches -1
    step = sp.Matrix([[1 - _RATE * _H, -_MU * _RATE], [_H, _MU]])
    edge = sp.solve((step + sp.eye(2)).det(), _RATE)[0]
    note = "exact recursion in symbols"
    return [
        quantity_finding(
            "stationary covariance where Hessian and noise commute",
            FINITE_RATE,
            "Σ = λ/(1 - μ) C H⁻¹ (2 - λH/(1 + μ))⁻¹",
            {"Σ": (_RATE * _C / ((1 - _MU) * _H * stable), covariance)},
            note=note,
        ),
        quantity_finding(
            "stationary variance of the momentum buffer, and correlation of successive weights",
            FINITE_RATE,
            "Var m = 2C/((1 - μ²)(2 - λh/(1 + μ))),  corr(w', w) = (1 + μ - λh)/(1 + μ)",
            {
                "Var m": (2 * _C / ((1 - _MU**2) * stable), speed),
                "corr": ((1 + _MU - _RATE * _H) / (1 + _MU), sp.cancel(lagged / covariance)),
            },
            note=note,
        ),
        quantity_finding(
            "largest stable learning rate with momentum",
            FINITE_RATE,
            "0 < λh < 2(1 + μ)",
            {"λh at the edge": (2 * (1 + _MU), sp.factor(edge * _H))},
            note="where the step has the eigenvalue -1",
        ),
    ]


def _second_order() -> list[Finding]:
    newton = momentum_moments(HESSIAN, NOISE, HESSIAN.inv() / 2, _HALF)[0]
    inverse = HESSIAN.inv()
    points = 5
    best = 2 * (1 - _HALF) * (points * NOISE + (1 - _HALF) / (1 + _HALF) * HESSIAN).inv()
    small = 2 * (points * NOISE).inv()
    posterior = inverse / points
    printed = _HALF * (1 + _HALF) / ((1 - _HALF) * (2 * (1 + _HALF) - _HALF)) * inverse * NOISE * inverse
    return [
        quantity_finding(
            "stationary covariance of damped Newton's method",
            FINITE_RATE,
            "Σ = λ(1 + μ)/((1 - μ)(2(1 + μ) - λ)) H⁻¹ C H⁻¹",
            entries("Σ", printed, newton),
            note=f"λ = μ = 1/2; {_EXACT}",
        ),
        *_natural_gradient(),
        quantity_finding(
            "preconditioner whose stationary law is the posterior",
            f"{FINITE_RATE}, optimal Bayesian inference",
            "Λ = 2(1 - μ) [N C + (1 - μ)/(1 + μ) H]⁻¹, so that Σ = (N H)⁻¹",
            entries("Σ", posterior, momentum_moments(HESSIAN, NOISE, best, _HALF)[0]),
            note=f"μ = 1/2, N = {points}; {_EXACT}",
        ),
        quantity_finding(
            "preconditioner whose stationary law is the posterior, small learning rates",
            BAYES,
            "Λ = (2S/N)(B Bᵀ)⁻¹ = 2 (N C)⁻¹, so that Σ = (N H)⁻¹",
            entries("Σ", posterior, momentum_moments(HESSIAN, 10 * NOISE, small / 10, 0)[0]),
            why="an approximation for small rates that drops H beside N C in [N C + H]⁻¹: what is sampled is too wide, by a share "
            "of order H/(N C)",
            note=f"N = {points}, noise 10 C; {_EXACT}",
        ),
    ]


def _natural_gradient() -> list[Finding]:
    """Natural gradient on label-free regression: the noise is that of the inputs, the preconditioner its inverse."""
    size, batch, dimension = sp.symbols("s S D", positive=True)
    # Σ = s A⁻¹ and C = s(1 + D) A/S, so the rate is k A⁻¹ with k = λ/(s(1 + D)); one equation for s remains
    rate = _RATE / (size * (1 + dimension))
    equation = momentum_moments(
        sp.Matrix([[1]]), sp.Matrix([[size * (1 + dimension) / batch]]), sp.Matrix([[rate]]), _MU
    )[0][0]
    (exact,) = [root for root in sp.solve(sp.together(equation - size), size) if root != 0]
    parts = (1 / ((1 + dimension) * (1 + _MU)), 1 / ((1 - _MU) * batch))
    note = "fixed point of the exact recursion with Gaussian inputs"
    return [
        quantity_finding(
            "stationary covariance of natural gradient descent",
            STRENGTH,
            "Σ = (λ/2) [1/((1 + D)(1 + μ)) + 1/((1 - μ)S)] A⁻¹",
            {"Σ A": (_RATE / 2 * sum(parts), exact)},
            note=note,
        ),
        quantity_finding(
            "stationary covariance of natural gradient descent, without the number of weights",
            FINITE_RATE,
            "Σ = (λ/2) [1/(1 + μ) + 1/((1 - μ)S)] A⁻¹",
            {"Σ A": (_RATE / 2 * (1 / (1 + _MU) + parts[1]), exact)},
            why="an approximation of the noise by AΣA/S alone: with the term Tr[AΣ]A of Gaussian inputs the number D of weights enters",
            note=note,
        ),
    ]


def _bayesian() -> list[Finding]:
    """The learning rate of least divergence from the posterior, for the covariance of the continuous model."""
    rate, batch, points, trace, dimension = sp.symbols("epsilon S N t D", positive=True)
    # AΣ + ΣA = (ε/S) BBᵀ has Tr(AΣ) = ε t/(2S), t = Tr BBᵀ; the determinant of Σ grows as ε^D
    divergence = (points * rate * trace / (2 * batch) - dimension * sp.log(rate)) / 2
    (best,) = sp.solve(sp.diff(divergence, rate), rate)
    return [
        quantity_finding(
            "learning rate whose stationary law is nearest to the posterior",
            BAYES,
            "ε = 2 (S/N) D/Tr(B Bᵀ)",
            {"ε": (2 * batch * dimension / (points * trace), best)},
            note="the least Kullback-Leibler divergence for Σ of the continuous model, t = Tr BBᵀ",
        )
    ]


def _continuous() -> list[Finding]:
    rate = _RATES["scalar rate"]
    exact = momentum_moments(HESSIAN, NOISE, rate, 0)[0]
    # the Ornstein-Uhlenbeck process, from the fixed point of a map whose slope is small
    lyapunov = fixed_point(lambda s: s - (HESSIAN * s + s * HESSIAN - NOISE / 2) / 8, 2)
    return [
        quantity_finding(
            "stationary covariance of the continuous model",
            f"{BAYES}; {FINITE_RATE}, as what it corrects",
            "AΣ + ΣA = (ε/S) B Bᵀ",
            entries("Σ", lyapunov, exact),
            why="an approximation for small rates that drops λHΣH: in the direction of curvature h it is too small by the factor 1 "
            "- λh/2",
            note=f"λ = 1/2; {_EXACT}",
        )
    ]


def _modified() -> list[Finding]:
    """The stationary variance of the stochastic modified equations, to second order in the learning rate."""
    eta = sp.Symbol("eta", positive=True)
    exact = momentum_moments(sp.Matrix([[_H]]), sp.Matrix([[_C]]), sp.Matrix([[eta]]), 0)[0][0]

    def terms(value: Any) -> Any:
        return sp.series(value, eta, 0, 3).removeO()

    x = sp.Symbol("x")
    loss = _H * x**2 / 2
    slopes = {1: sp.diff(loss, x), 2: sp.diff(loss + eta / 4 * sp.diff(loss, x) ** 2, x)}
    variances = {order: eta * _C / (2 * sp.diff(slope, x)) for order, slope in slopes.items()}
    note = "to order η²"
    return [
        quantity_finding(
            "stationary variance of the first stochastic modified equation",
            EQUATIONS,
            "dX = -∇f dt + √(ηΣ) dW, so ηC/(2h)",
            {"variance": (terms(variances[1]), terms(exact))},
            why="an approximation: the equation is right to weak order η at finite times, and its stationary variance lacks +η²C/4",
            note=note,
        ),
        quantity_finding(
            "stationary variance of the second stochastic modified equation",
            EQUATIONS,
            "dX = -∇(f + (η/4)|∇f|²) dt + √(ηΣ) dW, so ηC/(2h) - η²C/4",
            {"variance": (terms(variances[2]), terms(exact))},
            why="an approximation: weak order η² at finite times does not fix the stationary variance, whose second order has the "
            "other sign",
            note=note,
        ),
    ]
