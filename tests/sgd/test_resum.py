"""The resummed series: expanded it is the plain one, and where two edges are exact it is what runs do, exactly."""

import json
import pickle
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import pytest
import sympy as sp

from sgdsym import interpret
from sgdsym.numeric import polynomial_derivatives
from sgdsym.resummation.closed import ETA, closed_form
from sgdsym.resummation.exchange import read_resummed
from sgdsym.sgd import (
    additive_noise,
    at_minimum,
    deterministic,
    expand,
    gaussian_noise,
    quadratic_loss,
    resum,
)

T, N, H, S = sp.symbols("T N H S")
FINITE = ("test-loss", "train-loss", "generalization-gap", "displacement")


@pytest.mark.parametrize(
    ("order", "setting"),
    [(4, {"observable": name}) for name in ("test-loss", "displacement", "function", "covariance", "loss-variance")]
    + [(4, {"observable": name, "dynamics": "gd"}) for name in FINITE]
    + [(3, {"observable": name, "sampling": "replace"}) for name in FINITE]
    + [(3, {"observable": name, "dynamics": "gd"}) for name in ("function", "covariance", "loss-variance")]
    + [(3, {"observable": name, "dynamics": d}) for name in ("test-loss", "covariance") for d in ("ode", "sde")],
)
def test_expanded_it_is_the_plain_series(order, setting):
    resummed = resum(order=order, **setting)
    plain = expand(order=order, **setting)
    assert resummed.expand() == plain
    assert resummed.truncate(2).expand() == resummed.expand(2) == plain.truncate(2)


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize("observable", FINITE)
def test_one_epoch_is_one_pass(sampling, observable):
    resummed = resum(observable=observable, sampling=sampling, epochs=1, order=3).expand()
    plain = expand(observable=observable, sampling=sampling, epochs=1, order=3)
    values = {"T": 4, "B": 3}
    given = resummed.subs(**{name: number for name, number in values.items() if name in resummed.symbols})
    assert given == plain.subs(N=12, B=3)
    numbers = {"dataset_size": 6, "sampling": sampling, "epochs": 1, "observable": observable}
    halves = resum(order=2, **numbers).expand()
    assert halves.subs(T=3) == expand(order=2, **numbers).subs(B=2)


@pytest.mark.parametrize("observable", ["test-loss", "displacement", "function"])
def test_replacement_in_continuous_time_is_the_mean_over_training_sets(observable):
    """Given its training set, drawing with replacement is drawing fresh points of it, at every time on its own."""
    losses = [
        {(1,): Fraction(1), (2,): Fraction(1, 2), (3,): Fraction(1)},
        {(1,): Fraction(-2), (2,): Fraction(3), (4,): Fraction(1)},
    ]
    chances, N = (Fraction(1, 3), Fraction(2, 3)), 2
    tensors = polynomial_derivatives(losses, (Fraction(1, 2),), 3)
    roots = {k: tensors[k][0] for k in range(4)} if observable == "function" else None
    setting = {"observable": observable, "order": 3, "form": "continuous"}
    replaced = resum(sampling="replace", **setting).expand().subs(N=N, B=3, T=5)
    fresh = resum(**setting).expand().subs(B=3, T=5)
    if observable == "test-loss":
        # the loss that is read is that of the population, whatever the training set
        roots = {k: sum(p * tensors[k][n] for n, p in enumerate(chances)) for k in range(4)}
        fresh = resum(**setting | {"observable": "function"}).expand().subs(B=3, T=5)
    total = None
    for points in product(range(2), repeat=N):
        weights = [Fraction(points.count(n), N) for n in range(2)]
        values = np.array(interpret(fresh, tensors, weights=weights, root_derivatives=roots), dtype=object)
        share = prod(chances[n] for n in points) * values
        total = share if total is None else total + share
    own = {"root_derivatives": roots} if observable == "function" else {}
    expected = np.array(interpret(replaced, tensors, weights=chances, **own), dtype=object)
    assert (total == expected).all()


def test_a_noiseless_loss_has_no_batches_in_continuous_time():
    flow = {"order": 3, "form": "continuous"}
    assert deterministic(resum(sampling="replace", **flow)).terms == resum(dynamics="ode", order=3).terms
    # one data point with slope and curvature 1: the weights of all runs are the same
    assert not deterministic(resum(sampling="replace", observable="covariance", **flow)).expand().terms


def test_substitutions_and_resummation_commute():
    for substitution in (at_minimum, deterministic, gaussian_noise, additive_noise, quadratic_loss):
        for setting in ({"order": 4}, {"order": 3, "observable": "generalization-gap", "dynamics": "gd"}):
            assert substitution(resum(**setting)).expand() == substitution(expand(**setting))


