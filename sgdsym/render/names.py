"""What a diagram is called: the string notation of the literature."""

from __future__ import annotations

from sgdsym.diagrams import Diagram, format_notation

# ten digits and the letters but c, with which the notation begins
LABELS = 35  # nodes that the string notation has labels for


def diagram_name(diagram: Diagram, basis: str) -> str:
    """The string notation of a diagram, or its ``repr`` where that has no word for it.

    >>> diagram_name(Diagram(2, [(0, 1)], roots=[1]), "cumulant")
    'Diagram(2, [(0, 1)], [(0,)], [1])'
    """
    is_free_tree = not diagram.roots and diagram.order == diagram.nodes - 1
    return format_notation(diagram, basis) if is_free_tree and diagram.nodes <= LABELS else repr(diagram)
