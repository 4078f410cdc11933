"""``sgdsym modified``: the modified equation of gradient descent, and the generator of SGD."""

from __future__ import annotations

import argparse

from sgdsym.cli.formats import add_format, chosen_format, formatted, is_markup
from sgdsym.cli.options import (
    DIGITS,
    GROWN_BYTES,
    GROWN_LIMIT,
    PLACED_BYTES,
    PLACED_LIMIT,
    add_order,
    add_output,
    estimate,
    guard_order,
    natural,
    number,
    size,
)
from sgdsym.cli.output import Progress, check_writable, write
from sgdsym.cli.parser import Commands, RequestError
from sgdsym.diagrams import MAX_ORDER
from sgdsym.render import series_to_text
from sgdsym.series import BASES, DRIFT, Series
from sgdsym.sgd import PARTS, SAMPLINGS, estimate_parts, loss_corrections, modified, modified_loss


def add(commands: Commands, summary: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "modified",
        help=summary,
        description="The continuous dynamics that descent follows, order by order (backward error analysis), time in steps.\n"
        "gd: the vector field whose flow passes through the iterates.  sgd: drift, diffusion and jumps of the generator,\n"
        "the logarithm of a step (online, replace) or of an epoch over its number of steps (reshuffle).",
        examples=(
            "sgdsym modified --dynamics gd --order 5",
            "sgdsym modified --dynamics gd --momentum 9/10 --format numpy --output field.py",
            "sgdsym modified --sampling reshuffle --potential --format latex",
            "sgdsym modified --part diffusion --batch-size 8 --format latex",
        ),
    )
    command.add_argument("--dynamics", choices=("sgd", "gd"), default="sgd", help="with noise or without (default sgd)")
    command.add_argument("--sampling", choices=SAMPLINGS, default="online", help="how steps of sgd draw data")
    command.add_argument(
        "--part", type=_part, default="drift", help="drift, diffusion, or a number of indices: 3 and more are jumps"
    )
    command.add_argument(
        "--potential",
        action="store_true",
        help="the loss that the drift descends, to the last order that is a gradient, in place of the drift",
    )
    add_order(command, "highest power of the learning rate (default 3)")
    sizes = command.add_argument_group("sizes", "a number or a symbol name; left out they are symbols, momentum 0")
    sizes.add_argument("--dataset-size", type=size, metavar="N", help="points in the training set, for reshuffle")
    sizes.add_argument("--batch-size", type=size, metavar="B", help="points per update, for sgd")
    sizes.add_argument("--momentum", type=number, default=0, metavar="MU", help="strictly between -1 and 1, for gd")
    sizes.add_argument("--nesterov", action="store_true", help="momentum looks ahead")
    sizes.add_argument("--delay", type=natural, default=0, metavar="K", help="gradients are K updates late, for gd")
    command.add_argument("--basis", choices=BASES, default="cumulant", help="joint cumulants or joint moments")
    add_format(command)
    add_output(command)
    command.set_defaults(run=_run)


def _part(text: str) -> str | int:
    if text in PARTS:
        return text
    # a part of more indices is zero to every order that can be asked for
    if text.isascii() and text.isdigit() and len(text) <= DIGITS and int(text) <= MAX_ORDER:
        return int(text)
    wanted = f"neither {' nor '.join(PARTS)} nor a number of indices of at most {MAX_ORDER}, such as 3"
    raise argparse.ArgumentTypeError(f"{text[:60]!r} is {wanted}")


def _run(options: argparse.Namespace) -> None:
    check_writable(options.output)
    output_format = chosen_format(options)
    _guard(options.dynamics, options.order, options.force)
    progress = Progress()
    try:
        series = modified(
            dynamics=options.dynamics,
            sampling=options.sampling,
            order=options.order,
            part=options.part,
            dataset_size=options.dataset_size,
            batch_size=options.batch_size,
            momentum=options.momentum,
            nesterov=options.nesterov,
            delay=options.delay,
            basis=options.basis,
            progress=progress.layer,
        )
    except ValueError as error:
        raise RequestError(error) from error
    if options.potential:
        series = _potential(series)
    progress.say(f"writing {output_format}")
    text = formatted(series, options)
    if isinstance(text, str) and output_format == "text" and series.setting.observable == DRIFT:
        text = "\n".join([text, *_verdicts(series)])
    write(text, options.output, markup=is_markup(options))


def _potential(drift: Series) -> Series:
    """The modified loss of a drift.

    Raises:
        RequestError: if the series is no drift, or not even its first order is a gradient.
    """
    if drift.setting.observable != DRIFT:
        raise RequestError("--potential is for --part drift: only a drift descends a loss")
    try:
        return modified_loss(drift)
    except ValueError as error:
        raise RequestError(error) from error


def _guard(dynamics: str, order: int, forced: bool) -> None:
    """Refuse an order that takes long, unless it is forced; trees are few, placements many."""
    trees = dynamics == "gd"
    if not trees:
        guard_order(order)
    try:
        terms = estimate_parts(dynamics, order)
    except ValueError as error:
        raise RequestError(error) from error
    if terms > (GROWN_LIMIT if trees else PLACED_LIMIT) and not forced:
        raise RequestError(f"{estimate(order, terms, GROWN_BYTES if trees else PLACED_BYTES)}; add --force to go ahead")


def _verdicts(drift: Series) -> list[str]:
    """A line for each order of a drift: what loss it descends, if it is a gradient."""
    lines = []
    for order, found in enumerate(loss_corrections(drift), 1):
        if found is None:
            lines.append(f"order {order}: not a gradient")
        elif not found.terms:
            lines.append(f"order {order}: zero")
        else:
            loss = " ".join(line for line in series_to_text(found).splitlines() if not line.startswith("where"))
            lines.append(f"order {order}: minus η times the gradient of {loss}")
    return lines
