"""The memory of large intermediates is given back after their last use."""

from __future__ import annotations

from dataclasses import replace

from sgdsym.codegen.ir import Mean, Program, Release, RootDerivative, Samples, Statement, Weights, makes, reads, shapes


def release_large(program: Program) -> Program:
    """Give the memory of every large intermediate back after its last use.

    Large is more than one index per sample, or more than two indices; the inputs belong to the caller.
    """
    shape = shapes(program.statements)
    given = (Weights, Mean, RootDerivative, Samples)
    made = {name for s in program.statements if not isinstance(s, given) for name in makes(s)}
    final = {name for term in program.terms for name, _ in term.factors}
    last: dict[str, int] = {}
    for position, statement in enumerate(program.statements):
        for name in reads(statement):
            last[name] = position
    statements: list[Statement] = []
    for position, statement in enumerate(program.statements):
        statements.append(statement)
        done = [name for name in dict.fromkeys(reads(statement)) if last[name] == position and name in made - final]
        large = tuple(name for name in done if _is_large(*shape[name]))
        if large:
            statements.append(Release(large))
    return replace(program, statements=tuple(statements))


def _is_large(samples: int, indices: int) -> bool:
    return indices > 2 or samples + indices > 2 or samples > 1
