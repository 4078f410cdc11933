r"""A series in LaTeX: one display, a block, an equation per order, or the bare formula."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sgdsym.diagrams import Diagram
from sgdsym.render.escaping import escaped
from sgdsym.render.factors import factor
from sgdsym.render.formulas import latex_formula
from sgdsym.render.notation import Notation
from sgdsym.render.schedules import LatexLetters, latex_meanings
from sgdsym.render.scripts import LatexScript
from sgdsym.render.terms import Piece, Term, Value, fill, order_terms
from sgdsym.render.typesetting import Typesetting
from sgdsym.render.width import width
from sgdsym.series import ONLINE, SGD, Coefficient, Series, Setting

NEWLINE = r" \\"
PARAGRAPH = r" \\[1ex]"
AVERAGED = "averaged over the orders of the open indices"


def series_to_latex(series: Series, typesetting: Typesetting | None = None) -> str:
    r"""The series in LaTeX, for amsmath; pictures need ``\usepackage{tikz}`` too.

    Terms are sorted by order, and lines are broken where they would be wider than the text of a standard class at 10
    points; ``\kappa[…]`` and ``\mathrm{E}[…]`` are explained at :func:`sgdsym.render.diagram_to_latex`.
    :func:`sgdsym.render.preamble` says what a document needs, and :func:`sgdsym.render.typeset_document` puts one around the text.

    Args:
        series: any series.
        typesetting: how it is set; an ``align*`` with one term on a line if left out.

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
    match chosen.shape:
        case "equations":
            return _equations(series, chosen)
        case "fragment":
            return _fragment(series, chosen)
        case "aligned":
            return _block(series, chosen, "aligned")
    return _block(series, chosen, "align*")


def _block(series: Series, typesetting: Typesetting, environment: str) -> str:
    """One block of lines, the left side on the first."""
    zeroth, orders = _by_order(series, typesetting, rates=True)
    head = f"& {left_side(series, typesetting.notation)} ={zeroth}"
    lines: list[str] = []
    for order, count, terms in orders:
        lines.append(f"% order {order}, {count} term{'s' if count > 1 else ''}")
        groups = fill(terms, typesetting.terms_per_line)
        lines.append(
            f"{NEWLINE}\n".join("& \\quad " + f"{NEWLINE}\n& \\qquad ".join(group) for group in groups) + PARAGRAPH
        )
    end = rf"& \quad + {_remainder(series, typesetting.notation)}"
    end += "".join(f"{NEWLINE}\n& {line}" for line in _conditions(series, typesetting.notation))
    return "\n".join([rf"\begin{{{environment}}}", head + PARAGRAPH, *lines, end, rf"\end{{{environment}}}"])


def _equations(series: Series, typesetting: Typesetting) -> str:
    """The series as a sum over orders, then an equation for what stands at each power of the learning rate."""
    notation = typesetting.notation
    zeroth, orders = _by_order(series, typesetting, rates=False)
    parts = [f"{_power(notation.learning_rate, order)} {_part(notation, order)}" for order, _, _ in orders if order]
    first = _part(notation, 0) if any(order == 0 for order, _, _ in orders) else zeroth.strip()
    total = " + ".join(part for part in (first, *parts) if part) or "0"
    sides = f"{left_side(series, notation)} ={{}}& {total} + {_remainder(series, notation)}"
    # what sums mean takes long lines, which begin behind the left side
    edge = width(left_side(series, notation)) + 2 if series.sums else 1.0
    sides += "".join(f" \\notag{NEWLINE}\n& {line}" for line in _conditions(series, notation, edge))
    blocks = [r"\begin{align}", rf"{sides} \label{{{typesetting.label}}}", r"\end{align}"]
    for order, _, terms in orders:
        lines = [line for group in fill(terms, typesetting.terms_per_line, indent=3.0) for line in _indented(group)]
        lines[0] = f"{_part(notation, order)} ={{}}& {lines[0].removeprefix('+ ')}"
        lines[1:] = [rf"& {line}" for line in lines[1:]]
        blocks.append(r"\begin{align}")
        blocks += [rf"{line} \notag{NEWLINE}" for line in lines[:-1]]
        blocks += [rf"{lines[-1]} \label{{{typesetting.label}:{order}}}", r"\end{align}"]
    return "\n".join(blocks)


def _indented(group: list[str]) -> Iterable[str]:
    return (rf"\quad {line}" if k else line for k, line in enumerate(group))


def _fragment(series: Series, typesetting: Typesetting) -> str:
    """The bare formula, one line of source for each term."""
    zeroth, orders = _by_order(series, typesetting, rates=True)
    lines = [f"{left_side(series, typesetting.notation)} ={zeroth}"]
    lines += [_whole(term) for _, _, terms in orders for term in terms]
    lines.append(f"+ {_remainder(series, typesetting.notation)}")
    return "\n".join([*lines, *(rf"\qquad {line}" for line in _conditions(series, typesetting.notation))])


