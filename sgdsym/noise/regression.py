r"""Linear regression with Gaussian inputs and labels: every joint cumulant of its losses, exactly.

With :math:`z = w^Tx - \varepsilon` the loss, the gradient and the Hessian of an example are the quadratic monomials
:math:`\frac12 zz,\ z\,x_i,\ x_ix_j` of jointly Gaussian variables with

.. math:: E[zz] = w^TAw + \sigma^2, \qquad E[z x] = Aw, \qquad E[xx^T] = A.

The joint cumulant of :math:`m` such monomials is the sum over the pairings of their :math:`2m` factors that connect them
all ([Isserlis1918]_, [Leonov1959]_), and these are the :math:`2^{m-1}(m-1)!` cycles through the
monomials.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, TypeAlias

import numpy as np

from sgdsym.noise.approximate import Decoupled
from sgdsym.noise.model import NamedCumulants, read_degrees, zeros
from sgdsym.quantities import Array, check_covariance, check_symmetric, common, expanded, outer, read_tensor, rounding

# a factor of a monomial: the axis of an input, or None for the residual
_Factor: TypeAlias = int | None


@dataclass(frozen=True, slots=True, eq=False)
class LinearRegression(NamedCumulants):
    r"""Linear regression with Gaussian inputs, Gaussian label noise and weight decay.

    .. math:: \ell = \tfrac12(y - \theta^Tx)^2 + \tfrac12\theta^T\Gamma\theta, \qquad
              x\sim N(0, A), \quad y = u^Tx + \varepsilon, \quad \varepsilon\sim N(0, \sigma^2)

    Args:
        inputs: :math:`A`, the covariance of the inputs, (p, p).
        offset: :math:`w = \theta - u`, the point measured from the truth, (p,).
        label_variance: :math:`\sigma^2`.
        weight_decay: :math:`\Gamma`, symmetric (p, p), or a number for a multiple of the identity.
        truth: :math:`u`, (p,); the weight decay needs it, nothing else does.

    All arguments are exact numbers and symbols, or floats.  Every cumulant is that of one example:
    :math:`C = Aww^TA + (w^TAw + \sigma^2)A`.

    Raises:
        ValueError: if a shape does not fit, :math:`A` is no covariance or :math:`\sigma^2` is negative.

    Source: [Ziyin2022]_, Lemma 1.

    >>> import sympy as sp
    >>> w, s = sp.symbols("w sigma")
    >>> model = LinearRegression(inputs=[[2]], offset=[w], label_variance=s**2)
    >>> model.mean_loss, model.G[0], model.H[0], sp.expand(model.C[0])
    (sigma**2/2 + w**2, 2*w, 2, 2*sigma**2 + 8*w**2)
    """

    inputs: Any
    offset: Any
    label_variance: Any = 0
    weight_decay: Any = 0
    truth: Any = None

    def __post_init__(self) -> None:
        names = ["inputs", "offset", "label_variance", "weight_decay", "truth"]
        given = [getattr(self, name) for name in names]
        if self.truth is None:
            given[-1] = [0]
        arrays = dict(
            zip(names, common([read_tensor(*pair).array for pair in zip(names, given, strict=True)]), strict=True)
        )
        p = len(arrays["inputs"]) if arrays["inputs"].ndim else 1
        if not p:
            raise ValueError("inputs is empty; give the covariance of the inputs, (p, p)")
        check_covariance("inputs", arrays["inputs"].reshape(p, -1), rounding(self.inputs))
        check_covariance("label_variance", arrays["label_variance"])
        arrays["weight_decay"] = _as_matrix(arrays["weight_decay"], p)
        check_symmetric("weight_decay", arrays["weight_decay"], rounding(self.weight_decay))
        if self.truth is None:
            if arrays["weight_decay"].any():
                raise ValueError("weight decay pulls towards zero; give the truth, so that it is known where zero is")
            arrays["truth"] = np.repeat(arrays["truth"], p)
        for name in ("offset", "truth"):
            arrays[name] = _as_vector(name, arrays[name], p)
        for name in names:
            object.__setattr__(self, name, arrays[name])

    @property
    def dimension(self) -> int:
        """The number of weights."""
        return len(self.inputs)

    def cumulant(self, degrees: Sequence[int]) -> Array:
        r"""The joint cumulant of the derivatives of these degrees, with the axes of the members in the order given.

        >>> LinearRegression([[1]], [0], label_variance=1).cumulant((1, 1, 2))
        array([[[[2]]]], dtype=object)
        """
        degrees = read_degrees(degrees)
        exact = self.inputs.dtype == object
        if max(degrees) > 2:
            return zeros(self.dimension, degrees, exact)
        total = zeros(self.dimension, degrees, exact)
        starts = [sum(degrees[:j]) for j in range(len(degrees))]
        for pairs in _cycles([_FACTORS[degree](start) for degree, start in zip(degrees, starts, strict=True)]):
            total = total + self._product(pairs)
        # each loss carries a half
        total = total / 2 ** list(degrees).count(0)
        if len(degrees) == 1:
            total = total + self._decay(degrees[0])
        return expanded(np.asarray(total))

    def decoupled(self) -> Decoupled:
        r"""The model with :math:`C \approx 2L_0H_0 - \nabla L_0\nabla L_0^T`, where this one is exact.

        For Gaussian inputs the exact covariance has :math:`+Aww^TA` where the decoupled one has
        :math:`-Aww^TA`: the two differ by :math:`2\,Aww^TA`.

        >>> model = LinearRegression([[1]], [1], label_variance=1)
        >>> model.C[0], model.decoupled().C[0]
        (3, 1)
        """
        plain = LinearRegression(self.inputs, self.offset, self.label_variance)
        return Decoupled(
            {degree: plain.cumulant((degree,)) for degree in (0, 1, 2, 3)},
            regulariser={degree: np.asarray(self._decay(degree)) for degree in (0, 1, 2)},
        )

    def _product(self, pairs: Sequence[tuple[_Factor, _Factor]]) -> Array:
        """The product of the covariances of the pairs, with the axes of the inputs in their places."""
        pulled = self.inputs @ self.offset
        factors: list[Array] = []
        axes: list[list[int]] = []
        for pair in pairs:
            places = [factor for factor in pair if factor is not None]
            residual = np.asarray(self.offset @ pulled + self.label_variance[()])
            factors.append((residual, pulled, self.inputs)[len(places)])
            axes.append(places)
        return outer(factors, axes)

    def _decay(self, degree: int) -> Any:
        r"""The derivative of :math:`\frac12\theta^T\Gamma\theta` of a degree."""
        point = self.truth + self.offset
        if degree == 0:
            return point @ self.weight_decay @ point / 2
        return self.weight_decay @ point if degree == 1 else self.weight_decay


# the two factors of the loss (up to its 1/2), the gradient and the Hessian, from the first axis on
_FACTORS = (lambda start: (None, None), lambda start: (None, start), lambda start: (start, start + 1))


def _cycles(monomials: Sequence[tuple[_Factor, _Factor]]) -> Iterator[list[tuple[_Factor, _Factor]]]:
    """The pairings of the factors that connect all monomials."""
    (first, last), others = monomials[0], monomials[1:]
    for order in permutations(others):
        # of Isserlis' pairings those that connect all monomials, which have two factors each: they form one cycle
        for turns in product((False, True), repeat=len(others)):
            path = [first]
            for (a, b), turned in zip(order, turns, strict=True):
                path += [b, a] if turned else [a, b]
            path.append(last)
            yield list(zip(path[::2], path[1::2], strict=True))


def _as_matrix(array: Array, dimension: int) -> Array:
    """A matrix, or a number as that multiple of the identity."""
    if array.ndim:
        return array
    identity = np.eye(dimension, dtype=int)
    return identity.astype(object) * array[()] if array.dtype == object else identity * array[()]


def _as_vector(name: str, array: Array, dimension: int) -> Array:
    flat = array.reshape(-1) if array.ndim == 2 and array.shape[1] == 1 else array
    if flat.shape != (dimension,):
        raise ValueError(
            f"{name} has shape {array.shape}; inputs is ({dimension}, {dimension}), so it must be ({dimension},)"
        )
    return flat
