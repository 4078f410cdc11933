"""The finiteness check: entries that no product reads must be finite too.

Where a symmetric tensor meets sorted pairs or tuples of indices, one of its equal entries stands for all.  An infinite number
or a nan in another one, an error in the data, would go unnoticed.  Such tensors are watched, unless another statement
reads all their entries, or all entries of what they are made into.
"""

from __future__ import annotations

from sgdsym.codegen.ir import ContractPair, Pairs, Power, Program, Statement, Term, Watch, makes, reads

_NOTE = "entries that no product reads must be finite too"


def watch(program: Program) -> Program:
    """The same program, with a term that is nan if an entry of an array is not finite and would not be noticed."""
    noticed = {name for term in program.terms for name, _ in term.factors}
    partly: set[str] = set()
    watched: dict[str, Watch] = {}
    for statement in reversed(program.statements):
        for name in makes(statement):
            if name in partly - noticed:
                watched[name] = Watch(f"{name}_finite", name)
                noticed.add(name)
        if noticed.intersection(makes(statement)):
            part = _partly_read(statement)
            partly |= part
            noticed |= set(reads(statement)) - part
    statements: list[Statement] = []
    for statement in program.statements:
        statements += [statement, *(watched[name] for name in makes(statement) if name in watched)]
    terms = tuple(Term(0, (), ((s.target, 0),), _NOTE) for s in statements if isinstance(s, Watch))
    return Program(tuple(statements), program.terms + terms)


def _partly_read(statement: Statement) -> set[str]:
    match statement:
        case ContractPair(tensor=tensor) | Power(tensor=tensor):
            return {tensor}
        case Pairs(source=source, squares=False):
            return {source}
    return set()
