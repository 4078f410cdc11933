r"""From a request to its resummed series.

The sum over placements of the plain expansion, restricted to placements without links; a link weighs 1 in every
sampling, so all that it does is to put :math:`I-\eta H` on its edge, or what an optimiser makes of it.  The timing counts time-sums
as opaque symbols, and what each stands for is read back from the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sgdsym.arguments import read_choice, read_function, read_instance
from sgdsym.diagrams import Diagram, Forest, Partition, match_nodes
from sgdsym.resummation.laws import EdgeLaw
from sgdsym.resummation.propagators import PropagatorTiming
from sgdsym.resummation.resummed import FORMS, Resummed, check_limit
from sgdsym.resummation.time_sum import TimeSum
from sgdsym.series import FIXED, Coefficient, Condition, undecided
from sgdsym.sgd.observables import READINGS, Reading
from sgdsym.sgd.options import Number, Size
from sgdsym.sgd.request import Request
from sgdsym.sgd.sampling import Full, Online, Sampling, Sizes
from sgdsym.times.optimizers import LinearOptimizer


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
    momentum: Number = 0,
    nesterov: bool = False,
    schedule: Sequence[Number] | None = None,
    delay: int = 0,
    average: Number | None = None,
    optimizer: LinearOptimizer | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Resummed:
    r"""Resum the expansion of an observable of SGD near a point: exact in :math:`\eta T`, diagram by diagram.

    Each edge that spans :math:`\Delta` steps carries :math:`(I-\eta H)^{\Delta-1}`, :math:`H` the mean Hessian at the start.  Where the
    mean loss is quadratic and only gradients fluctuate, diagrams of up to two edges are the whole answer.  With momentum an edge
    carries powers of the two roots of :math:`r^2-(1+\mu-\eta h)r+\mu`, with another optimiser those of its own polynomial; updates that
    differ, by a schedule, are followed one by one by the kernels.

    Args:
        form: ``"discrete"``, ``"continuous"`` (:math:`e^{-\eta Ht}` and integrals over time) or ``"stationary"``
            (:math:`T\to\infty`, of epochs where there are such); ``"discrete"`` if left out, ``"continuous"`` for the dynamics
            ``ode`` and ``sde``.
        observable: what is expanded; see :func:`sgdsym.sgd.expand`.
        dynamics: how the weights move.
        sampling: how steps draw data.
        order: the highest number of edges of the diagrams.
        steps: the number of steps :math:`T`.
        dataset_size: the number of data points :math:`N`.
        batch_size: the number of data points per step :math:`B`.
        epochs: the number of epochs, where there is a training set.
        momentum: :math:`\mu`.
        nesterov: whether the momentum looks ahead.
        schedule: the learning rate of each update, times :math:`\eta`, as numbers.
        delay: by how many updates gradients are late.
        average: what average of the weights is read; see :func:`sgdsym.sgd.expand`.
        optimizer: any other update rule.
        progress: called with each finished order and its number of diagrams.

    Raises:
        ValueError: saying which option is wrong and what it may be.

    Source: [Tenka2020]_, section 2 (resummation), exact at finite T here.

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
        momentum=momentum,
        nesterov=nesterov,
        schedule=schedule,  # type: ignore[arg-type]
        delay=delay,
        average=average,
        optimizer=optimizer,
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
    in_epochs = request.scheme.is_in_epochs and request.sizes.epochs != 1
    put = _lengths(request, form, in_epochs)
    rule = _rule(request, in_epochs, put)
    law, updates = (rule, None) if isinstance(rule, EdgeLaw) else (EdgeLaw(), rule)
    if form == "stationary":
        check_limit(law, updates)
    timing = PropagatorTiming(flows or form == "continuous", _unused_prefix(request), in_epochs or updates is not None)
    sizes = {name: getattr(request.sizes, name).substitute(put) for name in ("steps", "batch_size", "dataset_size")}
    draws = _draws(request, timing, Sizes(**sizes, epochs=request.sizes.epochs.substitute(put)), in_epochs)
    steps = sizes["steps"]
    terms: dict[Diagram, TimeSum] = {}
    for d in range(request.order + 1):
        layer: dict[Diagram, TimeSum] = {}
        for reading in READINGS[request.setting.observable](d):
            # links are in the edges already
            if not (_has_link(reading) or _vanishes(reading, draws)):
                diagram, time = _term(reading, draws, timing)
                layer[diagram] = layer[diagram] + time if diagram in layer else time
        if progress:
            progress(d, len(layer))
        terms |= layer
    conditions = undecided(request.conditions, put)
    if timing.continuous:
        # time is any number from 0, which kernels check
        conditions = tuple(condition for condition in conditions if condition.named != (steps,))
    if request.average == "uniform" and steps.symbols:
        conditions += (Condition(steps, "a uniform average needs at least one step, not {0}", (steps,), 1),)
    stationary = form == "stationary"
    if stationary and in_epochs:
        conditions = tuple(condition for condition in conditions if condition.named != (request.sizes.epochs,))
    return Resummed(
        terms,
        request.order,
        request.setting,
        steps,
        timing.continuous,
        stationary,
        conditions,
        law,
        draws.sizes.batches if in_epochs else None,
        updates,
    )


