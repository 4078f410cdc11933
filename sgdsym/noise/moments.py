r"""Moments and cumulants of a minibatch mean of any order, from the central moments of the examples.

Let :math:`y_s` be the centred gradients of :math:`N` examples, :math:`\mu_k = \frac1N\sum_s y_s^{\otimes k}`, and
:math:`\bar y = \frac1b\sum_{s\in batch} y_s`.  The :math:`m`-th moment sums over set partitions :math:`\sigma` of the
:math:`m` factors, by which of them see the same example:

.. math:: E[\bar y^{\otimes m}] = \sum_\sigma w(\sigma) \prod_{c\in\sigma} \mu_{|c|}, \qquad
          w_{with} = \frac{[b]_{|\sigma|}}{b^m}, \qquad
          w_{without} = \frac{N^{|\sigma|}}{b^m} \sum_{\pi\le\sigma} \frac{[b]_{|\pi|}}{[N]_{|\pi|}}
          \prod_{c\in\sigma} (-1)^{\pi_c - 1} (\pi_c - 1)!

with falling factorials :math:`[b]_k` and :math:`\pi_c` the number of blocks of :math:`\pi` inside :math:`c`.  Blocks of one
factor drop out, since :math:`\mu_1 = 0`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from math import prod
from typing import Any

import numpy as np
import sympy as sp

from sgdsym.arguments import quoted, read_by_degree, read_integer
from sgdsym.diagrams import Partition, moebius, refinements, set_partitions
from sgdsym.quantities import Array, Tensor, check_nonnegative, common, outer, read_sizes, read_tensor, scaled

MOST_FACTORS = 10  # of a moment, which is a sum over their partitions


def minibatch_moment(
    moments: Mapping[int, Any], order: int, *, batch_size: Any, dataset_size: Any = None, replacement: bool = True
) -> Any:
    r"""A central moment of a minibatch gradient, of any order.

    Args:
        moments: by order :math:`k = 2, …` the central moments :math:`\mu_k` of one example; see :func:`central_moments`.
        order: the order :math:`m` of the moment, at least 2.
        batch_size: :math:`b`, a number or a symbol.
        dataset_size: :math:`N`, needed without replacement.
        replacement: whether an example can be drawn twice in one batch.

    Returns:
        The moment, of the type of ``moments[order]``.

    Raises:
        ValueError: if a moment that is needed is missing or has another shape, or the batch is empty or too large.

    >>> minibatch_moment({2: 5, 4: 41}, 4, batch_size=4, dataset_size=4, replacement=False)
    Fraction(0, 1)
    """
    order = read_integer("the order of a moment", order, least=2, most=MOST_FACTORS)
    given = _read_moments(moments, order)
    arrays = {k: tensor.array for k, tensor in given.items()}
    sizes = read_sizes(batch_size, dataset_size, replacement)
    return given[order].write(batch_moment(arrays, order, *sizes, replacement))


def minibatch_cumulant(
    moments: Mapping[int, Any], order: int, *, batch_size: Any, dataset_size: Any = None, replacement: bool = True
) -> Any:
    r"""A cumulant of a minibatch gradient, of any order from 2 on; the arguments are those of :func:`minibatch_moment`.

    With replacement it is the cumulant of one example over :math:`b^{m-1}`.

    Raises:
        ValueError: if a moment that is needed is missing or has another shape, or the batch is empty or too large.

    >>> minibatch_cumulant({2: 5, 4: 41}, 4, batch_size=2)      # (41 - 3*25)/8
    Fraction(-17, 4)
    """
    order = read_integer("the order of a moment", order, least=2, most=MOST_FACTORS)
    given = _read_moments(moments, order)
    sizes = read_sizes(batch_size, dataset_size, replacement)
    arrays = {k: tensor.array for k, tensor in given.items()}
    batch = {k: batch_moment(arrays, k, *sizes, replacement) for k in arrays}
    total = _sum_over_partitions(batch, order, lambda parts: sp.Integer(moebius(len(parts))))
    return given[order].write(total)


def central_moments(gradients: Any, order: int, weights: Any = None) -> dict[int, Any]:
    r"""The central moments :math:`\mu_k = \sum_s p_s (g_s-\bar g)^{\otimes k}` of the gradients of some examples.

    Args:
        gradients: one row for each example, (N, p), or (N,) for one weight.
        order: the highest order.
        weights: probabilities of the examples, uniform if left out.

    Returns:
        By order :math:`k = 2, …` a tensor (p, …, p), or a number for one weight; exact where everything given is.

    Raises:
        ValueError: if the gradients are no such array, or the weights do not fit.

    >>> central_moments([3, -1, 4, 1, -5, 9], 3)
    {2: 677/36, 3: 337/54}
    """
    order = read_integer("the order of the moments", order, least=0, most=MOST_FACTORS)
    given = read_tensor("gradients", gradients)
    array, probabilities = common([given.array, read_weights(weights, given.array)])
    if array.ndim not in (1, 2):
        raise ValueError(f"gradients has shape {array.shape}; it must be (N, p), or (N,) for one weight")
    centred = array - np.tensordot(probabilities, array, 1)
    width = array.ndim - 1
    moments = {}
    for k in range(2, order + 1):
        operands: list[Any] = [probabilities, [0]]
        for axis in range(1, k + 1):
            operands += [centred, [0, axis][: width + 1]]
        moments[k] = given.write(np.asarray(np.einsum(*operands, list(range(1, k + 1)) if width else [])))
    return moments


def read_weights(weights: Any, examples: Array) -> Array:
    """Probabilities of examples, uniform if left out.

    Raises:
        ValueError: if there is no example, or the weights are not one for each, at least 0 and of sum 1.
    """
    if not examples.ndim or not len(examples):
        raise ValueError("there is no example; give one row for each")
    n = len(examples)
    if weights is None:
        return np.full(n, sp.Rational(1, n) if examples.dtype == object else 1 / n)
    array = read_tensor("weights", weights).array
    if array.shape != (n,):
        raise ValueError(f"weights has shape {array.shape}; there are {n} examples, so it must be ({n},)")
    total = array.sum()
    # floats that were divided by their sum miss 1 by rounding
    if not (total == 1 if array.dtype == object else abs(total - 1) < 1e-9):
        raise ValueError(f"weights must sum to 1, not to {quoted(total)}")
    for weight in array:
        check_nonnegative("a weight", weight)
    return array


def _read_moments(moments: Mapping[int, Any], order: int) -> dict[int, Tensor]:
    moments = read_by_degree("moments", moments)
    needed = sorted({len(part) for parts in paired_partitions(order) for part in parts})
    missing = [k for k in needed if k not in moments]
    if missing:
        raise ValueError(f"order {order} needs the central moment of order {missing[0]}; give moments[{missing[0]}]")
    given = [read_tensor(f"moments[{k}]", moments[k]) for k in needed]
    arrays = common([tensor.array for tensor in given])
    check_moments(dict(zip(needed, arrays, strict=True)))
    return {k: Tensor(a, tensor.write) for k, a, tensor in zip(needed, arrays, given, strict=True)}


def check_moments(moments: Mapping[int, Array]) -> None:
    """All numbers, or tensors with one axis of the same length for each factor."""
    lengths = {array.shape for array in moments.values()}
    sides = {side for shape in lengths for side in shape}
    if lengths == {()}:
        return
    if len(sides) != 1 or any(array.ndim != k for k, array in moments.items()):
        shapes = ", ".join(f"{array.shape} at order {k}" for k, array in moments.items())
        raise ValueError(f"a central moment of order k has k axes of length p, or all are numbers; given are {shapes}")


def batch_moment(
    moments: Mapping[int, Array], order: int, batch: sp.Expr, examples: sp.Expr | None, replacement: bool
) -> Array:
    """The central moment of a batch, from checked moments and sizes."""
    size = None if replacement else examples
    return _sum_over_partitions(moments, order, lambda parts: _weight(tuple(map(len, parts)), batch, size))


def _sum_over_partitions(moments: Mapping[int, Array], order: int, weight: Callable[[Partition], sp.Expr]) -> Array:
    """The weighted sum over partitions of the factors of the product of the moments of their parts."""
    total: Any = None
    for parts in paired_partitions(order):
        factors = [moments[len(part)] for part in parts]
        product = outer(factors, parts) if factors[0].ndim else np.asarray(prod(f[()] for f in factors))
        term = scaled(weight(parts), product)
        total = term if total is None else total + term
    return np.asarray(total)


def paired_partitions(order: int) -> list[Partition]:
    """The partitions of the factors without a part of one."""
    # a part of one has the moment of order 1, which is 0
    return [parts for parts in set_partitions(order) if min(map(len, parts)) > 1]


@cache
def _weight(sizes: tuple[int, ...], batch: sp.Expr, examples: sp.Expr | None) -> sp.Expr:
    """The weight of a partition with parts of these sizes; without a number of examples with replacement."""
    order = sum(sizes)
    if examples is None:
        return _factored(_falling(batch, len(sizes)) / batch**order, batch)
    if batch == examples:
        # the whole population has no noise, one example alone included
        return sp.S.Zero
    starts = [sum(sizes[:j]) for j in range(len(sizes))]
    blocks = [tuple(range(start, start + size)) for start, size in zip(starts, sizes, strict=True)]
    by_count: dict[int, int] = {}
    # sums over different examples, by Möbius inversion: parts that see one example are taken off
    for parts, weight in refinements(blocks):
        by_count[len(parts)] = by_count.get(len(parts), 0) + weight
    total = sum(weight * _chance(batch, examples, count) for count, weight in by_count.items())
    return _factored(examples ** len(sizes) * total / batch**order, examples)


def _factored(weight: sp.Expr, size: sp.Expr) -> sp.Expr:
    """A weight in factors, each with a positive sign at the highest power of a size: N - b, not b - N."""
    if weight.is_number:
        return weight
    above, below = sp.fraction(sp.factor(weight))
    return _signed(above, size) / _signed(below, size)


def _signed(polynomial: sp.Expr, size: sp.Expr) -> sp.Expr:
    number, factors = sp.factor_list(polynomial)
    positive = []
    for factor, power in factors:
        leading = sorted(factor.free_symbols, key=lambda symbol: (symbol not in size.free_symbols, symbol.name))
        sign = -1 if sp.Poly(factor, *leading).LC() < 0 else 1
        number *= sign**power
        positive.append(sp.expand(sign * factor) ** power)
    return sp.Mul(number, *positive)


def _chance(batch: sp.Expr, examples: sp.Expr, count: int) -> sp.Expr:
    """The probability that so many given examples are all in the batch; zero where there are not so many."""
    above, below = _falling(batch, count), _falling(examples, count)
    return above / below if above != 0 and below != 0 else sp.S.Zero


def _falling(base: sp.Expr, count: int) -> sp.Expr:
    return sp.Mul(*(base - j for j in range(count)))
