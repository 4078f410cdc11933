"""Exact coefficients."""

import pickle
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdsym import Coefficient

rationals = st.fractions(min_value=-5, max_value=5, max_denominator=6)


@st.composite
def coefficients(draw):
    """Random polynomials in T and B with inverse powers of B."""
    T, B = Coefficient.symbol("T"), Coefficient.symbol("B")
    terms = draw(st.lists(st.tuples(rationals, st.integers(0, 3), st.integers(-2, 2)), max_size=4))
    return Coefficient.total([Coefficient(q) * T**i * B**j for q, i, j in terms] or [Coefficient()])


@given(coefficients())
def test_text_round_trips(c):
    assert Coefficient.parse(str(c)) == c
    assert eval(repr(c)) == c  # noqa: S307 - the repr of our own value
    assert pickle.loads(pickle.dumps(c)) == c  # noqa: S301 - our own bytes
    assert hash(Coefficient.parse(str(c))) == hash(c)


@given(coefficients(), coefficients(), coefficients())
def test_ring_axioms(a, b, c):
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert not (a - a)


@given(coefficients(), coefficients(), st.integers(-3, 9), st.integers(1, 5))
def test_substitution_is_a_homomorphism(a, b, steps, batch_size):
    at = {"T": steps, "B": batch_size}
    assert (a * b).substitute(at) == a.substitute(at) * b.substitute(at)
    assert (a + b).substitute(at) == a.substitute(at) + b.substitute(at)


@given(coefficients(), st.integers(-3, 9), st.integers(1, 5))
def test_sympy_agrees(c, steps, batch_size):
    expected = c.as_expr().subs({"T": steps, "B": batch_size})
    value = c.substitute({"T": steps, "B": batch_size}).as_fraction()
    assert sympy.Rational(value.numerator, value.denominator) == expected
    assert sympy.parse_expr(str(c)).equals(c.as_expr())


@given(coefficients())
def test_monomials_add_up(c):
    total = Coefficient()
    for number, powers in c.monomials():
        term = Coefficient(number)
        for name, exponent in powers:
            term *= Coefficient.symbol(name) ** exponent
        total += term
    assert total == c


def test_floats_are_refused():
    with pytest.raises(TypeError, match="exact"):
        Coefficient.symbol("T") + 0.5


@pytest.mark.parametrize("name", ["__import__('os')", "a b", "", "1x", "_T", "T.x", "__class__", "é", "lambda"])
def test_names_that_are_no_symbols(name):
    with pytest.raises(ValueError, match="cannot name a symbol"):
        Coefficient.symbol(name)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "T.real",
        "1.5",
        "True",
        "(T + 1)**T",
        "1/0",
        "9**9**9**9",
        "",
        "f(T)",
        "T if T else 1",
        "'T'",
    ],
)
def test_text_that_is_no_coefficient(text):
    with pytest.raises(ValueError, match=r"."):
        Coefficient.parse(text)


def test_singular_points_are_reported():
    with pytest.raises(ZeroDivisionError, match="no value"):
        (1 / (Coefficient.symbol("N") - 1)).substitute({"N": 1})
    with pytest.raises(ZeroDivisionError):
        Coefficient(1) / (Coefficient.symbol("N") - Coefficient.symbol("N"))


def test_fractions_only_without_symbols():
    assert Coefficient("3/4").as_fraction() == Fraction(3, 4)
    with pytest.raises(ValueError, match="symbols T"):
        Coefficient.symbol("T").as_fraction()


@pytest.mark.parametrize("text", ["1/B - 1/N", "N + 1/B", "1/(2*B) - 1", "T/B - T**2/(2*B)", "3/T**2 - 6/(B*T)"])
def test_sums_of_inverse_powers_are_divided_by(text):
    divisor = Coefficient(text)
    assert divisor * (1 / divisor) == 1
    assert Coefficient(str(1 / divisor)) == 1 / divisor
