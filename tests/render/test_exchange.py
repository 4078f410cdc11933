"""Typst, Markdown and comma-separated values: what other programs make of them."""

import csv
import io
import re
from itertools import product

import pytest

from sgdsym import Coefficient, Notation, expand, modified
from sgdsym.cli import main
from sgdsym.formula import read_symbol, to_typst
from sgdsym.render import Typesetting, series_to_csv, series_to_latex, series_to_markdown, series_to_typst

OWN = Notation.parse(r"L=\mathcal{L},G=\hat{g},C=\Sigma,eta=\varepsilon,theta=\boldsymbol{w}")
LOOKS = [
    Typesetting(),
    Typesetting(style="index", sums="explicit", polynomials="binomial", collect=True, terms_per_line=2),
    Typesetting(polynomials="falling", notation=OWN),
    Typesetting(style="metric"),
]
OBSERVABLES = {
    "test-loss": "online",
    "train-loss": "fixed",
    "generalization-gap": "replace",
    "displacement": "online",
    "covariance": "online",
    "loss-variance": "online",
    "function": "online",
}


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_typst_compiles(observable, tmp_path):
    typst = pytest.importorskip("typst")
    found = [expand(order=order, observable=observable, sampling=OBSERVABLES[observable]) for order in (1, 2, 3, 4)]
    if observable == "displacement":
        found += [modified(order=3, sampling="reshuffle"), expand(order=2, momentum="mu", dynamics="gd")]
    blocks = [series_to_typst(series, look, document=True) for series, look in product(found, LOOKS)]
    source = tmp_path / "series.typ"
    source.write_text("\n\n".join(blocks), encoding="utf-8")
    assert typst.compile(str(source)).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\mathcal{L}", "cal(L)"),
        (r"\hat{g}_{0}", "accent(g, hat)_(0)"),
        (r"\mathrm{batch}", 'upright("batch")'),
        (r"\frac{a,b}{2}", r"frac(a \, b, 2)"),
        (r"\text{say \"so\"}", r'"say \"so\""'),
    ],
)
def test_symbols_in_typst(latex, typst):
    assert to_typst(read_symbol(latex)) == typst


def test_pictures_are_for_latex():
    for write in (series_to_typst, series_to_markdown):
        with pytest.raises(ValueError, match="pictures inside a formula are for LaTeX"):
            write(expand(order=1), Typesetting(style="diagram"))


def test_markdown_holds_the_formula_and_a_table_of_its_terms():
    markdown = pytest.importorskip("markdown_it")
    series = expand(order=3, momentum="mu")
    text = series_to_markdown(series, LOOKS[2])
    assert series_to_latex(series, Typesetting(shape="aligned", polynomials="falling", notation=OWN)) in text
    html = markdown.MarkdownIt().enable("table").render(text.split("$$\n\n")[1])
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    assert len(rows) == len(series) + 1
    assert {row.count("<td") for row in rows[1:]} == {5}


@pytest.mark.parametrize(
    "request_", [{"order": 4}, {"order": 3, "momentum": "mu"}, {"order": 3, "observable": "covariance"}]
)
def test_comma_separated_values_read_back(request_):
    series = expand(**request_)
    text = series_to_csv(series)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [Coefficient(row["coefficient"]) for row in rows] == [c for _, c in series]
    assert [int(row["symmetry"]) for row in rows] == [d.symmetry_factor for d in series.diagrams()]
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(io.StringIO(text))
    assert list(frame.columns) == ["order", "diagram", "symmetry", "coefficient", "value"]
    assert list(frame["order"]) == [d.order for d in series.diagrams()]


@pytest.mark.parametrize("name", ["x.log", "x.doc", "x.jl"])
def test_a_suffix_that_stands_for_nothing_is_refused(name, tmp_path, capsys):
    for command in ("expand", "modified"):
        assert main([command, "--order", "1", "--output", str(tmp_path / name)]) == 2
        said = capsys.readouterr().err
        assert f"{name[1:]} stands for no format; name one with --format, or choose .txt, .tex" in said
        assert len(said) <= 300 + len(str(tmp_path))
    assert not list(tmp_path.iterdir())
    assert main(["expand", "--order", "1", "--format", "text", "--output", str(tmp_path / name)]) == 0
