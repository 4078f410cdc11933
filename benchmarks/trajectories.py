"""Whole runs: predictions over measured runs, and what they cost.

python benchmarks/trajectories.py [kernel|tanh|adaptive|gap|variance|digits]...

Times are those of the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from sgdsym import trajectory
from sgdsym.codegen import compile_trajectory
from sgdsym.numeric.jax import trajectory as follow

Floats = NDArray[np.float64]
STEPS, RATE, HIDDEN = 150, 0.15, 2
SIZES = (2, 4, 8, 16, 32, 128)


def small_problem(points: int = 32) -> tuple[Any, Floats, tuple[Floats, Floats]]:
    """A tanh network with two inputs, two hidden units and 8 weights, and noisy targets of another one."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(points, 2))
    targets = np.tanh(inputs @ [1.0, -0.5]) - 0.6 * np.tanh(inputs @ [0.3, 1.1]) + 0.1 * rng.normal(size=points)

    def loss(theta: Any, example: Any) -> Any:
        x, y = example
        layer, shift, out = theta[: 2 * HIDDEN].reshape(HIDDEN, 2), theta[2 * HIDDEN : 3 * HIDDEN], theta[3 * HIDDEN :]
        return (out @ jnp.tanh(layer @ x + shift) - y) ** 2 / 2

    return loss, rng.normal(size=4 * HIDDEN) * 0.7, (inputs, targets)


def dense_derivatives(loss: Any, data: Any, sampled: int, highest: int) -> Callable[[Any], list[Any]]:
    """Derivatives at every data point up to one degree, and means from there on."""

    def mean(theta: Any) -> Any:
        return jax.vmap(loss, (None, 0))(theta, data).mean()

    functions = []
    of_point, of_all = loss, mean
    for k in range(highest + 1):
        functions.append(jax.jit(jax.vmap(of_point, (None, 0))) if k <= sampled else jax.jit(of_all))
        of_point, of_all = jax.jacfwd(of_point), jax.jacfwd(of_all)

    def derivatives_at(theta: Any) -> list[Any]:
        at = jnp.asarray(theta)
        return [np.asarray(f(at, data) if k <= sampled else f(at)) for k, f in enumerate(functions)]

    return derivatives_at


def measured_tanh(
    start: Floats, data: tuple[Floats, Floats], batch: int, runs: int, path: list[Any]
) -> tuple[float, float]:
    """Mean loss after all steps, less the part that is linear in the noise and has mean zero, and its standard error."""
    (inputs, targets), rng = data, np.random.default_rng(batch)
    points, total = len(targets), []
    for begin in range(0, runs, 4000):
        count = min(4000, runs - begin)
        theta, linear = np.tile(start, (count, 1)), np.zeros((count, len(start)))
        for slopes, hessian in path[:-1]:
            shares = rng.multinomial(batch, [1 / points] * points, size=count) / batch
            layer, shift, out = (
                theta[:, : 2 * HIDDEN].reshape(-1, HIDDEN, 2),
                theta[:, 2 * HIDDEN : -HIDDEN],
                theta[:, -HIDDEN:],
            )
            active = np.tanh(np.einsum("rhi,ni->rnh", layer, inputs) + shift[:, None])
            pull = (np.einsum("rnh,rh->rn", active, out) - targets) * shares
            inner = pull[:, :, None] * out[:, None] * (1 - active**2)
            gradient = np.concatenate(
                [
                    np.einsum("rnh,ni->rhi", inner, inputs).reshape(count, -1),
                    inner.sum(axis=1),
                    np.einsum("rn,rnh->rh", pull, active),
                ],
                axis=1,
            )
            noise = (shares - 1 / points) @ slopes
            linear = linear - RATE * (linear @ hessian + noise)
            theta = theta - RATE * gradient
        layer, shift, out = (
            theta[:, : 2 * HIDDEN].reshape(-1, HIDDEN, 2),
            theta[:, 2 * HIDDEN : -HIDDEN],
            theta[:, -HIDDEN:],
        )
        active = np.tanh(np.einsum("rhi,ni->rnh", layer, inputs) + shift[:, None])
        losses = ((np.einsum("rnh,rh->rn", active, out) - targets) ** 2).mean(axis=1) / 2
        total.append(losses - linear @ path[-1][0].mean(axis=0))
    found = np.concatenate(total)
    return float(found.mean()), float(found.std() / np.sqrt(len(found)))


def noise_free(start: Floats, derivatives_at: Any) -> list[Any]:
    """Gradients of the points and the mean Hessian along the run."""
    theta, path = start.copy(), []
    for _ in range(STEPS + 1):
        found = derivatives_at(theta)
        path.append((found[1], found[2].mean(axis=0)))
        theta = theta - RATE * found[1].mean(axis=0)
    return path


