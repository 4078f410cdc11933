r"""Tensors as they are given and as they are given back: exact numbers and symbols stay exact, floats stay floats.

Exact are integers, fractions, sympy expressions, and text, which is a number or the name of a symbol and never evaluated.
Floats are floats, and whatever stands in a numpy array of numbers, be they integers.

Inside this room a tensor is a numpy array: of sympy expressions where every entry is exact or a symbol, of floats
otherwise.  What a caller hands in as a sympy matrix comes back as one, a fraction as a fraction, an array of numbers as an
array of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational, Real
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sgdsym.arguments import is_flag, quoted
from sgdsym.arrays import check_unmasked, unmasked
from sgdsym.series import read_number

Array: TypeAlias = NDArray[Any]
MOST_AXES = 32  # of an array that numpy iterates over

# relative size of a gap, or of a negative eigenvalue, that rounding alone can make in double precision
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """An array of sympy expressions or floats, with the way back to what it was given as and its :func:`rounding`.

    >>> fractions = read_tensor("covariance", np.array([[Fraction(1, 2)]], dtype=object))
    >>> fractions.write(2 * fractions.array)
    array([[Fraction(1, 1)]], dtype=object)
    """

    array: Array
    write: Callable[[Any], Any]
    rounding: float = ROUNDING

    @property
    def exact(self) -> bool:
        """Whether the entries are sympy expressions."""
        return self.array.dtype == object


def read_tensor(name: str, value: Any) -> Tensor:
    """A tensor given as a number, a sympy matrix or array, a numpy array, or nested rows.

    Raises:
        ValueError: if an entry is no finite number and no expression, or rows differ in length.

    >>> read_tensor("variance", Fraction(3, 2)).array
    array(3/2, dtype=object)
    >>> read_tensor("variance", "3/2").array
    array(3/2, dtype=object)
    >>> read_tensor("variance", "3/0")
    Traceback (most recent call last):
    ...
    ValueError: variance: '3/0' divides by zero
    """
    if isinstance(value, (sp.MatrixBase, sp.NDimArray)):
        return Tensor(exact_array(value, name), as_sympy)
    if is_array(value):
        given: Array = unmasked(value, name)
        return Tensor(_entries(name, given), _as_numpy(given), rounding(given))
    if isinstance(value, (list, tuple)):
        check_unmasked(value, name)
        array = _entries(name, _rows(name, value))
        return Tensor(array, as_sympy if array.dtype == object else np.asarray, rounding(value))
    unmasked(value, name)
    array = _entries(name, np.array(value, dtype=object))
    return Tensor(array, _as_number(value))


def is_array(value: Any) -> bool:
    """Whether a value is an array of numpy or of a library that hands it to numpy.

    >>> is_array(np.ones(2)), is_array([1, 2]), is_array(np.float64(1)), is_array(sp.eye(2))
    (True, False, False, False)
    """
    return hasattr(value, "__array__") and not isinstance(value, (np.generic, sp.Basic, sp.MatrixBase, sp.NDimArray))


def exact_text(name: str, text: str) -> sp.Expr:
    """A number or a symbol from text; nothing is evaluated.

    Raises:
        ValueError: if it is neither, saying what it was to be.

    >>> exact_text("variance", "1/4"), exact_text("variance", "0.1"), exact_text("variance", "v")
    (1/4, 1/10, v)
    """
    try:
        number = read_number(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return sp.Symbol(number) if isinstance(number, str) else sp.Rational(number.numerator, number.denominator)


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


def check_real(name: str, entry: Any) -> None:
    """Refuse an expression that is no finite real number whatever its symbols are.

    >>> check_real("the noise", 2 * sp.I)
    Traceback (most recent call last):
    ...
    ValueError: the noise holds 2*I, which is no finite real number
    """
    if isinstance(entry, sp.Expr) and (entry.is_real is False or entry.has(sp.nan, sp.zoo, sp.oo, -sp.oo)):
        raise ValueError(f"{name} holds {quoted(entry)}, which is no finite real number")


def expanded(array: Array) -> Array:
    """An exact array with its entries multiplied out; floats as they are."""
    if array.dtype != object:
        return array
    return as_array(map(sp.expand, array.flat), array.shape)


def as_array(entries: Iterable[Any], shape: tuple[int, ...]) -> Array:
    """Entries in row order as an object array of a shape."""
    array = np.empty(shape, dtype=object)
    for place, entry in enumerate(entries):
        array.flat[place] = entry
    return array


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


def _entries(name: str, array: Array) -> Array:
    """An array of expressions if every entry is exact, else of floats."""
    if array.dtype == object:
        array = as_array((exact_text(name, e) if isinstance(e, str) else e for e in array.flat), array.shape)
        for entry in array.flat:
            if isinstance(entry, (list, tuple)):
                raise ValueError(f"{name} must hold numbers in equal rows")
            if is_flag(entry) or not isinstance(entry, (Real, sp.Expr)):
                raise ValueError(f"{name} holds {quoted(entry)}, which is no number")
        if all(isinstance(entry, (Rational, sp.Expr)) for entry in array.flat):
            return as_array((_exact(name, entry) for entry in array.flat), array.shape)
        try:
            array = array.astype(float)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{name} holds floats beside what is no float; give numbers of one kind") from None
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    array = array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds {array[~np.isfinite(array)][0]}; give finite numbers")
    return array


def _rows(name: str, value: Sequence[Any]) -> Array:
    try:
        array = np.array(value, dtype=object)
    except ValueError:
        raise ValueError(f"{name} must hold numbers in equal rows") from None
    if array.ndim > MOST_AXES:
        raise ValueError(f"{name} is nested {array.ndim} deep; {MOST_AXES} axes are the most")
    return array


def _exact(name: str, entry: Any) -> sp.Expr:
    check_real(name, entry)
    return entry if isinstance(entry, sp.Expr) else sp.Rational(int(entry.numerator), int(entry.denominator))


def _as_numpy(given: Array) -> Callable[[Any], Any]:
    """Back to an array: fractions where sympy was not given and is not needed."""
    with_sympy = given.dtype == object and any(isinstance(entry, sp.Expr) for entry in given.flat)

    def write(array: Any) -> Any:
        result = np.asarray(array)
        if result.dtype == object and not with_sympy:
            result = as_array((_as_fraction(entry) for entry in result.flat), result.shape)
        return result[()]

    return write


def _as_number(given: Any) -> Callable[[Any], Any]:
    return lambda array: _plain(np.asarray(array)[()], isinstance(given, (sp.Expr, str)))


def _plain(entry: Any, with_sympy: bool) -> Any:
    if isinstance(entry, sp.Expr):
        return entry if with_sympy else _as_fraction(entry)
    return float(entry)


def _as_fraction(entry: Any) -> Any:
    """A rational as a fraction; an expression with symbols as it is."""
    return Fraction(int(entry.p), int(entry.q)) if isinstance(entry, sp.Rational) else entry
