r"""Every way in which a run can meet its data, with its probability: training sets and the batches drawn from them.

Data points are known by their kind, their place in the population, so ways that show the run the same kinds in the same
batches are one way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from math import factorial, prod
from typing import TypeAlias, TypeVar

Kinds: TypeAlias = tuple[int, ...]
Batches: TypeAlias = tuple[Kinds, ...]
Way = TypeVar("Way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run in numbers; every field means what the option of that name means.

    ``dataset_size`` is 0 where every step draws fresh points, ``batch_size`` is not used by the dynamics ``ode``, and
    ``listed_batches`` stand in its place where they differ.

    >>> Run(dynamics="sgd", sampling="fixed", steps=4, dataset_size=4, batch_size=2).epochs
    Fraction(2, 1)
    """

    dynamics: str = "sgd"
    sampling: str = "online"
    steps: int
    dataset_size: int = 0
    batch_size: int = 1
    listed_batches: tuple[int, ...] = ()
    last_batch: str | None = None
    momentum: Fraction = Fraction(0)
    nesterov: bool = False
    schedule: tuple[Fraction, ...] | None = None
    delay: int = 0
    average: Fraction | str | None = None
    weight_decay: Fraction = Fraction(0)
    mean_over_run: bool = False

    @property
    def epochs(self) -> Fraction:
        """Passes through the training set."""
        if self.dynamics == "sgd" and self.sampling in ("fixed", "reshuffle"):
            return Fraction(self.steps, len(self.cut(tuple(range(self.dataset_size)))))
        return Fraction(sum(self.batch_sizes), self.dataset_size)

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The size of the batch of each update, where none is cut short."""
        return self.listed_batches or (self.batch_size,) * self.steps

    def cut(self, points: Kinds) -> Batches:
        """The batches that an epoch is cut into; of points that do not fill one the last is made, or none.

        >>> Run(steps=2, batch_size=2).cut((0, 1, 0)), Run(steps=1, batch_size=2, last_batch="drop").cut((0, 1, 0))
        (((0, 1), (0,)), ((0, 1),))
        """
        size = self.batch_size
        end = len(points) // size * size if self.last_batch == "drop" else len(points)
        return tuple(_sorted(points[i : min(i + size, end)]) for i in range(0, end, size))


@dataclass(frozen=True, slots=True)
class Draw:
    """One way to meet the data.

    Attributes:
        training_set: the kinds of its points, sorted; empty where every step draws fresh ones.
        batches: the kinds in each batch, sorted.
    """

    training_set: Kinds
    batches: Batches


def draw_data(run: Run, probabilities: Sequence[Fraction]) -> dict[Draw, Fraction]:
    """Every way of a run to meet its data, with its probability.

    >>> run = Run(steps=1, batch_size=2)
    >>> for draw, probability in draw_data(run, (Fraction(1, 3), Fraction(2, 3))).items():
    ...     print(draw.batches, probability)
    ((0, 0),) 1/9
    ((0, 1),) 4/9
    ((1, 1),) 4/9
    """
    if run.dynamics == "sgd" and run.sampling == "online":
        parts = [
            _one_batch(_merged((_sorted(kinds), chance) for kinds, chance in _independent(probabilities, size)))
            for size in run.batch_sizes
        ]
        return {Draw((), batches): chance for batches, chance in _in_turn(parts).items()}
    training_sets = _independent(probabilities, run.dataset_size)
    # a multiset is enough where the order of the points is drawn anew, and there are far fewer of them
    if run.sampling != "fixed":
        training_sets = _merged((_sorted(points), chance) for points, chance in training_sets).items()
    return _merged(
        (Draw(_sorted(points), batches), chance * share)
        for points, chance in training_sets
        for batches, share in _seen(run, points).items()
    )


def _seen(run: Run, points: Kinds) -> Mapping[Batches, Fraction]:
    """All sequences of batches from one training set; the order of its points matters to ``fixed`` only."""
    if run.dynamics == "gd":
        return {(_sorted(points),) * run.steps: Fraction(1)}
    match run.sampling:
        case "fixed":
            return {run.cut(points) * int(run.epochs): Fraction(1)}
        case "reshuffle":
            share = Fraction(1, factorial(len(points)))
            # of N! orders few differ for who sees kinds and batches: merged before epochs are multiplied out
            epoch = _merged((run.cut(order), share) for order in permutations(points))
            return _in_turn([epoch] * int(run.epochs))
        case "replace":
            drawn = {
                size: _merged(
                    (_sorted(kinds), Fraction(1, len(points) ** size)) for kinds in product(points, repeat=size)
                )
                for size in set(run.batch_sizes)
            }
            return _in_turn([_one_batch(drawn[size]) for size in run.batch_sizes])
    raise ValueError(f"no such run: {run}")


def _independent(probabilities: Sequence[Fraction], points: int) -> Iterable[tuple[Kinds, Fraction]]:
    """All sequences of independently drawn points."""
    for kinds in product(range(len(probabilities)), repeat=points):
        yield kinds, prod((probabilities[kind] for kind in kinds), start=Fraction(1))


def _in_turn(parts: Iterable[Mapping[Batches, Fraction]]) -> dict[Batches, Fraction]:
    """All sequences of independent parts of a run."""
    whole: dict[Batches, Fraction] = {(): Fraction(1)}
    for part in parts:
        whole = {done + more: a * b for done, a in whole.items() for more, b in part.items()}
    return whole


def _merged(ways: Iterable[tuple[Way, Fraction]]) -> dict[Way, Fraction]:
    """The ways with the sum of the chances of equal ones."""
    total: dict[Way, Fraction] = {}
    for way, chance in ways:
        total[way] = total.get(way, Fraction(0)) + chance
    return total


def _one_batch(batch: Mapping[Kinds, Fraction]) -> dict[Batches, Fraction]:
    return {(kinds,): chance for kinds, chance in batch.items()}


def _sorted(kinds: Kinds) -> Kinds:
    return tuple(sorted(kinds))
