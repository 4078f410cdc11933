r"""The slow, obvious interpreter of series: the executable specification that kernels are tested against.

A diagram's value is written down as the theory defines it.  Each block is a joint moment of the derivative tensors of
its nodes over the population, or their joint cumulant

.. math:: \kappa(b) = \sum_{\pi} (-1)^{|\pi|-1} (|\pi|-1)!
          \prod_{c\in\pi} E\Big[\bigotimes_{v\in c} \nabla^{\deg v} l_x\Big],

and the edges contract the indices.  Every product of moments is one tensor network with a summed data point for
each moment, and every network is one ``einsum``.  Nothing is shared, nothing is clever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np

from sgdsym.arguments import read_by_degree, read_choice
from sgdsym.diagrams import Diagram, refinements
from sgdsym.numeric.networks import contracted
from sgdsym.numeric.population import Population, Tensors
from sgdsym.numeric.sizes import are_exact, as_float, exact_numbers, exact_sizes, nearly_exact_numbers, rounded_numbers
from sgdsym.series import BASES, Basis, Series, read_series


def interpret(
    series: Series,
    derivatives: Tensors,
    /,
    *,
    weights: Any = None,
    metric: Any = None,
    root_derivatives: Tensors | None = None,
    start: Any = None,
    **symbols: Any,
) -> list[Any]:
    r"""The coefficients of :math:`\eta^0, …, \eta^d` of a series on a population of data points.

    Args:
        series: the series.
        derivatives: by degree :math:`k` the tensors :math:`\nabla^k l_x` of n data points, shape (n, p, …, p)
            with :math:`k` axes of length p; where a degree occurs only in blocks of its own the mean alone will do.
        weights: probabilities of the data points, (n,), summing to 1; uniform if left out.
        metric: the inverse metric of every contraction, (p,) or symmetric (p, p); the identity if left out.
        root_derivatives: for the observable ``function`` by degree the derivatives of that function, (p, …, p).
        start: with weight decay the weights :math:`\theta_0` where the derivatives of the plain loss are taken, (p,).
        **symbols: a number for each symbol of the series; ``schedule``, the rate of each update, where it has sums over those.

    Returns:
        One number for each order: fractions if everything given is an integer or a fraction, else floats.  With open
        indices (displacement, covariance) arrays with one axis of length p for each.

    Raises:
        ValueError: naming the missing or unknown symbol, or the tensor that is missing, misshapen or not finite.

    >>> from sgdsym.sgd import expand
    >>> slopes, curvatures = [[1], [3]], [[[0]], [[2]]]        # two data points, one weight
    >>> interpret(expand(order=2, batch_size=1), [[0, 0], slopes, curvatures], T=2)
    [Fraction(0, 1), Fraction(-8, 1), Fraction(13, 1)]
    """
    diagrams = read_series(series).diagrams()
    axes = _open_axes(series, diagrams, root_derivatives)
    # a series without terms has zeros of length p, which the gradients say
    read = diagrams or ([Diagram(2, [(0, 1)], [(1,)], [0])] if axes else [])
    tensors, sizes = read_by_degree("derivatives", derivatives), exact_sizes(series, symbols)
    population = Population.from_tensors(
        tensors,
        read,
        weights=weights,
        metric=metric,
        root_derivatives=root_derivatives,
        weight_decay=series.setting.weight_decay.substitute(sizes).as_fraction(),
        start=checked_start(start, decays=bool(series.setting.weight_decay)),
    )
    exact = population.exact and are_exact(series, symbols)
    coefficients = [population.zero(axes) for _ in range(series.truncation + 1)]
    terms = list(series)
    evaluated = exact_numbers if exact else nearly_exact_numbers if population.exact else rounded_numbers
    numbers: Sequence[Any] = evaluated([c for _, c in terms], sizes)
    for (diagram, _), number in zip(terms, numbers, strict=True):
        value = _value(diagram, series.basis, population)
        scaled = value * number
        # not in place: a sum of floats and of exact numbers has another type than its first term
        coefficients[diagram.order] = coefficients[diagram.order] + scaled
    return coefficients if exact else [np.asarray(c, dtype=float) if axes else as_float(c) for c in coefficients]


def interpret_diagram(
    diagram: Diagram,
    basis: Basis,
    derivatives: Tensors,
    *,
    weights: Any = None,
    metric: Any = None,
    root_derivatives: Tensors | None = None,
    weight_decay: Any = 0,
    start: Any = None,
) -> Any:
    r"""The value of one diagram on a population of data points.

    The arguments are those of :func:`interpret`.  A diagram is known up to isomorphism only, so where several roots
    are open the value is averaged over their exchanges.

    Args:
        diagram: the diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        derivatives: as in :func:`interpret`.
        weights: as in :func:`interpret`.
        metric: as in :func:`interpret`.
        root_derivatives: as in :func:`interpret`.
        weight_decay: a number; all nodes but the roots carry derivatives of the loss plus half of it times the squared weights.
        start: with weight decay the weights where the derivatives are taken, (p,).

    Returns:
        A fraction or a float; with open roots an array with one axis of length p for each.

    Raises:
        ValueError: naming the tensor that is missing, misshapen or not finite.

    >>> noise = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])         # C : H, or H : E[gg] in moments
    >>> tensors = {1: [[1], [3]], 2: [[[0]], [[2]]]}
    >>> interpret_diagram(noise, "cumulant", tensors), interpret_diagram(noise, "moment", tensors)
    (Fraction(1, 1), Fraction(5, 1))
    """
    read_choice("basis", basis, BASES)
    decays = np.ndim(weight_decay) > 0 or bool(weight_decay != 0)
    population = Population.from_tensors(
        derivatives,
        [diagram],
        weights=weights,
        metric=metric,
        root_derivatives=root_derivatives,
        weight_decay=weight_decay,
        start=checked_start(start, decays=decays),
    )
    return _value(diagram, basis, population)


def _value(diagram: Diagram, basis: Basis, population: Population) -> Any:
    """The sum over products of joint moments, each one tensor network."""
    splits = refinements(diagram.blocks) if basis == "cumulant" else [(list(diagram.blocks), 1)]
    value = sum(weight * _network(diagram, parts, population) for parts, weight in splits)
    axes = np.ndim(value)
    if axes > 1:
        value = sum(np.transpose(value, order) for order in permutations(range(axes))) / Fraction(factorial(axes))
    return value


def _network(diagram: Diagram, parts: Sequence[tuple[int, ...]], population: Population) -> Any:
    """Contract the product of the joint moments of the parts along the edges."""
    operands, indices = _edge_indices(diagram, population.metric)
    degrees = diagram.degrees
    free = 2 * len(diagram.edges)
    # the numbers below belong to the edges, two for each
    for point, part in enumerate(parts, start=free):
        if len(part) == 1:
            operands += [_carried(diagram, part[0], population.means, population), indices[part[0]]]
            continue
        operands += [population.weights, [point]]
        for v in part:
            operands += [_carried(diagram, v, population.samples, population), [point, *indices[v]]]
    left: list[int] = []
    for root in diagram.open_roots:
        if population.root_derivatives:
            operands += [population.root_derivatives[degrees[root]], indices[root]]
        else:
            left += indices[root]
    if population.exact:
        return contracted(list(zip(operands[::2], operands[1::2], strict=True)), left)[()]
    # without a plan numpy goes through all values of all indices at once: p for each edge times n for each moment
    return np.asarray(np.einsum(*operands, left, optimize="greedy"))[()]


def _carried(diagram: Diagram, v: int, tensors: Mapping[int, Any], population: Population) -> Any:
    """The tensor of a node: a root carries derivatives of the plain loss, any other node those of the trained one."""
    degree = diagram.degrees[v]
    return tensors[degree] if v in diagram.roots else population.trained(degree, tensors[degree])


def checked_start(start: Any, *, decays: bool) -> Any:
    """The start of a run, which is asked for where there is weight decay, and only there.

    Raises:
        ValueError: if it is missing, or given in vain.

    >>> checked_start([1, 2], decays=False)
    Traceback (most recent call last):
    ValueError: start is for weight decay, and there is none here; leave it out
    """
    if decays and start is None:
        raise ValueError("weight decay pulls at the weights themselves; give them as start=…, shape (p,)")
    if start is not None and not decays:
        raise ValueError("start is for weight decay, and there is none here; leave it out")
    return start


def _edge_indices(diagram: Diagram, metric: Any) -> tuple[list[Any], list[list[int]]]:
    """The operands that the metric adds, one for each edge, and the indices at each node."""
    # with a metric that is a matrix the ends of an edge have an index each
    apart = 0 if metric is None else metric.ndim - 1
    operands: list[Any] = []
    if metric is not None:
        for edge in range(diagram.order):
            operands += [metric, [2 * edge, 2 * edge + apart][: metric.ndim]]
    indices = [
        [2 * edge + apart * (v == diagram.edges[edge][1]) for edge in legs] for v, legs in enumerate(diagram.legs)
    ]
    return operands, indices


def _open_axes(series: Series, diagrams: Sequence[Diagram], root_derivatives: Tensors | None) -> int:
    """The number of open indices of the values; for a series without terms it is that of its observable."""
    if root_derivatives is not None:
        return 0
    counts = {len(diagram.open_roots) for diagram in diagrams} or {series.setting.open_indices}
    if len(counts) > 1:
        raise ValueError("the diagrams have different numbers of open roots; their values cannot be added")
    return counts.pop()
