r"""Exact coefficients: rational expressions in the sizes of a run, held outside sympy.

The only file that knows symengine, which expands, adds and substitutes the many small polynomials of a series 10 to
100 times faster than sympy.  A coefficient is kept in normal form, so equal coefficients are equal values.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import symengine

from sgdsym.series.arithmetic import symbol_name, write_arithmetic
from sgdsym.series.division import Monomial, divide_exactly
from sgdsym.series.extent import LARGEST_NUMBER, LARGEST_POWER
from sgdsym.series.parsing import read_arithmetic

if TYPE_CHECKING:
    import sympy

Scalar: TypeAlias = Union["Coefficient", int, Fraction]
_Below: TypeAlias = tuple[tuple[Any, int], ...]

# a power with symbols in the exponent, such as mu**T, is one symbol of that name to symengine
_POWER = "**"
_WORD = re.compile(r"[A-Za-z]\w*")


class Coefficient:
    r"""An exact rational expression in symbols such as :math:`T, B, N, E`, in normal form.

    The numerator is expanded and may hold negative powers of symbols, and powers such as ``mu**(2*T)``; the denominator is
    a product of irreducible polynomials that the numerator does not share.  Supports ``+ - * /``, integer powers,
    comparison with ``==`` and hashing; integers and fractions mix in freely, a float raises ``TypeError``.

    >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    >>> T * (T - 1) / (2 * B)
    Coefficient('T**2/(2*B) - T/(2*B)')
    >>> (T * (T - 1) / 2).substitute({"T": 10})
    Coefficient('45')
    >>> T / (B - 1) - T * B / (B - 1)
    Coefficient('-T')
    """

    __slots__ = ("_above", "_below")
    _above: Any
    _below: _Below

    def __init__(self, value: Scalar | str = 0) -> None:
        lifted = Coefficient.parse(value) if isinstance(value, str) else _lift(value)
        self._above, self._below = lifted._above, lifted._below

    @classmethod
    def symbol(cls, name: str) -> Coefficient:
        """The symbol of that name, an identifier such as ``T`` or ``batch_size``.

        Raises:
            ValueError: if the name is not an identifier or begins with an underscore.
        """
        return cls._of(symengine.Symbol(symbol_name(name)))

    @classmethod
    def size(cls, value: int | Fraction | str) -> Coefficient:
        """A number as it is, a name as the symbol of that name."""
        return cls.symbol(value) if isinstance(value, str) else cls(value)

    @classmethod
    def parse(cls, text: str) -> Coefficient:
        """Read a coefficient from integers, symbol names, ``+ - * / **`` and parentheses; nothing is evaluated.

        Raises:
            ValueError: if the text holds anything else, divides by zero, or stands for more than moderately many terms.

        >>> Coefficient.parse("-(T - 1)**2/2")
        Coefficient('-T**2/2 + T - 1/2')
        """
        value = read_arithmetic(text, cls, cls.symbol, _raised)
        assert isinstance(value, Coefficient)
        return value

    @classmethod
    def combination(cls, numbers: Sequence[int], denominator: int, monomials: Sequence[Coefficient]) -> Coefficient:
        """The sum of integer multiples of monomials over a common denominator.

        >>> T = Coefficient.symbol("T")
        >>> Coefficient.combination([-1, 1], 2, [T, T**2])
        Coefficient('T**2/2 - T/2')
        """
        pairs = zip(numbers, monomials, strict=True)
        return cls._of(symengine.Add(*(symengine.Rational(n, denominator) * m._above for n, m in pairs if n)))

    @classmethod
    def total(cls, parts: Iterable[Coefficient]) -> Coefficient:
        """The sum of many coefficients, formed at once."""
        terms = list(parts)
        if not any(term._below for term in terms):
            return cls._of(symengine.Add(*(term._above for term in terms)))
        common: dict[Any, int] = {}
        for term in terms:
            for base, exponent in term._below:
                common[base] = max(exponent, common.get(base, 0))
        raised = []
        for term in terms:
            own = dict(term._below)
            missing = (base ** (exponent - own.get(base, 0)) for base, exponent in common.items())
            raised.append(symengine.expand(reduce(operator.mul, missing, term._above)))
        return cls._reduced(symengine.Add(*raised), common)

    @classmethod
    def _of(cls, above: Any, below: _Below = ()) -> Coefficient:
        """A coefficient whose parts are in normal form already."""
        self = object.__new__(cls)
        self._above = above
        self._below = below
        return self

    @classmethod
    def _reduced(cls, above: Any, below: Mapping[Any, int]) -> Coefficient:
        """The coefficient of an expanded numerator over powers of irreducible polynomials, what they share cancelled."""
        left = {}
        for base, exponent in below.items():
            divisor, times = dict(_terms(base)), exponent
            while times and (quotient := divide_exactly(dict(_terms(above)), divisor)) is not None:
                above = symengine.Add(*(_number(c) * _product(monomial) for monomial, c in quotient.items()))
                times -= 1
            if times:
                left[base] = times
        return cls._of(above, tuple(sorted(left.items(), key=lambda item: str(item[0]))))

    def __add__(self, other: Scalar) -> Coefficient:
        return Coefficient.total((self, _lift(other)))

    __radd__ = __add__

    def __neg__(self) -> Coefficient:
        return Coefficient._of(symengine.expand(-self._above), self._below)

    def __sub__(self, other: Scalar) -> Coefficient:
        return self + -_lift(other)

    def __rsub__(self, other: Scalar) -> Coefficient:
        return -self + other

    def __mul__(self, other: Scalar) -> Coefficient:
        factor = _lift(other)
        above = symengine.expand(self._above * factor._above)
        if not (self._below or factor._below) or above == 0:
            return Coefficient._of(above)
        for monomial, rest in ((self, factor), (factor, self)):
            if not (monomial._below or isinstance(monomial._above, symengine.Add)):
                # a monomial has nothing in common with an irreducible denominator
                return Coefficient._of(above, rest._below)
        below = Counter(dict(self._below))
        below.update(dict(factor._below))
        return Coefficient._reduced(above, below)

    __rmul__ = __mul__

    def __truediv__(self, other: Scalar) -> Coefficient:
        divisor = _lift(other)
        if not divisor:
            raise ZeroDivisionError(f"division of {self} by zero")
        return self * divisor._inverse()

    def __rtruediv__(self, other: Scalar) -> Coefficient:
        return _lift(other) / self

    def _inverse(self) -> Coefficient:
        monomial, factors = _factorise(self._above)
        inverse = Coefficient._of(1 / monomial, factors)
        return reduce(operator.mul, (Coefficient._of(symengine.expand(b**e)) for b, e in self._below), inverse)

    def __pow__(self, exponent: int) -> Coefficient:
        if not isinstance(exponent, int):
            raise TypeError(f"a coefficient is raised to integer powers only, not to {exponent!r}")
        if exponent < 0:
            if not self:
                raise ZeroDivisionError("zero to a negative power")
            return self._inverse() ** -exponent
        below = tuple((base, e * exponent) for base, e in self._below if exponent)
        return Coefficient._of(symengine.expand(self._above**exponent), below)

    def power(self, exponent: Coefficient) -> Coefficient:
        """A number or a symbol to a power that may hold symbols.

        >>> Coefficient.symbol("mu").power(2 * Coefficient.symbol("T"))
        Coefficient('mu**(2*T)')
        """
        total = Coefficient(1)
        for monomial, times in _terms(exponent._above):
            core = _product(monomial)
            if not monomial and times.denominator == 1:
                total *= self ** int(times)
            elif times.denominator == 1:
                total *= Coefficient._of(symengine.Symbol(f"{_text(self._above)}**{_text(core)}")) ** int(times)
            else:
                total *= Coefficient._of(symengine.Symbol(f"{_text(self._above)}**{_text(core * _number(times))}"))
        return total

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Coefficient, int, Fraction)):
            lifted = _lift(other)
            return bool(self._above == lifted._above) and self._below == lifted._below
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._above, self._below)) if self._below else hash(self._above)

    def __bool__(self) -> bool:
        return bool(self._above != 0)

    def __reduce__(self) -> tuple[type[Coefficient], tuple[str]]:
        return Coefficient, (str(self),)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols that occur."""
        names = {symbol.name for part in self._parts for symbol in part.free_symbols}
        return frozenset(word for name in names for word in _WORD.findall(name))

    @property
    def _parts(self) -> tuple[Any, ...]:
        return self._above, *(base for base, _ in self._below)

    @property
    def poles(self) -> tuple[Coefficient, ...]:
        """The factors of the denominator besides symbols, such as ``N - 1``; the coefficient holds where none is 0."""
        return tuple(base for base, _ in self.denominators)

    @property
    def denominators(self) -> tuple[tuple[Coefficient, int], ...]:
        """The :attr:`poles` with their exponents."""
        return tuple((Coefficient._of(base), exponent) for base, exponent in self._below)

    def substitute(self, values: Mapping[str, Scalar]) -> Coefficient:
        """The coefficient with symbols replaced by numbers or other coefficients.

        Raises:
            ZeroDivisionError: if a denominator becomes zero.
        """
        lifted = {name: _lift(value) for name, value in values.items()}
        if any(value._below for value in lifted.values()):
            raise TypeError("only numbers and coefficients without a denominator are substituted")
        replacement = {symengine.Symbol(name): value._above for name, value in lifted.items()}
        powers = {symbol.name for part in self._parts for symbol in part.free_symbols if _POWER in symbol.name}
        for name in powers:
            root, power = (Coefficient.parse(text).substitute(values) for text in name.split(_POWER, 1))
            if not root and power.symbols:
                # 0**T is 0 for T > 0 and 1 for T = 0: undecided, so no value
                raise ZeroDivisionError(f"{self} has no value at {_assignments(values)}")
            replacement[symengine.Symbol(name)] = _raised(root, power)._above

        def replaced(part: Any) -> Coefficient:
            image = symengine.expand(part.subs(replacement))
            if image.has(symengine.zoo) or image.has(symengine.nan):
                raise ZeroDivisionError(f"{self} has no value at {_assignments(values)}")
            return Coefficient._of(image)

        above = replaced(self._above)
        for base, exponent in self._below:
            below = replaced(base)
            if not below:
                raise ZeroDivisionError(f"{self} has no value at {_assignments(values)}")
            above /= below**exponent
        return above

    def as_fraction(self) -> Fraction:
        """The value of a coefficient without symbols.

        Raises:
            ValueError: if symbols are left.
        """
        if not isinstance(self._above, symengine.Rational):
            raise ValueError(f"{self} still holds the symbols {', '.join(sorted(self.symbols))}")
        return Fraction(int(self._above.p), int(self._above.q))

    def as_expr(self) -> sympy.Expr:
        """The coefficient as a sympy expression with plain symbols."""
        expression: sympy.Expr = reduce(operator.mul, (b**-e for b, e in self._below), self._above)._sympy_()
        for symbol in expression.free_symbols:
            if _POWER in symbol.name:
                base, exponent = (Coefficient.parse(text).as_expr() for text in symbol.name.split(_POWER, 1))
                expression = expression.subs(symbol, base**exponent)
        return expression

    def monomials(self) -> list[tuple[Fraction, Monomial]]:
        """The terms of the numerator as number and powers ``((name, exponent), …)``, highest degrees first."""
        return [(number, powers) for powers, number in _terms(self._above)]

    def __str__(self) -> str:
        text = write_arithmetic(_terms(self._above))
        if not self._below:
            return text
        factors = [f"({Coefficient._of(base)})" + (f"**{e}" if e > 1 else "") for base, e in self._below]
        denominator = f"({'*'.join(factors)})" if len(factors) > 1 else factors[0]
        return f"({text})/{denominator}" if isinstance(self._above, symengine.Add) else f"{text}/{denominator}"

    def __repr__(self) -> str:
        return f"Coefficient({str(self)!r})"


