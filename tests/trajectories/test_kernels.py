"""Generated modules are held to the interpreter, and to what is known where tensors are constant."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from sgdsym import stationary_covariance
from sgdsym.codegen import compile_trajectory, generate_trajectory
from sgdsym.numeric import interpret_trajectory, polynomial_derivatives
from sgdsym.trajectories import trajectory
from tests.oracle.landscapes import random_landscape


def exact_derivatives(landscape, highest):
    return lambda theta: polynomial_derivatives(landscape.losses, [Fraction(x) for x in theta], highest)


def float_derivatives(landscape, highest):
    exact = exact_derivatives(landscape, highest)
    return lambda theta: [array.astype(float) for array in exact([Fraction(float(x)) for x in theta])]


CASES = [
    ({"order": 2}, {}),
    ({"order": 2, "observable": "covariance"}, {}),
    ({"order": 2, "observable": "displacement", "momentum": Fraction(1, 2)}, {}),
    ({"order": 2, "momentum": "mu", "nesterov": True, "weight_decay": "decay"}, {"mu": 0.5, "decay": 0.25}),
    ({"order": 1, "schedule": [1, Fraction(1, 2), 2, 1], "momentum": Fraction(1, 3)}, {}),
    ({"order": 1, "average": "uniform", "momentum": Fraction(1, 3)}, {}),
    ({"order": 1, "average": Fraction(1, 4), "observable": "covariance"}, {}),
    ({"order": 2, "delay": 1}, {}),
    ({"order": 1, "noise": "dataset"}, {}),
    ({"order": 2, "noise": "dataset", "observable": "generalization-gap"}, {}),
    ({"order": 2, "noise": "dataset", "momentum": Fraction(1, 2)}, {}),
    ({"order": 3}, {}),
    ({"order": 0}, {}),
]


@pytest.mark.parametrize(("options", "symbols"), CASES)
def test_modules_compute_what_the_interpreter_does(options, symbols):
    landscape, eta, steps = random_landscape(21, 2, points=3, degree=3), Fraction(1, 32), 3
    given = trajectory(**options)
    highest = 2 * given.order + 2
    numbers = {name: Fraction(value) for name, value in symbols.items()}
    exact = exact_derivatives(landscape, highest)
    expected = interpret_trajectory(
        given, exact, landscape.theta, eta, steps=steps, weights=landscape.probabilities, **numbers
    )
    arguments = {"steps": steps, "weights": [float(w) for w in landscape.probabilities], **symbols}
    start = [float(x) for x in landscape.theta]
    kernel = compile_trajectory(given)
    found = kernel(float_derivatives(landscape, highest), start, float(eta), **arguments)
    np.testing.assert_allclose(found, np.array(expected).astype(float), rtol=1e-11, atol=1e-14)
    along = kernel(float_derivatives(landscape, highest), start, float(eta), history=True, **arguments)
    assert along.shape == (steps + 1, *found.shape)
    before = kernel(float_derivatives(landscape, highest), start, float(eta), **{**arguments, "steps": 2})
    np.testing.assert_allclose(along[2], before, rtol=1e-12, atol=1e-15)


def test_a_function_is_read_along_the_run():
    landscape, other = random_landscape(21, 2, points=3, degree=3), random_landscape(5, 2, points=1)
    given, eta = trajectory(observable="function", order=2), Fraction(1, 32)
    exact = exact_derivatives(other, 4)
    expected = interpret_trajectory(
        given,
        exact_derivatives(landscape, 6),
        landscape.theta,
        eta,
        steps=2,
        root_derivatives_at=lambda theta: [tensor[0] for tensor in exact(theta)],
    )
    along = float_derivatives(other, 4)
    found = compile_trajectory(given)(
        float_derivatives(landscape, 6),
        [float(x) for x in landscape.theta],
        float(eta),
        steps=2,
        root_derivatives_at=lambda theta: [tensor[0] for tensor in along(theta)],
    )
    np.testing.assert_allclose(found, np.array(expected).astype(float), rtol=1e-11)


def test_rates_with_a_name_are_given_to_the_module():
    landscape, weights = random_landscape(21, 2, points=3, degree=3), [1 / 2, 1 / 4, 1]
    start, derivatives = [float(x) for x in landscape.theta], float_derivatives(landscape, 6)
    options = {"order": 2, "momentum": Fraction(1, 2), "average": "uniform"}
    listed = compile_trajectory(trajectory(schedule=[Fraction(w) for w in weights], **options))
    free = compile_trajectory(trajectory(schedule="lambda", **options))
    expected = listed(derivatives, start, 1 / 16, steps=3, history=True)
    found = free(derivatives, start, 1 / 16, steps=3, history=True, schedule=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    before = free(derivatives, start, 1 / 16, steps=2, schedule=weights[:2])
    np.testing.assert_allclose(before, expected[2], rtol=1e-12)
    with pytest.raises(ValueError, match="a rate for each step"):
        free(derivatives, start, 1 / 16, steps=2, schedule=weights)


@pytest.mark.parametrize("momentum", [0, Fraction(1, 2)])
def test_a_long_run_in_a_quadratic_bowl_has_the_stationary_covariance(momentum):
    rng = np.random.default_rng(0)
    hessian, noise = np.array([[2.0, 0.3], [0.3, 0.7]]), rng.normal(size=(50, 2))
    noise -= noise.mean(axis=0)

    def derivatives(theta):
        return {1: hessian @ theta + noise, 2: hessian, 3: np.zeros((2, 2, 2))}

    kernel = compile_trajectory(trajectory(observable="covariance", momentum=momentum))
    found = kernel(derivatives, [1.0, 2.0], 0.1, steps=1000)[1]
    law = stationary_covariance(hessian, noise.T @ noise / 50, 0.1, momentum=float(momentum))
    np.testing.assert_allclose(found, np.array(law, dtype=float), rtol=1e-10)


def test_what_is_wrong_is_said_with_its_step():
    kernel = compile_trajectory(trajectory(order=1))

    def steep(theta):
        powers = [1, 4, 12, 24]
        return [powers[k] * theta[0] ** (4 - k) * np.ones((2, *(1,) * k)) for k in range(4)]

    with pytest.raises(ValueError, match=r"diverges: a weight is beyond 1e\+100 after step \d+; take a smaller"):
        kernel(steep, [3.0], 1.0, steps=50)

    def broken(theta):
        return {k: array + (np.nan if theta[0] < 2.9 else 0) for k, array in enumerate(steep(theta))}

    with pytest.raises(ValueError, match=r"at step \d: derivatives_at\(theta\)\[0\] is nan"):
        kernel(broken, [3.0], 1e-3, steps=50)
    with pytest.raises(ValueError, match="optimiser has 2 updates, too few for 3 steps"):
        compile_trajectory(trajectory(schedule=[1, 1]))(steep, [3.0], 1e-3, steps=3)


def test_jax_modules_compute_what_those_of_numpy_do():
    jax = pytest.importorskip("jax")
    landscape = random_landscape(21, 2, points=3, degree=3)
    start, derivatives = [float(x) for x in landscape.theta], float_derivatives(landscape, 6)
    with jax.enable_x64(True):
        for options in ({"order": 2}, {"order": 1, "noise": "dataset", "momentum": Fraction(1, 2)}):
            given = trajectory(**options)
            expected = compile_trajectory(given)(derivatives, start, 1 / 16, steps=3, history=True)
            found = compile_trajectory(given, "jax")(derivatives, start, 1 / 16, steps=3, history=True)
            np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-11)


def test_a_module_stands_alone(tmp_path):
    module = tmp_path / "run.py"
    module.write_text(generate_trajectory(trajectory(order=2, momentum="mu")), encoding="utf-8")
    script = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); sys.modules['sgdsym'] = None; import run\n"
        "d = lambda t: {0: np.zeros(2), 1: np.array([t - 1, t + 1]), 2: np.ones((2, 1, 1)), 3: np.zeros((2, 1, 1, 1)), "
        "4: np.zeros((1,) * 4), 5: np.zeros((1,) * 5)}\n"
        "print(run.coefficients(d, [1.0], 0.1, steps=5, mu=0.5).shape, run.ORDER)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(3,) 2"
