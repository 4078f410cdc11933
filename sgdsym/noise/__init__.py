"""The structure of minibatch noise: cumulants of batches and epochs, models of the noise, closed forms, a sampler.

Knows how batches are drawn from examples, and the joint cumulants of the derivatives of losses, exactly or as declared
approximations.  Refuses to know dynamics: where noise drives the weights to is the business of the rooms above.
"""

from sgdsym.noise.approximate import Decoupled, Isotropic
from sgdsym.noise.batches import minibatch_covariance, minibatch_fourth_moment, minibatch_third_cumulant
from sgdsym.noise.closed_forms import with_noise
from sgdsym.noise.epochs import cross_batch_covariance, epoch_autocovariance
from sgdsym.noise.examples import Empirical, LabelNoise
from sgdsym.noise.fisher import FisherLink, fisher_link
from sgdsym.noise.model import NoiseModel
from sgdsym.noise.moments import central_moments, minibatch_cumulant, minibatch_moment
from sgdsym.noise.quadratic import QuadraticForm, quadratic_form_moments, stability_radius_bound
from sgdsym.noise.regression import LinearRegression
from sgdsym.noise.sampler import NoiseSampler

__all__ = [
    "Decoupled",
    "Empirical",
    "FisherLink",
    "Isotropic",
    "LabelNoise",
    "LinearRegression",
    "NoiseModel",
    "NoiseSampler",
    "QuadraticForm",
    "central_moments",
    "cross_batch_covariance",
    "epoch_autocovariance",
    "fisher_link",
    "minibatch_covariance",
    "minibatch_cumulant",
    "minibatch_fourth_moment",
    "minibatch_moment",
    "minibatch_third_cumulant",
    "quadratic_form_moments",
    "stability_radius_bound",
    "with_noise",
]
