"""What a series is the expansion of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from sgdsym.series.dynamics import ONLINE, SGD, Dynamics, SamplingScheme
from sgdsym.series.named import Named
from sgdsym.series.observable import TEST_LOSS, Observable


@dataclass(frozen=True, slots=True)
class Setting:
    """What a series is the expansion of.

    Attributes:
        observable: what is read off.
        dynamics: how the weights move.
        sampling: how data are drawn.

    >>> print(Setting.named("train-loss", sampling="reshuffle"))
    train-loss of sgd (reshuffle)
    """

    observable: Observable = TEST_LOSS
    dynamics: Dynamics = SGD
    sampling: SamplingScheme = ONLINE

    def __str__(self) -> str:
        return f"{self.observable} of {self.dynamics} ({self.sampling})"

    @classmethod
    def named(cls, observable: str = "test-loss", dynamics: str = "sgd", sampling: str = "online") -> Self:
        """The setting that three words of the command line name, or such words joined as sums and products of series do."""
        return cls(Observable.named(observable), Dynamics.named(dynamics), SamplingScheme.named(sampling))

    @property
    def open_indices(self) -> int:
        """Number of open indices of the values, also where a series has no terms to tell."""
        return self.observable.open_indices

    @property
    def words(self) -> dict[str, str]:
        """The word of each part, as files hold it."""
        return {item.name: str(getattr(self, item.name)) for item in fields(self)}

    def check(self) -> None:
        """Refuse words that no series of this package has.

        Raises:
            ValueError: naming the word and what it may be.

        >>> Setting.named("test-loss", "sgd - sde").check()
        >>> Setting.named("test-loss", "adam").check()
        Traceback (most recent call last):
        ValueError: dynamics must be one of sgd, gd, ode, sde, or such words joined by + - *, not 'adam'
        """
        for item in fields(self):
            value: Named = getattr(self, item.name)
            type(value).check(item.name, value.name)

    def joined(self, sign: str, other: Setting) -> Setting:
        """The setting of a sum, difference or product: parts that agree stay, others are joined by the sign."""
        return Setting(
            self.observable.joined(sign, other.observable),
            self.dynamics.joined(sign, other.dynamics),
            self.sampling.joined(sign, other.sampling),
        )
