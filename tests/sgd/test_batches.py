"""Batches that differ or do not fill an epoch: against enumeration, against what they become where they are alike, and refused."""

from fractions import Fraction
from random import Random

import pytest

from sgdsym.numeric import interpret
from sgdsym.sgd import OBSERVABLES, compare, expand, resum
from sgdsym.verify import Run, enumerate_series, random_landscape

F = Fraction
LANDSCAPE = random_landscape(Random(3), degree=4)
RULES = (
    {},
    {"momentum": F(1, 3)},
    {"momentum": F(-1, 2), "nesterov": True, "delay": 1, "average": "uniform"},
    {"schedule": (F(1), F(2), F(-1, 2), F(3)), "mean_over_run": True},
)
TRAINED, OF_MANY_RUNS = ("train-loss", "generalization-gap"), ("loss-variance", "covariance")


def values(observable, **asked):
    series = expand(observable=observable, order=3, **asked)
    roots = LANDSCAPE.function_derivatives(3) if observable == "function" else None
    found = interpret(series, LANDSCAPE.derivatives(3), weights=LANDSCAPE.probabilities, root_derivatives=roots)
    return [c.tolist() if hasattr(c, "tolist") else c for c in found]


def check(observable, run, **asked):
    """The series is what all runs make of it."""
    rule = {
        name: getattr(run, name) for name in ("momentum", "nesterov", "schedule", "delay", "average", "mean_over_run")
    }
    expected = enumerate_series(LANDSCAPE, run, observable, 3)
    assert values(observable, sampling=run.sampling, **asked, **rule) == expected


def applies(rule, observable):
    return not (rule.get("mean_over_run") and observable in OF_MANY_RUNS)


@pytest.mark.parametrize("observable", OBSERVABLES)
@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize(("last_batch", "points"), [("short", 3), ("drop", 5)])
def test_an_epoch_that_batches_do_not_fill(observable, sampling, last_batch, points):
    # batches that are alike are counted by modes, which a delay has many of
    rules = RULES[:2] if last_batch == "drop" else RULES[:: 1 if observable in TRAINED else 2]
    for rule in (rule for rule in rules if applies(rule, observable)):
        sizes = {"dataset_size": points, "batch_size": 2, "last_batch": last_batch}
        check(observable, Run(sampling=sampling, steps=4, **sizes, **rule), epochs=2, **sizes)


@pytest.mark.parametrize("observable", [name for name in OBSERVABLES if name not in TRAINED])
def test_fresh_batches_of_listed_sizes(observable):
    for rule in (rule for rule in RULES[::2] if applies(rule, observable)):
        run = Run(steps=4, listed_batches=(1, 3, 2, 1), **rule)
        check(observable, run, batch_size=[1, 3, 2, 1])


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_batches_of_listed_sizes_drawn_with_replacement(observable):
    for rule in (rule for rule in RULES[1:] if applies(rule, observable)):
        run = Run(sampling="replace", steps=4, dataset_size=2, listed_batches=(1, 2, 1, 2), **rule)
        check(observable, run, batch_size=(1, 2, 1, 2), dataset_size=2)


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize("last_batch", ["short", "drop"])
def test_batches_that_fill_an_epoch_have_no_last_one(sampling, last_batch):
    sizes = {"sampling": sampling, "order": 3, "dataset_size": 6, "batch_size": 2}
    assert expand(last_batch=last_batch, **sizes) == expand(**sizes)


def test_dropped_points_leave_the_epochs_a_symbol():
    series = expand(order=2, sampling="fixed", dataset_size=7, batch_size=3, last_batch="drop")
    assert series.symbols == ("E",)
    assert series.subs(E=2) == expand(
        order=2, sampling="fixed", dataset_size=7, batch_size=3, last_batch="drop", epochs=2
    )


