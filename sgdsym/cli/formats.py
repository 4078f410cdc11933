"""How a series is written: the formats, the choices for LaTeX, and the suffixes that stand for a format."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from sgdsym.cli.inputs import read_text
from sgdsym.cli.options import natural
from sgdsym.cli.parser import Parser, RequestError
from sgdsym.cli.streams import is_terminal
from sgdsym.codegen import generate
from sgdsym.codegen.backends import BACKENDS
from sgdsym.render import (
    ATLASES,
    Notation,
    Typesetting,
    diagrams_to_tikz,
    preamble,
    series_to_csv,
    series_to_latex,
    series_to_markdown,
    series_to_table,
    series_to_text,
    series_to_typst,
    typeset_document,
)
from sgdsym.render.formulas import STYLES, SUMS
from sgdsym.render.latex import SHOWN
from sgdsym.render.prefactors import POLYNOMIALS
from sgdsym.render.typesetting import NARROWEST, SHAPES, WIDEST
from sgdsym.report import read_values, write_page
from sgdsym.series import Series, mergers

COLUMNS = 80  # of text that does not go to a terminal
Writer = Callable[[Series, argparse.Namespace], str | bytes]
_SUFFIXES = {
    ".txt": "text",
    ".tex": "latex",
    ".typ": "typst",
    ".bib": "bibtex",
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".py": "numpy",
    **{f".{kind}": kind for kind in ("html", "svg", "tikz", "dot", "png", "pdf")},
}
# what is done unasked, and what each takes: diagrams that a kernel is planned for, and those merged for an estimate
_PLANNED, _PLAN_SECONDS, _PLAN_BYTES = 30_000, 3e-3, 110_000
_MERGERS, _MERGER_SECONDS = 30_000, 5e-4
_AROUND = ("shape", "label", "preamble")
_CHOICES = (
    "style",
    "notation",
    "sums",
    "polynomials",
    "collect",
    "shape",
    "terms_per_line",
    "width",
    "label",
    "preamble",
)
_UNUSED = {
    "latex": (),
    **dict.fromkeys(("html", "typst", "markdown"), _AROUND),
    "text": tuple(name for name in _CHOICES if name != "style"),
}


def add_format(command: Parser) -> None:
    """The options that say how a series is written."""
    meaning = "how the series is written (default: by the suffix of the output, else text)"
    command.add_argument("--format", choices=FORMATS, help=meaning)
    command.add_argument("--document", action="store_true", help="latex, tikz and typst: a complete document")
    latex = add_typesetting(command)
    latex.add_argument("--shape", choices=SHAPES, help="what is around the formula (default display)")
    latex.add_argument("--preamble", action="store_true", help="only what a document needs in its preamble")
    modules = command.add_argument_group("numpy, jax and torch")
    modules.add_argument(
        "--unbiased",
        action=argparse.BooleanOptionalAction,
        help="whether the module estimates from samples without bias, with standard errors (default: to about order 4)",
    )
    html = command.add_argument_group("html")
    html.add_argument(
        "--values", type=Path, metavar="FILE", help="JSON with the values of the diagrams that the page begins with"
    )


def add_typesetting(command: Parser) -> argparse._ArgumentGroup:
    """The choices for LaTeX that do not depend on what is around the formula."""
    latex = command.add_argument_group("latex, typst and markdown (--style: text too)")
    latex.add_argument(
        "--style", choices=STYLES, help="matrix notation, indices, the inverse metric too, or pictures (default matrix)"
    )
    add_notation(latex)
    latex.add_argument("--sums", choices=SUMS, help="sums over indices silent or written (default einstein)")
    latex.add_argument("--polynomials", choices=POLYNOMIALS, help="how polynomials of T are written (default factored)")
    latex.add_argument("--collect", action="store_true", help="one bracket behind each prefactor")
    latex.add_argument("--terms-per-line", type=natural, metavar="K", help="at most (default 1)")
    latex.add_argument("--width", type=_ems, metavar="EMS", help="of a line (default 33; about 22 in two columns)")
    latex.add_argument("--label", help="of numbered equations (default eq:sgd)")
    return latex


def add_notation(group: argparse._ArgumentGroup) -> None:
    """The reader's own symbols."""
    group.add_argument("--notation", type=_notation, metavar="L=\\ell,…", help="your own symbols, in LaTeX")


def check_notation(notation: Notation | None, symbols: Iterable[str]) -> None:
    """Refuse symbols for sizes that no formula has: the name is mistyped.

    Raises:
        RequestError: naming the first.
    """
    known = {"T", "N", "B", "E", "mu", *symbols}
    unknown = [name for name in dict(notation.sizes if notation else ()) if name not in known]
    if unknown:
        raise RequestError(
            f"--notation: {unknown[0]} is no symbol of the formula; its sizes are {', '.join(sorted(known))}"
        )


def chosen_format(options: argparse.Namespace, known: Collection[str] | None = None, usual: str = "text") -> str:
    """The format that was asked for, or that the suffix of the output stands for, or the usual one.

    Raises:
        RequestError: if the suffix stands for a format that is not a known one.
    """
    return options.format or suffix_format(options.output, FORMATS if known is None else known) or usual


def suffix_format(path: Path | None, known: Collection[str]) -> str | None:
    """The format that the suffix of a path stands for, if it stands for one.

    Raises:
        RequestError: if the suffix stands for a format that is not a known one.
    """
    suffix = path.suffix.lower() if path is not None else ""
    found = _SUFFIXES.get(suffix)
    if suffix and found is None:
        raise RequestError(
            f"{path}: {suffix} stands for no format; name one with --format, or choose {', '.join(_SUFFIXES)}"
        )
    if found not in (None, "text", *known):
        raise RequestError(f"{path}: there is no {found} of this, only {', '.join(known)}; choose another suffix")
    return found if found in known else None