def test_links_are_summed():
    """Of the diagrams of a quadratic minimum with additive noise only those of two edges are left."""
    exact = additive_noise(quadratic_loss(at_minimum(resum(order=4, dynamics="gd"))))
    assert {diagram.order for diagram in exact.diagrams()} == {0, 2}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"batch_size": 1}, ETA * S**2 / 2 * (1 - (1 - ETA * H) ** (2 * T)) / (2 - ETA * H)),
        ({"dynamics": "gd"}, S**2 / (2 * N * H) * (1 - (1 - ETA * H) ** T) ** 2),
        ({"dynamics": "gd", "observable": "generalization-gap"}, S**2 / (N * H) * (1 - (1 - ETA * H) ** T)),
    ],
)
def test_mean_estimation_exactly_at_every_time(setting, expected):
    """l_x = H theta^2/2 + x S theta from its minimum, x of mean 0 and variance 1; by induction over the steps."""
    value = closed_form(resum(order=2, **setting), [H], {(1, 1): [[S**2]]})
    assert sp.simplify(sp.expand(value - expected)) == 0


def rotation(a, b, c):
    """A rational rotation, by Cayley's formula."""
    skew = sp.Matrix([[0, a, b], [-a, 0, c], [-b, -c, 0]])
    return (sp.eye(3) - skew).inv() * (sp.eye(3) + skew)


@pytest.mark.parametrize("steps", [0, 1, 2, 7])
@pytest.mark.parametrize("dynamics", ["sgd", "gd"])
def test_quadratic_mean_loss_with_additive_noise_exactly(steps, dynamics):
    """Random H and C that do not commute, from a point that is no minimum: the moments by their linear recursion."""
    eigenvalues = [sp.Rational(1, 2), sp.Rational(-1, 3), sp.Rational(5, 4)]
    frame = rotation(sp.Rational(1, 2), sp.Rational(2, 3), sp.Rational(-1, 5))
    root = sp.Matrix([[1, 2, 0], [-1, 1, 1], [0, 3, 1]]) / 3
    covariance, slope, rate, points = root * root.T, sp.Matrix([1, -2, 3]) / 4, sp.Rational(2, 5), 3
    hessian = frame * sp.diag(*eigenvalues) * frame.T
    assert hessian * covariance != covariance * hessian
    propagator = sp.eye(3) - rate * hessian
    mean, spread, force = sp.zeros(3, 1), sp.zeros(3), sp.zeros(3)
    for _ in range(steps):
        mean = propagator * mean - rate * slope
        if dynamics == "sgd":
            spread = propagator * spread * propagator + rate**2 * covariance
        else:
            # the noise is the same in every step: theta = mean + force * noise, noise of covariance C / N
            force = propagator * force - rate * sp.eye(3)
            spread = force * covariance * force.T / points
    expected = (slope.T * mean)[0] + (mean.T * hessian * mean)[0] / 2 + (hessian * spread).trace() / 2
    tensors = {(0,): 0, (1,): list(frame.T * slope), (1, 1): (frame.T * covariance * frame).tolist()}
    sizes = {"batch_size": 1} if dynamics == "sgd" else {"dataset_size": points}
    series = resum(order=2, dynamics=dynamics, **sizes)
    assert closed_form(series, eigenvalues, tensors, learning_rate=rate, steps=steps) == expected


def test_helix_drifts_along_its_axis():
    """Archimedes' helix: l_x = (u^2+v^2+(u cos z + v sin z)^2)/2 + x (u cos(z-pi/4) + v sin(z-pi/4)), from the origin."""
    theta = u, v, z = sp.symbols("u v z")
    mean = (u**2 + v**2 + (u * sp.cos(z) + v * sp.sin(z)) ** 2) / 2
    noise = u * sp.cos(z - sp.pi / 4) + v * sp.sin(z - sp.pi / 4)
    origin = dict.fromkeys(theta, 0)
    hessian = sp.hessian(mean, theta).subs(origin)
    assert hessian == sp.diag(2, 1, 0)
    jerk = [[[mean.diff(a, b, c).subs(origin) for c in theta] for b in theta] for a in theta]
    slope = sp.Matrix([noise.diff(a).subs(origin) for a in theta])
    tensors = {(1, 1): (slope * slope.T).tolist(), (3,): jerk}
    series = resum(order=3, observable="displacement", batch_size=1)
    moved = closed_form(series, [2, 1, 0], tensors)
    q, late = (1 - 2 * ETA) * (1 - ETA), (1 - 2 * ETA) ** T * (1 - ETA) ** T
    assert moved[0] == moved[1] == 0
    assert sp.simplify(moved[2] - ETA**3 / 2 / (1 - q) * (T - (1 - late) / (1 - q))) == 0


def test_flat_directions_and_equal_eigenvalues_are_limits():
    """Where eigenvalues are zero or equal the closed form is that of eigenvalues nearby, to first order in the distance."""
    series = resum(order=3, observable="displacement", batch_size=1)
    near = sp.Rational(1, 10**9)
    tensors = {
        (1,): [1, 2, -1],
        (1, 1): [[2, 1, 0], [1, 3, 1], [0, 1, 1]],
        (3,): [[[i + j + k - i * j * k for i in range(3)] for j in range(3)] for k in range(3)],
        (1, 2): [[[i - j - k for i in range(3)] for j in range(3)] for k in range(3)],
    }
    confluent = closed_form(series, [1, 1, 0], tensors, learning_rate=sp.Rational(1, 3), steps=6)
    apart = closed_form(series, [1, 1 + near, near**2], tensors, learning_rate=sp.Rational(1, 3), steps=6)
    for exact, close in zip(confluent, apart, strict=True):
        assert abs(exact - close) < 10**3 * near
    symbolic = closed_form(series, [1, 1, 0], tensors, learning_rate=sp.Rational(1, 3))
    assert [sp.nsimplify(value.subs(T, 6)) for value in symbolic] == list(confluent)


