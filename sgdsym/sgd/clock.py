r"""Time-sums: in how many ways, and with what weight, steps on given levels fall into the :math:`T` updates of a run.

Every dynamics is a linear memory, :math:`\theta_t = \theta_0 - \eta\sum_{s<t} w(t-s)\,g_s(\theta_s)`, so each edge from a
step at time :math:`s` to one at :math:`t` carries :math:`w(t-s) = \sum_j c_j r_j^{t-s-1}`.  For steps sorted into levels
:math:`1 < … < k`, with the root at :math:`T+1`, let :math:`R_i` be the product of the :math:`r` of the edges that span the gap above
level :math:`i`, and give one more factor :math:`r` for each level an edge passes.  Then the sum over all times of the
levels is the divided difference

.. math:: h_{T-k}(R_0, …, R_k) = [R_0, …, R_k]\,x^T, \qquad R_0 = 1,

which is :math:`\binom Tk` where all :math:`r = 1` (plain SGD).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import comb, factorial
from typing import Protocol

from sgdsym.series import Coefficient


class Clock(Protocol):
    """How steps on levels are summed over time."""

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """The time-sum as integer multiples of the values of keys.

        Args:
            levels: bit masks of the steps on each level, the earliest first.
            parents: the step each step acts on, negative where it acts on a root.
            groups: number of groups of steps that could have had times of their own.
        """
        ...

    def value(self, key: Hashable) -> Coefficient:
        """The value of a key."""
        ...


@dataclass(frozen=True, slots=True)
class DiscreteClock:
    r""":math:`T` updates of plain gradient steps: :math:`k` levels fall in :math:`\binom Tk` ways."""

    steps: Coefficient

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """The number of levels."""
        return ((len(levels), 1),)

    def value(self, key: Hashable) -> Coefficient:
        r"""The binomial :math:`\binom Tk`."""
        assert isinstance(key, int)
        return binomial(self.steps, key)


@dataclass(frozen=True, slots=True)
class ContinuousClock:
    r"""Time :math:`T` without ties: each of the :math:`m` groups at a time of its own, volume :math:`T^m/m!`."""

    steps: Coefficient

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """The number of groups, if each has a level of its own."""
        return ((groups, 1),) if len(levels) == groups else ()

    def value(self, key: Hashable) -> Coefficient:
        r"""The volume :math:`T^m/m!`."""
        assert isinstance(key, int)
        return self.steps**key / factorial(key)


@dataclass(frozen=True, slots=True)
class ScheduleClock:
    r"""One weight :math:`\lambda_t` per update: learning rate :math:`\eta\lambda_t` at step :math:`t`."""

    weights: tuple[Coefficient, ...]

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """How many steps are on each level."""
        return ((tuple(level.bit_count() for level in levels), 1),)

    def value(self, key: Hashable) -> Coefficient:
        r"""The sum over :math:`t_1 < … < t_k` of :math:`\prod_i \lambda_{t_i}^{n_i}`."""
        assert isinstance(key, tuple)
        sums = [Coefficient(1)] + [Coefficient(0)] * len(key)
        for weight in self.weights:
            for i in reversed(range(len(key))):
                sums[i + 1] += sums[i] * weight ** key[i]
        return sums[-1]


@dataclass(frozen=True, slots=True)
class MomentumClock:
    r"""Heavy ball, :math:`w(\Delta) = (1-\mu^\Delta)/(1-\mu)`, or Nesterov, :math:`(1-\mu^{\Delta+1})/(1-\mu)`.

    The momentum buffer starts at zero: :math:`m \leftarrow \mu m + g`, :math:`\theta \leftarrow \theta - \eta m` (heavy ball) or
    :math:`\theta \leftarrow \theta - \eta (g + \mu m)` (Nesterov, with the look-ahead point as :math:`\theta`).
    """

    steps: Coefficient
    momentum: Coefficient
    nesterov: bool = False
    known: dict[Hashable, Coefficient] = field(default_factory=dict, compare=False, repr=False)

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """Sorted exponents of the momentum in the nodes of the divided difference, and in front of it."""
        level_of = {step: i for i, level in enumerate(levels, 1) for step in range(len(parents)) if level >> step & 1}
        spans = [(level_of[step], level_of[p] if p >= 0 else len(levels) + 1) for step, p in enumerate(parents)]
        lead = 2 if self.nesterov else 1
        for decaying in product((False, True), repeat=len(spans)):
            nodes = [0] * (len(levels) + 1)
            front = 0
            for (low, high), decays in zip(spans, decaying, strict=True):
                if decays:
                    front += lead + high - low - 1
                    for gap in range(low, high):
                        nodes[gap] += 1
            yield (len(spans), front, tuple(sorted(nodes))), (-1) ** sum(decaying)

    def value(self, key: Hashable) -> Coefficient:
        """The divided difference with its factors."""
        if key not in self.known:
            assert isinstance(key, tuple)
            edges, front, exponents = key
            difference = self._divided_difference(exponents)
            self.known[key] = difference * self.momentum**front / (1 - self.momentum) ** edges
        return self.known[key]

    def _divided_difference(self, exponents: tuple[int, ...]) -> Coefficient:
        r"""The divided difference of :math:`x^T` at the powers of the momentum with these exponents."""
        if not self.steps.symbols:
            degree = int(self.steps.as_fraction()) - len(exponents) + 1
            return complete_homogeneous(degree, [self.momentum**a for a in exponents])
        total = Coefficient()
        for a in sorted(set(exponents)):
            here, order = self.momentum**a, exponents.count(a)
            taylor = [Coefficient(1)] + [Coefficient(0)] * (order - 1)
            for b in sorted(set(exponents) - {a}):
                taylor = _truncated_product(taylor, _inverse_power(here - self.momentum**b, exponents.count(b), order))
            for k in range(order):
                power = self.momentum.power(self.steps * a) / here**k
                total += taylor[order - 1 - k] * binomial(self.steps, k) * power
        return total


def binomial(top: Coefficient, bottom: int) -> Coefficient:
    r"""The polynomial :math:`\binom{top}{bottom}`.

    >>> binomial(Coefficient.symbol("T"), 2)
    Coefficient('T**2/2 - T/2')
    """
    result = Coefficient(1)
    for i in range(bottom):
        result *= top - i
    return result / factorial(bottom)


def falling_factorial(top: Coefficient, length: int) -> Coefficient:
    """The polynomial ``top (top - 1) … (top - length + 1)``."""
    return binomial(top, length) * factorial(length)


def complete_homogeneous(degree: int, nodes: Sequence[Coefficient]) -> Coefficient:
    """The complete homogeneous symmetric polynomial of a degree, 0 below degree 0.

    >>> x = Coefficient.symbol("x")
    >>> complete_homogeneous(2, [Coefficient(1), x])
    Coefficient('x**2 + x + 1')
    """
    if degree < 0:
        return Coefficient()
    row = [Coefficient(1)] + [Coefficient(0)] * degree
    for node in nodes:
        for k in range(1, degree + 1):
            row[k] += node * row[k - 1]
    return row[degree]


def _inverse_power(distance: Coefficient, power: int, order: int) -> list[Coefficient]:
    """Taylor coefficients of ``(distance + e)**-power`` in ``e``."""
    return [Coefficient((-1) ** j * comb(power + j - 1, j)) / distance ** (power + j) for j in range(order)]


def _truncated_product(first: Sequence[Coefficient], second: Sequence[Coefficient]) -> list[Coefficient]:
    return [Coefficient.total(first[i] * second[k - i] for i in range(k + 1)) for k in range(len(first))]
