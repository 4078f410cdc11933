"""The exact coefficients of time-sums, for every pair of learning rate and steps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from sgdsym.codegen.runtime.program import CLOCK, COUNT, SYMBOLS, _check_sizes, _coefficients
from sgdsym.codegen.runtime.reading import _number


def _numbers(symbols: Mapping[str, Any], run: SimpleNamespace) -> tuple[Any, Any]:
    """The exact coefficients, each as two floats for every pair of learning rate and steps."""
    unknown = sorted(set(symbols) - set(SYMBOLS))
    if unknown:
        raise ValueError(f"unknown symbol {unknown[0]}; the symbols are: {', '.join(SYMBOLS) or 'none'}")
    missing = [name for name in SYMBOLS if name not in symbols]
    if missing:
        raise ValueError(f"the symbol {missing[0]} is missing; pass {missing[0]}=...")
    exact = {name: _number(name, value) for name, value in symbols.items()}
    try:
        clocks = [{CLOCK: _number(CLOCK, value)} for value in run.steps.tolist()] if CLOCK else []
        rows = [_row(exact | clock) for clock in clocks] if CLOCK else [_row(exact)] * run.pairs
        heads = np.array([[float(c) for c in row] for row in rows]).reshape(run.pairs, COUNT)
        tails = np.array([[float(c - Fraction(float(c))) for c in row] for row in rows]).reshape(run.pairs, COUNT)
    except ArithmeticError as error:
        given = ", ".join(f"{name}={symbols[name]}"[:50] for name in SYMBOLS)
        raise ValueError(f"a coefficient has no value at {given[:150]}: {str(error)[:100]}") from None
    return heads, tails


def _row(sizes: Mapping[str, Any]) -> list[Fraction]:
    """The coefficients at these sizes, exactly."""
    _check_sizes(**sizes)
    found = _coefficients(**{name: Fraction(value) for name, value in sizes.items()})
    return [Fraction(found[i]) for i in range(COUNT)]
