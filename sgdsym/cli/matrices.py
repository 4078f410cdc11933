"""Matrices and numbers as options give them: inline, from ``.csv`` or from ``.npy``; nothing in them is evaluated.

Inline, rows are separated by ``;`` and entries by ``,``: ``"2,1/2;1/2,1"``.  A ``.csv`` file has a row in each line.  In both an
entry is an integer, a fraction, a decimal or the name of a symbol, and becomes exact.  A ``.npy`` file holds floats.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sgdsym.cli.inputs import read_array, read_text

if TYPE_CHECKING:
    import numpy as np
    import sympy
    from numpy.typing import NDArray

    Matrix: TypeAlias = "sympy.ImmutableMatrix | NDArray[np.float64]"

_Read = TypeVar("_Read")


def matrix(text: str) -> Matrix:
    """A matrix, as an option reads it.

    Raises:
        argparse.ArgumentTypeError: saying which file or entry is wrong.

    >>> matrix("2,1/2;1/2,h")
    Matrix([
    [  2, 1/2],
    [1/2,   h]])
    """
    import sympy

    if text.endswith(".npy"):
        return _array(text, axes=2)
    rows = _file_rows(text) if text.endswith(".csv") else text.split(";")
    entries = [[value(entry.strip()) for entry in row.split(",")] for row in rows]
    if len({len(row) for row in entries}) != 1:
        lengths = ", ".join(str(len(row)) for row in entries[:20])
        raise argparse.ArgumentTypeError(f"the rows of {text[:60]!r} have {lengths} entries; give each as many")
    return sympy.ImmutableMatrix(entries)


def vector(text: str) -> list[Any]:
    """A vector, as an option reads it: one row or one column.

    >>> vector("1,-1/2,u")
    [1, -1/2, u]
    """
    if text.endswith(".npy"):
        entries: list[Any] = _array(text, axes=1).tolist()
        return entries
    given = matrix(text)
    if 1 not in given.shape:
        rows, columns = given.shape
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is a {rows}×{columns} matrix; give one row or one column")
    return list(given)


def value(text: str) -> sympy.Expr:
    """An exact number or a symbol, as an option reads it.

    >>> value("0.1"), value("2e-3"), value("eta_1")
    (1/10, 1/500, eta_1)
    """
    from sgdsym.quantities import expression

    try:
        return expression(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def rate(text: str) -> sympy.Expr:
    """A learning rate, as an option reads it: an exact number or a symbol, ``eta`` among them.

    >>> rate("1/10"), rate("eta")
    (1/10, eta)
    """
    import sympy

    return sympy.Symbol("eta") if text == "eta" else value(text)


def _file_rows(path: str) -> list[str]:
    rows = [line for line in _read(read_text, path).splitlines() if line.strip()]
    if not rows:
        raise argparse.ArgumentTypeError(f"{path} is empty; give a row of numbers in each line")
    return rows


def _array(path: str, axes: int) -> NDArray[np.float64]:
    import numpy as np

    array = _read(read_array, path)
    if array.ndim != axes or not array.size:
        wanted = "a vector" if axes == 1 else "a matrix"
        raise argparse.ArgumentTypeError(f"{path} has shape {array.shape}; save {wanted}")
    with np.errstate(over="ignore"):
        floats = array.astype(float)
    if not np.isfinite(floats).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(floats))[0])
        raise argparse.ArgumentTypeError(f"{path} holds {array[place]} at {place}; give finite numbers")
    # shorter floats stay what they are: how far a matrix is from symmetric is judged by their rounding
    return array if array.dtype.kind == "f" and array.dtype.itemsize <= 8 else floats


def _read(reader: Callable[[Path], _Read], path: str) -> _Read:
    try:
        return reader(Path(path))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
