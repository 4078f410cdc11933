"""Pure combinatorics of diagrams: what they are, how they grow, how their blocks can be timed.

The room knows integers and tuples (and numpy arrays of them where a million diagrams are grown).  It refuses to know tensors,
coefficients, learning rates, drawing and every other room of the house.
"""

from sgdsym.diagrams.diagram import Diagram
from sgdsym.diagrams.forests import Forest, count_rooted_trees, rooted_forests
from sgdsym.diagrams.graph import from_networkx, to_networkx
from sgdsym.diagrams.growth import MAX_ORDER, Layer, estimate_diagrams, grow
from sgdsym.diagrams.matching import match_nodes
from sgdsym.diagrams.names import DIAGRAM_NAMES
from sgdsym.diagrams.notation import format_notation, parse_notation
from sgdsym.diagrams.partitions import (
    Partition,
    bell_number,
    coarsenings,
    connected_parts,
    moebius,
    refinements,
    set_partitions,
)
from sgdsym.diagrams.posets import level_sizes, order_polynomial, surjections, weak_orders

__all__ = [
    "DIAGRAM_NAMES",
    "MAX_ORDER",
    "Diagram",
    "Forest",
    "Layer",
    "Partition",
    "bell_number",
    "coarsenings",
    "connected_parts",
    "count_rooted_trees",
    "estimate_diagrams",
    "format_notation",
    "from_networkx",
    "grow",
    "level_sizes",
    "match_nodes",
    "moebius",
    "order_polynomial",
    "parse_notation",
    "refinements",
    "rooted_forests",
    "set_partitions",
    "surjections",
    "to_networkx",
    "weak_orders",
]
