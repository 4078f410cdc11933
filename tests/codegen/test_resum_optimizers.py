"""Modules of resummed optimisers: digits at every momentum, wherever rates meet, and runs whose updates differ."""

from fractions import Fraction
from itertools import product

import mpmath as mp
import numpy as np
import pytest

from sgdsym import Coefficient, LinearOptimizer
from sgdsym.codegen import compile_resummed
from sgdsym.sgd import Request, at_minimum, expand, resum, resum_request
from tests.codegen import reference
from tests.codegen.test_resum import samples, symmetric

HALF = Fraction(1, 2)
ONSET = float((1 - HALF**0.5) ** 2)


@pytest.mark.parametrize(
    "rule", [{}, {"nesterov": True}, {"average": Fraction(1, 4)}, {"average": "uniform"}, {"delay": 2}], ids=str
)
@pytest.mark.parametrize(
    ("eigenvalues", "steps"),
    [
        ([ONSET], 7),
        ([ONSET * (1 + 1e-9)], 40),
        ([ONSET * (1 + 1e-4)], 10**4),
        ([0.0], 1000),
        ([1e-7], 10**5),
        ([0.7], 3),
        ([-1e-3], 50),
        ([ONSET, ONSET], 1000),
    ],
    ids=str,
)
def test_nine_digits_wherever_rates_meet(rule, eigenvalues, steps):
    """Below, at and above the onset of oscillation, and along flat directions, in 120 digits."""
    series = resum(order=2, batch_size=1, momentum=HALF, **rule)
    tensors = samples(np.random.default_rng(3), eigenvalues, 2)
    with mp.workdps(120):
        exact = reference.value(
            series, tensors, eigenvalues, 1.0, steps, **({"T": steps} if "T" in series.law.symbols else {})
        )
    found = compile_resummed(series)(tensors, 1.0, steps=steps)
    assert abs(found - float(exact[0] if isinstance(exact, list) else exact)) <= 1e-9 * abs(float(exact))


@pytest.mark.parametrize("observable", ["test-loss", "displacement"])
def test_order_three_at_the_onset(observable):
    series = resum(order=3, batch_size=1, momentum=HALF, observable=observable)
    tensors = samples(np.random.default_rng(4), [ONSET, 0.9], 3)
    with mp.workdps(120):
        exact = reference.value(series, tensors, [ONSET, 0.9], 1.0, 25)
    found = compile_resummed(series)(tensors, 1.0, steps=25)
    assert found == pytest.approx(np.array(exact, dtype=float), rel=1e-9)


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize("momentum", [0, HALF])
def test_epochs_in_many_digits(sampling, momentum):
    series = resum(order=2, sampling=sampling, momentum=momentum)
    sizes = {"N": 6, "B": 2}
    for eigenvalues, steps in (([ONSET], 30), ([1.3, 0.0], 3 * 10**5), ([1.0], 3)):
        tensors = samples(np.random.default_rng(5), eigenvalues, 2)
        with mp.workdps(120):
            exact = reference.value(series, tensors, eigenvalues, 1.0, steps, **sizes)
        assert compile_resummed(series)(tensors, 1.0, steps=steps, **sizes) == pytest.approx(float(exact), rel=1e-9)
    with pytest.raises(ValueError, match="epochs must be an integer"):
        compile_resummed(series)(tensors, 1.0, steps=4, **sizes)


def stationary_residual(hessian, noise, spread, mu):
    """What is left of the equation of the stationary covariance of heavy ball, learning rate 1 (Liu, Ziyin and Ueda, theorem 2)."""
    drift = (1 - mu) * (hessian @ spread + spread @ hessian)
    bent = mu / (1 - mu**2) * (hessian @ hessian @ spread + spread @ hessian @ hessian)
    return drift - (1 + mu**2) / (1 - mu**2) * hessian @ spread @ hessian + bent - noise


