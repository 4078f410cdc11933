r"""Exact coefficients: rational expressions in the sizes of a run, held outside sympy.

The only file that knows symengine, which expands, adds and substitutes the many small polynomials of a series 10 to
100 times faster than sympy.  A coefficient is kept expanded, so equal polynomials (also in inverse powers of a symbol)
are equal values.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import symengine

if TYPE_CHECKING:
    import sympy

Scalar: TypeAlias = Union["Coefficient", int, Fraction]

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Coefficient:
    r"""An exact rational expression in symbols such as :math:`T, B, N, E`, in expanded form.

    Supports ``+ - * /``, integer powers, comparison with ``==`` and hashing; integers and fractions mix in freely, a
    float raises ``TypeError``.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> T * (T - 1) / (2 * B)
    Coefficient('T**2/(2*B) - T/(2*B)')
    >>> (T * (T - 1) / 2).substitute({"T": 10})
    Coefficient('45')
    """

    __slots__ = ("_expression",)

    def __init__(self, value: Scalar | str = 0) -> None:
        self._expression = _lift(Coefficient.parse(value) if isinstance(value, str) else value)

    @classmethod
    def symbol(cls, name: str) -> Coefficient:
        """The symbol of that name, an identifier such as ``T`` or ``batch_size``.

        Raises:
            ValueError: if the name is not an identifier or begins with an underscore.
        """
        return cls._expanded(symengine.Symbol(symbol_name(name)))

    @classmethod
    def size(cls, value: int | Fraction | str) -> Coefficient:
        """A number as it is, a name as the symbol of that name."""
        return cls.symbol(value) if isinstance(value, str) else cls(value)

    @classmethod
    def parse(cls, text: str) -> Coefficient:
        """Read a coefficient from integers, symbol names, ``+ - * / **`` and parentheses; nothing is evaluated.

        Raises:
            ValueError: if the text holds anything else, or divides by zero.

        >>> Coefficient.parse("-(T - 1)**2/2")
        Coefficient('-T**2/2 + T - 1/2')
        """
        try:
            return _read(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, TypeError, RecursionError, ZeroDivisionError, MemoryError) as error:
            raise ValueError(
                f"not a coefficient: {text[:60]!r}; use integers, symbol names, + - * / ** and parentheses"
            ) from error

    @classmethod
    def combination(cls, numbers: Sequence[int], denominator: int, monomials: Sequence[Coefficient]) -> Coefficient:
        """The sum of integer multiples of monomials over a common denominator.

        >>> T = Coefficient.symbol("T")
        >>> Coefficient.combination([-1, 1], 2, [T, T**2])
        Coefficient('T**2/2 - T/2')
        """
        pairs = zip(numbers, monomials, strict=True)
        return cls._expanded(symengine.Add(*(symengine.Rational(n, denominator) * m._expression for n, m in pairs if n)))

    @classmethod
    def total(cls, parts: Iterable[Coefficient]) -> Coefficient:
        """The sum of many coefficients, formed at once."""
        return cls._of(symengine.Add(*(part._expression for part in parts)))

    @classmethod
    def _of(cls, expression: Any) -> Coefficient:
        """A coefficient in normal form."""
        expanded = symengine.expand(expression)
        return cls._expanded(_normal_form(expanded) if _has_poles(expanded) else expanded)

    @classmethod
    def _expanded(cls, expression: Any) -> Coefficient:
        """A coefficient whose expression is in normal form already."""
        self = object.__new__(cls)
        self._expression = expression
        return self

    def __add__(self, other: Scalar) -> Coefficient:
        return Coefficient._of(self._expression + _lift(other))

    __radd__ = __add__

    def __neg__(self) -> Coefficient:
        return self * -1

    def __sub__(self, other: Scalar) -> Coefficient:
        return self + Coefficient(other) * -1

    def __rsub__(self, other: Scalar) -> Coefficient:
        return -self + other

    def __mul__(self, other: Scalar) -> Coefficient:
        return Coefficient._of(self._expression * _lift(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Scalar) -> Coefficient:
        divisor = _lift(other)
        if divisor == 0:
            raise ZeroDivisionError(f"division of {self} by zero")
        return Coefficient._of(self._expression / divisor)

    def __rtruediv__(self, other: Scalar) -> Coefficient:
        return Coefficient(other) / self

    def __pow__(self, exponent: int) -> Coefficient:
        if not isinstance(exponent, int):
            raise TypeError(f"a coefficient is raised to integer powers only, not to {exponent!r}")
        if exponent < 0 and not self:
            raise ZeroDivisionError("zero to a negative power")
        return Coefficient._of(self._expression**exponent)

    def power(self, exponent: Coefficient) -> Coefficient:
        """The coefficient to a power that may hold symbols.

        >>> Coefficient.symbol("mu").power(2 * Coefficient.symbol("T"))
        Coefficient('mu**(2*T)')
        """
        return Coefficient._of(self._expression**exponent._expression)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Coefficient, Rational)):
            return bool(self._expression == _lift(other))  # type: ignore[arg-type]
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._expression)

    def __bool__(self) -> bool:
        return bool(self._expression != 0)

    def __reduce__(self) -> tuple[type[Coefficient], tuple[str]]:
        return Coefficient, (str(self),)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols that occur."""
        return frozenset(symbol.name for symbol in self._expression.free_symbols)

    def substitute(self, values: Mapping[str, Scalar]) -> Coefficient:
        """The coefficient with symbols replaced by numbers or other coefficients.

        Raises:
            ZeroDivisionError: if a denominator becomes zero.
        """
        replaced = self._expression.subs({symengine.Symbol(name): _lift(value) for name, value in values.items()})
        if replaced.has(symengine.zoo) or replaced.has(symengine.nan):
            raise ZeroDivisionError(f"{self} has no value at {dict(values)}")
        return Coefficient._of(replaced)

    def as_fraction(self) -> Fraction:
        """The value of a coefficient without symbols.

        Raises:
            ValueError: if symbols are left.
        """
        if not isinstance(self._expression, symengine.Rational):
            raise ValueError(f"{self} still holds the symbols {', '.join(sorted(self.symbols))}")
        return Fraction(int(self._expression.p), int(self._expression.q))

    def as_expr(self) -> sympy.Expr:
        """The coefficient as a sympy expression with plain symbols."""
        expression: sympy.Expr = self._expression._sympy_()
        return expression

    @property
    def poles(self) -> tuple[Coefficient, ...]:
        """The denominators that are not powers of a symbol, such as ``N - 1``; the coefficient holds where none is 0."""
        factors = _factors(self._expression)
        bases = {f.args[0] for f in factors if isinstance(f, symengine.Pow) and isinstance(f.args[0], symengine.Add)}
        return tuple(sorted((Coefficient._expanded(base) for base in bases), key=str))

    def monomials(self) -> list[tuple[Fraction, tuple[tuple[str, int], ...]]]:
        """The terms as number and powers, ``((symbol or bracketed sum, exponent), …)``; highest degrees first."""
        terms = self._expression.args if isinstance(self._expression, symengine.Add) else (self._expression,)
        return sorted((_monomial(term) for term in terms if term != 0), key=_monomial_order)

    def __str__(self) -> str:
        text = ""
        for number, powers in self.monomials():
            sign = "-" if number < 0 else "+"
            above = [_power(base, e) for base, e in powers if e > 0]
            below = [_power(base, -e) for base, e in powers if e < 0]
            if abs(number.numerator) != 1 or not above:
                above.insert(0, str(abs(number.numerator)))
            if number.denominator != 1:
                below.insert(0, str(number.denominator))
            denominator = f"({'*'.join(below)})" if len(below) > 1 else "".join(below)
            term = "*".join(above) + (f"/{denominator}" if below else "")
            text += f" {sign} {term}" if text else f"{sign if sign == '-' else ''}{term}"
        return text or "0"

    def __repr__(self) -> str:
        return f"Coefficient({str(self)!r})"


