r"""Arrays of exact entries beside arrays of floats: made from sympy, turned back, multiplied, and how far they are rounded.

Exact arrays are numpy arrays of sympy expressions, so that one line of numpy serves both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sgdsym.quantities.numbers import check_real

Array: TypeAlias = NDArray[Any]
MOST_AXES = 32  # of an array that numpy iterates over

# relative size of a gap, or of a negative eigenvalue, that rounding alone can make in double precision
ROUNDING = 1e-10


def is_array(value: Any) -> bool:
    """Whether a value is an array of numpy or of a library that hands it to numpy.

    >>> is_array(np.ones(2)), is_array([1, 2]), is_array(np.float64(1)), is_array(sp.eye(2))
    (True, False, False, False)
    """
    return hasattr(value, "__array__") and not isinstance(value, (np.generic, sp.Basic, sp.MatrixBase, sp.NDimArray))


def exact_array(entries: Any, name: str = "the matrix") -> Array:
    """A sympy matrix or array as a numpy array of expressions."""
    array = np.empty(entries.shape, dtype=object)
    for place, entry in enumerate(sp.flatten(entries.tolist()) if entries.shape else [entries[()]]):
        array.flat[place] = sp.sympify(entry, strict=True)
        check_real(name, array.flat[place])
    return array


def as_sympy(array: Any) -> Any:
    """An exact array as a sympy object: an expression, a column, a matrix, or an array of higher rank.

    >>> as_sympy(exact_array(sp.Matrix([1, 2]))[:, 0])
    Matrix([
    [1],
    [2]])
    """
    array = np.asarray(array, dtype=object)
    if array.ndim == 0:
        return sp.sympify(array[()], strict=True)
    if array.ndim <= 2:
        return sp.Matrix(array.tolist())
    return sp.ImmutableDenseNDimArray(list(array.flat), array.shape)


def as_array(entries: Iterable[Any], shape: tuple[int, ...]) -> Array:
    """Entries in row order as an object array of a shape."""
    array = np.empty(shape, dtype=object)
    for place, entry in enumerate(entries):
        array.flat[place] = entry
    return array


def shown(array: Array) -> Any:
    """A tensor of a model for its reader: sympy where it is exact, numpy where it holds floats."""
    return as_sympy(array) if array.dtype == object else array[()]


def common(arrays: Sequence[Array]) -> list[Array]:
    """All exact, or all floats if one holds floats.

    Raises:
        ValueError: if floats meet a symbol.
    """
    if len({array.dtype == object for array in arrays}) == 1:
        return list(arrays)
    try:
        return [array.astype(float) for array in arrays]
    except TypeError as error:
        raise ValueError("a symbol stands beside floats; give exact numbers, such as sympy.Rational") from error


def expanded(array: Array) -> Array:
    """An exact array with its entries multiplied out; floats as they are."""
    if array.dtype != object:
        return array
    return as_array(map(sp.expand, array.flat), array.shape)


def scaled(factor: sp.Expr, array: Array) -> Array:
    """A tensor times an exact number or an expression."""
    if array.dtype == object:
        return np.asarray(array * factor, dtype=object)
    if factor.is_number:
        return np.asarray(array * float(factor))
    return np.asarray(as_array(map(sp.Float, array.flat), array.shape) * factor, dtype=object)


def outer(factors: Sequence[Array], axes: Sequence[Sequence[int]]) -> Array:
    """The product of tensors whose axes are put at the given places of the result."""
    operands: list[Any] = []
    for factor, places in zip(factors, axes, strict=True):
        operands += [factor, list(places)]
    return np.asarray(np.einsum(*operands, sorted(place for places in axes for place in places)))


def precision(value: Any) -> float:
    """The rounding unit of what a value was given in: that of doubles unless it is an array of shorter floats.

    >>> precision(np.ones(2, dtype=np.float32)), precision([np.float32(1), np.float32(2)]) == precision([1, 2])
    (1.1920928955078125e-07, False)
    """
    try:
        dtype = np.asarray(value).dtype
    except Exception:
        # refused by its name where it is read
        return float(np.finfo(float).eps)
    # types that other libraries add: bfloat16 in two bytes rounds at 2**-7, an eight-bit float at 2**-3
    if dtype.kind == "V" and not issubclass(dtype.type, np.void):
        return 2.0 ** (1 - 4 * dtype.itemsize)
    return float(max(np.finfo(dtype if dtype.kind == "f" else float).eps, np.finfo(float).eps))


def rounding(*values: Any) -> float:
    """How far from symmetric, or from semidefinite, rounding alone can make a matrix, relative to its largest entry.

    A Hessian by automatic differentiation in single precision is symmetric up to about ten rounding units.

    >>> rounding(np.eye(2)), round(rounding(np.eye(2, dtype=np.float32)), 7)
    (1e-10, 7.6e-06)
    """
    return max(ROUNDING, *(64 * precision(value) for value in values))
