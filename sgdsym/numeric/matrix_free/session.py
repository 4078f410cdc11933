"""One evaluation from the user's words to the values: options, refusals, progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any

import numpy as np

from sgdsym.arguments import read_real
from sgdsym.numeric.matrix_free.assess import Assessment, Orders, assess, check_derivatives, warn_of_kinks
from sgdsym.numeric.matrix_free.calculus import Calculus
from sgdsym.numeric.matrix_free.data import Points
from sgdsym.numeric.matrix_free.estimate import DiagramValues, Estimate, rate_and_weights
from sgdsym.numeric.matrix_free.evaluation import Bench, check_losses, evaluate_diagrams, task_count
from sgdsym.numeric.matrix_free.plan import Effort, Plan, make_plan
from sgdsym.numeric.matrix_free.tasks import Workers
from sgdsym.progress import Progress, shown
from sgdsym.series import Series, read_series

OPTIONS = frozenset(option.name for option in fields(Effort))
SMALLEST = 1e-12
ROUNDS, MOST_GROWTH, SPARE = 5, 256.0, 1.2  # of draws, where a tolerance is wanted


def split_options(series: Series, options: Mapping[str, Any]) -> tuple[Effort, dict[str, Any]]:
    """What is said about the effort, and the symbols.

    Raises:
        ValueError: if a symbol of the series has the name of an option, or an option is wrong.

    >>> split_options(Series({}, 1), {"samples": 100, "T": 10})[1]
    {'T': 10}
    """
    taken = sorted(OPTIONS & set(read_series(series).symbols))
    if taken:
        raise ValueError(f"the symbol {taken[0]} is named like an option; rename it with subs({taken[0]}='…')")
    effort = Effort(**{name: value for name, value in options.items() if name in OPTIONS})
    return effort, {name: value for name, value in options.items() if name not in OPTIONS}


@dataclass(frozen=True, slots=True)
class Session:
    """A series on a loss and its data.

    Attributes:
        series: the series, over moments.
        calculus: the loss at its parameters.
        data: the data points.
        effort: how the blocks are summed.
        left_open: which of the open roots is left open, so that the value is a vector, if one is.

    Raises:
        ValueError: if the series has an open index and no function to contract it with, or the other way round.
    """

    series: Series
    calculus: Calculus
    data: Points
    effort: Effort = field(default_factory=Effort)
    left_open: int | None = None

    def __post_init__(self) -> None:
        if self.series.setting.weight_decay:
            raise ValueError(
                "weight decay is not evaluated along trees: put it into the loss, expand observable='function' without it, and "
                "pass the plain loss as function="
            )
        if self.left_open is not None:
            return
        is_open = any(diagram.open_roots for diagram in self.series.terms)
        if is_open and self.calculus.function is None:
            raise ValueError(
                "the series has an open root, and only numbers are evaluated here; evaluate_vector() evaluates vectors, or pass "
                "function=, a function of the parameters, whose derivatives the root then carries"
            )
        if not is_open and self.calculus.function is not None:
            raise ValueError("function= is for a series with an open root, such as observable='function'")

    def plan(self) -> Plan:
        """What the evaluation will cost; the loss is run on a data point or two, to measure what it holds in memory.

        Raises:
            ValueError: if the loss fails there.
        """
        return self._plan(assess(self.calculus, self.data, self._orders))

    def _plan(self, assessed: Assessment) -> Plan:
        return make_plan(
            self.series.diagrams(),
            points=self.data.points,
            parameters=self.calculus.size,
            itemsize=self.calculus.itemsize,
            example_bytes=self.data.bytes_each,
            effort=self.effort,
            held=assessed.held,
            twins=len(assessed.twins),
            notes=assessed.notes,
            sums=0 if self.left_open is None else self.series.truncation + 1,
            left_open=self.left_open,
        )

    @property
    def _orders(self) -> Orders:
        orders = Orders.of(self.series.terms)
        return replace(orders, function=0) if self.calculus.function is None else orders

    def evaluate(
        self,
        learning_rate: Any,
        symbols: Mapping[str, Any],
        executor: Any = None,
        progress: Progress = True,
        tolerance: Any = None,
    ) -> Estimate:
        """The series at some learning rates and some sizes, which are checked before anything is computed.

        Args:
            learning_rate: a number or an array.
            symbols: the sizes.
            executor: where the tasks go.
            progress: whether to say the cost and show a bar.
            tolerance: the largest relative standard error of a coefficient that is not 0; more is drawn, anew, until it holds.

        Raises:
            ValueError: if a symbol or a learning rate is wrong, it costs too much, a loss is not finite, or the error
                does not fall as that of draws does.
        """
        wanted = inf if tolerance is None else read_real("tolerance", tolerance, least=SMALLEST)
        rate_and_weights(self.series, self.series.diagrams(), learning_rate, symbols)
        session = self
        for round_ in range(1, ROUNDS + 1):
            found = session.values(executor, progress).at(learning_rate, **symbols)
            sizes = np.abs(found.coefficients)
            miss = float(np.divide(found.coefficient_errors, sizes, out=np.zeros_like(sizes), where=sizes > 0).max())
            if miss <= wanted:
                return found
            more = int(session.effort.samples * min(MOST_GROWTH, (miss / wanted) ** 2 * SPARE)) + 1
            session = replace(self, effort=replace(self.effort, samples=more, seed=self.effort.seed + round_))
        raise ValueError(
            f"the relative error of a coefficient is still {miss:.2g} after {ROUNDS} rounds, more than tolerance={wanted:g}; "
            "it may be that of rounding, or a coefficient is next to 0"
        )

    def values(self, executor: Any = None, progress: Progress = True) -> DiagramValues:
        """Evaluate the diagrams.

        Raises:
            ValueError: if it costs too much, a loss is not finite, or its derivatives are not those of its values.
        """
        # one pool for the whole evaluation, which consists of several passes
        with Workers(executor) as workers:
            return self._values(workers, progress)

    def _values(self, executor: Workers, progress: Progress) -> DiagramValues:
        """Evaluate the diagrams on workers that are there."""
        ready = self.prepared(executor, progress)
        found = evaluate_diagrams(self.series, ready.plan, ready.bench, ready.assessed.twins)
        return replace(found, is_positive=ready.is_positive)

    def prepared(self, executor: Workers, progress: Progress) -> Prepared:
        """Everything that is found out before diagrams are evaluated.

        Raises:
            ValueError: if it costs too much, a loss is not finite, or its derivatives are not those of its values.
        """
        assessed = assess(self.calculus, self.data, self._orders)
        plan = self._plan(assessed)
        plan.check()
        bench = _bench(assessed, plan, self.data, executor, progress)
        is_positive = check_losses(plan, bench)
        confirmed = check_derivatives(assessed, self.data, self._orders, self.effort.seed)
        if confirmed is not assessed:
            plan = self._plan(confirmed)
            plan.check()
            bench = _bench(confirmed, plan, self.data, executor, progress)
        warn_of_kinks(confirmed, self.data, self._orders, self.effort.seed)
        return Prepared(confirmed, plan, bench, is_positive)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A loss that may be evaluated.

    Attributes:
        assessed: what was found out about it.
        plan: what is computed.
        bench: where.
        is_positive: whether no data point has a negative loss.
    """

    assessed: Assessment
    plan: Plan
    bench: Bench
    is_positive: bool


def _bench(assessed: Assessment, plan: Plan, data: Points, executor: Workers, progress: Progress) -> Bench:
    """Where a plan is carried out; what it costs is said."""
    show = shown(progress, plan)
    return Bench(assessed.calculus, data, executor, _Count(task_count(plan), show).one)


@dataclass(slots=True)
class _Count:
    """Counts finished tasks."""

    total: int
    show: Callable[[int, int], None] | None
    done: int = 0

    def one(self) -> None:
        self.done += 1
        if self.show is not None:
            self.show(self.done, self.total)
