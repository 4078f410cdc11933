r"""The smallest setting that tells a formula from the derived series: sizes of the run, and a landscape.

Sizes grow from 1, landscapes from one weight and one data point, until the two differ there.  Then every coefficient of the
landscape that is not needed becomes 0, and those that are become 1 where they can.  At last SGD itself is run on it, through every
draw of the data, which asks neither the formula nor the derivation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import factorial
from random import Random
from typing import Any

import numpy as np

from sgdsym.diagrams import Diagram
from sgdsym.numeric import Polynomial, interpret
from sgdsym.series import FIXED, FULL, Coefficient, Series, Setting
from sgdsym.sgd import Request
from sgdsym.verify import Landscape, Run, enumerate_series

Terms = Mapping[Diagram, Coefficient]
# weights and data points, the smaller the earlier; tries of each; sets of sizes, and ways to draw the data, at most
_SHAPES = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (1, 4), (2, 3), (3, 2), (3, 3))
# a difference may vanish by chance on one landscape, hardly on three; 4000 draws are enumerated in about a second
# (order 3, two weights)
_TRIES, _MOST_SIZES, _MOST_DRAWS = 3, 200, 4000
# 144 sizes together: all are tried unless rates are symbols too
_LARGEST = {"steps": 4, "epochs": 3, "dataset_size": 4, "batch_size": 3}


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A setting in which a formula and the derived series have different values.

    Attributes:
        sizes: the number of each symbol.
        landscape: the losses of the data points, all equally likely, and the function that is observed, around the start.
        is_function: whether a function is observed.
        order: the power of the learning rate whose coefficients follow.
        formula: by the formula.
        derived: by the derivation.
        enumerated: by going through every draw of the data, or nothing where those are too many.
    """

    sizes: Mapping[str, int | Fraction]
    landscape: Landscape
    is_function: bool
    order: int
    formula: Any
    derived: Any
    enumerated: Any


def find_counterexample(
    formula: Mapping[int, Terms], derived: Mapping[int, Terms], request: Request, *, at_minimum: bool
) -> Counterexample | None:
    """The smallest setting found in which the lowest order that differs has different values, or none.

    Args:
        formula: by the power of the learning rate, the coefficients of the formula, in joint cumulants.
        derived: the same of the derived series.
        request: the run.
        at_minimum: whether the mean gradient vanishes at the start.
    """
    order, difference = _lowest_difference(formula, derived)
    for numbers in _sizes(request):
        scene = _Scene(_numbered(request, numbers).setting, at_minimum)
        # a value is linear in the coefficients: the two differ wherever their difference does not vanish
        values = _evaluated(difference, numbers)
        landscape = scene.telling(values) if values else None
        if landscape is None:
            continue
        mine, theirs = (
            scene.total(_evaluated(terms.get(order, {}), numbers), landscape) for terms in (formula, derived)
        )
        # where one side has no term, its zero has the shape of the other
        mine, theirs = mine + 0 * theirs, theirs + 0 * mine
        exact = _enumerated(_numbered(request, numbers), landscape, order)
        return Counterexample(numbers, landscape, scene.function, order, mine, theirs, exact)
    return None


def _lowest_difference(formula: Mapping[int, Terms], derived: Mapping[int, Terms]) -> tuple[int, Terms]:
    for order in sorted({*formula, *derived}):
        mine, theirs = formula.get(order, {}), derived.get(order, {})
        zero = Coefficient()
        difference = {d: theirs.get(d, zero) - mine.get(d, zero) for d in {**mine, **theirs}}
        if found := {d: c for d, c in difference.items() if c}:
            return order, found
    raise ValueError("the two are equal")


def _sizes(request: Request) -> Iterator[dict[str, int | Fraction]]:
    """Numbers for the symbols of a request that the run can have, small ones first."""
    choices: dict[str, Sequence[int | Fraction]] = {
        symbol: range(1, _LARGEST[option] + 1) if option in _LARGEST else (Fraction(1, 2), Fraction(1, 3))
        for option, symbol in request.symbols.items()
    }
    for place, weight in enumerate(weight for weight in request.rates or () if isinstance(weight, str)):
        choices.setdefault(weight, (Fraction(1), Fraction(1, 2 + place)))
    # smallest sum first: the first setting that tells the two apart is then one of the smallest
    settings = sorted(product(*choices.values()), key=lambda values: (sum(values), values))
    for values in settings[:_MOST_SIZES]:
        numbers = dict(zip(choices, values, strict=True))
        try:
            _numbered(request, numbers)
        except ValueError:
            continue
        yield numbers


def _numbered(request: Request, numbers: Mapping[str, int | Fraction]) -> Request:
    """The request with its symbols replaced.

    Raises:
        ValueError: if the run cannot have these sizes.
    """
    options = {option: numbers[symbol] for option, symbol in request.symbols.items()}
    schedule = None if request.rates is None else tuple(numbers[w] if isinstance(w, str) else w for w in request.rates)
    return replace(request, schedule=schedule, **options)  # type: ignore[arg-type]


