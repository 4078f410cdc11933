r"""Random cases: a landscape, a run, an observable, and the words of the request, each size a number or a symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from sgdsym.series import GD, SGD, Observable, SamplingScheme
from sgdsym.sgd import DYNAMICS, OBSERVABLES, SAMPLINGS
from sgdsym.verify.draws import Run
from sgdsym.verify.landscape import Landscape, random_landscape

FAMILIES = (*SAMPLINGS, *(dynamics for dynamics in DYNAMICS if dynamics != SGD.name))

_OF_MANY_RUNS = ("covariance", "loss-variance")
_WITHOUT_TRAINING_SET = tuple(name for name in OBSERVABLES if not Observable.named(name).is_trained)
_SYMBOLS = {"steps": "T", "dataset_size": "N", "batch_size": "B", "epochs": "E", "momentum": "mu"}
# symbols beside momentum, a delay or an average make long coefficients: seconds at order 3, minutes above
_SYMBOLIC_RULE, _SYMBOLIC_EPOCHS = 3, 2


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        landscape: the population.
        run: the run in numbers.
        request: what :func:`sgdsym.sgd.expand` is asked, sizes as numbers or symbol names.
        values: the number of each symbol of the request, and the rates of a schedule that it names.
    """

    landscape: Landscape
    run: Run
    request: Mapping[str, Any]
    values: Mapping[str, int | Fraction | tuple[Fraction, ...]]

    @property
    def setting(self) -> str:
        """The case in a few words.

        >>> random_case(Random(1), order=2).setting[:80]
        'sgd fixed loss-variance order=2 basis=cumulant schedule=lambda dataset_size=3 ba'
        """
        words = dict(self.request)
        head = [words.pop(name) for name in ("dynamics", "sampling", "observable") if name in words]
        sizes = (f"{name}={_text(value)}" for name, value in words.items())
        where = ", ".join(f"{symbol}={_text(value)}" for symbol, value in self.values.items())
        return f"{' '.join(head)} {' '.join(sizes)}" + (f" at {where}" if where else "")


def random_case(random: Random, order: int) -> Case:
    """A case of any sampling, dynamics and observable that go together, small enough to enumerate.

    Args:
        random: the source of randomness.
        order: the order to expand to.
    """
    family = random.choice(FAMILIES)
    observable = random.choice(OBSERVABLES if _has_training_set(family) else _WITHOUT_TRAINING_SET)
    run = random_run(random, family)
    if run.steps and run.average != "uniform" and observable not in _OF_MANY_RUNS and random.random() < 1 / 4:
        run = replace(run, mean_over_run=True)
    sizes = _sizes(random, run)
    options: dict[str, Any] = {"schedule": run.schedule} if run.schedule is not None else {}
    values: dict[str, int | Fraction | tuple[Fraction, ...]] = {}
    # an unknown schedule is for batches that are alike
    alike = not (run.listed_batches or run.last_batch == "short")
    named = run.schedule is not None and random.random() < 1 / 2 and alike
    for name, number in sizes.items():
        ruled = bool(run.momentum or run.delay or run.average is not None or run.mean_over_run)
        in_epochs = run.dynamics == SGD.name and SamplingScheme.named(run.sampling).is_in_epochs
        listed = bool(run.listed_batches or run.last_batch) or (
            # a list of rates is as long as the run, so that all that makes its length are numbers
            run.schedule is not None and not named and run.dataset_size and name in ("dataset_size", "batch_size")
        )
        slow = ruled and order > (_SYMBOLIC_EPOCHS if in_epochs else _SYMBOLIC_RULE)
        # too many rates for symbols, see Request
        slow |= run.mean_over_run and in_epochs and run.average is not None and bool(run.momentum)
        options[name] = number
        if random.random() < 1 / 2 and not (slow or listed):
            options[name] = symbol = _SYMBOLS[name]
            values[symbol] = number
    if run.schedule is not None and named:
        options["schedule"], values["schedule"] = "lambda", run.schedule
    elif run.schedule is not None and random.random() < 1 / 2:
        rates = {f"rate{t}": rate for t, rate in enumerate(run.schedule, 1)}
        options["schedule"] = tuple(rates)
        values |= rates
    request: dict[str, Any] = {
        "observable": observable,
        "dynamics": run.dynamics,
        **({"sampling": run.sampling} if run.dynamics == "sgd" else {}),
        "order": order,
        "basis": random.choice(("cumulant", "moment")),
        **options,
        **({"last_batch": run.last_batch} if run.last_batch else {}),
        **({"nesterov": True} if run.nesterov else {}),
        **({"delay": run.delay} if run.delay else {}),
        **({"average": run.average} if run.average is not None else {}),
        **({"mean_over_run": True} if run.mean_over_run else {}),
    }
    # one degree more than a node carries at that order, so that a derivative which should play no part could be seen
    # to
    landscape = random_landscape(random, order + 1, weights=random.choice((1, 2)))
    if random.random() < 1 / 3:
        run = replace(run, weight_decay=Fraction(random.randint(1, 4), random.randint(1, 3)))
        request["weight_decay"] = run.weight_decay
        if random.random() < 1 / 2:
            request["weight_decay"], values["decay"] = "decay", run.weight_decay
    return Case(landscape, run, request, values)


