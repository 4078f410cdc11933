"""The request: what to expand, checked once, in the words of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from sgdsym.diagrams import MAX_ORDER
from sgdsym.series import BASES, Basis, Setting, symbol_name

Size: TypeAlias = int | str

OBSERVABLES = ("test-loss",)
DYNAMICS = ("sgd",)
SAMPLINGS = ("online",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked request; every field means what the option of that name means.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    >>> Request(order=2, batch_size=1)
    Request(observable='test-loss', dynamics='sgd', sampling='online', order=2, steps='T', batch_size=1, basis='cumulant')
    >>> Request(sampling="sorted")
    Traceback (most recent call last):
    ValueError: sampling must be one of online, not 'sorted'
    """

    observable: str = "test-loss"
    dynamics: str = "sgd"
    sampling: str = "online"
    order: int = 3
    steps: Size = "T"
    batch_size: Size = "B"
    basis: Basis = "cumulant"

    def __post_init__(self) -> None:
        for option, value, allowed in (
            ("observable", self.observable, OBSERVABLES),
            ("dynamics", self.dynamics, DYNAMICS),
            ("sampling", self.sampling, SAMPLINGS),
            ("basis", self.basis, BASES),
        ):
            if value not in allowed:
                raise ValueError(f"{option} must be one of {', '.join(allowed)}, not {value!r}")
        if not _is_integer(self.order) or not 0 <= self.order <= MAX_ORDER:
            raise ValueError(f"order must be an integer from 0 to {MAX_ORDER}, not {self.order!r}")
        _check_size("steps", self.steps, least=0)
        _check_size("batch size", self.batch_size, least=1)
        if self.steps == self.batch_size and isinstance(self.steps, str):
            raise ValueError(f"steps and batch size cannot share the symbol {self.steps}")

    @property
    def setting(self) -> Setting:
        """The part that names what is expanded."""
        return Setting(self.observable, self.dynamics, self.sampling)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_size(option: str, value: Size | Fraction, least: int) -> None:
    if isinstance(value, str):
        try:
            symbol_name(value)
        except ValueError as error:
            raise ValueError(f"{option}: {error}") from error
    elif not _is_integer(value) or value < least:
        raise ValueError(f"{option} must be an integer of at least {least} or a symbol name, not {value!r}")
