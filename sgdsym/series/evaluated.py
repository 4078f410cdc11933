"""The check of the first argument, which all evaluators of a series share."""

from __future__ import annotations

from typing import Any

from sgdsym.arguments import quoted
from sgdsym.series.series import Series

# values that stand beside series and are easily taken for one, by the names of their types
_REMEDIES = {
    "Comparison": "evaluate its .difference",
    "Kernel": "evaluate its .series",
    "Resummed": "evaluate its .kernel(), or the plain series .expand()",
    "Request": "expand_request() makes a series of it",
}


def read_series(value: Any) -> Series:
    """The series itself, where it is one.

    Raises:
        ValueError: saying how to get a series from what was given, as far as there is a way.

    >>> read_series("sgd")
    Traceback (most recent call last):
    ValueError: series must be a Series, not 'sgd'; expand() makes one
    """
    if isinstance(value, Series):
        return value
    name = type(value).__name__
    if name in _REMEDIES:
        raise ValueError(f"series must be a Series, not a {name}; {_REMEDIES[name]}")
    raise ValueError(f"series must be a Series, not {quoted(value)}; expand() makes one")
