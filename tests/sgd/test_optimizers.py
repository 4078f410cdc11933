"""Optimisers that are linear in their gradients, held to runs of their registers and to what is known of each."""

from fractions import Fraction
from math import comb
from random import Random

import numpy as np
import pytest

from sgdsym import Coefficient, LinearOptimizer, Series, expand, interpret
from sgdsym.numeric import polynomial_derivatives
from sgdsym.verify.draws import Run, draw_data
from tests.oracle.enumeration import expected_loss, register_trajectory
from tests.oracle.landscapes import random_landscape

SYMBOL = Coefficient.symbol
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def weights_of(modes, span):
    """The weight of an edge that spans a number of updates, from its modes."""
    past = span - 1
    return Coefficient.total(
        mode.weight * comb(past, mode.depth) * mode.rate ** (past - mode.depth) for mode in modes if past >= mode.depth
    )


def weights_by_registers(optimizer, spans, read):
    """The weights of edges that span 1, 2, … updates: powers of the matrix, one after the other."""
    (matrix,), (vector,), (point,) = optimizer.A, optimizer.b, optimizer.c
    found, end = [], optimizer.read if read else point
    for _ in range(spans):
        found.append(sum((x * y for x, y in zip(end, vector, strict=True)), Coefficient(0)))
        vector = [sum((x * y for x, y in zip(row, vector, strict=True)), Coefficient(0)) for row in matrix]
    return found


NAMED = {
    "sgd": LinearOptimizer.sgd(),
    "heavy ball": LinearOptimizer.heavy_ball("mu"),
    "nesterov": LinearOptimizer.nesterov("mu"),
    "quasi-hyperbolic": LinearOptimizer.quasi_hyperbolic("beta", "nu"),
    "aggregated": LinearOptimizer.aggregated(["a", "b", HALF]),
    "delayed": LinearOptimizer.heavy_ball("mu").delayed(2),
    "average that decays": LinearOptimizer.heavy_ball("mu").averaged(SYMBOL("beta")),
    "uniform average": LinearOptimizer.nesterov("mu").summed(SYMBOL("T")),
    "delayed, then averaged": LinearOptimizer.sgd().delayed(1).summed(Coefficient(7)),
    "not triangular": LinearOptimizer([[HALF, HALF], [HALF, HALF]], [1, 0], [1, 0], [0, 1]),
    "confluent": LinearOptimizer([[1, HALF], [0, HALF]], [1, 1], [1, 0], [1, 0]).averaged(Coefficient(HALF)),
}


@pytest.mark.parametrize("name", NAMED)
def test_modes_are_the_powers_of_the_matrix(name):
    optimizer = NAMED[name]
    for modes, read in ((optimizer.modes, False), (optimizer.root_modes, True)):
        assert [weights_of(modes, span) for span in range(1, 7)] == weights_by_registers(optimizer, 6, read)


def test_the_weights_of_named_optimisers_are_those_of_their_papers():
    mu = SYMBOL("mu")
    for span in range(1, 6):
        geometric = sum((mu**k for k in range(span)), Coefficient(0))
        assert weights_of(NAMED["heavy ball"].modes, span) == geometric
        assert weights_of(NAMED["nesterov"].modes, span) == geometric + mu**span
        assert weights_of(LinearOptimizer.sgd().summed(SYMBOL("T")).root_modes, span) == span / SYMBOL("T")
        assert weights_of(NAMED["delayed"].modes, span) == sum((mu**k for k in range(span - 2)), Coefficient(0))
    assert LinearOptimizer.quasi_hyperbolic("beta", 0) == LinearOptimizer.quasi_hyperbolic("beta", Fraction(0))
    assert LinearOptimizer.aggregated(["mu"]) == LinearOptimizer.heavy_ball("mu")


