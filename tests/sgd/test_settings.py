"""A series with symbols says the same as the request with numbers, and requests that make no sense say why."""

from fractions import Fraction

import numpy as np
import pytest

from sgdsym import interpret
from sgdsym.sgd import OBSERVABLES, expand

FRESH = [name for name in OBSERVABLES if name not in ("train-loss", "generalization-gap")]

# sizes below the number of distinct points of an order-4 diagram (up to five) are where symbolic weights can be singular
EPOCHS = [
    {"dataset_size": n, "batch_size": b, "epochs": e}
    for n, b, e in [(2, 1, 2), (4, 2, 2), (1, 1, 3), (2, 2, 0), (3, 1, 1), (3, 3, 2), (4, 1, 2)]
]
DRAWS = [
    {"dataset_size": n, "batch_size": b, "steps": t}
    for n, b, t in [(1, 1, 2), (2, 1, 4), (3, 2, 3), (4, 4, 1), (5, 3, 0)]
]
MODES = {
    "online": (
        {"sampling": "online"},
        FRESH,
        [{"batch_size": b, "steps": t} for b, t in [(1, 1), (2, 5), (3, 2), (4, 0)]],
    ),
    "fixed": ({"sampling": "fixed"}, OBSERVABLES, EPOCHS),
    "reshuffle": ({"sampling": "reshuffle"}, OBSERVABLES, EPOCHS),
    "replace": ({"sampling": "replace"}, OBSERVABLES, DRAWS),
    "gd": (
        {"dynamics": "gd"},
        OBSERVABLES,
        [{"dataset_size": n, "steps": t} for n, t in [(1, 3), (2, 4), (3, 1), (4, 0)]],
    ),
    "ode": ({"dynamics": "ode"}, FRESH, [{"steps": t} for t in (0, 1, 4)]),
    "sde": ({"dynamics": "sde"}, FRESH, [{"batch_size": b, "steps": t} for b, t in [(1, 1), (2, 3), (3, 0)]]),
}
SYMBOLS = {"steps": "T", "dataset_size": "N", "batch_size": "B", "epochs": "E", "momentum": "mu"}


def given(series, sizes):
    """The series with the symbols of these sizes replaced, those that it has."""
    values = {SYMBOLS[option]: number for option, number in sizes.items()}
    return series.subs(**{name: number for name, number in values.items() if name in series.symbols})


@pytest.mark.parametrize(
    ("mode", "observable"), [(mode, name) for mode, (_, names, _) in MODES.items() for name in names]
)
def test_substituted_symbols_and_numbers_agree_to_order_4(mode, observable):
    setting, _, all_sizes = MODES[mode]
    symbolic = expand(observable=observable, order=4, **setting)
    # two points at a root, or one more sum over the training set, take a second for each size
    slow = observable in ("train-loss", "generalization-gap", "loss-variance")
    for sizes in all_sizes[: {"fixed": 3, "reshuffle": 2}.get(mode) if slow else 5]:
        numeric = expand(observable=observable, order=4, **setting, **sizes)
        assert given(symbolic, sizes) == numeric, sizes
        assert numeric.symbols == ()


@pytest.mark.parametrize("observable", OBSERVABLES)
@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
def test_substituted_symbols_and_numbers_agree_at_small_training_sets(sampling, observable):
    symbolic = expand(observable=observable, order=3, sampling=sampling)
    for sizes in EPOCHS:
        numeric = expand(observable=observable, order=3, sampling=sampling, **sizes)
        assert given(symbolic, sizes) == numeric, sizes


