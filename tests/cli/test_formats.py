"""How results are written: pictures, choices for LaTeX, words, widths."""

import subprocess
import sys

import pytest

from sgdsym import Notation, expand
from sgdsym.cli import main
from sgdsym.diagrams import grow


def run(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_images_are_written_whole(capfdbinary, tmp_path, kind):
    pytest.importorskip("matplotlib")
    begins = {"png": b"\x89PNG", "pdf": b"%PDF-"}[kind]
    for command in ("expand", "diagrams"):
        file = tmp_path / f"{command}.{kind}"
        assert main([command, "--order", "2", "--output", str(file)]) == 0
        assert file.read_bytes().startswith(begins)
        shell = [sys.executable, "-m", "sgdsym", command, "--order", "2", "--format", kind]
        assert subprocess.run(shell, capture_output=True, check=True).stdout == file.read_bytes()


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".txt", "l\n"),
        (".tex", r"\begin{align*}"),
        (".json", '{"format"'),
        (".py", '"""test-loss'),
        (".svg", "<svg"),
        (".tikz", r"\begin{tikzpicture}"),
        (".dot", "graph"),
        (".typ", "$\n"),
        (".md", "$$\n"),
        (".csv", "order,"),
    ],
)
def test_the_suffix_says_the_format(tmp_path, suffix, begins):
    file = tmp_path / f"result{suffix}"
    assert main(["expand", "--order", "1", "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize("words", ["paper --output result.html", "diagrams --output result.json"])
def test_a_suffix_that_cannot_be_written_is_refused(capsys, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, message = run(capsys, *words.split(), "--order", "1")
    assert code == 2
    assert "choose another suffix" in message
    assert list(tmp_path.iterdir()) == []


def test_a_mistyped_symbol_is_named(capsys):
    for command in ("expand --format latex", "paper --batch-size M"):
        code, _, message = run(capsys, *command.split(), "--order", "1", "--notation", "los=L")
        assert code == 2
        assert "los is no symbol of the formula" in message
    assert run(capsys, "paper", "--order", "1", "--batch-size", "M", "--notation", "M=m,N=n")[0] == 0


def test_choices_for_latex_reach_the_writer(capsys):
    words = ["expand", "--order", "3", "--format", "latex", "--style", "index", "--sums", "explicit", "--collect"]
    words += ["--polynomials", "falling", "--shape", "equations", "--terms-per-line", "2", "--label", "eq:mine"]
    words += ["--notation", r"L=\ell,C=\Sigma,theta=w"]
    _, printed, _ = run(capsys, *words)
    notation = Notation.parse(r"L=\ell,C=\Sigma,theta=w")
    chosen = {"polynomials": "falling", "shape": "equations", "terms_per_line": 2, "collect": True}
    assert printed == expand(order=3).latex("index", notation, sums="explicit", label="eq:mine", **chosen) + "\n"


def test_polynomials_are_written_in_the_length_of_the_request(capsys):
    _, printed, _ = run(
        capsys, "expand", "--order", "2", "--steps", "M", "--format", "latex", "--polynomials", "binomial"
    )
    assert r"\binom{M}{2}" in printed
    assert r"\theta_{M}" in printed
    _, printed, _ = run(capsys, "compare", "sgd", "ode", "--format", "latex", "--polynomials", "binomial")
    assert r"\binom{T}{2}" in printed


def test_documents_and_their_preamble(capsys):
    _, printed, _ = run(capsys, "expand", "--order", "1", "--format", "latex", "--style", "diagram", "--document")
    assert printed.startswith("\\documentclass{article}\n\\usepackage{amsmath}\n\\usepackage{tikz}\n")
    _, printed, _ = run(capsys, "expand", "--order", "1", "--format", "latex", "--preamble")
    assert printed == "\\usepackage{amsmath}\n\\allowdisplaybreaks\n"
    for command in ("expand", "diagrams"):
        _, printed, _ = run(capsys, command, "--order", "1", "--format", "tikz", "--document")
        assert printed.startswith("\\documentclass{article}\n\\usepackage{tikz}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["expand", "--format", "json", "--style", "index"], "--style is for --format latex, not json"),
        (["expand", "--style", "diagram"], "style must be one of matrix, index, metric, not 'diagram'"),
        (["expand", "--format", "json", "--terms-per-line", "2"], "--terms-per-line is for --format latex, not json"),
        (["expand", "--document"], "--document is for --format latex, not text"),
        (["expand", "--format", "latex", "--terms-per-line", "0"], "at least 1"),
        (["expand", "--format", "latex", "--notation", r"eta=\input{x}"], "is not a symbol in LaTeX"),
        (["expand", "--format", "latex", "--notation", "eta"], "is not of the form symbol=LaTeX"),
        (["expand", "--format", "latex", "--label", "a b"], "label must be made of letters"),
        (["diagrams", "--explain", "--format", "svg"], "--explain writes text, not svg"),
        (["diagrams", "--document"], "--document is for --format tikz, not table"),
        (["diagrams", "--diagram", "c(01)"], "c(01)"),
    ],
)
def test_choices_that_do_not_fit_are_refused_in_one_line(capsys, arguments, message):
    code, printed, said = run(capsys, *arguments)
    assert (code, printed) == (2, "")
    assert message in said
    assert said.count("\n") == 1


def test_text_fits_the_terminal(capsys, monkeypatch):
    words = ["expand", "--order", "4", "--sampling", "fixed", "--basis", "moment"]
    _, printed, _ = run(capsys, *words)
    assert max(map(len, printed.splitlines())) <= 80
    series = expand(order=4, sampling="fixed", basis="moment")
    assert "".join(printed.split()) == "".join(series.to_text().split())
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    _, narrow, _ = run(capsys, *words)
    assert max(map(len, narrow.splitlines())) <= 50
    assert "".join(narrow.split()) == "".join(printed.split())


@pytest.mark.parametrize(
    "words", [["expand"], ["expand", "--format", "table"], ["diagrams"], ["diagrams", "--explain"]]
)
def test_a_terminal_shows_the_head_of_a_long_result(capsys, monkeypatch, tmp_path, words):
    words = [*words, "--order", "6"]
    _, whole, _ = run(capsys, *words)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    _, head, _ = run(capsys, *words)
    count = sum(len(layer.diagrams) for layer in grow(6)) if words[0] == "expand" else len([*grow(6)][-1].diagrams)
    what = "terms" if words[0] == "expand" else "diagrams"
    lines = head.splitlines()
    (told,) = (k for k, line in enumerate(lines) if line.startswith("… and"))
    assert lines[told] == (
        f"… and {count - 200} more of {count} {what}; --output FILE writes them all, and so does a pipe, | less"
    )
    if "table" not in words and words != ["diagrams", "--order", "6"]:
        assert whole.splitlines()[:told] == lines[:told]
    assert len(lines) < len(whole.splitlines()) / 2
    _, printed, _ = run(capsys, *words, "--output", str(tmp_path / "all.txt"))
    assert printed == ""
    assert (tmp_path / "all.txt").read_text().count("\n") == whole.count("\n")


def test_diagrams_are_explained(capsys):
    _, printed, _ = run(capsys, "diagrams", "--order", "2", "--explain")
    assert "curvature contracted with the gradient covariance: noise pushed uphill by" in printed
    assert max(map(len, printed.splitlines())) <= 80
    _, printed, _ = run(capsys, "diagrams", "--diagram", "(01-2)(02-12)", "--explain")
    assert run(capsys, "diagrams", "--diagram", "Vlvs", "--explain")[1] == printed
    assert printed.splitlines()[0] == "(01-2)(02-12)  tr(H E[g gᵀ])"
    assert "second moment of the gradient" in printed


def test_a_picture_is_not_shown_on_a_terminal(capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, _, said = run(capsys, "diagrams", "--order", "1", "--format", "png")
    assert (code, said) == (2, "sgdsym: a terminal shows no pictures; name a file with --output\n")


def test_modules_estimate_from_samples_on_request(capsys):
    assert "def unbiased(" in run(capsys, "expand", "--order", "2", "--format", "numpy")[1]
    assert "def unbiased(" not in run(capsys, "expand", "--order", "2", "--format", "numpy", "--no-unbiased")[1]
    assert "def unbiased(" not in run(capsys, "expand", "--order", "5", "--format", "torch")[1]


def test_a_kernel_that_takes_long_to_plan_is_refused(capsys, monkeypatch):
    """With the estimate, unless it is forced; other formats are not kernels."""
    monkeypatch.setattr("sgdsym.cli.formats._PLANNED", 10)
    monkeypatch.setattr("sgdsym.cli.formats._PLAN_BYTES", 10**9)
    assert main(["expand", "--order", "4", "--format", "jax"]) == 2
    assert "a kernel of 30 diagrams takes about 0 minutes and 30 GB; add --force" in capsys.readouterr().err
    assert main(["expand", "--order", "4", "--format", "jax", "--force"]) == 0
    assert main(["expand", "--order", "4", "--format", "json"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--order", "2", "--format", "text"], "--unbiased is for --format numpy, jax, torch, not text"),
        (["--order", "6", "--format", "numpy"], "391123 merged diagrams, about 196 s; add --force"),
    ],
)
def test_an_estimate_that_cannot_be_or_takes_long_is_refused(capsys, arguments, message):
    assert main(["expand", *arguments, "--unbiased"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("expand --ordr 3", "did you mean --order?; see sgdsym expand --help"),
        ("stationary covarance", "did you mean covariance?"),
        ("expnd", "did you mean expand?"),
        ("expand --sampling reshufle", "did you mean reshuffle?"),
        ("paper --learning-rte=1 --weight-decy 2", "unrecognized arguments"),
    ],
)
def test_a_mistyped_word_is_told_what_it_is_like(capsys, words, meant):
    code, _, message = run(capsys, *words.split())
    assert code == 2
    assert meant in message
    assert len(message) <= 301


def test_a_word_like_no_other_is_told_nothing(capsys):
    _, _, message = run(capsys, "expand", "--zzzzzz")
    assert message == "sgdsym: unrecognized arguments: --zzzzzz; see sgdsym expand --help\n"
