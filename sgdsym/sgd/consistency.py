"""Options of a request, with each other: which have a meaning together, and which have none."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from sgdsym.arguments import quoted
from sgdsym.series import FULL, Observable, SamplingScheme
from sgdsym.sgd.batches import check_last, check_list

if TYPE_CHECKING:
    from sgdsym.sgd.request import Request

# of a coefficient that a schedule of symbols makes: 62 symbols at order 2, 21 at order 3, 13 at order 4
MOST_TERMS = 2000


def check_together(request: Request) -> None:
    """Refuse options that have no meaning together.

    Raises:
        ValueError: saying which, and what to leave out or to give.
    """
    _check_update_rule(request)
    _check_data(request)
    _check_batches(request)
    _check_symbols(request)
    _check_length(request)
    if (request.average == "uniform" or request.mean_over_run) and request.calendar.steps == 0:
        what = "mean over the run" if request.mean_over_run else "uniform average"
        raise ValueError(f"a {what} needs at least one step")


def _check_update_rule(request: Request) -> None:
    """The optimiser, each part by itself and with the others."""
    if request.average is not None and not isinstance(request.average, str) and not 0 <= request.average < 1:
        raise ValueError(f"average must be uniform or a number from 0 to below 1, not {quoted(request.average)}")
    symbols, order = sum(isinstance(weight, str) for weight in request.rates or ()), max(request.order, 1)
    # the number of monomials of that degree in so many symbols
    if symbols and comb(symbols + order - 1, order) > MOST_TERMS:
        raise ValueError(
            f"a schedule of {symbols} symbols has coefficients of more than {MOST_TERMS} terms at order {request.order}; "
            "give numbers"
        )
    given = request.given_rules
    if request.optimizer is not None and given[1:]:
        raise ValueError(f"the optimizer says all about the updates; leave {given[0]} out")
    if given and request.setting.dynamics.is_continuous:
        raise ValueError(f"{given[0]} is for discrete steps; leave it out with dynamics {request.dynamics}")
    if request.mean_over_run and not Observable.named(request.observable).is_mean:
        raise ValueError(
            f"{request.observable} is read off many runs at one time, so that it has no mean over the run; leave the mean out"
        )
    if request.mean_over_run and request.average == "uniform":
        raise ValueError("a uniform average is that of a whole run; leave the mean over the run out, or the average")


def _check_data(request: Request) -> None:
    """Each size must mean something for the dynamics and the sampling."""
    setting, scheme = request.setting, request.scheme
    full, continuous = scheme == FULL, setting.dynamics.is_continuous
    chosen = SamplingScheme.named(request.sampling)
    both = request.steps is not None and request.epochs is not None
    fresh = "a finite training set; online draws fresh points: choose another sampling"
    for wrong, complaint in (
        (not scheme.is_finite and request.dataset_size is not None, f"the dataset size is for {fresh}"),
        (not scheme.is_finite and request.epochs is not None, f"epochs are for {fresh}"),
        (
            setting.observable.is_trained and not scheme.is_finite,
            f"{request.observable} needs a training set; choose sampling fixed, reshuffle or replace, or dynamics gd",
        ),
        (
            continuous and not setting.dynamics.has_batches and request.batch_size is not None,
            "the gradient-flow ODE has no batches; leave the batch size out",
        ),
        (
            full and request.batch_size not in (None, request.dataset_size),
            "gradient descent uses the whole training set; leave the batch size out",
        ),
        (
            full and request.epochs not in (None, request.steps),
            "an epoch of gradient descent is one step; give steps and leave the epochs out",
        ),
        (
            continuous and chosen.is_finite,
            f"the {request.dynamics.upper()} sees fresh points; leave the sampling out",
        ),
        (
            full and chosen.repeats,
            "gradient descent sees every point at every step, never one twice; leave the sampling out",
        ),
        (both and not full, "steps and epochs say the same thing, T = E N / B; leave one of them out"),
    ):
        if wrong:
            raise ValueError(complaint)


def _check_batches(request: Request) -> None:
    """Batches that differ from each other, or do not fill an epoch, are counted in numbers."""
    scheme, batches = request.scheme, request.batches
    if isinstance(request.batch_size, tuple):
        check_list(request.batch_size, request.setting.dynamics, scheme, in_epochs=request.epochs is not None)
    if batches.listed and isinstance(request.schedule, str):
        raise ValueError("where batches differ the rates are given too; make the schedule a list of numbers")
    if request.last_batch is None:
        return
    check_last(scheme, request.dataset_size, request.batch_size)
    if batches.slots and isinstance(request.steps, int) and request.steps % batches.slots:
        raise ValueError(f"{request.steps} steps are no whole number of epochs of {batches.slots}")
    if batches.listed and not request.is_numbered:
        raise ValueError("batches of different sizes are counted in numbers; give the epochs")


def _check_symbols(request: Request) -> None:
    """Different sizes need different symbols, those that are left out included."""
    average = None if request.average == "uniform" else request.average
    sizes = (*request.independent_sizes, request.momentum, average, request.weight_decay)
    names = [size for size in sizes if isinstance(size, str)]
    names += request.optimizer.symbols if request.optimizer is not None else ()
    names += [weight for weight in dict.fromkeys(request.rates or ()) if isinstance(weight, str)]
    names += [request.schedule] if isinstance(request.schedule, str) else []
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two sizes cannot share the symbol {name}")
        if isinstance(request.schedule, str) and name.startswith(f"{request.schedule}_"):
            raise ValueError(f"names that begin with {request.schedule}_ are those of its sums; rename {name}")


def _check_length(request: Request) -> None:
    """Updates that are given one by one must be as many as the run makes, and a long delay needs to know how many."""
    if request.is_late and not request.is_numbered:
        raise ValueError(
            f"a delay of {request.delay} at order {request.order} takes too long with symbols; give numbers for the sizes of the run"
        )
    # three rates an edge, in every place of the reading
    averaged = request.mean_over_run and request.average is not None and bool(request.momentum)
    if averaged and request.schedule is None and request.scheme.is_in_epochs and not request.is_numbered:
        raise ValueError(
            "the mean over the run of an average, with momentum over epochs, takes too long with symbols; "
            "give numbers for the sizes of the run"
        )
    calendar = request.calendar
    for what, length in request.lengths.items():
        if not request.is_numbered:
            raise ValueError(
                f"{what} has {length} updates, the run {calendar.epochs} epochs of {calendar.slots}; give numbers for its sizes"
            )
        if calendar.steps != length:
            raise ValueError(f"{what} has {length} updates, the run makes {calendar.steps}; give as many")
