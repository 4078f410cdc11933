r"""Printed formulas for the noise of one batch, held to every batch that can be drawn, and to Isserlis' theorem for Gaussian inputs."""

from __future__ import annotations

from itertools import product
from typing import Any

import sympy as sp

from sgdsym.literature.finding import Finding, quantity_finding
from sgdsym.literature.recursions import average, covariance_of_batches, entries
from sgdsym.literature.sources import BAYESIAN_VIEW, ESSAY, FACTORS, INFERENCE, POWER_LAW, STRENGTH

_HALF = sp.Rational(1, 2)
# five gradients in two weights, whose mean does not vanish
GRADIENTS = [sp.Matrix(g) for g in ((1, 0), (2, -1), (-1, 3), (0, 1), (3, 2))]
SKEWED = [sp.Integer(g) for g in (3, -1, 4, 1, -5, 9)]
_N, _MEAN = len(GRADIENTS), average(GRADIENTS)
_SQUARES = average([g * g.T for g in GRADIENTS])
_D = _SQUARES - _MEAN * _MEAN.T
_EXAMPLE = "N = 5 gradients in two weights, every batch"


def minibatch_findings() -> list[Finding]:
    """Findings on the noise of one batch."""
    return [
        *_with_replacement(),
        *_without_replacement(),
        *_quadratic_form(),
        *_losses(),
        *_gaussian_inputs(),
        _fisher(),
    ]


def _with_replacement() -> list[Finding]:
    exact = {b: covariance_of_batches(GRADIENTS, b, replacement=True) for b in (1, 2)}
    printed = {b: _D / b for b in exact}
    pairs = {k: v for b in exact for k, v in entries(f"b={b}: Var", printed[b], exact[b]).items()}
    return [
        quantity_finding(
            "covariance of a batch gradient, drawn with replacement",
            f"{INFERENCE}, lemma 1; {ESSAY}, lemma 1",
            "var(∇f_b) = D/b,  D = (1/N) Σ_k g_k g_kᵀ - g gᵀ",
            pairs,
            note=_EXAMPLE,
        ),
        quantity_finding(
            "noise of a batch, with the covariance C of one sample",
            f"{FACTORS}, slide on the SDE",
            "g^(S) = g + Δg/√S,  Δg ~ N(0, C)",
            {k: v for b in exact for k, v in entries(f"S={b}: S·Cov", _D, b * exact[b]).items()},
            note=f"second moments; {_EXAMPLE}",
        ),
        quantity_finding(
            "a batch is Gaussian: the third cumulant of its gradient vanishes",
            f"{FACTORS}, slide on the SDE",
            "Δg ~ N(0, C), so κ₃(g^(S)) = 0",
            {f"S={b}: κ₃": (0, _third_cumulant(b)) for b in (1, 2, 3)},
            why="an approximation by the central limit theorem: the third cumulant is that of one sample over S², smaller than the "
            "covariance by one power of S only",
            note="six gradients in one weight, every batch",
        ),
        quantity_finding(
            "covariance of a batch gradient by sums over the data, drawn with replacement",
            f"{STRENGTH}, proposition 1",
            "C(w) = (1/S) [(1/N) Σ ∇ℓ_i ∇ℓ_iᵀ - ∇L ∇Lᵀ]",
            {k: v for b in exact for k, v in entries(f"S={b}: C", (_SQUARES - _MEAN * _MEAN.T) / b, exact[b]).items()},
            note=_EXAMPLE,
        ),
    ]


def _third_cumulant(batch_size: int) -> Any:
    means = [sum(batch) / sp.Integer(batch_size) for batch in product(SKEWED, repeat=batch_size)]
    mean = average(means)
    return average([(m - mean) ** 3 for m in means])


