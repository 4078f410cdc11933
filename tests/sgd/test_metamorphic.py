"""Requests that must agree: random requests on random populations, by the slow interpreter in exact fractions.

Each test changes a request, or the losses, in a way whose effect is known beforehand; no formula of the expansion is repeated here.
"""

import random
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sgdsym

# how often the loss itself stands in what is observed
LOSSES_IN = {
    "test-loss": 1,
    "train-loss": 1,
    "generalization-gap": 1,
    "displacement": 0,
    "covariance": 0,
    "function": 0,
    "loss-variance": 2,
}
TRAINED = ("train-loss", "generalization-gap")
FINITE = ("fixed", "reshuffle", "replace")

some = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
expand = cache(sgdsym.expand)


@st.composite
def populations(draw, weights=None, points=None):
    """Derivatives of up to degree 4 of a few data points with small rational entries, with their probabilities."""
    p = weights or draw(st.integers(1, 2))
    n = points or draw(st.integers(1, 3))
    generator = random.Random(draw(st.integers(0, 2**32)))
    tensors = [_symmetric(n, p, degree, generator) for degree in range(5)]
    shares = [generator.randint(1, 3) for _ in range(n)]
    return tensors, [Fraction(share, sum(shares)) for share in shares]


def _symmetric(n, p, degree, generator):
    """One symmetric tensor for each data point."""
    tensor = np.empty((n, *(p,) * degree), dtype=object)
    for point in range(n):
        known = {}
        for place in product(range(p), repeat=degree):
            known.setdefault(tuple(sorted(place)), Fraction(generator.randint(-4, 4), generator.randint(1, 2)))
            tensor[(point, *place)] = known[tuple(sorted(place))]
    return tensor


@st.composite
def sizes(draw, samplings=("online", *FINITE)):
    """A sampling with numbers for its sizes."""
    sampling = draw(st.sampled_from(samplings))
    batch = draw(st.integers(1, 3))
    if sampling == "online":
        return {"sampling": sampling, "batch_size": batch, "steps": draw(st.integers(0, 5))}
    if sampling == "replace":
        return {
            "sampling": sampling,
            "batch_size": batch,
            "dataset_size": draw(st.integers(1, 5)),
            "steps": draw(st.integers(0, 4)),
        }
    batches = draw(st.integers(1, 3))
    return {
        "sampling": sampling,
        "batch_size": batch,
        "dataset_size": batch * batches,
        "epochs": draw(st.integers(0, 3)),
    }


@st.composite
def observed(draw, sampling="fixed", order=3):
    """An observable that the sampling knows, an order, and a basis."""
    names = [name for name in LOSSES_IN if sampling != "online" or name not in TRAINED]
    name = draw(st.sampled_from(names))
    # two trees of an order are as many diagrams as one tree of the next
    highest = order - 1 if name in ("covariance", "loss-variance") else order
    return {
        "observable": name,
        "order": draw(st.integers(1, highest)),
        "basis": draw(st.sampled_from(["cumulant", "moment"])),
    }


@st.composite
def requests(draw, samplings=("online", *FINITE), order=3):
    """A request in numbers."""
    found = draw(sizes(samplings))
    return found | draw(observed(found["sampling"], 2 if found["sampling"] == "reshuffle" else order))


def values(series, population, function=None, **symbols):
    """The coefficients of a series on a population, as nested lists of fractions."""
    tensors, shares = population
    # any symmetric tensors will do for another function of the weights
    roots = {"root_derivatives": function or [tensor[0] for tensor in tensors]} if _is_function(series) else {}
    found = sgdsym.interpret(series, tensors, weights=shares, **roots, **symbols)
    return [np.asarray(c, dtype=object).tolist() for c in found]


def _is_function(series):
    return series.setting.observable.carries_function


@given(requests(("fixed", "reshuffle")), populations())
@some
def test_batches_of_all_points_are_gradient_descent(request, population):
    points = request["dataset_size"]
    whole = expand(**request | {"batch_size": points})
    name = {key: request[key] for key in ("observable", "order", "basis")}
    descent = expand(**name, dynamics="gd", dataset_size=points, steps=request["epochs"])
    assert values(whole, population) == values(descent, population)


