r"""Time-sums whose edges decay at rates of their own, kept as opaque symbols."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sgdsym.series import Coefficient
from sgdsym.times.patterns import Pattern, Span, Timing, edge_spans

Edges: TypeAlias = tuple[int, ...]
Key: TypeAlias = tuple[Edges, tuple[Edges, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class PropagatorTiming(Timing):
    r"""Every edge decays at a rate of its own: :math:`r_e^{\Delta-1}` in steps, or :math:`e^{-\lambda_e\Delta}` in continuous time.

    The value of a key is an opaque symbol, so that a sampling can count without knowing the rates; :attr:`symbols` says
    what each stands for.

    Attributes:
        continuous: whether time is continuous: no ties, and nothing in front.
        prefix: how the names of the symbols begin; no other symbol of the request may begin so.
        ordered: whether it matters which level is first, and which levels share an epoch or a slot.
        symbols: the key of each symbol that was made: the edges in front, those in each node, and the levels' epochs and slots.
    """

    continuous: bool = False
    prefix: str = "sum"
    ordered: bool = False
    symbols: dict[str, Key] = field(default_factory=dict, compare=False, repr=False)
    known: dict[Hashable, Coefficient] = field(default_factory=dict, compare=False, repr=False)
    looks_at_steps = True

    def key(self, pattern: Pattern, parents: Sequence[int]) -> Hashable:
        """The edges in front of the divided difference, and those in each of its nodes."""
        front, nodes = ratios_of(edge_spans(pattern.levels, parents), len(pattern.levels), range(len(parents)))
        apart = (pattern.epochs, pattern.slots) if self.ordered else ((), ())
        return () if self.continuous else front, nodes, *apart

    def value(self, key: Hashable) -> Coefficient:
        """The symbol of a key."""
        if key not in self.known:
            assert isinstance(key, tuple)
            name = f"{self.prefix}{len(self.known)}"
            self.symbols[name] = key
            self.known[key] = Coefficient.symbol(name)
        return self.known[key]


def ratios_of(spans: Sequence[Span], levels: int, chosen: Iterable[int]) -> tuple[Edges, tuple[Edges, ...]]:
    """Of the chosen edges, those in front of the divided difference, and those in each node, the lowest gap first.

    An edge is in the node of every gap that it spans, and once in front for every level that it passes.

    >>> ratios_of([(1, 1, 3), (0, 2, 3)], 2, [0, 1])
    ((0,), ((), (0,), (0, 1)))
    """
    nodes: list[list[int]] = [[] for _ in range(levels + 1)]
    front: list[int] = []
    for edge in chosen:
        _, low, high = spans[edge]
        front += [edge] * (high - low - 1)
        for gap in range(low, high):
            nodes[gap].append(edge)
    return tuple(front), tuple(map(tuple, nodes))
