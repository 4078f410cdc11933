"""The literature, checked: which printed formulas fail, and that a verdict can be either."""

import json
import shutil
import subprocess
from fractions import Fraction

import latex2mathml.converter
import pytest
import sympy

from sgdsym.diagrams import Diagram
from sgdsym.literature import DIAGRAM_NAMES, Finding, check_literature, named_series, numbered, report, select
from sgdsym.literature.conventions import links, shortened
from sgdsym.literature.finding import expression_finding, quantity_finding, series_finding
from sgdsym.literature.landscapes import CUBIC_CHI, EXPONENTIAL, GAUSS
from sgdsym.literature.typeset import latex_formula
from sgdsym.sgd import expand

WRONG_IN_PRINT = {
    "test loss of one-pass SGD, second order: the term G·H G",
    "gradient descent minus SGD, test loss, one epoch of T = N updates",
    "embeddings: different blocks at different times, blocks are cumulants",
    "E epochs at η/E minus one epoch at η, displacement, B = 1",
    "SGD minus its SDE, test loss, second order",
    "generalisation gap of gradient descent at a minimum",
    "what skewed noise adds to the test loss",
    "displacement of SGD from a minimum, resummed as a product of edges (constant -1/4 set by short times)",
    "estimator of the covariance in the regulariser, trace",
    "irreducible diagrams: every node of degree 2 is a block of its own",
    # misprints and mixed conventions of the stationary theory
    "covariance of a batch gradient, drawn without replacement, by indicators",
    "noise at a minimum of a squared error",
    "loss of a batch",
    "covariance of the noise near a minimum of a log-likelihood",
    "the ratio of probabilities under a change of the weights",
    # approximations
    "a batch is Gaussian: the third cumulant of its gradient vanishes",
    "temperature of batches drawn without replacement",
    "noise of the power-law theory, for small batches",
    "noise scale of SGD",
    "noise near a general minimum",
    "noise proportional to the loss, in linear regression of one weight",
    "stationary covariance of natural gradient descent, without the number of weights",
    "preconditioner whose stationary law is the posterior, small learning rates",
    "stationary covariance of the continuous model",
    "stationary variance of the first stochastic modified equation",
    "stationary variance of the second stochastic modified equation",
    "tail index of one weight, discrete steps",
    "tail index of one weight, continuous time",
    "variance of SGD near a minimum by the Gibbs law",
    "the end of SGD depends on η/S alone",
}
SOURCES = {
    "tenka",
    "jastrzebski",
    "mori",
    "ziyin",
    "liu",
    "chaudhari",
    "golmant",
    "yaida",
    "mandt",
    "mulayoff",
    "cattaneo",
}


@pytest.fixture(scope="module")
def findings():
    return check_literature()


def test_exactly_the_wrong_formulas_are_found(findings):
    assert len(findings) >= 85
    assert {finding.key for finding in findings} >= SOURCES
    assert {finding.name for finding in findings if finding.verdict == "differs"} == WRONG_IN_PRINT


def test_names_are_unique_and_everything_is_filled_in(findings):
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.source
        assert finding.printed
        assert finding.derived
        assert (finding.verdict == "differs") == bool(finding.difference) == bool(finding.why)
        assert not finding.why.endswith(".")


@pytest.mark.parametrize(
    ("words", "difference"),
    [
        ("second order: the term", "1/2 times"),
        ("one epoch of T = N", "-1 times"),
        ("blocks are cumulants", "derived minus printed: η² (T/2) G·H G"),
        ("E epochs at η/E minus one epoch at η, displacement", "derived minus printed: η² (N(E - 1)/(2E)) H G"),
        ("SGD minus its SDE, test loss", "- η² (T/2) G·H G - η² (T/2) tr(H C)"),
        ("gap of gradient descent at a minimum", "1/2 times"),
        ("what skewed noise adds to the test loss", "-1 times"),
        ("product of edges", "tau**3"),
        ("estimator", "1/2 times"),
        ("every node of degree 2", "27 of 50"),
        ("by indicators", "b=2: Var₁₁ = 9/10"),
        ("minimum of a squared error", "B=1: Σ = 5"),
        ("loss of a batch", "E[L_B] = 1"),
        ("near a general minimum", "S·C₁₁ = 33/50"),
        ("continuous model", "Σ₁₁ = 11/72, Σ₁₂ = -1/9, Σ₂₂ = 13/72"),
        ("second stochastic modified", "-C*eta*(eta*h - 2)/(4*h)"),
        ("tail index of one weight, discrete", "β = 3, S=4, λa=1: β = 4"),
    ],
)
def test_how_they_differ(findings, words, difference):
    [finding] = [f for f in findings if words in f.name and f.verdict == "differs"]
    assert difference in finding.difference


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("equation of the stationary covariance", "ΛCΛ₁₁ = 1/4"),
        ("stationary excess loss", "40/79"),
        ("damped Newton", "Σ₁₁ = 2/7, Σ₁₂ = -12/35, Σ₂₂ = 4/7"),
        ("continuous model", "Σ₁₁ = 310/1173, Σ₁₂ = -140/1173, Σ₂₂ = 268/1173"),
        ("stationary covariance of regression with noisy labels", "Σ₁₁ = 246/523, Σ₁₂ = 0, Σ₂₂ = 204/523"),
        ("excess of regression in many dimensions", "42/335"),
        ("mean of a quadratic form", "23/4"),
        ("potential of a linear process", "Q₁₂ = -7/36"),
        ("largest learning rate that is stable in mean square", "η* = 1.23327966"),
        ("a batch is Gaussian", "S=1: κ₃ = 337/54, S=2: κ₃ = 337/216"),
    ],
)
def test_what_is_derived(findings, words, value):
    """The values are those of an independent computation."""
    finding = next(f for f in findings if words in f.name)
    assert value in finding.derived


