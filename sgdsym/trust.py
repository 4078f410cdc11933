r"""Where a power series that is known to some order can be trusted, judged from its last orders.

The terms that are left out are taken to go on as the last ones grow: with
:math:`q = \max_{j<k}\,|a_k/a_j|^{1/(k-j)}` over the last three orders and :math:`A = \max_k |a_k|\,q^{d+1-k}` over the same,

.. math:: |R(\eta)| \approx \frac{A\,\eta^{d+1}}{1 - q\eta},

and infinity from :math:`q\eta = 1` on.  This is an estimate, not a bound: a series can turn behind its last order.

Beyond the range of a series, Padé approximants of its numbers are a guess that is often good and never sure (:func:`pade_value`).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

FINE, COARSE = 0.01, 0.1
# two orders have one ratio, which a coefficient that is small by chance spoils: the largest ratio of three is taken
_LAST = 3  # orders whose growth is looked at
_HALVINGS = 60
# a float has 16 digits, of which a solution then keeps 6
_SOLVABLE = 1e10  # condition of a system that determines an approximant
_REAL = 1e-9  # relative imaginary part of a pole that is real


@dataclass(frozen=True, slots=True)
class Trust:
    """The learning rates up to which a series can be trusted.

    Attributes:
        fine: where the estimated remainder is 1 % of the value; infinite where no term is left out.
        coarse: where it is 10 % of the value.

    >>> print(Trust(0.01, 0.05))
    trusted at 1 % up to a learning rate of 0.01, at 10 % up to 0.05
    """

    fine: float
    coarse: float

    def __str__(self) -> str:
        if not self.is_known:
            return "and too few orders are known to say how far it can be trusted"
        if math.isinf(self.fine):
            return "trusted at every learning rate: no higher order is in sight"
        return f"trusted at 1 % up to a learning rate of {self.fine:.3g}, at 10 % up to {self.coarse:.3g}"

    @property
    def is_known(self) -> bool:
        """Whether the last orders say anything: there are two of them that are not zero."""
        return not math.isnan(self.fine)


class TrustWarning(UserWarning):
    """A number is computed right and means little: a series far beyond its range, or one of a loss with kinks."""


def lowest(value: Any) -> float:
    """The least of some numbers, or a number itself; 0 where there are none.

    >>> lowest([2.0, -1.0]), lowest(3)
    (-1.0, 3.0)
    """
    entries = value.ravel().tolist() if hasattr(value, "ravel") else value
    return float(min(entries, default=0.0)) if hasattr(entries, "__len__") else float(entries)


def warn_below_zero(value: Any, trust: Trust) -> None:
    """Say so where a loss that is never negative is predicted below zero, at any of some learning rates."""
    if (least := lowest(value)) < 0:
        warnings.warn(
            f"the series predicts {least:.6g} for a loss that is never negative: it is far beyond its range, {trust}",
            TrustWarning,
            stacklevel=4,
        )


def trust_limits(coefficients: Sequence[float]) -> Trust:
    """The limits of a series with these coefficients of the powers of the learning rate; nan where one order is all that is known.

    >>> trust_limits([1.0, -1.0, 1.0, -1.0]).coarse < 0.75 < 1
    True
    >>> trust_limits([2.0, 0.0, 0.0])
    Trust(fine=inf, coarse=inf)
    """
    numbers = [float(c) for c in coefficients]
    known = [(k, abs(c)) for k, c in enumerate(numbers) if k and c]
    if not known:
        return Trust(math.inf, math.inf)
    if len(known) < 2 or not all(map(math.isfinite, numbers)):
        return Trust(math.nan, math.nan)
    last = known[-_LAST:]
    growth = max((b / a) ** (1 / (k - j)) for i, (j, a) in enumerate(last) for k, b in last[i + 1 :])
    order = len(numbers)
    # the first order left out, had it gone on growing from any of the last ones; with all that follow, a geometric
    # series, it is ahead η^n / (1 - growth η)
    ahead = max(size * growth ** (order - k) for k, size in last)

    def is_close(rate: float, share: float) -> bool:
        value = math.fsum(c * rate**k for k, c in enumerate(numbers))
        left = 1 - growth * rate
        return bool(left > 0 and ahead * rate**order <= share * abs(value) * left)

    fine, coarse = (_largest(partial(is_close, share=share), 1 / growth) for share in (FINE, COARSE))
    return Trust(fine, coarse)


def _largest(holds: Callable[[float], bool], end: float) -> float:
    """The largest number below ``end`` up to which something holds, found by halving after a search for where it first fails."""
    # the value may pass zero, where the share fails, and recover: halving alone could miss the first failure
    grid = [end * k / 200 for k in range(1, 201)]
    failing = next((rate for rate in grid if not holds(rate)), end)
    low, high = failing - end / 200, failing
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def pade_value(coefficients: Sequence[float], rates: Any) -> Any:
    r"""A series continued beyond its range by its Padé approximant; a heuristic, which nothing bounds.

    The approximant is the quotient :math:`P(\eta)/Q(\eta)` with :math:`Q(0)=1` and :math:`d=\lfloor n/2\rfloor` the degree of
    :math:`Q`, that has the coefficients to order :math:`n`.  Where these leave it undetermined the degree of :math:`Q` is lower.

    Args:
        coefficients: those of the powers of the learning rate, ``(n+1,)``.
        rates: a number or an array of them.

    Returns:
        A float, or an array over the learning rates; nan from the first pole on, as seen from 0.

    Raises:
        ValueError: if a coefficient or a learning rate is not finite, or so large that floats end.

    Source: [Baker1996]_, chapter 1.

    >>> geometric = [1.0, -1.0, 1.0, -1.0]
    >>> pade_value(geometric, 4.0), pade_value(geometric, [1.0, -2.0]).tolist()
    (0.2, [0.5, nan])
    """
    numbers, at = np.array(coefficients, dtype=float), np.asarray(rates, dtype=float)
    if not (np.isfinite(numbers).all() and np.isfinite(at).all()):
        raise ValueError("a Padé approximant needs finite coefficients and learning rates")
    with np.errstate(all="ignore"):
        # in a unit of the learning rate in which no coefficient is larger than the first, so that close to singular means that
        known = [(k, abs(c)) for k, c in enumerate(numbers) if c]
        unit = max([(size / known[0][1]) ** (1 / k) for k, size in known if k], default=1.0)
        scaled, at = numbers / unit ** np.arange(len(numbers)), at * unit
        if not (np.isfinite(scaled).all() and np.isfinite(at).all()):
            raise ValueError("a Padé approximant of numbers this large leaves the range of floats")
        above, below = _quotient(scaled)
        found = np.array(np.polyval(above[::-1], at) / np.polyval(below[::-1], at))
    for pole in np.roots(below[::-1]):
        if abs(pole.imag) <= _REAL * abs(pole):
            found[(at * pole.real > 0) & (np.abs(at) >= abs(pole.real))] = math.nan
    return found if at.ndim else float(found)


def _quotient(numbers: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The numerator and the denominator, by rising powers."""
    highest = len(numbers) - 1
    for degree in range(highest // 2, 0, -1):
        start = highest - degree
        padded = np.concatenate([np.zeros(degree), numbers])
        rows = np.array([padded[start + i : start + i + degree][::-1] for i in range(1, degree + 1)])
        if np.linalg.cond(rows) < _SOLVABLE:
            below = np.concatenate([[1.0], np.linalg.solve(rows, -numbers[start + 1 :])])
            return np.convolve(numbers, below)[: start + 1], below
    return numbers, np.ones(1)
