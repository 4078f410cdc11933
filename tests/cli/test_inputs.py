"""Files that options name: whole ones are read, and others are refused in one line of our own, in little memory and time."""

import json

import numpy as np
import pytest

from sgdsym.cli import inputs, main
from sgdsym.cli.inputs import read_array, read_text


def npy(path, shape, kind="<f8", content=b"", by_columns=False):
    header = f"{{'descr': '{kind}', 'fortran_order': {by_columns}, 'shape': {shape}}}\n".encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content)
    return path


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">i2"),
        np.float16([[1, 2]]),
        np.array(3.5),
        np.zeros((0, 2)),
    ],
)
def test_what_numpy_saves_is_read_as_numpy_reads_it(tmp_path, array):
    path = tmp_path / "array.npy"
    np.save(path, array)
    np.testing.assert_array_equal(read_array(path), np.load(path))
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version=(2, 0))
    np.testing.assert_array_equal(read_array(path), array)


@pytest.mark.parametrize(
    ("shape", "kind", "size", "message"),
    [
        ("(1000000, 1000000)", "<f8", 32, "does not hold what its header says"),
        ("(4611686018427387904, 8)", "<f8", 0, "does not hold what its header says"),
        ("(" + "9" * 30 + ", 2)", "<f8", 0, "does not hold what its header says"),
        ("(-1, -4)", "<f8", 32, "does not hold what its header says"),
        ("(2, 2)", "<f8", 24, "does not hold what its header says"),
        ("(2, 2)", "<f8", 40, "does not hold what its header says"),
        ("(2, 2)", "|O", 32, "holds Python objects"),
        ("(2, 2)", "<c8", 32, "holds no array of real numbers but complex64"),
        ("__import__('os')", "<f8", 0, "it is no .npy file of numbers"),
        ("(" * 3000, "<f8", 0, "is no .npy file of numbers"),
    ],
)
def test_a_header_that_lies_is_found_out(capsys, tmp_path, shape, kind, size, message):
    path = npy(tmp_path / "lie.npy", shape, kind, bytes(size))
    with pytest.raises(ValueError, match=message):
        read_array(path)
    assert main(["stationary", "covariance", "--hessian", str(path), "--noise", "1"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pickle" not in said


@pytest.mark.parametrize("content", [b"", b"1,2\n", b"\x80\x04]\x94.", b"PK\x03\x04", b"\x93NUMPY\x09\x00"])
def test_what_is_no_array_is_called_so_without_advice_to_trust_it(tmp_path, content):
    path = tmp_path / "text.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot read .*: it is no \.npy file of numbers; write it with numpy\.save"):
        read_array(path)


def test_text_is_read_within_bounds(tmp_path, monkeypatch):
    path = tmp_path / "text.csv"
    path.write_text("\ufeff1,2\n", encoding="utf-8")
    assert read_text(path) == "1,2\n"
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        read_text(path)
    with pytest.raises(ValueError, match="no such file"):
        read_text(tmp_path / "other.csv")
    monkeypatch.setattr(inputs, "LONGEST_TEXT", 1000)
    (tmp_path / "zeros.csv").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="is longer than"):
        read_text(tmp_path / "zeros.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"about": "\ud800"}, "about"),
        ({"about": "two\nlines"}, "about"),
        ({"about": 3}, "about"),
        ({"values": {"c(0)()": 10**400, "c(0-1)(01)": 1}}, "must be a finite number, not 1000"),
        ({"values": {"c(0)()": "DEEP", "c(0-1)(01)": 1}}, "must be a finite number, not "),
        ({"more": "DEEPER"}, "nested too deeply"),
        ({"more": "DIGITS"}, "too many digits"),
    ],
)
def test_values_that_no_page_can_show_are_refused(capsys, tmp_path, change, message):
    text = json.dumps({"format": "sgdsym-values/1", "values": {"c(0)()": 1, "c(0-1)(01)": 2}} | change)
    for word, depth in (("DEEPER", 100_000), ("DEEP", 800)):
        text = text.replace(f'"{word}"', "[" * depth + "]" * depth)
    file = tmp_path / "values.json"
    file.write_text(text.replace('"DIGITS"', "9" * 5000), encoding="utf-8")
    words = [
        "expand",
        "--order",
        "1",
        "--format",
        "html",
        "--values",
        str(file),
        "--output",
        str(tmp_path / "page.html"),
    ]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["values.json"]


@pytest.mark.parametrize("word", ["a\udcff", "\ud800"])
def test_half_a_character_is_refused_and_never_half_written(capsys, tmp_path, word):
    """A word of the command line that is no UTF-8 comes with such halves."""
    output = ["--output", str(tmp_path / "file")]
    for words in (
        ["expand", "--order", "1", "--format", "latex", "--shape", "equation", "--label", word],
        ["expand", "--order", "1", "--format", "html", "--values", word],
        ["expand", "--order", "1", "--steps", word],
        ["expand", "--order", "1", "--format", "latex", "--notation", f"eta={word}"],
        ["compare", word, "sgd"],
        ["diagrams", "--diagram", word],
        ["stationary", "covariance", "--hessian", word, "--noise", "1"],
        ["stationary", "noise", "--gradients", f"{word}.csv"],
    ):
        assert main([*words, *output]) == 2, words
        assert capsys.readouterr().err.count("\n") == 1
        assert not list(tmp_path.iterdir())
