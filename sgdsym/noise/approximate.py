r"""Models of gradient noise that are approximations: Gaussian, additive, with a covariance that is assumed.

The mean derivatives of the loss are what they are; the gradient of an example has the stated covariance; every other
joint cumulant is set to zero.  Nothing here is exact for a real loss: exact models are in the files beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from sgdsym.noise.model import NamedCumulants, read_degrees, read_means, zeros
from sgdsym.quantities import Array, check_covariance, expanded, read_tensor


@dataclass(frozen=True, slots=True, eq=False)
class _Additive(NamedCumulants):
    """Mean derivatives by degree, and Gaussian noise of the gradient with a covariance that a subclass assumes."""

    means: Mapping[int, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "means", MappingProxyType(read_means(self.means)))
        self._check()

    def _check(self) -> None:
        """What a subclass asks of its fields."""

    def _covariance(self) -> Array:
        raise NotImplementedError

    def _mean(self, degree: int) -> Array:
        if degree not in self.means:
            raise ValueError(
                f"{type(self).__name__} does not know the mean derivative of degree {degree}; give means[{degree}]"
            )
        return np.asarray(self.means[degree])

    def cumulant(self, degrees: Sequence[int]) -> Array:
        """The joint cumulant of the derivatives of these degrees: a mean, the covariance of two gradients, or zero."""
        degrees = read_degrees(degrees)
        if len(degrees) == 1:
            return self._mean(degrees[0])
        if tuple(degrees) == (1, 1):
            return expanded(self._covariance())
        known = next(array for degree, array in self.means.items() if degree)
        return zeros(len(known), degrees, known.dtype == object)


@dataclass(frozen=True, slots=True, eq=False)
class Isotropic(_Additive):
    r"""Isotropic gradient noise, :math:`C = \sigma^2 I`.

    Args:
        means: by degree the mean derivatives of the loss, (p, …, p); at least one of degree 1 or more.
        variance: :math:`\sigma^2` of one example.

    Raises:
        ValueError: if the shapes do not fit or the variance is negative.

    Source: [Jastrzebski2017]_, assumption of section 3.

    >>> import sympy as sp
    >>> model = Isotropic({0: 0, 1: [0, 0], 2: [[1, 0], [0, 3]]}, variance=sp.Symbol("sigma") ** 2)
    >>> model.C
    Matrix([
    [sigma**2,        0],
    [       0, sigma**2]])
    """

    variance: Any = 1

    def _check(self) -> None:
        if not any(self.means):
            raise ValueError("the number of weights is not known; give a mean derivative of degree 1 or more")
        check_covariance("variance", read_tensor("variance", self.variance).array)

    def _covariance(self) -> Array:
        known = next(array for degree, array in self.means.items() if degree)
        variance = read_tensor("variance", self.variance).array
        identity = np.eye(len(known), dtype=int)
        return identity.astype(object) * variance[()] if variance.dtype == object else identity * variance[()]


@dataclass(frozen=True, slots=True, eq=False)
class Decoupled(_Additive):
    r"""Squared loss whose residuals are taken to be independent of the gradients of the outputs.

    .. math:: C \approx 2L_0H_0 - \nabla L_0\nabla L_0^T

    where :math:`L_0` is the loss without the regulariser, whose gradient is the same for every example.  With Gaussian
    inputs it is wrong by :math:`2\nabla L_0\nabla L_0^T`; see :meth:`LinearRegression.decoupled`.

    Args:
        means: by degree the mean derivatives of :math:`L_0`, (p, …, p); degrees 0, 1 and 2 at least.
        regulariser: by degree the derivatives of the regulariser, which join the means and not the covariance.

    Raises:
        ValueError: if one of the degrees 0, 1, 2 is missing, a shape does not fit, or :math:`C` is not positive
            semidefinite.

    Source: [Ziyin2022]_, Theorem 5.  The theorem is
    printed with the gradient of the regularised loss; a deterministic term cannot change a covariance, and Corollary 2,
    with :math:`\Gamma ww^T\Gamma` at a minimum, needs :math:`\nabla L_0 = -\Gamma w`.

    >>> from fractions import Fraction
    >>> model = Decoupled({0: Fraction(1, 2), 1: [0, 0], 2: [[2, 0], [0, 1]]})
    >>> model.C == model.H
    True
    """

    regulariser: Mapping[int, Any] = field(default_factory=dict)

    def _check(self) -> None:
        missing = [degree for degree in (0, 1, 2) if degree not in self.means]
        if missing:
            raise ValueError(f"the decoupled covariance needs means[{missing[0]}]; give degrees 0, 1 and 2")
        object.__setattr__(self, "regulariser", MappingProxyType(read_means(self.regulariser)))
        check_covariance("the covariance 2 L H - G G^T", self._covariance())

    def _covariance(self) -> Array:
        loss, gradient, hessian = (self.means[degree] for degree in (0, 1, 2))
        return np.asarray(2 * loss[()] * hessian - np.multiply.outer(gradient, gradient))

    def _mean(self, degree: int) -> Array:
        mean = _Additive._mean(self, degree)
        return np.asarray(mean + self.regulariser[degree]) if degree in self.regulariser else mean