@pytest.mark.parametrize("setting", [{"batch_size": 1}, {"form": "continuous", "batch_size": 1}, {"dynamics": "ode"}])
def test_stationary_form_is_the_limit_of_many_steps(setting):
    exact = resum(order=3, observable="displacement", **setting)
    tensors = {(1,): [1], (1, 1): [[2]], (3,): [[[5]]], (1, 2): [[[1]]]}
    rate = sp.Rational(3, 2)
    late = closed_form(exact, [sp.Rational(1, 2)], tensors, learning_rate=rate, steps=200)[0]
    limit = closed_form(exact.at_infinity(), [sp.Rational(1, 2)], tensors, learning_rate=rate)[0]
    assert 0 < abs(sp.N(late.doit() - limit, 80)) < sp.Rational(1, 10**50)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"form": "steady"}, "form must be one of discrete, continuous, stationary"),
        ({"form": "discrete", "dynamics": "sde"}, "SDE runs in continuous time"),
        ({"sampling": "reshuffle", "form": "continuous"}, "epochs have no continuous form"),
        ({"sampling": "fixed", "epochs": 2, "form": "stationary"}, "2 epochs with sampling fixed is a finite run"),
        ({"sampling": "replace", "epochs": 2}, "give steps instead of epochs"),
        ({"form": "stationary", "steps": 3}, "leave the steps out"),
        ({"observable": "speed"}, "observable must be one of"),
    ],
)
def test_requests_without_a_resummed_series_are_refused(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        resum(**wrong)


def test_one_epoch_has_no_limit_of_many_steps():
    with pytest.raises(ValueError, match="one epoch with sampling reshuffle is a finite run"):
        resum(sampling="reshuffle", epochs=1, form="stationary", order=1)


def test_values_compare_pickle_and_travel_as_json():
    series = resum(order=3, sampling="replace", observable="generalization-gap")
    assert series == resum(order=3, sampling="replace", observable="generalization-gap")
    assert len({series, pickle.loads(pickle.dumps(series)), read_resummed(series.to_json())}) == 1  # noqa: S301
    assert series != series.at_infinity()
    assert read_resummed(series.at_infinity().to_json()) == series.at_infinity()
    assert series.order(1).diagrams() + series.order(2).diagrams() == series.truncate(2).diagrams()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: data.update(format="x"), "format"),
        (lambda data: data.update(form="late"), "form must be one of"),
        (lambda data: data.pop("terms"), "missing or misshapen"),
        (lambda data: data["terms"][-1]["diagram"]["edges"].reverse(), "not in the order"),
        (lambda data: data["terms"][-1]["time"][0]["differences"][0].update(front=[9]), "missing or misshapen"),
    ],
)
def test_json_that_is_no_resummed_series_is_refused(change, complaint):
    data = json.loads(resum(order=2).to_json())
    change(data)
    with pytest.raises(ValueError, match=complaint):
        read_resummed(json.dumps(data))


def test_what_diagrams_do_not_determine_is_refused():
    series = resum(order=2)
    with pytest.raises(ValueError, match="needs diagrams of 3 edges"):
        series.expand(3)
    with pytest.raises(ValueError, match="no expansion"):
        series.at_infinity().expand()
    with pytest.raises(ValueError, match="no symbol N"):
        series.subs(N=2)
    for eigenvalue, complaint in (
        (0, "eigenvalue 0, a flat"),
        (-1, "eigenvalue -1, the point is not"),
        (4, "4 is 2, not below 2"),
    ):
        with pytest.raises(ValueError, match=complaint):
            closed_form(series.at_infinity(), [eigenvalue], {(1,): [1]}, learning_rate=sp.Rational(1, 2))


@pytest.mark.parametrize(
    "given",
    [{"eigenvalues": ["2*x"]}, {"learning_rate": "2*x"}, {"steps": "2*x"}, {"tensors": {(1, 1): [["2*x"]]}}],
    ids=lambda given: next(iter(given)),
)
def test_text_is_refused_not_evaluated(given):
    values = {"eigenvalues": [1], "tensors": {(1, 1): [[1]]}, **given}
    with pytest.raises(ValueError, match=r"must be a number or a sympy expression, not '2\*x'"):
        closed_form(resum(order=2, batch_size=1), values.pop("eigenvalues"), values.pop("tensors"), **values)


@pytest.mark.parametrize("tensor", [[1], "2*x", [[1, 2]], [[1], [2]], 3])
def test_tensors_have_an_axis_for_each_index(tensor):
    with pytest.raises(ValueError, match=r"the tensor \(1, 1\) must have shape \(1, 1\)"):
        closed_form(resum(order=2, batch_size=1), [1], {(1, 1): tensor})
