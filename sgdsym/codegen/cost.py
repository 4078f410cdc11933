r"""What a program costs: operations, traffic and memory, as numbers at given sizes.

A contraction over all axes of both factors costs :math:`2\,n^a p^b` operations and moves each of its arrays once; a pass
over samples moves the samples once for all that is made in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, factorial
from typing import TypeAlias

import numpy as np

from sgdsym.codegen.ir import (
    Combine,
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Moments,
    Pairs,
    Pass,
    Power,
    Program,
    Release,
    RootDerivative,
    Samples,
    Shape,
    Statement,
    Watch,
    Weigh,
    Weights,
    makes,
    reads,
    shape_of,
    shapes,
)
from sgdsym.codegen.planning.fragment import Fragment
from sgdsym.codegen.planning.joins import CALL, TRAFFIC, Alone

Size: TypeAlias = Mapping[Shape, float]
"""A polynomial in n and p: how often n**i * p**j occurs."""

_GIVEN = (Weights, Mean, Samples, RootDerivative)


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations, and bytes in double precision.

    Attributes:
        flops: multiplications and additions.
        moved: bytes read and written, if no array stays in a cache.
        peak: bytes of memory beside the inputs.
    """

    flops: float
    moved: float
    peak: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How a kernel is evaluated, and what it costs at sizes that stand for typical ones.

    Attributes:
        points: the number of data points that the costs are for.
        parameters: the number of parameters that the costs are for.
        inputs: bytes of the derivatives.
        naive: one sum over all indices and data points for each product of the series, factors read in every term.
        planned: pairwise contractions, each product by itself.
        shared: the generated program.

    >>> from sgdsym.codegen import compile_kernel
    >>> from sgdsym.diagrams import Diagram
    >>> from sgdsym.series import Coefficient, Series
    >>> star = Diagram(5, [(0, 4), (1, 4), (2, 4), (3, 4)])
    >>> print(compile_kernel(Series({star: Coefficient(1)}, 4)).plan)
    n = 300 data points, p = 40 parameters, 20.5 MB of inputs
                   flops       moved      memory
    naive       1.28e+07    102.4 MB         0 B
    planned     5.25e+06     21.5 MB    524.8 kB
    shared      5.25e+06     21.5 MB    525.1 kB
    """

    points: int
    parameters: int
    inputs: float
    naive: Cost
    planned: Cost
    shared: Cost

    def __str__(self) -> str:
        rows = [("naive", self.naive), ("planned", self.planned), ("shared", self.shared)]
        lines = [
            f"n = {self.points} data points, p = {self.parameters} parameters, {_bytes(self.inputs)} of inputs",
            f"{'':8}{'flops':>12}{'moved':>12}{'memory':>12}",
        ]
        for name, cost in rows:
            lines.append(f"{name:8}{cost.flops:>12.2e}{_bytes(cost.moved):>12}{_bytes(cost.peak):>12}")
        return "\n".join(lines)


def input_bytes(program: Program, points: int, parameters: int) -> float:
    """Bytes of the derivatives that a program reads."""
    shape = shapes(program.statements)
    given = [shape[s.target] for s in program.statements if isinstance(s, Mean | Samples | RootDerivative)]
    return 8 * _value(Counter(given), points, parameters)


def naive_cost(fragments: Iterable[Fragment], points: int, parameters: int) -> Cost:
    """The cost of one sum over all indices and data points for each fragment."""
    flops = moved = 0.0
    for fragment in fragments:
        terms = float(points ** len(fragment.averaged) * parameters ** (len(fragment.edges) + len(fragment.legs)))
        flops += len(fragment.tensors) * terms
        moved += 8 * len(fragment.tensors) * terms
    return Cost(flops, moved, 0.0)


def planned_cost(fragments: Iterable[Fragment], alone: Alone) -> Cost:
    """The cost of pairwise contractions, each fragment by itself."""
    joins, pieces = alone.joins, alone.joins.pieces
    # one more for a power, which is neither made nor read
    size = np.append(joins.sizes(pieces.samples, pieces.legs), 0.0)
    made = np.where(np.append((pieces.nodes > 1) | pieces.formed, False), size, 0.0)
    formed = np.where(np.append(pieces.formed, False), size, 0.0)
    flops, moved, peak = 1 * formed, 16 * formed, 8 * formed
    for nodes in range(2, int(pieces.nodes.max(initial=1)) + 1):
        whole = np.flatnonzero(pieces.nodes == nodes)
        chosen = alone.choice[whole]
        left, right = joins.left[chosen], joins.right[chosen]
        flops[whole] = flops[left] + flops[right] + 2 * joins.flops[chosen]
        moved[whole] = moved[left] + moved[right] + 8 * (size[left] + size[right] + size[whole])
        held = 8 * (made[left] + made[right] + made[whole])
        peak[whole] = np.maximum(np.maximum(peak[left], peak[right]), held)
    of = [pieces.of[fragment] for fragment in fragments]
    return Cost(float(flops[of].sum()), float(moved[of].sum()), float(peak[of].max(initial=0.0)))


def cost_of(program: Program, points: int, parameters: int) -> Cost:
    """The cost of a program at given sizes."""
    shape = shapes(program.statements)
    flops: Counter[Shape] = Counter()
    moved: Counter[Shape] = Counter()
    extra = 0.0
    for statement in program.statements:
        for part in statement.body if isinstance(statement, Pass | Moments) else (statement,):
            flops.update(_flops(part, shape))
            if isinstance(part, Power):
                extra += _power_flops(part.degree, points, parameters)
        # the inputs are counted where they are read, not where they are named
        if not isinstance(statement, (*_GIVEN, Release)):
            moved.update(shape[name] for name in {*reads(statement), *makes(statement)})
    peak = max((_value(size, points, parameters) for size in _alive(program)), default=0.0)
    return Cost(_value(flops, points, parameters) + extra, 8 * _value(moved, points, parameters), 8 * peak)


def estimated_time(program: Program, points: int, parameters: int) -> float:
    """The time of a program, in multiplications: operations, traffic and calls."""
    cost = cost_of(program, points, parameters)
    # an operation is half a multiply-add, the unit of the constants
    return cost.flops / 2 + TRAFFIC * cost.moved / 8 + CALL * len(program.statements)


def most_alive(program: Program) -> Size:
    """For each shape the most arrays that exist at a time beside the inputs."""
    most: dict[Shape, float] = {}
    for size in _alive(program):
        most |= {shape: max(count, most.get(shape, 0)) for shape, count in size.items()}
    return most


def _alive(program: Program) -> Iterator[Size]:
    """The arrays that exist beside the inputs while each statement runs: made and not given back, and its own."""
    shape = shapes(program.statements)
    held: dict[str, Shape] = {}
    for statement in program.statements:
        if isinstance(statement, Release):
            for name in statement.names:
                held.pop(name, None)
        elif not isinstance(statement, _GIVEN):
            held |= {name: shape[name] for name in makes(statement)}
            yield Counter(held.values()) + _own(statement, shape)


def _own(statement: Statement, shape: Mapping[str, Shape]) -> Counter[Shape]:
    """The arrays that a statement makes for itself."""
    match statement:
        case ContractPair(tensor=tensor):  # half of its entries, and those times how often each occurs
            return Counter([shape[tensor]])
        case Power(degree=degree):  # products of half as many entries of the vectors, twice
            half = degree - degree // 2
            return Counter({(1, half): ceil(2 / factorial(half))})
        case Moments(samples=samples, body=body):  # the sums of a block, over the first index not yet summed
            degree = sum(shape[samples]) - 1
            return Counter((0, max(shape[s.target][1], degree)) for s in body)
        case Pass(body=body):  # besides, what is added to the sums of earlier blocks
            sums = Counter(shape[s.target] for s in body if not shape[s.target][0])
            return sum((_own(s, shape) for s in body), sums)
    return Counter()


def _power_flops(degree: int, points: int, parameters: int) -> float:
    return 2.0 * points * float(parameters**degree) / factorial(degree)


def _value(size: Size, points: int, parameters: int) -> float:
    return float(sum(count * points**i * parameters**j for (i, j), count in size.items()))


def _flops(statement: Statement, shape: Mapping[str, Shape]) -> dict[Shape, int]:
    match statement:
        case Contract(left_axes=left, right_axes=right):
            return {shape_of("".join(sorted({*left, *right}))): 2}
        case ContractPair(tensor=tensor):
            return {(1, shape[tensor][1]): 1}
        case Pairs(squares=True):
            return {(1, 2): 1}
        case Combine(parts=parts, axes=axes):
            return {shape_of(axes): 2 * len(parts)}
        case Deviations(target=name) | Weigh(target=name) | Watch(source=name):
            return {shape[name]: 1}
    return {}


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
