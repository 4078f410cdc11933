r"""The statistics that are logged of a training run, as ratios and traces with errors: see :func:`measure`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sgdsym.arguments import quoted_names, read_integer, read_real
from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.calculus import Calculus, Floats
from sgdsym.numeric.matrix_free.curvature import (
    DENSE,
    HESSIAN,
    LARGEST,
    Passes,
    Spread,
    dense_spread,
    jackknife,
    probed_spread,
)
from sgdsym.numeric.matrix_free.data import Points
from sgdsym.numeric.matrix_free.evaluation import evaluate_diagrams, slices_of
from sgdsym.numeric.matrix_free.messages import Cell, Message, Pairing
from sgdsym.numeric.matrix_free.plan import Effort, Plan
from sgdsym.numeric.matrix_free.program import Program
from sgdsym.numeric.matrix_free.session import OPTIONS, Session
from sgdsym.numeric.matrix_free.tasks import Workers
from sgdsym.progress import Progress
from sgdsym.series import Coefficient, Series

PAIR, CHAIN = [(0, 1)], [(0, 1), (1, 2)]
DIAGRAMS = {
    "GG": Diagram(2, PAIR, [(0,), (1,)]),
    "gg": Diagram(2, PAIR, [(0, 1)]),
    "GHG": Diagram(3, CHAIN, [(0,), (1,), (2,)]),
    "gHg": Diagram(3, CHAIN, [(0, 2), (1,)]),
    "ghG": Diagram(3, CHAIN, [(0, 1), (2,)]),
    "ghg": Diagram(3, CHAIN, [(0, 1, 2)]),
}
SERIES = Series({diagram: Coefficient(1) for diagram in DIAGRAMS.values()}, 2, "moment")


class Measured(NamedTuple):
    """A number and its standard error, widened so that two of them are an interval of 95 %."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Statistics(Mapping[str, Measured]):
    r"""Named values with standard errors; a mapping that shows itself as a table.

    With :math:`G, H, C` the mean gradient, the mean Hessian and the covariance of the gradients :math:`g` of data points, and
    :math:`h` their Hessians:

    * ``gradient_noise_scale`` :math:`\mathrm{tr}\,C / G \cdot G` and ``curvature_noise_scale``
      :math:`\mathrm{tr}(HC) / G \cdot HG`, above which a larger batch is of little use ([McCandlish2018]_);
    * ``sharpness``, the largest eigenvalue of :math:`H`, and ``stability_threshold`` :math:`2(1+\mu)/` sharpness;
    * ``takeuchi`` :math:`\mathrm{tr}(C H^{-1})`, and with ``learning_rate`` and ``steps`` the ``generalization_gap`` of
      gradient descent on as many points as there are data, :math:`\mathrm{tr}(C\,\eta\sum_{t<T}(1-\eta H)^t)/N`;
    * with ``batch_size`` the ``batch_sharpness`` :math:`E[g_B \cdot h_B g_B]/E[g_B \cdot g_B]` of batches of independent
      points, and the ``mean_square_stability_bound`` :math:`2\lambda/(\lambda^2 + \mathrm{Var}(v \cdot h v)/B)` along
      the sharpest direction, above which no learning rate is stable ([Mulayoff2024]_);
    * with ``learning_rate`` the ``gradient_penalty`` :math:`\frac{\eta}{4}\frac{1+\mu}{(1-\mu)^2} G \cdot G` by which
      descent regularises itself ([Barrett2021]_, [Ghosh2023]_);
    * with both ``stationary_excess_loss`` :math:`\frac12\mathrm{tr}(H\Sigma) = \frac{\eta}{2(1-\mu)B}
      \mathrm{tr}[(2-\eta H/(1+\mu))^{-1}C]` and ``stationary_variance`` :math:`\mathrm{tr}\,\Sigma` long after at a
      minimum, infinite beyond the threshold ([Liu2021]_).

    The laws of :math:`H^{-1}` leave out directions that are flat or fall off, and say how much noise is there.  Up to 1000
    parameters both matrices are formed; beyond, Lanczos steps from random combinations of gradients stand for them, and the
    standard error holds the scatter and the difference from fewer steps.

    Attributes:
        values_by_name: the values.
        top_eigenvalues: the largest curvatures with their residuals: an eigenvalue is as close as that.
        notes: what a user should know, a line each.

    >>> found = Statistics({"sharpness": Measured(2.0, 0.0)}, (Measured(2.0, 0.0),), ())
    >>> found["sharpness"].value, found.as_dict()
    (2.0, {'sharpness': {'value': 2.0, 'standard_error': 0.0}})
    >>> print(found)
    sharpness  2 ± 0
    """

    values_by_name: Mapping[str, Measured]
    top_eigenvalues: tuple[Measured, ...]
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> Measured:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def as_dict(self) -> dict[str, dict[str, float]]:
        """The values and standard errors as plain dictionaries."""
        return {name: {"value": m.value, "standard_error": m.standard_error} for name, m in self.items()}

    def __str__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [f"{name.ljust(width)}  {m.value:.6g} ± {m.standard_error:.2g}" for name, m in self.items()]
        return "\n".join([*lines, *self.notes])


