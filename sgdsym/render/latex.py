r"""A series in LaTeX: one display, a block, an equation per order, or the bare formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeAlias, cast

from sgdsym.collector import collector_paused
from sgdsym.diagrams import Diagram
from sgdsym.formula import (
    Digits,
    Formula,
    Row,
    Scripts,
    Sign,
    Symbol,
    Words,
    call,
    power,
    replaced,
    signed_sum,
    to_latex,
    width,
)
from sgdsym.formula.letters import LETTERS
from sgdsym.render.clashes import check_letters
from sgdsym.render.factors import factor
from sgdsym.render.formulas import diagram_formula
from sgdsym.render.notation import Notation
from sgdsym.render.schedules import meanings
from sgdsym.render.scripts import Script
from sgdsym.render.terms import Lines, Piece, Term, Value, fill, line_formula, order_terms
from sgdsym.render.typesetting import Typesetting
from sgdsym.series import ONLINE, SGD, Series, Setting

NEWLINE = r" \\"
PARAGRAPH = r" \\[1ex]"
SHOWN = 200  # terms in a notebook or on a terminal
Orders: TypeAlias = list[tuple[int, int, list[Term]]]
AVERAGED = "averaged over the orders of the open indices"


@collector_paused()
def series_to_latex(series: Series, typesetting: Typesetting | None = None) -> str:
    r"""The series in LaTeX, for amsmath; pictures need ``\usepackage{tikz}`` too.

    Terms are sorted by order, and lines are broken where they would be wider than the text of a standard class at 10
    points; ``\kappa[…]`` and ``\mathrm{E}[…]`` are explained at :func:`sgdsym.render.diagram_to_latex`.
    :func:`sgdsym.render.preamble` says what a document needs, and :func:`sgdsym.render.typeset_document` puts one around the text.

    Args:
        series: any series.
        typesetting: how it is set; an ``align*`` with one term on a line if left out.

    Raises:
        ValueError: if a letter would stand for two things.

    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient
    >>> descent = Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -Coefficient.symbol("T")}, 1)
    >>> print(series_to_latex(descent))
    \begin{align*}
    & \mathrm{E}[l(\theta_{T})] = l \\[1ex]
    % order 1, 1 term
    & \quad - \eta \, T \, G^{\top} G \\[1ex]
    & \quad + O(\eta^{2})
    \end{align*}
    """
    chosen = (typesetting or Typesetting()).for_sums(series.sums)
    check_letters(values(series, chosen), series.symbols, chosen.notation)
    match chosen.shape:
        case "equations":
            return _equations(series, chosen)
        case "fragment":
            return _fragment(series, chosen)
        case "aligned":
            return _block(series, chosen, "aligned")
    return _block(series, chosen, "align*")


def series_head_to_latex(series: Series, most: int = SHOWN) -> str:
    r"""The first orders of a series, as many as have that many terms, and how to get the rest, for a notebook.

    Args:
        series: any series.
        most: terms that are shown.

    >>> from sgdsym.sgd import expand
    >>> print(series_head_to_latex(expand(order=3), most=5).splitlines()[-2])
    & \text{and 6 terms to order 3, which the methods latex and to\_text write}
    """
    # whole orders only: half of one would look like a result
    sizes = [len(series.order(k)) for k in range(series.truncation + 1)]
    shown = next((k for k in range(len(sizes)) if sum(sizes[: k + 1]) > most), len(sizes)) - 1
    if shown == series.truncation:
        return series_to_latex(series)
    left = sum(sizes[shown + 1 :])
    words = Words(f"and {left} terms to order {series.truncation}, which the methods latex and to_text write")
    end = r"\end{align*}"
    text = series_to_latex(series.truncate(max(shown, 0)))
    return f"{text.removesuffix(end).rstrip()}{NEWLINE}\n& {to_latex(words)}\n{end}"


def _block(series: Series, typesetting: Typesetting, environment: str) -> str:
    """One block of lines, the left side on the first."""
    zeroth, orders = by_order(series, typesetting, rates=True)
    head = f"& {to_latex(left_side(series, typesetting.notation))} ={_after_equals(zeroth, orders)}"
    lines: list[str] = []
    for order, count, terms in orders:
        lines.append(f"% order {order}, {count} term{'s' if count > 1 else ''}")
        groups = [_written(group) for group in fill(terms, typesetting.terms_per_line, line=typesetting.width)]
        lines.append(
            f"{NEWLINE}\n".join("& \\quad " + f"{NEWLINE}\n& \\qquad ".join(group) for group in groups) + PARAGRAPH
        )
    end = rf"& \quad + {to_latex(remainder(series, typesetting.notation))}"
    end += "".join(f"{NEWLINE}\n& {to_latex(line)}" for line in conditions(series, typesetting.notation))
    return "\n".join([rf"\begin{{{environment}}}", head + PARAGRAPH, *lines, end, rf"\end{{{environment}}}"])


def _written(group: Lines, leading: bool = True) -> list[str]:
    lines = [to_latex(line_formula(pieces, leading=leading or k > 0)) for k, pieces in enumerate(group)]
    # behind a sign of equality a minus belongs to what follows, which TeX cannot know
    if not leading and lines[0].startswith("- "):
        lines[0] = f"{{-}}{lines[0].removeprefix('- ')}"
    return lines


def _after_equals(zeroth: Formula | None, orders: Orders) -> str:
    """The rest of the line that the left side begins."""
    return f" {to_latex(zeroth)}" if zeroth is not None else "" if orders else " 0"


def _equations(series: Series, typesetting: Typesetting) -> str:
    """The series as a sum over orders, then an equation for what stands at each power of the learning rate."""
    notation = typesetting.notation
    zeroth, orders = by_order(series, typesetting, rates=False)
    rate = notation.symbol("learning_rate")
    parts = [Row((power(rate, order), _part(notation, order)), "plain") for order, _, _ in orders if order]
    first = _part(notation, 0) if any(order == 0 for order, _, _ in orders) else zeroth
    summands = [part for part in (first, *parts) if part is not None] or [Digits("0")]
    total = signed_sum([(False, part) for part in (*summands, remainder(series, notation))])
    # TeX spaces a relation between two operands only: the empty group is the right one, as the cell ends there
    sides = f"{to_latex(left_side(series, notation))} ={{}}& {to_latex(total)}"
    # what sums mean takes long lines, which begin behind the left side
    edge = width(left_side(series, notation)) + 2 if series.sums else 1.0
    sides += "".join(f" \\notag{NEWLINE}\n& {to_latex(line)}" for line in conditions(series, notation, edge))
    blocks = [r"\begin{align}", rf"{sides} \label{{{typesetting.label}}}", r"\end{align}"]
    for order, _, terms in orders:
        groups = [
            _written(group, leading=bool(k))
            for k, group in enumerate(fill(terms, typesetting.terms_per_line, indent=3.0, line=typesetting.width))
        ]
        lines = [line for group in groups for line in _indented(group)]
        lines[0] = f"{to_latex(_part(notation, order))} ={{}}& {lines[0]}"
        lines[1:] = [rf"& {line}" for line in lines[1:]]
        blocks.append(r"\begin{align}")
        blocks += [rf"{line} \notag{NEWLINE}" for line in lines[:-1]]
        blocks += [rf"{lines[-1]} \label{{{typesetting.label}:{order}}}", r"\end{align}"]
    return "\n".join(blocks)


def _indented(group: list[str]) -> Iterable[str]:
    return (rf"\quad {line}" if k else line for k, line in enumerate(group))


def _fragment(series: Series, typesetting: Typesetting) -> str:
    """The bare formula, one line of source for each term."""
    zeroth, orders = by_order(series, typesetting, rates=True)
    lines = [f"{to_latex(left_side(series, typesetting.notation))} ={_after_equals(zeroth, orders)}"]
    lines += [to_latex(line_formula(term)) for _, _, terms in orders for term in terms]
    lines.append(f"+ {to_latex(remainder(series, typesetting.notation))}")
    ends = (to_latex(line) for line in conditions(series, typesetting.notation))
    return "\n".join([*lines, *(rf"\qquad {line}" for line in ends)])


def by_order(
    series: Series, typesetting: Typesetting, rates: bool, line: float | None = None
) -> tuple[Formula | None, Orders]:
    """A lone term of order 0, as it follows the equals sign, and the other terms: order, number of diagrams, terms."""
    value = _value(series, typesetting)
    zeroth = None
    orders: Orders = []
    for order, group in groupby(series, key=lambda term: term[0].order):
        found = list(group)
        rate = power(typesetting.notation.symbol("learning_rate"), order) if order and rates else None
        terms = order_terms(found, rate, value, typesetting, typesetting.width if line is None else line)
        if order == 0 and len(terms) == 1:
            zeroth = line_formula(terms[0], leading=False)
        else:
            orders.append((order, len(found), terms))
    return zeroth, orders


def values(series: Series, typesetting: Typesetting) -> Iterator[Formula]:
    """The values behind the coefficients, one after the other."""
    return map(_value(series, typesetting), series.terms)


def _value(series: Series, typesetting: Typesetting) -> Value:
    script = Script(series.basis, typesetting.notation, bool(series.setting.weight_decay))
    function = series.setting.observable.carries_function
    return lambda diagram: diagram_formula(diagram, script, typesetting.style, typesetting.sums, function)


def remainder(series: Series, notation: Notation) -> Formula:
    """The order of the terms that are left out."""
    return call(Symbol("O", "O"), power(notation.symbol("learning_rate"), series.truncation + 1))


def is_averaged(setting: Setting, diagrams: Iterable[Diagram]) -> bool:
    """Whether terms stand for their average over the orders of the open indices: past the first order they need not be symmetric."""
    least = setting.open_indices
    return least > 1 and any(diagram.order > least for diagram in diagrams)


def conditions(series: Series, notation: Notation, edge: float = 1.0) -> list[Formula]:
    """Lines that say which denominators must not vanish, what symbols stand for, and how open indices are meant.

    They begin at an edge, in ems.
    """
    others: list[Formula] = [Words(AVERAGED)] if is_averaged(series.setting, series.terms) else []
    others += [trained_on(series, notation)] if series.setting.weight_decay else []
    found: list[Formula] = [
        Row((factor(pole).formula(notation), Sign("neq"), Digits("0")), "plain") for pole in series.reachable_poles
    ]
    found += meanings(series, notation.size_symbol, lambda c: factor(c).signed(notation))
    if not found:
        return others
    pieces = [Piece(Row((text, Sign(","))) if k < len(found) else text) for k, text in enumerate(found, 1)]
    first = Piece(Row((Words("where"), Sign("quad"), pieces[0].formula), "plain"))
    (lines,) = fill([(first, *pieces[1:])], 1, edge)
    return [*map(line_formula, lines), *others]


def has_plain_roots(series: Series) -> bool:
    """Whether roots of the series carry a loss, which weight decay does not belong to."""
    return any(set(diagram.roots) - set(diagram.open_roots) for diagram in series.terms)


def trained_on(series: Series, notation: Notation) -> Formula:
    r"""A statement of the loss whose derivatives the tensors of a series with weight decay are.

    >>> from sgdsym.series import Coefficient
    >>> print(to_latex(trained_on(Series({}, 1, setting=Setting(weight_decay=Coefficient.symbol("decay"))), Notation())))
    G, H, \dots\text{ are derivatives of }l + \frac{\mathrm{decay}}{2} \, |\theta|^{2}
    """
    symbol, script = notation.symbol, Script("cumulant", notation)
    half = factor(series.setting.weight_decay / 2)
    norm = power(Row((Sign("|"), symbol("weights"), Sign("|"))), 2)
    penalty = norm if half.is_one else Row((half.formula(notation), norm), "product")
    trained = signed_sum([(False, symbol("loss")), (half.negative, penalty)])
    tensors = Row((symbol("gradient"), symbol("hessian"), Sign("dots")), "listed")
    parts: list[Formula] = [tensors, Words(" are derivatives of "), trained]
    if has_plain_roots(series):
        plain = [script.tensor("plain mean", degree) for degree in (1, 2)]
        parts += [Words(", and "), Row((*plain, Sign("dots")), "listed"), Words(" of "), symbol("loss")]
    return Row(tuple(parts))


def _part(notation: Notation, order: int) -> Formula:
    return Scripts(notation.symbol("part"), below=Digits(str(order)))


def left_side(series: Series, notation: Notation) -> Formula:
    """The quantity that the series expands; words for which no formula is known stand as they are."""
    setting = series.setting
    mean: Formula = notation.symbol("expectation")
    # only minibatches depend on how data are drawn
    drawn = setting.sampling if setting.dynamics == SGD else ONLINE
    special = [part.name for part, usual in ((setting.dynamics, SGD), (drawn, ONLINE)) if part != usual]
    if special:
        mean = Scripts(mean, below=Words(", ".join(special)))
    # no left side has a metric, whose letter is that of the gradient of one data point
    names = (name for name in LETTERS if name != "metric")
    letters: dict[Formula, Formula] = {LETTERS[name]: notation.symbol(name) for name in names}
    letters[LETTERS["expectation"]] = mean
    observable = setting.observable
    formula = observable.formula or call(LETTERS["expectation"], Words(observable.name), square=True)
    return cast("Formula", replaced(formula, letters.get))
