"""Runs side by side: against loops over every draw of the data, written down as the algorithms are, and against each other."""

import math
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
import sympy as sp

import sgdsym
from sgdsym.numeric import Finite, Gaussian, from_sympy
from sgdsym.simulation import LANDSCAPES, Landscape, bundled_landscape, simulate
from sgdsym.verify import Run, draw_data, random_landscape
from sgdsym.verify.cases import random_run

RATE = 0.05
FAMILIES = ("online", "fixed", "reshuffle", "replace", "gd")
U, V, K = sp.symbols("u v k")
OBSERVABLES = (
    "test-loss",
    "train-loss",
    "generalization-gap",
    "displacement",
    "covariance",
    "loss-variance",
    "function",
)


def as_expression(polynomial):
    return sum(c * sp.prod(w**e for w, e in zip((U, V), powers, strict=False)) for powers, c in polynomial.items())


def landscapes(seed):
    """The same two data points in two weights as a landscape to run on, and as plain functions."""
    drawn = random_landscape(Random(seed), degree=3, weights=2, points=2)
    losses = [as_expression(loss) for loss in drawn.losses]
    population = from_sympy(losses[0] * (1 - K) + losses[1] * K, [U, V], K, Finite([0, 1], drawn.probabilities))
    values = [sp.lambdify([U, V], loss) for loss in losses]
    slopes = [sp.lambdify([U, V], [loss.diff(U), loss.diff(V)]) for loss in losses]
    chances = [float(p) for p in drawn.probabilities]
    return Landscape.sympy(population, [0, 0]), values, slopes, chances, drawn.probabilities


def walked(run, batches, slopes, start=(0.0, 0.0)):
    """One run, as the algorithm is written."""
    path, buffer = [np.array(start)], np.zeros(2)
    average = path[0]
    for t, batch in enumerate(batches):
        w = path[-1]
        if t >= run.delay:
            late = path[t - run.delay]
            g = np.mean([slopes[kind](*late) for kind in batch], axis=0) + float(run.weight_decay) * late
            buffer = float(run.momentum) * buffer + g
            update = g + float(run.momentum) * buffer if run.nesterov else buffer
            w = w - RATE * (float(run.schedule[t]) if run.schedule is not None else 1) * update
        path.append(w)
        if isinstance(run.average, Fraction):
            average = float(run.average) * average + (1 - float(run.average)) * w
    if run.average == "uniform":
        return np.mean(path[1:], axis=0)
    return path[-1] if run.average is None else average


def exact(run, observable, values, slopes, chances, probabilities):
    """The observable by going through every way to meet the data; its mean over the run where that is asked for."""
    if run.mean_over_run:
        found = [
            at_end(run, observable, values, slopes, chances, probabilities, length)
            for length in range(1, run.steps + 1)
        ]
        return np.mean(found, axis=0)
    return at_end(run, observable, values, slopes, chances, probabilities, run.steps)


def at_end(run, observable, values, slopes, chances, probabilities, length):
    """The observable after so many updates."""
    draws = draw_data(run, probabilities)
    share = np.array([float(chance) for chance in draws.values()])
    ends = np.array([walked(run, draw.batches[:length], slopes) for draw in draws])
    population = np.array([sum(c * value(*w) for c, value in zip(chances, values, strict=True)) for w in ends])
    if observable == "displacement":
        return share @ ends
    if observable == "covariance":
        centred = ends - share @ ends
        return np.einsum("r,ri,rj->ij", share, centred, centred)
    if observable == "loss-variance":
        return share @ (population - share @ population) ** 2
    if observable == "function":
        return share @ (ends[:, 0] * ends[:, 1])
    if observable == "test-loss":
        return share @ population
    sets = [draw.training_set for draw in draws]
    trained = np.array([np.mean([values[k](*w) for k in points]) for points, w in zip(sets, ends, strict=True)])
    return share @ (trained if observable == "train-loss" else population - trained)


def options_of(run):
    options = {"dynamics": run.dynamics, "steps": run.steps}
    if run.dynamics == "sgd":
        options |= {"sampling": run.sampling, "batch_size": run.batch_size}
    if run.dataset_size:
        options["dataset_size"] = run.dataset_size
    for name in ("momentum", "nesterov", "schedule", "delay", "average", "weight_decay", "mean_over_run"):
        if getattr(run, name) not in (0, False, None):
            options[name] = getattr(run, name)
    return options


