r"""Observables at the end of a run, as rooted forests: the terms of their expansion over placements.

.. math:: E\,s(\theta_T) = \sum_{(\tau,\rho)} \frac{(-\eta)^d}{|Aut(\tau,\rho)|}\; W(\tau,\rho)\;\kappa(\tau,\rho)

* ``test-loss``: the root is the mean loss, a mean tensor like that of any single node, so the choice of root is forgotten.
* ``train-loss``: the root is the loss on a random point of the training set, which other steps may have seen.
* ``generalization-gap``: test minus train.
* ``displacement``: the root is an open index.  ``covariance``: two of them.
* ``function``: the root carries the derivatives of another function.
* ``loss-variance``: variance of the test loss over training sets and draws; two roots.

Which placements a term weighs is said here; what they weigh is the sampling's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import factorial

from sgdsym.diagrams import Diagram, Forest, Partition, rooted_forests
from sgdsym.series import (
    COVARIANCE,
    DISPLACEMENT,
    FUNCTION,
    GENERALIZATION_GAP,
    LOSS_VARIANCE,
    TEST_LOSS,
    TRAIN_LOSS,
    Coefficient,
    Observable,
)
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling import Sampling
from sgdsym.times.products import Product


@dataclass(frozen=True, slots=True)
class Reading:
    r"""One term of an observable: a diagram, and the placements whose weights make its coefficient.

    Attributes:
        forest: the steps and the roots they act on.
        blocks: blocks of the diagram's nodes: the roots, then the steps.
        marked: whether the roots stay special.
        share: :math:`(-1)^d/|Aut|`, times the number of partitions alike.
        weights: the coefficient is the share times the sum of these signs times products of weights.
    """

    forest: Forest
    blocks: Partition
    marked: bool
    share: Coefficient
    weights: tuple[tuple[int, tuple[Placement, ...]], ...]

    @property
    def diagram(self) -> Diagram:
        """The diagram of the term."""
        return self.forest.diagram(self.blocks, self.marked)

    def with_own_root(self) -> Reading:
        """The same term where the root carries another mean than the steps, and so is told apart from them.

        A root that shares its point is not: its deviation from the mean is that of any node.
        """
        shared = any(0 in block for block in self.blocks)
        return self if self.marked or shared else replace(self, marked=True, blocks=(*self.blocks, (0,)))

    def products(self, sampling: Sampling) -> list[Product]:
        """The coefficient of the diagram under a sampling, as a sum of products that is not yet formed."""
        found: list[Product] = []
        for sign, placements in self.weights:
            factor = self.share * sign
            first, *others = placements
            rest = tuple(map(sampling.weight, others))
            found += [product.times(factor, *rest) for product in sampling.products(first)]
        return found


Readings = Iterator[Reading]


def test_loss(size: int) -> Readings:
    """Terms of the population loss at the end of the run with ``size`` steps on the diagram."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            yield Reading(forest, _shifted(blocks, 1), False, share, _weighed(Placement(forest, blocks)))


def train_loss(size: int) -> Readings:
    """Terms of the mean loss on the training set."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            apart = Placement(forest, blocks, trained_root=True)
            yield Reading(forest, _shifted(blocks, 1), False, share, _weighed(apart))
            yield from _joined_to_root(forest, blocks, share)


def generalization_gap(size: int) -> Readings:
    """Terms of test loss minus training loss: the root shares its point with a block."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            apart, trained = Placement(forest, blocks), Placement(forest, blocks, trained_root=True)
            # the root is fresh in the one loss, and one of the N points in the other
            yield Reading(forest, _shifted(blocks, 1), False, share, ((1, (apart,)), (-1, (trained,))))
            yield from _joined_to_root(forest, blocks, -share)


def displacement(size: int) -> Readings:
    """Terms of the mean displacement of the weights."""
    return displacement_product(size, 1)


