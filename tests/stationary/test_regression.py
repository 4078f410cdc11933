"""Laws of linear regression against the moments of Gaussian inputs, tables, and what is printed.

Source of tables and formulas: Ziyin, Liu, Mori, Ueda, "Strength of Minibatch Noise in SGD" (2022).
"""

import mpmath
import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import (
    damped_newton_covariance,
    estimated_tail_index,
    high_dimensional_law,
    label_noise_law,
    label_noise_threshold,
    minimum_covariance,
    minimum_noise,
    stationary_covariance,
    tail_index,
    weight_decay_law,
)

R = sp.Rational
A = sp.diag(1, R(1, 2))
TURN = sp.Matrix([[R(3, 5), R(4, 5)], [-R(4, 5), R(3, 5)]])
TILTED = TURN * A * TURN.T


def spread(inputs, moment, batch):
    """E[X W X] - A W A for the mean X of xxᵀ over a batch of Gaussian inputs: Isserlis' theorem."""
    return (inputs * moment * inputs + (inputs * moment).trace() * inputs) / batch


@pytest.mark.parametrize(
    ("rate", "curvature", "batch", "variance"),
    [("1/2", 1, 1, 1), ("1/2", 1, 4, "1/10"), (1, 1, 4, "1/2"), ("1/4", 2, 8, "1/44")],
)
def test_table_of_one_dimension(rate, curvature, batch, variance):
    assert label_noise_law([[curvature]], R(rate), batch_size=batch).covariance == sp.Matrix([[R(variance)]])


def test_one_dimension_in_symbols():
    rate, a, batch, floor = sp.symbols("lambda_ a S v")
    law = label_noise_law([[a]], rate, batch_size=batch, label_variance=floor)
    assert sp.simplify(law.covariance[0] - rate * floor / (2 * batch - (batch + 2) * rate * a)) == 0


@pytest.mark.parametrize(
    ("momentum", "floor", "strength", "diagonal"),
    [(0, 1, "152/259", ("27/259", "22/259")), (R(1, 2), 2, "696/523", ("246/523", "204/523"))],
)
def test_table_of_two_dimensions(momentum, floor, strength, diagonal):
    law = label_noise_law(A, R(1, 2), momentum, batch_size=4, label_variance=floor)
    assert law.strength == R(strength)
    assert law.covariance == sp.diag(*map(R, diagonal))
    rates = A / 2
    g = 2 * (1 - momentum) * sp.eye(2) - ((1 - momentum) / sp.sympify(1 + momentum) + R(1, 4)) * rates
    printed = (
        R(floor, 4) * A
        + R(floor, 16) * (1 + law.strength / 4) * (rates * g.inv() + (rates * g.inv()).trace() * sp.eye(2)) * A
    )
    assert law.noise == printed


@pytest.mark.parametrize("momentum", [0, R(1, 2), R(9, 10)])
@pytest.mark.parametrize("preconditioner", [None, TILTED.inv(), TILTED**2 + sp.eye(2)])
def test_label_noise_is_consistent_with_its_own_noise(momentum, preconditioner):
    law = label_noise_law(
        TILTED, R(1, 10), momentum, batch_size=5, label_variance=R(3, 2), preconditioner=preconditioner
    )
    assert law.noise == spread(TILTED, law.covariance, 5) + R(3, 10) * TILTED
    assert stationary_covariance(TILTED, law.noise, R(1, 10), momentum, preconditioner) == law.covariance
    assert law.excess_loss == (TILTED * law.covariance).trace() / 2
    arrays = [None if m is None else np.array(m.tolist(), float) for m in (TILTED, preconditioner)]
    floats = label_noise_law(
        arrays[0], 0.1, float(momentum), batch_size=5, label_variance=1.5, preconditioner=arrays[1]
    )
    np.testing.assert_allclose(floats.covariance, np.array(law.covariance.tolist(), float), rtol=1e-11)


