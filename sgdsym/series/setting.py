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
    """

    observable: str = "test-loss"
    dynamics: str = "sgd"
    sampling: str = "online"

    def joined(self, sign: str, other: Setting) -> Setting:
        """The setting of a sum or difference: words that agree stay, others are joined by the sign."""
        pairs = (
            (self.observable, other.observable),
            (self.dynamics, other.dynamics),
            (self.sampling, other.sampling),
        )
        return Setting(*(a if a == b else f"{a} {sign} {b}" for a, b in pairs))
