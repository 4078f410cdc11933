"""The options of a request: what is expanded, of which dynamics, how data is drawn, and which sizes."""

from __future__ import annotations

import argparse

from sgdsym.cli.options import (
    add_order,
    batch_sizes,
    guard_order,
    guard_request,
    natural,
    number,
    schedule,
    size,
)
from sgdsym.cli.parser import Parser, RequestError
from sgdsym.series import BASES
from sgdsym.sgd import DYNAMICS, LAST_BATCHES, OBSERVABLES, SAMPLINGS, Request


def add_request(command: Parser) -> None:
    """The options that say what is expanded."""
    command.add_argument("--observable", choices=OBSERVABLES, default="test-loss", help="what is expanded")
    command.add_argument("--dynamics", choices=DYNAMICS, default="sgd", help="how the weights move")
    command.add_argument("--sampling", choices=SAMPLINGS, default="online", help="how steps draw data")
    add_order(command, "highest power of the learning rate (default 3)")
    sizes = command.add_argument_group("sizes", "a number or a symbol name; left out they are symbols, momentum 0")
    sizes.add_argument("--steps", type=size, metavar="T", help="number of updates")
    sizes.add_argument("--dataset-size", type=size, metavar="N", help="points in the training set")
    sizes.add_argument(
        "--batch-size",
        type=batch_sizes,
        metavar="B",
        help="points per update, or for online and replace those of each update: 32,32,64",
    )
    sizes.add_argument("--epochs", type=size, metavar="E", help="passes through the training set")
    sizes.add_argument(
        "--last-batch",
        choices=LAST_BATCHES,
        help="what becomes of the points of an epoch that do not fill a batch: a shorter one, or none",
    )
    add_optimizer(command).add_argument(
        "--mean-over-run",
        action="store_true",
        help="average the observable over the updates, in place of its value at the end",
    )
    command.add_argument("--basis", choices=BASES, default="cumulant", help="joint cumulants or joint moments")


def add_optimizer(command: Parser) -> argparse._ArgumentGroup:
    """The options of the update rule."""
    rule = command.add_argument_group("optimiser", "plain gradient steps, read at the last weights, if left out")
    rule.add_argument("--momentum", type=number, default=0, metavar="MU", help="strictly between -1 and 1, or a symbol")
    rule.add_argument("--nesterov", action="store_true", help="momentum looks ahead")
    rule.add_argument(
        "--schedule",
        type=schedule,
        metavar="W1,W2,…|NAME",
        help="learning rate of each update, times eta; or a name such as lambda, for rates that are given later",
    )
    rule.add_argument("--delay", type=natural, default=0, metavar="K", help="gradients are K updates late")
    rule.add_argument(
        "--average",
        type=number,
        metavar="uniform|BETA",
        help="read the mean of the weights, or a <- BETA a + (1 - BETA) theta",
    )
    rule.add_argument(
        "--weight-decay",
        type=number,
        default=0,
        metavar="LAMBDA",
        help="gradients are of l plus LAMBDA/2 times the squared norm of theta",
    )
    return rule


def read_request(options: argparse.Namespace) -> Request:
    """The request that the options make, if it is not too large.

    Raises:
        RequestError: saying what is wrong with it.
    """
    guard_order(options.order)
    if options.nesterov and not options.momentum:
        raise RequestError("--nesterov looks ahead along the momentum; give it with --momentum")
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
            last_batch=options.last_batch,
            momentum=options.momentum,
            nesterov=options.nesterov,
            schedule=options.schedule,
            delay=options.delay,
            average=options.average,
            weight_decay=options.weight_decay,
            mean_over_run=options.mean_over_run,
            basis=options.basis,
        )
    except ValueError as error:
        raise RequestError(error) from error
    guard_request(request, options.force)
    return request
