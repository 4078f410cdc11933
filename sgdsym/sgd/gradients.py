r"""Derivatives of diagrams with respect to the weights, and named scalars such as :math:`|G|^2` and :math:`tr\,C`.

The derivative of a joint cumulant or moment raises the degree of one member at a time, so the gradient of a closed
diagram is the sum over its nodes of the diagram with one more edge there, to an open root.  Every such diagram comes from
one closed diagram only, which is why a gradient field is recognised, and integrated, term by term.
"""

from __future__ import annotations

from dataclasses import replace

from sgdsym.diagrams import Diagram
from sgdsym.series import ALONG_GRADIENT, GRADIENT, POTENTIAL, Coefficient, Series, Setting, collect


def squared_gradient() -> Series:
    r"""The scalar :math:`|G|^2`, one diagram of one edge.

    >>> print(squared_gradient())
    η G·G
    """
    return _named("|G|^2", Diagram(2, [(0, 1)]))


def covariance_trace() -> Series:
    r"""The scalar :math:`tr\,C`, the variance of the gradient: two nodes on one edge, in one block.

    >>> print(covariance_trace().as_moments())
    - η G·G
    + η E[g·g]
    """
    return _named("tr C", Diagram(2, [(0, 1)], [(0, 1)]))


def noise_curvature() -> Series:
    r"""The scalar :math:`C:H`.

    >>> print(noise_curvature())
    η² tr(H C)
    """
    return _named("C:H", Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))


def gradient(series: Series) -> Series:
    r"""The gradient of a series with respect to the weights, with an open index; orders rise by one with the new edge.

    Raises:
        ValueError: if the series has open indices already.

    >>> print(gradient(covariance_trace()).as_moments())                # d_k tr C = 2 (E[g_m h_mk] - G_m H_mk)
    - 2 η² H G
    + 2 η² E[h g]
    """
    return replace(_differentiated(series, rooted=True), setting=Setting(GRADIENT), recount=series.again(gradient))


def along_gradient(series: Series) -> Series:
    r"""The derivative of a series along the mean gradient, :math:`G\cdot\nabla`; orders rise by one with the new edge.

    Raises:
        ValueError: if the series has open indices.

    >>> print(along_gradient(squared_gradient()))
    2 η² G·H G
    """
    setting = Setting(ALONG_GRADIENT)
    return replace(_differentiated(series, rooted=False), setting=setting, recount=series.again(along_gradient))


def potential(series: Series) -> Series:
    r"""The series whose gradient is the given one, with one open index; orders fall by one with the edge that goes.

    Raises:
        ValueError: if the series is not the gradient of a series.

    >>> print(potential(gradient(covariance_trace())))
    η tr(C)
    """
    series.setting.require_plain("a potential")
    found: dict[Diagram, Coefficient] = {}
    for diagram, coefficient in series:
        closed = _without_root(diagram)
        if closed not in found:
            # the gradient has a diagram once for each node whose derivative gives it, and so brings the coefficient
            # as often
            found[closed] = coefficient / sum(_extended(closed, v, rooted=True) == diagram for v in range(closed.nodes))
    truncation, setting, recount = series.truncation - 1, Setting(POTENTIAL), series.again(potential)
    integral = replace(series, terms=found, truncation=truncation, setting=setting, recount=recount)
    # a term may lack its sisters, which the same potential would bring: differentiating again shows it
    if gradient(integral).terms != series.terms:
        raise ValueError("the series is not a gradient: no function of the weights has these derivatives")
    return integral


def _named(name: str, diagram: Diagram) -> Series:
    return Series({diagram: Coefficient(1)}, diagram.order, "cumulant", Setting.named(name))


def _differentiated(series: Series, rooted: bool) -> Series:
    series.setting.require_plain("a derivative with respect to the weights")
    if any(diagram.open_roots for diagram in series.terms):
        raise ValueError("the series has open indices; derivatives are taken of scalars")
    terms = collect(
        (_extended(diagram, v, rooted), c) for diagram, c in series.terms.items() for v in range(diagram.nodes)
    )
    return replace(series, terms=terms, truncation=series.truncation + 1)


def _extended(diagram: Diagram, node: int, rooted: bool) -> Diagram:
    """The diagram with one more node on one of its nodes: an open root, or a mean gradient."""
    new = diagram.nodes
    roots = [new] if rooted else []
    return Diagram(new + 1, [*diagram.edges, (node, new)], diagram.blocks, roots)


def _without_root(diagram: Diagram) -> Diagram:
    """The closed diagram that is left when the open root and its edge go."""
    if len(diagram.open_roots) != 1 or diagram.degrees[diagram.open_roots[0]] != 1:
        raise ValueError("a potential belongs to a series with one open index, such as a displacement")
    root = diagram.open_roots[0]
    label = {v: i for i, v in enumerate(v for v in range(diagram.nodes) if v != root)}
    edges = [(label[a], label[b]) for a, b in diagram.edges if root not in (a, b)]
    return Diagram(diagram.nodes - 1, edges, [[label[v] for v in block] for block in diagram.blocks])
