"""Settings that become one another in a limit, on symbolic series; settings with an oracle of their own against exact runs."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest

from sgdsym.numeric import interpret
from sgdsym.series import Coefficient
from sgdsym.sgd import OBSERVABLES, expand
from sgdsym.verify import Run, enumerate_series, random_landscape

T, N, B, E = map(Coefficient.symbol, "TNBE")
FRESH = [name for name in OBSERVABLES if name not in ("train-loss", "generalization-gap")]


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_fixed_and_reshuffled_epochs_part_at_order_4(observable):
    order = {"loss-variance": 3, "train-loss": 3, "generalization-gap": 3}.get(observable, 4)
    fixed, reshuffled = (
        expand(observable=observable, sampling=sampling, order=order) for sampling in ("fixed", "reshuffle")
    )
    assert (fixed - reshuffled).truncate(3).terms == {}
    if order == 4:
        assert (fixed - reshuffled).order(4).terms


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_gradient_descent_is_one_fixed_batch_of_all_points(observable):
    descent = expand(observable=observable, dynamics="gd", order=4)
    fixed = expand(observable=observable, sampling="fixed", order=4)
    assert fixed.subs(B=N, E=T).terms == descent.terms


@pytest.mark.parametrize("observable", OBSERVABLES)
def test_gradient_descent_is_one_reshuffled_batch_of_all_points(observable):
    descent = expand(observable=observable, dynamics="gd", order=3)
    reshuffled = expand(observable=observable, sampling="reshuffle", order=3)
    assert reshuffled.subs(B=N, E=T).terms == descent.terms


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize("observable", FRESH)
def test_one_epoch_sees_fresh_points(sampling, observable):
    order = 3 if observable == "loss-variance" else 4
    one_epoch = expand(observable=observable, sampling=sampling, order=order, epochs=1)
    online = expand(observable=observable, order=order)
    assert one_epoch.terms == online.subs(T=N / B).terms


@pytest.mark.parametrize("observable", FRESH)
def test_draws_with_replacement_become_fresh_points(observable):
    """As N grows at fixed T: no coefficient grows, and what does not vanish is the online series."""
    series = expand(observable=observable, sampling="replace", order=4)
    limit = {diagram: constant_in(c, "N") for diagram, c in series}
    online = expand(observable=observable, order=4)
    assert {diagram: c for diagram, c in limit.items() if c} == online.terms


@pytest.mark.parametrize("setting", [{"dynamics": "gd"}, {"sampling": "replace"}])
def test_the_gap_closes_as_the_training_set_grows(setting):
    series = expand(observable="generalization-gap", order=4, **setting)
    assert series.terms
    for _, c in series:
        assert not c.poles
        assert all(dict(powers).get("N", 0) < 0 for _, powers in c.monomials())


def constant_in(coefficient, name):
    """The limit of a coefficient without poles as a symbol grows; fails where it has none."""
    assert not coefficient.poles
    terms = coefficient.monomials()
    assert all(dict(powers).get(name, 0) <= 0 for _, powers in terms)
    result = Coefficient()
    for number, powers in terms:
        if name not in dict(powers):
            term = Coefficient(number)
            for symbol, exponent in powers:
                term *= Coefficient.symbol(symbol) ** exponent
            result += term
    return result


def test_a_large_batch_takes_the_noise_from_the_sde():
    noiseless = {diagram: constant_in(c, "B") for diagram, c in expand(dynamics="sde", order=5)}
    assert {diagram: c for diagram, c in noiseless.items() if c} == expand(dynamics="ode", order=5).terms


def test_flows_are_the_leading_powers_of_time():
    """SGD minus ODE: on blocks of single nodes the counts differ in lower powers of T; the pairs of the SDE likewise."""
    sgd = expand(order=5)
    for dynamics, largest in (("ode", 1), ("sde", 2)):
        flow = expand(dynamics=dynamics, order=5)
        for diagram, c in sgd:
            steps = len(diagram.blocks) - 1
            leading = [(number, powers) for number, powers in c.monomials() if dict(powers).get("T", 0) == steps]
            kept = max(map(len, diagram.blocks)) <= largest
            assert flow[diagram].monomials() == (leading if kept else [])


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize(("setting", "order"), [({}, 3), ({"dynamics": "gd"}, 3), ({"sampling": "replace"}, 2)])
def test_momentum_zero_is_plain_descent(setting, order, nesterov):
    """The value at mu = 0 of the symbolic coefficients themselves, without counting again."""
    symbolic = replace(expand(order=order, momentum="mu", nesterov=nesterov, **setting), recount=None)
    for steps in range(1, 5):
        timed = symbolic.subs(T=steps)
        # one step has nothing to remember
        limit = timed.subs(mu=0) if "mu" in timed.symbols else timed
        assert limit == expand(order=order, steps=steps, **setting)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_polynomial_in_time_and_exponential(nesterov):
    for _, c in expand(order=3, momentum="mu", nesterov=nesterov):
        assert {str(base) for _, powers in c.monomials() for base, _ in powers} <= {"T", "B", "mu", "mu**T"}
        assert all(pole.symbols == {"mu"} for pole in c.poles)


@cache
def landscape_of(weights, order):
    return random_landscape(Random(weights), order + 1, weights=weights)


def assert_enumerated(series, run, observable, weights=2):
    """The series, numbers only, has the exact values of the run on a random landscape."""
    order = series.truncation
    landscape = landscape_of(weights, order)
    got = interpret(
        series,
        landscape.derivatives(order),
        weights=landscape.probabilities,
        root_derivatives=landscape.function_derivatives(order) if observable == "function" else None,
    )
    expected = enumerate_series(landscape, run, observable, order)
    assert [np.asarray(c, dtype=object).tolist() for c in got] == expected


@pytest.mark.parametrize("momentum", [Fraction(1, 3), Fraction(-1, 4)])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("observable", FRESH)
def test_momentum_against_exact_runs(observable, nesterov, momentum):
    options = {"observable": observable, "order": 3, "nesterov": nesterov}
    run = Run(steps=4, batch_size=2, momentum=momentum, nesterov=nesterov)
    assert_enumerated(expand(momentum=momentum, steps=4, batch_size=2, **options), run, observable)
    if observable != "loss-variance":
        symbolic = expand(momentum="mu", **options)
        assert_enumerated(symbolic.subs(T=4, B=2, mu=momentum), run, observable)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_against_exact_runs_at_order_4(nesterov):
    run = Run(steps=6, batch_size=1, momentum=Fraction(-1, 4), nesterov=nesterov)
    options = {"order": 4, "nesterov": nesterov, "momentum": Fraction(-1, 4), "steps": 6, "batch_size": 1}
    assert_enumerated(expand(**options), run, "test-loss", weights=1)


@pytest.mark.parametrize("observable", OBSERVABLES)
@pytest.mark.parametrize("sampling", ["full", "replace"])
def test_momentum_on_a_training_set_against_exact_runs(observable, sampling):
    momentum = Fraction(1, 3)
    setting = {"dynamics": "gd"} if sampling == "full" else {"sampling": "replace"}
    run = Run(steps=4, dataset_size=3, batch_size=3 if sampling == "full" else 1, momentum=momentum, **setting)
    sizes = {"dataset_size": 3, "steps": 4, **({"batch_size": 1} if sampling == "replace" else {})}
    assert_enumerated(expand(observable=observable, momentum=momentum, **setting, **sizes), run, observable)


@pytest.mark.parametrize("observable", FRESH)
def test_schedules_against_exact_runs(observable):
    rates = (Fraction(3, 2), Fraction(-1), Fraction(1, 3), Fraction(2))
    run = Run(steps=4, batch_size=2, schedule=rates)
    assert_enumerated(expand(observable=observable, schedule=rates, batch_size=2), run, observable)
    symbolic = expand(observable=observable, schedule=("a", "b", "c", "d"))
    values = dict(zip("abcd", rates, strict=True))
    assert_enumerated(symbolic.subs(B=2, **values), run, observable)


@pytest.mark.parametrize("observable", OBSERVABLES)
@pytest.mark.parametrize("setting", [{"dynamics": "gd"}, {"sampling": "replace"}])
def test_schedules_on_a_training_set_against_exact_runs(setting, observable):
    rates = (Fraction(3, 2), Fraction(1, 3), Fraction(2))
    run = Run(steps=3, dataset_size=2, batch_size=2, schedule=rates, **setting)
    sizes = {"dataset_size": 2, **({"batch_size": 2} if "sampling" in setting else {})}
    assert_enumerated(expand(observable=observable, schedule=rates, **setting, **sizes), run, observable)


@pytest.mark.parametrize("observable", FRESH)
@pytest.mark.parametrize("dynamics", ["ode", "sde"])
def test_flows_against_their_definitions(dynamics, observable):
    run = Run(dynamics=dynamics, steps=3, batch_size=2)
    sizes = {"T": 3, "B": 2}
    series = expand(observable=observable, dynamics=dynamics, order=4)
    if series.terms:
        series = series.subs(**{name: sizes[name] for name in series.symbols})
        assert_enumerated(series, run, observable)
    else:
        assert dynamics == "ode"
        assert observable in ("covariance", "loss-variance")


@pytest.mark.parametrize("observable", OBSERVABLES)
@pytest.mark.parametrize("sampling", ["fixed", "reshuffle", "replace"])
def test_training_sets_against_exact_runs(sampling, observable):
    """Four points of two kinds: more than the enumerated reference cases hold, with symbols replaced."""
    run = Run(sampling=sampling, steps=4, dataset_size=4, batch_size=2)
    series = expand(observable=observable, sampling=sampling, order=3, steps="T")
    assert_enumerated(series.subs(T=4, N=4, B=2), run, observable)
