"""Printed consequences for batches, epochs and noise: corrections, regularisers and forces."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import sympy

from sgdsym.diagrams import Diagram
from sgdsym.literature.finding import Finding, series_finding
from sgdsym.literature.names import named_series, times
from sgdsym.literature.sources import CODE, FLATTER, PAPER
from sgdsym.numeric import Polynomial, interpret_diagram, polynomial_derivatives
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import (
    along_gradient,
    batch_size_correction,
    compare,
    covariance_trace,
    curvature_noise_force,
    epochs_correction,
    gdc_regulariser,
    gradient,
    noise_curvature,
    potential,
    squared_gradient,
)


def batch_findings() -> list[Finding]:
    """Findings on what batches, epochs and noise do."""
    return [*_batch_sizes(), *_epochs(), *_forces(), _trace_identity(), _estimator()]


def _batch_sizes() -> list[Finding]:
    one_epoch = compare("gd", "fixed:B=1,E=1", order=2, basis="moment").difference
    per_update = batch_size_correction(batch_size=1, observable="displacement")
    return [
        series_finding(
            "gradient descent minus SGD, test loss, one epoch of T = N updates",
            CODE,
            "-η² (C(T,2)/N) (G·E[hg] - G·H G)",
            named_series({"Vtwg": "-(N - 1)/2", "Vpln": "(N - 1)/2"}),
            one_epoch,
            "a misprint of sign: the difference is taken the other way round",
        ),
        series_finding(
            "gradient descent minus SGD, test loss, T = MN updates",
            f"{PAPER}, section 3.3",
            "η² (M(N - 1)/4) G·∇tr C,  B = 1, M = E",
            times("E*(N - 1)/4", along_gradient(covariance_trace())),
            batch_size_correction(batch_size=1),
        ),
        series_finding(
            "gradient descent minus SGD, displacement",
            f"{PAPER}, section 3.3",
            "η² (T(N - 1)/4N) ∇tr C,  B = 1, T = EN",
            times("E*N*(N - 1)/(4*N)", gradient(covariance_trace())),
            per_update,
        ),
        series_finding(
            "GDC: the regulariser with which gradient descent emulates SGD",
            f"{PAPER}, section 3.3",
            "η ((N - 1)/4N) tr C",
            times("(N - 1)/(4*N)", covariance_trace()),
            gdc_regulariser(batch_size=1),
        ),
    ]


def _epochs() -> list[Finding]:
    batches = times("N*(1 - 1/E)/(4*B)", along_gradient(squared_gradient()))
    noise = times("N*(1 - 1/E)/(4*B**2)", along_gradient(covariance_trace()))
    return [
        series_finding(
            "E epochs at η/E minus one epoch at η, displacement, B = 1",
            f"{PAPER}, section 3.3",
            "η² ((E - 1)N/4E) ∇tr C",
            times("(E - 1)*N/(4*E)", gradient(covariance_trace())),
            epochs_correction(batch_size=1, observable="displacement"),
            "a term is forgotten: smaller steps also follow the flow of the mean loss better, by the gradient of |G|²",
        ),
        series_finding(
            "E epochs at η/E minus one epoch at η, test loss, batches of B",
            f"{PAPER}, section 3.3, put right",
            "η² (N/2B)(1 - 1/E) [G·H G + (1/2B) G·∇tr C]",
            batches + noise,
            epochs_correction(),
        ),
    ]


def _forces() -> list[Finding]:
    force = curvature_noise_force(batch_size=1)
    pulled = Series({Diagram(4, [(0, 1), (0, 2), (0, 3)], [(0,), (1, 2)], [3]): Coefficient(1)}, 3)
    return [
        series_finding(
            "displacement of SGD from a minimum, third order",
            f"{PAPER}, section 3.1",
            "-η³ (T(T - 1)/4) J:C",
            times("-T*(T - 1)/4", pulled),
            force,
        ),
        _smoothing(force, pulled),
    ]


def _smoothing(force: Series, pulled: Series) -> Finding:
    """The force is the gradient of C:H with C held fixed, and of nothing if C changes."""
    [(diagram, _)] = list(pulled)
    frozen = {d: c for d, c in gradient(noise_curvature()).terms.items() if d == diagram}
    try:
        potential(force)
    except ValueError:
        conservative = ""
    else:
        conservative = "the displacement is the gradient of a scalar"
    differs = "" if set(force.terms) == set(frozen) else "the displacement is not along the gradient of C:H at fixed C"
    return Finding(
        "SGD descends on a loss smoothed by the current noise; the force need not be conservative",
        f"{PAPER}, section 3.1; {FLATTER}, for constant isotropic noise",
        "force along -∇(C:H/2) at fixed C, no gradient when C changes",
        f"{force.to_text()} is along ∇(C:H) at fixed C; undoing the gradient fails"
        if not (differs or conservative)
        else force.to_text(),
        "; ".join(words for words in (differs, conservative) if words),
    )


def _trace_identity() -> Finding:
    """The identity among diagrams, and its value on a random exact population beside a derivative by sympy."""
    coupled = Diagram(3, [(0, 1), (1, 2)], [(0, 1)], [2])
    descent = Diagram(3, [(0, 1), (1, 2)], None, [2])
    formula = Series({coupled: Coefficient(2), descent: Coefficient(-2)}, 2, "moment")
    finding = series_finding(
        "gradient of the trace of the covariance",
        f"{PAPER}, section 3.3",
        "∂_k tr C = 2 (E[g_m h_mk] - G_m H_mk)",
        formula,
        gradient(covariance_trace()),
    )
    expected, found = _random_trace_gradient(formula)
    if expected == found:
        return finding
    words = f"on a random population the gradient is {expected}, not {found}"
    return Finding(finding.name, finding.source, finding.printed, finding.derived, words)


def _random_trace_gradient(formula: Series) -> tuple[list[Fraction], list[Fraction]]:
    draw = Random(7)  # noqa: S311 - an arbitrary population, nothing secret
    powers = [(a, b) for a in range(4) for b in range(4 - a)]
    losses: list[Polynomial] = [{exponents: Fraction(draw.randint(-5, 5), 3) for exponents in powers} for _ in range(4)]
    start = (Fraction(1, 2), Fraction(-2, 3))
    tensors = polynomial_derivatives(losses, theta=start, order=3)
    found = sum(interpret_diagram(d, "moment", tensors) * c.as_fraction() for d, c in formula)
    weights = sympy.symbols("u v")
    slopes = [
        [
            sympy.diff(sum(sympy.Rational(c) * weights[0] ** a * weights[1] ** b for (a, b), c in loss.items()), w)
            for w in weights
        ]
        for loss in losses
    ]
    trace = sum(
        sum(slope[i] ** 2 for slope in slopes) / 4 - (sum(slope[i] for slope in slopes) / 4) ** 2 for i in range(2)
    )
    point = {w: sympy.Rational(x) for w, x in zip(weights, start, strict=True)}
    expected = [sympy.diff(trace, w).subs(point) for w in weights]
    return [Fraction(int(x.p), int(x.q)) for x in expected], list(found)


def _estimator() -> Finding:
    """Means of products of gradients at two independent points x and y, as diagrams."""
    printed = _two_point_trace({"x": 1, "y": -1}, {"x": 1}) / 2
    return series_finding(
        "estimator of the covariance in the regulariser, trace",
        f"{PAPER}, section 3.3",
        "E[(∇l_x - ∇l_y) ∇l_x]/2",
        printed,
        covariance_trace(),
        "a factor 1/2 too many: it belongs to the form in which both factors are differences of two points",
    )


def _two_point_trace(left: dict[str, int], right: dict[str, int]) -> Series:
    """Mean of the scalar product of two sums of gradients at independent data points."""
    # E[∇l_x·∇l_x] is the second moment, and for independent points E[∇l_x·∇l_y] = G·G
    same = sum(a * b for x, a in left.items() for y, b in right.items() if x == y)
    apart = sum(a * b for x, a in left.items() for y, b in right.items() if x != y)
    return named_series({"Iall": str(same), "Ipln": str(apart)})
