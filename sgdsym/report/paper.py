"""A self-contained appendix for a paper: definitions, each order, the diagrams, and what is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from importlib.metadata import version
from itertools import groupby

from sgdsym.diagrams import Diagram
from sgdsym.formula import to_latex
from sgdsym.formula.escaping import escaped
from sgdsym.references import by_key
from sgdsym.render import Typesetting, diagram_to_latex, explain, preamble, series_to_latex
from sgdsym.render.commands import Latex
from sgdsym.render.factors import factor
from sgdsym.render.formulas import Style
from sgdsym.render.latex import left_side
from sgdsym.render.terms import coefficient_lines
from sgdsym.render.tikz import inline_picture
from sgdsym.report.definitions import setting_sentences, symbol_definitions, symbol_options
from sgdsym.series import SGD, Coefficient, Series, Setting
from sgdsym.sgd import Request, expand_request
from sgdsym.templating import render

# of the width of a line: the column for a count, in ems, and the one for a picture, in points
_COLUMN, _PICTURE = 2 / 3, 2.4


def write_paper(
    request: Request, typesetting: Typesetting | None = None, progress: Callable[[int, int], None] | None = None
) -> str:
    r"""A complete LaTeX document whose body is an appendix on the request, for pdfLaTeX with amsmath and TikZ.

    It defines every symbol, gives one equation per order, shows each diagram with its symmetry factor
    :math:`|\mathrm{Aut}\,D|`, its count :math:`W_D` and its value in a formula and in words, and says what is exact.  The series is
    :math:`\sum_D (-\eta)^d\, W_D / |\mathrm{Aut}\,D|\; \mathrm{value}(D)`.  The same text in every run of one version.

    Args:
        request: the request that is expanded.
        typesetting: symbols and form of the formulas; the shape is always one equation per order.
        progress: called with each order and its number of diagrams.

    Raises:
        ValueError: if the request cannot be expanded.

    >>> write_paper(Request(order=1)).splitlines()[0]
    '% Expansion of the test loss of SGD (online) to order 1'
    """
    chosen = replace(typesetting or Typesetting(), shape="equations").for_run(request.steps, request.epochs)
    series = expand_request(request, progress)
    equations = series_to_latex(series, chosen)
    tables = _tables(series, chosen.for_sums(series.sums))
    command = f"sgdsym paper {' '.join(request_options(request))}".strip()
    definitions = symbol_definitions(series, chosen.notation, _formula_style(chosen), symbol_options(request))
    return render(
        "appendix.tex.jinja",
        title=Latex(escaped(title(request.setting, request.order))),
        version=version("sgdsym"),
        command=Latex(command),
        # two hyphens would be set as one dash
        command_text=Latex(escaped(command).replace("--", r"-{}-").replace(" ", r"\ \allowbreak ")),
        preamble=list(map(Latex, preamble(equations + "tikzpicture"))),
        setting=list(map(Latex, setting_sentences(request, chosen.notation))),
        symbols=[(Latex(symbol), Latex(meaning)) for symbol, meaning in definitions],
        order=request.order,
        equations=Latex(equations),
        sum_rule=Latex(_sum_rule(series, chosen) if tables else ""),
        tables=tables,
        picture=Latex(f"{_PICTURE * chosen.width:g}"),
        exactness=list(map(Latex, _exactness(series, chosen))),
        followed=Latex(_followed()),
    )


def request_options(request: Request) -> list[str]:
    """The options of the command line that make a request, those that are not left out.

    >>> request_options(Request(order=2, batch_size=4))
    ['--order', '2', '--batch-size', '4']
    """
    words: list[str] = []
    for item in fields(request):
        value = getattr(request, item.name)
        if value == item.default and item.name != "order":
            continue
        words.append(f"--{item.name.replace('_', '-')}")
        if isinstance(value, tuple):
            words.append(",".join(map(str, value)))
        elif value is not True:
            words.append(str(value))
    return words


def title(setting: Setting, order: int) -> str:
    """The subject of a report, as plain text.

    >>> title(Setting.named("displacement", "gd", "fixed"), 2)
    'Expansion of the displacement of the weights of GD to order 2'
    """
    how, observable = setting.dynamics.name.upper(), setting.observable
    if setting.dynamics == SGD:
        how += f" ({setting.sampling})"
    if setting.weight_decay:
        how += " with weight decay"
    return f"Expansion of the {observable.title or observable} of {how} to order {order}"


def _tables(series: Series, typesetting: Typesetting) -> list[tuple[Latex, list[dict[str, Latex]]]]:
    """A heading and the diagrams of each order but the trivial ones."""
    tables: list[tuple[Latex, list[dict[str, Latex]]]] = []
    for order, group in groupby(series, key=lambda term: term[0].order):
        terms = list(group)
        if order:
            heading = f"Order {order}: {len(terms)} diagram{'s' if len(terms) > 1 else ''}"
            tables.append((Latex(heading), [_row(series, d, c, typesetting) for d, c in terms]))
    return tables


def _row(series: Series, diagram: Diagram, coefficient: Coefficient, typesetting: Typesetting) -> dict[str, Latex]:
    """One diagram of the table, ready strings."""
    function, decays = series.setting.observable.carries_function, bool(series.setting.weight_decay)
    value = diagram_to_latex(
        diagram,
        series.basis,
        style=_formula_style(typesetting),
        notation=typesetting.notation,
        sums=typesetting.sums,
        function=function,
        weight_decay=decays,
    )
    symmetry = diagram.symmetry_factor
    # the coefficient is (-1)^d W/|Aut|
    count = coefficient * symmetry * (-1) ** diagram.order
    lines = r" \\ & \quad ".join(map(to_latex, coefficient_lines(count, typesetting, _COLUMN * typesetting.width)))
    return {
        "picture": Latex(to_latex(inline_picture(diagram, _PICTURE * typesetting.width))),
        "value": Latex(value),
        "symmetry": Latex(rf"$|\mathrm{{Aut}}| = {symmetry}$"),
        "count": Latex(rf"$\begin{{aligned}}[t] W ={{}}& {lines} \end{{aligned}}$"),
        "words": Latex(explain(diagram, series.basis, function=function, weight_decay=decays)),
    }


def _formula_style(typesetting: Typesetting) -> Style:
    """The style of the values in the table, which has the pictures anyway."""
    return "matrix" if typesetting.style == "diagram" else typesetting.style


def _sum_rule(series: Series, typesetting: Typesetting) -> str:
    n = typesetting.notation
    joint = "moment" if series.basis == "moment" else "cumulant"
    return (
        rf"A node with $k$ neighbours is the tensor of $k$-th derivatives of the loss of a data point, an edge contracts one index, "
        rf"and the nodes in one outline belong to one data point: the value of a diagram is the contraction of one joint {joint} for each "
        r"outline or lone node. Time runs from left to right. "
        rf"A diagram with $d$ edges stands for the term $(-{n.learning_rate})^d\, W/|\mathrm{{Aut}}|$ times its value: "
        r"$|\mathrm{Aut}|$ is the number of its symmetries, and $W$ counts the ways to choose its root and to place the "
        "other nodes on updates and data points, each way with its "
        "weight. A hollow node is not averaged over the data, a node with a ring is a marked loss. "
        "In words, curvature and jerk are the second and third derivatives of the loss, and $x$, $y$ are data points."
    )


def _followed() -> str:
    """The work whose expansion this is, for the list of references of the document that takes the appendix over."""
    work = by_key("Tenka2020")
    found = f"{work.year}, {work.identifier}"
    return f"The expansion follows {escaped(work.names)}, ``{escaped(work.title)}'' ({escaped(found)}), with the counting put right."


def _exactness(series: Series, typesetting: Typesetting) -> list[str]:
    n, order = typesetting.notation, series.truncation
    label, observed = typesetting.label, to_latex(left_side(series, n))
    sentences = [
        rf"Let the losses ${n.sample_loss}$ have bounded derivatives of all orders up to {order + 1} (polynomials whose coefficients "
        rf"have finite moments will do). Then ${observed}$ as a function of ${n.learning_rate}$ has at ${n.learning_rate} = 0$ "
        rf"exactly the Taylor coefficients of \eqref{{{label}}} up to order {order}, for every value of the sizes: no large number of "
        "updates, small noise or Gaussian noise is assumed, and the coefficients are exact rational numbers.",
        rf"The remainder $O({n.learning_rate}^{{{order + 1}}})$ is for a fixed length of the run; it is not uniform in it.",
    ]
    if series.reachable_poles:
        conditions = ", ".join(rf"${to_latex(factor(pole).formula(n))} \neq 0$" for pole in series.reachable_poles)
        sentences.append(f"The coefficients hold where {conditions}; elsewhere expand again with the numbers.")
    return sentences
