"""The vector space of series, the bases and the exchange format."""

import json
import os
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdsym import Coefficient, Diagram, Series, expand
from tests.diagrams.strategies import diagrams
from tests.series.test_coefficient import coefficients

scalars = st.fractions(min_value=-3, max_value=3, max_denominator=4)


@st.composite
def series(draw, basis="cumulant"):
    """Random series of a few small diagrams."""
    terms = draw(st.dictionaries(diagrams(max_nodes=4), coefficients(), max_size=3))
    return Series(terms, draw(st.integers(0, 4)), basis)


@given(series(), series(), series(), scalars, scalars)
def test_vector_space_axioms(s, t, u, a, b):
    assert (s + t).terms == (t + s).terms
    assert ((s + t) + u).terms == (s + (t + u)).terms
    assert (s - s).terms == {}
    assert ((s + t) * a).terms == (s * a + t * a).terms
    assert (s * (a * b)).terms == ((s * a) * b).terms
    assert (s * a + s * b).terms == (s * (a + b)).terms
    assert s * 1 == s
    assert -s == s * -1


@given(series(), series(), series())
@settings(max_examples=40)
def test_product_axioms(s, t, u):
    assert (s * t).terms == (t * s).terms
    assert ((s * t) * u).terms == (s * (t * u)).terms
    assert (s * (t + t)).terms == ((s * t) + (s * t)).terms


@given(series(), series(), st.integers(0, 3))
@settings(max_examples=40)
def test_truncation_commutes_with_sum_and_product(s, t, k):
    assert (s + t).truncate(k) == s.truncate(k) + t.truncate(k)
    assert (s * t).truncate(k).terms == (s.truncate(k) * t.truncate(k)).terms
    assert all(diagram.order <= k for diagram in s.truncate(k).terms)


@given(series())
def test_moments_and_cumulants_round_trip(s):
    assert s.as_moments().as_cumulants() == s
    assert s.as_moments().basis == "moment"


@given(series(), st.permutations(range(3)))
def test_json_round_trip(s, order):
    text = s.to_json()
    assert Series.from_json(text) == s
    assert Series.from_json(text).to_json() == text
    data = json.loads(text)
    data["terms"] = data["terms"][::-1]
    assert Series.from_json(json.dumps(data)) == s


@given(series())
def test_construction_order_is_forgotten(s):
    backwards = Series(dict(reversed(list(s.terms.items()))), s.truncation, s.basis)
    assert backwards == s
    assert hash(backwards) == hash(s)
    assert backwards.to_json() == s.to_json()


@given(series(), st.integers(1, 5))
def test_substitution(s, steps):
    if "T" not in s.symbols:
        with pytest.raises(ValueError, match="no symbol"):
            s.subs(T=steps)
        return
    substituted = s.subs(T=steps)
    assert "T" not in substituted.symbols
    for diagram, c in s.terms.items():
        assert substituted[diagram] == c.substitute({"T": steps})


def test_orders_add_up():
    s = expand(order=4)
    total = s.order(0)
    for k in range(1, 5):
        assert {d.order for d in s.order(k).diagrams()} == {k}
        total += s.order(k)
    assert total == s


def test_bases_do_not_mix():
    s = expand(order=1)
    with pytest.raises(ValueError, match="as_cumulants"):
        s + s.as_moments()


@pytest.mark.parametrize(
    ("values", "message"),
    [({"T": 0.5}, "integer"), ({"T": True}, "integer"), ({"x": 1}, "no symbol x"), ({"T": "a b"}, "cannot name")],
)
def test_bad_substitutions(values, message):
    with pytest.raises(ValueError, match=message):
        expand(order=2).subs(**values)


def test_rename_a_symbol():
    assert expand(order=2).subs(T="n") == expand(order=2, steps="n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"format": "other"}',
        '{"format": "sgdsym-series/1"}',
        json.dumps({**json.loads(expand(order=1).to_json()), "basis": "x"}),
        json.dumps({**json.loads(expand(order=1).to_json()), "terms": [{"order": 3}]}),
        expand(order=1).to_json().replace('"-T"', '"__import__(1)"'),
        expand(order=1).to_json().replace('"order": 1, "coefficient"', '"order": 2, "coefficient"'),
    ],
)
def test_malformed_json_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Series.from_json(text)


def test_output_does_not_depend_on_the_hash_seed():
    code = "import sgdsym; s = sgdsym.expand(order=4); print(s.to_json(), s.as_moments().to_json(), s.as_expr())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "4242")
    }
    assert len(outputs) == 1


def test_coefficient_of_a_missing_diagram_is_zero():
    assert expand(order=1)[Diagram(5, [(0, 1), (1, 2), (2, 3), (3, 4)])] == Coefficient(0)
    assert expand(order=1)[Diagram(2, [(0, 1)])] * Fraction(-1, 1) == Coefficient.symbol("T")
