"""``sgdsym explain``: how the coefficient of a diagram is counted."""

from __future__ import annotations

import argparse
import json
import re

from sgdsym.cli.formats import chosen_format
from sgdsym.cli.options import add_output
from sgdsym.cli.output import check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_request, read_request
from sgdsym.diagrams import Diagram, parse_notation

FORMATS = ("text", "html")
LONGEST = 2000
_PRINTED = re.compile(r"Diagram\((\d{1,3}), (\[[\d,() ]*\]), (\[[\d,() ]*\])(?:, (\[[\d, ]*\]))?\)")


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "explain",
        help=summary,
        description="Tell how the coefficient of a diagram is counted: its placements with a picture of each, the orders of their steps, "
        "the symmetries, and the sum.",
        examples=(
            "sgdsym explain 'c(01-2)(02-12)' --sampling reshuffle",
            "sgdsym explain Vlvs --order 2",
        ),
    )
    meaning = "such as c(01-2)(02-12), a name of the literature such as Vlvs, or as a table prints it: Diagram(2, [(0, 1)], [(0,)], [1])"
    command.add_argument("diagram", metavar="DIAGRAM", help=meaning)
    add_request(command)
    command.set_defaults(order=None)
    command.add_argument("--format", choices=FORMATS, help="default: by the suffix of the output, else text")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.report import count

    kind = chosen_format(options, FORMATS)
    check_writable(options.output)
    try:
        diagram = _diagram(options.diagram)
    except ValueError as error:
        raise RequestError(error) from error
    if options.order not in (None, diagram.order):
        raise RequestError(f"the diagram has {diagram.order} edges, so its order is {diagram.order}; leave --order out")
    # the steps of this one order are gone through, and none where there are too many
    options.order = 0
    request = read_request(options)
    try:
        found = count(diagram, request)
    except ValueError as error:
        raise RequestError(error) from error
    write(found.html() if kind == "html" else str(found), options.output, markup=kind == "html")


def _diagram(text: str) -> Diagram:
    """A diagram in string notation, by its name, or as it is printed; nothing is evaluated."""
    printed = _PRINTED.fullmatch(text) if len(text) <= LONGEST else None
    if not printed:
        return parse_notation(text)[0]
    nodes, *lists = printed.groups(default="[]")
    try:
        edges, blocks, roots = (
            json.loads(re.sub(r"(?<=\d),\]", "]", part.replace("(", "[").replace(")", "]"))) for part in lists
        )
    except ValueError as error:
        raise ValueError(f"not a diagram: {text:.60}; write it like c(01-2)(02-12), or as a table prints it") from error
    return Diagram(int(nodes), edges, blocks, roots)
