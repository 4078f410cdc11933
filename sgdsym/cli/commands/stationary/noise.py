"""``sgdsym stationary noise``: the moments of minibatch gradients, drawn in every way."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sgdsym.cli.commands.stationary.results import Result, add_format, written
from sgdsym.cli.matrices import matrix, value
from sgdsym.cli.options import natural
from sgdsym.cli.parser import Commands, RequestError

# entries of the largest tensor that is printed, and products of exact numbers that are waited for
PRINTED_LIMIT, EXACT_LIMIT = 20_000, 500_000
SYMBOLIC_LAGS, PRINTED_LAGS = 3, 50


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "noise",
        help="the moments of minibatch gradients, with and without replacement and along epochs",
        description="Covariance, third cumulant, fourth moment and epoch autocovariance of minibatch gradients.  Gradients "
        "have a row for each example, '1,0;2,-1', or are a .csv or .npy file (floats); numbers may be symbols.",
        examples=(
            "sgdsym stationary noise --gradients '1,0;2,-1;-1,3;0,1;3,2' --batch-size 1,2,3",
            "sgdsym stationary noise --covariance 'c' --dataset-size 100 --batch-size 1,10",
        ),
    )
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("--gradients", type=matrix, metavar="G", help="a row for each example")
    given.add_argument("--covariance", type=matrix, metavar="D", help="covariance of the gradient of one example")
    command.add_argument(
        "--dataset-size", type=value, metavar="N", help="number of examples, with --covariance (default N)"
    )
    command.add_argument(
        "--batch-size", type=_sizes, default="b", metavar="B1,B2,…", help="numbers or symbols (default b)"
    )
    command.add_argument(
        "--order", type=natural, default=4, metavar="K", help="highest moment of --gradients, 2 to 4 (default 4)"
    )
    add_format(command, _written)


def _sizes(text: str) -> list[Any]:
    return [value(part.strip()) for part in text.split(",")]


def _written(options: argparse.Namespace) -> str:
    _check(options)
    if options.format == "numpy":
        return _numpy(options.gradients)
    return written(list(_results(options)), options.format, law="noise")


def _check(options: argparse.Namespace) -> None:
    if not 2 <= options.order <= 4:
        raise RequestError(f"--order is 2, 3 or 4, not {options.order}; moments of any order are in sgdsym.noise")
    gradients = options.gradients
    if gradients is None:
        if options.format == "numpy":
            raise RequestError("--format numpy writes functions of the gradients; give --gradients")
        return
    if options.dataset_size is not None:
        raise RequestError("--dataset-size goes with --covariance; with --gradients it is the number of rows")
    examples, p = gradients.shape
    if examples < 2:
        raise RequestError("--gradients holds one example; give a row for each, separated by ';'")
    if options.format != "numpy" and p**options.order > PRINTED_LIMIT:
        raise RequestError(f"order {options.order} has {p**options.order} entries for {p} weights; lower --order")
    if hasattr(gradients, "free_symbols") and examples * p**options.order > EXACT_LIMIT:
        raise RequestError(f"exact moments of {examples} examples of {p} weights take long; save floats as .npy")


def _results(options: argparse.Namespace) -> Iterator[Result]:
    """Moments of one example, then of a batch of each size in both ways, then along epochs."""
    import sympy

    from sgdsym.noise import central_moments, epoch_autocovariance, minibatch_covariance, minibatch_moment

    if options.gradients is None:
        moments = {2: options.covariance}
        examples = sympy.Symbol("N") if options.dataset_size is None else options.dataset_size
    else:
        moments = central_moments(options.gradients, options.order)
        examples = sympy.Integer(options.gradients.shape[0])
    for k, moment in moments.items():
        yield Result(("one_example", _KEYS[k]), f"{_NAMES[k]} of one example", f"\\mu_{{{k}}}", moment)
    # refuses what is no covariance before anything is made of it
    minibatch_covariance(moments[2], 1)
    for b in options.batch_size:
        for replacement in (True, False):
            drawn = "with" if replacement else "without"
            for k in moments:
                batch = minibatch_moment(moments, k, batch_size=b, dataset_size=examples, replacement=replacement)
                title = f"{_NAMES[k]} of a batch of {b}, {drawn} replacement"
                symbol = f"{_SYMBOLS[k]}^{{\\mathrm{{{drawn}}}}}({sympy.latex(b)})"
                yield Result(("batches", str(b), f"{drawn}_replacement", _KEYS[k]), title, symbol, batch)
        for lag in _lags(b, examples):
            title = f"covariance of batches of {b} at lag {lag}, epochs shuffled anew"
            symbol = f"\\Gamma_{{{lag}}}({sympy.latex(b)})"
            path = ("batches", str(b), "epoch_autocovariance", str(lag))
            yield Result(path, title, symbol, epoch_autocovariance(moments[2], b, examples, lag))


def _lags(batch: Any, examples: Any) -> range:
    """The lags within an epoch; none where batches do not fill one, the first few where sizes are symbols."""
    batches = examples / batch
    if not batches.is_number:
        return range(SYMBOLIC_LAGS + 1)
    return range(min(int(batches), PRINTED_LAGS) + 1) if batches.is_integer else range(0)


def _numpy(gradients: Any) -> str:
    from sgdsym.codegen import generate_noise

    symbols = sorted(map(str, getattr(gradients, "free_symbols", ())))
    if symbols:
        raise RequestError(f"--format numpy needs numbers, but the gradients hold the symbol {symbols[0]}")
    return generate_noise(gradients)


_KEYS = {2: "covariance", 3: "third_cumulant", 4: "fourth_moment"}
_NAMES = {2: "covariance", 3: "third cumulant", 4: "fourth moment"}
_SYMBOLS = {2: "C", 3: "\\kappa_3", 4: "m_4"}
