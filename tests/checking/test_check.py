"""A formula beside what is derived: thirty of the literature, all that this package prints, planted errors, and hostile text."""

import random
from fractions import Fraction

import numpy as np
import pytest

import sgdsym
from sgdsym.checking import FormulaError, check, read_formula
from sgdsym.checking.formula import as_written
from sgdsym.cli import main
from sgdsym.diagrams import DIAGRAM_NAMES, parse_notation
from sgdsym.render import Notation, series_to_table
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import Request
from tests.checking.formulas import RIGHT, WRONG
from tests.checking.hostile import HOSTILE

REQUESTS = [
    {"order": 4, "batch_size": 1},
    {"order": 4, "batch_size": 1, "basis": "moment"},
    {"order": 3, "sampling": "reshuffle"},
    {"order": 3, "observable": "displacement"},
    {"order": 3, "observable": "covariance"},
    {"order": 3, "observable": "loss-variance"},
    {"order": 3, "observable": "function"},
    {"order": 2, "observable": "train-loss", "sampling": "fixed"},
    {"order": 3, "momentum": "mu", "batch_size": 1},
    {"order": 2, "momentum": "mu", "batch_size": 1, "sampling": "fixed"},
    {"order": 2, "momentum": Fraction(1, 2)},
    {"order": 2, "average": "beta"},
    {"order": 2, "schedule": ("a", "b")},
    {"order": 3, "weight_decay": "wd", "batch_size": 1},
    {"order": 2, "weight_decay": "wd", "observable": "displacement"},
    {"order": 3, "weight_decay": "wd", "observable": "loss-variance"},
    {"order": 3, "mean_over_run": True},
]


def known(series):
    """The coefficients of a series in cumulants, roots that are tensors like any other not marked."""
    found = {}
    for diagram, c in series.as_cumulants():
        written = as_written(diagram, plain=bool(series.setting.weight_decay))
        found[written] = found.get(written, Coefficient()) + c
    return found


def read(text, options, notation=None):
    formula = read_formula(text, notation or Notation(), Request(**options))
    return {diagram: c for terms in formula.terms.values() for diagram, c in terms.items()}


@pytest.mark.parametrize("options", REQUESTS, ids=str)
def test_all_that_is_printed_is_read_back(options):
    series = sgdsym.expand(**options)
    texts = [series.to_text(), *(series.latex(style) for style in ("matrix", "index"))]
    texts += [series.latex("index", sums="explicit", shape="fragment")]
    texts += [series.latex(shape=shape) for shape in ("equations", "aligned")]
    texts += [series.latex(polynomials=kind, collect=True) for kind in ("binomial", "falling", "power")]
    for text in texts:
        assert read(text, options) == known(series), text


def test_all_that_is_printed_in_the_readers_symbols_is_read_back():
    symbols = Notation.parse(r"l=f,G=\mathbf{g},g=\mathbf{g}_x,H=A,h=A_x,C=\Sigma,eta=\alpha,T=k,B=b,kappa=c")
    series = sgdsym.expand(order=3)
    assert read(series.latex(notation=symbols), {}, symbols) == known(series)


def test_a_table_is_read_back_by_its_names():
    series = sgdsym.expand(order=3, batch_size=1)
    rows = series_to_table(series).splitlines()[1:]
    text = " + ".join(f"({c}) {row.split()[1]}" for (_, c), row in zip(series, rows, strict=True))
    assert read(text, {"batch_size": 1}) == known(series)


@pytest.mark.parametrize("options", [{"order": 3, "batch_size": 1}, {"order": 2, "sampling": "reshuffle"}], ids=str)
def test_names_of_the_literature_are_joint_moments(options):
    series = sgdsym.expand(basis="moment", **options)
    names = {diagram: name for name, diagram in DIAGRAM_NAMES.items()}
    text = "l + " + " + ".join(f"({c}) {names[diagram]}" for diagram, c in series if diagram.order)
    assert read(text, options) == known(series)


@pytest.mark.parametrize(("formula", "options"), RIGHT)
def test_right_formulas_of_the_literature(formula, options):
    found = check(formula, **options)
    assert found, str(found)
    assert str(found).startswith("equal")


@pytest.mark.parametrize(("formula", "options"), WRONG)
def test_wrong_formulas_of_the_literature(formula, options):
    found = check(formula, **options)
    assert not found
    example = found.counterexample
    assert np.all(np.asarray(example.derived == example.enumerated))
    assert np.any(np.asarray(example.derived != example.formula))
    assert str(found).startswith("different")


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("G·∇tr C", "2 G·E[h g] - 2 G·H G"),
        ("G·∇|G|²", "2 G·H G"),
        ("C:H", "tr(H C)"),
        ("S:J", "J[S]"),
        ("E[g gᵀ]:H", "C:H + G·H G"),
        ("E[g⊗³]:J", "J[S] + 3 J[C, G] + J[G, G, G]"),
        ("κ(h_ab, g_a) G_b", "E[h_ab g_a] G_b - H_ab G_a G_b"),
        ("C(T, 2) l", "(T(T - 1)/2) l"),
        ("T^{\\underline{3}} l", "T(T - 1)(T - 2) l"),
        ("½ T l", "0.5 T l"),
        ("G·(H + H²) G", "G·H G + G·H² G"),
        ("(G·G)²", "(G·G) (G·G)"),
        ("∇²l[G, G]", "G·H G"),
        ("∂_a l ∂_a l", "G_a G_a"),
        ("tr C", "C_aa"),
        (r"J_{\mu\nu\lambda} C_{\mu\nu} G_\lambda", "J[C, G]"),
        ("H_μν G_μ G_ν", "G·H G"),
        (r"G_aH_{ab}G_b + \mathrm{E}[g_ag_a]", "G·H G + E[g·g]"),
        ("G H G", "G' H G"),
    ],
)
def test_ways_to_write_the_same(formula, same):
    assert read(formula, {}) == read(same, {})


