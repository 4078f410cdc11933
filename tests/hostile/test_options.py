"""The command line: csv, npy, options, names of files."""

import re

import numpy as np
import pytest

from sgdsym.cli import main
from tests.hostile.texts import HOSTILE


def test_no_option_or_file_of_numbers_is_more_than_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, hostile in enumerate(HOSTILE[:-2]):
        table = tmp_path / f"table{number}.csv"
        table.write_text(hostile, encoding="utf-8", errors="replace")
        array = tmp_path / f"array{number}.npy"
        array.write_bytes(b"\x93NUMPY\x01\x00" + hostile.encode(errors="replace"))
        values = tmp_path / "values.json"
        values.write_text(hostile, encoding="utf-8", errors="replace")
        for words in (
            ["stationary", "covariance", "--hessian", str(table), "--noise", "1"],
            ["stationary", "covariance", "--hessian", str(array), "--noise", "1"],
            ["stationary", "covariance", "--hessian", hostile, "--noise", "1", "--format", "numpy"],
            ["stationary", "noise", "--gradients", hostile, "--batch-size", "1"],
            ["expand", "--order", "1", "--format", "html", "--values", str(values)],
            ["expand", "--order", "1", "--steps", hostile],
            ["expand", "--order", "1", "--momentum", hostile],
            ["expand", "--order", "1", "--schedule", hostile],
            ["expand", "--order", "1", "--format", "latex", "--notation", f"l={hostile}"],
            ["expand", "--order", "1", "--format", "latex", "--label", hostile],
            ["paper", "--order", "1", "--batch-size", hostile],
            ["compare", f"sgd:scale={hostile}", "sde", "--order", "1"],
        ):
            assert main(words) != 0, words
            assert capsys.readouterr().out == ""
    pickled = tmp_path / "objects.npy"
    np.save(pickled, np.array([{"hostile": 1}], dtype=object), allow_pickle=True)
    assert main(["stationary", "covariance", "--hessian", str(pickled), "--noise", "1"]) != 0
    assert {re.sub(r"[0-9]*\..*", "", path.name) for path in tmp_path.iterdir()} == {
        "table",
        "array",
        "values",
        "objects",
    }


@pytest.mark.parametrize(
    "name", ['a"""b.py', "a;touch hostile.py", "$(touch hostile).py", "a\nb.py", "</script>.py", r"\input{x}.py"]
)
def test_the_name_of_a_file_is_not_in_the_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "there"
    folder.mkdir()
    for suffix in (".py", ".html", ".tex", ".svg", ".dot", ".tikz", ".json"):
        odd, plain = folder / name.replace("/", "_").replace(".py", suffix), tmp_path / f"plain{suffix}"
        assert main(["expand", "--order", "1", "--output", str(odd)]) == 0
        assert main(["expand", "--order", "1", "--output", str(plain)]) == 0
        assert odd.read_bytes() == plain.read_bytes()
    assert {path.suffix for path in tmp_path.glob("hostile*")} == set()
