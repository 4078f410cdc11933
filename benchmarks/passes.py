"""Passes over the data for an error of 1 %: all diagrams together, each by itself, and Hutchinson's estimate of a trace.

python benchmarks/passes.py [samples]

A pass is a gradient of the loss on every data point.  All that is computed is counted as the plan counts it, what is done once (the terms
without noise, and the same in double precision) too.  Errors are extrapolated like one over the root of the draws.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.func import functional_call, grad, jvp
from torch.nn import functional

import sgdsym
from sgdsym import Diagram
from sgdsym.numeric.torch import diagram_values, plan, supervised
from sgdsym.series import Series

WANTED, REPLICATES, FEWEST_PROBES = 0.01, 16, 32
NOISE = Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)])


def network() -> tuple[Any, Any]:
    """A network 64-256-256-10 as it is begun with, and the digits."""
    torch.manual_seed(0)
    hidden = torch.nn.Linear(64, 256), torch.nn.Tanh(), torch.nn.Linear(256, 256), torch.nn.Tanh()
    pixels, digits = load_digits(return_X_y=True)
    data = torch.as_tensor((pixels - pixels.mean(axis=0)) / 16).float(), torch.as_tensor(digits)
    return torch.nn.Sequential(*hidden, torch.nn.Linear(256, 10)), data


def effort_of(samples: int, seed: int = 0) -> dict[str, Any]:
    """How much is drawn."""
    return {"samples": samples, "replicates": REPLICATES, "seed": seed}


def passes_of(series: Series, problem: tuple[Any, ...], samples: int) -> tuple[float, float]:
    """The passes: once, and in the draws."""
    once, drawn = (float(part) / len(problem[2][1]) for part in plan(series, *problem, **effort_of(samples)).gradients)
    return once, drawn


def needed(miss: float, once: float, drawn: float) -> float:
    """Passes for the wanted error, where so many give another one."""
    return once + drawn * (miss / WANTED) ** 2


def hutchinson(model: Any, data: Any, probes: int) -> tuple[float, float]:
    r"""The mean of :math:`z \cdot H\,\mathrm E[g (g \cdot z)]` over random signs, and its error; four passes a probe."""
    x, y = data
    start = {name: weights.detach() for name, weights in model.named_parameters()}

    def losses(parameters: Any) -> Any:
        return functional.cross_entropy(functional_call(model, parameters, (x,)), y, reduction="none")

    mean: Callable[[Any], Any] = lambda parameters: losses(parameters).mean()  # noqa: E731
    generator, found = torch.Generator().manual_seed(0), []
    for _ in range(probes):
        signs = {n: torch.randint(0, 2, w.shape, generator=generator).float() * 2 - 1 for n, w in start.items()}
        along = jvp(losses, (start,), (signs,))[1]
        product = grad(lambda parameters, along=along: (along * losses(parameters)).mean())(start)
        curved = jvp(grad(mean), (start,), (signs,))[1]
        found.append(sum(float((product[n] * curved[n]).sum()) for n in start))
    return float(np.mean(found)), float(np.std(found, ddof=1) / probes**0.5)


def main() -> None:
    """Print the passes."""
    torch.set_num_threads(1)
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    model, data = network()
    problem = (*supervised(model, functional.cross_entropy), data)
    series = sgdsym.expand(order=3, steps=20).as_moments()
    once, drawn = passes_of(series, problem, samples)
    together = diagram_values(series, *problem, progress=False, **effort_of(samples))
    print(f"{samples} samples, order 3, 20 steps: {once:.1f} passes once, {drawn:.1f} in the draws")
    alone, apart_once, apart_drawn = {}, 0.0, 0.0
    for seed, diagram in enumerate(series.diagrams()):
        only = Series({diagram: series[diagram]}, series.truncation, "moment", series.setting)
        passes = passes_of(only, problem, samples)
        apart_once, apart_drawn = apart_once + passes[0], apart_drawn + passes[1]
        if passes[1]:
            values = diagram_values(only, *problem, progress=False, **effort_of(samples, seed))
            alone[diagram] = values, passes
    print(f"each diagram by itself: {apart_once:.1f} passes once, {apart_drawn:.1f} in the draws")
    for batch in (1, 10, 100):
        found = together.at(0.0, B=batch)
        misses = found.coefficient_errors / np.abs(found.coefficients)
        apart = [values.at(0.0, B=batch).coefficient_errors for values, _ in alone.values()]
        others = np.sqrt(np.square(apart).sum(axis=0)) / np.abs(found.coefficients)
        print(f"batch {batch}: errors of the coefficients", *(f"{miss:.2%}" for miss in misses))
        print(
            f"  passes for {WANTED:.0%} of each: {needed(max(misses), once, drawn):.0f}, "
            f"by themselves {needed(max(others), apart_once, apart_drawn):.0f}"
        )
    trace, (once, drawn) = alone[NOISE]
    value, error = trace.value(NOISE)
    ours, probes = error / value, max(FEWEST_PROBES, round((once + drawn) / 4))
    print(f"tr(H E[gg]): {value:.4f}, error {ours:.2%} in {once + drawn:.1f} passes")
    value, error = hutchinson(model, data, probes)
    theirs = error / value
    print(f"  Hutchinson: {value:.4f}, error {theirs:.2%} in {4 * probes} passes")
    print(f"  for {WANTED:.0%}: {needed(ours, once, drawn):.0f} and {needed(theirs, 0, 4 * probes):.0f} passes")


if __name__ == "__main__":
    main()