def symbol_name(name: str) -> str:
    """The name itself if it can name a symbol.

    Raises:
        ValueError: if it is not an identifier of letters, digits and single underscores.
    """
    if not (name.isidentifier() and name.isascii()) or name.startswith("_") or "__" in name:
        raise ValueError(f"{name[:40]!r} cannot name a symbol; use a letter followed by letters, digits or underscores")
    return name


def _number(value: int | Fraction | Rational) -> Any:
    return symengine.Rational(value.numerator, value.denominator)


def _lift(value: Scalar | Rational) -> Any:
    if isinstance(value, Coefficient):
        return value._expression
    if isinstance(value, Rational):
        return _number(value)
    raise TypeError(f"coefficients are exact: {value!r} is a {type(value).__name__}, not an integer or a fraction")


def _read(node: ast.expr) -> Coefficient:
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return Coefficient(value)
        case ast.Name(id=name):
            return Coefficient.symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            exponent = _read(right).as_fraction()
            if exponent.denominator != 1 or abs(exponent) > 1000:
                raise SyntaxError("exponents are integers of moderate size")
            return _read(left) ** int(exponent)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            result = _OPERATORS[type(op)](_read(left), _read(right))
            assert isinstance(result, Coefficient)
            return result
    raise SyntaxError("not plain arithmetic")


