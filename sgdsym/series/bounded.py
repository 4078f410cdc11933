r"""Numbers with a bound on their error, so that a quotient of long sums is rounded once.

The coefficients of a series cancel: with momentum near 1 a sum of terms of size 1 is :math:`(1-\mu)^{9}` at order 4.  In
floats nothing is left of it.  So such sums are formed of decimals that carry a bound on their error,

.. math:: |x - \hat x| \le e,

in more and more digits until the bound says that every result has the digits of a float.  Sums of whole numbers need none of
this: they are exact, and Python rounds their quotient once.

The file needs the standard library alone, for generated modules hold a copy of it.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

# The digits: each try has four times those of the last, so that tries in vain cost a third of the last one at most.  The bounds: a
# relative error of 1e-19 is a thousandth of half a unit in the last place of a float, 1.1e-16, and 1e-324 is below half of the least
# float, 4.9e-324.  Bounds of errors have nine digits, as only their size matters, and are rounded up so that they stay bounds.


# cut here: what follows is copied into generated modules
def _context(digits: int, rounding: str) -> decimal.Context:
    """Decimals of so many digits and of any size."""
    return decimal.Context(digits, rounding, decimal.MIN_EMIN, decimal.MAX_EMAX, traps=[decimal.InvalidOperation])


_UP, _DOWN = _context(9, decimal.ROUND_UP), _context(9, decimal.ROUND_DOWN)  # for bounds of errors
_DIGITS = (40, 160, 640, 2560, 10240)  # tried one after the other
_RELATIVE, _LEAST = Decimal("1e-19"), Decimal("1e-324")  # errors below these do not show in a float


class VagueError(ArithmeticError):
    """A number is known too badly to divide by it, or to round it."""


class Precision:
    """Arithmetic in a number of decimal digits."""

    __slots__ = ("context", "unit")

    def __init__(self, digits: int) -> None:
        self.context = _context(digits, decimal.ROUND_HALF_EVEN)
        self.unit = Decimal(10) ** (1 - digits)  # bounds the relative error of one operation

    def number(self, value: float | Fraction) -> int | Bounded:
        """Whole numbers as they are, others with a bound on their error."""
        if isinstance(value, int):
            return value
        if isinstance(value, float):
            return Bounded(Decimal(value), Decimal(0), self)
        return Bounded(Decimal(value.numerator), Decimal(0), self) / int(value.denominator)


class Bounded:
    """A decimal that differs from what it stands for by at most ``error``."""

    __slots__ = ("at", "error", "powers", "value")

    def __init__(self, value: Decimal, error: Decimal, at: Precision) -> None:
        self.value, self.error, self.at = value, error, at
        self.powers: dict[int, Bounded] = {}

    def _result(self, value: Decimal, error: Decimal) -> Bounded:
        """The result of one operation: its operands' errors, and its own."""
        return Bounded(value, _UP.fma(value.copy_abs(), self.at.unit, error), self.at)

    def _of(self, other: int | Bounded) -> Bounded:
        return other if isinstance(other, Bounded) else Bounded(Decimal(other), Decimal(0), self.at)

    def __add__(self, other: int | Bounded) -> Bounded:
        y = self._of(other)
        return self._result(self.at.context.add(self.value, y.value), _UP.add(self.error, y.error))

    __radd__ = __add__

    def __neg__(self) -> Bounded:
        return Bounded(self.value.copy_negate(), self.error, self.at)

    def __sub__(self, other: int | Bounded) -> Bounded:
        return self + -other

    def __rsub__(self, other: int | Bounded) -> Bounded:
        return -self + other

    def __mul__(self, other: int | Bounded) -> Bounded:
        y = self._of(other)
        error = _UP.fma(self.value.copy_abs(), y.error, _UP.multiply(_UP.add(y.value.copy_abs(), y.error), self.error))
        return self._result(self.at.context.multiply(self.value, y.value), error)

    __rmul__ = __mul__

    def __truediv__(self, other: int | Bounded) -> Bounded:
        y = self._of(other)
        if not y.value and not y.error:
            raise ZeroDivisionError("division by zero")
        least = _DOWN.subtract(y.value.copy_abs(), y.error)
        if least <= 0:
            raise VagueError("a denominator cannot be told from zero")
        value = self.at.context.divide(self.value, y.value)
        return self._result(value, _UP.divide(_UP.fma(value.copy_abs(), y.error, self.error), least))

    def __rtruediv__(self, other: int | Bounded) -> Bounded:
        return self._of(other) / self

    def __pow__(self, exponent: int | Bounded) -> Bounded:
        if isinstance(exponent, Bounded):
            raise TypeError("an exponent is no whole number")
        if exponent < 0:
            return 1 / self**-exponent
        if exponent not in self.powers:
            half = self ** (exponent // 2) if exponent > 1 else self._of(1)
            self.powers[exponent] = half * half * self if exponent % 2 else half * half
        return self.powers[exponent]

    def __rpow__(self, base: int) -> Bounded:
        raise TypeError("an exponent is no whole number")

    def __float__(self) -> float:
        size = self.value.copy_abs()
        if _UP.add(size, self.error) >= _LEAST and self.error > _UP.multiply(size, _RELATIVE):
            raise VagueError("a result cannot be told from zero")
        if size.adjusted() > 308 or (nearest := float(self.value)) in (float("inf"), float("-inf")):
            raise OverflowError("a result is too large for a float")
        return nearest


def rounded(compute: Callable[..., Mapping[int, Any]], sizes: Mapping[str, Any]) -> dict[int, float]:
    """The numbers that ``compute(**sizes)`` makes by sums, products, powers and quotients, each rounded once.

    Args:
        compute: from numbers to numbered numbers.
        sizes: whole numbers, fractions or floats.

    Raises:
        ArithmeticError: if one divides by zero, overflows, or has no digits after more than 10 000 of them are lost.

    >>> rounded(lambda x: {0: (1 - x**100) / (1 - x) - 100}, {"x": 1 - 1e-12})
    {0: -4.9498904973237054e-09}
    """
    vague = VagueError("no result")
    for digits in _DIGITS if any(not isinstance(value, int) for value in sizes.values()) else (1,):
        at = Precision(digits)
        try:
            made = compute(**{name: at.number(value) for name, value in sizes.items()})
            return {i: float(value) for i, value in made.items()}
        except VagueError as error:
            vague = error
    raise vague
