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
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sgdsym.diagrams import MAX_ORDER, Diagram
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
from sgdsym.sgd.resummation.resummed import FORMS, Resummed
from sgdsym.sgd.resummation.time_sum import Difference, TimeSum

FORMAT = "sgdsym-resummed/1"
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
    }
    lines = (json.dumps(_term_to_data(diagram, time)) for diagram, time in resummed)
    return json.dumps(head)[:-1] + ', "terms": [\n' + ",\n".join(lines) + "\n]}"


def read_resummed(text: str) -> Resummed:
    """Read what :func:`write_resummed` wrote.

    Raises:
        ValueError: naming what is missing or wrong.

    >>> from sgdsym.sgd.resummation import resum
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
    except ValueError as error:
        raise ValueError(f"not a resummed series: {error}") from error
    resummed = Resummed(terms, order, setting, steps, continuous, stationary)
    sizes = set(resummed.symbols) - (steps.symbols if continuous else set())
    return replace(resummed, conditions=named_conditions(setting, sizes))


def _term_to_data(diagram: Diagram, time: TimeSum) -> dict[str, Any]:
    parts = [
        {"coefficient": str(c), "differences": [{"front": d.front, "nodes": d.nodes} for d in product]}
        for product, c in time.terms
    ]
    return {"order": diagram.order, "diagram": diagram_to_data(diagram), "time": parts}


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
    return Difference(front, tuple(nodes)).relabelled(range(diagram.order))


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
