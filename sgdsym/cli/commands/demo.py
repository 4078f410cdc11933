"""``sgdsym demo``: the main job on real data."""

from __future__ import annotations

import argparse
from pathlib import Path

from sgdsym.cli.options import natural
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.signals import raising


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "demo",
        help=summary,
        description="Predict SGD on scikit-learn's handwritten digits to order 3 and compare with real runs.",
        examples=(
            "sgdsym demo --output sgdsym-demo",
            "sgdsym demo --seed 1",
        ),
    )
    command.add_argument("--output", type=Path, default=Path("sgdsym-demo"), metavar="FOLDER", help="where to write")
    command.add_argument("--seed", type=natural, default=0, metavar="S", help="seed of the SGD runs (default 0)")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.demo import check_folder, conduct, write_folder

    check_writable(None)
    try:
        check_folder(options.output)
        report, contents = conduct(options.output, seed=options.seed, progress=Progress().say)
    except ValueError as error:
        raise RequestError(error) from error
    with raising():
        write_folder(options.output, contents)
    write("\n".join(report.lines()), None)
