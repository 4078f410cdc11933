"""The first five stages (:mod:`sgdsym.codegen`): from a series to its cheapest program, with what it costs at every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sgdsym.codegen.cost import Plan, cost_of, estimated_time, input_bytes, naive_cost, planned_cost
from sgdsym.codegen.ir import Program
from sgdsym.codegen.lower import lower, products
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.passes import combine, read_once, release_large, renumber, watch
from sgdsym.codegen.planning.fragment import DEVIATION, SAMPLE
from sgdsym.codegen.planning.joins import DATA_POINTS, joins_of, plan_alone, representative_parameters
from sgdsym.codegen.planning.pieces import pieces_of
from sgdsym.codegen.planning.planner import shared_recipes
from sgdsym.series import Coefficient, Series


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program, its numbered coefficients, the number of products it sums, and what it costs."""

    program: Program
    coefficients: Mapping[Coefficient, int]
    products: int
    plan: Plan


def compile_series(series: Series, *, in_blocks: bool = True) -> Compiled:
    """The program of a series, planned for sizes that fill some of a machine's memory.

    Args:
        series: what is evaluated.
        in_blocks: whether large inputs are read in blocks of data points.

    Raises:
        ValueError: if the diagrams differ in their number of open indices.

    >>> from sgdsym.diagrams import Diagram
    >>> compiled = compile_series(Series({Diagram(2, [(0, 1)]): Coefficient.symbol("T")}, 1))
    >>> [statement.target for statement in compiled.program.statements]
    ['mean_1', 'mean_1_up', 't1']
    """
    terms = networks(series)
    number = distinct_coefficients(terms)
    setting = series.setting
    numbered = [(network, number[c]) for network, c in terms.items()]
    sums = products(numbered, setting.observable.carries_function, bool(setting.weight_decay))
    fragments = [fragment for _, product in sums for fragment in product]
    sampled = [d for f in fragments for d, kind in f.tensors if kind in (DEVIATION, SAMPLE)]
    points, parameters = DATA_POINTS, representative_parameters(DATA_POINTS, max(sampled, default=1))
    alone = plan_alone(joins_of(pieces_of(fragments), points, parameters))
    lowered = (watch(combine(lower(sums, recipe))) for recipe in shared_recipes(fragments, alone))
    programs = [release_large(renumber(read_once(program) if in_blocks else program)) for program in lowered]
    program = min(programs, key=lambda made: estimated_time(made, points, parameters))
    plan = Plan(
        points,
        parameters,
        input_bytes(program, points, parameters),
        naive_cost(fragments, points, parameters),
        planned_cost(fragments, alone),
        cost_of(program, points, parameters),
    )
    return Compiled(program, number, len(sums), plan)
