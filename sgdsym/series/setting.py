"""What a series is the expansion of."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

# the words of requests, and of what is made from their series
_WORDS = {
    "observable": (
        *("test-loss", "train-loss", "generalization-gap", "displacement", "loss-variance", "covariance", "function"),
        *("drift", "diffusion", "velocity", "modified-loss", "potential", "gradient", "derivative along the gradient"),
        *("|G|^2", "tr C", "C:H"),
    ),
    "dynamics": ("sgd", "gd", "ode", "sde"),
    "sampling": tuple(
        f"{drawn}{whose}" for drawn in ("online", "fixed", "reshuffle", "replace") for whose in ("", " of given points")
    ),
}
_JUMP = re.compile(r"jump-[0-9]{1,2}")
_LONGEST = 400  # of words that sums and products have joined


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

    def check(self) -> None:
        """Refuse words that no series of this package has: a file or a module is told what it may hold.

        Raises:
            ValueError: naming the word and what it may be.

        >>> Setting("test-loss", "sgd - sde").check()
        >>> Setting("test-loss", "adam").check()
        Traceback (most recent call last):
        ValueError: dynamics must be one of sgd, gd, ode, sde, or such words joined by + - *, not 'adam'
        """
        for item in fields(self):
            given, words = getattr(self, item.name), _WORDS[item.name]
            parts = re.split(r" [-+*] ", given) if isinstance(given, str) and len(given) <= _LONGEST else [""]
            if not all(part in words or (item.name == "observable" and _JUMP.fullmatch(part)) for part in parts):
                shown = given if isinstance(given, str) and len(given) <= 30 else f"{given!s:.27}..."
                named = ", ".join(word for word in words if " " not in word)
                raise ValueError(f"{item.name} must be one of {named}, or such words joined by + - *, not {shown!r}")

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
