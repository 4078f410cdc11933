"""Adam near a minimum, held to runs of Adam as it is, squares of gradients included."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import adam_law, adaptive_covariance, stationary_covariance

H = np.array([[2, 1 / 2], [1 / 2, 1]])
C = np.array([[1, -1 / 3], [-1 / 3, 1 / 2]])
RUNS, STEPS = 1500, 3000


def measured(rate, beta, rho, floor, law):
    """Mean of w wᵀ and of v in runs of Adam, started near their law."""
    draw = np.random.default_rng(3)
    root = np.linalg.cholesky(C)
    w = draw.standard_normal((RUNS, 2)) @ np.linalg.cholesky(law.covariance).T
    m, v, total, squares = np.zeros((RUNS, 2)), np.tile(law.second_moment, (RUNS, 1)), np.zeros((2, 2)), []
    for step in range(STEPS):
        g = w @ H + draw.standard_normal((RUNS, 2)) @ root.T
        m = beta * m + (1 - beta) * g
        v = rho * v + (1 - rho) * g**2
        w = w - rate * m / np.sqrt(v + floor)
        if step >= STEPS // 3:
            total += w.T @ w / RUNS
            squares.append(v.mean(axis=0))
    return total / (STEPS - STEPS // 3), np.mean(squares, axis=0), v.std(axis=0) / v.mean(axis=0)


@pytest.mark.parametrize(
    ("rate", "beta", "rho", "floor"),
    [(0.01, 0.9, 0.999, 0), (1.0, 0.9, 0.999, 0), (10.0, 0.9, 0.999, 0), (0.5, 0.0, 0.99, 0.1), (1.0, 0.9, 0.99, 0)],
)
def test_runs_of_adam_have_the_covariance(rate, beta, rho, floor):
    assert (H @ C != C @ H).any()
    law = adam_law(H, C, rate, first_decay=beta, second_decay=rho, epsilon=floor)
    covariance, second, spread = measured(rate, beta, rho, floor, law)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    # small steps forget slowly, so that as many of them say less
    assert (np.abs(covariance - law.covariance) < (0.04 if rate < 0.1 else 0.02) * scale).all()
    assert second == pytest.approx(law.second_moment, rel=0.01)
    if rate < 0.1:
        assert spread == pytest.approx(law.spread, rel=0.1)


def test_the_divisor_agrees_with_its_own_noise():
    law = adam_law(H, C, 0.3, first_decay=0.5, epsilon=0.2)
    divisor = np.sqrt(law.second_moment + 0.2)
    frozen = adaptive_covariance(H, C, 0.3 * 0.5, 0.5, scaling=list(divisor))
    assert law.covariance == pytest.approx(frozen)
    assert np.diag(C + H @ law.covariance @ H) == pytest.approx(law.second_moment)
    tiny = adam_law(H, C, 1e-6, first_decay=0)
    assert tiny.second_moment == pytest.approx(np.diag(C), rel=1e-5)
    # with a large floor it is plain momentum
    plain = stationary_covariance(H, C, 0.1, 0.9)
    assert adam_law(H, C, 1e4, epsilon=1e8).covariance == pytest.approx(plain, rel=1e-6)


def test_many_weights_and_one():
    draw = np.random.default_rng(0)
    root, spread = draw.standard_normal((2, 20, 20))
    law = adam_law(root @ root.T + np.eye(20), spread @ spread.T + np.eye(20), 0.5)
    assert (law.second_moment > 0).all()
    assert adam_law(1, 1, 1e-3).covariance.shape == (1, 1)
    assert adam_law([[sp.Rational(1, 2)]], [[1]], sp.Rational(1, 10)).covariance[0, 0] > 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"first_decay": 1}, "momentum"),
        ({"second_decay": -1}, "momentum"),
        ({"epsilon": -1}, "epsilon"),
        ({"C": np.diag([1.0, 0.0])}, "0 for a weight"),
        ({"H": np.diag([1.0, 0.0])}, "Hessian"),
        ({"learning_rate": 0}, "learning rate"),
    ],
)
def test_refusals(options, complaint):
    arguments = {"H": H, "C": C, "learning_rate": 0.1, **options}
    with pytest.raises(ValueError, match=complaint):
        adam_law(arguments.pop("H"), arguments.pop("C"), **arguments)
