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

from sgdsym.arguments import quoted
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Setting, diagram_from_data, diagram_to_data, named_conditions, read_object
from sgdsym.sgd.resummation.resummed import FORMS, Resummed
from sgdsym.sgd.resummation.time_sum import Difference, TimeSum

FORMAT = "sgdsym-resummed/1"


def write_resummed(resummed: Resummed) -> str:
    """The resummed series as JSON text, one term a line; equal series give equal bytes."""
    setting = resummed.setting
    head = {
        "format": FORMAT,
        "observable": setting.observable,
        "dynamics": setting.dynamics,
        "sampling": setting.sampling,
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
        setting = Setting(str(data["observable"]), str(data["dynamics"]), str(data["sampling"]))
        if data["form"] not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, not {quoted(data['form'])}")
        stationary = data["form"] == "stationary"
        continuous = bool(data["continuous"]) if stationary else data["form"] == "continuous"
        terms = dict(_read_term(term) for term in data["terms"])
        order, steps = int(data["order"]), Coefficient.parse(data["steps"])
        resummed = Resummed(terms, order, setting, steps, continuous, stationary)
        sizes = set(resummed.symbols) - (steps.symbols if continuous else set())
        return replace(resummed, conditions=named_conditions(setting, sizes))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a resummed series: missing or misshapen entry ({quoted(error)})") from error


def _term_to_data(diagram: Diagram, time: TimeSum) -> dict[str, Any]:
    parts = [
        {"coefficient": str(c), "differences": [{"front": d.front, "nodes": d.nodes} for d in product]}
        for product, c in time.terms
    ]
    return {"order": diagram.order, "diagram": diagram_to_data(diagram), "time": parts}


def _read_term(term: dict[str, Any]) -> tuple[Diagram, TimeSum]:
    """A term whose diagram is in canonical form, since the time-sum counts its edges."""
    diagram = diagram_from_data(term["diagram"])
    written = [tuple(edge) for edge in term["diagram"]["edges"]]
    if written != list(diagram.edges) or term["order"] != diagram.order:
        raise ValueError(
            f"the edges of {quoted(diagram)} are not in the order of sgdsym, so the time-sum cannot be read"
        )
    labels = range(diagram.order)
    parts = (
        (
            [
                Difference(tuple(d["front"]), tuple(map(tuple, d["nodes"]))).relabelled(labels)
                for d in part["differences"]
            ],
            Coefficient.parse(part["coefficient"]),
        )
        for part in term["time"]
    )
    return diagram, TimeSum.collect(parts)