def tanh() -> None:
    """The table of errors of order 1 and 2, measured over runs with the part linear in the noise taken off."""
    loss, start, data = small_problem()
    derivatives_at = dense_derivatives(loss, data, 3, 5)
    kernel = compile_trajectory(trajectory(order=2))
    began = time.process_time()
    zero, one, two = kernel(derivatives_at, start, RATE, steps=STEPS)
    first = kernel(derivatives_at, start, RATE, steps=0)[0]
    print(
        f"loss {first:.4g} to {zero:.6g}; coefficients {one:.6g} and {two:.6g} in {time.process_time() - began:.0f} s"
    )
    path = noise_free(start, derivatives_at)
    print("    B     measured     error      order 1 errs   order 2 errs   errs·B²   errs·B³")
    for batch in SIZES:
        mean, error = measured_tanh(start, data, batch, 20_000, path)
        off = mean - zero - one / batch
        left = off - two / batch**2
        print(
            f"{batch:5d}  {mean:.8f}  {error:.1e}  {off:+.2e} ({off / error:+.1f}σ)  {left:+.2e} ({left / error:+.1f}σ)"
            f"  {off * batch**2:+.3g}  {left * batch**3:+.3g}"
        )


def kernel() -> None:
    """Order 2 at 20 weights and 100 data points, 100 steps: operations of the plan over those of the machine."""
    began = time.process_time()
    given = compile_trajectory(trajectory(order=2))
    print(f"generated and loaded in {time.process_time() - began:.2f} s")
    rng, p, n = np.random.default_rng(0), 20, 100
    shapes = [(n,), (n, p), (n, p, p), (n, p, p, p), (p,) * 4, (p,) * 5]
    tensors = [rng.normal(size=shape) * 1e-3 for shape in shapes]
    began = time.process_time()
    given(lambda _: tensors, np.zeros(p), 1e-3, steps=100)
    seconds = time.process_time() - began
    planned = sum(c * n**i * p**j for (i, j), c in given.operations.items()) * 100
    # a step reads each of its inputs once, so that the machine is as fast as at a large matrix times a vector
    matrix, vector = tensors[5].reshape(-1, p * p), rng.normal(size=p * p)
    began = time.process_time()
    for _ in range(20):
        matrix @ vector
    speed = 20 * 2 * matrix.size / (time.process_time() - began)
    print(
        f"{planned:.3g} operations planned, {seconds:.2f} s, {seconds * speed / planned:.2f} times the plan at {speed:.3g}/s"
    )


def trained(loss: Any, start: Any, data: Any, step: Any, batch: int, steps: int, runs: int, at_once: int) -> Floats:
    """Mean losses after real runs of an optax transformation, each with fresh batches."""
    points = len(data[1])
    each = jax.vmap(loss, (None, 0))

    def of_run(key: Any) -> Any:
        def one(state: Any, key: Any) -> Any:
            theta, memory = state
            rows = jax.random.randint(key, (batch,), 0, points)
            gradient = jax.grad(lambda p: each(p, jax.tree.map(lambda a: a[rows], data)).mean())(theta)
            updates, memory = step.update(gradient, memory, theta)
            return (optax.apply_updates(theta, updates), memory), None

        (theta, _), _ = jax.lax.scan(one, (start, step.init(start)), jax.random.split(key, steps))
        return each(theta, data).mean()

    keys = jax.random.split(jax.random.PRNGKey(batch), runs)
    return np.asarray(jax.jit(lambda k: jax.lax.map(of_run, k, batch_size=at_once))(keys), dtype=np.float64)


def compared(found: Any, losses: Floats, size: int) -> None:
    """One line: the prediction at a batch size beside what was measured."""
    value, error = (part[-1] for part in found.at(size))
    mean, spread = losses.mean(), losses.std() / np.sqrt(len(losses))
    effect, seen = value - found.loss[-1], mean - found.loss[-1]
    print(
        f"B={size}: noise-free {found.loss[-1]:.6g} ({found.loss[-1] / mean - 1:+.1%}), measured {mean:.6g} ± {spread:.1g}, predicted "
        f"{value:.6g} ± {error:.1g} ({value / mean - 1:+.2%}); effect {effect:.3g} of {seen:.3g} ({effect / seen - 1:+.1%})"
    )


def adaptive() -> None:
    """Adam and RMSProp with their epsilon inside the root."""
    loss, start, data = small_problem()
    arrays = jax.tree.map(jnp.asarray, data)
    steps = {
        "adam": optax.adam(0.02, b1=0.9, b2=0.99, eps_root=1e-2),
        "rmsprop": optax.rmsprop(0.02, decay=0.9, eps=1e-2, eps_in_sqrt=True),
    }
    for name, step in steps.items():
        began = time.process_time()
        found = follow(loss, start, data, step, steps=STEPS, batch_size=32, runs=400, progress=False)
        print(f"{name}: {time.process_time() - began:.0f} s")
        compared(found, trained(loss, jnp.asarray(start), arrays, step, 32, STEPS, 10_000, 1000), 32)


