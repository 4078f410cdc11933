r"""Runs of a request, step by step: registers of the optimiser, a batch for every run, an observable now and then.

With :math:`\theta_t = \theta_0 + c_t\cdot z_t` an update is :math:`z_{t+1} = A_t z_t - \eta\,b_t\,g_t` for all runs at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from math import inf
from numbers import Rational, Real
from typing import Any

import numpy as np

from sgdsym.arguments import (
    is_flag,
    is_list,
    quoted,
    quoted_names,
    read_flag,
    read_function,
    read_instance,
    read_integer,
    read_integers,
    read_real,
)
from sgdsym.arrays import float_array
from sgdsym.series import COVARIANCE, DISPLACEMENT, FUNCTION, GENERALIZATION_GAP, TRAIN_LOSS, Coefficient, Observable
from sgdsym.sgd import LinearOptimizer, Request
from sgdsym.simulation.feeds import FEEDS, Feed, batch_sizes, start_feed
from sgdsym.simulation.landscape import Landscape
from sgdsym.simulation.losses import Floats
from sgdsym.simulation.result import Simulation
from sgdsym.times.optimizers import Update

Progress = Callable[[int, int], Any]

# 8 MiB
TOGETHER = 2**20  # numbers of all runs that are side by side
# 1 GiB
MOST_NUMBERS = 2**27  # that are kept as samples
MOST_RUNS, MOST_STEPS = 10**8, 10**9
LOOK = 100  # updates after which runs are looked at for what is not finite
OPTIONS = tuple(field.name for field in fields(Request) if field.name not in ("order", "basis"))
NUMBERS = ("momentum", "average", "schedule", "weight_decay")  # options that may be floats here


def simulate(
    landscape: Landscape,
    learning_rate: Any,
    *,
    runs: int = 1000,
    seed: int = 0,
    record: Any = None,
    start: Any = None,
    given: bool = False,
    function: Callable[[Any], Any] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Simulation:
    r"""Run SGD many times, and read an observable off; with ``mean_over_run`` its mean over the updates so far.

    Args:
        landscape: loss, data and start.
        learning_rate: :math:`\eta`.
        runs: the number of independent runs, two at least.
        seed: of all chance; equal arguments give equal numbers.
        record: the updates after which the observable is read, a list of integers; the last one if left out.
        start: other weights to start from, (p,), or (runs, p) for each run its own.
        given: whether the training set is the population itself, in its order, instead of drawn from it for each run.
        function: for the observable ``function``, of the weights as the loss takes them, to a number each.
        progress: called with the updates done and all, now and then.
        **options: those of :func:`sgdsym.expand` without order and basis; sizes must be numbers, and momentum, schedule and
            average may be floats.

    Returns:
        Values and standard errors.

    Raises:
        ValueError: if something is wrong with the request, a symbol is left, a function of the landscape fails, or runs leave
            the range of floats.

    >>> import sympy as sp
    >>> from sgdsym import expand
    >>> from sgdsym.numeric import from_sympy
    >>> w, x = sp.symbols("w x")
    >>> walk = Landscape.sympy(from_sympy(w**3 - w * x**2, w, x), 0)
    >>> found = simulate(walk, 0.01, steps=10, batch_size=1, runs=4000)
    >>> predicted = expand(order=4, steps=10, batch_size=1).with_noise(walk.model).subs("eta", 0.01)
    >>> bool(abs(found.value[0] - predicted) < 4 * found.standard_error[0])
    True
    """
    read_instance("landscape", landscape, Landscape, "such as Landscape.jax(loss, parameters, data)")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(f"there is no option {quoted_names(unknown)}; the options are {', '.join(OPTIONS)}")
    if read_flag("given", given):
        options = _of_given_points(landscape, options)
    request = Request(order=0, **{name: _exact(name, value) for name, value in options.items()})
    plan = _plan(landscape, request, read_real("learning_rate", learning_rate))
    count = read_integer("runs", runs, least=2, most=MOST_RUNS)
    places = _starts(landscape, start, count)
    stops = _stops(record, plan.steps, least=int(request.mean_over_run))
    observe = _observing(landscape, plan, function)
    width = len(landscape.start) if plan.observable in (DISPLACEMENT, COVARIANCE) else 1
    if len(stops) * count * width > MOST_NUMBERS:
        raise ValueError(
            f"{len(stops)} records of {count} runs are too many numbers; record fewer updates or fewer runs"
        )
    if progress is not None:
        read_function("progress", progress)
    sizes = _blocks(count, plan)
    sources = np.random.SeedSequence(read_integer("seed", seed, least=0)).spawn(len(sizes))
    samples, weights, done = [], [], 0
    for block, (size, source) in enumerate(zip(sizes, sources, strict=True)):
        generator = np.random.default_rng(source)
        feed = start_feed(plan.request, landscape.losses, generator, size, given)
        tick = _ticking(progress, block * plan.steps, len(sizes) * plan.steps)
        origin = places if len(places) == 1 else places[done : done + size]
        found, last = [], places
        begin = np.broadcast_to(origin, (size, len(landscape.start)))
        total: Any = 0.0
        for step, read in _run(plan, feed, begin, _looked_at(plan, stops), tick):
            seen = observe(read, read - begin, feed)
            # the mean is over what follows an update: the start is no part of it
            total, last = total + seen * (step > 0), read
            if step in stops:
                found.append(total / step if plan.request.mean_over_run else seen)
        samples.append(np.array(found))
        weights.append(last)
        done += size
    return Simulation(
        request.setting.observable, np.array(stops), np.concatenate(samples, axis=1), np.concatenate(weights)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A run in numbers."""

    landscape: Landscape
    request: Request
    rate: float
    steps: int
    updates: Sequence[tuple[Floats, Floats, Floats]]
    read: Floats
    decay: float

    @property
    def observable(self) -> Observable:
        """The observable, at one time."""
        return Observable.named(self.request.observable)

    def update(self, t: int) -> tuple[Floats, Floats, Floats]:
        """Matrix, gain and point of update ``t``; all but the first are the last that is listed."""
        return self.updates[min(t, len(self.updates) - 1)]


