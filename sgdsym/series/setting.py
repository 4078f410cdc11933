"""The setting of a series: its observable, its dynamics and its sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from sgdsym.series.coefficient import Coefficient, Scalar
from sgdsym.series.dynamics import ONLINE, SGD, Dynamics, SamplingScheme
from sgdsym.series.named import Named
from sgdsym.series.observable import TEST_LOSS, Observable

_NO_DECAY = Coefficient()


@dataclass(frozen=True, slots=True)
class Setting:
    r"""The observable, the dynamics and the sampling of a series.

    Attributes:
        observable: what is read off.
        dynamics: how the weights move.
        sampling: how data are drawn.
        weight_decay: the factor :math:`\lambda` of the regulariser that was trained on.  Where it is not zero a node carries
            derivatives of :math:`l_x + \frac\lambda2|\theta|^2`, unless it is a root: that carries the plain loss.

    >>> print(Setting.named("train-loss", sampling="reshuffle"))
    train-loss of sgd (reshuffle)
    """

    observable: Observable = TEST_LOSS
    dynamics: Dynamics = SGD
    sampling: SamplingScheme = ONLINE
    weight_decay: Coefficient = _NO_DECAY

    def __str__(self) -> str:
        decay = f", weight decay {self.weight_decay}" if self.weight_decay else ""
        return f"{self.observable} of {self.dynamics} ({self.sampling}{decay})"

    def substitute(self, values: Mapping[str, Scalar]) -> Setting:
        """The setting with symbols of the weight decay replaced."""
        return replace(self, weight_decay=self.weight_decay.substitute(values)) if self.weight_decay else self

    def require_plain(self, what: str) -> None:
        """Refuse weight decay where all nodes must carry derivatives of one loss.

        Raises:
            ValueError: saying what takes none.

        >>> Setting(weight_decay=Coefficient.symbol("decay")).require_plain("a closed form")
        Traceback (most recent call last):
        ValueError: a closed form takes no weight decay: its root would carry another loss than its nodes; expand without it
        """
        if self.weight_decay:
            raise ValueError(
                f"{what} takes no weight decay: its root would carry another loss than its nodes; expand without it"
            )

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
        return {name: part.name for name, part in self._parts.items()}

    @property
    def _parts(self) -> dict[str, Named]:
        return {"observable": self.observable, "dynamics": self.dynamics, "sampling": self.sampling}

    def check(self) -> None:
        """Refuse words that no series of this package has.

        Raises:
            ValueError: naming the word and what it may be.

        >>> Setting.named("test-loss", "sgd - sde").check()
        >>> Setting.named("test-loss", "adam").check()
        Traceback (most recent call last):
        ValueError: dynamics must be one of sgd, gd, ode, sde, or such words joined by + - *, not 'adam'
        """
        for name, part in self._parts.items():
            type(part).check(name, part.name)

    def joined(self, sign: str, other: Setting) -> Setting:
        """The setting of a sum, difference or product: parts that agree stay, others are joined by the sign.

        Raises:
            ValueError: if the weight decays differ, or the observables have roots of two kinds.
        """
        if self.weight_decay != other.weight_decay:
            raise ValueError(
                "with another weight decay the same diagrams have other values; expand both series with the same one"
            )
        return Setting(
            self.observable.joined(sign, other.observable),
            self.dynamics.joined(sign, other.dynamics),
            self.sampling.joined(sign, other.sampling),
            self.weight_decay,
        )
