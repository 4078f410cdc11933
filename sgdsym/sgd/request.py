"""The request: what to expand, checked once, in the words of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, log10
from typing import TypeAlias

from sgdsym.diagrams import MAX_ORDER
from sgdsym.series import BASES, Basis, Coefficient, Setting, symbol_name
from sgdsym.sgd.clock import Clock, ContinuousClock, DiscreteClock, MomentumClock, ScheduleClock
from sgdsym.sgd.observables import OBSERVABLES
from sgdsym.sgd.sampling import Fixed, Full, Online, Replace, Reshuffle, Sampling, Sizes

Size: TypeAlias = int | str
Number: TypeAlias = int | Fraction | str

DYNAMICS = ("sgd", "gd", "ode", "sde")
# digits of a number, which coefficients hold high powers of; terms of a coefficient that a schedule of symbols makes
MOST_DIGITS, MOST_TERMS = 60, 2000
SAMPLINGS = ("online", "fixed", "reshuffle", "replace")


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
    batch_size: Size | None = None
    epochs: Size | None = None
    momentum: Number = 0
    nesterov: bool = False
    schedule: tuple[Number, ...] | None = None
    basis: Basis = "cumulant"

    def __post_init__(self) -> None:
        for option, value, allowed in (
            ("observable", self.observable, tuple(OBSERVABLES)),
            ("dynamics", self.dynamics, DYNAMICS),
            ("sampling", self.sampling, SAMPLINGS),
            ("basis", self.basis, BASES),
        ):
            if value not in allowed:
                raise ValueError(f"{option} must be one of {', '.join(allowed)}, not {value!r}")
        if not _is_integer(self.order) or not 0 <= self.order <= MAX_ORDER:
            raise ValueError(f"order must be an integer from 0 to {MAX_ORDER}, not {self.order!r}")
        for option in ("steps", "dataset_size", "batch_size", "epochs"):
            _check_size(
                option.replace("_", " "), getattr(self, option), least=0 if option in ("steps", "epochs") else 1
            )
        self._check_momentum()
        self._check_data()
        self._check_symbols()

    def _check_momentum(self) -> None:
        _check_number("momentum", self.momentum)
        if not isinstance(self.momentum, str) and not -1 < self.momentum < 1:
            raise ValueError(f"momentum must lie strictly between -1 and 1, not {self.momentum}")
        for weight in self.schedule or ():
            _check_number("schedule", weight)
        symbols, order = sum(isinstance(weight, str) for weight in self.schedule or ()), max(self.order, 1)
        if symbols and comb(symbols + order - 1, order) > MOST_TERMS:
            raise ValueError(
                f"a schedule of {symbols} symbols has coefficients of more than {MOST_TERMS} terms at order {self.order}; "
                "give numbers"
            )
        if self.schedule is not None and self.momentum:
            raise ValueError("a schedule and momentum cannot be combined; leave one of them out")
        if self.momentum or self.schedule is not None:
            if self.dynamics in ("ode", "sde"):
                raise ValueError(
                    f"momentum and schedules are for discrete steps; leave them out with dynamics {self.dynamics}"
                )
            if self.data in ("fixed", "reshuffle"):
                raise ValueError(
                    f"momentum and schedules need sampling online or replace, or dynamics gd, not {self.data}"
                )
        if self.schedule is not None and self.steps not in (None, len(self.schedule)):
            raise ValueError(f"the schedule has {len(self.schedule)} steps, not {self.steps}; leave steps out")

    def _check_data(self) -> None:
        """Each size must mean something for the dynamics and the sampling."""
        online, full, finite = self.data == "online", self.data == "full", self.data in ("fixed", "reshuffle")
        trained = self.observable in ("train-loss", "generalization-gap")
        both = self.steps is not None and self.epochs is not None
        fresh = "a finite training set; online draws fresh points: choose another sampling"
        for wrong, complaint in (
            (online and self.dataset_size is not None, f"the dataset size is for {fresh}"),
            (online and self.epochs is not None, f"epochs are for {fresh}"),
            (
                online and trained,
                f"{self.observable} needs a training set; choose sampling fixed, reshuffle or replace, or dynamics gd",
            ),
            (
                self.dynamics == "ode" and self.batch_size is not None,
                "the gradient-flow ODE has no batches; leave the batch size out",
            ),
            (
                full and self.batch_size not in (None, self.dataset_size),
                "gradient descent uses the whole training set; leave the batch size out",
            ),
            (
                full and self.epochs not in (None, self.steps),
                "an epoch of gradient descent is one step; give steps and leave the epochs out",
            ),
            (
                self.dynamics in ("ode", "sde") and self.sampling != "online",
                f"the {self.dynamics.upper()} sees fresh points; leave the sampling out",
            ),
            (
                full and self.sampling == "replace",
                "gradient descent sees every point at every step, never one twice; leave the sampling out",
            ),
            (both and not full, "steps and epochs say the same thing, T = E N / B; leave one of them out"),
        ):
            if wrong:
                raise ValueError(complaint)
        if isinstance(self.dataset_size, int) and isinstance(self.batch_size, int):
            if finite:
                self._check_batches(self.dataset_size, self.batch_size)
            elif isinstance(self.epochs, int) and self.epochs * self.dataset_size % self.batch_size:
                raise ValueError("T = E N / B is no whole number of updates; give steps instead of epochs")

    def _check_batches(self, points: int, batch: int) -> None:
        """Epochs are cut into whole batches."""
        if batch > points:
            raise ValueError(f"batch size {batch} is larger than dataset size {points}")
        if points % batch:
            raise ValueError(f"batch size {batch} does not divide dataset size {points}; epochs need whole batches")
        if isinstance(self.steps, int) and self.steps * batch % points:
            raise ValueError(f"{self.steps} steps are no whole number of epochs of {points // batch} steps")

    def _check_symbols(self) -> None:
        """Different sizes need different symbols, those that are left out included."""
        names = [size for size in (*self._independent_sizes, self.momentum) if isinstance(size, str)]
        names += [weight for weight in dict.fromkeys(self.schedule or ()) if isinstance(weight, str)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sizes cannot share the symbol {name}")

    @property
    def data(self) -> str:
        """How steps draw data: the sampling, or ``full`` for gradient descent; flows see fresh points."""
        return {"gd": "full", "ode": "online", "sde": "online"}.get(self.dynamics, self.sampling)

    @property
    def setting(self) -> Setting:
        """The part that names what is expanded; gradient descent is ``fixed`` with one batch of all points."""
        return Setting(self.observable, self.dynamics, "fixed" if self.data == "full" else self.data)

    @property
    def sizes(self) -> Sizes:
        """The sizes as exact values, those left out filled in."""
        length, points, batch = (Coefficient.size(size) for size in self._independent_sizes)
        if self._in_epochs:
            return Sizes(length * points / batch, batch, points, length)
        if self.data == "full":
            batch = points
        return Sizes(length, batch, points, length * batch / points)

    @property
    def _independent_sizes(self) -> tuple[Size, Size, Size]:
        """Steps or epochs, dataset size and batch size; a size that nothing depends on is 1."""
        length = _first(self.epochs, "E") if self._in_epochs else _first(self.steps, "T")
        if self.schedule is not None:
            length = len(self.schedule)
        points = 1 if self.data == "online" else _first(self.dataset_size, "N")
        batch = 1 if self.data == "full" or self.dynamics == "ode" else _first(self.batch_size, "B")
        return length, points, batch

    @property
    def symbols(self) -> dict[str, str]:
        """The symbol of each option that is symbolic, given or left out."""
        length, points, batch = self._independent_sizes
        options = {
            "epochs" if self._in_epochs else "steps": length,
            "dataset_size": points,
            "batch_size": batch,
            "momentum": self.momentum,
        }
        return {option: value for option, value in options.items() if isinstance(value, str)}

    @property
    def _in_epochs(self) -> bool:
        """Whether the length of the run is counted in epochs."""
        if self.data in ("fixed", "reshuffle"):
            return self.steps is None
        return self.data == "replace" and self.epochs is not None

    @property
    def clock(self) -> Clock:
        """How times are summed."""
        steps = self.sizes.steps
        if self.dynamics in ("ode", "sde"):
            return ContinuousClock(steps)
        if self.schedule is not None:
            return ScheduleClock(tuple(Coefficient.size(weight) for weight in self.schedule))
        if self.momentum:
            return MomentumClock(steps, Coefficient.size(self.momentum), self.nesterov)
        return DiscreteClock(steps)

    @property
    def draws(self) -> Sampling:
        """How placements are counted."""
        return self.drawn_with(self.clock)

    def drawn_with(self, clock: Clock) -> Sampling:
        """How placements are counted with another clock, where the sampling takes one."""
        sizes = self.sizes
        match self.data:
            case "full":
                return Full(sizes, clock)
            case "fixed":
                return Fixed(sizes)
            case "reshuffle":
                return Reshuffle(sizes)
            case "replace":
                return Replace(sizes, clock)
        return Online(sizes, clock, self.largest_block)

    @property
    def largest_block(self) -> int | None:
        """The largest block that the dynamics knows of: the ODE has no noise, that of the SDE is Gaussian."""
        return {"ode": 1, "sde": 2}.get(self.dynamics)


def _first(value: Size | None, default: str) -> Size:
    return default if value is None else value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_size(option: str, value: Size | None, least: int) -> None:
    if isinstance(value, str):
        _check_name(option, value)
    elif value is not None and _is_integer(value) and _digits(value) > MOST_DIGITS:
        raise ValueError(f"{option} has more than {MOST_DIGITS} digits; give a smaller number or a symbol name")
    elif value is not None and (not _is_integer(value) or value < least):
        raise ValueError(f"{option} must be an integer of at least {least} or a symbol name, not {value!r}")


def _check_number(option: str, value: Number) -> None:
    if isinstance(value, str):
        _check_name(option, value)
    elif not isinstance(value, (int, Fraction)) or isinstance(value, bool):
        raise ValueError(f"{option} must be an integer, a fraction or a symbol name, not {value!r}")
    elif max(_digits(value.numerator), _digits(value.denominator)) > MOST_DIGITS:
        raise ValueError(f"{option} has more than {MOST_DIGITS} digits; give a shorter fraction or a symbol name")


def _digits(number: int) -> int:
    """About how many decimal digits an integer has, without writing it."""
    return int(number.bit_length() * log10(2)) + 1


def _check_name(option: str, name: str) -> None:
    try:
        symbol_name(name)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error