@pytest.mark.parametrize("mode", MODES)
def test_substituted_symbols_and_numbers_agree_in_moments(mode):
    setting, _, all_sizes = MODES[mode]
    symbolic = expand(order=3, basis="moment", **setting)
    for sizes in all_sizes:
        assert given(symbolic, sizes) == expand(order=3, basis="moment", **setting, **sizes), sizes


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle", "replace"])
def test_sizes_may_be_given_in_turn(sampling):
    """One size in the request, one at first, one later: also where the weights have no value and are counted again."""
    order = 3 if sampling == "reshuffle" else 4
    whole = expand(order=order, sampling=sampling, dataset_size=2, batch_size=1, epochs=2)
    for first, second in (("N", "B"), ("B", "N")):
        values = {"N": 2, "B": 1}
        series = expand(order=order, sampling=sampling, epochs=2)
        assert series.subs(**{first: values[first]}).subs(**{second: values[second]}) == whole


def test_steps_and_epochs_say_the_same():
    for sampling in ("fixed", "reshuffle", "replace"):
        in_steps = expand(order=3, sampling=sampling, dataset_size=4, batch_size=2, steps=6)
        assert in_steps == expand(order=3, sampling=sampling, dataset_size=4, batch_size=2, epochs=3)


def test_a_reshuffled_series_says_where_it_holds():
    poles = {str(pole) for pole in expand(order=4, sampling="reshuffle").poles}
    assert poles
    assert poles <= {"N - 1", "N - 2", "N - 3"}
    assert expand(order=4, sampling="fixed").poles == ()


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize(
    ("mode", "observable", "order"),
    [("online", name, 3 if name != "loss-variance" else 2) for name in FRESH]
    + [(mode, name, 2) for mode in ("gd", "replace") for name in OBSERVABLES],
)
def test_substituted_symbols_and_numbers_agree_with_momentum(mode, observable, order, nesterov):
    setting, _, all_sizes = MODES[mode]
    symbolic = expand(observable=observable, order=order, momentum="mu", nesterov=nesterov, **setting)
    for sizes in all_sizes:
        for momentum in (Fraction(1, 3), Fraction(-1, 4), 0):
            options = {**sizes, "momentum": momentum}
            numeric = expand(observable=observable, order=order, nesterov=nesterov, **setting, **options)
            assert given(symbolic, options) == numeric, options


@pytest.mark.parametrize("mode", ["online", "gd", "replace"])
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_covariance_with_momentum_agrees_in_both_bases(mode, basis):
    """Weights of pairs of trees meet in products of powers of the momentum, whose exponents must be told alike."""
    setting, _, all_sizes = MODES[mode]
    symbolic = expand(observable="covariance", order=3, momentum="mu", basis=basis, **setting)
    for sizes in all_sizes:
        options = {**sizes, "momentum": Fraction(1, 3)}
        assert given(symbolic, options) == expand(observable="covariance", order=3, basis=basis, **setting, **options)


def test_a_schedule_of_symbols_agrees_with_one_of_numbers():
    rates = (Fraction(1, 2), Fraction(3), Fraction(-1, 4))
    for mode in ("online", "gd", "replace"):
        setting, observables, _ = MODES[mode]
        for observable in observables:
            symbolic = expand(observable=observable, order=3, schedule=("a", "b", "c"), **setting)
            values = dict(zip("abc", rates, strict=True))
            numeric = expand(observable=observable, order=3, schedule=rates, **setting)
            assert symbolic.subs(**values) == numeric


def test_a_schedule_of_ones_is_none():
    for mode in ("online", "gd", "replace"):
        setting = MODES[mode][0]
        assert expand(order=4, schedule=(1, 1, 1), **setting) == expand(order=4, steps=3, **setting)


