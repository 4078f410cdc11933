"""How a law is written: named results as text, LaTeX, JSON or a numpy module."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_EXACT = 40
FORMATS = ("text", "latex", "json", "numpy")


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its key in JSON, its name in text, its LaTeX symbol, and a number, an expression or an equation."""

    key: str
    name: str
    symbol: str
    value: Any


def written(results: Sequence[Result], output_format: str, *, law: str) -> str:
    """The results in a format; a numpy module holds one function, of the result whose key is the law.

    Raises:
        ValueError: if a symbol cannot name an argument.
    """
    if output_format == "numpy":
        return _numpy(next(result for result in results if result.key == law))
    return {"text": _text, "latex": _latex, "json": _json}[output_format](results, law)


def _text(results: Sequence[Result], _: str) -> str:
    width = max(len(result.name) for result in results)
    return "\n".join(f"{result.name.ljust(width)}  {_readable(result.value)}" for result in results)


def _latex(results: Sequence[Result], _: str) -> str:
    import sympy

    rows = [f"{r.symbol} &= {sympy.latex(_right_side(r.value))} \\\\" for r in results]
    return "\n".join(["\\begin{align*}", *rows, "\\end{align*}"])


def _json(results: Sequence[Result], law: str) -> str:
    names = sorted({str(symbol) for result in results for symbol in getattr(result.value, "free_symbols", ())})
    values = {r.key: r.value if isinstance(r.value, float) else _plain(r.value) for r in results}
    return json.dumps({"format": f"sgdsym-{law.replace('_', '-')}/1", "symbols": names, **values}, indent=1)


def _numpy(result: Result) -> str:
    import sympy

    from sgdsym.codegen import generate_law

    title = f"{result.name[0].upper()}{result.name[1:]}."
    # the argument is called as in every other module
    expression = sympy.Float(result.value) if isinstance(result.value, float) else result.value
    rate = {symbol: sympy.Symbol("learning_rate") for symbol in expression.free_symbols if symbol.name == "eta"}
    return generate_law(result.key, expression.subs(rate), title)


def _right_side(value: Any) -> Any:
    return getattr(value, "rhs", value)


def _readable(value: Any) -> str:
    """The exact value, with a decimal where it is no plain fraction, or instead of it where it is long."""
    exact = _plain(value)
    if isinstance(value, float) or not getattr(value, "is_number", False) or value.is_Rational:
        return exact
    decimal = f"{float(value):.12g}"
    return f"{exact} = {decimal}" if len(exact) <= LONGEST_EXACT else decimal


def _plain(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(_right_side(value))
