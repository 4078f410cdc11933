"""Saddles between minima: landscapes where they are known, and the laws of escape fed with what is found."""

import numpy as np
import pytest
import sympy as sp

from sgdsym.stationary import escape_rate, find_barrier, kramers_rate

pytest.importorskip("scipy")


def functions(loss, symbols):
    """A formula with its derivatives as functions of a vector."""
    slopes = [loss.diff(s) for s in symbols]
    made = [sp.lambdify(symbols, f, cse=True) for f in (loss, slopes, sp.hessian(loss, symbols))]
    return [lambda w, f=f: np.array(f(*w), dtype=float) for f in made]


X, Y, Z = sp.symbols("x y z")
WELLS = (X**2 - 1) ** 2 / 4 + 3 * (Y - X**2) ** 2 + 1
MUELLER_BROWN = sum(
    a * sp.exp(b * (X - x) ** 2 + c * (X - x) * (Y - y) + d * (Y - y) ** 2)
    for a, b, c, d, x, y in (
        (-200, -1, 0, -10, 1, 0),
        (-100, -1, 0, -10, 0, sp.Rational(1, 2)),
        (-170, -sp.Rational(13, 2), 11, -sp.Rational(13, 2), -sp.Rational(1, 2), sp.Rational(3, 2)),
        (15, sp.Rational(7, 10), sp.Rational(3, 5), sp.Rational(7, 10), -1, 1),
    )
)


@pytest.mark.parametrize("exact", [True, False])
def test_a_curved_valley(exact):
    """Minima (±1, 1) and the saddle at the origin, far from the straight line between the minima."""
    loss, gradient, hessian = functions(WELLS, [X, Y])
    found = find_barrier(loss, gradient, [-1.5, 0.5], [0.7, 1.4], hessian=hessian if exact else None)
    np.testing.assert_allclose(found.minimum, [-1, 1], atol=1e-7)
    np.testing.assert_allclose(found.end, [1, 1], atol=1e-7)
    np.testing.assert_allclose(found.saddle, [0, 0], atol=1e-6)
    assert found.loss_saddle == pytest.approx(1.25, abs=1e-9)
    np.testing.assert_allclose(found.hessian_saddle, [[-1, 0], [0, 6]], atol=1e-5)
    np.testing.assert_allclose(found.hessian_minimum, [[26, 12], [12, 6]], atol=1e-5)
    back = found.reversed()
    np.testing.assert_allclose(back.minimum, [1, 1], atol=1e-7)
    np.testing.assert_allclose(back.hessian_minimum, [[26, -12], [-12, 6]], atol=1e-5)


@pytest.mark.parametrize(
    ("start", "end", "saddle", "height"),
    [
        ((-0.6, 1.4), (0.0, 0.5), (-0.822001558732732, 0.624312802814871), -40.66484351),
        ((0.6, 0.0), (0.0, 0.5), (0.212486582000662, 0.292988325107368), -72.24894011),
    ],
)
def test_the_saddles_of_mueller_and_brown(start, end, saddle, height):
    loss, gradient, _ = functions(MUELLER_BROWN, [X, Y])
    found = find_barrier(loss, gradient, start, end)
    np.testing.assert_allclose(found.saddle, saddle, atol=1e-6)
    assert found.loss_saddle == pytest.approx(height, abs=1e-6)


def test_a_minimum_on_the_way_is_named():
    loss, gradient, _ = functions(MUELLER_BROWN, [X, Y])
    with pytest.raises(ValueError, match=r"another minimum lies on the path, near \(-0.05001, 0.4667\)"):
        find_barrier(loss, gradient, (-0.6, 1.4), (0.6, 0.0))


def test_many_stiff_weights_turned_at_random():
    """A double well along one direction and bowls along the others, with a stiffness ratio of 1000."""
    size, draw = 12, np.random.default_rng(0)
    basis = np.linalg.qr(draw.normal(size=(size, size)))[0]
    stiff = np.geomspace(0.1, 100, size - 1)

    def loss(w):
        u = basis.T @ w
        return (u[0] ** 2 - 1) ** 2 / 4 + u[0] / 10 + stiff @ u[1:] ** 2 / 2 + 1

    def gradient(w):
        u = basis.T @ w
        return basis @ np.concatenate([[u[0] ** 3 - u[0] + 0.1], stiff * u[1:]])

    found = find_barrier(loss, gradient, draw.normal(size=size) / 5 - basis[:, 0], basis[:, 0])
    roots = np.sort(np.roots([1, 0, -1, 0.1]))
    for place, root in zip((found.minimum, found.saddle, found.end), roots, strict=True):
        np.testing.assert_allclose(place, root * basis[:, 0], atol=1e-6)
    values = np.linalg.eigvalsh(found.hessian_saddle)
    np.testing.assert_allclose(values, np.sort([3 * roots[1] ** 2 - 1, *stiff]), rtol=1e-5)


