"""The expansion of a whole run as JSON text, format ``sgdsym-trajectory/1``.

.. code-block:: text

    {"format": "sgdsym-trajectory/1", "observable": "test-loss", "noise": "batch", "order": 1, "size": "B", "symbols": [],
     "optimizer": {"A": [[["1"]]], "b": [["1"]], "c": [["1"]], "read": ["1"], "start": 0, "weight_decay": "0", "schedule": null,
     "rate": ""},
     "terms": [{"order": 1, "power": 2, "coefficient": "1/2", "diagram": {…}}, …],
     "readings": [{"order": 1, "power": 0, "coefficient": "1", "vertices": [["mean", 1]],
                   "joins": [{"order": 1, "legs": [0], "noise": [], "points": []}], "placements": [[[0], []]]}, …],
     "recursion": [{"order": 1, "legs": 1, "points": 0, "terms": […]}, …]}

A term of ``terms`` is coefficient times the learning rate to ``power`` times the sum over all times of its diagram, with a
propagator on each
edge.  A term of a recursion is coefficient times the learning rate to ``power`` (signs are in the coefficient) times the tensors of its
vertices, contracted by its joins and summed over its placements.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sgdsym.series import diagram_to_data
from sgdsym.trajectories.recursion import Statement

if TYPE_CHECKING:
    from sgdsym.trajectories.expansion import Trajectory

FORMAT = "sgdsym-trajectory/1"


def write_trajectory(trajectory: Trajectory) -> str:
    """The expansion as JSON text, one term a line; equal requests give equal bytes."""
    rule, rates = trajectory.optimizer, trajectory.schedule
    head = {
        "format": FORMAT,
        "observable": trajectory.observable,
        "noise": trajectory.noise,
        "order": trajectory.order,
        "size": trajectory.size,
        "symbols": list(trajectory.symbols),
        "optimizer": {
            "A": [[[str(x) for x in row] for row in matrix] for matrix in rule.A],
            "b": [[str(x) for x in vector] for vector in rule.b],
            "c": [[str(x) for x in vector] for vector in rule.c],
            "read": [str(x) for x in rule.read],
            "start": rule.start,
            "weight_decay": str(trajectory.weight_decay),
            "schedule": rates if isinstance(rates, str) or rates is None else [str(x) for x in rates],
            "rate": trajectory.rate,
        },
    }
    lines = [json.dumps(head)[:-1]]
    drawn = [
        {
            "order": term.order,
            "power": term.power,
            "coefficient": str(term.coefficient),
            "diagram": diagram_to_data(term.diagram),
        }
        for term in trajectory.terms
    ]
    readings = [_statement(term) for terms in trajectory.readings for term in terms]
    recursion = [
        {"order": c.order, "legs": c.legs, "points": c.points, "terms": [_statement(term) for term in terms]}
        for c, terms in trajectory.recursions.items()
    ]
    for name, entries in (("terms", drawn), ("readings", readings), ("recursion", recursion)):
        lines.append(f'"{name}": [\n' + ",\n".join(map(json.dumps, entries)) + "\n]")
    return ",\n".join(lines) + "}"


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "order": statement.order,
        "power": statement.power,
        "coefficient": str(statement.weight * (-1) ** statement.power),
        "vertices": [[vertex.kind, vertex.legs] for vertex in statement.vertices],
        "joins": [
            {"order": join.order, "legs": join.legs, "noise": join.noise, "points": join.points}
            for join in statement.joins
        ],
        "placements": statement.placements,
    }
