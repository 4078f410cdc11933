"""LaTeX: the literature's formula in its own form, every way of writing coefficients evaluated, and the choices."""

import re
from fractions import Fraction
from itertools import product

import pytest

from sgdsym import Coefficient, Diagram, Notation, Series
from sgdsym.formula import Symbol, to_latex
from sgdsym.render import Typesetting, diagram_to_latex, preamble, series_to_latex, typeset_document
from sgdsym.render.prefactors import POLYNOMIALS
from sgdsym.render.terms import fill, line_formula, order_terms
from sgdsym.sgd import expand, modified, resum
from tests.render.latex_values import latex_value

# S. C. Tenka, "SGD at Small Learning Rates", section 2: the expansion theorem for one pass with batches of one, evaluated to
# third order, as its author's code prints it but for two known errors there: the second order has 2 C(T,2), not C(T,2), and
# the skewness enters with a minus
PRINTED = r"""\begin{align*}
& \mathrm{E}[l(\theta_{T})] = l \\[1ex]
% order 1, 1 term
& \quad - \eta \, T \, G^{\top} G \\[1ex]
% order 2, 2 terms
& \quad + 2 \, \eta^{2} \, \binom{T}{2} \, G^{\top} H G \\
& \quad + \eta^{2} \, \frac{T}{2} \, \operatorname{tr}(H\,M) \\[1ex]
% order 3, 6 terms
& \quad - \eta^{3} \, \binom{T}{3} \, \Bigl( 2 \, J[G, G, G] + 4 \, G^{\top} H^{2} G \Bigr) \\
& \quad - \eta^{3} \, \binom{T}{2} \, \Bigl( \frac{3}{2} \, J[M, G] + \operatorname{tr}(H^{2}\,M) + G_a \, Q \, H_{bc} \Bigr) \\
& \quad - \eta^{3} \, \frac{T}{6} \, J[\mathrm{E}[g^{\otimes 3}]] \\[1ex]
& \quad + O(\eta^{4})
\end{align*}""".replace("M", r"\mathrm{E}[g g^{\top}]").replace("Q", r"\mathrm{E}[h_{ab} g_c]")


def test_the_formula_of_the_literature_in_two_notations():
    series = expand(order=3, batch_size=1, basis="moment")
    chosen = {"polynomials": "binomial", "collect": True}
    assert series.latex(**chosen) == PRINTED
    other = PRINTED.replace(r"\eta", r"\varepsilon").replace(r"\theta_{", "w_{").replace("[l(", r"[\ell(")
    other = other.replace(r"= l \\", r"= \ell \\")
    assert series.latex(notation=Notation.parse(r"L=\ell, eta=\varepsilon, theta=w"), **chosen) == other


SETTINGS = [
    {"order": 4},
    {"order": 4, "basis": "moment"},
    {"order": 3, "sampling": "reshuffle", "basis": "moment"},
    {"order": 3, "dynamics": "gd"},
    {"order": 3, "sampling": "replace", "basis": "moment"},
    {"order": 4, "steps": 5, "batch_size": 2},
]
NUMBERS = {"T": 7, "E": 3, "N": 5, "B": 2}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize(("polynomials", "collect"), list(product(POLYNOMIALS, (False, True))))
def test_every_way_of_writing_coefficients_has_their_value(setting, polynomials, collect):
    series = expand(**setting)
    names = {diagram: f"V_{{{k}}}" for k, diagram in enumerate(series.diagrams())}
    values = {f"V_{k}": Fraction(k * k + 1, 3) for k in range(len(names))}
    chosen = Typesetting(polynomials=polynomials, collect=collect)
    numbers = {name: NUMBERS[name] for name in series.symbols}
    for order in range(1, series.truncation + 1):
        terms = list(series.order(order))
        written = order_terms(terms, Symbol("x"), lambda diagram: Symbol(names[diagram]), chosen)
        text = " ".join(to_latex(line_formula(line)) for group in fill(written, 3) for line in group)
        found = latex_value(text, {**numbers, **values, "x": 1})
        assert found == sum(
            c.substitute(numbers).as_fraction() * values[names[d].replace("{", "").replace("}", "")] for d, c in terms
        )


def test_lines_hold_as_many_terms_as_wanted_where_they_fit():
    series = expand(order=3)
    counts = {}
    for wanted in (1, 2, 3):
        lines = series.latex(shape="aligned", terms_per_line=wanted).splitlines()
        assert (lines[0], lines[-1]) == (r"\begin{aligned}", r"\end{aligned}")
        counts[wanted] = [line.count(r"\eta^{3}") for line in lines if r"\eta^{3}" in line]
    assert counts == {1: [1] * 6, 2: [2] * 3, 3: [2] * 3}  # three do not fit


def test_equations_are_numbered_and_labelled_by_order():
    text = expand(order=3).latex(shape="equations", label="eq:loss")
    labels = re.findall(r"\\label\{([^}]*)\}", text)
    assert labels == ["eq:loss", "eq:loss:1", "eq:loss:2", "eq:loss:3"]
    assert r"={}& l + \eta \Delta_{1} + \eta^{2} \Delta_{2} + \eta^{3} \Delta_{3} + O(\eta^{4})" in text
    unnumbered = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert all(r"\notag" in line for line in unnumbered)
    assert r"\eta" not in text.split(r"\end{align}", 1)[1]


