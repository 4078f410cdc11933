"""What the cost constants of the planner are on this machine, beside those that plans are made with.

Everything is in units of one multiplication of a large matrix product on one core, measured in the same run:

    CALL           a call of an array library that computes next to nothing
    TRAFFIC        a number that is read from or written to memory, in a copy of an array too large for the caches
    ELEMENTWISE    a multiplication of a broadcast product, in which nothing is summed
    POWER_CALLS    a symmetric power of degree 4 of tensors that are next to nothing, in calls

Constants that express a preference and no time are not fitted: how much cheaper a plan must be to count as cheaper, the charge on
arrays over pairs of data points, and the sizes that plans are made for.

    python benchmarks/costs.py
    python benchmarks/costs.py --repeats 20
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

# before numpy starts threads: the units are those of one core
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

from sgdsym.codegen import generate
from sgdsym.codegen.planning import joins
from sgdsym.diagrams import Diagram
from sgdsym.series import Coefficient, Series

POINTS, PARAMETERS = joins.DATA_POINTS, joins.PARAMETERS


def fastest(call: Callable[[], object], repeats: int, times: int = 1) -> float:
    """The seconds of the fastest of some calls."""
    found = []
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(times):
            call()
        found.append((time.perf_counter() - begin) / times)
    return min(found)


def fitted(repeats: int) -> dict[str, float]:
    """The constants of this machine."""
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(PARAMETERS**2, POINTS)), rng.normal(size=(POINTS, PARAMETERS**2))
    multiplication = fastest(lambda: left @ right, repeats) / (PARAMETERS**4 * POINTS)
    large, other = rng.normal(size=2**25), np.empty(2**25)
    moved = fastest(lambda: np.copyto(other, large), repeats) / (2 * len(large))
    # rows that stay in a cache, so that the product and no traffic is timed
    row, block = rng.normal(size=PARAMETERS), rng.normal(size=(8, PARAMETERS, PARAMETERS))
    room = np.empty_like(block)
    product = fastest(lambda: np.multiply(block, row, out=room), repeats, 1000) / block.size
    one, two = np.ones((2, 2)), np.ones((2, 2))
    call = fastest(lambda: one @ two, repeats, 1000)
    return {
        "CALL": call / multiplication,
        "TRAFFIC": moved / multiplication,
        "ELEMENTWISE": product / multiplication,
        "POWER_CALLS": _power_seconds(repeats) / call,
    }


def _power_seconds(repeats: int) -> float:
    """The seconds of a symmetric power of one parameter, as a generated module computes it."""
    # four gradients in one block at the leaves of a star: their fourth central moment takes all indices of a mean
    star = Diagram(5, [(0, 1), (0, 2), (0, 3), (0, 4)], [(1, 2, 3, 4)])
    module: dict[str, Any] = {}
    exec(generate(Series({star: Coefficient(1)}, 4), unbiased=False), module)  # noqa: S102 - our own text
    tensor, vectors, squares, weights = np.ones((1,) * 4), np.ones((2, 1)), np.ones((1, 2)), np.full(2, 0.5)
    return fastest(lambda: module["_power"](tensor, vectors, squares, weights), repeats, 1000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    for name, found in fitted(parser.parse_args().repeats).items():
        used = getattr(joins, name, None) or getattr(joins, f"_{name}")
        print(f"{name:14}{found:>12.4g} here{used:>12.4g} in plans")


if __name__ == "__main__":
    main()