@given(requests(("fixed",)), populations())
@some
def test_one_reshuffled_epoch_is_a_fixed_one(request, population):
    once = request | {"epochs": 1, "order": min(request["order"], 3)}
    assert values(expand(**once | {"sampling": "reshuffle"}), population) == values(expand(**once), population)


@given(requests(("online", "replace")), populations(), st.booleans(), st.booleans())
@some
def test_no_momentum_is_plain(request, population, nesterov, symbolic):
    plain = values(expand(**request), population)
    if not symbolic:
        assert values(expand(**request, momentum=0, nesterov=nesterov), population) == plain
        return
    with_momentum = expand(**request, momentum="mu", nesterov=nesterov)
    if "mu" in with_momentum.symbols:
        assert values(with_momentum.subs(mu=0), population) == plain
        assert values(with_momentum, population, mu=0) == plain


@given(requests(("online", "replace")), populations())
@some
def test_a_schedule_of_ones_is_plain(request, population):
    length = request["steps"] or 1
    plain = expand(**request | {"steps": length})
    scheduled = expand(**{key: value for key, value in request.items() if key != "steps"}, schedule=(1,) * length)
    assert values(scheduled, population) == values(plain, population)


@given(requests(("online", "replace")), populations(), st.integers(1, 3), st.fractions(-2, 2, max_denominator=3))
@some
def test_a_constant_schedule_is_another_learning_rate(request, population, length, factor):
    plain = values(expand(**request | {"steps": length}), population)
    without = {key: value for key, value in request.items() if key != "steps"}
    scheduled = values(expand(**without, schedule=(factor,) * length), population)
    assert scheduled == [_times(c, factor**k) for k, c in enumerate(plain)]


@given(observed("online"), populations(), st.integers(1, 3))
@some
def test_one_step_of_any_sampling_is_alike(name, population, batch):
    online = values(expand(**name, sampling="online", batch_size=batch, steps=1), population)
    for sampling in ("fixed", "reshuffle"):
        if name["observable"] not in TRAINED:
            one = expand(**name, sampling=sampling, batch_size=batch, dataset_size=batch, epochs=1)
            assert values(one, population) == online
    # a batch of one point has no point twice
    single = values(expand(**name, sampling="online", batch_size=1, steps=1), population)
    assert values(expand(**name, sampling="replace", batch_size=1, dataset_size=3, steps=1), population) == single


@given(requests(("fixed", "reshuffle")), populations())
@some
def test_one_pass_is_the_same_for_fresh_points(request, population):
    """In a single pass no point is seen twice: the test loss is that of online batches."""
    name = {key: request[key] for key in ("observable", "order", "basis")}
    if name["observable"] in TRAINED:
        return
    batch, batches = request["batch_size"], request["dataset_size"] // request["batch_size"]
    online = expand(**name, sampling="online", batch_size=batch, steps=batches)
    assert values(expand(**request | {"epochs": 1}), population) == values(online, population)


@given(requests(), populations())
@some
def test_equal_data_points_are_merged_by_their_weights(request, population):
    tensors, shares = population
    doubled = [np.concatenate([tensor, tensor[:1]]) for tensor in tensors]
    parts = [shares[0] / 3, *shares[1:], 2 * shares[0] / 3]
    series = expand(**request)
    function = [tensor[0] for tensor in tensors]
    assert values(series, (doubled, parts), function) == values(series, population, function)


@given(requests(), populations(), st.fractions(-3, 3, max_denominator=3).filter(bool))
@some
def test_a_multiple_of_the_loss_is_another_learning_rate(request, population, factor):
    tensors, shares = population
    series = expand(**request)
    function = [tensor[0] for tensor in tensors]
    plain = values(series, population, function)
    multiplied = values(series, ([tensor * factor for tensor in tensors], shares), function)
    extra = factor ** LOSSES_IN[request["observable"]]
    assert multiplied == [_times(c, factor**k * extra) for k, c in enumerate(plain)]


