r"""Exact coefficients: rational expressions in the sizes of a run, held outside sympy.

Computed with symengine, which expands, adds and substitutes the many small polynomials of a series 10 to
100 times faster than sympy.  A coefficient is kept in normal form, so equal coefficients are equal values.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import symengine

from sgdsym.arguments import plain_integer, quoted, read_mapping
from sgdsym.series.arithmetic import as_exact, symbol_name, write_arithmetic
from sgdsym.series.division import Polynomial, divide_exactly
from sgdsym.series.expressions import (
    Below,
    base_text,
    factorise,
    may_divide,
    product_of,
    rational,
    sum_of,
    terms_of,
    unsorted_terms,
)
from sgdsym.series.extent import LARGEST_NUMBER, LARGEST_POWER, LONGEST_EXPONENT, Expression
from sgdsym.series.parsing import evaluate_arithmetic, read_arithmetic
from sgdsym.series.powers import Power, may_be_related, power_of, primitive, unknown

if TYPE_CHECKING:
    import sympy

Scalar: TypeAlias = Union["Coefficient", int, Fraction]


class FractionalExponentError(ValueError):
    """An exponent is no whole number."""


class Coefficient:
    r"""An exact rational expression in symbols such as :math:`T, B, N, E`, in normal form.

    The numerator is expanded and may hold negative powers of symbols, and powers such as ``mu**(2*T)``; the denominator is
    a product of irreducible polynomials, the coefficient of whose first term is positive, that the numerator does not share.
    So coefficients are equal if and only if they are the same expression: rational functions of the symbols and of the
    powers (:class:`~sgdsym.series.powers.Power`), which count as independent of each other unless base and exponent are
    multiples.  It supports ``+ - * /``, integer powers, comparison with ``==`` and hashing; integers and fractions mix in freely,
    a float raises ``TypeError``, a division by zero ``ZeroDivisionError``.

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
    _below: Below

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
    def of_expression(cls, tree: Expression, symbols: Mapping[str, Coefficient], text: str) -> Coefficient:
        """The value of a syntax tree, with a coefficient for each of its symbols; ``text`` is what a message quotes.

        Raises:
            ValueError: if the tree divides by zero, or stands for more than moderately many terms.

        >>> from sgdsym.series.parsing import parse_arithmetic
        >>> Coefficient.of_expression(parse_arithmetic("T/2"), {"T": Coefficient("E*N")}, "T/2")
        Coefficient('E*N/2')
        """
        value = evaluate_arithmetic(tree, cls, symbols.__getitem__, _raised, text)
        assert isinstance(value, Coefficient)
        return value

    @classmethod
    def product(cls, powers: Iterable[tuple[str | Power, int]]) -> Coefficient:
        """The product of integer powers of symbols and of powers, as :meth:`monomials` gives them.

        >>> Coefficient.product([("T", 2), ("B", -1)])
        Coefficient('T**2/B')
        """
        factors = ((symengine.Symbol(base) if isinstance(base, str) else unknown(base)) ** e for base, e in powers)
        return cls._of(reduce(operator.mul, factors, symengine.Integer(1)))

    @classmethod
    def combination(cls, numbers: Sequence[int], denominator: int, monomials: Sequence[Coefficient]) -> Coefficient:
        """The sum of integer multiples of monomials over a common denominator.

        >>> T = Coefficient.symbol("T")
        >>> Coefficient.combination([-1, 1], 2, [T, T**2])
        Coefficient('T**2/2 - T/2')
        """
        pairs = zip(numbers, monomials, strict=True)
        # monomials have no sums below, so that there is nothing to reduce
        return cls._of(symengine.Add(*(symengine.Rational(n, denominator) * m._above for n, m in pairs if n)))

    @classmethod
    def total(cls, parts: Iterable[Coefficient]) -> Coefficient:
        """The sum of many coefficients, formed at once."""
        return cls.sum_of_products((part,) for part in parts)

    @classmethod
    def sum_of_products(cls, products: Iterable[Sequence[Coefficient]]) -> Coefficient:
        """The sum of many products, over one denominator that is reduced once.

        >>> T, N = Coefficient.symbol("T"), Coefficient.symbol("N")
        >>> Coefficient.sum_of_products([(T, 1 / (N - 1)), (-N, T, 1 / (N - 1))])
        Coefficient('-T')
        """
        # few denominators differ: what stands over the same one is added first, and only these sums are brought over
        # a common one
        by_denominator: dict[Below, list[Any]] = {}
        for product in products:
            below: Counter[Any] = Counter()
            for factor in product:
                if factor._below:
                    below.update(dict(factor._below))
            # numerators over equal denominators are added first: reducing is what takes long
            key = tuple(sorted(below.items(), key=base_text)) if below else ()
            by_denominator.setdefault(key, []).append(reduce(operator.mul, (factor._above for factor in product)))
        if by_denominator.keys() <= {()}:
            # polynomials: nothing can cancel
            return _settled(cls._of(symengine.expand(symengine.Add(*by_denominator.get((), ())))))
        common: dict[Any, int] = {}
        for key in by_denominator:
            for base, exponent in key:
                # of irreducible factors the least common multiple is the highest power of each
                common[base] = max(exponent, common.get(base, 0))
        raised = []
        for key, numerators in by_denominator.items():
            own = dict(key)
            missing = (base ** (exponent - own.get(base, 0)) for base, exponent in common.items())
            numerator = symengine.expand(symengine.Add(*numerators))
            raised.append(symengine.expand(reduce(operator.mul, missing, numerator)))
        return _settled(cls._reduced(symengine.expand(symengine.Add(*raised)), common))

    @classmethod
    def _of(cls, above: Any, below: Below = ()) -> Coefficient:
        """A coefficient whose parts are in normal form already."""
        self = object.__new__(cls)
        self._above = above
        self._below = below
        return self

    @classmethod
    def _reduced(cls, above: Any, below: Mapping[Any, int]) -> Coefficient:
        """The coefficient of an expanded numerator over powers of irreducible polynomials, common factors cancelled."""
        if above == 0:
            return cls._of(above)
        left = {}
        given: Polynomial = dict(unsorted_terms(above)) if below else {}
        terms = given
        for base, exponent in below.items():
            times, divisor = exponent, None
            # a root of the divisor rules out most divisions before any is tried
            while times and may_divide(terms, base):
                divisor = divisor or dict(unsorted_terms(base))
                quotient = divide_exactly(terms, divisor)
                if quotient is None:
                    break
                terms, times = quotient, times - 1
            if times:
                left[base] = times
        # mostly nothing cancels; then the expression stays, and is not made again of its terms
        if terms is not given:
            above = sum_of(terms.items())
        return cls._of(above, tuple(sorted(left.items(), key=base_text)))

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
            return _settled(Coefficient._of(above))
        for monomial, rest in ((self, factor), (factor, self)):
            if not (monomial._below or isinstance(monomial._above, symengine.Add)):
                # a monomial has nothing in common with an irreducible denominator
                return _settled(Coefficient._of(above, rest._below))
        below = Counter(dict(self._below))
        below.update(dict(factor._below))
        return _settled(Coefficient._reduced(above, below))

    __rmul__ = __mul__

    def __truediv__(self, other: Scalar) -> Coefficient:
        divisor = _lift(other)
        if not divisor:
            raise ZeroDivisionError(f"division of {self} by zero")
        return self * divisor._inverse()

    def __rtruediv__(self, other: Scalar) -> Coefficient:
        return _lift(other) / self

    def _inverse(self) -> Coefficient:
        # denominators are kept as irreducible factors
        monomial, factors = factorise(self._above)
        inverse = Coefficient._of(1 / monomial, factors)
        return reduce(operator.mul, (Coefficient._of(symengine.expand(b**e)) for b, e in self._below), inverse)

    def __pow__(self, exponent: int) -> Coefficient:
        number = plain_integer(exponent)
        if number is None:
            raise TypeError(f"a coefficient is raised to integer powers only, not to {quoted(exponent)}")
        exponent = number
        if exponent < 0:
            if not self:
                raise ZeroDivisionError("zero to a negative power")
            return self._inverse() ** -exponent
        # an irreducible factor that does not divide the numerator divides none of its powers, so that nothing is left
        # to reduce
        below = tuple((base, e * exponent) for base, e in self._below if exponent)
        return _settled(Coefficient._of(symengine.expand(self._above**exponent), below))

    def power(self, exponent: Coefficient) -> Coefficient:
        """A product of numbers, symbols and powers to a power that may hold symbols.

        Raises:
            ValueError: if the base is a sum, or a number in the exponent is not whole.

        >>> mu, M, E = map(Coefficient.symbol, ("mu", "M", "E"))
        >>> mu.power(2 * M).power(E)
        Coefficient('mu**(2*E*M)')
        """
        if self._below or isinstance(self._above, symengine.Add):
            raise ValueError(f"only a product of numbers and symbols has a symbolic power, not {quoted(str(self))}")
        ((powers, number),) = terms_of(self._above) or [((), Fraction(0))]
        lifted = _lift(exponent)
        # a multiple of a power, not the power of a multiple, so that all multiples are of one unknown
        factors = [_symbol_power(name, lifted) ** e for name, e in powers]
        return reduce(operator.mul, factors, _number_power(number, lifted))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Coefficient, int, Fraction)):
            lifted = _lift(other)
            return bool(self._above == lifted._above) and self._below == lifted._below
        return NotImplemented

    def __hash__(self) -> int:
        if self._below:
            return hash((self._above, self._below))
        # a coefficient that is a number is equal to that number, and so must be its hash
        return hash(self.as_fraction() if isinstance(self._above, symengine.Rational) else self._above)

    def __bool__(self) -> bool:
        return bool(self._above != 0)

    def __reduce__(self) -> tuple[type[Coefficient], tuple[str]]:
        # as text: which power an unknown stands for is known to this process alone
        return Coefficient, (str(self),)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols that occur."""
        names: set[str] = set()
        for name in self._unknowns:
            power = power_of(name)
            names |= power.symbols if power else {name}
        return frozenset(names)

    @property
    def powers(self) -> frozenset[Power]:
        """The powers with symbols in their exponents that occur, such as ``mu**T``."""
        return frozenset(power for name in self._unknowns if (power := power_of(name)))

    @property
    def _unknowns(self) -> frozenset[str]:
        """Names of the unknowns of the polynomials: symbols and powers."""
        return frozenset(symbol.name for part in self._parts for symbol in part.free_symbols)

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
        read_mapping("values", values, "symbol names to numbers")
        lifted = {symbol_name(name): _lift(value) for name, value in values.items()}
        images = {name: lifted[name] for name in self._unknowns if name in lifted}
        parts = self._parts
        try:
            for name in sorted(self._unknowns):
                if power := power_of(name):
                    # of an exponent such as 6/B only multiples of 6 are asked for, which need not be of 1/B
                    times = gcd(
                        *(e for part in parts for powers, _ in terms_of(part) for base, e in powers if base == name)
                    )
                    images[name] = _substituted_power(power, times, lifted)
                    parts = tuple(_without_times(part, name, times) for part in parts)
            above, *bases = (_image(part, images) for part in parts)
            below = [(base, exponent) for base, (_, exponent) in zip(bases, self._below, strict=True)]
            return reduce(operator.mul, (base**-exponent for base, exponent in below), above)
        except (ZeroDivisionError, FractionalExponentError) as error:
            # a power of which only multiples are whole has no value by itself, as 0/0 has none
            raise ZeroDivisionError(f"{str(self)[:80]} has no value at {_assignments(values)}") from error

    def as_fraction(self) -> Fraction:
        """The value of a coefficient without symbols.

        Raises:
            ValueError: if symbols are left.
        """
        if self.symbols:
            raise ValueError(f"{str(self)[:80]} still holds the symbols {', '.join(sorted(self.symbols))}")
        if not isinstance(self._above, symengine.Rational):
            raise ValueError(f"{str(self)[:80]} has too many digits to be written out")
        return Fraction(int(self._above.p), int(self._above.q))

    def as_expr(self) -> sympy.Expr:
        """The coefficient as a sympy expression with plain symbols."""
        import sympy

        expression: sympy.Expr = reduce(operator.mul, (b**-e for b, e in self._below), self._above)._sympy_()
        images = {}
        for symbol in expression.free_symbols:
            if power := power_of(symbol.name):
                base = sympy.Symbol(power.base) if isinstance(power.base, str) else sympy.Rational(power.base)
                # a number with a long exponent would be written out by sympy
                images[symbol] = sympy.Pow(base, power.exponent.as_expr(), evaluate=bool(power.exponent.symbols))
        return expression.xreplace(images)

    def monomials(self) -> list[tuple[Fraction, tuple[tuple[str | Power, int], ...]]]:
        """The terms of the numerator as number and powers ``((base, exponent), …)``, highest degrees first.

        A base is the name of a symbol, or a :class:`~sgdsym.series.powers.Power`.
        """
        return list(_monomials(self._above))

    def __str__(self) -> str:
        text = write_arithmetic(self.monomials())
        if not self._below:
            return text
        factors = [f"({Coefficient._of(base)})" + (f"**{e}" if e > 1 else "") for base, e in self._below]
        denominator = f"({'*'.join(factors)})" if len(factors) > 1 else factors[0]
        return f"({text})/{denominator}" if isinstance(self._above, symengine.Add) else f"{text}/{denominator}"

    def __repr__(self) -> str:
        return f"Coefficient({str(self)!r})"


def _assignments(values: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _lift(value: Scalar) -> Coefficient:
    if isinstance(value, Coefficient):
        return value
    number = as_exact(value)
    if isinstance(number, (int, Fraction)):
        return Coefficient._of(rational(number))
    raise TypeError(
        f"coefficients are exact: {quoted(value)} is a {type(value).__name__}, not an integer or a fraction"
    )


def _raised(base: Coefficient, exponent: Coefficient) -> Coefficient:
    """One coefficient to the power of another, as far as that is a coefficient."""
    single = not (isinstance(base._above, symengine.Add) or base._below)
    if exponent.symbols or (single and not base.symbols):
        if not single or (not exponent.symbols and not isinstance(exponent._above, symengine.Integer)):
            raise SyntaxError("only a number or a symbol has a power with symbols in it")
        return base.power(exponent)
    number = exponent.as_fraction()
    # bits of a number times the exponent are bits of its power, known before it is formed
    digits = max((abs(c.numerator * c.denominator).bit_length() for _, c in terms_of(base._above)), default=0)
    if number.denominator != 1 or abs(number) > LARGEST_POWER or abs(number) * digits > LARGEST_NUMBER:
        raise SyntaxError("exponents are integers of moderate size")
    return base ** int(number)


def _image(expression: Any, images: Mapping[str, Coefficient]) -> Coefficient:
    """A polynomial with all its unknowns replaced at once."""
    present = {s.name for s in expression.free_symbols} & images.keys()
    sums = any(isinstance(images[name]._above, symengine.Add) for name in present)
    divides = sums and any(e < 0 and name in present for powers, _ in unsorted_terms(expression) for name, e in powers)
    if divides or any(images[name]._below for name in present):
        # an image that goes into a denominator asks for the normal form of a quotient, which each term has by itself
        terms = []
        for powers, number in terms_of(expression):
            factors = (images.get(name, Coefficient._of(symengine.Symbol(name))) ** e for name, e in powers)
            terms.append(reduce(operator.mul, factors, Coefficient(number)))
        return Coefficient.total(terms)
    image = symengine.expand(expression.subs({symengine.Symbol(name): images[name]._above for name in present}))
    # symengine divides by zero without a word, and carries on with infinity
    if image.has(symengine.zoo) or image.has(symengine.nan):
        raise ZeroDivisionError
    return _settled(Coefficient._of(image))


def _without_times(expression: Any, name: str, times: int) -> Any:
    """An expression with the exponents of an unknown divided by their greatest common divisor."""
    if times == 1:
        return expression
    terms = (
        rational(number) * product_of(tuple((base, e // times if base == name else e) for base, e in powers))
        for powers, number in terms_of(expression)
    )
    return symengine.Add(*terms)


def _substituted_power(power: Power, times: int, values: Mapping[str, Coefficient]) -> Coefficient:
    """A multiple of a power with symbols of its base and its exponent replaced at once."""
    base = values.get(power.base, Coefficient.symbol(power.base)) if isinstance(power.base, str) else power.base
    exponent = power.exponent * times
    given = {name: values[name] for name in exponent.symbols if name in values}
    return _lift(base).power(exponent.substitute(given))


def _symbol_power(name: str, exponent: Coefficient) -> Coefficient:
    """A symbol, or the power behind an unknown, raised to an exponent; one unknown for each part of the exponent."""
    if inner := power_of(name):
        return _unknown_powers(inner.base, inner.exponent * exponent)
    return _unknown_powers(name, exponent)


def _number_power(number: Fraction, exponent: Coefficient) -> Coefficient:
    """A number to a power; zero is zero at every power but the zeroth."""
    if not exponent.symbols:
        power = _whole(exponent.as_fraction())
        bits = max(number.numerator.bit_length(), number.denominator.bit_length())
        if abs(number) in (0, 1) or abs(power) * (bits - 1) <= LARGEST_NUMBER:
            return Coefficient(number**power)
    if number == 1:
        return Coefficient(1)
    if number == 0:
        return Coefficient._of(unknown(Power(number, exponent)))
    root, times = primitive(number)
    # one of a number and its inverse
    return _unknown_powers(root, exponent * times) if abs(root) < 1 else _unknown_powers(1 / root, exponent * -times)


def _unknown_powers(base: str | Fraction, exponent: Coefficient) -> Coefficient:
    total = Coefficient(1)
    for monomial, number in terms_of(exponent._above):
        core = Coefficient._of(product_of(monomial), exponent._below)
        if not core.symbols:
            power = _whole(number)
            long = not isinstance(base, str) and abs(power) * base.denominator.bit_length() > LARGEST_NUMBER
            if long:
                total *= Coefficient._of(unknown(Power(base, Coefficient(abs(power))))) ** (1 if power > 0 else -1)
            else:
                total *= Coefficient.size(base) ** power
        else:
            # 1/B is not whole: where all symbols divide, the number belongs to the unit
            divides = exponent._below or all(e < 0 for _, e in monomial)
            unit = abs(number) if divides else Fraction(1, number.denominator)
            total *= Coefficient._of(unknown(Power(base, core * unit))) ** int(number / unit)
    return _settled(total)


def _whole(number: Fraction) -> int:
    if number.denominator != 1:
        raise FractionalExponentError(f"an exponent must be a whole number, not {number}")
    if abs(number) > LONGEST_EXPONENT:
        raise ValueError(f"an exponent must be at most {LONGEST_EXPONENT}, not {str(number)[:40]}")
    return int(number)


def _settled(value: Coefficient) -> Coefficient:
    r"""The value with one unknown for all powers whose exponents are rational multiples, such as :math:`6/B` and :math:`12/B`.

    The exponent of the unknown is the largest of which all are integer multiples.
    """
    # as long as no such power has been made no coefficient is looked through
    if not may_be_related():
        return value
    value = _with_signs(value)
    families: dict[tuple[Any, Coefficient], dict[str, Fraction]] = {}
    for name in value._unknowns:
        if power := power_of(name):
            core = power.exponent / power.number
            families.setdefault((power.base, core), {})[name] = power.number
    images: dict[str, tuple[Any, Fraction]] = {}
    for (base, core), numbers in families.items():
        if all(number == 1 for number in numbers.values()):
            continue
        exponents = {
            sum((e * numbers[name] for name, e in powers if name in numbers), Fraction(0))
            for part in value._parts
            for powers, _ in terms_of(part)
        } - {0}
        # the greatest common divisor of fractions
        whole = lcm(*(e.denominator for e in exponents))
        unit = Fraction(gcd(*(int(e * whole) for e in exponents)), whole)
        if unit:
            settled = unknown(Power(base, core * unit))
            images |= {name: (settled, number / unit) for name, number in numbers.items()}
    if all(symbol.name == name for name, (symbol, _) in images.items()):
        return value
    return _rewritten(value, images)


def _with_signs(value: Coefficient) -> Coefficient:
    """The value with powers of -1 in the numerator at most once: their squares are 1."""
    signs = {name for name in value._unknowns if (power := power_of(name)) and power.base == -1}
    terms = unsorted_terms(value._above) if signs else []
    if not any(name in signs and e not in (0, 1) for powers, _ in terms for name, e in powers):
        return value
    reduced = (
        rational(number) * product_of(tuple((name, e % 2 if name in signs else e) for name, e in powers))
        for powers, number in terms
    )
    return Coefficient._of(symengine.Add(*reduced), value._below)


def _rewritten(value: Coefficient, images: Mapping[str, tuple[Any, Fraction]]) -> Coefficient:
    """The value with unknowns replaced by powers, also fractional ones, of others; those add up to whole exponents."""

    def part(expression: Any) -> Any:
        terms = []
        for powers, number in terms_of(expression):
            exponents: dict[Any, Fraction] = {}
            for name, e in powers:
                symbol, times = images.get(name, (symengine.Symbol(name), Fraction(1)))
                exponents[symbol] = exponents.get(symbol, Fraction(0)) + e * times
            terms.append(rational(number) * reduce(operator.mul, (b ** int(e) for b, e in exponents.items()), 1))
        return symengine.Add(*terms)

    below = (Coefficient._of(part(base)) ** -e for base, e in value._below)
    return reduce(operator.mul, below, Coefficient._of(part(value._above)))


@lru_cache(maxsize=4096)
def _monomials(expression: Any) -> tuple[tuple[Fraction, tuple[tuple[str | Power, int], ...]], ...]:
    """The terms of an expanded expression, which a writer asks for more than once."""
    return tuple(
        (number, tuple((power_of(name) or name, e) for name, e in powers)) for powers, number in terms_of(expression)
    )