def test_momenta_answer_to_one_gradient_as_the_loops_of_their_papers_do():
    """The weights, negated, after one gradient 1 that is followed by gradients 0."""
    a, b, c, nu = map(SYMBOL, ("a", "b", "c", "nu"))
    hyperbolic = LinearOptimizer.quasi_hyperbolic("a", "nu")
    aggregated = LinearOptimizer.aggregated(["a", "b", "c"])
    buffer, buffers, one, several = Coefficient(0), [Coefficient(0)] * 3, Coefficient(0), Coefficient(0)
    for update in range(1, 6):
        gradient = int(update == 1)
        buffer = a * buffer + (1 - a) * gradient
        one += (1 - nu) * gradient + nu * buffer
        buffers = [beta * m + gradient for beta, m in zip((a, b, c), buffers, strict=True)]
        several += sum(buffers, Coefficient(0)) / 3
        assert weights_of(hyperbolic.modes, update) == one
        assert weights_of(aggregated.modes, update) == several


@pytest.mark.parametrize("first", [1, 2, 4])
def test_schedule_free_answers_to_one_gradient_as_the_loop_of_its_paper_does(first):
    optimizer = LinearOptimizer.schedule_free(THIRD, 6)
    z, x, registers = Fraction(0), Fraction(0), [Coefficient(0)] * 2
    for t in range(1, 7):
        rule = optimizer.update(t - 1)
        assert sum(p * r for p, r in zip(rule.point, registers, strict=True)) == (1 - THIRD) * z + THIRD * x
        gradient = int(t == first)
        z += gradient
        x = t * x / (t + 1) + z / (t + 1)
        registers = [
            sum((p * r for p, r in zip(row, registers, strict=True)), gain * gradient)
            for row, gain in zip(rule.matrix, rule.gain, strict=True)
        ]
        assert sum(p * r for p, r in zip(optimizer.read, registers, strict=True)) == x


def numbers(optimizer, updates):
    """The registers of each update as fractions."""

    def fractions(vector):
        return [x.as_fraction() for x in vector]

    rules = [optimizer.update(t) for t in range(updates)]
    return [([*map(fractions, rule.matrix)], fractions(rule.gain), fractions(rule.point)) for rule in rules]


def enumerated(optimizer, landscape, run, order):
    """The mean loss after every run, by registers."""
    read = [x.as_fraction() for x in optimizer.read]
    weights = register_trajectory(landscape, order, numbers(optimizer, run.steps), read)
    draws = draw_data(run, landscape.probabilities)
    return expected_loss(landscape, [(chance, draw.batches) for draw, chance in draws.items()], order, weights)


def derived(series, landscape, order, **sizes):
    tensors = polynomial_derivatives(landscape.losses, landscape.theta, order)
    return interpret(series, tensors, weights=landscape.probabilities, **sizes)


RUNS = {
    "online": Run(sampling="online", steps=5, batch_size=1),
    "fixed": Run(sampling="fixed", steps=6, dataset_size=3, batch_size=1),
    "reshuffle": Run(sampling="reshuffle", steps=4, dataset_size=2, batch_size=1),
    "replace": Run(sampling="replace", steps=3, dataset_size=2, batch_size=2),
    "gd": Run(dynamics="gd", steps=4, dataset_size=2, batch_size=2),
}


def sizes_of(run):
    if run.dynamics == "gd":
        return {"dynamics": "gd", "steps": run.steps, "dataset_size": run.dataset_size}
    sizes = {"sampling": run.sampling, "batch_size": run.batch_size}
    if run.sampling == "online":
        return {**sizes, "steps": run.steps}
    if run.sampling == "replace":
        return {**sizes, "steps": run.steps, "dataset_size": run.dataset_size}
    return {**sizes, "dataset_size": run.dataset_size, "epochs": int(run.epochs)}


