"""The commands: for each its options, its help and the calls it makes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from sgdsym.cli.options import Parser, RequestError, guard_order, guard_request, number, order, size
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.codegen import generate_numpy
from sgdsym.demo import run_demo
from sgdsym.diagrams import Diagram, grow
from sgdsym.render import (
    diagrams_to_dot,
    diagrams_to_svg,
    diagrams_to_table,
    series_to_latex,
    series_to_table,
    series_to_text,
)
from sgdsym.series import BASES, Series
from sgdsym.sgd import DYNAMICS, OBSERVABLES, SAMPLINGS, Request, expand_request

SERIES_FORMATS: dict[str, Callable[[Series], str]] = {
    "text": series_to_text,
    "latex": series_to_latex,
    "json": Series.to_json,
    "numpy": generate_numpy,
    "table": series_to_table,
    "svg": lambda series: diagrams_to_svg(series.diagrams()),
    "dot": lambda series: diagrams_to_dot(series.diagrams()),
}
DIAGRAM_FORMATS: dict[str, Callable[[list[Diagram]], str]] = {
    "table": diagrams_to_table,
    "svg": diagrams_to_svg,
    "dot": diagrams_to_dot,
}


def build_parser() -> Parser:
    """The parser of all commands; each leaves the function to call in ``run``."""
    parser = Parser(
        prog="sgdsym",
        description="Exact expansions of stochastic gradient descent in the learning rate.",
        epilog="example: sgdsym expand --order 3 --format latex",
    )
    parser.add_argument("--version", action="version", version=f"sgdsym {version('sgdsym')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)
    _add_expand(commands)
    _add_diagrams(commands)
    _add_demo(commands)
    return parser


def _add_expand(commands: argparse._SubParsersAction[Parser]) -> None:
    command = commands.add_parser(
        "expand",
        help="the expansion of an observable in the learning rate",
        description="Expand an observable of SGD in the learning rate, exactly, to any order.",
        epilog="example: sgdsym expand --order 4 --steps T --batch-size 8 --format numpy --output kernel.py",
    )
    _add_request(command)
    command.add_argument("--format", choices=SERIES_FORMATS, default="text", help="default text")
    _add_output(command)
    command.set_defaults(run=_run_expand)


def _run_expand(options: argparse.Namespace) -> None:
    check_writable(options.output)
    request = _request(options)
    progress = Progress()
    series = expand_request(request, progress.layer)
    progress.say(f"writing {options.format}")
    try:
        text = SERIES_FORMATS[options.format](series)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)


def _add_request(command: Parser) -> None:
    """The options that say what is expanded."""
    command.add_argument("--observable", choices=list(OBSERVABLES), default="test-loss", help="what is expanded")
    command.add_argument("--dynamics", choices=DYNAMICS, default="sgd", help="how the weights move")
    command.add_argument("--sampling", choices=SAMPLINGS, default="online", help="how steps draw data")
    _add_order(command, "highest power of the learning rate (default 3)")
    sizes = command.add_argument_group("sizes", "a number or a symbol name; left out they are symbols, momentum 0")
    sizes.add_argument("--steps", type=size, metavar="T", help="number of updates")
    sizes.add_argument("--dataset-size", type=size, metavar="N", help="points in the training set")
    sizes.add_argument("--batch-size", type=size, metavar="B", help="points per update")
    sizes.add_argument("--epochs", type=size, metavar="E", help="passes through the training set")
    sizes.add_argument("--momentum", type=number, default=0, metavar="MU", help="strictly between -1 and 1")
    sizes.add_argument("--nesterov", action="store_true", help="momentum looks ahead")
    command.add_argument("--basis", choices=BASES, default="cumulant", help="joint cumulants or joint moments")


def _request(options: argparse.Namespace) -> Request:
    """The checked request behind the options of :func:`_add_request`."""
    guard_order(options.order)
    try:
        request = Request(
            observable=options.observable,
            dynamics=options.dynamics,
            sampling=options.sampling,
            order=options.order,
            steps=options.steps,
            dataset_size=options.dataset_size,
            batch_size=options.batch_size,
            epochs=options.epochs,
            momentum=options.momentum,
            nesterov=options.nesterov,
            basis=options.basis,
        )
    except ValueError as error:
        raise RequestError(error) from error
    guard_request(request, options.force)
    return request


def _add_diagrams(commands: argparse._SubParsersAction[Parser]) -> None:
    command = commands.add_parser(
        "diagrams",
        help="list, count or draw the diagrams of an order",
        description="List, count or draw the diagrams of one order of the test loss of one-pass SGD.",
        epilog="example: sgdsym diagrams --order 3 --format svg --output order3.svg",
    )
    _add_order(command, "number of edges (default 3)")
    command.add_argument("--format", choices=[*DIAGRAM_FORMATS, "count"], default="table", help="default table")
    _add_output(command)
    command.set_defaults(run=_run_diagrams)


def _run_diagrams(options: argparse.Namespace) -> None:
    guard_order(options.order)
    guard_request(Request(order=options.order), options.force)
    check_writable(options.output)
    progress = Progress()
    *_, layer = grow(options.order, progress.layer)
    summary = f"order {layer.order}: {len(layer.diagrams)} diagrams, generated in {progress.seconds:.2f} s"
    if options.format == "count":
        write(summary, options.output)
        return
    text = DIAGRAM_FORMATS[options.format](sorted(layer.diagrams, key=Diagram.sort_key))
    write(f"{text.rstrip()}\n{summary}" if options.format == "table" else text, options.output)


def _add_demo(commands: argparse._SubParsersAction[Parser]) -> None:
    command = commands.add_parser(
        "demo",
        help="derive, generate, predict and compare with real SGD, in a minute or less",
        description="Predict SGD on scikit-learn's handwritten digits to order 3 and compare with real runs.",
        epilog="example: sgdsym demo --output sgdsym-demo",
    )
    command.add_argument("--output", type=Path, default=Path("sgdsym-demo"), metavar="FOLDER", help="where to write")
    command.add_argument("--seed", type=int, default=0, help="seed of the SGD runs (default 0)")
    command.set_defaults(run=_run_demo)


def _run_demo(options: argparse.Namespace) -> None:
    check_writable(options.output / "report" if options.output.exists() else options.output)
    report = run_demo(options.output, seed=options.seed, progress=Progress().say)
    write("\n".join(report.lines()), None)


def _add_order(command: Parser, meaning: str) -> None:
    command.add_argument("--order", type=order, default=3, metavar="D", help=meaning)
    command.add_argument("--force", action="store_true", help="go ahead with an order that takes long")


def _add_output(command: Parser) -> None:
    command.add_argument("--output", type=Path, metavar="FILE", help="write here instead of to stdout")
