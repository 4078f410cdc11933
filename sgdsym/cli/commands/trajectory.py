"""``sgdsym trajectory``: whole runs, the noise expanded around the noise-free trajectory."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from sgdsym.cli.formats import chosen_format
from sgdsym.cli.options import add_output, natural
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_optimizer
from sgdsym.codegen import generate_trajectory
from sgdsym.render import (
    diagrams_to_dot,
    diagrams_to_svg,
    diagrams_to_tikz,
    diagrams_to_words,
    trajectory_to_latex,
    trajectory_to_text,
    typeset_document,
)
from sgdsym.trajectories import NOISES, READ, Trajectory, trajectory


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "trajectory",
        help=summary,
        description="Follow the run without noise exactly and expand in the noise, in powers of 1/B or 1/N: exact in the learning\n"
        "rate and the number of steps, for runs at whose end the series in the learning rate is long useless.",
        examples=(
            "sgdsym trajectory --order 2",
            "sgdsym trajectory --momentum 9/10 --format numpy --output run.py",
            "sgdsym trajectory --observable generalization-gap --noise dataset --format latex",
        ),
    )
    command.add_argument("--observable", choices=READ, default="test-loss", help="what is expanded")
    command.add_argument("--noise", choices=NOISES, default="batch", help="fresh batches, or a dataset (default batch)")
    command.add_argument(
        "--order", type=natural, default=1, metavar="D", help="highest power of 1/B or 1/N (default 1)"
    )
    add_optimizer(command)
    meaning = "how the result is written (default: by the suffix of the output, else text)"
    command.add_argument("--format", choices=FORMATS, help=meaning)
    command.add_argument("--document", action="store_true", help="latex: a complete document")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    chosen = chosen_format(options, FORMATS)
    if options.document and chosen != "latex":
        raise RequestError(f"--document is for --format latex, not {chosen}")
    if options.nesterov and not options.momentum:
        raise RequestError("--nesterov looks ahead along the momentum; give it with --momentum")
    progress = Progress()
    try:
        given = trajectory(
            observable=options.observable,
            noise=options.noise,
            order=options.order,
            momentum=options.momentum,
            nesterov=options.nesterov,
            schedule=options.schedule,
            weight_decay=options.weight_decay,
            delay=options.delay,
            average=options.average,
        )
        progress.say(f"writing {chosen}")
        text = FORMATS[chosen](given, options)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output, markup=chosen == "svg")


def _latex(given: Trajectory, options: argparse.Namespace) -> str:
    text = trajectory_to_latex(given)
    return typeset_document(text) if options.document else text


def _words(given: Trajectory) -> str:
    diagrams = [term.diagram for term in given.terms]
    return diagrams_to_words(diagrams, function=given.read.carries_function)


FORMATS: dict[str, Callable[[Trajectory, argparse.Namespace], str]] = {
    "text": lambda given, _: trajectory_to_text(given),
    "words": lambda given, _: _words(given),
    "latex": _latex,
    "json": lambda given, _: given.to_json(),
    "svg": lambda given, _: diagrams_to_svg([term.diagram for term in given.terms]),
    "dot": lambda given, _: diagrams_to_dot([term.diagram for term in given.terms]),
    "tikz": lambda given, _: diagrams_to_tikz([term.diagram for term in given.terms]),
    "numpy": lambda given, _: generate_trajectory(given),
    "jax": lambda given, _: generate_trajectory(given, "jax"),
}
