"""Code of this package that generated modules hold a copy of, so that they stand alone."""

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache
from types import ModuleType

from sgdsym import arrays
from sgdsym.series import bounded, recursion
from sgdsym.templating import Source

_MARK = "# cut here: what follows is copied into generated modules\n"


@lru_cache(maxsize=1)
def bounded_source() -> Source:
    """The text of :mod:`sgdsym.series.bounded` without annotations and examples, every name private.

    >>> [line for line in bounded_source().splitlines() if line.startswith("def")]
    ['def _context(digits, rounding):', 'def _rounded(compute, sizes):']
    """
    return _copied(bounded, r"VagueError|Precision|Bounded|rounded(?=\()")


@lru_cache(maxsize=1)
def recursion_source() -> Source:
    """The text of :mod:`sgdsym.series.recursion`, likewise.

    >>> [line for line in recursion_source().splitlines() if line.startswith("def _s")]
    ['def _schedule_sums(rates, registers, slots, sums):', 'def _scanned(entering, rate):']
    """
    return _copied(recursion, r"schedule_sums(?=\()")


def _copied(module: ModuleType, public: str) -> Source:
    """The text of a module below its mark, without annotations and sections of docstrings, public names made private."""
    text = _without_annotations(inspect.getsource(module).partition(_MARK)[2])
    text = re.sub(r'\n\n *(Args|Raises):.*?(?=\n *""")', "", text, flags=re.DOTALL)
    text = re.sub(rf"\b({public})", r"_\1", text)
    return Source(re.sub(r'"""(.*)\n *"""', r'"""\1"""', text).rstrip("\n"))


@lru_cache(maxsize=1)
def array_source() -> Source:
    """The functions of :mod:`sgdsym.arrays` that read arrays: private, and without annotations, examples and sections.

    >>> array_source().splitlines()[0]
    'def _check_unmasked(value, what):'
    """
    texts = [inspect.getsource(function) for function in (arrays.check_unmasked, arrays.unmasked, arrays.real_array)]
    text = re.sub(r"\n\n    (Args|Raises|>>>).*?(?=\n    \"\"\")", "", "\n\n".join(texts), flags=re.DOTALL)
    text = re.sub(r'"""(.*)\n    """', r'"""\1"""', _without_annotations(text))
    return Source(re.sub(r"\b(check_unmasked|unmasked|real_array)\(", r"_\1(", text))


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
