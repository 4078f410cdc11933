"""The feed of data: the points that each update of each run sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdsym.series import FIXED, FULL, ONLINE, REPLACE, RESHUFFLE
from sgdsym.sgd import Request
from sgdsym.simulation.losses import Handles, Losses


@dataclass(slots=True, eq=False)
class Feed:
    """The batches of some runs, one update after the other.

    Attributes:
        generator: the source of randomness.
        fresh: draws new points of the population, by shape.
        runs: the number of runs.
        batches: points of each update, in turn: one number where all are alike, else those of an epoch or of the run.
        slots: updates in an epoch, where there are epochs.
        training_set: handles (runs, N), where there is one.
        order: the training set in the order of this epoch.
        update: the update that is next.
    """

    generator: np.random.Generator
    fresh: Callable[[tuple[int, ...]], Handles]
    runs: int
    batches: tuple[int, ...]
    slots: int
    training_set: Handles | None
    order: Handles | None = None
    update: int = 0

    def online(self) -> Handles:
        """Fresh points."""
        return self.fresh((self.runs, self._next_size()))

    def full(self) -> Handles:
        """The whole training set."""
        return self._all

    def fixed(self) -> Handles:
        """The next part of the training set, which begins again after the last."""
        return self._part(self._all)

    def reshuffle(self) -> Handles:
        """The next part of the training set, in an order of its own for each run and epoch."""
        if not self.update % self.slots or self.order is None:
            # the order of independent uniform numbers is a uniform order, for all runs in one call
            keys = self.generator.random(self._all.shape[:2])
            self.order = _chosen(self._all, np.argsort(keys, axis=1))
        return self._part(self.order)

    def replace(self) -> Handles:
        """Points of the training set, each draw for itself."""
        points = self._all
        return _chosen(points, self.generator.integers(points.shape[1], size=(self.runs, self._next_size())))

    @property
    def _all(self) -> Handles:
        if self.training_set is None:
            raise ValueError("there is no training set")
        return self.training_set

    def _part(self, points: Handles) -> Handles:
        # only the last batch of an epoch may be shorter than the first
        start = self.update % self.slots * self.batches[0]
        return points[:, start : start + self._next_size()]

    def _next_size(self) -> int:
        size = self.batches[self.update % len(self.batches)]
        self.update += 1
        return size


FEEDS = {ONLINE: Feed.online, FULL: Feed.full, FIXED: Feed.fixed, RESHUFFLE: Feed.reshuffle, REPLACE: Feed.replace}


def batch_sizes(request: Request) -> tuple[int, ...]:
    """The points of each update, in turn; one number where all updates are alike."""
    sizes = request.sizes
    return tuple(int(size.as_fraction()) for size in sizes.listed or (sizes.batch_size,))


def start_feed(request: Request, losses: Losses, generator: np.random.Generator, runs: int, given: bool) -> Feed:
    """The data of some runs of a request: their training sets are drawn, or all are the population itself.

    Args:
        request: the request, with numbers for sizes.
        losses: the population.
        generator: the source of randomness.
        runs: their number.
        given: whether the training set is the population itself.
    """
    sizes = request.sizes
    points, training_set = int(sizes.dataset_size.as_fraction()), None
    if given:
        # the same for all runs, and held once
        training_set = np.broadcast_to(np.arange(points), (runs, points))
    elif request.scheme.is_finite:
        training_set = losses.draw(generator, (runs, points))
    return Feed(
        generator,
        lambda shape: losses.draw(generator, shape),
        runs,
        batch_sizes(request),
        int(sizes.batches.as_fraction()) if request.scheme.is_in_epochs else 1,
        training_set,
    )


def _chosen(points: Handles, places: Handles) -> Handles:
    """Points of each run at places of its own, (runs, B)."""
    return points[np.arange(len(points))[:, None], places]
