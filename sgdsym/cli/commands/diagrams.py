"""``sgdsym diagrams``: list, count, draw and explain diagrams."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import chosen_format, left_out, shown_rows, terminal_width
from sgdsym.cli.options import add_order, add_output, guard_order, guard_request
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.diagrams import Diagram, grow, parse_notation
from sgdsym.render import ATLASES, diagrams_to_table, diagrams_to_tikz, diagrams_to_words
from sgdsym.series import Basis
from sgdsym.sgd import Request

FORMATS = {"table": diagrams_to_table, **ATLASES}


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "diagrams",
        help=summary,
        description="List, count, draw or explain the diagrams of one order of the test loss of one-pass SGD, or one diagram.",
        examples=(
            "sgdsym diagrams --order 5 --output atlas.pdf",
            "sgdsym diagrams --diagram 'c(01-2)(02-12)' --explain",
        ),
    )
    add_order(command, "number of edges (default 3)")
    command.add_argument("--diagram", metavar="NOTATION", help="this one instead, such as c(01-2)(02-12) or Vlvs")
    meaning = "default: by the suffix of the output, else table"
    command.add_argument("--format", choices=[*FORMATS, "count"], help=meaning)
    command.add_argument("--document", action="store_true", help="tikz: a complete document")
    command.add_argument("--explain", action="store_true", help="say in words what each diagram is")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    output_format = chosen_format(options, FORMATS, "table")
    if options.explain and output_format != "table":
        raise RequestError(f"--explain writes text, not {output_format}; leave one of them out")
    if options.document and output_format != "tikz":
        raise RequestError(f"--document is for --format tikz, not {output_format}")
    check_writable(options.output)
    if options.diagram is not None:
        diagram, basis = _read(options.diagram)
        diagrams, summary = [diagram], ""
    else:
        diagrams, summary = _grown(options)
        basis = "cumulant"
    if output_format == "count":
        write(summary or "1 diagram", options.output)
    elif output_format == "tikz":
        write(diagrams_to_tikz(diagrams, document=options.document), options.output)
    elif output_format != "table":
        write(ATLASES[output_format](diagrams), options.output)
    else:
        width, shown = terminal_width(options.output), diagrams[: shown_rows(options.output)]
        text = diagrams_to_words(shown, basis, width=width) if options.explain else diagrams_to_table(shown, basis)
        if len(shown) < len(diagrams):
            summary = f"{left_out(len(shown), len(diagrams), 'diagrams')}\n{summary}"
        write(f"{text.rstrip()}\n{summary}".rstrip(), options.output)


def _read(text: str) -> tuple[Diagram, Basis]:
    try:
        diagram, basis = parse_notation(text)
    except ValueError as error:
        raise RequestError(error) from error
    return diagram, "moment" if basis == "moment" else "cumulant"


def _grown(options: argparse.Namespace) -> tuple[list[Diagram], str]:
    """The diagrams of an order, and a line about them."""
    guard_order(options.order)
    guard_request(Request(order=options.order), options.force)
    progress = Progress()
    *_, layer = grow(options.order, progress.layer)
    summary = f"order {layer.order}: {len(layer.diagrams)} diagrams, generated in {progress.seconds:.2f} s"
    return sorted(layer.diagrams, key=Diagram.sort_key), summary
