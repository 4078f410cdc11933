"""``sgdsym stationary covariance`` and the matrices that options give."""

import argparse
import json

import numpy as np
import pytest
import sympy as sp

from sgdsym import stationary_covariance
from sgdsym.cli import main
from sgdsym.cli.matrices import matrix, value, vector
from sgdsym.codegen import generate_covariance, generate_law
from sgdsym.render import typeset_document

R = sp.Rational
EXAMPLE = ["--hessian", "2,1/2;1/2,1", "--noise", "1,-1/3;-1/3,1/2", "--learning-rate", "1/2"]
H, C = matrix(EXAMPLE[1]), matrix(EXAMPLE[3])


def run(capsys, *arguments):
    code = main(["stationary", "covariance", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_text(capsys):
    assert run(capsys, *EXAMPLE) == (
        0,
        "covariance of the weights\n 310/1173  -140/1173\n-140/1173   268/1173\nexcess loss  22/69\n",
        "",
    )


def test_json(capsys):
    _, printed, _ = run(capsys, *EXAMPLE, "--momentum", "0.5", "--format", "json")
    law = json.loads(printed)
    assert law["covariance"] == [["1334/3555", "-704/3555"], ["-704/3555", "1636/3555"]]
    assert (law["excess_loss"], law["symbols"]) == ("40/79", [])


def test_latex(capsys):
    _, printed, _ = run(capsys, "--hessian", "h", "--noise", "c", "--learning-rate", "r", "--format", "latex")
    assert printed.startswith("\\begin{align*}\n\\Sigma &= \\frac{cr}{h(2 - hr)} \\\\\n")
    _, printed, _ = run(capsys, *EXAMPLE, "--format", "latex")
    assert r"\Sigma &= \left[\begin{matrix}\frac{310}{1173} & - \frac{140}{1173}\\" in printed


def load(source):
    names = {"__name__": "generated"}
    exec(compile(source, "generated", "exec"), names)  # noqa: S102 - our own text
    return names["covariance"]


def test_the_numpy_module_computes_any_covariance(capsys):
    _, source, _ = run(capsys, *EXAMPLE, "--momentum", "1/2", "--preconditioner", "1,1/5;1/5,1/2", "--format", "numpy")
    covariance = load(source)
    preconditioner = sp.Matrix([[1, R(1, 5)], [R(1, 5), R(1, 2)]])
    expected = stationary_covariance(H, C, R(1, 2), R(1, 2), preconditioner)
    np.testing.assert_allclose(covariance(), np.array(expected.tolist(), float), rtol=1e-13)
    rng = np.random.default_rng(0)
    h, c, p = (x @ x.T + np.eye(4) for x in rng.normal(size=(3, 4, 4)))
    for rates in ((0.01, 0.0, None), (0.01, 0.9, p / 10)):
        np.testing.assert_allclose(covariance(h, c, *rates), stationary_covariance(h, c, *rates), rtol=1e-11)
    for wrong, message in (
        ((h, c, 5.0, 0.0, None), r"outside \(0, 2\)"),
        ((h, -c, 0.01, 0.0, None), "noise has the eigenvalue"),
        ((h, c, 0.01, 1.0, None), "momentum is 1.0"),
        ((h, c, -0.01, 0.0, None), "learning rate is -0.01"),
        ((np.triu(h), c, 0.01, 0.0, None), "hessian is not symmetric"),
        ((h, c[:2, :2], 0.01, 0.0, None), "must agree"),
        ((h, c, 0.01, 0.0, -p), "not positive definite"),
    ):
        with pytest.raises(ValueError, match=message):
            covariance(*wrong)


def test_a_numpy_module_of_symbols_is_the_closed_form(capsys):
    _, source, _ = run(
        capsys, "--hessian", "h,0;0,g", "--noise", "c,d;d,1", "--learning-rate", "r", "--format", "numpy"
    )
    numbers = {"h": 2.0, "g": 1.0, "c": 3.0, "d": 0.5, "r": 0.25}
    expected = stationary_covariance(np.diag([2.0, 1.0]), np.array([[3.0, 0.5], [0.5, 1.0]]), 0.25)
    np.testing.assert_allclose(load(source)(**numbers), expected, rtol=1e-14)


def test_the_learning_rate_is_eta_when_left_out(capsys):
    law = json.loads(run(capsys, "--hessian", "h", "--noise", "c", "--format", "json")[1])
    assert (law["format"], law["symbols"]) == ("sgdsym-covariance/1", ["c", "eta", "h"])
    assert law["covariance"] == [["-c*eta/(h*(eta*h - 2))"]]
    _, source, _ = run(capsys, "--hessian", "h", "--noise", "c", "--learning-rate", "eta", "--format", "numpy")
    assert load(source)(h=1.0, c=1.0, learning_rate=1.0) == [[1.0]]


def test_modules_depend_on_the_request_alone():
    assert generate_covariance(H, C, R(1, 2)) == generate_covariance(H, C, R(1, 2))
    x0, x1 = sp.symbols("x0 x1")
    source = generate_law("law", sp.Matrix([[(x0 + x1) ** 2, 1 / (x0 + x1)]]), "Names that look like temporaries.")
    names = {}
    exec(compile(source, "generated", "exec"), names)  # noqa: S102 - our own text
    np.testing.assert_allclose(names["law"](x0=1.0, x1=3.0), [[16.0, 0.25]])
    with pytest.raises(ValueError, match="cannot name a symbol"):
        generate_law("law", sp.Symbol("a b"), "A name that is no argument.")


def test_matrices_from_files(capsys, tmp_path):
    exact, floats = tmp_path / "h.csv", tmp_path / "c.npy"
    exact.write_text("2, 0.5\n1/2, 1e0\n\n")
    np.save(floats, np.array(C.tolist(), float))
    assert matrix(str(exact)) == H
    np.testing.assert_array_equal(matrix(str(floats)), np.array(C.tolist(), float))
    _, printed, _ = run(
        capsys, "--hessian", str(exact), "--noise", str(floats), "--learning-rate", "0.5", "--format", "json"
    )
    expected = np.array(stationary_covariance(H, C, R(1, 2)).tolist(), float)
    np.testing.assert_allclose(json.loads(printed)["covariance"], expected, rtol=1e-14)


def test_vectors():
    assert vector("1,-1/2,u") == vector("1;-1/2;u") == [1, -R(1, 2), sp.Symbol("u")]
    with pytest.raises(argparse.ArgumentTypeError, match="2×2 matrix"):
        vector("1,2;3,4")


def test_vectors_from_files(tmp_path):
    np.save(tmp_path / "v.npy", np.arange(3))
    assert vector(str(tmp_path / "v.npy")) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2;3", "have 2, 1 entries"),
        ("__import__('os')", "neither a number nor a symbol"),
        ("1,,2", "neither a number nor a symbol"),
        ("1/0", "divides by zero"),
        ("nan", "meaning of its own"),
        ("missing.npy", "cannot read missing.npy: no such file"),
        ("missing.csv", "cannot read missing.csv: no such file"),
    ],
)
def test_matrices_that_mean_nothing_are_refused(text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        matrix(text)


def test_files_that_mean_nothing_are_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "text.npy").write_text("2,1")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    np.save(tmp_path / "words.npy", np.array([["a"]]))
    np.save(tmp_path / "hole.npy", np.array([[1.0, np.inf]]))
    np.save(tmp_path / "row.npy", np.ones(3))
    for name, message in (
        ("empty.csv", "is empty"),
        ("text.npy", "cannot read"),
        ("objects.npy", "cannot read"),
        ("words.npy", "no array of real numbers"),
        ("hole.npy", r"holds inf at \(0, 1\)"),
        ("row.npy", r"has shape \(3,\); save a matrix"),
    ):
        with pytest.raises(argparse.ArgumentTypeError, match=message):
            matrix(str(tmp_path / name))


