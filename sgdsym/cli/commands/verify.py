"""``sgdsym verify``: the installed tool against exact enumeration."""

from __future__ import annotations

import argparse

from sgdsym.cli.options import natural
from sgdsym.cli.output import check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.streams import say
from sgdsym.progress import Bar

HIGHEST_ORDER = 5


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "verify",
        help=summary,
        description="Draw random polynomial landscapes, enumerate every training set and every draw in exact rationals, and "
        "compare with the series of random settings.  Exit code 1 on any mismatch.",
        examples=(
            "sgdsym verify --cases 50 --seed 1",
            "sgdsym verify --cases 5 --order 2",
        ),
    )
    command.add_argument("--cases", type=natural, default=50, metavar="K", help="number of comparisons (default 50)")
    command.add_argument("--seed", type=natural, default=0, metavar="S", help="where to begin (default 0)")
    command.add_argument("--order", type=natural, default=3, metavar="D", help="highest power of the learning rate (3)")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from sgdsym.verify import run_verification

    check_writable(None)
    if options.order > HIGHEST_ORDER:
        raise RequestError(f"order {options.order} takes too long to enumerate; ask for at most {HIGHEST_ORDER}")
    try:
        with Bar(say) as bar:
            outcome = run_verification(cases=options.cases, seed=options.seed, order=options.order, progress=bar.show)
    except ValueError as error:
        raise RequestError(error) from error
    write("\n".join([*map(str, outcome.failed), outcome.summary()]), None)
    return 1 if outcome.failed else 0
