"""Sums over a schedule as lines of a generated module: the registers of the optimiser, and the levels of every sum."""

from __future__ import annotations

from typing import Any

from sgdsym.codegen.runtime import recursion_source
from sgdsym.codegen.scalars import joined, quotient
from sgdsym.series import Coefficient, Recursion, ScheduleSum, Series, registers_of
from sgdsym.templating import Code


def schedule_words(series: Series, width: int) -> dict[str, Any]:
    """What the template of a module says of the rates that its series has sums over."""
    groups: dict[Recursion, list[ScheduleSum]] = {}
    for known in series.sums.values():
        groups.setdefault(known.recursion, []).append(known)
    (steps,) = {recursion.steps for recursion in groups}
    return {
        "name": series.schedule,
        "names": [Code(name) for name in series.sums],
        "lengths": sorted(series.lengths),
        "steps": Code(_text(steps)),
        "needed": sorted({name for recursion in groups for name in recursion.symbols}),
        "groups": [[Code(line) for line in _group(recursion, known, width)] for recursion, known in groups.items()],
        "source": recursion_source(),
    }


def _group(recursion: Recursion, sums: list[ScheduleSum], width: int) -> list[str]:
    """A call that computes the sums over one run."""
    lines = ["found |= _schedule_sums(", "    rates,", "    {"]
    for name, value in registers_of(recursion, _text).items():
        lines.append(f'        "{name}": {_nested(value)},')
    lines += ["    },", f"    _slots({_text(recursion.slots)}),", "    {"]
    for known in sums:
        line = f'        "{known.name}": {known.levels!r},'
        if len(line) + 4 <= width:
            lines.append(line)
        else:
            lines += [
                f'        "{known.name}": (',
                *(f"            {level!r}," for level in known.levels),
                "        ),",
            ]
    return [*lines, "    },", ")"]


def _nested(value: Any) -> str:
    """Nested lists of texts as a list of Python."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_nested, value))}]"
    return str(value)


def _text(coefficient: Coefficient) -> str:
    terms, denominator = quotient(coefficient)
    above = joined(terms)
    return f"({above}) / ({denominator})" if denominator else above
