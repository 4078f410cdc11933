r"""The value of a formula in LaTeX: fractions, binomials, falling factorials, powers, brackets and products side by side."""

import re
from fractions import Fraction
from math import comb, perm

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\[,;]|[a-zA-Z]|\d+|[{}()^_+\-]|\S")
_IGNORED = {r"\,", r"\Bigl", r"\Bigr", r"\bigl", r"\bigr", r"\times", r"\quad", r"\qquad"}


def latex_value(formula, symbols):
    """Exact value at numbers for the symbols; a symbol with a subscript is looked up as ``V_3``."""
    tokens = [token for token in _TOKEN.findall(formula) if token not in _IGNORED]
    value, rest = _sum(tokens, symbols)
    assert not rest, rest
    return value


def _sum(tokens, symbols):
    total = Fraction(0)
    while tokens and tokens[0] not in ")}":
        sign = 1
        if tokens[0] in "+-":
            sign = -1 if tokens[0] == "-" else 1
            tokens = tokens[1:]
        value, tokens = _product(tokens, symbols)
        total += sign * value
    return total, tokens


def _product(tokens, symbols):
    total = Fraction(1)
    while tokens and tokens[0] not in ")}+-":
        divides = tokens[0] == "/"
        value, tokens = _power(tokens[divides:], symbols)
        total *= 1 / value if divides else value
    return total, tokens


def _power(tokens, symbols):
    value, tokens = _atom(tokens, symbols)
    if tokens[:1] != ["^"]:
        return value, tokens
    tokens = tokens[1:]
    if tokens[:2] == ["{", r"\underline"]:
        assert tokens[2] == "{"
        assert tokens[4:6] == ["}", "}"]
        return Fraction(perm(int(value), int(tokens[3]))), tokens[6:]
    exponent, tokens = _group(tokens, symbols)
    return value**exponent, tokens


def _atom(tokens, symbols):
    head, tokens = tokens[0], tokens[1:]
    if head in (r"\frac", r"\binom"):
        above, tokens = _group(tokens, symbols)
        below, tokens = _group(tokens, symbols)
        return (above / below if head == r"\frac" else Fraction(comb(int(above), int(below)))), tokens
    if head == "(":
        value, tokens = _sum(tokens, symbols)
        assert tokens[0] == ")"
        return value, tokens[1:]
    if head.isdigit():
        return Fraction(int(head)), tokens
    if tokens[:1] == ["_"]:
        assert tokens[1] == "{"
        return symbols[f"{head}_{tokens[2]}"], tokens[4:]
    return Fraction(symbols[head]), tokens


def _group(tokens, symbols):
    assert tokens[0] == "{"
    value, tokens = _sum(tokens[1:], symbols)
    assert tokens[0] == "}"
    return value, tokens[1:]
