r"""Prediction against measurement, point by point, and how far the series can be trusted.

A truncated series says itself what it leaves out, if its terms go on shrinking as the last ones did:

.. math:: R = \frac{r}{1-r}\,|t_d|, \qquad
          r = \max\Big(\Big|\frac{t_d}{t_{d-1}}\Big|, \Big|\frac{t_{d-1}}{t_{d-2}}\Big|\Big),

where :math:`t_k` is its term of order :math:`k \geq 1`, and nothing sensible (infinity) once :math:`r\geq1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sgdsym.demo.measurement import Measurement
from sgdsym.trust import pade_value

# standard errors: 95 of 100 means are that close
NOISE_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class Comparison:
    r"""A measured mean beside the terms of the series.

    Attributes:
        measurement: the measurement.
        terms: the terms :math:`c_k(T)\,\eta^k`, of order 0 to the order of the series.

    >>> measured = Measurement(0.1, 5, mean=0.905, standard_error=0.001, sharp_mean=0.905, sharp_error=0.0005)
    >>> point = Comparison(measured, (1.0, -0.1, 0.005))
    >>> point.predictions, [round(z, 6) for z in point.z_scores], point.trusted
    ((0.9, 0.905), [5.0, 0.0], True)
    """

    measurement: Measurement
    terms: tuple[float, ...]

    @property
    def time(self) -> float:
        r"""The learning rate times the number of steps, :math:`\eta T`."""
        return self.measurement.learning_rate * self.measurement.steps

    @property
    def predictions(self) -> tuple[float, ...]:
        """The loss predicted to order 1, 2, …."""
        return tuple(accumulate(self.terms))[1:]

    @property
    def z_scores(self) -> tuple[float, ...]:
        """Measured minus predicted, in standard errors of the plain mean, for each prediction."""
        m = self.measurement
        return tuple((m.mean - prediction) / m.standard_error for prediction in self.predictions)

    @property
    def errors(self) -> tuple[float, ...]:
        """Sharpened mean minus predicted, relative to the measured change of the loss, for each prediction."""
        m = self.measurement
        return tuple((m.sharp_mean - prediction) / (m.sharp_mean - self.terms[0]) for prediction in self.predictions)

    @property
    def pade_error(self) -> float:
        """The same for the Padé approximant of the terms, a heuristic (:func:`sgdsym.trust.pade_value`)."""
        m = self.measurement
        return float((m.sharp_mean - pade_value(self.terms, 1.0)) / (m.sharp_mean - self.terms[0]))

    @property
    def resolution(self) -> float:
        """Standard error of :attr:`errors`."""
        m = self.measurement
        return abs(m.sharp_error / (m.sharp_mean - self.terms[0]))

    @property
    def remainder(self) -> float:
        """The remainder that the series estimates for itself."""
        return remainder(self.terms)

    @property
    def trusted(self) -> bool:
        """Whether that is too little for the measurement to see: at most two standard errors."""
        return self.remainder <= NOISE_LIMIT * self.measurement.standard_error


def compare(measurements: Sequence[Measurement], coefficients: dict[int, Sequence[float]]) -> list[Comparison]:
    """Put measurements beside a series.

    Args:
        measurements: the measurements.
        coefficients: for each number of steps the coefficients of the powers of the learning rate.

    >>> measured = Measurement(0.1, 5, mean=0.9, standard_error=0.1, sharp_mean=0.9, sharp_error=0.1)
    >>> compare([measured], {5: [1.0, -1.0]})[0].predictions
    (0.9,)
    """
    return [
        Comparison(m, tuple(float(c) * m.learning_rate**k for k, c in enumerate(coefficients[m.steps])))
        for m in measurements
    ]


def remainder(terms: Sequence[float]) -> float:
    """The remainder of a truncated series, estimated from its terms of order 0, 1, ….

    >>> round(remainder([1.0, -0.1, 0.01]), 6)
    0.001111
    """
    last = [abs(term) for term in terms[1:]][-3:]
    ratio = max((b / a if a else float("inf") for a, b in pairwise(last)), default=1.0)
    return last[-1] * ratio / (1 - ratio) if ratio < 1 else float("inf")


def trust_limit(coefficients: Sequence[float], share: float) -> float:
    r"""The learning rate at which the remainder reaches a share of the predicted change of the loss.

    >>> round(trust_limit([1.0, -1.0, 1.0], share=1 / 9), 6)
    0.25
    """

    def is_within(rate: float) -> bool:
        terms = [float(c) * rate**k for k, c in enumerate(coefficients)]
        return remainder(terms) <= share * abs(sum(terms[1:]))

    low, high = 0.0, 1.0
    # the ratio of the last terms grows with the rate, and from 1 on the remainder is infinite: doubling ends
    while is_within(high):
        low, high = high, 2 * high
    # 60 halvings leave 1e-18 of the interval, less than a float resolves
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if is_within(middle) else (low, middle)
    return low
