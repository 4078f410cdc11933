"""The text of the module, from ready lines and the template of a backend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from sgdsym.arguments import read_choice, read_flag
from sgdsym.codegen.backends import BACKENDS
from sgdsym.codegen.backends.printer import WIDTH
from sgdsym.codegen.compiler import Compiled, compile_series
from sgdsym.codegen.cost import most_alive
from sgdsym.codegen.ir import Mean, Program, RootDerivative, Samples, Trained
from sgdsym.codegen.runtime import bounded_source, completed
from sgdsym.codegen.scalars import assignment, roots
from sgdsym.codegen.schedules import schedule_words
from sgdsym.codegen.sizes import checks, whole_symbols
from sgdsym.codegen.unbiased import chosen_estimate, multiples
from sgdsym.series import Coefficient, Series, Setting, most_blocks, read_series, symbol_name
from sgdsym.templating import Code, plain_words, render

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_EDGES = 13  # of a diagram: all sets of its nodes are gone through
_ARGUMENTS = frozenset(
    {"ValueError", "derivatives", "int", "isinstance", "learning_rate", "metric", "root_derivatives", "self", "weights"}
)


def generate(series: Series, backend: str = "numpy", *, unbiased: bool | None = None) -> str:
    """The source of a module that evaluates a series with one array library alone.

    The module offers ``coefficients(derivatives, *, weights, metric, **symbols)`` and ``evaluate(derivatives,
    learning_rate, …)``; see :class:`~sgdsym.codegen.Kernel`.  Equal series give equal bytes.  Where it holds the unbiased
    estimate it offers ``unbiased(derivatives, learning_rate, *, metric, **symbols)`` too, an estimate and its standard error.

    Args:
        series: what is evaluated.
        backend: ``"numpy"``, ``"jax"`` or ``"torch"``.
        unbiased: whether the module holds the unbiased estimate; left out, it does where that takes little: up to
            :data:`~sgdsym.codegen.unbiased.AFFORDABLE` merged diagrams.

    Raises:
        ValueError: if the backend is unknown, the diagrams differ in their number of open indices or have more than 13 edges,
            or a symbol is named like an argument.

    >>> from sgdsym.diagrams import Diagram
    >>> source = generate(Series({Diagram(2, [(0, 1)]): Coefficient.symbol("T")}, 1), unbiased=False)
    >>> [line.strip() for line in source.splitlines() if "mean_1" in line and "#" in line]
    ['t1 = mean_1 @ mean_1_up  # G(G)']
    """
    return write_module(series, backend, *compile_for(series, backend, unbiased))


def compile_for(series: Series, backend: str, unbiased: bool | None) -> tuple[Compiled, Compiled | None]:
    """The programs of a series and of its unbiased estimate, if that is held, that the backend can write.

    Raises:
        ValueError: see :func:`generate`.
    """
    read_series(series)
    read_choice("backend", backend, BACKENDS)
    if unbiased is not None:
        unbiased = read_flag("unbiased", unbiased)
    if (highest := max((diagram.order for diagram in series.terms), default=0)) > MOST_EDGES:
        raise ValueError(f"a kernel is planned for diagrams of up to {MOST_EDGES} edges, not of {highest}")
    taken = _ARGUMENTS | ({"start"} if series.setting.weight_decay else set())
    for name in series.symbols:
        if symbol_name(name) in taken:
            raise ValueError(f"the symbol {name} cannot be an argument of the module; rename it with subs({name}=...)")
    in_blocks = BACKENDS[backend].in_blocks
    return compile_series(series, in_blocks=in_blocks), chosen_estimate(series, unbiased, in_blocks=in_blocks)


def write_module(series: Series, backend: str, compiled: Compiled, estimate: Compiled | None = None) -> str:
    """The text of the module for a program, and for that of the unbiased estimate."""
    printer = BACKENDS[backend].printer
    program = compiled.program
    written = {"_series": program} | ({"_estimate": estimate.program} if estimate else {})
    rank = program.terms[0].rank if program.terms else series.setting.open_indices
    sampled, averaged = _degrees(program, Samples), _degrees(program, Mean)
    if rank and not any(sampled + averaged):
        averaged = (*averaged, 1)
    coefficients, decay = dict(compiled.coefficients), series.setting.weight_decay
    if decay:
        coefficients.setdefault(decay, len(coefficients))
    numbers, powers = _numbers(coefficients), roots(coefficients)
    exact = not (powers or series.sums) and set(series.symbols) <= whole_symbols(series.conditions)
    lines = {function: printer.statement_lines(p) for function, p in written.items()}
    text = render(
        "kernel.py.jinja",
        library=backend,
        permute=printer.permute,
        version=version("sgdsym"),
        setting=setting_words(series.setting),
        basis=series.basis,
        order=series.truncation,
        rank=rank,
        symbols=series.symbols,
        diagrams=len(series),
        networks=compiled.products,
        cost=Code(str(compiled.plan)),
        memory=_memory("MEMORY", program),
        sampled=sampled,
        averaged=averaged,
        roots=_degrees(program, RootDerivative),
        has_function=series.setting.observable.carries_function,
        decay=Code(str(decay)) if decay else None,
        decay_number=coefficients.get(decay),
        decayed=sorted({s.degree for p in written.values() for s in p.statements if isinstance(s, Trained)}),
        programs=[
            (function, coded(found), coded(printer.term_lines(written[function])), _uses("n", found), _uses("p", found))
            for function, found in lines.items()
        ],
        numbers=coded(numbers),
        raised={Code(name): root for name, root in powers.items()},
        checks=coded(checks(series.conditions, series.symbols)),
        bounded=None if exact else bounded_source(),
        schedule=schedule_words(series, WIDTH) if series.sums else None,
        blocks=most_blocks(series) if estimate else 0,
        estimate=estimate and _estimate(estimate),
    )
    kind = "" if backend == "numpy" else backend
    return completed(text, ("inputs", "arrays", "libraries", "kernels"), kind, printer.module)


def _estimate(compiled: Compiled) -> dict[str, object]:
    """What the template says of the unbiased estimate besides its program."""
    averaged = _degrees(compiled.program, Mean)
    return {
        "averaged": averaged,
        "degrees": sorted({*averaged, *_degrees(compiled.program, Samples)}),
        "memory": _memory("ESTIMATE_MEMORY", compiled.program),
        "numbers": coded(multiples(compiled.coefficients, WIDTH)),
    }


def setting_words(setting: Setting) -> dict[str, str]:
    """What a series is the expansion of, as the heading of a module names it."""
    return {part: plain_words(word) for part, word in setting.words.items()}


def coded(lines: Iterable[str]) -> list[Code]:
    """Lines of a program that printers have made, checked."""
    return [Code(line) for line in lines]


def _memory(name: str, program: Program) -> list[Code]:
    """The lines that say how many arrays of which sizes a program makes, a line each where one does not hold them."""
    sizes = [f"{size}: {count}" for size, count in sorted(most_alive(program).items())]
    line = f"{name} = {{{', '.join(sizes)}}}"
    return coded([line] if len(line) <= WIDTH else [f"{name} = {{", *(f"    {size}," for size in sizes), "}"])


def _uses(size: str, lines: Sequence[str]) -> bool:
    return any(re.search(rf"\b{size}\b", line.partition("#")[0]) for line in lines)


def _degrees(program: Program, kind: type[Mean | Samples | RootDerivative]) -> tuple[int, ...]:
    return tuple(sorted({s.degree for s in program.statements if isinstance(s, kind)}))


def _numbers(number: Mapping[Coefficient, int]) -> list[str]:
    return [line for c, i in number.items() for line in assignment(f"_c[{i}]", c, 4, WIDTH)]
