"""Stage 6: the text of the module, from ready lines and the template."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from sgdsym.codegen.ir import ContractPair, Mean, Program, RootDerivative, Samples
from sgdsym.codegen.lower import lower
from sgdsym.codegen.moments import distinct_coefficients, networks
from sgdsym.codegen.numpy_printer import WIDTH, statement_lines, term_lines
from sgdsym.codegen.passes import release_large
from sgdsym.codegen.scalars import assignment
from sgdsym.series import Coefficient, Series, symbol_name
from sgdsym.templating import template

_ARGUMENTS = frozenset({"derivatives", "learning_rate", "metric", "root_derivatives", "self", "weights"})


def generate_numpy(series: Series) -> str:
    """The source of a module that evaluates a series with numpy alone.

    The module offers ``coefficients(derivatives, *, weights, metric, **symbols)`` and ``evaluate(derivatives,
    learning_rate, …)``; see :class:`~sgdsym.codegen.Kernel`.  Equal series give equal bytes.

    Raises:
        ValueError: if the diagrams differ in their number of open indices, or a symbol is named like an argument.

    >>> from sgdsym.diagrams import Diagram
    >>> source = generate_numpy(Series({Diagram(2, [(0, 1)]): Coefficient.symbol("T")}, 1))
    >>> [line.strip() for line in source.splitlines() if "mean_1" in line and "#" in line]
    ['t1 = np.tensordot(mean_1, mean_1_up, 1)  # G(G)']
    """
    _check_symbols(series.symbols)
    has_function = series.setting.observable == "function"
    terms = networks(series)
    number = distinct_coefficients(terms)
    program = lower([(network, number[c]) for network, c in terms.items()], has_function)
    program = release_large(program)
    rank = program.terms[0].rank if program.terms else series.setting.open_indices
    sampled, averaged = _degrees(program, Samples), _degrees(program, Mean)
    if rank and not any(sampled + averaged):
        averaged = (*averaged, 1)
    return template("numpy_kernel.py.jinja").render(
        version=version("sgdsym"),
        setting=series.setting,
        basis=series.basis,
        order=series.truncation,
        rank=rank,
        symbols=series.symbols,
        diagrams=len(series),
        networks=len(terms),
        sampled=sampled,
        averaged=tuple(k for k in averaged if k not in sampled),
        roots=_degrees(program, RootDerivative),
        has_function=has_function,
        has_pairs=any(isinstance(s, ContractPair) for s in program.statements),
        numbers=_numbers(number),
        statements=statement_lines(program),
        terms=term_lines(program),
    )


def _check_symbols(symbols: Sequence[str]) -> None:
    for name in symbols:
        if symbol_name(name) in _ARGUMENTS:
            raise ValueError(f"the symbol {name} cannot be an argument of the module; rename it with subs({name}=...)")


def _degrees(program: Program, kind: type[Mean | Samples | RootDerivative]) -> tuple[int, ...]:
    return tuple(sorted({s.degree for s in program.statements if isinstance(s, kind)}))


def _numbers(number: dict[Coefficient, int]) -> list[str]:
    return [line for c, i in number.items() for line in assignment(f"_c[{i}]", c, 4, WIDTH)]
