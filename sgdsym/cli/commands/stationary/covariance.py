"""``sgdsym stationary covariance``: the covariance of the weights near a minimum."""

from __future__ import annotations

import argparse
import sys
import warnings

from sgdsym.cli.commands.stationary.results import Result, add_format, written
from sgdsym.cli.matrices import matrix, rate, value
from sgdsym.cli.options import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "covariance",
        help="the covariance of the weights at a finite learning rate",
        description="The stationary covariance of SGD on a quadratic loss, exact for rationals and symbols.  A matrix is written "
        "'2,1/2;1/2,1', or is a .csv or .npy file (floats); numbers may be symbols.",
        epilog="example: sgdsym stationary covariance --hessian '2,1/2;1/2,1' --noise '1,-1/3;-1/3,1/2' --learning-rate 1/2",
    )
    command.add_argument("--hessian", type=matrix, required=True, metavar="H", help="Hessian at the minimum")
    command.add_argument(
        "--noise", type=matrix, required=True, metavar="C", help="covariance of the gradient of a batch"
    )
    command.add_argument(
        "--learning-rate", type=rate, default="eta", metavar="ETA", help="a number or a symbol (default eta)"
    )
    command.add_argument("--momentum", type=value, default=0, metavar="MU", help="heavy-ball, at least 0 and below 1")
    command.add_argument("--preconditioner", type=matrix, metavar="P", help="matrix that multiplies every step")
    add_format(command, _written)


def _written(options: argparse.Namespace) -> str:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", UserWarning)
        text = _computed(options)
    for message in dict.fromkeys(str(warning.message) for warning in found):
        print(f"sgdsym: {message}", file=sys.stderr)
    return text


def _computed(options: argparse.Namespace) -> str:
    from sgdsym.codegen import generate_covariance
    from sgdsym.stationary import excess_loss, stationary_covariance

    given = (options.hessian, options.noise, options.learning_rate, options.momentum, options.preconditioner)
    covariance = stationary_covariance(*given)
    if options.format == "numpy" and not any(getattr(value, "free_symbols", None) for value in given):
        return generate_covariance(*given)
    results = [Result(("covariance",), "covariance of the weights", "\\Sigma", covariance)]
    if options.format != "numpy":
        results.append(
            Result(("excess_loss",), "excess loss", "\\tfrac12\\operatorname{tr} H\\Sigma", excess_loss(*given))
        )
    return written(results, options.format, law="covariance")
