"""The package's landscapes by name, a line on each; the formulas are loaded with :mod:`~sgdsym.simulation.bundled`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LANDSCAPES: Mapping[str, str] = MappingProxyType(
    {
        "gauss": "(w + x^2 exp(-w))/2 with normal x, from 0",
        "cubic-chi": "w^3 - w x^2 with normal x, from 0",
        "mean-estimation": "w^2/2 + x w with normal x, from the minimum 0",
        "helix": "Archimedes' screw in three weights, two data points, from the axis",
        "three-points": "three polynomials in two weights, from (1/2, -1/3)",
        "regression": "two weights, normal inputs and labels with noise, from (1, -1)",
    }
)
