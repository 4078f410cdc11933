r"""Where SGD settles: stationary laws, Fokker–Planck and Gibbs, escape from minima.

Knows laws near and between minima, symbolic where the input is and numeric otherwise.  Refuses to know how the noise of a
batch comes about, that is :mod:`sgdsym.noise`, and to print or draw.
"""

from sgdsym.stationary.adaptive_descent import adam_drift
from sgdsym.stationary.adaptive_noise import AdamLaw, adam_law
from sgdsym.stationary.barrier import Barrier, find_barrier
from sgdsym.stationary.correlations import excess_loss, lag_covariance, mean_square_distance, momentum_covariance
from sgdsym.stationary.decomposition import Decomposition, decompose
from sgdsym.stationary.discrete_passage import mean_escape_steps
from sgdsym.stationary.escape import (
    effective_dimension_bound,
    escape_exponent,
    escape_rate,
    kramers_rate,
    log_temperature,
    stationary_exponent,
)
from sgdsym.stationary.flatness import flat_diffusion, flatness_drift
from sgdsym.stationary.fluctuation_dissipation import Relation, fluctuation_dissipation, fluctuation_dissipation_matrix
from sgdsym.stationary.fokker_planck import FokkerPlanck, change_clock, fokker_planck
from sgdsym.stationary.gibbs import (
    Gibbs,
    basin_ratio,
    finite_rate_ratio,
    gibbs,
    gibbs_covariance,
    noise_scale,
    temperature,
)
from sgdsym.stationary.high_dimensional import high_dimensional_law
from sgdsym.stationary.large_steps import (
    EdgeFlow,
    Equilibrium,
    catapult_step,
    edge_of_stability_flow,
    scale_invariant_equilibrium,
)
from sgdsym.stationary.lyapunov import stationary_covariance
from sgdsym.stationary.minima import minimum_covariance, minimum_noise
from sgdsym.stationary.modified_equations import embedded_ornstein_uhlenbeck, stochastic_modified_equation
from sgdsym.stationary.multiplicative import MeanSquareStability, mean_square_stability, sampling_factor
from sgdsym.stationary.passage import mean_first_passage
from sgdsym.stationary.periodic import periodic_covariance
from sgdsym.stationary.preconditioned import (
    adaptive_covariance,
    damped_newton_covariance,
    natural_gradient_covariance,
    optimal_learning_rate,
    optimal_preconditioner,
)
from sgdsym.stationary.quasipotential import quasipotential_slope
from sgdsym.stationary.regression import RegressionLaw, label_noise_law, label_noise_threshold, weight_decay_law
from sgdsym.stationary.reshuffled import reshuffled_covariance
from sgdsym.stationary.stability import stability_threshold, underdamped_onset
from sgdsym.stationary.tails import estimated_tail_index, tail_index

__all__ = [
    "AdamLaw",
    "Barrier",
    "Decomposition",
    "EdgeFlow",
    "Equilibrium",
    "FokkerPlanck",
    "Gibbs",
    "MeanSquareStability",
    "RegressionLaw",
    "Relation",
    "adam_drift",
    "adam_law",
    "adaptive_covariance",
    "basin_ratio",
    "catapult_step",
    "change_clock",
    "damped_newton_covariance",
    "decompose",
    "edge_of_stability_flow",
    "effective_dimension_bound",
    "embedded_ornstein_uhlenbeck",
    "escape_exponent",
    "escape_rate",
    "estimated_tail_index",
    "excess_loss",
    "find_barrier",
    "finite_rate_ratio",
    "flat_diffusion",
    "flatness_drift",
    "fluctuation_dissipation",
    "fluctuation_dissipation_matrix",
    "fokker_planck",
    "gibbs",
    "gibbs_covariance",
    "high_dimensional_law",
    "kramers_rate",
    "label_noise_law",
    "label_noise_threshold",
    "lag_covariance",
    "log_temperature",
    "mean_escape_steps",
    "mean_first_passage",
    "mean_square_distance",
    "mean_square_stability",
    "minimum_covariance",
    "minimum_noise",
    "momentum_covariance",
    "natural_gradient_covariance",
    "noise_scale",
    "optimal_learning_rate",
    "optimal_preconditioner",
    "periodic_covariance",
    "quasipotential_slope",
    "reshuffled_covariance",
    "sampling_factor",
    "scale_invariant_equilibrium",
    "stability_threshold",
    "stationary_covariance",
    "stationary_exponent",
    "stochastic_modified_equation",
    "tail_index",
    "temperature",
    "underdamped_onset",
    "weight_decay_law",
]