def digits() -> None:
    """A network of 105 010 weights on images of digits, 500 steps in single precision."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    data = (np.float32(pixels[:256] / 16), labels[:256].astype(np.int32))
    rng, hidden = np.random.default_rng(0), 1400
    start = {
        "in": np.float32(rng.normal(size=(64, hidden)) / 8),
        "shift": np.zeros(hidden, np.float32),
        "out": np.float32(rng.normal(size=(hidden, 10)) / hidden**0.5),
        "bias": np.zeros(10, np.float32),
    }

    def loss(theta: Any, example: Any) -> Any:
        x, label = example
        scores = jnp.tanh(x @ theta["in"] + theta["shift"]) @ theta["out"] + theta["bias"]
        return jax.nn.logsumexp(scores) - scores[label]

    step, steps = optax.sgd(0.05), 500
    began = time.process_time(), time.perf_counter()
    found = follow(loss, start, data, step, steps=steps, batch_size=32, runs=8, every=125, progress=False)
    print(
        f"predicted in {time.process_time() - began[0]:.0f} s of the processor, {time.perf_counter() - began[1]:.0f} s"
    )
    print(found)
    began_measured = time.process_time()
    losses = trained(loss, jax.tree.map(jnp.asarray, start), jax.tree.map(jnp.asarray, data), step, 32, steps, 208, 8)
    print(f"measured in {time.process_time() - began_measured:.0f} s of the processor")
    compared(found, losses, 32)


def variance() -> None:
    r"""The standard error of the effect of noise, a run and a second, against direct simulation at B = 32.

    A direct run scatters by :math:`G\cdot v/\sqrt B + v\cdot Hv/2B` and a linearised one by :math:`(G\cdot m + v\cdot Hv/2)/B`, so that the
    gain is a factor B where the gradient is large, and none where it has vanished.
    """
    loss, start, data = small_problem()
    arrays, step, batch = jax.tree.map(jnp.asarray, data), optax.sgd(RATE), 32
    for steps in (5, 15, 50, STEPS):
        trained(loss, jnp.asarray(start), arrays, step, batch, steps, 1000, 1000)
        began = time.process_time()
        losses = trained(loss, jnp.asarray(start), arrays, step, batch, steps, 4000, 1000)
        direct = time.process_time() - began
        options: dict[str, Any] = {"steps": steps, "batch_size": batch, "every": steps, "progress": False}
        follow(loss, start, data, RATE, runs=400, **options)
        began = time.process_time()
        found = follow(loss, start, data, RATE, runs=400, **options)
        linear = time.process_time() - began
        ours, theirs = found.at(batch)[1][-1] ** 2, losses.var() / len(losses)
        print(
            f"{steps:4d} steps, variance of a run: direct {theirs * 4000:.3g}, linearised {ours * 400:.3g}, ratio "
            f"{theirs * 10 / ours:.1f}; at equal time {theirs * direct / (ours * linear):.2f} ({direct:.1f} s and {linear:.1f} s)"
        )


def gap() -> None:
    """The gap along gradient descent on 100 points, over 400 training sets."""
    loss, start, data = small_problem(400)
    derivatives_at = dense_derivatives(loss, data, 3, 4)
    given = compile_trajectory(trajectory(observable="generalization-gap", noise="dataset", order=2))
    coefficients = given(derivatives_at, start, RATE, steps=STEPS, history=True)
    first, second = coefficients[:, 1] / 100, coefficients[:, 1] / 100 + coefficients[:, 2] / 100**2
    arrays = jax.tree.map(jnp.asarray, data)

    def of_set(key: Any) -> Any:
        rows = jax.random.randint(key, (100,), 0, 400)
        train = jax.tree.map(lambda a: a[rows], arrays)

        def mean(theta: Any, examples: Any) -> Any:
            return jax.vmap(loss, (None, 0))(theta, examples).mean()

        def one(theta: Any, _: Any) -> Any:
            return theta - RATE * jax.grad(mean)(theta, train), mean(theta, arrays) - mean(theta, train)

        return jax.lax.scan(one, jnp.asarray(start), None, length=STEPS + 1)[1]

    keys = jax.random.split(jax.random.PRNGKey(0), 1000)
    gaps = np.asarray(jax.jit(lambda k: jax.lax.map(of_set, k, batch_size=100))(keys))
    error = gaps.std(axis=0) / np.sqrt(len(gaps))
    for t in (10, 30, 75, 150):
        seen = f"{gaps[:, t].mean():.3e} ± {error[t]:.1e}"
        print(f"step {t}: order 1/N {first[t]:.3e}, order 1/N² {second[t]:.3e}, measured {seen}")


def main(arguments: list[str]) -> None:
    """Run the benchmarks that are named, or all."""
    known: dict[str, Callable[[], None]] = {
        "kernel": kernel,
        "tanh": tanh,
        "adaptive": adaptive,
        "gap": gap,
        "variance": variance,
        "digits": digits,
    }
    for name in arguments or known:
        print(f"-- {name}")
        known[name]()


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    main(sys.argv[1:])
