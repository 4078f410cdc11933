"""``sgdsym expand``: the expansion of an observable."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import add_format, chosen_format, formatted, is_markup
from sgdsym.cli.options import add_output, amount
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands
from sgdsym.cli.requests import add_request, read_request
from sgdsym.sgd import expand_request


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "expand",
        help=summary,
        description="Expand an observable of SGD in the learning rate, exactly, to any order.",
        examples=(
            "sgdsym expand --order 3 --batch-size 1",
            "sgdsym expand --order 4 --steps T --batch-size 8 --format numpy --output kernel.py",
            "sgdsym expand --order 2 --momentum 9/10 --sampling reshuffle --format latex",
        ),
    )
    add_request(command)
    add_format(command)
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    output_format = chosen_format(options)
    options.request = request = read_request(options)
    progress = Progress(request.order, amount(request))
    series = expand_request(request, progress.layer)
    progress.say(f"writing {output_format}")
    write(formatted(series, options), options.output, markup=is_markup(options))