def formatted(series: Series, options: argparse.Namespace) -> str | bytes:
    """A series in the format that was asked for.

    Raises:
        RequestError: if the series cannot be written so, or options do not go together.
    """
    output_format = chosen_format(options)
    given = [name for name in _unused(output_format) if getattr(options, name)]
    if options.document and output_format not in ("latex", "tikz", "typst"):
        given.append("document")
    if given:
        raise RequestError(f"--{given[0].replace('_', '-')} is for --format latex, not {output_format}")
    if options.values and output_format != "html":
        raise RequestError(f"--values is for --format html, not {output_format}")
    if options.unbiased is not None and output_format not in BACKENDS:
        raise RequestError(f"--unbiased is for --format {', '.join(BACKENDS)}, not {output_format}")
    if output_format in BACKENDS and not options.force and len(series) > _PLANNED:
        minutes, memory = len(series) * _PLAN_SECONDS / 60, len(series) * _PLAN_BYTES / 1e9
        raise RequestError(
            f"to plan a kernel of {len(series)} diagrams takes about {minutes:.0f} minutes and {memory:.0f} GB; "
            "add --force to go ahead"
        )
    if options.unbiased and not options.force and (much := mergers(series)) > _MERGERS:
        raise RequestError(
            f"the unbiased estimate is made of up to {much} merged diagrams, about {much * _MERGER_SECONDS:.0f} s; "
            "add --force to go ahead"
        )
    try:
        return FORMATS[output_format](series, options)
    except ValueError as error:
        raise RequestError(error) from error


def is_markup(options: argparse.Namespace) -> bool:
    """Whether the format is read by browsers, which know characters by number as well."""
    return chosen_format(options) == "html"


def _unused(output_format: str) -> tuple[str, ...]:
    """The choices for LaTeX that a format makes no use of."""
    return _UNUSED.get(output_format, _CHOICES)


def terminal_width(path: Path | None) -> int:
    """Columns that text may fill."""
    on_terminal = path is None and is_terminal(sys.stdout)
    return shutil.get_terminal_size((COLUMNS, 24)).columns if on_terminal else COLUMNS


def shown_rows(path: Path | None) -> int | None:
    """How many rows of a long result are shown: all of them but on a terminal."""
    return SHOWN if path is None and is_terminal(sys.stdout) else None


def left_out(shown: int, count: int, what: str) -> str:
    """A line below the first of many rows, and how to get the others.

    >>> left_out(200, 3801, "terms")
    '… and 3601 more of 3801 terms; --output FILE writes them all, and so does a pipe, | less'
    """
    return f"… and {count - shown} more of {count} {what}; --output FILE writes them all, and so does a pipe, | less"


def typesetting(options: argparse.Namespace) -> Typesetting:
    """The choices for LaTeX; the length of the run is what the request calls it."""
    given = {name: getattr(options, name, None) for name in _CHOICES if name not in ("notation", "preamble")}
    chosen = {name: value for name, value in given.items() if value is not None}
    found = Typesetting(notation=options.notation or Notation(), **chosen)
    return found.for_run(getattr(options, "steps", None), getattr(options, "epochs", None))


def _latex(series: Series, options: argparse.Namespace) -> str:
    check_notation(options.notation, series.symbols)
    text = series_to_latex(series, typesetting(options))
    if options.preamble:
        return "\n".join(preamble(text))
    return typeset_document(text) if options.document else text


def _typst(series: Series, options: argparse.Namespace) -> str:
    check_notation(options.notation, series.symbols)
    return series_to_typst(series, typesetting(options), document=options.document)


def _markdown(series: Series, options: argparse.Namespace) -> str:
    check_notation(options.notation, series.symbols)
    return series_to_markdown(series, typesetting(options))


def _html(series: Series, options: argparse.Namespace) -> str:
    check_notation(options.notation, series.symbols)
    values = read_values(read_text(options.values), series) if options.values else None
    return write_page(
        series, request=getattr(options, "request", None), typesetting=typesetting(options), values=values
    )


def _text(series: Series, options: argparse.Namespace) -> str:
    style = getattr(options, "style", None) or "matrix"
    return _head(series, options, lambda found: series_to_text(found, terminal_width(options.output), style=style))


def _table(series: Series, options: argparse.Namespace) -> str:
    return _head(series, options, series_to_table)


def _head(series: Series, options: argparse.Namespace, write: Callable[[Series], str]) -> str:
    """The series as text, on a terminal no more of it than is read there."""
    most = shown_rows(options.output)
    if most is None or len(series) <= most:
        return write(series)
    head = replace(series, terms=dict(islice(series, most)))
    return f"{write(head)}\n{left_out(most, len(series), 'terms')}"


def _ems(text: str) -> float:
    try:
        return Typesetting(width=float(text)).width
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number of ems from {NARROWEST} to {WIDEST}") from error


def _notation(text: str) -> Notation:
    try:
        return Notation.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _atlas(kind: str) -> Writer:
    return lambda series, _: ATLASES[kind](series.diagrams())


def _module(backend: str) -> Writer:
    return lambda series, options: generate(series, backend, unbiased=options.unbiased)


FORMATS: dict[str, Writer] = {
    "text": _text,
    "latex": _latex,
    "json": lambda series, _: series.to_json(),
    **{backend: _module(backend) for backend in BACKENDS},
    "table": _table,
    "typst": _typst,
    "markdown": _markdown,
    "csv": lambda series, _: series_to_csv(series),
    "html": _html,
    **{kind: _atlas(kind) for kind in ATLASES},
    "tikz": lambda series, options: diagrams_to_tikz(series.diagrams(), document=options.document),
}