def test_numbers():
    assert (value("2e-3"), value("1.5E2"), value("eta_1")) == (R(1, 500), 150, sp.Symbol("eta_1"))
    with pytest.raises(argparse.ArgumentTypeError, match="neither a number"):
        value("1e9999")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*EXAMPLE[:4], "--learning-rate", "2"), "learning rate 2 is 4.41421, which must be below 2"),
        ((*EXAMPLE, "--momentum", "1"), "momentum is 1"),
        (("--hessian", "1,2;3,1", *EXAMPLE[2:]), "Hessian is not symmetric"),
        ((*EXAMPLE[:2], "--noise", "1,2;2,1", *EXAMPLE[4:]), "eigenvalue -1"),
        ((*EXAMPLE, "--output", "no/such/folder/file"), "no folder"),
        (EXAMPLE[2:], "--hessian"),
        ((), "required"),
    ],
)
def test_what_is_refused(capsys, arguments, message):
    code, printed, said = run(capsys, *arguments)
    assert (code, printed) == (2, "")
    assert message in said
    assert said.count("\n") == 1


def test_the_suffix_says_the_format(capsys, tmp_path):
    for suffix, begins in ((".json", "{"), (".tex", r"\begin{align*}"), (".py", '"""'), (".txt", "covariance")):
        file = tmp_path / f"law{suffix}"
        assert run(capsys, *EXAMPLE, "--output", str(file)) == (0, "", "")
        assert file.read_text(encoding="utf-8").startswith(begins)
    code, _, message = run(capsys, *EXAMPLE, "--output", str(tmp_path / "law.pdf"))
    assert code == 2
    assert "there is no pdf of this, only text, latex, json, numpy" in message


