"""Exact division against multiplication: what is a product is divided, what is none is not."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym.series.division import divide_exactly

NAMES = ("a", "b", "c")


def polynomials(least, size):
    """Some terms in up to three symbols, with exponents from ``least``."""
    exponents = st.tuples(*(st.integers(least, 4) for _ in NAMES))
    monomials = exponents.map(lambda e: tuple((name, k) for name, k in zip(NAMES, e, strict=True) if k))
    numbers = st.fractions(-5, 5, max_denominator=3).filter(bool)
    return st.dictionaries(monomials, numbers, min_size=1, max_size=size)


def product(left, right):
    found = {}
    for first, a in left.items():
        for second, b in right.items():
            powers = dict(first)
            for name, e in second:
                powers[name] = powers.get(name, 0) + e
            monomial = tuple(sorted((name, e) for name, e in powers.items() if e))
            found[monomial] = found.get(monomial, 0) + a * b
    return {monomial: c for monomial, c in found.items() if c}


DIVISORS = polynomials(0, 3).map(lambda divisor: {**divisor, (): Fraction(2, 3)})


@settings(max_examples=200)
@given(polynomials(-3, 8), DIVISORS)
def test_a_product_is_divided(quotient, divisor):
    assert divide_exactly(product(quotient, divisor), divisor) == quotient


@settings(max_examples=200)
@given(polynomials(-3, 8), DIVISORS)
def test_a_quotient_multiplies_back(numerator, divisor):
    found = divide_exactly(numerator, divisor)
    assert found is None or product(found, divisor) == numerator


def test_a_remainder_of_high_powers_ends():
    """Dividing x^40 by x + y^3 + 1 raises y without end; no quotient has more of it than the numerator."""
    x, y = (("x", 1),), (("y", 3),)
    assert divide_exactly({(("x", 40),): Fraction(1)}, {x: Fraction(1), y: Fraction(1), (): Fraction(1)}) is None
