r"""Matrix notation: a diagram as a network of tensors, written without indices where that is unambiguous.

The network has one part for each

* node that is alone in its block: a symmetric tensor :math:`G, H, J, …`;
* block of leaves: a symmetric tensor :math:`C, S, …` (in moments :math:`E[gg^\top], …`);
* block of adjacent nodes with at most two indices left: a scalar, a vector or a matrix :math:`E[hg], E[hh], …`;
* block of two such vectors that do not touch: the matrix :math:`E[(hg)g^\top]`.

A network in which every two cycles share at most one part is written by its shape: a path is :math:`G^\top HG`, a
cycle :math:`tr(HC)`, and a tensor with three or more indices takes vectors, matrices and tensors as arguments,
:math:`J[C,G]`.
Everything else is left to the index notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from operator import itemgetter

from sgdsym.diagrams import Diagram
from sgdsym.formula import Apply, Formula, Inner, Outer, Trace, row
from sgdsym.render.scripts import Script, rank

_OUTSIDE = -1


class _NoMatrixFormError(Exception):
    """The network has no unambiguous matrix notation."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One tensor of the network.

    Attributes:
        word: how it is written, from the first leg to the last where there are two.
        legs: its indices, named by the edges of the diagram.
        transposed: how it is written from the last leg to the first.
        derivative: whether it is a mean derivative tensor; those are written first.
    """

    word: Formula
    legs: tuple[int, ...]
    transposed: Formula
    derivative: bool = False

    def word_from(self, leg: int) -> Formula:
        return self.word if leg == self.legs[0] else self.transposed


@dataclass(frozen=True, slots=True)
class _Factor:
    """A scalar or vector factor, and whether it needs brackets beside others."""

    formula: Formula
    bracket: bool = False


def matrix_form(diagram: Diagram, script: Script, function: bool = False) -> Formula | None:
    """The value of a diagram in matrix notation.

    Args:
        diagram: any diagram.
        script: writes the words.
        function: whether open roots carry derivatives of a function; otherwise one of degree 1 is an open index.

    Returns:
        The formula, a vector where one index is open, or ``None`` where matrix notation would be ambiguous.
    """
    try:
        parts = _parts(diagram, script, function)
        network = _Network(parts, script, powers=True)
        # with two open indices a matrix product stands for one of two transposes: indices say which of them is meant
        if len(network.outer_legs) > 1:
            return None
        factors = [network.component(component) for component in network.components]
    except _NoMatrixFormError:
        return None
    if len(factors) == 1:
        return factors[0].formula
    factors.sort(key=lambda factor: (factor.bracket, rank(factor.formula)))
    # equal factors are neighbours once sorted, and are written as a power
    runs = [(factor, len(list(run))) for factor, run in groupby(factors)]
    return row([script.times(factor.formula, count, factor.bracket) for factor, count in runs], "product")


def is_open_index(diagram: Diagram, root: int, function: bool) -> bool:
    """Whether an open root is an open index; otherwise it carries derivatives of a function."""
    return not function and diagram.degrees[root] == 1


def _parts(diagram: Diagram, script: Script, function: bool) -> list[_Part]:
    legs = diagram.legs
    plain = plain_roots(diagram, script)
    parts = [_block_part(block, legs, script, plain) for block in diagram.blocks]
    for root in diagram.open_roots:
        if not is_open_index(diagram, root, function):
            word = script.tensor("function", len(legs[root]))
            parts.append(_Part(word, legs[root], word, derivative=True))
    return parts


def plain_roots(diagram: Diagram, script: Script) -> frozenset[int]:
    """The nodes that carry the plain loss where others carry weight decay, which joint cumulants do not know of."""
    if not script.weight_decay:
        return frozenset()
    joint = {v for block in diagram.blocks if len(block) > 1 for v in block} if script.basis == "cumulant" else set()
    return frozenset(diagram.roots) - joint


def _block_part(block: Sequence[int], legs: Sequence[tuple[int, ...]], script: Script, plain: frozenset[int]) -> _Part:
    if len(block) == 1:
        word = script.tensor("plain mean" if block[0] in plain else "mean", len(legs[block[0]]))
        return _Part(word, legs[block[0]], word, derivative=True)
    pieces = _pieces(block, legs)
    if len(pieces) == len(block) and all(len(legs[v]) == 1 for v in block) and not plain.intersection(block):
        word = script.gradients(len(block))
        return _Part(word, tuple(legs[v][0] for v in block), word)
    powers = script.basis == "moment"
    # two gradients of one block on the same edge: C_aa
    if script.basis == "cumulant" and len(block) == 2 and legs[block[0]] == legs[block[1]]:
        word = Trace(script.gradients(2))
        return _Part(word, (), word)
    samples = [_Network([_sample(v, legs, script, plain) for v in piece], script, powers) for piece in pieces]
    outer = [network.outer_legs for network in samples]
    if len(samples) == 1 and len(outer[0]) <= 2:
        return _joint_part(samples[0], outer[0], script)
    if len(samples) == 2 and all(len(free) == 1 for free in outer):
        left, right = (network.vector(free[0]) for network, free in zip(samples, outer, strict=True))
        word, transposed = Outer(left, right), Outer(right, left)
        return _Part(script.average(word), (outer[0][0], outer[1][0]), script.average(transposed))
    raise _NoMatrixFormError


def _joint_part(network: _Network, free: tuple[int, ...], script: Script) -> _Part:
    """The part of a block of adjacent nodes with at most two indices left."""
    match free:
        case ():
            word = transposed = network.component(network.components[0]).formula
        case (leg,):
            word = transposed = network.vector(leg)
        case _:
            word, transposed = network.matrix(*free), network.matrix(*reversed(free))
    return _Part(script.average(word), free, script.average(transposed))


def _sample(node: int, legs: Sequence[tuple[int, ...]], script: Script, plain: frozenset[int]) -> _Part:
    word = script.tensor("plain sample" if node in plain else "sample", len(legs[node]))
    return _Part(word, legs[node], word, derivative=True)


def _pieces(block: Sequence[int], legs: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The sets of nodes of a block that edges connect within the block."""
    pieces: list[list[int]] = []
    for v in block:
        touching = [piece for piece in pieces if any(set(legs[v]) & set(legs[w]) for w in piece)]
        pieces = [piece for piece in pieces if piece not in touching] + [sorted([v, *chain.from_iterable(touching)])]
    return pieces


