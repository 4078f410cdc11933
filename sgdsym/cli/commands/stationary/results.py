"""How a law is written: named results as text, LaTeX, JSON or a numpy module."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from sgdsym.cli.formats import chosen_format
from sgdsym.cli.options import add_output
from sgdsym.cli.output import check_writable, write
from sgdsym.cli.parser import Parser, RequestError
from sgdsym.formula import to_latex, to_text
from sgdsym.render.laws import law_formula

LONGEST_EXACT = 40
FORMATS = ("text", "latex", "json", "numpy")


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its place in JSON, its name in text, its LaTeX symbol, and its value.

    The value is a number, an expression, an equation, a matrix, or a symmetric array of more axes.
    """

    path: tuple[str, ...]
    name: str
    symbol: str
    value: Any


def add_format(command: Parser, run: Callable[[argparse.Namespace], str]) -> None:
    """The options for format and file of a law, and the function that writes its text."""
    meaning = "how the law is written (default: by the suffix of the output, else text)"
    command.add_argument("--format", choices=FORMATS, help=meaning)
    add_output(command)
    command.set_defaults(run=lambda options: _deliver(options, run))


def _deliver(options: argparse.Namespace, run: Callable[[argparse.Namespace], str]) -> None:
    check_writable(options.output)
    options.format = chosen_format(options, FORMATS)
    try:
        text = run(options)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)


def written(results: Sequence[Result], output_format: str, *, law: str) -> str:
    """The results in a format; a numpy module holds one function, of the result whose place is the law's name.

    Raises:
        ValueError: if a symbol cannot name an argument.
    """
    if output_format == "numpy":
        return _numpy(next(result for result in results if result.path == (law,)))
    return {"text": _text, "latex": _latex, "json": _json}[output_format](results, law)


def _text(results: Sequence[Result], _: str) -> str:
    width = max((len(result.name) for result in results if _is_scalar(result.value)), default=0)
    return "\n".join(line for result in results for line in _lines(result, width))


def _lines(result: Result, width: int) -> list[str]:
    value = result.value
    if _is_scalar(value):
        return [f"{result.name.ljust(width)}  {_readable(_entry(value))}"]
    if len(value.shape) == 2:
        rows = [[_in_text(entry) for entry in row] for row in value.tolist()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [result.name, *("  ".join(map(str.rjust, row, widths)) for row in rows)]
    return [result.name, *(f"{_numbered(place)}  {_in_text(value[place])}" for place in _places(value))]


def _latex(results: Sequence[Result], _: str) -> str:
    rows = [equation for result in results for equation in _equations(result)]
    return "\n".join(["\\begin{align*}", " \\\\\n".join(rows), "\\end{align*}"])


def _equations(result: Result) -> list[str]:
    value, symbol = result.value, result.symbol
    if _is_scalar(value):
        return [f"{symbol} &= {_in_latex(_right_side(_entry(value)))}"]
    if len(value.shape) == 2:
        rows = r"\\".join(" & ".join(map(_in_latex, row)) for row in value.tolist())
        return [rf"{symbol} &= \left[\begin{{matrix}}{rows}\end{{matrix}}\right]"]
    return [f"\\bigl({symbol}\\bigr)_{{{_numbered(place)}}} &= {_in_latex(value[place])}" for place in _places(value)]


def _in_latex(value: Any) -> str:
    import sympy

    formula = law_formula(value)
    return sympy.latex(value) if formula is None else to_latex(formula)


def _json(results: Sequence[Result], law: str) -> str:
    names = sorted({str(symbol) for result in results for symbol in getattr(result.value, "free_symbols", ())})
    tree: dict[str, Any] = {"format": f"sgdsym-{law.replace('_', '-')}/1", "symbols": names}
    for result in results:
        level = tree
        for key in result.path[:-1]:
            level = level.setdefault(key, {})
        level[result.path[-1]] = _nested(result.value)
    return json.dumps(tree, indent=1)


def _nested(value: Any) -> Any:
    rows = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(rows, list):
        return [_nested(row) for row in rows]
    return rows if isinstance(rows, float) else _plain(rows)


def _numpy(result: Result) -> str:
    import sympy

    from sgdsym.codegen import generate_law

    title = f"{result.name[0].upper()}{result.name[1:]}."
    # the argument is called as in every other module
    expression = sympy.Float(result.value) if isinstance(result.value, float) else result.value
    rate = {symbol: sympy.Symbol("learning_rate") for symbol in expression.free_symbols if symbol.name == "eta"}
    return generate_law(result.path[-1], expression.subs(rate), title)


def _places(tensor: Any) -> combinations_with_replacement[tuple[int, ...]]:
    """The places of a symmetric tensor whose indices increase; the others hold the same entries."""
    return combinations_with_replacement(range(tensor.shape[0]), len(tensor.shape))


def _numbered(place: tuple[int, ...]) -> str:
    return " ".join(str(index + 1) for index in place)


def _is_scalar(value: Any) -> bool:
    return all(side == 1 for side in getattr(value, "shape", ()))


def _entry(value: Any) -> Any:
    """The number in a tensor of one entry."""
    shape = getattr(value, "shape", ())
    return value[(0,) * len(shape)] if shape else value


def _right_side(value: Any) -> Any:
    return getattr(value, "rhs", value)


def _readable(value: Any) -> str:
    """The exact value, with a decimal where it is no plain fraction, or instead of it where it is long."""
    exact = _in_text(value)
    if isinstance(value, float) or not getattr(value, "is_real", False) or not value.is_number or value.is_Rational:
        return exact
    number = float(value)
    # a number beyond the range of floats is neither zero nor infinite
    decimal = f"{number:.12g}" if number and math.isfinite(number) else str(value.evalf(12))
    return f"{exact} = {decimal}" if len(exact) <= LONGEST_EXACT else decimal


def _plain(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(_right_side(value))


def _in_text(value: Any) -> str:
    """A rational law as a person writes it, anything else as it is."""
    formula = None if isinstance(value, float) else law_formula(_right_side(value))
    return _plain(value) if formula is None else to_text(formula)
