"""A series in Typst: one block of lines, aligned at the equals sign."""

from __future__ import annotations

from sgdsym.collector import collector_paused
from sgdsym.formula import to_typst
from sgdsym.render.clashes import check_letters
from sgdsym.render.latex import by_order, conditions, left_side, remainder, values
from sgdsym.render.terms import fill, line_formula
from sgdsym.render.typesetting import Typesetting
from sgdsym.series import Series

_BREAKABLE = "#show math.equation: set block(breakable: true)"
_NEWLINE = " \\\n"


@collector_paused()
def series_to_typst(series: Series, typesetting: Typesetting | None = None, *, document: bool = False) -> str:
    r"""The series in Typst, as a block equation.

    Args:
        series: any series.
        typesetting: how it is set, as for LaTeX; its shape is always one block, and pictures are for LaTeX.
        document: whether to let the block go on over pages, as a document of its own needs.

    Raises:
        ValueError: if the style is ``"diagram"``, or a letter would stand for two things.

    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient
    >>> descent = Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -Coefficient.symbol("T")}, 1)
    >>> print(series_to_typst(descent))
    $
    & upright(E) [l (θ_(T))] = l \
    // order 1, 1 term
    & quad - η thin T thin G^top G \
    & quad + O (η^(2))
    $
    """
    chosen = (typesetting or Typesetting()).for_sums(series.sums)
    check_letters(values(series, chosen), series.symbols, chosen.notation)
    zeroth, orders = by_order(series, chosen, rates=True)
    value = f" {to_typst(zeroth)}" if zeroth is not None else "" if orders else " 0"
    lines = [f"& {to_typst(left_side(series, chosen.notation))} ={value}"]
    for order, count, terms in orders:
        note = f"// order {order}, {count} term{'s' if count > 1 else ''}\n"
        for group in fill(terms, chosen.terms_per_line, line=chosen.width):
            for k, pieces in enumerate(group):
                lines.append(f"{note}& {'quad ' * (1 + (k > 0))}{to_typst(line_formula(pieces))}")
                note = ""
    lines.append(f"& quad + {to_typst(remainder(series, chosen.notation))}")
    lines += [f"& {to_typst(line)}" for line in conditions(series, chosen.notation)]
    block = f"$\n{_NEWLINE.join(lines)}\n$"
    return f"{_BREAKABLE}\n{block}" if document else block
