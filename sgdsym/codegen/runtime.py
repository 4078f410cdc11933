"""Code of this package that generated modules hold a copy of, so that they stand alone."""

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache

from sgdsym.series import bounded

_MARK = "# cut here: what follows is copied into generated modules\n"


@lru_cache(maxsize=1)
def bounded_lines() -> tuple[str, ...]:
    """The lines of :mod:`sgdsym.series.bounded` without annotations and examples, every name private.

    >>> [line for line in bounded_lines() if line.startswith("def")]
    ['def _context(digits, rounding):', 'def _rounded(compute, sizes):']
    """
    text = _without_annotations(inspect.getsource(bounded).partition(_MARK)[2])
    text = re.sub(r'\n\n *(Args|Raises):.*?(?=\n *""")', "", text, flags=re.DOTALL)
    text = re.sub(r"\b(VagueError|Precision|Bounded|rounded(?=\())", r"_\1", text)
    return tuple(re.sub(r'"""(.*)\n *"""', r'"""\1"""', text).splitlines())


def _without_annotations(text: str) -> str:
    lines = text.splitlines()
    spans = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.arg(annotation=ast.expr() as annotation):
                spans.append((annotation, ": "))
            case ast.FunctionDef(returns=ast.expr() as annotation):
                spans.append((annotation, " -> "))
            case ast.AnnAssign(annotation=annotation):
                spans.append((annotation, ": "))
    # from the end, so that the places of those before stay as they are
    for annotation, before in sorted(spans, key=lambda span: (span[0].lineno, span[0].col_offset), reverse=True):
        line = lines[annotation.lineno - 1]
        lines[annotation.lineno - 1] = line[: annotation.col_offset - len(before)] + line[annotation.end_col_offset :]
    return "\n".join(lines) + "\n"
