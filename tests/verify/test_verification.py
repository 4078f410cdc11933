"""Verification passes, repeats itself, covers what it says, and really can fail."""

from dataclasses import replace
from random import Random

import pytest

from sgdsym.series import Coefficient
from sgdsym.sgd import OBSERVABLES, expand
from sgdsym.verify import run_verification
from sgdsym.verify.cases import random_case


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_cases_agree(seed):
    done = []
    found = run_verification(cases=12, seed=seed, progress=lambda k, n: done.append((k, n)))
    assert found.failed == ()
    assert found.passed == 12
    assert done == [(k, 12) for k in range(1, 13)]
    assert found.summary().startswith("12 of 12 cases agree with exact enumeration to order 3 (seed ")


def test_the_seed_says_the_cases():
    def asked(seed):
        requests = []

        def noted(**request):
            requests.append(request)
            return expand(**request)

        run_verification(cases=5, seed=seed, order=1, expand=noted)
        return requests

    assert asked(4) == asked(4)
    assert asked(4) != asked(5)


def test_cases_cover_every_setting():
    cases = [random_case(Random(seed), order=3) for seed in range(400)]
    assert {case.request["observable"] for case in cases} == set(OBSERVABLES)
    finite = {(case.run.dynamics, case.run.sampling) for case in cases}
    assert {("sgd", "online"), ("sgd", "fixed"), ("sgd", "reshuffle"), ("sgd", "replace")} <= finite
    assert {dynamics for dynamics, _ in finite} == {"sgd", "gd", "ode", "sde"}
    assert {case.request["basis"] for case in cases} == {"cumulant", "moment"}
    symbols = {name for case in cases for name in case.values}
    assert {"T", "N", "B", "E", "mu", "rate1"} <= symbols
    assert any(case.run.nesterov for case in cases)
    assert any(not case.values for case in cases)
    assert {len(case.landscape.losses) for case in cases} == {2}
    assert {case.landscape.weights for case in cases} == {1, 2}


def spoilt(**request):
    """The series with one coefficient of order 2 a little wrong."""
    series = expand(**request)
    wrong = next((diagram for diagram, _ in series if diagram.order == 2), None)
    if wrong is None:
        return series
    return replace(series, terms={**series.terms, wrong: series[wrong] + Coefficient.parse("1/1000")}, recount=None)


def test_a_wrong_coefficient_is_caught():
    # a spoilt series does not count itself again; none of these cases asks for that
    found = run_verification(cases=10, seed=1, order=2, expand=spoilt)
    assert found.failed
    assert found.passed + len(found.failed) == 10
    assert f"{found.passed} of 10 cases agree" in found.summary()
    for mismatch in found.failed:
        again = run_verification(cases=1, seed=mismatch.seed, order=2, expand=spoilt)
        (same,) = again.failed
        assert same == replace(mismatch, case=0)
        assert run_verification(cases=1, seed=mismatch.seed, order=2).passed == 1
        assert mismatch.command == f"sgdsym verify --cases 1 --seed {mismatch.seed} --order 2"
        assert mismatch.command in str(mismatch)
        assert "\n" not in str(mismatch)
    assert {mismatch.order for mismatch in found.failed} == {2}
    assert all(mismatch.expected != mismatch.got for mismatch in found.failed)


def test_a_wrong_sign_is_caught_everywhere():
    """Every case whose series has a term beyond order 0 fails."""
    found = run_verification(cases=10, seed=6, order=2, expand=lambda **request: expand(**request) * 2)
    assert len(found.failed) >= 5


def test_a_tool_that_breaks_is_a_mismatch():
    def broken(**request):
        raise ZeroDivisionError("no value")

    found = run_verification(cases=2, expand=broken)
    assert [mismatch.got for mismatch in found.failed] == ["ZeroDivisionError: no value"] * 2
    assert found.failed[0].order is None


@pytest.mark.parametrize(("options", "message"), [({"cases": 0}, "cases"), ({"order": -1}, "order")])
def test_nothing_to_compare_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        run_verification(**options)
