"""A series as comma-separated values, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from sgdsym.collector import collector_paused
from sgdsym.formula import to_text
from sgdsym.render.formulas import diagram_formula
from sgdsym.render.names import diagram_name
from sgdsym.render.scripts import Script
from sgdsym.series import Series

HEADINGS = ("order", "diagram", "symmetry", "coefficient", "value")


@collector_paused()
def series_to_csv(series: Series) -> str:
    """The series as comma-separated values, a diagram a row; coefficients are exact and read back by :class:`sgdsym.Coefficient`.

    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient
    >>> print(series_to_csv(Series({Diagram(2, [(0, 1)]): Coefficient("-T/2")}, 1)), end="")
    order,diagram,symmetry,coefficient,value
    1,c(0-1)(01),2,-T/2,G·G
    """
    script = Script(series.basis, weight_decay=bool(series.setting.weight_decay))
    function = series.setting.observable.carries_function
    return as_csv(
        HEADINGS,
        (
            (
                *(diagram.order, diagram_name(diagram, series.basis), diagram.symmetry_factor, coefficient),
                to_text(diagram_formula(diagram, script, function=function)),
            )
            for diagram, coefficient in series
        ),
    )


def as_csv(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    r"""Rows under their headings, quoted where that is needed.

    >>> as_csv(["a", "b"], [(1, "x,y")])
    'a,b\n1,"x,y"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
