r"""Where SGD settles: stationary laws, Fokker–Planck and Gibbs, escape from minima.

Knows laws near and between minima, symbolic where the input is and numeric otherwise.  Refuses to know how the noise of a
batch comes about, that is :mod:`sgdsym.noise`, and to print or draw.
"""

from sgdsym.stationary.fokker_planck import FokkerPlanck, change_clock, fokker_planck
from sgdsym.stationary.gibbs import (
    Gibbs,
    basin_ratio,
    finite_rate_ratio,
    gibbs,
    gibbs_covariance,
    temperature,
)

__all__ = [
    "FokkerPlanck",
    "Gibbs",
    "basin_ratio",
    "change_clock",
    "finite_rate_ratio",
    "fokker_planck",
    "gibbs",
    "gibbs_covariance",
    "temperature",
]
