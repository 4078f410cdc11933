"""Sizes by the words of a request: ``steps`` for the symbol ``T`` that it is left as, and the like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SYMBOLS = {"steps": "T", "dataset_size": "N", "batch_size": "B", "epochs": "E"}


def by_symbol(values: Mapping[str, Any], symbols: Collection[str]) -> dict[str, Any]:
    """Values by the symbols they are meant for, where some are given by the words of a request.

    Raises:
        ValueError: if a symbol is given by its word too.

    >>> by_symbol({"steps": 10, "N": 6}, ["N", "T"])
    {'T': 10, 'N': 6}
    """
    found: dict[str, Any] = {}
    for word, value in values.items():
        symbol = SYMBOLS.get(word, word)
        name = word if word in symbols or symbol not in symbols else symbol
        if name in found:
            raise ValueError(f"{name} is given twice, as {name} and in words; give it once")
        found[name] = value
    return found
