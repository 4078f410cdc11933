"""The theory of SGD: from a request to its series, and what follows from comparing them.

The room knows dynamics, sampling, observables and how each is counted; comparisons, substitutions and corollaries.  It refuses to
print, draw or evaluate.
"""

from sgdsym.resummation import FORMS, Resummed
from sgdsym.sgd.batches import LAST_BATCHES
from sgdsym.sgd.compare import Comparison, compare, scaled_learning_rate
from sgdsym.sgd.corollaries import (
    batch_size_correction,
    curvature_noise_force,
    epochs_correction,
    flow_regulariser,
    gdc_regulariser,
    loss_at_minimum,
    non_gaussian_correction,
    regulariser,
)
from sgdsym.sgd.expand import estimate_placements, estimate_terms, expand, expand_request, is_grown
from sgdsym.sgd.gradients import (
    along_gradient,
    covariance_trace,
    gradient,
    noise_curvature,
    potential,
    squared_gradient,
)
from sgdsym.sgd.isotropic import isotropic_noise
from sgdsym.sgd.long_times import (
    curvature_noise_displacement,
    curvature_noise_velocity,
    generalization_gap,
    overfitting,
    skewness_correction,
    stabilised_criterion,
    takeuchi_criterion,
    velocity,
)
from sgdsym.sgd.modified import PARTS, epoch_map, estimate_parts, loss_corrections, modified, modified_loss
from sgdsym.sgd.observables import OBSERVABLES
from sgdsym.sgd.options import Number, Size
from sgdsym.sgd.request import DYNAMICS, SAMPLINGS, Request
from sgdsym.sgd.resum import resum, resum_request
from sgdsym.sgd.settings import Side, parse_setting
from sgdsym.sgd.substitutions import additive_noise, at_minimum, deterministic, gaussian_noise, quadratic_loss
from sgdsym.times.optimizers import LinearOptimizer

__all__ = [
    "DYNAMICS",
    "FORMS",
    "LAST_BATCHES",
    "OBSERVABLES",
    "PARTS",
    "SAMPLINGS",
    "Comparison",
    "LinearOptimizer",
    "Number",
    "Request",
    "Resummed",
    "Side",
    "Size",
    "additive_noise",
    "along_gradient",
    "at_minimum",
    "batch_size_correction",
    "compare",
    "covariance_trace",
    "curvature_noise_displacement",
    "curvature_noise_force",
    "curvature_noise_velocity",
    "deterministic",
    "epoch_map",
    "epochs_correction",
    "estimate_parts",
    "estimate_placements",
    "estimate_terms",
    "expand",
    "expand_request",
    "flow_regulariser",
    "gaussian_noise",
    "gdc_regulariser",
    "generalization_gap",
    "gradient",
    "is_grown",
    "isotropic_noise",
    "loss_at_minimum",
    "loss_corrections",
    "modified",
    "modified_loss",
    "noise_curvature",
    "non_gaussian_correction",
    "overfitting",
    "parse_setting",
    "potential",
    "quadratic_loss",
    "regulariser",
    "resum",
    "resum_request",
    "scaled_learning_rate",
    "skewness_correction",
    "squared_gradient",
    "stabilised_criterion",
    "takeuchi_criterion",
    "velocity",
]