@pytest.mark.parametrize("family", FAMILIES)
def test_means_are_those_over_every_draw(family):
    random, gaps = Random(family), []
    landscape, values, slopes, chances, probabilities = landscapes(7)
    for seed in range(8):
        run = random_run(random, family)
        while not run.steps:
            run = random_run(random, family)
        observable = random.choice([name for name in OBSERVABLES if run.dataset_size or name not in OBSERVABLES[1:3]])
        function = (lambda w: w[..., 0] * w[..., 1]) if observable == "function" else None
        found = simulate(
            landscape, RATE, runs=20_000, seed=seed, observable=observable, function=function, **options_of(run)
        )
        right = exact(run, observable, values, slopes, chances, probabilities)
        spread = np.maximum(found.standard_error[0], 1e-12 + 1e-9 * np.abs(right))
        gaps.append(np.abs(found.value[0] - right).max() / spread.max())
        assert (np.abs(found.value[0] - right) < 4.5 * spread).all(), (options_of(run), observable)
    assert np.sqrt(np.mean(np.square(gaps))) < 2.5


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"momentum": Fraction(9, 10)},
        {"momentum": Fraction(1, 2), "nesterov": True},
        {"delay": 2},
        {"average": "uniform"},
        {"average": Fraction(1, 3)},
        {"schedule": tuple(Fraction(t, 4) for t in range(1, 7))},
        {
            "weight_decay": Fraction(1, 2),
            "momentum": Fraction(-1, 3),
            "delay": 1,
            "average": Fraction(1, 4),
            "schedule": tuple(Fraction(1, t) for t in range(1, 7)),
        },
    ],
    ids=str,
)
def test_one_fixed_order_is_one_run(rule):
    landscape, _, slopes, *_ = landscapes(3)
    population = landscape.model.population
    even = Landscape.sympy(from_sympy(population.loss, [U, V], K, [0, 1, Fraction(1, 2)]), [0, 0])
    # the third point is half of each of the others
    slopes = [*slopes, lambda u, v: (np.array(slopes[0](u, v)) + slopes[1](u, v)) / 2]
    run = Run(sampling="fixed", steps=6, dataset_size=3, batch_size=1, **rule)
    found = simulate(
        even, RATE, runs=2, given=True, sampling="fixed", steps=6, batch_size=1, observable="displacement", **rule
    )
    assert found.value[0] == pytest.approx(walked(run, [(0,), (1,), (2,)] * 2, slopes), rel=1e-12)
    assert found.standard_error[0] == pytest.approx([0, 0])


def test_optimisers_of_ones_own_and_records_on_the_way():
    rule = sgdsym.LinearOptimizer.schedule_free(Fraction(9, 10), 4)
    landscape, _, slopes, *_ = landscapes(3)
    found = simulate(landscape, RATE, runs=2, dynamics="gd", dataset_size=1, optimizer=rule, observable="displacement")
    z = x = np.zeros(2)
    ends = set()
    for kind in (0, 1):
        z = x = np.zeros(2)
        for t in range(1, 5):
            z = z - RATE * np.array(slopes[kind](*(0.1 * z + 0.9 * x)))
            x = t / (t + 1) * x + z / (t + 1)
        ends.add(tuple(x.round(12)))
    assert {tuple(w) for w in found.weights.round(12)} <= ends
    whole = simulate(landscape, RATE, runs=50, steps=6, batch_size=2, average="uniform", record=[0, 2, 4])
    assert whole.steps.tolist() == [0, 2, 4, 6]
    part = simulate(landscape, RATE, runs=50, steps=4, batch_size=2, average="uniform")
    assert part.value[0] == pytest.approx(whole.value[2], rel=1e-12)
    begun = simulate(landscape, RATE, runs=50, steps=3, batch_size=2, start=whole.weights)
    again = simulate(landscape, RATE, runs=50, steps=3, batch_size=2, start=whole.weights)
    assert begun.value == again.value


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle", "replace", "gd"])
def test_the_given_points_are_the_training_set(sampling):
    landscape = bundled_landscape("three-points")
    dynamics = {"dynamics": "gd"} if sampling == "gd" else {"sampling": sampling, "batch_size": 1}
    found = simulate(
        landscape, RATE, runs=4000, given=True, steps=3, observable="generalization-gap", record=[1, 3], **dynamics
    )
    # the training set is the population, so that there is no gap
    assert np.abs(found.samples).max() < 1e-12
    moved = simulate(landscape, 1 / 16, runs=40_000, given=True, steps=3, observable="displacement", **dynamics)
    if sampling in ("reshuffle", "replace"):
        coefficients = {
            "reshuffle": ((-31 / 108, -1283 / 1296, 51125 / 93312), (83 / 72, -7 / 24, -8077 / 46656)),
            "replace": ((-31 / 108, -1289 / 3888, 129869 / 3779136), (83 / 72, -1129 / 1458, 51815 / 157464)),
        }[sampling]
        series = [sum(c / 16 ** (k + 1) for k, c in enumerate(row)) for row in coefficients]
        assert (np.abs(moved.value[0] - series) < 5 * moved.standard_error[0] + 16.0**-4).all()


