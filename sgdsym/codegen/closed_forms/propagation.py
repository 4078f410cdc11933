r"""What a module of a resummed series is told about the optimiser: the polynomials of its rates, or its registers update by update.

Plain steps over one run have a rate :math:`1-\eta h` for each eigenvalue and need neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgdsym.codegen.module import coded
from sgdsym.resummation import Difference, Resummed
from sgdsym.series import Coefficient
from sgdsym.templating import Code

_CLOCKS = ("steps", "epochs", "slots")
_NAMES = ("gain", "memory", "root_gain", "root_memory")


@dataclass(frozen=True, slots=True)
class Propagation:
    """How a module sums the times of a resummed series.

    Attributes:
        resummed: the series.

    >>> from sgdsym import resum
    >>> Propagation(resum(order=1)).kind, Propagation(resum(order=1, momentum="mu")).kind
    ('plain', 'modal')
    """

    resummed: Resummed

    @property
    def kind(self) -> str:
        """``"plain"``, ``"modal"`` for sums over rates and over epochs, ``"followed"`` update by update."""
        if self.resummed.updates is not None:
            return "followed"
        return "plain" if self.resummed.law.is_plain and self.resummed.slots is None else "modal"

    @property
    def files(self) -> tuple[str, ...]:
        """The files of :mod:`sgdsym.codegen.runtime` that sum times in this way."""
        return ("modes", "steps") if self.kind == "modal" else ("steps",)

    @property
    def variant(self) -> str:
        """The suffix of the functions there that are meant."""
        return "followed" if self.kind == "followed" else "flow" if self.resummed.continuous else ""

    @property
    def numbers(self) -> list[Coefficient]:
        """The coefficients that the rule needs besides those of the time-sums."""
        resummed = self.resummed
        if resummed.updates is not None:
            rule = resummed.updates
            rows = [row for matrix in rule.A for row in matrix]
            return [x for row in (*rows, *rule.b, *rule.c, rule.read) for x in row]
        if self.kind == "plain":
            return []
        found = [c for polynomial in resummed.law.polynomials for c in polynomial]
        if (crossing := self._crossing) is not None:
            found.append(crossing)
        if resummed.slots is not None:
            # that the run is a whole number of epochs is asked of all symbols here
            found += [resummed.slots, *([] if resummed.stationary else [resummed.steps / resummed.slots])]
        return found

    @property
    def _crossing(self) -> Coefficient | None:
        crossing = self.resummed.law.crossing() if self.resummed.stationary else None
        return crossing if crossing is not None and crossing.symbols else None

    def factors(self, product: Sequence[Difference], letters: Sequence[str]) -> list[Any]:
        """A product of differences as plain data: what the time-sums of this kind read."""
        if self.kind == "plain":

            def word(edges: Sequence[int]) -> str:
                return "".join(sorted(letters[e] for e in edges))

            # in continuous time levels have no width, so that nothing passes one
            timed = not self.resummed.continuous
            return [(word(d.front) if timed else "", tuple(map(word, d.nodes))) for d in product]
        if self.kind == "followed":
            return [(d.nodes, d.epochs) for d in product]
        found = []
        for d in product:
            front, parts = d.factors()
            found.append((d.edges, front, [(_CLOCKS.index(clock), nodes) for clock, nodes in parts]))
        return found

    def edges(self, letters: Sequence[str], rooted: Sequence[bool]) -> str:
        """What a call says of the edges besides."""
        return "" if self.kind == "plain" else f', "{"".join(letters)}", {tuple(map(int, rooted))}'

    def words(self, number: Mapping[Coefficient, int]) -> dict[str, Any]:
        """What the template is told."""
        resummed, kind = self.resummed, self.kind
        law, sliced = resummed.law, kind == "modal" and resummed.slots is not None
        said: dict[str, Any] = {
            "modal": kind == "modal",
            "followed": kind == "followed",
            "sliced": sliced,
            "rooted": law.has_roots_apart,
            "words": [],
            "polynomials": dict.fromkeys(_NAMES, ""),
        }
        if kind == "modal":
            places = {
                name: [number[c] for c in polynomial] for name, polynomial in zip(_NAMES, law.polynomials, strict=True)
            }
            lines = [
                "# places of the coefficients of the polynomials, the lowest first",
                f"LAW = {places}".replace("'", '"'),
            ]
            crossing, slots = self._crossing, resummed.slots
            place = None if crossing is None else number[crossing]
            lines += [
                f"ROOTS_APART = {law.has_roots_apart}  # whether edges to the root have rates of their own",
                f"START = {law.start}  # updates without a gradient",
                f"SLOTS = {None if slots is None else number[slots]}  # place of the number of updates in an epoch",
                f"CROSSING = {place}  # place of the curvature where a rate passes -1",
                f'CROSSING_WORDS = "{"" if crossing is None else crossing}"',
            ]
            said["words"] = coded(lines)
            said["polynomials"] = {
                name: Code(_polynomial(polynomial)) for name, polynomial in zip(_NAMES, law.polynomials, strict=True)
            }
        if kind == "followed":
            said["words"] = coded(self._registers(number))
        return said

    def _registers(self, number: Mapping[Coefficient, int]) -> Iterator[str]:
        """The registers of every update, as places of numbers."""
        resummed = self.resummed
        assert resummed.updates is not None
        rule = resummed.updates
        steps = int(resummed.steps.as_fraction())
        slots = 1 if resummed.slots is None else int(resummed.slots.as_fraction())
        yield f"UPDATES = {steps}"
        yield f"EPOCH = {slots}  # updates in each epoch; one where all are alike"
        yield f"START = {rule.start}  # updates without a gradient"
        for name, rows in (
            ("MATRICES", [[[number[x] for x in row] for row in matrix] for matrix in rule.A]),
            ("GAINS", [[number[x] for x in row] for row in rule.b]),
            ("POINTS", [[number[x] for x in row] for row in rule.c]),
        ):
            yield f"{name} = [  # places of numbers, an update each, or one for all"
            yield from (f"    {row}," for row in rows)
            yield "]"
        yield f"READ = {[number[x] for x in rule.read]}"


def _polynomial(polynomial: Sequence[Coefficient]) -> str:
    """A polynomial in r as text."""
    powers = ["", "r", *(f"r**{k}" for k in range(2, len(polynomial)))]
    words = []
    for c, power in zip(polynomial, powers, strict=False):
        if c:
            number = f"({c})" if " " in str(c) and power else str(c)
            words.append(power if c == 1 and power else " * ".join(word for word in (number, power) if word))
    return " + ".join(reversed(words)).replace("+ -", "- ") or "0"
