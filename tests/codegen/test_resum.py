"""Modules of resummed series: digits, shapes, runs that they predict, and what they refuse."""

from itertools import permutations

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from sgdsym.codegen import compile_resummed, generate_resummed
from sgdsym.resummation import tensor_indices
from sgdsym.resummation.closed import closed_form
from sgdsym.sgd import at_minimum, expand, resum
from tests.codegen import reference


def symmetric(rng, n, p, degree):
    tensor = rng.normal(size=(n,) + (p,) * degree)
    return sum(tensor.transpose(0, *(1 + i for i in order)) for order in permutations(range(degree)))


def samples(rng, eigenvalues, highest, n=4):
    """Random derivatives whose mean Hessian is diagonal, exactly."""
    p = len(eigenvalues)
    tensors = [symmetric(rng, n, p, k) for k in range(highest + 1)]
    half = np.round(16 * symmetric(rng, 1, p, 2)[0]) / 16
    tensors[2] = np.diag(eigenvalues) + np.array([half, -half, 2 * half, -2 * half])
    return tensors


NASTY = [
    ([1.0], 2 - 1e-9, 10),
    ([1.0], 2 - 1e-6, 10**6),
    ([1.0], 1.999, 10**6 + 1),
    ([1.0], 1.0, 7),
    ([1.0, 1.0], 0.4, 10**6),
    ([1.0, 1.0 + 2**-40], 0.4, 37),
    ([0.0, 1.0], 1.5, 1000),
    ([0.0, 0.0], 0.1, 10**6),
    ([1e-9, 1.0], 1e-3, 10**6),
    ([-(2.0**-20), 0.5], 0.5, 10**5),
    ([1.0, 0.75], 1e-9, 3),
    ([1.0, 0.5], 1 / 1.5, 2),
]
SERIES = [
    ({"order": 3, "batch_size": 1}, {}),
    ({"order": 3, "dynamics": "gd"}, {"N": 7}),
    ({"order": 2, "dynamics": "gd", "observable": "generalization-gap"}, {"N": 3}),
    ({"order": 3, "observable": "displacement"}, {"B": 2}),
    ({"order": 2, "sampling": "replace", "observable": "train-loss"}, {"N": 5, "B": 2}),
]


@pytest.mark.parametrize(("setting", "sizes"), SERIES)
def test_nine_digits_at_any_number_of_steps(setting, sizes):
    """Against powers of bidiagonal matrices in 60 digits; equal, zero and negative eigenvalues, and 1 - eta h near -1."""
    series, rng = resum(**setting), np.random.default_rng(3)
    kernel = compile_resummed(series)
    for eigenvalues, rate, steps in NASTY:
        tensors = samples(rng, eigenvalues, setting["order"])
        with mp.workdps(60):
            exact = reference.value(series, tensors, eigenvalues, rate, steps, **sizes)
        found = kernel(tensors, rate, steps=steps, **sizes)
        pairs = zip(found, exact, strict=True) if np.ndim(found) else [(found, exact)]
        for value, wanted in pairs:
            assert abs(value - float(wanted)) <= 1e-9 * abs(float(wanted))


@pytest.mark.parametrize("form", ["continuous", "stationary"])
def test_other_forms_against_their_closed_forms(form):
    """Continuous time and the limits of both, in 40 digits; the tensors by their cumulants in one dimension."""
    rng = np.random.default_rng(5)
    tensors = [rng.normal(size=(3, *(1,) * k)) for k in range(4)]
    tensors[2] += 0.7 - tensors[2].mean()
    for dynamics in ("sgd", "sde", "gd"):
        series = resum(order=3, dynamics=dynamics, form=form, steps=None)
        sizes = {"N": 5} if dynamics == "gd" else {"B": 3}
        steps = {} if form == "stationary" else {"steps": 11}
        found = compile_resummed(series)(tensors, 0.3, **steps, **sizes)
        degrees = {key for diagram in series.diagrams() for key, _ in tensor_indices(diagram, range(diagram.order))} - {
            (2,)
        }
        with mp.workdps(40):
            exact = {}
            for key in degrees:
                factors = [[mp.mpf(float(x.ravel()[0])) for x in tensors[k]] for k in key]
                value = sp.Float(str(reference.cumulant([mp.mpf(1) / 3] * 3, factors)), 40)
                for _ in range(sum(key)):
                    value = [value]
                exact[key] = value
        numbers = series.subs(**sizes) if sizes.keys() <= set(series.symbols) else series
        mean = sp.Float(str(mp.fsum(mp.mpf(float(x.ravel()[0])) for x in tensors[2]) / 3), 40)
        wanted = closed_form(numbers, [mean], exact, learning_rate=sp.Float(0.3, 40), **steps)
        assert found == pytest.approx(float(wanted), rel=1e-9)


