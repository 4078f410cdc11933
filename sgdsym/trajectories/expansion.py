r"""A request for a whole run, as a value: what is read off, of which noise, to which order, moved by which optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from sgdsym.arguments import read_choice, read_instance, read_integer
from sgdsym.series import Coefficient, Observable
from sgdsym.sgd import LinearOptimizer, Number, Request
from sgdsym.trajectories.pictures import Term, terms
from sgdsym.trajectories.recursion import NOISES, Cumulant, Noise, Statement, needed, reading, recursion
from sgdsym.trajectories.views import TrajectoryViews

READ = ("test-loss", "displacement", "covariance", "generalization-gap", "function")
# the test loss has 2, 34 and 1 378 diagrams at orders 1 to 3, and listing the last takes 12 s on one core
MOST_ORDER = 3
CLOCK = "T"  # the number of updates, where the reading of an optimiser holds it


@dataclass(frozen=True)
class Trajectory(TrajectoryViews):
    r"""The noise of a run, expanded around the noise-free trajectory.

    Attributes:
        observable: what is read off.
        noise: ``"batch"``, orders are powers of :math:`1/B`, or ``"dataset"``, of :math:`1/N`.
        order: the highest of them.
        optimizer: the registers; update by update where they differ.
        weight_decay: :math:`\lambda`, added as :math:`\lambda\theta` to each gradient.
        schedule: the rate of each update in units of the learning rate, or the name of rates that are given later.
        rate: the symbol that stands in the optimiser for the rate of the update.

    >>> trajectory(order=1)
    Trajectory('test-loss', 'batch', 1): 3 diagrams, 2 cumulants
    """

    observable: str
    noise: Noise
    order: int
    optimizer: LinearOptimizer
    weight_decay: Coefficient
    schedule: tuple[Coefficient, ...] | str | None = None
    rate: str = ""

    def __repr__(self) -> str:
        counts = f"{len(self.terms)} diagrams, {len(self.cumulants)} cumulants"
        return f"Trajectory({self.observable!r}, {self.noise!r}, {self.order}): {counts}"

    @property
    def open_indices(self) -> int:
        """The number of indices that the value has."""
        return self.read.open_indices

    @property
    def read(self) -> Observable:
        """The observable, as a value."""
        return Observable.named(self.observable)

    @property
    def size(self) -> str:
        """The symbol in whose inverse powers the series is."""
        return "B" if self.noise == "batch" else "N"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the optimiser, sorted, besides the number of updates."""
        listed = self.schedule if isinstance(self.schedule, tuple) else ()
        found = self.optimizer.symbols.union(self.weight_decay.symbols, *(rate.symbols for rate in listed))
        return tuple(sorted(found - {CLOCK, self.rate}))

    @property
    def updates(self) -> int | None:
        """The number of updates, where they are given one by one."""
        return len(self.schedule) if isinstance(self.schedule, tuple) else self.optimizer.updates

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The diagrams with their coefficients, by order."""
        return tuple(term for order in range(self.order + 1) for term in terms(self.observable, order, self.noise))

    @cached_property
    def readings(self) -> tuple[tuple[Statement, ...], ...]:
        """By order, from the first, the terms of the observable in the cumulants at the end."""
        return tuple(reading(self.observable, order, self.noise) for order in range(1, self.order + 1))

    @cached_property
    def cumulants(self) -> tuple[Cumulant, ...]:
        """The cumulants that a run carries along."""
        return needed((term for terms in self.readings for term in terms), self.noise)

    @cached_property
    def recursions(self) -> Mapping[Cumulant, tuple[Statement, ...]]:
        """The terms of each cumulant after a step."""
        return MappingProxyType({cumulant: recursion(cumulant, self.noise) for cumulant in self.cumulants})


def trajectory(
    *,
    observable: str = "test-loss",
    noise: str = "batch",
    order: int = 1,
    momentum: Number = 0,
    nesterov: bool = False,
    schedule: Sequence[Number] | str | None = None,
    weight_decay: Number = 0,
    delay: int = 0,
    average: Number | None = None,
    optimizer: LinearOptimizer | None = None,
) -> Trajectory:
    r"""Expand the noise of a whole run around the noise-free trajectory, exactly in the learning rate and the number of steps.

    Args:
        observable: ``"test-loss"``, ``"displacement"``, ``"covariance"``, ``"function"``, or ``"generalization-gap"`` for the
            noise of a dataset.
        noise: ``"batch"``: every step draws B fresh points from the population, which may be a training set; ``"dataset"``: gradient
            descent on N random points.
        order: the highest power of :math:`1/B` or :math:`1/N`, 0 to 3.
        momentum: :math:`\mu`, a number or a symbol name.
        nesterov: whether the momentum looks ahead.
        schedule: the learning rate of each step in units of :math:`\eta`, numbers or symbol names; or a name, for rates that are
            given later.
        weight_decay: :math:`\lambda`: each gradient has :math:`\lambda\theta` added; the loss that is read has not.
        delay: gradients are so many updates late.
        average: ``"uniform"`` or :math:`\beta`: which average of the weights is read.
        optimizer: any other optimiser that is linear in its gradients, in place of these options but the weight decay.

    Returns:
        The diagrams, the recursion of the cumulants, and the verbs ``to_text()``, ``latex()``, ``to_json()`` and ``kernel()``.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    >>> trajectory(order=2, momentum="mu").symbols
    ('mu',)
    """
    read_choice("observable", observable, READ)
    read_choice("noise", noise, NOISES)
    read_integer("order", order, least=0, most=MOST_ORDER)
    if Observable.named(observable).is_trained and noise == "batch":
        raise ValueError('batches of fresh points leave no gap; ask for noise="dataset", or for the test-loss')
    # a request checks the options of the update rule and makes the optimiser; at order 1, as bounds that tighten with the order of
    # the learning rate have no meaning here
    request = Request(
        order=1,
        momentum=momentum,
        nesterov=nesterov,
        schedule=schedule,  # type: ignore[arg-type]
        delay=delay,
        average=average,
        weight_decay=weight_decay,
        optimizer=optimizer,
    )
    rates: tuple[Coefficient, ...] | str | None = None
    if request.schedule is not None:
        rates = (
            request.schedule if isinstance(request.schedule, str) else tuple(map(Coefficient.size, request.schedule))
        )
        request = replace(request, schedule=request.schedule_name)
    if request.optimizer is None or request.optimizer.updates is None:
        request = replace(request, steps=CLOCK)
    rate = "" if rates is None else request.rate_name
    decay = Coefficient.size(request.weight_decay)
    found: Noise = "batch" if noise == "batch" else "dataset"
    return Trajectory(observable, found, int(order), request.update_rule, decay, rates, rate)


def read_trajectory(value: object) -> Trajectory:
    """A trajectory, from an argument.

    Raises:
        ValueError: if it is something else.
    """
    return read_instance("trajectory", value, Trajectory, "such as sgdsym.trajectory() returns")
