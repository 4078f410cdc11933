"""The inverse metric of every contraction, given by groups of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdsym.arguments import quoted, quoted_names
from sgdsym.arrays import float_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_legs(
    metric: Any, names: Sequence[str], shapes: Sequence[tuple[int, ...]]
) -> tuple[NDArray[np.float64], ...] | None:
    """The square root of the inverse metric for each array of the parameters.

    Args:
        metric: a number, or numbers or arrays by group: a group is an array's name, or whatever its name begins with before
            a dot; of two groups that fit the longer counts, and what is in no group has 1.
        names: where each array stands, with dots between.
        shapes: the shapes of the arrays.

    Raises:
        ValueError: naming the group that there is not, the shape that does not fit, or the number that is negative.

    >>> [float(leg) for leg in read_legs({"a": 4, "a.b": 9}, ["a.b", "a.c", "d"], [()] * 3)]
    [3.0, 2.0, 1.0]
    """
    if metric is None:
        return None
    groups = metric if isinstance(metric, Mapping) else dict.fromkeys(names, metric)
    unknown = [str(group) for group in groups if not any(_is_in(name, group) for name in names)]
    if unknown:
        raise ValueError(f"metric has a group {quoted(unknown[0])}; the parameters are {quoted_names(names)}")
    legs = []
    for name, shape in zip(names, shapes, strict=True):
        own = max((group for group in groups if _is_in(name, group)), key=lambda group: len(str(group)), default=None)
        entries = np.array(1.0) if own is None else float_array(groups[own], f"metric of {own}")
        if entries.shape not in ((), shape):
            raise ValueError(f"metric of {own} has shape {entries.shape}; it must be a number or of shape {shape}")
        if not (np.isfinite(entries) & (entries >= 0)).all():
            raise ValueError(f"metric of {own} must hold finite numbers of at least 0, not {quoted(entries.min())}")
        legs.append(np.sqrt(entries))
    return tuple(legs)


def _is_in(name: str, group: object) -> bool:
    return name == str(group) or name.startswith(f"{group}.") or str(group) == ""