def test_the_frame_does_not_matter():
    """Tensors turned by a rotation give the same loss and a displacement turned with them."""
    rng = np.random.default_rng(7)
    tensors = samples(rng, [0.3, 0.9, 1.4], 3)
    frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = [
        tensors[0],
        tensors[1] @ frame.T,
        np.einsum("ia,jb,nab->nij", frame, frame, tensors[2]),
        np.einsum("ia,jb,kc,nabc->nijk", frame, frame, frame, tensors[3]),
    ]
    loss = compile_resummed(resum(order=3, batch_size=2))
    moved = compile_resummed(resum(order=3, batch_size=2, observable="displacement"))
    spread = compile_resummed(resum(order=3, batch_size=2, observable="covariance"))
    at = {"learning_rate": 0.5, "steps": 20}
    assert loss(turned, **at) == pytest.approx(loss(tensors, **at), rel=1e-10)
    assert moved(turned, **at) == pytest.approx(frame @ moved(tensors, **at), rel=1e-10)
    assert spread(turned, **at) == pytest.approx(frame @ spread(tensors, **at) @ frame.T, rel=1e-9)


def test_small_learning_rates_agree_with_the_plain_kernel():
    """Where eta h T is small the plain series to the same order is as good, to the next order."""
    tensors = samples(np.random.default_rng(8), [0.5, 1.0], 4)
    for observable in ("test-loss", "displacement", "loss-variance", "covariance", "function"):
        setting = {"order": 4, "observable": observable, "batch_size": 2}
        more = {"root_derivatives": [t.mean(0) for t in tensors]} if observable == "function" else {}
        resummed, plain = compile_resummed(resum(**setting)), expand(**setting).kernel()
        for rate in (1e-3, 5e-4):
            difference = resummed(tensors, rate, steps=3, **more) - plain(tensors, rate, T=3, **more)
            assert np.abs(difference).max() < 2e5 * rate**5


def test_steps_and_learning_rates_are_broadcast():
    tensors = samples(np.random.default_rng(9), [0.5, 1.0, 1.7], 3)
    rates, steps = np.array([0.1, 0.7, 1.1]), np.array([0, 1, 10, 10**6])
    for observable, shape in (("test-loss", ()), ("displacement", (3,)), ("covariance", (3, 3))):
        kernel = compile_resummed(resum(order=3, batch_size=1, observable=observable))
        table = kernel(tensors, rates[:, None], steps=steps)
        assert table.shape == (3, 4, *shape)
        for i, rate in enumerate(rates):
            for j, count in enumerate(steps):
                assert kernel(tensors, rate, steps=int(count)) == pytest.approx(table[i, j], rel=1e-12)
    assert compile_resummed(resum(order=3, batch_size=1, observable="displacement"))(
        tensors, 0.1, steps=0
    ) == pytest.approx(0)


def curvature_noise(hessian, noise, jerk, rate, steps):
    """Mean displacement to first order in J: m <- K m - eta/2 J:S with S <- K S K + eta^2 C."""
    propagator = np.eye(len(hessian)) - rate * hessian
    mean, spread = np.zeros(len(hessian)), np.zeros_like(hessian)
    for _ in range(steps):
        mean = propagator @ mean - rate / 2 * np.einsum("iab,ab->i", jerk, spread)
        spread = propagator @ spread @ propagator + rate**2 * noise
    return mean


@pytest.mark.parametrize("eigenvalues", [None, [1.2, 1.2, 0.3], [0.8, 0.0, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
def test_curvature_noise_displacement_is_the_linear_recursion(eigenvalues):
    rng = np.random.default_rng(11)
    frame = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    hessian = frame @ np.diag(rng.uniform(0.1, 1.5, 3) if eigenvalues is None else eigenvalues) @ frame.T
    hessian = (hessian + hessian.T) / 2
    slopes = rng.normal(size=(3, 3))
    slopes = np.concatenate([slopes, -slopes])
    jerk = symmetric(rng, 1, 3, 3)[0]
    kernel = compile_resummed(at_minimum(resum(order=3, observable="displacement", batch_size=1)))
    steps = np.arange(1, 51)
    found = kernel([np.zeros(6), slopes, hessian, jerk], 0.6, steps=steps)
    noise = slopes.T @ slopes / 6
    for count, moved in zip(steps, found, strict=True):
        expected = curvature_noise(hessian, noise, jerk, 0.6, count)
        assert np.abs(moved - expected).max() <= 1e-12 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize(("rate", "steps"), [(0.01, 1000), (0.03, 1000)])
def test_runs_on_the_helix_drift_as_predicted(rate, steps):
    """4000 runs on Archimedes' helix, where a theory of the SDE predicts no drift at all."""
    rng, runs = np.random.default_rng(1), 4000
    u, v, z = np.zeros((3, runs))
    for _ in range(steps):
        x, along, across = rng.normal(size=runs), np.cos(z), np.sin(z)
        first, second = np.cos(z - np.pi / 4), np.sin(z - np.pi / 4)
        w = u * along + v * across
        slope_u, slope_v = u + w * along + x * first, v + w * across + x * second
        slope_z = w * (v * along - u * across) + x * (v * first - u * second)
        u, v, z = u - rate * slope_u, v - rate * slope_v, z - rate * slope_z
    jerk = np.zeros((3, 3, 3))
    for place in set(permutations((0, 1, 2))):
        jerk[place] = 1.0
    slopes = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]]) / 2**0.5
    kernel = compile_resummed(at_minimum(resum(order=3, observable="displacement", batch_size=1)))
    predicted = kernel([np.zeros(2), slopes, np.diag([2.0, 1.0, 0.0]), jerk], rate, steps=steps)
    error = z.std(ddof=1) / runs**0.5
    assert predicted[2] > 100 * error
    assert abs(z.mean() - predicted[2]) < 3 * error


