"""What modules of numpy do with the arrays of a run."""

from __future__ import annotations

import functools
import math
from typing import Any


def _check_precision(derivatives: Any, arrays: Any) -> None:
    """All is computed in double precision."""


def _on_device(*trees: Any) -> Any:
    """The arrays are where they are."""
    return trees


def _contract(axes: str, left: Any, right: Any) -> Any:
    """The contraction of two tensors, as one product of matrices, or one for each entry of the axes that stay in both."""
    shared, rows, inner, columns, left_axes, right_axes, left_first, right_first, back = _places(axes)
    left, right = left.transpose(left_axes), right.transpose(right_axes)
    batch, end = left.shape[:shared], shared + inner
    over = left.shape[shared:end] if left_first else left.shape[shared + rows :]
    tall = left.shape[end:] if left_first else left.shape[shared : shared + rows]
    wide = right.shape[end:] if right_first else right.shape[shared : shared + columns]
    size = math.prod(over)
    left = left.reshape(batch + ((size, -1) if left_first else (-1, size)))
    right = right.reshape(batch + ((size, -1) if right_first else (-1, size)))
    left = left.swapaxes(-1, -2) if left_first else left
    right = right if right_first else right.swapaxes(-1, -2)
    product = left @ right if inner else left * right
    return product.reshape(batch + tall + wide).transpose(back)


@functools.cache
def _places(axes: str) -> tuple[Any, ...]:
    """How the axes are arranged for a product of matrices: inner axes last, or first where they are first already, and back."""
    operands, out = axes.split("->")
    left, right = operands.split(",")
    shared = [a for a in left if a in right and a in out]
    inner = [a for a in left if a in right and a not in out]
    rows, columns = [a for a in left if a not in right], [a for a in right if a not in left]
    left_first = list(left) == shared + inner + rows
    # the columns in the order of the second tensor, the inner axes in that of the first
    right_first = list(right) != shared + columns + inner
    left_axes = [left.index(a) for a in shared + (inner + rows if left_first else rows + inner)]
    right_axes = [right.index(a) for a in shared + (inner + columns if right_first else columns + inner)]
    before = shared + rows + columns
    back = [before.index(a) for a in out]
    return len(shared), len(rows), len(inner), len(columns), left_axes, right_axes, left_first, right_first, back
