"""Mean-square stability held to the enumeration of every batch, exactly.

Numbers: Mulayoff, Michaeli, "Exact mean square linear stability analysis for SGD" (2024); their quantities, our example.
"""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.stationary import mean_square_stability, sampling_factor, stationary_covariance
from tests.stationary.support import rational

R = sp.Rational
DIRECTIONS = [(1, R(1, 5)), (R(3, 10), 1), (1, -1), (R(1, 2), R(1, 2))]
GRADIENTS = [(1, 0), (-1, 2), (R(1, 2), -1), (-R(1, 2), -1)]
HESSIANS = [sp.Matrix(a) * sp.Matrix(a).T + sp.eye(2) / 10 for a in DIRECTIONS]


def batches(points, size, replacement):
    return list(product(range(points), repeat=size) if replacement else combinations(range(points), size))


def one_step(hessians, gradients, rate, drawn, covariance):
    """The second moment after a step from weights with mean 0, averaged over every batch."""
    total = sp.zeros(*covariance.shape)
    for batch in drawn:
        push = sp.eye(covariance.rows) - rate / len(batch) * sum(
            (hessians[i] for i in batch), sp.zeros(*covariance.shape)
        )
        kick = rate / len(batch) * sum((sp.Matrix(gradients[i]) for i in batch), sp.zeros(covariance.rows, 1))
        total += push * covariance * push.T + kick * kick.T
    return total / len(drawn)


def test_the_example():
    law = mean_square_stability(HESSIANS, batch_size=1, gradients=GRADIENTS)
    assert law.threshold == pytest.approx(1.23327966, abs=5e-9)
    expected = [[0.29122299, -0.19176647], [-0.19176647, 0.58400588]]
    np.testing.assert_allclose(np.array(law.covariance(R(2, 5)).tolist(), float), expected, atol=6e-9)
    np.testing.assert_allclose(law.covariance(0.4), expected, atol=6e-9)


@settings(max_examples=20)
@given(st.data())
def test_the_covariance_is_a_fixed_point_of_every_batch(data):
    points, size = data.draw(st.integers(2, 4)), data.draw(st.integers(1, 2))
    number = st.fractions(min_value=-1, max_value=1, max_denominator=4).map(rational)
    vectors = [[data.draw(number) for _ in range(size)] for _ in range(2 * points - 1)]
    hessians = [sp.Matrix(a) * sp.Matrix(a).T + sp.eye(size) / 4 for a in vectors[:points]]
    gradients = [sp.Matrix(g) for g in vectors[points:]]
    gradients.append(-sum(gradients, sp.zeros(size, 1)))
    replacement = data.draw(st.booleans())
    batch = data.draw(st.integers(1, min(points, 3)))
    law = mean_square_stability(hessians, batch_size=batch, replacement=replacement, gradients=gradients)
    rate = rational(Fraction(law.threshold * data.draw(st.floats(0.1, 0.9))).limit_denominator(20))
    if not 0 < rate < law.threshold:
        return
    sigma = law.covariance(rate)
    assert one_step(hessians, gradients, rate, batches(points, batch, replacement), sigma) == sigma
    mean = sum(hessians, sp.zeros(size)) / points
    spread = sum((g * g.T + h * sigma * h for g, h in zip(gradients, hessians, strict=True)), sp.zeros(size)) / points
    noise = law.factor * (spread - mean * sigma * mean)
    assert stationary_covariance(mean, noise, rate) == sigma
    in_floats = np.array(sigma.tolist(), float)
    np.testing.assert_allclose(law.covariance(float(rate)), in_floats, atol=1e-9 * max(1e-3, np.abs(in_floats).max()))


@pytest.mark.parametrize(("batch", "replacement"), [(1, True), (2, True), (2, False), (3, False)])
def test_the_threshold_is_where_the_second_moment_map_expands(batch, replacement):
    law = mean_square_stability(HESSIANS, batch_size=batch, replacement=replacement)
    drawn = batches(len(HESSIANS), batch, replacement)
    arrays = np.array([np.array(h.tolist(), float) for h in HESSIANS])

    def radius(rate):
        pushes = [np.eye(2) - rate * arrays[list(batch)].mean(axis=0) for batch in drawn]
        return max(abs(np.linalg.eigvals(np.mean([np.kron(push, push) for push in pushes], axis=0))))

    assert radius(law.threshold * (1 - 1e-9)) < 1 < radius(law.threshold * (1 + 1e-9))
    assert law.threshold <= min(*law.necessary, law.mean_threshold) * (1 + 1e-12)


