r"""Batches of one epoch: drawn without replacement they are anticorrelated, and over a whole epoch the noise adds to zero."""

from __future__ import annotations

from typing import Any

import sympy as sp

from sgdsym.arguments import quoted, read_integer
from sgdsym.noise.batches import minibatch_covariance
from sgdsym.quantities import check_covariance, read_count, read_tensor, scaled


def cross_batch_covariance(covariance: Any, dataset_size: Any) -> Any:
    r"""The covariance of the gradients of two disjoint batches of one epoch.

    .. math:: cov(\bar g_1, \bar g_2) = -\frac{D}{N-1},

    whatever the size of the batches; with :math:`M = N/b` batches it is :math:`-C_b/(M-1)`.

    Args:
        covariance: :math:`D`, the covariance of the gradient of one example, (p, p) or a variance.
        dataset_size: :math:`N \ge 2`, a number or a symbol.

    Returns:
        The covariance, of the type that was given.

    Raises:
        ValueError: if the covariance is not symmetric and positive semidefinite, or there are not two examples.

    >>> cross_batch_covariance(sp.Matrix([[2, -1], [-1, 2]]), 5)
    Matrix([
    [-1/2,  1/4],
    [ 1/4, -1/2]])
    """
    given = read_tensor("covariance", covariance)
    check_covariance("covariance", given.array, given.rounding)
    examples = read_count("the dataset size", dataset_size)
    if examples == 1:
        raise ValueError("the dataset size is 1; two batches need two examples")
    return given.write(scaled(-1 / (examples - 1), given.array))


def epoch_autocovariance(covariance: Any, batch_size: Any, dataset_size: Any, lag: Any) -> Any:
    r"""The covariance of minibatch gradients that are ``lag`` steps apart, where every epoch is shuffled anew.

    The phase within the epoch is uniform; :math:`M = N/b` batches make an epoch and :math:`C_b` is the covariance of one:

    .. math:: cov(\bar g_t, \bar g_{t+h}) = C_b\Big[\delta_{h0} - 1_{1\le h\le M}\,\frac{M-h}{M(M-1)}\Big],

    which at a lag other than zero is :math:`-D\,\max(0, N - hb)/(N(N-1))`.

    The sum over all lags of both signs is zero: the noise cannot drift.

    Args:
        covariance: :math:`D`, the covariance of the gradient of one example, (p, p) or a variance.
        batch_size: :math:`b`, a divisor of :math:`N`, or a symbol.
        dataset_size: :math:`N`, a number or a symbol.
        lag: :math:`h`, an integer; its sign does not matter.

    Returns:
        The autocovariance, of the type that was given.

    Raises:
        ValueError: if the covariance is none, the batches do not fill the epoch, or the lag is no integer.

    Source: [Kuhn2023]_.

    >>> epoch_autocovariance(sp.Rational(677, 36), 1, 6, 1)
    -677/216
    """
    distance = abs(read_integer("lag", lag))
    batch, examples = read_count("the batch size", batch_size), read_count("the dataset size", dataset_size)
    single = minibatch_covariance(covariance, batch, examples, replacement=False)
    batches = examples / batch
    if batches.is_number and not batches.is_integer:
        raise ValueError(
            f"batches of {quoted(batch)} do not fill an epoch of {quoted(examples)} examples; give a divisor of {quoted(examples)}"
        )
    if distance == 0:
        return single
    given = read_tensor("covariance", covariance)
    if examples == 1:
        return given.write(scaled(sp.S.Zero, given.array))
    left = sp.Max(0, examples - distance * batch)
    return given.write(scaled(-left / (examples * (examples - 1)), given.array))
