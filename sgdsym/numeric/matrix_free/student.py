r"""How much wider an error estimated from few replicates must be.

The mean of :math:`R` independent normal numbers, divided by its estimated standard error, has Student's distribution with
:math:`R-1` degrees of freedom: at 2 replicates it is within 2 in 70 of 100 cases, and not in 95.
"""

from __future__ import annotations

from functools import cache
from math import atan, cos, erf, pi, sin, sqrt

NORMAL = erf(sqrt(2))  # how often a normal number is within two standard deviations
HALVINGS = 60


@cache
def widening(replicates: int) -> float:
    r"""Half the :math:`t` with :math:`P(|t_{R-1}| < t) = P(|z| < 2) = 0.9545`: 1 for many replicates.

    >>> [round(widening(replicates), 3) for replicates in (2, 4, 16, 1000)]
    [6.984, 1.653, 1.091, 1.001]
    """
    low, high = 2.0, 16.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if probability_within(middle, replicates - 1) < NORMAL else (low, middle)
    return low / 2


def probability_within(t: float, freedom: int) -> float:
    r"""How often a number with Student's distribution is in :math:`[-t, t]`.

    Source: [Abramowitz1964]_, 26.7.3 and 26.7.4.

    >>> round(probability_within(2.0, 1), 4), round(probability_within(2.0, 3), 4)
    (0.7048, 0.8607)
    """
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term = total = cos(angle) if odd else 1.0
    if freedom == 1:
        return 2 * angle / pi
    for k in range(1 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * k / (k + 1)
        total += term
    return 2 * (angle + sin(angle) * total) / pi if odd else sin(angle) * total
