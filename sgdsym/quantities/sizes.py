r"""Sizes: how many points a batch has, and how many examples it is drawn from; integers of at least 1, or symbols."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.arguments import plain_integer, quoted, read_flag
from sgdsym.quantities.numbers import exact_text


def read_count(name: str, value: Any) -> sp.Expr:
    """A size: an integer of at least 1, a symbol name or an expression.

    Raises:
        ValueError: naming the number.

    >>> read_count("the batch size", 4), read_count("the batch size", "B")
    (4, B)
    >>> read_count("the batch size", 0)
    Traceback (most recent call last):
    ...
    ValueError: the batch size is 0; it must be an integer of at least 1 or a symbol
    """
    count = exact_text(name, value) if isinstance(value, str) else value
    number = plain_integer(count)
    if number is not None:
        count = sp.Integer(number)
    symbolic = isinstance(count, sp.Expr) and not count.is_number and count.is_real is not False
    if not symbolic and not (isinstance(count, sp.Integer) and count >= 1):
        raise ValueError(f"{name} is {quoted(value)}; it must be an integer of at least 1 or a symbol")
    return count


def read_sizes(batch_size: Any, dataset_size: Any, replacement: bool) -> tuple[sp.Expr, sp.Expr | None]:
    """Batch size and number of examples, of which only a batch drawn without replacement depends.

    Raises:
        ValueError: if one is no size, or a batch without replacement has no or too few examples to draw from.
    """
    read_flag("replacement", replacement)
    batch = read_count("the batch size", batch_size)
    if dataset_size is None:
        if not replacement:
            raise ValueError("a batch without replacement depends on the number of examples; give dataset_size")
        return batch, None
    examples = read_count("the dataset size", dataset_size)
    if not replacement and batch.is_number and examples.is_number and batch > examples:
        raise ValueError(
            f"a batch of {quoted(batch)} cannot be drawn from {quoted(examples)} examples without replacement"
        )
    return batch, examples
