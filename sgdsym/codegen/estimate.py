"""An estimate from a sample, with its standard errors, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What a sample says of the value of a series on the population.

    Attributes:
        value: the estimate, a number or an array as a kernel returns it.
        standard_error: its standard error, of the same shape; nan where the sample is too small to tell.
        orders: the estimates of the coefficients of the learning rate's powers.
        order_errors: their standard errors.

    >>> Estimate(1.5, 0.25, [1.0, 5.0], [0.125, 1.0])
    Estimate(1.5 ± 0.25; order 0: 1 ± 0.12, order 1: 5 ± 1)
    """

    value: Any
    standard_error: Any
    orders: Any
    order_errors: Any

    def __repr__(self) -> str:
        pairs = zip(self.orders, self.order_errors, strict=True)
        orders = (f"order {k}: {_written(value, error)}" for k, (value, error) in enumerate(pairs))
        return f"Estimate({_written(self.value, self.standard_error)}; {', '.join(orders)})"


def _written(value: Any, error: Any) -> str:
    if getattr(value, "ndim", 0):
        return f"array of shape {tuple(value.shape)}"
    return f"{float(value):.6g} ± {float(error):.2g}"
