"""The plain way to derive the test loss of one-pass SGD: grow, canonise with a compiled library, merge.

A direct transcription of the operator form: acting on a diagram, one step of SGD attaches k new leaves, all in one moment
block, in every way.  Each diagram of order d carries the vector of d! times its coefficients of C(T, p) (batch size 1, moment basis).
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement
from math import factorial, perm

from canonaut import raw

Edges = tuple[tuple[int, int], ...]
Blocks = tuple[tuple[int, ...], ...]
Vector = list[int]


def canonical_key(nodes: int, edges: Edges, blocks: Blocks) -> tuple[int, bytes]:
    """Canonical form of the tree with one more coloured node for each block of two or more nodes."""
    links = list(edges)
    for block_node, block in enumerate(blocks, nodes):
        links += [(v, block_node) for v in block]
    canonical = raw.canonize(nodes + len(blocks), links, colors=[0] * nodes + [1] * len(blocks))
    return nodes, canonical.canonical_bytes()


def derive(order: int) -> list[dict[tuple[int, bytes], tuple[int, Edges, Blocks, Vector]]]:
    """For each order the diagrams with their order! times the coefficients of C(T, 0), C(T, 1), …, sign left out."""
    start: Vector = [1] + [0] * order
    layers: list[dict[tuple[int, bytes], tuple[int, Edges, Blocks, Vector]]] = [{} for _ in range(order + 1)]
    layers[0][canonical_key(1, (), ())] = (1, (), (), start)
    for d in range(order):
        for nodes, edges, blocks, vector in layers[d].values():
            for leaves in range(1, order - d + 1):
                for targets in combinations_with_replacement(range(nodes), leaves):
                    weight = perm(d + leaves, leaves)
                    for count in Counter(targets).values():
                        weight //= factorial(count)
                    grown_edges = edges + tuple((v, nodes + i) for i, v in enumerate(targets))
                    grown_blocks = blocks + ((tuple(range(nodes, nodes + leaves)),) if leaves > 1 else ())
                    layer = layers[d + leaves]
                    key = canonical_key(nodes + leaves, grown_edges, grown_blocks)
                    shifted = [0] + [weight * c for c in vector[:-1]]
                    if key in layer:
                        known = layer[key]
                        shifted = [a + b for a, b in zip(known[3], shifted, strict=True)]
                        layer[key] = (*known[:3], shifted)
                    else:
                        layer[key] = (nodes + leaves, grown_edges, grown_blocks, shifted)
    return layers
