r"""Closed forms of a series: the value of every diagram under a model of the noise.

A diagram is a tensor network: its blocks are joint cumulants of the model, its edges contract them.  Exact entries are
multiplied in the ring of polynomials (or rational functions) of the model's symbols and become expressions at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.constructor import construct_domain

from sgdsym.arguments import read_by_degree
from sgdsym.diagrams import Diagram
from sgdsym.noise.model import NoiseModel, read_cumulant
from sgdsym.quantities import Array, as_array, common, read_tensor
from sgdsym.series import Coefficient, Series, read_series

_Degrees = tuple[int, ...]


def with_noise(series: Series, model: NoiseModel, root_derivatives: Mapping[int, Any] | None = None) -> Any:
    r"""A series with the cumulants of a model of the noise put in.

    .. math:: \sum_D c_D\,\eta^{|edges(D)|}\, value(D)

    Args:
        series: the series, in cumulants or moments.
        model: gives the joint cumulants; :class:`LinearRegression`, :class:`Empirical`, … or one of your own.
        root_derivatives: for the observable ``function`` by degree the derivatives of that function, (p, …, p).

    Returns:
        An expression in ``eta``, the sizes and the symbols of the model; a column for displacement, a matrix for the
        covariance of the weights.

    Raises:
        ValueError: if the model does not know a cumulant, or tensors do not fit together.

    >>> from sgdsym.noise import LinearRegression
    >>> from sgdsym.sgd import expand
    >>> a, w, s = sp.symbols("a w sigma")
    >>> model = LinearRegression([[a]], [w], label_variance=s**2)
    >>> sp.factor(with_noise(expand(order=1), model).coeff("eta", 1))
    -T*a**2*w**2
    """
    cumulants = read_series(series).as_cumulants()
    series.setting.require_plain("a closed form")
    if root_derivatives is not None:
        root_derivatives = read_by_degree("root_derivatives", root_derivatives)
    terms = list(cumulants)
    tensors = _Tensors.of([d for d, _ in terms], model, root_derivatives)
    groups: dict[tuple[int, Coefficient], Any] = {}
    for diagram, coefficient in terms:
        value = _value(diagram, tensors)
        # many diagrams share a coefficient, and expressions are slow to multiply
        key = diagram.order, coefficient
        groups[key] = groups[key] + value if key in groups else value
    eta = sp.Symbol("eta")
    axes = series.setting.open_indices if not terms else len(terms[0][0].open_roots) * (root_derivatives is None)
    total: Any = np.zeros((tensors.dimension,) * axes, dtype=object)
    for (order, coefficient), value in groups.items():
        total = total + tensors.written(value) * (coefficient.as_expr() * eta**order)
    return sp.Matrix(np.asarray(total).tolist()) if axes else sp.sympify(np.asarray(total)[()], strict=True)


class _Tensors:
    """The tensors that the diagrams need, in one domain."""

    def __init__(self, cumulants: dict[_Degrees, Array], roots: dict[int, Array], domain: Any) -> None:
        self.cumulants, self.roots, self.domain = cumulants, roots, domain
        self.dimension = max((a.shape[0] for a in (*cumulants.values(), *roots.values()) if a.ndim), default=0)

    @classmethod
    def of(cls, diagrams: Sequence[Diagram], model: NoiseModel, root_derivatives: Mapping[int, Any] | None) -> _Tensors:
        needed = sorted({tuple(sorted(d.degrees[v] for v in block)) for d in diagrams for block in d.blocks})
        at_roots = {d.degrees[v] for d in diagrams for v in d.open_roots}
        if root_derivatives is None and at_roots - {1}:
            raise ValueError("the open root of this series carries another function; give its root_derivatives")
        if root_derivatives is not None and not at_roots:
            raise ValueError("the series has no open root; leave root_derivatives out")
        missing = sorted(at_roots - set(root_derivatives)) if root_derivatives is not None else []
        if missing:
            raise ValueError(f"root_derivatives[{missing[0]}] is missing; the series needs it")
        found = [read_cumulant(model, degrees) for degrees in needed]
        carried = sorted(at_roots) if root_derivatives is not None else []
        found += [read_tensor(f"root_derivatives[{k}]", (root_derivatives or {})[k]).array for k in carried]
        sides = sorted({side for array in found for side in array.shape})
        if len(sides) > 1:
            raise ValueError(f"the number of weights p differs between the tensors of the model: {sides}")
        arrays, domain = _in_domain(common(found))
        return cls(
            dict(zip(needed, arrays, strict=False)), dict(zip(carried, arrays[len(needed) :], strict=True)), domain
        )

    def written(self, value: Any) -> Array:
        """A value as an array of expressions."""
        array = np.asarray(value)
        convert = sp.expand if self.domain is None else self.domain.to_sympy
        return as_array((convert(entry) for entry in array.flat), array.shape)


def _in_domain(arrays: list[Array]) -> tuple[list[Array], Any]:
    """Exact arrays with their entries in one ring; floats, and what fits in no ring, as they are."""
    if not arrays or arrays[0].dtype != object:
        return arrays, None
    # a half makes the ring one over the rationals, where values can be averaged
    domain, elements = construct_domain([sp.S.Half, *(entry for array in arrays for entry in array.flat)])
    if domain.is_EX:
        return arrays, None
    rest = iter(elements[1:])
    return [as_array((next(rest) for _ in array.flat), array.shape) for array in arrays], domain


def _value(diagram: Diagram, tensors: _Tensors) -> Any:
    """Contract the diagram; where several roots are open, average over their exchanges."""
    degrees, ends = diagram.degrees, diagram.legs
    factors: list[tuple[Array, Sequence[int]]] = []
    for block in diagram.blocks:
        members = sorted(block, key=degrees.__getitem__)
        labels = [edge for v in members for edge in ends[v]]
        factors.append((tensors.cumulants[tuple(degrees[v] for v in members)], labels))
    open_labels: list[int] = []
    for root in diagram.open_roots:
        if tensors.roots:
            factors.append((tensors.roots[degrees[root]], ends[root]))
        else:
            open_labels += ends[root]
    value = _contracted(factors, open_labels)
    if len(open_labels) < 2:
        return value
    orders = list(permutations(range(len(open_labels))))
    return sum(np.transpose(value, order) for order in orders) * _inverse(factorial(len(open_labels)), tensors)


def _inverse(number: int, tensors: _Tensors) -> Any:
    if tensors.domain is None:
        return sp.Rational(1, number)
    return tensors.domain.from_sympy(sp.Rational(1, number))


def _contracted(factors: list[tuple[Array, Sequence[int]]], kept: Sequence[int]) -> Any:
    """Contract the network, always the pair of factors with the smallest result next."""
    network = [_traced(*factor) for factor in factors]
    while len(network) > 1:
        i, j = min(combinations(range(len(network)), 2), key=lambda pair: _cost(*(network[k][1] for k in pair)))
        (a, own), (b, other) = network[i], network[j]
        left = sorted(set(own) ^ set(other))
        network = [factor for k, factor in enumerate(network) if k not in (i, j)]
        network.append((np.asarray(np.einsum(a, own, b, other, left)), left))
    if not network:
        return np.asarray(1)
    array, labels = network[0]
    return np.asarray(np.einsum(array, labels, list(kept)))[()]


def _cost(own: Iterable[int], other: Iterable[int]) -> tuple[int, int]:
    """The axes of the result, and of the product before it is summed; factors that share nothing come last."""
    # products of what shares nothing only grow, so they wait: 100 is more than the axes of any diagram
    return len(set(own) ^ set(other)) + 100 * set(own).isdisjoint(other), len(set(own) | set(other))


def _traced(array: Array, labels: Sequence[int]) -> tuple[Array, Sequence[int]]:
    """A factor with every edge inside it summed."""
    left = [label for label in labels if labels.count(label) == 1]
    return (array, labels) if len(left) == len(labels) else (np.asarray(np.einsum(array, labels, left)), left)
