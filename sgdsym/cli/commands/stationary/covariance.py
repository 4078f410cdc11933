"""``sgdsym stationary covariance``: the covariance of the weights near a minimum."""

from __future__ import annotations

import argparse
import json
from typing import Any

from sgdsym.cli.matrices import matrix, value
from sgdsym.cli.options import Commands, RequestError, add_output
from sgdsym.cli.output import check_writable, write

FORMATS = ("text", "latex", "json", "numpy")


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
    command.add_argument("--learning-rate", type=value, required=True, metavar="ETA", help="a number or a symbol")
    command.add_argument("--momentum", type=value, default=0, metavar="MU", help="heavy-ball, at least 0 and below 1")
    command.add_argument("--preconditioner", type=matrix, metavar="P", help="matrix that multiplies every step")
    command.add_argument("--format", choices=FORMATS, default="text", help="how the law is written (default text)")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from sgdsym.stationary import excess_loss, stationary_covariance

    check_writable(options.output)
    given = (options.hessian, options.noise, options.learning_rate, options.momentum, options.preconditioner)
    try:
        covariance = stationary_covariance(*given)
        text = _numpy(given, covariance) if options.format == "numpy" else ""
        if not text:
            text = _WRITERS[options.format](covariance, excess_loss(*given))
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)


def _text(covariance: Any, excess: Any) -> str:
    rows = [[_entry(entry) for entry in row] for row in covariance.tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(["covariance of the weights", *lines, f"excess loss  {_entry(excess)}"])


def _latex(covariance: Any, excess: Any) -> str:
    import sympy

    return f"\\Sigma = {sympy.latex(sympy.Matrix(covariance))}, \\qquad \\tfrac12\\mathrm{{Tr}}\\,H\\Sigma = {sympy.latex(excess)}"


def _json(covariance: Any, excess: Any) -> str:
    rows = [[_exact(entry) for entry in row] for row in covariance.tolist()]
    names = sorted({str(symbol) for symbol in getattr(covariance, "free_symbols", ())})
    law = {"format": "sgdsym-covariance/1", "symbols": names, "covariance": rows, "excess_loss": _exact(excess)}
    return json.dumps(law, indent=1)


def _numpy(given: tuple[Any, ...], covariance: Any) -> str:
    from sgdsym.codegen import generate_covariance, generate_law

    if getattr(covariance, "free_symbols", None):
        return generate_law("covariance", covariance, "The stationary covariance of the weights.")
    return generate_covariance(*given)


def _exact(entry: Any) -> float | str:
    return entry if isinstance(entry, float) else str(entry)


def _entry(entry: Any) -> str:
    return f"{entry:.12g}" if isinstance(entry, float) else str(entry)


_WRITERS = {"text": _text, "latex": _latex, "json": _json}
