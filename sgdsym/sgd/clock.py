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

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from math import comb, factorial
from operator import add, mul
from typing import Any, Protocol, TypeAlias, TypeVar

from sgdsym.series import Coefficient

Edges: TypeAlias = tuple[int, ...]
# numbers of a field: coefficients, fractions or sympy expressions
Value = TypeVar("Value", bound=Any)


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
        spans = edge_spans(levels, parents)
        lead = 2 if self.nesterov else 1
        for decaying in product((False, True), repeat=len(spans)):
            chosen = [edge for edge, decays in enumerate(decaying) if decays]
            front, nodes = ratios_of(spans, len(levels), chosen)
            exponents = tuple(sorted(map(len, nodes)))
            yield (len(spans), lead * len(chosen) + len(front), exponents), (-1) ** len(chosen)

    def value(self, key: Hashable) -> Coefficient:
        """The divided difference with its factors."""
        if key not in self.known:
            assert isinstance(key, tuple)
            edges, front, exponents = key
            difference = divided_difference(self.steps, [(self.momentum,) * a for a in exponents])
            self.known[key] = difference * self.momentum**front / (1 - self.momentum) ** edges
        return self.known[key]


@dataclass(frozen=True, slots=True)
class PropagatorClock:
    r"""Every edge decays at a rate of its own: :math:`r_e^{\Delta-1}` in steps, or :math:`e^{-\lambda_e\Delta}` in continuous time.

    The value of a key is an opaque symbol, so that a sampling can count without knowing the rates; :attr:`symbols` says
    what each stands for.

    Attributes:
        continuous: whether time is continuous: no ties, and nothing in front.
        prefix: how the names of the symbols begin; no other symbol of the request may begin so.
        symbols: the key of each symbol that was made: the edges in front, and those in each node.
    """

    continuous: bool = False
    prefix: str = "sum"
    symbols: dict[str, tuple[Edges, tuple[Edges, ...]]] = field(default_factory=dict, compare=False, repr=False)
    known: dict[Hashable, Coefficient] = field(default_factory=dict, compare=False, repr=False)

    def keys(self, levels: Sequence[int], parents: Sequence[int], groups: int) -> Iterable[tuple[Hashable, int]]:
        """The edges in front of the divided difference, and those in each of its nodes."""
        if self.continuous and len(levels) != groups:
            return ()
        front, nodes = ratios_of(edge_spans(levels, parents), len(levels), range(len(parents)))
        return (((() if self.continuous else front, nodes), 1),)

    def value(self, key: Hashable) -> Coefficient:
        """The symbol of a key."""
        if key not in self.known:
            assert isinstance(key, tuple)
            name = f"{self.prefix}{len(self.known)}"
            self.symbols[name] = key
            self.known[key] = Coefficient.symbol(name)
        return self.known[key]


def edge_spans(levels: Sequence[int], parents: Sequence[int]) -> list[tuple[int, int]]:
    """For each step its level and the level of what it acts on; roots are one above the last.

    >>> edge_spans([0b10, 0b01], [-1, 0])          # step 1 on level 1 acts on step 0 on level 2
    [(2, 3), (1, 2)]
    """
    level_of = {step: i for i, level in enumerate(levels, 1) for step in range(len(parents)) if level >> step & 1}
    return [(level_of[step], level_of[p] if p >= 0 else len(levels) + 1) for step, p in enumerate(parents)]


def ratios_of(spans: Sequence[tuple[int, int]], levels: int, chosen: Iterable[int]) -> tuple[Edges, tuple[Edges, ...]]:
    """Of the chosen edges, those in front of the divided difference, and those in each node, the lowest gap first.

    An edge is in the node of every gap that it spans, and once in front for every level that it passes.

    >>> ratios_of([(1, 3), (2, 3)], 2, [0, 1])
    ((0,), ((), (0,), (0, 1)))
    """
    nodes: list[list[int]] = [[] for _ in range(levels + 1)]
    front: list[int] = []
    for edge in chosen:
        low, high = spans[edge]
        front += [edge] * (high - low - 1)
        for gap in range(low, high):
            nodes[gap].append(edge)
    return tuple(front), tuple(map(tuple, nodes))


def divided_difference(steps: Coefficient, nodes: Sequence[Sequence[Coefficient]]) -> Coefficient:
    r"""The divided difference of :math:`x^T`, equal nodes being the limit.

    Args:
        steps: the exponent :math:`T`.
        nodes: each node as its factors, numbers or symbols.

    >>> T, r = Coefficient.symbol("T"), Coefficient.symbol("r")
    >>> print(divided_difference(T, [[], [r]]))                      # (1 - r^T)/(1 - r)
    (r**T - 1)/(r - 1)
    >>> print(divided_difference(T, [[], [], []]))
    T**2/2 - T/2
    """
    values = [reduce(mul, node, Coefficient(1)) for node in nodes]
    if not steps.symbols:
        return Coefficient(complete_homogeneous(int(steps.as_fraction()) - len(nodes) + 1, values))
    powers: dict[Coefficient, Coefficient] = {}
    for value, node in zip(values, nodes, strict=True):
        powers.setdefault(value, reduce(mul, (r.power(steps) for r in node if r != 1), Coefficient(1)))
    return confluent_difference(values, lambda here, k: binomial(steps, k) * powers[here] / here**k)


def confluent_difference(nodes: Sequence[Value], taylor: Callable[[Value, int], Value]) -> Value:
    r"""The divided difference :math:`[R_0, …, R_k]\,f` of any function at nodes of which some may be equal.

    .. math:: \sum_{R}\sum_{j<m_R} \frac{f^{(j)}(R)}{j!}\;[e^{m_R-1-j}]\prod_{S\ne R}(R+e-S)^{-m_S},

    over the different nodes :math:`R` with their multiplicities :math:`m_R` (partial fractions; C. Hermite, 1878).

    Args:
        nodes: values of a field, equal nodes being equal values.
        taylor: the Taylor coefficient of a degree of the function at a node.

    >>> from fractions import Fraction
    >>> confluent_difference([Fraction(1), Fraction(1), Fraction(3)], lambda x, k: (x**3, 3 * x**2)[k])
    Fraction(5, 1)
    """
    different = list(dict.fromkeys(nodes))
    parts = []
    for here in different:
        order = nodes.count(here)
        expanded = [here**0] + [0 * here] * (order - 1)
        for other in different:
            if other != here:
                expanded = _truncated_product(expanded, _inverse_power(here - other, nodes.count(other), order))
        parts += [expanded[order - 1 - k] * taylor(here, k) for k in range(order)]
    total: Value = reduce(add, parts)
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


def complete_homogeneous(degree: int, nodes: Sequence[Value]) -> Value | int:
    """The complete homogeneous symmetric polynomial of a degree, 0 below degree 0.

    >>> x = Coefficient.symbol("x")
    >>> complete_homogeneous(2, [Coefficient(1), x])
    Coefficient('x**2 + x + 1')
    """
    if degree < 0:
        return 0
    row: list[Value | int] = [1] + [0] * degree
    for node in nodes:
        for k in range(1, degree + 1):
            row[k] += node * row[k - 1]
    return row[degree]


def _inverse_power(distance: Value, power: int, order: int) -> list[Value]:
    """Taylor coefficients of ``(distance + e)**-power`` in ``e``."""
    return [(-1) ** j * comb(power + j - 1, j) / distance ** (power + j) for j in range(order)]


def _truncated_product(first: Sequence[Value], second: Sequence[Value]) -> list[Value]:
    return [reduce(add, (first[i] * second[k - i] for i in range(k + 1))) for k in range(len(first))]