def _plan(landscape: Landscape, request: Request, rate: float) -> _Plan:
    if request.setting.dynamics.is_continuous:
        raise ValueError(f"{request.dynamics} has no updates that could be run; simulate sgd or gd")
    if isinstance(request.schedule, str):
        raise ValueError(f"a run needs numbers; give schedule as a list, not the name {quoted(request.schedule)}")
    rates = request.rates
    # the rates of a list are one symbol in the arrays, put in below: a list may be long
    rule = request.update_rule
    names = [] if rates is not None else sorted(rule.symbols)
    symbols = [*request.symbols.values(), *names, *(rate for rate in rates or () if isinstance(rate, str))]
    if symbols:
        missing = [name for name, symbol in request.symbols.items() if getattr(request, name) is None] or symbols
        raise ValueError(f"a run needs numbers; give {quoted_names(dict.fromkeys(missing))}")
    steps = read_integer("steps", int(request.sizes.steps.as_fraction()), most=MOST_STEPS)
    listed = rule.start + 1 if rule.updates is None else steps
    if rates is None:
        updates = [_floats(rule.update(t)) for t in range(max(listed, 1) if steps else 0)]
    else:
        updates = _scheduled(rule, [float(rate) for rate in rates])
    read = np.array([float(x.as_fraction()) for x in rule.read])
    return _Plan(landscape, request, rate, steps, updates, read, float(request.weight_decay))


