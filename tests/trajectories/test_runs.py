"""Whole runs of a model, matrix-free: held to the dense recursion, in both frameworks."""

import itertools

import numpy as np
import pytest

from sgdsym.codegen import compile_trajectory
from sgdsym.trajectories import trajectory

jax = pytest.importorskip("jax")
jnp = jax.numpy

RNG = np.random.default_rng(3)
INPUTS, TARGETS = RNG.normal(size=(40, 2)), RNG.normal(size=40)
START = np.array([0.5, -0.3, 0.2])


def loss(theta, example):
    x, y = example
    return (theta[2] * jnp.tanh(theta[0] * x[0] + theta[1] * x[1]) - y) ** 2 / 2 + theta[2] ** 2 / 20


def dense(theta, highest=3):
    """The derivatives of all data points."""
    with jax.enable_x64(True):
        function, found = loss, []
        for _ in range(highest + 1):
            mapped = jax.vmap(function, (None, 0))(jnp.asarray(theta), (jnp.asarray(INPUTS), jnp.asarray(TARGETS)))
            found.append(np.asarray(mapped))
            function = jax.jacfwd(function)
        return found


def run(**options):
    from sgdsym.numeric.jax import trajectory as follow

    given = {"steps": 12, "runs": 60, "every": 4, "progress": False, **options}
    step = given.pop("step", 0.2)
    return follow(loss, START, (INPUTS, TARGETS), step, **given)


def test_plain_steps_give_what_the_recursion_gives():
    found = run(batch_size=4, runs=1000)
    expected = compile_trajectory(trajectory())(dense, START, 0.2, steps=12, history=True)[[0, 4, 8, 12]]
    np.testing.assert_allclose(found.loss, expected[:, 0], rtol=1e-10)
    assert list(found.steps) == [0, 4, 8, 12]
    assert (np.abs(found.effect - expected[:, 1])[1:] < 3 * found.effect_error[1:]).all()
    assert (found.effect_error[1:] < 0.1 * np.abs(expected[1:, 1])).all()
    value, error = found.at(32)
    np.testing.assert_allclose(value, found.loss + found.effect / 32)
    np.testing.assert_allclose(error, found.effect_error / 32)


def test_momentum_as_a_function_gives_what_its_registers_give():
    def heavy_ball(theta, memory, gradient):
        memory = 0.5 * memory + gradient
        return theta - 0.1 * memory, memory

    found = run(step=heavy_ball, state=np.zeros(3), batch_size=4, runs=1000)
    kernel = compile_trajectory(trajectory(momentum="mu"))
    expected = kernel(dense, START, 0.1, steps=12, history=True, mu=0.5)[[0, 4, 8, 12]]
    np.testing.assert_allclose(found.loss, expected[:, 0], rtol=1e-10)
    assert (np.abs(found.effect - expected[:, 1])[1:] < 3 * found.effect_error[1:]).all()


def test_a_dataset_gives_its_effect_and_its_gap():
    found = run(noise="dataset", dataset_size=40, runs=1000)
    effect = compile_trajectory(trajectory(noise="dataset"))(dense, START, 0.2, steps=12, history=True)[
        [0, 4, 8, 12], 1
    ]
    gap = compile_trajectory(trajectory(noise="dataset", observable="generalization-gap"))
    gaps = gap(dense, START, 0.2, steps=12, history=True)[[0, 4, 8, 12], 1]
    assert (np.abs(found.effect - effect)[1:] < 3.5 * found.effect_error[1:]).all()
    assert (np.abs(found.gap - gaps)[1:] < 3.5 * found.gap_error[1:]).all()


def test_a_seed_determines_a_run_whatever_the_slices():
    whole, again, cut = run(batch_size=4), run(batch_size=4), run(batch_size=4, chunk=13)
    np.testing.assert_array_equal(whole.effect, again.effect)
    np.testing.assert_allclose(cut.effect, whole.effect, rtol=1e-9)
    assert not np.array_equal(run(batch_size=4, seed=1).effect, whole.effect)


def test_a_run_that_was_ended_goes_on(tmp_path):
    file = tmp_path / "run.npz"

    def stop(done, _):
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(batch_size=4, checkpoint=file, progress=stop)
    seen = []
    resumed = run(batch_size=4, checkpoint=file, progress=lambda done, _: seen.append(done))
    assert seen == [9, 10, 11, 12]
    np.testing.assert_array_equal(resumed.effect, run(batch_size=4).effect)
    with pytest.raises(ValueError, match="is the checkpoint of a run with size 4, not 5; name another file"):
        run(batch_size=5, checkpoint=file)
    file.write_bytes(b"none")
    with pytest.raises(ValueError, match="no checkpoint of such a run"):
        run(batch_size=4, checkpoint=file)


