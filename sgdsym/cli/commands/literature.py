"""``sgdsym literature``: printed formulas, what is derived, the verdicts."""

from __future__ import annotations

import argparse

from sgdsym.cli.options import Commands, add_output
from sgdsym.cli.output import check_writable, write


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "literature",
        help="every printed formula, what sgdsym derives, and the verdict",
        description="Check the printed formulas of the literature; every verdict is computed when the command runs.",
        epilog="example: sgdsym literature --output literature.txt",
    )
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.literature import check_literature, report_text

    check_writable(options.output)
    write(report_text(check_literature()), options.output)
