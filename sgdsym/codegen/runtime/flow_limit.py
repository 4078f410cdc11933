"""Time-sums in continuous time in the limit of long times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sgdsym.codegen.runtime.coefficients import _numbers
from sgdsym.codegen.runtime.doubled import Doubled
from sgdsym.codegen.runtime.exponentials import _limit
from sgdsym.codegen.runtime.flow import _exponents, _total
from sgdsym.codegen.runtime.minimum import _check_minimum


def _carry(run: SimpleNamespace, symbols: Mapping[str, Any]) -> None:
    """What every edge carries: its exponent, which must decay."""
    _check_minimum(run.h, run.rate)
    run.ratio = _exponents(run)
    run.numbers = _numbers(symbols, run)


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The integral over all times at sums of exponents."""
    return _limit([_total(run.ratio, pair, at, letters) for letters in nodes])
