"""What a diagram is, in words.

The words follow the structure: derivatives by their names, noise by the cumulant of the gradient that it is, and how all are
contracted.  Well-known readings are added where there is one; nothing depends on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sgdsym.arguments import read_choice
from sgdsym.diagrams import Diagram
from sgdsym.render.network import is_open_index, plain_roots
from sgdsym.render.notation import Notation
from sgdsym.render.scripts import Script
from sgdsym.series import BASES

_DERIVATIVES = ("loss", "gradient", "curvature", "jerk")
_ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_POINTS = "xyzuvw"
_READINGS = {
    Diagram(1): "where the run begins",
    Diagram(2, [(0, 1)]): "how fast small steps descend",
    Diagram(3, [(0, 1), (1, 2)]): "descent slowed by sharpness",
    Diagram(3, [(0, 1), (1, 2)], [(0, 2)]): "noise pushed uphill by sharpness",
    Diagram(3, [(0, 1), (1, 2)], [(0, 1)]): "half the slope of the total noise along the gradient",
    Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)]): "noise that feels how the curvature changes along the way",
    Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2, 3)]): "skewed noise, which no Gaussian model has",
    Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 3)]): "noise that later steps shrink",
    Diagram(4, [(0, 1), (0, 2), (0, 3)], [(1, 2)], [3]): "the force of noise towards flatter ground",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A tensor of its own: a name, its plural, the diagram's edges that end at it, and whether it is a cumulant of noise."""

    name: str
    plural: str
    edges: tuple[int, ...]
    is_noise: bool = False


def explain(diagram: Diagram, basis: str = "cumulant", *, function: bool = False, weight_decay: bool = False) -> str:
    """What a diagram is, in words.

    Args:
        diagram: any diagram.
        basis: whether its blocks are joint ``"cumulant"`` or joint ``"moment"``.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.
        weight_decay: whether nodes carry weight decay, so that the plain loss of a root is another one.

    Raises:
        ValueError: if the basis is unknown.

    >>> explain(Diagram(3, [(0, 1), (1, 2)], [(0, 2)]))
    'curvature contracted with the gradient covariance: noise pushed uphill by sharpness'
    >>> explain(Diagram(4, [(0, 1), (1, 2), (2, 3)], [(0, 2)]))
    'curvature contracted with the gradient at x and the curvature at x, which is contracted with the gradient; covariance over x'
    """
    read_choice("basis", basis, BASES)
    plain = plain_roots(diagram, Script("moment" if basis == "moment" else "cumulant", Notation(), weight_decay))
    parts, joints = _parts(diagram, basis, function, plain)
    sentences = [_component(component) for component in _components(parts)]
    text = ", times ".join(sentences)
    left_open = sum(is_open_index(diagram, root, function) for root in diagram.open_roots)
    if left_open:
        text += f", {_NUMBERS[left_open]} {'index' if left_open == 1 else 'indices'} open"
    text = "; ".join([text, *joints])
    reading = _READINGS.get(diagram) if basis == "cumulant" and not function else None
    return f"{text}: {reading}" if reading else text


def _parts(diagram: Diagram, basis: str, function: bool, plain: frozenset[int]) -> tuple[list[_Part], list[str]]:
    """The tensors, and what is said of blocks whose nodes are tensors of their own at one data point."""
    edges = diagram.legs
    parts: list[_Part] = []
    joints: list[str] = []
    for block in diagram.blocks:
        degrees = [diagram.degrees[v] for v in block]
        inside = {e for v in block for e in edges[v] if all(w in block for w in diagram.edges[e])}
        if len(block) > 1 and set(degrees) == {1} and not inside and not plain.intersection(block):
            name = _noise(len(block), basis)
            parts.append(_Part(name, f"copies of the {name}", tuple(e for v in block for e in edges[v]), True))
            continue
        at = ""
        if len(block) > 1:
            point = _POINTS[len(joints)] if len(joints) < len(_POINTS) else f"x{len(joints)}"
            at = f" at {point}"
            joints.append(f"{_joint(len(block), basis)} over {point}")
        for v, degree in zip(block, degrees, strict=True):
            where = f" of the plain loss{at}" if v in plain and degree else at
            parts.append(_derivative(degree, where, edges[v]))
    parts += [
        _derivative(diagram.degrees[root], " of the function", edges[root], "function itself")
        for root in diagram.open_roots
        if not is_open_index(diagram, root, function)
    ]
    return parts, joints


def _derivative(degree: int, where: str, edges: tuple[int, ...], zeroth: str = "loss") -> _Part:
    if degree == 0 and zeroth != "loss":
        return _Part(zeroth, zeroth, edges)
    if degree < len(_DERIVATIVES):
        name = _DERIVATIVES[degree]
        plural = {"loss": "losses", "jerk": "jerks"}.get(name, f"{name}s")
    else:
        name = f"{_ordinal(degree)} derivative"
        plural = f"{name}s"
    return _Part(name + where, plural + where, edges)


