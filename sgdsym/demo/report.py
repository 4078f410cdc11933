r"""From nothing to figure, table and verdict: the whole experiment in one call."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

from sgdsym.codegen import Kernel, compile_kernel
from sgdsym.demo.comparison import Comparison, compare, trust_limit
from sgdsym.demo.figure import Panels, draw, require_matplotlib
from sgdsym.demo.measurement import measure
from sgdsym.demo.problem import Problem, digits_problem
from sgdsym.numeric import sampled_degrees
from sgdsym.sgd import expand

LEARNING_RATES = (0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
STEPS = (2, 5, 10, 15, 20, 30, 40, 50, 60)
PANEL_STEPS, PANEL_RATE = 10, 0.02
ORDERS = (2, 3)
RUNS = 20_000
_RANGES = ((0.1, math.inf), (0.0, 0.01))  # of the error of the series, where its approximant is looked at


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The outcome of the experiment.

    Attributes:
        problem: the data, in words.
        order: the order of the series.
        diagrams: the number of its diagrams.
        runs: the number of runs that each mean is over.
        comparisons: predictions beside measurements, learning rates first.
        limits: for some numbers of steps the learning rates at which the series says it is 1 % and 10 % off.
        files: the files written.
    """

    problem: str
    order: int
    diagrams: int
    runs: int
    comparisons: tuple[Comparison, ...]
    limits: tuple[tuple[int, float, float], ...]
    files: tuple[Path, ...]

    def lines(self) -> list[str]:
        """The report as lines of text."""
        return [*self._lines_on_setup(), *self._lines_on_trust(), "written:", *(f"  {path}" for path in self.files)]

    def _lines_on_setup(self) -> list[str]:
        return [
            f"data        {self.problem}; one fresh draw each step, from zero weights",
            f"prediction  order {self.order} in the learning rate: {self.diagrams} diagrams, by the generated kernel",
            f"measured    {self.runs} runs of SGD at each of {len(self.comparisons)} pairs of learning rate and steps",
        ]

    def _lines_on_trust(self) -> list[str]:
        """The range in which the prediction holds, and its end."""
        d = self.order
        trusted = [c for c in self.comparisons if c.trusted]
        lines = [
            f"agreement   at {len(trusted)} points what order {d} leaves out, by its own last terms, is within two "
            "standard errors; largest |z| there:",
            *(
                f"              order {k + 1}: {max(abs(c.z_scores[k]) for c in trusted):6.1f}"
                for k in range(d)
                if trusted
            ),
            f"trust       order {d} stops being trustworthy where, by its own last terms, it is off by",
        ]
        for steps, one, ten in self.limits:
            lines.append(
                f"              T = {steps:3}: 1 % of the change of the loss at eta*T = {one * steps:.2f}, "
                f"10 % at eta*T = {ten * steps:.2f}"
            )
        return [*lines, *self._lines_on_errors()]

    def _lines_on_errors(self) -> list[str]:
        """The measured errors inside these limits and beyond them."""
        d = self.order
        inside = [c for c in self.comparisons if c.remainder <= 0.01 * abs(c.terms[0] - c.predictions[-1])]
        seen = [c for c in self.comparisons if abs(c.z_scores[-1]) > 3]
        lines = []
        if inside:
            worst = max(abs(c.errors[-1]) for c in inside)
            lines.append(
                f"              measured at the {len(inside)} points inside the 1 % limit: at most {worst:.2%} off"
            )
        if seen:
            first = min(seen, key=lambda c: c.time)
            m = first.measurement
            lines.append(
                f"              |z| of order {d} first exceeds 3 at eta*T = {first.time:.3g} "
                f"(eta = {m.learning_rate:g}, T = {m.steps})"
            )
        return [*lines, *self._lines_on_heuristic()]

    def _lines_on_heuristic(self) -> list[str]:
        """The errors of a Padé approximant of the same numbers, where the series is of no use and where it is good."""
        lines = ["heuristic   the Padé approximant of the same terms, of which nothing bounds the error"]
        far, near = ([c for c in self.comparisons if low <= abs(c.errors[-1]) < high] for low, high in _RANGES)
        for where, chosen in (("more than 10 %", far), ("less than 1 %", near)):
            if chosen:
                series, pade = (
                    [abs(error) for error in found] for found in zip(*map(_both_errors, chosen), strict=True)
                )
                lines.append(
                    f"              at the {len(chosen)} points where order {self.order} is {where} off: median {median(pade):.2%}, "
                    f"at most {max(pade):.1%} off; order {self.order} {median(series):.2%} and {max(series):.1%}"
                )
        return lines


def _both_errors(comparison: Comparison) -> tuple[float, float]:
    """The error of the highest order, and that of its Padé approximant."""
    return comparison.errors[-1], comparison.pade_error


def run_demo(
    folder: Path,
    *,
    order: int = 3,
    seed: int = 0,
    runs: int = RUNS,
    progress: Callable[[str], None] | None = None,
) -> DemoReport:
    r"""Derive the expansion of SGD's test loss, generate its kernel, predict, run SGD, and write figure and table.

    Args:
        folder: where the files go; made if it is not there.  Nothing is left in it if anything fails.
        order: the order of the series, 2 or 3.
        seed: seed of the SGD runs; equal seeds give equal files.
        runs: the number of runs that each measured mean is over.
        progress: called with a line of text now and then.

    Returns:
        The report; ``lines()`` is its text, ``files`` what was written.

    Raises:
        ValueError: if the order or the number of runs is wrong, or the folder cannot be written.
        RuntimeError: if scikit-learn or matplotlib is not installed.

    >>> run_demo(Path("demo"), order=7)
    Traceback (most recent call last):
    ValueError: order must be 2 or 3, not 7: higher ones need third derivatives of every data point
    """
    if order not in ORDERS:
        raise ValueError(f"order must be 2 or 3, not {order}: higher ones need third derivatives of every data point")
    check_folder(folder)
    report, contents = conduct(folder, order=order, seed=seed, runs=runs, progress=progress)
    write_folder(folder, contents)
    return report


