"""``sgdsym check``: a formula of one's own beside what is derived."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import add_notation, check_notation
from sgdsym.cli.options import add_output, amount
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_request, read_request
from sgdsym.render import Notation


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "check",
        help=summary,
        description="Hold a formula, LaTeX or text as expand writes it, against what is derived for the options.  "
        "Exit code 0 if they are equal, 1 if not: "
        "then each term that differs is listed, with the smallest setting found that tells the two apart.",
        examples=(
            "sgdsym check 'l - η T G·G + η² (T/2) tr(H C) + η² T(T - 1/2) G·H G' --batch-size 1",
            r"sgdsym check '-\eta T G_a G_a + l' --order 1",
        ),
        # a formula may begin with a minus
        minus=r"-(?![-h]).|-h.",
    )
    command.add_argument("formula", metavar="FORMULA", help="in matrices or indices, with E[…] or κ[…]")
    add_request(command)
    command.set_defaults(order=None)
    command.add_argument("--at-minimum", action="store_true", help="start at a minimum of the test loss, G = 0")
    add_notation(command.add_argument_group("symbols"))
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from sgdsym.checking import FormulaError, compare_formula, highest_order, read_formula

    check_writable(options.output)
    given = options.order
    options.order = 0
    notation, request = options.notation or Notation(), read_request(options)
    check_notation(options.notation, request.symbols.values())
    try:
        formula = read_formula(options.formula, notation, request)
        options.order = highest_order(formula, given)
    except FormulaError as error:
        raise RequestError(f"the formula cannot be read: {error}") from error
    except ValueError as error:
        raise RequestError(error) from error
    request = read_request(options)
    progress = Progress(request.order, amount(request))
    found = compare_formula(formula, request, minimum=options.at_minimum, progress=progress.layer)
    write(str(found), options.output)
    return 0 if found else 1
