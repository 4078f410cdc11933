"""The learning rate up to which a series says that it can be trusted at 10 %, against the error that runs of SGD measure.

    python benchmarks/trust.py [--runs 500] [--seed 0]

Twenty cases on scikit-learn's digits, three against eight: logistic regression on the pixels (65 weights) and networks of one
hidden layer with tanh and GELU on five principal components (29 weights), for several numbers of steps, batch sizes and orders.
The error is that of the predicted mean loss, as a share of it.  It is measured at tenths of the stated limit; the last line
says in how many cases it stays below 10 % up to half of the limit, which is then at most twice too generous.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import sgdsym
from sgdsym.demo.problem import digits_problem
from sgdsym.simulation import Landscape, simulate

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
FRACTIONS = np.arange(0.1, 1.51, 0.1)
COMPONENTS, HIDDEN = 5, 4


@dataclass(frozen=True, slots=True)
class Case:
    """One series: the model, and the setting that it is run in."""

    model: str
    steps: int
    batch_size: int
    order: int


CASES = [
    *(Case("logistic", steps, size, order) for steps in (5, 20, 80) for size in (1, 8) for order in (2, 3)),
    *(Case(model, steps, 4, order) for model in ("tanh", "gelu") for steps in (5, 20) for order in (2, 3)),
]


def model_named(name: str) -> tuple[Any, Any, Any]:
    """The loss of one point, the start, and the data."""
    problem = digits_problem()
    labels = jnp.asarray(problem.labels, dtype=float)
    if name == "logistic":
        return (
            lambda w, point: jnp.logaddexp(0.0, -point[1] * (point[0] @ w)),
            jnp.zeros(problem.width),
            (jnp.asarray(problem.features), labels),
        )
    activation = {"tanh": jnp.tanh, "gelu": jax.nn.gelu}[name]
    pixels = problem.features[:, :-1] - problem.features[:, :-1].mean(axis=0)
    components = pixels @ np.linalg.svd(pixels, full_matrices=False)[2][:COMPONENTS].T
    start = np.random.default_rng(0).normal(size=COMPONENTS * HIDDEN + 2 * HIDDEN + 1) * 0.5

    def loss(w: Any, point: Any) -> Any:
        layer, rest = w[: COMPONENTS * HIDDEN].reshape(HIDDEN, COMPONENTS), w[COMPONENTS * HIDDEN :]
        hidden = activation(layer @ point[0] + rest[:HIDDEN])
        return jnp.logaddexp(0.0, -point[1] * (rest[HIDDEN : 2 * HIDDEN] @ hidden + rest[-1]))

    return loss, jnp.asarray(start), (jnp.asarray(components), labels)


def derivatives(loss: Any, start: Any, data: Any, kernel: Any, order: int) -> list[Any]:
    """The derivatives at each data point where the kernel takes these, and their means elsewhere."""
    found: list[Any] = []
    for degree in range(order + 1):

        def mean(w: Any) -> Any:
            return jax.vmap(loss, (None, 0))(w, data).mean()

        is_sampled = degree in kernel.sampled_degrees
        nested: Any = loss if is_sampled else mean
        for _ in range(degree):
            nested = jax.jacfwd(nested)
        found.append(np.asarray(jax.vmap(nested, (None, 0))(start, data) if is_sampled else nested(start)))
    return found


def measure(case: Case, runs: int, seed: int) -> tuple[float, float, float]:
    """The stated limit at 10 %, the largest share of error up to half of it, and where the error first exceeds 10 %."""
    loss, start, data = model_named(case.model)
    sizes: dict[str, Any] = {"steps": case.steps, "batch_size": case.batch_size}
    kernel = sgdsym.expand(order=case.order, **sizes).kernel()
    tensors = derivatives(loss, start, data, kernel, case.order)
    limit = kernel.trust(tensors).coarse
    landscape = Landscape.jax(loss, start, data)
    errors = []
    for fraction in FRACTIONS:
        rate = fraction * limit
        found = simulate(landscape, rate, runs=runs, seed=seed, **sizes)
        errors.append(abs(kernel(tensors, rate) / found.value[-1] - 1))
    beyond = [fraction for fraction, error in zip(FRACTIONS, errors, strict=True) if error > 0.1]
    return limit, max(errors[: len(FRACTIONS) // 3]), beyond[0] if beyond else np.inf


def main() -> None:
    """Print a row for each case, and fail if a limit is more than twice too generous."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{'model':9} {'T':>3} {'B':>2} {'order':>5}   10 % limit   error up to half of it   10 % reached at")
    good = 0
    for case in CASES:
        limit, error, beyond = measure(case, options.runs, options.seed)
        good += error <= 0.1
        words = f"{beyond:.1f} limits" if np.isfinite(beyond) else f"beyond {FRACTIONS[-1]:.1f}"
        print(
            f"{case.model:9} {case.steps:3} {case.batch_size:2} {case.order:5} {limit:12.4g} {error:19.2%}   {words:>18}"
        )
    print(f"at most twice too generous in {good} of {len(CASES)} cases")
    if good < len(CASES):
        raise SystemExit("a limit is more than twice too generous")


if __name__ == "__main__":
    main()
