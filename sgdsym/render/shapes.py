r"""Closed forms in the shape that a person gives them: equal shapes are made, and a cost chooses.

Coefficients of runs with momentum are rational in :math:`\mu` and :math:`\mu^T`.  The literature writes them in powers of
:math:`1-\mu` and in the sums of geometric series, :math:`1-\mu^T`:

.. math:: \frac{\mu^{T+1} - \mu T - \mu + T}{(1-\mu)^2} = \frac{T}{1-\mu} - \frac{\mu(1-\mu^T)}{(1-\mu)^2}

Knows which shapes are equal and what each costs a reader.  Refuses to know how a shape is set.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb, prod

from sgdsym.render.factors import Factored, Polynomial, exponents_of, factor, is_rate, product_of
from sgdsym.series import Coefficient, Power

# what a level of brackets costs beside a character, and the square of a sum's number of signs
_NESTING, _SUM = 4, 2
_Powers = tuple[tuple[Power, int], ...]
_Others = tuple[tuple[str, int], ...]
Weighted = tuple[Fraction, Factored]


def cost(text: str) -> int:
    """The cost of a formula to a reader: its length on one line, the squares of its sums' lengths, and its depth.

    >>> cost("T/(1 - μ)") < cost("-T/(μ - 1)") < cost("T/(1 - μ - μ²)") < cost("((T))/(1 - μ - μ²)")
    True
    """
    total, deepest = len(text), 0
    signs = [0]
    for character in text:
        if character in "([":
            signs.append(0)
            deepest = max(deepest, len(signs) - 1)
        elif character in ")]":
            total += _SUM * signs.pop() ** 2
        elif character in "+-":
            signs[-1] += 1
    return total + _SUM * signs[0] ** 2 + _NESTING * deepest


def geometric_shapes(coefficient: Coefficient) -> list[list[Weighted]]:
    r"""The coefficient as sums of products: in powers such as :math:`\mu^T`, and in :math:`1-\mu^T`.

    There are none where nothing is a rate: a symbol whose powers have symbols in their exponents, or whose name says so.

    >>> [len(shape) for shape in geometric_shapes(Coefficient("(mu*mu**T - mu*T - mu + T)/(mu - 1)**2"))]
    [2, 3]
    """
    powers = {base for _, monomial in coefficient.monomials() for base, _ in monomial if isinstance(base, Power)}
    if any(not isinstance(power.base, str) for power in powers):
        return []
    rates = {str(power.base) for power in powers} | {name for name in coefficient.symbols if is_rate(name)}
    if not rates or not (powers or coefficient.poles):
        return []
    return [_grouped(coefficient, rates, pieces) for pieces in ((True, False) if powers else (False,))]


def _grouped(coefficient: Coefficient, rates: set[str], pieces: bool) -> list[Weighted]:
    r"""One product for each monomial in all but the rates, times a factor in these; powers as pieces :math:`1-\mu^T` if wanted."""
    groups: dict[tuple[_Powers, _Others], list[Coefficient]] = {}
    for number, monomial in coefficient.monomials():
        rest: list[tuple[str, int]] = []
        others: list[tuple[str, int]] = []
        choices: list[tuple[Fraction, _Powers]] = [(number, ())]
        for base, e in monomial:
            if isinstance(base, str):
                (rest if base in rates else others).append((base, e))
            elif pieces and e > 0:
                # base**e = (1 - piece)**e
                choices = [
                    (n * comb(e, k) * (-1) ** k, ((*taken, (base, k)) if k else taken))
                    for n, taken in choices
                    for k in range(e + 1)
                ]
            else:
                choices = [(n, (*taken, (base, e))) for n, taken in choices]
        for n, taken in choices:
            groups.setdefault((taken, tuple(others)), []).append(Coefficient.product(rest) * n)
    below = prod((pole**e for pole, e in coefficient.denominators), start=Coefficient(1))
    found: dict[Factored, Fraction] = {}
    for (taken, others_), summands in sorted(groups.items(), key=_order):
        total = Coefficient.total(summands) * Coefficient.product(others_) / below
        if total != 0:
            weight, product = _weighted(total, taken, pieces)
            found[product] = found.get(product, Fraction(0)) + weight
    return [(weight, product) for product, weight in found.items() if weight]


def _order(item: tuple[tuple[_Powers, _Others], object]) -> tuple[int, int, str]:
    """Few powers first, and high degrees of the sizes before low ones."""
    (taken, others), _ = item
    return sum(e for _, e in taken), -sum(e for _, e in others), str(others)


def _weighted(total: Coefficient, taken: _Powers, pieces: bool) -> Weighted:
    factored = factor(total)
    exponents = exponents_of(factored)
    for power, e in taken:
        polynomial = _piece(power) if pieces else _alone(power)
        exponents[polynomial] = exponents.get(polynomial, 0) + e
    number = Fraction(factored.above[0], factored.below[0])
    return (-number if factored.negative else number), product_of(exponents)


def _piece(power: Power) -> Polynomial:
    return ((1, ()), (-1, ((power, 1),)))


def _alone(power: Power) -> Polynomial:
    return ((1, ((power, 1),)),)
