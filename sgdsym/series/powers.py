r"""Powers with a symbol in the exponent, such as :math:`\mu^T`: a base and an exponent polynomial.

To the polynomials of a coefficient such a power is one more unknown, told apart from all others by its text; what it stands
for is kept beside it and never read back from the text.  The file knows bases and exponents.  It refuses to know how polynomials are
multiplied, which is :mod:`~sgdsym.series.coefficient`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import symengine

if TYPE_CHECKING:
    from sgdsym.series.coefficient import Coefficient


@dataclass(frozen=True, slots=True)
class Power:
    """A symbol or a number to a power that holds symbols, or that is too long to be written out.

    Attributes:
        base: the name of a symbol, or a number.
        exponent: a polynomial of the sizes, or a large integer.

    >>> from sgdsym.series import Coefficient
    >>> (power,) = [base for _, powers in Coefficient("mu**(2*T)").monomials() for base, _ in powers]
    >>> power.base, str(power.exponent), str(power), power.text(2)
    ('mu', 'T', 'mu**T', 'mu**(2*T)')
    """

    base: str | Fraction
    exponent: Coefficient

    def __str__(self) -> str:
        return self.text()

    def text(self, times: int = 1) -> str:
        """The power with its exponent multiplied by an integer."""
        base, exponent = str(self.base), str(self.exponent * times)
        simple = base.isidentifier() or base.isdigit()
        return f"{base if simple else f'({base})'}**{exponent if exponent.isalnum() else f'({exponent})'}"

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the symbols in base and exponent."""
        own = frozenset({self.base}) if isinstance(self.base, str) else frozenset()
        return own | self.exponent.symbols

    @property
    def number(self) -> Fraction:
        """The number in front of the exponent, one where that is a sum."""
        ((number, _), *rest) = self.exponent.monomials()
        return Fraction(1) if rest or not self.exponent.symbols else number


# equal powers have equal texts, so that an entry never depends on the powers that were made before it
_known: dict[str, Power] = {}
_numbered: set[str] = set()


def unknown(power: Power) -> symengine.Symbol:
    """The unknown that stands for a power in polynomials."""
    name = str(power)
    if name not in _known:
        _known[name] = power
        if power.number != 1 or power.base == -1:
            _numbered.add(name)
    return symengine.Symbol(name)


def may_be_related() -> bool:
    """Whether there is a power with a number in its exponent, or of -1: without, unknowns are independent of each other."""
    return bool(_numbered)


def power_of(name: str) -> Power | None:
    """The power that an unknown stands for, ``None`` where it is a plain symbol."""
    return _known.get(name)


def primitive(number: Fraction) -> tuple[Fraction, int]:
    """A number as the highest power of a rational that it is; one of more digits than a float has stays as it is.

    >>> primitive(Fraction(1, 4)), primitive(Fraction(27, 8)), primitive(Fraction(-1, 4)), primitive(Fraction(64))
    ((Fraction(1, 2), 2), (Fraction(3, 2), 3), (Fraction(-1, 4), 1), (Fraction(2, 1), 6))
    """
    root, times = number, 1
    # of whole numbers below 2^53 only 0 and ±1 are powers of degree 53 and more
    for k in range(2, 53):
        while root not in (0, 1, -1) and (found := _root(root, k)) is not None:
            root, times = found, times * k
    return root, times


def _root(number: Fraction, degree: int) -> Fraction | None:
    """The rational whose power of that degree is the number, if there is one."""
    size = abs(number)
    if (number < 0 and degree % 2 == 0) or max(size.numerator, size.denominator) >= 2**53:
        return None
    # below 2^53 a float is near enough to its root to be rounded to it, and the exact power confirms the guess
    root = Fraction(round(size.numerator ** (1 / degree)), round(size.denominator ** (1 / degree)))
    return (root if number > 0 else -root) if root**degree == size else None
