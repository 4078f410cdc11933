"""What is said while something takes long: what is done, and about how long the rest takes."""

import re

import pytest

from sgdsym.cli import output
from sgdsym.cli.output import Progress
from sgdsym.cli.streams import say
from sgdsym.progress import Bar


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands where a test puts it."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(output.time, "perf_counter", lambda: Clock.now)
    return Clock


def lines(capsys, clock, progress, ends):
    for order, end in ends:
        clock.now = end
        progress.layer(order, 10)
    return capsys.readouterr().err.splitlines()


def test_orders_take_times_in_the_proportions_of_their_sizes(capsys, clock):
    """Sizes 1, 10, 100, …: each order takes ten times the one before."""
    said = lines(capsys, clock, Progress(4, lambda order: 10**order), [(0, 0.011), (1, 0.11), (2, 1.1), (3, 11.0)])
    # 0.99 s for 90 things: 9.9 and 99 s more; then 9.9 s for 900
    assert said == [
        "order 2: 10 diagrams (1.1 s, about 110 s left)",
        "order 3: 10 diagrams (11.0 s, about 99 s left)",
    ]


def test_times_that_grow_faster_are_taken_at_their_word(capsys, clock):
    said = lines(capsys, clock, Progress(3, lambda order: 2**order), [(0, 0.0), (1, 0.1), (2, 2.1)])
    assert said == ["order 2: 10 diagrams (2.1 s, about 40 s left)"]


def test_the_other_side_of_a_comparison_is_left_too(capsys, clock):
    progress = Progress(2, lambda order: 10**order, runs=2)
    said = lines(capsys, clock, progress, [(0, 0.1), (1, 1.1), (2, 11.1), (0, 11.2), (1, 12.2), (2, 22.2)])
    assert [re.search(r"about (\d+)|$", line)[1] for line in said] == ["21", "11", None, "10", None]


def test_without_sizes_nothing_is_foretold(capsys, clock):
    assert lines(capsys, clock, Progress(), [(0, 0.1), (1, 3.0)]) == ["order 1: 10 diagrams (3.0 s)"]


def test_a_bar_tells_the_time_left(capsys, clock):
    with Bar(say) as bar:
        for done, now in ((10, 2.0), (50, 10.0), (100, 20.0)):
            clock.now = now
            bar.show(done, 100)
    first, second, last = capsys.readouterr().err.splitlines()
    assert first.endswith("10/100, about 18 s left")
    assert second.endswith("50/100, about 10 s left")
    assert last.endswith("100/100")
