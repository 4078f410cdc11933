"""Exact numbers and floats are asked the same things, and answer alike."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import sgdsym
from sgdsym.quantities import EXACT, FLOATS, Arithmetic

NUMBERS = st.fractions(min_value=-3, max_value=3, max_denominator=8)
SIZES = st.integers(min_value=1, max_value=3)


def answer(read, *arguments):
    """What is read in floats, or that it is refused."""
    try:
        found = read(*arguments)
    except ValueError as error:
        return str(error).split(" is ")[0].split(" has ")[0]
    return np.array(found.tolist() if hasattr(found, "tolist") else found, dtype=float)


def agree(first, second):
    return first == second if isinstance(first, str) or isinstance(second, str) else np.allclose(first, second)


def torch_rows(matrix):
    return list(pytest.importorskip("torch").tensor(matrix))


@given(NUMBERS)
@settings(max_examples=60)
@pytest.mark.parametrize("asked", ["number", "positive", "nonnegative", "scalar"])
def test_scalars_are_read_and_refused_alike(asked, number):
    read = [getattr(arithmetic, asked) for arithmetic in (EXACT, FLOATS)]
    assert agree(answer(read[0], "a number", number), answer(read[1], "a number", float(number)))
    refused = number < 0 if asked == "nonnegative" else asked == "positive" and number <= 0
    assert isinstance(answer(read[0], "a number", number), str) == refused


@given(NUMBERS)
@settings(max_examples=60)
def test_momentum_is_from_zero_to_below_one(number):
    inside = 0 <= number < 1
    for arithmetic, value in ((EXACT, number), (FLOATS, float(number))):
        assert isinstance(answer(arithmetic.momentum, value), str) != inside


@given(SIZES.flatmap(lambda size: st.lists(NUMBERS, min_size=size * size, max_size=size * size)))
@settings(max_examples=100)
@pytest.mark.parametrize("asked", ["symmetric", "semidefinite", "positive_definite"])
def test_matrices_are_read_and_refused_alike(asked, entries):
    """As the determinants of their minors say, which neither arithmetic takes."""
    size = int(len(entries) ** 0.5)
    half = sp.Matrix(size, size, [sp.Rational(entry.numerator, entry.denominator) for entry in entries])
    for matrix in (half * half.T, half + half.T, half):
        minors = [
            matrix.extract(list(rows), list(rows)).det()
            for k in range(1, size + 1)
            for rows in combinations(range(size), k)
        ]
        leading = [matrix[:k, :k].det() for k in range(1, size + 1)]
        right = matrix == matrix.T
        if asked == "semidefinite":
            right = right and min(minors) >= 0
        elif asked == "positive_definite":
            right = right and min(leading) > 0
        exactly = answer(getattr(EXACT, asked), "a matrix", matrix)
        assert isinstance(exactly, str) != right
        # floats cannot tell a small eigenvalue from none
        if asked != "positive_definite" or min(map(abs, leading)) > 1e-6:
            assert agree(exactly, answer(getattr(FLOATS, asked), "a matrix", np.array(matrix.tolist(), dtype=float)))


@pytest.mark.parametrize(
    ("values", "exact"),
    [
        ((1, Fraction(1, 2), sp.sqrt(2)), True),
        ((1, 0.5), False),
        ((1, np.ones(2, dtype=int)), False),
        ((0.5, "x"), True),
        ((0.5, "1/2"), False),
        ((np.array([Fraction(1, 2)], dtype=object), None), True),
        (([[1, 2], [3, 0.5]],), False),
        ((sp.Matrix([[sp.Float(0.5)]]),), False),
    ],
)
def test_one_float_makes_all_of_them_floats_unless_there_is_a_symbol(values, exact):
    assert Arithmetic.of(*values).exact == exact
    assert Arithmetic.of(*values) is (EXACT if exact else FLOATS)


@pytest.mark.parametrize("holder", [list, tuple, lambda matrix: [tuple(row) for row in matrix], torch_rows])
def test_rows_that_are_arrays_are_floats_as_a_matrix_is(holder):
    """Beside a fraction, too, which alone would be computed with exactly."""
    matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
    assert Arithmetic.of(holder(matrix), Fraction(1, 10)) is FLOATS
    found = sgdsym.stationary_covariance(holder(matrix), holder(np.eye(2)), Fraction(1, 10))
    assert np.array_equal(found, sgdsym.stationary_covariance(matrix, np.eye(2), Fraction(1, 10)))


def test_rows_of_expressions_in_arrays_are_exact():
    assert Arithmetic.of([np.array([1, 0], dtype=object), np.array([0, sp.Symbol("h")], dtype=object)]) is EXACT