SHUFFLED = {"sampling": "reshuffle"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "fixed", "dataset_size": 5, "batch_size": 2}, "batch size 2 does not divide dataset size 5"),
        ({**SHUFFLED, "dataset_size": 4, "batch_size": 3}, "batch size 3 does not divide dataset size 4"),
        ({**SHUFFLED, "dataset_size": 2, "batch_size": 4}, "batch size 4 is larger than dataset size 2"),
        ({"sampling": "fixed", "dataset_size": 2, "batch_size": 3}, "batch size 3 is larger than dataset size 2"),
        ({**SHUFFLED, "dataset_size": 4, "batch_size": 2, "steps": 3}, "3 steps are no whole number of epochs"),
        ({**SHUFFLED, "steps": "T", "epochs": "E"}, "steps and epochs say the same"),
        ({"epochs": 2}, "epochs are for a finite training set"),
        ({"dataset_size": 10}, "the dataset size is for a finite training set"),
        ({"observable": "train-loss"}, "train-loss needs a training set"),
        ({"observable": "generalization-gap", "dynamics": "sde"}, "generalization-gap needs a training set"),
        ({"dynamics": "sde", "epochs": 1}, "epochs are for a finite training set"),
        ({"dynamics": "ode", "batch_size": 2}, "the gradient-flow ODE has no batches"),
        ({"dynamics": "gd", "dataset_size": 4, "batch_size": 2}, "gradient descent uses the whole training set"),
        ({"dynamics": "gd", "epochs": 3}, "an epoch of gradient descent is one step"),
        ({"momentum": 1}, "momentum must lie strictly between -1 and 1, not 1"),
        ({"momentum": -1}, "momentum must lie strictly between -1 and 1, not -1"),
        ({"momentum": 0.9}, "momentum must be an integer, a fraction or a symbol name"),
        ({"momentum": "mu", "dynamics": "ode"}, "momentum is for discrete steps; leave it out with dynamics ode"),
        ({"schedule": (1, 2), "dynamics": "sde"}, "schedule is for discrete steps; leave it out with dynamics sde"),
        ({"schedule": (1, 2), **SHUFFLED}, "the schedule has 2 updates, the run 2\\*B/N epochs of N/B; give numbers"),
        ({"schedule": (1, 2), "steps": 3}, "the schedule has 2 updates, the run makes 3; give as many"),
        ({"schedule": (1, 0.5)}, "schedule must be an integer, a fraction or a symbol name"),
        ({"schedule": ("a", "B")}, "two sizes cannot share the symbol B"),
        ({"momentum": "T"}, "two sizes cannot share the symbol T"),
        ({"sampling": "fixed", "dataset_size": "E"}, "two sizes cannot share the symbol E"),
        ({"sampling": "fixed", "dataset_size": 0}, "dataset size must be an integer of at least 1"),
        ({"sampling": "fixed", "epochs": -1}, "epochs must be an integer of at least 0"),
        ({"sampling": "fixed", "epochs": "1 + 1"}, "epochs: '1 \\+ 1' cannot name a symbol"),
    ],
)
def test_combinations_that_make_no_sense_get_one_line(options, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        expand(**options)
    assert "\n" not in str(caught.value)


def test_names_that_are_exchanged_and_counted_again():
    """At N=2 the coefficients of an exchanged series read 0/0, so that it is counted again, under the new names."""
    series, tensors = (
        expand(order=4, sampling="reshuffle"),
        [[0, 0], [[1], [3]], [[[0]], [[2]]], np.zeros((2, 1, 1, 1)), np.zeros((2, 1, 1, 1, 1))],
    )
    tensors = [np.asarray(tensor, dtype=int) for tensor in tensors]
    for exchanged in (series.subs(E="N", N="E").subs(N=2, E=1, B=1), series.subs(E=2, N=1, B=1)):
        assert interpret(exchanged, tensors) == [0, -8, 16, -18, 9]
    assert expand(order=2, sampling="reshuffle").subs(N="M").subs(M=1, B=1, E=2).symbols == ()


def test_the_order_in_which_momentum_and_sizes_are_given_makes_no_difference():
    series = expand(order=2, sampling="replace", momentum="mu", epochs=1, dataset_size=6)
    given_at_once = series.subs(B=3, mu=Fraction(1, 3))
    assert given_at_once == series.subs(mu=Fraction(1, 3)).subs(B=3) == series.subs(B=3).subs(mu=Fraction(1, 3))
    asked = expand(order=2, sampling="replace", momentum=Fraction(1, 3), epochs=1, dataset_size=6, batch_size=3)
    assert given_at_once == asked