@pytest.mark.parametrize("momentum", [0, R(1, 2)])
def test_damped_newton_with_label_noise(momentum):
    rate, batch, floor, weights = R(1, 3), 5, R(3, 2), 2
    law = label_noise_law(TILTED, rate, momentum, batch_size=batch, label_variance=floor, preconditioner=TILTED.inv())
    g = 2 * (1 - momentum) - ((1 - momentum) / sp.sympify(1 + momentum) + R(1, batch)) * rate
    assert law.covariance == rate * floor / (g * batch - rate * weights) * TILTED.inv()
    assert law.covariance == damped_newton_covariance(TILTED, law.noise, rate, momentum)


def second_moment_radius(inputs, rate, momentum, batch):
    """Spectral radius of the exact map of the second moments of weights and momentum."""
    size = len(inputs)
    identity, columns = np.eye(size), []
    for row in np.eye(4 * size * size):
        moment = row.reshape(2 * size, 2 * size)
        push = np.block([[identity - rate * inputs, -rate * momentum * identity], [inputs, momentum * identity]])
        own = moment[:size, :size]
        extra = (inputs @ own @ inputs + np.trace(inputs @ own) * inputs) / batch
        columns.append((push @ moment @ push.T + np.kron([[rate**2, -rate], [-rate, 1]], extra)).ravel())
    return max(abs(np.linalg.eigvals(np.array(columns).T)))


@pytest.mark.parametrize(("batch", "momentum"), [(1, 0.0), (4, 0.0), (3, 0.5), (2, 0.9)])
def test_the_threshold_is_where_second_moments_diverge(batch, momentum):
    inputs = np.diag([1.0, 0.5])
    limit = label_noise_threshold(inputs, momentum, batch_size=batch)
    assert second_moment_radius(inputs, limit * (1 - 1e-7), momentum, batch) < 1
    assert second_moment_radius(inputs, limit * (1 + 1e-7), momentum, batch) > 1
    label_noise_law(inputs, limit * (1 - 1e-9), momentum, batch_size=batch)
    with pytest.raises(ValueError, match=r"unstable: t = Tr\[Lambda A G\^-1\] is .* below the batch size"):
        label_noise_law(inputs, limit * (1 + 1e-9), momentum, batch_size=batch)


def test_thresholds_in_print():
    assert label_noise_threshold(A, batch_size=1) == pytest.approx(0.609611797, abs=5e-10)
    assert label_noise_threshold(A, batch_size=4) == pytest.approx(1.299057191, abs=5e-10)


@pytest.mark.parametrize(
    ("decay", "target", "loss"), [(R(1, 5), (1, 0), 0.0168258208), (sp.diag(R(1, 5), R(1, 10)), (1, 2), 0.0491673953)]
)
def test_table_of_weight_decay(decay, target, loss):
    law = weight_decay_law(A, R(1, 2), batch_size=4, decay=decay, target=target)
    assert float(law.excess_loss) == pytest.approx(loss, abs=5e-11)


@pytest.mark.parametrize("target", [(1, 0), (1, 2)])
def test_weight_decay_as_printed(target):
    """The loss as printed holds for every target; the covariance as printed needs Γ and uuᵀ to commute."""
    rate, batch, u = R(1, 2), 4, sp.Matrix(target)
    gamma, outer = sp.diag(R(1, 5), R(1, 10)), sp.Matrix(target) * sp.Matrix(target).T
    law = weight_decay_law(A, rate, batch_size=batch, decay=gamma, target=target)
    k = A + gamma
    back = k.inv()
    g = (2 * sp.eye(2) - rate * (k + back * A * A / batch)).inv()
    trace = (A * A * back * g).trace()
    strength = trace / (1 - rate / batch * trace)
    rest = (A**3 * back**3 * gamma**2 * g * outer).trace() / (1 - rate / batch * trace)
    bias = (A * back**2 * gamma**2 * outer).trace()
    assert law.strength == strength
    assert law.excess_loss == rate / (2 * batch) * (bias * strength + rest) + bias / 2
    offset = back * gamma * u
    noise = spread(A, law.covariance + offset * offset.T, batch)
    assert law.noise == noise
    assert stationary_covariance(k, noise, rate) == law.covariance
    printed = rate / batch * bias * (1 + rate * strength / batch) * A * back * g
    printed += rate / batch * (A**2 * back**2 * gamma**2 * outer + rate * rest / batch * A) * back * g
    assert (printed == law.covariance) is (gamma * outer == outer * gamma)