def test_what_is_found_feeds_the_laws_of_escape():
    """One outlier direction and a flat bulk: n = 1, and the rates of the formula with its own numbers."""
    loss, gradient, hessian = functions((X**2 - 1) ** 2 / 4 + Y**2 / 200 + Z**2 / 100 + 1, [X, Y, Z])
    found = find_barrier(loss, gradient, [-2, 0, 1], [2, 1, 0], hessian=hessian)
    assert found.outliers() == 1
    assert found.outliers(0) == 3
    settings = {"learning_rate": 0.1, "batch_size": 2}
    rate = escape_rate(*found.arguments(), **settings)
    assert rate == pytest.approx(escape_rate(1.0, 1.25, 2.0, -1.0, **settings), rel=1e-9)
    all_of_it = escape_rate(1.0, 1.25, np.diag([2, 0.02, 0.01]), np.diag([-1, 0.02, 0.01]), **settings)
    assert escape_rate(*found.arguments(0), **settings) == pytest.approx(all_of_it, rel=1e-9)
    cold = kramers_rate(*found.arguments(), temperature=0.05)
    assert cold == pytest.approx(kramers_rate(1.0, 1.25, 2.0, -1.0, temperature=0.05), rel=1e-9)


def test_one_weight_in_a_tilted_well():
    loss, gradient, _ = functions((X**2 - 1) ** 2 / 4 + X / 10 + 1, [X])
    found = find_barrier(loss, gradient, -1, 1)
    roots = np.sort(np.roots([1, 0, -1, 0.1]))
    np.testing.assert_allclose([found.minimum[0], found.saddle[0], found.end[0]], roots, atol=1e-8)


def test_a_flat_direction_stays_flat():
    """A minimum that is a line: the saddle is found, and the flat direction is no outlier."""
    loss, gradient, hessian = functions((X**2 - 1) ** 2 / 4 + 0 * Y + 1, [X, Y])
    found = find_barrier(loss, gradient, [-1, 0], [1, 0], hessian=hessian)
    np.testing.assert_allclose(found.saddle, [0, 0], atol=1e-8)
    assert found.outliers(0) == 1


BOWL = functions(X**2 + Y**2, [X, Y])
DOUBLE = functions(WELLS, [X, Y])
FOUR = functions((X**2 - 1) ** 2 + (Y**2 - 1) ** 2, [X, Y])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_barrier(*BOWL[:2], [1, 1], [-1, 0]), "run to the same minimum"),
        (lambda: find_barrier(*DOUBLE[:2], [1, 1], [1, 1, 1]), "start has 2 weights and end 3"),
        (lambda: find_barrier(DOUBLE[0], BOWL[1], [1, 1], [-1, 0]), "the gradient is not that of the loss"),
        (lambda: find_barrier(DOUBLE[0], lambda w: w[:1], [1, 1], [-1, 0]), "the gradient must be finite and of shape"),
        (lambda: find_barrier(DOUBLE[0], lambda w: DOUBLE[1](w).astype("f4"), [1, 1], [-1, 0]), "comes in float32"),
        (lambda: find_barrier(lambda w: np.float32(DOUBLE[0](w)), DOUBLE[1], [1, 1], [-1, 0]), "comes in float32"),
        (lambda: find_barrier(lambda w: w, BOWL[1], [1, 1], [-1, 0]), "the loss must be a finite number"),
        (lambda: find_barrier(*DOUBLE[:2], [1, np.nan], [-1, 0]), "finite weights"),
        (lambda: find_barrier(lambda w: w[0], lambda w: np.ones(1), [1], [-1]), "no minimum"),
        (lambda: find_barrier(*DOUBLE[:2], [1, 1], [-1, 1]).outliers(1), "below 1"),
        # by symmetry the string stays on the straight line, over the top between four wells
        (lambda: find_barrier(*FOUR[:2], [1, 1], [-1, -1]), "has 2 negative curvatures, not one"),
    ],
)
def test_what_has_no_barrier_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_way_out_must_be_an_outlier():
    """The escape goes along the flatter direction, which a large share leaves out."""
    loss, gradient, _ = functions((X**2 - 1) ** 2 / 4 + 50 * Y**2 + 1, [X, Y])
    found = find_barrier(loss, gradient, [-1, 0], [1, 0])
    with pytest.raises(ValueError, match="none of the 1 outlier directions"):
        found.arguments(0.5)
