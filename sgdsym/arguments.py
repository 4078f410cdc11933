"""Checks of arguments, for the doors where input enters: one line that says what is wrong and what would be right.

Knows the types of Python and nothing of what is computed.  Numbers and lists of other libraries are taken by the protocols
they share: whatever has ``__index__`` is an integer, and text is never a list of its letters.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from math import inf, isfinite
from numbers import Real
from operator import index
from typing import Any, TypeVar

Kind = TypeVar("Kind")
WIDTH = 60  # of a value that a message quotes

_QUOTED = reprlib.Repr()
_QUOTED.maxlist = _QUOTED.maxtuple = _QUOTED.maxdict = _QUOTED.maxset = _QUOTED.maxarray = 4
_QUOTED.maxlevel, _QUOTED.maxstring, _QUOTED.maxother, _QUOTED.maxlong = 3, WIDTH, WIDTH, 40


def quoted(value: object) -> str:
    """A value as a message quotes it: on one line, short, printable everywhere.

    >>> quoted("ab"), quoted([1] * 1000), quoted(10**100)
    ("'ab'", '[1, 1, 1, 1, ...]', 'an integer of 333 bits')
    """
    if type(value).__module__ == "numpy" and hasattr(value, "item") and not getattr(value, "ndim", 1):
        value = value.item()
    # Python refuses to write integers of more than 4300 digits, and from 39 on nobody reads them
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = " ".join(_QUOTED.repr(value).split())
    except Exception:
        # whatever an object says of itself may fail, for its depth or its digits
        text = f"a value of type {type(value).__name__}"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def quoted_names(names: Iterable[str]) -> str:
    """Some names as a message lists them.

    >>> quoted_names(["T", "N"]), quoted_names("abcdefghij")
    ('T, N', 'a, b, c, d, e, f, …')
    """
    listed = [quoted(name)[1:-1] for name in names]
    return ", ".join(listed[:6] + ["…"] * (len(listed) > 6))


def is_flag(value: object) -> bool:
    """Whether a value is a truth value, of Python or of numpy."""
    return (
        isinstance(value, bool)
        # numpy and sympy are known by the names of their types: this module is loaded by every command, and sympy
        # takes 0.4 s to import
        or type(value).__name__ in ("bool_", "BooleanTrue", "BooleanFalse")
        or (type(value).__module__ == "numpy" and type(value).__name__ == "bool")
    )


def plain_integer(value: object) -> int | None:
    """Whatever has ``__index__`` as a Python integer, truth values excepted; None for anything else.

    >>> plain_integer(3), plain_integer(True), plain_integer(3.0)
    (3, None, None)
    """
    if type(value) is int:
        return value
    if is_flag(value) or not hasattr(value, "__index__"):
        return None
    try:
        return index(value)
    except (TypeError, ValueError):
        return None


def read_integer(name: str, value: object, *, least: float = -inf, most: float = inf) -> int:
    """An integer within bounds.

    Raises:
        ValueError: naming the argument and the bounds.

    >>> read_integer("order", 12, least=0, most=11)
    Traceback (most recent call last):
    ValueError: order must be an integer from 0 to 11, not 12
    """
    number = plain_integer(value)
    if number is None or not least <= number <= most:
        bounds = f" from {least} to {most}" if most < inf else f" of at least {least}" if least > -inf else ""
        raise ValueError(f"{name} must be an integer{bounds}, not {quoted(value)}")
    return number


def read_real(name: str, value: Any, *, least: float = -inf) -> float:
    """A finite real number as a float.

    Raises:
        ValueError: naming the argument.

    >>> read_real("strength", inf, least=0)
    Traceback (most recent call last):
    ValueError: strength must be a finite number of at least 0, not inf
    """
    try:
        number = float(value) if isinstance(value, Real) and not is_flag(value) else inf
    except (ArithmeticError, TypeError, ValueError):
        number = inf
    if not isfinite(number) or number < least:
        bound = f" of at least {least}" if least > -inf else ""
        raise ValueError(f"{name} must be a finite number{bound}, not {quoted(value)}")
    return number


def read_flag(name: str, value: object) -> bool:
    """A truth value.

    Raises:
        ValueError: naming the argument.

    >>> read_flag("nesterov", "no")
    Traceback (most recent call last):
    ValueError: nesterov must be True or False, not 'no'
    """
    if not is_flag(value):
        raise ValueError(f"{name} must be True or False, not {quoted(value)}")
    return bool(value)


def read_choice(name: str, value: object, allowed: Iterable[Kind]) -> Kind:
    """One of some words.

    Raises:
        ValueError: naming the argument and the words.

    >>> read_choice("basis", ["moment"], ("cumulant", "moment"))
    Traceback (most recent call last):
    ValueError: basis must be one of cumulant, moment, not ['moment']
    """
    words = tuple(allowed)
    for word in words:
        # 1 == True and 1 == 1.0 in Python, and an array compares entry by entry
        if type(value) is type(word) and value == word:
            return word
    raise ValueError(f"{name} must be one of {', '.join(map(str, words))}, not {quoted(value)}")


def read_text(name: str, value: object, *, longest: float = inf) -> str:
    """Text.

    Raises:
        ValueError: naming the argument.

    >>> read_text("setting", b"sgd")
    Traceback (most recent call last):
    ValueError: setting must be text, not b'sgd'
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, not {quoted(value)}")
    if len(value) > longest:
        raise ValueError(f"{name} has {len(value)} characters; it may have {longest}")
    return value


