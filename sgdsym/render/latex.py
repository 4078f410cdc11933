r"""A series as a LaTeX display."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sgdsym.render.escaping import escaped
from sgdsym.render.factors import factor, split
from sgdsym.render.formulas import checked_style, formula
from sgdsym.render.notation import Notation
from sgdsym.render.scripts import LatexScript
from sgdsym.series import Coefficient, Series

NEWLINE = r"\\"
PARAGRAPH = r"\\[1ex]"
MONOMIALS = 8  # a coefficient of more is written as a sum, which reads better and is quicker to factor
WIDTH = 125  # characters of source that about fill a line of text


def series_to_latex(series: Series, *, style: str = "matrix", notation: Notation | None = None) -> str:
    r"""The series as an ``align*`` of amsmath, one term per line.

    Coefficients are factored, terms sorted by order; ``\kappa[…]`` and ``\mathbb{E}[…]`` are explained at
    :func:`sgdsym.render.diagram_to_latex`.  Needs ``\usepackage{amsmath,amssymb}``, and ``\allowdisplaybreaks`` where
    the display is longer than a page.

    Args:
        series: any series.
        style: ``"matrix"`` for matrix notation where it exists and indices elsewhere, ``"index"`` for indices.
        notation: the symbols; the literature's if left out.

    Raises:
        ValueError: if the style is unknown.

    >>> from sgdsym.diagrams import Diagram
    >>> descent = Series({Diagram(1): Coefficient(1), Diagram(2, [(0, 1)]): -Coefficient.symbol("T")}, 1)
    >>> print(series_to_latex(descent))
    \begin{align*}
    & \mathbb{E}[l(\theta_{T})] = l \\[1ex]
    % order 1, 1 term
    & \quad - \eta \, T \, G^{\top} G \\[1ex]
    & \quad + O(\eta^{2})
    \end{align*}
    """
    known_style = checked_style(style)
    symbols = notation or Notation()
    script = LatexScript(series.basis, symbols)
    function = is_function(series)
    lines: list[str] = []
    head = f"& {_left_side(series, symbols)} ="
    for order, group in groupby(series, key=lambda term: term[0].order):
        terms = list(group)
        written: list[str] = []
        for diagram, coefficient in terms:
            value = formula(diagram, script, known_style, function)
            sign, broken = _term(coefficient, order, value, symbols)
            written.append(f"& \\quad {sign} " + f" {NEWLINE}\n& \\qquad ".join(broken))
        if order == 0 and len(written) == 1:
            head += written.pop().removeprefix("& \\quad").removeprefix(" +")
        else:
            lines.append(f"% order {order}, {len(terms)} term{'s' if len(terms) > 1 else ''}")
            lines.append(f" {NEWLINE}\n".join(written) + f" {PARAGRAPH}")
    if not lines and head.endswith("="):
        head += " 0"
    remainder = rf"& \quad + O({_power(symbols.learning_rate, series.truncation + 1)})"
    if series.poles:
        conditions = ", ".join(rf"{factor(pole).latex(symbols)} \neq 0" for pole in series.poles)
        remainder += rf" \qquad ({conditions})"
    return "\n".join([r"\begin{align*}", f"{head} {PARAGRAPH}", *lines, remainder, r"\end{align*}"])


def is_function(series: Series) -> bool:
    """Whether open roots of the series carry derivatives of a function, by the observable's name."""
    return "function" in series.setting.observable


def _term(coefficient: Coefficient, order: int, value: str, notation: Notation) -> tuple[str, list[str]]:
    """Sign and the lines of the absolute value of a term: numbers before the learning rate, sizes behind it."""
    rate = [_power(notation.learning_rate, order)] if order else []
    parts = split(coefficient) if len(coefficient.monomials()) > MONOMIALS else []
    if len(parts) < 2:
        factored = factor(coefficient)
        size = [] if factored.is_one else [factored.latex(notation)]
        factors = [*size, *rate, value] if factored.is_number else [*rate, *size, value]
        return "-" if factored.negative else "+", [r" \, ".join(factors)]
    summands = [factor(part) for part in parts]
    negative = summands[0].negative
    lines = _packed([(summand.negative != negative, summand.latex(notation)) for summand in summands])
    lines[0] = r" \, ".join([*rate, rf"\Bigl( {lines[0]}"])
    lines[-1] += r" \Bigr)"
    if len(lines[-1]) + len(value) < WIDTH:
        lines[-1] += rf" \, {value}"
    else:
        lines.append(rf"\times {value}")
    return "-" if negative else "+", lines


def _packed(parts: Sequence[tuple[bool, str]]) -> list[str]:
    """A sum of signed parts on lines that are not too long."""
    lines: list[str] = []
    for k, (negative, text) in enumerate(parts):
        signed = f"{'-' if negative else '+'} {text}" if k or negative else text
        if lines and len(lines[-1]) + len(signed) < WIDTH * 2 // 3:
            lines[-1] += f" {signed}"
        else:
            lines.append(signed)
    return lines


def _power(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"{base}^{{{exponent}}}"


def _left_side(series: Series, notation: Notation) -> str:
    """What the series is the expansion of; words that no formula is known for stand as they are."""
    setting, n = series.setting, notation
    end, mean = rf"{n.weights}_{{{n.steps}}}", n.expectation
    special = [word for word, usual in ((setting.dynamics, "sgd"), (setting.sampling, "online")) if word != usual]
    if special:
        mean += rf"_{{\text{{{escaped(', '.join(special))}}}}}"
    sides = {
        "test-loss": f"{mean}[{n.loss}({end})]",
        "train-loss": rf"{mean}[\hat{{{n.loss}}}({end})]",
        "generalization-gap": rf"{mean}[{n.loss}({end}) - \hat{{{n.loss}}}({end})]",
        "displacement": f"{mean}[{end} - {n.weights}_{{0}}]",
        "covariance": rf"\operatorname{{Cov}}[{end}]",
        "loss-variance": rf"\operatorname{{Var}}[{n.loss}({end})]",
        "function": f"{mean}[{n.function}({end})]",
    }
    return sides.get(setting.observable) or rf"{mean}[\text{{{escaped(setting.observable)}}}]"
