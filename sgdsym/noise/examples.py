r"""Models made of examples: the cumulants of given data, and of given data with fresh label noise at every draw.

The derivatives of the loss of example :math:`i` are polynomials :math:`\sum_j \varepsilon^j a_{k,j,i}` in a Gaussian label
noise :math:`\varepsilon`, so every joint moment is a weighted sum over the examples, and the cumulants follow by

.. math:: \kappa(k_1, …, k_m) = \sum_\pi (-1)^{|\pi|-1}(|\pi|-1)! \prod_{c\in\pi} E\Big[\bigotimes_{v\in c}\nabla^{k_v}\ell\Big].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from sgdsym.arguments import read_by_degree
from sgdsym.diagrams import moebius
from sgdsym.noise.model import NamedCumulants, read_degrees
from sgdsym.noise.moments import paired_partitions, read_weights
from sgdsym.quantities import Array, check_covariance, common, outer, read_tensor

# the coefficients of the powers of the label noise, each (n, p, …, p)
_Polynomial: TypeAlias = Mapping[int, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Empirical(NamedCumulants):
    r"""The cumulants of given examples: a population of :math:`n` losses, drawn with their weights.

    Args:
        derivatives: by degree :math:`k` the tensors :math:`\nabla^k\ell_i`, shape (n, p, …, p), as a sequence or a mapping;
            where a degree stands alone in its cumulants the mean (p, …, p) will do.
        weights: probabilities of the examples, uniform if left out.

    Raises:
        ValueError: if a shape does not fit.

    >>> model = Empirical({1: [[1, 0], [3, 2]], 2: [[[1, 0], [0, 1]], [[3, 0], [0, 1]]]})
    >>> model.C, model.H, model.cumulant((1, 2))[0, 0, 0]
    (Matrix([
    [1, 1],
    [1, 1]]), Matrix([
    [2, 0],
    [0, 1]]), 1)
    """

    derivatives: Mapping[int, Any] | Sequence[Any]
    weights: Any = None

    def __post_init__(self) -> None:
        given = read_by_degree("derivatives", self.derivatives)
        tensors = _examples("derivatives", given)
        samples = [array for degree, array in tensors.items() if array.ndim == degree + 1]
        if samples:
            probabilities = read_weights(self.weights, samples[0])
            *arrays, probabilities = common([*tensors.values(), probabilities])
            tensors = dict(zip(tensors, arrays, strict=True))
            object.__setattr__(self, "weights", probabilities)
        object.__setattr__(self, "derivatives", MappingProxyType(tensors))

    def cumulant(self, degrees: Sequence[int]) -> Array:
        """The joint cumulant of the derivatives of these degrees, with the axes of the members in the order given."""
        degrees = read_degrees(degrees)
        tensors = [self._tensor(degree) for degree in degrees]
        if len(degrees) == 1 and tensors[0].ndim == degrees[0]:
            return tensors[0]
        for degree, tensor in zip(degrees, tensors, strict=True):
            if tensor.ndim == degree:
                raise ValueError(f"derivatives[{degree}] is a mean; a joint cumulant needs it for each example")
        return _joint_cumulant(degrees, [{0: tensor} for tensor in tensors], self.weights, 0)

    def _tensor(self, degree: int) -> Array:
        try:
            return np.asarray(self.derivatives[degree])
        except KeyError:
            raise ValueError(f"derivatives[{degree}] is missing; give the derivatives of that degree") from None


@dataclass(frozen=True, slots=True, eq=False)
class LabelNoise(NamedCumulants):
    r"""Squared loss with fresh Gaussian label noise at every draw of an example.

    .. math:: \ell_i = \tfrac12(f_i - y_i - \varepsilon)^2, \qquad \varepsilon\sim N(0,\sigma^2)

    Exact for any model :math:`f`, linear or not.  Where every residual :math:`f_i - y_i` vanishes the mean gradient does
    too, and :math:`C = \sigma^2 H`.

    Args:
        outputs: by degree :math:`k \ge 1` the derivatives :math:`\nabla^kf_i`, shape (n, p, …, p); or the features (n, p)
            of a linear model, whose higher derivatives are zero.
        variance: :math:`\sigma^2`.
        residuals: :math:`f_i - y_i` without the noise, (n,); zero if left out.
        weights: probabilities of the examples, uniform if left out.

    Raises:
        ValueError: if a shape does not fit or the variance is negative.

    Source: [Damian2021]_, section 2.

    >>> from fractions import Fraction
    >>> model = LabelNoise([[1, 2], [3, 1]], variance=Fraction(1, 2))
    >>> model.H, model.C == model.H / 2, model.S == 0 * model.S
    (Matrix([
    [  5, 5/2],
    [5/2, 5/2]]), True, True)
    """

    outputs: Mapping[int, Any] | Sequence[Any] | Array
    variance: Any
    residuals: Any = None
    weights: Any = None

    def __post_init__(self) -> None:
        if isinstance(self.outputs, Mapping):
            tensors = _examples("outputs", self.outputs)
        else:
            features = _examples("features", {1: self.outputs})[1]
            empty = np.zeros(features.shape[:1], dtype=int).astype(features.dtype)
            tensors = {1: features, 0: empty}
        first = tensors.get(1)
        if first is None or any(array.ndim != degree + 1 for degree, array in tensors.items()):
            raise ValueError(
                "label noise needs the derivatives of the output for each example; give outputs[1], (n, p)"
            )
        n = len(first)
        residuals = [0] * n if self.residuals is None else self.residuals
        extra = [
            read_tensor("residuals", residuals).array,
            read_tensor("variance", self.variance).array,
            read_weights(self.weights, first),
        ]
        if extra[0].shape != (n,):
            raise ValueError(f"residuals has shape {extra[0].shape}; there are {n} examples, so it must be ({n},)")
        check_covariance("variance", extra[1])
        *arrays, residuals, variance, probabilities = common([*tensors.values(), *extra])
        fields = {
            "outputs": MappingProxyType(dict(zip(tensors, arrays, strict=True))),
            "residuals": residuals,
            "variance": variance,
            "weights": probabilities,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def cumulant(self, degrees: Sequence[int]) -> Array:
        """The joint cumulant of the derivatives of these degrees, with the axes of the members in the order given."""
        degrees = read_degrees(degrees)
        return _joint_cumulant(degrees, [self._loss(degree) for degree in degrees], self.weights, self.variance[()])

    def _loss(self, degree: int) -> _Polynomial:
        r"""The derivative of the loss, :math:`(r-\varepsilon)\nabla^kf + \frac12\sum_S \nabla^{|S|}f\otimes\nabla^{k-|S|}f`."""
        r = self.residuals
        if degree == 0:
            return {0: r * r / 2, 1: -r, 2: (r - r + 1) / 2}
        output = self._output(degree)
        total = output * r.reshape(-1, *(1,) * degree)
        for size in range(1, degree):
            for chosen in combinations(range(1, degree + 1), size):
                left = [axis for axis in range(1, degree + 1) if axis not in chosen]
                operands = (self._output(size), [0, *chosen], self._output(degree - size), [0, *left])
                total = total + np.einsum(*operands, list(range(degree + 1))) / 2
        return {0: total, 1: -output}

    def _output(self, degree: int) -> Array:
        known = self.outputs
        assert isinstance(known, Mapping)
        if degree in known:
            return np.asarray(known[degree])
        if 0 not in known:
            raise ValueError(f"outputs[{degree}] is missing; give the derivatives of the output of that degree")
        n, p = known[1].shape
        return np.zeros((n, *(p,) * degree), dtype=int).astype(known[1].dtype)


def _examples(name: str, given: Mapping[int, Any]) -> dict[int, Array]:
    """Tensors by degree, for each example or their mean alone, of one number of examples and of weights."""
    tensors = {
        degree: read_tensor(f"{name}[{degree}]", value).array for degree, value in read_by_degree(name, given).items()
    }
    for degree, array in tensors.items():
        if array.ndim not in (degree, degree + 1):
            shape = f"({', '.join(['n', *'p' * degree])}{',' * (not degree)})"
            raise ValueError(f"{name}[{degree}] has shape {array.shape}; it must be {shape}")
    counts = {len(array) for degree, array in tensors.items() if array.ndim == degree + 1}
    sides = {side for degree, array in tensors.items() for side in array.shape[array.ndim - degree :]}
    if len(counts) > 1 or len(sides) > 1:
        shapes = ", ".join(f"{name}[{degree}] {array.shape}" for degree, array in tensors.items())
        raise ValueError(f"the numbers of examples or of weights differ between the tensors: {shapes}")
    return tensors


def _joint_cumulant(
    degrees: Sequence[int], members: Sequence[_Polynomial], probabilities: Array, variance: Any
) -> Array:
    """The joint cumulant of polynomials in the label noise over examples and noise."""
    starts = [sum(degrees[:j]) for j in range(len(degrees))]
    axes = [list(range(start, start + degree)) for start, degree in zip(starts, degrees, strict=True)]
    if len(degrees) == 1:
        return _moment(members, axes, probabilities, variance)
    # a cumulant of two or more does not change when a number is added to a member
    centred = [
        {**member, 0: member[0] - _moment([member], [list(range(k))], probabilities, variance)}
        for member, k in zip(members, degrees, strict=True)
    ]
    total: Any = 0
    for parts in paired_partitions(len(degrees)):
        places = [[axis for v in part for axis in axes[v]] for part in parts]
        moments = [
            _moment([centred[v] for v in part], _renumbered([axes[v] for v in part]), probabilities, variance)
            for part in parts
        ]
        total = total + moebius(len(parts)) * outer(moments, places)
    return np.asarray(total)


def _renumbered(axes: Sequence[Sequence[int]]) -> list[list[int]]:
    """The axes of some members, numbered from 0 on."""
    starts = [sum(map(len, axes[:j])) for j in range(len(axes))]
    return [list(range(start, start + len(own))) for start, own in zip(starts, axes, strict=True)]


def _moment(
    members: Sequence[_Polynomial], axes: Sequence[Sequence[int]], probabilities: Array, variance: Any
) -> Array:
    """The joint moment of some members, with the axes of each in the places given."""
    total: Any = 0
    places = sorted(axis for own in axes for axis in own)
    for powers in product(*members):
        if sum(powers) % 2 or (sum(powers) and not variance):
            continue
        # the moment of order 2m of a Gaussian is (2m - 1)!! times its variance to the m
        weight = prod(range(1, sum(powers), 2)) * variance ** (sum(powers) // 2)
        operands: list[Any] = [probabilities, [0]]
        for member, power, own in zip(members, powers, axes, strict=True):
            operands += [member[power], [0, *(axis + 1 for axis in own)]]
        total = total + weight * np.einsum(*operands, [axis + 1 for axis in places])
    return np.asarray(total)
