"""The request: what to expand, checked once, in the words of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sgdsym.arguments import (
    is_list,
    read_choice,
    read_flag,
    read_instance,
    read_integer,
    read_items,
)
from sgdsym.diagrams import MAX_ORDER
from sgdsym.series import (
    BASES,
    FIXED,
    FULL,
    ONLINE,
    Basis,
    Coefficient,
    Condition,
    Dynamics,
    Observable,
    SamplingScheme,
    Setting,
    run_conditions,
    schedule_name,
    undecided,
)
from sgdsym.series.conditions import LEAST
from sgdsym.sgd.batches import LAST_BATCHES, Batches
from sgdsym.sgd.consistency import check_together
from sgdsym.sgd.observables import OBSERVABLES
from sgdsym.sgd.options import Number, Size, read_name_option, read_number_option, read_size_option
from sgdsym.sgd.reading import AlongRun
from sgdsym.sgd.registers import RegisterTiming
from sgdsym.sgd.sampling import COUNTED, Online, Sampling, Sizes
from sgdsym.sgd.schedules import ScheduleTiming
from sgdsym.times.calendar import Calendar, ContinuousTiming, ModeTiming, PlainTiming
from sgdsym.times.optimizers import LONGEST_DELAY, LinearOptimizer
from sgdsym.times.patterns import Timing

DYNAMICS = tuple(Dynamics.known)
SAMPLINGS = tuple(scheme.name for scheme in COUNTED if scheme != FULL)
# of all edges of a diagram that a delay brings: each edge of a late gradient has a mode more for every update, and a diagram of
# order d has their product, (K+1)^d
MOST_MODES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked request; every field means what the option of that name means.

    Sizes are positive integers or symbol names; what is left out becomes a symbol (``T``, ``N``, ``B``, ``E``), or follows
    from the others.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    >>> Request(order=2, batch_size=1).sizes.steps
    Coefficient('T')
    >>> Request(sampling="sorted")
    Traceback (most recent call last):
    ValueError: sampling must be one of online, fixed, reshuffle, replace, not 'sorted'
    """

    observable: str = "test-loss"
    dynamics: str = "sgd"
    sampling: str = "online"
    order: int = 3
    steps: Size | None = None
    dataset_size: Size | None = None
    batch_size: Size | tuple[int, ...] | None = None
    epochs: Size | None = None
    last_batch: str | None = None
    momentum: Number = 0
    nesterov: bool = False
    schedule: tuple[Number, ...] | str | None = None
    delay: int = 0
    average: Number | None = None
    mean_over_run: bool = False
    optimizer: LinearOptimizer | None = None
    weight_decay: Number = 0
    basis: Basis = "cumulant"

    def __post_init__(self) -> None:
        read_choice("observable", self.observable, OBSERVABLES)
        read_choice("dynamics", self.dynamics, DYNAMICS)
        read_choice("sampling", self.sampling, SAMPLINGS)
        read_choice("basis", self.basis, BASES)
        self._read("order", read_integer("order", self.order, least=0, most=MAX_ORDER))
        self._read("nesterov", read_flag("nesterov", self.nesterov))
        for word, least in LEAST.items():
            option = word.replace(" ", "_")
            value = getattr(self, option)
            if option == "batch_size" and is_list(value):
                self._read(option, tuple(read_integer("each batch size", size, least=least) for size in value))
            else:
                self._read(option, read_size_option(word, value, least))
        if self.last_batch is not None:
            read_choice("last_batch", self.last_batch, LAST_BATCHES)
        self._read("momentum", read_number_option("momentum", self.momentum))
        if isinstance(self.schedule, str):
            read_name_option("schedule", self.schedule, schedule_name)
        elif self.schedule is not None:
            weights = read_items(
                "schedule", self.schedule, "name, or list of numbers and symbol names, one for each step"
            )
            self._read("schedule", tuple(read_number_option("schedule", weight) for weight in weights))
        self._read("weight_decay", read_number_option("weight decay", self.weight_decay))
        self._read("delay", read_integer("delay", self.delay, least=0, most=LONGEST_DELAY))
        if self.average is not None:
            self._read("average", read_number_option("average", self.average))
        self._read("mean_over_run", read_flag("mean_over_run", self.mean_over_run))
        if self.optimizer is not None:
            read_instance("optimizer", self.optimizer, LinearOptimizer)
        check_together(self)
        undecided(self.conditions, {})

    def _read(self, option: str, value: object) -> None:
        """Keep an option as it was read: numbers of other libraries are numbers of Python then."""
        object.__setattr__(self, option, value)

    @property
    def rates(self) -> tuple[Number, ...] | None:
        """The rates of the updates, where they are given one by one."""
        return None if isinstance(self.schedule, str) else self.schedule

    @property
    def given_rules(self) -> tuple[str, ...]:
        """The options of the update rule that are given; without any, steps are plain and the last weights are read."""
        options = {
            "momentum": bool(self.momentum),
            "schedule": self.schedule is not None,
            "delay": bool(self.delay),
            "average": self.average is not None,
            "optimizer": self.optimizer is not None,
        }
        return tuple(option for option, given in options.items() if given)

    @property
    def given_timing(self) -> tuple[str, ...]:
        """The given options that depend on when a step is done, not only on how many steps there are."""
        batches = (
            ["a short last batch" if self.batches.slots else "a list of batch sizes"] if self.batches.listed else []
        )
        return (*self.given_rules, *batches, *(["mean over the run"] if self.mean_over_run else []))

    @property
    def lengths(self) -> dict[str, int]:
        """The options that are given update by update, and their lengths."""
        lengths = {
            "the schedule": None if self.rates is None else len(self.rates),
            "the optimizer": None if self.optimizer is None else self.optimizer.updates,
            "the list of batch sizes": len(self.batch_size) if isinstance(self.batch_size, tuple) else None,
        }
        return {what: length for what, length in lengths.items() if length is not None}

    @property
    def _listed_updates(self) -> int | None:
        """The number of updates where they are given one by one."""
        return next(iter(self.lengths.values()), None)

    @property
    def batches(self) -> Batches:
        """The batches, where they differ or do not fill an epoch."""
        points, size = self.dataset_size, self.batch_size
        if isinstance(size, tuple):
            return Batches(listed=size)
        if self.last_batch is None or not isinstance(points, int) or not isinstance(size, int):
            return Batches()
        return Batches.of_epoch(points, size, self.last_batch)

    @property
    def batch_words(self) -> str:
        """The sizes of the batches, as a sentence names them."""
        if isinstance(self.batch_size, tuple):
            return ", ".join(map(str, self.batch_size))
        last = self.batches
        left = (
            f", the last of {last.listed[-1]}"
            if last.listed
            else ", the points left over dropped"
            if last.slots
            else ""
        )
        return f"{self.sizes.batch_size}{left}"

    @property
    def scheme(self) -> SamplingScheme:
        """How steps draw data: the sampling, or ``full`` for gradient descent; flows see fresh points."""
        dynamics = Dynamics.named(self.dynamics)
        if dynamics.is_continuous:
            return ONLINE
        return SamplingScheme.named(self.sampling) if dynamics.has_batches else FULL

    @property
    def setting(self) -> Setting:
        """The part that names what is expanded; gradient descent is ``fixed`` with one batch of all points."""
        scheme, observable = self.scheme, Observable.named(self.observable)
        return Setting(
            observable.over_run if self.mean_over_run else observable,
            Dynamics.named(self.dynamics),
            FIXED if scheme == FULL else scheme,
            Coefficient.size(self.weight_decay),
        )

    @property
    def sizes(self) -> Sizes:
        """The sizes as exact values, those left out filled in."""
        length, points, batch = (Coefficient.size(size) for size in self.independent_sizes)
        batches = self.batches
        listed = tuple(map(Coefficient, batches.listed))
        if slots := batches.slots:
            steps = length * slots if self._in_epochs else length
            return Sizes(steps, batch, points, steps / slots, Coefficient(slots), listed)
        if self._in_epochs:
            return Sizes(length * points / batch, batch, points, length)
        if self.scheme == FULL:
            batch = points
        return Sizes(length, batch, points, length * batch / points, listed=listed)

    @property
    def independent_sizes(self) -> tuple[Size, Size, Size]:
        """Steps or epochs, dataset size and batch size; a size that nothing depends on is 1."""
        updates: Size = "T" if self._listed_updates is None else self._listed_updates
        length = _first(self.epochs, "E") if self._in_epochs else _first(self.steps, updates)
        points = 1 if not self.scheme.is_finite else _first(self.dataset_size, "N")
        batch: Size = 1
        if self.setting.dynamics.has_batches and not isinstance(self.batch_size, tuple):
            batch = _first(self.batch_size, "B")
        return length, points, batch

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that the run puts on its sizes."""
        sizes, scheme, dynamics = self.sizes, self.scheme, self.setting.dynamics
        average: tuple[Condition, ...] = ()
        if isinstance(self.average, str) and self.average != "uniform":
            decay = Coefficient.symbol(self.average)
            complaint = "average must be a number from 0 to below 1, not {0}"
            average = (
                Condition(decay, complaint, (decay,), whole=False),
                Condition(1 - decay, complaint, (decay,), whole=False, strict=True),
            )
        return average + run_conditions(
            steps=None if self._in_epochs else sizes.steps,
            epochs=sizes.epochs if self._in_epochs else None,
            dataset_size=sizes.dataset_size if scheme.is_finite else None,
            batch_size=sizes.batch_size if dynamics.has_batches and sizes.slots is None and not sizes.listed else None,
            momentum=Coefficient.size(self.momentum),
            whole_epochs=scheme.is_in_epochs,
            continuous=dynamics.is_continuous,
        )

    @property
    def symbols(self) -> dict[str, str]:
        """The symbol of each option that is symbolic, given or left out."""
        length, points, batch = self.independent_sizes
        options = {
            "epochs" if self._in_epochs else "steps": length,
            "dataset_size": points,
            "batch_size": batch,
            "momentum": self.momentum,
            "average": None if self.average == "uniform" else self.average,
            "weight_decay": self.weight_decay,
        }
        return {option: value for option, value in options.items() if isinstance(value, str)}

    @property
    def _in_epochs(self) -> bool:
        """Whether the length of the run is counted in epochs."""
        scheme = self.scheme
        if scheme.is_in_epochs:
            return self.steps is None and (self.epochs is not None or self._listed_updates is None)
        return scheme.repeats and self.epochs is not None

    @property
    def calendar(self) -> Calendar:
        """The epochs of the run and the updates in each; where epochs mean nothing every step is one."""
        sizes = self.sizes
        if self.scheme.is_in_epochs:
            return Calendar(sizes.epochs, sizes.batches)
        return Calendar(sizes.steps, Coefficient(1))

    @property
    def is_numbered(self) -> bool:
        """Whether the number of updates is known."""
        return not (self.calendar.epochs.symbols or self.calendar.slots.symbols)

    @property
    def is_late(self) -> bool:
        """Whether a delay has so many modes that registers are followed instead: one more for each update it is late."""
        modes: int = (self.delay + 1) ** self.order
        return modes > MOST_MODES

    @property
    def is_out_of_proportion(self) -> bool:
        """Whether it takes hours: a rule for the updates asks which step is in which slot of which epoch.

        Order 3 takes seconds, order 4 half a minute with numbers and two with symbols, and the next sixty times as long.
        """
        return self.scheme.is_in_epochs and bool(self.given_timing) and self.order > 4

    @property
    def update_rule(self) -> LinearOptimizer:
        """The optimiser, with its delay and its average; with a schedule a symbol stands in it for the rate of an update."""
        return self._rule(None)

    @property
    def listed_rule(self) -> LinearOptimizer:
        """The same with the rates of a list in it, one an update."""
        return self._rule(self.rates)

    def _rule(self, rates: Sequence[Number] | None) -> LinearOptimizer:
        """The optimiser at given rates, or with a symbol for the rate of an update."""
        rule = self.optimizer or LinearOptimizer.sgd()
        if self.momentum:
            rule = (LinearOptimizer.nesterov if self.nesterov else LinearOptimizer.heavy_ball)(self.momentum)
        if rates is not None:
            # no rates are those of no updates
            rule = rule.scheduled([Coefficient.size(rate) for rate in rates]) if rates else rule
        elif self.schedule is not None:
            rule = rule.scheduled_by(self.rate_name)
        rule = rule.delayed(self.delay)
        if self.average is None:
            return rule
        steps = self.sizes.steps
        return rule.summed(steps) if self.average == "uniform" else rule.averaged(Coefficient.size(self.average))

    @property
    def schedule_name(self) -> str:
        """The name of the schedule; a list has one that no symbol begins with."""
        if isinstance(self.schedule, str):
            return self.schedule
        name, taken = "rate", [*self.symbols.values(), *map(str, self.rates or ())]
        # sums are called by the schedule and what they sum, and must not meet a symbol
        while any(symbol.startswith(name) for symbol in taken):
            name += "s"
        return name

    @property
    def rate_name(self) -> str:
        """The symbol that stands for the rate of an update in the arrays of the optimiser."""
        return f"{self.schedule_name}_rate"

    @property
    def timing(self) -> Timing:
        """How times are summed."""
        if self.setting.dynamics.is_continuous:
            return ContinuousTiming(self.sizes.steps, self.mean_over_run)
        calendar = self.calendar
        if self.mean_over_run:
            return AlongRun(self._step_timing, calendar.steps, calendar.slots == 1)
        return self._step_timing

    @property
    def _step_timing(self) -> PlainTiming | ModeTiming | RegisterTiming | ScheduleTiming:
        """How the times of updates are summed, whenever the weights are read."""
        # from what must be followed update by update, over names of rates, to closed forms: binomials where steps are
        # plain, modes where updates are alike; without modes the registers are followed after all
        calendar, sizes, rule = self.calendar, self.sizes, self.update_rule
        if sizes.listed:
            weigh, rule = partial(COUNTED[self.scheme].share, sizes), self.listed_rule
            return RegisterTiming(int(calendar.epochs.as_fraction()), int(calendar.slots.as_fraction()), rule, weigh)
        if self.schedule is not None:
            return ScheduleTiming.of(self.schedule_name, rule, self.rate_name, calendar)
        if rule == LinearOptimizer.sgd() and not self.mean_over_run:
            return PlainTiming(calendar)
        if rule.updates is None and not self.is_late:
            try:
                return ModeTiming(calendar, rule, rule.modes, rule.root_modes)
            except ValueError:
                # rates that are not rational: registers are followed where the number of updates is known
                if not self.is_numbered:
                    raise
        return RegisterTiming(int(calendar.epochs.as_fraction()), int(calendar.slots.as_fraction()), rule)

    @property
    def draws(self) -> Sampling:
        """How placements are counted."""
        return self.drawn_with(self.timing)

    def drawn_with(self, timing: Timing) -> Sampling:
        """How placements are counted with other time-sums."""
        if largest_block := self.setting.dynamics.largest_block:
            return Online(self.sizes, timing, largest_block)
        return COUNTED[self.scheme](self.sizes, timing)


def _first(value: Size | None, default: Size) -> Size:
    return default if value is None else value
