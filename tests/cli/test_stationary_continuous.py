"""``sgdsym stationary gibbs`` and ``escape``: printed laws, generated modules, and what is refused."""

import json
import math

import numpy as np
import pytest

from sgdsym.cli import main
from sgdsym.stationary import basin_ratio, escape_rate, kramers_rate

BASINS = "--loss 3/10 --hessian 1 --loss 1/4 --hessian 4 --learning-rate 0.1 --batch-size 1 --variance 2"
ESCAPE = "--loss-minimum 1/5 --loss-saddle 11/30 --curvature 1 --saddle-curvature -1 --learning-rate 0.1 --batch-size 2"


def printed(capsys, *arguments):
    assert main(["stationary", *arguments]) == 0
    return capsys.readouterr().out


def module(source):
    names = {}
    exec(compile(source, "generated", "exec"), names)  # noqa: S102
    return names


def test_the_ratio_of_basins(capsys):
    """The example of Jastrzębski et al. 2017: 2 exp(-1/2)."""
    assert "2*exp(-1/2) = 1.21306131943" in printed(capsys, "gibbs", *BASINS.split())
    result = json.loads(printed(capsys, "gibbs", *BASINS.split(), "--format", "json"))
    assert (result["format"], result["symbols"]) == ("sgdsym-basin-ratio/1", [])
    assert (result["temperature"], result["basin_ratio"]) == ("1/10", "2*exp(-1/2)")
    assert "\\frac{p_1}{p_2} &= \\frac{2}{e^{\\frac{1}{2}}} \\\\" in printed(
        capsys, "gibbs", *BASINS.split(), "--format", "latex"
    )
    assert module(printed(capsys, "gibbs", *BASINS.split(), "--format", "numpy"))["basin_ratio"]() == pytest.approx(
        2 * math.exp(-0.5)
    )


def test_the_ratio_of_basins_with_symbols_and_files(capsys, tmp_path):
    first, second = np.diag([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 1.0]])
    np.save(tmp_path / "first.npy", first)
    (tmp_path / "second.csv").write_text("2,1/2\n1/2,1\n", encoding="utf-8")
    files = ["--hessian", str(tmp_path / "first.npy"), "--hessian", str(tmp_path / "second.csv")]
    losses = ["--loss", "0.1", "--loss", "0.3", "--learning-rate", "0.1", "--batch-size", "2", "--variance", "1"]
    result = json.loads(printed(capsys, "gibbs", *losses, *files, "--format", "json"))
    expected = basin_ratio(0.1, 0.3, first, second, learning_rate=0.1, batch_size=2, variance=1)
    assert result["basin_ratio"] == pytest.approx(expected)
    source = printed(
        capsys, "gibbs", "--loss", "a", "--hessian", "h", "--loss", "b", "--hessian", "4", "--format", "numpy"
    )
    numbers = {"a": 0.1, "b": 0.3, "h": 2.0, "S": 3, "learning_rate": 0.2, "sigma": 0.7}
    expected = basin_ratio(0.1, 0.3, 2.0, 4.0, learning_rate=0.2, batch_size=3, variance=0.49)
    assert module(source)["basin_ratio"](**numbers) == pytest.approx(expected)


def test_three_basins_are_compared_with_the_first(capsys):
    third = ["--loss", "1/5", "--hessian", "2"]
    result = json.loads(printed(capsys, "gibbs", *BASINS.split(), *third, "--format", "json"))
    assert result["basin_ratio_2"] == "2*exp(-1/2)"
    assert result["basin_ratio_3"] == "sqrt(2)*exp(-1)"


def test_the_law_of_any_loss(capsys):
    text = printed(capsys, "gibbs", "--dimension", "2")
    assert "exp(-2*S*L(theta_1, theta_2)/(eta*sigma**2))" in text
    assert text.count("its current along") == 2
    assert "\\partial_t P &= " in printed(capsys, "gibbs", "--format", "latex")
    density = module(printed(capsys, "gibbs", "--format", "numpy"))["density"]
    assert density(L=np.array([0.0, 1.0]), S=2, learning_rate=0.5, sigma=2)[1] == pytest.approx(math.exp(-2))


def test_the_rate_of_escape(capsys):
    result = json.loads(printed(capsys, "escape", *ESCAPE.split(), "--format", "json"))
    assert (result["stationary_exponent"], result["effective_dimension_bound"]) == ("21", "42")
    expected = escape_rate(0.2, 11 / 30, 1, -1, learning_rate=0.1, batch_size=2)
    assert f"{expected:.12g}" in printed(capsys, "escape", *ESCAPE.split())
    assert f"{kramers_rate(0.2, 11 / 30, 1, -1, temperature=0.01):.12g}" in printed(capsys, "escape", *ESCAPE.split())
    per_step = printed(capsys, "escape", *ESCAPE.split(), "--time", "steps")
    assert f"{expected / 10:.12g}" in per_step


