"""The figure of the demo: loss against learning rate, loss against steps, error against both.

Colours are those of Okabe and Ito, told apart by every eye; orders differ by dashes and markers too.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.demo.comparison import Comparison, trust_limit
from sgdsym.demo.problem import MISSING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#E69F00", "#009E73", "#0072B2", "#CC79A7")
DASHES = ((0, (1.2, 1.6)), (0, (5, 2)), "solid", (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("s", "^", "o", "D")
SHADE = "#EDEDED"
SETTINGS: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.labelsize": 11,
    "legend.frameon": False,
    "mathtext.fontset": "cm",
    # the identifiers in an SVG are hashes, salted at random unless a salt is given: equal runs give equal files
    "svg.hashsalt": "sgdsym",
    "svg.fonttype": "path",
}
SERIES_LIMIT = 0.1


@dataclass(frozen=True, slots=True)
class Panels:
    """The contents of the figure.

    Attributes:
        comparisons: all points.
        steps: the number of steps of the first panel.
        learning_rate: the learning rate of the second panel.
        coefficients: the coefficients of the powers of the learning rate, for each number of steps.
    """

    comparisons: Sequence[Comparison]
    steps: int
    learning_rate: float
    coefficients: Callable[[int], Sequence[float]]


def require_matplotlib() -> None:
    """Fail early where no figure can be drawn.

    Raises:
        RuntimeError: if matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise RuntimeError(MISSING) from error


def draw(panels: Panels, formats: Iterable[str]) -> list[bytes]:
    """Draw the figure in each of some formats."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(SETTINGS):
        figure = Figure(figsize=(12.4, 3.9), layout="constrained")
        against_rate, against_steps, against_time = figure.subplots(1, 3)
        _draw_rates(against_rate, panels)
        _draw_steps(against_steps, panels)
        _draw_errors(against_time, panels)
        return [_saved(figure, name) for name in formats]


def _saved(figure: Any, name: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=name, dpi=200, metadata={"Date": None} if name == "svg" else {"Software": None})
    return file.getvalue()


def _draw_rates(axes: Axes, panels: Panels) -> None:
    points = [c for c in panels.comparisons if c.measurement.steps == panels.steps]
    coefficients = panels.coefficients(panels.steps)
    rates = np.linspace(0, 1.04 * max(c.measurement.learning_rate for c in points), 200)
    powers = rates[:, None] ** np.arange(len(coefficients))
    _draw_curves(axes, rates, np.cumsum(powers * np.asarray(coefficients), axis=1)[:, 1:])
    _draw_measured(axes, [c.measurement.learning_rate for c in points], points)
    _shade(axes, trust_limit(coefficients, SERIES_LIMIT), rates[-1])
    axes.set_xlabel(r"learning rate $\eta$" + f"   ({panels.steps} steps)")
    axes.set_ylabel("population loss")


def _draw_steps(axes: Axes, panels: Panels) -> None:
    rate = panels.learning_rate
    points = [c for c in panels.comparisons if c.measurement.learning_rate == rate]
    last = max(c.measurement.steps for c in points)
    steps = np.unique(np.linspace(0, last, 31).astype(int))
    terms = np.array([panels.coefficients(int(t)) for t in steps])
    terms = terms * rate ** np.arange(terms.shape[1])
    _draw_curves(axes, steps, np.cumsum(terms, axis=1)[:, 1:])
    _draw_measured(axes, [c.measurement.steps for c in points], points)
    beyond = [int(t) for t in steps[1:] if trust_limit(panels.coefficients(int(t)), SERIES_LIMIT) < rate]
    _shade(axes, beyond[0] if beyond else last, last)
    axes.set_xlabel(rf"steps $T$   ($\eta = {rate:g}$)")
    axes.legend(loc="lower left", handlelength=2.6)


def _draw_errors(axes: Axes, panels: Panels) -> None:
    """Measured errors on logarithmic axes, those the measurement cannot tell from zero left out."""
    for steps, face in ((panels.steps, None), (panels.comparisons[-1].measurement.steps, "white")):
        points = [c for c in panels.comparisons if c.measurement.steps == steps]
        for k in range(len(points[0].predictions)):
            # on a logarithmic axis noise around zero would look like an error of that size
            seen = [c for c in points if abs(c.errors[k]) > 3 * c.resolution]
            axes.loglog(
                [c.time for c in seen],
                [abs(c.errors[k]) for c in seen],
                marker=MARKERS[k],
                color=COLOURS[k],
                markerfacecolor=face or COLOURS[k],
                linestyle=DASHES[k],
                linewidth=1.2,
                markersize=5,
                label=f"order {k + 1}, {steps} steps",
            )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xlabel(r"$\eta\,T$")
    axes.set_ylabel("error / change of the loss")
    axes.legend(loc="lower right", fontsize=9, handlelength=2.8)


def _draw_curves(axes: Axes, x: Any, predictions: Any) -> None:
    for k in range(predictions.shape[1]):
        axes.plot(x, predictions[:, k], color=COLOURS[k], linestyle=DASHES[k], linewidth=1.8, label=f"order {k + 1}")


def _draw_measured(axes: Axes, x: Sequence[float], points: Sequence[Comparison]) -> None:
    """Means and their band of two standard errors; the vertical range follows them, not the curves that run away."""
    means = np.array([c.measurement.mean for c in points])
    errors = np.array([c.measurement.standard_error for c in points])
    start = points[0].terms[0]
    axes.fill_between(x, means - 2 * errors, means + 2 * errors, color="black", alpha=0.3, linewidth=0)
    axes.errorbar(x, means, 2 * errors, fmt="o", color="black", markersize=4, label=r"SGD, mean $\pm$ 2 s.e.", zorder=5)
    spread = max(start, means.max()) - means.min()
    axes.set_ylim(means.min() - 0.45 * spread, max(start, means.max()) + 0.12 * spread)
    axes.set_xlim(0, None)


def _shade(axes: Axes, start: float, end: float) -> None:
    """Shade where the series says that it is more than a tenth off."""
    if start < end:
        axes.axvspan(start, end, color=SHADE, zorder=0, linewidth=0, label="own estimate: >10 % off")
    axes.set_xlim(0, end)
