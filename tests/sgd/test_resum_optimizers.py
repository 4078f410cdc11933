"""Resummed optimisers: expanded they are the plain series, at a quadratic minimum what the registers do, exactly."""

import json
from fractions import Fraction

import pytest
import sympy as sp

from sgdsym import LinearOptimizer
from sgdsym.resummation import EdgeLaw
from sgdsym.resummation.closed import ETA, as_expr, closed_form
from sgdsym.resummation.exchange import read_resummed
from sgdsym.series import Coefficient
from sgdsym.sgd import Request, at_minimum, expand, resum, resum_request, velocity

RULES = [
    {"momentum": "mu"},
    {"momentum": "mu", "nesterov": True},
    {"average": "beta"},
    {"average": "uniform"},
    {"momentum": Fraction(1, 2), "average": Fraction(1, 4)},
    {"optimizer": LinearOptimizer.quasi_hyperbolic("b", "n")},
    {"optimizer": LinearOptimizer.aggregated([0, Fraction(1, 2)])},
]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance", "function"])
def test_expanded_it_is_the_plain_series(rule, observable):
    order = 3 if observable == "displacement" else 2
    setting = {"order": order, "observable": observable, **rule}
    assert resum(**setting).expand() == expand(**setting)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("observable", ["test-loss", "displacement", "covariance", "function"])
def test_momentum_to_order_four(observable, nesterov):
    setting = {"order": 4, "observable": observable, "momentum": "mu", "nesterov": nesterov}
    assert resum(**setting).expand() == expand(**setting)


@pytest.mark.parametrize("sampling", ["fixed", "reshuffle"])
@pytest.mark.parametrize("rule", [{}, {"momentum": "mu"}], ids=str)
@pytest.mark.parametrize("observable", ["test-loss", "generalization-gap", "displacement", "covariance"])
def test_several_epochs_expanded(sampling, rule, observable):
    setting = {"order": 2, "sampling": sampling, "observable": observable, **rule}
    resummed, plain = resum(**setting), expand(**setting)
    for sizes in ({"E": 3, "N": 2, "B": 1}, {"E": 2, "N": 4, "B": 2}):
        steps = sizes["E"] * sizes["N"] // sizes["B"]
        values = {name: size for name, size in ({"T": steps} | sizes).items() if name in resummed.symbols}
        assert resummed.subs(**values).expand() == plain.subs(**sizes)


@pytest.mark.parametrize(
    "sizes",
    [
        {"dataset_size": 4},
        {"epochs": 3},
        {"epochs": 2, "dataset_size": 4},
        {"epochs": 2, "dataset_size": 4, "batch_size": 2},
    ],
)
def test_whatever_size_is_left_open_the_length_is_the_number_of_steps(sizes):
    resummed = resum(order=2, sampling="reshuffle", momentum=Fraction(1, 2), **sizes)
    assert resummed.symbols == () or "T" in resummed.symbols
    values = {"N": 4, "B": 2, "T": 2 * sizes.get("epochs", 2)}
    given = resummed.subs(**{name: size for name, size in values.items() if name in resummed.symbols})
    numbers = {"dataset_size": 4, "batch_size": 2, "epochs": sizes.get("epochs", 2)}
    assert given.expand() == expand(order=2, sampling="reshuffle", momentum=Fraction(1, 2), **numbers)


@pytest.mark.parametrize("delay", [1, 2])
def test_late_gradients_expanded(delay):
    for steps in (delay, delay + 1, delay + 4):
        setting = {"order": 3, "observable": "displacement", "delay": delay, "steps": steps, "momentum": Fraction(1, 3)}
        assert resum(**setting).expand() == expand(**setting)


def test_without_momentum_it_is_what_it_was():
    assert resum(order=3, momentum=0).to_json() == resum(order=3).to_json()
    assert resum(order=3, momentum="mu").subs(mu=0) == resum(order=3)
    assert EdgeLaw.of(LinearOptimizer.heavy_ball(0)).is_plain


def test_stationary_variance_of_heavy_ball():
    """The closed form of Liu, Ziyin and Ueda in one dimension."""
    curvature, noise, mu = sp.symbols("h C mu")
    series = at_minimum(resum(order=2, observable="covariance", batch_size=1, momentum="mu", form="stationary"))
    variance = closed_form(series, [curvature], {(1, 1): [[noise]]})[0, 0]
    wanted = ETA * noise / (curvature * (1 - mu) * (2 - ETA * curvature / (1 + mu)))
    assert sp.simplify(variance - wanted) == 0
    assert "sqrt" in str(as_expr(series))


