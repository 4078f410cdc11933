"""Time of one evaluation of resummed kernels after a million steps, as a multiple of that after ten, and their digits.

    python benchmarks/resum.py [--repeats R]

Each time is that of the whole evaluation, tensors and diagonalisation included.  The digits are those of time-sums of a
quadratic minimum, whose closed form is evaluated in 50 digits, for eta h near 0, near 2, and repeated.
"""

# ruff: noqa: E402 - the number of threads is fixed before numpy is loaded

from __future__ import annotations

import argparse
import os
from fractions import Fraction
from itertools import permutations
from time import process_time
from typing import Any

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import mpmath as mp
import numpy as np

from sgdsym import resum
from sgdsym.sgd import at_minimum

FEW, MANY = 10, 10**6
WANTED_RATIO, WANTED_ERROR = 1.5, 1e-9
CASES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("test loss, order 2", {"order": 2, "batch_size": 1}, 1),
    ("test loss, order 2", {"order": 2, "batch_size": 1}, 30),
    ("generalisation gap of GD, order 2", {"order": 2, "observable": "generalization-gap", "dynamics": "gd"}, 30),
    ("displacement, order 3", {"order": 3, "observable": "displacement", "batch_size": 1}, 20),
    ("test loss, order 3", {"order": 3, "batch_size": 1}, 10),
    ("test loss with momentum, order 2", {"order": 2, "batch_size": 1, "momentum": Fraction(9, 10)}, 1),
    ("test loss with momentum, order 2", {"order": 2, "batch_size": 1, "momentum": Fraction(9, 10)}, 30),
    ("test loss with momentum, order 3", {"order": 3, "batch_size": 1, "momentum": Fraction(9, 10)}, 8),
)


def main() -> None:
    """Print the ratios and the digits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=25, help="evaluations of which the fastest counts")
    repeats = parser.parse_args().repeats
    ratios = [_ratio(name, setting, parameters, repeats) for name, setting, parameters in CASES]
    error = max(_errors())
    print(f"largest relative error against 50 digits: {error:.1e}, wanted {WANTED_ERROR}")
    print(f"largest ratio: {max(ratios):.2f}, wanted {WANTED_RATIO}")
    assert max(ratios) <= WANTED_RATIO
    assert error <= WANTED_ERROR


def _ratio(name: str, setting: dict[str, Any], parameters: int, repeats: int) -> float:
    kernel = resum(**setting).kernel()
    derivatives = _landscape(50, parameters)
    symbols = {"N": 100} if "gd" in setting.values() else {}
    fastest: dict[int, float] = {}
    for steps in (FEW, MANY) * repeats:
        start = process_time()
        kernel(derivatives, 0.5, steps=steps, **symbols)
        fastest[steps] = min(process_time() - start, fastest.get(steps, float("inf")))
    ratio = fastest[MANY] / fastest[FEW]
    print(
        f"{name}, p = {parameters}: {fastest[FEW] * 1e3:.1f} ms at T = {FEW}, at T = {MANY} {ratio:.2f} times as much"
    )
    return ratio


def _landscape(points: int, parameters: int) -> list[Any]:
    """Random derivatives with a mean Hessian whose eigenvalues lie between 0.1 and 1.9."""
    rng = np.random.default_rng(0)
    frame = np.linalg.qr(rng.normal(size=(parameters, parameters)))[0]
    noise = rng.normal(size=(points, parameters, parameters))
    noise = noise + noise.transpose(0, 2, 1)
    hessian = frame @ np.diag(np.linspace(0.1, 1.9, parameters)) @ frame.T + 0.1 * (noise - noise.mean(0))
    jerk = rng.normal(size=(parameters,) * 3)
    symmetric = [jerk.transpose(order) for order in permutations(range(3))]
    return [rng.normal(size=points), rng.normal(size=(points, parameters)), hessian, np.sum(symmetric, axis=0)]


def _errors() -> list[float]:
    """Relative errors of the rise of the loss above a quadratic minimum: half of C H (1 - q^T)/(1 - q), q = (1 - eta h)^2."""
    kernel = at_minimum(resum(order=2, batch_size=1)).kernel()
    errors = []
    for eigenvalue in (1e-12, 1e-6, 0.3, 1.0, 1.9, 2 - 1e-6, 2 - 1e-12):
        for steps in (1, 2, 9, 10, 999, MANY, 10**9):
            derivatives = [np.zeros(2), np.array([[1.0, 1.0], [-1.0, -1.0]]), np.diag([eigenvalue, eigenvalue])]
            found = kernel(derivatives, 1.0, steps=steps)
            with mp.workdps(50):
                h = mp.mpf(eigenvalue)
                q = (1 - h) ** 2
                exact = h * (1 - q**steps) / (1 - q)
                errors.append(float(abs(found - exact) / exact))
    return errors


if __name__ == "__main__":
    main()
