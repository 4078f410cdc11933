"""``sgdsym paper``: a complete LaTeX appendix for a request."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import add_typesetting, check_notation, suffix_format, typesetting
from sgdsym.cli.options import add_output, amount
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_request, read_request


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "paper",
        help=summary,
        description="Write a self-contained LaTeX appendix on an expansion, for pdfLaTeX with amsmath and TikZ.",
        examples=(
            "sgdsym paper --order 3 --batch-size 8 --output appendix.tex",
            "sgdsym paper --order 2 --momentum mu --style index",
        ),
    )
    add_request(command)
    add_typesetting(command)
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.report import write_paper

    check_writable(options.output)
    suffix_format(options.output, ("latex",))
    request = read_request(options)
    weights = [weight for weight in request.rates or () if isinstance(weight, str)]
    check_notation(options.notation, [*request.symbols.values(), *weights])
    progress = Progress(request.order, amount(request))
    try:
        text = write_paper(request, typesetting(options), progress.layer)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)
