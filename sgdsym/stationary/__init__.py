r"""Where SGD settles: stationary laws, Fokker–Planck and Gibbs, escape from minima.

Knows laws near and between minima, symbolic where the input is and numeric otherwise.  Refuses to know how the noise of a
batch comes about, that is :mod:`sgdsym.noise`, and to print or draw.
"""

from sgdsym.stationary.correlations import excess_loss, lag_covariance, mean_square_distance, momentum_covariance
from sgdsym.stationary.decomposition import Decomposition, decompose
from sgdsym.stationary.escape import (
    effective_dimension_bound,
    escape_exponent,
    escape_rate,
    kramers_rate,
    log_temperature,
    stationary_exponent,
)
from sgdsym.stationary.fokker_planck import FokkerPlanck, change_clock, fokker_planck
from sgdsym.stationary.gibbs import (
    Gibbs,
    basin_ratio,
    finite_rate_ratio,
    gibbs,
    gibbs_covariance,
    temperature,
)
from sgdsym.stationary.lyapunov import stationary_covariance
from sgdsym.stationary.modified_equations import embedded_ornstein_uhlenbeck, stochastic_modified_equation
from sgdsym.stationary.passage import mean_first_passage
from sgdsym.stationary.preconditioned import (
    adaptive_covariance,
    damped_newton_covariance,
    natural_gradient_covariance,
    optimal_learning_rate,
    optimal_preconditioner,
)
from sgdsym.stationary.stability import stability_threshold, underdamped_onset

__all__ = [
    "Decomposition",
    "FokkerPlanck",
    "Gibbs",
    "adaptive_covariance",
    "basin_ratio",
    "change_clock",
    "damped_newton_covariance",
    "decompose",
    "effective_dimension_bound",
    "embedded_ornstein_uhlenbeck",
    "escape_exponent",
    "escape_rate",
    "excess_loss",
    "finite_rate_ratio",
    "fokker_planck",
    "gibbs",
    "gibbs_covariance",
    "kramers_rate",
    "lag_covariance",
    "log_temperature",
    "mean_first_passage",
    "mean_square_distance",
    "momentum_covariance",
    "natural_gradient_covariance",
    "optimal_learning_rate",
    "optimal_preconditioner",
    "stability_threshold",
    "stationary_covariance",
    "stationary_exponent",
    "stochastic_modified_equation",
    "temperature",
    "underdamped_onset",
]
