"""Time-sums of plain steps: an edge that spans n steps carries (1 - learning_rate * h)**(n - 1).

They are divided differences of x**steps, at real nodes, in twice the precision.
Source: [Dekker1971]_.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from sgdsym.codegen.runtime.libraries import _array, _check_finite

SLAB = 2**16  # entries of time-sums that are worked on at once


def _carry(run: SimpleNamespace) -> None:
    """What every edge carries: its ratio, and the power of that; in the limit the ratio must contract."""
    moved = _two_product(run.rate[:, None], run.h)
    run.ratio = _plus((np.ones_like(moved[0]), np.zeros_like(moved[0])), (-moved[0], -moved[1]))
    if run.steps is None:
        _check_minimum(run.h, run.rate)
        _check_contracts(run.h, run.rate)
        return
    with np.errstate(all="ignore"):
        run.power = _power(run.ratio, run.steps[:, None])


def _carry_flow(run: SimpleNamespace) -> None:
    """What every edge carries: its exponent, and the exponential at the end; in the limit the exponent must decay."""
    moved = _two_product(run.rate[:, None], run.h)
    run.ratio = -moved[0], -moved[1]
    if run.steps is None:
        _check_minimum(run.h, run.rate)
        return
    with np.errstate(all="ignore"):
        run.power = _exponential(_times(run.ratio, (run.steps[:, None], 0.0)))


def _at_nodes(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The divided difference of x**steps at products of ratios, or the geometric series."""
    x = [_product(run.ratio, pair, at, letters) for letters in nodes]
    if run.steps is None:
        return _limit(x)
    f = [_product(run.power, pair, at, letters) for letters in nodes]
    return _divided_difference(x, f, run.steps[pair])


def _at_nodes_flow(run: SimpleNamespace, pair: Any, at: Mapping[str, Any], nodes: Sequence[str]) -> Doubled:
    """The divided difference of exp(x * steps) at sums of exponents, or the integral over all times."""
    x = [_total(run.ratio, pair, at, letters) for letters in nodes]
    if run.steps is None:
        return _limit_flow(x)
    f = [_product(run.power, pair, at, letters) for letters in nodes]
    return _divided_difference(x, f, run.steps[pair])


def _time_sum(
    run: SimpleNamespace, pair: Any, at: Mapping[str, Any], sums: Any, edges: str, rooted: Sequence[int]
) -> Any:
    """The sum of products of divided differences, for each pair and each choice of the eigen-indices.

    A difference is given by the letters in front and in its nodes.
    """
    known: dict[Any, Doubled] = {}
    total = (np.zeros(pair.shape), np.zeros(pair.shape))
    with np.errstate(all="ignore"):
        for number, factors in sums:
            value = (run.numbers[0][pair, number], run.numbers[1][pair, number])
            for front, nodes in factors:
                if nodes not in known:
                    known[nodes] = _at_nodes(run, pair, at, nodes)
                value = _times(value, known[nodes])
                if front:
                    value = _times(value, _product(run.ratio, pair, at, front))
            total = _plus(total, value)
    return total[0] + total[1]


def _slab(run: SimpleNamespace, edges: str) -> int:
    """How many time-sums are worked on at once."""
    return SLAB


def _fastest(run: SimpleNamespace) -> float:
    """The eigenvalue along which a run grows fastest."""
    return float(run.h[np.argmax(np.abs(1 - np.abs(run.rate).max() * run.h)) if run.p else 0])


def _product(table: Doubled, pair: Any, at: Mapping[str, Any], letters: str) -> Doubled:
    """The product over the eigen-indices of what stands in a table, for each pair."""
    value = (np.ones(pair.shape), np.zeros(pair.shape))
    for letter in letters:
        value = _times(value, (table[0][pair, at[letter]], table[1][pair, at[letter]]))
    return value


def _check_minimum(h: Any, rate: Any) -> None:
    """Where the loss is flat, or falls, the weights keep moving."""
    scale = np.abs(h).max(initial=0.0) * len(h) * np.finfo(float).eps
    for value in h:
        if abs(value) <= scale:
            raise ValueError(f"no limit of many steps: the Hessian has the eigenvalue {value:.6g}, a flat direction")
        if value < 0:
            raise ValueError(
                f"no limit of many steps: the Hessian has the eigenvalue {value:.6g}, the point is not a minimum"
            )
    if not (rate > 0).all():
        raise ValueError(f"no limit of many steps: the learning rate {rate.min():.6g} is not positive")


def _check_contracts(h: Any, rate: Any) -> None:
    """Every step contracts in every direction."""
    if rate.size and h.size and rate.max() * h[-1] >= 2:
        raise ValueError(
            f"no limit of many steps: learning rate {rate.max():.6g} times the Hessian's eigenvalue {h[-1]:.6g} is "
            f"{rate.max() * h[-1]:.6g}, not below 2"
        )


