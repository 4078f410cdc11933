r"""Exact derivative tensors of polynomial losses with rational coefficients.

A polynomial is a map from exponents to coefficients: for instance :math:`w_0^2 - \tfrac12 w_0 w_1` is
``{(2, 0): 1, (1, 1): Fraction(-1, 2)}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from math import perm, prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sgdsym.arguments import quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

Polynomial: TypeAlias = Mapping[tuple[int, ...], int | Fraction]


def polynomial_derivatives(
    losses: Sequence[Polynomial], theta: Sequence[int | Fraction], order: int
) -> list[NDArray[Any]]:
    r"""Derivative tensors of polynomial losses at one point, of degree 0 to ``order``, exactly.

    Args:
        losses: one polynomial for each data point, in as many variables as ``theta`` has entries.
        theta: the point, integers or fractions.
        order: the highest degree.

    Returns:
        By degree :math:`k` an array of fractions, shape (n, p, …, p).

    Raises:
        ValueError: if a polynomial is in another number of variables, or a number is not rational.

    >>> polynomial_derivatives([{(2, 0): 1, (1, 1): Fraction(-1, 2)}], theta=(1, 2), order=1)[1]
    array([[Fraction(1, 1), Fraction(-1, 2)]], dtype=object)
    """
    variables = len(theta)
    for number in (*theta, *(c for loss in losses for c in loss.values())):
        if not isinstance(number, (int, Fraction)):
            raise ValueError(f"polynomial losses are exact: {quoted(number)} is not an integer or a fraction")
    if any(len(exponents) != variables or min(exponents, default=0) < 0 for loss in losses for exponents in loss):
        raise ValueError(f"every exponent of a polynomial must list {variables} powers, one for each entry of theta")
    tensors = []
    for k in range(order + 1):
        tensor = np.empty((len(losses), *(variables,) * k), dtype=object)
        for axes in combinations_with_replacement(range(variables), k):
            partials = [_partial(loss, theta, axes) for loss in losses]
            # partial derivatives commute: one is computed for all places of its axes
            for place in set(permutations(axes)):
                entries: Any = (slice(None), *place)
                tensor[entries] = partials
        tensors.append(tensor)
    return tensors


def _partial(loss: Polynomial, theta: Sequence[int | Fraction], axes: Sequence[int]) -> Fraction:
    """The partial derivative along these coordinates."""
    times = [axes.count(i) for i in range(len(theta))]
    total = Fraction(0)
    for exponents, c in loss.items():
        if all(e >= t for e, t in zip(exponents, times, strict=True)):
            # d^t x^e = e!/(e - t)! x^(e - t)
            total += c * prod(perm(e, t) * x ** (e - t) for e, t, x in zip(exponents, times, theta, strict=True))
    return total