OWN = {
    "schedule-free": lambda steps: LinearOptimizer.schedule_free(THIRD, steps),
    "quasi-hyperbolic": lambda steps: LinearOptimizer.quasi_hyperbolic(HALF, Fraction(2, 3)),
    "aggregated": lambda steps: LinearOptimizer.aggregated([0, HALF, Fraction(-1, 3)]),
    "two updates late": lambda steps: LinearOptimizer.sgd().delayed(2),
    "late, with momentum and an average": lambda steps: (
        LinearOptimizer.heavy_ball(THIRD).delayed(1).averaged(Coefficient(HALF))
    ),
    "irrational rates": lambda steps: LinearOptimizer(
        [[1, 1, 0], [0, 0, 1], [0, 1, 1]], [1, 1, 0], [1, 0, 0], [1, 0, 0]
    ),
}


@pytest.mark.parametrize("mode", RUNS)
@pytest.mark.parametrize("name", OWN)
def test_any_optimiser_in_any_sampling_is_what_runs_of_its_registers_give(name, mode):
    order, run = 3, RUNS[mode]
    landscape = random_landscape(len(name) * 7 + len(mode), variables=1)
    optimizer = OWN[name](run.steps)
    series = expand(order=order, optimizer=optimizer, **sizes_of(run))
    assert derived(series, landscape, order) == enumerated(optimizer, landscape, run, order)


def test_delay_two_with_reshuffled_epochs_of_unknown_number():
    landscape, optimizer = random_landscape(5, variables=1), LinearOptimizer.sgd().delayed(2)
    series = expand(order=3, sampling="reshuffle", delay=2)
    for run in (
        Run(sampling="reshuffle", steps=6, dataset_size=2, batch_size=1),
        Run(sampling="reshuffle", steps=3, dataset_size=3, batch_size=1),
        Run(sampling="reshuffle", steps=2, dataset_size=2, batch_size=2),
    ):
        found = series.subs(N=run.dataset_size, B=run.batch_size, E=int(run.epochs))
        assert derived(found, landscape, 3) == enumerated(optimizer, landscape, run, 3)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("mode", ["online", "fixed", "reshuffle", "replace"])
def test_a_schedule_multiplies_what_is_added_to_the_weights(mode, nesterov):
    """Random rates with momentum, against the same registers given as an optimiser of its own."""
    run, draw = RUNS[mode], Random(3)
    rates = [Fraction(draw.randint(-2, 4), draw.randint(1, 3)) for _ in range(run.steps)]
    make = LinearOptimizer.nesterov if nesterov else LinearOptimizer.heavy_ball
    rows = {
        False: lambda rate: ([[1, rate / 2], [0, HALF]], [rate, 1]),
        True: lambda rate: ([[1, rate / 4], [0, HALF]], [rate * 3 / 2, 1]),
    }
    matrices, gains = zip(*(rows[nesterov](rate) for rate in rates), strict=True)
    own = LinearOptimizer(matrices, gains, [1, 0], [1, 0])
    assert own == make(HALF).scheduled([Coefficient(rate) for rate in rates])
    asked = expand(order=3, momentum=HALF, nesterov=nesterov, schedule=rates, **sizes_of(run))
    assert asked.terms == expand(order=3, optimizer=own, **sizes_of(run)).terms
    symbols = tuple(f"rate{t}" for t in range(run.steps))
    values = dict(zip(symbols, rates, strict=True))
    named = expand(order=2, momentum=HALF, nesterov=nesterov, schedule=symbols, **sizes_of(run))
    assert named.subs(**{name: values[name] for name in named.symbols}) == asked.truncate(2)


def test_one_pass_read_at_its_uniform_average():
    r"""Order 2: :math:`((T^2-1)/6 + (T+1)^2/8)\,G\cdot HG` and :math:`(T+1)(2T+1)/(12T)\,tr(HC)`, for every T."""
    T = SYMBOL("T")
    series = expand(order=2, batch_size=1, average="uniform").order(2)
    values = {diagram.blocks: c for diagram, c in series}
    assert values[((0,), (1,), (2,))] == (T**2 - 1) / 6 + (T + 1) ** 2 / 8
    assert values[((0,), (1, 2))] == (T + 1) * (2 * T + 1) / (12 * T)


