r"""Divided differences of powers: sums of :math:`\prod_i R_i^{gap_i}` over all increasing times.

The sum of :math:`R_0^{t_1-1} R_1^{t_2-t_1-1}\cdots R_k^{T-t_k}` over :math:`1\le t_1 < … < t_k \le T` is the complete homogeneous
polynomial :math:`h_{T-k}(R_0, …, R_k)`, which is the divided difference

.. math:: [R_0, …, R_k]\,x^T.

The file knows numbers of any field.  It refuses to know what is summed, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from math import comb, factorial
from operator import add
from typing import Any, TypeVar

from sgdsym.series import Coefficient

# numbers of a field: coefficients, fractions or sympy expressions
Value = TypeVar("Value", bound=Any)
LONGEST_SUM = 64  # of steps that are summed one by one; more are a closed form, whose powers may stay as they are


def divided_difference(steps: Coefficient, nodes: Sequence[Coefficient]) -> Coefficient:
    r"""The divided difference of :math:`x^T`, equal nodes being the limit.

    Args:
        steps: the exponent :math:`T`.
        nodes: products of numbers, symbols and powers; any coefficients where the exponent is a number.

    Raises:
        ValueError: if a node is a sum and the exponent is not a number.

    >>> T, r, one = Coefficient.symbol("T"), Coefficient.symbol("r"), Coefficient(1)
    >>> print(divided_difference(T, [one, r]))                      # (1 - r^T)/(1 - r)
    (r**T - 1)/(r - 1)
    >>> print(divided_difference(T, [one, one, one]))
    T**2/2 - T/2
    """
    # at k + 1 equal nodes the difference is the k-th Taylor coefficient of x^T, at one the binomial
    if all(node == 1 for node in nodes):
        return binomial(steps, len(nodes) - 1)
    if not steps.symbols:
        number = int(steps.as_fraction())
        # a polynomial in the nodes, without denominators that would have to cancel
        if number <= LONGEST_SUM or any(node.symbols for node in nodes):
            return Coefficient(complete_homogeneous(number - len(nodes) + 1, nodes))
    powers = {node: node.power(steps) for node in nodes if node}
    return confluent_difference(nodes, lambda here, k: taylor(steps, here, k, powers.get(here)))


@lru_cache(maxsize=2**16)
def node_order(node: Coefficient) -> str:
    """The text that nodes are sorted by: a divided difference does not depend on their order, and one order is one key.

    The same few nodes are sorted once for each way to place the steps, so their texts are kept.
    """
    return str(node)


def taylor(steps: Coefficient, node: Coefficient, degree: int, power: Coefficient | None = None) -> Coefficient:
    r"""The Taylor coefficient :math:`\binom Tk x^{T-k}` of :math:`x^T` at a node; at zero it is one where :math:`T = k`.

    >>> print(taylor(Coefficient.symbol("T"), Coefficient(0), 2))
    0**(T - 2)*T**2/2 - 0**(T - 2)*T/2
    """
    ways = binomial(steps, degree)
    if not ways:
        return ways
    if not node:
        return ways * node.power(steps - degree)
    return ways * (node.power(steps) if power is None else power) / node**degree


def confluent_difference(nodes: Sequence[Value], taylor: Callable[[Value, int], Value]) -> Value:
    r"""The divided difference :math:`[R_0, …, R_k]\,f` of any function at nodes of which some may be equal.

    .. math:: \sum_{R}\sum_{j<m_R} \frac{f^{(j)}(R)}{j!}\;[e^{m_R-1-j}]\prod_{S\ne R}(R+e-S)^{-m_S},

    over the different nodes :math:`R` with their multiplicities :math:`m_R` (partial fractions; C. Hermite, 1878).

    Args:
        nodes: values of a field, equal nodes being equal values.
        taylor: the Taylor coefficient of a degree of the function at a node.

    >>> from fractions import Fraction
    >>> confluent_difference([Fraction(1), Fraction(1), Fraction(3)], lambda x, k: (x**3, 3 * x**2)[k])
    Fraction(5, 1)
    """
    parts = []
    for here in dict.fromkeys(nodes):
        expanded = partial_fraction(nodes, here)
        # Leibniz: the k-th Taylor coefficient of f meets the (m-1-k)-th of the other factors
        order = len(expanded)
        parts += [expanded[order - 1 - k] * taylor(here, k) for k in range(order)]
    total: Value = reduce(add, parts)
    return total


def partial_fraction(nodes: Sequence[Value], here: Value) -> list[Value]:
    r"""Taylor coefficients in :math:`e` of :math:`\prod_{S\ne R}(R+e-S)^{-m_S}` at one of the nodes, as many as it has equals.

    >>> from fractions import Fraction
    >>> [str(c) for c in partial_fraction([Fraction(1), Fraction(1), Fraction(3)], Fraction(1))]
    ['-1/2', '-1/4']
    """
    order = nodes.count(here)
    # one and zero as the field of the nodes has them
    expanded = [here**0] + [0 * here] * (order - 1)
    for other in dict.fromkeys(nodes):
        if other != here:
            expanded = _truncated_product(expanded, _inverse_power(here - other, nodes.count(other), order))
    return expanded


def binomial(top: Coefficient, bottom: int) -> Coefficient:
    r"""The polynomial :math:`\binom{top}{bottom}`.

    >>> binomial(Coefficient.symbol("T"), 2)
    Coefficient('T**2/2 - T/2')
    """
    result = Coefficient(1)
    for i in range(bottom):
        result *= top - i
    return result / factorial(bottom)


def falling_factorial(top: Coefficient, length: int) -> Coefficient:
    """The polynomial ``top (top - 1) … (top - length + 1)``."""
    return binomial(top, length) * factorial(length)


def complete_homogeneous(degree: int, nodes: Sequence[Value]) -> Value | int:
    """The complete homogeneous symmetric polynomial of a degree, 0 below degree 0.

    >>> x = Coefficient.symbol("x")
    >>> complete_homogeneous(2, [Coefficient(1), x])
    Coefficient('x**2 + x + 1')
    """
    if degree < 0:
        return 0
    # h_k(x_0, …, x_i) = h_k(x_0, …, x_{i-1}) + x_i h_{k-1}(x_0, …, x_i), in place
    row: list[Value | int] = [1] + [0] * degree
    for node in nodes:
        for k in range(1, degree + 1):
            row[k] += node * row[k - 1]
    return row[degree]


def _inverse_power(distance: Value, power: int, order: int) -> list[Value]:
    """Taylor coefficients of ``(distance + e)**-power`` in ``e``."""
    # the binomial series of (d + e)^-m
    return [(-1) ** j * comb(power + j - 1, j) / distance ** (power + j) for j in range(order)]


def _truncated_product(first: Sequence[Value], second: Sequence[Value]) -> list[Value]:
    return [reduce(add, (first[i] * second[k - i] for i in range(k + 1))) for k in range(len(first))]