def test_report_names_every_formula_and_counts_verdicts(findings):
    text = report(numbered(findings))
    assert all(finding.name in text and finding.source in text and finding.why in text for finding in findings)
    wrong = len(WRONG_IN_PRINT)
    assert f"{len(findings) - wrong} of {len(findings)} formulas are confirmed, {wrong} differ" in text
    assert text.count("DIFFERS:") == text.count("   why:  ") == wrong
    assert text == report(numbered(findings))


def test_reports_in_other_formats(findings):
    found = numbered(findings)
    entries = json.loads(report(found, "json"))["findings"]
    assert [entry["number"] for entry in entries] == [*found]
    assert {entry["name"] for entry in entries if entry["verdict"] == "differs"} == WRONG_IN_PRINT
    page = report(found, "html")
    assert all(f'id="f{number}"' in page for number in found)
    assert "<script" not in page
    assert report(found, "latex").count(r"\subsection*") == len(found)


def test_every_formula_is_latex_that_another_reader_takes(findings):
    for finding in findings:
        for text in (finding.printed, *finding.derived.splitlines()):
            assert latex2mathml.converter.convert(latex_formula(text)).startswith("<math"), text


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_the_document_compiles(findings, tmp_path):
    few = {number: f for number, f in numbered(findings).items() if number % 4 == 0}
    (tmp_path / "few.tex").write_text(report(few, "latex"), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "few.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:]


def test_formulas_are_found_by_number_by_words_and_by_source(findings):
    found = numbered(findings)
    assert list(select(found, "13")) == [13]
    assert {f.key for f in select(found, source="yaida").values()} == {"yaida"}
    assert all("skewed" in f.name for f in select(found, "SKEWED").values())
    assert list(select(found)) == list(found)
    for wrong in ("0", "999", "no such formula", "", "９"):
        with pytest.raises(ValueError, match="no formula is called"):
            select(found, wrong)
    with pytest.raises(ValueError, match="there are barrett, cattaneo"):
        select(found, source="nobody")


def test_quantities_are_compared_exactly_unless_they_are_numbers():
    x = sympy.Symbol("x", positive=True)
    assert not quantity_finding("n", "s", "p", {"q": (sympy.sqrt(x) ** 2, x)}).difference
    assert quantity_finding("n", "s", "p", {"q": (x, x + sympy.Rational(1, 10**30))}).difference == "printed: q = x"
    assert not quantity_finding("n", "s", "p", {"q": (1.0, 1.0 + 1e-12)}, close=1e-9).difference


def test_verdicts_follow_the_formula():
    """A planted factor, a planted term and the right formula give the three kinds of verdict."""
    derived = expand(order=1, batch_size=1).order(1)
    right = series_finding("r", "s", "p", named_series({"Ipln": "-T"}), derived)
    doubled = series_finding("r", "s", "p", named_series({"Ipln": "-2*T"}), derived)
    shifted = series_finding("r", "s", "p", named_series({"Ipln": "-T + 1"}), derived)
    assert [f.verdict for f in (right, doubled, shifted)] == ["confirmed", "differs", "differs"]
    assert doubled.difference == "the printed formula is 2 times the derived one"
    assert shifted.difference == "derived minus printed: - η G·G"


def test_expressions_are_compared_after_expansion():
    x = sympy.Symbol("x")
    assert expression_finding("r", "s", "p", (x + 1) ** 2, x**2 + 2 * x + 1).verdict == "confirmed"
    assert (
        expression_finding("r", "s", "p", sympy.S.Zero, x).difference
        == "the printed formula is 0 times the derived one"
    )


def test_names_cover_all_diagrams_of_three_orders():
    """The moment partitions of the trees with 1, 2 and 3 edges, up to isomorphism: 2, 4 and 18."""
    assert len(set(DIAGRAM_NAMES.values())) == len(DIAGRAM_NAMES) == 24
    assert [sum(d.order == k for d in DIAGRAM_NAMES.values()) for k in (1, 2, 3)] == [2, 4, 18]
    with pytest.raises(ValueError, match="no diagram is called 'Xpln'"):
        named_series({"Xpln": "1"})


def test_landscapes():
    """Gauss: l_x(w) = (w + x^2 exp(-w))/2, so E[g^2] = E[(1 - x^2)^2]/4 = 1/2 and E[g h^2 g] = E[(1 - x^2)^2 x^4]/16."""
    moments = [1, 1, 3, 15, 105]  # of x^0, x^2, …
    assert GAUSS.value(DIAGRAM_NAMES["Zall"]) == Fraction(moments[2] - 2 * moments[3] + moments[4], 16)
    assert CUBIC_CHI.value(DIAGRAM_NAMES["Ypln"]) == -6
    assert CUBIC_CHI.value(DIAGRAM_NAMES["Vpln"]) == 0
    assert {EXPONENTIAL.value(d) for d in DIAGRAM_NAMES.values()} == {1}


def test_links_are_what_resummation_puts_in():
    chain = Diagram(4, [(0, 1), (1, 2), (2, 3)], None, [3])
    assert [chain.degrees[v] for v in links(chain)] == [2, 2]
    assert shortened(chain, tuple(links(chain))) == Diagram(2, [(0, 1)], None, [1])
    tied = Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 1)], [3])
    assert [tied.degrees[v] for v in links(tied)] == [2]


def test_a_finding_is_a_value():
    assert Finding("n", "s", "p", "d") == Finding("n", "s", "p", "d", "")
    assert Finding("n", "s", "p", "d", "off by one").verdict == "differs"
