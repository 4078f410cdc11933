"""What is handed to readers: text, LaTeX, JSON, pictures, and one line where a request is wrong."""

import json
from fractions import Fraction

import pytest

import sgdsym
from sgdsym.cli import main
from sgdsym.render import trajectory_to_latex, trajectory_to_text
from sgdsym.series import diagram_from_data
from sgdsym.trajectories import recursion
from sgdsym.trajectories.recursion import Cumulant


def test_json_holds_all_terms():
    given = sgdsym.trajectory(order=2, momentum="mu", weight_decay="decay")
    data = json.loads(given.to_json())
    assert data["symbols"] == ["decay", "mu"]
    assert data["optimizer"]["weight_decay"] == "decay"
    assert [diagram_from_data(term["diagram"]) for term in data["terms"]] == [term.diagram for term in given.terms]
    assert [Fraction(term["coefficient"]) for term in data["terms"]] == [term.coefficient for term in given.terms]
    assert [len(entry["terms"]) for entry in data["recursion"]] == [2, 2, 6, 8, 4]


@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance", "function", "generalization-gap"])
@pytest.mark.parametrize("noise", ["batch", "dataset"])
def test_formulas_hold_as_many_terms_as_there_are(observable, noise):
    if (observable, noise) == ("generalization-gap", "batch"):
        return
    given = sgdsym.trajectory(observable=observable, noise=noise, order=2)
    text, latex = trajectory_to_text(given), trajectory_to_latex(given)
    terms = [term for term in given.terms if term.order]
    assert sum(line.startswith("  1/") for line in text.splitlines()) == len(terms) + given.order
    assert latex.count(r"\sum_{") == len(terms)
    assert latex.count("{") == latex.count("}")


def test_cumulants_begin_at_their_order():
    assert recursion(Cumulant(1, 3), "batch") == ()
    assert all(term.order == 2 for legs in (1, 2, 3) for term in recursion(Cumulant(2, legs), "dataset"))


@pytest.mark.parametrize("form", ["text", "words", "latex", "json", "svg", "dot", "tikz", "numpy", "jax"])
def test_every_format_is_written(form, capsys):
    assert main(["trajectory", "--order", "1", "--momentum", "mu", "--format", form]) == 0
    assert len(capsys.readouterr().out) > 100


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--observable generalization-gap", "batches of fresh points leave no gap"),
        ("--order 4", "order must be an integer from 0 to 3, not 4"),
        ("--nesterov", "give it with --momentum"),
        ("--document", "--document is for --format latex, not text"),
        ("--momentum t --format numpy", "the symbol t cannot be an argument of the module"),
    ],
)
def test_wrong_requests_are_one_line(line, message, capsys):
    assert main(["trajectory", *line.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert len(error) <= 301
