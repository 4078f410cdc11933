r"""Contraction paths, chosen when the kernel is generated.

A fragment is made from two connected parts (:mod:`~sgdsym.codegen.planning.joins`), or by averaging the fragment that still has one of
its data points.  What is best for one diagram is not best for all.  The first plan takes every fragment by itself, and every
split that is nearly as cheap votes for its two parts.  In a second plan the cost of a part is shared out among those who
voted for it, and parts already made are free; in a third among those who really used it in the second; in the last one all
that the third made is taken to be free.  The cheaper one of the second and the last is written as a program, and so is the
other if it is nearly as cheap, because only a program tells what reading its inputs once will save.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias

import numpy as np

from sgdsym.codegen.planning.fragment import DEVIATION, Fragment
from sgdsym.codegen.planning.joins import CALL, NEARLY, TRAFFIC, Alone, Joins, plan_alone
from sgdsym.codegen.planning.sets import FEWEST_FOR_POWER

Nodes: TypeAlias = list[int]

_SQUARE = Fragment(((1, DEVIATION),) * 2, open=((0, 1),))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How all of some fragments are made, every part once.

    Attributes:
        joins: the splits to choose from.
        choice: the split of each piece that is made, or -1 less the number of the opened piece that it is the average of.
        cost: estimated multiplications in all.
    """

    joins: Joins = field(compare=False)
    choice: Mapping[int, int]
    cost: float

    def split(self, fragment: Fragment) -> tuple[Nodes, Nodes] | int:
        """The nodes of the two parts to make a fragment of two or more nodes from, or which average to take last."""
        pieces = self.joins.pieces
        piece = pieces.number(fragment)
        if (
            piece is None or piece not in self.choice
        ):  # another fragment has its fingerprint, or that of what it is part of
            return shared_recipes([fragment], plan_alone(self.joins.of([fragment])))[0].split(fragment)
        choice, labels = self.choice[piece], pieces.canonical(piece)[1]
        if choice < 0:
            _, block, opened = pieces.opened[-1 - choice]
            pieces.canonical(opened)
            members = pieces.fragments[pieces.row[piece]].averaged[block]
            return fragment.averaged.index(tuple(sorted(labels.index(v) for v in members)))
        splits = self.joins.splits
        for part in (splits.left, splits.right):
            pieces.canonical(int(part[choice]))
        left = int(splits.mask[choice])
        # the part with the first node of the canonical order is named first, whichever that was where the piece was met
        first = left >> labels[0] & 1
        nodes = [i for i, v in enumerate(labels) if left >> v & 1 == first]
        return nodes, [i for i, v in enumerate(labels) if left >> v & 1 != first]

    def made(self) -> set[Fragment]:
        """All fragments of two or more nodes that are made."""
        return {self.joins.pieces.canonical(piece)[0] for piece in self.choice}

    def array_size(self, axes: str) -> float:
        """Number of entries of an array; upper-case letters are sample axes."""
        samples = sum(letter.isupper() for letter in axes)
        return self.joins.size(samples, len(axes) - samples)


def shared_recipes(fragments: Sequence[Fragment], alone: Alone) -> list[Recipe]:
    """Recipes for all fragments, each planned with what the one before it shares: the cheapest and the nearly cheapest."""
    joins = alone.joins
    wanted = [joins.pieces.of[fragment] for fragment in fragments]
    planner = _Planner(joins, alone.votes.tolist())
    recipes = [planner.recipe(wanted)]
    # votes are for all nearly best splits, most of which are not taken; the second plan knows who really uses what
    planner.begin(planner.uses)
    planner.recipe(wanted)
    # greedy: a part that the third plan makes costs nothing any more, so that fragments move over to it
    planner.begin([inf if uses else 1 for uses in planner.uses])
    recipes.append(planner.recipe(wanted))
    limit = NEARLY * min(recipe.cost for recipe in recipes)
    return [recipe for i, recipe in enumerate(recipes) if recipe.cost <= limit and recipe not in recipes[:i]]


