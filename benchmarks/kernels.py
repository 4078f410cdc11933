"""The generated order-4 module against one ``np.einsum(..., optimize=True)`` per diagram, in the same run.

    python benchmarks/kernels.py [--points N] [--parameters P] [--repeats R]

The baseline gets its centred arrays ready made and unweighted; the generated module starts from the raw derivatives.
The floor is the time to read every input array once.  Both run on one core unless the environment says otherwise.
"""

# ruff: noqa: E402 - the number of threads is fixed before numpy is loaded

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np

import sgdsym
from sgdsym.codegen.moments import networks
from sgdsym.diagrams import Diagram

ORDER = 4
STEPS, BATCH_SIZE = 100, 10
WANTED_RATIO, WANTED_DIFFERENCE = 5.0, 1e-10

Array = np.ndarray[Any, np.dtype[np.float64]]


def landscape(points: int, parameters: int, seed: int = 0) -> list[Array]:
    r"""Derivatives :math:`\nabla^k l_x = c_{k,x}\, x^{\otimes k}` of losses of a linear feature; the fourth as mean."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(points, parameters)) / parameters**0.5
    factors = rng.normal(1.0, 0.5, size=(ORDER + 1, points))
    tensors = []
    for k in range(ORDER + 1):
        letters = "abcd"[:k]
        words = ",".join(["n", *("n" + letter for letter in letters)])
        result = letters if k == ORDER else "n" + letters
        scale = 1.0 / points if k == ORDER else 1.0
        tensor = np.einsum(f"{words}->{result}", scale * factors[k], *[features] * k, optimize=True)
        tensors.append(np.ascontiguousarray(tensor))
    return tensors


def einsum_calls(tensors: Sequence[Array]) -> Callable[[], Array]:
    """One einsum per diagram over means and centred arrays, which are made here, outside the clock."""
    means = [tensor.mean(axis=0) if tensor.ndim == k + 1 else tensor for k, tensor in enumerate(tensors)]
    centred = [
        tensor - mean if tensor.ndim == k + 1 else tensor
        for k, (tensor, mean) in enumerate(zip(tensors, means, strict=True))
    ]
    points = len(tensors[0])
    calls: list[tuple[int, float, str, list[Array]]] = []
    for network, coefficient in networks(sgdsym.expand(order=ORDER)).items():
        number = float(coefficient.substitute({"T": STEPS, "B": BATCH_SIZE}).as_fraction())
        words, operands, joint = _einsum(network, means, centred)
        calls.append((network.order, number / points**joint, words, operands))

    def evaluate() -> Array:
        total = np.zeros(ORDER + 1)
        for order, number, words, operands in calls:
            total[order] += number * np.einsum(words, *operands, optimize=True)
        return total

    return evaluate


def _einsum(network: Diagram, means: Sequence[Array], centred: Sequence[Array]) -> tuple[str, list[Array], int]:
    """Subscripts and operands of a network, and its number of averages over the data points."""
    legs = [""] * network.nodes
    for letter, edge in zip("abcdefgh", network.edges, strict=False):
        for v in edge:
            legs[v] += letter
    joint = [block for block in network.blocks if len(block) > 1]
    sample = {v: letter for letter, block in zip("uvwxyz", joint, strict=False) for v in block}
    words = ",".join(sample.get(v, "") + legs[v] for v in range(network.nodes))
    operands = [(centred if v in sample else means)[len(legs[v])] for v in range(network.nodes)]
    return words + "->", operands, len(joint)


def median_time(call: Callable[[], object], repeats: int) -> float:
    """Median seconds of several calls, after one that warms the caches."""
    call()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    """Run the comparison, print it, and fail if the kernel is slower or more different than promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--parameters", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()

    start = perf_counter()
    kernel = sgdsym.expand(order=ORDER).kernel()
    generation = perf_counter() - start
    tensors = landscape(options.points, options.parameters)
    baseline = einsum_calls(tensors)

    def generated() -> Array:
        return kernel.coefficients(tensors, T=STEPS, B=BATCH_SIZE)

    difference = float(np.max(np.abs(generated() / baseline() - 1.0)))
    slow = median_time(baseline, options.repeats)
    fast = median_time(generated, options.repeats)
    floor = median_time(lambda: [float(tensor.sum()) for tensor in tensors], options.repeats)
    print(f"order {ORDER}, n = {options.points}, p = {options.parameters}, median of {options.repeats}")
    print(f"derive and generate        {1e3 * generation:9.1f} ms")
    print(f"one einsum per diagram     {1e3 * slow:9.1f} ms")
    print(f"generated module           {1e3 * fast:9.1f} ms   ratio {slow / fast:.1f} (wanted {WANTED_RATIO:.0f})")
    print(f"read every input once      {1e3 * floor:9.1f} ms   generated / floor {fast / floor:.1f}")
    print(f"largest relative difference {difference:.1e} (wanted {WANTED_DIFFERENCE:.0e})")
    if slow < WANTED_RATIO * fast or difference > WANTED_DIFFERENCE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
