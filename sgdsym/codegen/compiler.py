"""From a series to a program, stage by stage, with what it costs at every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sgdsym.codegen.cost import Plan, cost_of, estimated_time, input_bytes, naive_cost, planned_cost
from sgdsym.codegen.fragment import DEVIATION, SAMPLE, Fragment
from sgdsym.codegen.ir import Combination, Program
from sgdsym.codegen.lower import Product, lower, products
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.order import DATA_POINTS, Planner, representative_parameters
from sgdsym.codegen.passes import combine, read_once, release_large, renumber
from sgdsym.series import Coefficient, Series

_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program, its numbered coefficients, the number of products it sums, and what it costs."""

    program: Program
    coefficients: Mapping[Coefficient, int]
    products: int
    plan: Plan


def compile_series(series: Series) -> Compiled:
    """The program of a series, planned for sizes that fill some of a machine's memory.

    Raises:
        ValueError: if the diagrams differ in their number of open indices.

    >>> from sgdsym.diagrams import Diagram
    >>> compiled = compile_series(Series({Diagram(2, [(0, 1)]): Coefficient.symbol("T")}, 1))
    >>> [statement.target for statement in compiled.program.statements]
    ['mean_1', 'mean_1_up', 't1']
    """
    terms = networks(series)
    number = distinct_coefficients(terms)
    sums = products([(network, number[c]) for network, c in terms.items()], series.setting.observable == "function")
    fragments = [fragment for _, product in sums for fragment in product]
    sampled = [d for f in fragments for d, kind in f.tensors if kind in (DEVIATION, SAMPLE)]
    points, parameters = DATA_POINTS, representative_parameters(DATA_POINTS, max(sampled, default=1))
    alone = Planner(points, parameters)
    planned = planned_cost(fragments, alone)
    program = _shared(sums, alone)
    plan = Plan(
        points,
        parameters,
        input_bytes(program, points, parameters),
        naive_cost(fragments, points, parameters),
        planned,
        cost_of(program, points, parameters),
    )
    return Compiled(program, number, len(sums), plan)


def _shared(sums: Mapping[tuple[int, Product], Combination], alone: Planner) -> Program:
    """The cheapest of several programs, each planned with what the one before it shares."""
    best: tuple[float, Program] | None = None
    shares: Mapping[Fragment, int] = alone.votes
    for _ in range(_ROUNDS):
        planner = alone.after(shares)
        program = release_large(renumber(read_once(combine(lower(sums, planner)))))
        seconds = estimated_time(program, alone.points, alone.parameters)
        if best is None or seconds < best[0]:
            best = seconds, program
        shares = planner.uses
    assert best is not None
    return best[1]