def read_instance(name: str, value: object, kind: type[Kind], hint: str = "") -> Kind:
    """A value of a type.

    Raises:
        ValueError: naming the argument and the type.

    >>> read_instance("order", "2", int, "such as 2")
    Traceback (most recent call last):
    ValueError: order must be a value of type int, such as 2, not '2'
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be a value of type {kind.__name__}{hint and f', {hint}'}, not {quoted(value)}")
    return value


def read_function(name: str, value: Kind) -> Kind:
    """Something that can be called.

    Raises:
        ValueError: naming the argument.

    >>> read_function("loss", 3)
    Traceback (most recent call last):
    ValueError: loss must be a function, not 3
    """
    if not callable(value):
        raise ValueError(f"{name} must be a function, not {quoted(value)}")
    return value


def read_items(name: str, value: Any, what: str = "list") -> tuple[Any, ...]:
    """The entries of a list, an array or whatever else is iterated over in order: not text, nor a set or a mapping.

    Raises:
        ValueError: naming the argument.

    >>> read_items("schedule", [1, "s"])
    (1, 's')
    >>> read_items("schedule", "ab")
    Traceback (most recent call last):
    ValueError: schedule must be a list, not 'ab'
    """
    if not is_list(value):
        raise ValueError(f"{name} must be a {what}, not {quoted(value)}")
    return tuple(value)


def is_list(value: Any) -> bool:
    """Whether a value is a list in the sense of :func:`read_items`.

    >>> is_list((1, 2)), is_list("ab"), is_list({1, 2})
    (True, False, False)
    """
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping, AbstractSet, type)):
        return False
    # an array without axes is a number, whatever library it is of
    shape = getattr(value, "shape", None)
    return len(shape) > 0 if isinstance(shape, tuple) else isinstance(value, Iterable)


def read_integers(name: str, value: Any) -> tuple[int, ...]:
    """Integers in a list.

    Raises:
        ValueError: naming the argument.

    >>> read_integers("edge", [0, 1.5])
    Traceback (most recent call last):
    ValueError: edge must hold integers, not 1.5
    """
    return tuple(_entry(name, entry) for entry in read_items(name, value, "list of integers"))


def _entry(name: str, entry: object) -> int:
    number = plain_integer(entry)
    if number is None:
        raise ValueError(f"{name} must hold integers, not {quoted(entry)}")
    return number


def read_mapping(name: str, value: Any, what: str) -> Mapping[Any, Any]:
    """A mapping.

    Raises:
        ValueError: naming the argument and what it should map.

    >>> read_mapping("means", 3, "degrees to tensors")
    Traceback (most recent call last):
    ValueError: means must be a mapping from degrees to tensors, not 3
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping from {what}, not {quoted(value)}")
    return value


def read_by_degree(name: str, value: Any) -> dict[int, Any]:
    """Tensors by degree, from a sequence that begins at degree 0 or from a mapping.

    Raises:
        ValueError: naming the argument, or the key that is no degree.

    >>> read_by_degree("derivatives", {"a": 1})
    Traceback (most recent call last):
    ValueError: the degrees of derivatives must be integers of at least 0, not 'a'
    """
    if not isinstance(value, Mapping):
        return dict(enumerate(read_items(name, value, "list or mapping by degree")))
    found = {}
    for key, entry in value.items():
        degree = plain_integer(key)
        if degree is None or degree < 0:
            raise ValueError(f"the degrees of {name} must be integers of at least 0, not {quoted(key)}")
        found[degree] = entry
    return found
