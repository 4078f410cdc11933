r"""Series under an assumption on the loss or on its noise: a substitution that drops vanishing terms.

Each takes any series, plain or resummed, and returns one in the basis it was given in.  An assumption about joint cumulants is applied to
the cumulant basis; one about means holds in either.  They may be applied one after the other, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sgdsym.diagrams import Diagram
from sgdsym.resummation import Resummed
from sgdsym.series import Series

Expansion = TypeVar("Expansion", Series, Resummed)


def at_minimum(series: Expansion) -> Expansion:
    """The series at a stationary point of the mean loss, such as a test minimum: the mean gradient vanishes.

    Terms with a mean gradient, a block of one node on one edge, are dropped.

    >>> from sgdsym.sgd import expand
    >>> print(at_minimum(expand(order=3, batch_size=1)))
    l
    + η² (T/2) tr(H C)
    - η³ (T/6) J[S]
    - η³ (T(T - 1)/2) tr(H² C)
    """
    series.setting.require_plain("a minimum of the loss")
    # a mean is a block of its own in both bases, so that no change of basis is needed
    return _without(series, lambda diagram: 1 in _single_degrees(diagram))


def deterministic(series: Expansion) -> Expansion:
    """The series of a loss that is the same on every data point: all joint cumulants of two or more vanish.

    >>> from sgdsym.sgd import expand
    >>> print(deterministic(expand(order=2)))
    l
    - η T G·G
    + η² (T(2T - 1)/2) G·H G
    """
    return _in_cumulants(series, lambda diagram: _largest_block(diagram) > 1)


def gaussian_noise(series: Expansion) -> Expansion:
    """The series where all derivatives of the loss on a data point are jointly Gaussian: cumulants past the second vanish.

    >>> from sgdsym.sgd import expand
    >>> cubic = expand(order=3)
    >>> print(cubic - gaussian_noise(cubic))
    - η³ (T/(6B²)) J[S]
    """
    return _in_cumulants(series, lambda diagram: _largest_block(diagram) > 2)


def additive_noise(series: Expansion) -> Expansion:
    r"""The series where only gradients fluctuate, :math:`l_x(\theta) = l(\theta) + \xi_x\cdot\theta`.

    Joint cumulants of a second or higher derivative with anything else vanish.

    >>> from sgdsym.sgd import expand
    >>> cubic = expand(order=3)
    >>> print(cubic - additive_noise(cubic))
    - η³ (T(T - 1)/(2B)) G_a κ(h_ab, g_c) H_bc
    """

    def vanishes(diagram: Diagram) -> bool:
        degrees = diagram.degrees
        return any(len(block) > 1 and max(degrees[v] for v in block) > 1 for block in diagram.blocks)

    return _in_cumulants(series, vanishes)


def quadratic_loss(series: Expansion) -> Expansion:
    """The series where the mean loss is quadratic: its derivatives past the second vanish.

    Those of single data points may fluctuate about zero; :func:`additive_noise` excludes that too.

    >>> from sgdsym.sgd import expand
    >>> print(quadratic_loss(additive_noise(at_minimum(expand(order=3)))))
    l
    + η² (T/(2B)) tr(H C)
    - η³ (T(T - 1)/(2B)) tr(H² C)
    """
    return _without(series, lambda diagram: max(_single_degrees(diagram), default=0) > 2)


def _single_degrees(diagram: Diagram) -> set[int]:
    """Degrees of the nodes that are blocks of their own: the mean tensors."""
    degrees = diagram.degrees
    return {degrees[block[0]] for block in diagram.blocks if len(block) == 1}


def _largest_block(diagram: Diagram) -> int:
    return max((len(block) for block in diagram.blocks), default=0)


def _without(series: Expansion, vanishes: Callable[[Diagram], bool]) -> Expansion:
    if isinstance(series, Resummed):
        return series.without(vanishes)
    terms = {diagram: c for diagram, c in series.terms.items() if not vanishes(diagram)}
    return replace(series, terms=terms, recount=series.again(lambda s: _without(s, vanishes)))


def _in_cumulants(series: Expansion, vanishes: Callable[[Diagram], bool]) -> Expansion:
    if isinstance(series, Resummed):
        return series.without(vanishes)
    return _without(series.as_cumulants(), vanishes).in_basis(series.basis)
