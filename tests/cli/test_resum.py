"""``sgdsym resum`` as a user meets it."""

import json
import runpy

import numpy as np
import pytest

from sgdsym.cli import main
from sgdsym.resummation.exchange import read_resummed
from sgdsym.sgd import at_minimum, resum


def run(capsys, words):
    code = main(["resum", *words.split()])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_text_says_what_letters_and_brackets_mean(capsys):
    code, printed, _ = run(
        capsys, "--order 2 --dynamics gd --observable generalization-gap --at-minimum --dataset-size 10"
    )
    assert code == 0
    assert printed.splitlines() == [
        "(1/10) η Σ_a C_aa (1 - r_a^T)/(1 - r_a)",
        "- (1/200) η² Σ_ab κ(g_a, g_b, h_ab) ((1 - r_a^T r_b^T)/(1 - r_a r_b) + 2 r_a [1, r_a, r_a r_b]_T)",
        "- (1/100) η² Σ_ab κ(g_a, g_b, h_ab) [1, r_a, r_b]_T",
        "where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, r_a = 1 - η H_a",
        "and [R_0, …, R_k]_T = Σ_i R_i^T Π_(j ≠ i) (1/(R_i - R_j)) (its limit where some are equal)",
    ]


@pytest.mark.parametrize("form", ["discrete", "continuous", "stationary"])
def test_json_is_the_series(capsys, form):
    code, printed, _ = run(capsys, f"--order 2 --form {form} --format json --at-minimum")
    assert code == 0
    assert json.loads(printed)["format"] == "sgdsym-resummed/1"
    assert read_resummed(printed) == at_minimum(resum(order=2, form=form))


def test_latex_is_an_aligned_display(capsys):
    code, printed, _ = run(
        capsys, "--order 3 --observable displacement --form continuous --dynamics sde --format latex"
    )
    assert code == 0
    assert printed.startswith(r"\begin{align*}")
    assert printed.count("{") == printed.count("}")
    assert r"e^{R_{i} T}" in printed


def test_latex_is_in_the_letters_of_the_reader_and_of_the_run(capsys):
    for words, end in (("--steps L", "L"), ("--steps 10", "10"), ("--form stationary", r"\infty")):
        _, printed, _ = run(capsys, f"--order 1 --format latex {words}")
        assert rf"[l(\theta_{{{end}}})]" in printed
    _, printed, _ = run(capsys, r"--order 2 --format latex --notation l=L,H=A,T=n,B=b --document")
    assert printed.startswith(r"\documentclass")
    assert r"[L(\theta_{n})]" in printed
    assert r"\frac{1}{2b} \, \sum_{a} A_{a} \, C_{aa} \, \frac{1 - r_{a}^{2n}}" in printed


def test_quotients_are_told_from_products(capsys):
    _, printed, _ = run(capsys, "--order 2 --dynamics sde --at-minimum")
    assert "(e^(2s_a T) - 1)/(2s_a)" in printed


def test_the_module_is_chosen_by_the_suffix_and_runs(tmp_path, capsys):
    file = tmp_path / "loss.py"
    code, printed, _ = run(capsys, f"--order 2 --batch-size 1 --at-minimum --output {file}")
    assert (code, printed) == (0, "")
    module = runpy.run_path(str(file))
    derivatives = {0: np.zeros(2), 1: np.array([[1.0], [-1.0]]), 2: np.array([[2.0]])}
    value = module["evaluate"](derivatives, 0.25, steps=10)
    assert value == pytest.approx(0.25 / 2 * (1 - 0.5**20) / 1.5)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--momentum 1/2 --form continuous", "momentum is for discrete steps; choose form discrete or stationary"),
        ("--schedule 1,2,1", "updates that differ have no formula: kernels follow them; choose format numpy or json"),
        ("--schedule 1,2,1 --form stationary", "a list of updates is a finite run"),
        ("--average uniform --form stationary", "the mean over all steps has no law of its own"),
        ("--dynamics sde --form discrete", "continuous time"),
        ("--sampling reshuffle --delay 1", "followed update by update; give numbers for the sizes of the run"),
        ("--sampling fixed --epochs 2 --delay 1", "in a fixed order is not resummed; choose sampling reshuffle"),
        ("--basis moment", "joint cumulants"),
        ("--order 6", "add --force"),
        ("--form long", "invalid choice"),
        ("--output resummed.pdf", "there is no pdf of this, only text, latex, json, numpy; choose another suffix"),
        ("--notation H=A", "--notation is for --format latex, not text"),
        ("--format json --document", "--document is for --format latex, not json"),
        ("--format latex --notation M=m", "M is no symbol of the formula; its sizes are B, E, N, T, mu"),
        ("--form stationary --steps 3", "leave the steps out"),
    ],
)
def test_wrong_requests_get_one_line(capsys, words, complaint):
    code, printed, message = run(capsys, words)
    assert (code, printed) == (2, "")
    assert complaint in message
    assert message.count("\n") == 1


def test_numbers_in_place_of_sizes(capsys):
    _, printed, _ = run(capsys, "--order 2 --steps 7 --batch-size 4 --at-minimum")
    assert printed.splitlines()[1] == "+ (1/8) η² Σ_a H_a C_aa (1 - r_a¹⁴)/(1 - r_a²)"


def test_the_rates_of_momentum_are_said(capsys):
    _, printed, _ = run(capsys, "--order 2 --momentum mu --at-minimum --form stationary")
    assert printed.splitlines() == [
        "l",
        "+ η² (1/(2B)) Σ_a H_a C_aa (1/(1 - r_a r_a'))",
        "where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis",
        "and r_a is summed over the zeros of D(r) = r² - (1 + μ) r + μ + η H_a r, each with weight r/D'(r); so is r_a', for itself",
        "in the limit of many steps, which exists where all zeros are inside the unit circle; one is at -1 for η H_a = 2(1 + μ)",
    ]


def test_epochs_have_brackets_of_their_own(capsys):
    _, printed, _ = run(capsys, "--order 2 --sampling reshuffle --at-minimum --format latex")
    assert r"[1, r_{a}^{M}, r_{a}^{2M}]_{E}" in printed
    assert r"M = \frac{N}{B} \text{ steps an epoch}" in printed
    assert printed.count("{") == printed.count("}")