def _check(request: Request, form: str, flows: bool) -> None:
    if flows and form == "discrete":
        raise ValueError(
            f"the {request.dynamics.upper()} runs in continuous time; choose form continuous or stationary"
        )
    if form == "continuous" and (rules := request.given_rules):
        raise ValueError(f"{rules[0]} is for discrete steps; choose form discrete or stationary")
    others = [word for word in request.given_timing if word not in request.given_rules]
    if others:
        raise ValueError(f"{others[0]} is not resummed; leave it out, or expand the plain series")
    request.setting.require_plain("the resummed series")
    if request.basis != "cumulant":
        raise ValueError("the resummed series is in joint cumulants; leave the basis out")
    if request.scheme.repeats and request.epochs is not None:
        raise ValueError("the resummed series is a function of the number of steps; give steps instead of epochs")
    epochs = request.sizes.epochs
    if request.scheme.is_in_epochs and form == "stationary" and request.epochs is not None:
        count = "one epoch" if epochs == 1 else f"{epochs} epochs"
        raise ValueError(
            f"{count} with sampling {request.scheme} is a finite run, which has no limit of many steps; choose form discrete"
        )
    if form == "stationary" and request.steps is not None:
        raise ValueError("the stationary form is the limit of many steps; leave the steps out")


def _unused_prefix(request: Request) -> str:
    prefix = "sum"
    while any(name.startswith(prefix) for name in request.symbols.values()):
        prefix += "s"
    return prefix


def _lengths(request: Request, form: str, in_epochs: bool) -> dict[str, Coefficient]:
    r"""What is put for a size, so that the number of steps is one symbol :math:`T`.

    One epoch over a training set is fresh points for :math:`T = N/B` steps, written as :math:`N = TB`; several are
    :math:`E = TB/N` where the number of epochs is a symbol.
    """
    sizes = request.sizes
    if not request.scheme.is_in_epochs or not sizes.steps.symbols or request.steps is not None:
        return {}
    if in_epochs and form == "stationary":
        return {}
    epochs = sizes.epochs if in_epochs else Coefficient(1)
    if "T" in request.symbols.values():
        length = "T = E N/B is the number of steps" if in_epochs else "T = N/B is the number of steps of one epoch"
        raise ValueError(f"{length}; choose another name for the size T")
    steps = Coefficient.symbol("T")
    if epochs.symbols:
        return {str(epochs): steps * sizes.batch_size / sizes.dataset_size}
    if sizes.dataset_size.symbols:
        return {str(sizes.dataset_size): steps * sizes.batch_size / epochs}
    return {str(sizes.batch_size): epochs * sizes.dataset_size / steps}


def law_of(request: Request) -> EdgeLaw:
    """What edges carry, for a request whose updates are alike: a register for each update of a delay would take long.

    >>> law_of(Request(momentum="mu")).is_plain
    False
    """
    return EdgeLaw.of(replace(request, delay=0).update_rule).delayed(request.delay)


def _rule(request: Request, in_epochs: bool, put: Mapping[str, Coefficient]) -> EdgeLaw | LinearOptimizer:
    """What edges carry, or the updates where they differ.

    Raises:
        ValueError: if updates that differ are to be followed over epochs whose length or order is not known.
    """
    rule = request.listed_rule.substitute(put)
    if isinstance(request.schedule, str):
        raise ValueError(
            f"the rates {request.schedule} are unknown, and kernels follow numbers: give the schedule as a list"
        )
    if rule.updates is None and not (rule.start and in_epochs):
        return law_of(request).substitute(put)
    what = request.given_rules[0]
    if in_epochs and request.scheme == FIXED:
        raise ValueError(
            f"{what} over several epochs in a fixed order is not resummed; choose sampling reshuffle, or give epochs 1"
        )
    if request.sizes.steps.symbols:
        raise ValueError(
            f"{what} over several epochs is followed update by update; give numbers for the sizes of the run"
        )
    return rule


def _draws(request: Request, timing: PropagatorTiming, sizes: Sizes, in_epochs: bool) -> Sampling:
    """The sampling with the timing."""
    # one epoch of a training set is as many fresh points
    if in_epochs or not request.scheme.is_in_epochs:
        return replace(request.drawn_with(timing), sizes=sizes)
    return Online(sizes, timing)


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
        # a product of two time-sums has the edges of one tree each
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
