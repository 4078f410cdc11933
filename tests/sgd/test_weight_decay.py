"""Weight decay: against enumeration, against losses that hold it, and where it has no meaning."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

import sgdsym
from sgdsym.numeric import interpret, interpret_diagram
from sgdsym.series import Coefficient, Series
from sgdsym.sgd import OBSERVABLES, at_minimum, compare, expand, isotropic_noise, resum
from sgdsym.sgd.gradients import gradient, potential
from sgdsym.verify import Landscape, Run, enumerate_series, random_landscape

F = Fraction
DECAY = F(2, 3)
RULES = {
    "online": {"steps": 3, "batch_size": 2},
    "fixed": {"epochs": 2, "dataset_size": 2, "batch_size": 1, "momentum": F(1, 3)},
    "reshuffle": {"epochs": 2, "dataset_size": 2, "batch_size": 1, "average": "uniform"},
    "replace": {"steps": 2, "dataset_size": 3, "batch_size": 1, "delay": 1},
    "gd": {"steps": 3, "dataset_size": 2, "momentum": F(-1, 2), "nesterov": True},
    "sde": {"steps": 2, "batch_size": 2},
    "ode": {"steps": 2},
}
CASES = [
    (family, observable)
    for family in RULES
    for observable in OBSERVABLES
    if family not in ("online", "sde", "ode") or observable not in ("train-loss", "generalization-gap")
]


def family_options(family):
    return {"dynamics": family} if family in ("gd", "ode", "sde") else {"sampling": family}


def as_run(family):
    """The run of a rule, for enumeration."""
    options = dict(RULES[family], **family_options(family))
    steps = options.pop("epochs", 0) * options.get("dataset_size", 0) // options.get("batch_size", 1)
    options["steps"] = options.get("steps", steps)
    if family == "gd":
        options["batch_size"] = options["dataset_size"]
    return Run(weight_decay=DECAY, **options)


def values(series, landscape, **sizes):
    """The coefficients on a landscape."""
    observed = series.setting.observable.carries_function
    found = interpret(
        series,
        landscape.derivatives(3),
        weights=landscape.probabilities,
        start=landscape.start if series.setting.weight_decay else None,
        root_derivatives=landscape.function_derivatives(3) if observed else None,
        **sizes,
    )
    return [c.tolist() if hasattr(c, "tolist") else c for c in found]


@pytest.mark.parametrize(("family", "observable"), CASES, ids=str)
@pytest.mark.parametrize("basis", ["cumulant", "moment"])
def test_a_run_with_weight_decay(family, observable, basis):
    landscape = replace(random_landscape(Random(7), degree=4, weights=2), start=(F(3, 2), F(-1, 2)))
    asked = {"observable": observable, "order": 3, "basis": basis, **RULES[family], **family_options(family)}
    expected = enumerate_series(landscape, as_run(family), observable, 3)
    decay = {"cumulant": DECAY, "moment": "decay"}[basis]
    sizes = {"decay": DECAY} if decay == "decay" else {}
    assert values(expand(weight_decay=decay, **asked), landscape, **sizes) == expected


@pytest.mark.parametrize("family", RULES)
def test_a_loss_that_holds_the_decay(family):
    """Where the root carries another function anyway, decay is a matter of the loss alone."""
    landscape = replace(random_landscape(Random(3), degree=4), start=(F(-5, 2),))
    asked = {"order": 3, **RULES[family], **family_options(family)}
    decayed = values(expand(observable="function", weight_decay=DECAY, **asked), landscape)
    assert decayed == values(expand(observable="function", **asked), landscape.trained(DECAY))
    moved = values(expand(observable="displacement", weight_decay=DECAY, **asked), landscape)
    assert moved == values(expand(observable="displacement", **asked), landscape.trained(DECAY))


def test_plain_steps_shrink_the_weights():
    r"""Decoupled decay is the same for plain steps: without a loss, :math:`\theta_T = (1-\eta\lambda)^T\theta_0`."""
    nothing = {(0,): 0}
    landscape = Landscape((nothing,), (F(1),), nothing, (F(3),))
    found = values(expand(observable="displacement", order=3, weight_decay="decay"), landscape, T=5, B=1, decay=2)
    assert [c for (c,) in found] == [0, -5 * 2 * 3, 10 * 4 * 3, -10 * 8 * 3]


def test_the_root_is_named_where_its_mean_is_another():
    loss, gap = (
        expand(order=2, observable=name, sampling="fixed", weight_decay=1)
        for name in ("test-loss", "generalization-gap")
    )
    assert all(len(diagram.roots) == 1 and not diagram.open_roots for diagram in loss.terms)
    joint = [diagram for diagram in gap.terms if not diagram.roots]
    assert joint
    assert all(len(diagram.blocks) < diagram.nodes for diagram in joint)


def test_without_it_nothing_changes():
    assert expand(order=3, weight_decay=0) == expand(order=3)
    assert "weight_decay" not in expand(order=1).to_json()


def test_it_travels_with_the_series():
    series = expand(order=2, batch_size=1, weight_decay="decay")
    assert series.symbols == ("T", "decay")
    assert series.setting.weight_decay == Coefficient.symbol("decay")
    assert Series.from_json(series.to_json()) == series
    assert series.subs(decay=F(1, 2)) == expand(order=2, batch_size=1, weight_decay=F(1, 2))
    assert series.subs(decay="rate", T=3) == expand(order=2, batch_size=1, weight_decay="rate", steps=3)
    assert series.subs(decay=0) == expand(order=2, batch_size=1)
    assert "weight decay decay" in str(series.setting)
    with pytest.raises(ValueError, match="expand again without it"):
        Series.from_json(series.to_json()).subs(decay=0)


def test_series_recount_themselves_with_it():
    series = expand(order=4, sampling="reshuffle", batch_size=1, weight_decay="decay")
    numbers = {"N": 1, "E": 2, "decay": DECAY}
    assert series.subs(**numbers) == expand(
        order=4, sampling="reshuffle", batch_size=1, weight_decay=DECAY, dataset_size=1, epochs=2
    )


def test_comparisons_want_the_same_on_both_sides():
    found = compare("sgd:B=1,weight-decay=1/2", "sde:B=1,weight-decay=1/2", order=2)
    assert str(found.difference).splitlines()[0] == "- η² (T/2) G·H ∇l"
    assert "weight decay 1/2" in found.headline()
    with pytest.raises(ValueError, match="with another weight decay"):
        compare("sgd", "sgd:weight-decay=1/2")


def test_formulas_say_what_the_nodes_carry():
    series = expand(order=2, batch_size=1, weight_decay=F(1, 5))
    assert str(series) == (
        "l\n- η T G·∇l\n+ η² (T²/2) G·∇²l G\n+ η² (T(T - 1)/2) G·H ∇l\n+ η² (T/2) tr(∇²l C)\n"
        "G, H, … are derivatives of l + (1/10) |θ|², and ∇l, ∇²l, … of l"
    )
    assert r"\text{ are derivatives of } l + \frac{1}{10}\, |\theta|^{2}" in series.latex()
    assert r"G_a \, \partial_a l" in series.latex(style="index")
    moved = expand(order=1, observable="displacement", weight_decay=2)
    assert str(moved).splitlines()[-1] == "G, H, … are derivatives of l + |θ|²"


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        (lambda s: s.as_expr(), "a sympy expression takes no weight decay"),
        (at_minimum, "a minimum of the loss takes no weight decay"),
        (isotropic_noise, "takes no weight decay"),
        (gradient, "takes no weight decay"),
        (potential, "a potential takes no weight decay"),
        (lambda s: s.with_noise(None), "a closed form takes no weight decay"),
        (lambda s: s + expand(order=2), "with another weight decay"),
        (lambda s: interpret(s, [[0], [[1]], [[[1]]]], T=1, B=1), "give them as start="),
        (lambda s: interpret(s, [[0], [[1]], [[[1]]]], T=1, B=1, start=[1, 2]), "the number of weights p differs"),
        (lambda s: interpret(s, [[0], [[1]], [[[1]]]], T=1, B=1, start=1), r"start has shape \(\)"),
    ],
)
def test_what_it_has_no_meaning_for_is_refused(verb, message):
    with pytest.raises(ValueError, match=message) as caught:
        verb(expand(order=2, weight_decay=DECAY))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight_decay": 0.1}, "weight decay must be an integer, a fraction or a symbol name"),
        ({"weight_decay": "T"}, "two sizes cannot share the symbol T"),
        ({"weight_decay": "a b"}, "weight decay: "),
    ],
)
def test_wrong_decays_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        expand(order=1, **options)


def test_a_start_in_vain_is_refused():
    with pytest.raises(ValueError, match="start is for weight decay"):
        interpret(expand(order=1), [[0], [[1]]], T=1, start=[1])
    with pytest.raises(ValueError, match="start is for weight decay"):
        interpret_diagram(next(iter(expand(order=0).terms)), "cumulant", [[0]], start=[1])


def test_resummed_and_matrix_free_refuse():
    with pytest.raises(ValueError, match="the resummed series takes no weight decay"):
        sgdsym.sgd.resum_request(sgdsym.sgd.Request(order=1, weight_decay=1))
    assert resum(order=1).truncation == 1
