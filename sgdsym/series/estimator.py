r"""Unbiased estimates from a sample: the series over averages of n data points instead of a population's moments.

A diagram with m blocks is a product of m population moments, so its mean over m *distinct* independent data points is
its value.  The average over all such choices is an estimate without bias, a generalised k-statistic; Möbius inversion
makes of it products of averages over *all* data points, with some blocks merged:

.. math:: \hat D = \frac{1}{n(n-1)\cdots(n-m+1)} \sum_{\pi} n^{|\pi|}
          \prod_{c\in\pi} (-1)^{|c|-1} (|c|-1)!\; D_{\pi},

over all partitions :math:`\pi` of the blocks, :math:`D_\pi` the diagram with the blocks of each part merged.  So an
estimate is a series like any other, with one size more.
Source: [Fisher1930]_; [Tukey1956]_; [Hoeffding1948]_.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from sgdsym.diagrams import Diagram, bell_number, coarsenings
from sgdsym.series.coefficient import Coefficient
from sgdsym.series.series import Series

_Multiples: TypeAlias = frozenset[tuple[tuple[int, Coefficient], int]]
"""How often diagrams with a number of blocks and a coefficient occur, by both."""


def estimator(series: Series, size: str = "n") -> Series:
    r"""The unbiased estimate of a series from n independent data points of one population.

    Args:
        series: what is estimated, in either basis.
        size: the symbol of the number of data points.

    Returns:
        A series in moments whose value on a *sample* of that size, all weights 1/n, has the value of the given series on
        the *population* as its mean.  It has poles at sizes below :func:`most_blocks`.

    Raises:
        ValueError: if the symbol is one of the series already, or no symbol name.

    >>> noise = Series({Diagram(3, [(0, 1), (1, 2)], [(0, 2)]): Coefficient(1)}, truncation=2)
    >>> for diagram, coefficient in estimator(noise):
    ...     print(diagram.blocks, coefficient)
    ((0,), (1,), (2,)) -n**2/((n - 1)*(n - 2))
    ((0,), (1, 2)) n/(n - 2)
    ((0, 1), (2,)) 2*n/((n - 1)*(n - 2))
    ((0, 1, 2),) -n/((n - 1)*(n - 2))
    """
    n = Coefficient.symbol(size)
    if size in series.symbols:
        raise ValueError(f"the series has a symbol {size} already; name the number of data points otherwise")
    found: defaultdict[Diagram, Counter[tuple[int, Coefficient]]] = defaultdict(Counter)
    for diagram, coefficient in series.as_moments():
        for blocks, weight in coarsenings(diagram.blocks):
            found[diagram.with_blocks(blocks)][len(diagram.blocks), coefficient] += weight
    # 1/(n(n-1)…): in how many ways that many distinct data points are chosen
    choices = [Coefficient(1)]
    for taken in range(most_blocks(series)):
        choices.append(choices[-1] / (n - taken))
    totals: dict[_Multiples, Coefficient] = {}
    # many diagrams occur alike often, and a sum over denominators in n is slow to form
    for multiples in {frozenset(counts.items()) for counts in found.values()}:
        totals[multiples] = _total(multiples, choices)
    terms = {d: n ** len(d.blocks) * totals[frozenset(counts.items())] for d, counts in found.items()}
    recount = series.again(lambda s: estimator(s, size))
    return replace(series, terms=terms, basis="moment", recount=recount)


def most_blocks(series: Series) -> int:
    """The number of independent data points that an unbiased estimate of a series takes at least.

    >>> most_blocks(Series({Diagram(3, [(0, 1), (1, 2)], [(0, 2)]): Coefficient(1)}, truncation=2))
    3
    """
    return max((len(diagram.blocks) for diagram in series.as_moments().terms), default=0)


def mergers(series: Series) -> int:
    """How many merged diagrams an estimate is collected from, at most: the partitions of the parts a diagram comes in.

    These are its blocks; over cumulants, which are split further, up to all its nodes.

    >>> mergers(Series({Diagram(3, [(0, 1), (1, 2)], [(0, 2)]): Coefficient(1)}, truncation=2))
    5
    """
    parts = (d.blocks if series.basis == "moment" else [v for block in d.blocks for v in block] for d in series.terms)
    # every partition of the parts is one way to merge them
    return sum(bell_number(len(found)) for found in parts)


def _total(multiples: _Multiples, choices: Sequence[Coefficient]) -> Coefficient:
    """The sum of the coefficients, each over the number of choices of as many distinct data points as it has blocks."""
    parts: defaultdict[int, list[Coefficient]] = defaultdict(list)
    for (blocks, coefficient), times in multiples:
        parts[blocks].append(coefficient * times)
    return Coefficient.total(Coefficient.total(parts[blocks]) * choices[blocks] for blocks in sorted(parts))