@pytest.mark.parametrize("mu", [0.0, 0.01, 0.5, 0.9])
@pytest.mark.parametrize("place", [0.5, 1.0, 1.0 + 1e-12, 1.5])
def test_stationary_covariance_of_heavy_ball(mu, place):
    """Random Hessian and noise that do not commute, one eigenvalue below, at or above the onset."""
    rng = np.random.default_rng(13)
    frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    hessian = frame @ np.diag([place * (1 - mu**0.5) ** 2, 0.3, 1.4]) @ frame.T
    hessian = (hessian + hessian.T) / 2
    slopes = rng.normal(size=(6, 3))
    slopes -= slopes.mean(0)
    noise = slopes.T @ slopes / 6
    assert np.abs(hessian @ noise - noise @ hessian).max() > 0.1
    series = at_minimum(resum(order=2, observable="covariance", form="stationary", batch_size=1, momentum="mu"))
    spread = compile_resummed(series)([np.zeros(6), slopes, hessian], 1.0, mu=mu)
    assert np.abs(stationary_residual(hessian, noise, spread, mu)).max() < 1e-11 * np.abs(spread).max()


@pytest.mark.parametrize(
    "rule", [{"momentum": HALF, "nesterov": True}, {"momentum": HALF, "average": HALF}, {"delay": 1}], ids=str
)
def test_stationary_covariance_of_registers(rule):
    """Any rule: the covariance of the registers solves its own fixed point."""
    rng = np.random.default_rng(14)
    tensors = samples(rng, [0.2, 0.5], 2)
    tensors[1] -= tensors[1].mean(0)
    hessian, noise = tensors[2].mean(0), np.cov(tensors[1].T, bias=True)
    optimizer = Request(order=2, batch_size=1, **rule).update_rule
    matrix, gain, point, read = (
        np.array([[float(x.as_fraction()) for x in row] for row in rows])
        for rows in (optimizer.A[0], [optimizer.b[0]], [optimizer.c[0]], [optimizer.read])
    )
    moved = np.kron(matrix, np.eye(2)) - np.kron(gain.T @ point, 0.8 * hessian)
    spread = np.zeros_like(moved)
    for _ in range(2000):
        spread = moved @ spread @ moved.T + 0.64 * np.kron(gain.T @ gain, noise)
    wanted = np.kron(read, np.eye(2)) @ spread @ np.kron(read, np.eye(2)).T
    series = at_minimum(resum(order=2, observable="covariance", form="stationary", batch_size=1, **rule))
    assert compile_resummed(series)(tensors, 0.8) == pytest.approx(wanted, rel=1e-10)


def test_reshuffled_epochs_settle():
    """The limit of many epochs is where long runs are."""
    setting = {"order": 2, "sampling": "reshuffle", "batch_size": 1, "dataset_size": 4, "momentum": HALF}
    tensors = samples(np.random.default_rng(15), [0.2, 0.5], 2)
    late = compile_resummed(resum(**setting))(tensors, 0.8, steps=4 * 10**3)
    assert compile_resummed(resum(form="stationary", **setting))(tensors, 0.8) == pytest.approx(late, rel=1e-12)


@pytest.mark.parametrize(
    ("rule", "bound"),
    [
        ({"momentum": "mu"}, r"it must be below 3 = 2\*mu \+ 2"),
        ({"momentum": HALF}, "it must be below 3"),
        ({"momentum": "mu", "nesterov": True}, r"it must be below 1.5 = \(2\*mu \+ 2\)/\(2\*mu \+ 1\)"),
        ({"delay": 1}, "it must be below 1"),
    ],
)
def test_what_is_unstable_says_the_bound(rule, bound):
    kernel = compile_resummed(at_minimum(resum(order=2, form="stationary", batch_size=1, **rule)))
    tensors = [np.zeros(2), np.array([[1.0], [-1.0]]), np.array([[6.4]])]
    symbols = {"mu": HALF} if "mu" in rule.values() else {}
    with pytest.raises(
        ValueError, match=rf"learning rate 0.5 times the Hessian's eigenvalue 6.4 is 3.2, unstable: {bound}$"
    ):
        kernel(tensors, 0.5, **symbols)
    with pytest.raises(ValueError, match="a flat direction"):
        kernel([*tensors[:2], np.array([[0.0]])], 0.5, **symbols)


def moments(optimizer, tensors, rate):
    """Mean and covariance of the weights of a quadratic loss with additive noise, update by update."""
    hessian, slope = tensors[2].mean(0), tensors[1].mean(0)
    noise, p = np.cov(tensors[1].T, bias=True), len(tensors[2][0])
    mean = spread = 0.0
    for t in range(optimizer.updates):
        update = optimizer.update(t)
        matrix, gain, point = (
            np.array([[float(x.as_fraction()) for x in row] for row in rows])
            for rows in (update.matrix, [update.gain], [update.point])
        )
        moved = np.kron(matrix, np.eye(p)) - rate * np.kron(gain.T @ point, hessian)
        mean = moved @ (mean + np.zeros(len(moved))) - rate * np.kron(gain[0], slope)
        spread = moved @ (spread + np.zeros_like(moved)) @ moved.T + rate**2 * np.kron(gain.T @ gain, noise)
    read = np.kron([[float(x.as_fraction()) for x in optimizer.read]], np.eye(p))
    return read @ mean, read @ spread @ read.T


