"""What a prompt and a notebook show: one line for every value, and the head of what is long."""

import pytest

from sgdsym import compare, expand, modified, resum
from sgdsym.render import series_head_to_latex


@pytest.mark.parametrize(
    "value",
    [
        expand(order=6),
        modified(order=4),
        expand(order=4, schedule="w"),
        resum(order=3),
        compare("sgd:B=1", "ode", order=3),
        expand(order=2).kernel(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_one_line_at_a_prompt(value):
    shown = repr(value)
    assert shown.startswith(f"{type(value).__name__}(")
    assert "\n" not in shown
    assert len(shown) < 200
    assert str(value)


def test_a_notebook_shows_the_head_of_a_long_series():
    series = expand(order=6)
    assert len(series) > 200
    shown = series._repr_latex_()
    assert len(shown) < 25_000
    assert shown.endswith("\\end{align*}")
    left = len(series) - len(series.truncate(5))
    assert f"and {left} terms to order 6, which the methods latex and to\\_text write" in shown
    assert expand(order=3)._repr_latex_() == expand(order=3).latex()
    assert "and 10 terms to order 3" in series_head_to_latex(expand(order=3), most=0)


def test_comparisons_and_resummed_series_show_their_formula():
    assert compare("sgd:B=1", "ode", order=2)._repr_latex_().startswith("\\begin{align*}")
    assert resum(order=2)._repr_latex_().startswith("\\begin{align*}")