@dataclass(frozen=True, slots=True)
class Run:
    """The run whose statistics are asked for.

    Attributes:
        batch_size: points of a batch, drawn independently.
        learning_rate: the size of a step.
        momentum: of the heavy ball.
        steps: how long the run is.
        damping: what is added to every curvature.
        probes: how many random vectors stand for the noise where there are too many weights for matrices.
        lanczos: how many products with the Hessian each of them takes.

    Raises:
        ValueError: naming the number that is wrong.
    """

    batch_size: int | None = None
    learning_rate: float | None = None
    momentum: float = 0.0
    steps: int | None = None
    damping: float = 0.0
    probes: int = 8
    lanczos: int = 16

    def __post_init__(self) -> None:
        for name, least in {"batch_size": 1, "steps": 0}.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_integer(name, getattr(self, name), least=least))
        for name, least in {"probes": 2, "lanczos": 4}.items():
            object.__setattr__(self, name, read_integer(name, getattr(self, name), least=least))
        for name in ("momentum", "damping"):
            object.__setattr__(self, name, read_real(name, getattr(self, name), least=0))
        if self.learning_rate is not None:
            object.__setattr__(self, "learning_rate", read_real("learning_rate", self.learning_rate, least=0))
        if self.momentum >= 1:
            raise ValueError(f"momentum must be below 1, not {self.momentum}")


def split_run(options: Mapping[str, Any]) -> tuple[Effort, Run]:
    """What is said about the effort, and about the run.

    Raises:
        ValueError: naming an option that there is not, or that is wrong.

    >>> split_run({"samples": 100, "batch_size": 10})[1].batch_size
    10
    """
    own = {option.name for option in fields(Run)}
    unknown = sorted(set(options) - own - OPTIONS)
    if unknown:
        raise ValueError(f"there is no option {unknown[0]}; there are {quoted_names(sorted(own))}")
    effort = Effort(**{name: value for name, value in options.items() if name in OPTIONS})
    return effort, Run(**{name: value for name, value in options.items() if name in own})


def measure(
    calculus: Calculus, data: Points, effort: Effort, run: Run, executor: Any = None, progress: Progress = True
) -> Statistics:
    """The statistics of a loss at its parameters.

    Raises:
        ValueError: if it costs too much, a loss is not finite, or its derivatives are not those of its values.
    """
    with Workers(executor) as workers:
        ready = Session(SERIES, calculus, data, effort).prepared(workers, progress)
        _check_work(ready.plan, run)
        values = evaluate_diagrams(SERIES, ready.plan, ready.bench, ready.assessed.twins)
        moments = _Moments.of(values.replicates, values.rounding)
        passes = Passes(ready.bench, slices_of(ready.plan), ready.plan.products_at_once(HESSIAN))
        times = data.multiplicities(slice(None))
        mean = passes.gradients((np.ones(data.points) if times is None else times)[None])[0] / data.points
        if calculus.size <= DENSE:
            spread = dense_spread(passes, mean)
        else:
            spread = probed_spread(
                passes, mean, probes=run.probes, steps=run.lanczos, memory=effort.memory, seed=effort.seed
            )
        wobble = 0.0 if run.batch_size is None else _wobble(passes, spread.direction)
    found = {**_of_moments(moments, run), **_of_spread(spread, run, data.points, wobble)}
    top = tuple(Measured(float(v), float(r)) for v, r in zip(spread.top, spread.residuals, strict=True))
    return Statistics(found, top, (*ready.assessed.notes, *_notes(spread, run)))