def test_the_rate_of_escape_with_symbols(capsys):
    text = printed(capsys, "escape")
    assert "sqrt(h)*sqrt(-h_s)*(L_s/L_0)**(-B/(eta*h) - 1/2)/(2*pi)" in text
    assert "1 + B/(ηh)\n" in text
    assert "\\frac{n}{2}" in printed(capsys, "escape", "--outliers", "n", "--format", "latex")
    source = printed(capsys, "escape", "--curvature", "2,1;1,3", "--saddle-curvature", "-1,2;2,5", "--format", "numpy")
    expected = escape_rate(0.5, 2.0, [[2, 1], [1, 3]], [[-1, 2], [2, 5]], learning_rate=0.1, batch_size=2)
    value = module(source)["escape_rate"](B=2, L_0=0.5, L_s=2.0, learning_rate=0.1)
    assert value == pytest.approx(expected)


def test_the_output_is_a_file(capsys, tmp_path):
    file = tmp_path / "law.tex"
    assert printed(capsys, "escape", "--format", "latex", "--output", str(file)) == ""
    assert file.read_text(encoding="utf-8").startswith("\\begin{align*}")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("gibbs --loss 1 --hessian 1", "1 of --loss and 1 of --hessian"),
        ("gibbs --loss 1 --hessian 1 --loss 2", "2 of --loss and 1 of --hessian"),
        ("gibbs --loss 1 --hessian 1 --loss 2 --hessian -4", "the eigenvalue -4"),
        ("gibbs --loss 1 --hessian 1 --loss 2 --hessian 1,2;3,4", "entry (1, 2) is 2 and entry (2, 1) is 3"),
        ("gibbs --loss 1 --hessian 1 --loss 2 --hessian 1 --dimension 2", "--dimension is for"),
        ("gibbs --learning-rate -1", "the learning rate is -1"),
        ("gibbs --variance 0", "the variance is 0"),
        ("gibbs --dimension 0", "the dimension is 0"),
        ("gibbs --dimension 11", "up to 10 weights"),
        ("gibbs --batch-size __import__('os')", "--batch-size"),
        ("escape --loss-minimum 0", "the loss at the minimum is 0"),
        ("escape --loss-minimum 2 --loss-saddle 1", "the loss at the saddle is 1"),
        ("escape --batch-size 1/2", "the batch size is 1/2"),
        ("escape --saddle-curvature 1", "the eigenvalues 1"),
        ("escape --saddle-curvature h", "cannot be the h of another option"),
        ("escape --curvature 1 --learning-rate 1 --batch-size 1 --outliers 4", "4 outlier directions reach the bound"),
        ("escape --curvature 1,2;2,1 --saddle-curvature -1/2,0;0,1", "the eigenvalue -1"),
    ],
)
def test_bad_requests_get_one_line(capsys, arguments, complaint):
    assert main(["stationary", *arguments.split()]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert complaint in captured.err
    assert captured.err.count("\n") == 1


def test_a_module_of_three_minima_returns_both_ratios(capsys):
    words = (
        "--loss a --hessian 1 --loss 2 --hessian 1 --loss 3 --hessian 4 --variance 2 --batch-size 1 --learning-rate 1/2"
    )
    assert main(["stationary", "gibbs", *words.split(), "--format", "numpy"]) == 0
    names = {"__name__": "generated"}
    exec(compile(capsys.readouterr().out, "generated", "exec"), names)  # noqa: S102 - our own text
    expected = [
        basin_ratio(1, loss, 1, hessian, variance=2, batch_size=1, learning_rate=0.5)
        for loss, hessian in ((2, 1), (3, 4))
    ]
    np.testing.assert_allclose(names["basin_ratio"](a=1.0), [expected], rtol=1e-12)


def test_a_law_of_no_noise_at_a_symbolic_rate_is_a_module(capsys):
    words = ["--hessian", "1,0;0,1", "--noise", "0,0;0,0", "--format", "numpy"]
    assert main(["stationary", "covariance", *words]) == 0
    assert "[[0, 0], [0, 0]]" in capsys.readouterr().out


def test_decimals_beyond_the_range_of_floats_are_neither_zero_nor_infinite(capsys):
    for first, second, decimal in (("0", "1000", "exp(2000) = 3.8"), ("1000", "0", "exp(-2000) = 2.5")):
        words = f"--loss {first} --hessian 1 --loss {second} --hessian 1 --learning-rate 1 --variance 1 --batch-size 1"
        assert main(["stationary", "gibbs", *words.split()]) == 0
        assert decimal in capsys.readouterr().out
