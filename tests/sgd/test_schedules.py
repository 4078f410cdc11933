"""Schedules without values: sums over updates, held to lists of rates, to registers of one's own, and to what is known of them."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest

from sgdsym import Coefficient, LinearOptimizer, Series, compare, expand
from sgdsym.series import exact_sums
from sgdsym.series.filled import known_steps
from sgdsym.sgd import scaled_learning_rate
from sgdsym.sgd.registers import RegisterTiming
from sgdsym.sgd.schedules import ScheduleTiming, merged
from sgdsym.times.calendar import Calendar
from sgdsym.times.patterns import ROOT
from sgdsym.verify.cases import Case
from sgdsym.verify.draws import Run
from sgdsym.verify.enumeration import enumerate_series
from sgdsym.verify.landscape import random_landscape
from sgdsym.verify.verification import evaluate

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
RATES = [HALF, Fraction(1), Fraction(3), -THIRD]
RULES = {
    "plain": {},
    "momentum": {"momentum": "mu"},
    "nesterov": {"momentum": HALF, "nesterov": True},
    "late": {"delay": 1},
    "late momentum": {"delay": 2, "momentum": THIRD},
    "uniform average": {"average": "uniform", "momentum": HALF},
    "average that decays": {"average": "beta", "momentum": "mu", "delay": 1},
}
SAMPLINGS = {
    "online": {"batch_size": 1},
    "replace": {"sampling": "replace"},
    "reshuffle": {"sampling": "reshuffle", "dataset_size": 4, "batch_size": 2, "epochs": 2},
    "fixed": {"sampling": "fixed", "dataset_size": 4, "batch_size": 2, "epochs": 2},
    "gd": {"dynamics": "gd"},
}
OBSERVABLES = (
    "test-loss",
    "train-loss",
    "generalization-gap",
    "displacement",
    "covariance",
    "loss-variance",
    "function",
)
TRAINED = ("train-loss", "generalization-gap")


def own_rule(rule, rates):
    """The same updates as registers of one's own, one matrix an update."""
    made = LinearOptimizer.sgd()
    if "momentum" in rule:
        made = (LinearOptimizer.nesterov if rule.get("nesterov") else LinearOptimizer.heavy_ball)(rule["momentum"])
    return made.scheduled([Coefficient(rate) for rate in rates]).delayed(rule.get("delay", 0))


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("rule", RULES)
def test_rates_put_in_later_are_rates_given_at_once(rule, sampling):
    sizes = SAMPLINGS[sampling]
    for observable in OBSERVABLES:
        if sampling == "online" and observable in TRAINED:
            continue
        request = {"observable": observable, "order": 2, **RULES[rule], **sizes}
        named = expand(schedule="lambda", **request)
        assert named.subs(schedule=RATES) == expand(schedule=RATES, **request)
        assert Series.from_json(named.to_json()).subs(schedule=RATES) == named.subs(schedule=RATES)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("rule", [rule for rule in RULES if "average" not in RULES[rule]])
def test_rates_are_what_registers_of_their_own_make_of_them(rule, sampling):
    """Every update given as a matrix, followed by another algorithm."""
    request = {"order": 3 if sampling == "online" else 2, **SAMPLINGS[sampling]}
    own = expand(optimizer=own_rule(RULES[rule], RATES), **request)
    assert expand(schedule="lambda", **RULES[rule], **request).subs(schedule=RATES).terms == own.terms


@pytest.mark.parametrize("rule", ["plain", "momentum"])
def test_symbols_may_stay_and_sizes_come_one_after_the_other(rule):
    named = expand(order=2, schedule="lambda", sampling="reshuffle", average="uniform", **RULES[rule])
    numbers = {"N": 4, "B": 2}
    at_once = named.subs(schedule=RATES, **numbers)
    assert at_once == named.subs(**numbers).subs(schedule=RATES) == named.subs(E=2).subs(schedule=RATES, **numbers)
    symbols = [f"rate{t}" for t in range(4)]
    later = named.subs(schedule=symbols, **numbers)
    assert later.subs(**dict(zip(symbols, RATES, strict=True))) == at_once
    renamed = named.subs(N="n", **({"mu": "nu"} if rule == "momentum" else {}))
    assert renamed.sums.keys().isdisjoint(named.sums)
    assert renamed.subs(n=4, B=2, schedule=RATES, **({"nu": "mu"} if rule == "momentum" else {})) == at_once


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_constant_rate_multiplies_the_learning_rate(sampling):
    sizes = SAMPLINGS[sampling]
    steps = {} if "epochs" in sizes else {"steps": 4}
    for rule in ("plain", "momentum", "late"):
        constant = expand(order=3, schedule="lambda", **RULES[rule], **sizes).subs(schedule=[THIRD] * 4)
        assert constant == scaled_learning_rate(expand(order=3, **RULES[rule], **sizes, **steps), THIRD)


