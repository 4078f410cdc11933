"""Stationary laws as a person writes them: in shape, and equal to what was derived."""

import pytest
import sympy as sp

from sgdsym.formula import to_latex, to_text
from sgdsym.render.laws import law_formula
from sgdsym.stationary import stationary_covariance
from tests.render.latex_values import latex_value

C, D, N, b, h, k, r = sp.symbols("C D N b h k r")
eta, mu = sp.symbols("eta mu")


def derived(**options):
    return stationary_covariance(sp.Matrix([[h]]), sp.Matrix([[C]]), eta, **options)[0]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (derived(), "ηC/(h(2 - ηh))"),
        (derived(momentum=mu), "ηC/(h(1 - μ)(2 - ηh/(1 + μ)))"),
        (h * derived(momentum=mu) / 2, "ηC/(2(1 - μ)(2 - ηh/(1 + μ)))"),
        (C * r / (h * (2 - h * r)), "Cr/(h(2 - hr))"),
        (1 + N / (eta * h), "1 + N/(ηh)"),
        (D * (N - b) / (b * (N - 1)), "D(N - b)/(b(N - 1))"),
        (-1 / (1 + mu), "-1/(1 + μ)"),
    ],
)
def test_laws_have_the_shape_of_the_literature(expression, text):
    assert to_text(law_formula(expression if expression.is_Add else sp.factor(expression))) == text


@pytest.mark.parametrize("seed", range(12))
def test_laws_keep_their_value(seed):
    chosen = [derived(), derived(momentum=mu), derived(momentum=mu) * derived(), 1 / derived(momentum=mu) + D / N]
    chosen += [(C - mu * h) ** 2 / (eta * h - 2 * mu - 2) ** 3, (1 - mu**2) * (eta * D - mu) / (N - b)]
    expression = sp.together(chosen[seed % len(chosen)])
    values = dict(zip((C, D, N, b, h, k, r), map(sp.Rational, (3, 5, 11, 4, 2, 7, 9)), strict=True))
    values |= {eta: sp.Rational(1, 3 + seed), mu: sp.Rational(2 - seed, 15)}
    symbols = {str(symbol): value for symbol, value in values.items()} | {r"\eta": values[eta], r"\mu": values[mu]}
    assert latex_value(to_latex(law_formula(expression)), symbols) == expression.subs(values)


def test_what_is_no_rational_function_is_left_alone():
    assert law_formula(sp.sqrt(h) / eta) is None
    assert law_formula(sp.exp(-h)) is None
    assert law_formula(sp.Rational(1, 3)) is None
    assert law_formula(sp.Max(0, N - b)) is None
