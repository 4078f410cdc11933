"""``sgdsym stationary escape``: how fast SGD leaves a minimum."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sgdsym.cli.commands.stationary.results import Result, add_format, written
from sgdsym.cli.matrices import matrix, rate, value
from sgdsym.cli.parser import Commands, RequestError

# the words of sgdsym.stationary, which is loaded when a command runs
TIMES = ("eta-steps", "steps")


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "escape",
        help="the rate of escape from a minimum, a power law in the ratio of the losses",
        description="The rate at which SGD on the mean-square loss escapes from a minimum over a saddle, and Kramers' rate for "
        "noise that stays as it is at the minimum.  Curvatures are numbers, symbols, or Hessians in the outlier directions.",
        examples=(
            "sgdsym stationary escape",
            "sgdsym stationary escape --loss-minimum 1/5 --loss-saddle 11/30 --learning-rate 1/10 --batch-size 2",
        ),
    )
    command.add_argument("--loss-minimum", type=value, default="L_0", metavar="L", help="above 0 (default L_0)")
    command.add_argument("--loss-saddle", type=value, default="L_s", metavar="L", help="above that (default L_s)")
    command.add_argument(
        "--curvature", type=matrix, default="h", metavar="H", help="Hessian at the minimum (default h)"
    )
    command.add_argument(
        "--saddle-curvature",
        type=matrix,
        default="h_s",
        metavar="H",
        help="Hessian at the saddle, below 0 (default h_s)",
    )
    command.add_argument(
        "--typical-curvature",
        type=value,
        metavar="H",
        help="h* in the exponent (default the mean eigenvalue at the minimum)",
    )
    command.add_argument("--outliers", type=value, metavar="N", help="outlier directions, if curvatures are numbers")
    command.add_argument(
        "--learning-rate", type=rate, default="eta", metavar="ETA", help="a number or a symbol (default eta)"
    )
    command.add_argument("--batch-size", type=value, default="B", metavar="B", help="a number or a symbol (default B)")
    command.add_argument("--time", choices=TIMES, default="eta-steps", help="the unit of time (default eta-steps)")
    add_format(command, _written)


def _written(options: argparse.Namespace) -> str:
    return written(list(_results(options)), options.format, law="escape_rate")


def _results(options: argparse.Namespace) -> Iterator[Result]:
    from sgdsym.stationary import (
        effective_dimension_bound,
        escape_rate,
        kramers_rate,
        log_temperature,
        stationary_exponent,
    )

    low, high = _signed(options.loss_minimum), _signed(options.loss_saddle)
    minimum = _signed(_scalar(options.curvature))
    # the first symbol on the diagonal is the unstable direction
    saddle = _saddle(_scalar(options.saddle_curvature), low, high, minimum)
    settings = {"learning_rate": _signed(options.learning_rate), "batch_size": _signed(options.batch_size)}
    outliers = None if options.outliers is None else _signed(options.outliers)
    typical = _typical(minimum) if options.typical_curvature is None else _signed(options.typical_curvature)
    leaving = escape_rate(
        low, high, minimum, saddle, **settings, outliers=outliers, curvature=typical, time=options.time
    )
    unit = settings["learning_rate"] if options.time == "steps" else 1
    frozen = log_temperature(typical, **settings) * low
    kramers = unit * kramers_rate(low, high, minimum, saddle, temperature=frozen, outliers=outliers)
    per = "step" if options.time == "steps" else "eta*steps"
    yield Result(("escape_rate",), f"rate of escape per {per}", "\\kappa", leaving)
    yield Result(("mean_escape_time",), "mean escape time", "\\kappa^{-1}", 1 / leaving)
    yield Result(("kramers_rate",), "Kramers' rate, noise as at the minimum", "\\kappa_{\\mathrm{Kramers}}", kramers)
    yield Result(
        ("stationary_exponent",), "stationary law L^-phi, phi", "\\varphi", stationary_exponent(typical, **settings)
    )
    bound = effective_dimension_bound(typical, **settings)
    yield Result(("effective_dimension_bound",), "outlier directions stay below", "n_c", bound)


def _scalar(hessian: Any) -> Any:
    rows, columns = hessian.shape
    if rows != columns:
        raise RequestError(f"a curvature is a number or a square matrix, not one of {rows} rows and {columns} columns")
    return hessian[0, 0] if hessian.shape == (1, 1) else hessian


def _typical(hessian: Any) -> Any:
    return hessian.trace() / hessian.shape[0] if getattr(hessian, "shape", ()) else hessian


def _saddle(hessian: Any, *others: Any) -> Any:
    import sympy

    unstable = hessian[0, 0] if getattr(hessian, "shape", ()) else hessian
    if not isinstance(unstable, sympy.Symbol):
        return _signed(hessian)
    if unstable.name in {str(symbol) for value in others for symbol in getattr(value, "free_symbols", ())}:
        raise RequestError(f"--saddle-curvature {unstable} is below 0 and cannot be the {unstable} of another option")
    return _signed(hessian.subs({unstable: sympy.Symbol(unstable.name, negative=True)}))


def _signed(given: Any) -> Any:
    """An expression whose symbols of unknown sign are positive, so that roots and powers come out plain."""
    import sympy

    unknown = [symbol for symbol in getattr(given, "free_symbols", ()) if symbol.is_positive is None]
    return given.subs({symbol: sympy.Symbol(symbol.name, positive=True) for symbol in unknown}) if unknown else given
