"""Moments of minibatch gradients against every batch that can be drawn."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.noise import (
    central_moments,
    minibatch_covariance,
    minibatch_cumulant,
    minibatch_fourth_moment,
    minibatch_moment,
    minibatch_third_cumulant,
)
from tests.noise.batches import batch_means, enumerated_moment

F = Fraction

DIGITS = [3, -1, 4, 1, -5, 9]
PLANE = [(1, 0), (2, -1), (-1, 3), (0, 1), (3, 2)]


def exact(values):
    array = np.empty(np.shape(values), dtype=object)
    for place, entry in np.ndenumerate(np.array(values, dtype=object)):
        array[place] = F(entry)
    return array


def test_covariance_of_five_gradients_in_the_plane():
    """P. Chaudhari, S. Soatto, 2018, Lemma 1; N. Golmant's reading of it: the factor without replacement."""
    gradients = sp.Matrix(PLANE)
    mean = sp.Matrix([sum(gradients.col(0)), sum(gradients.col(1))]) / 5
    covariance = gradients.T * gradients / 5 - mean * mean.T
    assert central_moments(exact(PLANE), 2)[2].tolist() == covariance.tolist()
    assert covariance == sp.Matrix([[2, -sp.Rational(4, 5)], [-sp.Rational(4, 5), 2]])
    factors = [sp.Rational(*pair) for pair in ((1, 1), (3, 8), (1, 6), (1, 16), (0, 1))]
    for b, factor in enumerate(factors, start=1):
        assert minibatch_covariance(covariance, b) == covariance / b
        assert minibatch_covariance(covariance, b, 5, replacement=False) == covariance * factor
        assert (exact(minibatch_covariance(covariance, b, 5, False)) == enumerated_moment(PLANE, b, 2, False)).all()


@pytest.mark.parametrize(
    ("b", "with_", "without", "third_with", "third_without"),
    [
        (1, F(677, 36), F(677, 36), F(337, 54), F(337, 54)),
        (2, F(677, 72), F(677, 90), F(337, 216), F(337, 540)),
        (3, F(677, 108), F(677, 180), F(337, 486), F(0)),
        (4, F(677, 144), F(677, 360), F(337, 864), F(-337, 4320)),
        (5, F(677, 180), F(677, 900), F(337, 1350), F(-337, 6750)),
        (6, F(677, 216), F(0), F(337, 1944), F(0)),
    ],
)
def test_six_numbers(b, with_, without, third_with, third_without):
    """Variance and third cumulant of the mean of b of six numbers, with and without replacement."""
    moments = central_moments(exact(DIGITS), 4)
    assert moments == {2: F(677, 36), 3: F(337, 54), 4: F(353315, 432)}
    assert minibatch_covariance(moments[2], b) == with_
    assert minibatch_covariance(moments[2], b, 6, replacement=False) == without
    assert minibatch_third_cumulant(moments[3], b) == third_with
    assert minibatch_third_cumulant(moments[3], b, 6, replacement=False) == third_without
    sizes = (True, False) if b < 5 else (False,)
    for replacement in sizes:
        fourth = minibatch_fourth_moment(moments[4], moments[2], b, 6, replacement)
        assert fourth == enumerated_moment(DIGITS, b, 4, replacement).item()


def test_the_fourth_moment_in_power_sums():
    """The one-dimensional formula in power sums and falling factorials, symbol by symbol."""
    b, n, m2, m4 = sp.symbols("b N mu2 mu4")
    p2, p4 = n * m2, n * m4

    def share(k):
        return sp.Mul(*((b - j) / (n - j) for j in range(k)))

    printed = (
        share(1) * p4
        + share(2) * (3 * p2**2 - 7 * p4)
        + 6 * share(3) * (2 * p4 - p2**2)
        + share(4) * (3 * p2**2 - 6 * p4)
    ) / b**4
    assert sp.simplify(minibatch_fourth_moment(m4, m2, b, n, replacement=False) - printed) == 0
    assert sp.simplify(minibatch_fourth_moment(m4, m2, b) - (m4 + 3 * (b - 1) * m2**2) / b**3) == 0
    third = minibatch_third_cumulant(sp.Symbol("m"), b, n, replacement=False)
    assert sp.simplify(third - sp.Symbol("m") * (n - b) * (n - 2 * b) / ((n - 1) * (n - 2) * b**2)) == 0


