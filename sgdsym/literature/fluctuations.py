r"""Printed relations of a stationary run, thresholds of its stability and modified equations of Adam, held to exact maps of the moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from sgdsym.literature.finding import Finding, quantity_finding
from sgdsym.literature.recursions import average, batches, entries, fixed_point, spectral_radius
from sgdsym.literature.sources import ADAM, CATAPULT, RELATIONS, SPHERE, STABILITY

_HALF = sp.Rational(1, 2)
# quadratic losses of four data points in two weights: (θ - c)ᵀ H (θ - c)/2, given by H and the gradient at the origin
_VECTORS = [sp.Matrix(v) for v in ((1, sp.Rational(1, 5)), (sp.Rational(3, 10), 1), (1, -1), (_HALF, _HALF))]
_HESSIANS = [v * v.T + sp.eye(2) / 10 for v in _VECTORS]
_SLOPES = [sp.Matrix(g) for g in ((1, 0), (-1, 2), (_HALF, -1), (-_HALF, -1))]
_POINTS = list(zip(_HESSIANS, _SLOPES, strict=True))
_MEAN = average(_HESSIANS)
_RATE = sp.Rational(2, 5)
_FOUR = "four quadratic losses in two weights, every batch"


def fluctuation_findings() -> list[Finding]:
    """Findings on stationary relations, stability and adaptive steps."""
    return [*_relations(), _potential_relation(), *_stability(), *_adam(), _catapult(), _sphere()]


def _second_moments(batch_size: int, *, replacement: bool, rate: Any = _RATE) -> Any:
    """The stationary second moments of the weights around the minimum, from every batch."""
    steps = _batch_means(batch_size, replacement)

    def step(moments: Any) -> Any:
        kept = average([(sp.eye(2) - rate * h) * moments * (sp.eye(2) - rate * h).T for h, _ in steps])
        return kept + rate**2 * average([g * g.T for _, g in steps])

    return fixed_point(step, 2)


def _batch_means(batch_size: int, replacement: bool) -> list[tuple[Any, Any]]:
    drawn = batches(_POINTS, batch_size, replacement)
    return [(average([h for h, _ in batch]), average([g for _, g in batch])) for batch in drawn]


def _relations() -> list[Finding]:
    """Both sides of the relations in the stationary state: weights have mean zero, their second moments are exact."""
    moments = _second_moments(1, replacement=True)
    # the mean of the outer square of a batch gradient, at weights of these moments
    squares = average([h * moments * h + g * g.T for h, g in _POINTS])
    along = (_MEAN * moments).trace()
    excess = along / 2
    note = f"η = 2/5, one point a step; {_FOUR}"
    mu, dampening = _HALF, sp.Rational(1, 3)
    heavy, speed = _momentum_moments(mu, dampening)
    return [
        quantity_finding(
            "first fluctuation-dissipation relation",
            f"{RELATIONS}, FDR1",
            "⟨θ·∇f⟩ = (η/2) ⟨Tr C̃⟩",
            {"⟨θ·∇f⟩": (_RATE / 2 * squares.trace(), along)},
            note=note,
        ),
        quantity_finding(
            "second fluctuation-dissipation relation, quadratic loss",
            f"{RELATIONS}, FDR2",
            "⟨|∇f|²⟩ = (η/2) ⟨Tr(H C̃)⟩",
            {"⟨|∇f|²⟩": (_RATE / 2 * (_MEAN * squares).trace(), (_MEAN * moments * _MEAN).trace())},
            note=note,
        ),
        quantity_finding(
            "stationary loss of a quadratic",
            RELATIONS,
            "f̄ - f* = (η/4) Tr C̃",
            {"f̄ - f*": (_RATE / 4 * squares.trace(), excess)},
            note=note,
        ),
        quantity_finding(
            "first fluctuation-dissipation relation with momentum",
            f"{RELATIONS}, FDR1'",
            "⟨θ·∇f⟩ = ((1 + μ)/(2(1 - ν))) η ⟨v²⟩,  v ← μv - (1 - ν)∇f_B,  θ ← θ + ηv",
            {"⟨θ·∇f⟩": ((1 + mu) / (2 * (1 - dampening)) * _RATE * speed.trace(), (_MEAN * heavy).trace())},
            note=f"μ = 1/2, ν = 1/3; {note}",
        ),
    ]


def _momentum_moments(mu: Any, dampening: Any) -> tuple[Any, Any]:
    gain = 1 - dampening

    def step(moments: Any) -> Any:
        total = sp.zeros(4)
        for h, g in _POINTS:
            kept = sp.BlockMatrix(
                [[sp.eye(2) - _RATE * gain * h, _RATE * mu * sp.eye(2)], [-gain * h, mu * sp.eye(2)]]
            ).as_explicit()
            push = sp.Matrix.vstack(-_RATE * gain * g, -gain * g)
            total += kept * moments * kept.T + push * push.T
        return total / len(_POINTS)

    moments = fixed_point(step, 4)
    return moments[:2, :2], moments[2:, 2:]


def _potential_relation() -> Finding:
    """The stationarity of the loss itself, for a quartic loss of one weight, as an identity in the weight."""
    eta, x = sp.symbols("eta x")
    losses = [x**4 + x**3 / 2 + x, x**4 / 3 - x**2, 2 * x**2 - 3 * x]
    mean = average(losses)
    slopes = [sp.diff(loss, x) for loss in losses]
    change = average([mean.subs(x, x - eta * slope) for slope in slopes]) - mean
    right = sum(
        (-eta) ** k / sp.factorial(k) * sp.diff(mean, x, k) * average([slope**k for slope in slopes]) for k in (2, 3, 4)
    )
    left = sp.diff(mean, x) ** 2
    return quantity_finding(
        "second fluctuation-dissipation relation, any loss",
        f"{RELATIONS}, FDR2",
        "⟨|∇f|²⟩ = (η/2)⟨Tr(H C̃)⟩ - (η²/6)⟨F₃:C̃₃⟩ + (η³/24)⟨F₄:C̃₄⟩ - …",
        {"change of the loss in a step": (0, sp.expand(change - (right - eta * left)))},
        note="three quartic losses of one weight: what the relation averages is f(θ - η∇f_B) - f(θ), here minus its two sides",
    )


def _stability() -> list[Finding]:
    noise = average([g * g.T for g in _SLOPES])
    n, unit = len(_POINTS), sp.eye(2)
    kron = sp.kronecker_product
    c = (kron(_MEAN, unit) + kron(unit, _MEAN)) / 2

    def d(p: Any) -> Any:
        return (1 - p) * kron(_MEAN, _MEAN) + p * average([kron(h, h) for h in _HESSIANS])

    found: dict[str, tuple[Any, Any]] = {}
    for batch, replacement in ((1, True), (2, True), (2, False), (3, False)):
        p = sp.Rational(1, batch) if replacement else sp.Rational(n - batch, batch * (n - 1))
        printed = _RATE * p * (2 * c - _RATE * d(p)).inv() * noise.reshape(4, 1)
        words = "with" if replacement else "without"
        exact = _second_moments(batch, replacement=replacement)
        found |= entries(f"B={batch} {words} replacement: Σ", printed.reshape(2, 2), exact)
    threshold = 2 / max(np.linalg.eigvals(_floats(c.inv() * d(1))).real)
    values, vectors = np.linalg.eigh(_floats(_MEAN))
    sharpest, direction = values[-1], vectors[:, -1]
    spread = np.mean([(direction @ _floats(h) @ direction - sharpest) ** 2 for h in _HESSIANS])
    bound = 2 * sharpest / (sharpest**2 + spread)
    return [
        quantity_finding(
            "stationary covariance with curvature that varies over the data",
            STABILITY,
            "vec Σ → ηp(2C - ηD)⁺ vec Σ_g,  C = (H ⊕ H)/2,  D = (1 - p) H⊗H + (p/n) Σ H_i⊗H_i,  p = 1/B or (n - B)/(B(n - 1))",
            found,
            note=f"η = 2/5; {_FOUR}",
        ),
        quantity_finding(
            "largest learning rate that is stable in mean square",
            STABILITY,
            "η* = 2/λ_max(C⁺D)",
            {"growth of the second moments at η*": (1, _growth(threshold))},
            close=1e-9,
            note=f"η* = {threshold:.9g} for B = 1, largest eigenvalue of their map over every batch",
        ),
        quantity_finding(
            "a bound on the largest stable learning rate",
            STABILITY,
            "η* ≤ 2λ_max/(λ_max² + (p/n) Σ (vᵀH_i v - λ_max)²)",
            {"η*/bound above 1": (0, max(0, int(threshold > bound)))},
            note=f"η* = {threshold:.7g}, bound {bound:.7g}; {_FOUR}",
        ),
    ]


def _floats(matrix: Any) -> Any:
    return np.array(matrix.tolist(), dtype=float)


def _growth(rate: float) -> float:
    def step(moments: Any) -> Any:
        return average([(sp.eye(2) - rate * h) * moments * (sp.eye(2) - rate * h) for h in _HESSIANS])

    return spectral_radius(step, 2)


def _adam() -> list[Finding]:
    """The second order of Adam's step after its warm-up, in two weights with any gradient and Hessian."""
    beta, rho, eps = sp.symbols("beta rho epsilon", positive=True)
    g = sp.symbols("g1:3", positive=True)
    hessian = [[sp.Symbol(f"h{min(i, j)}{max(i, j)}") for j in (1, 2)] for i in (1, 2)]
    root = [sp.sqrt(v**2 + eps) for v in g]
    flow = [-v / r for v, r in zip(g, root, strict=True)]
    # k steps ago the gradient was g - k h (H flow), and the mean of k in the averages is β/(1 - β) and ρ/(1 - ρ)
    turned = [sum(hessian[i][j] * flow[j] for j in range(2)) for i in range(2)]
    first = [-beta / (1 - beta) * t for t in turned]
    second = [-2 * v * rho / (1 - rho) * t for v, t in zip(g, turned, strict=True)]
    moved = [-(f / r - v * s / (2 * r**3)) for f, s, v, r in zip(first, second, g, root, strict=True)]
    # what the flow itself does in one step: half of its derivative along itself
    bend = [-(1 / r - v**2 / r**3) * t / 2 for v, r, t in zip(g, root, turned, strict=True)]
    exact = [m - b for m, b in zip(moved, bend, strict=True)]
    ratio = (1 + beta) / (1 - beta), (1 + rho) / (1 - rho)
    printed = []
    for i in range(2):
        factor = ratio[0] - ratio[1] + ratio[1] * eps / root[i] ** 2
        norm = sum(hessian[i][j] * g[j] / root[j] for j in range(2))
        printed.append(-factor * norm / (2 * root[i]))
    usual = {beta: sp.Rational(9, 10), rho: sp.Rational(999, 1000)}
    # the coefficient of the norm's gradient, read off the derived velocity
    coefficient = sp.cancel(-2 * root[0] * exact[0] / sum(hessian[0][j] * g[j] / root[j] for j in range(2)))
    return [
        quantity_finding(
            "modified equation of Adam",
            ADAM,
            "θ̇_j = -[∂_jE + (h/2) c_j ∂_j|∇E|_{1,ε}]/√((∂_jE)² + ε),  c_j = (1+β)/(1-β) - (1+ρ)/(1-ρ) + ((1+ρ)/(1-ρ)) ε/((∂_jE)² + ε)",
            {f"second order, weight {i + 1}": (printed[i], exact[i]) for i in range(2)},
            note="from the averages of past gradients along the flow, in symbols",
        ),
        quantity_finding(
            "Adam with its usual decays does not penalise the norm of the gradient",
            ADAM,
            "c_j < 0 for ε → 0 and ρ > β; c_j → (1+β)/(1-β) where ε is large",
            {
                "c for ε → 0": (ratio[0].subs(usual) - ratio[1].subs(usual), sp.limit(coefficient, eps, 0).subs(usual)),
                "c for large ε": (ratio[0].subs(usual), sp.limit(coefficient, eps, sp.oo).subs(usual)),
            },
            note="β = 9/10, ρ = 999/1000",
        ),
    ]


