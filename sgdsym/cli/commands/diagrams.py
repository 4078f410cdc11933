"""``sgdsym diagrams``: list, count and draw the diagrams of an order."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from sgdsym.cli.options import Commands, add_order, add_output, guard_order, guard_request
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.diagrams import Diagram, grow
from sgdsym.render import diagrams_to_dot, diagrams_to_svg, diagrams_to_table
from sgdsym.sgd import Request

FORMATS: dict[str, Callable[[list[Diagram]], str]] = {
    "table": diagrams_to_table,
    "svg": diagrams_to_svg,
    "dot": diagrams_to_dot,
}


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "diagrams",
        help="list, count or draw the diagrams of an order",
        description="List, count or draw the diagrams of one order of the test loss of one-pass SGD.",
        epilog="example: sgdsym diagrams --order 3 --format svg --output order3.svg",
    )
    add_order(command, "number of edges (default 3)")
    command.add_argument("--format", choices=[*FORMATS, "count"], default="table", help="default table")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    guard_order(options.order)
    guard_request(Request(order=options.order), options.force)
    check_writable(options.output)
    progress = Progress()
    *_, layer = grow(options.order, progress.layer)
    summary = f"order {layer.order}: {len(layer.diagrams)} diagrams, generated in {progress.seconds:.2f} s"
    if options.format == "count":
        write(summary, options.output)
        return
    text = FORMATS[options.format](sorted(layer.diagrams, key=Diagram.sort_key))
    write(f"{text.rstrip()}\n{summary}" if options.format == "table" else text, options.output)
