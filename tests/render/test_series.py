"""Series as LaTeX, text and table."""

import os
import re
import subprocess
import sys
from fractions import Fraction

import pytest

from sgdsym.diagrams import Diagram
from sgdsym.formula import to_latex, to_text
from sgdsym.render import Notation, series_to_latex, series_to_table, series_to_text
from sgdsym.render.factors import factor, split
from sgdsym.series import Coefficient, Series, Setting
from sgdsym.sgd import expand
from tests.render.test_formulas import assert_balanced


def test_the_literature_to_order_three():
    """Orders 1 to 3 for one pass and batches of one: S. C. Tenka, "SGD at Small Learning Rates", in moments."""
    assert series_to_text(expand(order=3, batch_size=1, basis="moment")).splitlines() == [
        "l",
        "- η T G·G",
        "+ η² T(T - 1) G·H G",
        "+ η² (T/2) tr(H E[g gᵀ])",
        "- η³ (T(T - 1)(T - 2)/3) J[G, G, G]",
        "- η³ (3T(T - 1)/4) J[E[g gᵀ], G]",
        "- η³ (T/6) J[E[g⊗³]]",
        "- η³ (2T(T - 1)(T - 2)/3) G·H² G",
        "- η³ (T(T - 1)/2) tr(H² E[g gᵀ])",
        "- η³ (T(T - 1)/2) G_a E[h_ab g_c] H_bc",
    ]


def test_unknown_rates_are_written_as_sums():
    plain = expand(order=2, batch_size=1, schedule="lambda")
    assert series_to_text(plain).splitlines() == [
        "l",
        "- η Σ_s λ_s G·G",
        "+ η² ((4 Σ_(s<t) λ_s λ_t + Σ_s λ_s²)/2) G·H G",
        "+ η² (Σ_s λ_s²/2) tr(H C)",
    ]
    assert r"\sum_{s<t} \lambda_s \lambda_t" in series_to_latex(plain)
    assert "-lambda_1" not in series_to_table(plain)
    assert r"\sum_{s} \alpha_s" in plain.latex(notation=Notation(sizes={"lambda": r"\alpha"}))
    memory = series_to_text(expand(order=2, schedule="lambda", momentum="mu", sampling="fixed")).splitlines()
    assert memory[1] == "- η Σ_(e, s) W_es G·G"
    assert memory[-8:] == [
        "where λ_es is the rate of update s in epoch e",
        "where an epoch has N/B updates",
        "where w_ts = c A_(t-1) ... A_(s+1) b_s",
        "where W_s = e A_(T-1) ... A_(s+1) b_s",
        "where A_t = [1, μ λ_t; 0, μ]",
        "where b_t = [λ_t; 1]",
        "where c = [1, 0]",
        "where e = [1, 0]",
    ]
    square = plain.truncate(1) * plain.truncate(1)
    assert series_to_text(square).splitlines() == ["l²", "- η 2 Σ_s λ_s l (G·G)"]
    epochs = expand(order=2, schedule="lambda", sampling="reshuffle")
    assert "(Σ_(e, s) λ_es²)N" in series_to_text(epochs)
    late = expand(order=1, schedule="w_1", momentum=Fraction(1, 2), delay=3, mean_over_run=True)
    assert r"(w_{1})_t" in series_to_latex(late)
    assert r"\text{ (0 for }t<3\text{)}" in series_to_latex(late)
    assert "5 registers" not in series_to_latex(late)
    assert "12 registers" in series_to_latex(expand(order=1, schedule="lambda", delay=11))


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
@pytest.mark.parametrize("style", ["matrix", "index"])
def test_golden_latex(golden, basis, style):
    golden(f"latex_{basis}_{style}.tex", expand(order=4, basis=basis).latex(style) + "\n")


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_golden_text(golden, basis):
    series = expand(order=4, basis=basis)
    golden(f"text_{basis}.txt", series_to_text(series) + "\n")
    golden(f"text_{basis}_table.txt", series_to_table(series) + "\n")


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_latex_is_one_balanced_display_of_moderate_lines(basis):
    series = expand(order=5, basis=basis)
    lines = series_to_latex(series).splitlines()
    assert lines[0] == r"\begin{align*}"
    assert lines[-2:] == [r"& \quad + O(\eta^{6})", r"\end{align*}"]
    signs = [line for line in lines if re.match(r"& \\quad [+-] ", line)]
    assert len(signs) == len(series)  # all terms but the zeroth, and the remainder
    assert [line for line in lines if line.startswith("%")][-1] == "% order 5, 85 terms"
    assert max(map(len, lines)) < 200
    assert_balanced("\n".join(lines))
    commands = set(re.findall(r"\\([a-zA-Z]+)", "\n".join(lines)))
    known = "begin end quad qquad mathrm theta eta frac top operatorname kappa otimes Bigl Bigr times"
    assert commands <= set(known.split())