def test_normal_data_have_the_means_of_their_series():
    landscape = bundled_landscape("gauss")
    found = simulate(landscape, 0.3, runs=200_000, steps=1, batch_size=1)
    assert found.value[0] == pytest.approx(math.exp(0.15) / (2 * math.sqrt(1.3)), abs=4 * found.standard_error[0])
    steps, rate = 20, 0.2
    bowl = simulate(bundled_landscape("mean-estimation"), rate, runs=100_000, steps=steps, batch_size=1)
    rise = rate / 2 * (1 - (1 - rate) ** (2 * steps)) / (2 - rate)
    assert bowl.value[0] == pytest.approx(rise, abs=4 * bowl.standard_error[0])


def test_frameworks_agree_with_numpy():
    jax = pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    y, start, shares = x[:, 0] - x[:, 1] ** 2, np.array([0.5, -0.25]), np.array([0.1] * 3 + [0.2, 0.2, 0.1, 0.2])

    def residual(w, point):
        return (w * point[0]).sum(axis=-1) + w[..., 0] * w[..., 1] - point[1]

    by_numpy = Landscape.numpy(
        lambda w, point: residual(w, point) ** 2 / 2,
        start,
        (x, y),
        gradient=lambda w, point: residual(w, point)[..., None] * (point[0] + w[..., ::-1]),
        probabilities=shares,
    )

    def loss(parameters, example):
        w = parameters["w"]
        return (w @ example["x"] + w[0] * w[1] - example["y"]) ** 2 / 2

    data = {"x": x, "y": y}
    by_jax = Landscape.jax(loss, {"w": start.astype(np.float32)}, data, probabilities=shares)
    by_torch = Landscape.torch(
        loss, {"w": torch.tensor(start)}, {k: torch.tensor(v).double() for k, v in data.items()}, probabilities=shares
    )
    assert jax.devices()
    for sampling, observable in product(("online", "reshuffle", "replace"), ("test-loss", "function")):
        sizes = {"dataset_size": 4} if sampling != "online" else {}
        common = {"runs": 30, "steps": 4, "batch_size": 2, "sampling": sampling, "observable": observable, **sizes}
        function = {"function": lambda w: w[..., 0]} if observable == "function" else {}
        inside = {"function": lambda parameters: parameters["w"][0]} if function else {}
        right = simulate(by_numpy, 0.1, **common, **function)
        for other in (by_jax, by_torch):
            found = simulate(other, 0.1, **common, **inside)
            assert found.samples == pytest.approx(right.samples, rel=1e-4, abs=1e-5)
            assert found.weights == pytest.approx(right.weights, rel=1e-4, abs=1e-5)
    assert (
        simulate(
            by_jax, 0.1, runs=3, steps=2, dynamics="gd", given=False, dataset_size=3, observable="train-loss"
        ).value[0]
        > 0
    )