def _evaluated(terms: Terms, numbers: Mapping[str, int | Fraction]) -> dict[Diagram, Fraction]:
    """The coefficients at these sizes, without zeros; none at all where one has no value there."""
    try:
        found = {diagram: c.substitute(numbers).as_fraction() for diagram, c in terms.items()}
    except (ValueError, ZeroDivisionError):
        return {}
    return {diagram: c for diagram, c in found.items() if c}


@dataclass(frozen=True, slots=True)
class _Scene:
    """The observable and the minimum that landscapes are made for, and how a sum of diagrams is evaluated on one."""

    setting: Setting
    at_minimum: bool

    @property
    def function(self) -> bool:
        """Whether a function of its own is observed."""
        return self.setting.observable.carries_function

    def total(self, values: Mapping[Diagram, Fraction], landscape: Landscape) -> Any:
        """The sum of the diagrams with these coefficients."""
        if not values:
            return Fraction(0)
        degree = max(1, *(max(diagram.degrees) for diagram in values))
        terms = {diagram: Coefficient(c) for diagram, c in values.items()}
        series = Series(terms, max(diagram.order for diagram in values), setting=self.setting)
        start = (0,) * landscape.weights if self.setting.weight_decay else None
        functions = landscape.function_derivatives(degree) if self.function else None
        return sum(interpret(series, landscape.derivatives(degree), start=start, root_derivatives=functions))

    def telling(self, values: Mapping[Diagram, Fraction]) -> Landscape | None:
        """A landscape on which the sum does not vanish, as plain as can be."""
        degree = max(max(diagram.degrees) for diagram in values)
        # a fixed seed: a formula gets the same counterexample in every run
        draw = Random(1)  # noqa: S311 - any landscape will do
        for weights, points in _SHAPES:
            for _ in range(_TRIES):
                found = self._centred(_drawn(draw, degree, weights, points))
                if np.any(self.total(values, found)):
                    return self._plain(values, found)
        return None

    def _plain(self, values: Mapping[Diagram, Fraction], landscape: Landscape) -> Landscape:
        """The landscape with every coefficient 0, else 1, where the sum then still does not vanish."""
        for place in range(len(landscape.losses) + 1):
            # each coefficient is tried once: the work grows with their number, not with their combinations
            for exponents in list(_polynomials(landscape)[place]):
                for number in (0, 1):
                    polynomials = list(_polynomials(landscape))
                    polynomials[place] = {**polynomials[place], exponents: number}
                    *losses, function = polynomials
                    plainer = self._centred(replace(landscape, losses=tuple(losses), function=function))
                    if np.any(self.total(values, plainer)):
                        landscape = plainer
                        break
        return landscape

    def _centred(self, landscape: Landscape) -> Landscape:
        """The landscape with the slopes of its last data point such that the mean gradient vanishes, if it must."""
        if not self.at_minimum:
            return landscape
        *others, last = landscape.losses
        slopes = [tuple(int(i == axis) for i in range(landscape.weights)) for axis in range(landscape.weights)]
        balance = {slope: -sum(loss.get(slope, 0) for loss in others) for slope in slopes}
        return replace(landscape, losses=(*others, {**last, **balance}))


def _polynomials(landscape: Landscape) -> tuple[Polynomial, ...]:
    return (*landscape.losses, landscape.function)


def _drawn(draw: Random, degree: int, weights: int, points: int) -> Landscape:
    """A landscape of small whole coefficients."""
    exponents = [e for e in product(range(degree + 1), repeat=weights) if sum(e) <= degree]
    *losses, function = ({e: draw.choice((-2, -1, 1, 2)) for e in exponents} for _ in range(points + 1))
    return Landscape(tuple(losses), (Fraction(1, points),) * points, function)


def _enumerated(request: Request, landscape: Landscape, order: int) -> Any:
    """The coefficient of a power of the learning rate by exact enumeration, or nothing where that takes long."""
    sizes, scheme, dynamics = request.sizes, request.scheme, request.setting.dynamics
    steps, points, batch = (int(size.as_fraction()) for size in (sizes.steps, sizes.dataset_size, sizes.batch_size))
    drawn = points if scheme.is_finite else steps * batch
    # the exponents are capped: what is beyond the limit anyway is not multiplied out
    ways = len(landscape.losses) ** min(drawn, 40) * (steps + 1)
    if scheme.is_finite and scheme not in (FULL, FIXED):
        # the other finite samplings choose an order or points anew while they run: N! for each update is a rough count
        ways *= factorial(min(points, 20)) ** min(steps, 20)
    if not dynamics.is_continuous and ways > _MOST_DRAWS:
        return None
    average = request.average if request.average in (None, "uniform") else Fraction(request.average)
    run = Run(
        dynamics=request.dynamics,
        sampling=request.sampling,
        steps=steps,
        dataset_size=points if scheme.is_finite else 0,
        batch_size=batch,
        momentum=Fraction(request.momentum),
        nesterov=request.nesterov,
        schedule=None if request.rates is None else tuple(Fraction(weight) for weight in request.rates),
        delay=request.delay,
        average=average,
        weight_decay=Fraction(request.weight_decay),
        mean_over_run=request.mean_over_run,
    )
    found = enumerate_series(landscape, run, request.observable, order)[order]
    return np.asarray(found, dtype=object)[()]
