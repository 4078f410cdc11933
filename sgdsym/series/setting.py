"""What a series is the expansion of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sgdsym.series.coefficient import Coefficient, Scalar

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
_NO_DECAY = Coefficient()


@dataclass(frozen=True, slots=True)
class Setting:
    r"""What a series is the expansion of, in the words of the command line.

    Attributes:
        observable: such as ``"test-loss"``.
        dynamics: such as ``"sgd"``.
        sampling: such as ``"online"``.
        weight_decay: the factor :math:`\lambda` of the regulariser that was trained on.  Where it is not zero a node carries
            derivatives of :math:`l_x + \frac\lambda2|\theta|^2`, unless it is a root: that carries the plain loss.

    >>> print(Setting("train-loss", sampling="reshuffle"))
    train-loss of sgd (reshuffle)
    """

    observable: str = "test-loss"
    dynamics: str = "sgd"
    sampling: str = "online"
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

    def check(self) -> None:
        """Refuse words that no series of this package has: a file or a module is told what it may hold.

        Raises:
            ValueError: naming the word and what it may be.

        >>> Setting("test-loss", "sgd - sde").check()
        >>> Setting("test-loss", "adam").check()
        Traceback (most recent call last):
        ValueError: dynamics must be one of sgd, gd, ode, sde, or such words joined by + - *, not 'adam'
        """
        for name, words in _WORDS.items():
            given = getattr(self, name)
            parts = re.split(r" [-+*] ", given) if isinstance(given, str) and len(given) <= _LONGEST else [""]
            if not all(part in words or (name == "observable" and _JUMP.fullmatch(part)) for part in parts):
                shown = given if isinstance(given, str) and len(given) <= 30 else f"{given!s:.27}..."
                named = ", ".join(word for word in words if " " not in word)
                raise ValueError(f"{name} must be one of {named}, or such words joined by + - *, not {shown!r}")

    def joined(self, sign: str, other: Setting) -> Setting:
        """The setting of a sum, difference or product: words that agree stay, others are joined by the sign.

        Raises:
            ValueError: if the weight decays differ.
        """
        if self.weight_decay != other.weight_decay:
            raise ValueError(
                "with another weight decay the same diagrams have other values; expand both series with the same one"
            )
        pairs = (
            (self.observable, other.observable),
            (self.dynamics, other.dynamics),
            (self.sampling, other.sampling),
        )
        words = [a if a == b else f"{a} {sign} {b}" for a, b in pairs]
        return Setting(words[0], words[1], words[2], self.weight_decay)

    @property
    def open_indices(self) -> int:
        """Number of open indices of the values, also where a series has no terms to tell."""
        word, _, number = self.observable.partition("-")
        if word == "jump" and number.isdigit():
            return int(number)
        return {"displacement": 1, "velocity": 1, "drift": 1, "covariance": 2, "diffusion": 2}.get(self.observable, 0)
