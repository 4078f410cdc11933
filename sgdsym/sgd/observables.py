r"""What is read off at the end of a run, as rooted forests: the terms of its expansion over placements.

.. math:: E\,s(\theta_T) = \sum_{(\tau,\rho)} \frac{(-\eta)^d}{|Aut(\tau,\rho)|}\; W(\tau,\rho)\;\kappa(\tau,\rho)

* ``test-loss``: the root is the mean loss, a mean tensor like that of any single node, so the choice of root is forgotten.
* ``train-loss``: the root is the loss on a random point of the training set, which other steps may have seen.
* ``generalization-gap``: test minus train.
* ``displacement``: the root is an open index.  ``covariance``: two of them.
* ``function``: the root carries the derivatives of another function.
* ``loss-variance``: variance of the test loss over training sets and draws; two roots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial

from sgdsym.diagrams import Diagram, Forest, Partition, rooted_forests
from sgdsym.series import Coefficient
from sgdsym.sgd.placement import Placement
from sgdsym.sgd.sampling import Sampling

Terms = Iterator[tuple[Diagram, Coefficient]]


def test_loss(sampling: Sampling, size: int) -> Terms:
    """Terms of the population loss at the end of the run with ``size`` steps on the diagram."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            yield forest.diagram(_shifted(blocks, 1), marked=False), sampling.weight(Placement(forest, blocks)) * share


def train_loss(sampling: Sampling, size: int) -> Terms:
    """Terms of the mean loss on the training set."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            apart = Placement(forest, blocks, trained_root=True)
            yield forest.diagram(_shifted(blocks, 1), marked=False), sampling.weight(apart) * share
            for diagram, c in _joined_to_root(sampling, forest, blocks):
                yield diagram, c * share


def generalization_gap(sampling: Sampling, size: int) -> Terms:
    """Terms of test loss minus training loss: the root shares its point with a block."""
    for forest in rooted_forests(size):
        for blocks, share in _shares(forest):
            apart = Placement(forest, blocks)
            difference = sampling.weight(apart) - sampling.weight(Placement(forest, blocks, trained_root=True))
            yield forest.diagram(_shifted(blocks, 1), marked=False), difference * share
            for diagram, c in _joined_to_root(sampling, forest, blocks):
                yield diagram, -c * share


def displacement(sampling: Sampling, size: int) -> Terms:
    """Terms of the mean displacement of the weights."""
    return _open_roots(sampling, rooted_forests(size, planted=True) if size else ())


def function(sampling: Sampling, size: int) -> Terms:
    """Terms of the mean of another function of the weights."""
    return _open_roots(sampling, rooted_forests(size))


def loss_variance(sampling: Sampling, size: int) -> Terms:
    """Terms of the variance of the test loss."""
    return _connected(sampling, rooted_forests(size, roots=2), in_blocks=True)


def covariance(sampling: Sampling, size: int) -> Terms:
    """Terms of the covariance of the weights."""
    return _connected(sampling, rooted_forests(size, roots=2, planted=True), in_blocks=False)


OBSERVABLES: dict[str, Callable[[Sampling, int], Terms]] = {
    "test-loss": test_loss,
    "train-loss": train_loss,
    "generalization-gap": generalization_gap,
    "displacement": displacement,
    "loss-variance": loss_variance,
    "covariance": covariance,
    "function": function,
}


def _shares(forest: Forest) -> Iterator[tuple[Partition, Coefficient]]:
    """Partitions of the steps, one of each kind, with the sign and ``1/|Aut|`` of forest and partition."""
    symmetry = forest.diagram().symmetry_factor
    for blocks, alike in forest.placements():
        yield blocks, Coefficient((-1) ** forest.size * alike * factorial(forest.roots)) / symmetry


def _joined_to_root(sampling: Sampling, forest: Forest, blocks: Partition) -> Terms:
    """Terms whose root sees the data point of one of the blocks."""
    for j, block in enumerate(blocks):
        joined = tuple((0, *(v + 1 for v in b)) if b is block else tuple(v + 1 for v in b) for b in blocks)
        weight = sampling.weight(Placement(forest, blocks, with_root=j, trained_root=True))
        yield forest.diagram(joined, marked=False), weight


def _open_roots(sampling: Sampling, forests: tuple[Forest, ...] | tuple[()]) -> Terms:
    for forest in forests:
        for blocks, share in _shares(forest):
            diagram = forest.diagram(_shifted(blocks, forest.roots))
            yield diagram, sampling.weight(Placement(forest, blocks)) * share


def _connected(sampling: Sampling, forests: tuple[Forest, ...], in_blocks: bool) -> Terms:
    """Second cumulant: the weight of two trees together less, where no block joins them, that of each alone."""
    for forest in forests:
        for blocks, share in _shares(forest):
            weight = sampling.weight(Placement(forest, blocks))
            parts = [_part(forest, blocks, root) for root in range(2)]
            if sum(len(part.blocks) for part in parts) == len(blocks):
                weight -= sampling.weight(parts[0]) * sampling.weight(parts[1])
            shifted = _shifted(blocks, 2)
            yield forest.diagram((*shifted, (0,), (1,)) if in_blocks else shifted), weight * share


def _part(forest: Forest, blocks: Partition, root: int) -> Placement:
    """The tree of one root, its blocks cut to it."""
    root_of: list[int] = []
    for parent in forest.parents:
        root_of.append(-1 - parent if parent < 0 else root_of[parent])
    label = {v: i for i, v in enumerate(v for v, r in enumerate(root_of) if r == root)}
    parents = tuple(-1 if forest.parents[v] < 0 else label[forest.parents[v]] for v in label)
    cut = [tuple(label[v] for v in block if v in label) for block in blocks]
    return Placement(Forest(parents), tuple(block for block in cut if block))


def _shifted(blocks: Partition, roots: int) -> Partition:
    return tuple(tuple(v + roots for v in block) for block in blocks)
