"""The value of a diagram straight from its definition, in fractions: every index, every data point."""

from fractions import Fraction
from itertools import product
from math import prod

import numpy as np


def derivatives(rng, n, p, order):
    """Symmetric tensors of small fractions for every degree: lists of n arrays of dtype object, shape (p, ..., p)."""
    found = []
    for k in range(order + 1):
        tensors = []
        for _ in range(n):
            tensor = np.empty((p,) * k, dtype=object)
            for index in np.ndindex(*tensor.shape):
                if list(index) == sorted(index):
                    tensor[index] = Fraction(int(rng.integers(-6, 7)), int(rng.integers(1, 5)))
            for index in np.ndindex(*tensor.shape):
                tensor[index] = tensor[tuple(sorted(index))]
            tensors.append(tensor)
        found.append(np.array(tensors, dtype=object).reshape((n,) + (p,) * k))
    return found


def mean(weights, factors):
    """The weighted mean of a product of random variables, each a list of values."""
    return sum(w * prod(f[x] for f in factors) for x, w in enumerate(weights))


def cumulant(weights, factors):
    """The joint cumulant by the recursion over the block of the first variable."""
    first, *others = factors
    total = mean(weights, factors)
    for choice in product((False, True), repeat=len(others)):
        if not all(choice):
            inside = [f for f, chosen in zip(others, choice, strict=True) if chosen]
            outside = [f for f, chosen in zip(others, choice, strict=True) if not chosen]
            total -= cumulant(weights, [first, *inside]) * mean(weights, outside)
    return total


def value(diagram, basis, tensors, weights, metric, *, root_tensors=None):
    """The value: a fraction, or an object array with one axis per bare open root, averaged over their orders."""
    p = tensors[1].shape[-1]
    bare = () if root_tensors is not None else diagram.open_roots
    joint = {"cumulant": cumulant, "moment": mean}[basis]
    slots = [(v, e) for v in range(diagram.nodes) for e, edge in enumerate(diagram.edges) if v in edge]
    total = np.full((p,) * len(bare), Fraction(0), dtype=object)
    memo = {}
    for indices in product(range(p), repeat=len(slots)):
        at = dict(zip(slots, indices, strict=True))
        factor = prod((metric[at[a, e]][at[b, e]] for e, (a, b) in enumerate(diagram.edges)), start=Fraction(1))
        if not factor:
            continue
        entry = {v: tuple(sorted(i for (w, _), i in at.items() if w == v)) for v in range(diagram.nodes)}
        for block in diagram.blocks:
            key = tuple(sorted(entry[v] for v in block))
            if key not in memo:
                memo[key] = joint(weights, [[t[i] for t in tensors[len(i)]] for i in key])
            factor *= memo[key]
        for v in diagram.open_roots:
            if v not in bare:
                factor *= root_tensors[len(entry[v])][entry[v]]
        total[tuple(entry[v][0] for v in bare)] += factor
    if len(bare) == 2:
        total = (total + total.T) / 2
    return total if bare else total[()]


def coefficients(series, tensors, symbols, *, weights, metric, root_tensors=None):
    """The coefficients of the powers of the learning rate, exactly."""
    found = [Fraction(0) for _ in range(series.truncation + 1)]
    for diagram, coefficient in series:
        number = coefficient.substitute(symbols).as_fraction()
        term = value(diagram, series.basis, tensors, weights, metric, root_tensors=root_tensors)
        found[diagram.order] = found[diagram.order] + number * term
    return found
