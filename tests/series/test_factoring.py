"""Factors of polynomials against those of sympy, and the polynomials that its search lingers on."""

from __future__ import annotations

from random import Random
from time import process_time

import pytest
from sympy import ZZ
from sympy.polys.rings import ring

from sgdsym.series import Coefficient
from sgdsym.series.factoring import factor_list
from sgdsym.sgd import Request, expand_request

RING, *GENERATORS = ring("a, b, c, d", ZZ)


def polynomial(random: Random, terms: int, degree: int):
    found = {tuple(random.randrange(degree + 1) for _ in GENERATORS): random.randrange(-9, 10) for _ in range(terms)}
    return RING.from_dict({exponents: number for exponents, number in found.items() if number}) or RING.one


def texts(factors):
    return sorted((str(factor), exponent) for factor, exponent in factors)


@pytest.mark.parametrize("seed", range(60))
def test_factors_are_those_of_sympy(seed):
    random = Random(seed)
    parts = [polynomial(random, random.randrange(1, 5), 2) for _ in range(3)]
    product = parts[0] ** random.randrange(1, 3) * parts[1] * parts[2] * random.choice([-6, -1, 1, 4])
    number, factors = factor_list(product)
    theirs_number, theirs = product.factor_list()
    assert number == theirs_number
    assert texts(factors) == texts(theirs)


def test_a_factor_that_lacks_a_symbol_is_found_in_a_long_product():
    a, b, c, d = GENERATORS
    long = polynomial(Random(5), 40, 5) + a**6 * b**6 * c**6 * d**6 + 1
    number, factors = factor_list((a - 1) ** 2 * (b * c + 1) * long)
    assert texts(factors) == texts([(a - 1, 2), (b * c + 1, 1), (long if long.LC > 0 else -long, 1)])
    assert number == (1 if long.LC > 0 else -1)


def test_what_is_long_and_not_seen_to_be_irreducible_may_stay():
    a, b, *_ = GENERATORS
    product = (a**2 + b**2 + 1) * (a**3 + b**2 + 2)
    assert factor_list(product, longest=3) == (1, [(product, 1)])
    assert len(factor_list(product)[1]) == 2


def test_coefficients_over_epochs_are_factored_at_once():
    """Their numerators are irreducible, in six symbols; sympy searched one of them for 15 seconds at every other seed."""
    series = expand_request(Request(observable="test-loss", sampling="reshuffle", momentum="mu", order=3))
    longest = max(series.terms.values(), key=lambda c: len(c.monomials()))
    assert len(longest.monomials()) > 200
    start = process_time()
    inverse = 1 / longest
    assert process_time() - start < 5
    assert inverse * longest == Coefficient(1)