def _assignments(values: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _number(value: int | Fraction) -> Any:
    return symengine.Rational(value.numerator, value.denominator)


def _lift(value: Scalar) -> Coefficient:
    if isinstance(value, Coefficient):
        return value
    if isinstance(value, (int, Fraction)):
        return Coefficient._of(_number(value))
    raise TypeError(f"coefficients are exact: {value!r} is a {type(value).__name__}, not an integer or a fraction")


def _raised(base: Coefficient, exponent: Coefficient) -> Coefficient:
    """One coefficient to the power of another, as far as that is a coefficient."""
    if exponent.symbols:
        if isinstance(base._above, symengine.Add) or base._below:
            raise SyntaxError("only a number or a symbol has a power with symbols in it")
        return base.power(exponent)
    number = exponent.as_fraction()
    digits = max((abs(c.numerator * c.denominator).bit_length() for _, c in _terms(base._above)), default=0)
    if number.denominator != 1 or abs(number) > LARGEST_POWER or abs(number) * digits > LARGEST_NUMBER:
        raise SyntaxError("exponents are integers of moderate size")
    return base ** int(number)


@lru_cache(maxsize=4096)
def _factorise(expression: Any) -> tuple[Any, _Below]:
    """An expanded expression as a monomial times powers of irreducible polynomials with positive leading coefficient."""
    if not isinstance(expression, symengine.Add):
        return expression, ()
    import sympy

    names: dict[str, str] = {}
    numerator = {
        tuple((names.setdefault(base, f"x{len(names)}"), e) for base, e in powers): c
        for powers, c in _terms(expression)
    }
    back = {sympy.Symbol(name): symengine.Symbol(base) for base, name in names.items()}
    polynomial = sympy.Add(
        *(
            sympy.Rational(c.numerator, c.denominator) * sympy.Mul(*(sympy.Symbol(x) ** e for x, e in powers))
            for powers, c in numerator.items()
        )
    )
    # negative powers of symbols make it a fraction, over a monomial
    above, under = sympy.fraction(sympy.together(polynomial))
    content, factors = sympy.factor_list(above)
    monomial = symengine.sympify(content) / symengine.sympify(under).subs(back)
    below = []
    for factor, exponent in factors:
        base = symengine.expand(symengine.sympify(factor).subs(back))
        if isinstance(base, symengine.Add) and exponent > 0:
            below.append((base, int(exponent)))
        else:
            monomial *= base**exponent
    return monomial, tuple(sorted(below, key=lambda item: str(item[0])))


def _terms(expression: Any) -> list[tuple[Monomial, Fraction]]:
    """The terms of an expanded expression as powers and number, highest degrees first."""
    terms = expression.args if isinstance(expression, symengine.Add) else (expression,)
    return sorted((_monomial(term) for term in terms if term != 0), key=_monomial_order)


def _monomial(term: Any) -> tuple[Monomial, Fraction]:
    number = Fraction(1)
    powers: dict[str, int] = {}
    for factor in term.args if isinstance(term, symengine.Mul) else (term,):
        if isinstance(factor, symengine.Rational):
            number *= Fraction(int(factor.p), int(factor.q))
            continue
        base, exponent = factor.args if isinstance(factor, symengine.Pow) else (factor, 1)
        powers[_text(base)] = powers.get(_text(base), 0) + int(exponent)
    return tuple(sorted((name, e) for name, e in powers.items() if e)), number


def _text(expression: Any) -> str:
    """A symbol or a number as it is, anything else in brackets."""
    if isinstance(expression, symengine.Symbol):
        return str(expression.name)
    text = str(Coefficient._of(expression))
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _product(monomial: Monomial) -> Any:
    return reduce(operator.mul, (symengine.Symbol(name) ** e for name, e in monomial), symengine.Integer(1))


def _monomial_order(term: tuple[Monomial, Fraction]) -> tuple[Any, ...]:
    powers = term[0]
    return -sum(e for _, e in powers), [(base, -e) for base, e in powers]