def test_full_batches_have_the_threshold_of_the_mean():
    law = mean_square_stability(HESSIANS, batch_size=4, replacement=False, gradients=GRADIENTS)
    assert law.factor == 0
    assert law.threshold == pytest.approx(law.mean_threshold, rel=1e-12)
    assert law.covariance(R(1, 2)) == sp.zeros(2)


@pytest.mark.parametrize("floats", [False, True])
def test_flat_directions_are_left_out(floats):
    """Two points and three weights: with all flat directions turned away the law is that of the two weights left."""
    turn = sp.Matrix([[R(3, 5), R(4, 5), 0], [-R(4, 5), R(3, 5), 0], [0, 0, 1]])
    small = [sp.diag(1, 0) + sp.ones(2) / 3, sp.diag(0, 2)]
    kicks = [sp.Matrix([1, -2]), sp.Matrix([-1, 2])]
    large = [turn * sp.diag(h, 0) * turn.T for h in small]
    pulls = [turn * sp.Matrix([*g, 5 * (-1) ** i]) for i, g in enumerate(kicks)]
    convert = (lambda m: np.array(m.tolist(), float)) if floats else (lambda m: m)
    rate = 0.3 if floats else R(3, 10)
    expected = mean_square_stability(small, batch_size=1, gradients=kicks).covariance(R(3, 10))
    law = mean_square_stability(
        [convert(h) for h in large],
        batch_size=1,
        gradients=[[convert(g)[i].item() if floats else g[i] for i in range(3)] for g in pulls],
    )
    assert law.threshold == pytest.approx(mean_square_stability(small, batch_size=1).threshold, rel=1e-9)
    turned = turn * sp.diag(expected, 0) * turn.T
    if floats:
        np.testing.assert_allclose(law.covariance(rate), convert(turned), atol=1e-12)
    else:
        assert law.covariance(rate) == turned


def test_twelve_weights():
    """The threshold of a rank of 12 against the power method on symmetric matrices."""
    rng = np.random.default_rng(3)
    own = rng.normal(size=(30, 12, 1))
    hessians = own @ own.transpose(0, 2, 1)
    law = mean_square_stability(list(hessians), batch_size=5)
    mean, x = hessians.mean(axis=0), np.eye(12)
    values, basis = np.linalg.eigh(mean)
    for _ in range(400):
        image = 0.8 * mean @ x @ mean + 0.2 / 30 * np.einsum("nij,jk,nkl->il", hessians, x, hessians, optimize=True)
        rotated = basis.T @ image @ basis * 2 / (values[:, None] + values[None, :])
        x = basis @ rotated @ basis.T
        growth = np.linalg.norm(x)
        x /= growth
    assert law.threshold == pytest.approx(2 / growth, rel=1e-6)


def test_factors_of_both_samplings():
    batch, points = sp.symbols("B n")
    assert sampling_factor(batch, points) == 1 / batch
    assert (
        sp.simplify(sampling_factor(batch, points, replacement=False) - (points - batch) / (batch * (points - 1))) == 0
    )
    assert sampling_factor(1, 1, replacement=False) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sampling_factor(6, 5, replacement=False), "batch of 6 cannot be drawn from 5"),
        (lambda: mean_square_stability(HESSIANS, batch_size=5, replacement=False), "batch of 5 cannot be drawn from 4"),
        (lambda: mean_square_stability(HESSIANS, batch_size=0), "batch size is 0"),
        (lambda: mean_square_stability([[[1]], [[-2]]], batch_size=1), "Hessian 2 has the eigenvalue -2"),
        (lambda: mean_square_stability([], batch_size=1), "no Hessians"),
        (lambda: mean_square_stability([[[0]]], batch_size=1), "every Hessian is 0"),
        (lambda: mean_square_stability([[[1]]] * 2, batch_size=1, gradients=[[1], [2]]), "sums to 3"),
        (lambda: mean_square_stability([[[1]]] * 2, batch_size=1, gradients=[[1]]), "1 gradients and 2 Hessians"),
        (
            lambda: mean_square_stability(HESSIANS, batch_size=1).covariance(R(5, 4)),
            r"rate 1.25; it must be below 1.23328",
        ),
    ],
)
def test_what_means_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
