"""Generated modules against one contraction per diagram and against the memory bandwidth, in one run.

    python benchmarks/kernels.py [--cases order-4 gap-3 order-6] [--rounds R] [--without-numpy]
    OMP_NUM_THREADS=2 python benchmarks/kernels.py

One core does all the work unless OMP_NUM_THREADS says otherwise.  For every case: the generated numpy module, one
``opt_einsum`` per diagram, one ``np.einsum(..., optimize=True)`` per diagram, and the floor, which is the time to read every
input array once at the bandwidth measured in the same round.  All start from the same raw derivatives: the baselines
average and centre them once, then contract, opt_einsum along paths found beforehand; their contractions alone are printed
too.  Each figure is the best of several rounds.
"""

from __future__ import annotations

import argparse
import os
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np

import sgdsym
from sgdsym.codegen.moments import networks
from sgdsym.diagrams import Diagram

Array = np.ndarray[Any, np.dtype[np.float64]]
SLOW_ROUNDS = 2
WANTED_DIFFERENCE = 1e-10


@dataclass(frozen=True, slots=True)
class Case:
    """A request, its sizes, and the ratios that are wanted: to the floor, and of opt_einsum to ours."""

    title: str
    request: dict[str, Any]
    symbols: dict[str, int]
    points: int
    parameters: int
    wanted_floor: float
    wanted_speed: float


CASES = {
    "order-4": Case("test loss, online, order 4", {"order": 4}, {"T": 100, "B": 10}, 400, 40, 3.0, 5.0),
    "gap-3": Case(
        "generalization gap, reshuffle, order 3",
        {"order": 3, "sampling": "reshuffle", "observable": "generalization-gap"},
        {"N": 100, "B": 10, "E": 3},
        400,
        40,
        3.0,
        1.0,
    ),
    "order-6": Case("test loss, online, order 6", {"order": 6}, {"T": 100, "B": 10}, 200, 12, 4.0, 10.0),
}


def landscape(points: int, parameters: int, degrees: Sequence[bool], seed: int = 0) -> list[Array]:
    r"""Derivatives :math:`\nabla^k l_x = c_{k,x}\, x^{\otimes k}` of losses of a linear feature, or their means.

    ``degrees[k]`` says whether degree k is needed at every data point.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(points, parameters)) / parameters**0.5
    factors = rng.normal(1.0, 0.5, size=(len(degrees), points))

    def power(k: int, scale: Array) -> Array:
        rows = scale[:, None]
        for _ in range(k):
            rows = (rows[:, :, None] * features[:, None, :]).reshape(points, -1)
        return rows

    tensors = []
    for k, sampled in enumerate(degrees):
        if sampled:
            tensors.append(power(k, factors[k]).reshape(points, *[parameters] * k))
        else:
            half = k // 2
            mean = power(half, factors[k] / points).T @ power(k - half, np.ones(points))
            tensors.append(mean.reshape([parameters] * k))
    return tensors


def centre(tensors: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Means, and deviations from them where there are samples."""
    means = [tensor.mean(axis=0) if tensor.ndim == k + 1 else tensor for k, tensor in enumerate(tensors)]
    centred = [tensor - mean if tensor.ndim > mean.ndim else mean for tensor, mean in zip(tensors, means, strict=True)]
    return means, centred


@dataclass(frozen=True, slots=True)
class Contraction:
    """One network: where it goes, its number, its subscripts and its operands."""

    order: int
    number: float
    words: str
    operands: list[Array]


def contractions(case: Case, series: sgdsym.Series, tensors: Sequence[Array]) -> list[Contraction]:
    """One contraction per network over means and centred arrays."""
    means, centred = centre(tensors)
    found = []
    for network, coefficient in networks(series).items():
        number = float(coefficient.substitute(case.symbols).as_fraction())
        words, operands, joint = _einsum(network, means, centred)
        found.append(Contraction(network.order, number / case.points**joint, words, operands))
    return found


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