def test_equations_of_series_without_a_lone_first_term():
    def first(series):
        return series.latex(shape="equations").splitlines()[1].split("={}& ")[1].split(r" \label")[0]

    noise = expand(order=2, observable="loss-variance")
    assert first(noise) == r"\eta^{2} \Delta_{2} + O(\eta^{3})"
    assert first(noise - noise) == r"0 + O(\eta^{3})"
    assert first(expand(order=0)) == r"l + O(\eta)"
    both = expand(order=1) + expand(order=1, observable="generalization-gap", sampling="replace")
    assert first(both).startswith("l + ")
    moved = Series({Diagram(1): Coefficient(1), Diagram(1) * Diagram(1): Coefficient(2)}, 0)
    assert first(moved) == r"\Delta_{0} + O(\eta)"


def test_a_fragment_is_the_bare_formula():
    lines = expand(order=1, steps=3).latex(shape="fragment").splitlines()
    assert lines == [r"\mathrm{E}[l(\theta_{T})] = l", r"- 3 \, \eta \, G^{\top} G", r"+ O(\eta^{2})"]


def test_sums_are_written_where_wanted():
    noise = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
    assert diagram_to_latex(noise, style="index", sums="explicit") == r"\sum_{a,b} C_{ab} \, H_{ab}"
    moved = Diagram(3, [(0, 1), (1, 2)], roots=[2])
    assert diagram_to_latex(moved, style="index", sums="explicit") == r"\sum_{a} H_{ia} \, G_a"
    assert diagram_to_latex(Diagram(1), style="index", sums="explicit") == "l"
    text = expand(order=4).latex("index", sums="explicit")
    for line in (line for line in text.splitlines() if r"\sum" in line):
        summed = set(re.search(r"\\sum_\{([^}]*)\}", line)[1].split(","))
        used = set("".join(re.findall(r"(?:[GHJSC]|[ghj]|\))_\{?([a-d]+)\}?", line)))
        assert used <= summed


def test_pictures_stand_in_the_formula():
    series = expand(order=3)
    text = series.latex("diagram")
    assert text.count(r"\begin{tikzpicture}") == len(series)
    assert preamble(text) == [r"\usepackage{amsmath}", r"\usepackage{tikz}", r"\allowdisplaybreaks"]


def test_a_document_loads_what_it_needs():
    text = expand(order=1).latex(document=True)
    assert text.startswith("\\documentclass{article}\n\\usepackage{amsmath}\n\\allowdisplaybreaks\n\\begin{document}\n")
    assert "amssymb" in typeset_document(expand(order=1).latex(notation=Notation(expectation=r"\mathbb{E}")))


def test_notation_is_read_from_text():
    notation = Notation.parse(
        r"l=\ell, C=\Sigma, eta=\varepsilon, theta=w, T=n, N=m, gradient=\mathbf{g}_{0}, mu=\beta"
    )
    assert (notation.loss, notation.sample_loss, notation.covariance) == (r"\ell", r"\ell_{x}", r"\Sigma")
    assert (notation.learning_rate, notation.weights, notation.steps) == (r"\varepsilon", "w", "n")
    assert (notation.size("N"), notation.size("mu"), notation.size("B")) == ("m", r"\beta", "B")
    assert notation.gradient == r"{\mathbf{g}_{0}}"


@pytest.mark.parametrize(
    "text",
    [
        "eta",
        "=x",
        "eta=",
        r"eta=\input{/etc/passwd}",
        r"eta=\write18{ls}",
        r"eta=\def\x{y}",
        "eta=a}{b",
        "eta=$x$",
        "eta=a%b",
        "a b=c",
        "eta=" + "x" * 99,
    ],
)
def test_notation_that_is_no_symbol_is_refused(text):
    with pytest.raises(ValueError, match=r"is not of the form symbol=LaTeX|is not a symbol in LaTeX"):
        Notation.parse(text)


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"style": "words"}, "style must be one of matrix, index, metric, diagram, not 'words'"),
        ({"sums": "all"}, "sums must be one of einstein, explicit, not 'all'"),
        ({"polynomials": "chebyshev"}, "polynomials must be one of factored, binomial, falling, power"),
        ({"shape": "box"}, "shape must be one of display, aligned, equations, fragment"),
        ({"terms_per_line": 0}, "terms_per_line must be an integer of at least 1, not 0"),
        ({"label": "a}b"}, "label must be made of letters"),
    ],
)
def test_unknown_choices_are_refused(choice, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Typesetting(**choice)


@pytest.mark.parametrize("shape", ["display", "aligned", "equations", "fragment"])
def test_denominators_that_must_not_vanish_are_named_in_every_shape(shape):
    assert r"\text{where} \quad (N - 1) \neq 0" in modified(order=2, sampling="reshuffle").latex(shape=shape)


def test_terms_that_are_averaged_over_the_orders_of_indices_say_so():
    words = "averaged over the orders of the open indices"
    for order in (2, 3):
        for result in (f(order=order, observable="covariance") for f in (expand, resum)):
            assert (words in str(result), words in result.latex()) == (order == 3, order == 3)
    assert words in expand(order=3, observable="covariance").latex(shape="equations")
    assert words not in str(expand(order=3, observable="displacement"))


def test_notation_that_nobody_has_parsed_is_refused():
    results = (expand(order=1), resum(order=1), Diagram(2, [(0, 1)]))
    for result in results:
        with pytest.raises(ValueError, match=r"notation must be a Notation, not 'L=f'; Notation.parse reads one"):
            result.latex(notation="L=f")


@pytest.mark.parametrize("shape", ["equations", "aligned", "fragment"])
def test_golden_shapes(golden, shape):
    chosen = Typesetting(shape=shape, polynomials="falling", terms_per_line=2)
    golden(f"latex_{shape}.tex", series_to_latex(expand(order=3, sampling="fixed", basis="moment"), chosen) + "\n")


def test_golden_pictures_in_a_formula(golden):
    golden("latex_diagram.tex", expand(order=3).latex("diagram", document=True) + "\n")