def test_a_list_of_equal_sizes_is_one_size():
    for sizes in ({}, {"sampling": "replace", "dataset_size": 5}):
        assert expand(order=3, batch_size=[2] * 4, **sizes) == expand(order=3, batch_size=2, steps=4, **sizes)


def test_larger_batches_late_and_smaller_rates_late():
    """The noise of the first order, tr(HC)/2 times the sum of the squared rates over the batch sizes, is the same."""
    (noise,) = ([c for d, c in expand(order=2, batch_size=[2, 2, 8]).order(2) if d.blocks == ((0,), (1, 2))],)
    assert [c.as_fraction() for c in noise] == [F(1, 2) * (F(1, 2) + F(1, 2) + F(1, 8))]
    (noise,) = (
        [c for d, c in expand(order=2, batch_size=2, schedule=[1, 1, F(1, 2)]).order(2) if d.blocks == ((0,), (1, 2))],
    )
    assert [c.as_fraction() for c in noise] == [F(1, 2) * (F(1, 2) + F(1, 2) + F(1, 8))]


def test_comparisons_name_the_batches():
    found = compare("fixed:N=7,B=3,E=2,last-batch=short", "fixed:N=7,B=3,E=2,last-batch=drop", order=1)
    assert "batches of 3, the last of 1) minus" in found.headline()
    assert "batches of 3, the points left over dropped" in found.headline()
    assert str(found.difference) == "- 2 η G·G"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "fixed", "batch_size": [1, 2]}, "is for sampling online and replace"),
        ({"dynamics": "sde", "batch_size": [1, 2]}, "is for sampling online and replace"),
        ({"dynamics": "gd", "batch_size": [1, 2]}, "gradient descent uses the whole training set"),
        ({"batch_size": []}, "the list of batch sizes is empty"),
        ({"batch_size": [1, 0]}, "each batch size must be an integer of at least 1, not 0"),
        ({"batch_size": [1, "B"]}, "each batch size must be an integer"),
        ({"batch_size": [1, 2], "steps": 3}, "has 2 updates, the run makes 3"),
        ({"batch_size": [1, 2], "steps": "T"}, "give numbers for its sizes"),
        ({"batch_size": [1, 2], "schedule": [1, 2, 3]}, "the list of batch sizes has 2 updates, the run makes 3"),
        ({"batch_size": [1, 2], "schedule": "rate"}, "make the schedule a list of numbers"),
        ({"sampling": "replace", "batch_size": [1, 2], "epochs": 2}, "leave the epochs out"),
        ({"last_batch": "short"}, "only epochs have a last batch"),
        ({"dynamics": "gd", "last_batch": "drop"}, "only epochs have a last batch"),
        ({"sampling": "fixed", "last_batch": "keep"}, "last_batch must be one of short, drop"),
        ({"sampling": "fixed", "last_batch": "drop", "batch_size": 3}, "give the dataset size and the batch size"),
        (
            {"sampling": "fixed", "last_batch": "drop", "batch_size": 3, "dataset_size": 2},
            "batch size 3 is larger than dataset size 2",
        ),
        ({"sampling": "fixed", "last_batch": "short", "batch_size": 3, "dataset_size": 4}, "give the epochs"),
        (
            {"sampling": "fixed", "last_batch": "short", "batch_size": 3, "dataset_size": 4, "steps": 3},
            "3 steps are no whole number of epochs of 2",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        expand(order=1, **options)
    assert len(str(caught.value)) < 200


def test_resummed_epochs_whose_last_batch_is_dropped():
    sizes = {"sampling": "reshuffle", "order": 2, "dataset_size": 7, "batch_size": 3, "epochs": 1}
    from sgdsym.sgd import Request, resum_request

    dropped = resum_request(Request(last_batch="drop", **sizes)).expand(2)
    assert dropped.terms == expand(last_batch="drop", **sizes).terms
    with pytest.raises(ValueError, match="a short last batch is not resummed"):
        resum_request(Request(last_batch="short", **sizes))
    assert resum(order=1).truncation == 1
