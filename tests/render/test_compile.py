"""Every kind of LaTeX and TikZ is compiled by pdfLaTeX, and no line is too wide."""

import re
from fractions import Fraction
from itertools import product

import pytest

from sgdsym.diagrams import Diagram, grow
from sgdsym.formula import read_symbol, to_latex, width
from sgdsym.render import Typesetting, diagram_to_tikz, diagrams_to_tikz, series_to_latex, typeset_document
from sgdsym.render.latex import by_order
from sgdsym.render.prefactors import POLYNOMIALS
from sgdsym.render.terms import fill, line_formula
from sgdsym.sgd import FORMS, expand, modified, resum

ONLINE = expand(order=4)
SERIES = {
    "moments": ONLINE.as_moments(),
    "epochs": expand(order=4, sampling="reshuffle", basis="moment"),
    "displacement": expand(order=4, sampling="fixed", observable="displacement"),
    "momentum": expand(order=3, momentum="mu"),
    "rates": expand(order=3, schedule="lambda", momentum="mu", sampling="reshuffle"),
    "over-the-run": expand(order=2, schedule="lambda", momentum="mu", delay=1, sampling="fixed", mean_over_run=True),
    "variance": expand(order=4, observable="loss-variance"),
    "numbers": expand(order=4, steps=10, batch_size=3),
}


def written():
    """All styles, shapes and ways of writing coefficients at order 4, and every kind of series."""
    kinds = product(("matrix", "index"), POLYNOMIALS, (False, True))
    for k, (style, polynomials, collect) in enumerate(kinds):
        shape, sums = (("display", "einstein"), ("equations", "explicit"))[k % 2]
        chosen = {"style": style, "polynomials": polynomials, "collect": collect, "shape": shape, "sums": sums}
        yield series_to_latex(ONLINE, Typesetting(**chosen, terms_per_line=1 + k % 3, label=f"eq:{k}"))
    yield series_to_latex(ONLINE, Typesetting(style="metric", sums="explicit"))
    yield series_to_latex(ONLINE, Typesetting(style="diagram", terms_per_line=3))
    yield series_to_latex(ONLINE, Typesetting(style="diagram", shape="equations", label="eq:pictures"))
    for name, series in SERIES.items():
        yield series_to_latex(series)
        yield series_to_latex(series, Typesetting(shape="equations", polynomials="binomial", label=f"eq:{name}"))
    yield r"\begin{equation}" + ONLINE.truncate(3).latex(shape="aligned", terms_per_line=2) + r"\end{equation}"
    yield r"$" + ONLINE.truncate(1).latex(shape="fragment") + r"$, see \eqref{eq:1:4} and \eqref{eq:moments}"


def test_formulas_of_order_four_compile_and_fit(pdflatex):
    assert pdflatex(typeset_document("\n\n".join(written()))).stat().st_size > 100_000


def test_documents_of_their_own_compile(pdflatex):
    for text in (ONLINE.latex("diagram", document=True), ONLINE.truncate(2).latex(shape="equations", document=True)):
        assert pdflatex(text).exists()


def test_resummed_formulas_compile_and_fit(pdflatex):
    kinds = product(("test-loss", "displacement", "covariance", "loss-variance", "function"), FORMS)
    texts = [resum(order=3, observable=observable, form=form).latex() for observable, form in kinds]
    texts += [resum(order=3, dynamics="sde").latex(), resum(order=3, dynamics="gd", dataset_size="batch_size").latex()]
    assert pdflatex(typeset_document("\n\n".join(texts))).exists()


def test_resummed_optimisers_compile_and_fit(pdflatex):
    rules = (
        {"momentum": "mu", "nesterov": True},
        {"momentum": "mu", "average": "beta"},
        {"delay": 1, "momentum": Fraction(1, 2)},
        {"sampling": "reshuffle", "momentum": "mu"},
        {"sampling": "fixed"},
    )
    kinds = product(("test-loss", "displacement"), ("discrete", "stationary"), rules)
    texts = [resum(order=2, observable=observable, form=form, **rule).latex() for observable, form, rule in kinds]
    assert pdflatex(typeset_document("\n\n".join(texts))).exists()


def test_modified_equations_compile_and_fit(pdflatex):
    parts = [modified(order=4, part=part) for part in ("drift", "diffusion", 3)]
    parts += [modified(order=3, sampling="reshuffle"), modified(order=4, dynamics="gd", momentum="mu")]
    choices = product(parts, ("matrix", "index", "diagram"))
    assert pdflatex(typeset_document("\n\n".join(part.latex(style) for part, style in choices))).exists()


def test_pictures_compile(pdflatex):
    diagrams = [diagram for layer in grow(4) for diagram in layer.diagrams]
    assert pdflatex(diagrams_to_tikz(diagrams, document=True)).exists()
    roots = Diagram(4, [(0, 1), (2, 3)], [(0, 2), (1,)], [1, 3])
    assert pdflatex(diagram_to_tikz(roots, document=True, scale=2)).exists()


def lines():
    """The lines of some series, as formulas."""
    for series, polynomials in product((ONLINE, *SERIES.values()), ("factored", "binomial", "falling")):
        _, orders = by_order(series, Typesetting(polynomials=polynomials), rates=True)
        for _, _, terms in orders:
            yield from (line_formula(line) for group in fill(terms, 2) for line in group)


def test_the_estimated_width_is_no_less_than_the_true_one(pdflatex):
    """Boxes of the formulas' lines, measured by TeX in ems of ten points."""
    formulas = {to_latex(line): line for line in lines()}
    chosen = sorted(formulas)[::3]
    boxes = "\n".join(rf"\setbox0\hbox{{$\displaystyle {line}$}}\typeout{{WIDTH \the\wd0}}" for line in chosen)
    log = pdflatex(typeset_document(boxes + " x")).with_suffix(".log").read_text(encoding="latin-1")
    measured = [float(points) / 10 for points in re.findall(r"^WIDTH ([\d.]+)pt", log, re.MULTILINE)]
    assert len(measured) == len(chosen) > 200
    for line, true in zip(chosen, measured, strict=True):
        assert true - 0.2 < width(formulas[line]) < 1.4 * true + 0.5, line


@pytest.mark.parametrize("text", ["", "{", r"\frac", "^", "}", r"\binom{T}"])
def test_the_width_of_what_is_no_symbol_is_some_number(text):
    assert 0 <= width(read_symbol(text)) < 5
