r"""How large a rational expression becomes when it is multiplied out, estimated on its syntax tree before any of it is.

Bounds go from the leaves to the root: a product of sums of :math:`m` and :math:`n` terms has at most :math:`mn` terms, the power
:math:`p^k` at most :math:`\binom{k+m-1}{k}`, and no polynomial has more terms than its exponents allow.  Denominators are kept as
factors, as coefficients keep them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb, lcm, prod
from typing import TypeAlias

# an exponent; the bits of a number, 3 010 digits, where Python reads and writes 4 300; terms, and the work in microseconds, 0.3 s,
# besides what is written out
LARGEST_POWER, LARGEST_NUMBER, MOST_TERMS, MOST_WORK = 1000, 10_000, 300, 300_000
LONGEST_EXPONENT = 10**12  # of a number whose power is not written out
MOST_FACTOR_TERMS = 100  # of a power that every coefficient is multiplied by
# a sum that is divided by: its terms, degree and symbols; and how many of them.  sympy factorises random sums of 25 to 30 terms in
# five symbols in 0.02 s where there is one factor, in 0.15 s where there are two
DIVISOR_TERMS, DIVISOR_DEGREE, DIVISOR_SYMBOLS, MOST_DIVISORS = 30, 24, 5, 12
# microseconds for a product of two terms (0.15 where many products are equal, 3 where none are, on one core), for a step of a
# division, and for each term that it looks at; for each leaf of the tree
_PRODUCT, _STEP, _LOOK, _LEAF, _LONG = 0.5, 5.0, 0.05, 1000, 5.0


@dataclass(frozen=True, slots=True)
class Number:
    """A non-negative integer."""

    value: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Summands, each with whether it is subtracted."""

    summands: tuple[tuple[bool, Expression], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors, each with whether it is divided by."""

    factors: tuple[tuple[bool, Expression], ...]


@dataclass(frozen=True, slots=True)
class Power:
    """A base raised to an exponent."""

    base: Expression
    exponent: Expression


Expression: TypeAlias = Number | Symbol | Sum | Product | Power
_Spans: TypeAlias = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Extent:
    """Bounds of a sum of monomials over factors.

    Attributes:
        terms: how many monomials.
        spans: the lowest and the highest exponent of each symbol; of a power with symbols in its exponent, by its text.
        bits: of the largest number, over the common denominator.
        whole: the common denominator of the numbers.
        number: the number in front, over ``whole``, where there is one monomial.
        below: the sums that are divided by, with their exponents.
    """

    terms: int
    spans: _Spans = field(default_factory=dict)
    bits: int = 1
    whole: int = 1
    number: int | None = None
    below: Mapping[Expression, tuple[_Extent, int]] = field(default_factory=dict)


def check_extent(tree: Expression) -> None:
    """Refuse an expression that becomes large when it is multiplied out.

    Raises:
        OverflowError: saying in a few words what becomes large.
        SyntaxError: if an exponent is no integer where it has to be one.
    """
    leaves = _leaves(tree)
    # text that is written out at length is allowed more work: a root of the divisor rules out most of its divisions, so that the count
    # is 60 times the real work and more
    _Surveyor(MOST_TERMS + leaves, MOST_WORK + _LEAF * leaves + _LONG * leaves**2.5).extent(tree)


def check_power(tree: Expression, exponent: int) -> None:
    """Refuse an expression of which a power is long: one that multiplies every coefficient of a series.

    Raises:
        OverflowError: saying in a few words what becomes large.
    """
    surveyor = _Surveyor(MOST_FACTOR_TERMS, MOST_WORK)
    found = surveyor.extent(Power(tree, Number(exponent)))
    below = _Extent(1, number=1)
    for size, times in found.below.values():
        below = surveyor.times(below, surveyor.raised(size, times))


def _leaves(tree: Expression) -> int:
    match tree:
        case Sum(parts) | Product(parts):
            return sum(_leaves(part) for _, part in parts)
        case Power(base, _):
            return _leaves(base)
    return 1


class _Surveyor:
    """Finds extents, and adds up the work."""

    def __init__(self, most_terms: int, most_work: float) -> None:
        self.most_terms = most_terms
        self.most_work = most_work
        self.work = 0.0

    def extent(self, node: Expression) -> _Extent:
        """The extent of a node, if it is within the limits."""
        match node:
            case Number(value):
                whole = int(value)
                return self._checked(_Extent(1, {}, whole.bit_length(), 1, whole))
            case Symbol(name):
                return _Extent(1, {name: (1, 1)}, number=1)
            case Sum(summands):
                return self._sum([self.extent(part) for _, part in summands])
            case Product(factors):
                found = _Extent(1, number=1)
                for below, part in factors:
                    found = self.times(found, self._inverse(part) if below else self.extent(part))
                return found
            case Power(base, exponent):
                return self._power(base, exponent)

    def _checked(self, found: _Extent) -> _Extent:
        if found.terms > self.most_terms:
            raise OverflowError(f"more than {self.most_terms} terms")
        if max(found.bits, found.whole.bit_length()) > LARGEST_NUMBER:
            raise OverflowError(f"numbers of more than {LARGEST_NUMBER} bits")
        if any(max(-low, high) > LARGEST_POWER for low, high in found.spans.values()):
            raise OverflowError(f"exponents above {LARGEST_POWER}")
        if len(found.below) > MOST_DIVISORS or any(e > LARGEST_POWER for _, e in found.below.values()):
            raise OverflowError(f"more than {MOST_DIVISORS} sums to divide by")
        if self.work > self.most_work:
            raise OverflowError("too many products of terms")
        return found

    def _reduced(self, found: _Extent) -> _Extent:
        """The extent after an attempt to cancel each divisor, by division with a remainder."""
        if found.terms > 1:
            for size, exponent in found.below.values():
                # the steps: for each monomial in the other symbols the exponents that the quotient may have
                ranges = [high - low for low, high in (found.spans.get(name, (0, 0)) for name in size.spans)]
                reach = ranges if len(ranges) == 1 else [sum(ranges) * max(map(abs, _ends(size.spans)))] * len(ranges)
                steps = found.terms * prod(1 + r for r in reach)
                self.work += steps * (_STEP + _LOOK * found.terms) * (1 + min(exponent, max(ranges, default=0)))
        return self._checked(found)

    def _sum(self, parts: list[_Extent]) -> _Extent:
        if len(parts) == 1:
            return parts[0]
        below: dict[Expression, tuple[_Extent, int]] = {}
        for part in parts:
            for key, (size, exponent) in part.below.items():
                below[key] = size, max(exponent, below[key][1] if key in below else 0)
        if below:
            parts = [self._over(part, below) for part in parts]
        whole = lcm(*(part.whole for part in parts))
        if whole.bit_length() > LARGEST_NUMBER:
            raise OverflowError(f"numbers of more than {LARGEST_NUMBER} bits")
        # raised to the common denominator, and the bits that a sum of so many numbers may carry over
        bits = max(part.bits + (whole // part.whole).bit_length() for part in parts) + len(parts).bit_length()
        names = {name for part in parts for name in part.spans}
        ends = {name: [part.spans.get(name, (0, 0)) for part in parts] for name in names}
        spans = {name: (min(low for low, _ in found), max(high for _, high in found)) for name, found in ends.items()}
        terms = min(sum(part.terms for part in parts), _places(spans))
        return self._reduced(_Extent(terms, spans, bits, whole, None, below))

    def _over(self, part: _Extent, below: Mapping[Expression, tuple[_Extent, int]]) -> _Extent:
        """The numerator over a common denominator."""
        found = _Extent(part.terms, part.spans, part.bits, part.whole, part.number)
        for key, (size, exponent) in below.items():
            missing = exponent - (part.below[key][1] if key in part.below else 0)
            if missing:
                found = self.times(found, self.raised(size, missing))
        return found

    def times(self, left: _Extent, right: _Extent) -> _Extent:
        """The extent of a product."""
        spans = dict(left.spans)
        for name, (low, high) in right.spans.items():
            first, last = spans.get(name, (0, 0))
            spans[name] = first + low, last + high
        below = dict(left.below)
        for key, (size, exponent) in right.below.items():
            below[key] = size, exponent + (below[key][1] if key in below else 0)
        self.work += _PRODUCT * left.terms * right.terms * (1 + (left.bits + right.bits) // 1000)
        number = None if left.number is None or right.number is None else left.number * right.number
        # no monomial of a product comes about in more ways than the shorter factor has terms
        bits = left.bits + right.bits + min(left.terms, right.terms).bit_length() - 1
        terms = min(left.terms * right.terms, _places(spans))
        product = _Extent(terms, spans, bits, left.whole * right.whole, number, below)
        # a monomial has nothing in common with a divisor, so that nothing is tried
        return self._checked(product) if _is_monomial(left) or _is_monomial(right) else self._reduced(product)

    def raised(self, base: _Extent, exponent: int) -> _Extent:
        """The extent of a whole power of at least 0."""
        if exponent > LARGEST_POWER:
            raise OverflowError(f"exponents above {LARGEST_POWER}")
        if max(base.bits - 1, base.whole.bit_length() - 1) * exponent > LARGEST_NUMBER:
            raise OverflowError(f"numbers of more than {LARGEST_NUMBER} bits")
        spans = {name: (low * exponent, high * exponent) for name, (low, high) in base.spans.items()}
        terms = min(comb(exponent + base.terms - 1, exponent), _places(spans)) if base.terms else min(1, exponent)
        bits = exponent * (base.bits + base.terms.bit_length() - 1)
        self.work += _PRODUCT * terms * min(base.terms, 50)
        number = None if base.number is None else base.number**exponent
        below = {key: (size, e * exponent) for key, (size, e) in base.below.items() if exponent}
        return self._checked(_Extent(terms, spans, bits, base.whole**exponent, number, below))

    def _inverse(self, node: Expression) -> _Extent:
        """The extent of a divisor, inverted; factors that are written as such stay apart."""
        match node:
            case Product(factors):
                found = _Extent(1, number=1)
                for below, part in factors:
                    found = self.times(found, self.extent(part) if below else self._inverse(part))
                return found
            case Power(base, Number(exponent)):
                return self.raised(self._inverse(base), exponent)
        return self._inverted(node, self.extent(node))

    def _inverted(self, node: Expression, found: _Extent) -> _Extent:
        rest = _Extent(1, number=1)
        for size, exponent in found.below.values():
            rest = self.times(rest, self.raised(size, exponent))
        above = _Extent(found.terms, found.spans, found.bits, found.whole, found.number)
        if above.terms == 1 and above.number is not None:
            spans = {name: (-high, -low) for name, (low, high) in above.spans.items()}
            whole = max(abs(above.number), 1)
            return self.times(rest, _Extent(1, spans, above.whole.bit_length(), whole, above.whole))
        degree = sum(max(-low, 0) + max(high, 0) for low, high in above.spans.values())
        if above.terms > DIVISOR_TERMS or degree > DIVISOR_DEGREE or len(above.spans) > DIVISOR_SYMBOLS:
            raise OverflowError(
                f"more than {DIVISOR_TERMS} terms, degree {DIVISOR_DEGREE} or {DIVISOR_SYMBOLS} symbols in a divisor"
            )
        inverse = _Extent(1, {}, above.whole.bit_length(), 1, None, {node: (above, 1)})
        return self.times(rest, inverse)

    def _power(self, base: Expression, exponent: Expression) -> _Extent:
        size = self.extent(exponent)
        if size.spans:
            return self._symbolic(base, exponent, size)
        times = _integer(exponent)
        found = self.extent(base) if times >= 0 else self._inverse(base)
        if found.number is not None and not (found.spans or found.below) and abs(times) <= LONGEST_EXPONENT:
            # a number to a power that is too long to be written out stays a power
            bits = max(found.number.bit_length(), found.whole.bit_length()) - 1
            if bits * abs(times) > LARGEST_NUMBER:
                return self._checked(_Extent(1, {repr((base, exponent)): (1, 1)}, number=1))
        return self.raised(found, abs(times))

    def _symbolic(self, base: Expression, exponent: Expression, size: _Extent) -> _Extent:
        """A power with symbols in its exponent: a symbol by itself, times the power that the numbers in the exponent make."""
        if size.below or size.bits > LARGEST_POWER.bit_length() or size.terms > DIVISOR_TERMS:
            raise OverflowError(f"numbers above {LARGEST_POWER} or more than {DIVISOR_TERMS} terms in an exponent")
        found = self.extent(base)
        whole = abs(_constant(exponent))
        if max(found.bits, found.whole.bit_length()) * whole > LARGEST_NUMBER and found.bits > 1:
            raise OverflowError(f"numbers of more than {LARGEST_NUMBER} bits")
        spans = {name: (min(0, low) * whole, max(0, high) * whole) for name, (low, high) in found.spans.items()}
        bounded = {name: (max(low, -LARGEST_POWER), min(high, LARGEST_POWER)) for name, (low, high) in spans.items()}
        number = 1 if found.bits == 1 else 2 ** (found.bits * whole)
        own = {**bounded, repr((base, exponent)): (1, 1)}
        return self._checked(_Extent(found.terms, own, number.bit_length(), 1, number if found.terms == 1 else None))


def _constant(exponent: Expression) -> int:
    """The number among the summands of an exponent; other numbers multiply symbols, and go with them."""
    match exponent:
        case Number(value):
            return value
        case Sum(summands):
            return sum(-_constant(part) if negative else _constant(part) for negative, part in summands)
    return 0


def _integer(exponent: Expression) -> int:
    """The value of an exponent without symbols, which has to be an integer of moderate size."""
    match exponent:
        case Number(value):
            return value
        case Sum(((True, Number(value)),)):
            return -value
        case Sum(summands):
            return sum(-_integer(part) if negative else _integer(part) for negative, part in summands)
    raise SyntaxError("exponents are integers")


def _is_monomial(size: _Extent) -> bool:
    return size.terms == 1 and not size.below


def _ends(spans: _Spans) -> list[int]:
    return [end for ends in spans.values() for end in ends]


def _places(spans: _Spans) -> int:
    """How many monomials have exponents in these ranges."""
    return prod(high - low + 1 for low, high in spans.values())
