"""``sgdsym stationary covariance``: the covariance of the weights near a minimum."""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import TYPE_CHECKING

from sgdsym.cli.commands.stationary.results import Result, add_format, written
from sgdsym.cli.matrices import matrix, rate, value
from sgdsym.cli.parser import Commands

if TYPE_CHECKING:
    import sympy


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "covariance",
        help="the covariance of the weights at a finite learning rate",
        description="The stationary covariance of SGD on a quadratic loss, exact for rationals and symbols.  A matrix is written "
        "'2,1/2;1/2,1', or is a .csv or .npy file (floats); numbers may be symbols.",
        examples=(
            "sgdsym stationary covariance --hessian '2,1/2;1/2,1' --noise '1,-1/3;-1/3,1/2' --learning-rate 1/2",
            "sgdsym stationary covariance --hessian '2,1/2;1/2,1' --noise '1,-1/3;-1/3,1/2' --cycle 2/5,2/5,1/10,1/10",
            "sgdsym stationary covariance --hessian '2,1/2;1/2,1' --noise '1,-1/3;-1/3,1/2' --learning-rate 1/100 --adam 9/10,999/1000",
        ),
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
    command.add_argument("--ema", action="store_true", help="momentum is a moving average: m <- MU m + (1 - MU) g")
    command.add_argument(
        "--cycle",
        type=_rates,
        metavar="R1,R2,…",
        help="learning rates that come back: the covariance before each update",
    )
    command.add_argument(
        "--batch-sizes", type=_rates, metavar="S1,S2,…", help="batch size of each, the noise being that of a point"
    )
    command.add_argument(
        "--adam", type=_rates, metavar="B1,B2", help="Adam with these decays, and the divisor of its own noise"
    )
    add_format(command, _written)


def _rates(text: str) -> tuple[sympy.Expr, ...]:
    return tuple(rate(part.strip()) for part in text.split(","))


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

    _check_laws(options)
    if options.cycle is not None:
        return _cycle(options)
    if options.adam is not None:
        return _adam(options)
    learning_rate = options.learning_rate * (1 - options.momentum if options.ema else 1)
    given = (options.hessian, options.noise, learning_rate, options.momentum, options.preconditioner)
    covariance = stationary_covariance(*given)
    if options.format == "numpy" and not any(getattr(value, "free_symbols", None) for value in given):
        return generate_covariance(*given)
    results = [Result(("covariance",), "covariance of the weights", "\\Sigma", covariance)]
    if options.format != "numpy":
        results.append(
            Result(("excess_loss",), "excess loss", "\\tfrac12\\operatorname{tr} H\\Sigma", excess_loss(*given))
        )
    return written(results, options.format, law="covariance")


def _check_laws(options: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    special = [name for name in ("cycle", "adam") if getattr(options, name) is not None]
    if len(special) == 2:
        raise ValueError("--cycle and --adam are laws of their own; give one of them")
    if special and options.format == "numpy":
        raise ValueError(f"--{special[0]} has no module; take --format json")
    if special and (options.preconditioner is not None or options.ema):
        raise ValueError(f"--{special[0]} goes with neither --preconditioner nor --ema; leave them out")
    if options.batch_sizes is not None and options.cycle is None:
        raise ValueError("--batch-sizes are those of a cycle; give --cycle, or divide the noise by the batch size")
    if options.adam is not None and (len(options.adam) != 2 or options.momentum):
        raise ValueError("--adam takes the two decays, such as 9/10,999/1000, and no --momentum")


def _cycle(options: argparse.Namespace) -> str:
    from sgdsym.stationary import periodic_covariance

    laws = periodic_covariance(
        options.hessian, options.noise, options.cycle, options.momentum, batch_sizes=options.batch_sizes
    )
    results = [
        Result((f"covariance_{k}",), f"covariance before update {k}", f"\\Sigma_{{{k}}}", law)
        for k, law in enumerate(laws)
    ]
    return written(results, options.format, law="covariance")


def _adam(options: argparse.Namespace) -> str:
    from sgdsym.stationary import adam_law

    numbers = [options.learning_rate, *options.adam]
    if any(number.free_symbols for number in numbers):
        raise ValueError("--adam needs numbers: give --learning-rate and both decays as such")
    law = adam_law(
        options.hessian, options.noise, numbers[0], first_decay=float(numbers[1]), second_decay=float(numbers[2])
    )
    squares = law.second_moment[:, None]
    results = [
        Result(("covariance",), "covariance of the weights", "\\Sigma", law.covariance),
        Result(("second_moment",), "mean square of the gradients", "\\bar v", squares),
    ]
    return written(results, options.format, law="covariance")