def test_laws_compile(capsys, pdflatex):
    laws = (
        "covariance --hessian 2,1/2;1/2,1 --noise a,b;b,c --learning-rate 1/3",
        "gibbs",
        "gibbs --loss 3/10 --hessian 1 --loss 1/4 --hessian 4 --learning-rate 1/10 --variance 2",
        "escape --outliers n",
        "noise --covariance D",
        "noise --gradients 1,0;2,-1;-1,3;0,1;3,2 --batch-size 1,2 --order 3",
    )
    formulas = []
    for law in laws:
        assert main(["stationary", *law.split(), "--format", "latex"]) == 0, law
        formulas.append(capsys.readouterr().out)
    assert pdflatex(typeset_document("\n".join(formulas))).exists()


def test_files_keep_their_precision_and_flat_directions_are_named_in_one_line(tmp_path, capsys):
    hessian, noise = np.diag([1.0, -2e-8]).astype(np.float32), np.eye(2, dtype=np.float32)
    hessian[0, 1] = 1e-7
    np.save(tmp_path / "h.npy", hessian)
    np.save(tmp_path / "c.npy", noise)
    given = ["--hessian", str(tmp_path / "h.npy"), "--noise", str(tmp_path / "c.npy"), "--learning-rate", "1/2"]
    assert main(["stationary", "covariance", *given]) == 0
    shown = capsys.readouterr()
    assert "0.333333" in shown.out
    (line,) = shown.err.splitlines()
    assert line.startswith("sgdsym: the Hessian is flat along (")
    assert main(["stationary", "covariance", *given, "--format", "numpy"]) == 0
    module = {"__name__": "law"}
    exec(capsys.readouterr().out, module)  # noqa: S102 - our own text
    with pytest.warns(UserWarning, match="noise reaches flat directions of the Hessian"):
        found = module["covariance"](hessian)
    assert np.allclose(found, np.diag([1 / 3, 0.0]), atol=1e-6)
    with pytest.raises(ValueError, match="hessian has masked entries"):
        module["covariance"](np.ma.array(np.eye(2), mask=np.eye(2)))
    with pytest.raises(ValueError, match="noise is not an array of real numbers: it is complex"):
        module["covariance"](np.eye(2), np.eye(2) * 1j)


def test_a_cycle_and_adam_and_moving_averages(capsys):
    from sgdsym.stationary import adam_law, periodic_covariance

    _, printed, _ = run(capsys, *EXAMPLE[:4], "--cycle", "2/5,1/10", "--batch-sizes", "1,2", "--format", "json")
    law, phases = json.loads(printed), periodic_covariance(H, C, [R(2, 5), R(1, 10)], batch_sizes=[1, 2])
    for k, phase in enumerate(phases):
        assert law[f"covariance_{k}"] == [[str(entry) for entry in row] for row in phase.tolist()]
    _, printed, _ = run(capsys, *EXAMPLE, "--adam", "9/10,999/1000", "--format", "json")
    found, expected = json.loads(printed), adam_law(H, C, R(1, 2))
    np.testing.assert_allclose(np.array(found["covariance"], float), expected.covariance)
    average = run(capsys, *EXAMPLE[:4], "--learning-rate", "1", "--momentum", "1/2", "--ema")[1]
    assert average == run(capsys, *EXAMPLE, "--momentum", "1/2")[1]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--cycle", "1/2", "--adam", "0,1/2"], "give one of them"),
        (["--cycle", "1/2", "--format", "numpy"], "has no module"),
        (["--adam", "9/10"], "two decays"),
        (["--adam", "9/10,r"], "needs numbers"),
        (["--batch-sizes", "2"], "those of a cycle"),
        (["--cycle", "1,2", "--ema"], "goes with neither"),
        (["--cycle", "5,5"], "a period multiplies some direction by"),
    ],
)
def test_laws_that_do_not_go_together(capsys, options, complaint):
    code, printed, said = run(capsys, *EXAMPLE, *options)
    assert (code, printed, said.count("\n")) == (2, "", 1)
    assert complaint in said
