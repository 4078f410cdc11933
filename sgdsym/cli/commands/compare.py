"""``sgdsym compare``: the difference of two settings."""

from __future__ import annotations

import argparse
from dataclasses import replace

from sgdsym.cli.formats import add_format, formatted, is_markup
from sgdsym.cli.options import add_order, add_output, guard_order, guard_request
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.series import BASES
from sgdsym.sgd import OBSERVABLES, Request, at_minimum, compare, estimate_placements


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "compare",
        help=summary,
        description="Compare two settings, such as sgd, sde, gd:N=N, sgd:sampling=online,B=1 or fixed:E=E,scale=1/E.  Sizes, momentum "
        "and weight decay may be expressions of symbols: sgd:T=T,B=B beside sgd:T=T/c,B=c*B,scale=c.",
        examples=(
            "sgdsym compare sgd sde --order 3 --at-minimum",
            "sgdsym compare sgd:B=1 gd --order 2",
        ),
    )
    command.add_argument(
        "first", metavar="A", help="dynamics or sampling, then pairs such as B=c*B, nesterov=yes or schedule=[1,1/2]"
    )
    command.add_argument("second", metavar="B", help="the setting that is subtracted")
    command.add_argument("--observable", choices=list(OBSERVABLES), help="what is compared (default test-loss)")
    command.add_argument("--at-minimum", action="store_true", help="start at a minimum of the test loss, G = 0")
    command.add_argument("--basis", choices=BASES, default="cumulant", help="joint cumulants or joint moments")
    add_order(command, "highest power of the learning rate (default 3)")
    add_format(command)
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    guard_order(options.order)
    # before the sides are read: as if both were counted placement by placement, the slower way
    guard_request(Request(sampling="replace", order=options.order), options.force)
    progress = Progress(options.order, estimate_placements, runs=2)
    try:
        comparison = compare(
            options.first,
            options.second,
            order=options.order,
            observable=options.observable,
            basis=options.basis,
            progress=progress.layer,
        )
    except ValueError as error:
        raise RequestError(error) from error
    if options.at_minimum:
        comparison = replace(comparison, difference=at_minimum(comparison.difference))
    write(formatted(comparison.difference, options), options.output, markup=is_markup(options))
    progress.note(comparison.headline())
