r"""From a request to its series.

Any request is counted placement by placement (see :mod:`sgdsym.sgd.observables` and :mod:`sgdsym.sgd.sampling`).  The test loss
of one-pass SGD has a faster way, which grows its diagrams:

.. math:: E\,l(\theta_T) = \sum_{(\tau,\rho)} \frac{(-\eta)^d}{B^{d-m}}\,
          \frac{\sum_r \Omega^\circ(\tau_r/\rho; T)}{|Aut(\tau,\rho)|}\,\kappa(\tau,\rho),

over free trees :math:`\tau` with :math:`d` edges and vertex partitions :math:`\rho` with :math:`m+1` blocks; :math:`r` runs
over the choices of the root and :math:`\Omega^\circ` is the strict order polynomial of the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import factorial
from operator import mul
from typing import Any

from sgdsym.arguments import read_function, read_instance
from sgdsym.collector import collector_paused
from sgdsym.diagrams import Diagram, bell_number, count_rooted_trees, estimate_diagrams, grow
from sgdsym.series import (
    ONLINE,
    TEST_LOSS,
    Basis,
    Coefficient,
    Observable,
    Scalar,
    ScheduleSum,
    Series,
    exact_sums,
    undecided,
)
from sgdsym.sgd.observables import READINGS, Reading
from sgdsym.sgd.options import Number, Size
from sgdsym.sgd.reading import AlongRun
from sgdsym.sgd.request import Request
from sgdsym.sgd.sampling import Sampling
from sgdsym.sgd.schedules import ScheduleTiming
from sgdsym.times.calendar import PlainTiming
from sgdsym.times.optimizers import LinearOptimizer
from sgdsym.times.products import Product, total


def expand(
    *,
    observable: str = "test-loss",
    dynamics: str = "sgd",
    sampling: str = "online",
    order: int = 3,
    steps: Size | None = None,
    dataset_size: Size | None = None,
    batch_size: Size | Sequence[int] | None = None,
    epochs: Size | None = None,
    last_batch: str | None = None,
    momentum: Number = 0,
    nesterov: bool = False,
    schedule: Sequence[Number] | str | None = None,
    delay: int = 0,
    average: Number | None = None,
    mean_over_run: bool = False,
    optimizer: LinearOptimizer | None = None,
    weight_decay: Number = 0,
    basis: Basis = "cumulant",
    progress: Callable[[int, int], None] | None = None,
) -> Series:
    r"""Expand an observable of SGD in the learning rate, exactly.

    Args:
        observable: ``"test-loss"``, the population loss :math:`l(\theta_T)`; ``"train-loss"``, ``"generalization-gap"``
            (test minus train), ``"displacement"`` :math:`\theta_T - \theta_0`, ``"covariance"`` of :math:`\theta_T`,
            ``"loss-variance"``, or ``"function"``, any smooth function of the weights.
        dynamics: ``"sgd"``, :math:`\theta_{t+1} = \theta_t - \eta\,\frac1B\sum_{n\in B_t}\nabla l_n(\theta_t)`; ``"gd"``, the same with the
            whole training set in every step; ``"ode"``, :math:`\dot\theta = -\eta\nabla l`; ``"sde"``,
            :math:`d\theta = -\eta\nabla l\,dt + \eta\sqrt{C(\theta)/B}\,dW` (Itô).
        sampling: how SGD draws data, see :mod:`sgdsym.sgd.sampling`: ``"online"``, ``"fixed"``, ``"reshuffle"`` or ``"replace"``.
        order: the highest power of the learning rate, 0 to 11.
        steps: the number of updates :math:`T`, an integer or a symbol name.
        dataset_size: the number of points :math:`N` in the training set.
        batch_size: the number of data points per update :math:`B`, or for ``online`` and ``replace`` a list, one for each update.
        epochs: the number of passes :math:`E` through the training set; :math:`T = EN/B`.
        last_batch: for ``fixed`` and ``reshuffle``, where :math:`B` does not divide :math:`N` (in numbers): ``"short"``, the last batch
            of an epoch is the mean over the points that are left, or ``"drop"``, an epoch ends before them.
        momentum: :math:`\mu` of :math:`m \leftarrow \mu m + g,\ \theta \leftarrow \theta - \eta m`, a number or a symbol name.
        nesterov: whether the momentum looks ahead.
        schedule: the learning rate of each step in units of :math:`\eta`, numbers or symbol names; or one name, :math:`\lambda`, of
            rates that are given later: coefficients then hold sums over updates, see :mod:`sgdsym.series.sums`.
        delay: gradients are taken at :math:`\theta_{t-K}`, :math:`K` updates late; the first :math:`K` updates are left out.
        average: what is read off: ``"uniform"``, the mean of :math:`\theta_1, …, \theta_T`, or a number or symbol :math:`\beta` of
            :math:`a \leftarrow \beta a + (1-\beta)\theta` after every update, :math:`a=\theta_0` first; the last weights if left out.
        mean_over_run: whether the observable is averaged over the updates, :math:`\frac1T\sum_{t=1}^T E\,s(\theta_t)`, in place of its
            value at the end.
        optimizer: any other optimiser that is linear in its gradients, in place of the options from momentum to average.
        weight_decay: :math:`\lambda` of coupled weight decay, a number or a symbol name: every gradient is that of
            :math:`l_x + \frac\lambda2|\theta|^2`, while the loss that is observed stays the plain one, so that the roots of its
            diagrams are named.  Decoupled decay, :math:`\theta \leftarrow (1-\eta\lambda)\theta - \eta g`, is the same thing
            for plain steps; with momentum, where decay would skip the buffer, it is another optimiser that is not expanded here.
        basis: joint ``"cumulant"`` or joint ``"moment"`` blocks.
        progress: called with each finished order and its number of diagrams.

    Returns:
        The series; its coefficients are polynomial or rational in the sizes that were left symbolic.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    Source: [Tenka2020]_, theorem 1, with cumulants counted weakly.

    >>> for diagram, coefficient in expand(order=2, batch_size=1):
    ...     print(diagram.blocks, coefficient)
    ((0,),) 1
    ((0,), (1,)) -T
    ((0,), (1,), (2,)) T**2 - T/2
    ((0,), (1, 2)) T/2
    """
    request = Request(
        observable=observable,
        dynamics=dynamics,
        sampling=sampling,
        order=order,
        steps=steps,
        dataset_size=dataset_size,
        batch_size=batch_size,  # type: ignore[arg-type]
        epochs=epochs,
        last_batch=last_batch,
        momentum=momentum,
        nesterov=nesterov,
        schedule=schedule,  # type: ignore[arg-type]
        delay=delay,
        average=average,
        mean_over_run=mean_over_run,
        optimizer=optimizer,
        weight_decay=weight_decay,
        basis=basis,
    )
    return expand_request(request, progress)


def is_grown(request: Request) -> bool:
    """Whether the diagrams of the request are grown, which is fast, and not counted placement by placement."""
    plain = isinstance(request.timing, PlainTiming)
    grown = request.setting.observable == TEST_LOSS and request.scheme == ONLINE and plain
    return grown and not request.weight_decay


def estimate_terms(request: Request) -> int:
    """About how many diagrams or placements a request goes through, without going through them.

    >>> estimate_terms(Request(order=4)), estimate_terms(Request(order=4, sampling="fixed"))
    (30, 161)
    """
    return estimate_diagrams(request.order) if is_grown(request) else estimate_placements(request.order)


def estimate_placements(order: int) -> int:
    """About how many placements there are up to an order: forests of steps, each with the partitions of its steps."""
    return sum(count * bell_number(d) for d, count in enumerate(count_rooted_trees(order)))


def expand_request(request: Request, progress: Callable[[int, int], None] | None = None) -> Series:
    """The series that a checked request asks for."""
    read_instance("request", request, Request)
    if progress is not None:
        read_function("progress", progress)
    draws = request.draws
    # a mean over the run holds the timing of the updates inside
    named = draws.timing.timing if isinstance(draws.timing, AlongRun) else draws.timing
    sums: Mapping[str, ScheduleSum] = {}
    with collector_paused():
        terms = _grown_terms(request, progress) if is_grown(request) else _placed_terms(request, draws, progress)
        if isinstance(named, ScheduleTiming):
            if request.rates is None:
                sums, put = named.sums, named.settled
            else:
                rates = [Coefficient.size(rate) for rate in request.rates]
                put = partial(Coefficient.substitute, values=exact_sums(named.sums.values(), rates))
            # once for equal coefficients, of which there are many
            image = {c: put(c) for c in set(terms.values())}
            terms = {diagram: image[c] for diagram, c in terms.items()}
    recount = partial(_recounted, request)
    conditions = undecided(request.conditions, {})
    series = Series(terms, request.order, "cumulant", request.setting, recount, conditions, sums)
    return series.in_basis(request.basis)


def _recounted(request: Request, values: Mapping[str, Scalar]) -> Series:
    """Count the request again, in the cumulant basis, with symbols replaced."""
    given = {name: Coefficient(value) for name, value in values.items()}
    sizes: dict[str, Any] = {
        option: as_size(given[symbol]) for option, symbol in request.symbols.items() if symbol in given
    }
    if request.rates is not None:
        sizes["schedule"] = tuple(as_size(Coefficient.size(rate).substitute(given)) for rate in request.rates)
    if request.optimizer is not None:
        sizes["optimizer"] = request.optimizer.substitute(given)
    return expand_request(replace(request, basis="cumulant", **sizes))


def as_size(value: Coefficient) -> Number:
    """An exact size as requests take it: an integer, a fraction or the name of a symbol."""
    if value.symbols:
        return str(value)
    number = value.as_fraction()
    return int(number) if number.denominator == 1 else number


def _placed_terms(
    request: Request, draws: Sampling, progress: Callable[[int, int], None] | None
) -> dict[Diagram, Coefficient]:
    """Terms of any request, placement by placement."""
    observable = READINGS[Observable.named(request.observable)]
    terms: dict[Diagram, Coefficient] = {}
    for d in range(request.order + 1):
        readings = observable(d)
        layer = counted(map(Reading.with_own_root, readings) if request.weight_decay else readings, draws)
        if progress:
            progress(d, len(layer))
        terms |= layer
    return terms


def counted(readings: Iterable[Reading], draws: Sampling) -> dict[Diagram, Coefficient]:
    """The coefficient of each diagram, all its readings added up before anything is reduced."""
    parts: dict[Diagram, list[Product]] = {}
    for reading in readings:
        parts.setdefault(reading.diagram, []).extend(reading.products(draws))
    return {diagram: total(products) for diagram, products in parts.items()}


def _grown_terms(request: Request, progress: Callable[[int, int], None] | None) -> dict[Diagram, Coefficient]:
    """Terms of the test loss of one-pass SGD, the fast way."""
    steps, batch_size = request.sizes.steps, request.sizes.batch_size
    binomials = _binomial_powers(request.order)
    # whole numbers until the end: monomials are made once, and each coefficient is one sum over one denominator
    monomials = [[steps**j / batch_size**k for j in range(request.order + 1)] for k in range(max(1, request.order))]
    terms: dict[Diagram, Coefficient] = {}
    for layer in grow(request.order, progress):
        d = layer.order
        columns = [[row[j] for row in binomials[: d + 1]] for j in range(d + 1)]
        denominator = (-1) ** d * factorial(d) * factorial(request.order)
        coefficients = []
        # diagrams share profiles, and so coefficients: 425 diagrams of order 6 have 175 profiles
        for profile in layer.profiles:
            # m blocks can be put on m levels at most, and one a level is always a way, so that the last entry tells
            # their number
            blocks = max(k for k, ways in enumerate(profile) if ways)
            powers = [sum(map(mul, profile, column)) for column in columns]
            coefficients.append(Coefficient.combination(powers, denominator, monomials[d - blocks][: d + 1]))
        terms.update(zip(layer.diagrams, map(coefficients.__getitem__, layer.profile_of), strict=True))
    return terms


def _binomial_powers(order: int) -> list[list[int]]:
    r"""Row ``k``: the coefficients of the powers of :math:`T` in :math:`order!\,C(T, k)`."""
    rows = [[factorial(order)] + [0] * order]
    for k in range(1, order + 1):
        last = rows[-1]
        # C(T, k) = C(T, k-1) (T-k+1)/k; times order! all coefficients are whole, as k! divides order!, so that the
        # division leaves no remainder
        rows.append([(a - (k - 1) * b) // k for a, b in zip([0, *last[:-1]], last, strict=True)])
    return rows
