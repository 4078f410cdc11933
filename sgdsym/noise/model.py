r"""What a model of gradient noise is: something that knows the joint cumulants of the derivatives of its losses.

Let :math:`\ell_x` be the loss of a random example at one point.  All that a series in the learning rate needs of it are

.. math:: \kappa(k_1, …, k_m) = \text{joint cumulant over } x \text{ of } \nabla^{k_1}\ell_x, …, \nabla^{k_m}\ell_x,

a tensor with the axes of the first member, then of the second, and so on; :math:`\kappa(0)` is the mean loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted, read_by_degree, read_integers
from sgdsym.quantities import MOST_AXES, Array, common, read_tensor, shown
from sgdsym.tensors import JointCumulant

MOST_MEMBERS = 10  # of a joint cumulant, which is a sum over their partitions


class NoiseModel(Protocol):
    """Anything that gives joint cumulants; write ``cumulant`` and :meth:`Series.with_noise` takes it.

    >>> class Coin:
    ...     "Two losses of one weight, each as likely: w and -w."
    ...     def cumulant(self, degrees):
    ...         return {(0,): 0, (1,): [0], (1, 1): [[1]]}.get(tuple(degrees), np.zeros((1,) * sum(degrees), object))
    >>> from sgdsym.sgd import expand
    >>> expand(observable="covariance", order=2, batch_size=1).with_noise(Coin())
    Matrix([[T*eta**2]])
    """

    def cumulant(self, degrees: Sequence[int]) -> Any:
        """The joint cumulant of the derivatives of these degrees, increasing: an array of ``sum(degrees)`` axes."""
        ...


class NamedCumulants:
    """The cumulants that have a letter: sympy matrices and arrays where a model is exact, numpy arrays of floats else."""

    __slots__ = ()

    def cumulant(self, degrees: Sequence[int]) -> Array:
        """The joint cumulant of the derivatives of these degrees."""
        raise NotImplementedError

    @property
    def mean_loss(self) -> Any:
        """The mean loss."""
        return shown(self.cumulant((0,)))

    @property
    def G(self) -> Any:  # noqa: N802
        """The mean gradient, (p,); exact as a column."""
        return shown(self.cumulant((1,)))

    @property
    def H(self) -> Any:  # noqa: N802
        """The mean Hessian, (p, p)."""
        return shown(self.cumulant((2,)))

    @property
    def J(self) -> Any:  # noqa: N802
        """The mean third derivative, (p, p, p)."""
        return shown(self.cumulant((3,)))

    @property
    def C(self) -> Any:  # noqa: N802
        """The covariance of the gradient of one example, (p, p)."""
        return shown(self.cumulant((1, 1)))

    @property
    def S(self) -> Any:  # noqa: N802
        """The third cumulant of the gradient of one example, (p, p, p)."""
        return shown(self.cumulant((1, 1, 1)))


def read_cumulant(model: NoiseModel, degrees: Sequence[int]) -> Array:
    """A cumulant of a model as an array, with its number of axes checked.

    Raises:
        ValueError: naming the cumulant that is missing or misshapen.
    """
    if not callable(getattr(model, "cumulant", None)) or isinstance(model, type):
        raise ValueError(
            f"model must have a method cumulant(degrees), as the models of sgdsym.noise do, not {quoted(model)}"
        )
    name = str(JointCumulant(*degrees))
    array = read_tensor(name, model.cumulant(tuple(degrees))).array
    rank = sum(degrees)
    if rank == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != rank or len(set(array.shape)) > 1:
        raise ValueError(f"{name} of the model has shape {array.shape}; it must have {rank} axes of one length p")
    return array


def read_degrees(degrees: Any) -> tuple[int, ...]:
    """The degrees of the members of a joint cumulant.

    Raises:
        ValueError: if there is none, one is negative, or their tensor has too many axes.

    >>> read_degrees([])
    Traceback (most recent call last):
    ...
    ValueError: degrees must be one integer of at least 0 or more, of sum 32 at most, not []
    """
    read = read_integers("degrees", degrees)
    if not read or min(read) < 0 or sum(read) > MOST_AXES or len(read) > MOST_MEMBERS:
        raise ValueError(
            f"degrees must be one integer of at least 0 or more, of sum {MOST_AXES} at most, not {quoted(degrees)}"
        )
    return read


def zeros(dimension: int, degrees: Sequence[int], exact: bool) -> Array:
    """The zero tensor with the axes of these degrees."""
    shape = (dimension,) * sum(degrees)
    return np.full(shape, sp.S.Zero if exact else 0.0, dtype=object if exact else float)


def read_means(means: Mapping[int, Any]) -> dict[int, Array]:
    """The mean derivatives of a loss by degree, of one length p and all exact or all floats.

    Raises:
        ValueError: naming the tensor that is misshapen.
    """
    arrays = {}
    for degree, value in read_by_degree("means", means).items():
        array = read_tensor(f"means[{degree}]", value).array
        if degree == 1 and array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != degree:
            raise ValueError(f"means[{degree}] has shape {array.shape}; it must have {degree} axes of length p")
        arrays[degree] = array
    sides = {side for array in arrays.values() for side in array.shape}
    if len(sides) > 1:
        shapes = ", ".join(f"means[{k}] {array.shape}" for k, array in arrays.items())
        raise ValueError(f"the number of weights p differs between the tensors: {shapes}")
    return dict(zip(arrays, common(list(arrays.values())), strict=True))