def _catapult() -> Finding:
    eta, width = sp.symbols("eta n", positive=True)
    u, v = sp.symbols("u1:3"), sp.symbols("v1:3")

    def output(left: Any, right: Any) -> Any:
        return sum(a * b for a, b in zip(left, right, strict=True)) / sp.sqrt(width)

    def kernel(left: Any, right: Any) -> Any:
        return sum(a**2 for a in (*left, *right)) / width

    f, norm = output(u, v), kernel(u, v)
    loss = f**2 / 2
    new_u, new_v = ([w - eta * sp.diff(loss, w) for w in weights] for weights in (u, v))
    return quantity_finding(
        "one step of gradient descent on a product of two layers",
        CATAPULT,
        "f' = f(1 - ηλ + η²f²/n),  λ' = λ + (ηf²/n)(ηλ - 4)",
        {
            "f' minus the formula": (0, sp.expand(output(new_u, new_v) - f * (1 - eta * norm + eta**2 * f**2 / width))),
            "λ' minus the formula": (0, sp.expand(kernel(new_u, new_v) - norm - eta * f**2 / width * (eta * norm - 4))),
        },
        note="two units, in symbols",
    )


def _sphere() -> Finding:
    eta, decay, square, fourth = sp.symbols("eta gamma G r4", positive=True)
    # the gradient of a scale-invariant loss is across the weights and falls as 1/r, so r² ← (1 - ηγ)² r² + η²G/r²
    (found,) = sp.solve((1 - eta * decay) ** 2 * fourth + eta**2 * square - fourth, fourth)
    return quantity_finding(
        "norm of scale-invariant weights under weight decay",
        SPHERE,
        "r⁴ = ηĜ/(γ(2 - ηγ))",
        {"r⁴": (eta * square / (decay * (2 - eta * decay)), found)},
        note="where a step keeps the norm, Ĝ the mean square of the gradient at r = 1",
    )
