r"""The string notation of the literature: ``c(01-2-3)(02-12-23)``.

The first bracket lists the blocks, the second the edges as child followed by parent; the highest label is the root; a
leading ``c`` means joint cumulants, no ``c`` means joint moments.  Labels past 9 continue with letters.  Up to order 3 the
literature has names, too, such as ``Vlvs``, which are joint moments (:mod:`sgdsym.diagrams.names`).
Source: [Tenka2020]_ and its companion code.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from string import ascii_lowercase, digits

from sgdsym.arguments import quoted
from sgdsym.diagrams.diagram import Diagram
from sgdsym.diagrams.names import DIAGRAM_NAMES
from sgdsym.diagrams.posets import can_be_grown

# without c, which in front of the brackets says that blocks are cumulants
_LABELS = digits + ascii_lowercase.replace("c", "")
_NOTATION = re.compile(r"\s*(c?)\(([^()]*)\)\s*\(([^()]*)\)\s*")


def parse_notation(text: str) -> tuple[Diagram, str]:
    """Read a diagram in the literature's string notation, or by its name there.

    Args:
        text: such as ``c(01-2-3)(02-12-23)``, or ``Vlvs``; the diagram of order 0 is ``c(0)()``.

    Returns:
        The diagram, without a special root, and its basis, ``"cumulant"`` or ``"moment"``.

    Raises:
        ValueError: if the text is not of this form or the edges do not form a tree.

    >>> parse_notation("c(01-2-3)(02-12-23)")
    (Diagram(4, [(0, 1), (0, 2), (0, 3)], [(0,), (1, 2), (3,)]), 'cumulant')
    >>> parse_notation("Vlvs") == parse_notation("(01-2)(02-12)")
    True
    """
    if named := DIAGRAM_NAMES.get(text.strip()):
        return named, "moment"
    match = _NOTATION.fullmatch(text)
    if not match:
        if text.strip().isalpha():
            meant = get_close_matches(text.strip(), DIAGRAM_NAMES, n=1)
            advice = f"did you mean {meant[0]}?" if meant else f"the names are {', '.join(DIAGRAM_NAMES)}"
            raise ValueError(f"no diagram is called {quoted(text)}; {advice}")
        raise ValueError(
            f"not a diagram in string notation: {quoted(text)}; write it like c(01-2-3)(02-12-23), or as a name such as Vlvs"
        )
    prefix, partition, links = match.groups()
    blocks = [[_label(text, x) for x in part.strip()] for part in partition.split("-")]
    edges = [[_label(text, x) for x in part.strip()] for part in links.split("-") if links.strip()]
    nodes = sum(map(len, blocks))
    return Diagram(nodes, edges, blocks), "cumulant" if prefix else "moment"


def format_notation(diagram: Diagram, basis: str = "cumulant") -> str:
    """Write a free-tree diagram in the literature's string notation.

    The root is a node that is alone in its block and from which the diagram can be grown, if there is one.

    Args:
        diagram: a diagram without open roots on one tree of at most 35 nodes.
        basis: ``"cumulant"`` or ``"moment"``.

    Raises:
        ValueError: if the diagram has open roots, is a forest, or is too large to label.

    >>> format_notation(Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)]))
    'c(01-2-3)(02-12-23)'
    """
    if diagram.open_roots or diagram.order < diagram.nodes - 1:
        raise ValueError("the string notation has no word for an open root or a forest")
    if diagram.nodes > len(_LABELS):
        raise ValueError(f"the string notation labels at most {len(_LABELS)} nodes, this diagram has {diagram.nodes}")
    parents = _hang(diagram, _best_root(diagram))
    joint = {v: block for block in diagram.blocks for v in block}
    depth: dict[int, int] = {}
    for v, parent in parents.items():
        depth[v] = depth[parent] + 1 if parent is not None else 0
    # the deepest first: labels then rise towards the root, which has the highest, as the literature has it
    order = sorted(parents, key=lambda v: (-depth[v], -len(joint[v]), joint[v], v))
    label = {v: _LABELS[i] for i, v in enumerate(order)}
    blocks = sorted("".join(sorted(label[v] for v in block)) for block in diagram.blocks)
    edges = sorted(label[v] + label[parent] for v, parent in parents.items() if parent is not None)
    return f"{'c' if basis == 'cumulant' else ''}({'-'.join(blocks)})({'-'.join(edges)})"


def _label(text: str, character: str) -> int:
    if character not in _LABELS:
        raise ValueError(
            f"unknown node label {quoted(character)} in {quoted(text)}; labels are {_LABELS[:10]} and then letters"
        )
    return _LABELS.index(character)


def _best_root(diagram: Diagram) -> int:
    """The first node, few neighbours first, from which the diagram can be grown, or else the first that is alone."""
    nodes = sorted(range(diagram.nodes), key=lambda v: (diagram.degrees[v], v))
    # the root's loss is a mean, that of a fresh point, so that no step can share its block
    alone = [v for v in nodes if (v,) in diagram.blocks]
    return next((v for v in alone if can_be_grown(diagram, v)), (alone or nodes)[0])


def _hang(diagram: Diagram, root: int) -> dict[int, int | None]:
    """Parent of each node, parents before children."""
    parents: dict[int, int | None] = {root: None}
    for v in (queue := [root]):
        for w in diagram.neighbours[v]:
            if w not in parents:
                parents[w] = v
                queue.append(w)
    return parents