def _factors(expression: Any) -> tuple[Any, ...]:
    return tuple(expression.args) if isinstance(expression, symengine.Mul) else (expression,)


def _has_poles(expression: Any) -> bool:
    """Whether an expanded expression has denominators besides powers of symbols."""
    terms = expression.args if isinstance(expression, symengine.Add) else (expression,)
    return any(
        isinstance(factor, symengine.Pow) and isinstance(factor.args[0], symengine.Add)
        for term in terms
        for factor in _factors(term)
    )


def _normal_form(expression: Any) -> Any:
    """Numerator expanded, over powers of irreducible denominators with positive leading coefficient, nothing in common."""
    import sympy

    exponentials: dict[sympy.Expr, sympy.Dummy] = {}

    def as_symbol(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        """Write ``mu**(2*T + 1)`` as ``X**2 * mu``, so that powers with symbols in them cancel too."""
        fixed, moving = exponent.as_independent(*exponent.free_symbols, as_Add=True)
        times, core = moving.as_content_primitive()
        symbol = exponentials.setdefault(base**core, sympy.Dummy(f"X{len(exponentials)}"))
        return symbol**times * base**fixed

    flat = expression._sympy_().replace(
        lambda e: e.is_Pow and e.exp.free_symbols, lambda e: as_symbol(e.base, e.exp.expand())
    )
    above, below = (
        part.subs({symbol: power for power, symbol in exponentials.items()})
        for part in sympy.fraction(sympy.cancel(sympy.together(flat)))
    )
    content, factors = sympy.factor_list(below)
    numerator = symengine.sympify(above) / symengine.sympify(content)
    denominator = symengine.Integer(1)
    for factor, exponent in factors:
        base = symengine.expand(symengine.sympify(factor))
        if isinstance(base, symengine.Add):
            denominator *= base**-exponent
        else:
            numerator /= base**exponent
    return symengine.expand(numerator) * denominator


def _monomial(term: Any) -> tuple[Fraction, tuple[tuple[str, int], ...]]:
    number = Fraction(1)
    powers: dict[str, int] = {}
    for factor in _factors(term):
        if isinstance(factor, symengine.Rational):
            number *= Fraction(int(factor.p), int(factor.q))
            continue
        base, exponent = factor.args if isinstance(factor, symengine.Pow) else (factor, symengine.Integer(1))
        if not isinstance(exponent, symengine.Integer):
            # a number or a symbol to a symbolic power, such as mu**(2*T)
            base, exponent = base**exponent, symengine.Integer(1)
        powers[_base_text(base)] = powers.get(_base_text(base), 0) + int(exponent)
    return number, tuple(sorted(powers.items()))


def _base_text(base: Any) -> str:
    match base:
        case symengine.Symbol():
            return str(base.name)
        case symengine.Pow():
            inner, exponent = (Coefficient._expanded(part) for part in base.args)
            return f"{_atom(inner)}**{_atom(exponent)}"
    return f"({Coefficient._expanded(base)})"


def _atom(coefficient: Coefficient) -> str:
    text = str(coefficient)
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _monomial_order(monomial: tuple[Fraction, tuple[tuple[str, int], ...]]) -> tuple[Any, ...]:
    powers = monomial[1]
    return -sum(e for _, e in powers), [(base, -e) for base, e in powers]


def _power(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"{base}**{exponent}"
