"""Hypothesis strategies for diagrams."""

import random

from hypothesis import strategies as st

from sgdsym import Diagram


@st.composite
def diagrams(draw, max_nodes=8, max_roots=0):
    """Random diagrams: a random tree or forest with a random partition, and perhaps roots."""
    nodes = draw(st.integers(1, max_nodes))
    generator = random.Random(draw(st.integers(0, 2**32)))
    trees = draw(st.integers(1, 2)) if max_roots else 1
    component = {v: v for v in range(min(trees, nodes))}
    edges = []
    for v in range(len(component), nodes):
        parent = generator.randrange(v)
        edges.append((parent, v))
        component[v] = component[parent]
    roots = [v for v in range(min(trees, nodes)) if max_roots and generator.random() < 0.5]
    labels = [generator.randrange(nodes) for _ in range(nodes)]
    blocks = {}
    for v, label in enumerate(labels):
        if v not in roots or generator.random() < 0.5:
            blocks.setdefault(label, []).append(v)
    return Diagram(nodes, edges, blocks.values(), roots)


def relabelled(diagram, generator):
    """The same diagram built from shuffled labels, edges and blocks."""
    label = list(range(diagram.nodes))
    generator.shuffle(label)
    edges = [tuple(generator.sample([label[a], label[b]], 2)) for a, b in diagram.edges]
    blocks = [generator.sample([label[v] for v in block], len(block)) for block in diagram.blocks]
    generator.shuffle(edges)
    generator.shuffle(blocks)
    return Diagram(diagram.nodes, edges, blocks, [label[v] for v in diagram.roots])
