r"""A coefficient as plain data: one sum of whole multiples of monomials over another, for evaluators and generated code.

.. math:: c = \frac{\sum_i a_i m_i}{d\,m\prod_j b_j^{e_j}},

with whole numbers :math:`a_i, d`, monomials :math:`m_i, m` and sums :math:`b_j`; no exponent is negative.  The bases of a
monomial are sizes and powers with sizes in the exponent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import TypeAlias

from sgdsym.series.coefficient import Coefficient
from sgdsym.series.powers import Power

Monomial: TypeAlias = tuple[tuple["Base", int], ...]
Sum: TypeAlias = tuple[tuple[int, Monomial], ...]


@dataclass(frozen=True, slots=True)
class Base:
    """A size, or a power with sizes in its exponent, such as ``mu**T``.

    Attributes:
        root: the name of a symbol, or a number.
        exponent: ``None`` for a symbol alone.
    """

    root: str | Fraction
    exponent: Coefficient | None = None

    @classmethod
    def of(cls, base: str | Power) -> Base:
        """A base as a coefficient lists it."""
        return cls(base) if isinstance(base, str) else cls(base.base, base.exponent)


@dataclass(frozen=True, slots=True)
class Quotient:
    """See the module.

    Attributes:
        above: the numerator.
        number: the whole number in the denominator.
        monomial: the monomial in the denominator.
        factors: the sums in the denominator, with their exponents.
    """

    above: Sum
    number: int
    monomial: Monomial
    factors: tuple[tuple[Sum, int], ...]

    @classmethod
    def of(cls, coefficient: Coefficient) -> Quotient:
        """The data of a coefficient.

        >>> T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
        >>> found = Quotient.of(T**2 / 6 - T / (4 * B))
        >>> found.number, found.monomial
        (12, ((Base(root='B', exponent=None), 1),))
        """
        factors = tuple((_sum(base, 1, {}), exponent) for base, exponent in coefficient.denominators)
        terms = coefficient.monomials()
        whole = lcm(*(number.denominator for number, _ in terms))
        lifted: dict[str | Power, int] = {}
        for _, powers in terms:
            for name, exponent in powers:
                # the least monomial that leaves no negative exponent above
                lifted[name] = max(lifted.get(name, 0), -exponent)
        lifted = {name: exponent for name, exponent in lifted.items() if exponent}
        monomial = tuple((_base(name), exponent) for name, exponent in sorted(lifted.items(), key=_text))
        return cls(_sum(coefficient, whole, lifted), whole, monomial, factors)

    @property
    def bases(self) -> dict[Base, None]:
        """Every base that occurs, in the order in which it does."""
        sums = (self.above, *(terms for terms, _ in self.factors), ((1, self.monomial),))
        return dict.fromkeys(base for terms in sums for _, powers in terms for base, _ in powers)


def _sum(coefficient: Coefficient, whole: int, lifted: dict[str | Power, int]) -> Sum:
    """The numerator times a whole number and a monomial."""
    terms = []
    for number, powers in coefficient.monomials():
        exponents = {name: exponent + lifted.get(name, 0) for name, exponent in powers}
        exponents = {**{name: e for name, e in lifted.items() if name not in exponents}, **exponents}
        terms.append(
            (int(number * whole), tuple((_base(name), e) for name, e in sorted(exponents.items(), key=_text) if e))
        )
    return tuple(terms)


def _text(power: tuple[str | Power, int]) -> str:
    return _name(power[0])


# the same few bases stand in every term of a long coefficient
_base = lru_cache(maxsize=1024)(Base.of)
_name = lru_cache(maxsize=1024)(str)