def _divided_difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference at the nodes x, where the function has the values f."""
    order = np.argsort(np.stack([head for head, _ in x]), axis=0)
    sort = [np.take_along_axis(np.stack(part), order, axis=0) for part in zip(*x)]
    values = [np.take_along_axis(np.stack(part), order, axis=0) for part in zip(*f)]
    head, tail = _difference(sort, values, steps)
    none = _vanishes(steps, len(x) - 1)
    return np.where(none, 0.0, head), np.where(none, 0.0, tail)


def _difference(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference at sorted nodes: the recursion where the outer ones are apart, a Taylor series where all are close."""
    last = len(x[0]) - 1
    if not last:
        return f[0][0], f[1][0]
    return _from_ends(x, f, steps)


def _from_ends(x: Any, f: Any, steps: Any) -> Doubled:
    """The same from its first and last node."""
    last = len(x[0]) - 1
    gap = _plus((x[0][last], x[1][last]), (-x[0][0], -x[1][0]))
    near = _are_close(gap[0], x[0][last], steps)
    result = np.empty_like(gap[0]), np.empty_like(gap[0])
    if near.any():
        head, tail = _taylor([part[:, near] for part in x], [part[last, near] for part in f], steps[near])
        result[0][near], result[1][near] = head, tail
    if not near.all():
        far = ~near
        x, f = [part[:, far] for part in x], [part[:, far] for part in f]
        above = _difference([part[1:] for part in x], [part[1:] for part in f], steps[far])
        below = _difference([part[:-1] for part in x], [part[:-1] for part in f], steps[far])
        head, tail = _over(_plus(above, (-below[0], -below[1])), (gap[0][far], gap[1][far]))
        result[0][far], result[1][far] = head, tail
    return result


def _read_steps(steps: Any) -> Any:
    steps = _array(steps, "steps")
    _check_finite(steps, "steps")
    wrong = (steps < 0) | (steps != np.floor(steps)) | (steps > 2.0**53)
    if wrong.any():
        raise ValueError(f"steps must be integers from 0 to 2**53, not {steps[wrong][0]:.17g}")
    return steps


def _read_steps_flow(steps: Any) -> Any:
    steps = _array(steps, "steps")
    _check_finite(steps, "steps")
    if (steps < 0).any():
        raise ValueError(f"steps must not be negative, not {steps.min():.17g}")
    return steps


def _are_close(gap: Any, node: Any, steps: Any) -> Any:
    """Whether the function hardly changes between nodes that are so far apart."""
    return steps * np.abs(gap) <= np.abs(node) / 32


def _are_close_flow(gap: Any, node: Any, steps: Any) -> Any:
    """Whether the function hardly changes between nodes that are so far apart."""
    return steps * np.abs(gap) <= 1 / 32


def _vanishes(steps: Any, degree: int) -> Any:
    """Whether the divided difference of so high a degree is that of a polynomial of a lower one."""
    return steps < degree


def _vanishes_flow(steps: Any, degree: int) -> Any:
    """An exponential has divided differences of all degrees."""
    return np.zeros(np.shape(steps), dtype=bool)


