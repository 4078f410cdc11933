"""A series as one HTML page: formulas, pictures, numbers at sizes that the reader chooses, and a plot of them.

Knows what is on the page and in which order.  Refuses to know how it looks (``templates/report.css``), how it moves
(``templates/report.js.jinja``), and anything outside the page: it asks no network for a font or a script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import groupby
from typing import Any

from sgdsym.codegen import generate
from sgdsym.codegen.javascript import generate_javascript
from sgdsym.codegen.moments import distinct_coefficients
from sgdsym.diagrams import Diagram
from sgdsym.formula import (
    Digits,
    Formula,
    Row,
    Scripts,
    Sign,
    Symbol,
    power,
    read_symbol,
    signed_sum,
    to_latex,
    to_mathml,
)
from sgdsym.render import Typesetting, diagram_to_svg, diagram_to_text, explain, series_to_latex
from sgdsym.render.factors import factor
from sgdsym.render.formulas import diagram_formula
from sgdsym.render.latex import left_side, remainder
from sgdsym.render.names import diagram_name
from sgdsym.render.scripts import Script
from sgdsym.render.terms import coefficient_lines, fill, line_formula, order_terms
from sgdsym.report.definitions import Definition, setting_sentences, symbol_definitions, symbol_options
from sgdsym.report.paper import request_options, title
from sgdsym.report.values import DiagramValues, example_values
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import Request
from sgdsym.templating import Code, Markup, render

_WIDEST = 26.0  # of a coefficient, in ems
_USUAL = {"T": "steps", "E": "epochs", "N": "dataset_size", "B": "batch_size", "mu": "momentum"}


@dataclass(frozen=True, slots=True)
class _Control:
    """A number that the reader chooses: a symbol of the series, where it begins, and its usual range."""

    name: str
    label: Markup
    meaning: str
    value: str
    least: str
    most: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Card:
    """One term, ready strings."""

    number: int
    name: str
    picture: Markup
    formula: Markup
    coefficient: list[Markup]
    words: str
    latex: str
    search: str


# where a size begins, its range, and whether it is a whole number
_RANGES = {
    "steps": ("50", "0", "500", True),
    "time": ("50", "0", "500", False),
    "epochs": ("5", "0", "50", True),
    "dataset_size": ("24", "1", "200", True),
    "batch_size": ("4", "1", "64", True),
    "momentum": ("0.5", "-0.95", "0.95", False),
    "": ("1", "0", "2", False),
}


def write_page(
    series: Series,
    *,
    request: Request | None = None,
    typesetting: Typesetting | None = None,
    values: DiagramValues | None = None,
) -> str:
    r"""A self-contained HTML page on a series, which any current browser shows without a network.

    Each term has its picture, its value and its coefficient as formulas, and what it is in words.  The reader searches them, chooses
    the learning rate and the sizes, and sees the sums to each order, :math:`\sum_{k\le d} \eta^k \sum_D c_D\,\mathrm{value}(D)`, as a
    table and as curves over any of them; coefficients are evaluated exactly.  LaTeX, the numpy module and the numbers are copied with
    a button.  The same bytes in every run of one version.

    Args:
        series: any series.
        request: what was expanded, if it was one request.
        typesetting: symbols and form of the formulas; pictures are shown beside them in any case.
        values: the values of the diagrams that the numbers are of; those of a small logistic loss if left out.

    Raises:
        ValueError: if no numpy module can be written, see :func:`sgdsym.codegen.generate`; or if the series has sums over a
            schedule, for which a page has no control.

    >>> from sgdsym.sgd import expand
    >>> page = write_page(expand(order=1))
    >>> page.count("<article"), "https:" in page
    (2, False)
    """
    if series.sums:
        raise ValueError(
            f"a page has no place for the rates {series.schedule}; give them as a list, or choose format latex"
        )
    chosen = typesetting or Typesetting()
    if chosen.style == "diagram":
        chosen = replace(chosen, style="matrix")
    if series.setting.weight_decay.symbols:
        raise ValueError("the values on a page are those at one weight decay; give a number for it")
    known = values or example_values(series)
    # many diagrams share a coefficient, which is one function in the script
    numbered = distinct_coefficients(series.terms)
    options = symbol_options(request) if request else _USUAL
    script = render("report.js.jinja", coefficients=Code(generate_javascript(numbered)))
    notation = chosen.notation
    return render(
        "report.html.jinja",
        title=title(series.setting, series.truncation),
        version=version("sgdsym"),
        command=f"sgdsym expand {' '.join(request_options(request))}" if request else None,
        formula=_formula(_headline(series, chosen), display=True),
        setting=[_prose(sentence) for sentence in setting_sentences(request, notation)] if request else [],
        symbols=[
            (_formula(read_symbol(symbol)), _prose(meaning)) for symbol, meaning in _symbols(series, chosen, options)
        ],
        conditions=[_formula(_nonzero(factor(pole).formula(notation))) for pole in series.reachable_poles],
        rate=_formula(notation.symbol("learning_rate")),
        controls=_controls(series, chosen, options),
        orders=_orders(series, chosen),
        latex=series_to_latex(series, chosen),
        numpy=generate(series),
        values=known.to_json(),
        about=known.about,
        data=_data(series, numbered, options),
        script=script,
        # the page's security policy names its one script by this, so that browsers run nothing else
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _headline(series: Series, typesetting: Typesetting) -> Formula:
    n, k = typesetting.notation, Symbol("k", "k")
    least = Row((k, Sign("="), Digits("0")), "beside")
    summed = Scripts(Sign("sum"), below=least, above=Digits(str(series.truncation)))
    part = Scripts(n.symbol("part"), below=k)
    total = Row((summed, power(n.symbol("learning_rate"), k), Sign("thin"), part), "plain")
    right = signed_sum([(False, total), (False, remainder(series, n))])
    return Row((left_side(series, n), Sign("="), right), "plain")


def _nonzero(formula: Formula) -> Formula:
    return Row((formula, Sign("neq"), Digits("0")), "plain")


def _symbols(series: Series, typesetting: Typesetting, options: Mapping[str, str]) -> list[Definition]:
    n = typesetting.notation
    part = (f"{n.part}_{{k}}", f"the coefficient of ${n.learning_rate}^{{k}}$: the sum of the terms of order $k$")
    return [part, *symbol_definitions(series, n, typesetting.style, options)]


def _prose(sentence: str) -> list[str]:
    """Words and formulas in turn."""
    parts = sentence.replace(r"It\^o", "Itô").split("$")
    return [_formula(read_symbol(part)) if k % 2 else part for k, part in enumerate(parts) if part]


def _formula(formula: Formula, *, display: bool = False) -> Markup:
    return Markup(to_mathml(formula, display=display))


def _controls(series: Series, typesetting: Typesetting, options: Mapping[str, str]) -> list[_Control]:
    continuous = series.setting.dynamics.is_continuous
    meanings = dict(symbol_definitions(series, typesetting.notation, "diagram", options))
    found = []
    for name in series.symbols:
        option, label = options.get(name, ""), typesetting.notation.size(name)
        kind = "time" if option == "steps" and continuous else option
        value, least, most, whole = _RANGES[kind]
        found.append(_Control(name, _formula(read_symbol(label)), meanings[label], value, least, most, whole))
    return found


def _orders(series: Series, typesetting: Typesetting) -> list[tuple[int, str, list[_Card]]]:
    """The terms of each order, with the power of the learning rate that they are multiplied by."""
    found = []
    number = 0
    for order, group in groupby(series, key=lambda term: term[0].order):
        cards = [
            _card(number, diagram, c, series, typesetting) for number, (diagram, c) in enumerate(group, start=number)
        ]
        number += len(cards)
        rate = _formula(power(typesetting.notation.symbol("learning_rate"), order)) if order else ""
        found.append((order, rate, cards))
    return found


def _card(number: int, diagram: Diagram, coefficient: Coefficient, series: Series, typesetting: Typesetting) -> _Card:
    basis, setting = series.basis, series.setting
    function, decays = setting.observable.carries_function, bool(setting.weight_decay)
    script = Script(basis, typesetting.notation, decays)
    value = diagram_formula(diagram, script, typesetting.style, typesetting.sums, function)
    rate = power(typesetting.notation.symbol("learning_rate"), diagram.order) if diagram.order else None
    (term,) = order_terms([(diagram, coefficient)], rate, lambda _: value, replace(typesetting, collect=False))
    (lines,) = fill([term], 1, line=float("inf"))
    name = diagram_name(diagram, basis)
    words = explain(diagram, basis, function=function, weight_decay=decays)
    text = diagram_to_text(diagram, basis, function=function, weight_decay=decays)
    searched = (name, words, text, to_latex(value), str(coefficient))
    return _Card(
        number,
        name,
        Markup(diagram_to_svg(diagram, scale=1.4)),
        _formula(value),
        [_formula(line, display=True) for line in coefficient_lines(coefficient, typesetting, _WIDEST)],
        words,
        " ".join(to_latex(line_formula(pieces)) for pieces in lines),
        " ".join(searched).lower(),
    )


def _data(series: Series, numbered: dict[Coefficient, int], options: Mapping[str, str]) -> dict[str, Any]:
    """The data that the script of the page reads."""
    by_option = {option: name for name, option in options.items() if name in series.symbols}
    in_batches = series.setting.sampling.is_in_epochs and {"dataset_size", "batch_size"} <= by_option.keys()
    return {
        "order": series.truncation,
        "symbols": list(series.symbols),
        "terms": [[diagram_name(diagram, series.basis), diagram.order, numbered[c]] for diagram, c in series],
        "wholeBatches": [by_option["dataset_size"], by_option["batch_size"]] if in_batches else None,
    }
