r"""Printed implicit regularisers, of momentum and of reshuffled epochs, held to modified equations and resummed series.

A modified equation is compared order by order.  The noise of an epoch is read off runs whose updates have rates of their own:
what multiplies two different rates is the covariance of two batches.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from sgdsym.literature.finding import Finding, series_finding
from sgdsym.literature.names import times
from sgdsym.literature.sources import EPOCH_NOISE, HEAVY_BALL, MOMENTUM_METHODS, ORIGIN
from sgdsym.resummation.closed import closed_form
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import (
    LinearOptimizer,
    at_minimum,
    covariance_trace,
    expand,
    loss_corrections,
    modified,
    resum,
    squared_gradient,
)

_BATCHES = 3  # of an epoch whose noise is counted


def implicit_findings() -> list[Finding]:
    """Findings on modified losses and on the noise of epochs."""
    return [*_modified_losses(), _anticorrelation(), _variance_with_momentum()]


def _modified_losses() -> list[Finding]:
    beta, a = Coefficient.symbol("beta"), Coefficient.symbol("a")
    looking = LinearOptimizer([[1 + beta, -beta], [1, 0]], [1, 0], [1 + a, -a], [1, 0])
    reshuffled = times("1/4", squared_gradient()) + times("(N - B)/(4*B*(N - 1))", covariance_trace())
    return [
        series_finding(
            "implicit regulariser of SGD over reshuffled epochs",
            ORIGIN,
            "(η/4) |∇L|² + ((N - B)/(N - 1)) (η/4B) Γ,  Γ the variance of the gradients of the N points",
            reshuffled,
            _correction(modified(sampling="reshuffle", order=2)),
        ),
        series_finding(
            "implicit regulariser of heavy ball",
            HEAVY_BALL,
            "E/(1 - β) + η (1 + β)/(4(1 - β)³) |∇E|²",
            times("(1 + beta)/(4*(1 - beta)**3)", squared_gradient()),
            _correction(modified(dynamics="gd", order=2, momentum="beta")),
        ),
        series_finding(
            "modified potential of momentum, gradients at x + a(x - x₋)",
            MOMENTUM_METHODS,
            "β̄E + (η/2) β̄² (β̄ - a - 1/2) |∇E|²,  β̄ = 1/(1 - β)",
            times("(1/(1 - beta) - a - 1/2)/(2*(1 - beta)**2)", squared_gradient()),
            _correction(modified(dynamics="gd", order=2, optimizer=looking)),
        ),
        series_finding(
            "modified potential of Nesterov's momentum",
            f"{MOMENTUM_METHODS}, a = β",
            "β̄E + (η/2) β̄² (β̄ - β - 1/2) |∇E|²,  β̄ = 1/(1 - β)",
            times("(1/(1 - beta) - beta - 1/2)/(2*(1 - beta)**2)", squared_gradient()),
            _correction(modified(dynamics="gd", order=2, momentum="beta", nesterov=True)),
        ),
    ]


def _correction(drift: Series) -> Series:
    """The part of the modified loss that has one power of the learning rate."""
    found = loss_corrections(drift)[1]
    assert found is not None
    return found


def _anticorrelation() -> Finding:
    """Covariances of the noise of two batches so many updates apart, from an update at random in an epoch."""
    count = _BATCHES
    rates = [f"s{t}" for t in range(2 * count)]
    setting = {"observable": "covariance", "order": 2, "schedule": rates}
    sizes = {"sampling": "reshuffle", "dataset_size": count, "batch_size": 1, "epochs": 2}
    total = expand(**setting, **sizes) - expand(**setting, dynamics="gd", dataset_size=count)  # type: ignore[arg-type]
    ((_, covariance),) = total
    weights = {tuple(sorted(powers)): number for number, powers in covariance.monomials()}

    def noise(s: int, t: int) -> Fraction:
        if s == t:
            return weights.get(((rates[s], 2),), Fraction(0))
        # the covariance of the weights is Σ λ_s λ_t C_st: two different rates stand in it as C_st + C_ts
        return weights.get(tuple(sorted([(rates[s], 1), (rates[t], 1)])), Fraction(0)) / 2

    variance = noise(0, 0)
    derived = [sum((noise(k, k + h) for k in range(count)), Fraction(0)) / (count * variance) for h in range(count + 1)]
    printed = [Fraction(h == 0) - (Fraction(count - h, count * (count - 1)) if h else 0) for h in range(count + 1)]
    return _numbers(
        "the noise of epochs is anticorrelated",
        EPOCH_NOISE,
        "Cov(ξ_k, ξ_{k+h}) = C_b at h = 0, and -C_b (M - h)/(M(M - 1)) at h = 1, …, M;  "
        f"M = {count}: {_listed(printed)}",
        f"{_listed(derived)} for h = 0, …, M, from the covariance of the weights at a rate for each update",
        printed,
        derived,
    )


def _variance_with_momentum() -> Finding:
    """Epochs that are anticorrelated inside and independent of each other, driven through heavy ball."""
    points = [(Fraction(0), Fraction(1, 3)), (Fraction(1, 2), Fraction(1, 3)), (Fraction(9, 10), Fraction(1, 5))]
    printed = [_anticorrelated_variance(momentum, curvature) for momentum, curvature in points]
    derived = [_given_variance(momentum, curvature) for momentum, curvature in points]
    words = ", ".join(f"β = {momentum}, ηh = {curvature}" for momentum, curvature in points)
    return _numbers(
        "variance of heavy ball at the ends of reshuffled epochs, quadratic minimum",
        f"{EPOCH_NOISE}: their noise, put into heavy ball",
        f"Σ over epochs of η² C_b [M Σ w² - (Σ w)²]/(M - 1), w the weights of its updates;  M = {_BATCHES}, {words}: {_listed(printed)}",
        f"{_listed(derived)} in units of η² C_b: resummed, less the variance of gradient descent on the same points",
        printed,
        derived,
    )


def _anticorrelated_variance(momentum: Fraction, curvature: Fraction) -> Fraction:
    """The fixed point of the registers (weight, buffer) under epochs of M noises of covariance -1/(M - 1) with each other."""
    mu, moved = sp.Rational(momentum), sp.Rational(curvature)
    step, gain = sp.Matrix([[1 - moved, mu], [-moved, mu]]), sp.Matrix([1, 1])
    pushes = [step**j * gain for j in range(_BATCHES)]
    total = sum(pushes, sp.zeros(2, 1))
    # Σ_jk w_j w_kᵀ c_jk with c_jj = 1 and c_jk = -1/(M - 1): M batches without replacement sum to a constant
    noise = (_BATCHES * sum((w * w.T for w in pushes), sp.zeros(2)) - total * total.T) / (_BATCHES - 1)
    epoch = step**_BATCHES
    a, b, c = sp.symbols("a b c")
    spread = sp.Matrix([[a, b], [b, c]])
    solved = sp.solve(list(spread - epoch * spread * epoch.T - noise), [a, b, c])
    return Fraction(int(solved[a].p), int(solved[a].q))


def _given_variance(momentum: Fraction, curvature: Fraction) -> Fraction:
    """The variance for a training set that is given, over its batches' own: all of it less that of training sets."""
    rule = {
        "observable": "covariance",
        "order": 2,
        "dataset_size": _BATCHES,
        "form": "stationary",
        "momentum": momentum,
    }
    series = (
        at_minimum(resum(**rule, sampling="reshuffle", batch_size=1)),  # type: ignore[arg-type]
        at_minimum(resum(**rule, dynamics="gd")),  # type: ignore[arg-type]
    )
    both, sets = (
        sp.nsimplify(sp.simplify(closed_form(s, [sp.Rational(curvature)], {(1, 1): [[1]]}, learning_rate=1)[0, 0]))
        for s in series
    )
    found = sp.simplify(both - sets) * sp.Rational(_BATCHES, _BATCHES - 1)
    return Fraction(int(found.p), int(found.q))


def _numbers(
    name: str, source: str, printed: str, shown: str, wanted: list[Fraction], derived: list[Fraction]
) -> Finding:
    """Compare numbers one by one."""
    differs = "; ".join(f"{x} is derived, {y} printed" for x, y in zip(derived, wanted, strict=True) if x != y)
    return Finding(name, source, printed, shown, differs)


def _listed(numbers: list[Fraction]) -> str:
    return ", ".join(map(str, numbers))