def test_the_printed_sign_is_rejected_by_enumeration():
    """P. Chaudhari, S. Soatto, 2018, appendix A: the second moment of the mean enters with 1 + 1/(N-1), not 1 - 1/(N-1)."""
    gradients = sp.Matrix(PLANE)
    second, mean, n = gradients.T * gradients, sp.Matrix([1, 1]), 5
    for b in (1, 2, 3, 4):
        enumerated = sp.Matrix(enumerated_moment(PLANE, b, 2, False).tolist())

        def bracket(sign, b=b):
            return (second / (n - 1) - (1 + sign * sp.Rational(1, n - 1)) * mean * mean.T) * (
                sp.Rational(1, b) * (1 - sp.Rational(b, n))
            )

        assert bracket(1) == enumerated
        assert bracket(-1) != enumerated


rationals = st.fractions(min_value=-3, max_value=3, max_denominator=5)


@settings(max_examples=25)
@given(st.lists(rationals, min_size=1, max_size=6), st.data(), st.booleans())
def test_every_moment_of_random_data_is_the_enumerated_one(values, data, replacement):
    b = data.draw(st.integers(1, 3 if replacement else len(values)))
    moments = central_moments(exact(values), 6)
    for order in range(2, 7):
        found = minibatch_moment(moments, order, batch_size=b, dataset_size=len(values), replacement=replacement)
        assert found == enumerated_moment(values, b, order, replacement).item()


@pytest.mark.parametrize("replacement", [True, False])
def test_tensors_of_vectors_are_the_enumerated_ones(replacement):
    gradients = [(F(1, 2), 0), (2, F(-1, 3)), (-1, 3), (0, 1)]
    moments = central_moments(exact(gradients), 5)
    for b in (1, 2, 3):
        for order in range(2, 6):
            found = minibatch_moment(moments, order, batch_size=b, dataset_size=4, replacement=replacement)
            assert (found == enumerated_moment(gradients, b, order, replacement)).all()
        third = minibatch_third_cumulant(moments[3], b, 4, replacement)
        assert (third == enumerated_moment(gradients, b, 3, replacement)).all()
        fourth = minibatch_fourth_moment(moments[4], moments[2], b, 4, replacement)
        assert (fourth == enumerated_moment(gradients, b, 4, replacement)).all()


def test_cumulants_are_those_of_the_enumerated_means():
    moments = central_moments(exact(DIGITS), 6)
    for b, replacement in ((2, True), (2, False), (4, False)):
        means = batch_means(DIGITS, b, replacement)[:, 0]
        own = central_moments(means, 6)
        expected = {4: own[4] - 3 * own[2] ** 2, 5: own[5] - 10 * own[3] * own[2]}
        expected[6] = own[6] - 15 * own[4] * own[2] - 10 * own[3] ** 2 + 30 * own[2] ** 3
        for order, value in expected.items():
            sizes = {"batch_size": b, "dataset_size": 6, "replacement": replacement}
            assert minibatch_cumulant(moments, order, **sizes) == value


def test_with_replacement_a_cumulant_falls_with_a_power_of_the_batch_size():
    moments = central_moments(exact(DIGITS), 5)
    for order in (2, 3, 4, 5):
        single = minibatch_cumulant(moments, order, batch_size=1)
        symbolic = minibatch_cumulant({k: sp.sympify(m) for k, m in moments.items()}, order, batch_size="b")
        assert sp.simplify(symbolic - sp.sympify(single) / sp.Symbol("b") ** (order - 1)) == 0