def _of_given_points(landscape: Landscape, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with the size of the training set that the population is."""
    points, losses = landscape.losses.points, landscape.losses
    if points is None or (options.get("sampling", "online") == "online" and options.get("dynamics", "sgd") == "sgd"):
        raise ValueError("given=True needs a list of data points, and a sampling with a training set")
    if losses.has_uneven_points:
        raise ValueError("given=True needs data points that are all as likely; leave the probabilities out")
    if options.get("dataset_size") not in (None, points):
        raise ValueError(f"the training set has the {points} given points; leave the dataset size out")
    return {**options, "dataset_size": points}


def _scheduled(rule: LinearOptimizer, rates: Sequence[float]) -> list[tuple[Floats, Floats, Floats]]:
    """Updates whose arrays hold the rate as a symbol: they are affine in it."""
    names = sorted(rule.symbols)
    updates = []
    for t, rate in enumerate(rates):
        update = rule.update(min(t, rule.start))
        # all updates past the first few have the same arrays
        if t <= rule.start:
            without, with_one = (_floats(update, {name: Coefficient(value) for name in names}) for value in (0, 1))
        # affine in the rate: A(r) = A(0) + r (A(1) - A(0)), so that two evaluations in exact numbers serve a schedule
        # of any length
        pairs = zip(without, with_one, strict=True)
        matrix, gain, point = (first + rate * (second - first) for first, second in pairs)
        updates.append((matrix, gain, point))
    return updates


def _floats(update: Update, values: Mapping[str, Coefficient] | None = None) -> tuple[Floats, Floats, Floats]:
    def number(entry: Coefficient) -> float:
        return float((entry.substitute(values) if values else entry).as_fraction())

    matrix = np.array([[number(x) for x in row] for row in update.matrix])
    gain, point = (np.array([number(x) for x in row]) for row in (update.gain, update.point))
    return matrix, gain, point


def _run(
    plan: _Plan, feed: Feed, start: Floats, stops: Sequence[int], tick: Callable[[int], None]
) -> Iterator[tuple[int, Floats]]:
    """The weights that are read off after each of the updates of a list, (runs, p), and after how many."""
    registers = np.zeros((len(plan.read), *start.shape))
    next_batch, due = FEEDS[plan.request.scheme], set(stops)
    if 0 in due:
        yield 0, start
    for t in range(plan.steps):
        matrix, gain, point = plan.update(t)
        with np.errstate(all="ignore"):
            place = start + np.tensordot(point, registers, 1)
            batch = next_batch(feed)
            moved = np.tensordot(matrix, registers, 1)
            if gain.any():
                slope = plan.landscape.losses.gradients(place, batch) + plan.decay * place
                moved -= plan.rate * gain[:, None, None] * slope
        registers = moved
        tick(t + 1)
        # what is not finite stays so, and a look now and then stops a run that is lost
        if t + 1 in due or t % LOOK == 0:
            _check_finite(registers, t + 1)
        if t + 1 in due:
            # the register of a uniform average is a sum, over as many updates as there were
            share = plan.steps / (t + 1) if plan.request.average == "uniform" else 1
            yield t + 1, start + share * np.tensordot(plan.read, registers, 1)


def _check_finite(registers: Floats, step: int) -> None:
    lost = ~np.isfinite(registers).all(axis=(0, 2))
    if lost.any():
        raise ValueError(
            f"{int(lost.sum())} of {lost.size} runs side by side are beyond floats after update {step}; lower the learning rate"
        )


def _observing(
    landscape: Landscape, plan: _Plan, function: Callable[[Any], Any] | None
) -> Callable[[Floats, Floats, Feed], Floats]:
    """The function that reads the observable off weights and displacements (runs, p)."""
    losses, observable = landscape.losses, plan.observable
    if (observable == FUNCTION) != (function is not None):
        raise ValueError("the observable function needs function=, and no other observable takes one")
    if function is not None:
        observed = read_function("function", function)
        return lambda weights, _moved, _feed: losses.function(observed, weights)
    if observable in (DISPLACEMENT, COVARIANCE):
        return lambda _weights, moved, _feed: moved
    if observable == TRAIN_LOSS:
        return lambda weights, _moved, feed: losses.values(weights, feed.full())
    if observable == GENERALIZATION_GAP:
        return lambda weights, _moved, feed: losses.mean_loss(weights) - losses.values(weights, feed.full())
    return lambda weights, _moved, _feed: losses.mean_loss(weights)


def _starts(landscape: Landscape, start: Any, runs: int) -> Floats:
    if start is None:
        return landscape.start[None]
    places, size = float_array(start, "start"), len(landscape.start)
    if places.shape not in ((size,), (runs, size)) or not np.isfinite(places).all():
        raise ValueError(f"start has shape {places.shape}; it must be ({size},) or ({runs}, {size}), of finite numbers")
    return places.reshape(-1, size)


def _stops(record: Any, steps: int, least: int) -> list[int]:
    stops = [steps] if record is None else sorted(set(read_integers("record", record)))
    if not stops or stops[0] < least or stops[-1] > steps:
        raise ValueError(
            f"record must hold integers from {least} to the {steps} updates of the run, not {quoted(record)}"
        )
    return [*stops, steps] if stops[-1] < steps else stops


def _looked_at(plan: _Plan, stops: Sequence[int]) -> Sequence[int]:
    """The updates after which the observable is looked at: all, where its mean over them is asked for."""
    return range(plan.steps + 1) if plan.request.mean_over_run else stops


def _blocks(runs: int, plan: _Plan) -> list[int]:
    """The numbers of runs side by side: as many as hold about ``TOGETHER`` numbers, the same on every machine."""
    sizes = plan.request.sizes
    weights, batch = len(plan.landscape.start), max(batch_sizes(plan.request))
    points = int(sizes.dataset_size.as_fraction()) if plan.request.scheme.is_finite else 0
    each = weights * (2 * len(plan.read) + batch) + points
    if each > MOST_NUMBERS:
        raise ValueError(
            f"one run holds about {each:.2g} numbers at once, {MOST_NUMBERS:.2g} are the most; take smaller sizes"
        )
    # every block has a source of chance of its own, so that blocks that depended on the machine would change the
    # numbers
    together = max(1, min(runs, TOGETHER // each))
    return [together] * (runs // together) + [runs % together] * (runs % together > 0)


def _ticking(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    """Progress a hundred times in all."""
    every = max(1, total // 100)

    def tick(step: int) -> None:
        if progress is not None and ((before + step) % every == 0 or before + step == total):
            progress(before + step, total)

    return tick


def _exact(name: str, value: Any) -> Any:
    """Floats among the options of the update rule as the fractions they are."""
    if name not in NUMBERS:
        return value
    if is_list(value):
        return tuple(_exact(name, entry) for entry in value)
    if isinstance(value, Real) and not isinstance(value, Rational) and not is_flag(value):
        number = read_real(name, value, least=-inf)
        # 0.9 is meant as 9/10, not as the nearest float, 8106479329266893/2^53
        return Fraction(number).limit_denominator(10**15)
    return value
