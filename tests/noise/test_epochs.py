"""Batches of one epoch, against every order of the examples."""

from fractions import Fraction

import pytest
import sympy as sp

from sgdsym.noise import cross_batch_covariance, epoch_autocovariance, minibatch_covariance
from tests.noise.batches import enumerated_lags

F = Fraction

DIGITS = [3, -1, 4, 1, -5, 9]
VARIANCE = F(677, 36)


@pytest.mark.parametrize(
    ("b", "lags"),
    [
        (1, [F(677, 36), F(-677, 216), F(-677, 270), F(-677, 360), F(-677, 540), F(-677, 1080), 0]),
        (2, [F(677, 90), F(-677, 270), F(-677, 540), 0]),
        (3, [F(677, 180), F(-677, 360), 0]),
        (6, [0, 0]),
    ],
)
def test_autocovariance_over_all_orders(b, lags):
    """M. Kühn, B. Rosenow, 2023: shuffled epochs with uniform phase, against all 720 orders of six numbers."""
    assert [epoch_autocovariance(VARIANCE, b, 6, h) for h in range(len(lags))] == lags
    assert enumerated_lags(DIGITS, b) == lags
    assert epoch_autocovariance(VARIANCE, b, 6, 9) == 0
    assert epoch_autocovariance(VARIANCE, b, 6, -1) == lags[1]
    assert lags[0] + 2 * sum(lags[1:]) == 0


def test_symbolic_lags_are_the_numbers():
    d, b, n = sp.symbols("D b N")
    for lag in range(5):
        formula = epoch_autocovariance(d, b, n, lag)
        for size in (1, 2, 3):
            given = epoch_autocovariance(VARIANCE, size, 6, lag)
            assert formula.subs({d: sp.sympify(VARIANCE), b: size, n: 6}) == sp.sympify(given)


def test_four_numbers_without_replacement():
    assert [minibatch_covariance(5, b, 4, replacement=False) for b in (1, 2, 3, 4)] == [5, F(5, 3), F(5, 9), 0]


def test_disjoint_batches_of_one_epoch():
    """Their covariance is -D/(N-1), whatever their size, which is -C_b/(M-1)."""
    covariance = sp.Matrix([[2, -sp.Rational(4, 5)], [-sp.Rational(4, 5), 2]])
    half, fifth = sp.Rational(1, 2), sp.Rational(1, 5)
    assert cross_batch_covariance(covariance, 5) == sp.Matrix([[-half, fifth], [fifth, -half]])
    d, b, n = sp.symbols("D b N")
    single = minibatch_covariance(d, b, n, replacement=False)
    assert sp.simplify(cross_batch_covariance(d, n) + single / (n / b - 1)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: epoch_autocovariance(1, 4, 6, 1), "give a divisor of 6"),
        (lambda: epoch_autocovariance(1, 7, 6, 1), "a batch of 7"),
        (lambda: epoch_autocovariance(1, 1, 6, 0.5), "not 0.5"),
        (lambda: cross_batch_covariance(1, 1), "the dataset size is 1"),
        (lambda: cross_batch_covariance([[1, 2], [2, 1]], 4), "eigenvalue -1"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_autocovariance_of_the_smallest_training_sets():
    assert epoch_autocovariance(sp.Integer(5), 1, 1, 1) == 0
    assert epoch_autocovariance(sp.Integer(5), 1, 2, 1) == -sp.Rational(5, 2)
    assert epoch_autocovariance(sp.Integer(5), 1, 2, 2) == 0
