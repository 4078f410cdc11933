r"""Values of diagrams with their scatter, and the series made from them.

The values of all diagrams come from the same draws, so the standard error of a series is taken from its value in each
independent replicate,

.. math:: SE^2 = \frac{1}{R(R-1)} \sum_{r=1}^R (s_r - \bar s)^2, \qquad s_r = \sum_D c_D\, \eta^{|D|}\, value_r(D),

and not from the standard errors of the diagrams.  What is reported is :math:`\sqrt{(w_R\,SE)^2 + \rho^2}`: widened by half of
Student's quantile, so that the value is within two of them in 95 of 100 cases however few the replicates, and with the
rounding :math:`\rho`, the largest difference between the first replicate and the same draws in another precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgdsym.arguments import quoted
from sgdsym.arrays import float_array
from sgdsym.diagrams import Diagram
from sgdsym.numeric.matrix_free.student import widening
from sgdsym.numeric.sizes import exact_sizes, rounded_numbers
from sgdsym.series import Series
from sgdsym.trust import Trust, pade_value, trust_limits, warn_below_zero

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The value of a series.

    Attributes:
        value: the value, a float, or an array over the learning rates.
        standard_error: its standard error, widened so that two of them are an interval of 95.45 %: 0 where nothing was
            drawn at random and everything was computed in double precision.
        coefficients: the coefficients of the powers of the learning rate, (order+1,).
        coefficient_errors: their standard errors, (order+1,).
    """

    value: Any
    standard_error: Any
    coefficients: Floats
    coefficient_errors: Floats

    @property
    def trust(self) -> Trust:
        """Up to which learning rate the series can be trusted, from its last orders.

        >>> print(Estimate(0.5, 0.0, np.array([1.0, -1.0, 0.5]), np.zeros(3)).trust)
        trusted at 1 % up to a learning rate of 0.295, at 10 % up to 0.557
        """
        return trust_limits([float(c) for c in self.coefficients])

    def pade(self, learning_rate: Any) -> Any:
        """A heuristic beyond the range of the series: its Padé approximant at some learning rates (:func:`sgdsym.trust.pade_value`).

        It has no standard error, and is nan from its first pole on.

        Raises:
            ValueError: if a learning rate is not finite.

        >>> round(Estimate(0.5, 0.0, np.array([1.0, -1.0, 0.5]), np.zeros(3)).pade(2.0), 6)
        0.0
        """
        return pade_value([float(c) for c in self.coefficients], float_array(learning_rate, "learning_rate"))


@dataclass(frozen=True, slots=True, eq=False)
class DiagramValues:
    """The values of the diagrams of a series over moments, good for every learning rate and every size.

    Attributes:
        series: the series, over moments.
        diagrams: its diagrams.
        replicates: their values in each independent replicate, (replicates, diagrams); one row where they are exact.
        rounding: how the first replicate changes in other precisions, (evaluations, diagrams); no row in double precision.
        is_positive: whether no data point has a negative loss, so that no loss after training is negative either.

    >>> from sgdsym.sgd import expand
    >>> descent = expand(dynamics="gd", sampling="online", order=1)
    >>> found = DiagramValues(descent, tuple(descent.diagrams()), np.array([[2.0, 4.0], [2.0, 6.0]]))
    >>> estimate = found.at(0.1, T=2)
    >>> round(estimate.value, 6), round(estimate.standard_error, 6)
    (1.0, 1.396773)
    """

    series: Series
    diagrams: tuple[Diagram, ...]
    replicates: Floats
    rounding: Floats | None = None
    is_positive: bool = False

    def value(self, diagram: Diagram) -> tuple[float, float]:
        """The value of one diagram and its standard error."""
        column = [self.diagrams.index(diagram)]
        mean, error = _statistics(self.replicates[:, column], self._rounding[:, column])
        return float(mean[0]), float(error[0])

    def truncate(self, k: int) -> DiagramValues:
        """The values up to and including order ``k``."""
        kept = [i for i, diagram in enumerate(self.diagrams) if diagram.order <= k]
        diagrams = tuple(self.diagrams[i] for i in kept)
        rows = self.replicates[:, kept], self._rounding[:, kept]
        return DiagramValues(self.series.truncate(k), diagrams, *rows, self.is_positive)

    def at(self, learning_rate: Any, **symbols: Any) -> Estimate:
        """The series at some learning rates, an array or a number, and some sizes.

        Raises:
            ValueError: naming the symbol that is missing, unknown or no finite number, or saying that a learning rate is
                not finite.
        """
        rate, weights = rate_and_weights(self.series, self.diagrams, learning_rate, symbols)
        orders = [[i for i, d in enumerate(self.diagrams) if d.order == k] for k in range(self.series.truncation + 1)]
        parts, changes = (
            np.array([[fsum(weights[i] * row[i] for i in members) for members in orders] for row in rows]).reshape(
                len(rows), len(orders)
            )
            for rows in (self.replicates, self._rounding)
        )
        powers = rate.reshape(-1, 1) ** np.arange(len(orders))
        found = _statistics(parts @ powers.T, changes @ powers.T)
        value, error = (part.reshape(rate.shape) if rate.ndim else float(part[0]) for part in found)
        estimate = Estimate(value, error, *_statistics(parts, changes))
        if self.is_positive and self.series.setting.observable.is_loss:
            warn_below_zero(value, estimate.trust)
        return estimate

    @property
    def _rounding(self) -> Floats:
        return np.zeros((0, len(self.diagrams))) if self.rounding is None else self.rounding


def rate_and_weights(
    series: Series, diagrams: Sequence[Diagram], learning_rate: Any, symbols: Mapping[str, Any]
) -> tuple[Floats, list[float]]:
    """Some learning rates as an array, and the coefficients of some diagrams of a series at some sizes.

    Raises:
        ValueError: naming the symbol that is missing, unknown or no finite number, or saying that a learning rate is not
            finite or that a coefficient has no value there.

    >>> from sgdsym.sgd import expand
    >>> descent = expand(dynamics="gd", sampling="online", order=1)
    >>> rate_and_weights(descent, descent.diagrams(), 0.1, {"T": 2})
    (array(0.1), [1.0, -2.0])
    """
    rate = float_array(learning_rate, "learning_rate")
    if not np.isfinite(rate).all():
        raise ValueError(f"learning_rate must be finite, not {quoted(learning_rate)}")
    sizes = exact_sizes(series, symbols)
    return rate, rounded_numbers([series[diagram] for diagram in diagrams], sizes)


def _statistics(rows: Floats, changes: Floats) -> tuple[Floats, Floats]:
    """Means over the first axis, and their errors; sums are exact, so that their order does not matter."""
    means = np.array([_mean(column) for column in rows.T])
    rounding = np.abs(changes).max(axis=0, initial=0.0)
    if len(rows) == 1:
        return means, rounding
    squares = [fsum((x - m) ** 2 for x in column) for column, m in zip(rows.T, means, strict=True)]
    errors = widening(len(rows)) * np.array([sqrt(s / (len(rows) * (len(rows) - 1))) for s in squares])
    return means, np.hypot(errors, rounding)


def _mean(numbers: Iterable[float]) -> float:
    listed = list(numbers)
    # equal numbers have themselves as their mean: dividing a rounded sum would leave a speck of scatter
    return listed[0] if len(set(listed)) == 1 else fsum(listed) / len(listed)
