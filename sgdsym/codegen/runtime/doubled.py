"""Numbers of twice the precision, as unevaluated sums of two floats.

Source: [Dekker1971]_.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

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
