"""``sgdsym stationary``: the laws of the weights near a minimum and of the noise that drives them, a file each.

A law adds its parser in ``add`` and leaves the function to call in ``run``; matrices are read by
:mod:`sgdsym.cli.matrices`.
"""

from __future__ import annotations

from types import ModuleType

from sgdsym.cli.commands.stationary import covariance, escape, gibbs, noise
from sgdsym.cli.parser import Commands, Parser

LAWS: tuple[ModuleType, ...] = (covariance, gibbs, escape, noise)

__all__ = ["LAWS", "add"]


def add(commands: Commands, summary: str) -> None:
    """Add the command with one command for each law."""
    command = commands.add_parser(
        "stationary",
        help=summary,
        description="The laws of SGD near a minimum, exact for rationals and symbols.",
        examples=(
            "sgdsym stationary covariance --hessian '2,1/2;1/2,1' --noise '1,0;0,1' --learning-rate 1/2",
            "sgdsym stationary escape",
        ),
    )
    laws = command.add_subparsers(title="laws", required=True, metavar="LAW", parser_class=Parser)
    for law in LAWS:
        law.add(laws)