def conduct(
    folder: Path, *, order: int = 3, seed: int = 0, runs: int = RUNS, progress: Callable[[str], None] | None = None
) -> tuple[DemoReport, dict[str, bytes]]:
    """The experiment of :func:`run_demo`: the report, and the contents of its files in the folder, by name.

    Nothing is written, so whatever ends the minute that this takes leaves nothing behind.
    """
    say = progress or (lambda _: None)
    require_matplotlib()
    problem = digits_problem()
    kernel = compile_kernel(expand(order=order, batch_size=1))
    coefficients = _coefficients(problem, kernel)
    say(f"derived order {order} and generated its kernel")
    measurements = measure(problem, LEARNING_RATES, STEPS, runs=runs, seed=seed, progress=say)
    comparisons = tuple(compare(measurements, {steps: coefficients(steps) for steps in STEPS}))
    say("drawing")
    png, svg = draw(Panels(comparisons, PANEL_STEPS, PANEL_RATE, coefficients), ("png", "svg"))
    limits = tuple(
        (steps, trust_limit(coefficients(steps), 0.01), trust_limit(coefficients(steps), 0.1))
        for steps in (STEPS[0], PANEL_STEPS, STEPS[-1])
    )
    names = ("figure.png", "figure.svg", "table.csv", "table.md", "kernel.py")
    size = f"{problem.name} ({problem.points} images, {problem.width} weights)"
    report = DemoReport(
        size, order, len(kernel.series), runs, comparisons, limits, tuple(folder / name for name in names)
    )
    texts = (_table_csv(comparisons), _table_markdown(report), kernel.source)
    return report, dict(zip(names, (png, svg, *(text.encode("utf-8") for text in texts)), strict=True))


def _coefficients(problem: Problem, kernel: Kernel) -> Callable[[int], Sequence[float]]:
    """The coefficients of the powers of the learning rate, as a function of the number of steps."""
    series = kernel.series
    derivatives = problem.derivatives(series.truncation, sampled_degrees(series.diagrams()))

    @cache
    def coefficients(steps: int) -> tuple[float, ...]:
        return tuple(float(c) for c in kernel.coefficients(derivatives, T=steps))

    return coefficients


def _columns(comparison: Comparison) -> dict[str, float]:
    m = comparison.measurement
    orders = range(1, len(comparison.predictions) + 1)
    return {
        "learning_rate": m.learning_rate,
        "steps": m.steps,
        "eta_T": comparison.time,
        "mean": m.mean,
        "standard_error": m.standard_error,
        **{f"order_{k}": comparison.predictions[k - 1] for k in orders},
        **{f"z_{k}": comparison.z_scores[k - 1] for k in orders},
        "remainder": comparison.remainder,
        "sharp_mean": m.sharp_mean,
        "sharp_error": m.sharp_error,
    }


def _table_csv(comparisons: Sequence[Comparison]) -> str:
    text = io.StringIO()
    rows = [_columns(c) for c in comparisons]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.10g}" for name, value in row.items()} for row in rows)
    return text.getvalue()


def _table_markdown(report: DemoReport) -> str:
    orders = range(1, report.order + 1)
    head = [
        "η",
        "T",
        "η T",
        "mean",
        "s.e.",
        *(f"order {k}" for k in orders),
        *(f"z, order {k}" for k in orders),
        "trusted",
    ]
    lines = [
        "```",
        *report.lines(),
        "```",
        "",
        "Means, standard errors (s.e.) and z-scores are plain averages over the runs.  A point is trusted where what",
        "the series leaves out, by its own last terms, is at most two standard errors.  table.csv also has the mean",
        "with control variates.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---:|' * len(head)}",
    ]
    for c in report.comparisons:
        m = c.measurement
        cells = [f"{m.learning_rate:g}", str(m.steps), f"{c.time:.3g}", f"{m.mean:.6f}", f"{m.standard_error:.1e}"]
        cells += [f"{value:.6f}" for value in c.predictions] + [f"{z:.1f}" for z in c.z_scores]
        lines.append(f"| {' | '.join([*cells, 'yes' if c.trusted else ''])} |")
    return "\n".join(lines) + "\n"


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be made or written into, before any work is done.

    Raises:
        ValueError: naming the folder and the reason.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"cannot write into {folder}: it is a file; name a folder")
        with contextlib.suppress(FileNotFoundError):
            # exists() is also no for a loop of links and for a path through a file; stat() says which
            folder.stat()
        _workshop(folder).rmdir()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ValueError(f"cannot make the folder {folder}: {reason}; choose another place") from error


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a folder, made if it is not there, all of them or none.

    Raises:
        OSError: if they cannot be written.
    """
    workshop = _workshop(folder)
    try:
        for name, content in contents.items():
            (workshop / name).write_bytes(content)
        if not folder.exists():
            # on one disk a rename happens at once: the folder is there with all its files, or not at all
            workshop.rename(os.path.realpath(folder))
            return
        for path in sorted(workshop.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _workshop(folder: Path) -> Path:
    """A new folder beside the one asked for, on the same disk."""
    target = Path(os.path.realpath(folder))
    workshop = target.with_name(f".{target.name[:40]}.{os.urandom(4).hex()}")
    workshop.mkdir()
    return workshop
