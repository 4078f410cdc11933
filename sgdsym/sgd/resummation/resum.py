r"""From a request to its resummed series.

The sum over placements of the plain expansion, restricted to placements without links; a link weighs 1 in every
sampling, so all that it does is to put :math:`I-\eta H` on its edge.  The timing counts time-sums as opaque symbols, and what each
stands for is read back from the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sgdsym.arguments import read_choice, read_function, read_instance
from sgdsym.diagrams import Diagram, Forest, Partition, match_nodes
from sgdsym.series import Coefficient, undecided
from sgdsym.sgd.observables import READINGS, Reading
from sgdsym.sgd.request import Request, Size
from sgdsym.sgd.resummation.propagators import PropagatorTiming
from sgdsym.sgd.resummation.resummed import FORMS, Resummed
from sgdsym.sgd.resummation.time_sum import TimeSum
from sgdsym.sgd.sampling import Full, Online, Sampling


def resum(
    *,
    form: str | None = None,
    observable: str = "test-loss",
    dynamics: str = "sgd",
    sampling: str = "online",
    order: int = 3,
    steps: Size | None = None,
    dataset_size: Size | None = None,
    batch_size: Size | None = None,
    epochs: Size | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Resummed:
    r"""Resum the expansion of an observable of SGD near a point: exact in :math:`\eta T`, diagram by diagram.

    Each edge that spans :math:`\Delta` steps carries :math:`(I-\eta H)^{\Delta-1}`, :math:`H` the mean Hessian at the start.  Where the
    mean loss is quadratic and only gradients fluctuate, diagrams of up to two edges are the whole answer.

    Args:
        form: ``"discrete"``, ``"continuous"`` (:math:`e^{-\eta Ht}` and integrals over time) or ``"stationary"``
            (:math:`T\to\infty`); ``"discrete"`` if left out, ``"continuous"`` for the dynamics ``ode`` and ``sde``.
        observable: what is expanded; see :func:`sgdsym.sgd.expand`.
        dynamics: how the weights move.
        sampling: how steps draw data; ``fixed`` and ``reshuffle`` with one epoch only.
        order: the highest number of edges of the diagrams.
        steps: the number of steps :math:`T`.
        dataset_size: the number of data points :math:`N`.
        batch_size: the number of data points per step :math:`B`.
        epochs: the number of epochs, where there is a training set.
        progress: called with each finished order and its number of diagrams.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    Source: S. C. Tenka, "SGD at Small Learning Rates", section 2 (resummation), exact at finite T here.

    >>> loss = resum(order=2, batch_size=1)
    >>> for diagram, time in loss:
    ...     print(diagram.blocks, *(c for _, c in time.terms))
    ((0,),) 1
    ((0,), (1,)) -1
    ((0,), (1,), (2,)) 1/2 1
    ((0,), (1, 2)) 1/2
    """
    request = Request(
        observable=observable,
        dynamics=dynamics,
        sampling=sampling,
        order=order,
        steps=steps,
        dataset_size=dataset_size,
        batch_size=batch_size,
        epochs=epochs,
    )
    return resum_request(request, form, progress)


def resum_request(
    request: Request, form: str | None = None, progress: Callable[[int, int], None] | None = None
) -> Resummed:
    """The resummed series that a checked request asks for.

    Raises:
        ValueError: if the request has no resummed series, or the form is unknown.
    """
    read_instance("request", request, Request)
    if progress is not None:
        read_function("progress", progress)
    flows = request.setting.dynamics.is_continuous
    form = ("continuous" if flows else "discrete") if form is None else read_choice("form", form, FORMS)
    _check(request, form, flows)
    timing = PropagatorTiming(flows or form == "continuous", _unused_prefix(request))
    sizes = _one_epoch(request)
    draws, steps = _draws(request, timing, sizes)
    terms: dict[Diagram, TimeSum] = {}
    for d in range(request.order + 1):
        layer: dict[Diagram, TimeSum] = {}
        for reading in READINGS[request.setting.observable](d):
            if not (_has_link(reading) or _vanishes(reading, draws)):
                diagram, time = _term(reading, draws, timing)
                layer[diagram] = layer[diagram] + time if diagram in layer else time
        if progress:
            progress(d, len(layer))
        terms |= layer
    conditions = undecided(request.conditions, sizes)
    if timing.continuous:
        # time is any number from 0, which kernels check
        conditions = tuple(condition for condition in conditions if condition.named != (steps,))
    stationary = form == "stationary"
    return Resummed(terms, request.order, request.setting, steps, timing.continuous, stationary, conditions)


def _check(request: Request, form: str, flows: bool) -> None:
    if flows and form == "discrete":
        raise ValueError(
            f"the {request.dynamics.upper()} runs in continuous time; choose form continuous or stationary"
        )
    if rules := request.given_timing:
        raise ValueError(f"{rules[0]} is not resummed; leave it out, or expand the plain series")
    request.setting.require_plain("the resummed series")
    if request.basis != "cumulant":
        raise ValueError("the resummed series is in joint cumulants; leave the basis out")
    if request.scheme.repeats and request.epochs is not None:
        raise ValueError("the resummed series is a function of the number of steps; give steps instead of epochs")
    if form == "stationary" and request.scheme.is_in_epochs:
        raise ValueError(
            f"one epoch with sampling {request.scheme} is a finite run, which has no limit of many steps; choose form discrete"
        )
    if form == "stationary" and request.steps is not None:
        raise ValueError("the stationary form is the limit of many steps; leave the steps out")


def _unused_prefix(request: Request) -> str:
    prefix = "sum"
    while any(name.startswith(prefix) for name in request.symbols.values()):
        prefix += "s"
    return prefix


def _one_epoch(request: Request) -> dict[str, Coefficient]:
    """What one epoch over a training set puts for a size: fresh points for :math:`T = N/B` steps, written as :math:`N = TB`."""
    sizes = request.sizes
    if not request.scheme.is_in_epochs:
        return {}
    if sizes.epochs != 1:
        raise ValueError(
            f"several epochs with sampling {request.scheme} are not resummed; give epochs 1, or choose sampling replace or dynamics gd"
        )
    if not sizes.steps.symbols:
        return {}
    if "T" in request.symbols.values():
        raise ValueError("T = N/B is the number of steps of one epoch; choose another name for the size T")
    steps = Coefficient.symbol("T")
    if sizes.dataset_size.symbols:
        return {str(sizes.dataset_size): steps * sizes.batch_size}
    return {str(sizes.batch_size): sizes.dataset_size / steps}


def _draws(request: Request, timing: PropagatorTiming, put: Mapping[str, Coefficient]) -> tuple[Sampling, Coefficient]:
    """The sampling with the timing, and the number of steps."""
    sizes = request.sizes
    if not request.scheme.is_in_epochs:
        return request.drawn_with(timing), sizes.steps
    steps = sizes.steps.substitute(put)
    batch_size, dataset_size = sizes.batch_size.substitute(put), sizes.dataset_size.substitute(put)
    return Online(replace(sizes, steps=steps, batch_size=batch_size, dataset_size=dataset_size), timing), steps


def _has_link(reading: Reading) -> bool:
    """Whether a step has a data point and one neighbour besides what it acts on, both to itself."""
    roots, parents = reading.forest.roots, reading.forest.parents
    joint = {v - roots for block in reading.blocks if len(block) > 1 for v in block}
    return any(parents.count(step) == 1 and step not in joint for step in range(len(parents)))


def _vanishes(reading: Reading, draws: Sampling) -> bool:
    """Whether the reading is the covariance of two trees that share no data point where steps are drawn independently."""
    return isinstance(draws, Online | Full) and any(len(placements) > 1 for _, placements in reading.weights)


def _term(reading: Reading, draws: Sampling, timing: PropagatorTiming) -> tuple[Diagram, TimeSum]:
    """The marked diagram of a reading, and its time-sum with the edges numbered as there."""
    forest, blocks = reading.forest, reading.blocks
    if not reading.marked and not any(0 in block for block in blocks):
        blocks = (*blocks, (0,))
    diagram = forest.diagram(blocks)
    time = TimeSum(())
    for sign, placements in reading.weights:
        apart = len(placements) > 1
        product = TimeSum.collect([((), Coefficient(sign))])
        for root, placement in enumerate(placements):
            labels = forest.steps_of(root) if apart else range(forest.size)
            product *= TimeSum.read(draws.weight(placement), timing).relabelled(labels)
        time += product
    return diagram, time.scaled(reading.share).symmetrised(_edge_labels(forest, blocks, diagram))


def _edge_labels(forest: Forest, blocks: Partition, diagram: Diagram) -> list[list[int]]:
    """For each way to find the forest in the diagram the edge that each step's edge has become."""
    edges = [(-1 - p if p < 0 else p + forest.roots, v + forest.roots) for v, p in enumerate(forest.parents)]
    number: dict[Any, int] = {frozenset(edge): e for e, edge in enumerate(diagram.edges)}
    places: Sequence[tuple[int, ...]] = list(match_nodes(diagram, edges, blocks, range(forest.roots)))
    return [[number[frozenset((place[a], place[b]))] for a, b in edges] for place in places]
