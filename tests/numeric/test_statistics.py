"""Statistics of a run and laws at a minimum: against matrices, brute force and the exact laws, and their errors."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from sgdsym import stationary
from sgdsym.numeric.matrix_free import Data, Effort, measure, split_run
from sgdsym.numeric.matrix_free import statistics as module
from sgdsym.numeric.matrix_free.curvature import jackknife
from sgdsym.numeric.matrix_free.statistics import Run
from tests.numeric.matrix_free import DenseCalculus, polynomial_loss

SIZE, POINTS = 8, 10
EXACT = Effort(mode="exact")
RUN = Run(batch_size=2, learning_rate=0.3, momentum=0.0, steps=7)


def problem(size=SIZE, points=POINTS, weights=None, seed=0, least=0.5):
    """Random gradients and positive Hessians of some data points."""
    generator = np.random.default_rng(seed)
    roots = generator.normal(size=(points, size, size)) / size
    hessians = roots @ roots.transpose(0, 2, 1) + least * np.eye(size)
    gradients = generator.normal(size=(points, size)) * np.linspace(1, 2, size) + 0.7
    tensors = (generator.normal(size=points), gradients, hessians)
    calculus = DenseCalculus(polynomial_loss, np.zeros(size), 0, tensors=tensors)
    return calculus, Data((np.arange(points),), weights), gradients, hessians


def moments(gradients, hessians):
    mean, hessian = gradients.mean(axis=0), hessians.mean(axis=0)
    centred = gradients - mean
    return mean, hessian, centred.T @ centred / len(gradients)


def test_every_statistic_is_that_of_the_matrices():
    calculus, data, g, h = problem()
    G, H, C = moments(g, h)
    found = measure(calculus, data, EXACT, RUN, progress=False)
    B, rate = RUN.batch_size, RUN.learning_rate
    pairs = [(g[list(batch)].mean(axis=0), h[list(batch)].mean(axis=0)) for batch in product(range(POINTS), repeat=B)]
    curvatures, basis = np.linalg.eigh(H)
    v = basis[:, -1]
    expected = {
        "gradient_noise_scale": np.trace(C) / (G @ G),
        "curvature_noise_scale": np.trace(H @ C) / (G @ H @ G),
        "batch_sharpness": sum(a @ A @ a for a, A in pairs) / sum(a @ a for a, _ in pairs),
        "gradient_penalty": rate / 4 * G @ G,
        "takeuchi": np.trace(C @ np.linalg.inv(H)),
        "sharpness": curvatures[-1],
        "stability_threshold": 2 / curvatures[-1],
        "mean_square_stability_bound": 2 * curvatures[-1]
        / (curvatures[-1] ** 2 + np.var([v @ one @ v for one in h]) / B),
        "generalization_gap": sum(
            rate * np.trace(C @ np.linalg.matrix_power(np.eye(SIZE) - rate * H, t)) for t in range(RUN.steps)
        ) / POINTS,
        "stationary_excess_loss": stationary.excess_loss(H, C / B, rate),
        "stationary_variance": stationary.mean_square_distance(H, C / B, rate),
    }  # fmt: skip
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-8), name
        assert found[name].standard_error == 0, name
    assert found.as_dict()["takeuchi"] == {"value": found["takeuchi"].value, "standard_error": 0}
    assert [m.value for m in found.top_eigenvalues] == pytest.approx(curvatures[::-1][:5])
    assert str(found).splitlines()[0].split() == [
        "gradient_noise_scale",
        f"{found['gradient_noise_scale'].value:.6g}",
        "±",
        "0",
    ]


def test_the_stability_bound_is_above_the_exact_threshold():
    calculus, data, _, h = problem(size=3)
    found = measure(calculus, data, EXACT, Run(batch_size=1), progress=False)
    exact = stationary.mean_square_stability(list(h), batch_size=1).threshold
    assert exact <= found["mean_square_stability_bound"].value <= found["stability_threshold"].value


def test_momentum_damping_and_weights():
    weights = np.arange(1, POINTS + 1) / 55
    calculus, data, g, h = problem(weights=weights)
    copies = np.repeat(np.arange(POINTS), np.arange(1, POINTS + 1))
    G, H, C = moments(g[copies], h[copies])
    found = measure(calculus, data, EXACT, Run(2, 0.2, momentum=0.5, damping=0.25), progress=False)
    assert found["gradient_noise_scale"].value == pytest.approx(np.trace(C) / (G @ G), rel=1e-10)
    assert found["curvature_noise_scale"].value == pytest.approx(np.trace(H @ C) / (G @ H @ G), rel=1e-10)
    damped = H + 0.25 * np.eye(SIZE)
    assert found["stationary_excess_loss"].value == pytest.approx(stationary.excess_loss(damped, C / 2, 0.2, 0.5))
    assert found["takeuchi"].value == pytest.approx(np.trace(C @ np.linalg.inv(damped)))
    assert found["gradient_penalty"].value == pytest.approx(0.05 * 1.5 / 0.25 * G @ G)


def test_directions_without_a_law_are_told():
    calculus, data, _, h = problem(least=0.0)
    h[:, 0], h[:, :, 0] = 0, 0
    h[:, 1], h[:, :, 1] = 0, 0
    h[:, 1, 1] = -0.1
    found = measure(calculus, data, EXACT, Run(2, 0.2), progress=False)
    assert len(found.notes) == 2
    assert "of the noise is in flat directions" in found.notes[0]
    assert "of the noise is in negative directions" in found.notes[1]
    assert np.isfinite(found["takeuchi"].value)
    beyond = measure(calculus, data, EXACT, Run(2, 20.0), progress=False)
    assert beyond["stationary_excess_loss"].value == np.inf


NAMES = ["gradient_noise_scale", "curvature_noise_scale", "batch_sharpness", "takeuchi", "stationary_excess_loss"]


def test_probes_agree_with_matrices_within_their_errors(monkeypatch):
    """Of many seeds as many as the errors say; without a draw there is no error but that of the probes."""
    exact = measure(*problem()[:2], EXACT, RUN, progress=False)
    monkeypatch.setattr(module, "DENSE", 0)
    inside = []
    for seed in range(60):
        effort = Effort(samples=64, replicates=8, minibatch=2, seed=seed)
        found = measure(*problem()[:2], effort, RUN, progress=False)
        inside.append([abs(found[n].value - exact[n].value) <= 2 * found[n].standard_error for n in NAMES])
        assert found["sharpness"].value == pytest.approx(exact["sharpness"].value)
    share = np.mean(inside, axis=0)
    assert (abs(share - 0.9545) < 4 * (0.0455 * 0.9545 / 60) ** 0.5).all(), share


def test_a_quadrature_of_few_steps_tells_its_error(monkeypatch):
    calculus, data, *_ = problem(size=40, points=60, least=0.01)
    exact = measure(calculus, data, EXACT, RUN, progress=False)
    monkeypatch.setattr(module, "DENSE", 0)
    few = Run(2, 0.3, steps=7, probes=64, lanczos=6)
    found = measure(calculus, data, EXACT, few, progress=False)
    for name in ("takeuchi", "stationary_excess_loss", "generalization_gap"):
        assert 0 < abs(found[name].value - exact[name].value) <= 3 * found[name].standard_error, name
        assert found[name].standard_error < 0.5 * exact[name].value, name


def test_the_executor_does_not_change_a_bit(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    effort = Effort(samples=16, replicates=4, minibatch=2, chunk=2)
    alone = measure(*problem()[:2], effort, RUN, progress=False)
    with ThreadPoolExecutor(3) as executor:
        assert measure(*problem()[:2], effort, RUN, executor, progress=False).as_dict() == alone.as_dict()


def test_a_ratio_without_a_denominator_is_infinite():
    assert jackknife(np.array([1.0, 2.0]), np.zeros(2)) == (np.inf, np.inf)


def test_rounding_is_told_in_single_precision():
    torch = pytest.importorskip("torch")
    from sgdsym.numeric.torch import statistics

    generator = np.random.default_rng(0)
    x, w = generator.normal(size=(12, 3)), generator.normal(size=3)
    loss = lambda w, x: torch.tanh((w * x).sum()) ** 2 + (w * w).sum()  # noqa: E731
    options = {"mode": "exact", "progress": False, "batch_size": 2, "learning_rate": 0.1}
    start, data = w.astype(np.float32), x.astype(np.float32)
    wide, single = (statistics(loss, start.astype(t), data.astype(t), **options) for t in (np.float64, np.float32))
    for name in NAMES[:3]:
        assert 0 < single[name].standard_error < 1e-4 * wide[name].value
        assert abs(single[name].value - wide[name].value) <= 3 * single[name].standard_error
    assert single["takeuchi"].value == pytest.approx(wide["takeuchi"].value, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batchsize": 3}, "there is no option batchsize; there are batch_size, damping, lanczos, learning_rate"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, not 0"),
        ({"learning_rate": -1}, "learning_rate must be a finite number of at least 0, not -1"),
        ({"momentum": 1}, "momentum must be below 1, not 1.0"),
        ({"probes": 1}, "probes must be an integer of at least 2, not 1"),
        ({"steps": 0.5}, "steps must be an integer of at least 0, not 0.5"),
        ({"samples": 0}, "samples must be at least 1, not 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        split_run(options)


def test_too_many_products_are_refused_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    calculus, data, *_ = problem()
    with pytest.raises(
        ValueError, match=r"152 products with the Hessian of 10 data points are 2.4 times the limit; use"
    ):
        measure(calculus, data, Effort(mode="exact", limit=10_000), RUN, progress=False)
