"""The inverse metric in formulas: what is written is evaluated, and is what the interpreter gives with that metric."""

import re
from fractions import Fraction
from functools import reduce
from itertools import permutations

import numpy as np
import pytest

from sgdsym import Diagram, Notation, expand
from sgdsym.cli import main
from sgdsym.noise import Empirical
from sgdsym.numeric import interpret_diagram, polynomial_derivatives
from sgdsym.render import Typesetting, diagram_to_latex, diagram_to_text, series_to_latex, series_to_typst
from sgdsym.report.definitions import symbol_definitions

LOSSES = [
    {(3, 0): 1, (1, 1): Fraction(1, 2), (1, 0): -2},
    {(0, 2): 2, (2, 1): -1, (0, 1): 1},
    {(1, 0): 1, (1, 3): Fraction(1, 3), (4, 0): 1},
]
TENSORS = [np.array(t, dtype=float) for t in polynomial_derivatives(LOSSES, (Fraction(1, 2), -1), 5)]
ROOTS = [t[0] for t in TENSORS]
METRIC = np.array([[2.0, 0.5], [0.5, 1.5]])
CUMULANTS = {"C": 2, "S": 3}
DEGREES = {"l": 0, "G": 1, "H": 2, "J": 3, "lₓ": 0, "g": 1, "h": 2, "j": 3}


def degree(letter):
    raised = letter.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()"))
    return DEGREES[letter] if letter in DEGREES else int(re.fullmatch(r"lₓ?\((\d+)\)", raised).group(1))


def factors(text):
    """The tensors of a product and the letters of their axes."""
    for word in re.findall(r"κ\([^()]*\)|E\[[^\[\]]*\]|∂_\w+ s|\S+", text):
        if word.startswith(("κ", "E[")):
            members = [member.partition("_") for member in re.split(r"[, ]+", word[2:-1])]
            yield joint(word[0], [(degree(letter), indices) for letter, _, indices in members])
        elif word.startswith("∂"):
            indices = word[2:-2]
            yield ROOTS[len(indices)], indices
        elif "^" in word:
            yield METRIC, word.partition("^")[2]
        else:
            letter, _, indices = word.partition("_")
            if letter in CUMULANTS:
                yield joint("κ", [(1, index) for index in indices])
            else:
                yield ROOTS[0] if letter == "s" else TENSORS[degree(letter)].mean(axis=0), indices


def joint(kind, members):
    """A joint cumulant or moment over the data, its members sorted by degree."""
    members = sorted(members)
    letters = "".join(indices for _, indices in members)
    if kind == "κ":
        return Empirical(dict(enumerate(TENSORS))).cumulant([d for d, _ in members]), letters
    outer = [reduce(np.multiply.outer, (TENSORS[d][n] for d, _ in members)) for n in range(len(LOSSES))]
    return np.mean(outer, axis=0), letters


def value(text, axes):
    """A product summed over repeated letters, averaged over the orders of its open indices."""
    found = list(factors(text))
    seen = "".join(letters for _, letters in found)
    # derivatives have lower indices only: every letter is once on a tensor, and once on the metric unless it is open
    raised = "".join(re.findall(r"\^(\w+)", text))
    assert sorted(set(raised)) == sorted(raised)
    assert {letter for letter in raised if letter not in "ikyz"} == set(seen) - set("ikyz")
    operands = ",".join(letters for _, letters in found)
    array = np.einsum(f"{operands}->{axes}", *(tensor for tensor, _ in found))
    orders = list(permutations(range(len(axes))))
    return sum(np.transpose(array, order) for order in orders) / len(orders)


@pytest.mark.parametrize("basis", ["cumulant", "moment"])
@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance", "function", "loss-variance"])
def test_what_is_written_is_the_value_with_the_metric(observable, basis):
    series = expand(observable=observable, order=3, batch_size=2, basis=basis)
    function = observable == "function"
    roots = ROOTS if function else None
    for diagram in series.diagrams():
        text = diagram_to_text(diagram, basis, style="metric", function=function)
        axes = "ik"[: series.setting.open_indices]
        wanted = interpret_diagram(diagram, basis, TENSORS, metric=METRIC, root_derivatives=roots)
        np.testing.assert_allclose(value(text, axes), np.array(wanted, dtype=float), atol=1e-9, err_msg=text)
        latex = diagram_to_latex(diagram, basis, style="metric", function=function)
        assert latex.count("g^{") == diagram.order


def test_every_style_of_text_and_every_format():
    series = expand(order=1, batch_size=1)
    assert series.to_text("metric").splitlines() == ["l", "- η T G_a g^ab G_b"]
    assert series.to_text("index").splitlines() == ["l", "- η T G_a G_a"]
    assert r"\sum_{a,b} G_a \, g^{ab} \, G_b" in series.latex("metric", sums="explicit")
    assert "G_(a) thin g^(a b) thin G_(b)" in series_to_typst(series, Typesetting(style="metric"))
    with pytest.raises(ValueError, match="style must be one of matrix, index, metric"):
        series.to_text("diagram")


def test_the_letter_is_the_callers():
    series, own = expand(order=1, batch_size=1), Notation.parse(r"metric=\mathsf{M}")
    assert r"G_a \, \mathsf{M}^{ab} \, G_b" in series_to_latex(series, Typesetting(style="metric", notation=own))
    powered = Notation(metric="M^{-1}")
    assert r"G_a \, (M^{-1})^{ab} \, G_b" in series_to_latex(series, Typesetting(style="metric", notation=powered))
    assert (r"\mathsf{M}^{ab}", "the inverse metric, the identity unless another one is given") in symbol_definitions(
        series, own, "metric", {}
    )
    assert not any("metric" in meaning for _, meaning in symbol_definitions(series, own, "index", {}))


def test_the_command_writes_it(capsys):
    assert main(["expand", "--order", "1", "--batch-size", "1", "--style", "metric"]) == 0
    assert capsys.readouterr().out == "l\n- η T G_a g^ab G_b\n"


def test_letters_run_out():
    longest, longer = (Diagram(n + 1, [(v, v + 1) for v in range(n)]) for n in (17, 18))
    raised = re.findall(r"\^(\w+)", diagram_to_text(longest, style="metric"))
    assert len(raised) == 17
    assert len(set("".join(raised))) == 34
    with pytest.raises(ValueError, match="with the metric has letters for 17 edges, this diagram has 18"):
        diagram_to_text(longer, style="metric")
