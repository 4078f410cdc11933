r"""Series for isotropic gradient noise, :math:`C = \sigma^2 I`, as sympy expressions.

The covariance of two gradients joins the indices at its ends, so what is left of a diagram may have cycles: :math:`C:H`
becomes :math:`\sigma^2\,tr\,H`, no diagram of a tree.  Hence the result is no series but an expression: a
:class:`~sgdsym.tensors.Contraction` where a tree is left, otherwise a symbol named by its index sum, such as ``H_aa`` or
``H_ab H_ab``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import TYPE_CHECKING

from sgdsym.diagrams import Diagram, connected_parts
from sgdsym.series import Series

if TYPE_CHECKING:
    import sympy

Edge = tuple[int, int]


def isotropic_noise(series: Series, variance: sympy.Expr | None = None) -> sympy.Expr:
    r"""The series with :math:`C = \sigma^2 I`: every covariance of two gradients joins the edges at its ends.

    Other joint cumulants stay as they are; :func:`~sgdsym.sgd.gaussian_noise` and :func:`~sgdsym.sgd.additive_noise` drop them.

    Args:
        series: a series of scalars.
        variance: :math:`\sigma^2`, the symbol ``sigma`` squared if left out.  The symbol ``p`` is the number of weights.

    Raises:
        ValueError: if the series has open indices.

    >>> from sgdsym.sgd import at_minimum, expand, gaussian_noise
    >>> isotropic_noise(at_minimum(gaussian_noise(expand(order=2, batch_size=1))))
    H_aa*T*eta**2*sigma**2/2 + l
    """
    import sympy

    sigma = sympy.Symbol("sigma") ** 2 if variance is None else variance
    eta = sympy.Symbol("eta")
    series.setting.require_plain("an expression for isotropic noise")
    if any(diagram.open_roots for diagram in series.terms):
        raise ValueError("the series has open indices; isotropic noise is put into scalars")
    return sympy.Add(*(c.as_expr() * eta**d.order * _value(d, sigma) for d, c in series.as_cumulants()))


def _value(diagram: Diagram, variance: sympy.Expr) -> sympy.Expr:
    import sympy

    degrees = diagram.degrees
    pairs = [block for block in diagram.blocks if [degrees[v] for v in block] == [1, 1]]
    edges, loops = _joined(list(diagram.edges), pairs)
    left = [v for v in range(diagram.nodes) if not any(v in pair for pair in pairs)]
    factor = variance ** len(pairs) * sympy.Symbol("p") ** loops
    if not left:
        return factor
    label = {v: i for i, v in enumerate(left)}
    edges = [(label[a], label[b]) for a, b in edges]
    blocks = [[label[v] for v in block] for block in diagram.blocks if block not in pairs]
    value: sympy.Expr = sympy.S.One
    for nodes in connected_parts(len(left), (*edges, *blocks)):
        value *= _piece(nodes, edges, blocks)
    return factor * value


def _joined(edges: list[Edge], pairs: Sequence[tuple[int, ...]]) -> tuple[list[Edge], int]:
    """The edges when each pair of leaves is taken out and its two edges become one, and the number of bare loops."""
    loops = 0
    for first, second in pairs:
        touching = [edge for edge in edges if first in edge or second in edge]
        edges = [edge for edge in edges if edge not in touching]
        # both leaves hang on one edge: the trace of the identity, p
        if len(touching) == 1:
            loops += 1
        else:
            ends = [next(iter({*edge} - {first, second})) for edge in touching]
            edges.append((ends[0], ends[1]))
    return edges, loops


def _piece(nodes: list[int], edges: Sequence[Edge], blocks: Sequence[Sequence[int]]) -> sympy.Expr:
    """The value of one part: a contraction, or a symbol where its edges make a cycle."""
    import sympy

    from sgdsym.tensors import Contraction

    label = {v: i for i, v in enumerate(nodes)}
    own = [(label[a], label[b]) for a, b in edges if a in label]
    groups = [[label[v] for v in block] for block in blocks if block[0] in label]
    # as many parts as nodes less edges: no cycle
    if len(connected_parts(len(nodes), own)) == len(nodes) - len(own):
        return Contraction.from_diagram(Diagram(len(nodes), own, groups))
    return sympy.Symbol(_index_sum(len(nodes), own, groups), real=True)


def _index_sum(nodes: int, edges: Sequence[Edge], blocks: Sequence[Sequence[int]]) -> str:
    """The sum over indices that a graph with cycles stands for, the same for isomorphic ones."""
    from sgdsym.tensors.notation import TEXT, index_names, index_notation

    best_blocks, best_edges = min(
        (
            sorted(sorted(order[v] for v in block) for block in blocks),
            sorted((min(order[a], order[b]), max(order[a], order[b])) for a, b in edges),
        )
        # the labelling that sorts first names the graph; the parts of low orders have few nodes
        for order in permutations(range(nodes))
    )
    names = index_names(len(best_edges))
    slots: list[list[str]] = [[] for _ in range(nodes)]
    for name, edge in zip(names, best_edges, strict=True):
        for v in edge:
            slots[v].append(name)
    return index_notation([("cumulant", [(len(slots[v]), slots[v]) for v in block]) for block in best_blocks], TEXT)