def test_every_planted_error_is_found_and_the_setting_shows_it():
    draw, series = random.Random(5), sgdsym.expand(order=3)
    for diagram in [d for d in series.diagrams() if d.order]:
        wrong = series[diagram] * draw.choice([-1, 2, Coefficient("1/2"), Coefficient("B")])
        planted = Series({**series.terms, diagram: wrong}, 3)
        found = check(planted.latex(draw.choice(["matrix", "index"])))
        assert [difference.diagram for difference in found.differences] == [diagram]
        example = found.counterexample
        assert example.derived == example.enumerated != example.formula


def test_weight_decay_and_the_mean_over_the_run():
    decayed = {"batch_size": 1, "weight_decay": "wd"}
    found = check("l - η 2T G·∇l", **decayed)
    assert not found
    assert found.counterexample.derived == found.counterexample.enumerated
    assert check("l - η ((T + 1)/2) G·G", mean_over_run=True)
    wrong = check("l - η T G·G", mean_over_run=True)
    assert wrong.counterexample.derived == wrong.counterexample.enumerated
    with pytest.raises(FormulaError, match="holds l, or a derivative"):
        check("l - η T G·G", **decayed)
    with pytest.raises(FormulaError, match="has no notation"):
        check("l", **decayed, observable="train-loss", sampling="fixed")
    with pytest.raises(FormulaError, match="give its rates as a list"):
        check("l", schedule="lambda")


def test_the_learning_rate_counts():
    """A right coefficient at a wrong power is wrong; without any learning rate the powers are understood."""
    assert not check("η² T G·G", batch_size=1)
    assert check("-T G·G", batch_size=1)
    assert check("-η T G·G + O(η²)", batch_size=1)
    with pytest.raises(FormulaError, match="raise the order 1"):
        check("-η T G·G + η² T G·H G", order=1)


def test_the_highest_order_is_that_of_the_formula_unless_it_is_given():
    assert check("l - η T G·G", batch_size=1).orders == (0, 1)
    assert [d.order for d in check("l - η T G·G", batch_size=1, order=2).differences] == [2, 2]


def test_moments_are_named_where_they_were_asked_for():
    [found] = check("-η² T(T - 1) G·H G + η² (T/2) H:E[g gᵀ]", batch_size=1, basis="moment").differences
    assert found.diagram == parse_notation("(0-1-2)(01-12)")[0]


@pytest.mark.parametrize("formula", HOSTILE)
def test_hostile_formulas_are_refused_in_one_line(formula):
    with pytest.raises(ValueError, match=r"^.+$") as refused:
        check(formula)
    message = str(refused.value)
    assert len(message) <= 300
    assert "\n" not in message
    assert message.isprintable()


def test_broken_formulas_end_in_a_verdict_or_in_one_line():
    draw = random.Random(3)
    marks = [*"()[]{}^_+-*/·:|'∇∂⊗,.=0127TNBEGHJCSlghjabκη ", r"\frac", r"\top", "**", "²", "½", "/0", "(T+1)^999"]
    refused = []
    texts = [sgdsym.expand(order=2, batch_size=1).to_text(), sgdsym.expand(order=2, batch_size=1).latex("index")]
    for _ in range(300):
        text = draw.choice(texts)
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(text) + 1)
            text = text[:place] + draw.choice([draw.choice(marks), ""]) + text[place + draw.choice([0, 0, 1, 2]) :]
        try:
            str(check(text, batch_size=1))
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert not [message for message in refused if len(message) > 300 or "\n" in message]


def test_the_command_says_it_by_its_exit_code(capsys):
    assert main(["check", r"-\eta T G^\top G", "--batch-size", "1"]) == 0
    assert main(["check", "-η·T·G·G", "--batch-size", "1", "--order", "2"]) == 1
    assert "smallest setting found that tells them apart: T = 1" in capsys.readouterr().out
    assert main(["check", "-η T G·X"]) == 2
    assert "'X' is no symbol of a formula; the sizes of this run are B, T" in capsys.readouterr().err
    assert main(["check", r"-\alpha k G^\top G", "--notation", r"eta=\alpha,T=k"]) == 0
    assert main(["check", "l^(40)", "--order", "9"]) == 2
    assert main(["check"]) == 2
    assert main(["check", "-x"]) == 2
