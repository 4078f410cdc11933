"""``sgdsym simulate``: real runs of SGD beside the series."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgdsym.cli.options import add_output, natural, number
from sgdsym.cli.output import check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_request, read_request
from sgdsym.cli.spelling import one_line
from sgdsym.cli.streams import say
from sgdsym.progress import Bar
from sgdsym.series import FUNCTION
from sgdsym.sgd import Request, expand_request
from sgdsym.simulation.names import LANDSCAPES

if TYPE_CHECKING:
    from sgdsym.simulation import Landscape, Simulation

FORMATS = ("text", "json", "csv")
_PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "simulate",
        help=summary,
        description="Run SGD many times on a landscape: means with standard errors, and the series to --order where the\n"
        "formula of the landscape is known.  Sizes must be numbers.  Landscapes:\n  "
        + "\n  ".join(f"{name:16} {words}" for name, words in LANDSCAPES.items()),
        examples=(
            "sgdsym simulate --landscape gauss --learning-rate 0.1 --steps 10 --batch-size 2 --runs 20000",
            "sgdsym simulate --loss mine:landscape --learning-rate 0.1 --epochs 3 --sampling reshuffle --given --batch-size 8",
            "where mine.py has  def landscape(): return sgdsym.Landscape.jax(loss, parameters, data)",
        ),
    )
    command.add_argument("--landscape", metavar="NAME", help="a landscape of the package (default gauss)")
    command.add_argument(
        "--loss", metavar="MODULE:FUNCTION", help="a function of yours that returns a Landscape; the module is imported"
    )
    command.add_argument("--learning-rate", type=number, required=True, metavar="ETA", help="a number")
    command.add_argument("--runs", type=natural, default=1000, metavar="R", help="independent runs (default 1000)")
    command.add_argument("--seed", type=natural, default=0, metavar="S", help="seed of all chance (default 0)")
    command.add_argument(
        "--record", type=_updates, metavar="T1,T2,…", help="read the observable after these updates too"
    )
    command.add_argument(
        "--given", action="store_true", help="the data points of the landscape are the training set of every run"
    )
    add_request(command)
    command.add_argument("--format", choices=FORMATS, default="text", help="of the result")
    add_output(command)
    command.set_defaults(run=_run)


def _updates(text: str) -> tuple[int, ...]:
    return tuple(natural(part.strip()) for part in text.split(","))


def _run(options: argparse.Namespace) -> None:
    from sgdsym.simulation import simulate
    from sgdsym.simulation.running import OPTIONS

    check_writable(options.output)
    if isinstance(options.learning_rate, str):
        raise RequestError(f"a run needs numbers: --learning-rate is {options.learning_rate}")
    if options.observable == FUNCTION.name:
        raise RequestError("a function of the weights is given in Python: sgdsym.simulate(…, function=…)")
    try:
        landscape = _landscape(options)
        if options.given and options.dataset_size is None:
            options.dataset_size = landscape.losses.points
        request = read_request(options)
        with Bar(say) as bar:
            found = simulate(
                landscape,
                options.learning_rate,
                runs=options.runs,
                seed=options.seed,
                record=options.record,
                given=options.given,
                progress=bar.show,
                **{name: getattr(request, name) for name in OPTIONS},
            )
    except ValueError as error:
        raise RequestError(error) from error
    predicted = [] if options.given else [_predicted(request, t, landscape, options) for t in found.steps.tolist()]
    write(_WRITERS[options.format](found, predicted, request, options), options.output)


def _landscape(options: argparse.Namespace) -> Landscape:
    from sgdsym.simulation import Landscape, bundled_landscape

    if options.loss is None:
        return bundled_landscape("gauss" if options.landscape is None else options.landscape)
    if options.landscape is not None:
        raise RequestError("--landscape and --loss both name a landscape; give one of them")
    if not _PLACE.fullmatch(options.loss):
        raise RequestError(f"--loss must be MODULE:FUNCTION, such as mine:landscape, not {options.loss[:60]!r}")
    module, _, name = options.loss.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(import_module(module), name)()
    except Exception as error:
        # the module is the user's, and raises what it likes
        raise RequestError(one_line(f"{options.loss} fails: {type(error).__name__}: {error}", 200)) from error
    finally:
        sys.path.pop(0)
    if not isinstance(made, Landscape):
        raise RequestError(f"{options.loss} returned a {type(made).__name__}; it must return a sgdsym.Landscape")
    return made


def _predicted(request: Request, steps: int, landscape: Landscape, options: argparse.Namespace) -> list[Any] | None:
    """The series to each order from 0 on after some updates, flat; ``None`` where it has no such run or no formula."""
    if landscape.model is None or request.weight_decay:
        return None
    try:
        shorter = request if steps == request.sizes.steps.as_fraction() else replace(request, steps=steps, epochs=None)
    except ValueError:
        return None
    import numpy as np
    import sympy as sp

    eta, rate = sp.Symbol("eta"), sp.Rational(Fraction(options.learning_rate))
    total = expand_request(shorter).with_noise(landscape.model)
    entries = [sp.Poly(entry, eta) for entry in (total if isinstance(total, sp.MatrixBase) else [total])]
    terms = [[float(p.coeff_monomial(eta**k) * rate**k) for p in entries] for k in range(request.order + 1)]
    return [row.tolist() for row in np.cumsum(terms, axis=0)]


def _rows(found: Simulation, predicted: list[list[Any] | None]) -> list[tuple[Any, ...]]:
    """Update, entry, value, standard error and predictions, a row for each entry of each record."""
    rows = []
    for k, step in enumerate(found.steps.tolist()):
        values, errors = found.value[k].reshape(-1).tolist(), found.standard_error[k].reshape(-1).tolist()
        names = _entries(found)
        series = predicted[k] if predicted else None
        for i, name in enumerate(names):
            rows.append((step, name, values[i], errors[i], [order[i] for order in series] if series else []))
    return rows


def _entries(found: Simulation) -> list[str]:
    """The indices of the entries of a value, counted from 1; one empty name for a number."""
    from itertools import product

    shape = found.value.shape[1:]
    return [",".join(str(i + 1) for i in place) for place in product(*map(range, shape))]


def _text(found: Simulation, predicted: list[Any], request: Request, options: argparse.Namespace) -> str:
    rows = _rows(found, predicted)
    orders = max((len(row[4]) for row in rows), default=0)
    heads = ["updates", *(["entry"] if rows[0][1] else []), "measured", "standard error"]
    heads += [f"order {k}" for k in range(1, orders)]
    table = [heads]
    for step, name, value, error, series in rows:
        cells = [str(step), *([name] if rows[0][1] else []), f"{value:.6g}", f"{error:.2g}"]
        table.append(cells + [f"{x:.6g}" for x in series[1:]] + ["-"] * (orders - max(len(series), 1)))
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    title = f"{request.setting}, {found.runs} runs, learning rate {options.learning_rate}"
    return "\n".join([title, *lines])


def _json(found: Simulation, predicted: list[Any], request: Request, options: argparse.Namespace) -> str:
    records = [
        {
            "updates": step,
            **({"entry": [int(i) for i in name.split(",")]} if name else {}),
            "value": value,
            "standard_error": error,
            "predicted": series,
        }
        for step, name, value, error, series in _rows(found, predicted)
    ]
    document = {
        "format": "sgdsym-simulation/1",
        **request.setting.words,
        "learning_rate": float(options.learning_rate),
        "runs": found.runs,
        "seed": options.seed,
        "records": records,
    }
    return json.dumps(document, indent=1)


def _csv(found: Simulation, predicted: list[Any], request: Request, options: argparse.Namespace) -> str:
    rows = _rows(found, predicted)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    orders = max((len(row[4]) for row in rows), default=0)
    writer.writerow(["updates", "entry", "value", "standard_error", *(f"order_{k}" for k in range(orders))])
    writer.writerows([*row[:4], *row[4]] for row in rows)
    return file.getvalue()


_WRITERS = {"text": _text, "json": _json, "csv": _csv}