def random_run(random: Random, family: str) -> Run:
    """A run whose draws of data are few enough to go through all of them.

    >>> run = random_run(Random(3), "fixed")
    >>> run.steps, run.dataset_size, run.batch_size
    (6, 5, 2)
    """
    # two kinds make 2^6 training sets of six points, each with up to 6! orders in an epoch
    points = 1 + _few(random, 5)
    if SamplingScheme.named(family).is_in_epochs:
        last = random.choice((None, "short", "drop"))
        batch = random.choice([b for b in range(1, points + 1) if points % b == 0 or last])
        # six points of two kinds have up to 20 orders in an epoch: 924 draws in two epochs (0.2 s), 15 184 in three
        epochs = _few(random, 3 if family == "fixed" or points < 5 else 2)
        slots = points // batch + (last == "short" and points % batch > 0)
        run = Run(sampling=family, steps=epochs * slots, dataset_size=points, batch_size=batch, last_batch=last)
        return replace(run, **_rule(random, run.steps))
    if family == "ode":
        return Run(dynamics=family, steps=_few(random, 5))
    if family == "sde":
        return Run(dynamics=family, steps=_few(random, 5), batch_size=random.randint(1, 3))
    if family == "gd":
        steps = _few(random, 5)
        return Run(dynamics=family, steps=steps, dataset_size=points, batch_size=points, **_rule(random, steps))
    # fresh points come in kinds^(batch * steps) sequences, 2^9 at most, as batch + steps is at most 6
    batch = random.randint(1, 3 if family == "online" else min(points, 2))
    steps = _few(random, 6 - batch)
    points = 0 if family == "online" else points
    listed = tuple(random.randint(1, batch) for _ in range(steps)) if random.random() < 1 / 4 else ()
    run = Run(sampling=family, steps=steps, dataset_size=points, batch_size=batch, listed_batches=listed)
    return replace(run, **_rule(random, steps))


def _has_training_set(family: str) -> bool:
    return SamplingScheme.named(family).is_finite or family == GD.name


def _few(random: Random, most: int) -> int:
    """A number from 0 to ``most``, seldom a very small one: runs without steps say little."""
    return max(random.randint(0, most), random.randint(0, most))


def _rule(random: Random, steps: int) -> dict[str, Any]:
    """Plain steps in one case of three, else any of momentum, a schedule, a delay and an average together."""
    if random.random() < 1 / 3:
        return {}
    rule: dict[str, Any] = {}
    if random.random() < 1 / 2:
        rule["momentum"] = random.choice((-1, 1)) * Fraction(1, random.randint(2, 5))
        rule["nesterov"] = random.random() < 1 / 2
    if random.random() < 1 / 3:
        rule["schedule"] = tuple(Fraction(random.randint(-1, 4), random.randint(1, 3)) for _ in range(steps))
    if random.random() < 1 / 4:
        rule["delay"] = random.randint(1, 2)
    if random.random() < 1 / 3 and steps:
        rule["average"] = random.choice(("uniform", Fraction(random.randint(0, 3), 4)))
    return rule


def _sizes(random: Random, run: Run) -> dict[str, Any]:
    """The numbers that the request names; in epochs or in steps where both say the same."""
    sizes: dict[str, Any] = {}
    if run.dataset_size:
        sizes["dataset_size"] = run.dataset_size
    if run.dynamics not in ("gd", "ode"):
        sizes["batch_size"] = run.listed_batches or run.batch_size
    if run.schedule is None:
        finite = run.dynamics == "sgd" and run.dataset_size and not run.listed_batches
        whole_epochs = finite and run.epochs.denominator == 1
        if whole_epochs and random.random() < 2 / 3:
            sizes["epochs"] = int(run.epochs)
        else:
            sizes["steps"] = run.steps
    if run.momentum:
        sizes["momentum"] = run.momentum
    return sizes


def _text(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