@pytest.mark.parametrize(
    "rule",
    [
        {"momentum": Fraction(1, 2)},
        {"momentum": Fraction(1, 2), "nesterov": True},
        {"average": "uniform"},
        {"delay": 1},
    ],
    ids=str,
)
def test_closed_forms_are_what_registers_do(rule):
    """Moments of the registers at a quadratic loss in one dimension, by their linear recursion."""
    curvature, slope, noise, steps, rate = sp.Rational(2, 3), sp.Rational(1, 5), sp.Rational(7, 4), 5, sp.Rational(3, 7)
    request = Request(order=2, batch_size=1, steps=steps, **rule)
    optimizer = request.update_rule
    matrix, gain, point, read = (
        sp.Matrix([[x.as_expr() for x in row] for row in rows])
        for rows in (optimizer.A[0], [optimizer.b[0]], [optimizer.c[0]], [optimizer.read])
    )
    moved = matrix - rate * curvature * gain.T * point
    mean, spread = sp.zeros(len(optimizer.read), 1), sp.zeros(len(optimizer.read))
    for _ in range(steps - optimizer.start):
        mean, spread = moved * mean - rate * slope * gain.T, moved * spread * moved.T + rate**2 * noise * gain.T * gain
    mean, spread = (read * mean)[0], (read * spread * read.T)[0]
    tensors = {(0,): 0, (1,): [slope], (1, 1): [[noise]]}
    found = closed_form(resum_request(request), [curvature], tensors, learning_rate=rate)
    assert sp.simplify(found - slope * mean - curvature * (mean**2 + spread) / 2) == 0


@pytest.mark.parametrize(
    "setting",
    [
        {"momentum": "mu"},
        {"sampling": "reshuffle", "form": "stationary"},
        {"sampling": "fixed", "momentum": "mu"},
        {"schedule": [1, Fraction(1, 2)], "momentum": "mu"},
        {"sampling": "reshuffle", "dataset_size": 4, "batch_size": 2, "epochs": 2, "delay": 1},
        {"average": "beta", "form": "stationary"},
    ],
    ids=str,
)
def test_values_travel_as_json(setting):
    series = resum(order=2, **setting)
    assert read_resummed(series.to_json()) == series


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: data["law"]["memory"].pop(), "denominators are of higher degree"),
        (lambda data: data["law"].update(start=-1), "start must hold integers"),
        (lambda data: data["law"].update(gain="r"), "gain must be a list"),
        (lambda data: data.update(slots="N/B"), "differences say the epochs"),
        (lambda data: data.update(updates={}), "law and updates say the same"),
    ],
)
def test_json_of_rules_that_mean_nothing_is_refused(change, complaint):
    data = json.loads(resum(order=1, momentum="mu").to_json())
    change(data)
    with pytest.raises(ValueError, match=complaint):
        read_resummed(json.dumps(data))


def test_what_has_no_meaning_is_refused():
    scheduled = resum(order=1, schedule=[1, 2])
    for call, complaint in (
        (lambda: resum(order=1, schedule="rate"), "the rates rate are unknown"),
        (lambda: resum_request(Request(order=1, mean_over_run=True)), "mean over the run is not resummed"),
        (lambda: resum_request(Request(order=1, batch_size=(1, 2))), "a list of batch sizes is not resummed"),
        (scheduled.expand, "followed by kernels alone"),
        (scheduled.at_infinity, "a list of updates is a finite run"),
        (scheduled.to_text, "have no formula"),
        (lambda: closed_form(scheduled, [1], {}), "have no closed form"),
        (resum(order=1, average="uniform").at_infinity, "no law of its own"),
        (lambda: velocity(resum(order=1, observable="displacement", momentum="mu")), "plain steps"),
        (
            lambda: closed_form(
                resum(order=1, momentum=Fraction(1, 4)), [Fraction(1, 4)], {(1,): [1]}, learning_rate=1
            ),
            "two rates are equal",
        ),
        (
            lambda: closed_form(
                resum(order=1, momentum=Fraction(1, 2), form="stationary"), [4], {(1,): [1]}, learning_rate=1
            ),
            "is 4, unstable",
        ),
    ):
        with pytest.raises(ValueError, match=complaint):
            call()


def test_laws_are_polynomials_in_lowest_terms():
    law = EdgeLaw.of(LinearOptimizer.nesterov("mu").averaged(Coefficient.symbol("beta")))
    assert law.root_memory == (-Coefficient.symbol("beta"), Coefficient(1))
    assert str(law.crossing()) == "(2*mu + 2)/(2*mu + 1)"
    with pytest.raises(ValueError, match="updates of this optimiser differ"):
        EdgeLaw.of(LinearOptimizer.schedule_free("beta", 3))
