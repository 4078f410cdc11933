r"""Stage 2: the order of contraction, chosen when the kernel is generated.

A fragment is contracted from two connected parts; the split is the cheapest one, parts that are at hand already being
free.  The cost of joining two parts is the number of multiplications,
:math:`n^{\#\text{sample axes}} p^{\#\text{index axes}}` over all axes of both, plus the memory traffic, at
representative sizes.  Splits are tried from the cheapest join upward until the join alone costs more than the best
split found, and the cost of each fragment is remembered across all diagrams.
"""

from __future__ import annotations

from functools import cache

from sgdsym.codegen.fragment import SAMPLE, Fragment

DATA_POINTS = 300
PARAMETERS = 30
_CALL = 3000.0
_TRAFFIC = 4.0
_MOST = 26
_SIZE = [[float(DATA_POINTS**samples * PARAMETERS**legs) for legs in range(2 * _MOST)] for samples in range(_MOST)]


class Planner:
    """Chooses splits, and remembers which fragments are at hand."""

    def __init__(self) -> None:
        self._best: dict[Fragment, tuple[float, int]] = {}
        self._at_hand: set[Fragment] = set()

    def hold(self, fragment: Fragment) -> None:
        """From now on the fragment costs nothing."""
        self._at_hand.add(fragment)

    def split(self, fragment: Fragment) -> tuple[list[int], list[int]]:
        """The nodes of the two parts to contract the fragment from; it has two or more nodes."""
        mask = self._search(fragment)[1]
        nodes = range(len(fragment.tensors))
        return [v for v in nodes if mask >> v & 1], [v for v in nodes if not mask >> v & 1]

    def _cost(self, fragment: Fragment) -> float:
        if fragment in self._at_hand:
            return 0.0
        if len(fragment.tensors) == 1:
            degree, kind = fragment.tensors[0]
            return _SIZE[1][degree] if kind == SAMPLE and degree < 2 else 0.0
        return self._search(fragment)[0]

    def _search(self, fragment: Fragment) -> tuple[float, int]:
        if fragment in self._best:
            return self._best[fragment]
        best = (float("inf"), 0)
        nodes = range(len(fragment.tensors))
        for join, mask in _joins(fragment):
            if join >= best[0]:
                break
            left = [v for v in nodes if mask >> v & 1]
            right = [v for v in nodes if not mask >> v & 1]
            total = join + self._cost(fragment.part(left)[0])
            if total < best[0]:
                total += self._cost(fragment.part(right)[0])
                if total < best[0]:
                    best = (total, mask)
        self._best[fragment] = best
        return best


def array_size(axes: str) -> float:
    """Number of entries of an array at the representative sizes; upper-case letters are sample axes."""
    samples = sum(letter.isupper() for letter in axes)
    return _SIZE[samples][len(axes) - samples]


def _joins(fragment: Fragment) -> list[tuple[float, int]]:
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
    legs = [0]
    for v, (degree, _) in enumerate(fragment.tensors):
        near = adjacent[v]
        legs += [count + degree - 2 * (near & mask).bit_count() for mask, count in enumerate(legs)]
    total_legs = legs[full]
    joins = []
    for mask in range(1, full, 2):
        other = full ^ mask
        if connected[mask] and connected[other]:
            cut = sum([1 for block in averaged if block & mask and block & other])
            left = cut + sum([1 for block in opened if block & mask])
            right = cut + sum([1 for block in opened if block & other])
            flops = _SIZE[cut + len(opened)][(legs[mask] + legs[other] + total_legs) // 2]
            traffic = _SIZE[left][legs[mask]] + _SIZE[right][legs[other]] + _SIZE[len(opened)][total_legs]
            joins.append((flops + _TRAFFIC * traffic + _CALL, mask))
    joins.sort()
    return joins


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