def test_counters_of_transformations_feel_no_noise():
    optax = pytest.importorskip("optax")
    schedule = optax.cosine_decay_schedule(0.2, 12)
    found = run(step=optax.sgd(schedule), batch_size=4)
    rates = [float(schedule(t)) for t in range(12)]
    expected = compile_trajectory(trajectory(schedule="s"))(dense, START, 1.0, steps=12, schedule=rates)
    np.testing.assert_allclose(found.loss[-1], expected[0], rtol=1e-6)
    assert abs(found.effect[-1] - expected[1]) < 4 * found.effect_error[-1]


def test_adaptive_steps_feel_the_square_of_the_noise():
    """The mean of many runs of the real optimiser, at a batch so large that only order 1 is seen."""
    optax = pytest.importorskip("optax")
    step, size, steps = optax.adam(0.05, b1=0.8, b2=0.9, eps_root=1e-2), 400, 20
    found = run(step=step, batch_size=size, steps=steps, runs=400, every=20)
    with jax.enable_x64(True):
        data = jnp.asarray(INPUTS), jnp.asarray(TARGETS)
        each = jax.vmap(loss, (None, 0))

        def trained(key):
            def one(state, key):
                theta, memory = state
                rows = jax.random.randint(key, (size,), 0, 40)
                gradient = jax.grad(lambda p: each(p, (data[0][rows], data[1][rows])).mean())(theta)
                updates, memory = step.update(gradient, memory, theta)
                return (theta + updates, memory), None

            start = jnp.asarray(START), step.init(jnp.asarray(START))
            (theta, _), _ = jax.lax.scan(one, start, jax.random.split(key, steps))
            return each(theta, data).mean()

        losses = np.asarray(jax.lax.map(trained, jax.random.split(jax.random.PRNGKey(0), 4000), batch_size=500))
    value, error = found.at(size)
    measured, spread = losses.mean(), losses.std() / np.sqrt(len(losses))
    assert abs(measured - value[-1]) < 3 * np.hypot(error[-1], spread) + 0.05 * abs(value[-1] - found.loss[-1])
    assert abs(measured - found.loss[-1]) > 5 * spread


def test_where_it_stops_is_said():
    found = run(batch_size=4)
    limits = [found.trusted_until(size, 0.05) for size in (1, 4, 10**6)]
    assert limits[-1] is None
    assert all(a is not None or b is None for a, b in itertools.pairwise(limits))
    assert "effect of noise" in str(found)


def test_what_is_wrong_is_one_line():
    def sign(theta, memory, gradient):
        return theta - 0.05 * jnp.sign(gradient), memory

    cases = [
        ({"step": sign, "batch_size": 1, "steps": 40}, "the step is not smooth at step 0"),
        ({"step": 1e9, "batch_size": 4}, "the noise-free run diverges"),
        ({"batch_size": None}, "the noise of a batch needs batch_size"),
        ({"batch_size": 4, "order": 2}, "order must be an integer from 0 to 1"),
        ({"step": "adam", "batch_size": 4}, "step must be a learning rate, an optax transformation or a function"),
        ({"step": lambda theta, memory, gradient: theta, "batch_size": 4}, "fails in JAX"),
    ]
    for options, message in cases:
        with pytest.raises(ValueError, match=message) as caught:
            run(**options)
        assert len(str(caught.value)) <= 300
        assert "\n" not in str(caught.value)

    def rooted(theta, memory, gradient):
        return theta - 0.1 * jnp.sqrt(jnp.abs(gradient) * 0.0), memory

    with pytest.raises(ValueError, match="the derivative of the step is not finite at step 1"):
        run(step=rooted, batch_size=4)


def test_pytorch_gives_what_jax_gives():
    torch = pytest.importorskip("torch")
    from sgdsym.numeric.torch import trajectory as follow

    def torch_loss(theta, example):
        x, y = example
        return (theta[2] * torch.tanh(theta[0] * x[0] + theta[1] * x[1]) - y) ** 2 / 2 + theta[2] ** 2 / 20

    def heavy_ball(theta, memory, gradient):
        memory = 0.5 * memory + gradient
        return theta - 0.1 * memory, memory

    for given in ({"batch_size": 4}, {"noise": "dataset", "dataset_size": 40}):
        options = {"steps": 6, "runs": 5, "every": 3, "progress": False, "chunk": 17, **given}
        theirs = run(step=heavy_ball, state=np.zeros(3), **options)
        data = torch.tensor(INPUTS), torch.tensor(TARGETS)
        ours = follow(
            torch_loss, torch.tensor(START), data, heavy_ball, state=torch.zeros(3, dtype=torch.float64), **options
        )
        for name in ("loss", "effect", "effect_error", "drift", "gap", "doubt"):
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-8, atol=1e-12)
    with pytest.raises(ValueError, match="write the update as one"):
        follow(torch_loss, torch.tensor(START), data, torch.optim.SGD([torch.zeros(1)], 0.1), steps=1, batch_size=1)