def test_a_singular_covariance_is_judged_exactly():
    """Rank one, and rank one less a trillionth: floats cannot tell them apart."""
    row = sp.Matrix([1, sp.Rational(1, 3), sp.Rational(2, 7)])
    singular = row * row.T
    assert minibatch_covariance(singular, 2) == singular / 2
    dented = singular - sp.diag(0, sp.Rational(1, 10**14), 0)
    with pytest.raises(ValueError, match="has the eigenvalue -"):
        minibatch_covariance(dented, 2)


def test_the_whole_population_has_no_noise():
    for n in (1, 2, 3):
        assert minibatch_covariance(5, n, n, replacement=False) == 0
        assert minibatch_fourth_moment(41, 5, n, n, replacement=False) == 0
    assert minibatch_covariance("D", "N", "N", replacement=False) == 0


def test_text_is_a_number_or_a_symbol():
    assert minibatch_covariance("1/2", "4") == F(1, 8)
    assert minibatch_covariance([["a"]], "b") == sp.Matrix([[sp.Symbol("a") / sp.Symbol("b")]])


def test_the_type_follows_the_input():
    integers = minibatch_covariance(np.array([[2, -1], [-1, 2]]), 4)
    assert integers.dtype == float
    assert integers.tolist() == [[0.5, -0.25], [-0.25, 0.5]]
    floats = minibatch_covariance(np.array([[2.0, 0.5], [0.5, 1.0]]), 4)
    assert floats.dtype == float
    assert np.allclose(floats, [[0.5, 0.125], [0.125, 0.25]])
    assert isinstance(minibatch_covariance(2.0, 4), float)
    assert isinstance(minibatch_covariance(F(1, 2), 4), F)
    assert minibatch_covariance(sp.Symbol("D"), 4) == sp.Symbol("D") / 4
    array = sp.Array([[[1]]])
    assert minibatch_third_cumulant(array, 2) == sp.Array([[[sp.Rational(1, 4)]]])
    assert minibatch_covariance(np.array([[F(1, 2)]], dtype=object), 2).tolist() == [[F(1, 4)]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: minibatch_covariance([[1, 2], [2, 1]], 2), "eigenvalue -1"),
        (lambda: minibatch_covariance(np.array([[1.0, 2.0], [2.0, 1.0]]), 2), "eigenvalue -1"),
        (lambda: minibatch_covariance([[1, 2], [3, 1]], 2), r"entry \(1, 2\) is 2 and entry \(2, 1\) is 3"),
        (lambda: minibatch_covariance(-2, 2), "covariance is -2; it must not be negative"),
        (lambda: minibatch_covariance([1, 2], 2), r"shape \(2,\)"),
        (lambda: minibatch_covariance(1, 0), "the batch size is 0"),
        (lambda: minibatch_covariance(1, 2.5), "the batch size is 2.5"),
        (lambda: minibatch_covariance(1, 7, 5, replacement=False), "a batch of 7 cannot be drawn from 5"),
        (lambda: minibatch_covariance(1, 2, replacement=False), "give dataset_size"),
        (lambda: minibatch_covariance(float("nan"), 2), "holds nan"),
        (lambda: minibatch_covariance([["1/0"]], 2), "covariance: '1/0' divides by zero"),
        (lambda: minibatch_covariance([[1, 2], [3]], 2), "equal rows"),
        (lambda: minibatch_third_cumulant([[1]], 2), "axes of length p"),
        (lambda: minibatch_moment({2: 1}, 4, batch_size=2), r"give moments\[4\]"),
        (lambda: central_moments([1, 2], 2, weights=[1, 1]), "sum to 1, not to 2"),
        (lambda: central_moments([1, 2], 2, weights=[2, -1]), "a weight is -1; it must not be negative"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
