"""Series as JSON text, format ``sgdsym-series/1``, and back.

Terms are sorted and keys ordered, so equal series give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sgdsym.diagrams import Diagram
from sgdsym.series.bases import BASES, Basis, collect
from sgdsym.series.coefficient import Coefficient
from sgdsym.series.declarations import sums_from_data, sums_to_data
from sgdsym.series.fields import (
    HIGHEST_ORDER,
    field,
    integer_field,
    integers,
    list_field,
    read_object,
    text_field,
    word_field,
)
from sgdsym.series.setting import Setting
from sgdsym.series.sums import ScheduleSum

if TYPE_CHECKING:
    from sgdsym.series.series import Series

FORMAT = "sgdsym-series/1"


def write_series(series: Series) -> str:
    """The series as JSON text, one term a line."""
    words = ", ".join(f'"{part}": {json.dumps(word)}' for part, word in series.setting.words.items())
    if decay := series.setting.weight_decay:
        words += f', "weight_decay": {json.dumps(str(decay))}'
    head = [
        f'"format": {json.dumps(FORMAT)}, {words}',
        f'"basis": {json.dumps(series.basis)}, "order": {series.truncation}, '
        f'"symbols": {json.dumps(list(series.symbols))}, "terms": [',
    ]
    if series.sums:
        groups = ",\n  ".join(map(json.dumps, sums_to_data(series.sums)))
        head.insert(1, f'"schedules": [\n  {groups}]')
    text = {c: json.dumps(str(c)) for c in set(series.terms.values())}
    terms = (
        f'{{"order": {diagram.order}, "coefficient": {text[c]}, "diagram": {json.dumps(diagram_to_data(diagram))}}}'
        for diagram, c in series
    )
    return "{" + ",\n ".join(head) + "\n" + ",\n".join(terms) + "\n]}"


def diagram_to_data(diagram: Diagram) -> dict[str, Any]:
    """The diagram as nested lists: ``nodes``, ``edges``, ``blocks`` and ``root`` (or ``roots`` where there are more)."""
    data: dict[str, Any] = {"nodes": diagram.nodes, "edges": diagram.edges, "blocks": diagram.blocks}
    if len(diagram.roots) > 1:
        return data | {"roots": diagram.roots}
    return data | {"root": diagram.roots[0] if diagram.roots else None}


def read_series(text: str) -> tuple[dict[Diagram, Coefficient], int, Basis, Setting, dict[str, ScheduleSum]]:
    """Terms, truncation, basis, setting and sums of a text that :func:`write_series` wrote; every field is checked.

    Raises:
        ValueError: naming what is missing or wrong.
    """
    data = read_object(text, FORMAT, "a series")
    try:
        setting = read_setting(data)
        basis = cast("Basis", word_field(data, "basis", BASES))
        order = integer_field(data, "order", 0, HIGHEST_ORDER)
        # equal coefficients stand in many terms, and reading one takes a hundred times longer than finding it again
        parse = cache(Coefficient.parse)
        terms = collect(_read_term(term, parse) for term in list_field(data, "terms"))
        sums = sums_from_data(data.get("schedules", []))
    except ValueError as error:
        raise ValueError(f"not a series: {error}") from error
    return terms, order, basis, setting, sums


def read_setting(data: dict[str, Any]) -> Setting:
    """The setting that the fields ``observable``, ``dynamics`` and ``sampling`` name, and ``weight_decay`` where there is any.

    Raises:
        ValueError: if one of them is missing, or no word that a setting may hold.
    """
    decay = Coefficient.parse(text_field(data, "weight_decay")) if "weight_decay" in data else Coefficient()
    setting = Setting.named(*(text_field(data, name) for name in ("observable", "dynamics", "sampling")))
    setting = replace(setting, weight_decay=decay)
    setting.check()
    return setting


def _read_term(term: Any, parse: Callable[[str], Coefficient]) -> tuple[Diagram, Coefficient]:
    diagram = diagram_from_data(field(term, "diagram"))
    if integer_field(term, "order", 0, HIGHEST_ORDER) != diagram.order:
        raise ValueError(f"a diagram of order {diagram.order} is listed at order {term['order']}")
    return diagram, parse(text_field(term, "coefficient"))


def diagram_from_data(data: Any) -> Diagram:
    """Read what :func:`diagram_to_data` wrote.

    Raises:
        ValueError: naming what is missing or wrong.
    """
    nodes = integer_field(data, "nodes", 1, HIGHEST_ORDER + 2)
    edges = [integers(edge, "edges", 0, nodes - 1) for edge in list_field(data, "edges")]
    blocks = [integers(block, "blocks", 0, nodes - 1) for block in list_field(data, "blocks")]
    single = [] if data.get("root") is None else [data["root"]]
    return Diagram(nodes, edges, blocks, integers(data.get("roots", single), "roots", 0, nodes - 1))