def _taylor(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference for nodes close to the last one, where the function is f: 14 terms leave 1e-32 of it."""
    last = len(x[0]) - 1
    centre = (x[0][last], x[1][last])
    one, zero = np.ones_like(steps), np.zeros_like(steps)
    origin = centre[0] == 0
    safe = (np.where(origin, 1.0, centre[0]), centre[1])
    scale = _over((steps, zero), safe)
    offsets = [_times(_plus((x[0][i], x[1][i]), (-centre[0], -centre[1])), scale) for i in range(last)]
    weight = (one, zero)
    for k in range(last):
        weight = _over(_times(weight, (steps - k, zero)), (k + one, zero))
    symmetric = [(one, zero)] * last
    total = weight
    for m in range(1, 14):
        weight = _over(
            _times(weight, (steps - (last + m - 1), zero)),
            _times((np.maximum(steps, 1.0), zero), (last + m + zero, zero)),
        )
        lower = (zero, zero)
        for i in range(last):
            lower = symmetric[i] = _plus(lower, _times(offsets[i], symmetric[i]))
        total = _plus(total, _times(weight, lower))
    total = _times(total, (f[0], f[1]))
    for _ in range(last):
        total = _over(total, safe)
    # at zero all but one power of the centre vanish
    return np.where(origin, 1.0 * (steps == last), total[0]), np.where(origin, 0.0, total[1])


def _taylor_flow(x: Any, f: Any, steps: Any) -> Doubled:
    """The divided difference for nodes close to the last one, where the function is f: 14 terms leave 1e-32 of it."""
    last = len(x[0]) - 1
    centre = (x[0][last], x[1][last])
    one, zero = np.ones_like(steps), np.zeros_like(steps)
    scale = (steps, zero)
    offsets = [_times(_plus((x[0][i], x[1][i]), (-centre[0], -centre[1])), scale) for i in range(last)]
    weight = (one, zero)
    for k in range(last):
        weight = _over(_times(weight, (steps, zero)), (k + one, zero))
    symmetric = [(one, zero)] * last
    total = weight
    for m in range(1, 14):
        weight = _over(weight, (last + m + zero, zero))
        lower = (zero, zero)
        for i in range(last):
            lower = symmetric[i] = _plus(lower, _times(offsets[i], symmetric[i]))
        total = _plus(total, _times(weight, lower))
    return _times(total, (f[0], f[1]))


def _power(x: Doubled, steps: Any) -> Doubled:
    """x**steps by repeated squaring."""
    total = (np.ones_like(x[0]), np.zeros_like(x[0]))
    left = np.broadcast_to(steps, x[0].shape).astype(np.int64)
    while True:
        odd = (left & 1).astype(bool)
        if odd.any():
            grown = _times(total, x)
            total = (np.where(odd, grown[0], total[0]), np.where(odd, grown[1], total[1]))
        left = left >> 1
        if not left.any():
            return total
        x = _times(x, x)


def _limit(x: Any) -> Doubled:
    """The product of 1 / (1 - x) over the nodes after the first."""
    value = (np.ones_like(x[0][0]), np.zeros_like(x[0][0]))
    for head, tail in x[1:]:
        value = _over(value, _plus((np.ones_like(head), 0.0), (-head, -tail)))
    return value


def _limit_flow(x: Any) -> Doubled:
    """The product of -1 / x over the nodes after the first."""
    value = (np.ones_like(x[0][0]), np.zeros_like(x[0][0]))
    for head, tail in x[1:]:
        value = _over(value, (-head, -tail))
    return value


Doubled: TypeAlias = tuple[Any, Any]


# Numbers of twice the precision are unevaluated sums of two floats (T. J. Dekker, "A floating-point technique for extending the
# available precision", 1971).
def _two_sum(a: Any, b: Any) -> Doubled:
    total = a + b
    shift = total - a
    return total, (a - (total - shift)) + (b - shift)


def _two_product(a: Any, b: Any) -> Doubled:
    product = a * b
    high_a, high_b = 134217729.0 * a, 134217729.0 * b
    high_a, high_b = high_a - (high_a - a), high_b - (high_b - b)
    low_a, low_b = a - high_a, b - high_b
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


def _tidy(head: Any, tail: Any) -> Doubled:
    total = head + tail
    return total, tail - (total - head)


def _plus(x: Doubled, y: Doubled) -> Doubled:
    head, rest = _two_sum(x[0], y[0])
    tail, last = _two_sum(x[1], y[1])
    head, rest = _tidy(head, rest + tail)
    return _tidy(head, rest + last)


def _times(x: Doubled, y: Doubled) -> Doubled:
    if not (np.iscomplexobj(x[0]) or np.iscomplexobj(y[0])):
        return _real_times(x, y)
    (a, b), (c, d) = (((z[0].real, z[1].real), (z[0].imag, z[1].imag)) for z in (x, y))
    across = _real_times(b, d)
    real = _plus(_real_times(a, c), (-across[0], -across[1]))
    imaginary = _plus(_real_times(a, d), _real_times(b, c))
    result = np.empty(np.shape(real[0]), dtype=complex), np.empty(np.shape(real[1]), dtype=complex)
    for part, first, second in zip(result, real, imaginary):
        part.real, part.imag = first, second
    return result


def _real_times(x: Doubled, y: Doubled) -> Doubled:
    head, rest = _two_product(x[0], y[0])
    return _tidy(head, rest + (x[0] * y[1] + x[1] * y[0]))


def _over(x: Doubled, y: Doubled) -> Doubled:
    head = x[0] / y[0]
    left = _plus(x, _times((-head, 0.0), y))
    more = left[0] / y[0]
    left = _plus(left, _times((-more, 0.0), y))
    head, tail = _tidy(head, more)
    return _tidy(head, tail + left[0] / y[0])


def _total(table: Doubled, pair: Any, at: Mapping[str, Any], letters: str) -> Doubled:
    """The sum over the eigen-indices of what stands in a table, for each pair."""
    value = (np.zeros(pair.shape), np.zeros(pair.shape))
    for letter in letters:
        value = _plus(value, (table[0][pair, at[letter]], table[1][pair, at[letter]]))
    return value


def _exponential(x: Doubled) -> Doubled:
    """exp(x), from its series where the argument is halved often enough, then squared as often."""
    halvings = int(np.ceil(np.log2(np.maximum(np.abs(x[0]).max(initial=0.0), 1.0)))) + 6
    small = (x[0] * 0.5**halvings, x[1] * 0.5**halvings)
    total = (np.ones_like(x[0]), np.zeros_like(x[0]))
    for k in range(14, 0, -1):
        total = _plus(
            (np.ones_like(x[0]), np.zeros_like(x[0])), _over(_times(small, total), (np.full_like(x[0], k), 0.0))
        )
    for _ in range(halvings):
        total = _times(total, total)
    return total
