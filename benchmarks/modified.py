"""The modified equation of gradient descent, exact, order by order: seconds, and the ratio to kauri where it is installed.

Each figure is the CPU time of the best of three fresh processes, imports left out.  kauri (Apache-2.0) gives floats; its trees
are listed outside the clock.

    python benchmarks/modified.py                       # orders 4, 6, 7, 8, 10, 12; kauri to order 7
    python benchmarks/modified.py --orders 12 --kauri 8
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from importlib.util import find_spec


def measure(tool: str, order: int) -> None:
    """Derive in this process; print the seconds and the number of trees with a coefficient."""
    if tool == "kauri":
        import kauri

        trees = [tree for size in range(1, order + 1) for tree in kauri.trees_of_order(size)]
        begin = time.process_time()
        weights = kauri.euler.modified_equation_map()
        terms = sum(weights(tree) / tree.sigma() != 0 for tree in trees)
    else:
        from sgdsym.sgd import modified

        begin = time.process_time()
        terms = len(modified(dynamics="gd", order=order))
    print(time.process_time() - begin, terms)


def run(tool: str, order: int, repeats: int = 3) -> tuple[float, int]:
    """The best of several fresh processes."""
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--measure", tool, str(order)]
    found = []
    for _ in range(repeats):
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | single)
        seconds, terms = done.stdout.split()
        found.append((float(seconds), int(terms)))
    return min(found)


def main() -> None:
    """Print a line for each order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[4, 6, 7, 8, 10, 12])
    parser.add_argument("--kauri", type=int, default=7, metavar="D", help="the highest order that kauri is asked for")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], int(options.measure[1]))
        return
    print(f"{'order':>5} {'terms':>7} {'seconds':>9} {'kauri':>9} {'ratio':>7}")
    for order in options.orders:
        seconds, terms = run("sgdsym", order)
        line = f"{order:5} {terms:7} {seconds:9.4f}"
        if order <= options.kauri and find_spec("kauri"):
            other, _ = run("kauri", order, 1)
            line += f" {other:9.3f} {other / seconds:7.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
