r"""Index notation: every index of every tensor, repeated indices summed.

Works for every diagram: :math:`G_a\,\kappa(h_{ab}, g_c)\,H_{bc}`.  On request each edge has two lower indices and the inverse metric
between them, :math:`G_a\,g^{ab}\,\kappa(h_{bc}, g_f)\,g^{cd}\,H_{de}\,g^{ef}`: derivatives are covectors, and a step makes a displacement
of one.
"""

from __future__ import annotations

from sgdsym.diagrams import Diagram
from sgdsym.formula import Formula, Indexed, row
from sgdsym.formula.letters import Kind
from sgdsym.render.network import is_open_index, plain_roots
from sgdsym.render.scripts import Script

# without the letters of tensors, g h j l s, without o, which reads as 0, and x, a data point; i, k, y and z are open
_SUMMED = "abcdefmnpqrtuvw"
_MORE = "ABDEFIKMNOPQRTUVWXYZ"  # with the metric there are twice as many
_OPEN = "ikyz"


def index_form(diagram: Diagram, script: Script, function: bool = False, metric: bool = False) -> Formula:
    """The value of a diagram in index notation; open indices are :math:`i, k, …`, the others are summed.

    Args:
        diagram: a diagram of at most 15 edges, 17 with the metric.
        script: writes the words.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.
        metric: whether the inverse metric is written on every edge; an open index is then a raised one.

    Raises:
        ValueError: if the diagram has more edges than there are letters.
    """
    most = len(_SUMMED + _MORE) // 2 if metric else len(_SUMMED)
    if diagram.order > most:
        with_metric = " with the metric" if metric else ""
        raise ValueError(f"index notation{with_metric} has letters for {most} edges, this diagram has {diagram.order}")
    walk = _walk(diagram)
    bare = [v for v in diagram.open_roots if is_open_index(diagram, v, function)]
    indices, raised = _name_indices(diagram, walk, bare, metric)
    block_of = {v: block for block in diagram.blocks for v in block}
    place = {v: i for i, v in enumerate(walk)}
    factors: list[Formula] = []
    for v in walk:
        if v in raised:
            factors.append(Indexed(script.notation.symbol("metric"), raised[v], raised=True))
        block = sorted(block_of.get(v, (v,)), key=place.__getitem__)
        if v == block[0] and v not in bare:
            factors.append(_factor(diagram, block, indices, script))
    return row(factors, "product")


def summed_indices(diagram: Diagram, function: bool = False, metric: bool = False) -> str:
    """The letters of :func:`index_form` that are summed over.

    >>> summed_indices(Diagram(3, [(0, 1), (1, 2)]))
    'ab'
    """
    bare = [v for v in diagram.open_roots if is_open_index(diagram, v, function)]
    open_edges = sum(a in bare or b in bare for a, b in diagram.edges)
    return (_SUMMED + _MORE)[: diagram.order * (2 if metric else 1) - open_edges]


def _factor(diagram: Diagram, block: list[int], indices: dict[int, str], script: Script) -> Formula:
    plain = plain_roots(diagram, script)

    def tensor(kind: Kind, v: int) -> Formula:
        # one index for each edge
        return script.indexed(kind, len(indices[v]), indices[v])

    if len(block) == 1:
        (v,) = block
        return tensor("function" if v in diagram.open_roots else "plain mean" if v in plain else "mean", v)
    only_gradients = all(len(indices[v]) == 1 for v in block)
    members = [tensor("plain sample" if v in plain else "sample", v) for v in block]
    return script.joint(members, "".join(indices[v] for v in block), only_gradients)


def _name_indices(
    diagram: Diagram, walk: list[int], bare: list[int], metric: bool
) -> tuple[dict[int, str], dict[int, str]]:
    """The indices of each node, sorted; with the metric also its two, by the later node of each edge.  Letters in the order of the walk."""
    place = {v: i for i, v in enumerate(walk)}
    summed, open_letters = iter(_SUMMED + _MORE), iter(_OPEN)
    indices = dict.fromkeys(walk, "")
    raised: dict[int, str] = {}
    for edge in sorted(diagram.edges, key=lambda edge: max(place[v] for v in edge)):
        near, far = sorted(edge, key=place.__getitem__)
        is_open = near in bare or far in bare
        first = next(open_letters if is_open else summed)
        second = next(summed) if metric else first
        # an open root has no tensor: its end of the metric is the open index
        first, second = (second, first) if metric and far in bare and near not in bare else (first, second)
        indices[near] += first
        indices[far] += second
        if metric:
            raised[far] = first + second
    return indices, raised


def _walk(diagram: Diagram) -> list[int]:
    """The nodes depth first, from an end of each tree."""
    alone = {block[0] for block in diagram.blocks if len(block) == 1}
    open_roots, degrees, neighbours = diagram.open_roots, diagram.degrees, diagram.neighbours
    starts = sorted(range(diagram.nodes), key=lambda v: (v not in open_roots, degrees[v], v not in alone, v))
    walk: list[int] = []
    for start in starts:
        stack = [start] if start not in walk else []
        while stack:
            v = stack.pop()
            walk.append(v)
            below = [w for w in neighbours[v] if w not in walk and w not in stack]
            stack += sorted(below, key=lambda w: (-degrees[w], w))
    return walk
