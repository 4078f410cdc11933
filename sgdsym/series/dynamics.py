"""How the weights move and how data are drawn, as values: what a setting, a request and every reader ask of them.

How a sampling is counted is said in :mod:`sgdsym.sgd.sampling`.  A new one is an entry here and a file there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sgdsym.series.named import Named


@dataclass(frozen=True, slots=True)
class Dynamics(Named):
    """How the weights move.

    Attributes:
        name: the word of the command line and of files.
        is_continuous: whether time is a real number.
        has_batches: whether a step sees a part of the data, whose size counts.
        largest_block: the most factors of a joint cumulant that the noise has, if there is a bound: Gaussian noise has two.
    """

    is_continuous: bool = False
    has_batches: bool = False
    largest_block: int | None = None


@dataclass(frozen=True, slots=True)
class SamplingScheme(Named):
    """How steps draw data.

    Attributes:
        name: the word of the command line and of files.
        words: what an update does, in a sentence with ``points`` (a batch of fresh ones) and the sizes ``N`` and ``B``.
        is_finite: whether data are drawn from a training set.
        is_in_epochs: whether each epoch goes once through the training set, so that batches are cut from it.
        repeats: whether a point may come twice before each has come once.
    """

    words: str = ""
    is_finite: bool = False
    is_in_epochs: bool = False
    repeats: bool = False

    def of_given_points(self) -> SamplingScheme:
        """The same, where the population is the training set itself."""
        return SamplingScheme.named(f"{self.name}{_GIVEN}")


_GIVEN = " of given points"

SGD = Dynamics("sgd", has_batches=True)
GD = Dynamics("gd")
ODE = Dynamics("ode", is_continuous=True, largest_block=1)
SDE = Dynamics("sde", is_continuous=True, has_batches=True, largest_block=2)

Dynamics.known = {dynamics.name: dynamics for dynamics in (SGD, GD, ODE, SDE)}

ONLINE = SamplingScheme("online", "every update draws {points}")
FIXED = SamplingScheme(
    "fixed",
    "the training set of {N} independent data points is cut into batches of {B}, visited in the same order in each epoch",
    is_finite=True,
    is_in_epochs=True,
)
RESHUFFLE = SamplingScheme(
    "reshuffle",
    "the training set of {N} independent data points is shuffled afresh in each epoch and cut into batches of {B}",
    is_finite=True,
    is_in_epochs=True,
)
REPLACE = SamplingScheme(
    "replace",
    "every update draws {B} of the {N} points of the training set, with replacement",
    is_finite=True,
    repeats=True,
)
# gradient descent, which requests call by its dynamics; its series say that it is `fixed` with one batch of all points
FULL = SamplingScheme("full", is_finite=True)

_SCHEMES = (ONLINE, FIXED, RESHUFFLE, REPLACE)
SamplingScheme.known = {
    scheme.name: scheme for scheme in (*_SCHEMES, *(SamplingScheme(f"{scheme.name}{_GIVEN}") for scheme in _SCHEMES))
}