RATES = [1, HALF, 2, Fraction(1, 4), 1, 1]
LISTED = [Coefficient(rate) for rate in RATES]
FREE = LinearOptimizer.schedule_free(Fraction(9, 10), 6)


@pytest.mark.parametrize(
    ("rule", "optimizer"),
    [
        ({"schedule": RATES}, LinearOptimizer.sgd().scheduled(LISTED)),
        (
            {"schedule": RATES, "momentum": HALF, "nesterov": True},
            LinearOptimizer.nesterov(HALF).scheduled(LISTED),
        ),
        (
            {"schedule": RATES, "momentum": HALF, "delay": 1, "average": "uniform"},
            LinearOptimizer.heavy_ball(HALF).scheduled(LISTED).delayed(1).summed(Coefficient(6)),
        ),
        ({"optimizer": FREE}, FREE),
    ],
    ids=str,
)
def test_updates_that_differ_are_followed(rule, optimizer):
    tensors = samples(np.random.default_rng(16), [0.9, 0.1], 2)
    tensors[2] = np.broadcast_to(tensors[2].mean(0), tensors[2].shape)
    request = Request(order=2, batch_size=1, **rule)
    mean, spread = moments(optimizer, tensors, 0.6)
    hessian, slope = tensors[2].mean(0), tensors[1].mean(0)
    wanted = tensors[0].mean() + slope @ mean + (mean @ hessian @ mean + np.trace(hessian @ spread)) / 2
    kernel = compile_resummed(resum_request(request))
    assert kernel(tensors, [0.6, 0.6])[1] == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(ValueError, match="there are 6 updates, so steps must be 6, not 5"):
        kernel(tensors, 0.6, steps=5)


@pytest.mark.parametrize(
    "setting",
    [
        {
            "sampling": "reshuffle",
            "epochs": 2,
            "dataset_size": 4,
            "batch_size": 2,
            "momentum": HALF,
            "schedule": [1, 2, HALF, 1],
        },
        {"sampling": "reshuffle", "epochs": 2, "dataset_size": 4, "batch_size": 2, "delay": 1},
        {"sampling": "reshuffle", "epochs": 2, "dataset_size": 4, "batch_size": 2, "momentum": HALF},
        {"sampling": "fixed", "epochs": 2, "dataset_size": 4, "batch_size": 2, "momentum": HALF},
        {"sampling": "replace", "steps": 4, "dataset_size": 4, "batch_size": 2, "momentum": HALF},
        {"dynamics": "gd", "steps": 4, "dataset_size": 4, "momentum": HALF},
    ],
    ids=str,
)
@pytest.mark.parametrize("observable", ["generalization-gap", "displacement"])
def test_small_learning_rates_agree_with_the_plain_kernel(setting, observable):
    rng = np.random.default_rng(17)
    tensors = [symmetric(rng, 4, 2, k) for k in range(4)]
    setting = {"order": 2, "observable": observable, **setting}
    resummed, plain = compile_resummed(resum(**setting)), expand(**setting).kernel()
    far, near = (np.abs(resummed(tensors, rate) - plain(tensors, rate)).max() for rate in (2e-3, 1e-3))
    assert far < 1e-3
    assert far < 1e-15 or 7.5 < far / near < 8.5


def test_tables_and_values_are_the_same():
    tensors = samples(np.random.default_rng(9), [ONSET, 1.0], 2)
    kernel = compile_resummed(resum(order=2, batch_size=1, momentum="mu", average="uniform"))
    rates, steps = np.array([0.5, 1.0]), np.array([1, 10, 10**6])
    table = kernel(tensors, rates[:, None], steps=steps, mu=HALF)
    for (i, rate), (j, count) in product(enumerate(rates), enumerate(steps)):
        assert kernel(tensors, rate, steps=int(count), mu=HALF) == pytest.approx(table[i, j], rel=1e-11)
