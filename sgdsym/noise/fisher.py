r"""The link between gradient noise and curvature: where a likelihood is well specified, both are the Fisher matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.noise.examples import Empirical
from sgdsym.noise.model import NoiseModel, read_cumulant
from sgdsym.quantities import Array, shown


@dataclass(frozen=True, slots=True, eq=False)
class FisherLink:
    r"""How far a point is from the identity :math:`D = E[\nabla^2\ell]` of a well-specified likelihood.

    Attributes:
        gradient: the mean gradient, zero at an optimum; (p,), exact as a column.
        covariance: :math:`D`, the covariance of the gradient of one example, (p, p).
        hessian: the mean Hessian, (p, p).
        gap: their difference :math:`D - H`.
        relative_gap: Frobenius norm of the gap over that of the Hessian.
        standard_error: sampling error of each entry of the gap where the model is data, else ``None``.
    """

    gradient: Any
    covariance: Any
    hessian: Any
    gap: Any
    relative_gap: Any
    standard_error: Any


def fisher_link(model: NoiseModel) -> FisherLink:
    r"""Compare the covariance of the gradient with the mean Hessian.

    Where the loss is a negative log likelihood, the data follow the model and the point is the true parameter,

    .. math:: E[\nabla\ell] = 0, \qquad D = E[\nabla\ell\nabla\ell^T] = E[\nabla^2\ell] = \text{Fisher information}.

    Args:
        model: a model of the noise, or data as :class:`Empirical` with derivatives of degrees 1 and 2 for each example.

    Returns:
        Both matrices, their gap and, for data, its sampling error: a gap of several standard errors says that the point is
        no optimum or the model is misspecified.

    Raises:
        ValueError: if the model does not know its gradients and Hessians.

    Source: [Lehmann1998]_, section 2.5.

    >>> from sgdsym.noise import LinearRegression
    >>> fisher_link(LinearRegression([[2, 1], [1, 1]], [0, 0], label_variance=1)).gap     # unit variance is the likelihood
    Matrix([
    [0, 0],
    [0, 0]])
    """
    gradient, covariance, hessian = (read_cumulant(model, degrees) for degrees in ((1,), (1, 1), (2,)))
    gap = covariance - hessian
    error = _standard_error(model) if isinstance(model, Empirical) else None
    return FisherLink(shown(gradient), shown(covariance), shown(hessian), shown(gap), _ratio(gap, hessian), error)


def _ratio(gap: Array, hessian: Array) -> Any:
    squared = (gap * gap).sum() / (hessian * hessian).sum()
    return sp.sqrt(squared) if gap.dtype == object else float(np.sqrt(squared))


def _standard_error(model: Empirical) -> Any:
    """The standard deviation of the mean of gradient products minus Hessians over independent examples."""
    gradients, hessians = (np.asarray(model.derivatives[degree], dtype=float) for degree in (1, 2))
    share = np.asarray(model.weights, dtype=float)
    if hessians.ndim == 2:
        hessians = np.broadcast_to(hessians, (len(gradients), *hessians.shape))
    centred = gradients - share @ gradients
    terms = centred[:, :, None] * centred[:, None, :] - hessians
    spread = np.tensordot(share, (terms - np.tensordot(share, terms, 1)) ** 2, 1)
    return np.sqrt(spread * (share**2).sum())
