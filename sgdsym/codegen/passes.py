"""Stage 4: passes over a program; each takes statements and gives statements that compute the same values."""

from __future__ import annotations

from dataclasses import replace

from sgdsym.codegen.ir import (
    Contract,
    ContractPair,
    Deviations,
    Mean,
    Program,
    Raise,
    Release,
    RootDerivative,
    Samples,
    Statement,
    Subtract,
    Weigh,
    reads,
)

_MAKERS = (Deviations, Contract, ContractPair, Subtract, Weigh, Raise)


def release_large(program: Program) -> Program:
    """Give the memory of every large intermediate back after its last use.

    Large is more than one index per sample, or more than two indices; the inputs belong to the caller.
    """
    shape = _shapes(program.statements)
    made = {s.target for s in program.statements if isinstance(s, _MAKERS)}
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


def _shapes(statements: tuple[Statement, ...]) -> dict[str, tuple[int, int]]:
    """Number of sample axes and of index axes of every array."""
    shape: dict[str, tuple[int, int]] = {}
    for statement in statements:
        match statement:
            case Mean(target, degree) | RootDerivative(target, degree):
                shape[target] = 0, degree
            case Samples(target, degree):
                shape[target] = 1, degree
            case Deviations(target, source) | Weigh(target, source) | Raise(target, source):
                shape[target] = shape[source]
            case ContractPair(target=target, indices=indices):
                shape[target] = 1, indices
            case Contract(target=target, axes=axes) | Subtract(target=target, axes=axes):
                samples = sum(letter.isupper() for letter in axes)
                shape[target] = samples, len(axes) - samples
    return shape