@pytest.mark.parametrize("observable", ["test-loss", "generalization-gap", "displacement"])
def test_the_mean_over_a_run_is_that_of_its_records(observable):
    landscape, *_ = landscapes(4)
    options = {"observable": observable, "sampling": "reshuffle", "dataset_size": 2, "batch_size": 1, "momentum": 0.5}
    shared = {**options, "epochs": 3, "runs": 50, "seed": 3}
    whole = simulate(landscape, RATE, record=range(1, 7), **shared)
    mean = simulate(landscape, RATE, record=[2, 6], mean_over_run=True, **shared)
    assert str(mean.observable) == f"{observable} over the run"
    np.testing.assert_allclose(mean.samples[0], whole.samples[:2].mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(mean.samples[1], whole.samples.mean(axis=0), rtol=1e-12, atol=1e-15)
    for wrong, complaint in (
        ({"record": [0], "mean_over_run": True}, "from 1 to"),
        ({"schedule": "lambda"}, "give schedule as a list"),
    ):
        with pytest.raises(ValueError, match=complaint):
            simulate(landscape, RATE, **{**shared, **wrong})


def test_equal_arguments_give_equal_numbers_and_progress_is_told():
    landscape, seen = bundled_landscape("helix"), []
    first, second = (
        simulate(landscape, 0.1, runs=300, seed=5, steps=40, batch_size=1, progress=lambda *pair: seen.append(pair))
        for _ in range(2)
    )
    assert np.array_equal(first.samples, second.samples)
    assert seen[-1] == (40, 40)
    assert not np.array_equal(first.samples, simulate(landscape, 0.1, runs=300, steps=40, batch_size=1).samples)


def test_standard_errors_are_those_of_repeated_simulations():
    landscape = bundled_landscape("regression")
    for observable in ("test-loss", "covariance", "loss-variance", "displacement"):
        found = [
            simulate(landscape, 0.1, runs=400, seed=seed, steps=5, batch_size=2, observable=observable)
            for seed in range(60)
        ]
        spread = np.std([each.value[0] for each in found], axis=0, ddof=1)
        told = np.mean([each.standard_error[0] for each in found], axis=0)
        assert (np.abs(spread / told - 1) < 0.35).all(), observable


def test_bundled_landscapes_are_named_and_run():
    for name in LANDSCAPES:
        assert simulate(bundled_landscape(name), 0.05, runs=10, steps=3, batch_size=2).value.shape == (1,)


BOWL = ([1.0], [[0.0], [2.0]])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"steps": 3}, "a run needs numbers; give batch_size"),
        ({"steps": 3, "batch_size": "B"}, "a run needs numbers; give B"),
        ({"steps": 3, "batch_size": 1, "order": 2}, "there is no option order"),
        ({"steps": 3, "batch_size": 1, "dynamics": "sde"}, "no updates that could be run"),
        ({"steps": 3, "batch_size": 1, "record": [4]}, "from 0 to the 3 updates"),
        ({"steps": 3, "batch_size": 1, "runs": 1}, "at least|from 2"),
        ({"steps": 3, "batch_size": 1, "seed": -1}, "seed must be an integer of at least 0"),
        ({"steps": 3, "batch_size": 1, "start": [1, 2]}, r"it must be \(1,\) or \(1000, 1\)"),
        ({"steps": 3, "batch_size": 1, "observable": "function"}, "needs function="),
        ({"steps": 3, "batch_size": 1, "given": True}, "a sampling with a training set"),
        ({"steps": 2000, "batch_size": 1, "learning_rate": 10.0}, "beyond floats after update"),
        ({"steps": 3, "batch_size": 1, "learning_rate": "fast"}, "learning_rate must be a finite number"),
        ({"steps": 3, "batch_size": 2, "sampling": "fixed", "dataset_size": 3}, "whole|N/B|divide|multiple"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(options, complaint):
    landscape = Landscape.numpy(lambda w, x: ((w - x) ** 2).sum(axis=-1) / 2, *BOWL, gradient=lambda w, x: w - x)
    rate = options.pop("learning_rate", 0.1)
    with pytest.raises(ValueError, match=complaint) as caught:
        simulate(landscape, rate, **options)
    assert len(str(caught.value)) <= 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (
            lambda: Landscape.numpy(lambda w, x: (w - x).sum(-1), *BOWL, gradient=lambda w, x: w - x),
            "gradient is not that of loss",
        ),
        (lambda: Landscape.numpy(lambda w, x: w - x, *BOWL, gradient=lambda w, x: w - x), "where floats"),
        (lambda: Landscape.numpy(lambda w, x: 1 / 0, *BOWL, gradient=lambda w, x: w - x), "the loss fails in numpy"),
        (lambda: Landscape.numpy(lambda w, x: w, [], BOWL[1], gradient=lambda w, x: w), "start has shape"),
        (
            lambda: Landscape.numpy(lambda w, x: w, [1.0], lambda g, s: g.random(s), gradient=lambda w, x: w),
            "need mean_loss",
        ),
        (lambda: Landscape.sympy(from_sympy(U * K * V, U, K), 0), "the loss holds v"),
        (lambda: Landscape.sympy(U, 0), "made by sgdsym.numeric.from_sympy"),
        (lambda: Landscape.jax(3, 1.0, [1.0]), "loss must be a function"),
        (lambda: bundled_landscape("moon"), "landscape must be one of gauss"),
    ],
)
def test_landscapes_that_are_none_are_refused(made, complaint):
    with pytest.raises(ValueError, match=complaint):
        made()


def test_gaussian_laws_with_correlations_are_drawn_as_they_are():
    x, y, w = sp.symbols("x y w")
    law = Gaussian([1, -1], [[2, 1], [1, 3]])
    landscape = Landscape.sympy(from_sympy(w * x * y, w, [x, y], law), 0)
    found = simulate(landscape, 1.0, runs=200_000, steps=1, batch_size=1, observable="covariance")
    # Var(xy) = 2*3 + 1 + 3 + 2 - 2*1 for means 1 and -1
    assert found.value[0, 0, 0] == pytest.approx(10, abs=5 * found.standard_error[0, 0, 0])