class _Planner:
    """Makes one piece after the other; what was made is free from then on."""

    def __init__(self, joins: Joins, shares: Sequence[float]) -> None:
        pieces, count = joins.pieces, len(joins.pieces.nodes)
        self._joins = joins
        self._splits = list(zip(joins.cost.tolist(), joins.left.tolist(), joins.right.tolist(), strict=True))
        self._start = np.searchsorted(joins.splits.whole, np.arange(count + 1)).tolist()
        self._size: list[float] = joins.sizes(pieces.samples, pieces.legs).tolist()
        self._single: list[float] = np.where(pieces.nodes > 1, -1.0, np.where(pieces.formed, self._size, 0.0)).tolist()
        self._averages: dict[int, list[int]] = {}
        for i, (whole, _, _) in enumerate(pieces.opened):
            self._averages.setdefault(whole, []).append(i)
        self._opened = [opened for _, _, opened in pieces.opened]
        self.begin(shares)

    def recipe(self, wanted: Iterable[int]) -> Recipe:
        """Make all these pieces."""
        for piece in wanted:
            self.make(piece)
        return Recipe(self._joins, self.choice, self.cost)

    def begin(self, shares: Sequence[float]) -> None:
        """Forget what was made, and share the cost of each piece among so many."""
        self._shares = shares
        self.uses = [0] * len(shares)
        self.choice: dict[int, int] = {}
        self.cost = 0.0
        # a power, one past the last piece, is never made
        self._made = {len(shares) - 1}
        self._best: dict[int, tuple[float, int]] = {}

    def make(self, piece: int) -> None:
        """Make a piece, its parts first, unless it was made."""
        self.uses[piece] += 1
        if piece in self._made:
            return
        if self._single[piece] >= 0:
            self.cost += self._single[piece]
        else:
            choice = self.choice[piece] = self._search(piece)[1]
            parts = self._splits[choice][1:] if choice >= 0 else (self._opened[-1 - choice],)
            for part in parts:
                self.make(part)
            self.cost += self._splits[choice][0] if choice >= 0 else self._average(parts[0])
        self._made.add(piece)

    def _search(self, piece: int) -> tuple[float, int]:
        """The cost of making a piece, and its choice as in :class:`Recipe`."""
        if piece not in self._best:
            best, choice = inf, 0
            for i in range(self._start[piece], self._start[piece + 1]):
                total, left, right = self._splits[i]
                # splits come by growing cost, so that no later one can be better
                if total >= best:
                    break
                total += self._price(left)
                if total < best:
                    total += self._price(right)
                    if total < best:
                        best, choice = total, i
            # an average costs a pass over an array with one more axis: worth a thought only if that is made, or wanted by several
            for i in self._averages.get(piece, ()):
                opened = self._opened[i]
                if opened in self._made or self._shares[opened] > 1:
                    total = self._average(opened) + self._price(opened)
                    if total < best:
                        best, choice = total, -1 - i
            self._best[piece] = best, choice
        return self._best[piece]

    def _average(self, opened: int) -> float:
        """The cost of averaging an array over its data points."""
        return (1 + TRAFFIC) * self._size[opened] + CALL

    def _price(self, piece: int) -> float:
        """Estimated multiplications that a piece still costs, shared out among those who want it."""
        if piece in self._made:
            return 0.0
        single = self._single[piece]
        return (single if single >= 0 else self._search(piece)[0]) / max(1, self._shares[piece])


def is_power(power: Fragment, tensor: Fragment) -> bool:
    r"""Whether a fragment is an averaged power of deviations of the gradient, and takes all indices of a symmetric tensor.

    The power :math:`E[\delta g^{\otimes k}]` is then contracted one sorted tuple of indices at a time.
    """
    degree = len(power.tensors)
    if degree < FEWEST_FOR_POWER or power.edges or power.averaged != (tuple(range(degree)),):
        return False
    return set(power.tensors) == {(1, DEVIATION)} and is_symmetric(tensor) and len(tensor.legs) == degree


def is_square(square: Fragment, tensor: Fragment, whole: Fragment) -> bool:
    """Whether a fragment is the square of a deviation of the gradient, and takes two of more indices of a symmetric tensor.

    The two indices are then contracted one sorted pair at a time.
    """
    return square == _SQUARE and is_symmetric(tensor) and len(tensor.legs) - 2 == len(whole.legs) > 0


def is_symmetric(tensor: Fragment) -> bool:
    """Whether all index axes, of one node, are interchangeable, and there are no others."""
    return not tensor.open and len(set(tensor.legs)) == 1
