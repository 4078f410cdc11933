"""How long an exact stationary covariance takes, of rational matrices, with FLINT and without.

Each figure is the best of some calls in a process of its own; without FLINT, sympy computes with integers of Python.

    python benchmarks/exact.py                             # p = 4, 8, 12, 16, 24
    python benchmarks/exact.py --sizes 8 12 --repeats 5
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

LIMIT_WITHOUT = 12


def measure(size: int, repeats: int) -> None:
    """Solve in this process; print the seconds of the fastest call."""
    import numpy as np
    import sympy as sp

    from sgdsym import stationary_covariance

    source = np.random.default_rng(size)

    def positive() -> sp.Matrix:
        factor = sp.Matrix(
            size, size, lambda i, j: sp.Rational(int(source.integers(-5, 6)), int(source.integers(1, 6)))
        )
        return factor * factor.T + sp.eye(size)

    hessian, noise, rate = positive(), positive(), sp.Rational(1, 10_000)
    found = []
    for _ in range(repeats):
        begin = time.perf_counter()
        stationary_covariance(hessian, noise, rate, sp.Rational(1, 2))
        found.append(time.perf_counter() - begin)
    print(min(found))


def run(size: int, repeats: int, with_flint: bool) -> float:
    """The seconds in a fresh process."""
    # a module that is None cannot be imported: the process is one where FLINT is not installed
    hidden = "" if with_flint else "import sys; sys.modules['flint'] = None; "
    code = f"{hidden}import runpy; runpy.run_path({__file__!r})['measure']({size}, {repeats})"
    types = {} if with_flint else {"SYMPY_GROUND_TYPES": "python"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ | types
    )
    return float(done.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 8, 12, 16, 24])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{'p':>4} {'with FLINT':>12} {'without':>12} {'ratio':>8}")
    for size in options.sizes:
        fast = run(size, options.repeats, with_flint=True)
        if size > LIMIT_WITHOUT:
            print(f"{size:4} {fast:10.3f} s {'refused':>12}")
        else:
            slow = run(size, options.repeats, with_flint=False)
            print(f"{size:4} {fast:10.3f} s {slow:10.3f} s {slow / fast:8.1f}")


if __name__ == "__main__":
    main()
