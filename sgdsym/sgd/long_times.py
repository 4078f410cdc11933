r"""What follows at long times near a minimum of the test loss: overfitting, criteria of choice, forces.

Each corollary is derived when it is called: a resummed request, an assumption, a part of the diagrams.  All are functions of
:math:`\eta T` that hold at every time, and give numpy evaluators by ``kernel()``.
"""

from __future__ import annotations

from dataclasses import replace

from sgdsym.diagrams import Diagram
from sgdsym.resummation import Difference, Resummed, TimeSum
from sgdsym.series import DISPLACEMENT, VELOCITY
from sgdsym.sgd.options import Size
from sgdsym.sgd.resum import resum
from sgdsym.sgd.substitutions import at_minimum, gaussian_noise


def overfitting(*, form: str = "discrete", order: int = 2, dataset_size: Size | None = None) -> Resummed:
    r"""The rise of the test loss when gradient descent starts from a test minimum and fits N points.

    To leading order :math:`\frac1{2N}\sum_a C_{aa} (1-r_a^T)^2/H_a`, in continuous time
    :math:`\frac1{2N}\,C:[(I-e^{-\eta TH})^{\otimes2}H^{-1}]`; flat and sharp minima both overfit less than medium ones.

    Source: [Tenka2020]_, section 3.2.

    >>> print(overfitting(form="stationary"))
    η² (1/(2N)) Σ_a H_a C_aa (1/(1 - r_a²) + 2 r_a (1/((1 - r_a) (1 - r_a²))))
    where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, r_a = 1 - η H_a
    """
    return _without_start(at_minimum(resum(dynamics="gd", form=form, order=order, dataset_size=dataset_size)))


def generalization_gap(*, form: str = "discrete", order: int = 1, dataset_size: Size | None = None) -> Resummed:
    r"""Test loss minus training loss of gradient descent from a test minimum, N points.

    To leading order :math:`\frac1N\sum_a C_{aa}(1-r_a^T)/H_a`.

    Source: [Tenka2020]_, section 3.2, with the factor 1/N put right.

    >>> print(generalization_gap())
    η (1/N) Σ_a C_aa (1 - r_a^T)/(1 - r_a)
    where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, r_a = 1 - η H_a
    """
    setting = {"observable": "generalization-gap", "dynamics": "gd", "form": form}
    return at_minimum(resum(**setting, order=order, dataset_size=dataset_size))  # type: ignore[arg-type]


def takeuchi_criterion(*, dataset_size: Size | None = None) -> Resummed:
    r"""The gap at long times, :math:`\frac1N\,tr(CH^{-1})`; where C = H it is the number of weights over N.

    Source: [Takeuchi1976]_; [Akaike1973]_.

    >>> print(takeuchi_criterion())
    η (1/N) Σ_a C_aa (1/(1 - r_a))
    where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, r_a = 1 - η H_a
    """
    return generalization_gap(form="stationary", dataset_size=dataset_size)


def stabilised_criterion(*, form: str = "continuous", dataset_size: Size | None = None) -> Resummed:
    r"""STIC: the gap at a finite time, :math:`\frac1N\,C:(I-e^{-\eta TH})H^{-1}`, to add to a training loss.

    Unlike the criterion of long times it stays finite, and smooth, where eigenvalues of the Hessian vanish: at most
    :math:`\eta T\,tr\,C/N`.  Hyperparameters are chosen by the smallest training loss plus criterion, whose value at each
    choice is one call of ``kernel()``; its gradient is not needed.

    Source: [Tenka2020]_, section 3.2 (STIC).

    >>> print(stabilised_criterion())
    η (1/N) Σ_a C_aa (e^(s_a T) - 1)/s_a
    where H_a are the eigenvalues of the mean Hessian, all tensors are in its eigenbasis, s_a = -η H_a
    """
    return generalization_gap(form=form, dataset_size=dataset_size)