def test_weight_decay_in_any_basis():
    """A turn of the inputs turns the covariance; without decay what is left is the law of label noise."""
    plain = weight_decay_law(
        A, R(1, 2), batch_size=4, decay=sp.diag(R(1, 5), R(1, 10)), target=[1, 2], label_variance=1
    )
    gamma = TURN * sp.diag(R(1, 5), R(1, 10)) * TURN.T
    target = TURN * sp.Matrix([1, 2])
    turned = weight_decay_law(TILTED, R(1, 2), batch_size=4, decay=gamma, target=target, label_variance=1)
    assert turned.covariance == TURN * plain.covariance * TURN.T
    assert turned.excess_loss == plain.excess_loss
    floats = weight_decay_law(
        np.array(TILTED.tolist(), float), 0.5, batch_size=4, decay=np.array(gamma.tolist(), float),
        target=[float(entry) for entry in target], label_variance=1.0,
    )  # fmt: skip
    np.testing.assert_allclose(floats.covariance, np.array(turned.covariance.tolist(), float), rtol=1e-12)
    bare = weight_decay_law(TILTED, R(1, 2), batch_size=4, decay=0, target=[1, 2], label_variance=1)
    assert bare.covariance == label_noise_law(TILTED, R(1, 2), batch_size=4).covariance


def test_the_best_decay_is_negative_at_large_learning_rates():
    """With label noise, at λa above 1: the bias is of second order in the decay, the variance of first."""

    def loss(decay, rate):
        law = weight_decay_law([[1]], rate, batch_size=4, decay=decay, target=[1], label_variance=1)
        return law.excess_loss

    small = R(1, 1000)
    assert loss(small, R(1, 2)) < loss(0, R(1, 2)) < loss(-small, R(1, 2))
    assert loss(small, R(6, 5)) > loss(0, R(6, 5)) > loss(-small, R(6, 5))


def test_noise_at_minima():
    h, sigma, w = sp.Matrix([[2, 1], [1, 1]]), sp.Matrix([[1, -1], [-1, 2]]), sp.Matrix([1, 3])
    gamma = sp.diag(R(1, 10), R(1, 5))
    assert minimum_noise(h, batch_size=4, loss=3) == R(3, 2) * h
    pull = gamma * w
    assert minimum_noise(h, batch_size=4, loss=3, decay=gamma, weights=w) == R(3, 2) * h - pull * pull.T / 4
    assert h * sigma == sigma * h
    interpolating = minimum_noise(h, batch_size=4, covariance=sigma)
    assert interpolating == ((h * sigma).trace() * sp.eye(2) - h * sigma) * h / 4


@pytest.mark.parametrize("momentum", [0, R(1, 2)])
def test_covariance_at_minima_as_printed(momentum):
    """Diagonal matrices with a flat direction; the pull of the decay lies along one axis, so that all commute."""
    h, gamma, w, rate = sp.diag(2, 1, 0), sp.diag(R(1, 5), 0, 0), sp.Matrix([1, 0, 0]), R(1, 3)
    whole, batch, loss = h + gamma, 4, R(1, 2)
    noise = 2 * loss * h - gamma * w * w.T * gamma
    bracket = (2 * sp.eye(3) - rate / (1 + momentum) * whole).inv()
    printed = rate / (batch * (1 - momentum)) * noise * whole.pinv() * bracket
    given = {"batch_size": batch, "loss": loss, "decay": gamma, "weights": w}
    assert minimum_covariance(h, rate, momentum, **given) == printed
    no_decay = 2 * loss * rate / (batch * (1 - momentum)) * (2 * sp.eye(3) - rate / (1 + momentum) * h).inv()
    assert minimum_covariance(h, rate, momentum, batch_size=batch, loss=loss) == sp.diag(*no_decay.diagonal()[:2], 0)
    assert minimum_covariance(h, rate, momentum, batch_size=batch) == sp.zeros(3)
    turn = sp.diag(TURN, 1)
    turned = minimum_covariance(turn * h * turn.T, rate, momentum, batch_size=batch, loss=loss)
    assert turned == turn * sp.diag(*no_decay.diagonal()[:2], 0) * turn.T


