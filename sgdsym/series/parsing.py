"""Plain arithmetic as text, read: integers, symbol names, ``+ - * / **`` and parentheses; nothing is evaluated as code.

Text is short and what it stands for may be long: ``(a + b + c + d)**1000`` has 167 million terms.  So it is read into a tree first,
the tree is measured (:mod:`sgdsym.series.extent`), and only what stays small is multiplied out.  What numbers and symbols are is the
caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from typing import Any

from sgdsym.series.extent import Expression, Number, Power, Product, Sum, Symbol, check_extent, check_power

# nested brackets, signs and exponents, which are read recursively: four frames a level, 240 of the 1 000 that Python allows; and
# digits of one number, of which int() refuses more than 4 300
DEEPEST, LONGEST_NUMBER = 60, 3000
_TOKEN = re.compile(r"\s*(?:([0-9]+)|([A-Za-z_]\w*)|(\*\*|[-+*/()]))", re.ASCII)


def read_arithmetic(
    text: str, number: Callable[[int], Any], symbol: Callable[[str], Any], power: Callable[[Any, Any], Any]
) -> Any:
    """The value of an arithmetic expression.

    Args:
        text: the expression.
        number: makes a value of an integer.
        symbol: makes a value of an identifier.
        power: raises one value to another; an exponent below zero inverts.

    Raises:
        ValueError: if the text holds anything else, divides by zero, or would be large once multiplied out.

    >>> import operator
    >>> from fractions import Fraction
    >>> read_arithmetic("2*(x - 1)/4", Fraction, {"x": Fraction(3)}.__getitem__, operator.pow)
    Fraction(1, 1)
    """
    if not isinstance(text, str):
        raise ValueError(f"not plain arithmetic: {text!r:.60} is no text")

    try:
        tree = parse_arithmetic(text)
    except (SyntaxError, RecursionError) as error:
        raise ValueError(_not_plain(text)) from error
    return evaluate_arithmetic(tree, number, symbol, power, text)


def evaluate_arithmetic(
    tree: Expression,
    number: Callable[[int], Any],
    symbol: Callable[[str], Any],
    power: Callable[[Any, Any], Any],
    text: str,
) -> Any:
    """The value of a tree, measured before it is multiplied out; ``text`` is what a message quotes.

    Raises:
        ValueError: if it divides by zero, or would be large once multiplied out.

    >>> import operator
    >>> from fractions import Fraction
    >>> evaluate_arithmetic(parse_arithmetic("T/2"), Fraction, {"T": Fraction(3)}.__getitem__, operator.pow, "T/2")
    Fraction(3, 2)
    """
    try:
        check_extent(tree)
        return _Evaluation(number, symbol, power).value(tree)
    except OverflowError as error:
        raise ValueError(
            f"not plain arithmetic of moderate size: {_shown(text)} has {error} once multiplied out"
        ) from error
    except (SyntaxError, TypeError, RecursionError, ZeroDivisionError, MemoryError) as error:
        raise ValueError(_not_plain(text)) from error


def _not_plain(text: str) -> str:
    return f"not plain arithmetic: {_shown(text)}; use integers, symbol names, + - * / ** and parentheses"


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The functions that make values of the leaves of a tree, and that raise one value to another."""

    number: Callable[[int], Any]
    symbol: Callable[[str], Any]
    power: Callable[[Any, Any], Any]

    def value(self, node: Expression) -> Any:
        """The value of a node."""
        match node:
            case Number(integer):
                return self.number(integer)
            case Symbol(name):
                return self.symbol(name)
            case Sum(summands):
                return _total([-self.value(part) if negative else self.value(part) for negative, part in summands])
            case Product(factors):
                return _product([self.inverse(part) if below else self.value(part) for below, part in factors])
            case Power(base, exponent):
                return self.power(self.value(base), self.value(exponent))

    def inverse(self, node: Expression) -> Any:
        """One over the value of a node, factor by factor: no product is factorised that was written as factors."""
        match node:
            case Product(factors):
                return _product([self.value(part) if below else self.inverse(part) for below, part in factors])
            case Power(base, Number(exponent)):
                return self.power(self.value(base), self.number(-exponent))
        return self.number(1) / self.value(node)