def test_a_schedule_cut_in_two_is_one_run_after_another():
    r"""Enumerated whole; and sums of the whole are :math:`M_a = \sum_i M_{a_1…a_i}(first)\,M_{a_{i+1}…}(second)`."""
    landscape = random_landscape(Random(2), 4)
    first, second = RATES[:2], RATES[2:]
    run = Run(steps=4, schedule=tuple(RATES))
    case = Case(landscape, run, {"observable": "test-loss", "order": 3, "batch_size": 1, "schedule": "lambda"}, {})
    case.values["schedule"] = tuple(first + second)
    assert evaluate(case) == enumerate_series(landscape, run, "test-loss", 3)
    sums = {known.roots: known for known in expand(order=4, schedule="lambda").sums.values()}
    whole, left, right = (exact_sums(sums.values(), list(map(Coefficient, part))) for part in (RATES, first, second))
    for roots, known in sums.items():
        parts = Coefficient(0)
        for cut in range(len(roots) + 1):
            a = left[sums[roots[:cut]].name] if cut else Coefficient(1)
            b = right[sums[roots[cut:]].name] if cut < len(roots) else Coefficient(1)
            parts += a * b
        assert whole[known.name] == parts


CALENDARS = {
    "run": (Calendar(Coefficient(6), Coefficient(1)), False),
    "epochs": (Calendar(Coefficient(2), Coefficient(3)), False),
    "shared slots": (Calendar(Coefficient(3), Coefficient(2)), True),
}


def random_key(draw, calendar, shared, spread):
    """The key of a pattern: levels in epochs, with ranks of slots where those are shared, and edges from each."""
    epochs, ranks = [], []
    used = draw.randint(1, 2)
    while len(epochs) < used or (shared and {*ranks} != {*range(max(ranks) + 1)}):
        if len(epochs) == used:
            epochs, ranks = [], []
        slots = sorted(draw.sample(range(2), draw.randint(1, 2))) if shared else range(draw.randint(1, 2))
        epochs.append(1 if calendar.slots == 1 else len(slots))
        ranks += list(slots)[: epochs[-1]]
    levels = sum(epochs)
    spans = []
    for low in range(1, levels + 1):
        inner = low < levels and spread and draw.random() < 1 / 2
        spans.append((1 - ROOT, low, draw.randint(low + 1, levels)) if inner else (ROOT, low, levels + 1))
    spans += [(ROOT, draw.randint(1, levels), levels + 1)] * draw.randint(0, 1)
    return tuple(sorted(spans)), tuple(epochs), tuple(ranks) if shared else ()


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("rule", ["plain", "momentum", "late momentum"])
def test_a_product_of_sums_is_a_sum_over_merged_times(calendar, rule):
    calendar, shared = CALENDARS[calendar]
    draw = Random(f"{calendar}{rule}")
    made = LinearOptimizer.heavy_ball(HALF) if "momentum" in rule else LinearOptimizer.sgd()
    made = made.scheduled_by("rate").delayed(1 if "late" in rule else 0)
    timing = ScheduleTiming.of("lambda", made, "rate", calendar)
    rates = [Coefficient(Fraction(draw.randint(-3, 5), draw.randint(1, 3))) for _ in range(6)]
    for _ in range(6):
        names = [str(timing.value((*random_key(draw, calendar, shared, rule != "plain"), False))) for _ in range(2)]
        if "0" in names:
            continue
        pair = [timing.sums[name] for name in names]
        whole = list(merged(*pair, single=calendar.slots == 1))
        values = exact_sums([*pair, *whole], rates)
        total = Coefficient.total(values[known.name] for known in whole)
        assert total == values[names[0]] * values[names[1]]


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize("calendar", CALENDARS)
def test_sums_are_those_of_registers_that_are_followed(calendar, reads):
    calendar, shared = CALENDARS[calendar]
    draw = Random(f"{calendar}{reads}")
    rates = [Coefficient(Fraction(draw.randint(-3, 5), draw.randint(1, 3))) for _ in range(6)]
    rule = LinearOptimizer.nesterov(HALF)
    timing = ScheduleTiming.of("lambda", rule.scheduled_by("rate").delayed(1), "rate", calendar)
    epochs, slots = (int(size.as_fraction()) for size in (calendar.epochs, calendar.slots))
    registers = RegisterTiming(epochs, slots, rule.scheduled(rates).delayed(1))
    for _ in range(8):
        spans, levels, ranks = random_key(draw, calendar, shared, True)
        name = str(timing.value((spans, levels, ranks, reads)))
        expected = registers.value((spans, levels, ranks, (), reads))
        assert (exact_sums([timing.sums[name]], rates)[name] if name != "0" else 0) == expected


@pytest.mark.parametrize("rule", ["plain", "momentum"])
def test_one_epoch_is_one_pass_whatever_the_rates(rule):
    """Sums over a run are put in terms of epochs and of shared slots, so that what is equal cancels."""
    words = "schedule=lambda,B=1" + (",momentum=mu" if rule == "momentum" else "")
    for sampling in ("reshuffle", "fixed"):
        assert compare(f"online:{words}", f"{sampling}:{words},E=1", order=3).leading_order is None
        assert compare(f"online:{words}", f"{sampling}:{words}", order=1).leading_order is None
    difference = expand(order=3, schedule="lambda", sampling="fixed") - expand(
        order=3, schedule="lambda", sampling="reshuffle"
    )
    sizes = {"dataset_size": 4, "batch_size": 2, "epochs": 2, "order": 3, "schedule": RATES}
    numbers = expand(sampling="fixed", **sizes) - expand(sampling="reshuffle", **sizes)
    assert difference.subs(N=4, B=2, schedule=RATES) == numbers