def test_many_weights():
    law = high_dimensional_law(A, R(1, 2), batch_size=4, label_variance=2, ratio=2)
    assert float((A * law.covariance).trace()) == pytest.approx(0.125373134, abs=5e-10)
    assert law.excess_loss == (A * law.covariance).trace() / 2
    trace = (A * law.covariance).trace()
    assert law.noise == (trace * sp.eye(2) - A * law.covariance) * A / 4 + R(1, 4) * A
    assert stationary_covariance(A, law.noise, R(1, 2)) == law.covariance
    assert high_dimensional_law(A, R(1, 2), batch_size=4, label_variance=2, ratio=R(1, 2)).covariance == sp.zeros(2)


def test_many_weights_lose_stability_where_the_sum_reaches_the_batch_size():
    inputs = np.diag([1.0, 0.5])
    for rate, stable in ((4 / 3 - 1e-6, True), (4 / 3 + 1e-6, False)):
        assert (sum(rate * a / 2 for a in (1.0, 0.5)) < 1) is stable
        if stable:
            assert high_dimensional_law(inputs, rate, batch_size=1, label_variance=1, ratio=2).excess_loss > 1e3
        else:
            with pytest.raises(ValueError, match=r"unstable: lambda Tr\[G\^-1 A\] is 1"):
                high_dimensional_law(inputs, rate, batch_size=1, label_variance=1, ratio=2)


@pytest.mark.parametrize(
    ("batch", "rate", "index", "estimate"), [(1, 0.5, 2.9040, 3.0), (4, 1.0, 3.5047, 4.0), (4, 4 / 3, 2.0, 2.0)]
)
def test_tail_indices(batch, rate, index, estimate):
    found = tail_index(rate, batch_size=batch)
    assert found == pytest.approx(index, abs=5e-5)
    assert estimated_tail_index(rate, batch_size=batch) == pytest.approx(estimate)
    x = np.linspace(0, 40, 2_000_001)[1:] ** 2
    density = x ** (batch / 2 - 1) * np.exp(-x / 2) / (2 ** (batch / 2) * float(mpmath.gamma(batch / 2)))
    assert np.trapezoid(density * abs(1 - rate * x / batch) ** found, x) == pytest.approx(1, abs=1e-4)


def test_estimates_of_tail_indices():
    rate, a, batch = sp.symbols("lambda_ a S")
    assert estimated_tail_index(rate, batch_size=batch, curvature=a) == 2 * batch / (rate * a) - batch
    assert estimated_tail_index(rate, batch_size=batch, curvature=a, law="continuous") == 2 * batch / (rate * a) + 1
    assert estimated_tail_index(R(8, 6), batch_size=4) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: label_noise_law(A, R(3, 2), batch_size=4), r"unstable: t = Tr.* is .* below the batch size 4"),
        (lambda: label_noise_law(A, 3, batch_size=4), r"unstable: the matrix G .* has the eigenvalue -1.75"),
        (lambda: label_noise_law(A, R(1, 2), batch_size=0), "batch size is 0"),
        (lambda: label_noise_law(A, R(1, 2), batch_size=4, label_variance=-1), "label variance is -1"),
        (lambda: label_noise_law(-A, R(1, 2), batch_size=4), "A has the eigenvalue -1"),
        (lambda: label_noise_law(A, R(1, 2), 1, batch_size=4), "momentum is 1"),
        (lambda: label_noise_law(A, R(1, 9), batch_size=4, preconditioner=TILTED), "must commute"),
        (
            lambda: weight_decay_law(A, R(1, 2), batch_size=4, decay=-1, target=[1, 1]),
            "K = A . decay has the eigenvalue -0.5",
        ),
        (lambda: weight_decay_law(A, R(1, 2), batch_size=4, decay=1, target=[1]), "target has 1 entries"),
        (lambda: minimum_noise(A, batch_size=4), "give covariance"),
        (lambda: minimum_noise(A, batch_size=4, decay=1), "give weights"),
        (lambda: minimum_covariance(A, 3, batch_size=4, loss=1), "unstable: the eigenvalue 1 of the Hessian"),
        (lambda: tail_index(20.0, batch_size=1), "no stationary law"),
        (lambda: estimated_tail_index(1, batch_size=1, law="levy"), "discrete, continuous"),
    ],
)
def test_what_means_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