def check_factor(text: str, exponent: int) -> None:
    """Refuse a factor whose power is long, where every coefficient of a series is multiplied by it.

    Raises:
        ValueError: saying what becomes large.

    >>> check_factor("(a + b + c + d)**8", 3)
    Traceback (most recent call last):
    ValueError: '(a + b + c + d)**8' to the power 3 is too large for a factor of every coefficient: more than 100 terms
    """
    try:
        check_power(parse_arithmetic(text), exponent)
    except (OverflowError, SyntaxError) as error:
        raise ValueError(
            f"{_shown(text)} to the power {exponent} is too large for a factor of every coefficient: {error}"
        ) from error


def parse_arithmetic(text: str) -> Expression:
    """The syntax tree of an arithmetic expression, with the precedence that Python gives the operators.

    Raises:
        SyntaxError: if the text is anything else, or nested deeply.

    >>> parse_arithmetic("-T**2")
    Sum(summands=((True, Power(base=Symbol(name='T'), exponent=Number(value=2))),))
    """
    return _Parser(_tokens(text)).whole()


class _Parser:
    """Reads tokens by recursive descent; chains of sums and products are loops, so only nesting goes deeper."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    def whole(self) -> Expression:
        """The expression that all tokens make."""
        found = self._sum()
        if self._next() != "":
            raise SyntaxError("something follows the expression")
        return found

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self.place += 1
        return token

    def _sum(self) -> Expression:
        summands = [(False, self._product())]
        while (sign := self._peek()) in ("+", "-"):
            self.place += 1
            summands.append((sign == "-", self._product()))
        return summands[0][1] if len(summands) == 1 else Sum(tuple(summands))

    def _product(self) -> Expression:
        factors = [(False, self._signed())]
        while (sign := self._peek()) in ("*", "/"):
            self.place += 1
            factors.append((sign == "/", self._signed()))
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def _signed(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise SyntaxError("nested too deeply")
        if self._peek() in ("+", "-"):
            negative, operand = self._next() == "-", self._signed()
            found: Expression = Sum(((True, operand),)) if negative else operand
        else:
            found = self._atom()
            if self._peek() == "**":
                self.place += 1
                # to the right first, 2**3**2 = 2**9, with a sign of its own, 2**-1; and before a sign in front, -T**2
                # = -(T**2)
                found = Power(found, self._signed())
        self.depth -= 1
        return found

    def _atom(self) -> Expression:
        word = self._next()
        if word == "(":
            inner = self._sum()
            if self._next() != ")":
                raise SyntaxError("a bracket is not closed")
            return inner
        if word.isdigit():
            return Number(int(word))
        if not word.isidentifier():
            raise SyntaxError("an operand is missing")
        return Symbol(word)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place, text = 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise SyntaxError("a character that no arithmetic has")
        token = match.group(match.lastindex or 0)
        if len(token) > LONGEST_NUMBER:
            raise SyntaxError("a number or a name that is too long")
        # a number right before a name is a typing error, not a product
        if found and (found[-1][-1].isalnum() or found[-1][-1] == "_") and (token[0].isalnum() or token[0] == "_"):
            raise SyntaxError("an operator is missing")
        found.append(token)
        place = match.end()
    return found


def _total(parts: list[Any]) -> Any:
    """The sum of the parts, halves first, so that a long sum is not copied for every summand."""
    while len(parts) > 1:
        pairs = [add(*parts[i : i + 2]) for i in range(0, len(parts) - 1, 2)]
        parts = pairs + parts[len(pairs) * 2 :]
    return parts[0]


def _product(parts: list[Any]) -> Any:
    """The product of the parts, the first last: a long numerator is multiplied once, by all that is short."""
    return parts[0] if len(parts) == 1 else parts[0] * reduce(mul, parts[1:])


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
