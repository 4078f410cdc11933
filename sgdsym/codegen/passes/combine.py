r"""Linear combinations of arrays of one shape, formed before they are contracted.

The series is a sum of products in which many terms share a factor, so

.. math:: \sum_i c_i\,\langle X, Y_i\rangle = \Bigl\langle X, \sum_i c_i\,Y_i\Bigr\rangle,

and again inside the brackets where the :math:`Y_i` share a factor.  A product is taken apart only if the sum alone reads
it.  The factor shared by most is taken out first, the one with more indices if two are equal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import TypeAlias

from sgdsym.codegen.ir import (
    Combination,
    Combine,
    Contract,
    Part,
    Program,
    Raise,
    Statement,
    Term,
    Weigh,
    makes,
    reads,
    shape_of,
)

_PLAIN: Combination = ()
_MOST_NOTES = 3


def combine(program: Program) -> Program:
    """The same sums with shared factors taken out, and without the statements that nothing reads any more."""
    factoring = _Factoring.of(program)
    groups: dict[tuple[int, int], list[Term]] = defaultdict(list)
    terms: list[Term] = []
    for term in program.terms:
        if len(term.factors) == 1:
            groups[term.order, term.rank].append(term)
        else:
            terms.append(term)
    for (order, rank), members in groups.items():
        axes = ascii_lowercase[:rank]
        factoring.notes |= {term.factors[0][0]: term.note for term in members}
        parts = [Part(term.coefficient, term.factors[0][0], axes) for term in members]
        terms += [
            Term(order, part.coefficient, ((part.name, rank),), factoring.notes[part.name])
            for part in factoring.factored(parts, axes)
        ]
    terms.sort(key=lambda term: term.order)
    return Program(tuple(factoring.read_by(terms)), tuple(terms))


@dataclass(frozen=True, slots=True)
class _Shared:
    """A factor that several parts of a sum share: ``kind`` of operation, the array where it is one, and their axes."""

    kind: type[Contract | Raise | Weigh]
    name: str
    axes: str
    others: frozenset[str]


Members: TypeAlias = "list[tuple[Part, Part]]"


@dataclass(slots=True)
class _Factoring:
    """The statements by what they make, and how often each array is read."""

    made: dict[str, Statement]
    uses: Counter[str]
    notes: dict[str, str]
    count: int = 0

    @classmethod
    def of(cls, program: Program) -> _Factoring:
        made = {name: statement for statement in program.statements for name in makes(statement)}
        uses = Counter(name for statement in program.statements for name in reads(statement))
        uses.update(name for term in program.terms for name, _ in term.factors)
        notes = {name: getattr(statement, "note", "") or name for name, statement in made.items()}
        return cls(made, uses, notes)

    def factored(self, parts: list[Part], axes: str) -> list[Part]:
        """The parts of a sum with these axes, shared factors taken out."""
        factors = {part.name: self._factors(part) for part in parts}
        groups: dict[_Shared, dict[str, tuple[Part, Part]]] = defaultdict(dict)
        for part in parts:
            for shared, inner in factors[part.name]:
                groups[shared][part.name] = part, inner
        done: list[Part] = []
        taken: set[str] = set()
        while groups:
            # greedy: most members first, then the factor with most indices; the best cover takes exponential time
            shared, members = max(groups.items(), key=lambda item: (len(item[1]), len(item[0].axes)))
            if len(members) < 2:
                break
            # a part that is taken can be a member of no other group
            for name in members:
                taken.add(name)
                for other, _ in factors[name]:
                    if other != shared:
                        groups[other].pop(name, None)
            del groups[shared]
            done.append(Part(_PLAIN, self._take_out(shared, list(members.values()), axes), axes))
        return [*done, *(part for part in parts if part.name not in taken)]

    def read_by(self, terms: list[Term]) -> list[Statement]:
        """The statements whose values are read, each after what it reads."""
        done: dict[str, Statement] = {}
        # depth first with a stack of its own, since chains of statements are longer than Python recurs
        pending = [name for term in reversed(terms) for name, _ in reversed(term.factors)]
        while pending:
            name = pending[-1]
            missing = [source for source in reads(self.made[name]) if source not in done]
            if missing and name not in done:
                pending += reversed(missing)
            else:
                done.setdefault(name, self.made[name])
                pending.pop()
        return list(done.values())

    def _factors(self, part: Part) -> list[tuple[_Shared, Part]]:
        """What a part could share with others, and what is then left of it; nothing if it is read elsewhere too."""
        # what others read must exist anyway, so that taking it apart would make it twice
        if self.uses[part.name] > 1:
            return []
        match self.made[part.name]:
            case Contract() as product:
                sides = [(product.left, product.left_axes, product.right, product.right_axes)]
                # of a square both sides are one factor, which must not count twice
                if product.left != product.right:
                    sides.append((product.right, product.right_axes, product.left, product.left_axes))
                found = []
                for name, axes, other, other_axes in sides:
                    letters = _Names(dict(zip(product.axes, part.axes, strict=True)))
                    new_axes, rest = letters.rename(axes), letters.rename(other_axes)
                    shared = _Shared(Contract, name, new_axes, frozenset(rest))
                    found.append((shared, Part(part.coefficient, other, rest)))
                return found
            case Raise(source=source, axes=places) as statement:
                shared = _Shared(type(statement), "", "", frozenset(part.axes[i] for i in places))
                return [(shared, Part(part.coefficient, source, part.axes))]
            case Weigh(source=source, axes=places) as statement:
                shared = _Shared(type(statement), "", "", frozenset(part.axes[i] for i in places))
                return [(shared, Part(part.coefficient, source, part.axes))]
        return []

    def _take_out(self, shared: _Shared, members: Members, axes: str) -> str:
        """The name of the operation on the sum of what is left of the parts."""
        first, inner_axes = members[0][0], members[0][1].axes if shared.kind is Contract else axes
        inner = self._sum([inner for _, inner in members], inner_axes)
        places = tuple(i for i, letter in enumerate(axes) if letter in shared.others)
        target = self._fresh("u")
        statement: Statement
        if shared.kind is Raise:
            statement, note = Raise(target, inner, places, shape_of(axes)), self.notes[inner]
        elif shared.kind is Weigh:
            statement, note = Weigh(target, inner, places, shape_of(axes)), self.notes[inner]
        else:
            note = _several([self.notes[part.name] for part, _ in members])
            product = self.made[first.name]
            if isinstance(product, Contract) and product.left == shared.name:
                statement = Contract(target, shared.name, inner, shared.axes, inner_axes, axes, note)
            else:
                statement = Contract(target, inner, shared.name, inner_axes, shared.axes, axes, note)
        self.made[target], self.notes[target] = statement, note
        self.uses[target] += 1
        return target

    def _sum(self, parts: list[Part], axes: str) -> str:
        parts = self.factored(parts, axes)
        if len(parts) == 1 and parts[0].coefficient == _PLAIN and parts[0].axes == axes:
            return parts[0].name
        target = self._fresh("s")
        self.made[target] = Combine(target, tuple(parts), axes)
        self.notes[target] = " + ".join(self.notes[part.name] for part in parts[:_MOST_NOTES])
        self.uses[target] += 1
        return target

    def _fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"


def _several(notes: list[str]) -> str:
    return f"{len(notes)} terms: {' + '.join(notes[:_MOST_NOTES])}{' + ...' if len(notes) > _MOST_NOTES else ''}"


class _Names:
    """New letters for axes, in the order in which they are met; upper case stays upper case."""

    def __init__(self, given: dict[str, str]) -> None:
        self._new = dict(given)
        self._free = [letter for letter in ascii_lowercase + ascii_uppercase if letter not in given.values()]

    def rename(self, axes: str) -> str:
        """The axes in the new letters."""
        for letter in axes:
            if letter not in self._new:
                free = next(x for x in self._free if x.isupper() == letter.isupper())
                self._free.remove(free)
                self._new[letter] = free
        return "".join(self._new[letter] for letter in axes)
