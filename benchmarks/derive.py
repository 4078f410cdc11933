"""How long it takes to derive the whole series with symbolic T, against the plain way (see baseline.py).

Each figure comes from a fresh process; the two alternate, so that a drift of the machine hits both.  Needs ``canonaut``
(in the ``dev`` extra).

    python benchmarks/derive.py                # orders 8 and 9 with ratios, then order 10 alone
    python benchmarks/derive.py --orders 8 --repeats 5
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path


def measure(which: str, order: int) -> None:
    """Derive in this process; print the diagrams, the seconds and the peak memory in megabytes."""
    if which == "sgdsym":
        from sgdsym import expand

        begin = time.perf_counter()
        diagrams = len(expand(order=order, batch_size=1))
    else:
        sys.path.insert(0, str(Path(__file__).parent))
        from baseline import derive

        begin = time.perf_counter()
        diagrams = sum(map(len, derive(order)))
    seconds = time.perf_counter() - begin
    print(diagrams, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)


def run(which: str, order: int) -> tuple[int, float, float]:
    """Measure in a fresh process on one core."""
    command = [sys.executable, __file__, "--measure", which, "--orders", str(order)]
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | single).stdout.split()
    return int(output[0]), float(output[1]), float(output[2])


def main() -> None:
    """Print a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[8, 9])
    parser.add_argument("--alone", type=int, nargs="*", default=[10], help="orders without the baseline")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--measure", choices=["sgdsym", "baseline"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.orders[0])
        return
    print("order  diagrams  sgdsym [s]  baseline [s]  ratio  memory [MB]")
    for order in options.orders:
        pairs = [(run("sgdsym", order), run("baseline", order)) for _ in range(options.repeats)]
        if len({count for pair in pairs for count, _, _ in pair}) != 1:
            raise SystemExit(f"the two ways disagree on the number of diagrams at order {order}")
        ours, plain = (statistics.median(pair[i][1] for pair in pairs) for i in (0, 1))
        ratio = statistics.median(a[1] / b[1] for a, b in pairs)
        memory = max(a[2] for a, _ in pairs)
        print(f"{order:5} {pairs[0][0][0]:9} {ours:11.3f} {plain:13.3f} {ratio:6.2f} {memory:12.0f}")
    for order in options.alone:
        count, seconds, memory = run("sgdsym", order)
        print(f"{order:5} {count:9} {seconds:11.3f} {'-':>13} {'-':>6} {memory:12.0f}")


if __name__ == "__main__":
    main()