@dataclass(frozen=True)
class _Network:
    """Parts joined at the legs they share; a leg that one part alone has leads outside."""

    parts: Sequence[_Part]
    script: Script
    powers: bool

    @cached_property
    def _ends(self) -> dict[int, list[int]]:
        ends: dict[int, list[int]] = {}
        for p, part in enumerate(self.parts):
            for leg in part.legs:
                ends.setdefault(leg, []).append(p)
        return ends

    @property
    def outer_legs(self) -> tuple[int, ...]:
        """The legs that lead outside, sorted."""
        return tuple(sorted(leg for leg, ends in self._ends.items() if len(ends) == 1))

    @cached_property
    def components(self) -> list[list[int]]:
        """The connected sets of parts."""
        found: list[list[int]] = []
        for p in range(len(self.parts)):
            if not any(p in component for component in found):
                found.append(sorted(self._reach(p, frozenset())))
        return found

    def component(self, members: Sequence[int]) -> _Factor:
        """A connected set of parts as a scalar, or as a vector where one leg leads outside."""
        legs = [leg for leg in self.outer_legs if self._ends[leg][0] in members]
        if legs:
            return _Factor(self.vector(*legs), bracket=len(members) > 1)
        if len(members) == 1:
            return _Factor(self.parts[members[0]].word)
        if all(len(self.parts[p].legs) <= 2 for p in members):
            ends = [p for p in members if len(self.parts[p].legs) == 1]
            return _Factor(self._path(ends), bracket=True) if ends else _Factor(self._cycle(members))
        return _Factor(self._hub(members))

    def vector(self, leg: int) -> Formula:
        """The vector that hangs on a leg that leads outside."""
        return self.script.product(self._vector(leg, _OUTSIDE, frozenset()), self.powers)

    def matrix(self, first: int, last: int) -> Formula:
        """The matrix between two legs that lead outside."""
        return self.script.product(self._matrix(first, last, _OUTSIDE, frozenset()), self.powers)

    def _path(self, ends: Sequence[int]) -> Formula:
        """A path as inner product; the end that sorts first is on the left."""
        left, right = sorted(ends, key=lambda p: (not self.parts[p].derivative, rank(self.parts[p].word)[1]))
        (leg,) = self.parts[left].legs
        words = self._vector(leg, left, frozenset())
        (leg,) = self.parts[right].legs
        mirrored = self._vector(leg, right, frozenset())
        # with equal ends a path reads the same from both: the text that sorts first makes it one formula
        alike = self.parts[left].word == self.parts[right].word
        words = min(words, mirrored, key=_texts) if alike else words
        return Inner(self.parts[left].word, self.script.product(words, self.powers))

    def _cycle(self, members: Sequence[int]) -> Formula:
        """A cycle of matrices as a trace, begun where it has the fewest factors."""
        found = []
        for p in members:
            first, last = self.parts[p].legs
            # a trace is the same from every factor on, and so is that of the transpose: 2n ways to write it
            for start, end in ((first, last), (last, first)):
                words = [self.parts[p].word_from(end), *self._matrix(start, end, p, frozenset())]
                matrix = self.script.product(words, self.powers)
                found.append(((len(list(groupby(words))), not self.parts[p].derivative, rank(matrix)[1]), matrix))
        return Trace(min(found, key=itemgetter(0))[1])

    def _hub(self, members: Sequence[int]) -> Formula:
        """A tensor with the most indices, everything else in its arguments."""
        hubs = [p for p in members if len(self.parts[p].legs) > 2]
        hubs.sort(key=lambda p: (not self.parts[p].derivative, -len(self.parts[p].legs)))
        # which of several equal tensors is written in front is decided by the text, never by the numbers of the nodes
        for _, alike in groupby(hubs, key=lambda p: (self.parts[p].derivative, len(self.parts[p].legs))):
            found = []
            for p in alike:
                try:
                    found.append(self._applied(p, self.parts[p].legs, frozenset()))
                except _NoMatrixFormError:
                    continue
            if found:
                return min(found, key=rank)
        raise _NoMatrixFormError

    def _applied(self, p: int, legs: Sequence[int], barred: frozenset[int]) -> Formula:
        """Part ``p`` with these legs contracted with what hangs on them."""
        arguments = []
        for group in self._groups(p, legs, barred):
            # the legs of a group meet again behind p: a leg alone is a branch, two make a cycle through p, a matrix
            # between two of its indices
            if len(group) == 1:
                argument = self.script.product(self._vector(group[0], p, barred), self.powers)
            elif len(group) == 2:
                argument = self._symmetrised(group, p, barred)
            else:
                argument = self._bundle(group, p, barred)
            arguments.append(((-len(group), rank(argument)), argument))
        arguments.sort(key=itemgetter(0))
        return Apply(self.parts[p].word, tuple(argument for _, argument in arguments))

    def _vector(self, leg: int, origin: int, barred: frozenset[int]) -> list[Formula]:
        """The factors of the vector on a leg of ``origin``."""
        p = self._far(leg, origin)
        part, others = self.parts[p], self._others(p, [leg])
        barred = barred | {origin}
        if len(part.legs) == 1:
            return [part.word]
        if len(part.legs) == 2:
            return [part.word_from(leg), *self._vector(others[0], p, barred)]
        return [self._applied(p, others, barred)]

    def _matrix(self, first: int, last: int, origin: int, barred: frozenset[int]) -> list[Formula]:
        """The factors of the matrix between two legs of ``origin``."""
        words: list[Formula] = []
        leg, barred = first, barred | {origin}
        p = self._far(first, origin)
        while True:
            onward = self._onward(p, leg, last, barred)
            side = self._others(p, [leg, onward])
            words.append(self._applied(p, side, barred) if side else self.parts[p].word_from(leg))
            if onward == last:
                return words
            barred, p, leg = barred | {p}, self._far(onward, p), onward

    def _onward(self, p: int, leg: int, last: int, barred: frozenset[int]) -> int:
        """The leg of ``p`` by which a matrix that came in by ``leg`` goes on to ``last``."""
        others = self._others(p, [leg])
        if last in others:
            return last
        (goal,) = set(self._ends[last]) - barred
        for group in self._groups(p, others, barred):
            if goal in self._reach(self._far(group[0], p), barred | {p}):
                # the way to the goal would part: two cycles share more than one tensor here, which no matrix product
                # says
                if len(group) > 1:
                    raise _NoMatrixFormError
                return group[0]
        raise _NoMatrixFormError

    def _symmetrised(self, pair: Sequence[int], origin: int, barred: frozenset[int]) -> Formula:
        """The matrix between two legs of a symmetric tensor: itself or its transpose, derivatives first."""
        found = []
        # both legs belong to one symmetric tensor, which takes a matrix and its transpose alike
        for first, last in (pair, pair[::-1]):
            matrix = self.script.product(self._matrix(first, last, origin, barred), self.powers)
            found.append(((not self.parts[self._far(first, origin)].derivative, rank(matrix)[1]), matrix))
        return min(found, key=itemgetter(0))[1]

    def _bundle(self, group: Sequence[int], origin: int, barred: frozenset[int]) -> Formula:
        """The one tensor that three or more legs of ``origin`` lead to."""
        p = self._far(group[0], origin)
        if not set(group) <= set(self.parts[p].legs):
            raise _NoMatrixFormError
        side = self._others(p, group)
        return self._applied(p, side, barred | {origin}) if side else self.parts[p].word

    def _groups(self, p: int, legs: Sequence[int], barred: frozenset[int]) -> list[list[int]]:
        """Legs of ``p`` that lead to the same parts once ``p`` and the barred parts are taken out."""
        groups: list[tuple[set[int], list[int]]] = []
        for leg in legs:
            target = self._far(leg, p)
            for reached, group in groups:
                if target in reached:
                    group.append(leg)
                    break
            else:
                groups.append((self._reach(target, barred | {p}), [leg]))
        return [group for _, group in groups]

    def _reach(self, start: int, barred: frozenset[int]) -> set[int]:
        reached, queue = {start}, [start]
        for p in queue:
            for leg in self.parts[p].legs:
                for q in self._ends[leg]:
                    if q not in reached and q not in barred:
                        reached.add(q)
                        queue.append(q)
        return reached

    def _far(self, leg: int, origin: int) -> int:
        """The part at the other end of a leg of ``origin``."""
        others = [p for p in self._ends[leg] if p != origin]
        if not others:
            raise _NoMatrixFormError
        return others[0]

    def _others(self, p: int, legs: Sequence[int]) -> list[int]:
        return [leg for leg in self.parts[p].legs if leg not in legs]


def _texts(words: Sequence[Formula]) -> list[str]:
    return [rank(word)[1] for word in words]
