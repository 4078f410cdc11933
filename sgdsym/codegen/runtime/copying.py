"""Code of this package that generated modules hold a copy of, so that they stand alone.

A template writes what is its own, and :func:`completed` copies in the functions that it calls, and those that these call, as they
stand in the files of this folder: without annotations, in the order of the files and of their lines.  They are written where the
template has a line ``# functions``; functions and files that a line ``# functions of …`` names are written there instead.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from sgdsym import arrays
from sgdsym.series import bounded, recursion
from sgdsym.templating import Source

_MARK = "# cut here: what follows is copied into generated modules\n"
_IMPORTS_HERE = "# imports\n"
_OWN = re.compile(r"^def (\w+)|^(\w+) = ", re.MULTILINE)
_CALLED = re.compile(r"(\w+)(?=[.(]\w)")
_PRIVATE = re.compile(r"\b_[a-zA-Z]\w*")
_FUNCTIONS_HERE = re.compile(r"\n*# functions(?: of (.+))?\n")
# functions of one expression that are written out where they are called, as a call for every block of numbers would take time
_WRITTEN_OUT = frozenset({"_constant", "_inner", "_taken"})
# what modules import, in the order of a formatter; a blank line stands before the array libraries
_IMPORTS = {
    **{
        name: f"import {name}"
        for name in ("decimal", "functools", "itertools", "math", "numbers", "random", "warnings")
    },
    "Decimal": "from decimal import Decimal",
    "Fraction": "from fractions import Fraction",
    "SimpleNamespace": "from types import SimpleNamespace",
    "": "",
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "np": "import numpy as np",
    "torch": "import torch",
}


@dataclass(frozen=True, slots=True)
class _Definition:
    """A function or a constant: its text, the names that it uses, and the file where it stands."""

    text: str
    uses: frozenset[str]
    file: str


def completed(text: str, files: Sequence[str], kind: str = "", library: str = "np", offered: Sequence[str] = ()) -> str:
    r"""The text of a module with the imports and the functions that it needs, where its template has marks for them.

    A mark is a line ``# functions``, or ``# functions of`` and names of functions or files.  What the text defines itself is not
    copied, and a function that no mark names needs a plain one.

    Args:
        text: what a template has written.
        files: of this folder, without their ending, in the order in which their functions are written; a name that several
            files define is taken from the first.
        kind: of which kind functions with a suffix are meant, such as ``jax`` or ``flow``: they take the places of those without one.
        library: the name that ``xp`` becomes.
        offered: functions that the module holds although it calls them nowhere.

    Raises:
        ValueError: if a function has no mark.

    >>> text = completed("# imports\n\n\nprint(_plus((1.0, 0.0), (2.0, 0.0)))\n\n\n# functions\n", ["steps"])
    >>> [line for line in text.splitlines() if line.startswith("def")]
    ['def _two_sum(a, b):', 'def _tidy(head, tail):', 'def _plus(x, y):']
    """
    known = _collected(tuple(files), kind, library)
    parts = _FUNCTIONS_HERE.split(text)
    own_text, marks = "".join(parts[::2]), [mark or "" for mark in parts[1::2]]
    # a program may have a hundred thousand lines, which are searched in a tenth of the time that they are parsed in
    own = {name for names in _OWN.findall(own_text) for name in names}
    needed: set[str] = set()
    pending = frozenset(_PRIVATE.findall(own_text)).union(offered)
    while pending:
        needed |= (here := (pending & known.keys()) - own - needed)
        pending = frozenset(used for name in here for used in known[name].uses)

    def place(name: str) -> str:
        """The mark that says a function, or else its file, or else the one that says nothing."""
        words = (name, known[name].file)
        return next((mark for word in words for mark in marks if word in mark.split()), "")

    def written(mark: str) -> str:
        chosen = [found.text for name, found in known.items() if name in needed and place(name) == mark]
        return "\n\n\n" + "\n\n\n".join(chosen) + "\n" if chosen else "\n"

    if lost := sorted(name for name in needed if place(name) not in marks):
        raise ValueError(f"a template calls {lost[0]} and has no mark where it could be written")
    used = frozenset(_CALLED.findall(own_text)).union(*(known[name].uses for name in needed))
    lines = "\n".join(line for name, line in _IMPORTS.items() if name in used or not name)
    text = parts[0].replace(_IMPORTS_HERE, lines.strip("\n") + "\n", 1)
    for mark, later in zip(marks, parts[2::2], strict=True):
        text += written(mark) + later
    return re.sub(r"\n{4,}", "\n\n\n", text)  # where nothing is written


@lru_cache
def _collected(files: tuple[str, ...], kind: str, library: str) -> dict[str, _Definition]:
    """The definitions of some files as the modules of a kind have them."""
    known: dict[str, _Definition] = {}
    for file in files:
        known |= {name: found for name, found in _of_kind(_definitions(file), kind).items() if name not in known}
    for name, found in known.items():
        text = re.sub(r"\bxp\b", library, _written_out(found.text, known))
        known[name] = _Definition(text, _used(ast.parse(text)), found.file)
    return {name: found for name, found in known.items() if name not in _WRITTEN_OUT}


def _of_kind(known: Mapping[str, _Definition], kind: str) -> dict[str, _Definition]:
    """The definitions of a file, where those of a kind have lost their suffix and taken the places of others."""

    def bare(text: str) -> str:
        return re.sub(rf"\b(\w+)_{kind}\b", r"\1", text)

    found = dict(known)
    for name, special in known.items():
        if kind and name.endswith(f"_{kind}"):
            del found[name]
            found[bare(name)] = _Definition(bare(special.text), frozenset(map(bare, special.uses)), special.file)
    return found


def _used(tree: ast.AST) -> frozenset[str]:
    """The names that are read anywhere."""
    nodes = ast.walk(tree)
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _targets(node: ast.stmt) -> Iterator[str]:
    """The function or the constant that a statement defines."""
    match node:
        case ast.FunctionDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)]):
            yield name


@lru_cache
def _definitions(file: str) -> dict[str, _Definition]:
    """The functions and constants of a file of this folder, or those of :mod:`sgdsym.arrays`, made private."""
    here = Path(__file__).parent / f"{file}.py"
    source = array_source() if file == "arrays" else here.read_text(encoding="utf-8")
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body:
        for name in _targets(node):
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
            while lines[start - 1].startswith("# "):
                start -= 1
            text = "\n".join(lines[start : node.end_lineno])
            found[name] = _Definition(_plain(text) if isinstance(node, ast.FunctionDef) else text, _used(node), file)
    return found


def _written_out(text: str, known: Mapping[str, _Definition]) -> str:
    """A function in which the calls of functions of one expression are these expressions."""
    lines = text.split("\n")
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    # from the right, so that the places of those on the left stay as they are
    for call in sorted(calls, key=lambda call: -call.col_offset):
        name = ast.unparse(call.func)
        if name in _WRITTEN_OUT:
            given = [str(ast.get_source_segment(text, argument)) for argument in call.args]
            line = lines[call.lineno - 1]
            value = _with_arguments(known[name].text, given)
            lines[call.lineno - 1] = line[: call.col_offset] + value + line[call.end_col_offset :]
    return "\n".join(lines)


def _with_arguments(function: str, given: Sequence[str]) -> str:
    """What a function of one expression returns, with these texts for its arguments."""
    head, *_, last = function.splitlines()
    names = head.partition("(")[2].removesuffix("):").split(", ")
    by_name = dict(zip(names, given, strict=True))
    return re.sub(r"\b[a-z]+\b", lambda word: by_name.get(word[0], word[0]), last.partition("return ")[2])


def _plain(text: str) -> str:
    """The text of a function as one of a generated module has it: its head in one line, without annotations and words for checkers."""
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    lines = text.splitlines()
    head = node.lineno - 1
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    body = node.body[0].lineno - 1
    for argument in arguments:
        if argument is not None:
            argument.annotation = None
    signature = f"def {node.name}({ast.unparse(node.args)}):".replace("''", '""')
    kept = "\n".join([*lines[:head], signature, *lines[body:]])
    kept = re.sub(r"  # (noqa|type: ignore)\S*.*", "", kept)
    return _without_annotations(kept).rstrip("\n")


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
