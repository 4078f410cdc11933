r"""Resummed series as JSON text, format ``sgdsym-resummed/1``, and back.

.. code-block:: text

    {"format": "sgdsym-resummed/1", "observable": "test-loss", "dynamics": "sgd", "sampling": "online", "basis": "cumulant",
     "form": "discrete", "order": 2, "steps": "T", "symbols": ["B", "T"], "terms": [
    {"order": 2, "diagram": {…}, "time": [{"coefficient": "1/(2*B)", "differences": [{"front": [], "nodes": [[], [0, 1]]}]}]}]}

The value is the sum over the terms of :math:`\eta^{order}` times the diagram's tensors in an eigenbasis of the Hessian, one
eigen-index for each entry of the diagram's ``edges``, times the sum over ``time`` of coefficient times differences.  A
difference with front :math:`F` and nodes :math:`n_0, …, n_k`, lists of places in ``edges``, is
:math:`\prod_{e\in F} r_e\,[R_0, …, R_k]\,x^T` with :math:`R_i = \prod_{e\in n_i} r_e`, :math:`r_e = 1-\eta h_e`; in continuous time
:math:`[R_0, …, R_k]\,e^{xT}` with :math:`R_i = -\eta\sum_{e\in n_i} h_e`; in the stationary form its limit for many steps, of
continuous time where the key ``"continuous"`` is true.

Another optimiser has a key more: ``"law"``, the coefficients of the polynomials of :class:`~sgdsym.resummation.EdgeLaw`, the lowest
first, whose zeros each :math:`r_e` is summed over; or ``"updates"``, the arrays of :class:`~sgdsym.sgd.LinearOptimizer` where updates
differ.  Runs of several epochs have the key ``"slots"``, the number of updates in each, and differences that say the ``"epochs"``, and
where slots are the same in each the ``"slots"``, of their levels: see :class:`~sgdsym.resummation.Difference`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sgdsym.diagrams import MAX_ORDER, Diagram
from sgdsym.resummation.laws import EdgeLaw
from sgdsym.resummation.resummed import FORMS, Resummed, check_limit
from sgdsym.resummation.time_sum import Difference, TimeSum
from sgdsym.series import (
    Coefficient,
    diagram_from_data,
    diagram_to_data,
    field,
    integer_field,
    integers,
    list_field,
    named_conditions,
    read_object,
    read_setting,
    shown,
    text_field,
    word_field,
)
from sgdsym.times.optimizers import LONGEST_DELAY, MOST_UPDATES, LinearOptimizer

FORMAT = "sgdsym-resummed/1"
_POLYNOMIALS = ("gain", "memory", "root_gain", "root_memory")
MOST_REGISTERS = 2 * LONGEST_DELAY  # of an optimiser, and terms of its polynomials
_STEPS_TERMS = 4  # of the number of steps, and its highest exponent


def write_resummed(resummed: Resummed) -> str:
    """The resummed series as JSON text, one term a line; equal series give equal bytes."""
    head = {
        "format": FORMAT,
        **resummed.setting.words,
        "basis": "cumulant",
        "form": resummed.form,
        **({"continuous": resummed.continuous} if resummed.stationary else {}),
        "order": resummed.truncation,
        "steps": str(resummed.steps),
        "symbols": list(resummed.symbols),
        **_rule_to_data(resummed),
    }
    lines = (json.dumps(_term_to_data(diagram, time)) for diagram, time in resummed)
    return json.dumps(head)[:-1] + ', "terms": [\n' + ",\n".join(lines) + "\n]}"


def read_resummed(text: str) -> Resummed:
    """Read what :func:`write_resummed` wrote.

    Raises:
        ValueError: naming what is missing or wrong.

    >>> from sgdsym.sgd import resum
    >>> series = resum(order=2)
    >>> read_resummed(write_resummed(series)) == series
    True
    """
    data = read_object(text, FORMAT, "a resummed series")
    try:
        setting = read_setting(data)
        word_field(data, "basis", ("cumulant",))
        form = word_field(data, "form", FORMS)
        stationary = form == "stationary"
        continuous = _truth_field(data, "continuous") if stationary else form == "continuous"
        order = integer_field(data, "order", 0, MAX_ORDER)
        steps = _read_steps(text_field(data, "steps"))
        terms = dict(_read_term(term) for term in list_field(data, "terms"))
        law, slots, updates = _read_rule(data)
        _check_rule(terms, continuous, slots, updates, steps)
        if stationary:
            check_limit(law, updates)
    except ValueError as error:
        raise ValueError(f"not a resummed series: {error}") from error
    resummed = Resummed(terms, order, setting, steps, continuous, stationary, (), law, slots, updates)
    sizes = set(resummed.symbols) - (steps.symbols if continuous else set())
    return replace(resummed, conditions=named_conditions(setting, sizes))


def _term_to_data(diagram: Diagram, time: TimeSum) -> dict[str, Any]:
    parts = [
        {"coefficient": str(c), "differences": [_difference_to_data(d) for d in product]} for product, c in time.terms
    ]
    return {"order": diagram.order, "diagram": diagram_to_data(diagram), "time": parts}


def _difference_to_data(difference: Difference) -> dict[str, Any]:
    data: dict[str, Any] = {"front": difference.front, "nodes": difference.nodes}
    return data | {name: found for name in ("epochs", "slots") if (found := getattr(difference, name))}


def _rule_to_data(resummed: Resummed) -> dict[str, Any]:
    """What edges carry, where steps are not plain."""
    data: dict[str, Any] = {}
    if not resummed.law.is_plain:
        law = resummed.law
        data["law"] = {name: [str(c) for c in getattr(law, name)] for name in _POLYNOMIALS} | {"start": law.start}
    if resummed.slots is not None:
        data["slots"] = str(resummed.slots)
    if (rule := resummed.updates) is not None:
        data["updates"] = {
            "A": [[[str(x) for x in row] for row in matrix] for matrix in rule.A],
            "b": [[str(x) for x in row] for row in rule.b],
            "c": [[str(x) for x in row] for row in rule.c],
            "read": [str(x) for x in rule.read],
            "start": rule.start,
            "alike": not rule.listed,
        }
    return data


def _read_rule(data: dict[str, Any]) -> tuple[EdgeLaw, Coefficient | None, LinearOptimizer | None]:
    """What edges carry, the updates in each epoch, and the updates where they differ."""
    law, updates = EdgeLaw(), None
    if "law" in data:
        given = data["law"]
        gain, memory, root_gain, root_memory = (_coefficients(list_field(given, name), name) for name in _POLYNOMIALS)
        law = EdgeLaw(gain, memory, root_gain, root_memory, integer_field(given, "start", 0, LONGEST_DELAY))
        # a gradient acts after its step: the series in 1/x begins with 1/x
        proper = len(gain) < len(memory) and len(root_gain) < len(memory) + len(root_memory) - 1
        if not proper or law.memory[-1] != 1 or law.root_memory[-1] != 1:
            raise ValueError(
                "law must hold fractions of polynomials whose denominators are of higher degree and begin with 1"
            )
    if "updates" in data:
        given = data["updates"]
        if "law" in data:
            raise ValueError("law and updates say the same; give one of them")
        arrays: list[Any] = [
            [[_coefficients(row, "A") for row in _rows(matrix, "A")] for matrix in list_field(given, "A")],
            *([_coefficients(row, name) for row in list_field(given, name)] for name in ("b", "c")),
            _coefficients(list_field(given, "read"), "read"),
        ]
        if not all(arrays) or max(map(len, arrays)) > MOST_UPDATES:
            raise ValueError(f"updates must hold 1 to {MOST_UPDATES} of each")
        start = integer_field(given, "start", 0, LONGEST_DELAY)
        if _truth_field(given, "alike"):
            if max(map(len, arrays[:3])) > 1:
                raise ValueError("updates that are alike are given once")
            arrays = [*(array[0] for array in arrays[:3]), arrays[3]]
        updates = LinearOptimizer.from_registers(*arrays, start=start)
    slots = _read_steps(text_field(data, "slots")) if "slots" in data else None
    return law, slots, updates


def _rows(matrix: Any, name: str) -> list[Any]:
    if not isinstance(matrix, list) or len(matrix) > MOST_REGISTERS:
        raise ValueError(f"{name} must hold matrices of 1 to {MOST_REGISTERS} rows, not {shown(matrix)}")
    return matrix


def _coefficients(given: Any, name: str) -> tuple[Coefficient, ...]:
    """A list of coefficients, written as text."""
    if (
        not isinstance(given, list)
        or not 0 < len(given) <= MOST_REGISTERS
        or not all(isinstance(x, str) for x in given)
    ):
        raise ValueError(f"{name} must hold lists of 1 to {MOST_REGISTERS} coefficients as text, not {shown(given)}")
    return tuple(map(Coefficient.parse, given))


def _check_rule(
    terms: dict[Diagram, TimeSum],
    continuous: bool,
    slots: Coefficient | None,
    updates: LinearOptimizer | None,
    steps: Coefficient,
) -> None:
    """Refuse rules and time-sums that do not go together."""
    found = [d for time in terms.values() for product, _ in time.terms for d in product if len(d.nodes) > 1]
    ordered = slots is not None or updates is not None
    if continuous and ordered:
        raise ValueError("continuous time has no epochs and no updates; leave them out")
    if any(bool(d.epochs) != ordered for d in found):
        raise ValueError("differences say the epochs of their levels where there are epochs, or updates that differ")
    if updates is not None:
        slots = Coefficient(1) if slots is None else slots
        numbers = (steps, slots, steps / slots) if slots else ()
        if not numbers or any(x.symbols or x.as_fraction().denominator > 1 or x.as_fraction() < 0 for x in numbers):
            raise ValueError("updates that differ need the number of steps, and of those in each epoch")
        if updates.updates not in (None, steps):
            raise ValueError(f"there are {updates.updates} updates, and {steps} steps")
        if any(d.slots for d in found):
            raise ValueError("updates that differ are not followed over slots that are the same in every epoch")


def _read_term(term: Any) -> tuple[Diagram, TimeSum]:
    """A term whose diagram is in canonical form, since the time-sum counts its edges."""
    diagram = diagram_from_data(field(term, "diagram"))
    written = [tuple(edge) for edge in term["diagram"]["edges"]]
    if written != list(diagram.edges) or integer_field(term, "order", 0, MAX_ORDER) != diagram.order:
        raise ValueError(
            f"the edges of {shown(diagram)} are not in the order of sgdsym, so the time-sum cannot be read"
        )
    parts = (
        (
            [_read_difference(difference, diagram) for difference in list_field(part, "differences")],
            Coefficient.parse(text_field(part, "coefficient")),
        )
        for part in list_field(term, "time")
    )
    return diagram, TimeSum.collect(parts)


def _read_difference(data: Any, diagram: Diagram) -> Difference:
    """A difference over no more levels than the diagram has edges, each of which passes each level at most once."""
    last = diagram.order - 1
    nodes = [integers(node, "nodes", 0, last) for node in list_field(data, "nodes")]
    front = integers(list_field(data, "front"), "front", 0, last)
    if not 1 <= len(nodes) <= diagram.order + 1 or max(map(len, (front, *nodes))) > diagram.order**2:
        raise ValueError(f"a difference has 1 to {diagram.order + 1} nodes and an edge once a level: {shown(data)}")
    levels = len(nodes) - 1
    epochs, slots = (
        integers(list_field(data, name), name, least, diagram.order) if name in data else ()
        for name, least in (("epochs", 1), ("slots", 0))
    )
    if (epochs and sum(epochs) != levels) or (slots and len(slots) != levels) or (slots and not epochs):
        raise ValueError(f"epochs and slots of a difference tell those of its levels: {shown(data)}")
    if epochs and not _is_contiguous(nodes):
        raise ValueError(f"an edge is open in gaps beside each other: {shown(data)}")
    return Difference(front, tuple(nodes), epochs, slots).relabelled(range(diagram.order))


def _is_contiguous(nodes: Sequence[Sequence[int]]) -> bool:
    """Whether each edge is in nodes beside each other, once in each, and in the last or before it."""
    for edge in {e for node in nodes for e in node}:
        places = [i for i, node in enumerate(nodes) for e in node if e == edge]
        if places != list(range(places[0], places[-1] + 1)) or places[0] == 0:
            return False
    return True


def _read_steps(text: str) -> Coefficient:
    """The number of steps, which a series is a high power of: a short polynomial."""
    steps = Coefficient.parse(text)
    short = len(steps.monomials()) <= _STEPS_TERMS
    if steps.poles or not short or any(abs(e) > _STEPS_TERMS for _, powers in steps.monomials() for _, e in powers):
        raise ValueError(f"steps must be a number, a symbol or a short polynomial, not {shown(text)}")
    return steps


def _truth_field(data: dict[str, Any], name: str) -> bool:
    found = field(data, name)
    if not isinstance(found, bool):
        raise ValueError(f"{name} must be true or false, not {shown(found)}")
    return found