def test_stationary_covariance_solves_the_lyapunov_equation():
    """S = K S K + eta^2 C / B."""
    rng = np.random.default_rng(13)
    tensors = samples(rng, [0.4, 1.1, 1.9], 2)
    tensors[1] -= tensors[1].mean(0)
    series = at_minimum(resum(order=2, observable="covariance", form="stationary", batch_size=4))
    spread = compile_resummed(series)(tensors, 0.8)
    propagator = np.eye(3) - 0.8 * tensors[2].mean(0)
    noise = 0.8**2 * np.cov(tensors[1].T, bias=True) / 4
    assert spread == pytest.approx(propagator @ spread @ propagator + noise, rel=1e-12)


@pytest.mark.parametrize(
    ("hessian", "rate", "complaint"),
    [
        ([2.0, 0.0], 0.5, "eigenvalue 0, a flat direction"),
        ([2.0, -0.25], 0.5, "eigenvalue -0.25, the point is not a minimum"),
        ([2.0, 0.5], 1.25, "learning rate 1.25 times the Hessian's eigenvalue 2 is 2.5, not below 2"),
        ([2.0, 0.5], 1.0, "is 2, not below 2"),
        ([2.0, 0.5], 0.0, "learning rate 0 is not positive"),
    ],
)
def test_limits_that_do_not_exist_name_the_eigenvalue(hessian, rate, complaint):
    kernel = compile_resummed(at_minimum(resum(order=2, form="stationary", batch_size=1)))
    with pytest.raises(ValueError, match=complaint):
        kernel([np.zeros(2), np.array([[1.0, 1.0], [-1.0, -1.0]]), np.diag(hessian)], rate)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"steps": -1}, "steps must be integers from 0"),
        ({"steps": 1.5}, "steps must be integers from 0"),
        ({"steps": np.nan}, "steps is nan"),
        ({"steps": 2, "N": 3}, "unknown symbol N"),
        ({"steps": 2, "learning_rate": np.inf}, "learning_rate is inf"),
        ({"steps": 10**6, "learning_rate": 9.0}, "eigenvalue 1; take fewer steps"),
        ({"steps": 2, "weights": [1.0]}, "weights must have shape"),
    ],
)
def test_bad_input_gets_one_line(arguments, complaint):
    kernel = compile_resummed(resum(order=2, batch_size=1))
    tensors = [np.zeros(2), np.array([[1.0], [3.0]]), np.array([[1.0]])]
    with pytest.raises(ValueError, match=complaint):
        kernel(tensors, **{"learning_rate": 0.1, **arguments})


def test_missing_tensors_and_symbols_are_named():
    kernel = compile_resummed(resum(order=2))
    tensors = [np.zeros(2), np.array([[1.0], [3.0]])]
    with pytest.raises(ValueError, match=r"derivatives\[2\] is missing"):
        kernel(tensors, 0.1, steps=3, B=1)
    with pytest.raises(ValueError, match="symbol B is missing"):
        kernel([*tensors, np.array([[1.0]])], 0.1, steps=3)
    with pytest.raises(ValueError, match="not symmetric"):
        kernel([np.zeros(2), np.ones((2, 2)), np.array([[1.0, 2.0], [0.0, 1.0]])], 0.1, steps=3, B=1)


def test_tensors_that_do_not_fit_are_refused():
    module = {}
    exec(generate_resummed(resum(order=3, batch_size=1)), module)  # noqa: S102
    module["LARGEST"] = 1000
    with pytest.raises(ValueError, match=r"3 eigen-indices, a tensor of 1.7e\+03 bytes with p = 6"):
        module["evaluate"]([np.zeros((1, *(6,) * degree)) for degree in range(4)], 0.1, steps=3)


def test_a_symbol_named_like_an_argument_is_refused():
    with pytest.raises(ValueError, match="weights cannot be an argument"):
        generate_resummed(resum(order=2, batch_size="weights"))


def test_one_epoch_depends_on_the_steps_twice():
    """One pass through N = T B points: the 1/N of the gap follows the steps."""
    kernel = compile_resummed(
        resum(order=2, observable="generalization-gap", sampling="reshuffle", epochs=1, batch_size=2)
    )
    tensors = samples(np.random.default_rng(17), [0.5, 1.0], 3)
    table = kernel(tensors, 0.3, steps=[1, 5])
    for steps, value in zip([1, 5], table, strict=True):
        series = resum(
            order=2, observable="generalization-gap", sampling="fixed", epochs=1, batch_size=2, dataset_size=2 * steps
        )
        assert compile_resummed(series)(tensors, 0.3) == pytest.approx(value, rel=1e-12)
