"""Printed expansions at short times: the first orders of the test loss, and SGD beside its continuous models."""

from __future__ import annotations

from dataclasses import replace

from sgdsym.diagrams import DIAGRAM_NAMES, Diagram
from sgdsym.literature.finding import Finding, series_finding
from sgdsym.literature.names import named_series, times
from sgdsym.literature.sources import CODE, PAPER, REGULARIZATION
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import (
    along_gradient,
    at_minimum,
    compare,
    covariance_trace,
    expand,
    flow_regulariser,
    gradient,
    loss_at_minimum,
    noise_curvature,
    non_gaussian_correction,
    squared_gradient,
)

_AT_MINIMUM = {"(0)()": "1", "(02-1)(01-12)": "T/2", "(03-1-2)(01-12-23)": "-T*(T - 1)/2", "(012-3)(03-13-23)": "-T/6"}


def short_time_findings() -> list[Finding]:
    """Findings on the expansion at short times."""
    return [*_one_pass(), _epochs_to_second_order(), *_variances(), *_flow(), *_diffusion()]


def _one_pass() -> list[Finding]:
    derived = expand(order=3, batch_size=1, basis="moment")
    path = DIAGRAM_NAMES["Vpln"]
    third = {
        "Zpln": "-4*T*(T - 1)*(T - 2)/6",
        "Ypln": "-2*T*(T - 1)*(T - 2)/6",
        "Ylvs": "-3*T*(T - 1)/4",
        "Zlvs": "-T*(T - 1)/2",
        "Zalt": "-T*(T - 1)/2",
        "Yerg": "-T/6",
    }
    return [
        series_finding(
            "test loss of one-pass SGD, first order",
            f"{PAPER}, section 2",
            "-η T G·G",
            named_series({"Ipln": "-T"}),
            derived.order(1),
        ),
        series_finding(
            "test loss of one-pass SGD, second order: the term G·H G",
            CODE,
            "η² C(T,2) G·H G",
            named_series({"Vpln": "T*(T - 1)/2"}),
            replace(derived, terms={path: derived[path]}, recount=None),
            "a factor 2 is forgotten: of two steps at different times either may be the later one",
        ),
        series_finding(
            "test loss of one-pass SGD, third order",
            f"{PAPER}, section 2: the expansion theorem, evaluated",
            "-η³ [C(T,3) (4 G·H²G + 2 JGGG) + C(T,2) (3/2 J:E[gg]G + H²:E[gg] + H_ab E[g_a h_bc] G_c) + T/6 J:E[ggg]]",
            named_series(third),
            derived.order(3),
        ),
        series_finding(
            "test loss of one-pass SGD from a minimum, to third order",
            f"{PAPER}, section 3",
            "l + η² (T/2) C:H - η³ [C(T,2) C:H² + (T/6) S:J]",
            named_series(_AT_MINIMUM, "cumulant"),
            loss_at_minimum(batch_size=1),
        ),
    ]


def _epochs_to_second_order() -> Finding:
    formula = (
        named_series({"(0)()": "1", "(0-1)(01)": "-E*N/B", "(0-1-2)(01-12)": "E*N/B*(E*N/B - 1/2)"}, "cumulant")
        + times("E**2*N/(2*B**2)", noise_curvature())
        + times("E*N/B*(E/B - 1/B)/4", along_gradient(covariance_trace()))
    )
    found = [
        series_finding(
            "test loss of SGD in epochs of N points, any shuffling, to second order",
            f"{PAPER}, section 3.3",
            "l - η MN G·G + η² [MN(MN - 1/2) G·H G + (M²N/2) C:H + (MN/4)(M - 1/B) G·∇tr C],  M = E/B",
            formula,
            expand(order=2, sampling=sampling),
        )
        for sampling in ("fixed", "reshuffle")
    ]
    # one finding for both samplings: the one that differs, if one does
    return max(found, key=lambda finding: finding.verdict == "differs")


def _variances() -> list[Finding]:
    diagram = Diagram(4, [(0, 1), (2, 3)], [(0,), (1, 3), (2,)], roots=[0, 2])
    one = Series({diagram: Coefficient(1)}, 2)
    return [
        series_finding(
            "variance of the test loss under one-pass SGD, leading order",
            f"{PAPER}, section 2",
            "η² T G·C G",
            times("T", one),
            expand(observable="loss-variance", order=2, batch_size=1),
        ),
        series_finding(
            "variance of the test loss under gradient descent, leading order",
            f"{PAPER}, section 2",
            "η² (T²/N) G·C G",
            times("T**2/N", one),
            expand(observable="loss-variance", order=2, dynamics="gd"),
        ),
    ]


def _flow() -> list[Finding]:
    loss = compare("sgd:B=1", "ode", order=2)
    moved = compare("sgd:B=1", "ode", order=2, observable="displacement")
    return [
        series_finding(
            "SGD minus gradient flow, test loss",
            f"{PAPER}, section 3",
            "η² (T/2) (C:H - G·H G)",
            times("T/2", noise_curvature()) - times("T/4", along_gradient(squared_gradient())),
            loss.difference,
        ),
        series_finding(
            "SGD minus gradient flow, displacement",
            f"{PAPER}, section 3",
            "-η² (T/4) ∇|G|²",
            times("-T/4", gradient(squared_gradient())),
            moved.difference,
        ),
        series_finding(
            "gradient descent follows the flow of a regularised loss",
            REGULARIZATION,
            "l + (η/4) |G|²",
            times("1/4", squared_gradient()),
            flow_regulariser(),
        ),
    ]


def _diffusion() -> list[Finding]:
    difference = compare("sgd:B=1", "sde", order=3).difference
    skewness = named_series({"(012-3)(03-13-23)": "T/6"}, "cumulant")
    return [
        series_finding(
            "SGD minus its SDE, test loss, second order",
            f"{PAPER}, section 3",
            "η² (T/2) C:H",
            times("T/2", noise_curvature()),
            difference.order(2),
            "a mixed comparison: the SDE has the same term C:H, and what is left is that its time is not discrete",
        ),
        series_finding(
            "SGD minus its SDE at a minimum, third order",
            f"{PAPER}, section 3.4",
            "η³ [(T/2) C:H² - (T/6) S:J]",
            named_series({"(03-1-2)(01-12-23)": "T/2", "(012-3)(03-13-23)": "-T/6"}, "cumulant"),
            at_minimum(difference),
        ),
        series_finding(
            "what skewed noise adds to the test loss",
            f"{PAPER}, section 3.4",
            "+η³ (T/6) S:J",
            skewness,
            non_gaussian_correction(batch_size=1),
            "a misprint of sign: three steps down carry (-η)³",
        ),
    ]
