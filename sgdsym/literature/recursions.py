r"""Exact second moments of linear recursions, and batches gone through one by one: what printed stationary laws are held to.

A run on a quadratic loss is :math:`z_{t+1} = M_t z_t + n_t` with random :math:`M_t, n_t`; its second moments follow an affine map of
matrices, whose fixed point is a linear system over the rationals.  Nothing is assumed to commute, to be small or to be Gaussian unless
the map says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

Matrix = sp.Matrix
HESSIAN = sp.Matrix([[2, sp.Rational(1, 2)], [sp.Rational(1, 2), 1]])
NOISE = sp.Matrix([[1, -sp.Rational(1, 3)], [-sp.Rational(1, 3), sp.Rational(1, 2)]])
"""A Hessian and a covariance of the gradient that do not commute."""


def fixed_point(step: Callable[[Any], Any], size: int) -> Any:
    """The matrix that an affine map of matrices leaves as it is.

    >>> fixed_point(lambda s: s / 2 + sp.eye(1), 1)
    Matrix([[2]])
    """
    # an affine map is s -> c + L s: c is the image of zero, and the images of the unit matrices less c are the
    # columns of L
    constant = step(sp.zeros(size)).reshape(size * size, 1)
    columns = []
    for place in range(size * size):
        unit = sp.zeros(size * size, 1)
        unit[place] = 1
        columns.append(step(unit.reshape(size, size)).reshape(size * size, 1) - constant)
    system = sp.eye(size * size) - sp.Matrix.hstack(*columns)
    # over the field of the symbols, where every quotient is reduced at once
    left, right = (DomainMatrix.from_Matrix(m).to_field() for m in (system, constant))
    left, right = left.unify(right)
    return left.lu_solve(right).to_Matrix().reshape(size, size)


def linear_map(step: Callable[[Any], Any], size: int) -> Any:
    """The matrix of a linear map of matrices, read row by row.

    >>> linear_map(lambda s: 3 * s, 1)
    Matrix([[3]])
    """
    columns = []
    for place in range(size * size):
        unit = sp.zeros(size * size, 1)
        unit[place] = 1
        columns.append(step(unit.reshape(size, size)).reshape(size * size, 1))
    return sp.Matrix.hstack(*columns)


def spectral_radius(step: Callable[[Any], Any], size: int) -> float:
    """The largest absolute value of an eigenvalue of a linear map of matrices, as a float.

    >>> spectral_radius(lambda s: 3 * s, 2)
    3.0
    """
    numbers = np.array(linear_map(step, size).evalf(20).tolist(), dtype=float)
    return float(max(abs(np.linalg.eigvals(numbers))))


def momentum_moments(hessian: Any, noise: Any, rate: Any, momentum: Any) -> tuple[Any, Any, Any]:
    r"""The stationary moments of heavy ball :math:`m \leftarrow \mu m + Hw + \xi,\; w \leftarrow w - \Lambda m`.

    Args:
        hessian: :math:`H`.
        noise: the covariance of :math:`\xi`, the same at every step.
        rate: the learning rate, a matrix.
        momentum: :math:`\mu`.

    Returns:
        The second moments :math:`E[ww^\top]`, :math:`E[mm^\top]` and :math:`E[w_{t+1}w_t^\top]`.

    >>> momentum_moments(sp.eye(1), sp.eye(1), sp.eye(1) / 2, 0)[0]
    Matrix([[1/3]])
    """
    p = hessian.shape[0]
    matrix = sp.BlockMatrix(
        [[sp.eye(p) - rate * hessian, -momentum * rate], [hessian, momentum * sp.eye(p)]]
    ).as_explicit()
    # the noise enters the buffer as ξ and, through it, the weights as -Λξ
    entry = sp.BlockMatrix([[rate * noise * rate.T, -rate * noise], [-noise * rate.T, noise]]).as_explicit()
    moments = fixed_point(lambda s: matrix * s * matrix.T + entry, 2 * p)
    # E[z_{t+1} z_tᵀ] = M E[z_t z_tᵀ], as the noise of a step does not know the state before it
    lagged = (matrix * moments)[:p, :p]
    return moments[:p, :p], moments[p:, p:], lagged


def covariance_of_batches(gradients: Sequence[Any], batch_size: int, *, replacement: bool) -> Any:
    """The covariance of the mean gradient of a batch, from every batch there is.

    >>> covariance_of_batches([sp.Matrix([1]), sp.Matrix([3])], 2, replacement=True)
    Matrix([[1/2]])
    """
    means = [
        sum(batch, sp.zeros(*gradients[0].shape)) / batch_size for batch in batches(gradients, batch_size, replacement)
    ]
    mean = average(means)
    return average([m * m.T for m in means]) - mean * mean.T


def batches(points: Sequence[Any], batch_size: int, replacement: bool) -> Iterable[tuple[Any, ...]]:
    """Every batch, all equally likely: with replacement in every order, without it as a set."""
    return product(points, repeat=batch_size) if replacement else combinations(points, batch_size)


def average(matrices: Iterable[Any]) -> Any:
    """The mean of matrices or numbers.

    >>> average([1, sp.Rational(1, 2)])
    3/4
    """
    found = list(matrices)
    # of sympy, since an integer divided by one of Python's is a float
    return sum(found[1:], found[0]) / sp.Integer(len(found))


def entries(name: str, printed: Any, derived: Any) -> dict[str, tuple[Any, Any]]:
    """The entries of two symmetric matrices, by name.

    >>> entries("Σ", sp.eye(1), sp.zeros(1))
    {'Σ': (1, 0)}
    """
    size = printed.shape[0]
    if size == 1:
        return {name: (printed[0], derived[0])}
    lowered = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    places = [(i, j) for i in range(size) for j in range(i, size)]
    return {f"{name}{f'{i + 1}{j + 1}'.translate(lowered)}": (printed[i, j], derived[i, j]) for i, j in places}
