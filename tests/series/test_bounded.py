"""Bounds on errors are bounds, and the values of coefficients are those of fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sgdsym.series import Coefficient, TooManyDigitsError, exact_value, float_values
from sgdsym.series.bounded import Bounded, Precision, VagueError, rounded

NUMBERS = st.one_of(
    st.integers(-50, 50),
    st.floats(-2, 2, allow_subnormal=False),
    st.fractions(-3, 3, max_denominator=30),
    st.sampled_from([1 - 1e-12, 0.999, 1e-30, 1e30]),
)
STEPS = st.lists(st.tuples(st.sampled_from("+-*/^"), NUMBERS, st.integers(0, 9)), min_size=1, max_size=12)


@given(NUMBERS, STEPS, st.sampled_from([2, 5, 20]))
def test_the_error_is_never_larger_than_its_bound(start, steps, digits):
    at = Precision(digits)
    exact, known = Fraction(start), at.number(start)
    for operation, number, exponent in steps:
        other, operand = at.number(number), Fraction(number)
        try:
            match operation:
                case "+":
                    exact, known = exact + operand, known + other
                case "-":
                    exact, known = operand - exact, other - known
                case "*":
                    exact, known = exact * operand, other * known
                case "/":
                    # whole numbers alone are divided by floats, once
                    assume(isinstance(known, Bounded) or isinstance(other, Bounded))
                    exact, known = exact / operand, known / other
                case "^":
                    exact, known = exact**exponent, known**exponent
        except (ZeroDivisionError, VagueError):
            return
        if isinstance(known, Bounded):
            assert abs(exact - Fraction(known.value)) <= Fraction(known.error)
        else:
            assert known == exact


def test_sums_that_vanish_and_poles():
    x, n = Fraction(1, 3), 1
    assert rounded(lambda x: {0: x * 3 - 1, 1: (x + 1) ** 3 - x**3 - 3 * x**2 - 3 * x - 1}, {"x": x}) == {
        0: 0.0,
        1: 0.0,
    }
    with pytest.raises(VagueError, match="a denominator cannot be told from zero"):
        rounded(lambda x: {0: 1 / (3 * x - 1)}, {"x": x})
    with pytest.raises(ZeroDivisionError):
        rounded(lambda x: {0: (x + 1) / (n - 1)}, {"x": 0.5})
    with pytest.raises(OverflowError):
        rounded(lambda x: {0: x**2000}, {"x": 2.5})
    with pytest.raises(TypeError, match="an exponent is no whole number"):
        rounded(lambda x: {0: 2**x}, {"x": 2.5})
    assert rounded(lambda x: {0: x**2000}, {"x": 0.25}) == {0: 0.0}
    assert float(Bounded(Decimal("5e-324"), Decimal(0), Precision(40))) == 5e-324


T, N, MU = (Coefficient.symbol(name) for name in ("T", "N", "mu"))
COEFFICIENTS = [
    Coefficient(0),
    Coefficient(Fraction(-3, 7)),
    T * (T - 1) / (2 * N),
    (T - N) / ((N - 1) ** 2 * (T + 3)),
    (MU.power(T) - 1) / (MU - 1) - T,
    (MU.power(2 * T) * T - MU.power(T) / MU**3) / ((MU + 1) * (MU - 1) ** 4 * N**2),
    Coefficient(Fraction(-9, 10)).power(T) * 10 - T,
]


@pytest.mark.parametrize("steps", [0, 1, 5, 40])
@pytest.mark.parametrize("mu", [Fraction(1, 3), Fraction(0.999), Fraction(1) - Fraction(1, 2**40), Fraction(-1, 2)])
def test_values_are_those_of_substitution(steps, mu):
    sizes = {"T": Fraction(steps), "N": Fraction(7), "mu": mu}
    exact = [exact_value(c, sizes) for c in COEFFICIENTS]
    assert float_values(COEFFICIENTS, sizes) == [float(value) for value in exact]
    small = {"T": steps, "N": 7, "mu": Fraction(1, 3)}
    for c in COEFFICIENTS:
        assert exact_value(c, {k: Fraction(v) for k, v in small.items()}) == c.substitute(small).as_fraction()


def test_values_that_there_are_none_of():
    for sizes in ({"T": Fraction(2), "N": Fraction(1)}, {"T": Fraction(-3), "N": Fraction(2)}):
        for evaluate in (exact_value, lambda c, s: float_values([c], s)):
            with pytest.raises(ZeroDivisionError):
                evaluate(COEFFICIENTS[3], sizes)
    with pytest.raises(ValueError, match="the exponent T must be a whole number, not 5/2"):
        exact_value(MU.power(T), {"T": Fraction(5, 2), "mu": Fraction(1, 2)})
    with pytest.raises(TooManyDigitsError, match="give a float"):
        exact_value(MU.power(T), {"T": Fraction(10**9), "mu": Fraction(2, 3)})