def one_opt_einsum_each(found: Sequence[Contraction], order: int) -> Callable[[], Array]:
    """One opt_einsum per diagram, with paths found beforehand."""
    import opt_einsum

    expressions = [opt_einsum.contract_expression(c.words, *(a.shape for a in c.operands)) for c in found]

    def evaluate() -> Array:
        total = np.zeros(order + 1)
        for c, expression in zip(found, expressions, strict=True):
            total[c.order] += c.number * expression(*c.operands)
        return total

    return evaluate


def one_einsum_each(found: Sequence[Contraction], order: int) -> Callable[[], Array]:
    """One numpy einsum per diagram."""

    def evaluate() -> Array:
        total = np.zeros(order + 1)
        for c in found:
            total[c.order] += c.number * np.einsum(c.words, *c.operands, optimize=True)
        return total

    return evaluate


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = perf_counter()
    call()
    return perf_counter() - start


def bandwidth_time(tensors: Sequence[Array]) -> float:
    """Seconds to read every array once at the best bandwidth that reading the largest of them shows."""
    largest = max(tensors, key=lambda tensor: tensor.size).reshape(-1)
    half = largest.size // 2
    best = min(seconds(largest.sum), seconds(lambda: largest[:half] @ largest[half : 2 * half]))
    return best * sum(tensor.nbytes for tensor in tensors) / largest.nbytes


def extra_memory(call: Callable[[], object]) -> float:
    """Bytes that a call holds at most beside what exists before."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


def measure(case: Case, rounds: int, *, with_numpy: bool) -> bool:
    """Run one case and print it; whether it is as good as wanted."""
    series = sgdsym.expand(**case.request)
    generation = min(seconds(series.kernel) for _ in range(2))
    kernel = series.kernel()
    order = series.truncation
    tensors = landscape(case.points, case.parameters, [k in kernel.sampled_degrees for k in range(order + 1)])
    found = contractions(case, series, tensors)
    calls: dict[str, Callable[[], Array]] = {"one opt_einsum per diagram": one_opt_einsum_each(found, order)}
    if with_numpy:
        calls["one np.einsum per diagram"] = one_einsum_each(found, order)

    def ours() -> Array:
        return kernel.coefficients(tensors, **case.symbols)

    value, times = ours(), {name: float("inf") for name in calls}
    difference = 0.0
    for name, call in calls.items():
        other = call()
        difference = max(difference, float(np.max(np.abs(value - other) / np.maximum(np.abs(other), 1e-300))))
        times[name] = min(seconds(call) for _ in range(SLOW_ROUNDS))
    before = min(seconds(lambda: centre(tensors)) for _ in range(SLOW_ROUNDS))
    fast = floor = float("inf")
    for _ in range(rounds):
        floor = min(floor, bandwidth_time(tensors))
        fast = min(fast, seconds(ours))
    inputs = float(sum(tensor.nbytes for tensor in tensors))
    memory = (inputs + extra_memory(ours)) / inputs
    print(f"{case.title}, n = {case.points}, p = {case.parameters}: {len(series)} diagrams, {inputs / 1e6:.0f} MB")
    print(f"  generate the module           {1e3 * generation:9.1f} ms")
    print(f"  read every input once         {1e3 * floor:9.2f} ms   {inputs / floor / 1e9:.1f} GB/s")
    print(f"  generated module              {1e3 * fast:9.2f} ms   {fast / floor:.2f} floors")
    for name, time in times.items():
        ratios = f"{(time + before) / fast:.1f} times ours, contractions alone {time / fast:.1f}"
        print(f"  {name:29} {1e3 * (time + before):9.1f} ms   {ratios}")
    print(f"  peak memory                   {memory:9.2f} inputs")
    print(f"  largest relative difference   {difference:9.1e}")
    slow = times["one opt_einsum per diagram"] + before
    is_fast = fast <= case.wanted_floor * floor and slow >= case.wanted_speed * fast
    return is_fast and difference <= WANTED_DIFFERENCE and memory <= 1.5


def main() -> None:
    """Run the comparisons, print them, and fail if one misses what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--without-numpy", action="store_true", help="leave out np.einsum, which takes longest")
    options = parser.parse_args()
    good = [measure(CASES[name], options.rounds, with_numpy=not options.without_numpy) for name in options.cases]
    if not all(good):
        raise SystemExit("a case misses what is wanted")


if __name__ == "__main__":
    main()