def test_long_coefficients_are_split_into_a_sum_with_the_same_value():
    numbers = {"T": 7, "B": 3}
    for _, coefficient in expand(order=5, basis="moment"):
        parts = split(coefficient)
        assert sum(parts, Coefficient()) == coefficient
        if len(parts) > 1:
            assert (
                sum(part.substitute(numbers).as_fraction() for part in parts)
                == coefficient.substitute(numbers).as_fraction()
            )


TEXTS = [
    "T*N/B",
    "1/(T + 1)",
    "(T*E - N)/(2*B*(T + 1))",
    "3",
    "-1/2",
    "-T - 1",
    "T/B**2",
    "-(N - 1)*(2*T - 3)**2/(4*N)",
]


def test_factored_text_has_the_value_of_the_coefficient():
    coefficients = {c for _, c in expand(order=5)} | {c for _, c in expand(order=4, basis="moment")}
    for coefficient in coefficients | {Coefficient(text) for text in TEXTS}:
        factored = factor(coefficient)
        absolute = Coefficient(as_python(to_text(factored.formula(Notation()))))
        assert (-absolute if factored.negative else absolute).substitute(
            {name: k for k, name in enumerate("TBNE", 5)}
        ) == coefficient.substitute({name: k for k, name in enumerate("TBNE", 5)})


def as_python(text):
    """Products of single letters, brackets and raised exponents as Python arithmetic."""
    text = (
        text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        if not set(text) & set("⁰¹²³⁴⁵⁶⁷⁸⁹")
        else re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + m[0].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")), text)
    )
    return re.sub(r"(?<=[A-Z)])(?=[A-Z(])|(?<=[0-9])(?=[A-Z(])", "*", text)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("T/(2*B) - T**2/(2*B)", r"\frac{T(T - 1)}{2B}"),
        ("T - B", "(T - B)"),
        ("2*batch_size/mu", r"\frac{2\,\mathrm{batch}_{\mathrm{size}}}{\mu}"),
        ("T/2 + 1/2", r"\frac{T + 1}{2}"),
        ("-1", "1"),
    ],
)
def test_factored_latex(text, latex):
    assert to_latex(factor(Coefficient(text)).formula(Notation())) == latex


def test_number_of_the_term_goes_before_the_learning_rate():
    series = expand(order=1, steps=10)
    assert series_to_text(series) == "l\n- 10 η G·G"
    assert r"- 10 \, \eta \, G^{\top} G" in series_to_latex(series)
    assert series_to_text(series - series) == "0"


def test_sum_of_numbers_and_symbols():
    half = series_to_text(Series({Diagram(2, [(0, 1)]): Coefficient(Fraction(1, 2)), Diagram(1): Coefficient(-1)}, 1))
    assert half == "- l\n+ (1/2) η G·G"


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        (Setting(), r"\mathrm{E}[l(\theta_{T})]"),
        (Setting.named("displacement"), r"\mathrm{E}[\theta_{T} - \theta_{0}]"),
        (Setting.named("function", "gd"), r"\mathrm{E}_{\text{gd}}[s(\theta_{T})]"),
        (Setting.named("test-loss", "sgd - sde"), r"\mathrm{E}_{\text{sgd - sde}}[l(\theta_{T})]"),
        (Setting.named("a_b & c", "sgd", "fixed"), r"\mathrm{E}_{\text{fixed}}[\text{a\_b \& c}]"),
    ],
)
def test_left_side_names_the_setting(setting, left):
    lines = series_to_latex(Series({Diagram(2, [(0, 1)]): Coefficient(1)}, 1, setting=setting)).splitlines()
    assert lines[1] == rf"& {left} = \\[1ex]"


def test_notation_reaches_every_symbol():
    notation = Notation(learning_rate=r"\lambda", expectation=r"\mathsf{E}", weights="w", steps="n", sizes={"T": "n"})
    lines = expand(order=1).latex(notation=notation).splitlines()
    assert lines[1:] == [
        r"& \mathsf{E}[l(w_{n})] = l \\[1ex]",
        "% order 1, 1 term",
        r"& \quad - \lambda \, n \, G^{\top} G \\[1ex]",
        r"& \quad + O(\lambda^{2})",
        r"\end{align*}",
    ]


def test_unknown_style_is_refused():
    with pytest.raises(ValueError, match="style must be one of matrix, index, metric, diagram"):
        expand(order=1).latex("picture")


PRINT_ALL = """
import sys
from sgdsym.render import diagrams_to_dot, diagrams_to_svg, series_to_latex, series_to_table, series_to_text
from sgdsym.sgd import expand
series = expand(order=4, basis="moment")
diagrams = series.diagrams()
for text in (series_to_latex(series), series.latex("index"), series_to_text(series),
             series_to_table(series), diagrams_to_svg(diagrams), diagrams_to_dot(diagrams)):
    sys.stdout.buffer.write(text.encode())
"""


def test_bytes_do_not_depend_on_the_hash_seed():
    written = [
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "12345")
    ]
    assert written[0] == written[1]
    assert len(written[0]) > 10_000