def test_order_one_with_momentum_in_every_sampling():
    r"""The coefficient of :math:`G\cdot G` is minus the sum of the weights to the root."""
    mu = SYMBOL("mu")
    for mode, sizes in (
        ("online", {"batch_size": 1, "steps": 6}),
        ("fixed", {"dataset_size": 6, "batch_size": 2, "epochs": 2}),
        ("reshuffle", {"dataset_size": 6, "batch_size": 3, "epochs": 3}),
        ("replace", {"dataset_size": 4, "batch_size": 2, "steps": 6}),
    ):
        series = expand(order=1, sampling=mode, momentum="mu", **sizes).order(1)
        total = sum((1 - mu.power(Coefficient(span))) / (1 - mu) for span in range(1, 7))
        assert [c for _, c in series] == [-total]


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
def test_one_epoch_with_momentum_is_one_pass_of_fresh_points(sampling):
    epoch = expand(order=3, sampling=sampling, momentum="mu", epochs=1, batch_size=2, dataset_size=8)
    assert epoch.terms == expand(order=3, momentum="mu", batch_size=2, steps=4).terms


@pytest.mark.parametrize(
    "setting",
    [
        {"momentum": "mu", "average": "beta"},
        {"momentum": "mu", "average": "beta", "sampling": "reshuffle"},
        {"momentum": "mu", "nesterov": True, "sampling": "fixed", "average": "uniform"},
        {"delay": 2},
    ],
)
def test_long_coefficients_come_back_from_json(setting):
    series = expand(order=2, **setting)
    assert Series.from_json(series.to_json()) == series


def test_a_delay_longer_than_the_run_leaves_it_where_it_is():
    for sizes in ({"steps": 2}, {"sampling": "reshuffle", "epochs": 1, "dataset_size": 3, "batch_size": 1}):
        series = expand(order=2, delay=3, momentum=HALF, **sizes)
        assert [diagram.order for diagram in series.terms] == [0]


def test_a_long_delay_follows_registers():
    late = {"delay": 20, "batch_size": 1}
    with pytest.raises(ValueError, match="a delay of 20 at order 2 takes too long with symbols; give numbers"):
        expand(order=2, **late)
    series = expand(order=2, steps=23, **late)
    # three updates are made, and none of them sees another
    assert [str(c) for _, c in series] == ["1", "-3", "9/2", "3/2"]


def test_one_update_given_in_a_list_is_one_update():
    once = LinearOptimizer.schedule_free("beta", 1)
    assert (once.updates, LinearOptimizer([[[1]]], [[1]], [1], [1]).updates) == (1, 1)
    with pytest.raises(ValueError, match="the optimizer has 1 updates, the run makes 3"):
        expand(order=1, optimizer=once, steps=3)
    # one update goes half the way, whatever the interpolation
    assert [str(c) for _, c in expand(order=1, optimizer=once)] == ["1", "-1/2"]


def test_powers_of_negative_numbers_are_bracketed():
    flipping = LinearOptimizer([[1, 1], [0, -1]], [0, 1], [1, 0], [1, 0])
    series = expand(order=1, optimizer=flipping)
    assert "(-1)^T" in str(series)
    assert "(-1)^{T}" in series.latex()


def test_the_decay_of_an_average_is_checked_when_it_is_given_later():
    with pytest.raises(ValueError, match="average must be a number from 0 to below 1, not 2"):
        expand(order=1, average="beta").subs(beta=2)


