"""Printed definitions: the counting that goes with each kind of blocks, and the nodes that a resummation leaves out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from sgdsym.diagrams import DIAGRAM_NAMES, Diagram, order_polynomial
from sgdsym.literature.finding import Finding, series_finding
from sgdsym.literature.sources import PAPER
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import expand
from sgdsym.times.differences import binomial

ORDER = 4


def convention_findings() -> list[Finding]:
    """Findings on definitions."""
    return [*_embeddings(), *_irreducible()]


def _embeddings() -> list[Finding]:
    """Strict embeddings, counted from their definition, with either kind of blocks."""
    derived = expand(order=3, batch_size=1)
    strict = _strict_counts()
    section = f"{PAPER}, section 2"
    return [
        series_finding(
            "embeddings: different blocks at different times, blocks are cumulants",
            section,
            "test loss = Σ (-η)^d · strict embeddings / symmetries · cumulants",
            Series(strict, 3, "cumulant"),
            derived,
            "a mixed convention: times that differ between blocks go with moments, times that may agree with cumulants",
        ),
        series_finding(
            "embeddings: different blocks at different times, blocks are moments",
            f"{section}, put right",
            "test loss = Σ (-η)^d · strict embeddings / symmetries · moments",
            Series(strict, 3, "moment"),
            derived,
        ),
    ]


def _strict_counts() -> dict[Diagram, Coefficient]:
    r"""Strict embeddings of all diagrams through order 3: linear extensions of the blocks times :math:`\binom Tm`."""
    steps = Coefficient.symbol("T")
    counts = {}
    for diagram in (Diagram(1), *DIAGRAM_NAMES.values()):
        blocks = len(diagram.blocks) - 1
        roots = [block[0] for block in diagram.blocks if len(block) == 1]
        extensions = sum(order_polynomial(diagram, root)[blocks] for root in roots)
        counts[diagram] = binomial(steps, blocks) * (-1) ** diagram.order * extensions / diagram.symmetry_factor
    return counts


def _irreducible() -> list[Finding]:
    """The requirement of resummation that links are put back into each diagram in exactly one way."""
    section = f"{PAPER}, section 2.4"
    return [
        _covering(
            "irreducible diagrams: every node of degree 2 is a block of its own", section, _each_inner_node_single
        ),
        _covering(
            "irreducible diagrams: no node of degree 2 but the root is a block of its own",
            f"{section}, put right",
            lambda diagram: not links(diagram),
        ),
    ]


def _covering(name: str, source: str, irreducible: Callable[[Diagram], bool]) -> Finding:
    """The number of times that each diagram arises when links are inserted into irreducible ones."""
    found: dict[int, list[Diagram]] = {}
    for diagram in expand(observable="function", order=ORDER, batch_size=1).diagrams():
        chain = links(diagram)
        # a diagram arises once from each irreducible diagram that is left when some of its links are taken out
        subsets = (subset for k in range(len(chain) + 1) for subset in combinations(chain, k))
        ways = sum(irreducible(shortened(diagram, subset)) for subset in subsets)
        found.setdefault(ways, []).append(diagram)
    total = sum(map(len, found.values()))
    counts = ", ".join(f"{len(diagrams)} {_times_over(ways)}" for ways, diagrams in sorted(found.items()))
    derived = f"of the {total} rooted diagrams through order {ORDER} arise: {counts}"
    wrong = sum(len(diagrams) for ways, diagrams in found.items() if ways != 1)
    return Finding(
        name,
        source,
        "the expansion is the sum over irreducible diagrams, with links put into their edges",
        derived,
        f"every diagram should arise once, but {wrong} of {total} do not" if wrong else "",
        "a definition that is mistaken for its converse: what must not be left in an irreducible diagram are the nodes of "
        "degree 2, root aside, "
        "that are blocks of their own",
    )


def _times_over(ways: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(ways, f"{ways}-fold")


def links(diagram: Diagram) -> list[int]:
    """The nodes that resummation puts into an edge: bare Hessians, of degree 2, not the root, in a block of their own.

    >>> path = Diagram(4, [(0, 1), (1, 2), (2, 3)], None, [3])
    >>> len(links(path))
    2
    """
    return [
        block[0]
        for block in diagram.blocks
        if len(block) == 1 and diagram.degrees[block[0]] == 2 and block[0] not in diagram.roots
    ]


def shortened(diagram: Diagram, removed: tuple[int, ...]) -> Diagram:
    """The diagram without some of its links, whose edges join.

    >>> path = Diagram(4, [(0, 1), (1, 2), (2, 3)], None, [3])
    >>> shortened(path, tuple(links(path))) == Diagram(2, [(0, 1)], None, [1])
    True
    """
    edges = [tuple(edge) for edge in diagram.edges]
    for node in removed:
        ends = [v for edge in edges if node in edge for v in edge if v != node]
        edges = [edge for edge in edges if node not in edge] + [(ends[0], ends[1])]
    left = [v for v in range(diagram.nodes) if v not in removed]
    label = {v: i for i, v in enumerate(left)}
    blocks = [[label[v] for v in block] for block in diagram.blocks if block[0] in label]
    return Diagram(len(left), [(label[a], label[b]) for a, b in edges], blocks, [label[v] for v in diagram.roots])


def _each_inner_node_single(diagram: Diagram) -> bool:
    degrees = diagram.degrees
    joint = [v for block in diagram.blocks if len(block) > 1 for v in block]
    return all(degrees[v] != 2 for v in joint)