def _check_work(plan: Plan, run: Run) -> None:
    """Refuse too many products with the Hessian, before anything is computed."""
    products = plan.parameters if plan.parameters <= DENSE else run.probes * run.lanczos + max(LARGEST, run.lanczos)
    work = 2.0 * products * plan.points * plan.parameters
    if work > plan.effort.limit and not plan.effort.force:
        raise ValueError(
            f"{products} products with the Hessian of {plan.points} data points are {work / plan.effort.limit:.2g} times the "
            "limit; use fewer probes= or lanczos= or a part of the data, raise limit=, or pass force=True"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """The values of the diagrams by name, in each replicate, and how they change with the precision."""

    rows: Mapping[str, Floats]
    changes: Mapping[str, Floats]

    @classmethod
    def of(cls, replicates: Floats, rounding: Floats | None) -> _Moments:
        order = list(SERIES.diagrams())
        place = {name: order.index(diagram) for name, diagram in DIAGRAMS.items()}
        changes = np.zeros((0, len(order))) if rounding is None else rounding
        return cls(
            {name: replicates[:, i] for name, i in place.items()}, {name: changes[:, i] for name, i in place.items()}
        )

    def ratio(self, above: Mapping[str, float], below: Mapping[str, float]) -> Measured:
        """The ratio of two sums of moments; of the first alone where the second is empty."""
        value, error = self._ratio(self.rows, above, below)
        mean = {name: column.mean() for name, column in self.rows.items()}
        moved = {name: mean[name] + column for name, column in self.changes.items()}
        count = len(next(iter(moved.values())))
        each = [self._ratio({n: c[i : i + 1] for n, c in moved.items()}, above, below)[0] for i in range(count)]
        rounding = max((abs(other - value) for other in each), default=0.0)
        return Measured(value, float(np.hypot(error, rounding)))

    @staticmethod
    def _ratio(
        rows: Mapping[str, Floats], above: Mapping[str, float], below: Mapping[str, float]
    ) -> tuple[float, float]:
        ones = np.ones(len(rows["GG"]))
        top: Floats = sum((factor * rows[name] for name, factor in above.items()), 0 * ones)
        bottom: Floats = sum((factor * rows[name] for name, factor in below.items()), 0 * ones) if below else ones
        return jackknife(top, bottom)


def _of_moments(moments: _Moments, run: Run) -> dict[str, Measured]:
    """What follows from means of products of gradients and Hessians."""
    found = {
        "gradient_noise_scale": moments.ratio({"gg": 1.0, "GG": -1.0}, {"GG": 1.0}),
        "curvature_noise_scale": moments.ratio({"gHg": 1.0, "GHG": -1.0}, {"GHG": 1.0}),
    }
    if run.batch_size is not None:
        one = 1 / run.batch_size
        two, three = one * (1 - one), (1 - one) * (1 - 2 * one)
        curved = {"ghg": one**2, "gHg": two, "ghG": 2 * two, "GHG": three}
        found["batch_sharpness"] = moments.ratio(curved, {"gg": one, "GG": 1 - one})
    if run.learning_rate is not None:
        factor = run.learning_rate / 4 * (1 + run.momentum) / (1 - run.momentum) ** 2
        found["gradient_penalty"] = moments.ratio({"GG": factor}, {})
    return found


def _of_spread(spread: Spread, run: Run, points: int, wobble: float) -> dict[str, Measured]:
    """What follows from the noise over the curvature."""
    sharpest = float(spread.top[0]) + run.damping
    found = {
        "takeuchi": spread.trace_of(lambda h: 1 / _curved(h, spread, run)),
        "sharpness": (float(spread.top[0]), float(spread.residuals[0])),
        "stability_threshold": (
            2 * (1 + run.momentum) / sharpest, 2 * (1 + run.momentum) * float(spread.residuals[0]) / sharpest**2,
        ),
    }  # fmt: skip
    if run.batch_size is not None and not run.momentum:
        bound = 2 * sharpest / (sharpest**2 + wobble / run.batch_size)
        found["mean_square_stability_bound"] = (bound, bound * float(spread.residuals[0]) / sharpest)
    if run.learning_rate is not None and run.steps is not None and not run.momentum:
        rate, steps = run.learning_rate, run.steps
        gap = lambda h: _geometric(rate * (h + run.damping), steps) * rate  # noqa: E731
        value, error = spread.trace_of(gap)
        found["generalization_gap"] = value / points, error / points
    if run.learning_rate is not None and run.batch_size is not None:
        found |= _stationary(spread, run, sharpest)
    return {name: Measured(*numbers) for name, numbers in found.items()}


def _curved(h: Floats, spread: Spread, run: Run) -> Floats:
    """Curvatures, with the damping; none in directions that are flat or fall off, where there is no law."""
    damped = h + run.damping
    found: Floats = np.where(damped > spread.rounding, damped, np.inf)
    return found


def _stationary(spread: Spread, run: Run, sharpest: float) -> dict[str, tuple[float, float]]:
    r"""The excess loss and the spread of the weights long after, by the trace identities of the discrete law."""
    assert run.learning_rate is not None
    assert run.batch_size is not None
    rate, momentum = run.learning_rate, run.momentum
    if rate * sharpest >= 2 * (1 + momentum):
        return {"stationary_excess_loss": (np.inf, 0.0), "stationary_variance": (np.inf, 0.0)}
    scale = rate / ((1 - momentum) * run.batch_size)

    def variance(h: Floats) -> Floats:
        curved = _curved(h, spread, run)
        found: Floats = np.where(np.isfinite(curved), scale / (curved * np.abs(2 - rate * curved / (1 + momentum))), 0)
        return found

    def loss(h: Floats) -> Floats:
        curved = _curved(h, spread, run)
        return np.where(np.isfinite(curved), curved, 0) * variance(h) / 2

    return {"stationary_excess_loss": spread.trace_of(loss), "stationary_variance": spread.trace_of(variance)}


def _geometric(step: Floats, steps: int) -> Floats:
    """The sum of the first powers of 1 - step, as many as there are steps.

    >>> _geometric(np.array([0.0, 0.5, 1.0]), 2)
    array([2. , 1.5, 1. ])
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        below = np.where(step < 1, -np.expm1(steps * np.log1p(-np.minimum(step, 0.5))) / step, 0)
        found: Floats = np.where(step < 0.5, below, (1 - (1 - step) ** steps) / step)
    return np.where(step == 0, float(steps), found)


def _wobble(passes: Passes, direction: Floats) -> float:
    """The variance over data points of the curvature along a direction."""
    along = Message(Cell("batch"), ())
    bent = Message(Cell("point"), (along,))
    program = Program(1, 0, (along,), (bent,), (Pairing((along, bent)),))
    data, calculus = passes.bench.data, passes.bench.calculus

    def task(rows: slice) -> Any:
        points = [tuple(array[:, None] for array in data.take(rows))]
        return calculus.values, (program, [direction], points, (), ())

    found = passes.bench.run({s.start: partial(task, s) for s in passes.slices})
    curvatures = np.concatenate(list(found.values()))[:, 0]
    weights = np.full(data.points, 1 / data.points) if data.weights is None else data.weights
    return float(weights @ (curvatures - weights @ curvatures) ** 2)


def _notes(spread: Spread, run: Run) -> list[str]:
    """What of the noise no law holds for."""
    floor = spread.rounding
    notes = []
    for what, law in {
        "flat": lambda h: (np.abs(h + run.damping) <= floor).astype(float),
        "negative": lambda h: (h + run.damping < -floor).astype(float),
    }.items():
        share = spread.trace_of(law)[0] / (spread.trace or 1.0)
        if share > 1e-9:
            notes.append(
                f"{share:.2g} of the noise is in {what} directions, where there is no law near a minimum: it is left out"
            )
    return notes
