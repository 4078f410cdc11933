"""``sgdsym resum``: the resummed series, exact at long times near a point."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from sgdsym.cli.formats import add_notation, check_notation, chosen_format
from sgdsym.cli.options import add_output, estimate
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.cli.requests import add_request, read_request
from sgdsym.codegen import generate_resummed
from sgdsym.render import resummed_to_latex, resummed_to_text, typeset_document
from sgdsym.sgd import FORMS, Resummed, at_minimum, estimate_placements, resum_request

# placements that are resummed unasked, a minute or less, and the bytes that the time-sums of one take
PLACEMENTS, PLACEMENT_BYTES = 2_000, 50_000


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "resum",
        help=summary,
        description="Sum all bare Hessians of the expansion at once, for times at which the plain series fails.\n"
        "The order is the highest number of edges of the diagrams that are left.  Near a minimum whose mean loss is quadratic,\n"
        "with noise in the gradient alone, order 2 is exact at every time and every learning rate.",
        examples=(
            "sgdsym resum --order 2 --at-minimum --dynamics gd --observable generalization-gap",
            "sgdsym resum --order 3 --observable displacement --form stationary --format latex",
            "sgdsym resum --order 2 --batch-size 8 --format numpy --output loss.py",
            "sgdsym resum --order 2 --at-minimum --momentum mu --sampling reshuffle --format latex",
        ),
    )
    add_request(command)
    command.add_argument(
        "--form",
        choices=FORMS,
        help="steps, their limit of continuous time, or the limit of many (default discrete; continuous for ode and sde)",
    )
    command.add_argument("--at-minimum", action="store_true", help="the mean gradient at the start is zero")
    meaning = "how the result is written (default: by the suffix of the output, else text)"
    command.add_argument("--format", choices=FORMATS, help=meaning)
    latex = command.add_argument_group("latex")
    add_notation(latex)
    latex.add_argument("--document", action="store_true", help="a complete document")
    add_output(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    chosen = chosen_format(options, FORMATS)
    if chosen != "latex" and (options.notation or options.document):
        raise RequestError(f"--{'notation' if options.notation else 'document'} is for --format latex, not {chosen}")
    request = read_request(options)
    placements = estimate_placements(options.order)
    if placements > PLACEMENTS and not options.force:
        raise RequestError(f"{estimate(options.order, placements, PLACEMENT_BYTES)}; add --force to go ahead")
    progress = Progress(request.order, estimate_placements)
    try:
        resummed = resum_request(request, options.form, progress.layer)
        if options.at_minimum:
            resummed = at_minimum(resummed)
        progress.say(f"writing {chosen}")
        text = FORMATS[chosen](resummed, options)
    except ValueError as error:
        raise RequestError(error) from error
    write(text, options.output)


def _latex(resummed: Resummed, options: argparse.Namespace) -> str:
    check_notation(options.notation, resummed.symbols)
    text = resummed_to_latex(resummed, notation=options.notation)
    return typeset_document(text) if options.document else text


FORMATS: dict[str, Callable[[Resummed, argparse.Namespace], str]] = {
    "text": lambda resummed, _: resummed_to_text(resummed),
    "latex": _latex,
    "json": lambda resummed, _: resummed.to_json(),
    "numpy": lambda resummed, _: generate_resummed(resummed),
}
