"""Exact coefficients."""

import ast
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


def test_the_normal_form_does_not_depend_on_the_way_to_it():
    T, N, B, E, M, mu = map(Coefficient.symbol, ("T", "N", "B", "E", "M", "mu"))
    assert 1 / (T**2 - N) == (N**3 + 1) / ((T**2 - N) * (N**3 + 1))
    assert 1 / (N - T**2) == -1 / (T**2 - N)
    assert Coefficient("1/((N - 1)*(1 - mu))") == -1 / ((N - 1) * (mu - 1))
    assert mu.power(2 * M + 3) == mu**3 * mu.power(M) ** 2
    assert mu.power(M).power(E) == mu.power(E).power(M)
    assert mu.power(6 / B) ** 2 == mu.power(12 / B)
    assert mu.power(N / B) ** 2 == mu.power(2 * N / B) == Coefficient("mu**(2*N/B)")
    assert mu.power(6 / B).power(E) == mu.power(E).power(6 / B) == Coefficient("mu**(6*E/B)")
    assert 1 / (1 - mu.power(12 / B)) == 1 / ((1 - mu.power(6 / B)) * (1 + mu.power(6 / B)))
    assert mu.power(T / 2) ** 2 == mu.power(T)
    assert mu.power(T) - mu.power(T / 2) ** 2 == 0
    sign = Coefficient(-1).power(T)
    assert sign**2 == 1
    assert 1 / sign == sign
    half, quarter = Coefficient("1/2"), Coefficient("1/4")
    assert quarter.power(T) == half.power(2 * T)
    assert Coefficient(4).power(T) * half.power(2 * T) == 1


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.fractions(min_value=-2, max_value=2, max_denominator=3)
)
def test_powers_are_substituted_with_all_else_at_once(epochs, batches, batch, base):
    mu, N, B, E = map(Coefficient.symbol, ("mu", "N", "B", "E"))
    value = (1 - mu.power(E * N / B)) / (2 - mu.power(N / B)) + E * mu.power(2 * N / B - 1)
    numbers = {"mu": base, "N": batches * batch, "B": batch, "E": epochs}
    power = base**batches
    if base and power != 2:
        expected = (1 - base ** (epochs * batches)) / (2 - power) + epochs * Fraction(base) ** (2 * batches - 1)
        assert value.substitute(numbers).as_fraction() == expected
        for name, number in numbers.items():
            step = value.substitute({other: own for other, own in numbers.items() if other != name})
            assert step.substitute({name: number}).as_fraction() == expected


def test_names_are_exchanged_at_once():
    E, N, T, mu = map(Coefficient.symbol, ("E", "N", "T", "mu"))
    value = E * N**2 / (E - N) + mu.power(T)
    assert value.substitute({"E": N, "N": E, "mu": T, "T": mu}) == N * E**2 / (N - E) + T.power(mu)


def test_zero_to_a_power_is_one_where_the_exponent_vanishes():
    value = Coefficient(0).power(Coefficient.symbol("T") - 2)
    assert str(value) == "0**(T - 2)"
    assert [value.substitute({"T": steps}) for steps in (2, 3, 9)] == [1, 0, 0]
    with pytest.raises(ZeroDivisionError, match="no value at T = 1"):
        value.substitute({"T": 1})


@pytest.mark.parametrize(
    "text", ["(9/10)**100000", "mu**(6/B)/(mu**(12/B) - 1)", "0**(T - 2)", "(1/2)**(-T)", "2**T*mu**(E*N/B)"]
)
def test_powers_round_trip(text):
    value = Coefficient(text)
    assert Coefficient(str(value)) == value
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301 - our own bytes


def test_long_sums_are_written_in_brackets():
    """A reader that walks a sum from the left goes as deep as it is long."""
    T, mu = Coefficient.symbol("T"), Coefficient.symbol("mu")
    value = Coefficient.total(mu.power(T) ** i * T**j * (i + j + 1) for i in range(4) for j in range(60))
    assert Coefficient(str(value)) == value
    tree, depth = ast.parse(str(value), mode="eval").body, 0
    while isinstance(tree, ast.BinOp):
        tree, depth = tree.left, depth + 1
    assert depth < 120


@pytest.mark.parametrize("value", [0, 1, -7, Fraction(1, 2), 10**30])
def test_a_number_has_the_hash_of_the_number(value):
    assert {Coefficient(value)} == {value}
    assert {value: "found"}[Coefficient(value)] == "found"
