"""The split F = (D+Q)U of a linear drift: printed numbers, the equations it solves, and the SDE through SGD's moments."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.stationary import (
    FokkerPlanck,
    decompose,
    embedded_ornstein_uhlenbeck,
    stationary_covariance,
)
from tests.stationary.support import RATIONALS, rational, symmetric_matrices

R = sp.Rational
H = sp.Matrix([[2, R(1, 2)], [R(1, 2), 1]])
C = sp.Matrix([[1, R(-1, 3)], [R(-1, 3), R(1, 2)]])


def test_the_printed_example():
    """Chaudhari and Soatto 2018 in two dimensions, worked by hand: q = -7/36."""
    parts = decompose(H, C)
    assert parts.rotation == sp.Matrix([[0, R(-7, 36)], [R(7, 36), 0]])
    assert parts.potential == sp.Matrix([[R(234, 79), R(144, 79)], [R(144, 79), R(198, 79)]])
    assert parts.spread == sp.Matrix([[R(11, 18), R(-4, 9)], [R(-4, 9), R(13, 18)]])
    # β⁻¹ = λ/2 with λ = ½: the Lyapunov equation HΣ + ΣH = λC
    assert parts.covariance(R(1, 4)) == sp.Matrix([[R(11, 72), R(-1, 9)], [R(-1, 9), R(13, 72)]])


@st.composite
def drifts(draw):
    """A random attracting drift (positive definite plus antisymmetric, so its eigenvalues lie to the right) and a diffusion."""
    size = draw(st.integers(1, 4))
    turn = sp.Matrix(size, size, lambda i, j: rational(draw(RATIONALS)))
    return draw(symmetric_matrices(size)) + turn - turn.T, draw(symmetric_matrices(size))


@settings(max_examples=40)
@given(drifts())
def test_the_parts_solve_their_equations_exactly(process):
    drift, diffusion = process
    parts = decompose(drift, diffusion)
    rotation, potential = parts.rotation, parts.potential
    assert -rotation == rotation.T
    assert potential == potential.T
    assert potential.is_positive_definite
    assert (diffusion + rotation) * potential == drift
    assert drift * rotation + rotation * drift.T == drift * diffusion - diffusion * drift.T
    assert parts.spread * potential == sp.eye(drift.rows)


@settings(max_examples=20)
@given(drifts())
def test_floats_agree_with_fractions(process):
    exact, floats = decompose(*process), decompose(*(np.array(part, dtype=float) for part in process))
    for name in ("rotation", "potential", "spread", "circulation"):
        close = np.array(getattr(exact, name), dtype=float)
        np.testing.assert_allclose(getattr(floats, name), close, rtol=1e-9, atol=1e-9 * (1 + np.abs(close).max()))


def test_the_law_is_stationary_and_its_current_is_the_circulation():
    """The Fokker–Planck equation itself, with symbols for drift and noise: rate 0, current -QUx ρ, and none without Q."""
    x, y, a, b, d = sp.symbols("x y a b d", positive=True)
    beta = sp.Symbol("beta", positive=True)
    drift, diffusion = sp.Matrix([[a, b], [-b, 2]]), sp.diag(1, d)
    parts = decompose(drift, diffusion)
    place = sp.Matrix([x, y])
    equation = FokkerPlanck((x, y), tuple(-drift * place), diffusion / beta)
    density = sp.exp(-beta * (place.T * parts.potential * place)[0] / 2)
    assert sp.cancel(sp.expand_mul(equation.rate(density) / density)) == 0
    assert (equation.velocity(density) + parts.circulation * place).applyfunc(sp.cancel) == sp.zeros(2, 1)
    along = parts.potential * parts.circulation
    assert (along + along.T).applyfunc(sp.cancel) == sp.zeros(2)


def test_there_is_no_rotation_where_noise_and_curvature_commute():
    parts = decompose(H, 2 * H + sp.eye(2))
    assert parts.rotation == sp.zeros(2)
    assert decompose(H, sp.eye(2)).potential == H


def test_many_weights_in_floats():
    draw = np.random.default_rng(0)
    p = 60
    factor, skew = draw.normal(size=(2, p, p)) / np.sqrt(p)
    drift, diffusion = factor @ factor.T + 0.1 * np.eye(p) + skew - skew.T, np.diag(draw.uniform(0.1, 1, p))
    parts = decompose(drift, diffusion)
    assert np.abs(drift @ parts.spread + parts.spread @ drift.T - 2 * diffusion).max() < 1e-11
    assert np.abs((diffusion + parts.rotation) @ parts.potential - drift).max() < 1e-11
    linalg = pytest.importorskip("scipy.linalg")
    np.testing.assert_allclose(
        parts.spread, linalg.solve_continuous_lyapunov(drift, 2 * diffusion), rtol=1e-9, atol=1e-10
    )


@pytest.mark.parametrize("convert", [sp.Matrix, lambda rows: np.array(rows, dtype=float)], ids=["exact", "floats"])
@pytest.mark.parametrize(
    ("drift", "diffusion", "complaint"),
    [
        ([[1, 0], [0, -1]], [[1, 0], [0, 1]], "real part -1"),
        ([[0, 1], [-1, 0]], [[1, 0], [0, 1]], "real part 0"),
        ([[1, 0], [0, 1]], [[1, 2], [2, 1]], "eigenvalue -1"),
        ([[1, 0], [0, 1]], [[1, 2], [0, 1]], "not symmetric"),
        ([[1, 0], [0, 1]], [[1, 0], [0, 0]], "no noise reaches"),
        ([[1, 0], [0, 1]], [[1]], "the diffusion has 1 rows"),
    ],
)
def test_bad_processes_are_named(convert, drift, diffusion, complaint):
    with pytest.raises(ValueError, match=complaint):
        decompose(convert(drift), convert(diffusion))


def test_the_embedded_sde_has_the_printed_series():
    """h̃ = h(1 + ηh/2 + η²h²/3 + η³h³/4 + …) and C̃ = C(1 + ηh + (5/6)η²h² + …)."""
    h, c, eta = sp.symbols("h c eta", positive=True)
    drift, noise = embedded_ornstein_uhlenbeck(h, c, learning_rate=eta)
    series = h * (1 + eta * h / 2 + (eta * h) ** 2 / 3 + (eta * h) ** 3 / 4)
    assert sp.expand(sp.series(drift[0], eta, 0, 4).removeO() - series) == 0
    series = c * (1 + eta * h + R(5, 6) * (eta * h) ** 2)
    assert sp.expand(sp.series(noise[0], eta, 0, 3).removeO() - series) == 0
    assert sp.simplify(noise[0] - 2 * drift[0] * c / (h * (2 - eta * h))) == 0


def test_the_embedded_sde_has_the_moments_of_sgd():
    """Over one step the mean is multiplied by 1 - ηH and the stationary covariance is that of the discrete law, non-commuting."""
    linalg = pytest.importorskip("scipy.linalg")
    hessian, noise, eta = np.array(H, dtype=float), np.array(C, dtype=float), 0.3
    drift, diffusion = embedded_ornstein_uhlenbeck(hessian, noise, learning_rate=eta)
    np.testing.assert_allclose(linalg.expm(-eta * drift), np.eye(2) - eta * hessian, atol=1e-14)
    discrete = np.array(stationary_covariance(H, C, R(3, 10)), dtype=float)
    np.testing.assert_allclose(decompose(drift, diffusion).covariance(eta / 2), discrete, atol=1e-14)


def test_the_embedded_sde_of_symbols_is_diagonal():
    a, b, c, eta = sp.symbols("a b c eta", positive=True)
    drift, noise = embedded_ornstein_uhlenbeck(sp.diag(a, b), sp.Matrix([[2, c], [c, 1]]), learning_rate=eta)
    spread = decompose(drift, noise).covariance(eta / 2)
    discrete = stationary_covariance(sp.diag(a, b), sp.Matrix([[2, c], [c, 1]]), eta)
    assert (spread - discrete).applyfunc(sp.simplify) == sp.zeros(2)


def test_embeddings_that_do_not_exist_are_named():
    with pytest.raises(ValueError, match="times the curvature 2 is 1; it must be below 1"):
        embedded_ornstein_uhlenbeck(2, 1, learning_rate=R(1, 2))
    with pytest.raises(ValueError, match="not diagonal"):
        embedded_ornstein_uhlenbeck(H, C, learning_rate=R(1, 10))
    with pytest.raises(ValueError, match="the covariance of the embedding has the eigenvalue"):
        embedded_ornstein_uhlenbeck(np.diag([0.999, 1e-3]), np.ones((2, 2)), learning_rate=1.0)
