r"""Change of basis: the same terms over joint cumulants or over joint moments.

A diagram over cumulants is a sum of diagrams over moments whose blocks are split further, with Möbius weights, and the
other way round with weights 1 (see :mod:`sgdsym.diagrams.partitions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from sgdsym.diagrams import Diagram, refinements
from sgdsym.series.coefficient import Coefficient

Basis: TypeAlias = Literal["cumulant", "moment"]
BASES: tuple[Basis, ...] = ("cumulant", "moment")


def change_basis(terms: Mapping[Diagram, Coefficient], new: Basis) -> dict[Diagram, Coefficient]:
    """The terms over the other kind of blocks."""
    return collect(
        (diagram.with_blocks(blocks), c * weight if new == "moment" else c)
        for diagram, c in terms.items()
        for blocks, weight in refinements(diagram.blocks)
    )


def collect(pairs: Iterable[tuple[Diagram, Coefficient]]) -> dict[Diagram, Coefficient]:
    """Add up the coefficients of equal diagrams."""
    parts: dict[Diagram, list[Coefficient]] = {}
    for diagram, c in pairs:
        parts.setdefault(diagram, []).append(c)
    # at once: one by one, each partial sum would be brought to its normal form
    return {diagram: Coefficient.total(cs) for diagram, cs in parts.items()}