def curvature_noise_displacement(*, form: str = "discrete", batch_size: Size | None = None) -> Resummed:
    r"""The mean displacement of one-pass SGD from a test minimum, first order in J, exact at every time.

    With :math:`q = r_ar_b` a component is :math:`-\frac{\eta^3}2 J_{abi}C_{ab}\,\frac1{1-q}\Big[\frac{1-r_i^T}{1-r_i} -
    \frac{r_i^T-q^T}{r_i-q}\Big]`; along a flat direction it grows with T.

    Source: [Tenka2020]_, section 3.1, put right: the double sum over times does not factor.

    >>> print(curvature_noise_displacement(batch_size=1).to_text().splitlines()[0])
    - (1/2) η³ Σ_ab J_abi C_ab [1, r_a r_b, r_i]_T
    """
    return at_minimum(resum(observable="displacement", order=3, form=form, batch_size=batch_size))


def curvature_noise_velocity(*, form: str = "discrete", batch_size: Size | None = None) -> Resummed:
    r"""The mean displacement of the next step along a direction in which the loss is flat.

    After many steps it is :math:`-\eta\,\partial_i\big[\tfrac12\Sigma:H\big]` with :math:`\Sigma_{ab} = \eta^2C_{ab}/(1-r_ar_b)` the
    stationary covariance of the weights, held fixed: SGD descends the loss smoothed by its own noise, whose rise above l is
    :math:`\tfrac12\Sigma:H`.  As the noise follows the weights the force need not be conservative.

    Source: [Tenka2020]_, section 3.1.

    >>> print(curvature_noise_velocity(batch_size=1).to_text().splitlines()[0])
    - (1/2) η³ Σ_ab J_abi C_ab (1 - r_a^T r_b^T)/(1 - r_a r_b)
    """
    return velocity(curvature_noise_displacement(form=form, batch_size=batch_size))


def velocity(displacement: Resummed) -> Resummed:
    r"""How much a displacement grows in the next step, along directions in which the loss is flat.

    A flat direction carries :math:`r_i = 1`, so that 1 is a node twice, and
    :math:`[1, 1, R_1, …]\,(x^{T+1}-x^T) = [1, R_1, …]\,x^T`: the root's node goes.  In continuous time, the time derivative.

    Raises:
        ValueError: if the series is no displacement, or one of other than plain steps of one run.

    >>> from sgdsym.sgd import resum
    >>> print(velocity(resum(observable="displacement", order=1)).to_text().splitlines()[0])
    - η G_i
    """
    if displacement.setting.observable != DISPLACEMENT:
        raise ValueError(f"a velocity belongs to a displacement, not to {displacement.setting.observable}")
    if not displacement.law.is_plain or displacement.slots is not None or displacement.updates is not None:
        raise ValueError("a velocity is that of plain steps; leave momentum, averages and epochs out")
    terms = {diagram: _without_root_node(diagram, time) for diagram, time in displacement.terms.items()}
    return replace(displacement, terms=terms, setting=replace(displacement.setting, observable=VELOCITY))


def skewness_correction(*, form: str = "discrete", batch_size: Size | None = None) -> Resummed:
    r"""What skewed noise adds to the test loss of one-pass SGD from a test minimum, :math:`-\frac{\eta^3}6 SJ\sum_{s<T}\prod_i r_i^s`.

    Source: [Tenka2020]_, section 3.4, with the sign put right.

    >>> print(skewness_correction(batch_size=1).to_text().splitlines()[0])
    - (1/6) η³ Σ_abc J_abc S_abc (1 - r_a^T r_b^T r_c^T)/(1 - r_a r_b r_c)
    """
    loss = at_minimum(resum(order=3, form=form, batch_size=batch_size))
    kept = gaussian_noise(loss).terms
    return loss.without(lambda diagram: diagram in kept)


def _without_start(resummed: Resummed) -> Resummed:
    """The change since the start."""
    return resummed.without(lambda diagram: not diagram.order)


def _without_root_node(diagram: Diagram, time: TimeSum) -> TimeSum:
    """The time-sum without the node of the root's edge alone, the last gap of every weak order."""
    ((edge,),) = (diagram.legs[root] for root in diagram.open_roots)

    def cut(difference: Difference) -> Difference:
        nodes = list(difference.nodes)
        nodes.remove((edge,))
        return Difference(difference.front, tuple(nodes))

    return TimeSum.collect(([cut(d) for d in product], c) for product, c in time.terms)
