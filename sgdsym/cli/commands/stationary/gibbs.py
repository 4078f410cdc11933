"""``sgdsym stationary gibbs``: the law of SGD under isotropic noise, and the shares of basins."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sgdsym.cli.commands.stationary.results import Result, add_format, written
from sgdsym.cli.matrices import matrix, rate, value
from sgdsym.cli.options import natural
from sgdsym.cli.parser import Commands, RequestError

# weights for which the equation is written out: it has as many terms as pairs of them
MOST_WEIGHTS = 10


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "gibbs",
        help="the Gibbs law under isotropic noise, and the ratio of the probabilities of basins",
        description="With --loss and --hessian, once for each minimum: the ratio of the probability of the first basin to each "
        "other, by Laplace's method.  Without: the Fokker-Planck equation and the Gibbs law of any loss.",
        examples=(
            "sgdsym stationary gibbs --loss 3/10 --hessian 1 --loss 1/4 --hessian 4 --learning-rate 1/10 --variance 2",
            "sgdsym stationary gibbs --dimension 2 --format latex",
        ),
    )
    command.add_argument("--loss", type=value, action="append", default=[], metavar="L", help="loss at a minimum")
    command.add_argument(
        "--hessian",
        type=matrix,
        action="append",
        default=[],
        metavar="H",
        help="Hessian there: '2,1/2;1/2,1' or a file",
    )
    command.add_argument(
        "--learning-rate", type=rate, default="eta", metavar="ETA", help="a number or a symbol (default eta)"
    )
    command.add_argument("--batch-size", type=value, default="S", metavar="S", help="a number or a symbol (default S)")
    command.add_argument(
        "--variance", type=value, metavar="V", help="of each component of one gradient (default sigma squared)"
    )
    command.add_argument("--dimension", type=natural, metavar="D", help="weights, without minima (default 1)")
    add_format(command, _written)


def _written(options: argparse.Namespace) -> str:
    minima = list(zip(options.loss, options.hessian, strict=False))
    if len(options.loss) != len(options.hessian) or len(minima) == 1:
        counts = f"{len(options.loss)} of --loss and {len(options.hessian)} of --hessian"
        raise RequestError(f"there are {counts}; give both for each of two minima or more, or neither")
    if minima and options.dimension is not None:
        raise RequestError("--dimension is for the law of any loss; with minima it is the size of the Hessians")
    results = list(_ratios(options, minima) if minima else _law(options))
    if options.format == "numpy" and len(minima) > 2:
        results = [_row(results)]
    return written(results, options.format, law="basin_ratio" if minima else "density")


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    import sympy

    variance = sympy.Symbol("sigma") ** 2 if options.variance is None else options.variance
    return {"learning_rate": options.learning_rate, "batch_size": options.batch_size, "variance": variance}


def _ratios(options: argparse.Namespace, minima: list[tuple[Any, Any]]) -> Iterator[Result]:
    from sgdsym.stationary import basin_ratio, finite_rate_ratio, temperature

    settings = _settings(options)
    yield Result(("temperature",), "temperature", "T", temperature(**settings))
    (loss, hessian), others = minima[0], minima[1:]
    for k, (other_loss, other_hessian) in enumerate(others, start=2):
        end, symbol = ("", "\\frac{p_1}{p_2}") if len(others) == 1 else (f"_{k}", f"\\frac{{p_1}}{{p_{k}}}")
        ratio = basin_ratio(loss, other_loss, hessian, other_hessian, **settings)
        yield Result((f"basin_ratio{end}",), f"probability of basin 1 over that of basin {k}", symbol, ratio)
        factor = finite_rate_ratio(hessian, other_hessian, options.learning_rate)
        name = "times, at a finite learning rate"
        yield Result((f"finite_rate_ratio{end}",), name, f"c_{{1{k}}}", factor)


def _row(results: list[Result]) -> Result:
    """The ratios as one row, which one function returns."""
    import sympy

    ratios = [result.value for result in results if result.path[0].startswith("basin_ratio")]
    name = f"probability of basin 1 over those of basins 2 to {len(ratios) + 1}"
    return Result(("basin_ratio",), name, "\\frac{p_1}{p_k}", sympy.Matrix([ratios]))


def _law(options: argparse.Namespace) -> Iterator[Result]:
    import sympy

    from sgdsym.stationary import fokker_planck, gibbs

    dimension = 1 if options.dimension is None else options.dimension
    if dimension > MOST_WEIGHTS:
        raise RequestError(f"--dimension is {dimension}; equations are written out for up to {MOST_WEIGHTS} weights")
    settings = _settings(options)
    variance = settings.pop("variance")
    law = gibbs(dimension, variance=variance, **settings)
    equation = fokker_planck(dimension, covariance=variance, **settings)
    loss = sympy.Function("L")(*law.coordinates)
    height = {loss: sympy.Symbol("L")} if options.format == "numpy" else {}
    yield Result(("equation",), "change of the density P per step", "\\partial_t P", equation.equation())
    for x, part in zip(equation.coordinates, equation.current(), strict=True):
        yield Result((f"current_{x}",), f"its current along {x}", f"j_{{{sympy.latex(x)}}}", part)
    yield Result(("temperature",), "temperature", "T", law.temperature)
    yield Result(("density",), "stationary density, not normalised", "P", law.density.subs(height))
