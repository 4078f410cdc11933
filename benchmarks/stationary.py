"""How long a stationary covariance takes, against scipy's discrete Lyapunov equation of the same problem.

scipy solves for the covariance of weights and momentum, (2p, 2p), by the bilinear method; without momentum for (p, p).
Needs ``scipy``.

    OMP_NUM_THREADS=1 python benchmarks/stationary.py
    OMP_NUM_THREADS=1 python benchmarks/stationary.py --sizes 60 --repeats 9
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sgdsym import stationary_covariance


def problem(size: int, momentum: float) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The two ways to solve one random problem."""
    from scipy.linalg import solve_discrete_lyapunov

    rng = np.random.default_rng(size)
    hessian, noise, rates = (x @ x.T / (2 * size) + 0.1 * np.eye(size) for x in rng.normal(size=(3, size, 2 * size)))
    rates /= 10
    push, identity, zero = (1 + momentum) * np.eye(size) - rates @ hessian, np.eye(size), np.zeros((size, size))
    kick = rates @ noise @ rates
    step = push
    if momentum:
        step = np.block([[push, -momentum * identity], [identity, zero]])
        kick = np.block([[kick, zero], [zero, zero]])
    ours = stationary_covariance(hessian, noise, rates, momentum)
    theirs = solve_discrete_lyapunov(step, kick, method="bilinear")[:size, :size]
    error = np.abs(ours - theirs).max() / np.abs(theirs).max()
    assert error < 1e-11, f"the two ways differ by {error}"
    return (
        lambda: stationary_covariance(hessian, noise, rates, momentum),
        lambda: solve_discrete_lyapunov(step, kick, method="bilinear"),
    )


def seconds(work: Callable[[], Any]) -> float:
    """The time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Print a table of medians and ratios; the two ways alternate, so that a drift of the machine hits both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[60, 300])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print("weights  momentum  sgdsym [s]  scipy [s]  ratio")
    for size in options.sizes:
        for momentum in (0.0, 0.9):
            ours, theirs = problem(size, momentum)
            pairs = [(seconds(ours), seconds(theirs)) for _ in range(options.repeats)]
            mine, plain = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
            print(
                f"{size:7} {momentum:9.1f} {mine:11.4f} {plain:10.4f} {statistics.median(a / b for a, b in pairs):6.3f}"
            )


if __name__ == "__main__":
    main()
