"""Small tensor networks as pairwise contractions, each written once however many networks it occurs in.

The networks of a step have loops, which the pieces of a series' trees never have, and few tensors, so that the best of all contraction
paths is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import prod

Operand = tuple[str, str]  # a name, and a letter for each axis
SYMMETRIC = {"mean_": 0, "noise_": 1}  # tensors that are symmetric from that axis on
Size = tuple[int, int, int]  # the powers of data points, weights and registers in a length


@dataclass
class Program:
    """Lines of contractions, and what they cost.

    Attributes:
        lengths: for each letter the powers of n, p and the number of registers in the length of its axis.
        typical: numbers for these three, by which orders are compared.
        lines: the statements so far.
        operations: floating-point operations of a step, by powers.
        numbers: entries of the arrays that are made, by powers.
    """

    lengths: Mapping[str, Size]
    typical: tuple[int, int, int]
    lines: list[str] = field(default_factory=list)
    operations: Counter[Size] = field(default_factory=Counter)
    numbers: Counter[Size] = field(default_factory=Counter)
    _known: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {
            letter: prod(x**power for x, power in zip(self.typical, powers, strict=True))
            for letter, powers in self.lengths.items()
        }

    def network(self, operands: Sequence[Operand], out: str) -> str:
        """The name of the contraction of some operands to the axes ``out``.

        >>> program = Program({letter: (0, 1, 0) for letter in "abc"}, (1, 10, 1))
        >>> program.network([("mean_3", "abc"), ("m", "b"), ("m", "c")], "a")
        't2'
        >>> program.lines
        ['t1 = _contract("a,b->ab", m, m)', 't2 = _contract("abc,bc->a", mean_3, t1)']
        """
        # equal networks are met with their factors in any order, and must find the same statements
        left = sorted(operands)
        while len(left) > 1:
            first, second = self._first_pair(left, out)
            rest = [operand for i, operand in enumerate(left) if i not in (first, second)]
            kept = self._kept(left[first][1] + left[second][1], rest, out)
            kept = out if not rest else kept
            left = [*rest, self._pair(left[first], left[second], kept)]
        name, axes = left[0]
        if axes == out:
            return name
        before, after = _renamed((axes, out))
        return self.write(f'_arrange("{before}->{after}", {name})', axes)

    def write(self, expression: str, axes: str, operations: Mapping[Size, int] | None = None) -> str:
        """The name of an expression with these axes, which is written if it is new."""
        if expression not in self._known:
            self._known[expression] = name = f"t{len(self._known) + 1}"
            self.lines.append(f"{name} = {expression}")
            self.numbers[self._power(axes)] += 1
            self.operations.update(operations or {})
        return self._known[expression]

    def _pair(self, first: Operand, second: Operand, kept: str) -> Operand:
        first, second = _lined_up(first, second, kept), _lined_up(second, first, kept)
        left, right, result = _renamed((first[1], second[1], kept))
        # a multiplication and an addition for each combination of all axes
        cost = {self._power("".join(dict.fromkeys(first[1] + second[1]))): 2}
        name = self.write(f'_contract("{left},{right}->{result}", {first[0]}, {second[0]})', kept, cost)
        return name, kept

    def _first_pair(self, operands: Sequence[Operand], out: str) -> tuple[int, int]:
        """The first pair of the cheapest path."""
        # by the axes of what is left; a step joins a handful of tensors, so that all ways can be tried
        known: dict[tuple[str, ...], tuple[int, tuple[int, int]]] = {}

        def best(left: tuple[str, ...]) -> tuple[int, tuple[int, int]]:
            if len(left) == 1:
                return 0, (0, 0)
            if left not in known:
                found = []
                for i, j in combinations(range(len(left)), 2):
                    rest = [axes for k, axes in enumerate(left) if k not in (i, j)]
                    kept = self._kept(left[i] + left[j], [("", axes) for axes in rest], out)
                    cost = prod(self._sizes[letter] for letter in set(left[i] + left[j]))
                    found.append((cost + best((*rest, kept))[0], (i, j)))
                # of equal costs the first pair, so that the text does not depend on anything else
                known[left] = min(found)
            return known[left]

        return best(tuple(axes for _, axes in operands))[1]

    @staticmethod
    def _kept(letters: str, rest: Sequence[Operand], out: str) -> str:
        later = set(out).union(*(axes for _, axes in rest))
        return "".join(letter for letter in dict.fromkeys(letters) if letter in later)

    def _power(self, axes: str) -> Size:
        powers = [self.lengths[letter] for letter in axes]
        return (sum(x for x, _, _ in powers), sum(y for _, y, _ in powers), sum(z for _, _, z in powers))


def _lined_up(operand: Operand, other: Operand, kept: str) -> Operand:
    """A symmetric tensor with the indices that are summed at its end, in the order of the other, so that nothing is moved about."""
    name, axes = operand
    fixed = next((count for prefix, count in SYMMETRIC.items() if name.startswith(prefix)), len(axes))
    head, body = axes[:fixed], axes[fixed:]
    summed = "".join(letter for letter in other[1] if letter in body and letter not in kept)
    return name, head + "".join(letter for letter in body if letter not in summed) + summed


def _renamed(axes: Sequence[str]) -> list[str]:
    """The same axes with the first letters of the alphabet, in order of appearance."""
    letters = dict.fromkeys("".join(axes))
    name = {letter: chr(ord("a") + i) for i, letter in enumerate(letters)}
    return ["".join(name[letter] for letter in part) for part in axes]
