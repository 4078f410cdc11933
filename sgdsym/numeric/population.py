r"""A weighted population of data points, as the derivative tensors of their losses, checked once.

Exact numbers stay exact: where every entry is an integer or a fraction the arrays hold fractions, one float makes
all of them floats.  The file knows shapes and weights; what is summed over the population is the interpreter's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.arguments import read_by_degree
from sgdsym.diagrams import Diagram
from sgdsym.quantities import are_close, read_fractions

Array: TypeAlias = NDArray[Any]
Tensors: TypeAlias = Sequence[Any] | Mapping[int, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    r"""Derivative tensors of a weighted population, with what the contractions need besides.

    Attributes:
        means: by degree :math:`k` the mean of :math:`\nabla^k l_x`, shape (p, …, p).
        samples: by degree the tensors of each data point, shape (n, p, …, p), where they are known.
        weights: the probability of each data point, shape (n,); ``None`` where only means are known.
        metric: the inverse metric, shape (p,) or (p, p), or ``None`` for the identity.
        root_derivatives: by degree the derivatives that open roots carry, shape (p, …, p); empty where they are
            open indices.
        decay: by degree what weight decay adds to the derivatives of the loss that is trained on, of degrees 0 to 2; empty
            without it.
        exact: whether the arrays hold fractions.

    >>> slopes = [[1], [3]]                                      # two data points, one weight
    >>> population = Population.from_tensors({1: slopes}, [Diagram(2, [(0, 1)])])
    >>> population.means[1]
    array([Fraction(2, 1)], dtype=object)
    """

    means: Mapping[int, Array]
    samples: Mapping[int, Array]
    weights: Array | None
    metric: Array | None
    root_derivatives: Mapping[int, Array]
    decay: Mapping[int, Array]
    exact: bool

    @classmethod
    def from_tensors(
        cls,
        derivatives: Tensors,
        diagrams: Iterable[Diagram],
        *,
        weights: Any = None,
        metric: Any = None,
        root_derivatives: Tensors | None = None,
        weight_decay: Any = 0,
        start: Any = None,
    ) -> Population:
        r"""Check what the diagrams need of the given tensors, and average it.

        Args:
            derivatives: by degree :math:`k` an array (n, p, …, p) with :math:`k` axes of length p, or the mean alone.
            diagrams: what is going to be evaluated; degrees that do not occur in them are not looked at.
            weights: probabilities of the data points, uniform if left out.
            metric: the inverse metric, (p,) or symmetric (p, p).
            root_derivatives: by degree the derivatives that open roots carry, (p, …, p).
            weight_decay: the factor :math:`\lambda` of what is trained on besides the loss, :math:`\frac\lambda2|\theta|^2`.
            start: the weights where all derivatives are taken, (p,); for weight decay alone.

        Raises:
            ValueError: naming the tensor that is missing, misshapen, not finite or not made of numbers.
        """
        needs = _Needs.of(diagrams, root_derivatives is not None)
        tensors = _tensors("derivatives", derivatives, needs.degrees)
        roots = _tensors("root_derivatives", root_derivatives or {}, needs.roots)
        given_weights = None if weights is None else read_fractions("weights", weights)
        given_metric = None if metric is None else read_fractions("metric", metric)
        given_decay = None if start is None else _decay(weight_decay, start)
        optional = [array for array in (given_weights, given_metric, given_decay) if array is not None]
        exact = all(array.dtype == object for array in (*tensors.values(), *roots.values(), *optional))
        if not exact:
            tensors, roots = _floats(tensors), _floats(roots)
        samples = {k: array for k, array in tensors.items() if array.ndim == k + 1}
        _check_degrees(tensors, needs.sampled)
        _check_shapes(tensors, roots, given_metric, given_decay)
        probabilities = _probabilities(given_weights, {k: len(array) for k, array in samples.items()}, exact)
        means = {
            k: np.tensordot(probabilities, array, 1) if k in samples and probabilities is not None else array
            for k, array in tensors.items()
        }
        means = {k: np.asarray(array, dtype=object if exact else float) for k, array in means.items()}
        if given_metric is not None and not exact:
            given_metric = given_metric.astype(float)
        decay = {} if given_decay is None else _decay_by_degree(given_decay if exact else given_decay.astype(float))
        return cls(means, samples, probabilities, given_metric, roots, decay, exact)

    def trained(self, degree: int, tensors: Array) -> Array:
        """Derivatives of the loss that is trained on, from those of the plain loss: with what weight decay adds."""
        return tensors + self.decay[degree] if degree in self.decay else tensors

    def zero(self, axes: int) -> Any:
        """Zero with some open indices: a number, or an array of that many axes of length p."""
        number: Any = Fraction(0) if self.exact else 0.0
        if not axes:
            return number
        lengths = [array.shape[0] for k, array in self.means.items() if k]
        return np.full((max(lengths, default=0),) * axes, number, dtype=object if self.exact else float)


def sampled_degrees(diagrams: Iterable[Diagram]) -> frozenset[int]:
    r"""The degrees that share a data point with another node: their tensors are needed point by point.

    For every other degree the mean tensor is enough, and the n tensors it averages need never be stored.

    >>> from sgdsym.sgd import expand
    >>> sorted(sampled_degrees(expand(order=3).diagrams()))
    [1, 2]
    """
    return frozenset(
        diagram.degrees[v] for diagram in diagrams for block in diagram.blocks if len(block) > 1 for v in block
    )


@dataclass(frozen=True, slots=True)
class _Needs:
    degrees: tuple[int, ...]
    sampled: frozenset[int]
    roots: tuple[int, ...]

    @classmethod
    def of(cls, diagrams: Iterable[Diagram], with_roots: bool) -> _Needs:
        drawn = list(diagrams)
        in_blocks = {d.degrees[v] for d in drawn for block in d.blocks for v in block}
        at_roots = {d.degrees[v] for d in drawn for v in d.open_roots}
        if not with_roots and at_roots - {1}:
            raise ValueError("the open root of this series carries another function; give its root_derivatives")
        if with_roots and not at_roots:
            raise ValueError("the series has no open root; leave root_derivatives out")
        return cls(tuple(sorted(in_blocks)), sampled_degrees(drawn), tuple(sorted(at_roots)) if with_roots else ())


def _tensors(name: str, tensors: Tensors, degrees: Iterable[int]) -> dict[int, Array]:
    given = read_by_degree(name, tensors)
    missing = [k for k in degrees if k not in given]
    if missing:
        raise ValueError(f"{name}[{missing[0]}] is missing; the series needs it")
    return {k: read_fractions(f"{name}[{k}]", given[k]) for k in degrees}


def _floats(tensors: Mapping[int, Array]) -> dict[int, Array]:
    return {k: array.astype(float) for k, array in tensors.items()}


def _check_degrees(tensors: Mapping[int, Array], sampled: frozenset[int]) -> None:
    for k, array in tensors.items():
        shape = f"({', '.join(['n', *'p' * k])}{',' if not k else ''})"
        if array.ndim == k and k in sampled:
            raise ValueError(f"derivatives[{k}] is a mean; the series needs it for each data point, shape {shape}")
        if array.ndim not in (k, k + 1):
            raise ValueError(f"derivatives[{k}] has shape {array.shape}; it must be {shape}")


def _decay(weight_decay: Any, start: Any) -> Array:
    """The weight decay, and behind it the start."""
    weights = read_fractions("start", start)
    if weights.ndim != 1:
        raise ValueError(f"start has shape {weights.shape}; it must be (p,)")
    return read_fractions("weight_decay and start", [weight_decay, *weights])


def _decay_by_degree(decay: Array) -> dict[int, Array]:
    """The derivatives of half the squared weights times the decay."""
    rate, start = decay[0], decay[1:]
    half, unit = (Fraction(1, 2), Fraction(1)) if decay.dtype == object else (0.5, 1.0)
    curvature = np.full((len(start), len(start)), 0 * unit, dtype=decay.dtype)
    np.fill_diagonal(curvature, rate)
    return {0: np.asarray(half * rate * start.dot(start)), 1: rate * start, 2: curvature}


def _check_shapes(
    tensors: Mapping[int, Array], roots: Mapping[int, Array], metric: Array | None, decay: Array | None
) -> None:
    axes = {f"derivatives[{k}]": array.shape[array.ndim - k :] for k, array in tensors.items() if k}
    for k, array in roots.items():
        if array.ndim != k:
            raise ValueError(f"root_derivatives[{k}] has shape {array.shape}; it must have {k} axes of length p")
        axes[f"root_derivatives[{k}]"] = array.shape
    if metric is not None:
        if metric.ndim not in (1, 2):
            raise ValueError(f"metric has shape {metric.shape}; it must be (p,) or (p, p)")
        axes["metric"] = metric.shape
    if decay is not None:
        axes["start"] = (len(decay) - 1,)
    lengths = {length for shape in axes.values() for length in shape}
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} {shape}" for name, shape in axes.items() if shape)
        raise ValueError(f"the number of weights p differs between the tensors: the axes are {shapes}")
    if metric is not None and metric.ndim == 2 and not are_close(metric, metric.T):
        raise ValueError("metric must be symmetric")


def _probabilities(weights: Array | None, points: Mapping[int, int], exact: bool) -> Array | None:
    """The weights of the data points, uniform by default; ``None`` where there are no data points."""
    counts = set(points.values())
    if len(counts) > 1:
        lengths = ", ".join(f"derivatives[{k}] {n}" for k, n in points.items())
        raise ValueError(f"the number of data points n differs between the tensors: {lengths}")
    if not counts:
        return None
    n = counts.pop()
    if n < 1:
        raise ValueError("the derivatives hold no data point")
    if weights is None:
        return np.full(n, Fraction(1, n) if exact else 1 / n, dtype=object if exact else float)
    if weights.shape != (n,):
        raise ValueError(f"weights has shape {weights.shape}; there are {n} data points, so it must be ({n},)")
    if not are_close(weights.sum(), 1):
        raise ValueError(f"weights must sum to 1, not to {weights.sum()}")
    if (weights < 0).any():
        raise ValueError(f"weights are probabilities, none below 0; the smallest is {weights.min()}")
    return weights if exact else weights.astype(float)
