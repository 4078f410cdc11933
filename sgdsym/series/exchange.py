"""Series as JSON text, format ``sgdsym-series/1``, and back.

Terms are sorted and keys ordered, so equal series give equal bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from sgdsym.arguments import read_text
from sgdsym.diagrams import Diagram
from sgdsym.series.bases import BASES, Basis, collect
from sgdsym.series.coefficient import Coefficient
from sgdsym.series.setting import Setting

if TYPE_CHECKING:
    from sgdsym.series.series import Series

FORMAT = "sgdsym-series/1"


def write_series(series: Series) -> str:
    """The series as JSON text, one term a line."""
    setting = series.setting
    head = [
        f'"format": {json.dumps(FORMAT)}, "observable": {json.dumps(setting.observable)}, '
        f'"dynamics": {json.dumps(setting.dynamics)}, "sampling": {json.dumps(setting.sampling)}',
        f'"basis": {json.dumps(series.basis)}, "order": {series.truncation}, '
        f'"symbols": {json.dumps(list(series.symbols))}, "terms": [',
    ]
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


def read_series(text: str) -> tuple[dict[Diagram, Coefficient], int, Basis, Setting]:
    """Terms, truncation, basis and setting of what :func:`write_series` wrote.

    Raises:
        ValueError: naming what is missing or wrong.
    """
    data = read_object(text, FORMAT, "a series")
    try:
        setting = Setting(str(data["observable"]), str(data["dynamics"]), str(data["sampling"]))
        if data["basis"] not in BASES:
            raise ValueError(f"basis must be 'cumulant' or 'moment', not {data['basis']!r}")
        terms = collect(_read_term(term) for term in data["terms"])
        return terms, int(data["order"]), cast("Basis", data["basis"]), setting
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a series: missing or misshapen entry ({error!r})") from error


def read_object(text: str, expected: str, what: str) -> dict[str, Any]:
    """The object that JSON text holds, if it is of the expected format.

    Raises:
        ValueError: if it is not, in the words of what it should be.
    """
    try:
        data = json.loads(read_text("JSON", text))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != expected:
        raise ValueError(f'not {what}: "format" must be "{expected}"')
    return data


def _read_term(term: dict[str, Any]) -> tuple[Diagram, Coefficient]:
    diagram = diagram_from_data(term["diagram"])
    if term["order"] != diagram.order:
        raise ValueError(f"a diagram of order {diagram.order} is listed at order {term['order']}")
    return diagram, Coefficient.parse(term["coefficient"])


def diagram_from_data(data: dict[str, Any]) -> Diagram:
    """Read what :func:`diagram_to_data` wrote."""
    single = [] if data.get("root") is None else [data["root"]]
    return Diagram(data["nodes"], data["edges"], data["blocks"], data.get("roots", single))
