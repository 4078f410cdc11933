"""Closed forms of runs with momentum: equal to what was counted, in the literature's shape, and short."""

from fractions import Fraction
from statistics import median

import pytest

from sgdsym import Coefficient, Series, expand, modified
from sgdsym.formula import to_latex, to_text
from sgdsym.render import Notation, Typesetting, series_to_text
from sgdsym.render.factors import factor
from sgdsym.render.shapes import cost
from sgdsym.render.terms import coefficient_formula
from sgdsym.series.conditions import run_conditions
from sgdsym.series.reach import can_vanish
from tests.render.latex_values import latex_value

SERIES = [
    expand(order=3, momentum="mu"),
    expand(order=2, momentum="mu", nesterov=True),
    expand(order=2, momentum="mu", observable="displacement"),
    expand(order=3, momentum="mu", observable="function"),
    expand(order=3, momentum="mu", dynamics="gd"),
    expand(order=2, momentum="beta", sampling="reshuffle"),
    expand(order=2, average="beta"),
    modified(order=4, dynamics="gd", momentum="mu"),
]
COEFFICIENTS = list(dict.fromkeys(c for series in SERIES for d, c in series if d.order))
NUMBERS = {"T": 5, "E": 2, "N": 6, "B": 3, "mu": Fraction(2, 5), "beta": Fraction(-1, 3)}


def test_every_shape_has_the_value_of_the_coefficient():
    assert len(COEFFICIENTS) >= 40
    symbols = NUMBERS | {rf"\{name}": NUMBERS[name] for name in ("mu", "beta")}
    for coefficient in COEFFICIENTS:
        written = to_latex(coefficient_formula(coefficient, Typesetting()))
        numbers = {name: NUMBERS[name] for name in coefficient.symbols}
        assert latex_value(written, symbols) == coefficient.substitute(numbers).as_fraction(), written


def test_shapes_are_short_and_rise_in_the_momentum():
    """Compared with one fraction over the integers, as it was written before."""
    ratios = []
    for coefficient in COEFFICIENTS:
        written = to_text(coefficient_formula(coefficient, Typesetting()))
        assert not {"μ - 1", "β - 1"} & {written[k : k + 5] for k in range(len(written))}, written
        before = to_text(factor(coefficient).formula(Notation())).replace("μ", "mu").replace("β", "beta")
        ratios.append(len(written) / len(before))
    assert median(ratios) < 0.75
    assert max(ratios) < 1.3


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("(mu*mu**T - mu*T - mu + T)/(mu - 1)**2", "(T(1 - μ) - μ(1 - μ^T))/(1 - μ)²"),
        ("1/(mu - 1)", "-1/(1 - μ)"),
        ("(mu + 1)/(mu - 1)**3", "-(1 + μ)/(1 - μ)³"),
        ("(T - 1)/(N - 1)", "(T - 1)/(N - 1)"),
        ("(m*m**T - m*T - m + T)/(m - 1)**2", "-(T(m - 1) + m(1 - m^T))/(m - 1)²"),
    ],
)
def test_shapes_of_the_literature(text, shape):
    assert to_text(coefficient_formula(Coefficient(text), Typesetting())) == shape


def test_only_denominators_that_can_vanish_are_named():
    assert "where" not in str(SERIES[0])
    assert "where" not in str(SERIES[5])
    assert str(modified(order=2, sampling="reshuffle")).splitlines()[-1].endswith("where (N - 1) ≠ 0")
    # without the conditions of the run nothing is known
    series = SERIES[0]
    loose = Series(series.terms, series.truncation, series.basis, series.setting)
    assert series_to_text(loose).splitlines()[-1] == "where (1 + μ) ≠ 0, (1 - μ) ≠ 0, (1 + μ + μ²) ≠ 0"


def test_denominators_are_decided_by_roots_and_conditions():
    N, B, mu = (Coefficient.symbol(name) for name in ("N", "B", "mu"))
    known = run_conditions(dataset_size=N, batch_size=B, momentum=mu)
    power = Coefficient("mu**(N/B)")
    cases = {
        1 - mu: False,
        1 + 2 * mu: True,
        1 + mu + mu**2: False,
        N - 1: True,
        N - 2: True,
        2 * N - 3: False,
        N**2 - 2: False,
        N + 1: False,
        N - B: True,
        1 - Coefficient("mu**N"): False,
        2 - Coefficient("mu**N"): False,
        1 - Coefficient("mu**T"): True,
        2 * Coefficient("mu**N") - 1: True,
    }
    assert {str(pole): can_vanish(pole, known) for pole in cases} == {str(pole): value for pole, value in cases.items()}
    assert not can_vanish(1 - power, run_conditions(dataset_size=N, batch_size=B, momentum=mu))
    assert can_vanish(1 - mu, ())


def test_long_sums_and_deep_brackets_cost_more():
    assert cost("a + b") < cost("a + b + c") < cost("(a + b) + c + d")
    assert cost("f(x)") < cost("f(g(x))")