def _without_replacement() -> list[Finding]:
    sizes = (1, 2, 4)
    exact = {b: covariance_of_batches(GRADIENTS, b, replacement=False) for b in sizes}

    def compared(formula: Any, label: str = "Var") -> dict[str, tuple[Any, Any]]:
        return {k: v for b in sizes for k, v in entries(f"b={b}: {label}", formula(b), exact[b]).items()}

    def share(b: int) -> Any:
        return sp.Rational(1, b) * (1 - sp.Rational(b, _N))

    total = _N * _SQUARES / (_N - 1)
    return [
        quantity_finding(
            "covariance of a batch gradient, drawn without replacement",
            f"{INFERENCE}, equation (A2), simplified and put right",
            "(D/b) (N - b)/(N - 1)",
            compared(lambda b: _D / b * sp.Rational(_N - b, _N - 1)),
            note=_EXAMPLE,
        ),
        quantity_finding(
            "covariance of a batch gradient, drawn without replacement, by indicators",
            f"{INFERENCE}, equation (A2)",
            "(1/b)(1 - b/N) [Σ g_k g_kᵀ/(N - 1) - (1 - 1/(N - 1)) g gᵀ]",
            compared(lambda b: share(b) * (total - (1 - sp.Rational(1, _N - 1)) * _MEAN * _MEAN.T)),
            why="a misprint of sign: two indicators of a batch are negatively correlated, so g gᵀ stands with 1 + 1/(N - 1) = N/(N "
            "- 1)",
            note=_EXAMPLE,
        ),
        quantity_finding(
            "covariance of a batch gradient, drawn without replacement, by indicators, with the sign put right",
            f"{INFERENCE}, equation (A2), put right",
            "(1/b)(1 - b/N) [Σ g_k g_kᵀ/(N - 1) - (1 + 1/(N - 1)) g gᵀ]",
            compared(lambda b: share(b) * (total - (1 + sp.Rational(1, _N - 1)) * _MEAN * _MEAN.T)),
            note=_EXAMPLE,
        ),
        quantity_finding(
            "temperature of batches drawn without replacement",
            f"{INFERENCE}, after equation (A2)",
            "β'⁻¹ = (η/2b)(1 - b/N), so var = (D/b)(1 - b/N)",
            compared(lambda b: share(b) * _D),
            why=f"an approximation for large N that keeps 1 - b/N and drops N/(N - 1): it is too small by 1/N, here by "
            f"{sp.Rational(1, _N)} of itself",
            note=_EXAMPLE,
        ),
        quantity_finding(
            "noise of the power-law theory, drawn without replacement",
            POWER_LAW,
            "Σ = (1/B) (N - B)/(N - 1) [(1/N) Σ ∇ℓ ∇ℓᵀ - ∇L ∇Lᵀ]",
            compared(lambda b: _D / b * sp.Rational(_N - b, _N - 1), "Σ"),
            note=_EXAMPLE,
        ),
        quantity_finding(
            "noise of the power-law theory, for small batches",
            POWER_LAW,
            "Σ ≈ (1/B) [(1/N) Σ ∇ℓ ∇ℓᵀ - ∇L ∇Lᵀ],  B ≪ N",
            compared(lambda b: _D / b, "Σ"),
            why="an approximation for B ≪ N, too large by the factor (N - 1)/(N - B)",
            note=_EXAMPLE,
        ),
        quantity_finding(
            "noise scale of SGD",
            BAYESIAN_VIEW,
            "g = ε (N/B - 1), so that a step adds the covariance ε² N (N/B - 1) D to the gradient of the summed loss",
            {
                k: v
                for b in sizes
                for k, v in entries(f"B={b}: Cov", _N * (sp.Rational(_N, b) - 1) * _D, _N**2 * exact[b]).items()
            },
            why="an approximation for large N: batches without replacement add N/(N - 1) times as much",
            note=_EXAMPLE,
        ),
    ]


def _quadratic_form() -> list[Finding]:
    points = [sp.Matrix(x) for x in ((1, 2), (-1, 0), (3, 1), (0, -2))]
    form = sp.Matrix([[2, 1], [1, -1]])
    mean = average(points)
    covariance = average([x * x.T for x in points]) - mean * mean.T
    return [
        quantity_finding(
            "mean of a quadratic form",
            f"{ESSAY}, lemma 2",
            "E[xᵀA x] = Tr(A S) + mᵀA m",
            {
                "E[xᵀA x]": (
                    (form * covariance).trace() + (mean.T * form * mean)[0],
                    average([(x.T * form * x)[0] for x in points]),
                )
            },
            note="four equally likely points",
        )
    ]


