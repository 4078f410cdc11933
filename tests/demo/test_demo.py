"""The demo: what it measures is right, what it writes is whole, what it says fits its table."""

import csv
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from sgdsym import expand
from sgdsym.codegen import compile_kernel
from sgdsym.demo import Comparison, Measurement, Problem, check_folder, compare, digits_problem, measure, run_demo
from sgdsym.demo.comparison import remainder, trust_limit
from sgdsym.numeric import interpret

NAMES = ("figure.png", "figure.svg", "kernel.py", "table.csv", "table.md")


@pytest.fixture(scope="module")
def problem():
    """Three points in the plane, few enough to run every possible run."""
    return Problem("three points", np.array([[1.0, 0.5], [-0.5, 2.0], [1.5, 1.0]]), np.array([1, -1, 1]))


def exact_mean(problem, rate, steps):
    signed = problem.features * problem.labels[:, None]
    losses = []
    for draws in product(range(problem.points), repeat=steps):
        theta = np.zeros(problem.width)
        for n in draws:
            theta += rate * signed[n] / (1 + np.exp(signed[n] @ theta))
        losses.append(np.log1p(np.exp(-signed @ theta)).mean())
    return np.mean(losses)


def test_measurements_agree_with_every_possible_run(problem):
    for m in measure(problem, [0.05, 0.5], [1, 3, 5], runs=4000, seed=1):
        exact = exact_mean(problem, m.learning_rate, m.steps)
        assert abs(m.mean - exact) < 4 * m.standard_error
        assert abs(m.sharp_mean - exact) < 4 * m.sharp_error
        assert m.sharp_error < m.standard_error / (30 if m.learning_rate < 0.1 else 2)


def test_measurements_are_determined_by_the_seed(problem):
    def measured(seed, runs=300):
        return measure(problem, [0.1], [2], runs=runs, seed=seed)

    assert measured(5) == measured(5) != measured(6)
    with pytest.raises(ValueError, match="runs"):
        measured(5, runs=1)


def test_prediction_of_the_digits_is_the_interpreter(problem):
    series = expand(order=3, batch_size=1)
    derivatives = problem.derivatives(3, per_sample={1, 2})
    got = compile_kernel(series).coefficients(derivatives, T=7)
    assert got == pytest.approx(interpret(series, derivatives, T=7), rel=1e-12)


def test_remainder_of_a_geometric_series_is_exact():
    terms = [1.0, *(0.5**k for k in range(1, 5))]
    assert remainder(terms) == pytest.approx(2.0 - sum(terms))
    assert remainder([1.0, 1.0, 2.0]) == float("inf")
    assert remainder([1.0, 1.0, 0.0, 1.0]) == float("inf")
    assert remainder([1.0, 1.0]) == float("inf")


def test_trust_limit_is_where_the_remainder_reaches_the_share():
    coefficients = [1.0, -2.0, 3.0, -7.0]
    rate = trust_limit(coefficients, share=0.05)
    terms = [c * rate**k for k, c in enumerate(coefficients)]
    assert remainder(terms) == pytest.approx(0.05 * abs(sum(terms[1:])))


def test_scores_compare_measured_with_predicted():
    m = Measurement(0.5, 2, mean=0.8, standard_error=0.1, sharp_mean=0.75, sharp_error=0.01)
    (point,) = compare([m], {2: [1.0, -1.0, 1.0]})
    assert point == Comparison(m, (1.0, -0.5, 0.25))
    assert point.predictions == (0.5, 0.75)
    assert point.z_scores == pytest.approx((3.0, 0.5))
    assert point.errors == pytest.approx((-1.0, 0.0))
    assert point.resolution == pytest.approx(0.04)
    assert point.time == 1.0


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    return run_demo(folder, runs=2000)


def test_demo_writes_everything_and_nothing_else(demo):
    folder = demo.files[0].parent
    assert sorted(path.name for path in folder.parent.iterdir()) == ["out"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in demo.files) == sorted(NAMES)
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "figure.svg").read_text(encoding="utf-8")


