"""A diagram taken apart: the joint tensor of each block, and which slots are contracted with which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sgdsym.diagrams import Diagram
from sgdsym.tensors.tensor import InverseMetric, JointTensor, joint_tensor

Slots: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """The factors of a contraction; a label that two slots share is summed over.

    Attributes:
        factors: each tensor with the labels of its slots, one tuple per member.
        labels: number of labels.
    """

    factors: tuple[tuple[JointTensor | InverseMetric, Slots], ...]
    labels: int


def wire(diagram: Diagram, basis: str, metric: InverseMetric | None = None) -> Wiring:
    """The factors of a closed diagram, joint tensors first, then means of falling degree.

    Args:
        diagram: a diagram without open roots.
        basis: ``"cumulant"`` or ``"moment"``.
        metric: put between the two ends of every edge; ``None`` is the identity, and the ends share a label.

    >>> wire(Diagram(3, [(0, 1), (0, 2)], [(1, 2)]), "cumulant").factors
    ((C, ((0,), (1,))), (H, ((0, 1),)))
    """
    labels_at = diagram.legs
    if metric:
        # with a metric between them the two ends of an edge are different indices: 2j and 2j + 1
        labels_at = tuple(
            tuple(2 * j + (v == diagram.edges[j][1]) for j in legs) for v, legs in enumerate(diagram.legs)
        )
    degrees = diagram.degrees
    factors: list[tuple[JointTensor | InverseMetric, Slots]] = []
    for block in sorted(diagram.blocks, key=lambda block: (-len(block), -max(degrees[v] for v in block), block)):
        nodes = sorted(block, key=lambda v: degrees[v])
        factors.append((joint_tensor(basis, [degrees[v] for v in nodes]), tuple(labels_at[v] for v in nodes)))
    if metric:
        factors += [(metric, ((2 * j, 2 * j + 1),)) for j in range(diagram.order)]
    return Wiring(tuple(factors), diagram.order * (2 if metric else 1))
