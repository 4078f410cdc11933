"""The literature, checked: which printed formulas fail, and that a verdict can be either."""

from fractions import Fraction

import pytest
import sympy

from sgdsym.diagrams import Diagram
from sgdsym.literature import DIAGRAM_NAMES, Finding, check_literature, named_series, report_text
from sgdsym.literature.conventions import links, shortened
from sgdsym.literature.finding import expression_finding, series_finding
from sgdsym.literature.landscapes import CUBIC_CHI, EXPONENTIAL, GAUSS
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
}


@pytest.fixture(scope="module")
def findings():
    return check_literature()


def test_exactly_the_wrong_formulas_are_found(findings):
    assert len(findings) >= 20
    assert {finding.name for finding in findings if finding.verdict == "differs"} == WRONG_IN_PRINT


def test_names_are_unique_and_everything_is_filled_in(findings):
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.source
        assert finding.printed
        assert finding.derived
        assert (finding.verdict == "differs") == bool(finding.difference)


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
    ],
)
def test_how_they_differ(findings, words, difference):
    [finding] = [f for f in findings if words in f.name and f.verdict == "differs"]
    assert difference in finding.difference


def test_report_names_every_formula_and_counts_verdicts(findings):
    text = report_text(findings)
    assert all(finding.name in text and finding.source in text for finding in findings)
    assert f"{len(findings) - 10} of {len(findings)} formulas are confirmed, 10 differ" in text
    assert text.count("DIFFERS:") == 10
    assert text == report_text(findings)


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
