r"""Quadratic forms of noise: their mean, their variance for Gaussian noise, and the chance that one is large."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sgdsym.arguments import quoted
from sgdsym.quantities import Array, check_covariance, check_square, common, has_symbols, read_tensor


class QuadraticForm(NamedTuple):
    """The mean of a quadratic form, and its variance where the noise is Gaussian."""

    mean: Any
    gaussian_variance: Any


def quadratic_form_moments(A: Any, mean: Any, covariance: Any) -> QuadraticForm:  # noqa: N803
    r"""The mean and the Gaussian variance of :math:`x^TAx`.

    .. math:: E[x^TAx] = Tr(AS) + m^TAm, \qquad Var[x^TAx] = 2\,Tr(ASAS) + 4\,m^TASAm

    The mean holds for any law of :math:`x` with mean :math:`m` and covariance :math:`S`; the variance is that of a
    Gaussian :math:`x`.  Only the symmetric part of :math:`A` matters.

    Args:
        A: the matrix of the form, (p, p).
        mean: :math:`m`, (p,) or a column.
        covariance: :math:`S`, (p, p).

    Returns:
        Both numbers, exact where everything given is.

    Raises:
        ValueError: if the shapes do not fit, or the covariance is not symmetric and positive semidefinite.

    Source: [Mathai1992]_, section 3.2.

    >>> quadratic_form_moments([[2, 1], [1, -1]], [1, 2], [[1, 0], [0, 1]])
    QuadraticForm(mean=3, gaussian_variance=82)
    """
    given = [read_tensor("A", A), read_tensor("mean", mean), read_tensor("covariance", covariance)]
    form, centre, spread = common([tensor.array for tensor in given])
    check_square("A", form)
    if centre.ndim == 2 and 1 in centre.shape:
        centre = centre.reshape(-1)
    _check_sizes(form, spread)
    check_covariance("covariance", spread, given[2].rounding)
    if centre.shape != form.shape[:1]:
        raise ValueError(f"mean has shape {centre.shape}; A is {form.shape}, so it must be ({len(form)},)")
    form = (form + form.T) / 2
    half = form @ spread
    pulled = form @ centre
    return QuadraticForm(
        _number(np.trace(half) + centre @ pulled),
        _number(2 * np.trace(half @ half) + 4 * (pulled @ spread @ pulled)),
    )


def stability_radius_bound(hessian: Any, covariance: Any, level: Any) -> Any:
    r"""Markov's bound on the chance that noise lifts the loss of a quadratic minimum past a level.

    .. math:: P(\xi^TH\xi \ge t) \le \frac{Tr(HC)}{t}, \qquad \xi\sim(0, C), \quad H \succeq 0

    It may exceed 1 and then says nothing.  The step from it to a radius of stability, proportional to the inverse of the
    largest eigenvalue of :math:`H`, is a heuristic: it carries no constant and no theorem stands behind it.

    Args:
        hessian: :math:`H`, symmetric and positive semidefinite, (p, p) or a number.
        covariance: :math:`C`, the covariance of :math:`\xi`, alike.
        level: :math:`t > 0`, a number or a symbol.

    Returns:
        The bound, exact where everything given is.

    Raises:
        ValueError: if a matrix is not symmetric and positive semidefinite, naming the eigenvalue, or the level is not
            positive.

    >>> stability_radius_bound([[2, 0], [0, 1]], [[1, 0], [0, 3]], 10)
    1/2
    """
    given = [read_tensor("hessian", hessian), read_tensor("covariance", covariance), read_tensor("level", level)]
    curvature, spread, height = common([tensor.array for tensor in given])
    for name, matrix, tensor in (("hessian", curvature, given[0]), ("covariance", spread, given[1])):
        check_covariance(name, matrix, tensor.rounding)
    if curvature.shape != spread.shape:
        raise ValueError(f"hessian has shape {curvature.shape} and covariance {spread.shape}; they must be alike")
    if height.ndim or (not has_symbols(height) and not height[()] > 0):
        raise ValueError(f"level must be a positive number, not {quoted(level)}")
    return _number(np.sum(curvature * spread) / height[()])


def _check_sizes(form: Array, spread: Array) -> None:
    if form.shape != spread.shape:
        raise ValueError(f"A has shape {form.shape} and covariance {spread.shape}; they must be alike")


def _number(value: Any) -> Any:
    return value if hasattr(value, "free_symbols") else float(value)
