r"""What it costs to join two pieces, at representative sizes, and the cheapest plan of each piece by itself.

The cost of joining two parts is the number of multiplications, :math:`n^{\#\text{sample axes}} p^{\#\text{index axes}}`
over all axes of both, plus the memory traffic and the call.  An array over pairs of data points is charged many times its
cost: it is made only where nothing else is possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import factorial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdsym.codegen.planning.fragment import Fragment
from sgdsym.codegen.planning.pieces import LEFT, RIGHT, Pieces, Splits, pieces_of
from sgdsym.codegen.planning.sets import Integers

Floats: TypeAlias = NDArray[np.float64]

# Sizes that plans are made for: a few hundred data points and some tens of parameters, where derivatives of order 3 and more
# leave the caches; a plan for other sizes is another one only where two plans cost nearly the same.
DATA_POINTS = 300
PARAMETERS = 40
ENTRIES = 6e7  # entries of the largest samples, 0.5 GB in double precision: what many a user has to spare
# Costs in multiplications of a large matrix product on one core, as benchmarks/costs.py measures them; rounded up from what it
# finds, since real arrays are less often in a cache than its own.
CALL = 20_000.0  # of numpy, a microsecond or two: 12 000 measured
TRAFFIC = 8.0  # of a number read from memory or written to it: 5 to 8 measured
_ELEMENTWISE = 16.0  # of a multiplication where nothing is summed, which waits for its stores: 7 to 11 measured
_POWER_CALLS = 20  # calls in a symmetric power: 12 measured at degree 4 with one parameter
# Preferences, not times.  How much dearer a plan may be and still have a say: sharing can make up for a fifth, since over all
# diagrams of order 6 it leaves 37 % of the cost.
NEARLY = 1.2
# A number over pairs of data points: at the sizes of a plan there are 300 times as many as over points, and ten times as many data
# points would need a hundred times the memory, so that such an array is made only where every other way is far longer.
_PAIR_OF_POINTS = 30.0


def representative_parameters(points: int, degree: int) -> int:
    """The number of parameters at which tensors of a degree at every data point fill half a gigabyte, at most 40.

    >>> [representative_parameters(300, degree) for degree in (1, 3, 4, 5)]
    [40, 40, 21, 11]
    """
    return max(2, min(PARAMETERS, round(float((ENTRIES / points) ** (1 / max(1, degree))))))


@dataclass(frozen=True, slots=True)
class Joins:
    """The splits of pieces with their costs, those of a piece together and the cheapest first.

    Attributes:
        pieces: the pieces.
        points: the number of data points.
        parameters: the number of parameters.
        splits: the splits.
        left: the left part of each, or one past the last piece where it is a power or a square, which is not made.
        right: the right part, likewise.
        flops: the multiplications of each.
        cost: the cost of each, if both parts are at hand.
    """

    pieces: Pieces
    points: int
    parameters: int
    splits: Splits
    left: Integers
    right: Integers
    flops: Floats
    cost: Floats

    def of(self, fragments: Iterable[Fragment]) -> Joins:
        """The splits of other fragments at the same sizes."""
        return joins_of(pieces_of(fragments), self.points, self.parameters)

    def size(self, samples: int, indices: int) -> float:
        """Number of entries of an array."""
        return float(self.points**samples * self.parameters**indices)

    def sizes(self, samples: Integers, indices: Integers) -> Floats:
        """Number of entries of arrays."""
        return _sizes(self.points, self.parameters, samples, indices)


@dataclass(frozen=True, slots=True)
class Alone:
    """The cheapest plan of each piece if it shares nothing with others.

    Attributes:
        joins: what is chosen from.
        cost: of each piece; what is read costs nothing, and neither does a power, one past the last piece.
        choice: the split that each piece is made by, -1 for a single tensor.
        votes: how many nearly best splits have the piece as a part.
    """

    joins: Joins
    cost: Floats
    choice: Integers
    votes: Integers


def joins_of(pieces: Pieces, points: int, parameters: int) -> Joins:
    """The splits of pieces with their costs at given sizes."""
    found = pieces.splits
    flops, cost = _costs(pieces, points, parameters)
    order = np.lexsort((cost, found.whole))
    splits = Splits(*(column[order] for column in (found.whole, found.left, found.right, found.mask, found.power)))
    left = np.where(splits.power == LEFT, len(pieces.nodes), splits.left)
    right = np.where(splits.power == RIGHT, len(pieces.nodes), splits.right)
    return Joins(pieces, points, parameters, splits, left, right, flops[order], cost[order])


def plan_alone(joins: Joins) -> Alone:
    """Plan each piece by itself, small ones first."""
    pieces, whole = joins.pieces, joins.splits.whole
    cost = np.append(np.where(pieces.formed, joins.sizes(pieces.samples, pieces.legs), 0.0), 0.0)
    choice, votes = np.full(len(cost), -1), np.zeros(len(cost), np.int64)
    # what has two nodes or more must be made; infinity, so that any split is cheaper
    cost[whole] = np.inf
    nodes = pieces.nodes[whole]
    for count in range(2, int(nodes.max(initial=1)) + 1):
        splits = np.flatnonzero(nodes == count)
        # both parts have fewer nodes, so that their costs are final
        total = joins.cost[splits] + cost[joins.left[splits]] + cost[joins.right[splits]]
        np.minimum.at(cost, whole[splits], total)
        best, near = (splits[total <= reach * cost[whole[splits]]] for reach in (1.0, NEARLY))
        choice[whole[best][::-1]] = best[::-1]  # the last one written stays
        for part in (joins.left, joins.right):
            votes += np.bincount(part[near], minlength=len(votes))
    return Alone(joins, cost, choice, votes)


def _costs(pieces: Pieces, points: int, parameters: int) -> tuple[Floats, Floats]:
    """The multiplications and the cost of each split; of powers and squares, which are not made, with all that they take."""
    splits, samples, legs = pieces.splits, pieces.samples, pieces.legs
    whole, left, right = splits.whole, splits.left, splits.right
    cut = pieces.averaged[whole] - pieces.averaged[left] - pieces.averaged[right]
    # every joined leg is one of both parts
    contracted = (legs[left] + legs[right] - legs[whole]) // 2
    result, one, other = (_sizes(points, parameters, samples[part], legs[part]) for part in (whole, left, right))
    flops = _sizes(points, parameters, cut + samples[whole], legs[whole] + contracted)
    square = (splits.power > 0) & (samples[whole] > 0)
    # every pair of indices once halves the sum, and once more what is left where that is symmetric too
    flops = np.where(square, flops / np.where(legs[whole] > 1, 4, 2), flops)
    # where a block is completed the weights are multiplied into the smaller part: it is read and written once more
    traffic = one + other + result + np.where(cut > 0, 2 * np.minimum(one, other), 0.0)
    # an open axis in both parts and another in one of them make pairs of data points, whether or not the result has them
    pairs = np.maximum(np.maximum(samples[left], samples[right]), samples[whole]) > 1
    slowly = np.where((cut == 0) & (contracted == 0), _ELEMENTWISE, 1.0)
    cost = np.where(pairs, _PAIR_OF_POINTS, 1.0) * (slowly * flops + TRAFFIC * traffic) + CALL
    for i in np.flatnonzero((splits.power > 0) & ~square):
        degree = int(legs[left[i]])
        first, last = (points * parameters**half / factorial(half) for half in ((degree + 1) // 2, degree // 2))
        # one product is read, and each half is made that is longer than the squares, which are there, or the vectors
        tuples = first * (1 + (degree > 4)) + last * (degree > 3)
        flops[i] = points * parameters**degree / factorial(degree)
        cost[i] += 2 * flops[i] + _ELEMENTWISE * tuples + _POWER_CALLS * CALL
    return flops, cost


def _sizes(points: int, parameters: int, samples: Integers, indices: Integers) -> Floats:
    # from a table of exact integers, because a power of arrays is rounded differently from machine to machine
    table = [
        [float(points**i * parameters**j) for j in range(int(indices.max(initial=0)) + 1)]
        for i in range(int(samples.max(initial=0)) + 1)
    ]
    found: Floats = np.array(table)[samples, indices]
    return found
