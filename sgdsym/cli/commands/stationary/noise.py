"""``sgdsym stationary noise``: the moments of minibatch gradients, drawn in every way."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from sgdsym.cli.matrices import matrix, value
from sgdsym.cli.options import Commands, RequestError, add_output, natural
from sgdsym.cli.output import check_writable, write

FORMATS = ("text", "latex", "json", "numpy")
# entries of the largest tensor that is printed, and products of exact numbers that are waited for
PRINTED_LIMIT, EXACT_LIMIT = 20_000, 500_000
SYMBOLIC_LAGS, PRINTED_LAGS = 3, 50


@dataclass(frozen=True, slots=True)
class Quantity:
    """One result: its place in JSON, its name in text, its LaTeX symbol, and a number, a matrix or an array."""

    path: tuple[str, ...]
    name: str
    symbol: str
    value: Any


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "noise",
        help="the moments of minibatch gradients, with and without replacement and along epochs",
        description="Covariance, third cumulant, fourth moment and epoch autocovariance of minibatch gradients.  Gradients "
        "have a row for each example, '1,0;2,-1', or are a .csv or .npy file (floats); numbers may be symbols.",
        epilog="example: sgdsym stationary noise --gradients '1,0;2,-1;-1,3;0,1;3,2' --batch-size 1,2,3",
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
    command.add_argument("--format", choices=FORMATS, default="text", help="how the moments are written (default text)")
    add_output(command)
    command.set_defaults(run=_run)


def _sizes(text: str) -> list[Any]:
    return [value(part.strip()) for part in text.split(",")]


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    _check(options)
    try:
        text = _written(options)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)


def _written(options: argparse.Namespace) -> str:
    if options.format == "numpy":
        return _numpy(options.gradients)
    return _WRITERS[options.format](list(_quantities(options)))


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


def _quantities(options: argparse.Namespace) -> Iterator[Quantity]:
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
        yield Quantity(("one_example", _KEYS[k]), f"{_NAMES[k]} of one example", f"\\mu_{{{k}}}", moment)
    # refuses what is no covariance before anything is made of it
    minibatch_covariance(moments[2], 1)
    for b in options.batch_size:
        for replacement in (True, False):
            drawn = "with" if replacement else "without"
            for k in moments:
                batch = minibatch_moment(moments, k, batch_size=b, dataset_size=examples, replacement=replacement)
                title = f"{_NAMES[k]} of a batch of {b}, {drawn} replacement"
                symbol = f"{_SYMBOLS[k]}^{{\\mathrm{{{drawn}}}}}({sympy.latex(b)})"
                yield Quantity(("batches", str(b), f"{drawn}_replacement", _KEYS[k]), title, symbol, batch)
        for lag in _lags(b, examples):
            title = f"covariance of batches of {b} at lag {lag}, epochs shuffled anew"
            symbol = f"\\Gamma_{{{lag}}}({sympy.latex(b)})"
            path = ("batches", str(b), "epoch_autocovariance", str(lag))
            yield Quantity(path, title, symbol, epoch_autocovariance(moments[2], b, examples, lag))


def _lags(batch: Any, examples: Any) -> range:
    """The lags within an epoch; none where batches do not fill one, the first few where sizes are symbols."""
    batches = examples / batch
    if not batches.is_number:
        return range(SYMBOLIC_LAGS + 1)
    return range(min(int(batches), PRINTED_LAGS) + 1) if batches.is_integer else range(0)


def _text(quantities: Sequence[Quantity]) -> str:
    return "\n".join(line for quantity in quantities for line in _lines(quantity))


def _lines(quantity: Quantity) -> list[str]:
    shape: tuple[int, ...] = getattr(quantity.value, "shape", ())
    if all(side == 1 for side in shape):
        return [f"{quantity.name}  {_entry(_flat(quantity.value)[0])}"]
    if len(shape) == 2:
        rows = [[_entry(entry) for entry in row] for row in quantity.value.tolist()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [quantity.name, *("  ".join(map(str.rjust, row, widths)) for row in rows)]
    # the tensor is symmetric: every entry is one whose indices increase
    places = combinations_with_replacement(range(shape[0]), len(shape))
    return [quantity.name, *(f"{' '.join(map(str, place))}  {_entry(quantity.value[place])}" for place in places)]


def _latex(quantities: Sequence[Quantity]) -> str:
    return "\n".join(
        ["\\begin{align*}", *(f"{line} \\\\" for q in quantities for line in _equations(q)), "\\end{align*}"]
    )


def _equations(quantity: Quantity) -> list[str]:
    import sympy

    shape: tuple[int, ...] = getattr(quantity.value, "shape", ())
    if all(side == 1 for side in shape):
        return [f"{quantity.symbol} &= {sympy.latex(_flat(quantity.value)[0])}"]
    if len(shape) == 2:
        return [f"{quantity.symbol} &= {sympy.latex(sympy.Matrix(quantity.value.tolist()))}"]
    places = combinations_with_replacement(range(shape[0]), len(shape))
    return [
        f"\\bigl({quantity.symbol}\\bigr)_{{{' '.join(str(i + 1) for i in place)}}} &= {sympy.latex(quantity.value[place])}"
        for place in places
    ]


def _json(quantities: Sequence[Quantity]) -> str:
    names = sorted({str(symbol) for q in quantities for symbol in getattr(q.value, "free_symbols", ())})
    result: dict[str, Any] = {"format": "sgdsym-noise/1", "symbols": names}
    for quantity in quantities:
        level = result
        for key in quantity.path[:-1]:
            level = level.setdefault(key, {})
        level[quantity.path[-1]] = _nested(quantity.value)
    return json.dumps(result, indent=1)


def _nested(tensor: Any) -> Any:
    rows = tensor.tolist() if hasattr(tensor, "tolist") else tensor
    if isinstance(rows, list):
        return [_nested(row) for row in rows]
    return rows if isinstance(rows, float) else str(rows)


def _numpy(gradients: Any) -> str:
    from sgdsym.codegen import generate_noise

    symbols = sorted(map(str, getattr(gradients, "free_symbols", ())))
    if symbols:
        raise RequestError(f"--format numpy needs numbers, but the gradients hold the symbol {symbols[0]}")
    return generate_noise(gradients)


def _flat(tensor: Any) -> list[Any]:
    rows = tensor.tolist() if hasattr(tensor, "tolist") else tensor
    return [entry for row in rows for entry in _flat(row)] if isinstance(rows, list) else [rows]


def _entry(entry: Any) -> str:
    return f"{entry:.12g}" if isinstance(entry, float) else str(entry)


_KEYS = {2: "covariance", 3: "third_cumulant", 4: "fourth_moment"}
_NAMES = {2: "covariance", 3: "third cumulant", 4: "fourth moment"}
_SYMBOLS = {2: "C", 3: "\\kappa_3", 4: "m_4"}
_WRITERS = {"text": _text, "latex": _latex, "json": _json}