def test_a_long_run_with_rational_momentum_keeps_its_powers():
    coefficient = expand(order=1, momentum=Fraction(9, 10), steps=10**5, batch_size=1).order(1).terms
    assert [str(c) for c in coefficient.values()] == ["-90*(9/10)**100000 - 999910"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[2]], [1], [1], [1]), "without gradients the weights must stay"),
        (([[1]], [1], [2], [1]), "without gradients the weights must stay"),
        (([[1, 0]], [1, 1], [1, 0], [1, 0]), "A must be 2 by 2"),
        (([[1]], [1, 1], [1], [1]), "b must have 1 entries"),
        (([[1]], [0.5], [1], [1]), "b must hold integers, fractions or symbol names in lists, not 0.5"),
        (([[1]], "1", [1], [1]), "b must be a vector"),
        ((1, [1], [1], [1]), "A must be a matrix"),
        (([[1]], [], [1], [1]), "b must hold integers"),
        (([[[1]], [[1]]], [[1], [1], [1]], [1], [1]), "A is given for 2 updates, another part for 3"),
    ],
)
def test_arrays_that_are_no_optimiser(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearOptimizer(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": (1, 2), "steps": 10}, "the schedule has 2 updates, the run makes 10"),
        (
            {"schedule": (1, 2), "sampling": "reshuffle", "epochs": 5, "dataset_size": 2, "batch_size": 1},
            "the schedule has 2 updates, the run makes 10",
        ),
        ({"schedule": (1, 2), "sampling": "fixed"}, "give numbers for its sizes"),
        ({"optimizer": LinearOptimizer.sgd(), "momentum": "mu"}, "leave momentum out"),
        ({"optimizer": LinearOptimizer.sgd(), "dynamics": "sde"}, "leave it out with dynamics sde"),
        ({"average": "uniform", "steps": 0}, "at least one step"),
        ({"average": 1}, "average must be uniform or a number"),
        ({"delay": -1}, "delay must be an integer from 0 to 100"),
        ({"delay": 1, "dynamics": "ode"}, "discrete steps"),
        ({"optimizer": OWN["irrational rates"](3)}, "eigenvalues that are not rational"),
    ],
)
def test_updates_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        expand(order=1, **options)


def test_arrays_of_numpy_are_arrays_of_integers():
    arrays = (np.array([[1, 0], [0, 1]]), np.array([1, 2]), np.array([1, 0]), (np.int64(1), 0))
    assert LinearOptimizer(*arrays) == LinearOptimizer([[1, 0], [0, 1]], [1, 2], [1, 0], [1, 0])


def test_sums_in_exponents_stand_in_one_pair_of_brackets():
    text = str(expand(order=1, delay=2, batch_size=1))
    assert "0^(T - 1)" in text
    assert "0^((" not in text


@pytest.mark.parametrize("momentum", [1, -1, Fraction(1, 3)])
def test_symbols_of_an_optimiser_are_given_at_its_poles_too(momentum):
    """At a momentum of 1 the modes are confluent, so that the series is counted again, with the optimiser at that number."""
    series = expand(order=2, optimizer=LinearOptimizer.heavy_ball("mu"), batch_size=1)
    asked = expand(order=2, optimizer=LinearOptimizer.heavy_ball(momentum), batch_size=1)
    assert series.subs(mu=momentum) == asked
    assert series.subs(mu=momentum, T=3) == series.subs(T=3).subs(mu=momentum) == asked.subs(T=3)
    listed = expand(order=2, optimizer=LinearOptimizer.schedule_free("beta", 3), batch_size=1)
    at = LinearOptimizer.schedule_free("beta", 3).substitute({"beta": Coefficient(THIRD)})
    assert listed.subs(beta=THIRD) == expand(order=2, optimizer=at, batch_size=1)


def test_factors_of_a_schedule_are_given_where_a_series_counts_itself_again():
    shuffled = {"order": 3, "sampling": "reshuffle", "dataset_size": 1, "batch_size": 1}
    named, values = expand(schedule=("a", "b"), **shuffled), {"a": HALF, "b": THIRD}
    assert named.subs(**values) == expand(schedule=(HALF, THIRD), **shuffled)