def _noise(count: int, basis: str) -> str:
    if basis == "moment":
        return f"{_ordinal(count)} moment of the gradient"
    return {2: "gradient covariance", 3: "gradient skewness"}.get(
        count
    ) or f"{_ordinal(count)} cumulant of the gradient"


def _joint(count: int, basis: str) -> str:
    if basis == "moment":
        return "mean"
    return "covariance" if count == 2 else "joint cumulant"


def _components(parts: Sequence[_Part]) -> list[list[_Part]]:
    found: list[list[_Part]] = []
    for part in parts:
        touching = [c for c in found if any(set(part.edges) & set(other.edges) for other in c)]
        found = [c for c in found if c not in touching] + [[*(p for c in touching for p in c), part]]
    return found


def _component(parts: Sequence[_Part]) -> str:
    """A connected set of tensors: a chain, a ring, a tensor with others hung on it, or a web of them."""
    if len(parts) == 1:
        return parts[0].name
    neighbours = [
        [j for j, other in enumerate(parts) if j != i and set(other.edges) & set(p.edges)] for i, p in enumerate(parts)
    ]
    links = sum(map(len, neighbours)) // 2
    ends = [i for i, near in enumerate(neighbours) if len(near) == 1]
    # connected, and one link less than parts: a tree; with two ends it is a path
    if links == len(parts) - 1:
        # shorter paths read better from the tensor in their middle
        if len(ends) == 2 and len(parts) > 4:
            # a chain has no direction: the end whose names sort first gives equal diagrams equal words
            start = min(ends, key=lambda i: [parts[j].name for j in _walk(neighbours, i)])
            return f"chain of {_listed([parts[j].name for j in _walk(neighbours, start)])}"
        return _hung(parts, neighbours, _hub(parts, neighbours), None)
    # one cycle and no ends: a ring, told from the place and in the direction that sort first
    if links == len(parts) and not ends and all(len(near) == 2 for near in neighbours):
        walks = [
            [parts[j].name for j in _walk(neighbours, i, first)] for i, near in enumerate(neighbours) for first in near
        ]
        return f"ring of {_listed(min(walks))}"
    return _web(parts)


def _hub(parts: Sequence[_Part], neighbours: Sequence[Sequence[int]]) -> int:
    """The tensor with the most neighbours, a derivative before noise, the highest degree first."""

    def rank(i: int) -> tuple[int, bool, int, str]:
        return -len(neighbours[i]), parts[i].is_noise, -len(parts[i].edges), parts[i].name

    return min(range(len(parts)), key=rank)


def _walk(neighbours: Sequence[Sequence[int]], start: int, first: int | None = None) -> list[int]:
    walk = [start] if first is None else [start, first]
    while True:
        onward = [j for j in neighbours[walk[-1]] if j not in walk]
        if not onward:
            return walk
        walk.append(onward[0])


def _hung(parts: Sequence[_Part], neighbours: Sequence[Sequence[int]], i: int, above: int | None) -> str:
    """A tensor and the tensors that it is contracted with, from there outward."""
    below = [j for j in neighbours[i] if j != above]
    if not below:
        return parts[i].name
    bare = Counter(parts[j] for j in below if len(neighbours[j]) == 1)
    counts = Counter(part.name for part in bare.elements())
    plurals = {part.name: part.plural for part in bare}
    words = [f"the {name}" if n == 1 else f"{_count(n)} {plurals[name]}" for name, n in counts.items()]
    further = sorted(_hung(parts, neighbours, j, i) for j in below if len(neighbours[j]) > 1)
    words += [f"the {text}" for text in further]
    joining = ", which is contracted with " if above is not None else " contracted with "
    return f"{parts[i].name}{joining}{_listed(words)}"


def _web(parts: Sequence[_Part]) -> str:
    """Tensors with cycles among them: each pair that is contracted, with equal names told apart."""
    total, seen, names = Counter(part.name for part in parts), Counter[str](), []
    for part in parts:
        seen[part.name] += 1
        names.append(part.name if total[part.name] == 1 else f"{_ordinal(seen[part.name])} {part.name}")
    pairs = []
    for i, part in enumerate(parts):
        for j in range(i):
            shared = len(set(part.edges) & set(parts[j].edges))
            if shared:
                pairs.append(f"{names[j]} with {names[i]}" + (f" by {_count(shared)} indices" if shared > 1 else ""))
    return f"web of {_listed(sorted(pairs))}"


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _ordinal(number: int) -> str:
    return _ORDINALS[number] if number < len(_ORDINALS) else f"{number}th"


def _count(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)
