"""Modules that take the rates of a schedule against modules of a constant rate, in one run.

    python benchmarks/schedules.py [--steps T] [--rounds R]

For every optimiser and sampling: the generated numpy module at order 3 with a warm-up and cosine of T updates, the module of the
same request with a constant rate, and how long the sums over the schedule take beyond it.  Each figure is the best of several rounds.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np

import sgdsym

SLOTS = 10
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "online": ({}, {"B": 10}),
    "online, momentum": ({"momentum": "mu"}, {"B": 10, "mu": 0.9}),
    "online, momentum, averaged": ({"momentum": "mu", "average": "uniform"}, {"B": 10, "mu": 0.9}),
    "reshuffle": ({"sampling": "reshuffle"}, {"N": 100, "B": 10}),
    "reshuffle, momentum": ({"sampling": "reshuffle", "momentum": "mu"}, {"N": 100, "B": 10, "mu": 0.9}),
}


def best(call: Callable[[], object], rounds: int) -> float:
    """The shortest time of some calls, in milliseconds."""
    times = []
    for _ in range(rounds):
        begin = perf_counter()
        call()
        times.append(1000 * (perf_counter() - begin))
    return min(times)


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000, help="updates, a multiple of 10")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rates = sgdsym.schedules.warmup_cosine(options.steps, warmup=options.steps // 20)
    draw = np.random.default_rng(0)
    tensors = [draw.normal(size=(50, *[5] * degree)) for degree in range(4)]
    print(f"{'':28s}{'sums':>6s}{'rates':>10s}{'constant':>10s}   ms, {options.steps} updates")
    for title, (request, sizes) in CASES.items():
        named = sgdsym.expand(order=3, schedule="lambda", **request)
        rated, constant = named.kernel(), sgdsym.expand(order=3, **request).kernel()
        length = {"E": options.steps // SLOTS} if "N" in sizes else {"T": options.steps}
        with_rates = best(partial(rated.coefficients, tensors, schedule=rates, **sizes), options.rounds)
        alone = best(partial(constant.coefficients, tensors, **sizes, **length), options.rounds)
        print(f"{title:28s}{len(named.sums):6d}{with_rates:10.1f}{alone:10.1f}")


if __name__ == "__main__":
    main()
