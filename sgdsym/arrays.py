"""The door for arrays: what numpy would read without a word but wrongly, or not at all, is refused in one line.

The functions need nothing but numpy, so that generated modules carry their text.
"""

from __future__ import annotations

import numpy as np


# numpy 2 has arrays of up to 64 axes, and iterates over the entries of those of up to 32; of a list of floats, the usual
# case, none takes a call of its own (a comment inside would be copied into every generated module)
def check_unmasked(value: object, what: str) -> None:
    """Refuse a masked entry, in nested sequences too: ``np.asarray`` reads under the mask.

    Raises:
        ValueError: saying what has masked entries.

    >>> check_unmasked([np.ma.array([1.0, 2.0], mask=[False, True])], "the weights")
    Traceback (most recent call last):
    ...
    ValueError: the weights has masked entries; leave those out, or fill them in with filled()
    """
    if isinstance(value, np.ndarray) and value.ndim > 32:
        raise ValueError(f"{what} is nested {value.ndim} deep; 32 axes are the most")
    parts = value.flat if isinstance(value, np.ndarray) and value.dtype == object else value
    if hasattr(value, "_mask") and np.ma.is_masked(value):
        raise ValueError(f"{what} has masked entries; leave those out, or fill them in with filled()")
    if isinstance(parts, (list, tuple, np.flatiter)):
        for part in parts:
            if not isinstance(part, float):
                check_unmasked(part, what)


def unmasked(value: object, what: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Whatever numpy makes of a value, with its own type of entries.

    Args:
        value: an array of any library, nested sequences of numbers or arrays, or a number.
        what: its name in complaints.

    Raises:
        ValueError: if an entry is masked, the array is sparse, or its library does not hand it to numpy.

    >>> unmasked([1, 2], "the weights"), unmasked([[1.0], [2.0]], "the weights").dtype
    (array([1, 2]), dtype('float64'))
    """
    check_unmasked(value, what)
    if hasattr(value, "todense"):
        raise ValueError(f"{what} is a sparse {type(value).__name__}; make it dense, with todense()")
    try:
        array = np.asanyarray(value)
    except (ArithmeticError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:150]
        raise ValueError(f"{what} is not an array of real numbers: {reason}") from None
    check_unmasked(array, what)
    return np.asarray(array)


def real_array(value: object, what: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """An array of real numbers: of numpy's integers and floats of any size, or of objects that a float can be made of.

    Text, dates and records are refused although numpy turns them into floats; so are complex numbers.

    Args:
        value: as for :func:`unmasked`.
        what: its name in complaints.

    Raises:
        ValueError: as for :func:`unmasked`, or naming what stands where a number should.

    >>> real_array([["1", "2"]], "the weights")
    Traceback (most recent call last):
    ...
    ValueError: the weights is not an array of real numbers: it must hold numbers, not text
    """
    array = unmasked(value, what)
    kinds = {"S": "text", "U": "text", "T": "text", "M": "dates", "m": "times", "V": "records"}
    # types that other libraries add to numpy, such as bfloat16, have the kind of records
    kind = array.dtype.kind if array.dtype.kind != "V" or issubclass(array.dtype.type, np.void) else "f"
    if kind == "c":
        raise ValueError(f"{what} is not an array of real numbers: it is complex")
    if kind in kinds:
        raise ValueError(f"{what} is not an array of real numbers: it must hold numbers, not {kinds[kind]}")
    if kind == "O":
        for entry in array.flat:
            known = not isinstance(entry, np.generic) or entry.dtype.kind in "biuf"
            if not known or not hasattr(entry, "__float__") or isinstance(entry, np.ndarray):
                shown = f"{entry!r} " if isinstance(entry, (str, bytes, complex)) else ""
                raise ValueError(
                    f"{what} is not an array of real numbers: an entry is {shown[:60]}of type {type(entry).__name__}"
                )
    return array


def float_array(value: object, what: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """An array of floats, from numbers that are no truth values.

    Args:
        value: as for :func:`unmasked`.
        what: its name in complaints.

    Raises:
        ValueError: as for :func:`real_array`, or if an entry is a truth value, holds a symbol or is beyond floats.

    >>> float_array([1, 10**400], "the weights")
    Traceback (most recent call last):
    ...
    ValueError: the weights is not an array of real numbers: int too large to convert to float
    """
    array = real_array(value, what)
    if array.dtype.kind == "b":
        raise ValueError(f"{what} is not an array of real numbers: it must hold numbers, not truth values")
    try:
        return array.astype(float)
    except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:150]
        raise ValueError(f"{what} is not an array of real numbers: {reason}") from None
