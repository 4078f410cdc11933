"""``sgdsym literature``: printed formulas, what is derived, the verdicts."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import chosen_format
from sgdsym.cli.options import add_output
from sgdsym.cli.output import check_writable, write
from sgdsym.cli.parser import Commands, RequestError

FORMATS = ("text", "latex", "json", "html", "bibtex")


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "literature",
        help=summary,
        description="Check the printed formulas of the literature; every verdict is computed when the command runs.",
        examples=(
            "sgdsym literature --source ziyin --output strength.tex",
            "sgdsym literature 'loss of a batch'",
            "sgdsym literature --output sources.bib",
        ),
    )
    command.add_argument(
        "wanted", nargs="?", metavar="NUMBER|NAME", help="one formula, or those with words in their name"
    )
    command.add_argument("--source", metavar="KEY", help="those of a source: the first author's surname, such as tenka")
    command.add_argument("--format", choices=FORMATS, help="default: by the suffix of the output, else text")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.literature import REPORTS, check_literature, numbered, report, select

    chosen = chosen_format(options, FORMATS)
    (kind,) = (known for known in REPORTS if known == chosen)
    check_writable(options.output)
    try:
        found = select(numbered(check_literature()), options.wanted, options.source)
    except ValueError as error:
        raise RequestError(error) from error
    write(report(found, kind), options.output, markup=kind == "html")
