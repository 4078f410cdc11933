"""How long it takes to derive series with symbolic sizes: every mode with every observable.

Each figure comes from a fresh process on one core.  Times leave out the import.

    python benchmarks/settings.py                          # orders 4 and 5
    python benchmarks/settings.py --orders 4 --modes reshuffle replace
    python benchmarks/settings.py --orders 2 3 --modes momentum gd-momentum replace-momentum reshuffle-momentum fixed-momentum
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

MODES: dict[str, dict[str, str]] = {
    "online": {},
    "fixed": {"sampling": "fixed"},
    "reshuffle": {"sampling": "reshuffle"},
    "replace": {"sampling": "replace"},
    "gd": {"dynamics": "gd"},
    "ode": {"dynamics": "ode"},
    "sde": {"dynamics": "sde"},
    "momentum": {"momentum": "mu"},
    "gd-momentum": {"dynamics": "gd", "momentum": "mu"},
    "replace-momentum": {"sampling": "replace", "momentum": "mu"},
    "reshuffle-momentum": {"sampling": "reshuffle", "momentum": "mu"},
    "fixed-momentum": {"sampling": "fixed", "momentum": "mu"},
}
PLAIN = [mode for mode in MODES if "momentum" not in mode]
OBSERVABLES = (
    "test-loss",
    "train-loss",
    "generalization-gap",
    "displacement",
    "covariance",
    "loss-variance",
    "function",
)


def measure(mode: str, observable: str, order: int) -> None:
    """Derive in this process; print the number of terms and the seconds."""
    from sgdsym.sgd import Request, expand_request

    begin = time.perf_counter()
    series = expand_request(Request(observable=observable, order=order, **MODES[mode]))  # type: ignore[arg-type]
    print(len(series), time.perf_counter() - begin)


def run(mode: str, observable: str, order: int, limit: float) -> str:
    """The seconds in a fresh process on one core, as text."""
    if observable in ("train-loss", "generalization-gap") and mode in ("online", "ode", "sde", "momentum"):
        return "-"
    command = [sys.executable, __file__, "--measure", mode, observable, str(order)]
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | single, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"> {limit:g}"
    return f"{float(done.stdout.split()[1]):.2f}"


def main() -> None:
    """Print a table of seconds for each order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[4, 5])
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=PLAIN)
    parser.add_argument("--observables", nargs="+", choices=OBSERVABLES, default=list(OBSERVABLES))
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a figure is given up")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        mode, observable, order = options.measure
        measure(mode, observable, int(order))
        return
    for order in options.orders:
        print(f"order {order} [s]".ljust(18), *(f"{name:>18}" for name in options.observables))
        for mode in options.modes:
            print(f"{mode:18}", end="", flush=True)
            for observable in options.observables:
                print(f" {run(mode, observable, order, options.limit):>18}", end="", flush=True)
            print()


if __name__ == "__main__":
    main()
