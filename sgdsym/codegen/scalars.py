r"""Exact coefficients as Python arithmetic that stays in integers until one division.

A coefficient is read from its text and brought over one denominator, :math:`c = (\sum_i a_i m_i) / (d\,m)` with
integers :math:`a_i, d` and monomials :math:`m_i, m`, so that integer sizes give the correctly rounded quotient.  Lines
are laid out as a formatter would.
"""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from math import lcm
from typing import TypeAlias

from sgdsym.series import Coefficient

Powers: TypeAlias = dict[str, int]
Sum: TypeAlias = list[tuple[Fraction, Powers]]


def quotient(coefficient: Coefficient) -> tuple[list[str], str]:
    """The signed terms of the numerator, and the denominator, as Python text; no denominator where it is 1.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> quotient(T**2 / 6 - T / (4 * B))
    (['+2 * B * T**2', '-3 * T'], '12 * B')
    """
    monomials = _read(ast.parse(str(coefficient), mode="eval").body)
    whole = lcm(*(number.denominator for number, _ in monomials))
    below: Powers = {}
    for _, powers in monomials:
        for base, exponent in powers.items():
            below[base] = max(below.get(base, 0), -exponent)
    terms = []
    for number, powers in monomials:
        factor = int(number * whole)
        terms.append(("-" if factor < 0 else "+") + _product(abs(factor), _times(below, powers)))
    denominator = _product(whole, below)
    return terms or ["+0"], "" if denominator == "1" else denominator


def assignment(target: str, coefficient: Coefficient, indent: int, width: int) -> list[str]:
    """Lines that assign a coefficient to ``target``, none longer than ``width`` unless one factor is."""
    terms, denominator = quotient(coefficient)
    numerator = " ".join([_leading(terms[0]), *(f"{term[0]} {term[1:]}" for term in terms[1:])])
    bracketed = " " not in denominator or re.fullmatch(r"\([^()]*\)", denominator)
    divisor = f" / {denominator if bracketed else f'({denominator})'}" if denominator else ""
    above = f"({numerator})" if divisor and len(terms) > 1 else numerator
    if len(f"{target} = {above}{divisor}") + indent <= width:
        return [f"{target} = {above}{divisor}"]
    name = "_numerator" if divisor else target
    lines = [f"{name} = {numerator}"]
    if len(lines[0]) + indent > width:
        pieces = [_leading(terms[0]), *(f"{term[0]} {term[1:]}" for term in terms[1:])]
        inner = [numerator] if len(numerator) + indent + 4 <= width else pieces
        lines = [f"{name} = (", *(f"    {line}" for line in inner), ")"]
    return [*lines, f"{target} = _numerator{divisor}"] if divisor else lines


def _leading(term: str) -> str:
    """The first term without its plus; a power right after a minus in brackets."""
    return re.sub(r"^-(\w+\*\*\w+)", r"-(\1)", term).removeprefix("+")


def _read(node: ast.expr) -> Sum:
    """A coefficient's text as a sum of monomials; bracketed sums below and symbolic powers are bases of their own."""
    match node:
        case ast.Constant(value=int() as value):
            return [(Fraction(value), {})] if value else []
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(-number, powers) for number, powers in _read(operand)]
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return [(sign * number, powers) for sign, part in _summands(node) for number, powers in _read(part)]
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return [(a * b, _times(x, y)) for a, x in _read(left) for b, y in _read(right)]
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            divisor, below = _factors(right)
            inverse = {base: -exponent for base, exponent in below.items()}
            return [(number / divisor, _times(powers, inverse)) for number, powers in _read(left)]
    number, powers = _factors(node)
    return [(number, powers)]


def _summands(node: ast.expr) -> list[tuple[int, ast.expr]]:
    """The summands of a sum with their signs, in order; a sum hangs to the left, as deep as it has summands."""
    found: list[tuple[int, ast.expr]] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        found.append((1 if isinstance(node.op, ast.Add) else -1, node.right))
        node = node.left
    return [(1, node), *reversed(found)]


def _factors(node: ast.expr) -> tuple[Fraction, Powers]:
    """A product as a number and powers of bases; nothing is expanded."""
    match node:
        case ast.Constant(value=int() as value):
            return Fraction(value), {}
        case ast.Name(id=name):
            return Fraction(1), {name: 1}
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            (a, x), (b, y) = _factors(left), _factors(right)
            return a * b, _times(x, y)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            number, powers = _factors(left)
            return number**exponent, {base: e * exponent for base, e in powers.items()}
    text = re.sub(r"(\w+) \*\* (\w+)", r"\1**\2", ast.unparse(node))
    return Fraction(1), {f"({text})" if " " in text else text: 1}


def _times(left: Powers, right: Powers) -> Powers:
    if not left or not right:
        return left or right
    return {base: left.get(base, 0) + right.get(base, 0) for base in sorted({*left, *right})}


def _product(number: int, exponents: Powers) -> str:
    powers = [_power(base, e) for base, e in sorted(exponents.items()) if e]
    if number != 1 or not powers:
        powers.insert(0, str(number))
    return " * ".join(powers)


def _power(base: str, exponent: int) -> str:
    if exponent == 1:
        return base
    if base.isidentifier():
        return f"{base}**{exponent}"
    return f"{base} ** {exponent}" if base.startswith("(") else f"({base}) ** {exponent}"
