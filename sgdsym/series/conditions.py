r"""The conditions that a run puts on its sizes: one set of rules for numbers that are given at once, later, or to generated code.

A condition is a coefficient that must be a whole number, or not below a bound: :math:`N/B` where epochs are cut into
batches, say.  Sizes are put into it as into any coefficient, one after the other or all at once; it is decided as soon
as no symbol is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sgdsym.series.coefficient import Coefficient, Scalar
from sgdsym.series.dynamics import SGD, Dynamics
from sgdsym.series.setting import Setting

LEAST = {"steps": 0, "epochs": 0, "dataset size": 1, "batch size": 1}
"""The least value of each size."""
LONGEST_SHOWN = 40  # characters of a size in a complaint


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a run asks of its sizes.

    Attributes:
        value: what must be whole, or not below a bound.
        complaint: what is wrong where it is not; ``{0}``, ``{1}``, … are the sizes that it names.
        named: these sizes.
        least: the bound, 0 if left out.
        whole: whether the value must be a whole number.
        strict: whether the value must be above the bound.

    >>> N, B = Coefficient.symbol("N"), Coefficient.symbol("B")
    >>> batches = Condition(N / B, "batches of {0} do not fill an epoch of {1} points", (B, N))
    >>> left = undecided([batches], {"N": 10})
    >>> undecided(left, {"B": 5})
    ()
    >>> undecided(left, {"B": 3})
    Traceback (most recent call last):
    ValueError: batches of 3 do not fill an epoch of 10 points
    """

    value: Coefficient
    complaint: str
    named: tuple[Coefficient, ...]
    least: int = 0
    whole: bool = True
    strict: bool = False

    def substitute(self, sizes: Mapping[str, Scalar]) -> Condition:
        """The condition with sizes put in."""
        named = tuple(size.substitute(sizes) for size in self.named)
        return replace(self, value=self.value.substitute(sizes), named=named)

    def holds(self) -> bool:
        """Whether the value, without symbols, is whole where it must be, and within its bound."""
        value = self.value.as_fraction()
        if self.whole and value.denominator != 1:
            return False
        return value > self.least if self.strict else value >= self.least


def undecided(conditions: Iterable[Condition], sizes: Mapping[str, Scalar]) -> tuple[Condition, ...]:
    """The conditions that are left when sizes are put in.

    Raises:
        ValueError: if the sizes break one.
    """
    left = []
    for condition in conditions:
        # one after the other: that a size is not 0 is decided before it divides another
        try:
            known = condition.substitute(sizes)
        except ZeroDivisionError as error:
            raise ValueError(str(error)) from error
        if known.value.symbols:
            left.append(known)
        elif not known.holds():
            raise ValueError(known.complaint.format(*map(_shown, known.named)))
    return tuple(left)


def _shown(size: Coefficient) -> str:
    """A size in a complaint, cut where it is long."""
    text = str(size)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def run_conditions(
    *,
    steps: Coefficient | None = None,
    epochs: Coefficient | None = None,
    dataset_size: Coefficient | None = None,
    batch_size: Coefficient | None = None,
    momentum: Coefficient | None = None,
    whole_epochs: bool = False,
    continuous: bool = False,
) -> tuple[Condition, ...]:
    r"""The conditions that a run puts on its sizes; sizes that it does not have are left out.

    Args:
        steps: the number of updates, where the run is told by it.
        epochs: the number of epochs, where the run is told by it.
        dataset_size: points in the training set.
        batch_size: points per update.
        momentum: :math:`-1 < \mu < 1`.
        whole_epochs: whether epochs are cut into whole batches.
        continuous: whether time is continuous, so that steps are any number from 0.

    >>> for condition in run_conditions(epochs=Coefficient("E"), dataset_size=Coefficient("N"), batch_size=Coefficient(3)):
    ...     print(condition.value, condition.least)
    E 0
    N 1
    3 1
    E*N/3 0
    """
    sizes = {"steps": steps, "epochs": epochs, "dataset size": dataset_size, "batch size": batch_size}
    given = {word: size for word, size in sizes.items() if size is not None}
    found = [_bounded(word, size, continuous and word == "steps") for word, size in given.items()]
    if dataset_size is not None and batch_size is not None:
        if whole_epochs:
            points = (batch_size, dataset_size)
            found.append(Condition(dataset_size - batch_size, "batch size {0} is larger than dataset size {1}", points))
            complaint = "batch size {0} does not divide dataset size {1}; epochs need whole batches"
            found.append(Condition(dataset_size / batch_size, complaint, points))
            if steps is not None:
                complaint = "{0} steps are no whole number of epochs: batches of {1} take {2} points"
                found.append(Condition(steps * batch_size / dataset_size, complaint, (steps, batch_size, dataset_size)))
        elif epochs is not None:
            complaint = "T = E N / B is no whole number of updates; give steps instead of epochs"
            found.append(Condition(epochs * dataset_size / batch_size, complaint, ()))
    if momentum is not None:
        complaint = "momentum must lie strictly between -1 and 1, not {0}"
        # one polynomial for both bounds: 1 - μ² is above zero between -1 and 1 alone
        found.append(Condition(1 - momentum**2, complaint, (momentum,), whole=False, strict=True))
    return tuple(found)


def named_conditions(setting: Setting, symbols: Collection[str]) -> tuple[Condition, ...]:
    """The conditions on sizes of which no more is known than their default names.

    >>> [str(c.value) for c in named_conditions(Setting.named(sampling="reshuffle"), ("B", "E", "N"))]
    ['E', 'N', 'B', '-B + N', 'N/B']
    """
    size = {name: Coefficient.symbol(name) if name in symbols else None for name in ("T", "E", "N", "B")}
    if not Dynamics.is_known(setting.dynamics.name):
        return ()
    return run_conditions(
        steps=size["T"],
        epochs=size["E"],
        dataset_size=size["N"],
        batch_size=size["B"],
        whole_epochs=setting.dynamics == SGD and setting.sampling.is_in_epochs,
        continuous=setting.dynamics.is_continuous,
    )


def _bounded(word: str, size: Coefficient, continuous: bool) -> Condition:
    """The condition on one size alone."""
    kind = "a number" if continuous else "an integer"
    return Condition(
        size, f"{word} must be {kind} of at least {LEAST[word]}, not {{0}}", (size,), LEAST[word], not continuous
    )
