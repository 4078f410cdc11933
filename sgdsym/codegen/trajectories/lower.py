r"""The terms of a step and of a reading as programs of contractions.

A leg is one axis over registers and weights; where it stays it is moved by the matrix ``P``, and where it goes into a tensor it is read as
weights.  Noise is centred at its mean, so that a joint cumulant of two or three is a moment, and one of more a sum over partitions without
singletons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from sgdsym.codegen.trajectories.contraction import Operand, Program
from sgdsym.diagrams import moebius, set_partitions
from sgdsym.series import FUNCTION, TEST_LOSS
from sgdsym.trajectories import Cumulant, Join, Statement, Trajectory

TYPICAL = (100, 20)  # data points and weights, by which plans are compared
_POINT, _WEIGHT, _LEG = (1, 0, 0), (0, 1, 0), (0, 1, 1)
_LETTERS = {_WEIGHT: "abcdefghijklmnop", _POINT: "qrstuvwxyz", _LEG: "ABCDEFGHIJKL"}
Part = tuple[tuple[int, ...], tuple[int, ...]]  # noise vertices and outer points that share a data point


@dataclass(frozen=True, slots=True)
class Lowered:
    """The program of a step, or of a reading.

    Attributes:
        lines: the statements.
        program: its contractions, with their cost.
        sampled: degrees of derivatives that are needed at every data point.
        averaged: degrees that are needed as means.
    """

    lines: tuple[str, ...]
    program: Program
    sampled: frozenset[int]
    averaged: frozenset[int]


def variable(cumulant: Cumulant) -> str:
    """The name of the array that holds a cumulant.

    >>> variable(Cumulant(2, 1)), variable(Cumulant(1, 1, 1))
    ('k2_1', 'k1_1x')
    """
    return f"k{cumulant.order}_{cumulant.legs}{'x' * cumulant.points}"


def lower_step(given: Trajectory, *, plain: bool) -> Lowered:
    """The program that makes the cumulants after a step from those before it.

    Args:
        given: what is read off.
        plain: whether the only register is the weights themselves.
    """
    writer = _Writer(given, plain)
    lines: list[str] = []
    for cumulant, statements in given.recursions.items():
        lines += writer.total(f"new_{variable(cumulant)}", statements, cumulant.legs, cumulant.points)
    # the path itself takes the mean gradient and the mean Hessian
    return writer.lowered(lines, {1, 2} if given.order else {1})


def lower_reading(given: Trajectory, *, plain: bool) -> Lowered:
    """The program that reads the observable off; see :func:`lower_step`."""
    writer = _Writer(given, plain)
    lines: list[str] = []
    for order, terms in enumerate(given.readings, start=1):
        lines += writer.total(f"value_{order}", terms, given.open_indices, 0)
    return writer.lowered(lines, {0} if given.read in (TEST_LOSS, FUNCTION) else set())


class _Writer:
    """Writes statements and remembers which derivatives they take."""

    def __init__(self, given: Trajectory, plain: bool) -> None:
        registers = 1 if plain else len(given.optimizer.read)
        lengths = {letter: size for size, letters in _LETTERS.items() for letter in letters}
        self.plain, self.program = plain, Program(lengths, (*TYPICAL, registers))
        self.sampled: set[int] = set()
        self.averaged: set[int] = set()

    def lowered(self, lines: list[str], more: set[int]) -> Lowered:
        """What has been written."""
        averaged = frozenset(self.averaged | more)
        return Lowered((*self.program.lines, *lines), self.program, frozenset(self.sampled), averaged)

    def total(self, target: str, statements: Sequence[Statement], legs: int, points: int) -> list[str]:
        """Lines that add up terms in all of their placements."""
        lines: list[str] = []
        for statement in statements:
            for sign, operands, out in _networks(statement):
                # the network is contracted with weights on the new axes; registers, several for each weight, come last
                text = self._entered(statement, self.program.network([self._operand(o) for o in operands], out))
                orders = [
                    tuple([*moved[:legs], *(legs + q for q in outer)].index(i) for i in range(legs + points))
                    for moved, outer in statement.placements
                ]
                text = text if len(orders) == 1 else f"_over_places({text}, {orders})"
                number, rate = float(sign * statement.weight), statement.power
                factors = [repr(number)] * (number != 1)
                factors += ["(-rate)" + (f"**{rate}" if rate > 1 else "")] * (rate > 0)
                lines.append(f"{target} {'+=' if lines else '='} {' * '.join([*factors, text])}")
            self._note(statement)
        # sums in place would change what has no factor in front, and is used again
        return [line.replace(" += ", f" = {target} + ") for line in lines]

    def _note(self, statement: Statement) -> None:
        for v, vertex in enumerate(statement.vertices):
            if vertex.is_tensor:
                (self.sampled if vertex.kind == "noise" else self.averaged).add(statement.degree(v))

    def _entered(self, statement: Statement, text: str) -> str:
        """New tensors go into the registers as the optimiser says."""
        axes = [v for v, vertex in enumerate(statement.vertices) if vertex.is_tensor]
        return text if statement.is_reading or self.plain or not axes else f"_enter({text}, {axes}, gain)"

    def _operand(self, operand: Operand) -> Operand:
        """An operand, where a cumulant has its legs moved and read as its letters say."""
        name, axes = operand
        if not name.startswith("k"):
            return operand
        sizes = [self.program.lengths[letter] for letter in axes]
        stays, reads = sizes.count(_LEG), sizes.count(_WEIGHT)
        if stays:
            whole = (sizes.count(_POINT), stays + reads, stays + reads)
            cost = {(whole[0], whole[1] + 1, whole[2] + 1): 2 * stays}
            name = self.program.write(f"_move({name}, {stays}, matrix)", axes, cost)
        if reads and not self.plain:
            name = self.program.write(f"_read_off({name}, {list(range(stays, stays + reads))}, point)", axes)
        return name, axes


def _networks(statement: Statement) -> Iterator[tuple[int, list[Operand], str]]:
    """The term as tensor networks with signs, one for each way to write its cumulants of noise in moments."""
    free = {size: iter(letters) for size, letters in _LETTERS.items()}
    outer = [
        next(free[_POINT]) for _ in range(max((q + 1 for join in statement.joins for q in join.points), default=0))
    ]
    stays = [vertex.kind == "stay" for vertex in statement.vertices]
    ends = [
        [next(free[_LEG if stays[v] else _WEIGHT]) for _ in range(vertex.legs)]
        for v, vertex in enumerate(statement.vertices)
    ]
    out = [
        "" if vertex.is_tensor and statement.is_reading else next(free[_WEIGHT]) if vertex.is_tensor else ends[v][0]
        for v, vertex in enumerate(statement.vertices)
    ]
    place: dict[int, str] = {}
    left, operands, pure = [list(letters) for letters in ends], list[Operand](), list[list[tuple[int, list[Part]]]]()
    for join in statement.joins:
        if join.cumulant is None:
            pure.append(_in_moments(join))
            continue
        # a cumulant that is carried along has axes of data points: its noise vertices meet it there
        place |= {v: next(free[_POINT]) for v in join.noise}
        # legs that stay first, since those are moved by the matrix together
        letters = [left[v].pop() for v in sorted(join.legs, key=lambda v: not stays[v])]
        letters += [place[v] for v in join.noise] + [outer[q] for q in join.points]
        operands.append((variable(join.cumulant), "".join(letters)))
    spare = list(free[_POINT])
    for choice in product(*pure):
        at, network = dict(place), list(operands)
        parts = [part for _, parts in choice for part in parts]
        for number, (noise, points) in enumerate(parts):
            letter = outer[points[0]] if points else spare[number]
            network.append(("weights", letter))
            # outer points in one moment are one data point: an identity between their axes
            network += [("same", letter + outer[q]) for q in points[1:]]
            at |= dict.fromkeys(noise, letter)
        for v, vertex in enumerate(statement.vertices):
            if vertex.is_tensor:
                kind, letter = ("noise", at[v]) if vertex.kind == "noise" else ("mean", "")
                network.append((f"{kind}_{statement.degree(v)}", letter + out[v] + "".join(ends[v])))
        yield prod(sign for sign, _ in choice), network, "".join([*out, *outer])


def _in_moments(join: Join) -> list[tuple[int, list[Part]]]:
    """A joint cumulant of noise that is centred, and of points, as moments."""
    members = [*((v, True) for v in join.noise), *((q, False) for q in join.points)]
    found = []
    for partition in set_partitions(len(members)):
        parts = [
            (
                tuple(members[i][0] for i in block if members[i][1]),
                tuple(members[i][0] for i in block if not members[i][1]),
            )
            for block in partition
        ]
        # noise has mean zero, so that a part with one vertex of it and nothing else vanishes
        if not any(len(noise) == 1 and not points for noise, points in parts):
            found.append((moebius(len(parts)), parts))
    return found
