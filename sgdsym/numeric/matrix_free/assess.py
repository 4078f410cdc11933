"""A loss before it is evaluated: whether it is one number, how it computes, how much memory it takes, whether it is smooth."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.automatic import AutomaticCalculus, Grounds
from sgdsym.numeric.matrix_free.calculus import Arrays, Calculus
from sgdsym.numeric.matrix_free.confirm import Finding, attempt_derivatives, confirm_derivatives
from sgdsym.numeric.matrix_free.data import Points
from sgdsym.numeric.matrix_free.kinks import POINTS, has_kinks
from sgdsym.numeric.matrix_free.plan import WORKING_SET, Held
from sgdsym.numeric.matrix_free.refusal import FinalError
from sgdsym.numeric.matrix_free.supervised import Supervised
from sgdsym.trust import TrustWarning

FEW = 8  # data points on which derivatives are compared


@dataclass(frozen=True, slots=True)
class Orders:
    """Up to which order derivatives are needed.

    Attributes:
        loss: of the loss.
        function: of the observed function.
    """

    loss: int
    function: int

    @classmethod
    def of(cls, diagrams: Iterable[Diagram]) -> Orders:
        """What some diagrams need.

        >>> Orders.of([Diagram(3, [(0, 1), (0, 2)], [(1, 2)], [0])])
        Orders(loss=1, function=2)
        """
        nodes = [(d.degrees[v], v in d.open_roots) for d in diagrams for v in range(d.nodes)]
        loss, function = (max((k for k, is_open in nodes if is_open == wanted), default=0) for wanted in (False, True))
        return cls(loss, function)


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What was found out about a loss.

    Attributes:
        calculus: the loss, in the first way to differentiate in which it can be.
        grounds: by what the evaluation is judged; nothing where the derivatives are given.
        held: what a message with 0, 1, … inputs holds in memory.
        notes: what a user should know, a line each.
    """

    calculus: Calculus
    grounds: Grounds | None
    held: tuple[Held, ...]
    notes: tuple[str, ...] = ()

    @property
    def twins(self) -> tuple[AutomaticCalculus, ...]:
        """The evaluations that show the rounding."""
        return self.grounds.twins if self.grounds is not None else ()


def assess(calculus: Calculus, data: Points, orders: Orders) -> Assessment:
    """Run a loss on one or two data points.

    Raises:
        ValueError: if it fails, is no single number, or computes in half precision.
    """
    if not isinstance(calculus, AutomaticCalculus):
        return Assessment(calculus, None, ())
    two = data.take(np.array([0, data.points - 1]))
    calculus = _first_way(calculus, two, orders)
    first = tuple(array[:1] for array in two)
    grounds = calculus.grounds(first)
    notes = [calculus.ways[calculus.way]]
    if isinstance(calculus.loss, Supervised):
        notes += calculus.loss.notes
        if calculus.reduction(two, calculus.losses(two)) == "sum":
            notes.append(
                "loss_function adds up a batch; this is the mean: a rate here is one on the sum times the batch size"
            )
    widest = grounds.checked
    highest = max(orders.loss, orders.function)
    held = tuple(_held(widest, k, first, two) for k in range(highest))
    return Assessment(calculus, grounds, held, tuple(filter(None, notes)))


def _first_way(calculus: AutomaticCalculus, two: Arrays, orders: Orders) -> AutomaticCalculus:
    """The loss in the first way to differentiate in which everything can be computed."""
    for way in range(calculus.way, len(calculus.ways)):
        candidate = replace(calculus, way=way)
        try:
            loss = candidate.losses(two)
            if loss.ndim != 1:
                raise FinalError(
                    f"the loss of one data point must be one number, not an array of shape {loss.shape[1:]}"
                )
            for part, order in ((candidate, orders.loss), (candidate.observing(), orders.function)):
                if order:
                    attempt_derivatives(part, two, order)
        except FinalError:
            raise
        except ValueError:
            if way == len(calculus.ways) - 1:
                raise
        else:
            return candidate
    raise AssertionError("there is a last way")


