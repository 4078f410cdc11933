"""Intermediates are numbered in the order in which they are made."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

from sgdsym.codegen.ir import Moments, Part, Pass, Program, Statement, makes

_NUMBERED = re.compile(r"[stu]\d+(?=$|_)")


def renumber(program: Program) -> Program:
    """The same program with the names t1, t2, ... in the order of the statements."""
    new: dict[str, str] = {}
    for statement in program.statements:
        inside = statement.body if isinstance(statement, Pass | Moments) else (statement,)
        for name in (name for s in inside for name in makes(s)):
            if found := _NUMBERED.match(name):
                new.setdefault(found.group(), f"t{len(new) + 1}")

    def rename(value: Any) -> Any:
        match value:
            case str() if (found := _NUMBERED.match(value)) and found.group() in new:
                return new[found.group()] + value[found.end() :]
            case tuple():
                return tuple(rename(item) for item in value)
            case Part():
                return replace(value, name=rename(value.name))
        return value if isinstance(value, str | int) else renamed(value)

    def renamed(statement: Any) -> Any:
        kept = {"note", "axes", "left_axes", "right_axes"}
        names = [f.name for f in fields(statement) if f.name not in kept]
        return replace(statement, **{name: rename(getattr(statement, name)) for name in names})

    statements: tuple[Statement, ...] = tuple(renamed(s) for s in program.statements)
    terms = tuple(replace(t, factors=tuple((rename(n), r) for n, r in t.factors)) for t in program.terms)
    return Program(statements, terms)