@given(requests(), populations(), st.data())
@some
def test_a_constant_added_to_the_losses_stays_in_order_zero(request, population, data):
    """Each data point has its own constant: the runs are the same, and what is observed moves by the mean, or not at all."""
    tensors, shares = population
    constants = data.draw(st.lists(st.integers(-3, 3), min_size=len(shares), max_size=len(shares)))
    moved = [tensors[0] + np.array([Fraction(c) for c in constants], dtype=object), *tensors[1:]]
    series = expand(**request)
    function = [tensor[0] for tensor in tensors]
    before, after = values(series, population, function), values(series, (moved, shares), function)
    assert after[1:] == before[1:]
    if request["observable"] in ("test-loss", "train-loss"):
        assert after[0] - before[0] == sum(share * c for share, c in zip(shares, constants, strict=True))
    else:
        assert after[0] == before[0]


@given(requests(), populations(), st.integers(-3, 3))
@some
def test_one_constant_for_all_losses_changes_no_gap(request, population, constant):
    tensors, shares = population
    series = expand(**request)
    function = [tensor[0] for tensor in tensors]
    before = values(series, population, function)
    after = values(series, ([tensors[0] + constant, *tensors[1:]], shares), function)
    shift = constant if request["observable"] in ("test-loss", "train-loss") else 0
    assert after[1:] == before[1:]
    assert np.all(np.array(after[0], dtype=object) == np.array(before[0], dtype=object) + shift)


@given(
    requests(),
    populations(weights=2),
    st.sampled_from([(3, 4, 5), (5, 12, 13), (-8, 15, 17), (1, 0, 1)]),
    st.booleans(),
)
@some
def test_orthogonal_coordinates_turn_what_has_an_index(request, population, triple, mirrored):
    a, b, c = triple
    turn = np.array([[Fraction(a, c), Fraction(-b, c)], [Fraction(b, c), Fraction(a, c)]], dtype=object)
    if mirrored:
        turn = turn @ np.array([[Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)]], dtype=object)
    tensors, shares = population
    series = expand(**request)
    function = [tensor[0] for tensor in tensors]
    plain = values(series, population, function)
    turned = values(
        series,
        ([_turned(tensor, turn, 1) for tensor in tensors], shares),
        [_turned(tensor, turn, 0) for tensor in function],
    )
    assert turned == [np.asarray(_turned(np.array(value, dtype=object), turn, 0)).tolist() for value in plain]


@given(requests(order=2), populations())
@some
def test_symbols_that_become_numbers_are_numbers(request, population):
    symbolic = {
        key: value for key, value in request.items() if key not in ("steps", "dataset_size", "batch_size", "epochs")
    }
    if request["sampling"] == "replace":
        symbolic["steps"] = "T"
    series = expand(**symbolic)
    letters = {"steps": "T", "dataset_size": "N", "batch_size": "B", "epochs": "E"}
    numbers = {letters[key]: value for key, value in request.items() if letters.get(key) in series.symbols}
    wanted = values(expand(**request), population)
    assert values(series.subs(**numbers), population) == wanted
    if not numbers:
        return
    first, *rest = sorted(numbers)
    half = series.subs(**{first: numbers[first]})
    left = {name: numbers[name] for name in rest if name in half.symbols}
    assert values(half.subs(**left) if left else half, population) == wanted


@given(requests(), populations(), st.integers(0, 2))
@some
def test_a_lower_order_is_the_beginning(request, population, order):
    lower = min(order, request["order"])
    beginning = values(expand(**request | {"order": lower}), population)
    assert beginning == values(expand(**request), population)[: lower + 1]


def _turned(tensor, turn, first):
    """The tensor with every axis from one on in the new coordinates."""
    for axis in range(first, np.ndim(tensor)):
        tensor = np.moveaxis(np.tensordot(tensor, turn, (axis, 1)), -1, axis)
    return np.asarray(tensor, dtype=object)


def _times(value, factor):
    return np.asarray(np.array(value, dtype=object) * factor, dtype=object).tolist()
