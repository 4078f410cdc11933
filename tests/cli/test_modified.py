"""``sgdsym modified`` as a user meets it."""

import json
import runpy
from fractions import Fraction

import numpy as np
import pytest

from sgdsym import Series
from sgdsym.cli import main
from sgdsym.sgd import modified


def run(capsys, words):
    code = main(["modified", *words.split()])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_text_says_what_each_order_descends(capsys):
    code, printed, _ = run(capsys, "--dynamics gd --order 3")
    assert code == 0
    assert printed.splitlines() == [
        "- η G",
        "- (1/2) η² H G",
        "- (1/12) η³ J[G, G]",
        "- (1/3) η³ H² G",
        "order 1: minus η times the gradient of l",
        "order 2: minus η times the gradient of (1/4) η G·G",
        "order 3: not a gradient",
    ]


def test_conditions_stand_once(capsys):
    _, printed, _ = run(capsys, "--sampling reshuffle --order 2")
    assert printed.splitlines()[-3:] == [
        "where (N - 1) ≠ 0",
        "order 1: minus η times the gradient of l",
        "order 2: minus η times the gradient of (1/4) η G·G + η ((N - B)/(4B(N - 1))) κ[g·g]",
    ]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("--dynamics gd --order 6", {"dynamics": "gd", "order": 6}),
        ("--dynamics gd --momentum 0.9 --nesterov", {"dynamics": "gd", "momentum": Fraction(9, 10), "nesterov": True}),
        ("--part diffusion --batch-size 8", {"part": "diffusion", "batch_size": 8}),
        ("--part 3 --sampling replace --basis moment", {"part": 3, "sampling": "replace", "basis": "moment"}),
        ("--sampling reshuffle --dataset-size 6", {"sampling": "reshuffle", "dataset_size": 6}),
    ],
)
def test_every_option_reaches_the_equation(capsys, words, options):
    code, printed, _ = run(capsys, f"{words} --format json")
    expected = modified(**options)
    assert code == 0
    assert Series.from_json(printed) == expected
    head = json.loads(printed)
    assert (head["format"], head["observable"]) == ("sgdsym-series/1", expected.setting.observable.name)
    for term in head["terms"]:
        diagram = term["diagram"]
        roots = diagram.get("roots", [diagram.get("root")])
        assert len(roots) == expected.setting.open_indices
        assert not set(roots) & {v for block in diagram["blocks"] for v in block}


def test_the_generated_field_follows_gradient_descent(capsys, tmp_path):
    """The module's field, integrated over one step, lands where a step does, up to the next order."""
    file = tmp_path / "field.py"
    assert run(capsys, f"--dynamics gd --order 4 --format numpy --output {file}")[:2] == (0, "")
    module = runpy.run_path(str(file))
    coefficients = np.array([0.3, -0.8, 0.7, 0.4, -0.2])  # of a quartic loss of one weight

    def derivatives(theta):
        polynomial = np.polynomial.Polynomial(coefficients)
        return [np.reshape(polynomial.deriv(k)(theta), [1] * (k + 1)) for k in range(5)]

    def field(theta, rate):
        return module["evaluate"](derivatives(theta), rate)[0]

    errors = []
    for rate in (0.1, 0.05):
        theta, pieces = 0.4, 50
        for _ in range(pieces):
            a = field(theta, rate)
            b = field(theta + a / pieces / 2, rate)
            c = field(theta + b / pieces / 2, rate)
            d = field(theta + c / pieces, rate)
            theta += (a + 2 * b + 2 * c + d) / pieces / 6
        errors.append(abs(theta - (0.4 - rate * derivatives(0.4)[1].item())))
    assert errors[0] / errors[1] == pytest.approx(2**5, rel=0.3)


@pytest.mark.parametrize("output_format", ["text", "latex", "json", "numpy", "table", "svg", "dot"])
@pytest.mark.parametrize("words", ["--dynamics gd", "--part diffusion", "--part 3"])
def test_every_format_is_written(capsys, words, output_format):
    code, printed, _ = run(capsys, f"{words} --format {output_format}")
    assert code == 0
    assert printed.strip()


def test_a_part_that_begins_later_is_zero(capsys):
    assert run(capsys, "--part 3 --order 2")[:2] == (0, "0\n")
    assert Series.from_json(run(capsys, "--part 3 --order 2 --format json")[1]).setting.open_indices == 3


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("--dynamics gd", r"\frac{d}{dt} "),
        ("--part diffusion", r"(\theta_{t} - \theta_{0})^{\otimes 2}"),
        ("--part 3", r"(\theta_{t} - \theta_{0})^{\otimes 3}"),
    ],
)
def test_the_formula_says_what_it_is(capsys, words, left):
    assert left in run(capsys, f"{words} --format latex")[1]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--part skew", "'skew' is neither drift nor diffusion nor a number of indices"),
        ("--part 0", "part must be drift, diffusion or a number of indices"),
        ("--dynamics ode", "invalid choice: 'ode'"),
        ("--dynamics gd --order 30", "order 30 is out of reach; the highest order is 18"),
        ("--dynamics gd --order 16", "order 16 has about"),
        ("--order 12", "the highest order is 11"),
        ("--order 8", "add --force to go ahead"),
        ("--momentum mu", "give momentum with dynamics gd"),
        ("--sampling fixed", "choose reshuffle"),
        ("--dynamics gd --momentum 3/2", "momentum must lie strictly between -1 and 1"),
        ("--output /no/such/folder/file", "there is no folder"),
    ],
)
def test_wrong_requests_get_one_line_and_exit_2(capsys, words, complaint):
    code, printed, said = run(capsys, words)
    assert (code, printed) == (2, "")
    assert complaint in said
    assert said.startswith("sgdsym: ")
    assert said.count("\n") == 1