def displacement_product(size: int, indices: int) -> Readings:
    """Terms of the mean of the tensor product of the displacement with itself, with that many open indices."""
    # a displacement is linear in each index, so that one step acts on each root; without a step nothing moves
    return _open_roots(rooted_forests(size, roots=indices, planted=True) if size else ())


def function(size: int) -> Readings:
    """Terms of the mean of another function of the weights."""
    return _open_roots(rooted_forests(size))


def loss_variance(size: int) -> Readings:
    """Terms of the variance of the test loss."""
    return _connected(rooted_forests(size, roots=2), in_blocks=True)


def covariance(size: int) -> Readings:
    """Terms of the covariance of the weights."""
    return _connected(rooted_forests(size, roots=2, planted=True), in_blocks=False)


READINGS: dict[Observable, Callable[[int], Readings]] = {
    TEST_LOSS: test_loss,
    TRAIN_LOSS: train_loss,
    GENERALIZATION_GAP: generalization_gap,
    DISPLACEMENT: displacement,
    LOSS_VARIANCE: loss_variance,
    COVARIANCE: covariance,
    FUNCTION: function,
}
# the words of requests
OBSERVABLES = tuple(observable.name for observable in READINGS)


def _shares(forest: Forest) -> Iterator[tuple[Partition, Coefficient]]:
    """Partitions of the steps, one of each kind, with the sign and ``1/|Aut|`` of forest and partition."""
    # a product of expansions runs over ordered pairs of trees, and forests are listed without order: hence the
    # factorial
    symmetry = forest.diagram().symmetry_factor
    for blocks, alike in forest.placements():
        yield blocks, Coefficient((-1) ** forest.size * alike * factorial(forest.roots)) / symmetry


def _weighed(placement: Placement) -> tuple[tuple[int, tuple[Placement, ...]], ...]:
    return ((1, (placement,)),)


def _joined_to_root(forest: Forest, blocks: Partition, share: Coefficient) -> Readings:
    """Terms whose root sees the data point of one of the blocks."""
    # the root's training point is that of exactly one block, or of none, which is counted apart
    for j, block in enumerate(blocks):
        joined = tuple((0, *(v + 1 for v in b)) if b is block else tuple(v + 1 for v in b) for b in blocks)
        placement = Placement(forest, blocks, with_root=j, trained_root=True)
        yield Reading(forest, joined, False, share, _weighed(placement))


def _open_roots(forests: tuple[Forest, ...] | tuple[()]) -> Readings:
    for forest in forests:
        for blocks, share in _shares(forest):
            yield Reading(forest, _shifted(blocks, forest.roots), True, share, _weighed(Placement(forest, blocks)))


def _connected(forests: tuple[Forest, ...], in_blocks: bool) -> Readings:
    """Second cumulant: the weight of two trees together less, where no block joins them, that of each alone."""
    for forest in forests:
        for blocks, share in _shares(forest):
            weights = _weighed(Placement(forest, blocks))
            parts = [part_of_root(forest, blocks, root) for root in range(2)]
            # no block reaches into both trees: the product of their means is taken off
            if sum(len(part.blocks) for part in parts) == len(blocks):
                weights += ((-1, tuple(parts)),)
            shifted = _shifted(blocks, 2)
            yield Reading(forest, (*shifted, (0,), (1,)) if in_blocks else shifted, True, share, weights)


def part_of_root(forest: Forest, blocks: Partition, root: int) -> Placement:
    """The tree of one root, its blocks cut to it; its steps keep their order."""
    label = {v: i for i, v in enumerate(forest.steps_of(root))}
    parents = tuple(-1 if forest.parents[v] < 0 else label[forest.parents[v]] for v in label)
    cut = [tuple(label[v] for v in block if v in label) for block in blocks]
    return Placement(Forest(parents), tuple(block for block in cut if block))


def _shifted(blocks: Partition, roots: int) -> Partition:
    return tuple(tuple(v + roots for v in block) for block in blocks)