def _held(calculus: AutomaticCalculus, inputs: int, first: Arrays, two: Arrays) -> Held:
    one, both = calculus.held_bytes(inputs, first), calculus.held_bytes(inputs, two)
    each = max(0, both - one)
    return Held(max(0, one - each), each)


def check_derivatives(assessed: Assessment, data: Points, orders: Orders, seed: int) -> Assessment:
    """Compare the derivatives that a series needs with differences, on a few data points.

    Where a way to differentiate is wrong, the next one is tried.

    Returns:
        The loss in the first way that is right.

    Raises:
        ValueError: naming the order where they do not agree, and the operator where it can be found.
    """
    examples = data.take(np.sort(np.random.default_rng(seed).permutation(data.points)[:FEW]))
    disagreement = _disagreement(assessed, examples, orders)
    current, found = assessed, disagreement
    while found is not None:
        calculus = current.calculus
        assert isinstance(calculus, AutomaticCalculus)
        # the gradient is taken alike in every way, and what is random or jumps is so, too
        if found[0].order == 1 or not found[0].decided or calculus.way + 1 == len(calculus.ways):
            break
        try:
            current = assess(replace(calculus, way=calculus.way + 1), data, orders)
        except ValueError:
            break
        found = _disagreement(current, examples, orders)
    if found is None or disagreement is None:
        return current
    finding, what, calculus = disagreement
    raise ValueError(_refusal(finding, what, _culprit(calculus, finding, examples), calculus.framework))


def _disagreement(
    assessed: Assessment, examples: Arrays, orders: Orders
) -> tuple[Finding, str, AutomaticCalculus] | None:
    """Where derivatives and differences do not agree, of what, and as what evaluates it."""
    grounds = assessed.grounds
    if grounds is None:
        return None
    plain = replace(grounds.checked, legs=None)
    checked = {"loss": (plain, orders.loss), "function": (plain.observing(), orders.function)}
    for what, (calculus, order) in checked.items():
        if not order:
            continue
        at_once = max(1, WORKING_SET // max(1, assessed.held[order - 1].on(1)))
        found = confirm_derivatives(calculus, grounds.precision, examples, order, at_once)
        if found is not None:
            return found, what, calculus
    return None


def warn_of_kinks(assessed: Assessment, data: Points, orders: Orders, seed: int) -> None:
    """Say so where the loss has kinks and a series is made of its curvature."""
    grounds = assessed.grounds
    if grounds is None or orders.loss < 2:
        return
    examples = data.take(np.sort(np.random.default_rng(seed).permutation(data.points)[:POINTS]))
    # one step of the differences at a time, so that this takes less memory than what the plan counts
    at_once = min(POINTS, max(1, WORKING_SET // max(1, assessed.held[0].on(1))))
    if has_kinks(grounds.checked, grounds.precision.epsilon, examples, at_once):
        warnings.warn(
            "the gradient of the loss jumps beside these parameters (ReLU, max-pooling, |x|): no derivative sees the other side of "
            "a kink, so the series is not that of training; use a smooth loss, such as GELU or softplus in place of ReLU",
            TrustWarning,
            stacklevel=2,
        )


def _culprit(calculus: AutomaticCalculus, found: Finding, examples: Arrays) -> str | None:
    """The operator, unless the loss cannot be taken apart."""
    try:
        return calculus.culprit(found.order, examples) if found.decided else None
    except ValueError:
        return None


def _refusal(found: Finding, what: str, culprit: str | None, framework: str) -> str:
    if not found.decided:
        return (
            f"the derivatives of order {found.order} of the {what} cannot be confirmed: it is random, jumps, or rounds too "
            "much; make it smooth and deterministic, and compute in float64, or ask for a lower order"
        )
    if found.order == 1 and found.given == 0:
        return (
            f"the {what} changes with the parameters, but its gradient is 0: something cuts it off "
            "(no_grad, detach, stop_gradient, rounding, an own rule); take that out"
        )
    where = f"{culprit}: " if culprit else ""
    return (
        f"{where}derivatives of order {found.order} of the {what} as {framework} gives them are wrong "
        f"({found.given:.6g} where differences of order {found.order - 1} give {found.differences:.6g}); "
        "use another operator, no detach and no own rule, or a lower order"
    )
