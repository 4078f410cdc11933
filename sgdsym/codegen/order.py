r"""Stage 3: the order of contraction, chosen when the kernel is generated.

A fragment is made from two connected parts, or by averaging the fragment that still has one of its data points.  The
cost of joining two parts is the number of multiplications, :math:`n^{\#\text{sample axes}} p^{\#\text{index axes}}`
over all axes of both, plus the memory traffic and the call, at representative sizes.  An array over pairs of data points
is charged many times its cost: it is made only where nothing else is possible.

What is best for one diagram is not best for all.  The first plan takes every fragment by itself, and every split that is
nearly as cheap votes for its two parts.  In a second plan the cost of a part is shared out among those who voted for it,
and parts already made are free; in a third among those who really used it in the second, and so on while it gets cheaper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import factorial

from sgdsym.codegen.fragment import DEVIATION, Fragment

DATA_POINTS = 300
PARAMETERS = 40
ENTRIES = 6e7
CALL = 20_000.0
TRAFFIC = 8.0
_ELEMENTWISE = 16.0
_NEARLY = 1.2
_PAIR_OF_POINTS = 30.0
_FEWEST_FOR_POWER = 4
_POWER_CALLS = 20

Nodes = list[int]


@dataclass(slots=True)
class Splits:
    """The ways to cut a fragment into two connected parts: cost of the join and mask of one part, cheapest first."""

    fragment: Fragment
    joins: list[tuple[float, int]]
    _parts: dict[int, Fragment] = field(default_factory=dict)

    def part(self, mask: int) -> Fragment:
        """The part with the nodes of a mask."""
        if mask not in self._parts:
            nodes = [v for v in range(len(self.fragment.tensors)) if mask >> v & 1]
            self._parts[mask] = self.fragment.part(nodes)[0]
        return self._parts[mask]


def representative_parameters(points: int, degree: int) -> int:
    """The number of parameters at which tensors of a degree at every data point fill half a gigabyte, at most 40.

    >>> [representative_parameters(300, degree) for degree in (1, 3, 4, 5)]
    [40, 40, 21, 11]
    """
    return max(2, min(PARAMETERS, round(float((ENTRIES / points) ** (1 / max(1, degree))))))


class Planner:
    """Chooses how each fragment is made, and remembers which fragments are at hand.

    Attributes:
        points: the number of data points that the plan is made for.
        parameters: the number of parameters that the plan is made for.
        votes: how many nearly best splits have the fragment as a part.
        uses: how many fragments were made of the fragment.
        known: the splits of every fragment met, the same for every plan at these sizes.
    """

    def __init__(
        self,
        points: int,
        parameters: int,
        shares: Mapping[Fragment, int] | None = None,
        known: dict[Fragment, Splits] | None = None,
    ) -> None:
        self.points = points
        self.parameters = parameters
        self.votes: Counter[Fragment] = Counter()
        self.uses: Counter[Fragment] = Counter()
        self.known = {} if known is None else known
        self._shares = shares
        self._best: dict[Fragment, tuple[float, int]] = {}
        self._at_hand: set[Fragment] = set()

    def after(self, shares: Mapping[Fragment, int]) -> Planner:
        """A new planner that shares the cost of each fragment among so many."""
        return Planner(self.points, self.parameters, shares, self.known)

    def hold(self, fragment: Fragment) -> None:
        """From now on the fragment costs nothing."""
        self._at_hand.add(fragment)

    def split(self, fragment: Fragment) -> tuple[Nodes, Nodes] | int:
        """The nodes of the two parts to make a fragment of two or more nodes from, or which average to take last."""
        mask = self._search(fragment)[1]
        if mask < 0:
            return -mask - 1
        nodes = range(len(fragment.tensors))
        return [v for v in nodes if mask >> v & 1], [v for v in nodes if not mask >> v & 1]

    def cost(self, fragment: Fragment) -> float:
        """Estimated multiplications that the fragment still costs, shared out among those who want it."""
        if fragment in self._at_hand:
            return 0.0
        share = max(1, self._shares.get(fragment, 1)) if self._shares else 1
        if len(fragment.tensors) == 1:
            degree, kind = fragment.tensors[0]
            return self.size(1, degree) / share if kind == DEVIATION else 0.0
        return self._search(fragment)[0] / share

    def size(self, samples: int, indices: int) -> float:
        """Number of entries of an array at the sizes of the plan."""
        return float(self.points**samples * self.parameters**indices)

    def array_size(self, axes: str) -> float:
        """Number of entries of an array; upper-case letters are sample axes."""
        samples = sum(letter.isupper() for letter in axes)
        return self.size(samples, len(axes) - samples)

    def _search(self, fragment: Fragment) -> tuple[float, int]:
        if fragment in self._best:
            return self._best[fragment]
        best = (float("inf"), 0)
        reach = _NEARLY if self._shares is None else 1.0
        near: list[tuple[float, int, int]] = []
        splits = self._splits(fragment)
        full = (1 << len(fragment.tensors)) - 1
        for join, mask in splits.joins:
            if join >= reach * best[0]:
                break
            total = join + self._cost_beside(splits, mask, full ^ mask)
            if total < reach * best[0]:
                total += self._cost_beside(splits, full ^ mask, mask)
                near.append((total, mask, full ^ mask))
                best = min(best, (total, mask))
        if self._shares is not None:
            best = min(best, self._averages(fragment, best[0]))
        else:
            for total, left, right in near:
                if total <= reach * best[0]:
                    self.votes[splits.part(left)] += 1
                    self.votes[splits.part(right)] += 1
        self._best[fragment] = best
        return best

    def _averages(self, fragment: Fragment, limit: float) -> tuple[float, int]:
        """The cheapest way to make the fragment by an average taken last, of what others want too."""
        best = (limit, 1 << len(fragment.tensors))
        assert self._shares is not None
        for i in range(len(fragment.averaged)):
            opened = fragment.opened(i)[0]
            if opened in self._at_hand or self._shares.get(opened, 0) > 1:
                traffic = self.size(len(opened.open), len(opened.legs))
                total = (1 + TRAFFIC) * traffic + CALL + self.cost(opened)
                best = min(best, (total, -1 - i))
        return best

    def _cost_beside(self, splits: Splits, mask: int, other: int) -> float:
        """The cost of one part beside the other; a power of deviations is not written out."""
        part = splits.part(mask)
        degree = len(part.tensors)
        if degree < _FEWEST_FOR_POWER or not is_power(part, splits.part(other)):
            return self.cost(part)
        half = (degree + 1) // 2
        flops = 2 * self.size(1, degree) / factorial(degree)
        return flops + 3 * _ELEMENTWISE * self.size(1, half) / factorial(half) + _POWER_CALLS * CALL

    def _splits(self, fragment: Fragment) -> Splits:
        if fragment not in self.known:
            self.known[fragment] = Splits(fragment, self._find_splits(fragment))
        return self.known[fragment]

    def _find_splits(self, fragment: Fragment) -> list[tuple[float, int]]:
        """Cost of the join and mask of the left part, for every split into connected parts, cheapest first."""
        size = len(fragment.tensors)
        full = (1 << size) - 1
        adjacent = [0] * size
        for a, b in fragment.edges:
            adjacent[a] |= 1 << b
            adjacent[b] |= 1 << a
        reach = list(adjacent)
        averaged = [sum([1 << v for v in block]) for block in fragment.averaged]
        opened = [sum([1 << v for v in block]) for block in fragment.open]
        for block, mask in zip(fragment.averaged + fragment.open, averaged + opened, strict=True):
            for v in block:
                reach[v] |= mask
        connected = _connected_sets(tuple(reach))
        legs = _legs_of_sets([degree for degree, _ in fragment.tensors], adjacent)
        total_legs = legs[full]
        outer = len(opened)
        of_points = [self.size(samples, 0) for samples in range(len(averaged) + outer + 1)]
        of_legs = [self.size(0, count) for count in range(max(legs) + 1)]
        result = of_points[outer] * of_legs[total_legs]
        joins = []
        for mask in range(1, full, 2):
            other = full ^ mask
            if connected[mask] and connected[other]:
                cut = left = right = 0
                for block_mask in averaged:
                    cut += 1 if block_mask & mask and block_mask & other else 0
                for block_mask in opened:
                    left += 1 if block_mask & mask else 0
                    right += 1 if block_mask & other else 0
                left, right = left + cut, right + cut
                in_left, in_right = legs[mask], legs[other]
                contracted = (in_left + in_right - total_legs) // 2
                flops = of_points[cut + outer] * of_legs[total_legs] * of_legs[contracted]
                left_size, right_size = of_points[left] * of_legs[in_left], of_points[right] * of_legs[in_right]
                traffic = left_size + right_size + result + (2 * min(left_size, right_size) if cut else 0.0)
                charge = _PAIR_OF_POINTS if max(left, right, outer) > 1 else 1.0
                if not cut and not contracted:
                    flops *= _ELEMENTWISE
                joins.append((charge * (flops + TRAFFIC * traffic) + CALL, mask))
        joins.sort()
        return joins


def is_power(power: Fragment, tensor: Fragment) -> bool:
    r"""Whether a fragment is an averaged power of deviations of the gradient, and takes all indices of a symmetric tensor.

    The power :math:`E[\delta g^{\otimes k}]` is then contracted one sorted tuple of indices at a time.
    """
    degree = len(power.tensors)
    if degree < _FEWEST_FOR_POWER or power.edges or power.averaged != (tuple(range(degree)),):
        return False
    return set(power.tensors) == {(1, DEVIATION)} and not tensor.open and tensor.legs == (tensor.legs[:1] * degree)


def _legs_of_sets(degrees: list[int], adjacent: list[int]) -> list[int]:
    """For every set of nodes, as a mask, how many legs leave it."""
    legs = [0]
    for degree, near in zip(degrees, adjacent, strict=True):
        legs += [count + degree - 2 * (near & mask).bit_count() for mask, count in enumerate(legs)]
    return legs


@cache
def _connected_sets(reach: tuple[int, ...]) -> list[bool]:
    """For every set of nodes, as a mask, whether it is connected."""
    found = [False] * (1 << len(reach))
    for mask in range(1, len(found)):
        covered, fresh = 0, mask & -mask
        while fresh:
            covered |= fresh
            around = 0
            while fresh:
                v = fresh.bit_length() - 1
                fresh ^= 1 << v
                around |= reach[v]
            fresh = around & mask & ~covered
        found[mask] = covered == mask
    return found
