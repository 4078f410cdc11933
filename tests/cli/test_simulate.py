"""``sgdsym simulate``: tables, predictions beside them, losses of one's own, refusals."""

import csv
import io
import json
import re

import pytest

from sgdsym.cli import main

QUICK = ["--learning-rate", "0.1", "--steps", "3", "--batch-size", "1", "--runs", "500"]


def run(capsys, *arguments):
    code = main(["simulate", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_table_has_measurement_and_series(capsys):
    code, printed, _ = run(capsys, "--landscape", "gauss", *QUICK, "--record", "1")
    title, heads, first, last = printed.splitlines()
    assert code == 0
    assert title == "test-loss of sgd (online), 500 runs, learning rate 1/10"
    assert heads.split()[-2:] == ["order", "3"]
    assert first.split()[0] == "1"
    # exp(eta/2)/sqrt(1 + eta)/2 = 1/2 + eta^2/8 - eta^3/12 + ...
    assert first.split()[3:] == ["0.5", "0.50125", "0.501167"]
    assert last.split()[0] == "3"


def test_json_and_csv_say_the_same(capsys):
    options = ["--landscape", "helix", *QUICK, "--observable", "covariance", "--order", "2"]
    document = json.loads(run(capsys, *options, "--format", "json")[1])
    rows = list(csv.DictReader(io.StringIO(run(capsys, *options, "--format", "csv")[1])))
    assert document["format"] == "sgdsym-simulation/1"
    assert document["observable"] == "covariance"
    assert [record["entry"] for record in document["records"]] == [[i, j] for i in (1, 2, 3) for j in (1, 2, 3)]
    assert [float(row["value"]) for row in rows] == [record["value"] for record in document["records"]]
    assert [float(row["order_2"]) for row in rows] == [record["predicted"][2] for record in document["records"]]


def test_runs_without_a_series_say_so(capsys):
    code, printed, _ = run(capsys, "--landscape", "three-points", *QUICK, "--sampling", "reshuffle", "--given")
    assert code == 0
    assert "order" not in printed
    schedule = ["--schedule", "1,1/2,1/3", "--record", "1"]
    rows = run(capsys, "--landscape", "three-points", *QUICK, *schedule)[1].splitlines()
    assert rows[2].split()[-1] == "-"
    assert rows[3].split()[-1] != "-"


def test_a_loss_of_ones_own_is_imported(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "import sgdsym\n"
        "def landscape():\n"
        "    loss = lambda w, x: ((w - x) ** 2).sum(axis=-1) / 2\n"
        "    return sgdsym.Landscape.numpy(loss, [1.0], [[0.0], [2.0]], gradient=lambda w, x: w - x)\n"
        "def broken():\n"
        "    raise KeyError('nothing\\nhere')\n"
        "def other():\n"
        "    return 3\n"
    )
    (tmp_path / "own_landscape.py").write_text(text, encoding="utf-8")
    code, printed, _ = run(capsys, "--loss", "own_landscape:landscape", *QUICK)
    assert code == 0
    assert printed.splitlines()[2].split()[0] == "3"
    for name, complaint in (
        ("broken", "KeyError: 'nothing"),
        ("other", "returned a int"),
        ("missing", "AttributeError"),
    ):
        code, printed, said = run(capsys, "--loss", f"own_landscape:{name}", *QUICK)
        assert (code, printed, said.count("\n")) == (2, "", 1)
        assert complaint in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--steps", "3"], "--learning-rate"),
        (["--learning-rate", "rate", "--steps", "3"], "a run needs numbers"),
        (["--learning-rate", "0.1"], "a run needs numbers; give steps, batch_size"),
        ([*QUICK, "--landscape", "moon"], "landscape must be one of"),
        ([*QUICK, "--loss", "x"], "must be MODULE:FUNCTION"),
        ([*QUICK, "--loss", "no_such_module:f"], "ModuleNotFoundError"),
        ([*QUICK, "--loss", "a:b", "--landscape", "gauss"], "give one of them"),
        ([*QUICK, "--observable", "function"], "in Python"),
        ([*QUICK, "--record", "4"], "from 0 to the 3 updates"),
        ([*QUICK, "--dynamics", "ode"], "batches|no updates"),
        ([*QUICK[:2], "--steps", "9" * 30, "--batch-size", "1"], "steps must be an integer"),
        ([*QUICK[:2], "--steps", "3", "--batch-size", "9" * 30], "numbers at once"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(capsys, arguments, complaint):

    code, printed, said = run(capsys, *arguments)
    assert (code, printed) == (2, "")
    assert said.count("\n") == 1
    assert len(said) <= 301
    assert re.search(complaint, said), said
