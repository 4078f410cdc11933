"""A series in Markdown: the formula, then a table of its diagrams, for notebooks and for pages that know LaTeX between dollar signs."""

from __future__ import annotations

from dataclasses import replace

from sgdsym.collector import collector_paused
from sgdsym.formula import to_latex
from sgdsym.render.formulas import diagram_formula
from sgdsym.render.latex import series_to_latex
from sgdsym.render.names import diagram_name
from sgdsym.render.scripts import Script
from sgdsym.render.terms import coefficient_formula
from sgdsym.render.typesetting import Typesetting
from sgdsym.series import Series


@collector_paused()
def series_to_markdown(series: Series, typesetting: Typesetting | None = None) -> str:
    r"""The series in Markdown.

    Args:
        series: any series.
        typesetting: how the formula is set, as for LaTeX; its shape is always one block, and pictures are for LaTeX.

    Raises:
        ValueError: if the style is ``"diagram"``.

    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient
    >>> descent = Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -Coefficient.symbol("T")}, 1)
    >>> print(series_to_markdown(descent).partition("| order")[2])
     | diagram | symmetry | coefficient | value |
    |---:|:---|---:|:---|:---|
    | 0 | `c(0)()` | 1 | $1$ | $l$ |
    | 1 | `c(0-1)(01)` | 2 | $-T$ | $G^{\top} G$ |
    """
    chosen = (typesetting or Typesetting()).for_sums(series.sums)
    if chosen.style == "diagram":
        raise ValueError("pictures inside a formula are for LaTeX; choose style matrix or index")
    formula = series_to_latex(series, replace(chosen, shape="aligned"))
    script = Script(series.basis, chosen.notation, bool(series.setting.weight_decay))
    function = series.setting.observable.carries_function
    rows = ["| order | diagram | symmetry | coefficient | value |", "|---:|:---|---:|:---|:---|"]
    for diagram, coefficient in series:
        number = to_latex(coefficient_formula(coefficient, chosen))
        value = to_latex(diagram_formula(diagram, script, chosen.style, chosen.sums, function))
        name = diagram_name(diagram, series.basis)
        rows.append(f"| {diagram.order} | `{name}` | {diagram.symmetry_factor} | ${number}$ | ${value}$ |")
    return "\n".join(["$$", formula, "$$", "", *rows])