def test_demo_is_deterministic_and_may_be_repeated_in_place(demo):
    first = {path.name: path.read_bytes() for path in demo.files}
    again = run_demo(demo.files[0].parent, runs=2000)
    assert again == demo
    assert {path.name: path.read_bytes() for path in again.files} == first


def test_real_runs_confirm_the_prediction_where_it_is_trusted(demo):
    trusted = [c for c in demo.comparisons if c.trusted]
    assert len(trusted) > 20
    largest = [max(abs(c.z_scores[k]) for c in trusted) for k in range(3)]
    assert largest[2] < 3 < largest[1] < largest[0]
    assert largest[0] > 20


def test_the_remainder_bounds_the_error_where_it_is_small(demo):
    for c in demo.comparisons:
        change = abs(c.predictions[-1] - c.terms[0])
        if c.remainder < 0.1 * change:
            assert abs(c.predictions[-1] - c.measurement.sharp_mean) < c.remainder + 4 * c.measurement.sharp_error


def test_the_approximant_gains_where_the_series_is_of_no_use(demo):
    """On these data; nothing promises it elsewhere, and where the series is good it may lose."""
    far = [c for c in demo.comparisons if abs(c.errors[-1]) > 0.1]
    assert len(far) > 30
    assert all(abs(c.pade_error) < abs(c.errors[-1]) for c in far)
    assert np.median([abs(c.pade_error) for c in far]) < 0.1 * np.median([abs(c.errors[-1]) for c in far])
    assert max(abs(c.pade_error) for c in far) > 0.1
    near = [c for c in demo.comparisons if abs(c.errors[-1]) < 0.01]
    assert any(abs(c.pade_error) > abs(c.errors[-1]) + c.resolution for c in near)
    assert any(line.startswith("heuristic") for line in demo.lines())


def test_table_repeats_the_comparisons(demo):
    text = next(path for path in demo.files if path.name == "table.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(demo.comparisons)
    for row, c in zip(rows, demo.comparisons, strict=True):
        assert float(row["steps"]) == c.measurement.steps
        assert [float(row[f"z_{k}"]) for k in (1, 2, 3)] == pytest.approx(c.z_scores, rel=1e-8)
        assert [float(row[f"order_{k}"]) for k in (1, 2, 3)] == pytest.approx(c.predictions, rel=1e-8)


def test_report_names_its_files_and_says_where_to_stop(demo):
    text = "\n".join(demo.lines())
    assert all(str(path) in text for path in demo.files)
    assert "stops being trustworthy" in text
    assert "order 3" in text


def test_order_2_is_enough_for_a_demo(tmp_path):
    report = run_demo(tmp_path / "out", order=2, runs=100)
    assert {len(c.predictions) for c in report.comparisons} == {2}


def test_bad_requests_leave_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder, options, message in (
        (tmp_path / "out", {"order": 4}, "order must be 2 or 3"),
        (tmp_path / "out", {"runs": 1}, "runs must be at least"),
        (tmp_path / "file", {}, "it is a file"),
        (tmp_path / "nowhere" / "out", {}, "cannot make the folder"),
    ):
        with pytest.raises(ValueError, match=message):
            run_demo(folder, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("module", ["sklearn.datasets", "matplotlib.figure"])
def test_missing_libraries_are_named(module, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RuntimeError, match=r"pip install 'sgdsym\[demo\]'"):
        run_demo(tmp_path / "out", runs=10)
    assert not list(tmp_path.iterdir())


def test_digits():
    problem = digits_problem()
    assert (problem.points, problem.width) == (357, 65)
    assert problem.features.min() == 0
    assert problem.features[:, :-1].max() == 0.5
    assert set(problem.labels) == {-1, 1}


def test_a_folder_whose_name_is_too_long_is_refused_in_a_line():
    with pytest.raises(ValueError, match=r"cannot make the folder a+: file name too long; choose another place"):
        check_folder(Path("a" * 300))
