"""``sgdsym stationary noise``: printed moments, generated modules, and what is refused."""

import json
import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp

from sgdsym.cli import main
from sgdsym.noise import central_moments, epoch_autocovariance, minibatch_moment

SIX = "3;-1;4;1;-5;9"
PLANE = "1,0;2,-1;-1,3;0,1;3,2"


def run(capsys, *arguments):
    assert main(["stationary", "noise", *arguments]) == 0
    return capsys.readouterr().out


def test_six_numbers_in_text(capsys):
    text = re.sub("  +", "  ", run(capsys, "--gradients", SIX, "--batch-size", "2,4"))
    assert text.splitlines()[0] == "covariance of one example  677/36"
    assert "third cumulant of a batch of 4, without replacement  -337/4320" in text
    assert "covariance of batches of 2 at lag 1, epochs shuffled anew  -677/270" in text
    assert "batches of 4 at lag" not in text


def test_five_gradients_in_json(capsys):
    data = json.loads(run(capsys, "--gradients", PLANE, "--batch-size", "2,b", "--format", "json"))
    assert data["one_example"]["covariance"] == [["2", "-4/5"], ["-4/5", "2"]]
    assert data["batches"]["2"]["without_replacement"]["covariance"] == [["3/4", "-3/10"], ["-3/10", "3/4"]]
    assert (data["format"], data["symbols"]) == ("sgdsym-noise/1", ["b"])
    fourth = data["batches"]["2"]["without_replacement"]["fourth_moment"]
    gradients = np.array([[Fraction(x) for x in row.split(",")] for row in PLANE.split(";")], dtype=object)
    expected = minibatch_moment(central_moments(gradients, 4), 4, batch_size=2, dataset_size=5, replacement=False)
    assert [[[[Fraction(x) for x in d] for d in c] for c in b] for b in fourth] == expected.tolist()


def test_a_symbolic_covariance_in_latex(capsys):
    text = run(capsys, "--covariance", "D", "--format", "latex")
    assert r"C^{\mathrm{without}}(b) &= \frac{D(N - b)}{b(N - 1)} \\" in text
    assert text.startswith("\\begin{align*}\n")


def test_the_generated_module_gives_the_exact_numbers(capsys):
    source = run(capsys, "--gradients", PLANE, "--format", "numpy")
    scope = {"__name__": "generated"}
    exec(compile(source, "generated", "exec"), scope)  # noqa: S102
    module = SimpleNamespace(**scope)
    gradients = np.array([[Fraction(x) for x in row.split(",")] for row in PLANE.split(";")], dtype=object)
    moments = central_moments(gradients, 4)
    functions = {2: module.covariance, 3: module.third_cumulant, 4: module.fourth_moment}
    for replacement in (True, False):
        for b in (1, 2, 4, 5):
            for order, function in functions.items():
                exact = minibatch_moment(moments, order, batch_size=b, dataset_size=5, replacement=replacement)
                assert np.allclose(function(b, replacement), exact.astype(float), atol=1e-14)
    six = np.array([[3.0], [-1], [4], [1], [-5], [9]])
    for b, lag in ((1, 0), (1, 3), (2, 1), (2, 3), (6, 1)):
        exact = epoch_autocovariance(Fraction(677, 36), b, 6, lag)
        assert module.epoch_autocovariance(b, lag, six)[0, 0] == pytest.approx(float(exact))
    with pytest.raises(ValueError, match="a batch of 9"):
        module.covariance(9, replacement=False)
    with pytest.raises(ValueError, match="needs at least 4"):
        module.fourth_moment(1, replacement=False, gradients=six[:3])


def test_gradients_from_files(capsys, tmp_path):
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((50, 3))
    np.save(tmp_path / "g.npy", gradients)
    data = json.loads(
        run(capsys, "--gradients", str(tmp_path / "g.npy"), "--batch-size", "10", "--order", "2", "--format", "json")
    )
    assert np.allclose(data["batches"]["10"]["with_replacement"]["covariance"], np.cov(gradients.T, bias=True) / 10)
    (tmp_path / "g.csv").write_text("0.5,1\n1/3,-1\n")
    assert "1/144" in run(capsys, "--gradients", str(tmp_path / "g.csv"), "--batch-size", "1", "--order", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gradients", "1,2"], "give a row for each"),
        (["--gradients", "1;2", "--batch-size", "3"], "a batch of 3 cannot be drawn from 2"),
        (["--gradients", "1;2", "--batch-size", "0"], "the batch size is 0"),
        (["--gradients", "1;2", "--order", "5"], "--order is 2, 3 or 4, not 5"),
        (["--covariance", "1,2;2,1"], "eigenvalue -1"),
        (["--covariance", "1,2;3,1"], "not symmetric"),
        (["--covariance", "1", "--format", "numpy"], "give --gradients"),
        (["--gradients", "1;2", "--dataset-size", "4"], "goes with --covariance"),
        (["--gradients", "a;b", "--format", "numpy"], "hold the symbol a"),
        (["--gradients", ",".join("1" * 20) + ";" + ",".join("2" * 20)], "lower --order"),
        ([], "--gradients --covariance"),
    ],
)
def test_bad_requests_are_one_line(capsys, arguments, message):
    assert main(["stationary", "noise", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("gradients", ["1,0;0,1", "1;2;3", "1;2"])
def test_moments_of_few_examples_hold_at_every_size_of_the_batch(capsys, gradients):
    """With two examples there are no three in a batch: what is printed for a symbol gives what is printed for each number."""
    count = len(gradients.split(";"))
    sizes = ",".join(["b", *map(str, range(1, count + 1))])
    batches = json.loads(run(capsys, "--gradients", gradients, "--batch-size", sizes, "--format", "json"))["batches"]
    for b in range(1, count + 1):
        for drawn in ("with_replacement", "without_replacement"):
            for name, symbolic in batches["b"][drawn].items():
                found = [sp.sympify(entry).subs("b", b) for entry in np.ravel(symbolic)]
                assert found == [sp.sympify(entry) for entry in np.ravel(batches[str(b)][drawn][name])]
