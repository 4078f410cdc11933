r"""Printed Gibbs laws, escape rates and potentials of the continuous models, put into their Fokker–Planck equations or integrated."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import sympy as sp

from sgdsym.diagrams import Diagram
from sgdsym.literature.finding import Finding, quantity_finding, series_finding
from sgdsym.literature.recursions import HESSIAN, NOISE, entries, fixed_point
from sgdsym.literature.sources import FACTORS, INFERENCE, POWER_LAW
from sgdsym.series import COVARIANCE, Coefficient, Series, Setting
from sgdsym.sgd import expand
from sgdsym.stationary import mean_first_passage

_HALF = sp.Rational(1, 2)
_ETA, _S, _SIGMA = sp.symbols("eta S sigma", positive=True)
_X, _Y = sp.symbols("x y", real=True)
_N = _ETA / _S


def thermal_findings() -> list[Finding]:
    """Findings on continuous models: where they settle and how they escape."""
    return [_increments(), *_gibbs(), *_basins(), *_power_law(), _escape(), *_potential()]


def _increments() -> Finding:
    """The covariance of the weights after T iterations of the SDE, from the expansion."""
    moved = expand(observable="covariance", dynamics="sde", order=2)
    noise = Diagram(4, [(0, 1), (2, 3)], [(1, 3)], [0, 2])
    printed = Series({noise: Coefficient("T/B")}, 2, setting=Setting(observable=COVARIANCE))
    return series_finding(
        "noise of the SDE of SGD, time in iterations",
        f"{FACTORS}, slide on the SDE",
        "dθ/dt = -η g + (η/√S) B f(t),  C = B Bᵀ, so Cov θ_T = η² T C/S (S is the batch size B of the expansion)",
        printed,
        moved,
    )


def _current(law: Any, drift: list[Any], diffusion: Any, weights: list[Any]) -> list[Any]:
    """The current of a Fokker-Planck equation over the density, one entry for each weight."""
    p = len(weights)
    return [
        sp.simplify(drift[i] - sum(sp.diff(diffusion[i, j] * law, weights[j]) for j in range(p)) / law)
        for i in range(p)
    ]


def _gibbs() -> list[Finding]:
    weights = [_X, _Y]
    loss = (_X**2 - 1) ** 2 + _X * _Y + 2 * _Y**2
    drift = [-_ETA * sp.diff(loss, w) for w in weights]
    law = sp.exp(-2 / (_N * _SIGMA**2) * loss)
    isotropic = _current(law, drift, _ETA**2 * _SIGMA**2 / (2 * _S) * sp.eye(2), weights)
    h = sp.Symbol("h", positive=True)
    # one step of SGD near a minimum keeps this variance
    discrete = fixed_point(lambda s: (1 - _ETA * h) ** 2 * s + _ETA**2 * _SIGMA**2 / _S * sp.eye(1), 1)[0]
    c = sp.Symbol("c", positive=True)
    scaled = sp.cancel(discrete.subs({_ETA: c * _ETA, _S: c * _S}, simultaneous=True))
    return [
        quantity_finding(
            "stationary law of the SDE with isotropic noise",
            f"{FACTORS}, slide on Boltzmann-Gibbs",
            "P(θ) = P₀ exp(-(2/σ²)(1/n) L(θ)),  n = η/S",
            {f"current along {w}": (0, flow) for w, flow in zip("xy", isotropic, strict=True)},
            note="for L = (x² - 1)² + xy + 2y², in its Fokker-Planck equation",
        ),
        quantity_finding(
            "variance of SGD near a minimum by the Gibbs law",
            f"{FACTORS}, slide on Boltzmann-Gibbs",
            "P ∝ exp(-2L/(nσ²)), so Var = nσ²/(2h)",
            {"Var": (_N * _SIGMA**2 / (2 * h), discrete)},
            why="an approximation for small learning rates: SGD itself has nσ²/(h(2 - ηh)), larger by the factor 1/(1 - ηh/2)",
            note="exact recursion",
        ),
        quantity_finding(
            "the end of SGD depends on η/S alone",
            f"{FACTORS}, take-away",
            "invariance under simultaneous rescaling η → cη, S → cS, so Var = nσ²/(h(2 - ηh)) for every c",
            {"Var": (discrete, scaled)},
            why="an approximation for small learning rates: η also enters as ηh, whose size is the share of the change, so the "
            "invariance breaks down at large c",
            note="exact recursion with cη and cS",
        ),
    ]


def _basins() -> list[Finding]:
    """Two quadratic basins, integrated, and the same after a map of the weights."""
    n = sp.Symbol("n", positive=True)
    losses, heights = sp.symbols("L_A L_B"), sp.symbols("h_A h_B", positive=True)
    weights = [
        sp.integrate(sp.exp(-2 / (n * _SIGMA**2) * (loss + h * _X**2 / 2)), (_X, -sp.oo, sp.oo))
        for loss, h in zip(losses, heights, strict=True)
    ]
    ratio = sp.simplify(weights[0] / weights[1])
    printed = sp.sqrt(heights[1] / heights[0]) * sp.exp(2 / (n * _SIGMA**2) * (losses[1] - losses[0]))
    a, b = sp.symbols("a b", positive=True)
    # θ = φ(u) with slopes a and b at the two minima, so the Hessians are a² h_A and b² h_B
    mapped = printed.subs({heights[0]: a**2 * heights[0], heights[1]: b**2 * heights[1]}, simultaneous=True)
    return [
        quantity_finding(
            "probability of ending in one of two minima",
            f"{FACTORS}, slide on the ratio of probabilities",
            "p_A/p_B = √(det H_B/det H_A) exp((2/(nσ²))(L_B - L_A))",
            {"p_A/p_B": (printed, ratio)},
            note="quadratic basins, integrated",
        ),
        quantity_finding(
            "the ratio of probabilities under a change of the weights",
            f"{FACTORS}, slide on the ratio of probabilities",
            "this ratio is invariant to reparametrization",
            {"p_A/p_B after the map": (sp.simplify(printed), sp.simplify(mapped))},
            why="it holds for maps of the same Jacobian at both minima only, such as linear ones: with slopes a and b there the "
            "ratio changes by b/a, "
            "since noise that is isotropic in one set of weights is not in the other",
            note="slopes a and b of the map at the minima",
        ),
    ]


def _power_law() -> list[Finding]:
    """One weight with noise in proportion to the loss."""
    loss = sp.Function("L", positive=True)(_X)
    h, batch, eta = sp.symbols("h B eta", positive=True)
    temperature = eta * h / batch
    diffusion = sp.Matrix([[temperature * loss]])
    slope = sp.diff(loss, _X)
    law = loss ** -(1 + batch / (eta * h))
    dimension = sp.Symbol("n", positive=True)
    # r^{n-1} L^{-φ} falls as r^{n-1-2φ}, whose integral to infinity converges while n < 2φ
    (edge,) = sp.solve(dimension - 1 - 2 * (1 + 1 / temperature) + 1, dimension)
    clocked = loss ** (-1 / temperature)
    return [
        quantity_finding(
            "stationary law of SGD with noise in proportion to the loss",
            f"{POWER_LAW}, equation (18)",
            "P(θ) ∝ L(θ)^{-φ},  φ = 1 + B/(ηh)",
            {"current": (0, _current(law, [-slope], diffusion, [_X])[0])},
            note="one weight, any loss, in the Fokker-Planck equation of equation (13)",
        ),
        quantity_finding(
            "stationary law after the random change of time",
            f"{POWER_LAW}, equations (14) to (18)",
            "dθ̃ = -∇log L dτ + √(2ηH/B) dW, so P(θ̃) ∝ L^{-B/(ηh)}",
            {"current": (0, _current(clocked, [-slope / loss], diffusion / loss, [_X])[0])},
            note="one weight, any loss; drift and noise divided by L",
        ),
        quantity_finding(
            "effective dimension up to which a minimum holds SGD",
            f"{POWER_LAW}, equation (19)",
            "n < n_c = 2(B/(ηh) + 1)",
            {"n_c": (2 * (1 / temperature + 1), edge)},
            note="where the integral of r^{n-1} L^{-φ}, L growing as r², ceases to converge",
        ),
    ]


def _escape() -> Finding:
    """Mean first passage over a saddle of one weight, by quadrature, where the noise is small."""
    temperature = 0.02

    def loss(x: Any) -> Any:
        return 0.2 + x**2 / 2 - x**3 / 3

    def drift(x: Any) -> Any:
        return -(x - x**2)

    def diffusion(x: Any) -> Any:
        return temperature * loss(x)

    passage = mean_first_passage(drift, diffusion, start=0.0, target=1.3, wall=-1.0)
    rate = sqrt(1.0) / (2 * pi) * (loss(1.0) / loss(0.0)) ** -(0.5 + 1 / temperature)
    return quantity_finding(
        "escape rate over a saddle of one weight",
        f"{POWER_LAW}, equation (16)",
        "κ = (1/2π) √(h|h_s|) [L(θ_s)/L(θ)]^{-(1/2 + B/(ηh))}",
        {"κ": (sp.Float(rate), sp.Float(1 / float(passage)))},
        close=0.05,
        note=f"L = 0.2 + x²/2 - x³/3, ηh/B = {temperature}; one over the mean first passage, by quadrature, to 5 per cent",
    )


def _potential() -> list[Finding]:
    """The linear process, whose noise does not commute with the Hessian."""
    # FQ + QFᵀ = FD - DFᵀ for an antisymmetric matrix of one number
    q = sp.Symbol("q")
    turn = sp.Matrix([[0, q], [-q, 0]])
    equation = HESSIAN * turn + turn * HESSIAN.T - HESSIAN * NOISE + NOISE * HESSIAN.T
    (value,) = sp.solve(equation[0, 1], q)
    potential = (NOISE + turn.subs(q, value)).inv() * HESSIAN
    # the stationary covariance at temperature 1, from the fixed point of a map whose slope is small
    exact = fixed_point(lambda s: s - (HESSIAN * s + s * HESSIAN.T - 2 * NOISE) / 8, 2)
    return [
        quantity_finding(
            "potential of a linear process, from its antisymmetric matrix",
            f"{INFERENCE}, section on the Ornstein-Uhlenbeck process",
            "F = (D + Q) U, so ρ ∝ exp(-β xᵀU x/2)",
            entries("β Cov", potential.inv(), exact),
            note=f"Q₁₂ = {value}; Hessian and noise of the example",
        ),
        quantity_finding(
            "the potential of SGD is its loss",
            f"{INFERENCE}, on Φ = f",
            "ρ ∝ exp(-β f(x)) where D is a multiple of the unit matrix",
            entries("U", HESSIAN, _potential_of(sp.eye(2))),
            note="the linear process with D = 1, whose potential is xᵀU x/2",
        ),
    ]


def _potential_of(noise: Any) -> Any:
    covariance = fixed_point(lambda s: s - (HESSIAN * s + s * HESSIAN.T - 2 * noise) / 8, 2)
    return covariance.inv()
