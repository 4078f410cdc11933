"""How a coefficient is counted: the parts add up to what is derived, which is counted in other ways."""

import re

import pytest

from sgdsym.cli import main
from sgdsym.diagrams import Diagram
from sgdsym.report import count
from sgdsym.sgd import Request, expand_request

NOISE = Diagram(3, [(0, 1), (1, 2)], [(0, 2)])
REQUESTS = [
    {"order": 3},
    {"order": 4, "batch_size": 1},
    {"order": 3, "sampling": "reshuffle"},
    {"order": 3, "sampling": "fixed"},
    {"order": 3, "sampling": "replace"},
    {"order": 3, "observable": "covariance"},
    {"order": 3, "observable": "loss-variance"},
    {"order": 2, "observable": "generalization-gap", "sampling": "fixed"},
    {"order": 2, "observable": "train-loss", "sampling": "reshuffle"},
    {"order": 3, "dynamics": "sde"},
    {"order": 3, "dynamics": "gd"},
    {"order": 2, "momentum": "mu", "batch_size": 1},
    {"order": 2, "weight_decay": "wd", "observable": "function"},
]


@pytest.mark.parametrize("options", REQUESTS, ids=str)
def test_the_parts_add_up_to_what_is_derived_and_fit_a_page(options):
    request = Request(**options)
    for diagram, coefficient in expand_request(request):
        found = count(diagram, request)
        assert found.coefficient == coefficient
        text = str(found)
        assert len(text.splitlines()) <= 60
        assert "\n\n\n" not in text


def test_orders_are_those_of_the_steps():
    """Two leaves on the root may be in either order or together; a chain has one order."""
    chain, fork = count(Diagram(3, [(0, 1), (1, 2)]), Request(order=2)).parts[::-1]
    assert [orders.shown for orders in chain.orders] in ([("{2} < {1}",)], [("{2} < {1}", "{1} < {2}"), ("{1 2}",)])
    shown = sorted(s for part in (chain, fork) for orders in part.orders for s in orders.shown)
    assert shown == ["{1 2}", "{1} < {2}", "{2} < {1}", "{2} < {1}"]


def test_a_diagram_that_does_not_occur_says_why():
    text = str(count(Diagram(3, [(0, 1), (1, 2)], [(0, 1)]), Request(order=2)))
    assert "orders  none: a data point would have to come before itself" in text
    assert "is 0, in joint cumulants" in text
    assert "no placement has this diagram" in str(count(NOISE, Request(order=2, observable="displacement")))


def test_the_page_has_a_picture_for_each_placement():
    page = count(NOISE, Request(order=2, sampling="fixed", observable="train-loss")).html()
    parts = len(re.findall("<h2", page))
    assert parts == len(count(NOISE, Request(order=2, sampling="fixed", observable="train-loss")).parts)
    assert page.count("<svg") == parts + 1
    assert "<script" not in page


def test_what_fits_no_page_is_refused():
    long = Diagram(8, [(i, i + 1) for i in range(7)])
    with pytest.raises(ValueError, match="has 7 edges; a page holds the count of at most 5"):
        count(long, Request(order=7))
    with pytest.raises(ValueError, match="leave the schedule and the mean out"):
        count(NOISE, Request(order=2, schedule="rate"))


@pytest.mark.parametrize("words", ["c(01-2)(02-12)", "Vlvs", "Diagram(3, [(0, 1), (0, 2)], [(0,), (1, 2)])"])
def test_the_command_reads_a_diagram_in_three_ways(capsys, words):
    assert main(["explain", words, "--batch-size", "1"]) == 0
    assert "sum  T/2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["x"], ["Diagram(1, [,], [])"], ["Diagram(1, [(((], [])"], ["Vlvs", "--order", "3"], ["c(0-1)(00)"], []],
)
def test_the_command_refuses_what_is_no_diagram(capsys, words):
    assert main(["explain", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