def _losses() -> list[Finding]:
    """Squared errors whose residual does not depend on the input, at the least loss: all products of two inputs and two residuals."""
    inputs, residuals = (sp.Integer(1), sp.Integer(3)), (sp.Integer(-2), sp.Integer(2))
    data = list(product(inputs, residuals))
    n, losses = len(data), [r**2 / 2 for _, r in data]
    loss, hessian = average(losses), average([x**2 for x, _ in data])
    slopes = [sp.Matrix([r * x]) for x, r in data]
    exact = {b: covariance_of_batches(slopes, b, replacement=True)[0] for b in (1, 2)}
    halves = {b: average([sum(batch) / (2 * b) for batch in product(losses, repeat=b)]) for b in (1, 2)}
    return [
        quantity_finding(
            "noise at a minimum of a squared error",
            f"{POWER_LAW}, equation (6)",
            "Σ(θ) ≈ (2L(θ)/(N B)) H",
            {f"B={b}: Σ": (2 * loss / (n * b) * hessian, exact[b]) for b in exact},
            why="a misprint: the mean over the data is already in L, so 1/N does not stand there; equation (13) and all that "
            "follows use 2L/B",
            note=f"N = {n} points with residuals apart from inputs, every batch",
        ),
        quantity_finding(
            "noise at a minimum of a squared error, as the later equations have it",
            f"{POWER_LAW}, equation (13)",
            "Σ(θ) ≈ (2L(θ)/B) H",
            {f"B={b}: Σ": (2 * loss / b * hessian, exact[b]) for b in exact},
            note=f"N = {n} points with residuals apart from inputs, every batch",
        ),
        quantity_finding(
            "loss of a batch",
            f"{POWER_LAW}, equation (2)",
            "L_B(θ) = (1/2B) Σ_{μ∈B} ℓ_μ,  ℓ = (f - y)²/2",
            {f"B={b}: E[L_B]": (halves[b], loss) for b in halves},
            why="a misprint: the half of the squared error is already in ℓ, so the mean over batches is half the loss",
            note="the mean over all batches must be L",
        ),
    ]


def _gaussian_inputs() -> list[Finding]:
    """Linear regression with x ~ N(0, A): gradients (x·w - ε) x, by Isserlis' theorem."""
    a = sp.Matrix([[1, sp.Rational(3, 10)], [sp.Rational(3, 10), _HALF]])
    w = sp.Matrix([sp.Rational(7, 10), -1])
    noise = sp.Rational(1, 4)
    exact = _regression_covariance(a, w, noise)
    inner = (w.T * a * w)[0]
    loss = (inner + noise) / 2
    single = sp.symbols("a w sigma2", positive=True)
    one = _regression_covariance(sp.Matrix([[single[0]]]), sp.Matrix([[single[1]]]), single[2])
    return [
        quantity_finding(
            "noise of linear regression with Gaussian inputs",
            f"{STRENGTH}, lemma 1",
            "S C(w) = A w wᵀA + (wᵀA w) A + σ² A",
            entries("S·C", a * w * w.T * a + inner * a + noise * a, exact),
            note="fourth moments by Isserlis' theorem",
        ),
        quantity_finding(
            "noise near a general minimum",
            f"{STRENGTH}, theorem 5",
            "S C(w) = 2L(w) H - ∇L ∇Lᵀ",
            entries("S·C", 2 * loss * a - a * w * w.T * a, exact),
            why="an approximation that decouples loss and curvature: for Gaussian inputs A w wᵀA enters with + and not with -, "
            "so the part of C that grows with w is too small, and lost altogether in one weight",
            note="Gaussian inputs, two weights",
        ),
        quantity_finding(
            "noise proportional to the loss, in linear regression of one weight",
            f"{POWER_LAW}, equation (13)",
            "B Σ = 2L(w) H",
            entries("B·Σ", sp.Matrix([[(single[0] * single[1] ** 2 + single[2]) * single[0]]]), one),
            why="an approximation that decouples loss and curvature and drops ∇L ∇Lᵀ: for Gaussian inputs the part of the noise "
            "that grows with w is half of what it is",
            note="Gaussian inputs",
        ),
    ]


def _regression_covariance(a: Any, w: Any, label_variance: Any) -> Any:
    """The covariance of the gradient of one sample, from all pairings of the four Gaussian factors."""
    p = a.shape[0]
    mean = a * w

    def fourth(i: int, j: int) -> Any:
        pairs = ((i, j, k, m) for k in range(p) for m in range(p))
        # the three pairings of x_i, x_j, x_k and x_m
        return sum(w[k] * w[m] * (a[i, j] * a[k, m] + a[i, k] * a[j, m] + a[i, m] * a[j, k]) for i, j, k, m in pairs)

    return sp.Matrix(p, p, lambda i, j: sp.expand(fourth(i, j) + label_variance * a[i, j])) - mean * mean.T


def _fisher() -> Finding:
    """A Gaussian model of variance 1 for data of another variance, at its optimum: Hessian 1, noise the variance of the data."""
    variance = sp.Symbol("v", positive=True)
    x = sp.Symbol("x", real=True)
    density = sp.exp(-(x**2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)
    slope = sp.integrate(x**2 * density, (x, -sp.oo, sp.oo))
    return quantity_finding(
        "covariance of the noise near a minimum of a log-likelihood",
        f"{ESSAY}; {INFERENCE}",
        "when x approaches a local minimum, D approaches a scaled version of the Hessian (scale 1 for a log-likelihood)",
        {"D": (1, slope)},
        why="a mixed assumption: D is the Hessian where the model is the law of the data; here a model of variance 1 meets data "
        "of variance v, and D/H = v",
        note="Gaussian model, H = 1",
    )
