r"""The covariance, the third cumulant and the fourth moment of a minibatch gradient, with and without replacement."""

from __future__ import annotations

from typing import Any

from sgdsym.noise.moments import batch_moment, check_moments
from sgdsym.quantities import check_covariance, common, read_sizes, read_tensor


def minibatch_covariance(covariance: Any, batch_size: Any, dataset_size: Any = None, replacement: bool = True) -> Any:
    r"""The covariance of a minibatch gradient.

    .. math:: C_{with} = \frac{D}{b}, \qquad C_{without} = \frac{D}{b}\,\frac{N-b}{N-1}
              = \frac1b\Big(1-\frac bN\Big)\Big[\frac{\sum_k g_kg_k^T}{N-1} - \Big(1+\frac1{N-1}\Big) gg^T\Big]

    A published form of the bracket has :math:`1-\frac1{N-1}`; enumeration of all batches rejects that sign whenever
    :math:`g\ne0` and :math:`b<N`.

    Args:
        covariance: :math:`D`, the covariance of the gradient of one example, divided by :math:`N` and centred; (p, p)
            or a variance.  Exact numbers, symbols or floats.
        batch_size: :math:`b`, a number or a symbol.
        dataset_size: :math:`N`, needed without replacement.
        replacement: whether an example can be drawn twice in one batch.

    Returns:
        The covariance, of the type that was given.

    Raises:
        ValueError: if the covariance is not symmetric and positive semidefinite, naming the eigenvalue, or the batch is
            empty or larger than the dataset.

    Source: [Chaudhari2018]_, Lemma 1 and Appendix A, with the sign corrected.

    >>> import sympy as sp
    >>> minibatch_covariance(sp.Matrix([[2, -1], [-1, 2]]), 2, 5, replacement=False)
    Matrix([
    [ 3/4, -3/8],
    [-3/8,  3/4]])
    >>> minibatch_covariance(sp.Symbol("D"), "b", "N", replacement=False)
    D*(N - b)/(b*(N - 1))
    """
    given = read_tensor("covariance", covariance)
    check_covariance("covariance", given.array, given.rounding)
    return given.write(
        batch_moment({2: given.array}, 2, *read_sizes(batch_size, dataset_size, replacement), replacement)
    )


def minibatch_third_cumulant(
    third_cumulant: Any, batch_size: Any, dataset_size: Any = None, replacement: bool = True
) -> Any:
    r"""The third cumulant of a minibatch gradient, which is its third central moment.

    .. math:: \kappa_3^{with} = \frac{\mu_3}{b^2}, \qquad
              \kappa_3^{without} = \frac{\mu_3}{b^2}\,\frac{(N-b)(N-2b)}{(N-1)(N-2)}

    Without replacement it vanishes at :math:`b = N/2` and has the other sign beyond.

    Args:
        third_cumulant: :math:`\mu_3`, the third central moment of the gradient of one example; (p, p, p) or a number.
        batch_size: :math:`b`, a number or a symbol.
        dataset_size: :math:`N`, needed without replacement.
        replacement: whether an example can be drawn twice in one batch.

    Returns:
        The third cumulant, of the type that was given.

    Raises:
        ValueError: if the tensor has another shape, or the batch is empty or larger than the dataset.

    Derivation: the sum over set partitions of :mod:`sgdsym.noise.moments`; held to the enumeration of all batches.

    >>> from fractions import Fraction
    >>> minibatch_third_cumulant(Fraction(337, 54), 4, 6, replacement=False)
    Fraction(-337, 4320)
    """
    given = read_tensor("third_cumulant", third_cumulant)
    check_moments({3: given.array})
    return given.write(
        batch_moment({3: given.array}, 3, *read_sizes(batch_size, dataset_size, replacement), replacement)
    )


def minibatch_fourth_moment(
    fourth_moment: Any, covariance: Any, batch_size: Any, dataset_size: Any = None, replacement: bool = True
) -> Any:
    r"""The fourth central moment of a minibatch gradient.

    In one dimension, with power sums :math:`P_r = N\mu_r`,

    .. math:: m_4^{with} = \frac{\mu_4 + 3(b-1)\mu_2^2}{b^3}, \qquad
              m_4^{without} = \frac1{b^4}\Big\{\tfrac bN P_4 + \tfrac{[b]_2}{[N]_2}(3P_2^2-7P_4)
              + 6\tfrac{[b]_3}{[N]_3}(2P_4-P_2^2) + \tfrac{[b]_4}{[N]_4}(3P_2^2-6P_4)\Big\}

    Args:
        fourth_moment: :math:`\mu_4`, the fourth central moment of the gradient of one example; (p, p, p, p) or a number.
        covariance: :math:`\mu_2 = D`, (p, p) or a number.
        batch_size: :math:`b`, a number or a symbol.
        dataset_size: :math:`N`, needed without replacement.
        replacement: whether an example can be drawn twice in one batch.

    Returns:
        The fourth moment, of the type of ``fourth_moment``.

    Raises:
        ValueError: if a tensor has another shape, the covariance is none, or the batch is empty or larger than the
            dataset.

    Derivation: as :func:`minibatch_third_cumulant`.

    >>> minibatch_fourth_moment(41, 5, 2)                  # {-3, -1, 1, 3}, two with replacement
    Fraction(29, 2)
    """
    given = read_tensor("fourth_moment", fourth_moment)
    second_given = read_tensor("covariance", covariance)
    second = second_given.array
    check_covariance("covariance", second, second_given.rounding)
    moments = dict(zip((2, 4), common([second, given.array]), strict=True))
    check_moments(moments)
    return given.write(batch_moment(moments, 4, *read_sizes(batch_size, dataset_size, replacement), replacement))
