"""What a series is the expansion of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """What a series is the expansion of, in the words of the command line.

    Attributes:
        observable: such as ``"test-loss"``.
        dynamics: such as ``"sgd"``.
        sampling: such as ``"online"``.

    >>> print(Setting("train-loss", sampling="reshuffle"))
    train-loss of sgd (reshuffle)
    """

    observable: str = "test-loss"
    dynamics: str = "sgd"
    sampling: str = "online"

    def __str__(self) -> str:
        return f"{self.observable} of {self.dynamics} ({self.sampling})"

    def joined(self, sign: str, other: Setting) -> Setting:
        """The setting of a sum, difference or product: words that agree stay, others are joined by the sign."""
        pairs = (
            (self.observable, other.observable),
            (self.dynamics, other.dynamics),
            (self.sampling, other.sampling),
        )
        return Setting(*(a if a == b else f"{a} {sign} {b}" for a, b in pairs))

    @property
    def open_indices(self) -> int:
        """Number of open indices of the values, also where a series has no terms to tell."""
        word, _, number = self.observable.partition("-")
        if word == "jump" and number.isdigit():
            return int(number)
        return {"displacement": 1, "velocity": 1, "drift": 1, "covariance": 2, "diffusion": 2}.get(self.observable, 0)
