"""Arrays of registers as somebody gives them: nested lists of exact numbers and names, of one update or of each."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

from sgdsym.arguments import quoted
from sgdsym.series import Coefficient, as_exact
from sgdsym.times.modes import Matrix, Vector

Entry: TypeAlias = Coefficient | int | Fraction | str
_ENTRIES = (Coefficient, int, Fraction, str)


def read_matrices(given: object) -> tuple[Matrix, ...]:
    """A matrix, or a sequence of them, as a sequence."""
    depth = nesting(given, "A")
    if depth not in (2, 3):
        raise ValueError("A must be a matrix, or one an update")
    stack = tuple(given) if depth == 3 else (given,)  # type: ignore[arg-type]
    return tuple(read_vectors(rows, 1, "A", several=True) for rows in stack)


def read_vectors(given: object, axes: int, name: str, several: bool = False) -> tuple[Vector, ...]:
    """A vector, or a sequence of them, as a sequence."""
    depth = nesting(given, name)
    if depth not in (axes, axes + 1) or (several and depth == axes):
        raise ValueError(f"{name} must be a vector" + (", or one an update" if name != "read" else ""))
    rows: tuple[Any, ...] = tuple(given) if depth > axes else (given,)  # type: ignore[arg-type]
    if any(isinstance(row, (set, frozenset, dict)) for row in (given, *rows)):
        raise ValueError(f"{name} must be a list, whose entries have an order")
    if any(_is_entry(row) or not hasattr(row, "__iter__") for row in rows):
        raise ValueError(f"{name} must hold its numbers in nested lists of equal depth")
    return tuple(tuple(read_entry(name, x) for x in row) for row in rows)


def _is_entry(value: object) -> bool:
    """Whether it is one number or name, of another library too, and no list of them."""
    return isinstance(value, _ENTRIES) or (hasattr(value, "__index__") and not hasattr(value, "__len__"))


def nesting(given: object, name: str) -> int:
    """How deep lists are nested."""
    depth = 0
    # the first entries alone tell the depth; lists of unequal depth are refused when they are read
    while not _is_entry(given):
        try:
            given = next(iter(given))  # type: ignore[call-overload]
        except (TypeError, StopIteration) as error:
            what = "nothing" if isinstance(error, StopIteration) else quoted(given)
            raise ValueError(f"{name} must hold integers, fractions or symbol names in lists, not {what}") from error
        depth += 1
    return depth


def read_entry(name: str, value: Any) -> Coefficient:
    """An exact number, or the symbol of a name."""
    if isinstance(value, Coefficient):
        return value
    value = as_exact(value)
    if isinstance(value, (int, Fraction, str)) and not isinstance(value, bool):
        return Coefficient.size(value)
    raise ValueError(f"{name} must hold integers, fractions or symbol names, not {quoted(value)}")
