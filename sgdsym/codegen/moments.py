r"""From a series to contraction networks over means and central moments.

Joint cumulants and joint moments of a block are rewritten in central moments,

.. math:: \kappa(b) = \sum_{\pi:\,|c|\ge2} \mu(\pi) \prod_{c\in\pi} m(c), \qquad
          E[\prod_{i\in b} X_i] = \sum_{c\subseteq b,\,|c|\ne1} m(c) \prod_{i\in b\setminus c} E[X_i],

with :math:`m(c) = E[\prod_{i\in c}(X_i - E X_i)]`, so that both bases are evaluated by the same sums, which do not
cancel.  A network is again a :class:`~sgdsym.diagrams.Diagram`: a block alone is a mean tensor, a block of two or more
nodes is a central moment.  Networks that several diagrams need are one network here.
Source: [Speed1983]_.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from math import prod

from sgdsym.codegen.planning.fragment import HIGHEST_DECAYED
from sgdsym.diagrams import Diagram, moebius, set_partitions
from sgdsym.series import Basis, Coefficient, Series

Parts = tuple[tuple[int, ...], ...]


def networks(series: Series) -> dict[Diagram, Coefficient]:
    """The series as a sum over contraction networks, sorted; roots inside blocks are nodes like any other.

    Only with weight decay they are not where they are alone, as means of the plain loss.

    >>> E = Coefficient(1)
    >>> networks(Series({Diagram(3, [(0, 1), (0, 2)], [(1, 2)]): E}, 2, basis="moment"))
    {Diagram(3, [(0, 1), (0, 2)], [(0,), (1,), (2,)]): Coefficient('1'),
     Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)]): Coefficient('1')}
    """
    merged: dict[Diagram, list[Coefficient]] = {}
    known: dict[tuple[object, ...], Diagram] = {}
    decays = bool(series.setting.weight_decay)
    for term, coefficient in series:
        diagram = term if decays else _with_roots(term, term.open_roots)
        for blocks, weight in _central_terms(diagram.blocks, series.basis):
            # canonical forms take most of the time, and most networks occur in several diagrams
            key = diagram.edges, blocks, diagram.roots
            if key not in known:
                network = diagram if blocks == diagram.blocks else diagram.with_blocks(blocks)
                known[key] = _with_roots(network, _plain_roots(network)) if decays else network
            merged.setdefault(known[key], []).append(coefficient if weight == 1 else coefficient * weight)
    totals = {network: Coefficient.total(parts) for network, parts in merged.items()}
    return {network: totals[network] for network in sorted(totals, key=Diagram.sort_key) if totals[network]}


def _plain_roots(network: Diagram) -> tuple[int, ...]:
    """The roots whose tensors are not those of other nodes: a deviation or a high derivative does not know of weight decay."""
    joint = {v for block in network.blocks if len(block) > 1 for v in block}
    low = [v for v in network.roots if v not in joint and network.degrees[v] <= HIGHEST_DECAYED]
    return tuple(sorted({*low, *network.open_roots}))


def _with_roots(network: Diagram, roots: tuple[int, ...]) -> Diagram:
    if roots == network.roots:
        return network
    return Diagram(network.nodes, network.edges, network.blocks, roots)


def distinct_coefficients(terms: Mapping[Diagram, Coefficient]) -> dict[Coefficient, int]:
    """The coefficients that occur, numbered in the order of the terms."""
    return {coefficient: i for i, coefficient in enumerate(dict.fromkeys(terms.values()))}


def _central_terms(blocks: Sequence[tuple[int, ...]], basis: Basis) -> Iterator[tuple[Parts, int]]:
    """The product of the blocks as sum of weight times product of means and central moments."""
    # blocks are rewritten one by one, and the rewritings multiplied out
    rule = _cumulant_parts if basis == "cumulant" else _moment_parts
    alone = [block for block in blocks if len(block) == 1]
    rewritten = [
        [([tuple([block[i] for i in piece]) for piece in pieces], factor) for pieces, factor in rule(len(block))]
        for block in blocks
        if len(block) > 1
    ]
    for choice in product(*rewritten):
        parts = [part for parts, _ in choice for part in parts]
        yield tuple(sorted(alone + parts)), prod(factor for _, factor in choice)


@cache
def _cumulant_parts(size: int) -> tuple[tuple[Parts, int], ...]:
    if size == 1:
        return ((((0,),), 1),)
    # parts of one node are central moments of order 1, which are 0
    return tuple((parts, moebius(len(parts))) for parts in set_partitions(size) if all(len(part) > 1 for part in parts))


@cache
def _moment_parts(size: int) -> tuple[tuple[Parts, int], ...]:
    found: list[tuple[Parts, int]] = []
    for joint in (c for k in range(size + 1) if k != 1 for c in combinations(range(size), k)):
        means = tuple((i,) for i in range(size) if i not in joint)
        found.append((((joint, *means) if joint else means), 1))
    return tuple(found)
