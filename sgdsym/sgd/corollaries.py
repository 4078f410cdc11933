r"""What follows from the expansion: corrections, regularisers and forces, each derived from requests when it is called.

Nothing here is typed in: a corollary is a comparison of settings, a substitution, or a gradient undone.
"""

from __future__ import annotations

from sgdsym.series import DISPLACEMENT, Series
from sgdsym.sgd.compare import Comparison, compare
from sgdsym.sgd.expand import expand
from sgdsym.sgd.gradients import potential
from sgdsym.sgd.options import Size
from sgdsym.sgd.request import Request
from sgdsym.sgd.substitutions import at_minimum, deterministic, gaussian_noise


def batch_size_correction(*, observable: str = "test-loss", batch_size: Size | None = None, order: int = 2) -> Series:
    r"""Gradient descent minus SGD in batches, with one training set of N points and as many updates, :math:`T = EN/B`.

    Source: [Tenka2020]_, section 3.3.

    >>> print(batch_size_correction(batch_size=1))                     # (E (N - 1)/4) G·∇ tr C
    η² (E(N - 1)/2) G·κ[h g]
    """
    batches = Request(observable=observable, sampling="fixed", batch_size=batch_size)
    return compare(Request(observable=observable, dynamics="gd"), batches, order=order).difference


def epochs_correction(*, observable: str = "test-loss", batch_size: Size | None = None, order: int = 2) -> Series:
    r"""E epochs of SGD at learning rate :math:`\eta/E` minus one epoch at :math:`\eta`.

    Source: [Tenka2020]_, section 3.3.

    >>> print(epochs_correction(batch_size=1))
    η² (N(E - 1)/(2E)) G·H G
    + η² (N(E - 1)/(2E)) G·κ[h g]
    """
    batches = "" if batch_size is None else f",B={batch_size}"
    several, one = f"fixed:E=E,scale=1/E{batches}", f"fixed:E=1{batches}"
    return compare(several, one, order=order, observable=observable).difference


def regulariser(comparison: Comparison) -> Series:
    r"""The function R whose addition to the loss gives the second setting the mean displacement of the first.

    It is read off the displacement where the two first differ: T updates on :math:`l + R` move by
    :math:`-\eta T\,\nabla R` more.

    Args:
        comparison: a comparison of displacements.

    Returns:
        R as a series, to leading order in the learning rate.

    Raises:
        ValueError: if something else was compared, the two do not differ, or the difference is not a gradient.

    >>> print(regulariser(compare("sgd:B=1", "ode", order=2, observable="displacement")))
    (1/4) η G·G
    """
    if comparison.difference.setting.observable != DISPLACEMENT:
        raise ValueError("a regulariser is read off displacements; compare with observable displacement")
    order = comparison.leading_order
    if order is None:
        raise ValueError("the two settings do not differ to this order; raise the order")
    # a move by -η T ∇R, so that R is the potential of the difference over -T, at the rate of the second side
    return potential(comparison.leading.truncate(order)) * -1 / comparison.second.steps / comparison.second.scale


def gdc_regulariser(*, batch_size: Size | None = None) -> Series:
    r"""The regulariser with which gradient descent follows SGD in batches to second order in the learning rate.

    Same training set, same number of updates.

    Source: [Tenka2020]_, section 3.3 (GDC: gradient descent regularised by C).

    >>> print(gdc_regulariser(batch_size=1))                           # η (N - 1)/(4N) tr C
    η ((N - 1)/(4N)) tr(C)
    """
    batches = Request(sampling="fixed", batch_size=batch_size)
    return regulariser(compare(batches, Request(dynamics="gd"), order=2, observable="displacement"))


def flow_regulariser() -> Series:
    r"""The regulariser with which the gradient flow follows noiseless gradient descent to second order.

    Source: [Barrett2021]_.

    >>> print(flow_regulariser())
    (1/4) η G·G
    """
    found = compare("gd", "ode", order=2, observable="displacement")
    return regulariser(Comparison(found.first, found.second, deterministic(found.difference)))


def non_gaussian_correction(*, batch_size: Size | None = None, order: int = 3) -> Series:
    r"""The part of SGD minus its Itô SDE that is there because the noise is not Gaussian.

    Source: [Tenka2020]_, section 3.4.

    >>> print(non_gaussian_correction(batch_size=1))
    - η³ (T/6) J[S]
    """
    difference = compare(Request(batch_size=batch_size), Request(dynamics="sde"), order=order).difference
    return difference - gaussian_noise(difference)


def curvature_noise_force(*, batch_size: Size | None = None, order: int = 3) -> Series:
    r"""The mean displacement of one-pass SGD from a stationary point of the test loss.

    Source: [Tenka2020]_, section 3.1; [Wei2019]_, for constant isotropic noise.

    >>> print(curvature_noise_force(batch_size=1))
    - η³ (T(T - 1)/4) J[C]
    """
    return at_minimum(expand(observable="displacement", order=order, batch_size=batch_size))


def loss_at_minimum(*, batch_size: Size | None = None, order: int = 3) -> Series:
    r"""The test loss of one-pass SGD that starts at a stationary point of it.

    >>> print(loss_at_minimum(batch_size=1, order=2))
    l
    + η² (T/2) tr(H C)
    """
    return at_minimum(expand(order=order, batch_size=batch_size))
