r"""A resummed series with the joint cumulants of a model of the noise put in, written in the weights the model is written in.

Knows the exact eigenbasis of a Hessian and how tensors turn into it and back.  Refuses to know models: what gives cumulants is a
function of the degrees of the members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.resummation.closed import ETA, closed_form
from sgdsym.resummation.resummed import Resummed, eigen_indices, tensor_indices

Cumulant = Callable[[tuple[int, ...]], Any]


def modelled_form(
    resummed: Resummed, cumulant: Cumulant, roots: Mapping[int, Any] | None, learning_rate: sp.Expr = ETA
) -> Any:
    r"""The closed form of a resummed series under a model of the noise.

    The tensors of the model are turned into the eigenbasis of its mean Hessian, where
    :func:`~sgdsym.resummation.closed.closed_form` evaluates the series, and open indices are turned back.

    Args:
        resummed: any resummed series.
        cumulant: the joint cumulant of derivatives by their degrees, increasing, as an array of expressions with an axis for each index.
        roots: for the observable ``function`` by degree the derivatives of that function; otherwise None.
        learning_rate: a number or an expression.

    Returns:
        An expression; a column for a displacement, a matrix for the covariance of the weights.

    Raises:
        ValueError: if there are floats, or the Hessian is not diagonal and an eigenvalue is no fraction.

    >>> from sgdsym.sgd import at_minimum, resum
    >>> model = {(0,): 0, (2,): [[2, 1], [1, 2]], (1, 1): [[1, 0], [0, 0]]}
    >>> rise = at_minimum(resum(order=2, batch_size=1, form="stationary"))
    >>> sp.factor(modelled_form(rise, lambda degrees: np.array(model[degrees], dtype=object), None))
    -eta*(eta - 1)/((eta - 2)*(3*eta - 2))
    """
    function = roots is not None
    hessian = cumulant((2,))
    values, basis = _eigenbasis(_exact((2,), hessian, len(hessian)))
    needed = {
        degrees
        for diagram in resummed.terms
        for degrees, _ in tensor_indices(diagram, eigen_indices(diagram), function)
        if degrees != (2,)
    }
    tensors: dict[Any, Any] = {}
    for degrees in sorted(needed, key=str):
        given = (roots or {})[int(degrees[1])] if degrees[0] == "s" else cumulant(tuple(map(int, degrees)))
        tensors[degrees] = _turned(_exact(degrees, given, len(values)), basis)
    found = closed_form(resummed, values, tensors, learning_rate=learning_rate)
    axes = resummed.setting.open_indices
    if not axes:
        return found
    # an open index a of the eigenbasis goes with the a-th column, so turning back is turning by the transpose
    back = _turned(np.array(found.tolist(), dtype=object), None if basis is None else basis.T)
    return sp.Matrix(back.tolist())


def needed_roots(resummed: Resummed) -> list[int]:
    """The degrees of the derivatives that a series of the observable ``function`` has at its root.

    >>> from sgdsym.sgd import resum
    >>> needed_roots(resum(observable="function", order=2))
    [0, 1, 2]
    """
    degrees = {diagram.degrees[v] for diagram in resummed.terms for v in diagram.open_roots}
    return sorted(degrees)


def _exact(degrees: tuple[Any, ...], tensor: Any, size: int) -> Any:
    """An array of expressions without floats, with an axis for each index."""
    array = np.asarray(tensor)
    shape = (size,) * sum(degree for degree in degrees if isinstance(degree, int))
    if array.shape != shape:
        raise ValueError(f"the tensor {degrees} has shape {array.shape}; beside the mean Hessian it must have {shape}")
    if array.dtype != object or any(sp.sympify(entry).has(sp.Float) for entry in array.flat):
        raise ValueError(
            f"the tensor {degrees} holds floats, and a closed form of a resummed series is exact: "
            "give fractions or symbols, or evaluate kernel() on data"
        )
    return array


def _eigenbasis(hessian: Any) -> tuple[list[sp.Expr], Any]:
    """Eigenvalues and an orthonormal basis, (p, p) with a column for each; None where the Hessian is diagonal."""
    matrix = sp.Matrix(hessian.tolist())
    if not matrix.is_symmetric():
        raise ValueError("the mean Hessian of the model is not symmetric")
    if matrix.is_diagonal():
        return list(matrix.diagonal()), None
    entries_are_fractions = all(entry.is_Rational for entry in matrix)
    # irrational eigenvalues would drag radicals through every tensor
    values = sp.roots(matrix.charpoly().as_expr(), filter="Q") if entries_are_fractions else {}
    if sum(values.values()) < matrix.rows:
        raise ValueError(
            "the mean Hessian of the model is not diagonal, and its eigenvalues are not all fractions; "
            "write the model in an eigenbasis, where the Hessian is diagonal"
        )
    columns = []
    for value in sorted(values):
        space = (matrix - value * sp.eye(matrix.rows)).nullspace()
        columns += [(value, column) for column in sp.GramSchmidt(space, orthonormal=True)]
    basis = np.array([list(column) for _, column in columns], dtype=object).T
    return [value for value, _ in columns], basis


def _turned(array: Any, basis: Any) -> Any:
    """A tensor with each axis in the basis of the columns."""
    if basis is None:
        return array
    for axis in range(array.ndim):
        turned = np.tensordot(array, basis, axes=(axis, 0))
        array = np.moveaxis(turned, -1, axis)
    flat = np.empty(array.shape, dtype=object)
    for place, entry in np.ndenumerate(array):
        flat[place] = sp.expand(entry)
    return flat
