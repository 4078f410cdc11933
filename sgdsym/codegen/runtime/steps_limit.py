"""Time-sums of plain steps in the limit of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sgdsym.codegen.runtime.coefficients import _numbers
from sgdsym.codegen.runtime.doubled import Doubled
from sgdsym.codegen.runtime.minimum import _check_contracts, _check_minimum
from sgdsym.codegen.runtime.powers import _limit
from sgdsym.codegen.runtime.steps import _product, _ratios


def _carry(run: SimpleNamespace, symbols: Mapping[str, Any]) -> None:
    """What every edge carries: its ratio, which must contract."""
    _check_minimum(run.h, run.rate)
    _check_contracts(run.h, run.rate)
    run.ratio = _ratios(run)
    run.numbers = _numbers(symbols, run)


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The geometric series at products of ratios."""
    return _limit([_product(run.ratio, pair, at, letters) for letters in nodes])
