"""A series for a terminal: as a formula, one term per line, and as a table."""

from __future__ import annotations

from collections.abc import Iterable

from sgdsym.collector import collector_paused
from sgdsym.diagrams import Diagram
from sgdsym.formula import Formula, to_text
from sgdsym.render.clashes import clashes
from sgdsym.render.factors import factor
from sgdsym.render.formulas import diagram_formula, diagram_to_text, text_style
from sgdsym.render.latex import AVERAGED, by_order, is_averaged, trained_on, values
from sgdsym.render.names import diagram_name
from sgdsym.render.notation import Notation
from sgdsym.render.schedules import meanings
from sgdsym.render.scripts import Script
from sgdsym.render.terms import coefficient_formula, line_formula
from sgdsym.render.typesetting import Typesetting
from sgdsym.render.words import explain
from sgdsym.series import Basis, Series

_USUAL = Notation()


@collector_paused()
def series_to_text(series: Series, width: int | None = None, *, style: str = "matrix") -> str:
    """The series in unicode, one term per line, sorted by order; ``0`` if it has no terms.

    Where coefficients have denominators that can vanish, a last line says that they must not, and with weight decay
    another what the tensors are derivatives of.

    Args:
        series: any series.
        width: columns that a line may fill; longer ones go on in the next, indented.  No limit if left out.
        style: ``"matrix"``, ``"index"``, or ``"metric"`` for the inverse metric in every contraction.

    >>> from sgdsym.series import Coefficient
    >>> T = Coefficient.symbol("T")
    >>> print(series_to_text(Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -T}, truncation=1)))
    l
    - η T G·G
    >>> print(series_to_text(Series({Diagram(2, [(0, 1)]): -T}, truncation=1), style="metric"))
    - η T G_a g^ab G_b
    """
    usual = Typesetting(style=text_style(style)).for_sums(series.sums)
    # widths in ems mean nothing on a terminal: lines are cut by characters, below
    zeroth, orders = by_order(series, usual, rates=True, line=float("inf"))
    lines = [] if zeroth is None else [to_text(zeroth)]
    for _, _, terms in orders:
        lines += [to_text(line_formula(term, leading=bool(lines) or k > 0)) for k, term in enumerate(terms)]
    if series.reachable_poles:
        lines.append(
            "where " + ", ".join(f"{to_text(factor(pole).formula(_USUAL))} ≠ 0" for pole in series.reachable_poles)
        )
    notation = usual.notation
    stated = (to_text(line) for line in meanings(series, notation.size_symbol, lambda c: factor(c).signed(notation)))
    lines += (f"where {line}" for line in stated)
    lines += ambiguities(values(series, usual), series.symbols)
    if is_averaged(series.setting, series.terms):
        lines.append(AVERAGED)
    if series.setting.weight_decay:
        lines.append(to_text(trained_on(series, notation)))
    if width is not None:
        lines = [part for line in lines for part in wrapped(line, width)]
    return "\n".join(lines) or "0"


def ambiguities(values: Iterable[Formula], sizes: Iterable[str]) -> list[str]:
    """A line for each letter that is a size in the coefficients and a tensor behind them."""
    return [
        f"where {letter} is a size in a coefficient, and a tensor behind it"
        for letter in clashes(values, sizes, _USUAL)
    ]


def wrapped(line: str, width: int, indent: str = "    ") -> list[str]:
    """A line cut at spaces, outside brackets where that is possible.

    >>> wrapped("- η² T(T - 1) (G·H G)", 16)
    ['- η² T(T - 1)', '    (G·H G)']
    """
    lines, current = [], ""
    for word in _words(line, width - len(indent)):
        longer = f"{current} {word}" if current else word
        if len(longer) > width and current:
            lines.append(current)
            longer = indent + word
        current = longer
    return [*lines, current]


def _words(line: str, widest: int) -> list[str]:
    """The parts between spaces outside brackets; one that is too wide is cut at the spaces inside too."""
    words, depth = [""], 0
    for character in line:
        depth += (character in "([") - (character in ")]")
        if character == " " and depth == 0:
            words.append("")
        else:
            words[-1] += character
    return [part for word in words for part in ([word] if len(word) <= widest else word.split(" "))]


@collector_paused()
def series_to_table(series: Series) -> str:
    """The series as an aligned table: order, diagram, symmetry factor, coefficient, value.

    Diagrams are in the literature's string notation, or as their ``repr`` where that has no word for them.

    >>> from sgdsym.series import Coefficient
    >>> T = Coefficient.symbol("T")
    >>> print(series_to_table(Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -T}, truncation=1)))
    order  diagram     symmetry  coefficient  value
    0      c(0)()      1         1            l
    1      c(0-1)(01)  2         -T           G·G
    """
    script = Script(series.basis, weight_decay=bool(series.setting.weight_decay))
    function, usual = series.setting.observable.carries_function, Typesetting().for_sums(series.sums)
    rows: list[tuple[str, ...]] = [("order", "diagram", "symmetry", "coefficient", "value")]
    for diagram, coefficient in series:
        rows.append(
            (
                str(diagram.order),
                diagram_name(diagram, series.basis),
                str(diagram.symmetry_factor),
                to_text(coefficient_formula(coefficient, usual)),
                to_text(diagram_formula(diagram, script, function=function)),
            )
        )
    return aligned(rows)


def diagrams_to_table(diagrams: Iterable[Diagram], basis: Basis = "cumulant") -> str:
    """Diagrams as an aligned table: diagram, symmetry factor, value.

    >>> print(diagrams_to_table([Diagram(3, [(0, 1), (0, 2)]), Diagram(3, [(0, 1), (0, 2)], [(1, 2)])]))
    diagram           symmetry  value
    c(0-1-2)(01-12)   2         G·H G
    c(01-2)(02-12)    2         tr(H C)
    """
    rows: list[tuple[str, ...]] = [("diagram", "symmetry", "value")]
    for diagram in diagrams:
        name = diagram_name(diagram, basis)
        rows.append((name, str(diagram.symmetry_factor), diagram_to_text(diagram, basis)))
    return aligned(rows)


def aligned(rows: list[tuple[str, ...]]) -> str:
    """Rows as columns of equal width, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def diagrams_to_words(
    diagrams: Iterable[Diagram], basis: Basis = "cumulant", *, width: int = 80, function: bool = False
) -> str:
    """Diagrams explained: name and value, and below them what the diagram is, in words.

    Args:
        diagrams: any diagrams.
        basis: whether their blocks are joint cumulants or joint moments.
        width: columns that a line may fill.
        function: whether open roots carry derivatives of a function.

    >>> print(diagrams_to_words([Diagram(3, [(0, 1), (0, 2)], [(1, 2)])]))
    c(01-2)(02-12)  tr(H C)
        curvature contracted with the gradient covariance: noise pushed uphill by
        sharpness
    """
    lines: list[str] = []
    for diagram in diagrams:
        title = f"{diagram_name(diagram, basis)}  {diagram_to_text(diagram, basis, function=function)}"
        words = wrapped(explain(diagram, basis, function=function), width - 4, indent="")
        lines += [title, *(f"    {line}" for line in words)]
    return "\n".join(lines)