def test_what_shares_no_data_has_no_covariance():
    """Products of sums cancel against sums over merged times; past that, no diagram is left."""
    for rule in ("plain", "momentum"):
        series = expand(observable="loss-variance", order=3, schedule="lambda", **RULES[rule])
        assert series.diagrams() == expand(observable="loss-variance", order=3, **RULES[rule]).diagrams()


def test_a_schedule_is_read_once_and_complained_of_in_one_line():
    named = expand(order=2, schedule="lambda", sampling="reshuffle")
    for wrong, complaint in (
        (lambda: named.subs(schedule=[1, 2, 3], N=4, B=2), "3 rates, the run a multiple of 2 updates"),
        (lambda: named.subs(schedule=[1, 2, 3, 4], N=4, B=2, E=3), "4 rates, the run 6 updates"),
        (lambda: named.subs(schedule=[1, 2]), "give numbers for the sizes"),
        (lambda: named.subs(schedule=[0.5], N=1, B=1), "integers, fractions or symbol names"),
        (lambda: named.subs(schedule="abc"), "must be a list"),
        (lambda: expand(schedule="eta"), "has a meaning of its own"),
        (lambda: expand(schedule="s t"), "cannot name a symbol"),
        (lambda: expand(schedule="lambda", momentum="lambda_1"), "are those of its sums"),
        (lambda: expand(schedule="rho", momentum="rho"), "cannot share the symbol"),
        (lambda: expand(schedule="lambda", dynamics="sde"), "discrete steps"),
        (lambda: expand(schedule="a") - expand(schedule="b"), "one series has the schedule a, the other b"),
        (lambda: expand(schedule="a", steps=2) + expand(schedule="a", steps=3), "runs must be of one length"),
    ):
        with pytest.raises(ValueError, match=complaint) as found:
            wrong()
        assert len(str(found.value)) <= 300
        assert "\n" not in str(found.value)
    assert known_steps(named.sums, 6, {"N": 4, "B": 2}) == {"E": 3}


def mean_of_ends(request, steps):
    """The mean of what is read at the end of runs of 1, 2, … updates."""
    total = expand(steps=1, **request)
    for t in range(2, steps + 1):
        total += expand(steps=t, **request)
    return total / steps


@pytest.mark.parametrize("observable", [name for name in OBSERVABLES if name not in ("covariance", "loss-variance")])
@pytest.mark.parametrize("rule", ["plain", "momentum", "nesterov", "late", "late momentum", "average that decays"])
def test_the_mean_over_a_run_is_that_of_its_beginnings(rule, observable):
    for sampling in ("online", "replace", "gd"):
        if sampling == "online" and observable in TRAINED:
            continue
        request = {"observable": observable, "order": 3 if rule == "plain" else 2, **RULES[rule], **SAMPLINGS[sampling]}
        mean = expand(mean_over_run=True, **request)
        for steps in (1, 4):
            assert mean.subs(T=steps).terms == mean_of_ends(request, steps).terms


def test_the_mean_displacement_over_a_run_is_that_of_the_uniform_average():
    for sampling, rule in product(("online", "reshuffle", "fixed"), ("plain", "momentum")):
        request = {"observable": "displacement", "order": 2, **RULES[rule], **SAMPLINGS[sampling]}
        for schedule in (None, RATES, "lambda"):
            over_run, averaged = (
                expand(schedule=schedule, **request, **how) for how in ({"mean_over_run": True}, {"average": "uniform"})
            )
            if schedule == "lambda":
                over_run, averaged = over_run.subs(schedule=RATES), averaged.subs(schedule=RATES)
            assert over_run.terms == averaged.terms


def test_the_mean_over_a_run_in_continuous_time_is_an_integral():
    T = Coefficient.symbol("T")
    for dynamics in ("ode", "sde"):
        series, mean = expand(order=4, dynamics=dynamics), expand(order=4, dynamics=dynamics, mean_over_run=True)
        for diagram, c in series:
            integral = Coefficient(0)
            for number, powers in c.monomials():
                degree = dict(powers).get("T", 0)
                integral += Coefficient.product(powers) * number / (degree + 1)
            assert mean[diagram] == integral
    assert mean.setting.observable.name == "test-loss over the run"
    assert Series.from_json(mean.to_json()) == mean
    assert str(T) in mean.symbols


def test_what_has_no_mean_over_a_run_is_refused():
    for request in (
        {"observable": "covariance"},
        {"observable": "loss-variance"},
        {"average": "uniform"},
        {"steps": 0},
        {"mean_over_run": 1},
    ):
        with pytest.raises(ValueError, match=r"mean|average|true"):
            expand(**{"mean_over_run": True, **request})
