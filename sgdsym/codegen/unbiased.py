r"""The program of a series' unbiased estimate from a sample.

The estimate is a series like any other (see :func:`sgdsym.series.estimator`), linear in what it estimates.  So its
coefficients are written as multiples, rational in the number n of data points, of those that the module has already: the
numbers :math:`c_i` of the products of means and central moments that the series is evaluated as.  For this the central
moments become joint moments,

.. math:: m(c) = \sum_{d\subseteq c,\,|d|\ne1} (-1)^{|c\setminus d|} E[\prod_{i\in d} X_i] \prod_{i\in c\setminus d} E[X_i]
                 + (-1)^{|c|-1} |c| \prod_{i\in c} E[X_i],

whose estimate is a series in averages over the sample, lowered like every other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from sgdsym.codegen.compiler import Compiled, compile_series
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.scalars import assignment
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series, collect, estimator, mergers

AFFORDABLE = 2000
"""Up to so many merged diagrams a module holds the estimate unless told otherwise: writing it takes a second at most."""


def chosen_estimate(series: Series, wanted: bool | None, *, in_blocks: bool) -> Compiled | None:
    """The program of the estimate where it is wanted or, left open, affordable; there is none of a series without blocks."""
    if wanted is False or not any(diagram.blocks for diagram in series.terms):
        return None
    return compile_estimate(series, in_blocks=in_blocks) if wanted or mergers(series) <= AFFORDABLE else None


def compile_estimate(series: Series, *, in_blocks: bool = True) -> Compiled:
    """The program of the estimate, with coefficients in n and in the numbers c_0_, c_1_, ... of the series' own products.

    >>> slopes = Series({Diagram(2, [(0, 1)]): Coefficient.symbol("T")}, 1)
    >>> [str(coefficient) for coefficient in compile_estimate(slopes).coefficients]
    ['c_0_', '-c_0_/(n - 1)']
    """
    terms = networks(series)
    number = distinct_coefficients(terms)
    opaque = {network: Coefficient.symbol(f"c_{number[c]}_") for network, c in terms.items()}
    setting = series.setting
    # the numbers of the series stand as symbols, so that the estimate's own are small multiples of them
    merged = estimator(Series(_in_moments(opaque), series.truncation, "moment", setting))
    return compile_series(merged, in_blocks=in_blocks)


def multiples(coefficients: Mapping[Coefficient, int], width: int) -> list[str]:
    """Lines that assign the coefficients of the estimate, from ``n`` and the list ``c`` of those of the series."""
    lines = [line for c, i in coefficients.items() for line in assignment(f"_c[{i}]", c, 4, width)]
    # a symbol is as long as the item it becomes, so that the lines keep their widths
    return [re.sub(r"\bc_(\d+)_", r"c[\1]", line) for line in lines]


def _in_moments(terms: Mapping[Diagram, Coefficient]) -> dict[Diagram, Coefficient]:
    """Products of means and central moments as products of joint moments."""
    return collect(
        (network.with_blocks(blocks), coefficient * weight)
        for network, coefficient in terms.items()
        for blocks, weight in _expanded(network.blocks)
    )


def _expanded(blocks: Sequence[tuple[int, ...]]) -> Iterator[tuple[list[tuple[int, ...]], int]]:
    for choice in product(*(_central_parts(block) for block in blocks)):
        yield [part for parts, _ in choice for part in parts], prod(sign for _, sign in choice)


def _central_parts(block: tuple[int, ...]) -> Iterator[tuple[list[tuple[int, ...]], int]]:
    """A mean, or a central moment as joint moments times means with signs."""
    if len(block) == 1:
        yield [block], 1
        return
    for size in range(len(block) + 1):
        sign = -1 if (len(block) - size) % 2 else 1
        for joint in combinations(block, size):
            means: list[tuple[int, ...]] = [(v,) for v in block if v not in joint]
            yield ([joint, *means] if joint else means), sign
