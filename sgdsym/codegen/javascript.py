r"""Coefficients as JavaScript, for pages that evaluate a series at sizes a reader chooses.

Written are calls of five functions on exact fractions, :math:`c = (\sum_i a_i m_i) / (d\,m)` with integers and monomials as in
:mod:`~sgdsym.codegen.scalars`, so that nothing is lost before one rounding at the end.  What the functions do is said where a
page defines them.  Numbers become literals and names become quoted keys: no text of a user becomes code.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Sequence

from sgdsym.codegen.scalars import quotient
from sgdsym.series import Coefficient

_OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "sum",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "over",
    ast.Pow: "power",
}


def generate_javascript(coefficients: Iterable[Coefficient]) -> str:
    r"""An array of functions, one for each coefficient, from an object of exact sizes to an exact value.

    The text calls ``sum`` and ``times`` of two or more arguments, and ``minus``, ``over`` and ``power`` of two, which the page that
    holds it defines for whole numbers and fractions.  Equal coefficients give equal bytes.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> print(generate_javascript([T**2 / 6 - T / (4 * B)]))
    [
    (size) => over(sum(times(2n, size["B"], power(size["T"], 2n)), times(-3n, size["T"])),
      times(12n, size["B"])),
    ]
    """
    return "\n".join(["[", *(f"(size) => {_fraction(c)}," for c in coefficients), "]"])


def _fraction(coefficient: Coefficient) -> str:
    terms, denominator = quotient(coefficient)
    summands = [_signed(term) for term in terms]
    above = f"sum({', '.join(summands)})" if len(summands) > 1 else summands[0]
    return f"over({above},\n  {_expression(_parsed(denominator))})" if denominator else above


def _signed(term: str) -> str:
    """A term with its sign at the number in front."""
    words = [_expression(factor) for factor in _factors(_parsed(term[1:]))]
    if term.startswith("-"):
        words = [f"-{words[0]}", *words[1:]] if words[0][0].isdigit() else ["-1n", *words]
    return _product(words)


def _factors(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return [*_factors(left), *_factors(right)]
    return [node]


def _product(words: Sequence[str]) -> str:
    return f"times({', '.join(words)})" if len(words) > 1 else words[0]


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _expression(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=int() as value):
            return f"{value}n"
        case ast.Name(id=name):
            return f"size[{json.dumps(name)}]"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"minus(0n, {_expression(operand)})"
        case ast.BinOp(op=ast.Mult()):
            return _product([_expression(factor) for factor in _factors(node)])
        case ast.BinOp(left=left, op=operation, right=right):
            return f"{_OPERATIONS[type(operation)]}({_expression(left)}, {_expression(right)})"
    raise AssertionError(f"{ast.unparse(node)} is no arithmetic")