def _whole(term: Term) -> str:
    (group,) = fill([term], 1, indent=float("-inf"))
    return " ".join(group)


def _by_order(series: Series, typesetting: Typesetting, rates: bool) -> tuple[str, list[tuple[int, int, list[Term]]]]:
    """A lone term of order 0, as it follows the equals sign, and the other terms: order, number of diagrams, terms."""
    value = _value(series, typesetting)
    zeroth = ""
    orders = []
    for order, group in groupby(series, key=lambda term: term[0].order):
        found = list(group)
        rate = _power(typesetting.notation.learning_rate, order) if order and rates else ""
        terms = order_terms(found, rate, value, typesetting)
        if order == 0 and len(terms) == 1:
            zeroth = " " + _whole(terms[0]).removeprefix("+ ")
        else:
            orders.append((order, len(found), terms))
    return zeroth or ("" if orders else " 0"), orders


def _value(series: Series, typesetting: Typesetting) -> Value:
    script = LatexScript(series.basis, typesetting.notation, bool(series.setting.weight_decay))
    function = series.setting.observable.carries_function
    return lambda diagram: latex_formula(diagram, script, typesetting.style, typesetting.sums, function)


def _remainder(series: Series, notation: Notation) -> str:
    return f"O({_power(notation.learning_rate, series.truncation + 1)})"


def is_averaged(setting: Setting, diagrams: Iterable[Diagram]) -> bool:
    """Whether terms stand for their average over the orders of the open indices: past the first order they need not be symmetric."""
    least = setting.open_indices
    return least > 1 and any(diagram.order > least for diagram in diagrams)


def _conditions(series: Series, notation: Notation, edge: float = 1.0) -> list[str]:
    """Lines that say which denominators must not vanish, what symbols stand for, and how open indices are meant.

    They begin at an edge, in ems.
    """
    texts = [rf"{factor(pole).latex(notation)} \neq 0" for pole in series.poles]
    texts += latex_meanings(series, lambda c: latex_coefficient(c, notation), LatexLetters(notation.size))
    others = [rf"\text{{{AVERAGED}}}"] if is_averaged(series.setting, series.terms) else []
    others += [trained_on(series, notation)] if series.setting.weight_decay else []
    if not texts:
        return others
    pieces = [Piece(f"{text}," if k < len(texts) else text) for k, text in enumerate(texts, 1)]
    (lines,) = fill([(Piece(rf"\text{{where}} \quad {pieces[0].text}"), *pieces[1:])], 1, edge)
    return [*lines, *others]


def has_plain_roots(series: Series) -> bool:
    """Whether roots of the series carry a loss, which weight decay does not belong to."""
    return any(set(diagram.roots) - set(diagram.open_roots) for diagram in series.terms)


def trained_on(series: Series, notation: Notation) -> str:
    r"""What the tensors of a series with weight decay are derivatives of, as a formula.

    >>> from sgdsym.series import Coefficient
    >>> print(trained_on(Series({}, 1, setting=Setting(weight_decay=Coefficient.symbol("decay"))), Notation()))
    G, H, \ldots \text{ are derivatives of } l + \frac{\mathrm{decay}}{2}\, |\theta|^{2}
    """
    n = notation
    half = factor(series.setting.weight_decay / 2)
    sign, rate = "-" if half.negative else "+", "" if half.is_one else rf"{half.latex(n)}\, "
    text = rf"{n.gradient}, {n.hessian}, \ldots \text{{ are derivatives of }} {n.loss} {sign} {rate}|{n.weights}|^{{2}}"
    if has_plain_roots(series):
        text += rf" \text{{, and }} \nabla {n.loss}, \nabla^{{2}} {n.loss}, \ldots \text{{ of }} {n.loss}"
    return text


def latex_coefficient(coefficient: Coefficient, notation: Notation) -> str:
    """A coefficient with its sign."""
    factored = factor(coefficient)
    return ("-" if factored.negative else "") + factored.latex(notation)


def _part(notation: Notation, order: int) -> str:
    return f"{notation.part}_{{{order}}}"


def _power(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"{base}^{{{exponent}}}"


def left_side(series: Series, notation: Notation) -> str:
    """What the series is the expansion of; words that no formula is known for stand as they are."""
    setting, n = series.setting, notation
    end, mean = rf"{n.weights}_{{{n.steps}}}", n.expectation
    # only minibatches depend on how data are drawn
    drawn = setting.sampling if setting.dynamics == SGD else ONLINE
    special = [part.name for part, usual in ((setting.dynamics, SGD), (drawn, ONLINE)) if part != usual]
    if special:
        mean += rf"_{{\text{{{escaped(', '.join(special))}}}}}"
    observable = setting.observable
    if observable.formula:
        return observable.formula.format(n=n, mean=mean, end=end, indices=observable.open_indices)
    return rf"{mean}[\text{{{escaped(observable.name)}}}]"
