"""How many sample axes and index axes each array of a program has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sgdsym.codegen.ir import (
    Combine,
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Moments,
    Pairs,
    Pass,
    Power,
    Raise,
    RootDerivative,
    Samples,
    Statement,
    Trained,
    Watch,
    Weigh,
    Weights,
)

Shape: TypeAlias = tuple[int, int]


def shape_of(axes: str) -> Shape:
    """Number of sample axes and of index axes; upper-case letters are sample axes.

    >>> shape_of("Nij")
    (1, 2)
    """
    samples = sum(letter.isupper() for letter in axes)
    return samples, len(axes) - samples


def shapes(  # noqa: C901 - one case per kind of statement
    statements: Iterable[Statement], known: Mapping[str, Shape] | None = None
) -> dict[str, Shape]:
    """Number of sample axes and of index axes of every array, made by these statements or known before."""
    shape: dict[str, Shape] = dict(known or {})
    for statement in statements:
        match statement:
            case Weights(target):
                shape[target] = 1, 0
            case Mean(target, degree) | RootDerivative(target, degree) | Trained(target, _, degree):
                shape[target] = 0, degree
            case Samples(target, degree):
                shape[target] = 1, degree
            case Deviations(target, source) | Weigh(target, source) | Raise(target, source):
                shape[target] = shape[source]
            case Pairs(target=target):
                shape[target] = 1, 2
            case ContractPair(target=target, indices=indices):
                shape[target] = 1, indices
            case Power(target=target) | Watch(target=target):
                shape[target] = 0, 0
            case Contract(target=target, axes=axes) | Combine(target=target, axes=axes):
                shape[target] = shape_of(axes)
            case Pass(body=body) | Moments(body=body):
                shape |= shapes(body, shape)
    return shape
