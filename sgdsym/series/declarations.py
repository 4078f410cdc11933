"""The sums over a schedule behind the symbols of a series, as a field of its JSON text, and back.

Sums over one run stand together, below what a gradient is worth later there; every field is checked.
"""

from __future__ import annotations

from typing import Any

from sgdsym.series.coefficient import Coefficient
from sgdsym.series.fields import HIGHEST_ORDER, field, integer_field, integers, list_field, shown, text_field
from sgdsym.series.sums import Matrix, Recursion, ScheduleSum, Sums, Vector, schedule_name

# the longest delay takes 100 registers more than an optimiser has; each level has a step, but for that of a reading, so that levels
# are no more than the nodes of a diagram
MOST_REGISTERS, MOST_SUMS, MOST_LEVELS = 200, 100_000, HIGHEST_ORDER + 2


def sums_to_data(sums: Sums) -> list[dict[str, Any]]:
    """The sums as nested lists, one entry for each run."""
    groups: dict[Recursion, list[ScheduleSum]] = {}
    for known in sums.values():
        groups.setdefault(known.recursion, []).append(known)
    return [
        {
            "schedule": recursion.schedule,
            "steps": str(recursion.steps),
            "slots": str(recursion.slots),
            "A": [*map(_texts, recursion.still)],
            "A_rate": [*map(_texts, recursion.moving)],
            "b": _texts(recursion.gain),
            "b_rate": _texts(recursion.rated),
            "c": _texts(recursion.point),
            "read": _texts(recursion.read),
            "start": recursion.start,
            "sums": [
                {
                    "name": known.name,
                    "exponents": known.roots,
                    "edges": known.edges,
                    "epochs": known.epochs,
                    "ranks": known.slots,
                    "read_at_last": known.reads,
                }
                for known in members
            ],
        }
        for recursion, members in groups.items()
    ]


def sums_from_data(data: Any) -> dict[str, ScheduleSum]:
    """Read what :func:`sums_to_data` wrote.

    Raises:
        ValueError: naming what is missing or wrong.
    """
    if not isinstance(data, list):
        raise ValueError(f"missing or misshapen entry: schedules must be a list, not {shown(data)}")
    found: dict[str, ScheduleSum] = {}
    for group in data:
        recursion = _read_recursion(group)
        for entry in list_field(group, "sums"):
            known = _read_sum(recursion, entry)
            if text_field(entry, "name") != known.name:
                raise ValueError(f"the sum {shown(entry['name'])} is that which is called {known.name}")
            found[known.name] = known
            if len(found) > MOST_SUMS:
                raise ValueError(f"there are more than {MOST_SUMS} sums over schedules")
    # rates are given under one name, one for each update, so that all sums must be over the same ones
    if len({(known.recursion.schedule, known.recursion.steps) for known in found.values()}) > 1:
        raise ValueError("all sums over schedules must be over one schedule of one length")
    return found


def _read_recursion(group: Any) -> Recursion:
    recursion = Recursion(
        schedule_name(text_field(group, "schedule")),
        _matrix(group, "A"),
        _matrix(group, "A_rate"),
        _vector(field(group, "b"), "b"),
        _vector(field(group, "b_rate"), "b_rate"),
        _vector(field(group, "c"), "c"),
        _vector(field(group, "read"), "read"),
        integer_field(group, "start", 0, MOST_REGISTERS),
        Coefficient.parse(text_field(group, "slots")),
        Coefficient.parse(text_field(group, "steps")),
    )
    recursion.check()
    return recursion


def _read_sum(recursion: Recursion, entry: Any) -> ScheduleSum:
    edges = [integers(edge, "edges", 0, MOST_LEVELS) for edge in list_field(entry, "edges")]
    if any(len(edge) != 2 for edge in edges) or len(edges) > HIGHEST_ORDER:
        raise ValueError(f"missing or misshapen entry: edges must be up to {HIGHEST_ORDER} pairs of levels")
    reads = field(entry, "read_at_last")
    if not isinstance(reads, bool):
        raise ValueError(f"missing or misshapen entry: read_at_last must be true or false, not {shown(reads)}")
    known = ScheduleSum(
        recursion,
        integers(field(entry, "exponents"), "exponents", 0, HIGHEST_ORDER),
        tuple((low, high) for low, high in edges),
        integers(field(entry, "epochs"), "epochs", 1, MOST_LEVELS),
        integers(field(entry, "ranks"), "ranks", 0, MOST_LEVELS),
        reads,
    )
    known.check()
    return known


def _texts(vector: Vector) -> list[str]:
    return [str(x) for x in vector]


def _matrix(group: Any, name: str) -> Matrix:
    rows = list_field(group, name)
    if len(rows) > MOST_REGISTERS:
        raise ValueError(f"missing or misshapen entry: {name} has more than {MOST_REGISTERS} rows")
    return tuple(_vector(row, name) for row in rows)


def _vector(values: Any, name: str) -> Vector:
    if not isinstance(values, list) or len(values) > MOST_REGISTERS or not all(isinstance(x, str) for x in values):
        raise ValueError(
            f"missing or misshapen entry: {name} must hold lists of up to {MOST_REGISTERS} texts, not {shown(values)}"
        )
    return tuple(map(Coefficient.parse, values))
