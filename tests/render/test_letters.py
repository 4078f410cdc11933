"""A letter stands for one thing in a formula, or the formula is refused; text says which is which."""

import pytest

from sgdsym import Notation, expand, resum
from sgdsym.cli import main
from sgdsym.render import (
    Typesetting,
    commands,
    resummed_to_latex,
    resummed_to_text,
    series_to_latex,
    series_to_text,
    series_to_typst,
    typeset_document,
)
from sgdsym.render.commands import checked_symbol

WRITERS = [series_to_latex, series_to_typst]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("options", "typesetting", "letter"),
    [
        ({"order": 3, "batch_size": "S"}, Typesetting(), "S"),
        ({"order": 2, "steps": "H"}, Typesetting(), "H"),
        ({"order": 2}, Typesetting(notation=Notation(learning_rate="T", steps="K")), "T"),
        ({"order": 2}, Typesetting(notation=Notation(sizes={"B": "T"})), "T"),
    ],
)
def test_a_letter_that_would_stand_for_two_things_is_refused(write, options, typesetting, letter):
    with pytest.raises(ValueError, match=rf"^{letter} would stand for .* and for "):
        write(expand(**options), typesetting)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("options", "typesetting"),
    [
        # the tensor S comes with the third order; an index is told from a size by its place
        ({"order": 2, "batch_size": "S"}, Typesetting()),
        ({"order": 3, "batch_size": "S"}, Typesetting(notation=Notation(skewness=r"\mathcal{S}"))),
        ({"order": 2, "steps": "a"}, Typesetting(style="index")),
        ({"order": 4, "sampling": "reshuffle"}, Typesetting()),
        ({"order": 2, "batch_size": "S"}, Typesetting(style="metric")),
    ],
)
def test_a_letter_that_stands_for_one_thing_is_written(write, options, typesetting):
    assert "S" in write(expand(**options), typesetting) or "batch_size" not in options


def test_pictures_leave_all_letters_free():
    assert r"\frac{T}{6S^{2}}" in series_to_latex(expand(order=3, batch_size="S"), Typesetting(style="diagram"))


@pytest.mark.parametrize("pair", [("gradient", "hessian"), ("learning_rate", "covariance"), ("loss", "sample_loss")])
def test_two_tensors_have_two_letters(pair):
    with pytest.raises(ValueError, match="x would stand for"):
        Notation(**dict.fromkeys(pair, "x"))


def test_text_says_which_is_which():
    said = "where S is a size in a coefficient, and a tensor behind it"
    assert series_to_text(expand(order=3, batch_size="S")).endswith(said)
    assert "where" not in series_to_text(expand(order=2, batch_size="S"))
    assert resummed_to_text(resum(order=2, batch_size="C")).endswith(said.replace("S", "C"))


def test_resummed_series_likewise():
    with pytest.raises(ValueError, match="C would stand for the size C and for a tensor"):
        resummed_to_latex(resum(order=2, batch_size="C"))
    assert r"\Sigma" in resummed_to_latex(resum(order=2, batch_size="C"), notation=Notation(covariance=r"\Sigma"))


@pytest.mark.parametrize(
    "words",
    [
        ["expand", "--order", "3", "--batch-size", "S", "--format", "latex"],
        ["expand", "--order", "3", "--batch-size", "S", "--format", "html"],
        ["expand", "--order", "2", "--format", "markdown", "--notation", "eta=T"],
        ["paper", "--order", "2", "--steps", "H"],
        ["resum", "--order", "2", "--batch-size", "C", "--format", "latex"],
    ],
)
def test_the_command_line_says_so_in_one_line(words, capsys):
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "would stand for" in said.err
    assert said.err.count("\n") == 1


def test_every_command_that_a_symbol_may_hold_compiles(pdflatex):
    """Letters and signs by themselves, fonts and accents on a letter; each package is loaded because of one of them."""
    alone = [rf"\{name}" for name in f"{commands._GREEK} {commands._SIGNS}".split()]
    on_a_letter = [rf"\{name}{{A}}" for name in f"{commands._FONTS} {commands._ACCENTS}".split()]
    symbols = [checked_symbol(symbol) for symbol in alone + on_a_letter]
    formulas = "\n\n".join(f"${symbol} x$" for symbol in symbols)
    assert set(commands.LOADED_BY) <= set(typeset_document(formulas).splitlines())
    pdflatex(typeset_document(formulas))
