r"""How tensors and contractions are written: conventional letters, indices, and chains of matrices.

Means over the data are ``l, G, H, J, L4, L5, …``, the derivatives of one data point ``l_x, g, h, j, l4, …``; the second
and third joint cumulants of gradients are ``C`` and ``S``.  Everything here works on degrees and strings and knows no
sympy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby, islice
from typing import TypeAlias

Members: TypeAlias = Sequence[tuple[int, Sequence[str]]]

# g, h, j, l are tensors, x is the data point, p the dimension, and o reads like zero
_INDEX_LETTERS = "abcdefikmnqrstuvwyz"
# covariance and skewness of the gradient ([Tenka2020]_)
_GRADIENTS = {(1, 1): "C", (1, 1, 1): "S"}


@dataclass(frozen=True, slots=True)
class Style:
    """A way to write: plain text, unicode or LaTeX; texts with braces are formats."""

    kappa: str
    subscript: str
    high_mean: str
    high_member: str
    metric: str
    transpose: str
    power: str
    trace: str
    space: str


TEXT = Style("kappa", "_{}", "L{}", "l{}", "g^-1", "", "", "tr({})", "")
UNICODE = Style("κ", "_{}", "L{}", "l{}", "g⁻¹", "", "", "tr({})", "")
LATEX = Style(
    kappa=r"\kappa",
    subscript="_{{{}}}",
    high_mean=r"(\nabla^{{{}}} l)",
    high_member=r"(\nabla^{{{}}} l_{{x}})",
    metric="g^{-1}",
    transpose=r"^{\top}",
    power="{}^{{{}}}",
    trace=r"\operatorname{{tr}}\left({}\right)",
    space=" ",
)


def index_names(number: int) -> list[str]:
    """The first names for indices.

    >>> index_names(8)
    ['a', 'b', 'c', 'd', 'e', 'f', 'i', 'k']
    """
    names = (letter + (str(turn) if turn else "") for turn in count() for letter in _INDEX_LETTERS)
    return list(islice(names, number))


def mean_letter(degree: int, style: Style) -> str:
    """The mean derivative tensor of a degree.

    >>> [mean_letter(degree, TEXT) for degree in range(5)]
    ['l', 'G', 'H', 'J', 'L4']
    """
    return "lGHJ"[degree] if degree < 4 else style.high_mean.format(degree)


def member_name(degree: int, indices: Sequence[str], style: Style) -> str:
    """The derivative tensor of one random data point, with indices if there are any.

    >>> member_name(2, "ab", LATEX)
    'h_{ab}'
    """
    if degree == 0:
        return "l" + style.subscript.format("x")
    return ("ghj"[degree - 1] if degree < 4 else style.high_member.format(degree)) + _subscript(indices, style)


def joint_name(kind: str, members: Members, style: Style) -> str:
    """A joint cumulant or moment, with indices if there are any.

    >>> joint_name("cumulant", [(1, "a"), (2, "bc")], TEXT), joint_name("moment", [(1, "a"), (1, "b")], TEXT)
    ('kappa(g_a, h_bc)', 'E[g_a g_b]')
    """
    degrees = tuple(degree for degree, _ in members)
    indices = [index for _, group in members for index in group]
    if len(degrees) == 1:
        return mean_letter(degrees[0], style) + _subscript(indices, style)
    if kind == "cumulant" and degrees in _GRADIENTS:
        return _GRADIENTS[degrees] + _subscript(indices, style)
    names = [member_name(degree, group, style) for degree, group in members]
    return f"{style.kappa}({', '.join(names)})" if kind == "cumulant" else f"E[{' '.join(names)}]"


def base_name(kind: str, degrees: tuple[int, ...]) -> str:
    """An identifier for a joint tensor.

    >>> base_name("cumulant", (1, 1)), base_name("cumulant", (1, 4)), base_name("moment", (1, 1))
    ('C', 'kappa_g_l4', 'E_g_g')
    """
    if len(degrees) == 1:
        return mean_letter(degrees[0], TEXT)
    if kind == "cumulant" and degrees in _GRADIENTS:
        return _GRADIENTS[degrees]
    return "_".join(["kappa" if kind == "cumulant" else "E", *(identifier(degree) for degree in degrees)])


def identifier(degree: int) -> str:
    """An identifier for the derivative tensor of one data point.

    >>> identifier(2), identifier(4)
    ('h', 'l4')
    """
    return "lghj"[degree] if degree < 4 else f"l{degree}"


def index_notation(factors: Sequence[tuple[str, Members]], style: Style) -> str:
    """A contraction as a product of tensors with repeated indices.

    >>> index_notation([("cumulant", [(1, "0"), (1, "1")]), ("cumulant", [(2, "10")])], TEXT)
    'C_ab H_ab'
    """
    labels = dict.fromkeys(label for _, members in factors for _, group in members for label in group)
    letter = dict(zip(labels, index_names(len(labels)), strict=True))
    rank = {label: position for position, label in enumerate(labels)}

    def ranks(group: Sequence[str]) -> list[int]:
        return sorted(rank[label] for label in group)

    # members of one degree change places freely, and so do factors of one kind: sorted by their indices, as first
    # named
    tidy = [(kind, sorted(members, key=lambda member: (member[0], ranks(member[1])))) for kind, members in factors]
    runs = [list(run) for _, run in groupby(tidy, key=lambda factor: [degree for degree, _ in factor[1]])]
    return " ".join(
        joint_name(
            kind,
            [(degree, [letter[x] for x in sorted(group, key=rank.__getitem__)]) for degree, group in members],
            style,
        )
        for run in runs
        for kind, members in sorted(run, key=lambda factor: [ranks(group) for _, group in factor[1]])
    )


def chain_notation(ends: Mapping[int, tuple[int, ...]], names: Mapping[int, str], style: Style) -> str | None:
    r"""A contraction of vectors and matrices as a matrix product or a trace.

    Args:
        ends: for each factor the factors that its one or two slots are contracted with.
        names: ``"G"`` for a vector, another name for each symmetric matrix.
        style: how to write it.

    Returns:
        The product, read in the direction that puts the later letters of the alphabet first.

    >>> chain_notation({0: (1, 1), 1: (0, 0)}, {0: "H", 1: "C"}, TEXT)
    'tr(HC)'
    >>> chain_notation({0: (1,), 1: (0, 2), 2: (1,)}, {0: "G", 1: "H", 2: "G"}, LATEX)
    'G^{\\top} H G'
    """
    vectors = [factor for factor, others in ends.items() if len(others) == 1]
    # a chain is read from either end, a cycle from any factor in either direction
    walks = [_walk(ends, start, side) for start in vectors or ends for side in range(len(ends[start]))]
    words = max(([names[factor] for factor in walk] for walk in walks), default=[])
    if vectors:
        words = [words[0] + style.transpose, *words[1:]]
    product = _product(words, style)
    return product if vectors else style.trace.format(product)


def _walk(ends: Mapping[int, tuple[int, ...]], start: int, side: int) -> list[int]:
    """The factors along a chain or round a cycle, leaving the start through one of its slots."""
    walk, previous, here = [start], start, ends[start][side]
    while here != start:
        walk.append(here)
        onward = list(ends[here])
        # one slot leads back, even where both lead to the same factor
        onward.remove(previous)
        if not onward:
            break
        previous, here = here, onward[0]
    return walk


def _product(words: Sequence[str], style: Style) -> str:
    if not style.power:
        return style.space.join(words)
    runs: list[tuple[str, int]] = []
    for word in words:
        if runs and runs[-1][0] == word:
            runs[-1] = word, runs[-1][1] + 1
        else:
            runs.append((word, 1))
    return style.space.join(style.power.format(word, n) if n > 1 else word for word, n in runs)


def _subscript(indices: Sequence[str], style: Style) -> str:
    return style.subscript.format("".join(indices)) if indices else ""
